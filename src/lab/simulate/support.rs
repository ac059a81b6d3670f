//! Support diagnostics: can this log answer for this policy? They come before every value.

use crate::simulate::estimate::sum;
use crate::simulate::report::{Refusal, Support};

/// Effective sample size below which no value is given.
pub const LEAST_ESS: f64 = 100.0;
/// Mean weights outside this range refuse a value.
pub const MEAN_WEIGHT: (f64, f64) = (0.8, 1.2);
/// Share of decisions on actions never logged above which no value is given.
pub const MOST_UNLOGGED: f64 = 0.01;

/// Diagnostics of the weights of a policy; `unlogged` counts its decisions for actions that the log never took.
pub fn support(weights: &[f64], unlogged: usize) -> Support {
    support_of(weights, unlogged as f64)
}

/// The same where a policy draws by chance: `unlogged` adds up the probabilities of actions that the log never took.
pub fn support_of(weights: &[f64], unlogged: f64) -> Support {
    let n = weights.len();
    let part = |sum: f64| if n == 0 { 0.0 } else { sum / n as f64 };
    let share = |count: usize| part(count as f64);
    let total = sum(weights.iter().copied());
    let squares = sum(weights.iter().map(|w| w * w));
    Support {
        n: n as u64,
        matched: weights.iter().filter(|w| **w > 0.0).count() as u64,
        coverage: share(weights.iter().filter(|w| **w > 0.0).count()),
        effective_sample_size: if squares > 0.0 { total * total / squares } else { 0.0 },
        mean_weight: if n == 0 { 0.0 } else { total / n as f64 },
        max_weight: weights.iter().copied().fold(0.0, f64::max),
        share_above_10: share(weights.iter().filter(|w| **w > 10.0).count()),
        unlogged: part(unlogged),
    }
}

/// Why the value of a policy with this support must not be printed as an answer, and what to do; `None` when it may.
/// `unlogged_actions` names the actions chosen but never logged.
pub fn refusal(support: &Support, unlogged_actions: &[String]) -> Option<Refusal> {
    let mut reasons = Vec::new();
    let mut advice = Vec::new();
    if support.unlogged > MOST_UNLOGGED {
        reasons.push(format!(
            "{:.1} % of its decisions are for actions that the log never took ({}); the limit is {:.0} %",
            100.0 * support.unlogged,
            unlogged_actions.join(", "),
            100.0 * MOST_UNLOGGED,
        ));
        advice.push(
            "Map these actions to a value of the action column under roles, remove them from the policy, or collect data \
             on them with a small randomised trial.",
        );
    }
    if support.effective_sample_size < LEAST_ESS {
        reasons.push(format!(
            "the effective sample size is {:.1}; at least {LEAST_ESS:.0} is needed",
            support.effective_sample_size
        ));
        advice.push("Use more rows, or a policy closer to what was logged.");
    }
    if !(MEAN_WEIGHT.0..=MEAN_WEIGHT.1).contains(&support.mean_weight) {
        reasons.push(format!(
            "the mean weight is {:.3}, not near 1 (between {} and {})",
            support.mean_weight, MEAN_WEIGHT.0, MEAN_WEIGHT.1
        ));
        advice.push("Check the logging propensities: either they are not those that history used, or the actions do not overlap.");
    }
    (!reasons.is_empty()).then(|| Refusal { reasons, advice: advice.join(" ") })
}
