//! Percentile bootstrap within each arm, for tests of few subjects. Amounts take the expanded percentiles of Hesterberg (The American
//! Statistician 69, 2015): plain ones are as much too narrow as a normal interval with n in place of n − 1 and Student's t.

use super::Ask;
use crate::distributions::{normal_cdf, student_quantile};
use crate::random::Random;
use crate::simulate::bootstrap::{quantile, spread_interval};
use rayon::prelude::*;

/// Interval of the lift of a share. Drawing subjects with replacement draws a binomial number of hits.
pub(super) fn share_lift(t: (u64, u64), c: (u64, u64), ask: Ask, stream: u64) -> Option<(f64, f64)> {
    let share =
        |random: &mut Random, (hits, n): (u64, u64)| random.binomial(n, hits as f64 / n as f64) as f64 / n as f64;
    spread_interval((0..ask.replicates as u64).map(|b| {
        let mut random = Random::stream(ask.seed, stream << 32 | b);
        let (t, c) = (share(&mut random, t), share(&mut random, c));
        // A resample without any outcome in the control has no lift; the others tell the interval.
        if c > 0.0 { t / c - 1.0 } else { f64::NAN }
    }))
}

/// Intervals of the difference and of the lift of an amount.
#[allow(clippy::type_complexity)] // two intervals, each of which may be missing
pub(super) fn amounts(t: &[f64], c: &[f64], ask: Ask, stream: u64) -> (Option<(f64, f64)>, Option<(f64, f64)>) {
    let mean = |random: &mut Random, values: &[f64]| {
        (0..values.len()).map(|_| values[random.below(values.len())]).sum::<f64>() / values.len() as f64
    };
    let draws: Vec<(f64, f64)> = (0..ask.replicates as u64)
        .into_par_iter()
        .map(|b| {
            let mut random = Random::stream(ask.seed, stream << 32 | b);
            (mean(&mut random, t), mean(&mut random, c))
        })
        .collect();
    let lift = |(t, c): &(f64, f64)| if *c > 0.0 { t / c - 1.0 } else { f64::NAN };
    let n = t.len().min(c.len());
    (expanded(draws.iter().map(|(t, c)| t - c), n), expanded(draws.iter().map(lift), n))
}

/// Percentiles at Φ(−√(n/(n − 1))·t), t the 97.5 % point of Student's t on n − 1 degrees of freedom.
fn expanded(statistics: impl Iterator<Item = f64>, n: usize) -> Option<(f64, f64)> {
    let mut sorted: Vec<f64> = statistics.filter(|x| x.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let n = n as f64;
    let tail = normal_cdf(-libm::sqrt(n / (n - 1.0)) * student_quantile(0.975, n - 1.0));
    let ends = || (quantile(&sorted, tail), quantile(&sorted, 1.0 - tail));
    (sorted.len() >= 20).then(ends).filter(|(low, high)| low < high)
}
