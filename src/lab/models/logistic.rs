//! Logistic regression with an L2 penalty, by Newton's method. The intercept is not penalised.
//!
//! The objective is Σ log loss + ½ · l2 · Σ w², scikit-learn's with C = 1 / l2. Each step needs one pass over the rows and
//! one Cholesky factorisation, so a fit is exact to machine precision in about eight passes and can stop between any two
//! blocks of rows. Blocks have a fixed size and are added in order: the result does not depend on the number of threads.

use super::learner::{Fitted, Learner, Watch};
use crate::error::Result;
use crate::features::{Matrix, Style};
use attune_policy::model::{Function, Link};
use rayon::prelude::*;

/// Rows per block of a pass.
const BLOCK: usize = 2048;

/// Most Newton steps; regular data need fewer than ten.
const STEPS: usize = 60;

/// The family's settings.
pub struct Logistic {
    /// Penalty on the squared coefficients.
    pub l2: f64,
}

/// Intercept and coefficients.
pub struct FittedLogistic {
    intercept: f64,
    coefficients: Vec<f64>,
    spread: Vec<f64>,
    converged: bool,
}

impl Learner for Logistic {
    fn style(&self) -> Style {
        Style::Standardised
    }

    fn fit(&self, x: &Matrix, y: &[bool], watch: &Watch<'_>) -> Result<Box<dyn Fitted>> {
        let rows = Rows::new(x);
        let inputs = x.inputs();
        // Parameters: the coefficients, then the intercept of the shifted inputs.
        let mut w = vec![0.0; inputs + 1];
        let rate = y.iter().filter(|&&y| y).count() as f64 / y.len().max(1) as f64;
        w[inputs] = (rate / (1.0 - rate)).ln();
        let mut loss = rows.loss(&w, y, self.l2, watch)?;
        let mut converged = false;
        for step in 0..STEPS {
            watch.at(step as f32 / 10.0)?;
            let (gradient, hessian) = rows.derivatives(&w, y, self.l2, watch)?;
            let direction = solve(hessian, &gradient, watch)?;
            // Half the squared length of the step in the metric of the curvature: what is left to gain.
            let gain = 0.5 * gradient.iter().zip(&direction).map(|(g, d)| g * d).sum::<f64>() / (1.0 + loss);
            let at = |length: f64| -> Vec<f64> { w.iter().zip(&direction).map(|(w, d)| w - length * d).collect() };
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
                let value = rows.loss(&next, y, self.l2, watch)?;
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
        Ok(Box::new(FittedLogistic { intercept, coefficients: w, spread: spread(x), converged }))
    }
}

impl Fitted for FittedLogistic {
    fn margins(&self, x: &Matrix) -> Result<Vec<f64>> {
        let margin = |row: &[f64]| self.coefficients.iter().zip(row).fold(self.intercept, |sum, (w, x)| sum + w * x);
        Ok((0..x.rows()).map(|row| margin(x.row(row))).collect())
    }

    fn lower(&self) -> Function {
        Function::Linear { intercept: self.intercept, coefficients: self.coefficients.clone(), link: Link::Logistic }
    }

    fn weights(&self) -> Vec<f64> {
        self.coefficients.iter().zip(&self.spread).map(|(w, s)| (w * s).abs()).collect()
    }

    fn standardised(&self) -> Option<Vec<f64>> {
        Some(self.coefficients.iter().zip(&self.spread).map(|(w, s)| w * s).collect())
    }

    fn note(&self) -> Option<String> {
        (!self.converged).then(|| {
            "the coefficients did not settle: some inputs tell the outcome apart perfectly; a larger l2 keeps them finite"
                .to_owned()
        })
    }
}

/// The rows without what they share: each column less its majority value, so that one-hot columns are mostly absent.
struct Rows {
    base: Vec<f64>,
    /// Start of each row in `cells`, and the end.
    starts: Vec<usize>,
    cells: Vec<(u32, f64)>,
}

impl Rows {
    fn new(x: &Matrix) -> Rows {
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
        Rows { base, starts, cells }
    }

    fn row(&self, row: usize) -> &[(u32, f64)] {
        &self.cells[self.starts[row]..self.starts[row + 1]]
    }

    fn margin(&self, row: usize, w: &[f64]) -> f64 {
        self.row(row).iter().fold(w[w.len() - 1], |sum, &(j, x)| sum + w[j as usize] * x)
    }

    /// The penalised loss at `w`.
    fn loss(&self, w: &[f64], y: &[bool], l2: f64, watch: &Watch<'_>) -> Result<f64> {
        let blocks: Vec<f64> = (0..y.len().div_ceil(BLOCK))
            .into_par_iter()
            .map(|block| {
                watch.check()?;
                let rows = block * BLOCK..y.len().min((block + 1) * BLOCK);
                Ok(rows
                    .map(|row| {
                        let z = self.margin(row, w);
                        // ln(1 + e^z) − y·z, without overflow.
                        z.max(0.0) + (-z.abs()).exp().ln_1p() - if y[row] { z } else { 0.0 }
                    })
                    .sum())
            })
            .collect::<Result<_>>()?;
        let size: f64 = w[..w.len() - 1].iter().map(|w| w * w).sum();
        Ok(blocks.iter().sum::<f64>() + 0.5 * l2 * size)
    }

    /// Gradient and Hessian (lower triangle by rows) of the penalised loss at `w`.
    fn derivatives(&self, w: &[f64], y: &[bool], l2: f64, watch: &Watch<'_>) -> Result<(Vec<f64>, Vec<f64>)> {
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
                        let p = 1.0 / (1.0 + (-self.margin(row, w)).exp());
                        let (error, curvature) = (p - f64::from(u8::from(y)), p * (1.0 - p));
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
#[path = "logistic_tests.rs"]
mod tests;
