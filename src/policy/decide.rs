//! The decision: stages in their order, for every candidate; then the slots; then the fallback ladder.
//!
//! [`decide_into`] is the decision itself, in numbers; [`decide`] renders it in ids and, when asked, traces it by looking again at what was
//! decided. *Invariant:* the answer depends on the policy, the request and the history alone, and is the same in every form.

mod admit;
mod batch;
mod case;
mod chance;
mod choose;
pub mod contact;
mod explore;
mod holdout;
mod ladder;
mod mutant;
#[cfg(test)]
mod naive;
mod price;
#[cfg(test)]
mod properties;
#[cfg(test)]
pub(crate) mod random;
mod render;
#[cfg(test)]
mod tests;
mod trace;

pub use batch::{BatchScratch, Lookahead, decide_batch, decide_batch_into};
pub use case::Work;
pub use contact::{Verdict, budgets};
pub use render::diagnostics;

use crate::decision::Decision;
use crate::document::Operation;
use crate::history::History;
use crate::holdout::{Arm, HoldoutKind};
use crate::outcome::{Cause, Fate, How, Outcome, Run, Scratch};
use crate::policy::Policy;
use crate::reason::Step;
use crate::request::Request;
use case::Case;
use mutant::{Mutant, planted};
use std::mem::swap;

/// Decides into `scratch`.
pub fn decide_into<'s>(
    policy: &Policy,
    request: &Request,
    history: &dyn History,
    scratch: &'s mut Scratch,
) -> &'s Outcome {
    let Scratch { work, outcome } = scratch;
    work.begin(policy, request);
    decided(policy, request, history, work, outcome);
    outcome
}

/// Decides a request whose row `work` has read.
fn decided(policy: &Policy, request: &Request, history: &dyn History, work: &mut Work, outcome: &mut Outcome) {
    evaluate(&Case::new(policy, request, history, work), outcome);
    swap(work.failures.get_mut(), &mut outcome.failures);
}

/// Decides and renders; the trace is filled when asked for.
pub fn decide(
    policy: &Policy,
    request: &Request,
    history: &dyn History,
    scratch: &mut Scratch,
    traced: bool,
) -> Decision {
    let Scratch { work, outcome } = scratch;
    work.begin(policy, request);
    let case = Case::new(policy, request, history, work);
    evaluate(&case, outcome);
    outcome.failures.clone_from(&case.work.failures.borrow());
    let mut decision = render::decision(&case, outcome);
    if traced {
        decision.trace = Some(Box::new(trace::trace(&case, outcome, &decision)));
    }
    decision
}

/// What of holdouts bears on one run.
#[derive(Clone, Copy, Debug, Default)]
struct Frame {
    /// The global or program holdout, which leaves service messages alone.
    holdout: Option<u32>,
    /// The layer of the model control or ablation arm.
    layer: Option<u32>,
    /// P is a random draw.
    control: bool,
    arm: Option<Arm>,
}

/// The holdouts that bear on a case.
fn frame(case: &Case<'_>) -> Frame {
    let layers = (0u32..).zip(&case.plan.layers).zip(&case.work.held);
    let mut frame = Frame::default();
    for ((at, layer), _) in layers.filter(|(_, held)| **held) {
        match &layer.kind {
            HoldoutKind::Global | HoldoutKind::Program if frame.holdout.is_none() => frame.holdout = Some(at),
            // Of several arms the first.
            HoldoutKind::ModelControl if frame.layer.is_none() => (frame.layer, frame.control) = (Some(at), true),
            HoldoutKind::Ablation(arm) if frame.layer.is_none() => (frame.layer, frame.arm) = (Some(at), Some(*arm)),
            _ => {}
        }
    }
    frame
}

fn evaluate(case: &Case<'_>, outcome: &mut Outcome) {
    let plan = case.plan;
    let frame = frame(case);
    outcome.holdout = frame.holdout;
    outcome.arm = frame.layer;
    outcome.mode = plan.mode;
    outcome.shadow_choice = None;
    if let (Some(field), true) = (case.work.refused, plan.mode != Operation::Off) {
        return refuse(case, &frame, field, outcome);
    }
    match plan.mode {
        Operation::Live => {
            run(case, &frame, &mut outcome.run);
            if frame.holdout.is_some() {
                run(case, &Frame { holdout: None, ..frame }, &mut outcome.shadow);
                outcome.shadow_choice = outcome.shadow.places.first().map(|place| place.candidate);
            }
        }
        Operation::Shadow => {
            run(case, &frame, &mut outcome.run);
            outcome.shadow_choice = outcome.chosen();
            ladder::baseline(case, &frame, &mut outcome.run);
        }
        Operation::Off => {
            outcome.run.clear();
            let off = Fate { step: Step::Active, cause: Cause::Off };
            outcome.run.fates.extend(plan.slots.iter().map(|_| off));
            ladder::climb(case, &frame, &mut outcome.run);
        }
    }
}

/// A field is missing without which the policy does not decide: it answers its fallback ladder, or in shadow its baseline.
fn refuse(case: &Case<'_>, frame: &Frame, field: u32, outcome: &mut Outcome) {
    outcome.run.clear();
    let refused = Fate { step: Step::Active, cause: Cause::Refused(field) };
    outcome.run.fates.extend(case.plan.slots.iter().map(|_| refused));
    match case.plan.mode {
        Operation::Shadow => ladder::baseline(case, frame, &mut outcome.run),
        _ => ladder::climb(case, frame, &mut outcome.run),
    }
}

/// Stages 2 to 12 over all candidates.
fn run(case: &Case<'_>, frame: &Frame, run: &mut Run) {
    run.clear();
    for (at, slot) in (0u32..).zip(&case.plan.slots) {
        let fate = if slot.standby {
            Fate { step: Step::Contact, cause: Cause::Standby }
        } else {
            consider(case, frame, at, run)
        };
        run.fates.push(fate);
    }
    if case.plan.standby {
        stand_in(case, frame, run, 0);
    }
    choose::rank(run);
    choose::choose(case, frame, run);
    if run.places.is_empty() && !run.survivors.iter().any(|survivor| survivor.open) {
        ladder::climb(case, frame, run);
    }
}

/// Stages 2 to 9 for one candidate: where it ends, or it joins the survivors.
fn consider(case: &Case<'_>, frame: &Frame, at: u32, run: &mut Run) -> Fate {
    let survives = Fate { step: Step::Arbitration, cause: Cause::Won };
    let Some(slot) = case.slot(at) else { return survives };
    let (suitability, verdict) = match admit::admit(case, frame, slot) {
        Ok(admitted) => admitted,
        Err((fate, rerouted)) => {
            if rerouted {
                run.rerouted.push((at, fate.cause));
            }
            return fate;
        }
    };
    let forced = slot
        .forces
        .iter()
        .find(|over| (!run.forced_already || planted(Mutant::LateForceWins)) && admit::holds(case, **over));
    if let Some(over) = forced {
        run.forced.push((*over, slot.order, at, verdict));
    }
    match price::survivor(case, frame, at, slot, suitability, verdict) {
        Ok(survivor) => run.survivors.push(survivor),
        // A forced candidate skips arbitration and its floors.
        Err(fate) if forced.is_none() => return fate,
        Err(_) => {}
    }
    survives
}

/// Standby treatments to whose channel a candidate was rerouted, from position `from` of the rerouted on, compete.
fn stand_in(case: &Case<'_>, frame: &Frame, run: &mut Run, from: usize) {
    if planted(Mutant::RerouteLeadsNowhere) {
        return;
    }
    let mut next = from;
    while let Some((at, cause)) = run.rerouted.get(next).copied() {
        next += 1;
        let Some(action) = case.slot(at).map(|slot| slot.candidate.action) else { continue };
        for (other, slot) in case.plan.slots_of(action) {
            let waits = run.fates.get(other as usize).is_some_and(|fate| fate.cause == Cause::Standby);
            if waits && contact::leads_to(case.plan, &cause, slot) {
                let fate = consider(case, frame, other, run);
                if let Some(place) = run.fates.get_mut(other as usize) {
                    *place = fate;
                }
            }
        }
    }
}

/// Fills the next slot.
fn place(case: &Case<'_>, run: &mut Run, candidate: u32, verdict: Verdict, how: How, cause: Cause) {
    let Some(slot) = case.slot(candidate) else { return };
    let likelihoods = u32::try_from(run.likelihoods.len()).unwrap_or(u32::MAX);
    run.places.push(crate::outcome::Place {
        candidate,
        send_at: contact::send_at(case, slot, verdict),
        probability: 1.0,
        draws: 0,
        how,
        likelihoods: (likelihoods, likelihoods),
    });
    run.reserved.push(candidate);
    if let Some(fate) = run.fates.get_mut(candidate as usize) {
        *fate = Fate { step: Step::Chosen, cause };
    }
}
