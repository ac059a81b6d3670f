//! Several policies on the rounds of one outcome: weights, support, SNIPS values, paired differences, common resamples.

use super::Figure;
use super::choices::{By, Choices, Variants};
use crate::distributions::normal_cdf;
use crate::error::Result;
use crate::simulate::bootstrap::{Sums, percentile_interval, resample};
use crate::simulate::estimate::{Rounds, mean, snips, snips_difference};
use crate::simulate::estimators::{Along, Material, Resampling, every};
use crate::simulate::off_policy::Logged;
use crate::simulate::report::{ByEstimator, Estimate, Method, Refusal, Support};
#[cfg(test)]
use crate::simulate::support::support;
use crate::simulate::values::{NO_REPEATS, NO_TIMES, Weighed, weigh};
use crate::task::Task;

/// The rounds of an outcome under several policies.
pub(super) struct Panel {
    rewards: Vec<f64>,
    clusters: Option<Vec<u32>>,
    /// Per policy.
    pub weights: Vec<Vec<f64>>,
    pub support: Vec<Support>,
    pub refusal: Vec<Option<Refusal>>,
    /// Sums per resample and policy; empty without a bootstrap.
    pub resamples: Vec<Vec<Sums>>,
    /// When each round was decided, where rows have times.
    times: Option<Vec<i64>>,
}

impl Panel {
    /// Weighs policies on those of `rows` whose arm, logging propensity and outcome are known. Resamples are common to all.
    pub fn new(
        variants: &Variants<'_>,
        rows: &[u32],
        outcome: usize,
        policies: &[&Choices],
        by: By,
        bootstrap: usize,
        task: &Task,
    ) -> Result<Panel> {
        let log = variants.log;
        let values = &log.outcomes[outcome].values;
        let rows: Vec<u32> =
            rows.iter().copied().filter(|r| log.is_usable(*r as usize) && !values[*r as usize].is_nan()).collect();
        let positions = variants.positions(&rows);
        let rewards: Vec<f64> = rows.iter().map(|r| values[*r as usize]).collect();
        let clusters = log.clusters.as_ref().map(|c| rows.iter().map(|r| c[*r as usize]).collect::<Vec<u32>>());
        let mut panel = Panel {
            times: variants.times(&rows)?,
            rewards,
            clusters,
            weights: Vec::new(),
            support: Vec::new(),
            refusal: Vec::new(),
            resamples: Vec::new(),
        };
        for choices in policies {
            let Weighed { weights, support, refusal, .. } =
                weigh(log, &rows, &positions, &choices.target(log, by), variants.options.even_so);
            panel.refusal.push(refusal);
            panel.support.push(support);
            panel.weights.push(weights);
        }
        if bootstrap > 0 && !panel.rewards.is_empty() {
            let slices: Vec<&[f64]> = panel.weights.iter().map(Vec::as_slice).collect();
            let seed = variants.options.seed.wrapping_add(outcome as u64);
            panel.resamples = resample(&slices, &panel.rewards, panel.clusters.as_deref(), bootstrap, seed, task)?;
        }
        Ok(panel)
    }

    /// Rounds given as they are, for tests.
    #[cfg(test)]
    pub fn plain(rewards: Vec<f64>, weights: Vec<Vec<f64>>, bootstrap: usize, seed: u64) -> Panel {
        let slices: Vec<&[f64]> = weights.iter().map(Vec::as_slice).collect();
        Panel {
            resamples: resample(&slices, &rewards, None, bootstrap, seed, &Task::default()).unwrap(),
            clusters: None,
            times: None,
            support: weights.iter().map(|w| support(w, 0)).collect(),
            refusal: vec![None; weights.len()],
            rewards,
            weights,
        }
    }

    /// Rounds.
    pub fn n(&self) -> u64 {
        self.rewards.len() as u64
    }

    fn rounds<'b>(&'b self, policy: usize) -> Rounds<'b> {
        Rounds { weights: &self.weights[policy], rewards: &self.rewards, clusters: self.clusters.as_deref() }
    }

    /// SNIPS value of a policy; `None` when refused.
    pub fn value(&self, policy: usize) -> Option<Estimate> {
        if self.refusal[policy].is_some() {
            return None;
        }
        let draws = self.resamples.iter().map(|s| s[policy].reward / s[policy].weight);
        Some(Estimate { bootstrap: percentile_interval(draws), ..snips(self.rounds(policy))? })
    }

    /// Values with the weights of a subject's decisions multiplied in order of time, one per policy, or why there is none.
    ///
    /// # Errors
    /// When the task is cancelled.
    pub fn trajectories(&self, task: &Task) -> Result<Vec<ByEstimator>> {
        let along = match (&self.clusters, &self.times) {
            (Some(subjects), Some(times)) => Ok(Along::new(subjects, times)),
            (None, Some(_)) => Err(NO_REPEATS),
            (_, None) => Err(NO_TIMES),
        };
        let of = |(weights, refusal): (&Vec<f64>, &Option<Refusal>)| {
            let none = || Err(String::new());
            let material = Material {
                logged: Logged { clusters: self.clusters.as_deref(), ..Logged::new(weights, &self.rewards) },
                no_model: String::new(),
                estimated: false,
                most_weight: f64::INFINITY,
                empirical: none(),
                matched: none(),
                trajectory: match (&along, refusal) {
                    (_, Some(_)) => Err("the policy has no value".to_owned()),
                    (Err(why), None) => Err((*why).to_owned()),
                    (Ok(along), None) => Ok(along.products(weights)),
                },
                mrdr: Err(String::new()),
            };
            let resampling = Resampling { replicates: 0, seed: 0, task };
            Ok(every(&material, &[Method::Trajectory], false, &[], resampling)?.rows)
        };
        let rows: Vec<Vec<ByEstimator>> = self.weights.iter().zip(&self.refusal).map(of).collect::<Result<_>>()?;
        Ok(rows.concat())
    }

    /// SNIPS value of `a` less that of `b` on the same rounds; `None` when either is refused.
    pub fn difference(&self, a: usize, b: usize) -> Option<Estimate> {
        if self.refusal[a].is_some() || self.refusal[b].is_some() {
            return None;
        }
        let draws = self.resamples.iter().map(|s| s[a].reward / s[a].weight - s[b].reward / s[b].weight);
        Some(Estimate { bootstrap: percentile_interval(draws), ..snips_difference(self.rounds(a), self.rounds(b))? })
    }
}

/// Two-sided p-value of an estimate that is 0 in truth, by its standard error.
pub(super) fn p_value(estimate: &Estimate) -> f64 {
    if estimate.se > 0.0 { 2.0 * normal_cdf(-(estimate.value / estimate.se).abs()) } else { 1.0 }
}

/// Mean of an indicator over `rows`, clustered by subject where they repeat.
pub(super) fn share(variants: &Variants<'_>, rows: &[u32], is: impl Fn(usize) -> bool) -> Figure {
    let hits: Vec<f64> = variants.positions(rows).into_iter().map(|at| f64::from(u8::from(is(at)))).collect();
    let clusters = variants.log.clusters.as_ref().map(|c| rows.iter().map(|r| c[*r as usize]).collect::<Vec<u32>>());
    let n = hits.len() as u64;
    match mean(&hits, clusters.as_deref()) {
        Some(e) => Figure { value: e.value, low: e.low.max(0.0), high: e.high.min(1.0), n },
        None => Figure { value: hits.iter().sum::<f64>() / hits.len().max(1) as f64, low: 0.0, high: 1.0, n },
    }
}
