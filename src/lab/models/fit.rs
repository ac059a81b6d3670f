//! One fit of a specification on rows given by their places: columns encoded by their outcome, inputs, weights, directions, learner.
//! Cross-validation, the final model and the questions of [`super::refit`] all learn through here, so that they learn alike.

use super::base;
use super::learner::{Examples, Fitted, Learner, Watch};
use super::spec::{Direction, ModelSpec};
use super::target::{Target, weights};
use super::validation::inner_folds;
use crate::data::{Dataset, Roles};
use crate::error::Result;
use crate::features::{self, Matrix, target_mean};
use attune_policy::model::{Encode, Input};
use attune_policy::recipe::Step;

/// What the fits of one specification share.
pub struct Fitter<'a> {
    spec: ModelSpec,
    dataset: &'a Dataset,
    /// Columns that are read as they are; those encoded by their outcome are beside them.
    fields: Vec<String>,
    learner: Box<dyn Learner>,
    /// Part of each row of the target from whose others it is encoded by outcome; empty when nothing is.
    parts: Vec<u32>,
}

/// What was learned from some rows.
pub struct Fit {
    /// Inputs fitted on them.
    pub inputs: Vec<Input>,
    /// The model.
    pub fitted: Box<dyn Fitted>,
    /// What encodes columns by their outcome, as steps of the row recipe.
    pub recipe: Vec<Step>,
    /// The columns that these steps write, of every row of the dataset: rows learned from out of fold, all others as deployed.
    encoded: Option<Dataset>,
}

impl<'a> Fitter<'a> {
    /// Fits of `spec` on rows of `target`, which read `fields` of the dataset; columns that the specification encodes by their outcome
    /// are left out of them.
    ///
    /// # Errors
    /// When the column of subjects is missing.
    pub fn new(
        spec: &ModelSpec,
        dataset: &'a Dataset,
        roles: &Roles,
        target: &Target,
        fields: &[String],
    ) -> Result<Fitter<'a>> {
        let plain = |field: &&String| spec.target_means.iter().all(|column| column.input != **field);
        let fields = fields.iter().filter(plain).cloned().collect();
        let parts = match spec.target_means.is_empty() {
            true => Vec::new(),
            false => inner_folds(spec, target, &roles.subjects(dataset)?),
        };
        let learner = base::learner(&spec.family, spec.seed);
        Ok(Fitter { spec: spec.clone(), dataset, fields, learner, parts })
    }

    /// Learns `values` (one per place of `train`) from those rows of the target.
    ///
    /// # Errors
    /// When nothing can be learned from them, or the task was cancelled.
    pub fn fit(&self, target: &Target, train: &[u32], values: &[f64], watch: &Watch<'_>) -> Result<Fit> {
        watch.check()?;
        let rows: Vec<u32> = train.iter().map(|&i| target.rows[i as usize]).collect();
        let style = self.learner.style();
        let mut inputs = features::fit(self.dataset, &rows, &self.fields, style)?.inputs;
        let (mut encoded, mut recipe) = (None, Vec::new());
        if !self.spec.target_means.is_empty() {
            let parts: Vec<u32> = train.iter().map(|&i| self.parts[i as usize]).collect();
            let columns = &self.spec.target_means;
            let (dataset, steps) = target_mean::columns(self.dataset, &rows, values, &parts, columns)?;
            let fields: Vec<&str> = columns.iter().map(|column| column.output.as_str()).collect();
            inputs.extend(features::fit(&dataset, &rows, &fields, style)?.inputs);
            (encoded, recipe) = (Some(dataset), steps);
        }
        watch.check()?;
        let x = features::matrix_of(&tables(encoded.as_ref(), self.dataset), &rows, &inputs)?;
        watch.check()?;
        let weights = weights(self.spec.class_weights, values);
        let (monotone, categories) = (monotone(&self.spec, &inputs), base::categories(&inputs));
        let examples = Examples {
            x: &x,
            y: values,
            weights: weights.as_deref(),
            goal: self.spec.goal,
            monotone: &monotone,
            categories: &categories,
        };
        base::check(&examples)?;
        let fitted = self.learner.fit(&examples, watch)?;
        Ok(Fit { inputs, fitted, recipe, encoded })
    }
}

impl Fit {
    /// A model that was fitted elsewhere.
    pub fn of(inputs: Vec<Input>, fitted: Box<dyn Fitted>) -> Fit {
        Fit { inputs, fitted, recipe: Vec::new(), encoded: None }
    }

    /// The model's inputs of some rows (positions in the dataset that it was fitted on).
    ///
    /// # Errors
    /// When the dataset lacks a column.
    pub fn matrix(&self, dataset: &Dataset, rows: &[u32]) -> Result<Matrix> {
        features::matrix_of(&tables(self.encoded.as_ref(), dataset), rows, &self.inputs)
    }
}

/// Where columns are looked for, in this order.
fn tables<'d>(encoded: Option<&'d Dataset>, dataset: &'d Dataset) -> Vec<&'d Dataset> {
    encoded.into_iter().chain([dataset]).collect()
}

/// The direction of each input: that of its column for numbers, none for categories and indicators.
fn monotone(spec: &ModelSpec, inputs: &[Input]) -> Vec<i8> {
    if spec.monotone.is_empty() {
        return Vec::new();
    }
    let sign = |input: &Input| match (&input.encode, spec.monotone.get(&input.field)) {
        (Encode::Number | Encode::Standard { .. }, Some(Direction::Rising)) => 1,
        (Encode::Number | Encode::Standard { .. }, Some(Direction::Falling)) => -1,
        _ => 0,
    };
    inputs.iter().map(sign).collect()
}
