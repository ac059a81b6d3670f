//! Estimators that lean on a reward model: direct, doubly robust, and those that shrink or switch off large weights.
//!
//! Each is one of [`crate::simulate::off_policy::Estimator`] on the rounds of one policy and outcome; λ is chosen from the log. It
//! learns nothing: expectations come from [`crate::simulate::rewards`].

use crate::error::Result;
use crate::simulate::bootstrap::percentile_interval;
use crate::simulate::estimate::{Z95, clustered_squares, normal, sum};
use crate::simulate::off_policy::bootstrap::{bootstrap, means};
use crate::simulate::off_policy::estimator::WEIGHT_LIMITS;
use crate::simulate::off_policy::tuning::{Tuning, tune};
use crate::simulate::off_policy::{Answer, Estimator, Logged};
use crate::simulate::report::{Estimate, Lambda, Method};
use crate::task::Task;
use serde::{Deserialize, Serialize};

/// λ of DR with optimistic shrinkage that are tried.
const SHRINKAGES: [f64; 6] = [0.1, 1.0, 10.0, 100.0, 1e3, 1e4];

/// What the estimators with a reward model say of one policy and outcome.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Modelled {
    pub estimates: Vec<Estimate>,
    pub lambdas: Vec<Lambda>,
    /// Terms of DR; their mean is its value.
    #[serde(skip)]
    pub terms: Vec<f64>,
}

/// How intervals are resampled, with the reward model as it is.
#[derive(Clone, Copy)]
pub(super) struct Resampling<'a> {
    /// Resamples; 0 leaves the intervals out.
    pub replicates: usize,
    /// Every estimator and policy sees the same draws.
    pub seed: u64,
    pub task: &'a Task,
}

/// Every estimator on rounds that have a reward model; `estimated` says that the propensities behind the weights are cross-fitted
/// too, which makes DR double machine learning.
///
/// # Errors
/// When the task is cancelled.
pub(super) fn modelled(logged: &Logged<'_>, estimated: bool, resampling: Resampling<'_>) -> Result<Modelled> {
    let mut found = Modelled { terms: Estimator::Dr.terms(logged).unwrap_or_default(), ..Modelled::default() };
    let robust = if estimated { Method::Dml } else { Method::Dr };
    let mut chosen = vec![(Estimator::Dm, Method::Dm), (Estimator::Dr, robust), (Estimator::SnDr, Method::SnDr)];
    let limits = WEIGHT_LIMITS.into_iter().chain([20.0, 200.0, 500.0]);
    let families: [(Method, Vec<Estimator>); 2] = [
        (Method::SwitchDr, limits.map(Estimator::SwitchDr).collect()),
        (Method::DrOs, SHRINKAGES.map(Estimator::DrOs).into()),
    ];
    for (method, family) in families {
        let answers: Vec<(Estimator, Answer)> =
            family.into_iter().filter_map(|estimator| Some((estimator, estimator.estimate(logged)?))).collect();
        for tuning in [Tuning::Slope, Tuning::MseBound] {
            let Some(best) = tune(tuning, &answers, logged).map(|tuned| tuned.chosen) else { continue };
            let (Estimator::SwitchDr(lambda) | Estimator::DrOs(lambda)) = best else { continue };
            found.lambdas.push(Lambda { method, by: tuning.label().to_owned(), lambda });
            if tuning == Tuning::Slope {
                chosen.push((best, method));
            }
        }
    }
    found.estimates = by(&chosen, logged, resampling)?;
    Ok(found)
}

/// Estimators as estimates of a report, each with its normal interval and that of resampled rounds or subjects; the standard error is
/// the one in the normal interval. One that gives no value is left out.
///
/// # Errors
/// When the task is cancelled.
pub(super) fn by(
    chosen: &[(Estimator, Method)],
    logged: &Logged<'_>,
    resampling: Resampling<'_>,
) -> Result<Vec<Estimate>> {
    let estimators: Vec<Estimator> = chosen.iter().map(|(estimator, _)| *estimator).collect();
    let Resampling { replicates, seed, task } = resampling;
    let draws = match replicates {
        0 => vec![Vec::new(); estimators.len()],
        _ => bootstrap(&estimators, logged, replicates, seed, task)?,
    };
    let estimate = |((estimator, method), draws): (&(Estimator, Method), Vec<f64>)| {
        let answer = estimator.estimate(logged)?;
        let se = (answer.high - answer.value) / Z95;
        let own = normal(*method, answer.value, se, logged.rounds());
        se.is_finite().then(|| Estimate { bootstrap: percentile_interval(draws), ..own })
    };
    Ok(chosen.iter().zip(draws).filter_map(estimate).collect())
}

/// DR value of one policy less another's, from their terms on the same rounds; what both share cancels.
///
/// # Errors
/// When the task is cancelled.
pub(super) fn difference(
    a: &[f64],
    b: &[f64],
    clusters: Option<&[u32]>,
    method: Method,
    resampling: Resampling<'_>,
) -> Result<Option<Estimate>> {
    let n = a.len();
    if n < 2 || b.len() != n {
        return Ok(None);
    }
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let value = sum(differences.iter().copied()) / n as f64;
    let (squares, groups) = clustered_squares(differences.iter().map(|d| d - value), clusters, n);
    let groups = groups as f64;
    if groups <= 1.0 {
        return Ok(None);
    }
    let own = normal(method, value, (squares * groups / (groups - 1.0)).sqrt() / n as f64, n);
    let Resampling { replicates, seed, task } = resampling;
    let draws = match replicates {
        0 => Vec::new(),
        _ => means(vec![differences], clusters, replicates, seed, task)?,
    };
    Ok(Some(Estimate { bootstrap: percentile_interval(draws.into_iter().flatten()), ..own }))
}
