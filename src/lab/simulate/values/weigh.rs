//! A policy's weights on logged rows: π(a|x)/p, with the empirical and the trajectory variants, and what they can support.

use crate::simulate::log::DecisionLog;
use crate::simulate::replay::Replay;
use crate::simulate::report::{Refusal, Support};
use crate::simulate::support::{refusal, support_of};
use std::collections::BTreeSet;

/// A policy's weights on the rows.
pub(in crate::simulate) struct Weighed {
    pub weights: Vec<f64>,
    /// Probability of actions that the log never took, per row; empty where it is 0 for all.
    unlogged: Vec<f32>,
    pub support: Support,
    pub refusal: Option<Refusal>,
}

/// Other weights of a policy that has a value. They are made when they are asked for: kept for all policies, they would be most of
/// what memory holds of a large log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulate) enum Other {
    /// With the arms' shares in place of the design's propensities.
    Empirical,
    /// Multiplied along each subject's decisions.
    Trajectory,
    /// 1 where the action that the policy drew is the logged one, where it draws by chance.
    Drawn,
}

impl Weighed {
    pub fn new(log: &DecisionLog, rows: &[u32], replay: &Replay) -> Weighed {
        let positions = replay.positions(rows);
        let weights = weights(log, replay, rows, &positions);
        let mut unlogged: Vec<f32> =
            rows.iter().zip(&positions).map(|(row, at)| impossible(log, replay, *row as usize, *at) as f32).collect();
        let support = support_of(&weights, unlogged.iter().map(|p| f64::from(*p)).sum());
        let refusal = refusal(&support, &never_logged(replay, &positions));
        if unlogged.iter().all(|p| *p == 0.0) {
            unlogged = Vec::new();
        }
        Weighed { weights, unlogged, support, refusal }
    }

    /// Probability of actions that the log never took, of the row at a position.
    pub fn unlogged(&self, at: usize) -> f64 {
        self.unlogged.get(at).map_or(0.0, |p| f64::from(*p))
    }

    /// Other weights of the policy on the same rows; `None` where they mean nothing.
    pub fn other(&self, which: Other, log: &DecisionLog, rows: &[u32], replay: &Replay) -> Option<Vec<f64>> {
        let positions = || replay.positions(rows);
        match which {
            Other::Empirical => log.sample_ratio.is_some().then(|| {
                let mut counts = vec![0u64; log.arms.len()];
                for row in rows {
                    counts[usize::from(log.arm[*row as usize])] += 1;
                }
                let n = rows.len() as f64;
                let matched = |(row, at): (&u32, &usize)| {
                    let arm = log.arm[*row as usize];
                    replay.probability(*at, arm) * n / counts[usize::from(arm)] as f64
                };
                rows.iter().zip(&positions()).map(matched).collect()
            }),
            Other::Trajectory => (replay.stateful && log.clusters.is_some()).then(|| {
                let times: Vec<i64> = positions().iter().map(|p| replay.times[*p]).collect();
                along_subjects(log, rows, &self.weights, &times)
            }),
            Other::Drawn => replay.chances.as_ref().map(|_| {
                let same = |(row, at): (&u32, &usize)| f64::from(u8::from(log.arm[*row as usize] == replay.arm[*at]));
                rows.iter().zip(&positions()).map(same).collect()
            }),
        }
    }
}

/// w_i = π(the logged arm | x) / p_i of each row: 1/p or 0 where the policy leaves nothing to chance.
pub(in crate::simulate) fn weights(log: &DecisionLog, replay: &Replay, rows: &[u32], positions: &[usize]) -> Vec<f64> {
    let weight = |(row, at): (&u32, &usize)| {
        let row = *row as usize;
        let probability = replay.probability(*at, log.arm[row]);
        if probability > 0.0 { probability / log.propensity[row] } else { 0.0 }
    };
    rows.iter().zip(positions).map(weight).collect()
}

/// The probability that the policy takes what history could not: an action never logged, or not eligible in this row.
fn impossible(log: &DecisionLog, replay: &Replay, row: usize, at: usize) -> f64 {
    let unlogged = replay.unlogged(at);
    if log.eligible.is_none() {
        return unlogged;
    }
    let barred = |arm: &u16| !log.allows(row, *arm);
    let arms = (0..log.arms.len() as u16).filter(barred);
    unlogged + arms.map(|arm| replay.probability(at, arm)).sum::<f64>()
}

/// Actions chosen, or possible by chance, that the log never took.
fn never_logged(replay: &Replay, positions: &[usize]) -> Vec<String> {
    use crate::simulate::log::NO_ARM;
    let mut names = BTreeSet::new();
    for at in positions.iter().filter(|at| replay.unlogged(**at) > 0.0) {
        if replay.arm[*at] == NO_ARM {
            names.insert(replay.chosen_names(*at).0.to_owned());
        }
    }
    if names.is_empty() && positions.iter().any(|at| replay.unlogged(*at) > 0.0) {
        names.extend(replay.candidates.iter().filter(|c| c.arm == NO_ARM).map(|c| c.action.clone()));
    }
    names.into_iter().collect()
}

/// The product of a subject's weights up to each of its decisions, in order of time.
fn along_subjects(log: &DecisionLog, rows: &[u32], weights: &[f64], times: &[i64]) -> Vec<f64> {
    let Some(clusters) = &log.clusters else { return weights.to_vec() };
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|i| (clusters[rows[*i] as usize], times[*i], rows[*i]));
    let mut out = vec![0.0; rows.len()];
    let (mut subject, mut product) = (u32::MAX, 1.0);
    for i in order {
        let own = clusters[rows[i] as usize];
        if own != subject {
            (subject, product) = (own, 1.0);
        }
        product *= weights[i];
        out[i] = product;
    }
    out
}
