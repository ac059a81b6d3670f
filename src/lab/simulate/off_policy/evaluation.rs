//! One log, one target policy: diagnostics first, then every estimator with its interval, and what else could be said.

use super::blend::{Blend, blend};
use super::bounds::{Intervals, LowerBounds, intervals, lower_bounds};
use super::estimator::{Answer, Estimator, mean};
use super::tuning::{Tuned, Tuning};
use super::{Logged, Predictions};
use crate::error::Result;
use crate::random::Random;
use crate::simulate::estimators::{Every, Material, Resampling, every, seen};
use crate::simulate::report::{ByEstimator, Method, Refusal};
use crate::simulate::support::{refusal_of_weights, support};
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
    /// π(a|x) of the logged action, for replay, which draws from it.
    pub chances: Option<&'a [f64]>,
    /// 1 where what the target policy took, or drew, is what was logged; nothing is drawn then.
    pub matched: Option<&'a [f64]>,
    /// Largest weight that the log's propensities allow; infinite where it is not known.
    pub most_weight: f64,
    /// Weights multiplied along each subject's rounds, or why there are none.
    pub trajectory: std::result::Result<&'a [f64], &'a str>,
    /// Weights with the shares of the actions as propensities, or why there are none.
    pub empirical: std::result::Result<&'a [f64], &'a str>,
    /// Rounds in which the target policy takes what was never logged, and what that is; as far as it is known.
    pub never: Option<(usize, &'a [String])>,
    /// A reward model made to have little variance for this policy.
    pub mrdr: Option<Predictions<'a>>,
    /// Whether the logging propensities were estimated.
    pub estimated: bool,
    /// Why there is no reward model, where there is none.
    pub no_model: &'a str,
    /// Why there is no model made for this policy.
    pub no_mrdr: &'a str,
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
        Ask {
            replicates: 1_000,
            seed: 1,
            delta: 0.05,
            on_policy: None,
            chances: None,
            matched: None,
            most_weight: f64::INFINITY,
            trajectory: Err("the order of a subject's rounds is not given"),
            empirical: Err("the logged actions are not named"),
            never: None,
            mrdr: None,
            estimated: false,
            no_model: "",
            no_mrdr: "",
        }
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
    /// Share of rounds in which it takes what was never logged; `None` where its actions are not named.
    #[serde(default)]
    pub unlogged: Option<f64>,
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
    /// The list of estimators: each family once, with the λ chosen from the log, its intervals and its sample size, or why it is not there.
    pub estimators: Vec<ByEstimator>,
    /// λ chosen from the log, per family and method.
    pub tuned: Vec<(Tuning, Tuned)>,
    /// What could be estimated instead, when there is a refusal.
    pub instead: Option<Blend>,
}

/// The diagnostics of rounds; shares are of rounds. `never` are those in which the target policy takes what was never logged, and what
/// that is, as far as it is known.
pub fn diagnose(logged: &Logged<'_>, never: Option<(usize, &[String])>) -> (Diagnostics, Option<Refusal>) {
    let (rounds, actions) = never.unwrap_or_default();
    let support = support(logged.weights, rounds);
    let diagnostics = Diagnostics {
        n: support.n,
        v_behaviour: mean(logged.rewards),
        w_mean: support.mean_weight,
        w_max: support.max_weight,
        w_min: logged.weights.iter().copied().fold(f64::INFINITY, f64::min),
        ess: support.effective_sample_size,
        share_w_gt_10: support.share_above_10,
        zero_pi_e: 1.0 - support.coverage,
        unlogged: never.map(|_| support.unlogged),
        on_policy_v_eval: None,
    };
    (diagnostics, refusal_of_weights(&support, logged.weights, actions))
}

/// Evaluates a target policy on logged rounds with every estimator.
///
/// # Errors
/// When the rounds, or those of the target policy's own log, do not make sense ([`Logged::check`]), or the task was told to stop.
pub fn evaluate(logged: &Logged<'_>, ask: Ask<'_>, task: &Task) -> Result<Evaluation> {
    logged.check()?;
    task.stage("Checking support")?;
    let (mut diagnostics, refusal) = diagnose(logged, ask.never);
    let on_policy = ask.on_policy.map(|own| own.mean()).transpose()?.flatten();
    diagnostics.on_policy_v_eval = on_policy.map(|own| own.value);
    let all = Estimator::all(logged.model.is_some());
    task.stage("Estimating")?;
    let material = Material {
        logged: *logged,
        no_model: said(ask.no_model, "no reward model is given"),
        estimated: ask.estimated,
        most_weight: ask.most_weight,
        empirical: ask.empirical.map(<[f64]>::to_vec).map_err(str::to_owned),
        matched: (ask.matched.map(<[f64]>::to_vec))
            .or_else(|| ask.chances.map(|own| drawn(own, ask.seed)))
            .ok_or_else(|| "what the policy would have done is not given".into()),
        trajectory: ask.trajectory.map(<[f64]>::to_vec).map_err(str::to_owned),
        mrdr: ask
            .mrdr
            .map(|own| (own.logged.to_vec(), own.target.to_vec()))
            .ok_or_else(|| said(ask.no_mrdr, "no reward model was made for this policy")),
    };
    let resampling = Resampling { replicates: ask.replicates, seed: ask.seed, task };
    let Every { rows, also, tuned } = every(&material, &Method::ALL, true, &all, resampling)?;
    let estimated = |(estimator, bootstrap): (&Estimator, Option<(f64, f64)>)| {
        estimator.estimate(logged).map(|answer| Estimated { estimator: *estimator, answer, bootstrap })
    };
    let estimates = all.par_iter().zip(also).filter_map(estimated).collect();
    let terms = Estimator::Ips.terms(logged);
    let range = seen(logged.rewards);
    let robust = rows.iter().find(|row| row.method == Method::CressieRead).and_then(|row| row.estimate);
    Ok(Evaluation {
        diagnostics,
        on_policy,
        estimates,
        bounds: terms.as_deref().and_then(|terms| lower_bounds(terms, logged.clusters, ask.delta)),
        intervals: (terms.as_deref().zip(Estimator::Ips.range(logged)))
            .and_then(|(terms, range)| intervals(terms, logged.clusters, range)),
        cressie_read: robust.map(|own| Robust { value: own.value, low: own.low, high: own.high, rewards: range }),
        estimators: rows,
        tuned,
        instead: refusal.as_ref().and_then(|_| blend(logged, ask.never.map_or(0, |(rounds, _)| rounds))),
        refusal,
    })
}

/// A reason, or what is said where none was given.
fn said(why: &str, otherwise: &str) -> String {
    if why.is_empty() { otherwise.to_owned() } else { why.to_owned() }
}

/// Whether a draw of the policy is what was logged, from its probability of that.
fn drawn(chances: &[f64], seed: u64) -> Vec<f64> {
    let mut random = Random::stream(seed, DRAWS);
    chances.iter().map(|p| f64::from(u8::from(*p >= 1.0 || (*p > 0.0 && random.chance(*p))))).collect()
}

/// Stream of the draws of a policy that explores.
const DRAWS: u64 = u64::MAX;

impl OnPolicy<'_> {
    /// The mean reward, as the value of a policy whose weights are all 1.
    fn mean(&self) -> Result<Option<Answer>> {
        let weights = vec![1.0; self.rewards.len()];
        let own = Logged { clusters: self.clusters, ..Logged::new(&weights, self.rewards) };
        own.check()?;
        Ok(Estimator::Ips.estimate(&own))
    }
}
