//! What a family of learners must do, and how a fit reports its progress. No learner is named here.

use crate::error::{Error, Result};
use crate::features::{Matrix, Style};
use crate::task::Task;
use attune_policy::model::Function;
use std::sync::atomic::{AtomicU32, Ordering};

/// A learner with its settings.
pub trait Learner: Send + Sync {
    /// How inputs must be encoded for it.
    fn style(&self) -> Style;

    /// Learns the labels `y` of the rows of `x`; both classes are present.
    fn fit(&self, x: &Matrix, y: &[bool], watch: &Watch<'_>) -> Result<Box<dyn Fitted>>;
}

/// A fitted model in the learner's own form.
pub trait Fitted: Send + Sync {
    /// The learner's own prediction before the link, one per row.
    fn margins(&self, x: &Matrix) -> Result<Vec<f64>>;

    /// The same function as data of a policy.
    fn lower(&self) -> Function;

    /// The learner's own measure of each input's weight, 0 or more; exactly 0 for an input that predictions never read.
    fn weights(&self) -> Vec<f64>;

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
}

/// One fit's view of the task: it reports its own share and learns whether to stop.
pub struct Watch<'a> {
    fits: &'a Fits<'a>,
    index: usize,
}

impl<'a> Fits<'a> {
    /// `count` fits under `task`.
    pub fn new(task: &'a Task, count: usize) -> Fits<'a> {
        Fits { task, permille: (0..count).map(|_| AtomicU32::new(0)).collect() }
    }

    /// The view of fit `index`.
    pub fn watch(&'a self, index: usize) -> Watch<'a> {
        Watch { fits: self, index }
    }
}

impl Watch<'_> {
    /// Reports that `fraction` of this fit is done.
    pub fn at(&self, fraction: f32) -> Result<()> {
        let all = &self.fits.permille;
        if let Some(own) = all.get(self.index) {
            own.store((fraction.clamp(0.0, 1.0) * 1000.0) as u32, Ordering::Relaxed);
        }
        let done: u32 = all.iter().map(|part| part.load(Ordering::Relaxed)).sum();
        Ok(self.fits.task.tick(done as f32 / (1000 * all.len().max(1)) as f32)?)
    }

    /// Learns whether to stop.
    pub fn check(&self) -> Result<()> {
        if self.fits.task.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }
}
