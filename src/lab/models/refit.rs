//! Fits of one specification on other rows or other outcomes, for questions that need many of them: would it have learned as much
//! from shuffled outcomes, what would it know had it seen the past alone? Nothing that is fitted here ever decides.

use super::fit::Fitter;
use super::learner::Watch;
use super::spec::{Goal, ModelSpec};
use super::target::{Target, enough, target};
use crate::data::{Dataset, Roles};
use crate::error::{Error, Result};

/// A specification and the rows that it may learn from.
pub struct Refit<'a> {
    dataset: &'a Dataset,
    fitter: Fitter<'a>,
    target: Target,
}

impl<'a> Refit<'a> {
    /// Prepares `rows` (positions in the dataset) of the specification's arm with a known outcome; `fields` are the columns to
    /// learn from, as a trained model's report names them.
    ///
    /// # Errors
    /// As training: when a setting or a column is wrong, or there is nothing to tell apart; and when the specification predicts an
    /// amount: these questions are about yes or no.
    pub fn new(
        spec: &ModelSpec,
        fields: &[String],
        dataset: &'a Dataset,
        roles: &Roles,
        rows: &[u32],
    ) -> Result<Refit<'a>> {
        spec.check()?;
        if spec.uplift.is_some() {
            return Err(Error::new(format!("model `{}` learns an effect, not whether something happens", spec.id))
                .hint("ask it of a model of a yes or no; its card tells whether its order could be luck"));
        }
        if spec.goal == Goal::Amount {
            return Err(Error::new(format!("model `{}` predicts an amount, not whether something happens", spec.id))
                .hint("ask it of a model of a yes or no"));
        }
        let target = target(spec, dataset, roles, rows)?;
        enough(spec, &target)?;
        let fitter = Fitter::new(spec, dataset, roles, &target, fields)?;
        Ok(Refit { dataset, fitter, target })
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
    pub fn predict(&self, labels: &[bool], train: &[u32], test: &[u32], watch: &Watch<'_>) -> Result<Vec<f64>> {
        let y: Vec<bool> = train.iter().map(|&i| labels[i as usize]).collect();
        if y.iter().all(|&y| y) || y.iter().all(|&y| !y) {
            return Err(Error::new("all rows to learn from have the same outcome: there is nothing to tell apart"));
        }
        let y: Vec<f64> = y.iter().map(|&y| f64::from(u8::from(y))).collect();
        let fit = self.fitter.fit(&self.target, train, &y, watch)?;
        let rows: Vec<u32> = test.iter().map(|&i| self.target.rows[i as usize]).collect();
        fit.fitted.margins(&fit.matrix(self.dataset, &rows)?)
    }
}
