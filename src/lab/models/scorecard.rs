//! Scorecards (Siddiqi, 2006): each input in a few bins, each bin with its weight of evidence, a logistic regression on
//! those, and points to hundredths of a log odds, so that a person can add them up.
//!
//! Weight of evidence of a bin is the log of the ratio of its shares of the two classes, half a row added to each. Inputs whose
//! coefficient comes out negative tell the same as others and are left out, so that points never contradict the evidence.
//! Where an input may only rise or fall, neighbouring bins that do otherwise are pooled.

use super::glm::{self, Penalty};
use super::learner::{Examples, Fitted, Learner, Watch};
use super::tables::{Tables, quantile_edges};
use crate::error::Result;
use crate::features::{Matrix, Style};
use attune_policy::model::{Link, Shape};

/// The family's settings; see [`super::spec::Family::Scorecard`].
pub struct Scorecard {
    /// Most bins of a number.
    pub bins: u32,
    /// Penalty on the squared coefficients of the weights of evidence.
    pub l2: f64,
}

impl Learner for Scorecard {
    fn style(&self) -> Style {
        Style::Tabular
    }

    fn fit(&self, examples: &Examples<'_>, watch: &Watch<'_>) -> Result<Box<dyn Fitted>> {
        let x = examples.x;
        let mut binned = Vec::with_capacity(x.inputs());
        for input in 0..x.inputs() {
            watch.check()?;
            binned.push(Evidence::new(examples, input, self.bins as usize));
        }
        let mut used: Vec<usize> = (0..x.inputs()).filter(|&input| binned[input].tells()).collect();
        // Each round leaves out at least one input.
        loop {
            let values = (0..x.rows())
                .flat_map(|row| used.iter().map(|&input| binned[input].of(x.row(row)[input])).collect::<Vec<f64>>());
            let Some(evidence) = Matrix::new(x.rows(), used.len(), values.collect()) else { break };
            let inner = Examples { x: &evidence, monotone: &[], categories: &[], ..*examples };
            let fitted = glm::fit(&inner, Penalty { l2: self.l2, l1: 0.0 }, watch)?;
            let kept: Vec<usize> =
                used.iter().zip(fitted.coefficients()).filter(|(_, w)| **w > 0.0).map(|(input, _)| *input).collect();
            if kept.len() < used.len() {
                used = kept;
                continue;
            }
            let shapes = used.iter().zip(fitted.coefficients()).map(|(&input, w)| binned[input].shape(input, *w));
            let categories = (0..x.inputs()).map(|input| examples.categories(input)).collect();
            let base = hundredths(fitted.intercept());
            let mut card = Tables::new(base, shapes.collect(), Vec::new(), Link::Logistic, x, categories);
            card.points = true;
            card.note = fitted.note();
            return Ok(Box::new(card));
        }
        // Unreachable: the values fill whole rows. An empty card says the base rate.
        let mean = examples.mean();
        let categories = (0..x.inputs()).map(|input| examples.categories(input)).collect();
        Ok(Box::new(Tables::new((mean / (1.0 - mean)).ln(), Vec::new(), Vec::new(), Link::Logistic, x, categories)))
    }
}

fn hundredths(x: f64) -> f64 {
    let rounded = (x * 100.0).round() / 100.0;
    // No −0 in a document.
    if rounded == 0.0 { 0.0 } else { rounded }
}

/// An input in bins with their weights of evidence.
struct Evidence {
    edges: Vec<f64>,
    categories: usize,
    /// One per bin or category; then that of other values, for categories; last that of missing values.
    weights: Vec<f64>,
}

impl Evidence {
    fn new(examples: &Examples<'_>, input: usize, bins: usize) -> Evidence {
        let categories = examples.categories(input) as usize;
        let edges = if categories > 0 { Vec::new() } else { quantile_edges(examples.x, input, bins) };
        let mut evidence = Evidence { edges, categories, weights: Vec::new() };
        let mut counts = evidence.counts(examples, input);
        let sign = examples.monotone.get(input).copied().unwrap_or(0);
        if sign != 0 && categories == 0 {
            evidence.pool(&mut counts, f64::from(sign));
        }
        let totals = counts.iter().fold([0.0; 2], |sum, c| [sum[0] + c[0], sum[1] + c[1]]);
        let weight = |c: &[f64; 2]| match c[0] + c[1] > 0.0 {
            true => ((c[1] + 0.5) / (totals[1] + 0.5)).ln() - ((c[0] + 0.5) / (totals[0] + 0.5)).ln(),
            // Nobody was seen here.
            false => 0.0,
        };
        evidence.weights = counts.iter().map(weight).collect();
        evidence
    }

    /// Rows of each bin by class.
    fn counts(&self, examples: &Examples<'_>, input: usize) -> Vec<[f64; 2]> {
        let bins = if self.categories > 0 { self.categories + 1 } else { self.edges.len() + 1 };
        let mut counts = vec![[0.0; 2]; bins + 1];
        for (row, y) in examples.y.iter().enumerate() {
            let bin = self.bin(examples.x.row(row)[input], bins);
            counts[bin][usize::from(*y > 0.0)] += examples.weight(row);
        }
        counts
    }

    /// Pools neighbouring bins until the share of the outcome moves one way only.
    fn pool(&mut self, counts: &mut Vec<[f64; 2]>, sign: f64) {
        let missing = counts.pop().unwrap_or_default();
        let rate = |c: &[f64; 2]| sign * (c[1] + 0.5) / (c[0] + c[1] + 1.0);
        let mut at = 0;
        while at + 1 < counts.len() {
            if rate(&counts[at + 1]) >= rate(&counts[at]) {
                at += 1;
                continue;
            }
            let next = counts.remove(at + 1);
            counts[at] = [counts[at][0] + next[0], counts[at][1] + next[1]];
            self.edges.remove(at);
            at = at.saturating_sub(1);
        }
        counts.push(missing);
    }

    fn bin(&self, x: f64, missing: usize) -> usize {
        if x.is_nan() {
            missing
        } else if self.categories > 0 {
            (x as usize).min(self.categories)
        } else {
            self.edges.partition_point(|edge| *edge <= x)
        }
    }

    /// The weight of evidence of a value.
    fn of(&self, x: f64) -> f64 {
        self.weights[self.bin(x, self.weights.len() - 1)]
    }

    /// Whether its bins differ.
    fn tells(&self) -> bool {
        self.weights.iter().any(|weight| *weight != 0.0)
    }

    fn shape(&self, input: usize, coefficient: f64) -> Shape {
        let mut scores: Vec<f64> = self.weights.iter().map(|weight| hundredths(coefficient * weight)).collect();
        let missing = scores.pop().unwrap_or(0.0);
        let other = if self.categories > 0 { scores.pop().unwrap_or(0.0) } else { 0.0 };
        Shape { input: input as u32, edges: self.edges.clone(), scores, other, missing }
    }
}

#[cfg(test)]
#[path = "scorecard_tests.rs"]
mod tests;
