//! Reward models, and where nobody wrote them down propensities, of a file of rounds that has features: cross-fitted by subject, as those of
//! a simulation are.
//!
//! The target policy is one that takes one action per round, which a column names.

use super::columns::{RoundColumns, Rounds, cells_of, numbered};
use super::crossfit::Design;
use super::log::propensities::{self, CLIP};
use super::report::{Overlap, RewardReport};
use super::rewards::{RewardModels, Rewards, Rounds as Learning, goal};
use super::values::pick;
use crate::data::{Dataset, Role, Roles};
use crate::error::{Error, Result};
use crate::task::Task;

/// What was learned of a file of rounds.
#[derive(Clone, Debug, PartialEq)]
pub struct CrossFitted {
    /// The reward models.
    pub rewards: RewardReport,
    /// How far the actions overlap, where propensities were estimated; empty where they are given.
    pub overlap: Vec<Overlap>,
}

/// Most actions of a file.
const MOST_ACTIONS: usize = 1_000;

impl Rounds {
    /// Learns what each action brings from `features`, and with which probabilities actions were taken where no column says so
    /// ([`RoundColumns::propensity`] is empty); the rounds have a reward model then, and one made for the target policy.
    ///
    /// # Errors
    /// When the actions are not named ([`RoundColumns::choice`]) or too many, a column is not there, no column tells rows apart where
    /// propensities are to be estimated, or the task is cancelled.
    pub fn learn(
        &mut self,
        columns: &RoundColumns,
        features: &[String],
        models: &RewardModels,
        seed: u64,
        task: &Task,
    ) -> Result<CrossFitted> {
        let (Some(action), Some(choice)) = (&columns.action, &columns.choice) else {
            return Err(Error::new("reward models need the column of the logged action and that of the policy's"));
        };
        let (Some(whole), Some(dataset)) = (self.whole.data.clone(), self.data.clone()) else {
            return Err(Error::new("there are no rounds to learn from"));
        };
        features.iter().try_for_each(|name| columns.refuse_feature(&whole, name))?;
        let mut names: Vec<String> = Vec::new();
        let logged = few(numbered(&whole, action, &mut names)?, action)?;
        let taken = few(numbered(&whole, choice, &mut names)?, choice)?;
        let known = self.whole.known.clone();
        let (arm, chosen) = (pick(&logged, known.as_deref()), pick(&taken, known.as_deref()));
        let mut roles = Roles::default();
        let mut give = |name: &str, role: Role| -> Result<()> {
            cells_of(&dataset, name)?;
            let own = dataset.columns().iter().find(|column| column.name == name || column.source == name);
            roles.columns.extend(own.map(|column| (column.name.clone(), role)));
            Ok(())
        };
        features.iter().try_for_each(|name| give(name, Role::Feature))?;
        columns.subject.iter().try_for_each(|name| give(name, Role::Subject))?;
        let mut overlap = Vec::new();
        if columns.propensity.is_empty() {
            let all: Vec<&str> = names.iter().map(String::as_str).collect();
            let found = propensities::estimate(&whole, &roles, &logged, &all, task)?.ok_or_else(|| {
                Error::new("how the actions were chosen cannot be estimated: there is one action, or no feature tells rows apart")
                    .hint("name a column of propensities")
            })?;
            overlap = found.overlap;
            self.weigh(&found.propensity, CLIP);
        }
        let rows: Vec<u32> = (0..dataset.rows() as u32).collect();
        task.stage(&format!("Expecting {}", columns.reward))?;
        let goal = goal(&self.rewards);
        let design = Design::new(&dataset, &roles, &rows, models.style(goal), models.folds.max(2), seed)?;
        let learning = Learning { arm: &arm, arms: names.len(), rewards: &self.rewards, weights: None };
        let expected = Rewards::learn(&design, &learning, models.family(goal), goal, seed, task)?;
        let rewards =
            models.report(&columns.reward, &design, &learning, &expected, |arm| names[usize::from(arm)].clone());
        let weigh = |(pi, w): (&f64, &f64)| {
            let p = if *w > 0.0 { pi / w } else { 1.0 };
            pi * (1.0 - p) / (p * p)
        };
        let weights: Vec<f64> = self.chances.iter().zip(&self.weights).map(weigh).collect();
        let made = Rewards::learn_mrdr(&design, &learning, weights, seed, task)?;
        let model = (expected.logged(&arm), expected.logged(&chosen));
        let mrdr = made.map(|made| (made.logged(&arm), made.logged(&chosen)));
        (self.model, self.mrdr) = (Some(model), mrdr);
        Ok(CrossFitted { rewards, overlap })
    }
}

impl RoundColumns {
    /// Refuses a column that is no feature: a model that reads what is to be told, or what was done, tells nothing.
    fn refuse_feature(&self, dataset: &Dataset, name: &str) -> Result<()> {
        let pair = |of: &'static str, columns: &'_ Option<(String, String)>| {
            columns.iter().flat_map(move |(a, b)| [(of, a.clone()), (of, b.clone())]).collect::<Vec<_>>()
        };
        let one = |of: &'static str, column: &Option<String>| column.clone().map(|column| (of, column));
        let taken = [("the reward", self.reward.clone()), ("the logging propensity", self.propensity.clone())]
            .into_iter()
            .chain([("the target's probability", self.target.clone())])
            .chain(one("the logged action", &self.action))
            .chain(one("the action that the target takes", &self.choice))
            .chain(one("the subject", &self.subject))
            .chain(one("what says whether the actions match", &self.matched))
            .chain(one("what says which rows count", &self.used))
            .chain(pair("a reward model's prediction", &self.model))
            .chain(pair("a reward model's prediction", &self.mrdr));
        let at = |name: &str| dataset.columns().iter().position(|own| own.name == name || own.source == name);
        match taken.filter(|(_, column)| !column.is_empty()).find(|(_, column)| at(column) == at(name)) {
            Some((what, _)) if at(name).is_some() => Err(Error::new(format!("is {what}, and cannot be a feature too"))
                .in_column(name)
                .hint("name columns that were known before the action was taken")),
            _ => Ok(()),
        }
    }
}

/// Actions by number, as far as each can have a model.
fn few(numbers: Vec<u32>, column: &str) -> Result<Vec<u16>> {
    match numbers.iter().any(|number| *number as usize >= MOST_ACTIONS) {
        true => Err(Error::new(format!("has more than {MOST_ACTIONS} actions, each of which would need a model"))
            .in_column(column)
            .hint("name columns of a reward model's predictions instead")),
        false => Ok(numbers.into_iter().map(|number| number as u16).collect()),
    }
}
