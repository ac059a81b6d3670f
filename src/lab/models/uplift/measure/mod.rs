//! Does a score find the people whom an action moves? Curves and numbers of uplift from a randomised trial.
//!
//! Two conventions go by the same names in the field, scikit-uplift's and causalml's; both are here, by name. It trains nothing
//! ([`super`] does) and assumes that treatment was drawn at random: for logged policies see [`crate::simulate::off_policy`].

pub mod curve;
pub mod evaluation;
pub mod lead;
pub mod metrics;
pub mod profit;
pub mod rate;
mod resample;

#[cfg(test)]
mod tests;

pub use evaluation::{Ask, Evaluation, evaluate};

use crate::error::{Error, Result};

/// A scored trial: one entry per row in all three.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'a> {
    /// The higher, the sooner the row would be treated.
    pub scores: &'a [f64],
    /// Whether the row was treated.
    pub treated: &'a [bool],
    /// Outcome: 0 or 1, or an amount.
    pub outcomes: &'a [f64],
}

impl Trial<'_> {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.scores.len()
    }

    /// Whether every outcome is 0 or 1.
    pub fn is_binary(&self) -> bool {
        self.outcomes.iter().all(|y| *y == 0.0 || *y == 1.0)
    }

    /// Whether the slices are of one length, hold numbers, and both arms have rows.
    ///
    /// # Errors
    /// Names the first row (from 1) whose score or outcome is no number, or the arm that is empty.
    pub fn check(&self) -> Result<()> {
        let n = self.scores.len();
        if self.treated.len() != n || self.outcomes.len() != n {
            return Err(Error::new("scores, treatments and outcomes must have one entry per row"));
        }
        for (what, values) in [("score", self.scores), ("outcome", self.outcomes)] {
            if let Some(at) = values.iter().position(|x| !x.is_finite()) {
                let hint = "leave the row out, or fill it";
                return Err(Error::new(format!("the {what} is missing")).at_row(at as u64 + 1).hint(hint));
            }
        }
        let treated = self.treated.iter().filter(|t| **t).count();
        if treated == 0 || treated == n {
            let arm = if treated == 0 { "treated" } else { "untreated" };
            return Err(Error::new(format!("no row is {arm}: an effect is a difference between both")));
        }
        Ok(())
    }

    /// Rows by descending score. Rows of one score stand as in the table, or the other way round: the two conventions differ there.
    pub fn order(&self, reversed_ties: bool) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.rows() as u32).collect();
        if reversed_ties {
            order.reverse();
        }
        order.sort_by(|a, b| self.scores[*b as usize].total_cmp(&self.scores[*a as usize]));
        order
    }
}
