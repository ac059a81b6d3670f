//! Sums of tables of one or two inputs: what explainable boosting machines, naive Bayes and scorecards become. The same tables
//! predict here and are read in the policy file.

use super::learner::Fitted;
use crate::error::Result;
use crate::features::Matrix;
use attune_policy::model::{Characteristic, Function, Link, Pair, Shape};

/// A fitted sum of tables.
pub struct Tables {
    /// Added first.
    pub intercept: f64,
    /// Tables of one input.
    pub shapes: Vec<Shape>,
    /// Tables of two inputs.
    pub pairs: Vec<Pair>,
    /// Applied to the sum.
    pub link: Link,
    /// Categories per input, 0 for numbers.
    pub categories: Vec<u32>,
    /// Mean absolute score of each input over the training rows; half of a pair's for each of its two.
    pub sizes: Vec<f64>,
    /// Whether a reader sees points of a scorecard.
    pub points: bool,
    /// What a reader must know.
    pub note: Option<String>,
}

impl Tables {
    /// Tables whose sizes are measured on the training rows.
    pub fn new(
        intercept: f64,
        shapes: Vec<Shape>,
        pairs: Vec<Pair>,
        link: Link,
        x: &Matrix,
        categories: Vec<u32>,
    ) -> Tables {
        let sizes = vec![0.0; x.inputs()];
        let mut tables = Tables { intercept, shapes, pairs, link, categories, sizes, points: false, note: None };
        let mut sizes = vec![0.0; x.inputs()];
        for row in 0..x.rows() {
            let row = x.row(row);
            for shape in &tables.shapes {
                sizes[shape.input as usize] += tables.shape(shape, row).abs();
            }
            for pair in &tables.pairs {
                let half = tables.pair(pair, row).abs() / 2.0;
                sizes[pair.inputs.0 as usize] += half;
                sizes[pair.inputs.1 as usize] += half;
            }
        }
        let rows = x.rows().max(1) as f64;
        tables.sizes = sizes.into_iter().map(|size| size / rows).collect();
        tables
    }

    /// The sum for a row, in the order in which the policy adds.
    fn sum(&self, row: &[f64]) -> f64 {
        let shapes = self.shapes.iter().fold(self.intercept, |sum, shape| sum + self.shape(shape, row));
        self.pairs.iter().fold(shapes, |sum, pair| sum + self.pair(pair, row))
    }

    fn shape(&self, shape: &Shape, row: &[f64]) -> f64 {
        let (input, named) = (shape.input as usize, shape.scores.len());
        match bin(row[input], &shape.edges, self.categories[input]) {
            Bin::Missing => shape.missing,
            Bin::At(at) if at < named => shape.scores[at],
            Bin::At(_) => shape.other,
        }
    }

    fn pair(&self, pair: &Pair, row: &[f64]) -> f64 {
        let ((a, b), (ours, theirs)) = (pair.inputs, &pair.edges);
        let (a, b) = (a as usize, b as usize);
        let place = |bin: Bin, count: usize| match bin {
            Bin::Missing => count - 1,
            Bin::At(at) => at,
        };
        let line = &pair.scores[place(bin(row[a], ours, self.categories[a]), pair.scores.len())];
        line[place(bin(row[b], theirs, self.categories[b]), line.len())]
    }
}

enum Bin {
    At(usize),
    Missing,
}

/// The bin of a number between edges, or of a category by its code.
fn bin(x: f64, edges: &[f64], categories: u32) -> Bin {
    if x.is_nan() {
        Bin::Missing
    } else if categories > 0 {
        Bin::At((x as usize).min(categories as usize))
    } else {
        Bin::At(edges.partition_point(|edge| *edge <= x))
    }
}

impl Fitted for Tables {
    fn margins(&self, x: &Matrix) -> Result<Vec<f64>> {
        Ok((0..x.rows()).map(|row| self.sum(x.row(row))).collect())
    }

    fn link(&self) -> Link {
        self.link
    }

    fn lower(&self) -> Function {
        if !self.points {
            let (shapes, pairs) = (self.shapes.clone(), self.pairs.clone());
            return Function::Shapes { intercept: self.intercept, shapes, pairs, link: self.link };
        }
        let characteristic = |shape: &Shape| {
            let Shape { input, edges, scores, other, missing } = shape.clone();
            Characteristic { input, edges, points: scores, other, missing, reason: String::new() }
        };
        Function::Scorecard {
            base: self.intercept,
            characteristics: self.shapes.iter().map(characteristic).collect(),
            link: self.link,
        }
    }

    fn weights(&self) -> Vec<f64> {
        self.sizes.clone()
    }

    fn note(&self) -> Option<String> {
        self.note.clone()
    }
}

/// Distinct known values of an input, ascending.
pub fn distinct(x: &Matrix, input: usize) -> Vec<f64> {
    let mut values: Vec<f64> = (0..x.rows()).map(|row| x.row(row)[input]).filter(|x| !x.is_nan()).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
}

/// At most `bins` bins of about equal count of an input's known rows: where each but the first begins.
pub fn quantile_edges(x: &Matrix, input: usize, bins: usize) -> Vec<f64> {
    let mut values: Vec<f64> = (0..x.rows()).map(|row| x.row(row)[input]).filter(|x| !x.is_nan()).collect();
    values.sort_by(f64::total_cmp);
    let mut edges = Vec::new();
    for part in 1..bins {
        let at = part * values.len() / bins;
        let Some(&value) = values.get(at) else { continue };
        let below = values[..at].partition_point(|x| *x < value);
        // The value before it in order; a run of equal values stays whole and begins its bin.
        if let Some(&before) = below.checked_sub(1).and_then(|at| values.get(at)) {
            edges.push(readable(before, value));
        }
    }
    edges.dedup();
    edges
}

/// The roundest number above `low` and at most `high`: it parts the two as well as any other, and people can read it.
pub fn readable(low: f64, high: f64) -> f64 {
    let gap = high - low;
    if !gap.is_finite() || gap <= 0.0 {
        return high;
    }
    let start = gap.log10().ceil() as i32;
    for digits in (start - 3..=start).rev() {
        let step = 10_f64.powi(digits);
        // Dividing by a power of ten is exact where multiplying by its reciprocal is not.
        let at = match digits < 0 {
            true => (high * 10_f64.powi(-digits)).floor() / 10_f64.powi(-digits),
            false => (high / step).floor() * step,
        };
        if at > low && at <= high {
            return at;
        }
    }
    high
}

#[cfg(test)]
#[path = "tables_tests.rs"]
mod tests;
