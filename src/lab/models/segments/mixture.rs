//! Gaussian mixtures by expectation–maximisation from a k-means solution, as scikit-learn's `GaussianMixture` defines them: a covariance
//! of its own per component, full or diagonal, 1e-6 added to the diagonal.

use super::kmeans::Grouping;
use crate::error::{Error, Result};
use crate::features::Matrix;
use crate::models::recommend::cholesky;
use crate::task::Task;
use rayon::prelude::*;

/// Most rounds.
const ROUNDS: usize = 500;
/// Rounds end when the mean log likelihood rises by less.
const TOLERANCE: f64 = 1e-7;
/// Added to the diagonal of covariances.
const RIDGE: f64 = 1e-6;
const BLOCK: usize = 2048;

/// A fitted mixture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mixture {
    /// Most likely component of each row.
    pub of: Vec<u32>,
    /// Shares of the components.
    pub weights: Vec<f64>,
    /// Their means.
    pub means: Vec<Vec<f64>>,
    /// Mean log likelihood of a row.
    pub log_likelihood: f64,
    /// −2 · log likelihood + parameters · ln n.
    pub bic: f64,
}

/// A component ready to evaluate.
struct Component {
    log_weight: f64,
    mean: Vec<f64>,
    /// Cholesky factor of the covariance, row by row; of a diagonal one only the diagonal.
    factor: Vec<f64>,
    log_determinant: f64,
}

/// Fits a mixture that begins with the groups, one component each.
///
/// # Errors
/// When a covariance collapses, or the task was cancelled.
pub fn mixture(x: &Matrix, groups: &Grouping, full: bool, task: &Task) -> Result<Mixture> {
    let k = groups.centroids.points.len();
    let one_hot = |own: &u32| (0..k as u32).map(|at| f64::from(u8::from(at == *own))).collect::<Vec<f64>>();
    let mut responsibilities: Vec<f64> = groups.of.iter().flat_map(one_hot).collect();
    let mut before = f64::NEG_INFINITY;
    let mut components = Vec::new();
    for _ in 0..ROUNDS {
        if task.is_cancelled() {
            return Err(Error::Cancelled);
        }
        components = maximise(x, &responsibilities, k, full)?;
        let likelihood = expect(x, &components, full, &mut responsibilities, task)?;
        if (likelihood - before).abs() < TOLERANCE {
            before = likelihood;
            break;
        }
        before = likelihood;
    }
    let (n, d) = (x.rows() as f64, x.inputs() as f64);
    let k_ = k as f64;
    let covariance = if full { k_ * d * (d + 1.0) / 2.0 } else { k_ * d };
    let parameters = covariance + k_ * d + k_ - 1.0;
    Ok(Mixture {
        of: responsibilities.chunks_exact(k).map(largest).collect(),
        weights: components.iter().map(|component| libm::exp(component.log_weight)).collect(),
        means: components.into_iter().map(|component| component.mean).collect(),
        log_likelihood: before,
        bic: -2.0 * before * n + parameters * libm::log(n),
    })
}

/// The place of the largest number, the first among equals.
fn largest(numbers: &[f64]) -> u32 {
    let mut best = 0;
    for (at, x) in numbers.iter().enumerate() {
        if *x > numbers[best] {
            best = at;
        }
    }
    best as u32
}

/// Weights, means and covariances that fit the responsibilities; blocks of rows are added in order.
fn maximise(x: &Matrix, responsibilities: &[f64], k: usize, full: bool) -> Result<Vec<Component>> {
    let d = x.inputs();
    (0..k)
        .into_par_iter()
        .map(|at| {
            let weight = |row: usize| responsibilities[row * k + at];
            let mut mean = vec![0.0; d];
            let mut sum = 10.0 * f64::EPSILON;
            for row in 0..x.rows() {
                sum += weight(row);
                mean.iter_mut().zip(x.row(row)).for_each(|(mean, x)| *mean += weight(row) * x);
            }
            mean.iter_mut().for_each(|mean| *mean /= sum);
            let mut factor = vec![0.0; if full { d * d } else { d }];
            let mut off = vec![0.0; d];
            for row in (0..x.rows()).filter(|row| weight(*row) > 0.0) {
                off.iter_mut().zip(x.row(row)).zip(&mean).for_each(|((off, x), mean)| *off = x - mean);
                for (i, own) in off.iter().enumerate() {
                    let weighted = weight(row) * own;
                    if full {
                        factor[i * d..=i * d + i]
                            .iter_mut()
                            .zip(&off)
                            .for_each(|(sum, other)| *sum += weighted * other);
                    } else {
                        factor[i] += weighted * own;
                    }
                }
            }
            factor.iter_mut().for_each(|x| *x /= sum);
            let collapsed = || Error::new(format!("component {} of {k} has no spread", at + 1)).hint("fewer segments");
            let log_determinant = if full {
                (0..d).for_each(|i| factor[i * d + i] += RIDGE);
                if !cholesky::factor(&mut factor, d) {
                    return Err(collapsed());
                }
                2.0 * (0..d).map(|i| libm::log(factor[i * d + i])).sum::<f64>()
            } else {
                factor.iter_mut().for_each(|x| *x = (*x + RIDGE).sqrt());
                2.0 * factor.iter().map(|x| libm::log(*x)).sum::<f64>()
            };
            if !log_determinant.is_finite() {
                return Err(collapsed());
            }
            Ok(Component { log_weight: libm::log(sum / x.rows() as f64), mean, factor, log_determinant })
        })
        .collect()
}

/// Responsibilities of the components; the mean log likelihood of a row.
fn expect(x: &Matrix, components: &[Component], full: bool, out: &mut [f64], task: &Task) -> Result<f64> {
    let k = components.len();
    let d = x.inputs();
    let constant = d as f64 * libm::log(2.0 * std::f64::consts::PI);
    let blocks: Vec<f64> = out
        .par_chunks_mut(BLOCK * k)
        .enumerate()
        .map(|(block, out)| {
            if task.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let mut scaled = vec![0.0; d];
            let mut sum = 0.0;
            for (own, row) in out.chunks_exact_mut(k).zip(block * BLOCK..) {
                for (log, component) in own.iter_mut().zip(components) {
                    let squared = component.distance(x.row(row), full, &mut scaled);
                    *log = component.log_weight - 0.5 * (constant + component.log_determinant + squared);
                }
                let most = own.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let total = most + libm::log(own.iter().map(|log| libm::exp(log - most)).sum::<f64>());
                own.iter_mut().for_each(|log| *log = libm::exp(*log - total));
                sum += total;
            }
            Ok(sum)
        })
        .collect::<Result<_>>()?;
    Ok(blocks.iter().sum::<f64>() / x.rows() as f64)
}

impl Component {
    /// Squared Mahalanobis distance.
    fn distance(&self, x: &[f64], full: bool, scaled: &mut [f64]) -> f64 {
        let d = x.len();
        for i in 0..d {
            let off = x[i] - self.mean[i];
            scaled[i] = if full {
                let line = &self.factor[i * d..=i * d + i];
                (off - cholesky::dot(&line[..i], &scaled[..i])) / line[i]
            } else {
                off / self.factor[i]
            };
        }
        cholesky::dot(scaled, scaled)
    }
}
