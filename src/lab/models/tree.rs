//! Decision trees and random forests: [`super::forest`] grows both, for propensities and amounts.

use super::forest::Growth;
use super::learner::{Examples, Fitted, Learner, Watch};
use crate::error::Result;
use crate::features::Style;

/// One tree of all rows and inputs (CART: Breiman, Friedman, Olshen & Stone, 1984).
pub struct Tree {
    /// Splits on the longest path.
    pub depth: u32,
    /// Fewest rows in a leaf.
    pub min_rows: u32,
}

/// Many trees, each of some rows and inputs.
pub struct Forest {
    /// Number of trees.
    pub trees: u32,
    /// Splits on the longest path.
    pub depth: u32,
    /// Fewest rows in a leaf.
    pub min_rows: u32,
    /// Share of inputs tried at each split.
    pub column_sample: f64,
    /// Seed of the samples.
    pub seed: u64,
}

impl Learner for Tree {
    fn style(&self) -> Style {
        Style::Raw
    }

    fn fit(&self, examples: &Examples<'_>, watch: &Watch<'_>) -> Result<Box<dyn Fitted>> {
        let &Tree { depth, min_rows } = self;
        let growth = Growth { trees: 1, depth, min_rows: f64::from(min_rows), column_sample: 1.0, seed: 0 };
        Ok(Box::new(growth.fit(examples, watch)?))
    }
}

impl Learner for Forest {
    fn style(&self) -> Style {
        Style::Raw
    }

    fn fit(&self, examples: &Examples<'_>, watch: &Watch<'_>) -> Result<Box<dyn Fitted>> {
        let &Forest { trees, depth, min_rows, column_sample, seed } = self;
        let growth = Growth { trees, depth, min_rows: f64::from(min_rows), column_sample, seed };
        Ok(Box::new(growth.fit(examples, watch)?))
    }
}
