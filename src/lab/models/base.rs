//! Base learners: any family, fitted on numbers. The one place that makes a learner from a [`Family`].
//!
//! ```
//! use attune_lab::features::Matrix;
//! use attune_lab::models::base;
//! use attune_lab::models::learner::{Examples, Fits};
//! use attune_lab::models::{Family, Goal};
//! use attune_lab::task::Task;
//!
//! let x = Matrix::new(4, 1, vec![0.0, 1.0, 2.0, 3.0]).unwrap();
//! let task = Task::default();
//! let fits = Fits::new(&task, 1);
//! let line = Family::Linear { l2: 0.0 };
//! let examples = Examples::new(&x, &[1.0, 3.0, 5.0, 7.0], Goal::Amount);
//! let fitted = base::fit(&line, &examples, 42, &fits.watch(0)).unwrap();
//! assert!((fitted.predict(&x).unwrap()[3] - 7.0).abs() < 1e-9);
//! ```
//!
//! Inputs must be encoded in the family's [`style`]: `features::fit(dataset, rows, fields, base::style(&family))` and
//! `features::matrix` do that, with [`categories`] of the inputs among the examples; `fitted.lower()` is the function of a
//! policy model with those inputs.

use super::bayes::Bayes;
use super::boosted::Boosted;
use super::ebm::Ebm;
use super::elastic_net::ElasticNet;
use super::learner::{Examples, Fitted, Learner, Watch};
use super::linear::Linear;
use super::logistic::Logistic;
use super::neighbours::Neighbours;
use super::scorecard::Scorecard;
use super::settings;
use super::spec::{Family, Goal};
use super::tree::{Forest, Tree};
use crate::error::{Error, Result};
use crate::features::Style;
use attune_policy::model::{Encode, Input};

/// Fits a family on rows of numbers.
///
/// The same arguments give the same model on any number of threads. A fit reports to `watch` and stops within two seconds
/// when its task is cancelled.
///
/// # Errors
/// When the family cannot estimate the goal, a setting is out of range, lengths disagree, a target or weight is no number
/// or, for a propensity, a class is absent; or when cancelled.
pub fn fit(family: &Family, examples: &Examples<'_>, seed: u64, watch: &Watch<'_>) -> Result<Box<dyn Fitted>> {
    settings::check(family, examples.goal).map_err(Error::new)?;
    check(examples)?;
    learner(family, seed).fit(examples, watch)
}

/// How inputs of a family must be encoded.
pub fn style(family: &Family) -> Style {
    learner(family, 0).style()
}

/// The learner that a family names; `seed` is that of everything random in it.
pub fn learner(family: &Family, seed: u64) -> Box<dyn Learner> {
    match *family {
        Family::Logistic { l2 } => Box::new(Logistic { l2 }),
        Family::Linear { l2 } => Box::new(Linear { l2 }),
        Family::ElasticNet { penalty, l1_share } => Box::new(ElasticNet { penalty, l1_share }),
        Family::Boosted { trees, depth, learning_rate, min_child_weight, subsample, column_sample, l2 } => {
            Box::new(Boosted { trees, depth, learning_rate, min_child_weight, subsample, column_sample, l2, seed })
        }
        Family::Tree { depth, min_rows } => Box::new(Tree { depth, min_rows }),
        Family::Forest { trees, depth, min_rows, column_sample } => {
            Box::new(Forest { trees, depth, min_rows, column_sample, seed })
        }
        Family::Ebm { rounds, learning_rate, bags, interactions } => {
            Box::new(Ebm { rounds, learning_rate, bags, interactions, seed })
        }
        Family::Bayes { prior } => Box::new(Bayes { prior }),
        Family::Scorecard { bins, l2 } => Box::new(Scorecard { bins, l2 }),
        Family::Neighbours { neighbours, by_distance } => Box::new(Neighbours { neighbours, by_distance, seed }),
    }
}

/// The number of categories of each input, as [`Examples::categories`] wants it.
pub fn categories(inputs: &[Input]) -> Vec<u32> {
    let count = |input: &Input| match &input.encode {
        Encode::Category { categories } => categories.len() as u32,
        _ => 0,
    };
    inputs.iter().map(count).collect()
}

/// Whether rows can be learned from.
///
/// # Errors
/// When lengths disagree, a target or weight is no number or, for a propensity, a class is absent.
pub fn check(examples: &Examples<'_>) -> Result<()> {
    let Examples { x, y, weights, goal, monotone, categories } = *examples;
    let rows = x.rows();
    if y.len() != rows || weights.is_some_and(|weights| weights.len() != rows) {
        return Err(Error::new(format!("{rows} rows need as many targets and weights")));
    }
    if !monotone.is_empty() && monotone.len() != x.inputs() {
        let (have, want) = (monotone.len(), x.inputs());
        return Err(Error::new(format!("{want} inputs need as many directions; there are {have}")));
    }
    if !categories.is_empty() && categories.len() != x.inputs() {
        let (have, want) = (categories.len(), x.inputs());
        return Err(Error::new(format!("{want} inputs need as many numbers of categories; there are {have}")));
    }
    let weighs = |row: usize| examples.weight(row) > 0.0;
    if let Some(row) = (0..rows).find(|&row| !(examples.weight(row).is_finite() && examples.weight(row) >= 0.0)) {
        return Err(Error::new("its weight is not a finite number, 0 or more").at_row(row as u64 + 1));
    }
    let fits = |y: f64| match goal {
        Goal::Propensity => y == 0.0 || y == 1.0,
        Goal::Amount => y.is_finite(),
    };
    if let Some(row) = (0..rows).find(|&row| !fits(y[row])) {
        let wanted = if goal == Goal::Amount { "a finite number" } else { "0 or 1" };
        return Err(Error::new(format!("its target is {}, not {wanted}", y[row])).at_row(row as u64 + 1));
    }
    if !(0..rows).any(weighs) {
        return Err(Error::new("there is no row to learn from"));
    }
    let both = |class: f64| (0..rows).any(|row| weighs(row) && y[row] == class);
    if goal == Goal::Propensity && !(both(0.0) && both(1.0)) {
        return Err(Error::new("all rows have the same outcome: there is nothing to tell apart"));
    }
    Ok(())
}

#[cfg(test)]
#[path = "base_tests.rs"]
mod tests;
