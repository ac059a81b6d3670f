//! TreeSHAP: exact Shapley values of the inputs of a sum of trees, for many rows at once.
//!
//! Two questions are answered. *Path-dependent*: a split whose input is not known sends its shares of the counted rows both ways.
//! *Interventional*: what is not known is taken from a background row, averaged over all of them. Both cost one pass of all rows
//! through all trees, and per leaf one small table (see [`leaf`]); neither depends on the number of inputs.
//!
//! It explains sums of leaves. Links and calibration come after them and are none of its business.

mod flat;
mod leaf;
mod walk;

use crate::error::Result;
use crate::features::Matrix;
use crate::task::Task;
use attune_policy::model::Tree;
use flat::Flat;
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use walk::{Block, Walk};

/// Most rows of a block; its tables serve that many.
const BLOCK: usize = 2048;

/// Trees between two looks at the task.
const TREES: usize = 16;

/// A sum of trees whose splits know which share of rows goes left.
pub struct TreeShap {
    constant: f64,
    trees: Vec<Flat>,
    inputs: usize,
}

/// Attributions of rows.
pub struct TreeValues {
    /// Mean of the sum: what attributions start from.
    pub base: f64,
    /// Attribution of each column, row by row.
    pub values: Vec<f64>,
    /// The sum of each row, in f64.
    pub margins: Vec<f64>,
}

impl TreeShap {
    /// Prepares trees over `counted.inputs()` inputs. The share of rows that goes each way at a split is counted among the rows
    /// of `counted`: usually those that the model learned from. The trees themselves hold no counts.
    ///
    /// # Errors
    /// When a tree is malformed or too deep to be explained, or the task is cancelled.
    pub fn new(base: f32, trees: &[Tree], counted: &Matrix, task: &Task) -> Result<TreeShap> {
        let inputs = counted.inputs();
        let mut flats = Vec::with_capacity(trees.len());
        for (i, tree) in trees.iter().enumerate() {
            let flat = Flat::new(tree, inputs);
            flats
                .push(flat.map_err(|error| crate::Error::new(format!("tree {} cannot be explained: {error}", i + 1)))?);
        }
        let done = AtomicUsize::new(0);
        let count = flats.len().max(1) as f32;
        flats.par_iter_mut().try_for_each(|flat| {
            flat.count(counted.rows(), |row, input| counted.values()[row * inputs + input] as f32);
            task.tick(done.fetch_add(1, Ordering::Relaxed) as f32 / count)
        })?;
        Ok(TreeShap { constant: f64::from(base), trees: flats, inputs })
    }

    /// Attributions of each row of `x` to columns: `columns[input]` is the column, below `width`, that an input's attribution is
    /// added to. With a background they are interventional, without path-dependent. Both matrices have the inputs of the model.
    ///
    /// The same on any number of threads, and the same for a row whatever rows stand beside it.
    ///
    /// # Errors
    /// When the task is cancelled.
    pub fn explain(
        &self,
        x: &Matrix,
        columns: &[u32],
        width: usize,
        background: Option<&Matrix>,
        task: &Task,
    ) -> Result<TreeValues> {
        let rows = x.rows();
        let base = self.constant
            + match background {
                None => self.trees.iter().map(Flat::expected).sum::<f64>(),
                Some(others) => {
                    (0..others.rows()).map(|row| self.sum(others.row(row))).sum::<f64>() / others.rows().max(1) as f64
                }
            };
        let size = rows.div_ceil(2 * rayon::current_num_threads()).clamp(64, BLOCK);
        let done = AtomicUsize::new(0);
        let steps = (rows.div_ceil(size) * self.trees.len().div_ceil(TREES)).max(1) as f32;
        let parts: Vec<(Vec<f64>, Vec<f64>)> = (0..rows.div_ceil(size))
            .into_par_iter()
            .map(|part| {
                let range = part * size..((part + 1) * size).min(rows);
                let block = self.block(x, range.clone(), background);
                let mut walk = Walk::new(&block, columns, width);
                for trees in self.trees.chunks(TREES) {
                    trees.iter().for_each(|tree| walk.add(tree));
                    task.tick(done.fetch_add(1, Ordering::Relaxed) as f32 / steps)?;
                }
                Ok((walk.out, range.map(|row| self.constant + self.sum(x.row(row))).collect()))
            })
            .collect::<Result<_>>()?;
        let mut out = TreeValues { base, values: Vec::with_capacity(rows * width), margins: Vec::with_capacity(rows) };
        for (values, margins) in parts {
            out.values.extend(values);
            out.margins.extend(margins);
        }
        Ok(out)
    }

    /// Σ of the leaves that a row falls into.
    fn sum(&self, row: &[f64]) -> f64 {
        self.trees.iter().map(|tree| tree.value(|input| row[input] as f32)).sum()
    }

    /// Rows as trees read them, input by input, and the background behind them.
    fn block(&self, x: &Matrix, range: std::ops::Range<usize>, background: Option<&Matrix>) -> Block {
        let explained = range.len();
        let others = background.map_or(0, Matrix::rows);
        let rows = explained + others;
        let mut values = vec![f32::NAN; self.inputs * rows];
        let row = |at: usize| match background {
            Some(background) if at >= explained => background.row(at - explained),
            _ => x.row(range.start + at),
        };
        for at in 0..rows {
            for (input, &x) in row(at).iter().enumerate() {
                values[input * rows + at] = x as f32;
            }
        }
        Block { values, rows, explained }
    }
}

#[cfg(test)]
mod tests;
