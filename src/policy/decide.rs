//! The decision: stages in their order, for every candidate, then arbitration, then the fallback ladder.
//!
//! *Invariant:* the answer depends on the policy, the request and the history alone, and is the same with and without a trace.

mod arbitrate;
mod case;
mod contact;
#[cfg(test)]
mod naive;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod random;
#[cfg(test)]
mod tests;

use crate::decision::{Decision, Fate, Ranked};
use crate::fingerprint::bucket;
use crate::history::History;
use crate::plan::{Plan, Slot};
use crate::policy::Policy;
use crate::reason::{NO_ACTION, Reason, Step};
use crate::request::Request;
use crate::row::Row;
use crate::rule::Stage;
use crate::trace::{CandidateTrace, RuleTrace, Trace};
use crate::value::Value;
use arbitrate::Survivor;
use case::{Case, View};
use std::sync::Arc;

/// What removed a candidate, and at which stage.
type Removal = (Step, Reason);

/// Decides; the trace is filled when asked for.
pub fn decide(policy: &Policy, request: &Request, history: &dyn History, traced: bool) -> Decision {
    let plan = policy.plan();
    let mut notes = Vec::new();
    if request.subject.trim().is_empty() {
        notes.push(
            "the request names no subject: holdouts and history take all such requests for one person".to_owned(),
        );
    }
    let row = Row::new(&policy.document().schema, &plan.program, &request.fields, &mut |note| notes.push(note));
    let events = history.events(&request.subject);
    let known = events.get(..events.partition_point(|event| event.time <= request.now)).unwrap_or(&[]);
    let case = Case::new(plan, row, known, request, notes);

    let buckets: Vec<f64> = plan.layers.iter().map(|layer| bucket(&layer.salt, &request.subject)).collect();
    let held: Vec<bool> = plan.layers.iter().zip(&buckets).map(|(layer, bucket)| *bucket < layer.share).collect();
    let global = plan.layers.iter().zip(&held).find(|(layer, held)| layer.global && **held).map(|(layer, _)| &layer.id);

    let mut traces: Vec<CandidateTrace> = Vec::new();
    if traced {
        traces.extend(plan.slots.iter().map(|slot| CandidateTrace::new(slot.candidate)));
    }
    let outcome = evaluate(&case, global, &held, &mut traces);
    let shadow = global.and_then(|_| evaluate(&case, None, &held, &mut []).chosen);
    let of = |i: usize| plan.slots.get(i).map(|slot| slot.candidate);
    let fates = plan.slots.iter().zip(outcome.fates);
    let diagnostics = case.notes();
    let mut decision = Decision {
        chosen: outcome.chosen.and_then(of),
        fallback: outcome.rung,
        ranked: outcome
            .survivors
            .iter()
            .filter_map(|s| Some(Ranked { candidate: of(s.slot)?, propensity: s.propensity, priority: s.priority }))
            .collect(),
        fates: fates.map(|(slot, (step, reason))| Fate { candidate: slot.candidate, step, reason }).collect(),
        holdout: global.cloned(),
        shadow: shadow.and_then(of),
        degraded: !diagnostics.is_empty(),
        diagnostics,
        trace: None,
    };
    if traced {
        for (rank, survivor) in (1..).zip(&outcome.survivors) {
            if let Some(trace) = traces.get_mut(survivor.slot) {
                trace.rank = Some(rank);
            }
        }
        for (trace, fate) in traces.iter_mut().zip(&decision.fates) {
            trace.sentence = policy.sentence_of(&fate.reason, &trace.rules);
        }
        decision.trace = Some(Box::new(Trace {
            decision_id: request.decision_id.clone(),
            subject: request.subject.clone(),
            now: request.now,
            policy: policy.document().id.clone(),
            revision: policy.revision().to_owned(),
            runtime: env!("CARGO_PKG_VERSION").to_owned(),
            holdouts: plan.layers.iter().zip(buckets).zip(held).map(|((l, b), h)| (l.id.to_string(), b, h)).collect(),
            row: plan
                .program
                .columns()
                .iter()
                .zip(case.row.values())
                .map(|(c, v)| (c.name.clone(), v.clone()))
                .collect(),
            funnel: outcome.funnel,
            candidates: traces,
        }));
    }
    decision
}

/// One run over all candidates.
struct Outcome {
    /// Positions are those of the plan's slots.
    chosen: Option<usize>,
    rung: Option<u32>,
    /// Best first.
    survivors: Vec<Survivor>,
    fates: Vec<Removal>,
    funnel: Vec<(Step, u32, u32)>,
}

fn evaluate(case: &Case<'_>, global: Option<&Arc<str>>, held: &[bool], traces: &mut [CandidateTrace]) -> Outcome {
    let plan = case.plan;
    let mut fates: Vec<Removal> = Vec::with_capacity(plan.slots.len());
    let mut survivors: Vec<Survivor> = Vec::new();
    for (i, slot) in plan.slots.iter().enumerate() {
        let mut trace = traces.get_mut(i);
        let fate = before_rules(plan, slot, case.now, global, held)
            .and_then(|()| engagement(case, slot, trace.as_deref_mut()))
            .and_then(|multiplier| contact::check(case, slot, trace.as_deref_mut()).map(|()| multiplier))
            .and_then(|multiplier| arbitrate::price(case, i, slot, multiplier, trace));
        // A survivor's fate is written after the ranking.
        fates.push(match fate {
            Ok(survivor) => {
                survivors.push(survivor);
                (Step::Arbitration, Reason::Won)
            }
            Err(removal) => removal,
        });
    }
    survivors.sort_by(|a, b| a.rank(b, plan));
    let winner = survivors.first().filter(|best| arbitrate::beats_doing_nothing(best, plan));
    for survivor in &survivors {
        if let Some(fate) = fates.get_mut(survivor.slot) {
            *fate = match winner.and_then(|w| Some((w, plan.slots.get(w.slot)?))) {
                Some((winner, _)) if winner.slot == survivor.slot => (Step::Chosen, Reason::Won),
                Some((winner, slot)) => {
                    (Step::Arbitration, lost(&slot.action, &slot.treatment, winner.priority - survivor.priority))
                }
                None => (Step::Arbitration, lost(&Arc::from(NO_ACTION), &Arc::from(""), 0.0 - survivor.priority)),
            };
        }
    }
    let mut chosen = winner.map(|winner| winner.slot);
    let funnel = if traces.is_empty() { Vec::new() } else { funnel(&fates) };
    let mut rung = None;
    if survivors.is_empty() {
        for (&i, step) in plan.fallback.iter().zip(0u32..) {
            let passes = match (fates.get(i).map(|fate| fate.0), plan.slots.get(i)) {
                (Some(Step::Eligibility | Step::Applicability | Step::Suitability), Some(slot)) => {
                    contact::check(case, slot, traces.get_mut(i)).is_ok()
                }
                (Some(Step::Arbitration), _) => true,
                // It lost to its dates, a holdout, a guard or the contact policy, which bind a fallback as well.
                _ => false,
            };
            if let (true, Some(fate)) = (passes, fates.get_mut(i)) {
                *fate = (Step::Chosen, Reason::Fallback { rung: step });
                (chosen, rung) = (Some(i), Some(step));
                break;
            }
        }
    }
    Outcome { chosen, rung, survivors, fates, funnel }
}

fn lost(by: &Arc<str>, treatment: &Arc<str>, margin: f64) -> Reason {
    Reason::LostArbitration { by: by.clone(), treatment: treatment.clone(), margin }
}

/// Validity dates and holdouts.
fn before_rules(plan: &Plan, slot: &Slot, now: i64, global: Option<&Arc<str>>, held: &[bool]) -> Result<(), Removal> {
    if slot.valid_from.is_some_and(|from| now < from) || slot.valid_until.is_some_and(|until| now >= until) {
        return Err((Step::Active, Reason::NotActive));
    }
    if let (Some(holdout), false) = (global, slot.service) {
        return Err((Step::Holdout, Reason::HoldoutGlobal { holdout: holdout.clone() }));
    }
    let holdout = slot.layers.iter().find(|layer| held.get(**layer).copied().unwrap_or(false));
    match holdout.and_then(|layer| plan.layers.get(*layer)) {
        Some(layer) => Err((Step::Holdout, Reason::HoldoutAction { holdout: layer.id.clone() })),
        None => Ok(()),
    }
}

/// Guards, eligibility, applicability, suitability; gives the product of the soft rules.
fn engagement(case: &Case<'_>, slot: &Slot, mut trace: Option<&mut CandidateTrace>) -> Result<f64, Removal> {
    let view = View::new(case, slot);
    let mut multiplier = 1.0;
    for (i, rule) in slot.rules.iter().filter_map(|i| Some((*i, case.plan.rules.get(*i)?))) {
        let result = match trace.as_deref_mut() {
            None => case.answer(i, &rule.compiled, &view),
            Some(trace) => {
                let (result, read) = rule.compiled.eval_traced(&view);
                let (value, error) = match &result {
                    Ok(value) => (value.clone(), None),
                    Err(message) => (Value::Unknown, Some(message.clone())),
                };
                trace.rules.push(RuleTrace { rule: rule.id.to_string(), result: value, read, error });
                result
            }
        };
        let id = || rule.id.clone();
        let step = Step::from(rule.stage);
        if rule.stage == Stage::SoftSuitability {
            match soft(&result) {
                Ok(factor) => multiplier *= factor,
                Err(problem) => case.note(format!("rule `{}` counts as 1: {problem}", rule.id)),
            }
            continue;
        }
        match result {
            Ok(Value::Bool(true)) => {}
            Ok(Value::Bool(false)) => return Err((step, removed_by(rule.stage, id()))),
            Ok(Value::Unknown) if rule.keep_unknown => {}
            Ok(Value::Unknown) => {
                let fields = rule.compiled.missing(&view).into_iter().map(Arc::from).collect();
                return Err((step, Reason::MissingInput { rule: id(), fields }));
            }
            Ok(other) => return Err(failed(case, step, id(), format!("gave {other}, expected true or false"))),
            Err(message) => return Err(failed(case, step, id(), message)),
        }
    }
    if let Some(trace) = trace {
        trace.suitability = Some(multiplier);
    }
    Ok(multiplier)
}

fn soft(result: &Result<Value, String>) -> Result<f64, String> {
    match result {
        Ok(Value::Unknown) => Err("something it needs is unknown".into()),
        Ok(value) => match value.as_f64() {
            Some(factor) if factor > 0.0 && factor <= 1.0 => Ok(factor),
            _ => Err(format!("it gave {value}, expected a number above 0 and at most 1")),
        },
        Err(message) => Err(message.clone()),
    }
}

fn failed(case: &Case<'_>, step: Step, rule: Arc<str>, message: String) -> Removal {
    case.note(format!("rule `{rule}` failed: {message}"));
    (step, Reason::RuleError { rule, message: message.into() })
}

fn removed_by(stage: Stage, rule: Arc<str>) -> Reason {
    match stage {
        Stage::Guard => Reason::LegalGuard { rule },
        Stage::Eligibility => Reason::NotEligible { rule },
        Stage::Applicability => Reason::NotApplicable { rule },
        Stage::Suitability | Stage::SoftSuitability | Stage::Lever | Stage::Fallback => Reason::NotSuitable { rule },
    }
}

/// Candidates into and out of each stage, before the fallback ladder.
fn funnel(fates: &[Removal]) -> Vec<(Step, u32, u32)> {
    let mut left = u32::try_from(fates.len()).unwrap_or(u32::MAX);
    let stages = Step::ALL.iter().filter(|step| **step != Step::Chosen);
    stages
        .map(|step| {
            let into = left;
            left -= fates.iter().filter(|fate| fate.0 == *step).count().min(left as usize) as u32;
            (*step, into, left)
        })
        .collect()
}
