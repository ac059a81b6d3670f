//! Stages 9 to 11: the total order of survivors, then slot by slot. Before each slot contact policy and budgets are asked again,
//! counting what this decision has reserved, so that chance draws only between candidates that may be chosen.

use super::case::Case;
use super::contact::{self, Verdict};
use super::explore;
use super::mutant::{Mutant, planted};
use super::{Frame, place, stand_in};
use crate::arbitration::Per;
use crate::outcome::{Cause, Fate, Full, How, Likelihood, Run, Survivor, Tier};
use crate::plan::{Plan, Slot};
use crate::reason::Step;
use std::cmp::Ordering;

/// Sorts the survivors, best first: tier, confidence where that decides, priority, group, action id, treatment id.
pub fn rank(run: &mut Run) {
    run.survivors.sort_unstable_by(|a, b| {
        let place = |s: &Survivor| (s.tier, s.after_confident);
        place(a).cmp(&place(b)).then_with(|| descending(a.priority, b.priority)).then(a.order.cmp(&b.order))
    });
}

fn descending(a: f64, b: f64) -> Ordering {
    b.total_cmp(&a)
}

/// Fills the slots: first by overrides, then by arbitration; then tells the others why not.
pub fn choose(case: &Case<'_>, frame: &Frame, run: &mut Run) {
    let rerouted = run.rerouted.len();
    if !run.forced.is_empty() {
        force(case, run);
    }
    run.forced_already = true;
    if run.rerouted.len() > rerouted {
        stand_in(case, frame, run, rerouted);
        rank(run);
    }
    while run.places.len() < case.plan.places && next(case, frame, run) {}
    settle(case, run);
}

/// Forced candidates, in order of their overrides, then of ties. They pass the limits of slots, not their number, and never put
/// an action into a decision twice.
fn force(case: &Case<'_>, run: &mut Run) {
    run.forced.sort_unstable_by_key(|(over, order, ..)| (*over, *order));
    for i in 0..run.forced.len() {
        let Some((over, _, candidate, _)) = run.forced.get(i).copied() else { break };
        let Some(slot) = case.slot(candidate) else { continue };
        let fate = if run.places.len() >= case.plan.places {
            Err((Fate { step: Step::Slots, cause: full(Full::Slots, case.plan.places) }, false))
        } else if reserves(case.plan, run, |other| other.candidate.action == slot.candidate.action) > 0 {
            Err((Fate { step: Step::Slots, cause: full(Full::Action, 1) }, false))
        } else {
            allowed(case, slot, contact::check(case, slot, &run.reserved), &run.reserved)
        };
        close(run, candidate);
        match fate {
            Ok(verdict) => place(case, run, candidate, verdict, How::Override, Cause::Forced(over)),
            Err((fate, rerouted)) => {
                if rerouted && !planted(Mutant::ForcedRerouteLeadsNowhere) {
                    run.rerouted.push((candidate, fate.cause));
                }
                set(run, candidate, fate);
            }
        }
    }
}

fn full(of: Full, limit: usize) -> Cause {
    Cause::SlotLimit { of, limit: u32::try_from(limit).unwrap_or(u32::MAX) }
}

/// What contact policy and budgets say of a candidate with this verdict of the one; whether it was rerouted, if it may not.
fn allowed(case: &Case<'_>, slot: &Slot, verdict: Verdict, reserved: &[u32]) -> Result<Verdict, (Fate, bool)> {
    match verdict {
        Verdict::Block(cause) => Err((Fate { step: Step::Contact, cause }, false)),
        Verdict::Reroute(cause) => Err((Fate { step: Step::Contact, cause }, true)),
        verdict => {
            match contact::budget(case, slot, if planted(Mutant::BudgetForgetsReserved) { &[] } else { reserved }) {
                Ok(()) => Ok(verdict),
                Err(cause) => Err((Fate { step: Step::Budget, cause }, false)),
            }
        }
    }
}

/// Fills the next slot, or the next ones with a bundle; false when nothing is left that is worth it.
fn next(case: &Case<'_>, frame: &Frame, run: &mut Run) -> bool {
    screen(case, frame, run);
    let weighs_nothing = case.plan.formula.weighs_nothing();
    let goes_first = |s: &Survivor| s.tier == Tier::Mandatory && !planted(Mutant::NothingBeatsMandatory);
    let worth = |s: &Survivor| s.open && (goes_first(s) || !weighs_nothing || s.priority > 0.0);
    let Some(tier) = run.survivors.iter().find(|s| worth(s)).map(|s| s.tier) else { return false };
    run.drawn.clear();
    let Run { survivors, drawn, .. } = run;
    let between = (0u32..).zip(&*survivors).filter(|(_, s)| worth(s) && s.tier == tier);
    // Mandatory actions are never left to chance.
    let most = if tier == Tier::Mandatory { 1 } else { usize::MAX };
    drawn.extend(between.map(|(at, _)| at).take(most));
    let choice = explore::draw(case, frame, run);
    let Some(winner) = run.drawn.get(choice.at).and_then(|at| run.survivors.get(*at as usize)).copied() else {
        return false;
    };
    let from = run.likelihoods.len();
    let Run { survivors, drawn, shares, likelihoods, .. } = run;
    let mut shares = drawn.iter().zip(&*shares).peekable();
    for (at, survivor) in (0u32..).zip(&*survivors).filter(|(_, survivor)| survivor.open) {
        let share = shares.next_if(|(drawn, _)| **drawn == at).map_or(0.0, |(_, share)| *share);
        likelihoods.push(Likelihood { candidate: survivor.candidate, probability: share });
    }
    let probability = run.shares.get(choice.at).copied().unwrap_or(1.0);
    let (how, cause) = if choice.at == 0 {
        (How::Arbitration, Cause::Won)
    } else {
        (How::Exploration, Cause::Explored { probability })
    };
    let until = run.likelihoods.len();
    take(case, run, &winner, how, cause);
    if let Some(place) = run.places.last_mut() {
        (place.probability, place.draws) = (probability, choice.draws);
        place.likelihoods = (u32::try_from(from).unwrap_or(u32::MAX), u32::try_from(until).unwrap_or(u32::MAX));
    }
    follow(case, run, &winner);
    true
}

fn take(case: &Case<'_>, run: &mut Run, survivor: &Survivor, how: How, cause: Cause) {
    close(run, survivor.candidate);
    place(case, run, survivor.candidate, survivor.verdict, how, cause);
}

/// Closes the survivors that may not be chosen any more, and lets in those that stand in for them.
fn screen(case: &Case<'_>, frame: &Frame, run: &mut Run) {
    // Before anything is reserved survivors are those that contact policy let through, and only budgets can close them.
    let opens = run.reserved.is_empty() && case.plan.contact.budgets.is_empty();
    if !opens || case.plan.limits.iter().any(|(_, limit)| *limit == 0) {
        bar(case, frame, run);
    }
    // Who cannot be completed keeps others from being completed.
    while !case.plan.bundles.is_empty() && close_incomplete(case, run) && !planted(Mutant::IncompleteOnce) {}
}

/// Closes the survivors that contact policy, budgets or limits keep back, and lets in those that stand in for them.
fn bar(case: &Case<'_>, frame: &Frame, run: &mut Run) {
    loop {
        let (rerouted, known) = (run.rerouted.len(), run.survivors.len());
        for at in 0..run.survivors.len() {
            let Some(survivor) = run.survivors.get(at).filter(|survivor| survivor.open).copied() else { continue };
            let Some(slot) = case.slot(survivor.candidate) else { continue };
            match still(case, run, slot, survivor.verdict) {
                Ok(verdict) => {
                    if let Some(survivor) = run.survivors.get_mut(at) {
                        survivor.verdict = verdict;
                    }
                }
                Err((fate, rerouted)) => {
                    if rerouted {
                        run.rerouted.push((survivor.candidate, fate.cause));
                    }
                    if let Some(survivor) = run.survivors.get_mut(at) {
                        survivor.open = false;
                    }
                    set(run, survivor.candidate, fate);
                }
            }
        }
        if case.plan.standby && run.rerouted.len() > rerouted {
            stand_in(case, frame, run, rerouted);
        }
        if run.survivors.len() == known {
            break;
        }
        rank(run);
    }
}

/// Closes the survivors whose bundle cannot be completed; whether there was one.
fn close_incomplete(case: &Case<'_>, run: &mut Run) -> bool {
    let mut closed = false;
    for at in 0..run.survivors.len() {
        let Some(survivor) = run.survivors.get(at).filter(|survivor| survivor.open).copied() else { continue };
        let bundle = case.slot(survivor.candidate).and_then(|slot| slot.bundle);
        if let Some(bundle) = bundle.filter(|bundle| !fits(case, run, &survivor, *bundle)) {
            close(run, survivor.candidate);
            let cause = full(Full::Bundle(bundle), case.plan.places);
            set(run, survivor.candidate, Fate { step: Step::Slots, cause });
            closed = true;
        }
    }
    closed
}

/// Whether a survivor may still be chosen for the next slot; whether it was rerouted, if not.
fn still(case: &Case<'_>, run: &Run, slot: &Slot, verdict: Verdict) -> Result<Verdict, (Fate, bool)> {
    if let Some(cause) = limited(case.plan, run, slot) {
        return Err((Fate { step: Step::Slots, cause }, false));
    }
    let forgets = run.reserved.is_empty() || planted(Mutant::ReservedIsForgotten);
    let verdict = if forgets { verdict } else { contact::check(case, slot, &run.reserved) };
    allowed(case, slot, verdict, &run.reserved)
}

/// How many reserved candidates are such.
fn reserves(plan: &Plan, run: &Run, such: impl Fn(&Slot) -> bool) -> usize {
    let slots = run.reserved.iter().filter_map(|at| plan.slots.get(*at as usize));
    slots.filter(|slot| such(slot)).count()
}

/// The limit of slots that leaves no room for the candidate.
fn limited(plan: &Plan, run: &Run, slot: &Slot) -> Option<Cause> {
    plan.limits.iter().find_map(|(per, limit)| {
        let (of, taken) = match per {
            Per::Action => (Full::Action, reserves(plan, run, |s| s.candidate.action == slot.candidate.action)),
            Per::Group => (Full::Group, reserves(plan, run, |s| s.group_at == slot.group_at)),
            Per::Issue => (Full::Issue, reserves(plan, run, |s| s.issue_at == slot.issue_at)),
            Per::Channel => (Full::Channel, reserves(plan, run, |s| s.channel_at == slot.channel_at)),
        };
        (taken >= *limit as usize).then_some(Cause::SlotLimit { of, limit: *limit })
    })
}

/// Whether the rest of the survivor's bundle can follow it; fills `run.together` with the survivors that would. What is reserved
/// is as before when it returns.
fn fits(case: &Case<'_>, run: &mut Run, first: &Survivor, bundle: u32) -> bool {
    run.together.clear();
    let reserved = run.reserved.len();
    run.reserved.push(first.candidate);
    let members = case.plan.bundles.get(bundle as usize).map_or(&[][..], Vec::as_slice);
    let complete = members.iter().all(|member| {
        if reserves(case.plan, run, |slot| slot.candidate.action == *member) > 0 {
            return true;
        }
        let best = (0u32..).zip(&run.survivors).find_map(|(at, survivor)| {
            let slot =
                case.slot(survivor.candidate).filter(|slot| survivor.open && slot.candidate.action == *member)?;
            still(case, run, slot, survivor.verdict).is_ok().then_some((at, survivor.candidate))
        });
        let Some((at, candidate)) = best else { return false };
        run.together.push(at);
        run.reserved.push(candidate);
        true
    });
    let room = run.reserved.len() <= case.plan.places;
    run.reserved.truncate(reserved);
    complete && (room || planted(Mutant::BundleNeedsNoRoom))
}

/// The rest of the winner's bundle takes the next slots.
fn follow(case: &Case<'_>, run: &mut Run, winner: &Survivor) {
    let Some(bundle) = case.slot(winner.candidate).and_then(|slot| slot.bundle) else { return };
    // The winner is reserved already; asking as if it were not finds the same followers.
    let last = run.reserved.pop();
    let fits = fits(case, run, winner, bundle);
    run.reserved.extend(last);
    for i in 0..if fits { run.together.len() } else { 0 } {
        let at = run.together.get(i).copied();
        let Some(survivor) = at.and_then(|at| run.survivors.get(at as usize)).copied() else { continue };
        let Some(slot) = case.slot(survivor.candidate) else { continue };
        let verdict = contact::check(case, slot, &run.reserved);
        let survivor = Survivor { verdict, ..survivor };
        take(case, run, &survivor, How::Bundle, Cause::WonByBundle(bundle));
    }
}

/// Tells the survivors that are left what they lost to.
fn settle(case: &Case<'_>, run: &mut Run) {
    let weighs_nothing = case.plan.formula.weighs_nothing();
    let filled = run.places.len() >= case.plan.places;
    let last = run.places.last().copied();
    let found = last.and_then(|place| run.survivors.iter().find(|s| s.candidate == place.candidate));
    let best = found.map_or(0.0, |survivor| survivor.priority);
    let Run { survivors, fates, .. } = run;
    for survivor in survivors.iter().filter(|survivor| survivor.open) {
        let nothing = weighs_nothing && survivor.tier != Tier::Mandatory && survivor.priority <= 0.0;
        let (step, cause) = match last.filter(|_| filled || !nothing) {
            Some(place) if place.how == How::Override => (Step::Slots, full(Full::Slots, case.plan.places)),
            Some(place) => {
                (Step::Arbitration, Cause::Lost { by: Some(place.candidate), margin: best - survivor.priority })
            }
            None => (Step::Arbitration, Cause::Lost { by: None, margin: 0.0 - survivor.priority }),
        };
        if let Some(fate) = fates.get_mut(survivor.candidate as usize) {
            *fate = Fate { step, cause };
        }
    }
}

fn close(run: &mut Run, candidate: u32) {
    if let Some(survivor) = run.survivors.iter_mut().find(|survivor| survivor.candidate == candidate) {
        survivor.open = false;
    }
}

fn set(run: &mut Run, candidate: u32, fate: Fate) {
    if let Some(place) = run.fates.get_mut(candidate as usize) {
        *place = fate;
    }
}
