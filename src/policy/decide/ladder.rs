//! Stage 12, the fallback ladder, and the baseline of a policy in shadow. Whatever is answered has passed its dates, holdouts, guards,
//! denials, contact policy and budgets; engagement rules and arbitration are not asked.

use super::admit::binding;
use super::case::Case;
use super::mutant::{Mutant, planted};
use super::{Frame, place};
use crate::outcome::{Cause, Fate, How, Run, Source};
use crate::plan::Rung;
use crate::reason::Step;

/// Takes the first rung that may be answered. Below the last is `NoAction`.
pub fn climb(case: &Case<'_>, frame: &Frame, run: &mut Run) {
    for (rung, step) in (0u32..).zip(&case.plan.rungs).skip(usize::from(planted(Mutant::LadderBeforeRules))) {
        let taken = match step {
            Rung::Slot(at) => answer(case, frame, run, *at, How::Fallback, Cause::Fallback(rung)),
            Rung::Rule(rule) => named(case, *rule).is_some_and(|action| {
                // The treatments of the action it names, in the order of ties.
                let mut after = None;
                while let Some((at, order)) = following(case, action, after) {
                    if answer(case, frame, run, at, How::Fallback, Cause::Fallback(rung)) {
                        return true;
                    }
                    after = Some(order);
                }
                false
            }),
        };
        if taken {
            run.rung = Some(rung);
            return;
        }
    }
}

/// Puts the baseline in the place of what was chosen.
pub fn baseline(case: &Case<'_>, frame: &Frame, run: &mut Run) {
    for place in &run.places {
        if let Some(fate) = run.fates.get_mut(place.candidate as usize) {
            *fate = Fate { step: Step::Arbitration, cause: Cause::Shadowed };
        }
    }
    run.places.clear();
    run.reserved.clear();
    run.rung = None;
    run.answered = None;
    if let Some(at) = case.plan.baseline {
        answer(case, frame, run, at, How::Baseline, Cause::Baseline);
    }
}

/// Answers a candidate if nothing that binds forbids it.
fn answer(case: &Case<'_>, frame: &Frame, run: &mut Run, at: u32, how: How, cause: Cause) -> bool {
    let Some(slot) = case.slot(at) else { return false };
    let Ok(verdict) = binding(case, frame, slot) else { return false };
    run.answered = run.fates.get(at as usize).map(|fate| (at, fate.step));
    place(case, run, at, verdict, how, cause);
    true
}

/// Position of the action that a fallback rule names.
fn named(case: &Case<'_>, rule: u32) -> Option<u32> {
    let rule = case.plan.rules.get(rule as usize)?;
    case.action_named(rule.expression, Source::Rule(rule.at))
}

/// The treatment of an action that follows another in the order of ties: position of its slot, and place.
fn following(case: &Case<'_>, action: u32, after: Option<u32>) -> Option<(u32, u32)> {
    let treatments = case.plan.slots_of(action).map(|(at, slot)| (at, slot.order));
    treatments.filter(|(_, order)| after.is_none_or(|after| *order > after)).min_by_key(|(_, order)| *order)
}
