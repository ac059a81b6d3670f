//! Maximum likelihood for a handful of positive parameters: many starts, quasi-Newton steps on their logarithms, Newton
//! steps to the end, and the curvature there for standard errors.
//!
//! Derivatives are central differences; the likelihoods are smooth and cheap, and the answer is checked by its own
//! Newton decrement.

use crate::error::{Error, Result};
use crate::task::Task;

/// A maximum.
#[derive(Clone, Debug, PartialEq)]
pub struct Maximum {
    /// Where: natural logarithms of the parameters.
    pub at: Vec<f64>,
    /// The log-likelihood there.
    pub value: f64,
    /// Inverse of the negative Hessian in the logarithms, row by row; `None` where the likelihood is flat in some
    /// direction.
    pub covariance: Option<Vec<Vec<f64>>>,
    /// How much a Newton step would still gain: ½ gᵀH⁻¹g. Infinite without a covariance.
    pub decrement: f64,
    /// Starts whose climb ended at this maximum, and all starts.
    pub agreeing: (usize, usize),
}

/// Parameters outside e^±[`WIDEST`] around their scale count as flat directions.
const WIDEST: f64 = 12.0;

/// Maximises `log_likelihood` over the logarithms of parameters from every start; the best climb is polished.
///
/// # Errors
/// When no start has a finite likelihood, or the task is cancelled.
pub fn maximise(log_likelihood: &(dyn Fn(&[f64]) -> f64 + Sync), starts: &[Vec<f64>], task: &Task) -> Result<Maximum> {
    // Walls keep a climb along a ridge within numbers; they rise smoothly.
    let centre = starts.first().cloned().unwrap_or_default();
    let loss = |x: &[f64]| {
        let wall = |(x, c): (&f64, &f64)| ((x - c).abs() - WIDEST).max(0.0).powi(2);
        let value = -log_likelihood(x) + 1e3 * x.iter().zip(&centre).map(wall).sum::<f64>();
        if value.is_finite() { value } else { f64::INFINITY }
    };
    let mut ends: Vec<(f64, Vec<f64>)> = Vec::new();
    for (i, start) in starts.iter().enumerate() {
        task.tick(i as f32 / starts.len() as f32)?;
        if let Some(end) = climb(&loss, start, task)? {
            ends.push(end);
        }
    }
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let Some((best, at)) = ends.first().cloned() else {
        return Err(Error::new("the likelihood of the purchases is not finite at any start")
            .hint("look for dates or amounts that are far off"));
    };
    let agreeing = (ends.iter().filter(|end| end.0 - best < 1e-3).count(), starts.len());
    let mut polished = polish(&loss, at, task)?;
    if polished.2.is_none()
        && let Some((_, further)) = climb(&loss, &polished.0, task)?
    {
        // Not a hilltop yet: the climb may have stopped on a slope that looked level to it.
        polished = polish(&loss, further, task)?;
    }
    let (at, value, covariance, decrement) = polished;
    task.tick(1.0)?;
    Ok(Maximum { at, value: -value, covariance, decrement, agreeing })
}

/// BFGS with backtracking; `None` when the start is not finite.
fn climb(loss: &dyn Fn(&[f64]) -> f64, start: &[f64], task: &Task) -> Result<Option<(f64, Vec<f64>)>> {
    let n = start.len();
    let mut x = start.to_vec();
    let mut value = loss(&x);
    if task.is_cancelled() {
        return Err(Error::Cancelled);
    }
    if !value.is_finite() {
        return Ok(None);
    }
    let mut g = gradient(loss, &x);
    let mut inverse = identity(n, 1.0 / norm(&g).max(1.0));
    for _ in 0..300 {
        if task.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let mut step: Vec<f64> = times(&inverse, &g).into_iter().map(|s| -s).collect();
        let mut slope = dot(&step, &g);
        if slope >= 0.0 || !slope.is_finite() {
            inverse = identity(n, 1.0 / norm(&g).max(1.0));
            step = g.iter().map(|x| -x / norm(&g).max(1.0)).collect();
            slope = dot(&step, &g);
        }
        // A step of more than e² in a parameter is a leap in the dark.
        let longest = step.iter().fold(0.0f64, |m, s| m.max(s.abs()));
        let mut length = if longest > 2.0 { 2.0 / longest } else { 1.0 };
        let (next, reached) = loop {
            let next: Vec<f64> = x.iter().zip(&step).map(|(x, s)| x + length * s).collect();
            let reached = loss(&next);
            if reached <= value + 1e-4 * length * slope || length < 1e-10 {
                break (next, reached);
            }
            length *= 0.5;
        };
        if reached.is_nan() || reached >= value {
            break;
        }
        let next_g = gradient(loss, &next);
        let s: Vec<f64> = next.iter().zip(&x).map(|(a, b)| a - b).collect();
        let y: Vec<f64> = next_g.iter().zip(&g).map(|(a, b)| a - b).collect();
        (x, value, g) = (next, reached, next_g);
        update(&mut inverse, &s, &y);
        // What is left to gain by this curvature; the polish takes the rest.
        if 0.5 * dot(&times(&inverse, &g), &g) < 1e-5 {
            break;
        }
    }
    if task.is_cancelled() { Err(Error::Cancelled) } else { Ok(Some((value, x))) }
}

type Polished = (Vec<f64>, f64, Option<Vec<Vec<f64>>>, f64);

/// Newton steps until they gain nothing; the covariance and the decrement at the end.
fn polish(loss: &dyn Fn(&[f64]) -> f64, mut x: Vec<f64>, task: &Task) -> Result<Polished> {
    let mut value = loss(&x);
    for _ in 0..30 {
        if task.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let g = fine_gradient(loss, &x);
        let Some(inverse) = invert(&hessian(loss, &x)) else { return Ok((x, value, None, f64::INFINITY)) };
        let step = times(&inverse, &g);
        let decrement = 0.5 * dot(&step, &g);
        if decrement < 1e-10 {
            return Ok((x, value, Some(inverse), decrement));
        }
        let mut length = 1.0;
        loop {
            let next: Vec<f64> = x.iter().zip(&step).map(|(x, s)| x - length * s).collect();
            let reached = loss(&next);
            if reached < value {
                (x, value) = (next, reached);
                break;
            }
            length *= 0.5;
            if length < 1e-6 {
                // Differences are down to rounding: this is the end.
                return Ok((x, value, Some(inverse), decrement));
            }
        }
    }
    let inverse = invert(&hessian(loss, &x));
    let decrement = inverse.as_ref().map_or(f64::INFINITY, |inverse| {
        let g = fine_gradient(loss, &x);
        0.5 * dot(&times(inverse, &g), &g)
    });
    Ok((x, value, inverse, decrement))
}

/// Central differences of fourth order.
fn fine_gradient(loss: &dyn Fn(&[f64]) -> f64, x: &[f64]) -> Vec<f64> {
    const H: f64 = 1e-3;
    let difference = |i: usize, h: f64| (shifted(loss, x, i, h) - shifted(loss, x, i, -h)) / (2.0 * h);
    (0..x.len()).map(|i| (4.0 * difference(i, H) - difference(i, 2.0 * H)) / 3.0).collect()
}

/// Central differences of second order: good enough to climb by.
fn gradient(loss: &dyn Fn(&[f64]) -> f64, x: &[f64]) -> Vec<f64> {
    const H: f64 = 1e-4;
    (0..x.len()).map(|i| (shifted(loss, x, i, H) - shifted(loss, x, i, -H)) / (2.0 * H)).collect()
}

/// The loss with one coordinate moved.
fn shifted(loss: &dyn Fn(&[f64]) -> f64, x: &[f64], i: usize, by: f64) -> f64 {
    let mut at = x.to_vec();
    at[i] += by;
    loss(&at)
}

/// Central differences of the loss itself.
fn hessian(loss: &dyn Fn(&[f64]) -> f64, x: &[f64]) -> Vec<Vec<f64>> {
    const H: f64 = 3e-3;
    let n = x.len();
    let middle = loss(x);
    let both = |i: usize, j: usize, by_i: f64, by_j: f64| {
        let mut at = x.to_vec();
        at[i] += by_i;
        at[j] += by_j;
        loss(&at)
    };
    let entry = |i: usize, j: usize| {
        if i == j {
            let second = |h: f64| (shifted(loss, x, i, h) - 2.0 * middle + shifted(loss, x, i, -h)) / (h * h);
            (4.0 * second(H) - second(2.0 * H)) / 3.0
        } else {
            (both(i, j, H, H) - both(i, j, H, -H) - both(i, j, -H, H) + both(i, j, -H, -H)) / (4.0 * H * H)
        }
    };
    let lower: Vec<Vec<f64>> = (0..n).map(|i| (0..=i).map(|j| entry(i, j)).collect()).collect();
    (0..n).map(|i| (0..n).map(|j| if j <= i { lower[i][j] } else { lower[j][i] }).collect()).collect()
}

/// The BFGS update of the inverse Hessian; skipped where the curvature along the step is not positive.
fn update(inverse: &mut [Vec<f64>], s: &[f64], y: &[f64]) {
    let curvature = dot(s, y);
    if curvature <= 1e-12 * norm(s) * norm(y) {
        return;
    }
    let hy = times(inverse, y);
    let scale = (1.0 + dot(y, &hy) / curvature) / curvature;
    for i in 0..s.len() {
        for j in 0..s.len() {
            inverse[i][j] += scale * s[i] * s[j] - (hy[i] * s[j] + s[i] * hy[j]) / curvature;
        }
    }
}

/// The inverse of a symmetric positive definite matrix by Cholesky; `None` when it is not clearly one.
pub fn invert(matrix: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let factor = cholesky(matrix)?;
    let n = matrix.len();
    let column = |column: usize| {
        // L Lᵀ x = e_column
        let mut x = vec![0.0; n];
        for i in 0..n {
            let known: f64 = (0..i).map(|k| factor[i][k] * x[k]).sum();
            x[i] = (f64::from(u8::from(i == column)) - known) / factor[i][i];
        }
        for i in (0..n).rev() {
            let known: f64 = (i + 1..n).map(|k| factor[k][i] * x[k]).sum();
            x[i] = (x[i] - known) / factor[i][i];
        }
        x
    };
    // Symmetric: its columns are its rows.
    Some((0..n).map(column).collect())
}

/// The lower triangle L of L Lᵀ; `None` when the matrix is not clearly positive definite.
pub fn cholesky(matrix: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let n = matrix.len();
    let mut factor = vec![vec![0.0; n]; n];
    for i in 0..n {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| factor[i][k] * factor[j][k]).sum();
            let left = matrix[i][j] - known;
            if i == j {
                if left.is_nan() || left <= 1e-10 * matrix[i][i].abs() || left <= 0.0 {
                    return None;
                }
                factor[i][i] = left.sqrt();
            } else {
                factor[i][j] = left / factor[j][j];
            }
        }
    }
    Some(factor)
}

fn identity(n: usize, scale: f64) -> Vec<Vec<f64>> {
    (0..n).map(|i| (0..n).map(|j| if i == j { scale } else { 0.0 }).collect()).collect()
}

fn times(matrix: &[Vec<f64>], x: &[f64]) -> Vec<f64> {
    matrix.iter().map(|row| dot(row, x)).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_of_a_curved_ridge_is_found_with_its_curvature() {
        // Rosenbrock upside down, and a plain bowl: the inverse Hessian of the bowl is known.
        let ridge = |x: &[f64]| -(1.0 - x[0]).powi(2) - 100.0 * (x[1] - x[0] * x[0]).powi(2);
        let top = maximise(&ridge, &[vec![-1.2, 1.0], vec![3.0, -2.0]], &Task::default()).unwrap();
        assert!(top.at.iter().all(|x| (x - 1.0).abs() < 2e-5), "{top:?}");
        assert_eq!(top.agreeing, (2, 2));
        let bowl = |x: &[f64]| -(2.0 * x[0] * x[0] + x[0] * x[1] + x[1] * x[1]) / 2.0;
        let top = maximise(&bowl, &[vec![1.0, -1.0]], &Task::default()).unwrap();
        let covariance = top.covariance.unwrap();
        for (found, expected) in covariance.concat().iter().zip([4.0 / 7.0, -2.0 / 7.0, -2.0 / 7.0, 8.0 / 7.0]) {
            assert!((found - expected).abs() < 1e-6, "{covariance:?}");
        }
    }

    #[test]
    fn a_flat_direction_is_said_and_nonsense_is_refused() {
        let flat = |x: &[f64]| -x[0] * x[0];
        let top = maximise(&flat, &[vec![1.0, 1.0]], &Task::default()).unwrap();
        assert!(top.covariance.is_none() && top.at[0].abs() < 1e-6);
        assert!(maximise(&|_| f64::NAN, &[vec![0.0]], &Task::default()).is_err());
        let task = Task::default();
        task.cancel();
        assert_eq!(maximise(&flat, &[vec![1.0, 1.0]], &task), Err(Error::Cancelled));
    }
}
