//! Alternating least squares for implicit feedback: Hu, Koren & Volinsky, "Collaborative Filtering for Implicit Feedback
//! Datasets", ICDM 2008. Preference p is 1 for an interaction, confidence c = 1 + alpha · weight.
//!
//! Each vector is the exact minimum given the others: (YᵀY + Yᵀ(C − I)Y + λI) x = Yᵀ C p, by Cholesky. The objective
//! Σ c (p − x·y)² + λ (Σ x² + Σ y²) never rises.

use super::cholesky;
use super::interactions::Baskets;
use crate::error::{Error, Result};
use crate::random::Random;
use crate::task::Task;
use rayon::prelude::*;

/// Settings of a fit.
#[derive(Clone, Copy, Debug)]
pub struct Als {
    /// Length of the vectors.
    pub factors: usize,
    /// λ.
    pub l2: f64,
    /// Confidence per unit of weight.
    pub alpha: f64,
    /// Rounds.
    pub iterations: usize,
}

/// Vectors, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Vectors {
    /// Of subjects.
    pub subjects: Vec<f64>,
    /// Of items.
    pub items: Vec<f64>,
}

impl Als {
    /// First vectors of the items: normal, standard deviation 0.1/√factors; each item has a stream of its own.
    pub fn begin(&self, items: usize, seed: u64) -> Vec<f64> {
        let scale = 0.1 / (self.factors as f64).sqrt();
        let vector = |item: usize| {
            let mut random = Random::stream(seed, item as u64);
            (0..self.factors).map(move |_| scale * random.normal())
        };
        (0..items).flat_map(vector).collect()
    }

    /// Fits from first vectors of the items.
    ///
    /// # Errors
    /// When a system has no solution, or the task was cancelled.
    pub fn fit(&self, baskets: &Baskets, items: Vec<f64>, task: &Task) -> Result<Vectors> {
        task.stage("Alternating between subjects and items")?;
        let by_item = baskets.transposed();
        let mut vectors = Vectors { subjects: vec![0.0; baskets.subjects() * self.factors], items };
        for round in 0..self.iterations {
            let at = |half: usize| (2 * round + half) as f32 / (2 * self.iterations) as f32;
            task.tick(at(0))?;
            self.solve(baskets, &vectors.items, &mut vectors.subjects, task)?;
            task.tick(at(1))?;
            self.solve(&by_item, &vectors.subjects, &mut vectors.items, task)?;
        }
        Ok(vectors)
    }

    /// The best vector of every row, given those of the columns.
    fn solve(&self, rows: &Baskets, columns: &[f64], out: &mut [f64], task: &Task) -> Result<()> {
        let f = self.factors;
        let shared = self.gram(columns);
        let solved = out.par_chunks_mut(f).enumerate().map_init(
            || vec![0.0; f * f],
            |system, (row, x)| {
                if row % 64 == 0 && task.is_cancelled() {
                    return Err(Error::Cancelled);
                }
                x.fill(0.0);
                if rows.row(row).is_empty() {
                    return Ok(());
                }
                system.copy_from_slice(&shared);
                for (column, weight) in rows.row(row) {
                    let y = &columns[*column as usize * f..][..f];
                    let extra = self.alpha * weight;
                    for (i, own) in y.iter().enumerate() {
                        x[i] += (1.0 + extra) * own;
                        let scaled = extra * own;
                        for (cell, other) in system[i * f..=i * f + i].iter_mut().zip(y) {
                            *cell += scaled * other;
                        }
                    }
                }
                if !cholesky::factor(system, f) {
                    return Err(Error::new("the factors grow without bound").hint("a larger l2 or a smaller alpha"));
                }
                cholesky::solve(system, f, x);
                Ok(())
            },
        );
        solved.collect::<Result<Vec<()>>>().map(drop)
    }

    /// `YᵀY + λI`, lower triangle; blocks of rows are added in order.
    fn gram(&self, columns: &[f64]) -> Vec<f64> {
        let f = self.factors;
        let parts: Vec<Vec<f64>> = columns
            .par_chunks(f * 1024)
            .map(|block| {
                let mut sum = vec![0.0; f * f];
                for y in block.chunks_exact(f) {
                    for (i, own) in y.iter().enumerate() {
                        for (cell, other) in sum[i * f..=i * f + i].iter_mut().zip(y) {
                            *cell += own * other;
                        }
                    }
                }
                sum
            })
            .collect();
        let mut sum = vec![0.0; f * f];
        for part in parts {
            sum.iter_mut().zip(part).for_each(|(sum, x)| *sum += x);
        }
        (0..f).for_each(|i| sum[i * f + i] += self.l2);
        sum
    }
}
