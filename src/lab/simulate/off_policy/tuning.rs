//! Choice of an estimator's λ from the log itself, without knowing the truth.

use super::Logged;
use super::estimator::{Answer, Estimator, mean, sums_per_subject};
use crate::distributions::student_quantile;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// How λ is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tuning {
    /// SLOPE++ (Su, Srinath & Krishnamurthy 2020; Tucker & Lee 2021): from the widest interval to the narrowest, the last setting whose
    /// interval still agrees with all before it.
    Slope,
    /// The least upper bound of bias² + variance (Su et al. 2020, as in Open Bandit Pipeline).
    MseBound,
}

impl Tuning {
    /// Name for people.
    pub fn label(self) -> &'static str {
        match self {
            Tuning::Slope => "SLOPE++",
            Tuning::MseBound => "MSE upper bound",
        }
    }
}

/// The chosen estimator and what was weighed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tuned {
    /// What was chosen.
    pub chosen: Estimator,
    /// Every candidate with its score: the half width of its interval for SLOPE, the bound of the squared error otherwise.
    pub candidates: Vec<(Estimator, f64)>,
}

/// Chooses among the answers of one family. Where subjects repeat, subjects are what is counted. `None` when there is none.
pub fn tune(tuning: Tuning, answers: &[(Estimator, Answer)], logged: &Logged<'_>) -> Option<Tuned> {
    let units = per_unit(logged);
    let score = |estimator: Estimator, answer: &Answer| match tuning {
        Tuning::Slope => student_quantile(0.975, units.len() as f64 - 1.0) * answer.se,
        Tuning::MseBound => mse_bound(estimator, answer.se, logged, &units),
    };
    let mut weighed: Vec<(Estimator, f64, f64, f64)> = answers
        .iter()
        .map(|(estimator, answer)| (*estimator, answer.value, answer.se, score(*estimator, answer)))
        .collect();
    // Widest first: there the bias is least. Equal widths keep the order they were given in.
    weighed.sort_by(|a, b| b.2.total_cmp(&a.2));
    let chosen = match tuning {
        Tuning::MseBound => weighed.iter().min_by(|a, b| a.3.total_cmp(&b.3))?.0,
        Tuning::Slope => {
            let agrees = |i: usize, j: usize| {
                let ((_, a, _, wide), (_, b, _, narrow)) = (weighed[j], weighed[i]);
                (a - b).abs() <= narrow + SLOPE * wide
            };
            let last = (1..weighed.len()).take_while(|&i| (0..i).all(|j| agrees(i, j))).last().unwrap_or(0);
            weighed.get(last)?.0
        }
    };
    Some(Tuned { chosen, candidates: weighed.into_iter().map(|(estimator, _, _, score)| (estimator, score)).collect() })
}

/// √6 − 1, the constant of the SLOPE theorem.
const SLOPE: f64 = 1.449_489_742_783_178;
/// Confidence of the bias bound.
const DELTA: f64 = 0.05;

/// The weight of each unit: of each round, or (G/n) Σ w of each of G subjects.
fn per_unit<'a>(logged: &Logged<'a>) -> Cow<'a, [f64]> {
    let Some(clusters) = logged.clusters else { return Cow::Borrowed(logged.weights) };
    let mut units = sums_per_subject(logged.weights.iter().copied(), clusters);
    let scale = units.len() as f64 / logged.rounds() as f64;
    units.iter_mut().for_each(|w| *w *= scale);
    Cow::Owned(units)
}

/// (|mean((w − ŵ)(r − q))| + its Bernstein deviation)² + se².
fn mse_bound(estimator: Estimator, se: f64, logged: &Logged<'_>, units: &[f64]) -> f64 {
    let n = units.len() as f64;
    let q = |i: usize| if estimator.needs_model() { logged.model.map_or(0.0, |m| m.logged[i]) } else { 0.0 };
    let bias: Vec<f64> = (logged.weights.iter().zip(logged.rewards).enumerate())
        .map(|(i, (w, r))| (w - estimator.weight(*w)) * (r - q(i)))
        .collect();
    let squares: Vec<f64> = units.iter().map(|w| w * w).collect();
    let largest = units.iter().copied().fold(0.0, f64::max);
    let log = libm::log(2.0 / DELTA);
    let bound = mean(&bias).abs() + (2.0 * mean(&squares) * log / n).sqrt() + 2.0 * largest * log / (3.0 * n);
    bound * bound + se * se
}
