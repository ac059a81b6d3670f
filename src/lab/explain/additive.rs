//! Shapley values of functions that are sums of small terms: linear models, scorecards, explainable boosting machines. Exact, by
//! one table per term; what is not known is taken from the background rows.

use crate::error::{Error, Result};
use crate::features::Matrix;
use attune_policy::model::{Encode, Function, Model};

/// A sum of terms with what each is on average over the background.
pub struct Additive {
    constant: f64,
    terms: Vec<Term>,
}

enum Term {
    /// `coefficient · x`.
    Linear { input: usize, coefficient: f64, mean: f64 },
    /// A table of one input.
    One { axis: Axis, scores: Vec<f64>, mean: f64 },
    /// A table of two inputs, and its mean over the background with one of them given.
    Pair { axes: [Axis; 2], scores: Vec<f64>, given: [Vec<f64>; 2], mean: f64 },
}

/// Bins of an input, as the policy makes them: half-open intervals or categories (then that of other values), missing last.
struct Axis {
    input: usize,
    edges: Vec<f64>,
    categories: Option<usize>,
}

impl Axis {
    fn new(model: &Model, input: u32, edges: &[f64]) -> Result<Axis> {
        let categories = match model.inputs.get(input as usize).map(|input| &input.encode) {
            Some(Encode::Category { categories }) => Some(categories.len()),
            Some(_) => None,
            None => return Err(Error::new(format!("model `{}` reads an input it does not have", model.id))),
        };
        Ok(Axis { input: input as usize, edges: edges.to_vec(), categories })
    }

    fn len(&self) -> usize {
        self.categories.map_or(self.edges.len() + 2, |n| n + 2)
    }

    fn bin(&self, row: &[f64]) -> usize {
        let x = row[self.input];
        match self.categories {
            _ if x.is_nan() => self.len() - 1,
            Some(n) => (x as usize).min(n),
            None => self.edges.partition_point(|edge| *edge <= x),
        }
    }

    /// A table of this input in the order of its bins.
    fn table(&self, named: &[f64], other: f64, missing: f64) -> Result<Vec<f64>> {
        let mut scores = named.to_vec();
        if self.categories.is_some() {
            scores.push(other);
        }
        scores.push(missing);
        self.fits(scores.len(), self.len())?;
        Ok(scores)
    }

    fn fits(&self, have: usize, want: usize) -> Result<()> {
        if have == want { Ok(()) } else { Err(Error::new(format!("a table of {have} scores has {want} bins"))) }
    }
}

impl Additive {
    /// The terms of a function of the model's inputs; `None` when it is no such sum.
    ///
    /// # Errors
    /// When the model is malformed.
    pub fn new(model: &Model, function: &Function, background: &Matrix) -> Result<Option<Additive>> {
        let mut additive = Additive { constant: 0.0, terms: Vec::new() };
        let one = |input: u32, edges: &[f64], named: &[f64], other: f64, missing: f64| -> Result<Term> {
            let axis = Axis::new(model, input, edges)?;
            let scores = axis.table(named, other, missing)?;
            let mean = mean(background, |row| scores[axis.bin(row)]);
            Ok(Term::One { axis, scores, mean })
        };
        match function {
            Function::Constant(constant) => additive.constant = *constant,
            Function::Linear { intercept, coefficients, .. } => {
                additive.constant = *intercept;
                let terms = coefficients.iter().enumerate().filter(|(_, coefficient)| **coefficient != 0.0);
                additive.terms.extend(terms.map(|(input, &coefficient)| Term::Linear {
                    input,
                    coefficient,
                    mean: mean(background, |row| row[input]),
                }));
            }
            Function::Scorecard { base, characteristics, .. } => {
                additive.constant = *base;
                for c in characteristics {
                    additive.terms.push(one(c.input, &c.edges, &c.points, c.other, c.missing)?);
                }
            }
            Function::Shapes { intercept, shapes, pairs, .. } => {
                additive.constant = *intercept;
                for s in shapes {
                    additive.terms.push(one(s.input, &s.edges, &s.scores, s.other, s.missing)?);
                }
                for pair in pairs {
                    let axes = [
                        Axis::new(model, pair.inputs.0, &pair.edges.0)?,
                        Axis::new(model, pair.inputs.1, &pair.edges.1)?,
                    ];
                    additive.terms.push(two(axes, pair.scores.concat(), background)?);
                }
            }
            Function::Trees { .. }
            | Function::Factors { .. }
            | Function::Neighbours { .. }
            | Function::Difference { .. } => return Ok(None),
        }
        Ok(Some(additive))
    }

    /// Mean of the sum over the background.
    pub fn base(&self) -> f64 {
        let mean = |term: &Term| match term {
            Term::Linear { coefficient, mean, .. } => coefficient * mean,
            Term::One { mean, .. } | Term::Pair { mean, .. } => *mean,
        };
        self.terms.iter().map(mean).fold(self.constant, |sum, x| sum + x)
    }

    /// The sum of a row.
    pub fn sum(&self, row: &[f64]) -> f64 {
        let term = |term: &Term| match term {
            Term::Linear { input, coefficient, .. } => coefficient * row[*input],
            Term::One { axis, scores, .. } => scores[axis.bin(row)],
            Term::Pair { axes: [a, b], scores, .. } => scores[a.bin(row) * b.len() + b.bin(row)],
        };
        self.terms.iter().map(term).fold(self.constant, |sum, x| sum + x)
    }

    /// Adds what each input gives to its column.
    pub fn explain(&self, row: &[f64], columns: &[u32], out: &mut [f64]) {
        let mut add = |input: usize, x: f64| out[columns[input] as usize] += x;
        for term in &self.terms {
            match term {
                Term::Linear { input, coefficient, mean } => add(*input, coefficient * (row[*input] - mean)),
                Term::One { axis, scores, mean } => add(axis.input, scores[axis.bin(row)] - mean),
                Term::Pair { axes: [a, b], scores, given, mean } => {
                    let (i, j) = (a.bin(row), b.bin(row));
                    let both = scores[i * b.len() + j];
                    // The two orders in which two players can come.
                    let [first, second] = [given[0][i], given[1][j]];
                    add(a.input, ((first - mean) + (both - second)) / 2.0);
                    add(b.input, ((second - mean) + (both - first)) / 2.0);
                }
            }
        }
    }
}

fn two(axes: [Axis; 2], scores: Vec<f64>, background: &Matrix) -> Result<Term> {
    let [a, b] = &axes;
    let width = b.len();
    a.fits(scores.len(), a.len() * width)?;
    let given = [
        (0..a.len()).map(|i| mean(background, |row| scores[i * width + b.bin(row)])).collect(),
        (0..width).map(|j| mean(background, |row| scores[a.bin(row) * width + j])).collect(),
    ];
    let mean = mean(background, |row| scores[a.bin(row) * width + b.bin(row)]);
    Ok(Term::Pair { axes, scores, given, mean })
}

fn mean(background: &Matrix, of: impl Fn(&[f64]) -> f64) -> f64 {
    (0..background.rows()).map(|row| of(background.row(row))).sum::<f64>() / background.rows().max(1) as f64
}
