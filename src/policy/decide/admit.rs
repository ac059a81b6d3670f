//! Stages 2 to 7 for one candidate: dates, holdouts, guards, denials, engagement rules, contact policy. Each can only remove.

use super::Frame;
use super::batch::Removed;
use super::case::{Answer, Case, View};
use super::contact::{self, Verdict};
use super::mutant::{Mutant, planted};
use crate::holdout::Arm;
use crate::outcome::{Cause, Fate, Source};
use crate::plan::{PlannedRule, Slot};
use crate::reason::Step;
use crate::rule::Stage;
use std::ops::Range;

/// Where a candidate ended, and whether it was rerouted to other channels.
pub type Removal = (Fate, bool);

/// The product of soft suitability and the verdict of contact policy for a candidate that passes.
pub fn admit(case: &Case<'_>, frame: &Frame, slot: &Slot) -> Result<(f64, Verdict), Removal> {
    enter(case, frame, slot)?;
    let suitability = engagement(case, frame, slot)?;
    Ok((suitability, contact_policy(case, slot)?))
}

/// Whatever binds a fallback too: stages 2, 3 and 7, denials and budgets.
pub fn binding(case: &Case<'_>, frame: &Frame, slot: &Slot) -> Result<Verdict, Removal> {
    enter(case, frame, slot)?;
    if planted(Mutant::FallbackIgnoresContact) {
        return Ok(Verdict::Pass);
    }
    let verdict = contact_policy(case, slot)?;
    if !planted(Mutant::FallbackIgnoresBudgets) {
        contact::budget(case, slot, &[]).map_err(|cause| removal(Step::Budget, cause))?;
    }
    Ok(verdict)
}

/// Whether an override holds now, for this subject.
pub fn holds(case: &Case<'_>, over: u32) -> bool {
    let at = over as usize;
    let (Some(planned), Some(cell)) = (case.plan.overrides.get(at), case.work.overrides.get(at)) else { return false };
    if let Some(holds) = cell.get() {
        return holds;
    }
    let holds = planned.from <= case.now
        && case.now < planned.until
        && planned.when.is_none_or(|when| match case.answer(when, &View::of_nobody(case), Source::Override(over)) {
            Answer::Bool(truth) => truth,
            // Where it cannot tell, a denial holds and a force does not.
            _ => planned.deny && !planted(Mutant::UnknownDenialLapses),
        });
    cell.set(Some(holds));
    holds
}

/// Dates, holdouts, guards and denials.
fn enter(case: &Case<'_>, frame: &Frame, slot: &Slot) -> Result<(), Removal> {
    let now = case.now;
    if slot.valid_from.is_some_and(|from| now < from)
        || slot.valid_until.is_some_and(|until| now >= until + i64::from(planted(Mutant::ValidOneMoment)))
    {
        return Err(removal(Step::Active, Cause::NotActive));
    }
    if let (Some(layer), false) = (frame.holdout, slot.service && !planted(Mutant::ServiceIsHeldOut)) {
        return Err(removal(Step::Holdout, Cause::Holdout(layer)));
    }
    let held = |layer: &&u32| case.work.held.get(**layer as usize).copied().unwrap_or(false);
    if let Some(layer) = slot.layers.iter().find(held) {
        return Err(removal(Step::Holdout, Cause::Holdout(*layer)));
    }
    let view = View::new(case, slot);
    let asked = if planted(Mutant::GuardsAskedOfNobody) { 0 } else { slot.guards };
    let mut guards = left(case, slot, 0..asked)?;
    while let Some((rule, answer, rest)) = case.first_not_true(guards, &view) {
        keep(case, rule, answer)?;
        guards = rest;
    }
    match slot.denials.iter().find(|over| holds(case, **over) && !planted(Mutant::DenialIsNotAsked)) {
        Some(over) => Err(removal(Step::Override, Cause::Denied(*over))),
        None => Ok(()),
    }
}

/// Eligibility, applicability, suitability; gives the product of the soft rules.
fn engagement(case: &Case<'_>, frame: &Frame, slot: &Slot) -> Result<f64, Removal> {
    let view = View::new(case, slot);
    let mut multiplier = 1.0;
    let mut end = slot.rules.len();
    if frame.arm == Some(Arm::EligibilityOnly) && !planted(Mutant::ArmAsksAll) {
        let stage = |at: &u32| case.plan.rules.get(*at as usize).map(|rule| rule.stage);
        end = slot.rules.partition_point(|at| stage(at) <= Some(Stage::Eligibility));
    }
    let mut rules = left(case, slot, slot.guards..end)?;
    while let Some((rule, answer, rest)) = case.first_not_true(rules, &view) {
        if rule.stage == Stage::SoftSuitability {
            multiplier *= counted(case, rule, answer);
        } else {
            keep(case, rule, answer)?;
        }
        rules = rest;
    }
    Ok(multiplier)
}

/// The rules at a range of places that are to be asked: all of them, but for those that a batch knows to be passed.
fn left<'s>(case: &Case<'_>, slot: &'s Slot, range: Range<usize>) -> Result<&'s [u32], Removal> {
    let of = |range: Range<usize>| slot.rules.get(range).unwrap_or(&[]);
    let Some(given) = case.given else { return Ok(of(range)) };
    let (passed, removed) = given.passed(slot.at);
    let next = slot.rules.get(passed).and_then(|at| case.plan.rules.get(*at as usize));
    if let (Some(removed), Some(rule), true) = (removed, next, range.contains(&passed)) {
        let answer = if removed == Removed::False || planted(Mutant::BatchCallsUnknownFalse) {
            Answer::Bool(false)
        } else {
            Answer::Unknown
        };
        keep(case, rule, answer)?;
    }
    let passed = passed + usize::from(planted(Mutant::BatchSkipsOne));
    Ok(of(passed.clamp(range.start, range.end)..range.end))
}

/// The number of a lever.
pub fn factor(case: &Case<'_>, rule: &PlannedRule, view: &View<'_>) -> f64 {
    counted(case, rule, case.answer(rule.expression, view, Source::Factor(rule.at)))
}

/// The number of a soft rule or a lever; one that cannot be told counts as 1 and is reported.
fn counted(case: &Case<'_>, rule: &PlannedRule, answer: Answer) -> f64 {
    match answer {
        Answer::Number(x) => return x,
        Answer::Unknown => drop(case.fail(Source::Factor(rule.at), "something it needs is unknown")),
        Answer::Bool(_) => drop(case.fail(Source::Factor(rule.at), "it gave no number")),
        Answer::Failed(_) => {}
    }
    1.0
}

/// Whether the answer of a boolean rule keeps the candidate.
fn keep(case: &Case<'_>, rule: &PlannedRule, answer: Answer) -> Result<(), Removal> {
    let cause = match answer {
        Answer::Bool(true) => return Ok(()),
        Answer::Unknown if rule.keep_unknown || planted(Mutant::UnknownKeeps) => return Ok(()),
        Answer::Bool(false) => Cause::Rule(rule.at),
        Answer::Unknown => Cause::Missing(rule.at),
        Answer::Failed(failure) => Cause::Failed { rule: rule.at, failure },
        Answer::Number(_) => {
            let failure = case.fail(Source::Rule(rule.at), "it gave a number, expected true or false");
            Cause::Failed { rule: rule.at, failure }
        }
    };
    Err(removal(Step::from(rule.stage), cause))
}

fn contact_policy(case: &Case<'_>, slot: &Slot) -> Result<Verdict, Removal> {
    match contact::check(case, slot, &[]) {
        Verdict::Block(cause) => Err(removal(Step::Contact, cause)),
        Verdict::Reroute(cause) => Err((Fate { step: Step::Contact, cause }, true)),
        verdict => Ok(verdict),
    }
}

fn removal(step: Step, cause: Cause) -> Removal {
    (Fate { step, cause }, false)
}
