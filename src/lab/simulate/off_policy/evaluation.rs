//! One log, one target policy: diagnostics first, then every estimator with its interval, and what else could be said.

use super::blend::{Blend, blend};
use super::bounds::{Intervals, LowerBounds, intervals, lower_bounds};
use super::cressie_read::{Range, cressie_read};
use super::estimator::{Answer, Estimator, SHRINKAGES, WEIGHT_LIMITS, mean};
use super::tuning::{Tuned, Tuning, tune};
use super::{Logged, bootstrap::bootstrap};
use crate::error::Result;
use crate::simulate::bootstrap::percentile_interval;
use crate::simulate::report::Refusal;
use crate::simulate::support::{MOST_UNLOGGED, refusal, support};
use crate::task::Task;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// What is asked of an evaluation.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// Resamples of the bootstrap intervals; 0 leaves them out.
    pub replicates: usize,
    /// Seed of the resamples.
    pub seed: u64,
    /// Risk δ of the one-sided lower bounds.
    pub delta: f64,
    /// Rewards of rounds that the target policy logged itself: what it earned, to hold the estimates against.
    pub on_policy: Option<OnPolicy<'a>>,
}

/// Rounds that the target policy logged itself.
#[derive(Clone, Copy, Debug)]
pub struct OnPolicy<'a> {
    /// Reward of each round, finite.
    pub rewards: &'a [f64],
    /// Subject of each round, numbered from 0, where subjects repeat.
    pub clusters: Option<&'a [u32]>,
}

impl Default for Ask<'_> {
    fn default() -> Self {
        Ask { replicates: 1_000, seed: 1, delta: 0.05, on_policy: None }
    }
}

/// Whether the weights can carry an answer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Diagnostics {
    /// Rounds.
    pub n: u64,
    /// Mean logged reward: what the logger earned.
    pub v_behaviour: f64,
    /// Mean weight; near 1 when the logging propensities are right.
    pub w_mean: f64,
    /// Largest weight.
    pub w_max: f64,
    /// Least weight.
    pub w_min: f64,
    /// Effective sample size, (Σw)²/Σw².
    pub ess: f64,
    /// Share of rounds with w > 10.
    pub share_w_gt_10: f64,
    /// Share of rounds whose logged action the target policy never takes.
    pub zero_pi_e: f64,
    /// Mean reward that the target policy itself earned, from its own log where there is one ([`Ask::on_policy`]).
    #[serde(default)]
    pub on_policy_v_eval: Option<f64>,
}

/// An estimator's answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimated {
    /// Which estimator and setting.
    pub estimator: Estimator,
    /// Value and normal interval.
    pub answer: Answer,
    /// 95 % percentile interval of the paired bootstrap.
    pub bootstrap: Option<(f64, f64)>,
}

/// The Cressie–Read estimate, with the weights and rewards it took as possible.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Robust {
    /// Value.
    pub value: f64,
    /// Lower end at 95 %.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Least and largest reward taken as possible: those seen.
    pub rewards: (f64, f64),
}

/// Everything that a log says about a policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Whether it can be asked.
    pub diagnostics: Diagnostics,
    /// What the target policy earned in its own log, with the error of a mean.
    pub on_policy: Option<Answer>,
    /// Why no value may be printed as an answer; `None` when one may.
    pub refusal: Option<Refusal>,
    /// Every estimator, in the order of [`Estimator::all`].
    pub estimates: Vec<Estimated>,
    /// Lower bounds of the IPS value.
    pub bounds: Option<LowerBounds>,
    /// Intervals of the IPS value.
    pub intervals: Option<Intervals>,
    /// Empirical likelihood.
    pub cressie_read: Option<Robust>,
    /// λ chosen from the log, per family and method.
    pub tuned: Vec<(Tuning, Tuned)>,
    /// What could be estimated instead, when there is a refusal.
    pub instead: Option<Blend>,
}

/// Standard errors by which a mean weight lies short of 1 before chance no longer explains it.
const BEYOND_CHANCE: f64 = 4.0;

/// The diagnostics of rounds; shares are of rounds.
pub fn diagnose(logged: &Logged<'_>) -> (Diagnostics, Option<Refusal>) {
    let support = support(logged.weights, 0);
    let diagnostics = Diagnostics {
        n: support.n,
        v_behaviour: mean(logged.rewards),
        w_mean: support.mean_weight,
        w_max: support.max_weight,
        w_min: logged.weights.iter().copied().fold(f64::INFINITY, f64::min),
        ess: support.effective_sample_size,
        share_w_gt_10: support.share_above_10,
        zero_pi_e: 1.0 - support.coverage,
        on_policy_v_eval: None,
    };
    let mut refusal = refusal(&support, &[]);
    let short = 1.0 - support.mean_weight;
    let square = mean(&logged.weights.iter().map(|w| (w - support.mean_weight).powi(2)).collect::<Vec<f64>>());
    let chance = (square / logged.weights.len().max(1) as f64).sqrt();
    if short > MOST_UNLOGGED && short > BEYOND_CHANCE * chance {
        let refused = refusal.get_or_insert_with(|| Refusal { reasons: Vec::new(), advice: String::new() });
        refused.reasons.push(format!(
            "the mean weight is {:.3}, short of 1 by more than chance explains: about {:.1} % of what the target does are actions that this              log never took, and no column of it tells their value; the limit is {:.0} %",
            support.mean_weight,
            100.0 * short,
            100.0 * MOST_UNLOGGED
        ));
        let advice = "Check that the target's probabilities are those of the logged actions, or collect data on what was never done.";
        refused.advice = [refused.advice.as_str(), advice].join(" ").trim().to_owned();
    }
    (diagnostics, refusal)
}

/// Evaluates a target policy on logged rounds with every estimator.
///
/// # Errors
/// When the rounds, or those of the target policy's own log, do not make sense ([`Logged::check`]), or the task was told to stop.
pub fn evaluate(logged: &Logged<'_>, ask: Ask<'_>, task: &Task) -> Result<Evaluation> {
    logged.check()?;
    task.stage("Checking support")?;
    let (mut diagnostics, refusal) = diagnose(logged);
    let on_policy = ask.on_policy.map(|own| own.mean()).transpose()?.flatten();
    diagnostics.on_policy_v_eval = on_policy.map(|own| own.value);
    let all = Estimator::all(logged.model.is_some());
    let resampled = if ask.replicates > 0 {
        task.stage("Intervals of every estimator")?;
        bootstrap(&all, logged, ask.replicates, ask.seed, task)?
    } else {
        vec![Vec::new(); all.len()]
    };
    task.stage("Estimating")?;
    let estimated = |(estimator, values): (&Estimator, Vec<f64>)| {
        let bootstrap = percentile_interval(values);
        estimator.estimate(logged).map(|answer| Estimated { estimator: *estimator, answer, bootstrap })
    };
    let estimates = all.par_iter().zip(resampled).filter_map(estimated).collect();
    let terms = Estimator::Ips.terms(logged);
    let seen = logged.rewards.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), r| (a.min(*r), b.max(*r)));
    let range = Range { weights: (0.0, f64::INFINITY), rewards: seen };
    Ok(Evaluation {
        diagnostics,
        on_policy,
        estimates,
        bounds: terms.as_deref().and_then(|terms| lower_bounds(terms, logged.clusters, ask.delta)),
        intervals: terms.as_deref().and_then(|terms| intervals(terms, logged.clusters)),
        cressie_read: cressie_read(logged.weights, logged.rewards, logged.clusters, range, 0.05).map(|c| Robust {
            value: c.value,
            low: c.low,
            high: c.high,
            rewards: seen,
        }),
        tuned: tuned(logged),
        instead: refusal.as_ref().and_then(|_| blend(logged)),
        refusal,
    })
}

impl OnPolicy<'_> {
    /// The mean reward, as the value of a policy whose weights are all 1.
    fn mean(&self) -> Result<Option<Answer>> {
        let weights = vec![1.0; self.rewards.len()];
        let own = Logged { clusters: self.clusters, ..Logged::new(&weights, self.rewards) };
        own.check()?;
        Ok(Estimator::Ips.estimate(&own))
    }
}

/// λ of each family that has one, by both methods.
fn tuned(logged: &Logged<'_>) -> Vec<(Tuning, Tuned)> {
    let limits = WEIGHT_LIMITS.into_iter().chain([20.0, 200.0, 500.0]);
    let mut families: Vec<Vec<Estimator>> =
        vec![limits.clone().map(Estimator::ClippedIps).collect(), SHRINKAGES.map(Estimator::SgIps).into()];
    if logged.model.is_some() {
        families.push(limits.clone().map(Estimator::ClippedDr).collect());
        families.push(limits.map(Estimator::SwitchDr).collect());
        families.push([0.1, 1.0, 10.0, 100.0, 1e3, 1e4].map(Estimator::DrOs).into());
        families.push(SHRINKAGES.map(Estimator::SgDr).into());
    }
    let choose = |family: &Vec<Estimator>| {
        let answers: Vec<(Estimator, Answer)> =
            family.par_iter().filter_map(|estimator| Some((*estimator, estimator.estimate(logged)?))).collect();
        [Tuning::Slope, Tuning::MseBound].map(|by| tune(by, &answers, logged).map(|tuned| (by, tuned)))
    };
    families.iter().flat_map(choose).flatten().collect()
}
