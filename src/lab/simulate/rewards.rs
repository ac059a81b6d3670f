//! Reward models q(x, a) of a log: what each arm would have brought each row, expected by models that did not learn from the row.
//!
//! Each arm has a model of its own, of the rows that got it; an arm with too few of them takes its mean, drawn towards that of all
//! arms. Which learner is asked for by [`RewardModels`]; what the expectations are used for is said in [`crate::simulate::estimators`].

use crate::error::Result;
use crate::models::learner::Fits;
use crate::models::{Family, Goal, base};
use crate::simulate::crossfit::{Design, Expectation};
use crate::simulate::estimate::sum;
use crate::simulate::log::NO_ARM;
use crate::simulate::replay::Replay;
use crate::simulate::report::RewardReport;
use crate::task::Task;
use rayon::prelude::*;
use serde::Serialize;

/// Rows with the rarer value of a yes-or-no outcome that an arm needs for a model of its own.
const LEAST_EVENTS: usize = 10;
/// Rows that an arm needs for a model of an amount.
const LEAST_ROWS: usize = 30;
/// What the mean of all arms counts for in the mean of an arm too small to learn from, in rows.
const SHRINK: f64 = 10.0;

/// How reward models are learned.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RewardModels {
    /// Parts of the cross-fitting, from 2.
    pub folds: u32,
    /// Family for outcomes of 0 and 1.
    pub binary: Family,
    /// Family for amounts.
    pub amount: Family,
}

impl Default for RewardModels {
    fn default() -> RewardModels {
        RewardModels { folds: 3, binary: Family::logistic(), amount: Family::linear() }
    }
}

/// The rounds of one outcome to learn from.
pub(super) struct Rounds<'a> {
    /// Arm of each round.
    pub arm: &'a [u16],
    /// Number of arms of the log.
    pub arms: usize,
    /// Reward of each round.
    pub rewards: &'a [f64],
    /// How much a round weighs in learning; `None`: all alike.
    pub weights: Option<&'a [f64]>,
}

/// Expected rewards of every round under every arm.
pub(super) struct Rewards {
    /// Per arm and round.
    pub expected: Vec<Vec<f32>>,
    /// For actions that were never logged: the mean reward.
    rest: f64,
    /// Arms that took their mean.
    pub means: Vec<u16>,
    /// Whether any model was learned.
    pub learned: bool,
}

impl Rewards {
    /// Cross-fits the rounds of a design with one family.
    ///
    /// # Errors
    /// When the task is cancelled.
    pub fn learn(
        design: &Design<'_>,
        rounds: &Rounds<'_>,
        family: &Family,
        goal: Goal,
        seed: u64,
        task: &Task,
    ) -> Result<Rewards> {
        let n = rounds.rewards.len();
        let jobs: Vec<(u32, u16)> =
            (0..design.parts).flat_map(|part| (0..rounds.arms as u16).map(move |arm| (part, arm))).collect();
        let fits = Fits::new(task, jobs.len());
        let fitted: Vec<Expectation> = jobs
            .par_iter()
            .enumerate()
            .map(|(job, &(part, arm))| {
                let weighs = |i: u32| rounds.weights.is_none_or(|w| w[i as usize] > 0.0);
                let train: Vec<u32> = (0..n as u32)
                    .filter(|i| rounds.arm[*i as usize] == arm && design.part[*i as usize] != part && weighs(*i))
                    .collect();
                let y: Vec<f64> = train.iter().map(|i| rounds.rewards[*i as usize]).collect();
                let weights: Option<Vec<f64>> = rounds.weights.map(|w| train.iter().map(|i| w[*i as usize]).collect());
                if design.inputs() > 0 && enough(&y, goal) {
                    match design.fit(family, goal, &train, &y, weights.as_deref(), seed, &fits.watch(job)) {
                        Ok(model) => return Ok(Expectation::Model(model)),
                        Err(error) if error.is_cancelled() => return Err(error),
                        Err(_) => {}
                    }
                }
                let others: Vec<f64> = (0..n).filter(|i| design.part[*i] != part).map(|i| rounds.rewards[i]).collect();
                let all = sum(others.iter().copied()) / others.len().max(1) as f64;
                Ok(Expectation::Constant((sum(y.iter().copied()) + SHRINK * all) / (y.len() as f64 + SHRINK)))
            })
            .collect::<Result<_>>()?;
        let mut rewards = Rewards {
            expected: vec![vec![0.0; n]; rounds.arms],
            rest: sum(rounds.rewards.iter().copied()) / n.max(1) as f64,
            means: (0..rounds.arms as u16)
                .filter(|arm| {
                    let own = jobs.iter().zip(&fitted).filter(|((_, a), _)| a == arm);
                    own.into_iter().any(|(_, model)| matches!(model, Expectation::Constant(_)))
                })
                .collect(),
            learned: fitted.iter().any(|own| matches!(own, Expectation::Model(_))),
        };
        for part in 0..design.parts {
            task.tick(part as f32 / design.parts as f32)?;
            let own: Vec<&Expectation> =
                jobs.iter().zip(&fitted).filter(|((p, _), _)| *p == part).map(|(_, model)| model).collect();
            for (at, said) in design.predict(part, &own, false)? {
                for (expected, said) in rewards.expected.iter_mut().zip(said) {
                    at.iter().zip(said).for_each(|(i, q)| expected[*i as usize] = q as f32);
                }
            }
        }
        Ok(rewards)
    }

    /// A linear model that weighs each round by π(a|x)(1 − p)/p², given in `weights`, in place of the weights of `rounds`: made to have
    /// little variance for one policy. `None` where no round weighs.
    ///
    /// # Errors
    /// When the task is cancelled.
    pub fn learn_mrdr(
        design: &Design<'_>,
        rounds: &Rounds<'_>,
        mut weights: Vec<f64>,
        seed: u64,
        task: &Task,
    ) -> Result<Option<Rewards>> {
        let weighed = weights.iter().filter(|w| **w > 0.0).count();
        if weighed == 0 {
            return Ok(None);
        }
        // The penalty of the fit is for weights around 1.
        let scale = weights.iter().sum::<f64>() / weighed as f64;
        weights.iter_mut().for_each(|w| *w /= scale);
        let rounds = Rounds { weights: Some(&weights), arm: rounds.arm, arms: rounds.arms, rewards: rounds.rewards };
        Rewards::learn(design, &rounds, &Family::linear(), Goal::Amount, seed, task).map(Some)
    }

    /// q(x, a) of the arm that was logged.
    pub fn logged(&self, arm: &[u16]) -> Vec<f64> {
        arm.iter().enumerate().map(|(i, a)| self.of(i, *a)).collect()
    }

    /// Σ_a π(a|x) q(x, a) of the policy's choice in the decisions at `positions`, one per round.
    pub fn target(&self, replay: &Replay, positions: &[usize]) -> Vec<f64> {
        let expected = |(i, at): (usize, &usize)| match replay.chances.as_ref().and_then(|c| c.of(*at)) {
            Some(probabilities) => {
                let arms = probabilities.iter().enumerate();
                arms.filter(|(_, p)| **p > 0.0).map(|(a, p)| p * self.of(i, a.min(usize::from(NO_ARM)) as u16)).sum()
            }
            None => self.of(i, replay.arm[*at]),
        };
        positions.iter().enumerate().map(expected).collect()
    }

    fn of(&self, round: usize, arm: u16) -> f64 {
        self.expected.get(usize::from(arm)).map_or(self.rest, |q| f64::from(q[round]))
    }

    /// Share of the rewards' variance that the expectation of the logged arm explains, out of part; below 0 when it is worse than the
    /// mean.
    pub fn explained(&self, rounds: &Rounds<'_>) -> f64 {
        let squares =
            |of: &dyn Fn(usize) -> f64| sum(rounds.rewards.iter().enumerate().map(|(i, r)| (r - of(i)) * (r - of(i))));
        let around = squares(&|_| self.rest);
        if around > 0.0 { 1.0 - squares(&|i| self.of(i, rounds.arm[i])) / around } else { 0.0 }
    }
}

/// What an outcome's values call for: a probability when all are 0 or 1, else an amount.
pub(super) fn goal(rewards: &[f64]) -> Goal {
    if rewards.iter().all(|r| *r == 0.0 || *r == 1.0) { Goal::Propensity } else { Goal::Amount }
}

/// Whether a model can be learned from these rewards.
fn enough(y: &[f64], goal: Goal) -> bool {
    match goal {
        Goal::Propensity => {
            let hits = y.iter().filter(|y| **y == 1.0).count();
            hits.min(y.len() - hits) >= LEAST_EVENTS
        }
        Goal::Amount => y.len() >= LEAST_ROWS && y.iter().any(|x| *x != y[0]),
    }
}

impl RewardModels {
    /// The family for an outcome.
    pub(super) fn family(&self, goal: Goal) -> &Family {
        if goal == Goal::Propensity { &self.binary } else { &self.amount }
    }

    /// How inputs must be encoded for an outcome.
    pub(super) fn style(&self, goal: Goal) -> crate::features::Style {
        base::style(self.family(goal))
    }

    /// What a report says of the models of an outcome.
    pub(super) fn report(
        &self,
        outcome: &str,
        design: &Design<'_>,
        rounds: &Rounds<'_>,
        rewards: &Rewards,
        names: impl Fn(u16) -> String,
    ) -> RewardReport {
        RewardReport {
            outcome: outcome.to_owned(),
            family: match rewards.learned {
                true => self.family(goal(rounds.rewards)).words().to_owned(),
                false => "mean of each arm".to_owned(),
            },
            folds: design.parts,
            inputs: if rewards.learned { design.inputs() as u64 } else { 0 },
            rows: rounds.rewards.len() as u64,
            explained: rewards.explained(rounds),
            means: rewards.means.iter().map(|arm| names(*arm)).collect(),
        }
    }
}
