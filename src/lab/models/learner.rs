//! What a family of learners must do, and how a fit reports its progress. No learner is named here.
//!
//! Methods that need a base learner inside (uplift, reward models of estimators) take [`super::base::fit`]: it fits any
//! family on a matrix, targets and optional row weights, and gives a [`Fitted`] that predicts and lowers.

use super::spec::Goal;
use crate::error::{Error, Result};
use crate::features::{Matrix, Style};
use crate::task::Task;
use attune_policy::model::{Function, Link};
use std::sync::atomic::{AtomicU32, Ordering};

/// Rows to learn from.
#[derive(Clone, Copy)]
pub struct Examples<'a> {
    /// Inputs, encoded in the learner's style.
    pub x: &'a Matrix,
    /// What is learned, one per row: 0 or 1 for a propensity, finite numbers for an amount.
    pub y: &'a [f64],
    /// How much each row weighs, 0 or more; `None`: all the same.
    pub weights: Option<&'a [f64]>,
    /// What predictions estimate.
    pub goal: Goal,
    /// One per input, or none at all: 1 where predictions must not fall when the input rises, −1 where they must not rise, else 0.
    pub monotone: &'a [i8],
    /// One per input, or none at all: the number of categories of an input that holds codes from 0, their number standing for
    /// all others; 0 for numbers. See [`super::base::categories`].
    pub categories: &'a [u32],
}

impl<'a> Examples<'a> {
    /// Rows of one weight, inputs that are numbers, without constraints.
    pub fn new(x: &'a Matrix, y: &'a [f64], goal: Goal) -> Examples<'a> {
        Examples { x, y, weights: None, goal, monotone: &[], categories: &[] }
    }

    /// The weight of a row.
    pub fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[row])
    }

    /// Number of categories of an input; 0 for numbers.
    pub fn categories(&self, input: usize) -> u32 {
        self.categories.get(input).copied().unwrap_or(0)
    }

    /// Weighted mean of what is learned; 0 when nothing weighs.
    pub fn mean(&self) -> f64 {
        let (mut sum, mut all) = (0.0, 0.0);
        for (row, y) in self.y.iter().enumerate() {
            sum += self.weight(row) * y;
            all += self.weight(row);
        }
        if all > 0.0 { sum / all } else { 0.0 }
    }
}

/// A learner with its settings.
pub trait Learner: Send + Sync {
    /// How inputs must be encoded for it.
    fn style(&self) -> Style;

    /// Learns `examples`, which [`super::base::check`] found sound: for a propensity both classes are present.
    fn fit(&self, examples: &Examples<'_>, watch: &Watch<'_>) -> Result<Box<dyn Fitted>>;
}

/// A fitted model in the learner's own form.
pub trait Fitted: Send + Sync {
    /// The learner's own prediction before the link, one per row.
    fn margins(&self, x: &Matrix) -> Result<Vec<f64>>;

    /// Link from margins to predictions; that of the lowered function.
    fn link(&self) -> Link;

    /// The same function as data of a policy.
    fn lower(&self) -> Function;

    /// The learner's own measure of each input's weight, 0 or more; exactly 0 for an input that predictions never read.
    fn weights(&self) -> Vec<f64>;

    /// Probabilities or amounts, one per row.
    fn predict(&self, x: &Matrix) -> Result<Vec<f64>> {
        let link = self.link();
        Ok(self.margins(x)?.into_iter().map(|z| link.apply(z)).collect())
    }

    /// Coefficient of each input times the input's standard deviation in training; `None` for models without.
    fn standardised(&self) -> Option<Vec<f64>> {
        None
    }

    /// What a reader must know about this fit.
    fn note(&self) -> Option<String> {
        None
    }
}

/// Progress of several fits that run side by side, as one stage of a task.
pub struct Fits<'a> {
    task: &'a Task,
    permille: Vec<AtomicU32>,
    silent: bool,
}

/// One fit's view of the task: it reports its own share and learns whether to stop.
pub struct Watch<'a> {
    fits: &'a Fits<'a>,
    index: usize,
}

impl<'a> Fits<'a> {
    /// `count` fits under `task`.
    pub fn new(task: &'a Task, count: usize) -> Fits<'a> {
        Fits { task, permille: (0..count).map(|_| AtomicU32::new(0)).collect(), silent: false }
    }

    /// The same for fits whose progress somebody else tells: they only learn whether to stop.
    pub fn silent(task: &'a Task, count: usize) -> Fits<'a> {
        Fits { silent: true, ..Fits::new(task, count) }
    }

    /// The view of fit `index`.
    pub fn watch(&'a self, index: usize) -> Watch<'a> {
        Watch { fits: self, index }
    }
}

impl Watch<'_> {
    /// Reports that `fraction` of this fit is done.
    pub fn at(&self, fraction: f32) -> Result<()> {
        if self.fits.silent {
            return self.check();
        }
        let all = &self.fits.permille;
        if let Some(own) = all.get(self.index) {
            own.store((fraction.clamp(0.0, 1.0) * 1000.0) as u32, Ordering::Relaxed);
        }
        let done: u32 = all.iter().map(|part| part.load(Ordering::Relaxed)).sum();
        Ok(self.fits.task.tick(done as f32 / (1000 * all.len().max(1)) as f32)?)
    }

    /// The task, for work that goes on after the fit.
    pub fn task(&self) -> &Task {
        self.fits.task
    }

    /// Learns whether to stop.
    pub fn check(&self) -> Result<()> {
        if self.fits.task.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }
}
