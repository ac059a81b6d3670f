//! Every estimator of one policy and outcome: the one list behind reports of simulations and of files of rounds.
//!
//! [`every`] is given what there is (weights, a reward model, weights of other kinds) and, for what there is not, why; it chooses λ, finds
//! values and intervals on common resamples, and says of each estimator either what it says or why it says nothing. It learns nothing.

use crate::error::Result;
use crate::simulate::bootstrap::spread_interval;
use crate::simulate::estimate::{Z95, clustered_squares, normal, sum};
use crate::simulate::off_policy::bootstrap::{bootstrap_of, means};
use crate::simulate::off_policy::bounds::{Intervals, intervals, ratio_intervals};
use crate::simulate::off_policy::cressie_read::{Range, cressie_read};
use crate::simulate::off_policy::tuning::{Tuned, Tuning, tune};
use crate::simulate::off_policy::{Answer, Estimator, Logged, Predictions};
use crate::simulate::report::{ByEstimator, Estimate, Lambda, Method};
use crate::simulate::support::{refusal, support};
use crate::task::Task;
use rayon::prelude::*;

/// What estimators can be given, or in a sentence why they are not.
pub(super) struct Material<'a> {
    /// Weights, rewards, subjects, and a reward model where there is one.
    pub logged: Logged<'a>,
    /// Why there is no reward model.
    pub no_model: String,
    /// Whether propensities are cross-fitted models too, which makes DR double machine learning.
    pub estimated: bool,
    /// Largest weight that the log's propensities allow; infinite where it is not known.
    pub most_weight: f64,
    /// Weights with the arms' shares as propensities.
    pub empirical: std::result::Result<Vec<f64>, String>,
    /// 1 where what the policy took, or drew, is what was logged.
    pub matched: std::result::Result<Vec<f64>, String>,
    /// Weights multiplied along each subject's decisions.
    pub trajectory: std::result::Result<Vec<f64>, String>,
    /// A reward model made to have little variance for the policy.
    pub mrdr: Made,
}

/// What a reward model made for one policy expects of the logged action, and of the policy; or why there is none.
pub(super) type Made = std::result::Result<(Vec<f64>, Vec<f64>), String>;

/// How intervals are resampled, with the reward model as it is.
#[derive(Clone, Copy)]
pub(super) struct Resampling<'a> {
    /// Resamples; 0 leaves the intervals out.
    pub replicates: usize,
    /// Every estimator and policy sees the same draws.
    pub seed: u64,
    pub task: &'a Task,
}

/// What every estimator says.
pub(super) struct Every {
    /// One per method that was wanted, in the order of [`Method::ALL`].
    pub rows: Vec<ByEstimator>,
    /// Bootstrap intervals of the settings that were asked for besides, on the same resamples.
    pub also: Vec<Option<(f64, f64)>>,
    /// λ per family and way of choosing.
    pub tuned: Vec<(Tuning, Tuned)>,
}

/// An estimator on its rounds.
struct Job<'a> {
    method: Method,
    estimator: Estimator,
    logged: Logged<'a>,
    lambdas: Vec<Lambda>,
}

/// The estimators of `wanted`, and resamples of the settings `also`. `bounds` asks for intervals by other means.
///
/// # Errors
/// When the task is cancelled.
pub(super) fn every(
    material: &Material<'_>,
    wanted: &[Method],
    bounds: bool,
    also: &[Estimator],
    resampling: Resampling<'_>,
) -> Result<Every> {
    let logged = material.logged;
    let (tuned, mut jobs, mut rows) = (choose(&logged, wanted), Vec::new(), Vec::new());
    for method in Method::ALL.into_iter().filter(|method| wanted.contains(method)) {
        match job(material, method, &tuned) {
            Ok(job) => jobs.push(job),
            Err(why) => rows.push(ByEstimator::absent(method, why)),
        }
    }
    if let Some(at) = jobs.iter().position(|job| job.method == Method::CressieRead) {
        let robust = jobs.remove(at);
        rows.push(match likelihood(material) {
            Ok(estimate) => ByEstimator::new(estimate),
            Err(why) => ByEstimator::absent(robust.method, why.into()),
        });
    }
    let Resampling { replicates, seed, task } = resampling;
    let settings = also.iter().map(|estimator| (*estimator, logged));
    let asked: Vec<(Estimator, Logged<'_>)> =
        jobs.iter().map(|job| (job.estimator, job.logged)).chain(settings).collect();
    let mut draws = match replicates {
        0 => vec![Vec::new(); asked.len()],
        _ => bootstrap_of(&asked, replicates, seed, task)?,
    };
    let also = draws.split_off(jobs.len()).into_iter().map(spread_interval).collect();
    let found: Vec<ByEstimator> =
        jobs.into_par_iter().zip(draws).map(|(job, draws)| job.row(spread_interval(draws), bounds)).collect();
    rows.extend(found);
    rows.sort_by_key(|row| Method::ALL.iter().position(|method| *method == row.method));
    Ok(Every { rows, also, tuned })
}

/// λ of each wanted family that has one, by both methods.
fn choose(logged: &Logged<'_>, wanted: &[Method]) -> Vec<(Tuning, Tuned)> {
    let choose = |family: Vec<Estimator>| {
        let answers: Vec<(Estimator, Answer)> =
            family.into_par_iter().filter_map(|estimator| Some((estimator, estimator.estimate(logged)?))).collect();
        [Tuning::Slope, Tuning::MseBound].map(|by| tune(by, &answers, logged).map(|tuned| (by, tuned)))
    };
    let families = Estimator::families(logged.model.is_some());
    let of = |family: &Vec<Estimator>| family.first().is_some_and(|own| wanted.contains(&own.method()));
    families.into_iter().filter(of).flat_map(choose).flatten().collect()
}

/// What a method is on this material, or why it is not.
fn job<'a>(
    material: &'a Material<'_>,
    method: Method,
    tuned: &[(Tuning, Tuned)],
) -> std::result::Result<Job<'a>, String> {
    let logged = Logged { model: None, ..material.logged };
    let plain = |estimator| Ok(Job { method, estimator, logged, lambdas: Vec::new() });
    let with = |weights: &'a std::result::Result<Vec<f64>, String>, estimator| {
        let weights = weights.as_deref().map_err(Clone::clone)?;
        Ok(Job { method, estimator, logged: Logged { weights, ..logged }, lambdas: Vec::new() })
    };
    if method == Method::Mrdr {
        let (q, target) = material.mrdr.as_ref().map_err(Clone::clone)?;
        let logged = Logged { model: Some(Predictions { logged: q, target }), ..logged };
        return Ok(Job { method, estimator: Estimator::Dr, logged, lambdas: Vec::new() });
    }
    if method == Method::Dr && material.estimated {
        return Err("the logging propensities are estimated, so that it is double machine learning (DML)".into());
    }
    if method == Method::Dml && !material.estimated {
        return Err("the logging propensities are known; with estimated ones DR is double machine learning".into());
    }
    if method.needs_model() && material.logged.model.is_none() {
        return Err(material.no_model.clone());
    }
    let modelled = |estimator| Ok(Job { method, estimator, logged: material.logged, lambdas: Vec::new() });
    match method {
        Method::Snips => plain(Estimator::SnIps),
        Method::Ips | Method::CressieRead => plain(Estimator::Ips),
        Method::IpsEmpirical => with(&material.empirical, Estimator::Ips),
        Method::Replay => with(&material.matched, Estimator::SnIps),
        Method::Trajectory => {
            let job = with(&material.trajectory, Estimator::SnIps)?;
            if let Some(refused) = refusal(&support(job.logged.weights, 0), &[]) {
                return Err(format!("of its weights {}", refused.reasons.join(", and ")));
            }
            Ok(job)
        }
        Method::Dm => modelled(Estimator::Dm),
        Method::Dr | Method::Dml => modelled(Estimator::Dr),
        Method::SnDr => modelled(Estimator::SnDr),
        _ => {
            let own = || tuned.iter().filter(|(_, tuned)| tuned.chosen.method() == method);
            let (_, first) = own().find(|(by, _)| *by == Tuning::Slope).ok_or("no setting of λ gave a value")?;
            let lambda = |(by, tuned): &(Tuning, Tuned)| {
                Some(Lambda { method, by: by.label().to_owned(), lambda: tuned.chosen.lambda()? })
            };
            let logged = if method.needs_model() { material.logged } else { logged };
            Ok(Job { method, estimator: first.chosen, logged, lambdas: own().filter_map(lambda).collect() })
        }
    }
}

impl Job<'_> {
    fn row(self, bootstrap: Option<(f64, f64)>, bounds: bool) -> ByEstimator {
        let Job { method, estimator, logged, lambdas } = self;
        let Some((answer, se)) = estimator.answer(&logged) else {
            return ByEstimator::absent(method, "there are fewer than two rounds or subjects, or no weight".into());
        };
        let matched = || logged.weights.iter().filter(|w| **w > 0.0).count();
        let n = if method == Method::Replay { matched() } else { logged.rounds() } as u64;
        let Answer { value, low, high, .. } = answer;
        // Terms of 0 and 1 are so in this sample alone, unless outcomes are counted.
        let counts = !estimator.needs_model() && logged.weights.iter().all(|w| [0.0, 1.0].contains(w));
        let intervals: Option<Intervals> = match bounds {
            false => None,
            true if estimator.self_normalised() => ratio_intervals(&logged, estimator, value, se),
            true => estimator
                .terms(&logged)
                .zip(estimator.range(&logged))
                .and_then(|(terms, range)| intervals(&terms, logged.clusters, range))
                .map(|own| Intervals { clopper_pearson: own.clopper_pearson.filter(|_| counts), ..own }),
        };
        ByEstimator { lambdas, intervals, ..ByEstimator::new(Estimate { method, value, se, low, high, bootstrap, n }) }
    }
}

/// Cressie–Read; rewards are taken to lie between those seen. Or why there is none.
fn likelihood(material: &Material<'_>) -> std::result::Result<Estimate, &'static str> {
    let Logged { weights, rewards, clusters, .. } = material.logged;
    // A weight whose square is no number any more bounds nothing.
    let most = Some(material.most_weight).filter(|most| (most * most).is_finite()).unwrap_or(f64::INFINITY);
    let range = Range { weights: (0.0, most), rewards: seen(rewards) };
    if range.rewards.0 == range.rewards.1 {
        return Err("every reward is the same, so that there is nothing to reweigh");
    }
    let found = cressie_read(weights, rewards, clusters, range, 0.05).ok_or("no weights can be made to average 1")?;
    let se = (found.high - found.low) / (2.0 * Z95);
    let own = normal(Method::CressieRead, found.value, se, rewards.len());
    Ok(Estimate { low: found.low, high: found.high, ..own })
}

/// The least and the largest reward.
pub(super) fn seen(rewards: &[f64]) -> (f64, f64) {
    rewards.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), r| (a.min(*r), b.max(*r)))
}

/// The rounds of each subject in order of time.
pub(super) struct Along<'a> {
    subjects: &'a [u32],
    order: Vec<u32>,
}

impl<'a> Along<'a> {
    /// Puts rounds in order; those of equal times stay as they stand.
    pub fn new(subjects: &'a [u32], times: &[i64]) -> Along<'a> {
        let mut order: Vec<u32> = (0..subjects.len() as u32).collect();
        order.sort_by_key(|i| (subjects[*i as usize], times[*i as usize], *i));
        Along { subjects, order }
    }

    /// The product of a subject's weights up to each of its rounds.
    pub fn products(&self, weights: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; weights.len()];
        let (mut subject, mut product) = (None, 1.0);
        for i in self.order.iter().map(|i| *i as usize) {
            if subject != Some(self.subjects[i]) {
                (subject, product) = (Some(self.subjects[i]), 1.0);
            }
            product *= weights[i];
            out[i] = product;
        }
        out
    }
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
    Ok(Some(Estimate { bootstrap: spread_interval(draws.concat()), ..own }))
}
