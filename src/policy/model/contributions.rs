//! What each input adds to a score: for traces, reason codes and reviewers. In units of the raw sum, before link and calibration.
//!
//! Linear, scorecard, shapes: exact. With the constant they add up to the sum; a pair gives half to each of its inputs. Linear
//! inputs count as encoded, so that a standardised input contributes 0 at its centre. Factors, neighbours: the biases and
//! similarities that each input brings; of the product of the factors half to each side. Trees: how much the sum would change
//! were that input alone missing. The file holds no background to compare with, so these do not add up to the sum.
//! A difference: contributions to `of` less those to `less`, each in units of its output: times the mean slope of its link between the
//! sum and the sum without them. Where those of both sides add up, so do these.

use super::Facts;
use super::forest::Forest;
use super::scorer::{Kernel, Scorer, Scratch};
use crate::row::Row;

impl Scorer {
    /// What each input that the function reads adds to the raw sum of this row: input and contribution, in the order of the
    /// inputs. Inputs that add nothing are left out, and so is what is not finite.
    pub fn contributions(
        &self,
        row: &Row<'_>,
        facts: &(impl Facts + ?Sized),
        scratch: &mut Scratch,
    ) -> Vec<(usize, f64)> {
        let mut out = vec![0.0; self.inputs.len()];
        self.read(row, facts, scratch);
        self.kernel.contributions(scratch, &mut out);
        out.into_iter().enumerate().filter(|(_, x)| x.is_finite() && *x != 0.0).collect()
    }

    /// Of a scorecard or shapes: how many points (scores) each characteristic (shape) gives less than the most it can, in the
    /// order of the file. The largest are the reasons why a score is not higher. Empty for other functions.
    pub fn shortfalls(&self, row: &Row<'_>, facts: &(impl Facts + ?Sized), scratch: &mut Scratch) -> Vec<f64> {
        self.read(row, facts, scratch);
        match &self.kernel {
            Kernel::Additive { additive, .. } => additive.shortfalls(&scratch.numbers),
            _ => Vec::new(),
        }
    }
}

impl Kernel {
    /// Adds what each input in `scratch` gives to the sum.
    fn contributions(&self, scratch: &mut Scratch, out: &mut [f64]) {
        match self {
            Kernel::Constant(_) => {}
            Kernel::Linear { coefficients, .. } => {
                for ((out, coefficient), x) in out.iter_mut().zip(coefficients).zip(&scratch.numbers) {
                    *out = coefficient * x;
                }
            }
            Kernel::Additive { additive, .. } => additive.contributions(&scratch.numbers, out),
            Kernel::Factors { factors, .. } => factors.contributions(&scratch.numbers, &mut scratch.sides, out),
            Kernel::Neighbours { neighbours, .. } => {
                neighbours.contributions(&scratch.numbers, &scratch.codes, out);
            }
            Kernel::Trees { forest, .. } => without_each(forest, &mut scratch.rounded, out),
            Kernel::Difference(sides) => {
                for (side, sign) in sides.iter().zip([1.0, -1.0]) {
                    let mut own = vec![0.0; out.len()];
                    side.contributions(scratch, &mut own);
                    let sum = side.sum(scratch).value;
                    let slope = side.link().mean_slope(sum - own.iter().sum::<f64>(), sum);
                    out.iter_mut().zip(own).for_each(|(out, own)| *out += sign * slope * own);
                }
            }
        }
    }
}

fn without_each(forest: &Forest, inputs: &mut [f32], out: &mut [f64]) {
    let sum = f64::from(forest.sum(inputs));
    for input in forest.reads() {
        let Some(x) = inputs.get_mut(input) else { continue };
        let given = std::mem::replace(x, f32::NAN);
        let without = f64::from(forest.sum(inputs));
        if let (Some(x), Some(out)) = (inputs.get_mut(input), out.get_mut(input)) {
            *x = given;
            *out = sum - without;
        }
    }
}

/// The `k` contributions farthest from 0, largest first; of equally large ones the earlier input first.
pub fn largest(mut contributions: Vec<(usize, f64)>, k: usize) -> Vec<(usize, f64)> {
    contributions.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
    contributions.truncate(k);
    contributions
}
