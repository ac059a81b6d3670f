//! Values by estimators with a reward model: q is cross-fitted once per outcome, and every policy of the set is valued with it.

use super::{Parts, ValueSet, pick};
use crate::data::{Dataset, Roles};
use crate::error::Result;
use crate::simulate::crossfit::Design;
use crate::simulate::estimators::{Made, Resampling, difference, every};
use crate::simulate::keep::{Text, part};
use crate::simulate::log::DecisionLog;
use crate::simulate::off_policy::{Estimator, Logged, Predictions};
use crate::simulate::replay::Replay;
use crate::simulate::report::{ByEstimator, Estimate, Method, Report, RewardReport};
use crate::simulate::rewards::{RewardModels, Rewards, Rounds, goal};
use crate::simulate::{Decisions, Options};
use crate::task::Task;
use serde::{Deserialize, Serialize};

/// Rows beyond which no reward model is learned: its expectations would take more memory than the decisions.
pub(super) const MOST_ROWS: usize = 4_000_000;
/// The estimators with a reward model of policies that the report is not about.
const BRIEF: [Method; 6] = [Method::Dm, Method::Dr, Method::Dml, Method::SnDr, Method::SwitchDr, Method::DrOs];

/// What reward models say of an outcome.
#[derive(Default, Serialize, Deserialize)]
pub(in crate::simulate) struct OfOutcome {
    pub report: RewardReport,
    /// What estimators say of each policy; empty where it is refused. Of the one that the report is about all of [`Method::ALL`].
    pub policies: Vec<Vec<ByEstimator>>,
    /// DR difference of the first policy from each.
    pub differences: Vec<Option<Estimate>>,
}

impl ValueSet<'_> {
    /// Learns reward models and values every policy that has support with them (lists have none, and are resampled here); `main` says that the first policy is the one that the
    /// report is about: it is valued by every estimator, and one more model is made for it alone. `replays` are those that the set was made of.
    ///
    /// # Errors
    /// When the task is cancelled.
    pub fn learn(
        &mut self,
        dataset: &Dataset,
        roles: &Roles,
        replays: &[&Replay],
        options: &Options,
        main: bool,
        parts: Parts<'_>,
        task: &Task,
    ) -> Result<()> {
        self.main = main;
        if options.rewards.is_none() {
            self.no_model = "no reward model was asked for".into();
        } else if self.rows.len() > MOST_ROWS {
            self.no_model = format!("no reward model is learned of more than {MOST_ROWS} rows; a sample has one");
        } else {
            self.no_model = "fewer than two rows have a known outcome to learn from".into();
        }
        if let Some(lists) = &mut self.lists {
            return lists.resample(options.bootstrap, options.seed, task);
        }
        if options.rewards.is_none()
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
                self.of_outcome(outcome, dataset, roles, replays, options, task).map(Text)
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
        task: &Task,
    ) -> Result<Option<OfOutcome>> {
        let (Some(models), seed) = (&options.rewards, options.seed) else { return Ok(None) };
        let rewards = &self.outcomes[outcome];
        let name = &self.log.outcomes[outcome].name;
        if rewards.values.len() < 2 {
            return Ok(None);
        }
        let rows = pick(&self.rows, rewards.known.as_deref());
        let learned = Learned::new(self.log, outcome, dataset, roles, &rows, models, seed, task)?;
        let report = learned.report(self.log, outcome, models);
        let Learned { design, arm, expected, .. } = &learned;
        let rounds = learned.rounds();
        let q = expected.logged(arm);
        let clusters = rewards.clusters.as_deref();
        task.stage(&format!("Intervals of {name} with reward models"))?;
        // The seed of the other resamples of the outcome.
        let (replicates, task) = (options.bootstrap, &task.silent());
        let resampling = Resampling { replicates, seed: seed.wrapping_add(outcome as u64), task };
        let (mut policies, mut terms) = (Vec::with_capacity(replays.len()), Vec::with_capacity(replays.len()));
        for (at, (own, replay)) in self.policies.iter().zip(replays).enumerate() {
            if own.refusal.is_some() {
                policies.push(Vec::new());
                terms.push(Vec::new());
                continue;
            }
            let positions = replay.positions(&rows);
            let weights = pick(&own.weights, rewards.known.as_deref());
            let target = expected.target(replay, &positions);
            let model = Some(Predictions { logged: &q, target: &target });
            let logged = Logged { weights: &weights, rewards: &rewards.values, model, clusters };
            let main = self.main && at == 0;
            let wanted: &[Method] = if main { &Method::ALL } else { &BRIEF };
            let mut material = self.material(at, outcome, logged, wanted);
            if main {
                material.mrdr = mrdr(self.log, &rows, &rounds, design, replay, seed, task)?;
            }
            let mut found = every(&material, wanted, main, &[], resampling)?.rows;
            found.retain(|row| main || row.absent.is_none());
            policies.push(found);
            terms.push(Estimator::Dr.terms(&logged).unwrap_or_default());
        }
        let method = if self.log.is_estimated() { Method::Dml } else { Method::Dr };
        let first = terms.first().map_or(&[][..], Vec::as_slice);
        let paired = |(at, own): (usize, &Vec<f64>)| {
            // From itself it does not differ.
            let replicates = if at == 0 { 0 } else { replicates };
            let own = difference(first, own, clusters, method, Resampling { replicates, ..resampling })?;
            // What the weights alone leave open the reward model, learned from the same rounds, does not close.
            Ok(own.map(|own| own.no_narrower(self.unspread(at, outcome))))
        };
        let differences = terms.iter().enumerate().map(paired).collect::<Result<_>>()?;
        Ok(Some(OfOutcome { report, policies, differences }))
    }
}

/// The reward model of an outcome, cross-fitted on some rows.
struct Learned<'a> {
    design: Design<'a>,
    arm: Vec<u16>,
    arms: usize,
    rewards: Vec<f64>,
    expected: Rewards,
}

impl<'a> Learned<'a> {
    /// Learns what an outcome is in `rows`, whose arm and outcome are known. The same rows, models and seed give the same expectations.
    fn new(
        log: &DecisionLog,
        outcome: usize,
        dataset: &'a Dataset,
        roles: &Roles,
        rows: &'a [u32],
        models: &RewardModels,
        seed: u64,
        task: &Task,
    ) -> Result<Learned<'a>> {
        let own = &log.outcomes[outcome];
        task.stage(&format!("Expecting {}", own.name))?;
        let arm: Vec<u16> = rows.iter().map(|row| log.arm[*row as usize]).collect();
        let rewards: Vec<f64> = rows.iter().map(|row| own.values[*row as usize]).collect();
        let (arms, goal) = (log.arms.len(), goal(&rewards));
        let design = Design::new(dataset, roles, rows, models.style(goal), models.folds.max(2), seed)?;
        let rounds = Rounds { arm: &arm, arms, rewards: &rewards, weights: None };
        let expected = Rewards::learn(&design, &rounds, models.family(goal), goal, seed, task)?;
        Ok(Learned { design, arm, arms, rewards, expected })
    }

    fn rounds(&self) -> Rounds<'_> {
        Rounds { arm: &self.arm, arms: self.arms, rewards: &self.rewards, weights: None }
    }

    fn report(&self, log: &DecisionLog, outcome: usize, models: &RewardModels) -> RewardReport {
        let name = |arm: u16| log.arms[usize::from(arm)].name.clone();
        models.report(&log.outcomes[outcome].name, &self.design, &self.rounds(), &self.expected, name)
    }
}

/// A reward model made to have little variance for a policy, of the logged action and of the policy: weighted least squares with
/// π(a|x)(1 − p)/p² (Farajtabar, Chow & Ghavamzadeh 2018, as in Open Bandit Pipeline); or why there is none.
fn mrdr(
    log: &DecisionLog,
    rows: &[u32],
    rounds: &Rounds<'_>,
    design: &Design<'_>,
    replay: &Replay,
    seed: u64,
    task: &Task,
) -> Result<Made> {
    let positions = replay.positions(rows);
    let weigh = |(row, at): (&u32, &usize)| {
        let (arm, p) = (log.arm[*row as usize], log.propensity[*row as usize]);
        replay.probability(*at, arm) * (1.0 - p) / (p * p)
    };
    let weights: Vec<f64> = rows.iter().zip(&positions).map(weigh).collect();
    Ok(match Rewards::learn_mrdr(design, rounds, weights, seed, task)? {
        Some(expected) => Ok((expected.logged(rounds.arm), expected.target(replay, &positions))),
        None => Err(NO_MRDR.into()),
    })
}

/// What the reward models behind a report expect in the rows that its policy is valued on.
#[derive(Clone, Debug)]
pub struct Expected {
    /// Rows, ascending positions in the dataset.
    pub rows: Vec<u32>,
    /// q(x, a) of the logged action, in each of them.
    pub logged: Vec<f64>,
    /// Σ_a π(a|x) q(x, a) of the policy.
    pub target: Vec<f64>,
    /// The same by the model made to have little variance for the policy, where there is one.
    pub mrdr: Option<(Vec<f64>, Vec<f64>)>,
}

/// The expectations behind the values of a report, one per outcome: what reward models were learned is learned again, which gives the
/// same. `None` for an outcome without them.
///
/// # Errors
/// When the task is cancelled.
pub fn expectations(
    decisions: &Decisions,
    report: &Report,
    dataset: &Dataset,
    roles: &Roles,
    options: &Options,
    task: &Task,
) -> Result<Vec<Option<Expected>>> {
    let Decisions { replay, log, used } = decisions;
    let of = |outcome: usize| -> Result<Option<Expected>> {
        let own = &log.outcomes[outcome];
        let valued =
            report.main().and_then(|main| main.value(&own.name)).filter(|value| value.by(Method::Dm).is_some());
        let (Some(value), Some(models)) = (valued, &options.rewards) else { return Ok(None) };
        let known = |row: &u32| log.is_usable(*row as usize) && !own.values[*row as usize].is_nan();
        let rows: Vec<u32> = used.iter().copied().filter(known).collect();
        let learned = Learned::new(log, outcome, dataset, roles, &rows, models, options.seed, task)?;
        let mrdr = match value.by(Method::Mrdr) {
            Some(_) => mrdr(log, &rows, &learned.rounds(), &learned.design, replay, options.seed, task)?.ok(),
            None => None,
        };
        let target = learned.expected.target(replay, &replay.positions(&rows));
        Ok(Some(Expected { logged: learned.expected.logged(&learned.arm), target, mrdr, rows }))
    };
    (0..log.outcomes.len()).map(of).collect()
}

/// Why no model is made for a policy.
const NO_MRDR: &str = "no row weighs in its reward model: the log took for certain what the policy takes";
