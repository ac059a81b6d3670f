//! Many rows at once: inputs are read column by column into blocks, and functions run over a block. Every score is bit for
//! bit the one that the row alone would get: sums run in the same order for each row.

mod bind;
mod bitvectors;
mod block;
mod lanes;
#[cfg(test)]
mod tests;
mod walk;

pub(super) use bitvectors::Ensemble;
pub use block::Rows;

use super::factors::Sum;
use super::scorer::{Kernel, Scorer, Scratch};
use super::{Facts, NoFacts, Scored};
use crate::columns::Table;
use bind::Bound;
use block::{Block, ROWS};

/// A model on the columns of a batch. Made once per batch: every text of a dictionary is looked up here, not per row.
#[derive(Debug)]
pub struct Batch<'a> {
    scorer: &'a Scorer,
    inputs: Bound<'a>,
    rows: usize,
}

/// Scores of many rows, in the order in which they were asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores {
    /// Before calibration; NaN where the function could not be evaluated as a whole.
    pub raw: Vec<f64>,
    /// Calibrated outputs, or what stands in for them.
    pub values: Vec<f64>,
}

/// Space for scoring batches, kept by the caller so that it does not allocate.
#[derive(Clone, Debug, Default)]
pub struct BatchScratch {
    /// Numbers per input, rows of a block side by side.
    columns: Vec<[f64; ROWS]>,
    rounded: Vec<[f32; ROWS]>,
    lanes: Vec<[i8; ROWS]>,
    row: Scratch,
}

impl Scores {
    /// Number of scores.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether something stands in for the function at place `i`.
    pub fn degraded(&self, i: usize) -> bool {
        self.raw.get(i).is_none_or(|raw| raw.is_nan())
    }
}

impl Scorer {
    /// This model on the columns of a batch, which must be those it was compiled for.
    pub fn batch<'a>(&'a self, table: &'a Table<'_>) -> Batch<'a> {
        Batch { scorer: self, inputs: Bound::new(&self.inputs, table), rows: table.len() }
    }

    /// Place `i` of scores that this model gave, with evidence and spread.
    pub fn scored(&self, scores: &Scores, i: usize) -> Option<Scored> {
        let (raw, value) = (*scores.raw.get(i)?, *scores.values.get(i)?);
        Some(self.told(raw, value))
    }

    /// Scores all rows of a batch, whatever the candidate, in place of what `scores` holds.
    pub fn score_batch(&self, table: &Table<'_>, scores: &mut Scores, scratch: &mut BatchScratch) {
        let batch = self.batch(table);
        batch.score(Rows::Run(0..batch.len()), &NoFacts, scores, scratch);
    }
}

impl Batch<'_> {
    /// Number of rows of the batch.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Scores some rows for one candidate, in place of what `scores` holds. Past the last row every value is unknown.
    pub fn score(
        &self,
        rows: Rows<'_>,
        facts: &(impl Facts + ?Sized),
        scores: &mut Scores,
        scratch: &mut BatchScratch,
    ) {
        scores.raw.clear();
        scores.values.clear();
        scores.raw.reserve(rows.len());
        scores.values.reserve(rows.len());
        for block in rows.blocks() {
            self.block(&self.scorer.kernel, &block, facts, scratch, &mut |sum| {
                let scored = self.scorer.finish(sum);
                scores.raw.push(scored.raw.unwrap_or(f64::NAN));
                scores.values.push(scored.value);
            });
        }
    }

    /// Place `i` of scores that this model gave, with evidence and spread.
    pub fn scored(&self, scores: &Scores, i: usize) -> Option<Scored> {
        self.scorer.scored(scores, i)
    }

    /// The sums of a block by a kernel of the model, in order.
    fn block(
        &self,
        kernel: &Kernel,
        block: &Block<'_>,
        facts: &(impl Facts + ?Sized),
        scratch: &mut BatchScratch,
        with: &mut dyn FnMut(Sum),
    ) {
        let whole = |value| Sum { value, whole: true };
        if let Kernel::Difference(sides) = kernel {
            let mut outputs = [[f64::NAN; ROWS]; 2];
            for (side, outputs) in sides.iter().zip(&mut outputs) {
                let mut slots = outputs.iter_mut();
                self.block(side, block, facts, scratch, &mut |sum| {
                    if let Some(slot) = slots.next() {
                        *slot = side.linked(sum);
                    }
                });
            }
            let [of, less] = &outputs;
            of.iter().zip(less).take(block.len()).for_each(|(of, less)| with(whole(of - less)));
            return;
        }
        let BatchScratch { columns, rounded, lanes, row } = scratch;
        match kernel {
            Kernel::Difference(_) => {}
            Kernel::Constant(c) => (0..block.len()).for_each(|_| with(whole(*c))),
            Kernel::Linear { intercept, coefficients, .. } => {
                let mut sums = [*intercept; ROWS];
                let mut x = [f64::NAN; ROWS];
                for (at, coefficient) in coefficients.iter().enumerate() {
                    self.inputs.read(at, block, facts, &mut x);
                    sums.iter_mut().zip(&x).for_each(|(sum, x)| *sum += coefficient * x);
                }
                sums.iter().take(block.len()).for_each(|sum| with(whole(*sum)));
            }
            Kernel::Trees { forest, .. } => {
                let ensemble = forest.ensemble();
                rounded.resize(ensemble.kept(), [f32::NAN; ROWS]);
                lanes.resize(ensemble.lanes(), [0; ROWS]);
                ensemble.encode(|at, x| self.inputs.read(at, block, facts, x), lanes, rounded);
                let mut sums = [forest.base(); ROWS];
                ensemble.add(lanes, rounded, &mut sums);
                sums.iter().take(block.len()).for_each(|sum| with(whole(f64::from(*sum))));
            }
            Kernel::Additive { additive, .. } => {
                columns.resize(self.inputs.len(), [f64::NAN; ROWS]);
                for (at, column) in columns.iter_mut().enumerate() {
                    self.inputs.read(at, block, facts, column);
                }
                let mut sums = [additive.intercept(); ROWS];
                additive.add(columns, &mut sums);
                sums.iter().take(block.len()).for_each(|sum| with(whole(*sum)));
            }
            Kernel::Factors { .. } | Kernel::Neighbours { .. } => {
                columns.resize(self.inputs.len(), [f64::NAN; ROWS]);
                for (at, column) in columns.iter_mut().enumerate() {
                    self.inputs.read(at, block, facts, column);
                }
                for i in 0..block.len() {
                    row.numbers.clear();
                    row.numbers.extend(columns.iter().map(|column| column.get(i).copied().unwrap_or(f64::NAN)));
                    if let Kernel::Neighbours { neighbours, .. } = kernel {
                        self.inputs.items(neighbours.basket(), block.row(i), facts, &mut row.codes);
                    }
                    with(kernel.sum(row));
                }
            }
        }
    }
}
