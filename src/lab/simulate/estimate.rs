//! Estimators of a policy's value from logged rounds, on plain arrays.
//!
//! Round i carries the weight w_i = π(a_i|x_i)/p_i and the reward r_i. Conventions are those of METHODS, "Off-policy
//! evaluation". Whether a log can carry an answer at all is for [`crate::simulate::support`] to say.

use crate::distributions::clopper_pearson;
use crate::simulate::report::{Estimate, Method};
use std::collections::BTreeSet;

/// The 97.5 % point of the standard normal distribution.
pub const Z95: f64 = 1.959_963_984_540_054;

/// The rounds of one outcome under one policy.
#[derive(Clone, Copy, Debug)]
pub struct Rounds<'a> {
    /// w_i ≥ 0.
    pub weights: &'a [f64],
    /// r_i, finite.
    pub rewards: &'a [f64],
    /// Subject of each round, numbered from 0, where subjects repeat; standard errors then add within a subject first.
    pub clusters: Option<&'a [u32]>,
}

/// Inverse propensity scoring: mean(w r). SE = std(w r, ddof 1)/√n, clustered: √(G/(G−1) Σ_g u_g²)/n with
/// u_g = Σ_{i∈g} (w_i r_i − V). `None` with fewer than two rounds or subjects.
pub fn ips(rounds: Rounds<'_>, method: Method) -> Option<Estimate> {
    let n = rounds.rewards.len();
    let value = sum(products(rounds)) / n as f64;
    let residuals = products(rounds).map(|x| x - value);
    let (squares, groups) = clustered_squares(residuals, rounds.clusters, n);
    (groups > 1).then(|| {
        let groups = groups as f64;
        let se = (squares * groups / (groups - 1.0)).sqrt() / n as f64;
        spread(normal(method, value, se, n), rounds, false)
    })
}

/// Self-normalised IPS: Σ w r / Σ w. SE by the delta method: √(Σ w² (r − V)²)/Σ w, residuals added within a subject
/// first. `None` when no weight is positive.
pub fn snips(rounds: Rounds<'_>) -> Option<Estimate> {
    let total = sum(rounds.weights.iter().copied());
    if total <= 0.0 {
        return None;
    }
    let value = sum(products(rounds)) / total;
    let residuals = rounds.weights.iter().zip(rounds.rewards).map(|(w, r)| w * (r - value));
    let (squares, _) = clustered_squares(residuals, rounds.clusters, rounds.rewards.len());
    Some(spread(normal(Method::Snips, value, squares.sqrt() / total, rounds.rewards.len()), rounds, true))
}

/// Replay: mean reward over the rounds whose logged action is the policy's (w > 0). SE as for SNIPS with weights 1.
/// `None` when there is none.
pub fn replay(rounds: Rounds<'_>) -> Option<Estimate> {
    let matched: Vec<f64> = rounds.weights.iter().map(|w| f64::from(u8::from(*w > 0.0))).collect();
    let estimate = snips(Rounds { weights: &matched, ..rounds })?;
    let n = matched.iter().filter(|m| **m > 0.0).count();
    Some(Estimate { method: Method::Replay, n: n as u64, ..estimate })
}

/// Mean with the standard error of [`ips`]: an arm of a trial.
pub fn mean(rewards: &[f64], clusters: Option<&[u32]>) -> Option<Estimate> {
    let ones = vec![1.0; rewards.len()];
    ips(Rounds { weights: &ones, rewards, clusters }, Method::Mean)
}

/// Difference of the SNIPS values of two policies on the same rounds, `a − b`. SE from the paired influence
/// u = w_a (r − V_a)/mean(w_a) − w_b (r − V_b)/mean(w_b), so what both policies share cancels.
pub fn snips_difference(a: Rounds<'_>, b: Rounds<'_>) -> Option<Estimate> {
    let n = a.rewards.len();
    let (va, vb) = (snips(a)?.value, snips(b)?.value);
    let (ma, mb) = (sum(a.weights.iter().copied()) / n as f64, sum(b.weights.iter().copied()) / n as f64);
    let influence =
        a.weights.iter().zip(b.weights).zip(a.rewards).map(|((wa, wb), r)| wa * (r - va) / ma - wb * (r - vb) / mb);
    let (squares, _) = clustered_squares(influence, a.clusters, n);
    Some(normal(Method::Snips, va - vb, squares.sqrt() / n as f64, n))
}

/// An estimate with its normal 95 % interval.
pub fn normal(method: Method, value: f64, se: f64, n: usize) -> Estimate {
    let (low, high) = (value - Z95 * se, value + Z95 * se);
    Estimate { method, value, se, low, high, bootstrap: None, n: n as u64 }
}

/// The estimate with an interval that has a width: that of [`unvaried`] where no reward varies.
fn spread(estimate: Estimate, rounds: Rounds<'_>, normalised: bool) -> Estimate {
    match unvaried(rounds, normalised) {
        Some((low, high)) => Estimate { low, high, ..estimate },
        None => estimate,
    }
}

/// The 95 % interval of a value when the rewards of all rounds that weigh are the same, so that nothing is known of their spread; `None`
/// where the spread is known. Of a yes or no: Clopper and Pearson's of the rounds that weigh where their weights are equal, else that of
/// all rounds times the largest weight. Of an amount the ends are infinite, but for 0 below where no reward is negative.
pub(crate) fn unvaried(rounds: Rounds<'_>, normalised: bool) -> Option<(f64, f64)> {
    let Rounds { weights, rewards, clusters } = rounds;
    let weighs = || weights.iter().zip(rewards).filter(|(w, _)| **w > 0.0);
    let (first, same) = weighs().next().map(|(w, r)| (*w, *r))?;
    if weighs().any(|(_, r)| *r != same) {
        return None;
    }
    let (equal, all) = (weighs().all(|(w, _)| *w == first), weights.iter().all(|w| *w > 0.0));
    // Weights that differ are a spread of their own, unless they are divided by their mean or nothing is weighed.
    if same != 0.0 && !normalised && !(equal && all) {
        return None;
    }
    if !rewards.iter().all(|r| *r == 0.0 || *r == 1.0) {
        let least = if rewards.iter().all(|r| *r >= 0.0) { 0.0 } else { f64::NEG_INFINITY };
        return Some((least, f64::INFINITY));
    }
    let units = |of: &dyn Fn(usize) -> bool| match clusters {
        None => (0..weights.len()).filter(|i| of(*i)).count(),
        Some(clusters) => (0..weights.len()).filter(|i| of(*i)).map(|i| clusters[i]).collect::<BTreeSet<u32>>().len(),
    } as u64;
    let n = weights.len() as f64;
    let (scale, trials) = match (normalised, equal) {
        (true, true) => (1.0, units(&|i| weights[i] > 0.0)),
        (true, false) => {
            let mean = sum(weights.iter().copied()) / n;
            (weights.iter().copied().fold(0.0, f64::max) / mean, units(&|_| true))
        }
        (false, _) => (weights.iter().copied().fold(0.0, f64::max), units(&|_| true)),
    };
    let unseen = scale * clopper_pearson(0, trials, 0.95).1;
    let cap = if normalised { 1.0 } else { scale };
    Some(match same == 0.0 {
        true => (0.0, unseen.min(cap)),
        false => ((cap - unseen).max(0.0), cap),
    })
}

/// Sum with Neumaier's compensation: the answer does not depend on how long the log is.
pub fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut total, mut lost) = (0.0_f64, 0.0_f64);
    for x in values {
        let next = total + x;
        lost += if total.abs() >= x.abs() { (total - next) + x } else { (x - next) + total };
        total = next;
    }
    total + lost
}

fn products<'a>(rounds: Rounds<'a>) -> impl Iterator<Item = f64> + 'a {
    rounds.weights.iter().zip(rounds.rewards).map(|(w, r)| w * r)
}

/// Σ over groups of (Σ of the group's residuals)², and the number of groups; without clusters each round is one.
pub(crate) fn clustered_squares(
    residuals: impl Iterator<Item = f64>,
    clusters: Option<&[u32]>,
    rounds: usize,
) -> (f64, usize) {
    let Some(clusters) = clusters else { return (sum(residuals.map(|u| u * u)), rounds) };
    let groups = clusters.iter().max().map_or(0, |m| *m as usize + 1);
    let mut sums = vec![0.0; groups];
    let mut seen = vec![false; groups];
    for (u, group) in residuals.zip(clusters) {
        let group = *group as usize;
        sums[group] += u;
        seen[group] = true;
    }
    let used = seen.iter().filter(|s| **s).count();
    (sum(sums.into_iter().map(|u| u * u)), used)
}
