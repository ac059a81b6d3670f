//! Linear predictors by Newton's method: logistic regression and least squares, with L2 and L1 penalties and row weights.
//!
//! The objective is Σ weight · loss + ½ · l2 · Σ w² + l1 · Σ |w|, the intercept free of both; scikit-learn's with C = 1 / l2.
//! Each step needs one pass over the rows and one Cholesky factorisation, or with an L1 penalty coordinate descent on the
//! quadratic model (Friedman, Hastie & Tibshirani, 2010; proximal Newton: Lee, Sun & Saunders, 2014). A fit is exact to
//! machine precision in about eight passes, one for least squares, and can stop between any two blocks of rows. Blocks have a
//! fixed size and are added in order: the result does not depend on the number of threads. smartcore's linear models take
//! neither weights nor an interruption, and its logistic regression is slower than this at a lower precision.

use super::learner::{Examples, Fitted, Watch};
use super::spec::Goal;
use crate::error::Result;
use crate::features::Matrix;
use attune_policy::model::{Function, Link};
use rayon::prelude::*;

/// Rows per block of a pass.
const BLOCK: usize = 2048;

/// Most Newton steps; regular data need fewer than ten.
const STEPS: usize = 60;

/// Most rounds of coordinate descent per step.
const SWEEPS: usize = 1000;

/// Weights of the penalties.
#[derive(Clone, Copy, Debug, Default)]
pub struct Penalty {
    /// Of half the sum of squared coefficients.
    pub l2: f64,
    /// Of the sum of absolute coefficients.
    pub l1: f64,
}

/// Intercept and coefficients.
pub struct FittedLinear {
    intercept: f64,
    coefficients: Vec<f64>,
    spread: Vec<f64>,
    converged: bool,
    link: Link,
}

/// Fits a linear predictor: of log odds for a propensity, of the mean for an amount.
///
/// # Errors
/// When cancelled.
pub fn fit(examples: &Examples<'_>, penalty: Penalty, watch: &Watch<'_>) -> Result<FittedLinear> {
    let rows = Rows::new(examples);
    let inputs = examples.x.inputs();
    // Parameters: the coefficients, then the intercept of the shifted inputs.
    let mut w = vec![0.0; inputs + 1];
    let mean = examples.mean();
    w[inputs] = if rows.logistic { (mean / (1.0 - mean)).ln() } else { mean };
    let mut loss = rows.loss(&w, penalty, watch)?;
    let mut converged = false;
    for step in 0..STEPS {
        watch.at(step as f32 / 10.0)?;
        let (gradient, hessian) = rows.derivatives(&w, penalty.l2, watch)?;
        let direction = match penalty.l1 > 0.0 {
            true => descend(&hessian, &gradient, &w, penalty.l1, watch)?,
            false => solve(hessian, &gradient, watch)?,
        };
        let at = |length: f64| -> Vec<f64> { w.iter().zip(&direction).map(|(w, d)| w - length * d).collect() };
        // Half of what the linear model promises: for a quadratic, exactly what is left to gain.
        let slope = gradient.iter().zip(&direction).map(|(g, d)| g * d).sum::<f64>();
        let shrunk = penalty.l1 * (absolute(&w) - absolute(&at(1.0)));
        let gain = 0.5 * (slope + shrunk) / (1.0 + loss);
        if gain < 1e-8 {
            // So near that each step doubles the digits, while the loss can no longer tell.
            w = at(1.0);
            converged = gain < 1e-12;
            if converged {
                break;
            }
            continue;
        }
        let mut length = 1.0;
        let better = loop {
            let next = at(length);
            let value = rows.loss(&next, penalty, watch)?;
            if value <= loss {
                break Some((next, value));
            }
            length *= 0.5;
            if length < 1e-8 {
                break None;
            }
        };
        let Some(better) = better else { break };
        (w, loss) = better;
    }
    watch.at(1.0)?;
    let intercept = w[inputs] - w.iter().zip(&rows.base).map(|(w, base)| w * base).sum::<f64>();
    w.truncate(inputs);
    let link = if rows.logistic { Link::Logistic } else { Link::Identity };
    Ok(FittedLinear { intercept, coefficients: w, spread: spread(examples.x), converged, link })
}

impl FittedLinear {
    /// Added first.
    pub fn intercept(&self) -> f64 {
        self.intercept
    }

    /// One per input.
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }
}

impl Fitted for FittedLinear {
    fn margins(&self, x: &Matrix) -> Result<Vec<f64>> {
        let margin = |row: &[f64]| self.coefficients.iter().zip(row).fold(self.intercept, |sum, (w, x)| sum + w * x);
        Ok((0..x.rows()).map(|row| margin(x.row(row))).collect())
    }

    fn link(&self) -> Link {
        self.link
    }

    fn lower(&self) -> Function {
        Function::Linear { intercept: self.intercept, coefficients: self.coefficients.clone(), link: self.link }
    }

    fn weights(&self) -> Vec<f64> {
        self.coefficients.iter().zip(&self.spread).map(|(w, s)| (w * s).abs()).collect()
    }

    fn standardised(&self) -> Option<Vec<f64>> {
        Some(self.coefficients.iter().zip(&self.spread).map(|(w, s)| w * s).collect())
    }

    fn note(&self) -> Option<String> {
        (!self.converged).then(|| match self.link {
            Link::Logistic => {
                "the coefficients did not settle: some inputs tell the outcome apart perfectly; a larger penalty keeps them \
                 finite"
                    .to_owned()
            }
            Link::Identity => "the coefficients did not settle; a larger penalty helps".to_owned(),
        })
    }
}

/// The rows without what they share: each column less its majority value, so that one-hot columns are mostly absent.
struct Rows<'a> {
    examples: Examples<'a>,
    logistic: bool,
    base: Vec<f64>,
    /// Start of each row in `cells`, and the end.
    starts: Vec<usize>,
    cells: Vec<(u32, f64)>,
}

impl<'a> Rows<'a> {
    fn new(examples: &Examples<'a>) -> Rows<'a> {
        let x = examples.x;
        let base = majority(x);
        let mut starts = Vec::with_capacity(x.rows() + 1);
        let mut cells = Vec::new();
        for row in 0..x.rows() {
            starts.push(cells.len());
            for (j, (x, base)) in x.row(row).iter().zip(&base).enumerate() {
                if x != base {
                    cells.push((j as u32, x - base));
                }
            }
        }
        starts.push(cells.len());
        Rows { examples: *examples, logistic: examples.goal == Goal::Propensity, base, starts, cells }
    }

    fn row(&self, row: usize) -> &[(u32, f64)] {
        &self.cells[self.starts[row]..self.starts[row + 1]]
    }

    fn margin(&self, row: usize, w: &[f64]) -> f64 {
        self.row(row).iter().fold(w[w.len() - 1], |sum, &(j, x)| sum + w[j as usize] * x)
    }

    /// The penalised loss at `w`.
    fn loss(&self, w: &[f64], penalty: Penalty, watch: &Watch<'_>) -> Result<f64> {
        let y = self.examples.y;
        let blocks: Vec<f64> = (0..y.len().div_ceil(BLOCK))
            .into_par_iter()
            .map(|block| {
                watch.check()?;
                let rows = block * BLOCK..y.len().min((block + 1) * BLOCK);
                Ok(rows
                    .map(|row| {
                        let z = self.margin(row, w);
                        let loss = match self.logistic {
                            // ln(1 + e^z) − y·z, without overflow.
                            true => z.max(0.0) + (-z.abs()).exp().ln_1p() - y[row] * z,
                            false => 0.5 * (y[row] - z) * (y[row] - z),
                        };
                        self.examples.weight(row) * loss
                    })
                    .sum())
            })
            .collect::<Result<_>>()?;
        let size: f64 = w[..w.len() - 1].iter().map(|w| w * w).sum();
        Ok(blocks.iter().sum::<f64>() + 0.5 * penalty.l2 * size + penalty.l1 * absolute(w))
    }

    /// Gradient and Hessian (lower triangle by rows) of the loss with its L2 penalty at `w`.
    fn derivatives(&self, w: &[f64], l2: f64, watch: &Watch<'_>) -> Result<(Vec<f64>, Vec<f64>)> {
        let y = self.examples.y;
        let n = w.len();
        let last = (n - 1) as u32;
        // A few blocks at a time, so that their Hessians never fill the memory.
        let mut gradient = vec![0.0; n];
        let mut hessian = vec![0.0; n * (n + 1) / 2];
        let blocks: Vec<usize> = (0..y.len().div_ceil(BLOCK)).collect();
        for group in blocks.chunks(8) {
            let parts: Vec<(Vec<f64>, Vec<f64>)> = group
                .par_iter()
                .map(|&block| {
                    watch.check()?;
                    let mut gradient = vec![0.0; n];
                    let mut hessian = vec![0.0; n * (n + 1) / 2];
                    let mut cells = Vec::with_capacity(n);
                    for (row, &y) in y.iter().enumerate().take((block + 1) * BLOCK).skip(block * BLOCK) {
                        let (z, weight) = (self.margin(row, w), self.examples.weight(row));
                        let (error, curvature) = if self.logistic {
                            let p = 1.0 / (1.0 + (-z).exp());
                            (weight * (p - y), weight * p * (1.0 - p))
                        } else {
                            (weight * (z - y), weight)
                        };
                        cells.clear();
                        cells.extend_from_slice(self.row(row));
                        cells.push((last, 1.0));
                        for (at, &(i, x)) in cells.iter().enumerate() {
                            let i = i as usize;
                            gradient[i] += error * x;
                            let weighted = curvature * x;
                            let line = &mut hessian[i * (i + 1) / 2..][..=i];
                            for &(j, x) in &cells[..=at] {
                                line[j as usize] += weighted * x;
                            }
                        }
                    }
                    Ok((gradient, hessian))
                })
                .collect::<Result<_>>()?;
            for (g, h) in parts {
                gradient.iter_mut().zip(g).for_each(|(sum, g)| *sum += g);
                hessian.iter_mut().zip(h).for_each(|(sum, h)| *sum += h);
            }
        }
        for i in 0..n - 1 {
            gradient[i] += l2 * w[i];
            hessian[i * (i + 1) / 2 + i] += l2;
        }
        Ok((gradient, hessian))
    }
}

/// The value that fills more than half of each column, or 0.
fn majority(x: &Matrix) -> Vec<f64> {
    let mut candidate = vec![0.0; x.inputs()];
    let mut votes = vec![0_i64; x.inputs()];
    for row in 0..x.rows() {
        for ((value, candidate), votes) in x.row(row).iter().zip(&mut candidate).zip(&mut votes) {
            if *votes == 0 {
                *candidate = *value;
            }
            *votes += if value == candidate { 1 } else { -1 };
        }
    }
    let mut count = vec![0_usize; x.inputs()];
    for row in 0..x.rows() {
        for ((value, candidate), count) in x.row(row).iter().zip(&candidate).zip(&mut count) {
            *count += usize::from(value == candidate);
        }
    }
    candidate.iter().zip(count).map(|(value, count)| if 2 * count > x.rows() { *value } else { 0.0 }).collect()
}

/// Standard deviation of each column.
fn spread(x: &Matrix) -> Vec<f64> {
    let n = x.rows().max(1) as f64;
    let mut sums = vec![(0.0, 0.0); x.inputs()];
    for row in 0..x.rows() {
        for (value, sum) in x.row(row).iter().zip(&mut sums) {
            sum.0 += value;
            sum.1 += value * value;
        }
    }
    sums.iter().map(|(sum, square)| (square / n - (sum / n) * (sum / n)).max(0.0).sqrt()).collect()
}

/// Σ |w| of the coefficients, the intercept at the end left out.
fn absolute(w: &[f64]) -> f64 {
    w[..w.len() - 1].iter().map(|w| w.abs()).sum()
}

/// The step d that minimises −g·d + ½ dᵀHd + l1 · Σ |w − d| (intercept last and free), by coordinate descent.
fn descend(h: &[f64], g: &[f64], w: &[f64], l1: f64, watch: &Watch<'_>) -> Result<Vec<f64>> {
    let n = g.len();
    let entry = |i: usize, j: usize| if i >= j { h[i * (i + 1) / 2 + j] } else { h[j * (j + 1) / 2 + i] };
    let full: Vec<f64> = (0..n * n).map(|at| entry(at / n, at % n)).collect();
    // v = w − d, and the slope of the quadratic model there.
    let (mut v, mut slope) = (w.to_vec(), g.to_vec());
    let mut farthest = 0.0_f64;
    for sweep in 0..SWEEPS {
        if sweep % 8 == 0 {
            watch.check()?;
        }
        let mut moved = 0.0_f64;
        for j in 0..n {
            let line = &full[j * n..][..n];
            let curvature = line[j];
            if curvature <= 0.0 {
                continue;
            }
            let free = v[j] - slope[j] / curvature;
            let shrink = if j + 1 < n { l1 / curvature } else { 0.0 };
            let next = (free.abs() - shrink).max(0.0).copysign(free);
            let step = next - v[j];
            if step != 0.0 {
                v[j] = next;
                slope.iter_mut().zip(line).for_each(|(slope, h)| *slope += step * h);
                moved = moved.max(step * step * curvature);
            }
        }
        farthest = farthest.max(moved);
        if moved <= 1e-22 * farthest {
            break;
        }
    }
    Ok(w.iter().zip(v).map(|(w, v)| w - v).collect())
}

/// Solves H d = g for a positive semi-definite H given by its lower triangle; directions without curvature get no step.
fn solve(mut h: Vec<f64>, g: &[f64], watch: &Watch<'_>) -> Result<Vec<f64>> {
    let n = g.len();
    let at = |i: usize, j: usize| i * (i + 1) / 2 + j;
    for i in 0..n {
        if i % 64 == 0 {
            watch.check()?;
        }
        let (above, own) = h.split_at_mut(at(i, 0));
        let own = &mut own[..=i];
        let diagonal = own[i];
        for j in 0..=i {
            if j < i {
                let other = &above[at(j, 0)..][..=j];
                let dot: f64 = own[..j].iter().zip(other).map(|(a, b)| a * b).sum();
                own[j] = if other[j] == 0.0 { 0.0 } else { (own[j] - dot) / other[j] };
            } else {
                let dot: f64 = own[..i].iter().map(|a| a * a).sum();
                let rest = diagonal - dot;
                own[i] = if rest > 1e-12 * diagonal { rest.sqrt() } else { 0.0 };
            }
        }
    }
    let mut d = g.to_vec();
    for i in 0..n {
        let line = &h[at(i, 0)..][..=i];
        let dot: f64 = line[..i].iter().zip(&d).map(|(a, b)| a * b).sum();
        d[i] = if line[i] == 0.0 { 0.0 } else { (d[i] - dot) / line[i] };
    }
    for i in (0..n).rev() {
        let line = &h[at(i, 0)..][..=i];
        d[i] = if line[i] == 0.0 { 0.0 } else { d[i] / line[i] };
        let own = d[i];
        d[..i].iter_mut().zip(line).for_each(|(d, a)| *d -= a * own);
    }
    Ok(d)
}

#[cfg(test)]
#[path = "glm_tests.rs"]
mod tests;
