//! Decisions as they are made, and where they go: parts in the order of deciding, then the vectors of a [`Replay`] in the order of rows.

use super::state::World;
use super::{Deferral, NO_ACTION, Replay};
use crate::simulate::chance::Explored;
use crate::simulate::fates::Fate;
use crate::simulate::filled;
use crate::simulate::log::{DecisionLog, NO_ARM};
use attune_policy::outcome::{Outcome, Place};
use attune_policy::policy::Policy;
use std::collections::BTreeMap;

/// Different diagnostics kept; their texts may name values, so there can be one per row.
const MOST_DIAGNOSTICS: usize = 200;

/// Decisions that are final, in the order in which they became so.
#[derive(Default)]
pub struct Part {
    /// Position of each among the rows.
    at: Vec<u32>,
    chosen: Vec<u32>,
    fallback: Vec<bool>,
    propensity: Vec<f64>,
    priority: Vec<f64>,
    fates: Vec<Fate>,
    /// Candidates placed below the first, so many per decision as the log's lists have places below theirs.
    lower: Vec<u32>,
    explored: Explored,
    pub deferrals: Vec<Deferral>,
    pub given_up: u64,
    pub failures: Failures,
    /// Seconds of looking ahead and of the pass over state.
    pub seconds: (f64, f64),
}

/// What failed, in how many decisions.
#[derive(Default)]
pub struct Failures {
    degraded: u64,
    diagnostics: BTreeMap<String, u64>,
}

impl Failures {
    /// Takes down what failed in a decision.
    pub fn add(&mut self, policy: &Policy, outcome: &Outcome) {
        self.degraded += 1;
        for text in policy.diagnostics(outcome) {
            count(&mut self.diagnostics, text, 1);
        }
    }

    /// Tells it to a replay.
    pub fn tell(self, replay: &mut Replay) {
        replay.degraded += self.degraded;
        for (text, times) in self.diagnostics {
            count(&mut replay.diagnostics, text, times);
        }
    }
}

impl Part {
    /// With room for so many decisions.
    pub fn with_room(rows: usize, candidates: usize) -> Part {
        Part {
            at: Vec::with_capacity(rows),
            chosen: Vec::with_capacity(rows),
            fallback: Vec::with_capacity(rows),
            propensity: Vec::with_capacity(rows),
            priority: Vec::with_capacity(rows),
            fates: Vec::with_capacity(rows * candidates),
            ..Part::default()
        }
    }

    /// Records a decision: the slot that was sent, if any.
    pub fn push(&mut self, at: u32, sent: Option<&Place>, outcome: &Outcome, world: &World<'_>) {
        let chosen = sent.map_or(NO_ACTION, |place| place.candidate);
        let ranked = match (outcome.rung(), sent) {
            (None, Some(_)) => outcome.ranked().iter().find(|survivor| survivor.candidate == chosen),
            _ => None,
        };
        // What was put off so often that nothing was done leaves no arm to chance.
        if sent.is_some() {
            let arm = |candidate: u32| world.candidates.get(candidate as usize).map_or(NO_ARM, |c| c.arm);
            self.explored.note(self.at.len(), outcome, world.stage.log.arms.len(), arm);
        }
        self.at.push(at);
        self.chosen.push(chosen);
        self.fallback.push(outcome.rung().is_some());
        self.propensity.push(ranked.map_or(f64::NAN, |r| r.terms.propensity));
        self.priority.push(ranked.map_or(f64::NAN, |r| r.priority));
        if world.lower > 0 {
            // What is sent later than the first is no part of the list that is shown.
            let shown = outcome.places().iter().filter(|place| sent.is_some_and(|sent| place.send_at <= sent.send_at));
            let below = shown.map(|place| place.candidate).filter(|candidate| *candidate != chosen);
            self.lower.extend(below.chain(std::iter::repeat(NO_ACTION)).take(world.lower));
        }
        world.causes.read(outcome, &mut self.fates);
    }

    /// Takes out decisions that were made again: the positions of some of them, in their order.
    pub fn take_out(&mut self, positions: impl Iterator<Item = u32>) {
        let mut out = positions.peekable();
        let stays: Vec<bool> = self.at.iter().map(|at| out.next_if_eq(at).is_none()).collect();
        debug_assert!(out.peek().is_none(), "only decisions that are here are taken out, in their order");
        if stays.iter().all(|stays| *stays) {
            return;
        }
        let width = self.fates.len() / self.at.len();
        let lower = self.lower.len() / self.at.len();
        retain(&mut self.at, &stays, 1);
        retain(&mut self.chosen, &stays, 1);
        retain(&mut self.fallback, &stays, 1);
        retain(&mut self.propensity, &stays, 1);
        retain(&mut self.priority, &stays, 1);
        retain(&mut self.fates, &stays, width);
        retain(&mut self.lower, &stays, lower);
    }

    /// Number of decisions.
    pub fn len(&self) -> usize {
        self.at.len()
    }
}

/// Keeps the values, so many side by side, of those that stay.
fn retain<T: Copy>(values: &mut Vec<T>, stays: &[bool], width: usize) {
    let mut to = 0;
    for at in stays.iter().enumerate().filter(|(_, stays)| **stays).map(|(at, _)| at) {
        values.copy_within(at * width..(at + 1) * width, to);
        to += width;
    }
    values.truncate(to);
}

/// Writes parts to their places. What is written where does not depend on the order of parts, and no vector is written by two tasks.
pub fn scatter(replay: &mut Replay, mut parts: Vec<Part>, log: &DecisionLog) {
    let width = replay.candidates.len();
    let (no_action, rows) = (log.no_action(), replay.chosen.len());
    let lower = log.places_below();
    for part in &mut parts {
        part.explored.place(&part.at, log.arms.len(), &mut replay.chances, rows);
        replay.deferrals.append(&mut part.deferrals);
        replay.given_up += part.given_up;
        std::mem::take(&mut part.failures).tell(replay);
        replay.work.ahead += part.seconds.0;
        replay.work.state += part.seconds.1;
    }
    let Replay { candidates, chosen, lower: below, arm, fallback, propensity, priority, fates, .. } = replay;
    let parts = &parts;
    if lower > 0 {
        for part in parts {
            for (at, own) in part.at.iter().zip(part.lower.chunks_exact(lower)) {
                below[*at as usize * lower..(*at as usize + 1) * lower].copy_from_slice(own);
            }
        }
    }
    rayon::scope(|scope| {
        scope.spawn(move |_| {
            for part in parts {
                for (at, own) in part.at.iter().zip(&part.chosen) {
                    chosen[*at as usize] = *own;
                    arm[*at as usize] = candidates.get(*own as usize).map_or(no_action, |candidate| candidate.arm);
                }
            }
        });
        scope.spawn(move |_| {
            for part in parts {
                for (i, at) in part.at.iter().enumerate() {
                    fallback[*at as usize] = part.fallback[i];
                    propensity[*at as usize] = part.propensity[i];
                    priority[*at as usize] = part.priority[i];
                }
            }
        });
        scope.spawn(move |_| {
            for part in parts {
                fates.put(&part.at, &part.fates, width);
            }
        });
    });
}

/// A replay of so many rows in which nothing is decided yet; `lower` places of each stand below the first.
pub fn blank(replay: Replay, rows: usize, lower: usize) -> Replay {
    Replay {
        chosen: filled(NO_ACTION, rows),
        lower: filled(NO_ACTION, rows * lower),
        arm: filled(NO_ARM, rows),
        fallback: filled(false, rows),
        propensity: filled(f64::NAN, rows),
        priority: filled(f64::NAN, rows),
        ..replay
    }
}

/// Counts a diagnostic; beyond [`MOST_DIAGNOSTICS`] different ones only known texts are counted on.
pub fn count(diagnostics: &mut BTreeMap<String, u64>, text: String, times: u64) {
    if diagnostics.len() < MOST_DIAGNOSTICS {
        *diagnostics.entry(text).or_default() += times;
    } else if let Some(known) = diagnostics.get_mut(&text) {
        *known += times;
    }
}
