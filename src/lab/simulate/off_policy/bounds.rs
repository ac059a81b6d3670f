//! Intervals and one-sided bounds of a mean, from the most trusting to the one that trusts nothing but a range.
//!
//! Where subjects repeat their rounds are one term ([`per_subject`]): what is bounded, and counted as independent, is a subject.

use super::estimator::{mean, per_subject, sums_per_subject};
use super::{Estimator, Logged};
use crate::distributions::{clopper_pearson, student_quantile};
use crate::simulate::estimate::{Z95, sum};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One-sided lower bounds of a mean, each true with probability 1 − δ under its assumptions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LowerBounds {
    /// Empirical Bernstein (Maurer & Pontil 2009): terms in the range; tightens as they vary less.
    pub bernstein: f64,
    /// Hoeffding 1963: terms in the range, nothing else.
    pub hoeffding: f64,
    /// Student's t: terms about normal; `None` where nothing varies.
    pub student_t: Option<f64>,
    /// Between what each term of a round is taken to lie: from the least one seen to the largest, 0 among them (METHODS).
    #[serde(default)]
    pub range: (f64, f64),
}

/// Two-sided 95 % intervals of one value, by name; `None` for those that it does not have: all but the exact one where nothing varies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Intervals {
    /// Value ± 1.96 se.
    pub normal: Option<(f64, f64)>,
    /// Value ± t se.
    pub student_t: Option<(f64, f64)>,
    /// Empirical Bernstein, both sides; not of a ratio.
    pub bernstein: Option<(f64, f64)>,
    /// Hoeffding, both sides; not of a ratio.
    pub hoeffding: Option<(f64, f64)>,
    /// Exact binomial, when every term is 0 or 1 and no subject repeats.
    pub clopper_pearson: Option<(f64, f64)>,
    /// Between what each term of a round is taken to lie by the bounds of Bernstein and Hoeffding ([`Estimator::range`]).
    #[serde(default)]
    pub range: Option<(f64, f64)>,
}

/// Lower bounds of the mean of `terms` at δ. The range is that of the terms seen and 0 (Open Bandit Pipeline's convention, whose terms are
/// none below 0). With `clusters` (subject of each term) a subject's terms are one. `None` with fewer than two terms or subjects.
pub fn lower_bounds(terms: &[f64], clusters: Option<&[u32]>, delta: f64) -> Option<LowerBounds> {
    let range = terms.iter().fold((0.0_f64, 0.0_f64), |(least, most), x| (least.min(*x), most.max(*x)));
    let units = per_subject(terms, clusters);
    let moments = Moments::new(&units)?;
    let width = width(range, clusters, terms.len());
    Some(LowerBounds {
        bernstein: moments.mean - moments.bernstein(width, delta),
        hoeffding: moments.mean - moments.hoeffding(width, delta),
        student_t: moments
            .varies()
            .then(|| moments.mean - student_quantile(1.0 - delta, moments.n - 1.0) * moments.se()),
        range,
    })
}

/// 95 % intervals of the mean of `terms`, or of those of subjects under `clusters`; each term is taken to lie in `range`. `None` with fewer
/// than two terms or subjects.
pub fn intervals(terms: &[f64], clusters: Option<&[u32]>, range: (f64, f64)) -> Option<Intervals> {
    let units = per_subject(terms, clusters);
    let moments = Moments::new(&units)?;
    let around = |half: f64| (moments.mean - half, moments.mean + half);
    let binary = clusters.is_none() && terms.iter().all(|x| *x == 0.0 || *x == 1.0);
    let hits = terms.iter().filter(|x| **x == 1.0).count() as u64;
    let varies = |interval: (f64, f64)| moments.varies().then_some(interval);
    let width = width(range, clusters, terms.len());
    Some(Intervals {
        normal: varies(around(Z95 * moments.se())),
        student_t: varies(around(student_quantile(0.975, moments.n - 1.0) * moments.se())),
        bernstein: varies(around(moments.bernstein(width, 0.025))),
        hoeffding: varies(around(moments.hoeffding(width, 0.025))),
        clopper_pearson: binary.then(|| clopper_pearson(hits, terms.len() as u64, 0.95)),
        range: Some(range),
    })
}

/// Width of what a unit's term can be, given that of a round: a subject's is G/n times the sum of its rounds', so that with m rounds, the
/// most that any has, it is m·G/n times as wide.
fn width((least, most): (f64, f64), clusters: Option<&[u32]>, rounds: usize) -> f64 {
    let scale = clusters.map_or(1.0, |clusters| {
        let sizes = sums_per_subject(clusters.iter().map(|_| 1.0), clusters);
        sizes.iter().copied().fold(0.0, f64::max) * sizes.len() as f64 / rounds as f64
    });
    scale * (most - least)
}

/// 95 % intervals of a self-normalised value with the standard error of the delta method. Where all weights are the same it is the mean of
/// the rounds that weigh, and has all [`intervals`] of one; else it is a ratio. `None` with fewer than two rounds or subjects.
pub(crate) fn ratio_intervals(logged: &Logged<'_>, estimator: Estimator, value: f64, se: f64) -> Option<Intervals> {
    let weighs = || (0..logged.rounds()).filter(|i| logged.weights[*i] > 0.0);
    let first = weighs().next()?;
    if !estimator.needs_model() && weighs().all(|i| logged.weights[i] == logged.weights[first]) {
        let rewards: Vec<f64> = weighs().map(|i| logged.rewards[i]).collect();
        let clusters: Option<Vec<u32>> = logged.clusters.map(|own| weighs().map(|i| own[i]).collect());
        let range = logged.rewards.iter().fold((0.0_f64, 0.0_f64), |(least, most), r| (least.min(*r), most.max(*r)));
        return intervals(&rewards, clusters.as_deref(), range);
    }
    let units = match logged.clusters {
        Some(clusters) => clusters.iter().collect::<BTreeSet<&u32>>().len(),
        None => logged.rounds(),
    };
    let around = |half: f64| (se > 0.0).then_some((value - half, value + half));
    (units > 1).then(|| Intervals {
        normal: around(Z95 * se),
        student_t: around(student_quantile(0.975, units as f64 - 1.0) * se),
        ..Intervals::default()
    })
}

struct Moments {
    n: f64,
    mean: f64,
    /// ddof 1.
    variance: f64,
}

impl Moments {
    fn new(terms: &[f64]) -> Option<Moments> {
        let n = terms.len() as f64;
        let mean = mean(terms);
        let variance = sum(terms.iter().map(|x| (x - mean) * (x - mean))) / (n - 1.0);
        (terms.len() > 1).then_some(Moments { n, mean, variance })
    }

    /// Whether terms vary by more than rounding.
    fn varies(&self) -> bool {
        self.variance > 1e-24 * self.mean * self.mean
    }

    fn se(&self) -> f64 {
        (self.variance / self.n).sqrt()
    }

    fn bernstein(&self, range: f64, delta: f64) -> f64 {
        let log = libm::log(2.0 / delta);
        7.0 * range * log / (3.0 * (self.n - 1.0)) + (2.0 * log * self.variance / self.n).sqrt()
    }

    fn hoeffding(&self, range: f64, delta: f64) -> f64 {
        range * (libm::log(1.0 / delta) / (2.0 * self.n)).sqrt()
    }
}
