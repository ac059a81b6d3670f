//! What a log can answer for in place of a policy that it has no support for: one that follows it only part of the time.
//!
//! The blend with share β takes the policy's action with probability β and what the logger would have done otherwise, so its weights
//! are βw + 1 − β. It is a real policy: it can be run, and its value can be believed.

use super::Logged;
use super::estimator::{Answer, Estimator};
use crate::simulate::report::Support;
use crate::simulate::support::{MOST_UNLOGGED, refusal, refusal_of_weights, support};
use serde::{Deserialize, Serialize};

/// A blend of the policy with the logger that has support.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Blend {
    /// Share β of decisions that follow the policy, in hundredths.
    pub share: f64,
    /// Effective sample size of the blend.
    pub effective_sample_size: f64,
    /// Mean weight of the blend.
    pub mean_weight: f64,
    /// Its self-normalised value.
    pub value: Answer,
}

/// The largest share, in hundredths below 1, at which the blend passes the diagnostics; `None` when not even one in a hundred does.
/// `never` are rounds in which the policy takes what was never logged, as far as they are known: the blend does so in that share of them.
pub fn blend(logged: &Logged<'_>, never: usize) -> Option<Blend> {
    let unlogged = never as f64 / logged.rounds().max(1) as f64;
    let most = if unlogged > 0.0 { MOST_UNLOGGED / unlogged } else { 1.0 };
    largest(logged, most, |support, weights| refusal_of_weights(support, weights, &[]).is_none())
}

/// The same where all that the policy does is known: with a share of at most `most`.
pub fn blend_up_to(logged: &Logged<'_>, most: f64) -> Option<Blend> {
    largest(logged, most, |support, _| refusal(support, &[]).is_none())
}

fn largest(logged: &Logged<'_>, most: f64, passes: impl Fn(&Support, &[f64]) -> bool) -> Option<Blend> {
    let hundredths = (100.0 * most).floor().clamp(0.0, 99.0) as u32;
    (1..=hundredths).rev().find_map(|hundredths| {
        let share = f64::from(hundredths) / 100.0;
        let weights: Vec<f64> = logged.weights.iter().map(|w| share * w + 1.0 - share).collect();
        let support = support(&weights, 0);
        let value = passes(&support, &weights)
            .then(|| Estimator::SnIps.estimate(&Logged { weights: &weights, ..*logged }))??;
        let (effective_sample_size, mean_weight) = (support.effective_sample_size, support.mean_weight);
        Some(Blend { share, effective_sample_size, mean_weight, value })
    })
}
