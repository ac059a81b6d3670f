//! Estimators that lean on a reward model: direct, doubly robust, and those that shrink or switch off large weights.
//!
//! Each is one of [`crate::simulate::off_policy::Estimator`] on the rounds of one policy and outcome; λ is chosen from the log. It
//! learns nothing: expectations come from [`crate::simulate::rewards`].

use crate::simulate::estimate::{Z95, clustered_squares, normal, sum};
use crate::simulate::off_policy::estimator::WEIGHT_LIMITS;
use crate::simulate::off_policy::tuning::{Tuning, tune};
use crate::simulate::off_policy::{Answer, Estimator, Logged};
use crate::simulate::report::{Estimate, Lambda, Method};
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

/// Every estimator on rounds that have a reward model; `estimated` says that the propensities behind the weights are cross-fitted
/// too, which makes DR double machine learning.
pub(super) fn modelled(logged: &Logged<'_>, estimated: bool) -> Modelled {
    let mut found = Modelled { terms: Estimator::Dr.terms(logged).unwrap_or_default(), ..Modelled::default() };
    let robust = if estimated { Method::Dml } else { Method::Dr };
    for (estimator, method) in [(Estimator::Dm, Method::Dm), (Estimator::Dr, robust), (Estimator::SnDr, Method::SnDr)] {
        found.estimates.extend(by(estimator, method, logged));
    }
    let limits = WEIGHT_LIMITS.into_iter().chain([20.0, 200.0, 500.0]);
    let families: [(Method, Vec<Estimator>); 2] = [
        (Method::SwitchDr, limits.map(Estimator::SwitchDr).collect()),
        (Method::DrOs, SHRINKAGES.map(Estimator::DrOs).into()),
    ];
    for (method, family) in families {
        let answers: Vec<(Estimator, Answer)> =
            family.into_iter().filter_map(|estimator| Some((estimator, estimator.estimate(logged)?))).collect();
        for tuning in [Tuning::Slope, Tuning::MseBound] {
            let Some(chosen) = tune(tuning, &answers, logged).map(|tuned| tuned.chosen) else { continue };
            let (Estimator::SwitchDr(lambda) | Estimator::DrOs(lambda)) = chosen else { continue };
            found.lambdas.push(Lambda { method, by: tuning.label().to_owned(), lambda });
            if tuning == Tuning::Slope {
                found.estimates.extend(by(chosen, method, logged));
            }
        }
    }
    found
}

/// One estimator as an estimate of a report. Its standard error is the one in its interval.
pub(super) fn by(estimator: Estimator, method: Method, logged: &Logged<'_>) -> Option<Estimate> {
    let answer = estimator.estimate(logged)?;
    let se = (answer.high - answer.value) / Z95;
    se.is_finite().then(|| normal(method, answer.value, se, logged.rounds()))
}

/// DR value of one policy less another's, from their terms on the same rounds; what both share cancels.
pub(super) fn difference(a: &[f64], b: &[f64], clusters: Option<&[u32]>, method: Method) -> Option<Estimate> {
    let n = a.len();
    if n < 2 || b.len() != n {
        return None;
    }
    let differences = || a.iter().zip(b).map(|(a, b)| a - b);
    let value = sum(differences()) / n as f64;
    let (squares, groups) = clustered_squares(differences().map(|d| d - value), clusters, n);
    let groups = groups as f64;
    (groups > 1.0).then(|| normal(method, value, (squares * groups / (groups - 1.0)).sqrt() / n as f64, n))
}
