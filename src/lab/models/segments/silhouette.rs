//! Silhouette (Rousseeuw 1987): how much nearer a row is to its own group than to the next.

use super::points::squared;
use crate::error::{Error, Result};
use crate::features::Matrix;
use crate::task::Task;
use rayon::prelude::*;

/// Rows it is measured on; of more a sample is taken.
pub const SAMPLE: usize = 2_000;

/// Mean of `(b − a)/max(a, b)` over the rows, with Euclidean distances: a the mean distance to the own group, b that to the nearest other
/// group. A row alone in its group counts 0.
///
/// # Errors
/// When the task was cancelled.
pub fn silhouette(x: &Matrix, of: &[u32], k: usize, task: &Task) -> Result<f64> {
    let n = x.rows();
    let mut counts = vec![0.0; k];
    of.iter().for_each(|own| counts[*own as usize] += 1.0);
    let rows: Vec<f64> = (0..n)
        .into_par_iter()
        .map(|row| {
            if task.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let own = of[row] as usize;
            if counts[own] < 2.0 {
                return Ok(0.0);
            }
            let mut sums = vec![0.0; k];
            for (other, group) in of.iter().enumerate() {
                sums[*group as usize] += squared(x.row(row), x.row(other)).sqrt();
            }
            let a = sums[own] / (counts[own] - 1.0);
            let others = (0..k).filter(|group| *group != own && counts[*group] > 0.0);
            let b = others.map(|group| sums[group] / counts[group]).fold(f64::INFINITY, f64::min);
            let most = a.max(b);
            Ok(if most > 0.0 && b.is_finite() { (b - a) / most } else { 0.0 })
        })
        .collect::<Result<_>>()?;
    Ok(rows.iter().sum::<f64>() / n.max(1) as f64)
}
