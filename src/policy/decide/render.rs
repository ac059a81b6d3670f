//! An outcome told in ids: positions become names, failures become words.

use super::case::{Case, View};
use crate::decision::{Chosen, Decision, Fate, Ranked};
use crate::holdout::HoldoutKind;
use crate::outcome::{Cause, Failure, Full, How, Outcome, Source, With};
use crate::plan::{Plan, Slot};
use crate::policy::Policy;
use crate::reason::{NO_ACTION, Reason};
use crate::rule::{Protects, Stage};
use std::sync::Arc;

/// The decision of an outcome.
pub fn decision(case: &Case<'_>, outcome: &Outcome) -> Decision {
    let of = |at: u32| case.slot(at).map(|slot| slot.candidate);
    let layer = |at: u32| case.plan.layers.get(at as usize).map(|layer| layer.id.clone());
    let slots: Vec<Chosen> =
        outcome.places().iter().enumerate().filter_map(|(i, _)| chosen(case, outcome, i)).collect();
    let mut missing = Missing::default();
    let fates = case.plan.slots.iter().zip(outcome.fates()).map(|(slot, fate)| Fate {
        candidate: slot.candidate,
        step: fate.step,
        reason: reason(case, slot, fate.cause, outcome.failures(), &mut missing),
    });
    let fates = fates.collect();
    let diagnostics = diagnostics(case.policy, outcome.failures());
    Decision {
        chosen: slots.first().map(|slot| slot.candidate),
        send_at: slots.first().map(|slot| slot.send_at),
        fallback: outcome.rung(),
        ranked: ranked(case, outcome),
        slots,
        fates,
        holdout: outcome.holdout().and_then(layer),
        arm: outcome.arm().and_then(layer),
        shadow: outcome.shadow().and_then(of),
        mode: outcome.mode(),
        degraded: outcome.degraded(),
        diagnostics,
        trace: None,
    }
}

fn chosen(case: &Case<'_>, outcome: &Outcome, at: usize) -> Option<Chosen> {
    let place = outcome.places().get(at)?;
    let likelihoods = outcome.likelihoods(at).iter();
    let candidate = case.slot(place.candidate)?.candidate;
    Some(Chosen {
        candidate,
        send_at: place.send_at,
        how: place.how,
        probability: place.probability,
        draws: place.draws,
        probabilities: likelihoods.filter_map(|l| Some((case.slot(l.candidate)?.candidate, l.probability))).collect(),
    })
}

fn ranked(case: &Case<'_>, outcome: &Outcome) -> Vec<Ranked> {
    let first = outcome.places().first();
    // Both stand best first.
    let mut likelihoods = outcome.likelihoods(0).iter().peekable();
    let ranked = outcome.ranked().iter().filter_map(|survivor| {
        let drawn = likelihoods.next_if(|likelihood| likelihood.candidate == survivor.candidate);
        let certain = first.is_some_and(|place| place.candidate == survivor.candidate && place.how == How::Override);
        Some(Ranked {
            candidate: case.slot(survivor.candidate)?.candidate,
            propensity: survivor.terms.propensity,
            priority: survivor.priority,
            tier: survivor.tier,
            probability: drawn.map_or(f64::from(u8::from(certain)), |likelihood| likelihood.probability),
        })
    });
    ranked.collect()
}

/// The unknown fields of rules that read no candidate, found once.
#[derive(Default)]
pub struct Missing(Vec<(u32, Vec<Arc<str>>)>);

impl Missing {
    fn fields(&mut self, case: &Case<'_>, slot: &Slot, rule: u32) -> Vec<Arc<str>> {
        if let Some((_, fields)) = self.0.iter().find(|(known, _)| *known == rule) {
            return fields.clone();
        }
        let Some(planned) = case.plan.rules.iter().find(|planned| planned.at == rule) else { return Vec::new() };
        let Some(expression) = case.expression(planned.expression) else { return Vec::new() };
        let fields: Vec<Arc<str>> = expression.missing(&View::new(case, slot)).into_iter().map(Arc::from).collect();
        if !expression.reads_candidate() {
            self.0.push((rule, fields.clone()));
        }
        fields
    }
}

/// The reason of a cause.
pub fn reason(case: &Case<'_>, slot: &Slot, cause: Cause, failures: &[Failure], missing: &mut Missing) -> Reason {
    let ids = &case.plan.ids;
    let of = |list: &[Arc<str>], at: u32| list.get(at as usize).cloned().unwrap_or_else(|| Arc::from(""));
    let text = |at: u32| failures.get(at as usize).map_or("", |failure| &failure.text);
    match cause {
        Cause::Off => Reason::PolicyOff,
        Cause::Refused(at) => {
            let field = case.document().schema.fields.get(at as usize);
            Reason::InputRefused { field: field.map_or("", |field| field.name.as_str()).into() }
        }
        Cause::NotActive => Reason::NotActive,
        Cause::Holdout(at) => {
            let layer = case.plan.layers.get(at as usize);
            let holdout = layer.map_or_else(|| Arc::from(""), |layer| layer.id.clone());
            match layer.map(|layer| &layer.kind) {
                Some(HoldoutKind::Program) => Reason::HoldoutProgram { holdout },
                Some(HoldoutKind::Action(_)) => Reason::HoldoutAction { holdout },
                _ => Reason::HoldoutGlobal { holdout },
            }
        }
        Cause::Standby => Reason::Standby,
        Cause::Rule(at) => removed_by(case, at, of(&ids.rules, at)),
        Cause::Missing(at) => Reason::MissingInput { rule: of(&ids.rules, at), fields: missing.fields(case, slot, at) },
        Cause::Failed { rule, failure } => {
            Reason::RuleError { rule: of(&ids.rules, rule), message: Arc::from(text(failure)) }
        }
        Cause::Denied(at) => Reason::OverrideDeny { override_: of(&ids.overrides, at) },
        Cause::Cap { cap, count, limit, resets_at } => {
            Reason::CapReached { cap: of(&ids.caps, cap), count, limit, resets_at }
        }
        Cause::Suppressed { suppression, until } => {
            Reason::OutcomeSuppressed { suppression: of(&ids.suppressions, suppression), until }
        }
        Cause::CoolDown { cool_down, until } => Reason::CoolDown { cool_down: of(&ids.cool_downs, cool_down), until },
        Cause::Quiet { quiet, until } => Reason::QuietHours { quiet_hours: of(&ids.quiet_hours, quiet), until },
        Cause::Exclusive { exclusion, with } => {
            let with = match with {
                With::Candidate(at) => case.slot(at).map(|slot| slot.action.clone()),
                With::Event(at) => case.past.numbered(at).map(|event| Arc::from(event.action.as_str())),
            };
            let with = with.unwrap_or_else(|| Arc::from(""));
            Reason::MutuallyExclusive { exclusion: of(&ids.exclusions, exclusion), with }
        }
        Cause::OutOfStock(at) => Reason::OutOfStock { stock: of(&ids.stocks, at) },
        Cause::Budget { budget, spent, allowed, paced } => {
            Reason::BudgetExhausted { budget: of(&ids.budgets, budget), spent, allowed, paced }
        }
        Cause::LowConfidence { evidence, width } => Reason::LowConfidence { evidence, width },
        Cause::DoNoHarm { uplift, upper } => Reason::DoNoHarm { uplift, upper },
        Cause::SlotLimit { of: full, limit } => {
            let of = match full {
                Full::Slots => Arc::from(""),
                Full::Action => slot.action.clone(),
                Full::Group => slot.group.clone(),
                Full::Issue => slot.issue.clone(),
                Full::Channel => slot.channel.clone(),
                Full::Bundle(at) => of(&ids.bundles, at),
            };
            Reason::SlotLimit { of, limit }
        }
        Cause::BelowPropensity { propensity, floor } => Reason::BelowPropensityFloor { propensity, floor },
        Cause::BelowPriority { priority, floor } => Reason::BelowPriorityFloor { priority, floor },
        Cause::ScoreError(at) => Reason::ScoreError { message: Arc::from(text(at)) },
        Cause::Lost { by, margin } => match by.and_then(|at| case.slot(at)) {
            Some(winner) => {
                Reason::LostArbitration { by: winner.action.clone(), treatment: winner.treatment.clone(), margin }
            }
            None => Reason::LostArbitration { by: Arc::from(NO_ACTION), treatment: Arc::from(""), margin },
        },
        Cause::Shadowed => Reason::Shadowed,
        Cause::Won => Reason::Won,
        Cause::WonByBundle(at) => Reason::WonByBundle { bundle: of(&ids.bundles, at) },
        Cause::Explored { probability } => Reason::WonByExploration { probability },
        Cause::Forced(at) => Reason::WonByOverride { override_: of(&ids.overrides, at) },
        Cause::Fallback(rung) => Reason::Fallback { rung },
        Cause::Baseline => Reason::Baseline,
    }
}

fn removed_by(case: &Case<'_>, at: u32, rule: Arc<str>) -> Reason {
    let Some(declared) = case.document().rules.get(at as usize) else { return Reason::NotSuitable { rule } };
    match (declared.stage, declared.protects) {
        (Stage::Guard, Protects::Consent) => Reason::NoConsent { rule },
        (Stage::Guard, Protects::OptOut) => Reason::OptedOut { rule },
        (Stage::Guard, Protects::Law) => Reason::LegalGuard { rule },
        (Stage::Eligibility, _) => Reason::NotEligible { rule },
        (Stage::Applicability, _) => Reason::NotApplicable { rule },
        _ => Reason::NotSuitable { rule },
    }
}

/// What failed, in words; the same words once.
pub fn diagnostics(policy: &Policy, failures: &[Failure]) -> Vec<String> {
    let mut diagnostics: Vec<String> = Vec::new();
    for failure in failures {
        let words = words(policy.plan(), failure);
        if !diagnostics.contains(&words) {
            diagnostics.push(words);
        }
    }
    diagnostics
}

fn words(plan: &Plan, failure: &Failure) -> String {
    let ids = &plan.ids;
    let id = |list: &[Arc<str>], at: u32| list.get(at as usize).map_or_else(String::new, |id| id.to_string());
    let text = &failure.text;
    match failure.source {
        Source::Request => text.to_string(),
        Source::Model(at, value) => {
            let id = plan.models.get(at as usize).map_or("", |(id, _)| id);
            format!("model `{id}` could not score this row: its fallback {value} was used")
        }
        Source::Rule(at) => format!("rule `{}` failed: {text}", id(&ids.rules, at)),
        Source::Factor(at) => format!("rule `{}` counts as 1: {text}", id(&ids.rules, at)),
        Source::Weight(at) => format!("context weight `{}` failed: {text}", id(&ids.weights, at)),
        Source::Override(at) => format!("the condition of override `{}` failed: {text}", id(&ids.overrides, at)),
        Source::QuietHours(at) => {
            format!("the condition of quiet hours `{}` failed: {text}", id(&ids.quiet_hours, at))
        }
        Source::SendTime(at) => format!("the best hour of `{}` failed: {text}", id(&ids.send_times, at)),
        Source::Priority(at) => {
            let action = plan.slots.get(at as usize).map_or("", |slot| &slot.action);
            format!("`{action}` was dropped from arbitration: {text}")
        }
    }
}
