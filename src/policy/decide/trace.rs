//! The trace of a decision that was made: every rule, number and count is looked at again, and nothing is decided here.

mod sending;

use super::admit::holds;
use super::case::{Case, View};
use super::holdout::bucket_of;
use super::price::{price, priority, rounded};
use super::{Frame, contact, frame};
use crate::decision::{Decision, Fate};
use crate::holdout::Arm;
use crate::language::conditions::{self, Subject};
use crate::outcome::{Outcome, Survivor};
use crate::plan::{PlannedRule, Slot};
use crate::reason::{Clause, Reason, Step};
use crate::rule::Stage;
use crate::sentence::clause::{self, Failed, Seen};
use crate::sentence::{facts, short};
use crate::trace::{CandidateTrace, RuleTrace, Trace};
use crate::value::Value;

/// Contributions told of a score.
const CONTRIBUTIONS: usize = 5;

/// The trace of an outcome and the decision made from it.
pub fn trace(case: &Case<'_>, outcome: &Outcome, decision: &Decision) -> Trace {
    let plan = case.plan;
    let frame = frame(case);
    let columns = || plan.program.columns().iter().zip(&plan.masked);
    let mut contributions = Contributions::default();
    let mut candidates: Vec<CandidateTrace> = plan
        .slots
        .iter()
        .zip(&decision.fates)
        .zip(0u32..)
        .map(|((slot, fate), at)| {
            let survivor = outcome.ranked().iter().find(|survivor| survivor.candidate == at);
            candidate(case, &frame, slot, fate, survivor, &mut contributions)
        })
        .collect();
    for ((rank, survivor), ranked) in (1..).zip(outcome.ranked()).zip(&decision.ranked) {
        if let Some(trace) = candidates.get_mut(survivor.candidate as usize) {
            trace.rank = Some(rank);
            trace.probability = Some(ranked.probability);
        }
    }
    let mut reserved = Vec::new();
    for place in outcome.places() {
        if let (Some(slot), Some(trace)) = (case.slot(place.candidate), candidates.get_mut(place.candidate as usize)) {
            trace.send = sending::sending(case, place, slot, &reserved);
        }
        reserved.push(place.candidate);
    }
    let overrides = (0u32..).zip(&plan.ids.overrides).filter(|(at, _)| holds(case, *at));
    Trace {
        decision_id: case.who.decision_id().to_owned(),
        subject: case.who.subject().to_owned(),
        now: case.now,
        zone: case.zone().map(str::to_owned),
        policy: case.document().id.clone(),
        revision: case.policy.revision().to_owned(),
        runtime: env!("CARGO_PKG_VERSION").to_owned(),
        mode: decision.mode,
        seed: format!("{:016x}", case.policy.seed(case.who.decision_id())),
        snapshot: case.history.snapshot().map(|snapshot| (snapshot.id.clone(), case.now - snapshot.taken_at)),
        holdouts: plan
            .layers
            .iter()
            .zip(&case.work.held)
            .map(|(layer, held)| (layer.id.to_string(), bucket_of(layer, case.who), *held))
            .collect(),
        overrides: overrides.map(|(_, id)| id.to_string()).collect(),
        masked: columns().filter(|(_, masked)| **masked).map(|(column, _)| column.name.clone()).collect(),
        row: columns()
            .zip(case.fields.row().values())
            .map(|((column, masked), value)| (column.name.clone(), shown(value, *masked)))
            .collect(),
        funnel: funnel(outcome),
        candidates,
    }
}

/// A value, unless it is not to be shown.
fn shown(value: &Value, masked: bool) -> Value {
    if masked && value.is_known() { Value::text("masked") } else { value.clone() }
}

fn candidate(
    case: &Case<'_>,
    frame: &Frame,
    slot: &Slot,
    fate: &Fate,
    survivor: Option<&Survivor>,
    contributions: &mut Contributions,
) -> CandidateTrace {
    let mut trace = CandidateTrace::new(slot.candidate, fate.step);
    let asked = !matches!(fate.step, Step::Active | Step::Holdout) && fate.reason != Reason::Standby;
    let mut failed = None;
    if asked {
        let (passed, told) = rules(case, frame, slot, fate, &mut trace);
        failed = told;
        if passed && fate.step != Step::Override {
            let caps = contact::counted(case, slot, &[]).into_iter();
            let id = |at: u32| case.plan.ids.caps.get(at as usize).map_or_else(String::new, |id| id.to_string());
            trace.caps = caps.map(|(at, count, limit)| (id(at), count, limit)).collect();
        }
    }
    // What was priced: survivors, and those that arbitration dropped.
    if survivor.is_some() || fate.step == Step::Arbitration && fate.reason != Reason::Standby {
        priced(case, frame, slot, &mut trace);
        trace.contributions = slot.model.map(|model| contributions.of(case, model, slot)).unwrap_or_default();
        trace.tier = survivor.map(|survivor| survivor.tier).or(Some(slot.tier));
    }
    let words = failed.as_ref().map_or("", |failed: &Told| &failed.words);
    trace.sentence = case.policy.sentence_of(&fate.reason, words, case.zone());
    trace.clause = failed.and_then(|failed| failed.clause).or_else(|| limit(case, &fate.reason));
    trace
}

/// What moved the scores of models that read no candidate, found once.
#[derive(Default)]
struct Contributions(Vec<(u32, Vec<(String, f64)>)>);

impl Contributions {
    fn of(&mut self, case: &Case<'_>, model: u32, slot: &Slot) -> Vec<(String, f64)> {
        if let Some((_, told)) = self.0.iter().find(|(known, _)| *known == model) {
            return told.clone();
        }
        let inputs = case.document().models.get(model as usize).map_or(&[][..], |model| &model.inputs);
        let brings = case.contributions(model, slot.candidate, CONTRIBUTIONS).into_iter();
        let told: Vec<(String, f64)> =
            brings.filter_map(|(at, brings)| Some((inputs.get(at)?.field.clone(), brings))).collect();
        if !case.plan.models.get(model as usize).is_some_and(|(_, scorer)| scorer.reads_candidate()) {
            self.0.push((model, told.clone()));
        }
        told
    }
}

/// What a rule that removed the candidate says of it.
struct Told {
    words: String,
    clause: Option<Clause>,
}

/// Evaluates the rules again up to the one that removed the candidate; whether they all kept it.
fn rules(case: &Case<'_>, frame: &Frame, slot: &Slot, fate: &Fate, trace: &mut CandidateTrace) -> (bool, Option<Told>) {
    let mut suitability = 1.0;
    let most = if fate.step == Step::Override { slot.guards } else { slot.rules.len() };
    for rule in slot.rules.iter().take(most).filter_map(|at| case.plan.rules.get(*at as usize)) {
        let simpler = frame.arm == Some(Arm::EligibilityOnly) && rule.stage > Stage::Eligibility;
        if simpler {
            continue;
        }
        let told = evaluated(case, slot, rule);
        tables(case, slot, rule, trace);
        let result = told.result.clone();
        let read = told.read.clone();
        let failed = told.error.is_some();
        trace.rules.push(told);
        if rule.stage == Stage::SoftSuitability {
            suitability *= result.as_f64().unwrap_or(1.0);
            continue;
        }
        let keeps = result == Value::Bool(true) || result == Value::Unknown && rule.keep_unknown && !failed;
        if !keeps {
            let told = (result == Value::Bool(false)).then(|| match failed_clause(case, slot, rule) {
                Some(Failed { words, clause }) => Told { words, clause },
                None => Told { words: facts(&read), clause: None },
            });
            return (false, told);
        }
    }
    trace.suitability = Some(suitability);
    (true, None)
}

/// Adds the decision tables that a rule reads, each once.
fn tables(case: &Case<'_>, slot: &Slot, rule: &PlannedRule, trace: &mut CandidateTrace) {
    let read = case.expression(rule.expression).map_or(&[][..], |expression| expression.tables());
    for table in read.iter().filter_map(|at| case.plan.tables.get(*at)?.as_ref()) {
        if trace.tables.iter().any(|known| *known.table == *table.id) {
            continue;
        }
        let mut told = table.trace(&View::new(case, slot));
        for ((_, value), input) in told.inputs.iter_mut().zip(&table.inputs) {
            let masked = input.compiled.variables().iter().any(|at| case.plan.masked.get(*at) == Some(&true));
            *value = shown(value, masked);
        }
        trace.tables.push(told);
    }
}

fn evaluated(case: &Case<'_>, slot: &Slot, rule: &PlannedRule) -> RuleTrace {
    let id = case.plan.ids.rules.get(rule.at as usize).map_or_else(String::new, |id| id.to_string());
    let (result, read, error) = looked_up(case, slot, Some(rule.expression));
    RuleTrace { rule: id, result, read, error }
}

/// An expression evaluated again: its answer, what it read, and what failed.
fn looked_up(case: &Case<'_>, slot: &Slot, expression: Option<u32>) -> (Value, Vec<(String, Value)>, Option<String>) {
    let Some(expression) = expression.and_then(|at| case.expression(at)) else {
        return (Value::Unknown, Vec::new(), None);
    };
    let (result, mut read) = expression.eval_traced(&View::new(case, slot));
    for (name, value) in &mut read {
        let column = case.plan.program.columns().iter().position(|column| column.name == *name);
        let masked = column.and_then(|at| case.plan.masked.get(at)).copied().unwrap_or(false);
        *value = shown(value, masked);
    }
    match result {
        Ok(value) => (value, read, None),
        Err(message) => (Value::Unknown, read, Some(message)),
    }
}

/// The failed conditions of a rule that is plain conditions.
fn failed_clause(case: &Case<'_>, slot: &Slot, rule: &PlannedRule) -> Option<Failed> {
    let text = case.expression(rule.expression)?.text();
    let conditions = rule.conditions.get_or_init(|| conditions::parse(text)).as_ref()?;
    let seen = |subject: &Subject| match subject {
        Subject::Field(name) => {
            let at = case.plan.program.columns().iter().position(|column| column.name == *name);
            let value = at.map_or(Value::Unknown, |at| case.fields.get(at).clone());
            Seen { value, masked: at.and_then(|at| case.plan.masked.get(at)).copied().unwrap_or(false) }
        }
        Subject::Score(id) => {
            let model = case.plan.models.iter().position(|(other, _)| **other == **id);
            let scored =
                model.and_then(|at| u32::try_from(at).ok()).and_then(|model| case.score(model, slot.candidate));
            Seen { value: scored.map_or(Value::Unknown, |scored| Value::number(scored.value)), masked: false }
        }
        Subject::Fact(name) => {
            let fact = case.plan.context.as_ref().map(|context| context.fact(name, slot.candidate).clone());
            Seen { value: fact.unwrap_or_default(), masked: false }
        }
    };
    clause::failed(conditions, &seen, &case.document().schema)
}

/// The numbers of arbitration.
fn priced(case: &Case<'_>, frame: &Frame, slot: &Slot, trace: &mut CandidateTrace) {
    for rule in slot.levers.iter().filter_map(|at| case.plan.rules.get(*at as usize)) {
        trace.rules.push(evaluated(case, slot, rule));
    }
    let suitability = trace.suitability.unwrap_or(1.0);
    let priced = price(case, frame, slot, suitability);
    let terms = priced.terms;
    trace.propensity_raw = priced.scored.and_then(|scored| scored.raw);
    trace.propensity_calibrated = priced.scored.map(|scored| scored.value);
    trace.propensity_smoothed = Some(priced.smoothed);
    trace.propensity = Some(terms.propensity);
    trace.evidence = priced.evidence;
    trace.width = priced.width;
    trace.uplift = slot.uplift.map(|_| terms.uplift);
    trace.uplift_upper = priced.upper;
    trace.context_weight = Some(terms.context);
    trace.value = Some(terms.value);
    trace.lever = Some(terms.lever);
    trace.cost = Some(terms.cost);
    trace.priority = priority(case, frame, slot, &terms).ok().map(rounded).filter(|x| x.is_finite());
}

/// What would have let a candidate pass that lost to a number.
fn limit(case: &Case<'_>, reason: &Reason) -> Option<Clause> {
    let clause = |text: &str, actual: String, needed: String| Some(Clause { text: text.to_owned(), actual, needed });
    match reason {
        Reason::CapReached { cap, count, limit, .. } if *limit > 0 => {
            let name = case.document().caps.iter().find(|c| *c.id == **cap).map_or(&**cap, |c| &c.name);
            clause(name, format!("it counts {count}"), format!("fewer than {limit}"))
        }
        Reason::BelowPropensityFloor { propensity, floor } => {
            let actual = format!("response propensity is {}", short(*propensity));
            clause("floor of the response propensity", actual, format!("at least {}", short(*floor)))
        }
        Reason::BelowPriorityFloor { priority, floor } => {
            let actual = format!("priority is {}", short(*priority));
            clause("floor of the priority", actual, format!("at least {}", short(*floor)))
        }
        Reason::DoNoHarm { upper, .. } => {
            let actual = format!("upper bound on uplift is {}", short(*upper));
            clause("do no harm", actual, "at least 0".to_owned())
        }
        _ => None,
    }
}

/// Candidates into and out of each stage, before the fallback ladder.
fn funnel(outcome: &Outcome) -> Vec<(Step, u32, u32)> {
    let fates = outcome.before_ladder();
    let mut left = u32::try_from(outcome.fates().len()).unwrap_or(u32::MAX);
    let stages = Step::ALL.iter().filter(|step| **step != Step::Chosen);
    stages
        .map(|step| {
            let into = left;
            let ended = fates.clone().filter(|fate| *fate == *step).count();
            left -= u32::try_from(ended).unwrap_or(u32::MAX).min(left);
            (*step, into, left)
        })
        .collect()
}
