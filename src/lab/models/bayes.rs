//! Naive Bayes: inputs taken as independent within each class, numbers as normal, categories by their smoothed shares.
//!
//! The log odds of a class are then a sum of one function per input, kept as tables. A number of at most [`BINS`] distinct
//! values has a bin for each, where the table is exactly the ratio of the two normal densities; more values share bins of equal
//! count, at whose mean value it is taken. Beyond the values seen a table stays flat, where two normal curves would run away.
//! A missing value says nothing. smartcore's naive Bayes gives labels alone, and takes no weights.

use super::learner::{Examples, Fitted, Learner, Watch};
use super::tables::{Tables, distinct, quantile_edges, readable};
use crate::error::Result;
use crate::features::{Matrix, Style};
use attune_policy::model::{Link, Shape};

/// Most bins of a number.
const BINS: usize = 200;

/// Share of the largest variance that is added to each, as scikit-learn does.
const SMOOTHING: f64 = 1e-9;

/// The family.
pub struct Bayes {
    /// Rows that each category of each class has besides those seen (Laplace: 1).
    pub prior: f64,
}

impl Learner for Bayes {
    fn style(&self) -> Style {
        Style::Tabular
    }

    fn fit(&self, examples: &Examples<'_>, watch: &Watch<'_>) -> Result<Box<dyn Fitted>> {
        let x = examples.x;
        let numbers: Vec<Option<Normals>> = (0..x.inputs())
            .map(|input| {
                watch.check()?;
                Ok((examples.categories(input) == 0).then(|| Normals::of(examples, input)))
            })
            .collect::<Result<_>>()?;
        let widest = numbers.iter().flatten().map(|normals| normals.all).fold(0.0, f64::max);
        let mut shapes = Vec::new();
        for (input, normals) in numbers.iter().enumerate() {
            watch.at(input as f32 / x.inputs() as f32)?;
            shapes.extend(match normals {
                Some(normals) => normals.shape(x, input, SMOOTHING * widest),
                None => Some(self.categories(examples, input)),
            });
        }
        let mean = examples.mean();
        let categories = (0..x.inputs()).map(|input| examples.categories(input)).collect();
        watch.at(1.0)?;
        Ok(Box::new(Tables::new((mean / (1.0 - mean)).ln(), shapes, Vec::new(), Link::Logistic, x, categories)))
    }
}

impl Bayes {
    /// Log of the ratio of a category's smoothed shares of the two classes.
    fn categories(&self, examples: &Examples<'_>, input: usize) -> Shape {
        let named = examples.categories(input) as usize;
        // Rows by category (the last: all others) and class.
        let mut counts = vec![[0.0; 2]; named + 1];
        for (row, y) in examples.y.iter().enumerate() {
            let code = examples.x.row(row)[input];
            if !code.is_nan() {
                counts[(code as usize).min(named)][usize::from(*y > 0.0)] += examples.weight(row);
            }
        }
        // A group of others that holds nobody is no category.
        let rest: f64 = counts[named].iter().sum();
        let kinds = named + usize::from(rest > 0.0);
        let total = |class: usize| counts.iter().map(|c| c[class]).sum::<f64>() + self.prior * kinds as f64;
        let (no, yes) = (total(0), total(1));
        let score = |c: &[f64; 2]| ((c[1] + self.prior) / yes).ln() - ((c[0] + self.prior) / no).ln();
        let scores = counts[..named].iter().map(score).collect();
        let other = if rest > 0.0 { score(&counts[named]) } else { 0.0 };
        Shape { input: input as u32, edges: Vec::new(), scores, other, missing: 0.0 }
    }
}

/// Mean and variance of an input in each class, and its variance in all rows.
struct Normals {
    classes: [(f64, f64); 2],
    all: f64,
}

impl Normals {
    fn of(examples: &Examples<'_>, input: usize) -> Normals {
        let moments = |keep: &dyn Fn(f64) -> bool| {
            let rows = || {
                (0..examples.y.len())
                    .map(|row| (examples.x.row(row)[input], examples.weight(row), examples.y[row]))
                    .filter(|(x, _, y)| !x.is_nan() && keep(*y))
            };
            let n: f64 = rows().map(|(_, w, _)| w).sum();
            if n <= 0.0 {
                return (0.0, 0.0);
            }
            let mean = rows().map(|(x, w, _)| w * x).sum::<f64>() / n;
            (mean, rows().map(|(x, w, _)| w * (x - mean) * (x - mean)).sum::<f64>() / n)
        };
        Normals { classes: [moments(&|y| y == 0.0), moments(&|y| y > 0.0)], all: moments(&|_| true).1 }
    }

    /// The table; `None` for an input without spread.
    fn shape(&self, x: &Matrix, input: usize, smoothing: f64) -> Option<Shape> {
        let log_density = |class: usize, x: f64| {
            let (mean, variance) = self.classes[class];
            let variance = variance + smoothing;
            -0.5 * (variance.ln() + (x - mean) * (x - mean) / variance)
        };
        if self.classes.iter().any(|(_, variance)| variance + smoothing <= 0.0) {
            return None;
        }
        let values = distinct(x, input);
        let few = values.len() <= BINS;
        let edges: Vec<f64> = match few {
            true => values.windows(2).map(|pair| readable(pair[0], pair[1])).collect(),
            false => quantile_edges(x, input, BINS),
        };
        let mut sums = vec![(0.0, 0.0); edges.len() + 1];
        for row in 0..x.rows() {
            let value = x.row(row)[input];
            if !value.is_nan() {
                let bin = &mut sums[edges.partition_point(|edge| *edge <= value)];
                *bin = (bin.0 + value, bin.1 + 1.0);
            }
        }
        // With few values the mean of a bin is its value; taken as it is, without the rounding of a sum.
        let middle = |(at, (sum, n)): (usize, (f64, f64))| if few { values[at] } else { sum / n };
        let score = |x: f64| log_density(1, x) - log_density(0, x);
        let scores: Vec<f64> = sums.into_iter().enumerate().map(middle).map(score).collect();
        scores.iter().all(|score| score.is_finite()).then_some(Shape {
            input: input as u32,
            edges,
            scores,
            other: 0.0,
            missing: 0.0,
        })
    }
}

#[cfg(test)]
#[path = "bayes_tests.rs"]
mod tests;
