//! Intervals and one-sided bounds of a mean, from the most trusting to the one that trusts nothing but a range.
//!
//! Where subjects repeat their rounds are one term ([`per_subject`]): what is bounded, and counted as independent, is a subject.

use super::estimator::{mean, per_subject};
use crate::distributions::{clopper_pearson, student_quantile};
use crate::simulate::estimate::{Z95, sum};
use serde::{Deserialize, Serialize};

/// One-sided lower bounds of a mean, each true with probability 1 − δ under its assumptions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LowerBounds {
    /// Empirical Bernstein (Maurer & Pontil 2009): terms in [0, range]; tightens as they vary less.
    pub bernstein: f64,
    /// Hoeffding 1963: terms in [0, range], nothing else.
    pub hoeffding: f64,
    /// Student's t: terms about normal.
    pub student_t: f64,
}

/// Two-sided 95 % intervals of one mean, by name.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intervals {
    /// Value ± 1.96 se.
    pub normal: (f64, f64),
    /// Value ± t se.
    pub student_t: (f64, f64),
    /// Empirical Bernstein, both sides.
    pub bernstein: (f64, f64),
    /// Hoeffding, both sides.
    pub hoeffding: (f64, f64),
    /// Exact binomial, when every term is 0 or 1 and no subject repeats.
    pub clopper_pearson: Option<(f64, f64)>,
}

/// Lower bounds of the mean of `terms` at δ, the range taken from 0 to the largest term (Open Bandit Pipeline's convention). With
/// `clusters` (subject of each term) a subject's terms are one, and the range begins at the least of them where that is below 0.
/// `None` with fewer than two terms or subjects.
pub fn lower_bounds(terms: &[f64], clusters: Option<&[u32]>, delta: f64) -> Option<LowerBounds> {
    let terms = per_subject(terms, clusters);
    let moments = Moments::new(&terms)?;
    let least = if clusters.is_some() { terms.iter().copied().fold(0.0, f64::min) } else { 0.0 };
    let range = terms.iter().copied().fold(0.0, f64::max) - least;
    Some(LowerBounds {
        bernstein: moments.mean - moments.bernstein(range, delta),
        hoeffding: moments.mean - moments.hoeffding(range, delta),
        student_t: moments.mean - student_quantile(1.0 - delta, moments.n - 1.0) * moments.se(),
    })
}

/// 95 % intervals of the mean of `terms`, or of those of subjects under `clusters`; the range is the one they span. `None` with fewer
/// than two terms or subjects.
pub fn intervals(terms: &[f64], clusters: Option<&[u32]>) -> Option<Intervals> {
    let terms = per_subject(terms, clusters);
    let moments = Moments::new(&terms)?;
    let (least, most) = terms.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(*x), b.max(*x)));
    let around = |half: f64| (moments.mean - half, moments.mean + half);
    let binary = clusters.is_none() && terms.iter().all(|x| *x == 0.0 || *x == 1.0);
    let hits = terms.iter().filter(|x| **x == 1.0).count() as u64;
    Some(Intervals {
        normal: around(Z95 * moments.se()),
        student_t: around(student_quantile(0.975, moments.n - 1.0) * moments.se()),
        bernstein: around(moments.bernstein(most - least, 0.025)),
        hoeffding: around(moments.hoeffding(most - least, 0.025)),
        clopper_pearson: binary.then(|| clopper_pearson(hits, terms.len() as u64, 0.95)),
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
