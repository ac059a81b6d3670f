//! Fits of one specification on other rows or other outcomes, for questions that need many of them: would it have learned as much
//! from shuffled outcomes, what would it know had it seen the past alone? Nothing that is fitted here ever decides.

use super::base;
use super::learner::{Examples, Fits, Learner};
use super::spec::{Goal, ModelSpec};
use super::target::{Target, enough, target};
use crate::data::{Dataset, Roles};
use crate::error::Result;
use crate::features;
use crate::task::Task;

/// A specification and the rows that it may learn from.
pub struct Refit<'a> {
    dataset: &'a Dataset,
    fields: &'a [String],
    learner: Box<dyn Learner>,
    target: Target,
}

impl<'a> Refit<'a> {
    /// Prepares `rows` (positions in the dataset) of the specification's arm with a known outcome; `fields` are the columns to
    /// learn from, as a trained model's report names them.
    ///
    /// # Errors
    /// As training: when a setting or a column is wrong, or there is nothing to tell apart.
    pub fn new(
        spec: &ModelSpec,
        fields: &'a [String],
        dataset: &'a Dataset,
        roles: &Roles,
        rows: &[u32],
    ) -> Result<Refit<'a>> {
        spec.check()?;
        let target = target(spec, dataset, roles, rows)?;
        enough(spec, &target)?;
        Ok(Refit { dataset, fields, learner: base::learner(&spec.family, spec.seed), target })
    }

    /// The rows, as positions in the dataset.
    pub fn rows(&self) -> &[u32] {
        &self.target.rows
    }

    /// Whether the outcome happened, one per row.
    pub fn labels(&self) -> &[bool] {
        &self.target.labels
    }

    /// The same as training sees it.
    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    /// Learns `labels` (one per row of [`Refit::rows`]) from the rows at the places `train`, and predicts those at `test`: margins,
    /// whose order is that of scores.
    ///
    /// # Errors
    /// When `train` lacks one of the outcomes, or the task is cancelled.
    pub fn predict(&self, labels: &[bool], train: &[u32], test: &[u32], task: &Task) -> Result<Vec<f64>> {
        // Progress is told by whoever asks for many fits; here the task is only asked whether to stop.
        let silent = Task::default();
        if task.is_cancelled() {
            silent.cancel();
        }
        let fits = Fits::new(&silent, 1);
        let watch = fits.watch(0);
        watch.check()?;
        let positions = |places: &[u32]| places.iter().map(|&i| self.target.rows[i as usize]).collect::<Vec<u32>>();
        let rows = positions(train);
        let inputs = features::fit(self.dataset, &rows, self.fields, self.learner.style())?.inputs;
        let y: Vec<bool> = train.iter().map(|&i| labels[i as usize]).collect();
        if y.iter().all(|&y| y) || y.iter().all(|&y| !y) {
            return Err(crate::Error::new(
                "all rows to learn from have the same outcome: there is nothing to tell apart",
            ));
        }
        let x = features::matrix(self.dataset, &rows, &inputs)?;
        let y: Vec<f64> = y.iter().map(|&y| f64::from(u8::from(y))).collect();
        let categories = base::categories(&inputs);
        let examples = Examples { categories: &categories, ..Examples::new(&x, &y, Goal::Propensity) };
        let fitted = self.learner.fit(&examples, &watch)?;
        fitted.margins(&features::matrix(self.dataset, &positions(test), &inputs)?)
    }
}
