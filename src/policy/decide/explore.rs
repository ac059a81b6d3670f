//! Chance in the choice for one slot: the probability of every candidate drawn between, and the draw. It acts among survivors of one
//! tier, so inside every guard, cap and floor.

use super::Frame;
use super::case::Case;
use super::chance::{self, Chance};
use super::mutant::{Mutant, planted};
use super::price::{priority, rounded};
use crate::arbitration::LowConfidence;
use crate::exploration::Exploration;
use crate::holdout::Arm;
use crate::outcome::{Run, Survivor};
use std::cmp::Ordering;

/// The choice for a slot.
pub struct Drawn {
    /// Position in `run.drawn`.
    pub at: usize,
    /// Draws behind the probabilities in `run.shares`; 0 when they are exact.
    pub draws: u32,
}

/// Draws between the survivors of `run.drawn`, which stand best first, and fills `run.shares` with their probabilities.
pub fn draw(case: &Case<'_>, frame: &Frame, run: &mut Run) -> Drawn {
    let all = Exploration::EpsilonGreedy { epsilon: 1.0 };
    let random = frame.arm == Some(Arm::RandomEligible);
    let exploration = if random { Some(&all) } else { case.plan.exploration.as_ref() };
    run.shares.clear();
    run.shares.resize(run.drawn.len(), 0.0);
    let (Some(exploration), false) = (exploration, run.drawn.len() < 2) else {
        if let Some(best) = run.shares.first_mut() {
            *best = 1.0;
        }
        return Drawn { at: 0, draws: 0 };
    };
    let seed = case.policy.seed(case.who.decision_id());
    let slot = if planted(Mutant::SlotsShareAStream) { 0 } else { run.places.len() };
    let mut chance = Chance::new(seed, chance::choice(slot));
    let draws = match exploration {
        Exploration::EpsilonGreedy { epsilon } => {
            let low_first = !random
                && !planted(Mutant::LowIsNotFirst)
                && case.document().cold_start.on_low == LowConfidence::Explore;
            greedy(*epsilon, low_first, run);
            0
        }
        Exploration::Softmax { temperature } => {
            softmax(*temperature, run);
            0
        }
        Exploration::Thompson { draws } => return thompson(case, frame, *draws, seed, &mut chance, run),
    };
    Drawn { at: by_share(&run.shares, chance.unit()), draws }
}

/// Epsilon spread evenly, over those of whom too little is known where there are any and they go first; the rest to the best.
fn greedy(epsilon: f64, low_first: bool, run: &mut Run) {
    let Run { survivors, drawn, shares, .. } = run;
    let low = |at: u32| survivors.get(at as usize).is_some_and(|survivor| survivor.low);
    let some_low = low_first && drawn.iter().any(|at| low(*at));
    let among = drawn.iter().filter(|at| !some_low || low(**at)).count();
    for (share, at) in shares.iter_mut().zip(&*drawn) {
        if !some_low || low(*at) {
            *share = epsilon / among as f64;
        }
    }
    if let Some(best) = shares.first_mut() {
        *best = if planted(Mutant::BestIsNotExplored) { 1.0 - epsilon } else { *best + (1.0 - epsilon) };
    }
}

/// In proportion to `exp(priority / temperature)`, from the highest priority down so that nothing overflows.
fn softmax(temperature: f64, run: &mut Run) {
    let Run { survivors, drawn, shares, .. } = run;
    let priority = |at: &u32| survivors.get(*at as usize).map_or(f64::NEG_INFINITY, |survivor| survivor.priority);
    let highest = drawn.iter().map(priority).fold(f64::NEG_INFINITY, f64::max);
    for (share, at) in shares.iter_mut().zip(&*drawn) {
        let behind = if planted(Mutant::SoftmaxIsFlat) { 0.0 } else { priority(at) - highest };
        *share = libm::exp(behind / temperature);
    }
    let sum = shares.iter().sum::<f64>();
    shares.iter_mut().for_each(|share| *share /= sum);
}

/// The first position at which the sum of the shares exceeds `u`.
fn by_share(shares: &[f64], u: f64) -> usize {
    let mut sum = 0.0;
    for (at, share) in shares.iter().enumerate() {
        sum += share;
        if u < sum {
            return at;
        }
    }
    // Rounding left a gap at the end: the last that has a share.
    shares.iter().rposition(|share| *share > 0.0).unwrap_or(0)
}

/// One draw of every propensity chooses; it and the draws after it give the probabilities, so that the choice never has 0.
fn thompson(case: &Case<'_>, frame: &Frame, draws: u32, seed: u64, choice: &mut Chance, run: &mut Run) -> Drawn {
    let draws = draws.max(1);
    let mut others = Chance::new(seed, chance::estimate(run.places.len()));
    let Run { survivors, drawn, shares, .. } = run;
    let at = best_of_draw(case, frame, choice, survivors, drawn);
    for n in 0..draws {
        let best = if n == 0 && !planted(Mutant::ThompsonDrawsAgain) {
            at
        } else {
            best_of_draw(case, frame, &mut others, survivors, drawn)
        };
        if let Some(share) = shares.get_mut(best) {
            *share += 1.0;
        }
    }
    shares.iter_mut().for_each(|share| *share /= f64::from(draws));
    Drawn { at, draws }
}

/// Position in `drawn` of the best priority when every propensity is drawn from what is believed of it; the first of equals.
fn best_of_draw(case: &Case<'_>, frame: &Frame, chance: &mut Chance, survivors: &[Survivor], drawn: &[u32]) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (at, survivor) in drawn.iter().filter_map(|at| survivors.get(*at as usize)).enumerate() {
        let Some(slot) = case.slot(survivor.candidate) else { continue };
        let mut worth = survivor.priority;
        if survivor.believed {
            let (p, n) = (survivor.terms.propensity, survivor.evidence);
            let mut terms = survivor.terms;
            terms.propensity = chance.beta(1.0 + p * n, 1.0 + (1.0 - p) * n);
            if slot.uplift.is_none() {
                terms.uplift = terms.propensity;
            }
            worth = priority(case, frame, slot, &terms).map_or(f64::NEG_INFINITY, rounded);
        }
        if worth.total_cmp(&best.1) == Ordering::Greater && !worth.is_nan() {
            best = (at, worth);
        }
    }
    best.0
}
