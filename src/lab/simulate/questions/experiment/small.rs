//! Percentile bootstrap within each arm, for tests of few subjects.

use super::Ask;
use crate::random::Random;
use crate::simulate::bootstrap::percentile_interval;
use rayon::prelude::*;

/// Interval of the lift of a share. Drawing subjects with replacement draws a binomial number of hits.
pub(super) fn share_lift(t: (u64, u64), c: (u64, u64), ask: Ask, stream: u64) -> Option<(f64, f64)> {
    let share =
        |random: &mut Random, (hits, n): (u64, u64)| random.binomial(n, hits as f64 / n as f64) as f64 / n as f64;
    percentile_interval((0..ask.replicates as u64).map(|b| {
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
    (percentile_interval(draws.iter().map(|(t, c)| t - c)), percentile_interval(draws.iter().map(lift)))
}
