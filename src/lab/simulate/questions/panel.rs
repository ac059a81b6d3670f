//! Several policies on the rounds of one outcome: weights, support, SNIPS values, paired differences, common resamples.

use super::Figure;
use super::choices::{By, Choices, Variants};
use crate::distributions::normal_cdf;
use crate::error::Result;
use crate::simulate::bootstrap::{Sums, resample, spread_interval};
use crate::simulate::estimate::{Rounds, Z95, mean_within, snips, snips_difference, unspread};
use crate::simulate::estimators::{Along, Material, Resampling, every};
use crate::simulate::off_policy::Logged;
use crate::simulate::report::{ByEstimator, Estimate, Method, Refusal, Support};
#[cfg(test)]
use crate::simulate::support::support;
use crate::simulate::values::{NO_REPEATS, NO_TIMES, Weighed, known, pick, weigh};
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
    /// The first policy that made the same choices on every round, and weighs all of them alike.
    like: Vec<usize>,
    /// What weights are multiplied along, where rows have times and subjects repeat; else why not.
    course: std::result::Result<Course, &'static str>,
}

/// Every decision that has a weight, with a known outcome or without: what was done bears on what comes after it either way.
struct Course {
    subjects: Vec<u32>,
    times: Vec<i64>,
    /// Positions of those with a known outcome, and the weights of all per policy; `None` where all are known.
    partly: Option<(Vec<u32>, Vec<Vec<f64>>)>,
}

impl Panel {
    /// Weighs policies on those of `rows` whose arm and logging propensity are known; values stand on those of them whose outcome is.
    /// Resamples are common to all.
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
        let rows: Vec<u32> = rows.iter().copied().filter(|row| log.is_usable(*row as usize)).collect();
        let positions = variants.positions(&rows);
        let all: Vec<f64> = rows.iter().map(|row| values[*row as usize]).collect();
        let known = known(&all);
        let subjects = log.clusters.as_ref().map(|c| rows.iter().map(|row| c[*row as usize]).collect::<Vec<u32>>());
        let course = match (&subjects, variants.times(&rows)?) {
            (Some(subjects), Some(times)) => {
                let partly = known.clone().map(|known| (known, Vec::with_capacity(policies.len())));
                Ok(Course { subjects: subjects.clone(), times, partly })
            }
            (None, Some(_)) => Err(NO_REPEATS),
            (_, None) => Err(NO_TIMES),
        };
        let mut panel = Panel {
            rewards: pick(all, known.as_deref()).into_owned(),
            clusters: subjects.map(|subjects| pick(subjects, known.as_deref()).into_owned()),
            weights: Vec::new(),
            support: Vec::new(),
            refusal: Vec::new(),
            resamples: Vec::new(),
            like: Vec::new(),
            course,
        };
        for choices in policies {
            let Weighed { weights, support, refusal, .. } =
                weigh(log, &rows, &positions, &choices.target(log, by), variants.options.even_so);
            panel.refusal.push(refusal);
            panel.support.push(support);
            panel.weights.push(pick(&weights, known.as_deref()).into_owned());
            if let Ok(Course { partly: Some((_, all)), .. }) = &mut panel.course {
                all.push(weights);
            }
        }
        let does = |policy: usize, at: usize| policies[policy].does(policies[policy].chosen[at]);
        for own in 0..policies.len() {
            let alike = |other: &usize| {
                panel.weights[*other] == panel.weights[own]
                    && positions.iter().all(|at| does(*other, *at) == does(own, *at))
            };
            panel.like.push((0..own).find(alike).unwrap_or(own));
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
            course: Err(NO_TIMES),
            support: weights.iter().map(|w| support(w, 0)).collect(),
            refusal: vec![None; weights.len()],
            like: (0..weights.len()).collect(),
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
        Some(Estimate { bootstrap: spread_interval(draws), ..snips(self.rounds(policy))? })
    }

    /// Values with the weights of a subject's decisions multiplied in order of time, one per policy, or why there is none.
    ///
    /// # Errors
    /// When the task is cancelled.
    pub fn trajectories(&self, task: &Task) -> Result<Vec<ByEstimator>> {
        let along = self.course.as_ref().map(|own| (own, Along::new(&own.subjects, &own.times)));
        let products = |at: usize| match &along {
            _ if self.refusal[at].is_some() => Err("the policy has no value".to_owned()),
            Err(why) => Err((**why).to_owned()),
            Ok((Course { partly: None, .. }, along)) => Ok(along.products(&self.weights[at])),
            Ok((Course { partly: Some((known, all)), .. }, along)) => {
                Ok(pick(along.products(&all[at]), Some(known)).into_owned())
            }
        };
        let of = |(at, weights): (usize, &Vec<f64>)| {
            let none = || Err(String::new());
            let material = Material {
                logged: Logged { clusters: self.clusters.as_deref(), ..Logged::new(weights, &self.rewards) },
                no_model: String::new(),
                estimated: false,
                most_weight: f64::INFINITY,
                empirical: none(),
                matched: none(),
                trajectory: products(at),
                mrdr: Err(String::new()),
            };
            let resampling = Resampling { replicates: 0, seed: 0, task };
            Ok(every(&material, &[Method::Trajectory], false, &[], resampling)?.rows)
        };
        let rows: Vec<Vec<ByEstimator>> = self.weights.iter().enumerate().map(of).collect::<Result<_>>()?;
        Ok(rows.concat())
    }

    /// SNIPS value of `a` less that of `b` on the same rounds; `None` when either is refused.
    pub fn difference(&self, a: usize, b: usize) -> Option<Estimate> {
        if self.refusal[a].is_some() || self.refusal[b].is_some() {
            return None;
        }
        let draws = self.resamples.iter().map(|s| s[a].reward / s[a].weight - s[b].reward / s[b].weight);
        snips_difference(self.rounds(a), self.rounds(b), self.like[a] == self.like[b], spread_interval(draws))
    }

    /// The interval of that difference where one of `z` standard errors to both sides would be too narrow.
    pub fn unspread(&self, a: usize, b: usize, z: f64) -> Option<(f64, f64)> {
        unspread(self.rounds(a), self.rounds(b), self.like[a] == self.like[b], z)
    }
}

/// Two-sided p-value of an estimate that is 0 in truth, by its interval towards 0: where that is the normal one by its standard error.
pub(super) fn p_value(estimate: &Estimate) -> f64 {
    let Estimate { value, low, high, .. } = *estimate;
    let half = if value > 0.0 { value - low } else { high - value };
    if half > 0.0 { 2.0 * normal_cdf(-(value / half).abs() * Z95) } else { 1.0 }
}

/// Mean of an indicator over `rows`, clustered by subject where they repeat.
pub(super) fn share(variants: &Variants<'_>, rows: &[u32], is: impl Fn(usize) -> bool) -> Figure {
    let hits: Vec<f64> = variants.positions(rows).into_iter().map(|at| f64::from(u8::from(is(at)))).collect();
    let clusters = variants.log.clusters.as_ref().map(|c| rows.iter().map(|r| c[*r as usize]).collect::<Vec<u32>>());
    let n = hits.len() as u64;
    match mean_within(&hits, clusters.as_deref(), (0.0, 1.0)) {
        Some(e) => Figure { value: e.value, low: e.low.max(0.0), high: e.high.min(1.0), n },
        None => Figure { value: hits.iter().sum::<f64>() / hits.len().max(1) as f64, low: 0.0, high: 1.0, n },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resamples_of_few_outcomes_are_no_interval() {
        // Every tenth of 400 rounds has the outcome; two policies weigh 200 rounds both, and 200 or 40 each of their own.
        let weights = |both: usize, own: std::ops::Range<usize>| -> Vec<f64> {
            (0..400).map(|i| if i < both || own.contains(&i) { 2.0 } else { 0.0 }).collect()
        };
        let rewards: Vec<f64> = (0..400).map(|i| f64::from(u8::from(i % 10 == 0))).collect();
        let of = |a: Vec<f64>, b: Vec<f64>| Panel::plain(rewards.clone(), vec![a, b], 100, 1).difference(0, 1).unwrap();
        let few = of(weights(200, 200..240), weights(200, 240..280));
        assert_eq!((few.bootstrap, few.low < few.value - few.se), (None, true), "{few:?}");
        let many = of(weights(0, 0..200), weights(0, 200..400));
        assert!(many.bootstrap.is_some_and(|(low, high)| low < many.value && many.value < high), "{many:?}");
    }
}
