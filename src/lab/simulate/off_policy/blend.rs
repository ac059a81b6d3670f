//! What a log can answer for in place of a policy that it has no support for: one that follows it only part of the time.
//!
//! The blend with share β takes the policy's action with probability β and what the logger would have done otherwise, so its weights
//! are βw + 1 − β. It is a real policy: it can be run, and its value can be believed.

use super::Logged;
use super::estimator::{Answer, Estimator};
use crate::simulate::support::{LEAST_ESS, MEAN_WEIGHT, support};
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
pub fn blend(logged: &Logged<'_>) -> Option<Blend> {
    blend_up_to(logged, 1.0)
}

/// The same, with a share of at most `most`.
pub fn blend_up_to(logged: &Logged<'_>, most: f64) -> Option<Blend> {
    let hundredths = (100.0 * most).floor().clamp(0.0, 99.0) as u32;
    (1..=hundredths).rev().find_map(|hundredths| {
        let share = f64::from(hundredths) / 100.0;
        let weights: Vec<f64> = logged.weights.iter().map(|w| share * w + 1.0 - share).collect();
        let support = support(&weights, 0);
        let passes = support.effective_sample_size >= LEAST_ESS
            && (MEAN_WEIGHT.0..=MEAN_WEIGHT.1).contains(&support.mean_weight);
        let value = passes.then(|| Estimator::SnIps.estimate(&Logged { weights: &weights, ..*logged }))??;
        let (effective_sample_size, mean_weight) = (support.effective_sample_size, support.mean_weight);
        Some(Blend { share, effective_sample_size, mean_weight, value })
    })
}
