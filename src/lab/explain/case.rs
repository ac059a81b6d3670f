//! A trained model with its data at hand: which rows it learned from, which it may be measured on, and what it says of them.

use super::attribution::{Explainer, Method};
use super::probe::{Probe, sample};
use super::scoring::Scoring;
use crate::data::{Dataset, Roles, split};
use crate::error::{Error, Result};
use crate::features::{self, Matrix};
use crate::models::ModelSpec;
use crate::models::target::target;
use crate::task::Task;
use attune_policy::model::Model;

/// Most rows whose splits are counted for path-dependent attributions.
pub const COUNTED: usize = 20_000;

/// Rows that interventional attributions compare with.
pub const BACKGROUND: usize = 300;

/// Rows that dependence is asked of.
pub const ASKED: usize = 2000;

/// Seed of the samples drawn here.
const SEED: u64 = 42;

/// A model and rows of the table it was made from.
pub struct Case<'a> {
    /// The model that decides.
    pub model: &'a Model,
    /// The table, with the outputs of the row recipe.
    pub dataset: &'a Dataset,
    /// Rows it learned from (positions).
    pub learned: Vec<u32>,
    /// Rows to measure it on (positions): those that never train, of its arm, with a known outcome.
    pub measured: Vec<u32>,
    /// Whether the outcome happened in each of them.
    pub labels: Vec<bool>,
    /// What came true in each of them: 1 or 0, or the amount.
    pub truth: Vec<f64>,
    /// The score of each of them.
    pub scores: Vec<f64>,
    /// Whether the model never saw the measured rows; else they are those it learned from, and numbers flatter it.
    pub unseen: bool,
}

impl<'a> Case<'a> {
    /// Puts a model beside its data. Where too few rows with both outcomes are held out, it is measured on those it learned from.
    ///
    /// # Errors
    /// When the data do not have the model's columns, or the model recommends items.
    pub fn new(spec: &ModelSpec, model: &'a Model, dataset: &'a Dataset, roles: &Roles) -> Result<Case<'a>> {
        let learned = target(spec, dataset, roles, &split::train_rows(dataset, roles)?)?;
        let held_out = split::held_out_rows(dataset, roles)?;
        let both =
            |labels: &[bool]| [true, false].iter().all(|class| labels.iter().filter(|y| *y == class).count() >= 2);
        let held_out = target(spec, dataset, roles, &held_out).ok().filter(|target| both(&target.labels));
        let unseen = held_out.is_some();
        let measured = held_out.unwrap_or_else(|| learned.clone());
        if measured.rows.is_empty() {
            return Err(
                Error::new(format!("no row has a known outcome for model `{}`", model.id)).in_column(&spec.outcome)
            );
        }
        let x = features::matrix(dataset, &measured.rows, &model.inputs)?;
        let scores = Scoring::new(model)?.scores(&x)?;
        let learned = learned.rows;
        Ok(Case {
            model,
            dataset,
            learned,
            measured: measured.rows,
            labels: measured.labels,
            truth: measured.values,
            scores,
            unseen,
        })
    }

    /// The model's inputs of some rows (positions).
    ///
    /// # Errors
    /// When the data do not have the model's columns.
    pub fn inputs(&self, rows: &[u32]) -> Result<Matrix> {
        features::matrix(self.dataset, rows, &self.model.inputs)
    }

    /// Attributions against rows that it learned from.
    ///
    /// # Errors
    /// As [`Explainer::new`].
    pub fn explainer(&self, method: Method, task: &Task) -> Result<Explainer> {
        let most = if method == Method::PathDependent { COUNTED } else { BACKGROUND };
        Explainer::new(self.model, self.inputs(&sample(&self.learned, most, SEED))?, method, task)
    }

    /// Questions to measured rows.
    ///
    /// # Errors
    /// As [`Probe::new`].
    pub fn probe(&self) -> Result<Probe<'a>> {
        Probe::new(self.model, self.dataset, &self.measured, ASKED, SEED)
    }

    /// Places of at most `most` measured rows.
    pub fn some(&self, most: usize) -> Vec<u32> {
        sample(&(0..self.measured.len() as u32).collect::<Vec<u32>>(), most, SEED)
    }
}
