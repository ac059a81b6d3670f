//! Paired bootstrap of every estimator at once: each resample draws whole subjects, or rounds, with replacement, and all estimators see
//! the same draws.
//!
//! A resample is the vector of how often each unit was drawn, an exact multinomial. It is drawn block by block: how many draws fall
//! into a block of 256 units is binomial given those before, which unit within it is a byte of the generator. Every estimator is
//! then a sum of counts times terms, or a ratio of two such sums, so that a block's terms stay in cache for many resamples.

use super::Logged;
use super::estimator::Estimator;
use crate::error::{Error, Result};
use crate::random::Random;
use crate::task::Task;
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Units of a block: one byte names one.
const BLOCK: usize = 256;
/// Resamples that go through the terms together.
const TOGETHER: usize = 16;
/// Terms that are summed in registers.
const LANES: usize = 8;

/// The values of each estimator in `replicates` resamples: one row per estimator, NaN where a resample gives none; empty for an
/// estimator that needs a model when there is none. Resample b depends on `seed` and b alone.
///
/// # Errors
/// [`crate::Error::Cancelled`] when the task was told to stop.
pub fn bootstrap(
    estimators: &[Estimator],
    logged: &Logged<'_>,
    replicates: usize,
    seed: u64,
    task: &Task,
) -> Result<Vec<Vec<f64>>> {
    let asked: Vec<(Estimator, Logged<'_>)> = estimators.iter().map(|estimator| (*estimator, *logged)).collect();
    bootstrap_of(&asked, replicates, seed, task)
}

/// The same for estimators that have rounds of their own (other weights, another model) of the same rows and subjects.
///
/// # Errors
/// [`crate::Error::Cancelled`] when the task was told to stop.
pub(crate) fn bootstrap_of(
    asked: &[(Estimator, Logged<'_>)],
    replicates: usize,
    seed: u64,
    task: &Task,
) -> Result<Vec<Vec<f64>>> {
    Terms::new(asked).values(replicates, seed, task)
}

/// The mean of each column in `replicates` resamples of rounds, or of whole subjects; the draws are those of [`bootstrap`].
///
/// # Errors
/// [`crate::Error::Cancelled`] when the task was told to stop.
pub fn means(
    columns: Vec<Vec<f64>>,
    clusters: Option<&[u32]>,
    replicates: usize,
    seed: u64,
    task: &Task,
) -> Result<Vec<Vec<f64>>> {
    let shapes = (1..=columns.len()).map(|column| Some(Shape::Mean(column))).collect();
    let rounds = columns.first().map_or(0, Vec::len);
    let columns = std::iter::once(vec![1.0; rounds]).chain(columns).collect();
    Terms::of(columns, shapes, clusters).values(replicates, seed, task)
}

/// How an estimator reads the sums. Column 0 is the number of rounds.
enum Shape {
    /// Σ column / Σ rounds.
    Mean(usize),
    /// Σ fixed / Σ rounds + Σ weighted / Σ weight.
    Ratio { fixed: usize, weighted: usize, weight: usize },
}

impl Shape {
    fn value(&self, sums: &[f64]) -> f64 {
        match *self {
            Shape::Mean(column) => sums[column] / sums[0],
            Shape::Ratio { fixed, weighted, weight } => sums[fixed] / sums[0] + sums[weighted] / sums[weight],
        }
    }
}

/// What is summed: units by columns, row by row, the width a multiple of the lanes.
struct Terms {
    units: usize,
    width: usize,
    values: Vec<f64>,
    shapes: Vec<Option<Shape>>,
}

impl Terms {
    fn new(asked: &[(Estimator, Logged<'_>)]) -> Terms {
        let (n, clusters) = asked.first().map_or((0, None), |(_, logged)| (logged.rounds(), logged.clusters));
        let mut columns: Vec<Vec<f64>> = vec![vec![1.0; n]];
        // Estimators share what they sum: the weights, q^π, terms that λ leaves as they are.
        let mut add = |column: Vec<f64>| {
            columns.iter().position(|own| *own == column).unwrap_or_else(|| {
                columns.push(column);
                columns.len() - 1
            })
        };
        let shapes = asked
            .iter()
            .map(|(estimator, logged)| {
                if !estimator.self_normalised() {
                    return Some(Shape::Mean(add(estimator.terms(logged)?)));
                }
                let (fixed, weighted) = estimator.parts(logged)?;
                let weight = add(logged.weights.to_vec());
                Some(Shape::Ratio { fixed: add(fixed), weighted: add(weighted), weight })
            })
            .collect();
        Terms::of(columns, shapes, clusters)
    }

    /// Adds columns of rounds up by unit.
    fn of(columns: Vec<Vec<f64>>, shapes: Vec<Option<Shape>>, clusters: Option<&[u32]>) -> Terms {
        let n = columns.first().map_or(0, Vec::len);
        let numbers = clusters.map(renumbered);
        let unit = |row: usize| numbers.as_ref().map_or(row, |(numbers, _)| numbers[row] as usize);
        let units = numbers.as_ref().map_or(n, |(_, units)| *units);
        let width = columns.len().div_ceil(LANES) * LANES;
        let mut values = vec![0.0; units * width];
        for (at, column) in columns.iter().enumerate() {
            for (row, x) in column.iter().enumerate() {
                values[unit(row) * width + at] += x;
            }
        }
        Terms { units, width, values, shapes }
    }

    /// The values of each shape in so many resamples.
    fn values(&self, replicates: usize, seed: u64, task: &Task) -> Result<Vec<Vec<f64>>> {
        let chunks = replicates.div_ceil(TOGETHER);
        let done = AtomicUsize::new(0);
        let sums: Vec<Vec<f64>> = (0..chunks)
            .into_par_iter()
            .map(|chunk| {
                if task.is_cancelled() {
                    return Err(Error::Cancelled);
                }
                let from = chunk * TOGETHER;
                let sums = self.resample(from as u64..replicates.min(from + TOGETHER) as u64, seed);
                task.tick((done.fetch_add(1, Ordering::Relaxed) + 1) as f32 / chunks as f32)?;
                Ok(sums)
            })
            .collect::<Result<_>>()?;
        let sums: Vec<&[f64]> = sums.iter().flat_map(|chunk| chunk.chunks_exact(self.width)).collect();
        let value = |shape: &Shape| sums.iter().map(|own| shape.value(own)).collect();
        Ok(self.shapes.iter().map(|shape| shape.as_ref().map_or_else(Vec::new, value)).collect())
    }

    /// Sums of the columns in resamples `which`, one after the other.
    fn resample(&self, which: std::ops::Range<u64>, seed: u64) -> Vec<f64> {
        let mut draws: Vec<Draws> = which.map(|b| Draws::new(Random::stream(seed, b), self.units)).collect();
        let mut sums = vec![0.0; draws.len() * self.width];
        let mut counts = [0.0; BLOCK];
        for block in self.values.chunks(BLOCK * self.width) {
            let units = block.len() / self.width;
            for (draws, sums) in draws.iter_mut().zip(sums.chunks_exact_mut(self.width)) {
                draws.block(&mut counts[..units]);
                for (lane, sums) in sums.chunks_exact_mut(LANES).enumerate() {
                    add_block(sums, &block[lane * LANES..], self.width, &counts[..units]);
                }
            }
        }
        sums
    }
}

/// Subjects numbered in order of first appearance, and how many there are: draws depend on the rows alone, not on how a log numbers
/// its subjects, and one that has no round is not drawn.
fn renumbered(clusters: &[u32]) -> (Vec<u32>, usize) {
    let mut number = vec![u32::MAX; clusters.iter().max().map_or(0, |most| *most as usize + 1)];
    let mut units = 0;
    let of = |own: &u32| {
        let number = &mut number[*own as usize];
        if *number == u32::MAX {
            *number = units;
            units += 1;
        }
        *number
    };
    (clusters.iter().map(of).collect(), units as usize)
}

/// Adds Σ count · values of one group of lanes over a block's units.
fn add_block(sums: &mut [f64], values: &[f64], width: usize, counts: &[f64]) {
    let mut own = [0.0; LANES];
    for (count, row) in counts.iter().zip(values.chunks(width)) {
        if let Some(row) = row.first_chunk::<LANES>() {
            for (sum, x) in own.iter_mut().zip(row) {
                *sum += count * x;
            }
        }
    }
    sums.iter_mut().zip(own).for_each(|(sum, x)| *sum += x);
}

/// A multinomial draw of as many units as there are, block by block.
struct Draws {
    random: Random,
    /// Draws not yet placed.
    left: u64,
    /// Units not yet passed.
    units: u64,
}

impl Draws {
    fn new(random: Random, units: usize) -> Draws {
        Draws { random, left: units as u64, units: units as u64 }
    }

    /// How often each unit of the next block is drawn.
    fn block(&mut self, counts: &mut [f64]) {
        counts.fill(0.0);
        let own = counts.len() as u64;
        let here =
            if own >= self.units { self.left } else { self.random.binomial(self.left, own as f64 / self.units as f64) };
        self.left -= here;
        self.units -= own.min(self.units);
        if counts.len() < BLOCK {
            for _ in 0..here {
                let at = self.random.below(counts.len());
                counts[at] += 1.0;
            }
            return;
        }
        let mut drawn = 0;
        while drawn < here {
            for byte in self.random.bits().to_le_bytes().iter().take((here - drawn).min(8) as usize) {
                counts[usize::from(*byte)] += 1.0;
            }
            drawn += 8;
        }
    }
}
