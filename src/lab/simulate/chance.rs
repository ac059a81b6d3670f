//! Decisions in which the policy drew by chance: with which probability each arm of the log would have been chosen.
//!
//! The engine states the probability of every candidate before it draws; a value weighs those, not the draw. It draws nothing itself.

use crate::simulate::log::NO_ARM;
use crate::simulate::replay::Replay;

/// Marks a decision that left nothing to chance.
const CERTAIN: u32 = u32::MAX;

/// Probabilities of the arms in the decisions of a replay that explored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chances {
    /// Arms of the log. A decision has a probability for each, and a last one for all actions that were never logged.
    arms: usize,
    /// Per decision, where its probabilities begin, in units of `arms + 1`; [`CERTAIN`] for none.
    at: Vec<u32>,
    probabilities: Vec<f64>,
    /// Decisions whose probabilities are shares of draws (Thompson sampling), not exact.
    pub approximate: u64,
}

impl Chances {
    /// Nothing left to chance in `decisions` decisions over a log of `arms` arms.
    pub(super) fn new(decisions: usize, arms: usize) -> Chances {
        Chances { arms, at: vec![CERTAIN; decisions], probabilities: Vec::new(), approximate: 0 }
    }

    /// Takes over the probabilities of a decision: one per arm of the log and one for actions never logged.
    pub(super) fn set(&mut self, position: usize, probabilities: &[f64]) {
        self.at[position] = (self.probabilities.len() / (self.arms + 1)) as u32;
        self.probabilities.extend_from_slice(probabilities);
    }

    /// Decisions that chance had a part in.
    pub fn explored(&self) -> usize {
        self.probabilities.len() / (self.arms + 1)
    }

    /// Probabilities in the decision at `position`: one per arm of the log, the last one for actions that were never logged. `None`
    /// where the choice was certain.
    pub fn of(&self, position: usize) -> Option<&[f64]> {
        let width = self.arms + 1;
        let from = self.at.get(position).copied().filter(|at| *at != CERTAIN)? as usize * width;
        self.probabilities.get(from..from + width)
    }
}

impl Replay {
    /// Whether the choice at `position` was certain.
    pub(super) fn leaves_nothing_to_chance(&self, position: usize) -> bool {
        self.chances.as_ref().is_none_or(|chances| chances.of(position).is_none())
    }

    /// π(a|x): the probability that the policy takes arm `arm` of the log in the decision at `position`.
    pub fn probability(&self, position: usize, arm: u16) -> f64 {
        if arm == NO_ARM {
            return 0.0;
        }
        match self.chances.as_ref().and_then(|chances| chances.of(position)) {
            Some(probabilities) => {
                probabilities[..probabilities.len() - 1].get(usize::from(arm)).copied().unwrap_or(0.0)
            }
            None => f64::from(u8::from(self.arm[position] == arm)),
        }
    }
}

/// The chances of decisions as they are made, in order.
#[derive(Default)]
pub(super) struct Explored {
    decisions: Vec<u32>,
    probabilities: Vec<f64>,
    approximate: u64,
}

impl Explored {
    /// Notes the decision `number` when more than one candidate could have been drawn for its first slot. `arm` is the arm of the
    /// log that a candidate is.
    pub fn note(
        &mut self,
        number: usize,
        outcome: &attune_policy::outcome::Outcome,
        arms: usize,
        arm: impl Fn(u32) -> u16,
    ) {
        let likelihoods = outcome.likelihoods(0);
        if outcome.rung().is_some() || likelihoods.iter().filter(|l| l.probability > 0.0).count() < 2 {
            return;
        }
        let from = self.probabilities.len();
        self.probabilities.resize(from + arms + 1, 0.0);
        for likelihood in likelihoods {
            let arm = arm(likelihood.candidate);
            let slot = if arm == NO_ARM { arms } else { usize::from(arm) };
            self.probabilities[from + slot] += likelihood.probability;
        }
        self.decisions.push(number as u32);
        self.approximate += u64::from(outcome.places().first().is_some_and(|place| place.draws > 0));
    }

    /// Moves what was noted to where the decisions stand; `order` says for each decision, as numbered, its position.
    pub fn place(&self, order: &[u32], arms: usize, into: &mut Option<Chances>, decisions: usize) {
        if self.decisions.is_empty() {
            return;
        }
        let chances = into.get_or_insert_with(|| Chances::new(decisions, arms));
        for (number, probabilities) in self.decisions.iter().zip(self.probabilities.chunks_exact(arms + 1)) {
            chances.set(order[*number as usize] as usize, probabilities);
        }
        chances.approximate += self.approximate;
    }
}
