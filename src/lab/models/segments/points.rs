//! Rows as points: features standardised so that each column counts alike.
//!
//! A number has mean 0 and variance 1, missing at the mean. The categories of a text share one scale, so that together they have
//! variance 1: a rare category does not outweigh a column.

use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::features::{self, Matrix, Style};
use attune_policy::model::{Encode, Input};
use std::collections::BTreeMap;

/// The inputs of the points, and what was left out.
///
/// # Errors
/// When a column is not there, cannot be used, or nothing differs between rows.
pub fn inputs(dataset: &Dataset, rows: &[u32], fields: &[String]) -> Result<(Vec<Input>, Vec<String>)> {
    let fit = features::fit(dataset, rows, fields, Style::Scaled)?;
    if let Some(first) = fit.unusable.first() {
        return Err(first.error());
    }
    let mut notes = fit.notes;
    let mut variance: BTreeMap<&str, f64> = BTreeMap::new();
    for input in &fit.inputs {
        if let Encode::OneHot { scale, .. } = input.encode {
            *variance.entry(&input.field).or_default() += scale * scale;
        }
    }
    let mut inputs = Vec::new();
    for input in &fit.inputs {
        let encode = match &input.encode {
            Encode::OneHot { category, center, .. } => {
                let scale = variance.get(&*input.field).copied().unwrap_or(1.0).sqrt();
                Encode::OneHot { category: category.clone(), center: *center, scale }
            }
            Encode::Missing => {
                notes.push(format!("missing values of `{}` stand at its mean", input.field));
                continue;
            }
            other => other.clone(),
        };
        inputs.push(Input { field: input.field.clone(), encode });
    }
    if inputs.is_empty() {
        return Err(Error::new("the chosen features do not differ between rows").hint("choose other features"));
    }
    Ok((inputs, notes))
}

/// Squared distance of two points.
pub fn squared(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// Centroids and how a point finds its own: the largest of `c·x − ‖c‖²/2`, which is the nearest; the first among equals. This is
/// the arithmetic of the lowered scores.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Centroids {
    /// One per segment.
    pub points: Vec<Vec<f64>>,
    /// −‖c‖²/2.
    pub intercepts: Vec<f64>,
}

impl Centroids {
    pub fn new(points: Vec<Vec<f64>>) -> Centroids {
        let intercepts = points.iter().map(|c| -0.5 * c.iter().map(|x| x * x).sum::<f64>()).collect();
        Centroids { points, intercepts }
    }

    /// Means of the points of each segment; a segment without a point stays at the origin.
    pub fn of(x: &Matrix, of: &[u32], k: usize) -> Centroids {
        let mut sums = vec![vec![0.0; x.inputs()]; k];
        let mut counts = vec![0.0_f64; k];
        for (row, segment) in of.iter().enumerate() {
            let at = *segment as usize;
            counts[at] += 1.0;
            sums[at].iter_mut().zip(x.row(row)).for_each(|(sum, x)| *sum += x);
        }
        for (sum, count) in sums.iter_mut().zip(counts) {
            sum.iter_mut().for_each(|x| *x /= count.max(1.0));
        }
        Centroids::new(sums)
    }

    pub fn nearest(&self, x: &[f64]) -> u32 {
        let mut best = (0, f64::NEG_INFINITY);
        for (at, (point, intercept)) in self.points.iter().zip(&self.intercepts).enumerate() {
            let score = point.iter().zip(x).fold(*intercept, |sum, (c, x)| sum + c * x);
            if score > best.1 {
                best = (at as u32, score);
            }
        }
        best.0
    }
}
