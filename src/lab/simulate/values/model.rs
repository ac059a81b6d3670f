//! Values by estimators with a reward model: q is cross-fitted once per outcome, and every policy of the set is valued with it.

use super::{Parts, ValueSet, pick};
use crate::data::{Dataset, Roles};
use crate::error::Result;
use crate::models::{Family, Goal};
use crate::simulate::Options;
use crate::simulate::crossfit::Design;
use crate::simulate::doubly::{Modelled, Resampling, by, difference, modelled};
use crate::simulate::keep::{Text, part};
use crate::simulate::off_policy::{Estimator, Logged, Predictions};
use crate::simulate::replay::Replay;
use crate::simulate::report::{Estimate, Method, RewardReport};
use crate::simulate::rewards::{Rewards, Rounds, goal};
use crate::task::Task;
use serde::{Deserialize, Serialize};

/// Rows beyond which no reward model is learned: its expectations would take more memory than the decisions.
const MOST_ROWS: usize = 4_000_000;

/// What reward models say of an outcome.
#[derive(Default, Serialize, Deserialize)]
pub(in crate::simulate) struct OfOutcome {
    pub report: RewardReport,
    /// One per policy; empty where it is refused.
    pub policies: Vec<Modelled>,
    /// DR difference of the first policy from each.
    pub differences: Vec<Option<Estimate>>,
}

impl ValueSet<'_> {
    /// Learns reward models and values every policy that has support with them; `mrdr` asks for one more model made for the first
    /// policy alone. `replays` are those that the set was made of.
    ///
    /// # Errors
    /// When the task is cancelled.
    pub fn learn(
        &mut self,
        dataset: &Dataset,
        roles: &Roles,
        replays: &[&Replay],
        options: &Options,
        mrdr: bool,
        parts: Parts<'_>,
        task: &Task,
    ) -> Result<()> {
        if options.rewards.is_none()
            || self.lists.is_some()
            || self.rows.len() > MOST_ROWS
            || self.policies.iter().all(|policy| policy.refusal.is_some())
        {
            return Ok(());
        }
        for outcome in 0..self.outcomes.len() {
            let fits = |Text(found): &Text<Option<OfOutcome>>| {
                found.as_ref().is_none_or(|own| own.policies.len() == replays.len())
            };
            let own = part(parts.keep, &format!("rewards-{}-{outcome}", parts.of), fits, || {
                self.of_outcome(outcome, dataset, roles, replays, options, mrdr, task).map(Text)
            })?;
            self.outcomes[outcome].modelled = own.0;
        }
        Ok(())
    }

    fn of_outcome(
        &self,
        outcome: usize,
        dataset: &Dataset,
        roles: &Roles,
        replays: &[&Replay],
        options: &Options,
        mrdr: bool,
        task: &Task,
    ) -> Result<Option<OfOutcome>> {
        let (Some(models), seed) = (&options.rewards, options.seed) else { return Ok(None) };
        let rewards = &self.outcomes[outcome];
        let name = &self.log.outcomes[outcome].name;
        if rewards.values.len() < 2 {
            return Ok(None);
        }
        task.stage(&format!("Expecting {name}"))?;
        let rows = pick(&self.rows, rewards.known.as_deref());
        let arm: Vec<u16> = rows.iter().map(|row| self.log.arm[*row as usize]).collect();
        let rounds = Rounds { arm: &arm, arms: self.log.arms.len(), rewards: &rewards.values, weights: None };
        let goal = goal(&rewards.values);
        let design = Design::new(dataset, roles, &rows, models.style(goal), models.folds.max(2), seed)?;
        let expected = Rewards::learn(&design, &rounds, models.family(goal), goal, seed, task)?;
        let arm_name = |arm: u16| self.log.arms[usize::from(arm)].name.clone();
        let report = models.report(name, &design, &rounds, &expected, arm_name);
        let q = expected.logged(&arm);
        let clusters = rewards.clusters.as_deref();
        let estimated = self.log.is_estimated();
        task.stage(&format!("Intervals of {name} with reward models"))?;
        // The seed of the other resamples of the outcome.
        let (replicates, task) = (options.bootstrap, &task.silent());
        let resampling = Resampling { replicates, seed: seed.wrapping_add(outcome as u64), task };
        let mut policies = Vec::with_capacity(replays.len());
        for (own, replay) in self.policies.iter().zip(replays) {
            if own.refusal.is_some() {
                policies.push(Modelled::default());
                continue;
            }
            let positions = replay.positions(&rows);
            let weights = pick(&own.weights, rewards.known.as_deref());
            let target = expected.target(replay, &positions);
            let model = Some(Predictions { logged: &q, target: &target });
            let logged = Logged { weights: &weights, rewards: &rewards.values, model, clusters };
            let mut found = modelled(&logged, estimated, resampling)?;
            if mrdr && policies.is_empty() {
                found.estimates.extend(self.mrdr(&rows, &rounds, &design, replay, &logged, seed, resampling)?);
            }
            policies.push(found);
        }
        let method = if estimated { Method::Dml } else { Method::Dr };
        let first = policies.first().map(|own| own.terms.clone()).unwrap_or_default();
        let paired = |(at, own): (usize, &Modelled)| {
            // From itself it does not differ.
            let replicates = if at == 0 { 0 } else { replicates };
            difference(&first, &own.terms, clusters, method, Resampling { replicates, ..resampling })
        };
        let differences = policies.iter().enumerate().map(paired).collect::<Result<_>>()?;
        for own in &mut policies {
            own.terms = Vec::new();
        }
        Ok(Some(OfOutcome { report, policies, differences }))
    }

    /// DR with a reward model made to have little variance for this policy: weighted least squares with π(a|x)(1 − p)/p² (Farajtabar,
    /// Chow & Ghavamzadeh 2018, as in Open Bandit Pipeline). Empty where no round weighs.
    fn mrdr(
        &self,
        rows: &[u32],
        rounds: &Rounds<'_>,
        design: &Design<'_>,
        replay: &Replay,
        logged: &Logged<'_>,
        seed: u64,
        resampling: Resampling<'_>,
    ) -> Result<Vec<Estimate>> {
        let positions = replay.positions(rows);
        let weigh = |(row, at): (&u32, &usize)| {
            let (arm, p) = (self.log.arm[*row as usize], self.log.propensity[*row as usize]);
            replay.probability(*at, arm) * (1.0 - p) / (p * p)
        };
        let mut weights: Vec<f64> = rows.iter().zip(&positions).map(weigh).collect();
        let weighed = weights.iter().filter(|w| **w > 0.0).count();
        if weighed == 0 {
            return Ok(Vec::new());
        }
        // The penalty of the fit is for weights around 1.
        let scale = weights.iter().sum::<f64>() / weighed as f64;
        weights.iter_mut().for_each(|w| *w /= scale);
        let rounds = Rounds { weights: Some(&weights), arm: rounds.arm, arms: rounds.arms, rewards: rounds.rewards };
        let expected = Rewards::learn(design, &rounds, &Family::linear(), Goal::Amount, seed, resampling.task)?;
        let (q, target) = (expected.logged(rounds.arm), expected.target(replay, &positions));
        let model = Some(Predictions { logged: &q, target: &target });
        by(&[(Estimator::Dr, Method::Mrdr)], &Logged { model, ..*logged }, resampling)
    }
}
