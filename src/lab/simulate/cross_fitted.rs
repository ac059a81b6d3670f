//! Reward models, and where nobody wrote them down propensities, of a file of rounds that has features: cross-fitted by subject, as those of
//! a simulation are.
//!
//! The target policy is one that takes one action per round, which a column names.

use super::columns::{RoundColumns, Rounds, cells_of};
use super::crossfit::Design;
use super::log::propensities::{self, CLIP};
use super::report::{Overlap, RewardReport};
use super::rewards::{RewardModels, Rewards, Rounds as Learning, goal};
use crate::data::{Dataset, Role, Roles};
use crate::error::{Error, Result};
use crate::task::Task;
use std::collections::HashMap;

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
        let (Some((action, choice)), Some(dataset)) = (&columns.choice, self.data.clone()) else {
            return Err(Error::new("reward models need the column of the logged action and that of the policy's"));
        };
        let mut names: Vec<String> = Vec::new();
        let arm = numbered(&dataset, action, &mut names)?;
        let chosen = numbered(&dataset, choice, &mut names)?;
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
            let found = propensities::estimate(&dataset, &roles, &arm, &all, task)?.ok_or_else(|| {
                Error::new("how the actions were chosen cannot be estimated: there is one action, or no feature tells rows apart")
                    .hint("name a column of propensities")
            })?;
            overlap = found.overlap;
            self.weigh(&found.propensity);
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

    /// Takes propensities for those of the rounds.
    fn weigh(&mut self, propensity: &[f64]) {
        self.weights = self.chances.iter().zip(propensity).map(|(pi, p)| pi / p.max(CLIP)).collect();
        self.most_weight = 1.0 / propensity.iter().copied().fold(1.0, f64::min).max(CLIP);
    }
}

/// The actions of a column by number; new ones get the next.
fn numbered(dataset: &Dataset, name: &str, names: &mut Vec<String>) -> Result<Vec<u16>> {
    let cells = cells_of(dataset, name)?;
    let mut known: HashMap<String, u16> = names.iter().cloned().zip(0..).collect();
    let one = |row: usize| {
        let Some(text) = cells.text(row) else {
            let error = Error::new("is missing, so nobody knows what was done").in_column(name);
            return Err(error.at_row(dataset.row_number(row)));
        };
        if let Some(number) = known.get(&text) {
            return Ok(*number);
        }
        if names.len() >= MOST_ACTIONS {
            let error = Error::new(format!("has more than {MOST_ACTIONS} actions, each of which would need a model"));
            return Err(error.in_column(name).hint("name columns of a reward model's predictions instead"));
        }
        let number = names.len() as u16;
        names.push(text.clone());
        known.insert(text, number);
        Ok(number)
    };
    (0..dataset.rows()).map(one).collect()
}
