//! Off-policy evaluation on plain arrays: what a target policy would have earned on rounds that another one logged.
//!
//! Every estimator of METHODS is one [`Estimator`]; all of them are one shape, bᵢ + h(wᵢ)·(rᵢ − qᵢ), and differ in what h does to
//! the weight and in whether a reward model q stands behind. [`diagnose`] says first whether the log carries an answer at all, and
//! [`blend`] what it could carry instead. It reads no file, and does not know what the actions are.

pub mod blend;
pub mod bootstrap;
pub mod bounds;
pub mod cressie_read;
pub mod estimator;
pub mod evaluation;
pub mod slate;
pub mod tuning;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tuning_tests;

pub use estimator::{Answer, Estimator};
pub use evaluation::{Ask, Evaluation, OnPolicy, evaluate};

use crate::error::{Error, Result};

/// Logged rounds of one outcome under one target policy π. All slices have one entry per round.
#[derive(Clone, Copy, Debug, Default)]
pub struct Logged<'a> {
    /// w = π(a|x)/p of the logged action a, 0 or more.
    pub weights: &'a [f64],
    /// Reward of the logged action, finite.
    pub rewards: &'a [f64],
    /// A reward model's predictions, where there is one.
    pub model: Option<Predictions<'a>>,
    /// Subject of each round, numbered from 0, where subjects repeat.
    pub clusters: Option<&'a [u32]>,
}

/// What a reward model expects. It must not have learned from the rounds it predicts: cross-fit it.
#[derive(Clone, Copy, Debug)]
pub struct Predictions<'a> {
    /// q(x, a) of the logged action.
    pub logged: &'a [f64],
    /// Σ_a π(a|x) q(x, a): of the target policy.
    pub target: &'a [f64],
}

impl<'a> Logged<'a> {
    /// Rounds without a reward model and without repeated subjects.
    pub fn new(weights: &'a [f64], rewards: &'a [f64]) -> Logged<'a> {
        Logged { weights, rewards, ..Logged::default() }
    }

    /// Number of rounds.
    pub fn rounds(&self) -> usize {
        self.rewards.len()
    }

    /// Whether the slices are of one length and hold numbers that mean something.
    ///
    /// # Errors
    /// Names the first round (from 1) with a negative or infinite weight, or a reward or prediction that is no number.
    pub fn check(&self) -> Result<()> {
        let n = self.rewards.len();
        let predictions = self.model.map_or([&[][..]; 2], |m| [m.logged, m.target]);
        let lengths =
            [Some(self.weights.len()), self.model.map(|m| m.logged.len()), self.model.map(|m| m.target.len())];
        if lengths.into_iter().flatten().chain(self.clusters.map(<[u32]>::len)).any(|len| len != n) {
            return Err(Error::new("weights, rewards, predictions and subjects must have one entry per round"));
        }
        if n < 2 {
            let few = if n == 1 { "1 logged round is" } else { "no logged round is" };
            return Err(Error::new(format!("{few} too few to estimate anything; two are the least")));
        }
        let bad = |what: &str, at: usize, x: f64| {
            Err(Error::new(format!("the {what} of this round is {x}")).at_row(at as u64 + 1))
        };
        for (at, &w) in self.weights.iter().enumerate() {
            if !(w.is_finite() && w >= 0.0) {
                return bad("weight", at, w);
            }
        }
        for (what, values) in [("reward", self.rewards), ("prediction", predictions[0]), ("prediction", predictions[1])]
        {
            if let Some(at) = values.iter().position(|x| !x.is_finite()) {
                return bad(what, at, values[at]);
            }
        }
        Ok(())
    }
}

/// The weights π(a|x)/p of logged actions.
///
/// # Errors
/// Names the first round (from 1) whose propensity is not in (0, 1], or whose target probability is not in [0, 1].
pub fn weights(target: &[f64], propensity: &[f64]) -> Result<Vec<f64>> {
    if target.len() != propensity.len() {
        return Err(Error::new("target probabilities and propensities must have one entry per round"));
    }
    let weight = |(at, (&pi, &p)): (usize, (&f64, &f64))| {
        if !(p > 0.0 && p <= 1.0) {
            return Err(Error::new(format!("the logging propensity is {p}; it must be above 0 and at most 1"))
                .at_row(at as u64 + 1));
        }
        if !(0.0..=1.0).contains(&pi) {
            return Err(Error::new(format!("the target policy's probability is {pi}; it must be between 0 and 1"))
                .at_row(at as u64 + 1));
        }
        Ok(pi / p)
    };
    target.iter().zip(propensity).enumerate().map(weight).collect()
}
