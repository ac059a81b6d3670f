//! Ranked lists: several positions shown at once, each with its own action, propensity and reward.
//!
//! Three assumptions about how positions bear on each other, each an estimator (McInerney et al. 2020; names of Open Bandit Pipeline):
//! the whole list matters (standard), what stands above matters (cascade), nothing else matters (independent).

use super::estimator::{Answer, mean};
use crate::error::{Error, Result};
use crate::simulate::estimate::Z95;
use serde::{Deserialize, Serialize};

/// What is taken to bear on the reward of a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Assumption {
    /// The whole list: weights multiplied over all positions. Unbiased, and of huge variance.
    Standard,
    /// The position and those above it: a reader goes from the top down.
    Cascade,
    /// The position alone.
    Independent,
}

/// Logged positions. A list's positions stand together, the top one first.
#[derive(Clone, Copy, Debug)]
pub struct Slates<'a> {
    /// Number of the list of each entry, ascending.
    pub list: &'a [u32],
    /// w = π/p of the action shown there, given those above.
    pub weights: &'a [f64],
    /// Reward at that position.
    pub rewards: &'a [f64],
}

/// Expected sum of a list's rewards under the target policy; `normalised` divides by the mean weight at each position.
///
/// # Errors
/// When the slices differ in length, lists do not stand together, or there are fewer than two.
pub fn slate(slates: Slates<'_>, assumption: Assumption, normalised: bool) -> Result<Answer> {
    let n = slates.list.len();
    if slates.weights.len() != n || slates.rewards.len() != n {
        return Err(Error::new("lists, weights and rewards must have one entry per position"));
    }
    if let Some(at) = (1..n).find(|&i| slates.list[i] < slates.list[i - 1]) {
        return Err(Error::new("lists must stand one after the other, in ascending order").at_row(at as u64 + 1));
    }
    let bounds: Vec<(usize, usize)> = {
        let starts: Vec<usize> = (0..n).filter(|&i| i == 0 || slates.list[i] != slates.list[i - 1]).collect();
        starts.iter().zip(starts.iter().skip(1).chain([&n])).map(|(a, b)| (*a, *b)).collect()
    };
    if bounds.len() < 2 {
        return Err(Error::new("fewer than two lists are too few to estimate anything"));
    }
    let weights: Vec<f64> =
        bounds.iter().flat_map(|&(from, to)| place_weights(&slates.weights[from..to], assumption)).collect();
    let deepest = bounds.iter().map(|(from, to)| to - from).max().unwrap_or(0);
    let mut scale = vec![1.0; deepest];
    if normalised {
        for (position, scale) in scale.iter_mut().enumerate() {
            let at: Vec<f64> =
                bounds.iter().filter(|(a, b)| b - a > position).map(|(a, _)| weights[a + position]).collect();
            *scale = mean(&at);
        }
    }
    let own = |i: usize, from: usize| {
        let scale = scale[i - from];
        if scale > 0.0 { weights[i] * slates.rewards[i] / scale } else { 0.0 }
    };
    let sums: Vec<f64> = bounds.iter().map(|&(from, to)| (from..to).map(|i| own(i, from)).sum()).collect();
    let (lists, value) = (sums.len() as f64, mean(&sums));
    let squares: f64 = sums.iter().map(|x| (x - value) * (x - value)).sum();
    let se = (squares / (lists - 1.0) / lists).sqrt();
    Ok(Answer { value, se, low: value - Z95 * se, high: value + Z95 * se })
}

/// The weights of a list's places under an assumption, from the weight of each place given those above.
pub fn place_weights(weights: &[f64], assumption: Assumption) -> Vec<f64> {
    let down = weights.iter().scan(1.0, |product, w| {
        *product *= w;
        Some(*product)
    });
    match assumption {
        Assumption::Independent => weights.to_vec(),
        Assumption::Cascade => down.collect(),
        Assumption::Standard => vec![weights.iter().product(); weights.len()],
    }
}
