//! Cross-fitting: the rows of a log in parts by subject, and models of two parts that predict the third. What an estimator reads
//! of a row then comes from models that never saw the row, nor its subject.
//!
//! Which columns become inputs is learned from all rows, what the models expect is not. It knows neither rewards nor propensities.

use crate::data::{Dataset, Role, Roles};
use crate::error::Result;
use crate::features::{self, Style};
use crate::models::learner::{Examples, Fitted, Watch};
use crate::models::{Family, Goal, base};
use attune_policy::fingerprint::bucket;
use attune_policy::model::Input;
use rayon::prelude::*;

/// Most rows that inputs are chosen from.
const MOST_FOR_INPUTS: usize = 200_000;
/// Most rows that one model learns from.
const MOST_ROWS: usize = 100_000;
/// Rows times squared inputs of one pass of a fit: wide tables are learned from fewer rows.
const MOST_WORK: usize = 300_000_000;
/// Rows encoded at a time.
const CHUNK: usize = 8_192;

/// The rows of a log as inputs of one style, in parts by subject.
pub(super) struct Design<'a> {
    dataset: &'a Dataset,
    rows: &'a [u32],
    /// Part of each row.
    pub part: Vec<u32>,
    /// Number of parts.
    pub parts: u32,
    inputs: Vec<Input>,
}

/// What several models say of a chunk of rows: positions, and one list per model.
pub(super) type Said = (Vec<u32>, Vec<Vec<f64>>);

/// What stands for an arm: a model, or where there is too little to learn from, a number.
pub(super) enum Expectation {
    Model(Box<dyn Fitted>),
    Constant(f64),
}

impl<'a> Design<'a> {
    /// Divides `rows` into `parts` by a hash of the subject; the inputs are all features and facts of the moment that serve.
    ///
    /// # Errors
    /// When the roles name a subject column that is not there.
    pub fn new(
        dataset: &'a Dataset,
        roles: &Roles,
        rows: &'a [u32],
        style: Style,
        parts: u32,
        seed: u64,
    ) -> Result<Design<'a>> {
        let subjects = roles.subjects(dataset)?;
        let salt = format!("attune-crossfit-{seed}");
        let of = |row: &u32| ((bucket(&salt, subjects.key(*row as usize)) * f64::from(parts)) as u32).min(parts - 1);
        let open = |name: &str| matches!(roles.role(name), Role::Feature | Role::Context);
        let fields: Vec<&str> = dataset.columns().iter().map(|c| c.name.as_str()).filter(|name| open(name)).collect();
        let inputs = features::fit(dataset, &evenly(rows, MOST_FOR_INPUTS), &fields, style)?.inputs;
        Ok(Design { dataset, rows, part: rows.iter().map(of).collect(), parts, inputs })
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs.len()
    }

    /// Learns `y` of the rows at `at` (positions among the rows), or of as many of them, evenly spread, as a fit takes.
    pub fn fit(
        &self,
        family: &Family,
        goal: Goal,
        at: &[u32],
        y: &[f64],
        weights: Option<&[f64]>,
        seed: u64,
        watch: &Watch<'_>,
    ) -> Result<Box<dyn Fitted>> {
        let wide = self.inputs.len().max(1);
        let most = (MOST_WORK / (wide * wide)).clamp(2_000, MOST_ROWS);
        let chosen: Vec<u32> = evenly(&(0..at.len() as u32).collect::<Vec<_>>(), most);
        let rows: Vec<u32> = chosen.iter().map(|i| self.rows[at[*i as usize] as usize]).collect();
        let pick = |values: &[f64]| -> Vec<f64> { chosen.iter().map(|i| values[*i as usize]).collect() };
        let x = features::matrix(self.dataset, &rows, &self.inputs)?;
        let categories = base::categories(&self.inputs);
        let (y, weights) = (pick(y), weights.map(pick));
        let examples = Examples { weights: weights.as_deref(), categories: &categories, ..Examples::new(&x, &y, goal) };
        base::fit(family, &examples, seed, watch)
    }

    /// What the models say of the rows of one part, before the link or after it.
    pub fn predict(&self, part: u32, models: &[&Expectation], margins: bool) -> Result<Vec<Said>> {
        let own: Vec<u32> = (0..self.rows.len() as u32).filter(|at| self.part[*at as usize] == part).collect();
        own.par_chunks(CHUNK)
            .map(|at| {
                let rows: Vec<u32> = at.iter().map(|at| self.rows[*at as usize]).collect();
                let x = features::matrix(self.dataset, &rows, &self.inputs)?;
                let said = models.iter().map(|model| match model {
                    Expectation::Constant(value) => Ok(vec![*value; at.len()]),
                    Expectation::Model(model) if margins => model.margins(&x),
                    Expectation::Model(model) => model.predict(&x),
                });
                Ok((at.to_vec(), said.collect::<Result<_>>()?))
            })
            .collect()
    }
}

/// At most `most` of the items, evenly spread.
fn evenly(items: &[u32], most: usize) -> Vec<u32> {
    if items.len() <= most {
        return items.to_vec();
    }
    (0..most).map(|i| items[i * items.len() / most]).collect()
}
