//! k-means by Lloyd's rounds from k-means++ starts (Arthur & Vassilvitskii 2007), the best of several.
//!
//! Every start has a random stream of its own and blocks of rows are added in order, so the result does not depend on the number of
//! threads.

use super::points::{Centroids, squared};
use crate::error::{Error, Result};
use crate::features::Matrix;
use crate::random::Random;
use crate::task::Task;
use rayon::prelude::*;

/// Starts of which the best is kept.
const STARTS: u64 = 10;
/// Most rounds; they end earlier when no row moves.
const ROUNDS: usize = 300;
/// Rows per block.
const BLOCK: usize = 4096;

/// Groups and their centroids.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grouping {
    /// Segment of each row.
    pub of: Vec<u32>,
    pub centroids: Centroids,
    /// Sum of squared distances to the centroids.
    pub inertia: f64,
}

/// The best of several starts.
///
/// # Errors
/// When the task was cancelled.
pub fn kmeans(x: &Matrix, k: usize, seed: u64, task: &Task) -> Result<Grouping> {
    let starts: Vec<Grouping> = (0..STARTS)
        .into_par_iter()
        .map(|start| one(x, k, &mut Random::stream(seed, start), task))
        .collect::<Result<_>>()?;
    // The first among equals.
    starts
        .into_iter()
        .reduce(|best, next| if next.inertia < best.inertia { next } else { best })
        .ok_or_else(|| Error::new("there are no rows to group"))
}

fn one(x: &Matrix, k: usize, random: &mut Random, task: &Task) -> Result<Grouping> {
    let mut centroids = Centroids::new(begin(x, k, random));
    let mut of = vec![u32::MAX; x.rows()];
    for _ in 0..ROUNDS {
        let next = assign(x, &centroids, task)?;
        if next == of {
            break;
        }
        of = next;
        centroids = moved(x, &mut of, k);
    }
    let inertia = inertia(x, &of, &centroids);
    Ok(Grouping { of, centroids, inertia })
}

/// The nearest centroid of every row.
pub fn assign(x: &Matrix, centroids: &Centroids, task: &Task) -> Result<Vec<u32>> {
    let mut of = vec![0; x.rows()];
    of.par_chunks_mut(BLOCK).enumerate().try_for_each(|(block, of)| {
        if task.is_cancelled() {
            return Err(Error::Cancelled);
        }
        for (own, row) in of.iter_mut().zip(block * BLOCK..) {
            *own = centroids.nearest(x.row(row));
        }
        Ok(())
    })?;
    Ok(of)
}

/// Sum of squared distances to the centroids.
pub fn inertia(x: &Matrix, of: &[u32], centroids: &Centroids) -> f64 {
    of.iter().enumerate().map(|(row, own)| squared(x.row(row), &centroids.points[*own as usize])).sum()
}

/// k-means++: each next centroid is a row drawn in proportion to its squared distance from the nearest so far.
fn begin(x: &Matrix, k: usize, random: &mut Random) -> Vec<Vec<f64>> {
    let mut points = vec![x.row(random.below(x.rows())).to_vec()];
    let mut nearest = vec![f64::INFINITY; x.rows()];
    while points.len() < k {
        let last = &points[points.len() - 1];
        for (row, nearest) in nearest.iter_mut().enumerate() {
            *nearest = nearest.min(squared(x.row(row), last));
        }
        points.push(x.row(random.pick(&nearest)).to_vec());
    }
    points
}

/// Centroids of the groups; an empty group takes the row that lies farthest from its own.
fn moved(x: &Matrix, of: &mut [u32], k: usize) -> Centroids {
    loop {
        let centroids = Centroids::of(x, of, k);
        let mut counts = vec![0; k];
        of.iter().for_each(|own| counts[*own as usize] += 1);
        let Some(empty) = counts.iter().position(|count| *count == 0) else { return centroids };
        let distance = |row: &usize| squared(x.row(*row), &centroids.points[of[*row] as usize]);
        let alone = |row: &usize| counts[of[*row] as usize] > 1;
        let farthest = (0..of.len()).filter(alone).max_by(|a, b| distance(a).total_cmp(&distance(b)).then(b.cmp(a)));
        match farthest {
            Some(row) => of[row] = empty as u32,
            None => return centroids,
        }
    }
}
