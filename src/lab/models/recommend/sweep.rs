//! The inverse of a large symmetric positive definite matrix, in place: blocked sweeps, the pivot blocks by Cholesky.
//!
//! Memory is the lower triangle (8·n·(n + 1)/2 bytes) and two panels; every element is written by one thread in a fixed order,
//! so the result does not depend on their number.

use super::cholesky;
use crate::error::{Error, Result};
use crate::task::Task;
use rayon::prelude::*;

/// Most items a dense inverse is made for: 1.15 GB of triangle.
pub const MOST_ITEMS: usize = 17_000;

/// Rows of a pivot block.
const BLOCK: usize = 64;
/// Columns updated together: a tile of the pivot rows stays in the cache.
const TILE: usize = 512;
/// Rows that one thread updates before the next ask for work.
const ROWS: usize = 32;

/// The lower triangle of a symmetric matrix, row by row: row i has i + 1 elements.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Triangle {
    n: usize,
    cells: Vec<f64>,
}

impl Triangle {
    /// Zeros.
    pub fn new(n: usize) -> Triangle {
        Triangle { n, cells: vec![0.0; n * (n + 1) / 2] }
    }

    /// Element (i, j) in either order.
    pub fn get(&self, i: usize, j: usize) -> f64 {
        self.cells[place(i.max(j), i.min(j))]
    }

    /// Element (i, j) in either order.
    pub fn get_mut(&mut self, i: usize, j: usize) -> &mut f64 {
        &mut self.cells[place(i.max(j), i.min(j))]
    }

    /// Rows as separate slices.
    fn rows_mut(&mut self) -> Vec<&mut [f64]> {
        let mut rest = &mut self.cells[..];
        let mut rows = Vec::with_capacity(self.n);
        for i in 0..self.n {
            let (row, more) = rest.split_at_mut(i + 1);
            rows.push(row);
            rest = more;
        }
        rows
    }
}

fn place(i: usize, j: usize) -> usize {
    i * (i + 1) / 2 + j
}

/// Replaces a positive definite matrix by **minus** its inverse.
///
/// # Errors
/// When it is not positive definite, or the task was cancelled.
pub fn negative_inverse(a: &mut Triangle, task: &Task) -> Result<()> {
    let n = a.n;
    // Pivot columns of all rows, before (row by row and column by column) and after multiplication with the pivot's inverse.
    let mut panel = vec![0.0; n * BLOCK];
    let mut across = vec![0.0; n * BLOCK];
    let mut swept = vec![0.0; n * BLOCK];
    for from in (0..n).step_by(BLOCK) {
        task.tick(from as f32 / n as f32)?;
        let to = n.min(from + BLOCK);
        let m = to - from;
        for i in 0..n {
            for (at, k) in (from..to).enumerate() {
                panel[i * BLOCK + at] = a.get(i, k);
                across[at * n + i] = a.get(i, k);
            }
        }
        let pivot = pivot_inverse(&panel[from * BLOCK..], m).ok_or_else(|| {
            Error::new("the items cannot be told apart: their matrix is singular").hint("a larger l2")
        })?;
        swept.par_chunks_mut(BLOCK).zip(panel.par_chunks(BLOCK)).for_each(|(out, own)| {
            for (out, column) in out[..m].iter_mut().zip(pivot.chunks_exact(m)) {
                *out = cholesky::dot(&own[..m], column);
            }
        });
        a.rows_mut().par_chunks_mut(ROWS).enumerate().for_each(|(chunk, rows)| {
            let last = chunk * ROWS + rows.len();
            for tile in (0..last).step_by(TILE) {
                for (row, i) in rows.iter_mut().zip(chunk * ROWS..) {
                    let end = (tile + TILE).min(row.len());
                    if tile < end && !(from..to).contains(&i) {
                        subtract(&mut row[tile..end], &swept[i * BLOCK..][..m], &across, n, tile);
                    }
                }
            }
            for (row, i) in rows.iter_mut().zip(chunk * ROWS..) {
                if (from..to).contains(&i) {
                    let width = i + 1 - from;
                    for (k, cell) in row[..from].iter_mut().enumerate() {
                        *cell = swept[k * BLOCK + i - from];
                    }
                    for (cell, x) in row[from..].iter_mut().zip(&pivot[(i - from) * m..][..width]) {
                        *cell = -x;
                    }
                } else if i >= to {
                    row[from..to].copy_from_slice(&swept[i * BLOCK..][..m]);
                }
            }
        });
    }
    Ok(())
}

/// `row −= Σ_k weights_k · across_k` over the columns from `tile`.
fn subtract(row: &mut [f64], weights: &[f64], across: &[f64], n: usize, tile: usize) {
    let width = row.len();
    let line = |k: usize| &across[k * n + tile..][..width];
    let fours = weights.len() / 4 * 4;
    for k in (0..fours).step_by(4) {
        let [a, b, c, d] = [weights[k], weights[k + 1], weights[k + 2], weights[k + 3]];
        let (p, q, r, s) = (line(k), line(k + 1), line(k + 2), line(k + 3));
        for j in 0..width {
            row[j] -= (a * p[j] + b * q[j]) + (c * r[j] + d * s[j]);
        }
    }
    for (k, weight) in weights.iter().enumerate().skip(fours) {
        for (cell, x) in row.iter_mut().zip(line(k)) {
            *cell -= weight * x;
        }
    }
}

/// The inverse of the pivot block whose `m` rows lie [`BLOCK`] apart, row by row; `None` when it is not positive definite.
fn pivot_inverse(rows: &[f64], m: usize) -> Option<Vec<f64>> {
    let mut l: Vec<f64> = (0..m).flat_map(|i| rows[i * BLOCK..i * BLOCK + m].iter().copied()).collect();
    if !cholesky::factor(&mut l, m) {
        return None;
    }
    let mut inverse = vec![0.0; m * m];
    for (i, column) in inverse.chunks_exact_mut(m).enumerate() {
        column[i] = 1.0;
        cholesky::solve(&l, m, column);
    }
    for i in 0..m {
        for j in 0..i {
            let mean = (inverse[i * m + j] + inverse[j * m + i]) / 2.0;
            inverse[i * m + j] = mean;
            inverse[j * m + i] = mean;
        }
    }
    Some(inverse)
}
