//! Questions marketers ask, one file each; every answer is a report as plain data.
//!
//! | question | where |
//! |---|---|
//! | what if the cap were 2, 3, 5 | [`sweep`] |
//! | this policy or today's: worth, who gets what, who never, swaps, rules, sensitivity, which of twenty is best | [`compare`] |
//! | when do budgets and stocks run dry | [`budgets`] |
//! | is contact getting narrower | [`narrowing`] |
//! | are buyers being taught to wait for discounts | [`discounts`] |
//! | how big must the holdout be, how long must it run, what can it see | [`plan`] |
//! | what does a finished A/B test say | [`experiment`] |
//!
//! Every number has an interval and the n it stands on ([`Figure`]), and its definition among the report's notes. Nothing here
//! opens a file or trains a model.

mod best;
pub mod budgets;
mod choices;
pub mod compare;
pub mod discounts;
pub mod dunnett;
pub mod experiment;
pub mod knob;
pub mod narrowing;
mod neutral;
mod panel;
pub mod plan;
pub mod proportions;
mod swaps;
pub mod sweep;
pub mod volume;

#[cfg(test)]
mod tests;

pub use best::{Against as AgainstCurrent, Best, Standing};
pub use knob::Knob;
pub use swaps::Swap;

use crate::distributions::ends;
use crate::simulate::estimate::{Z95, around};
use crate::simulate::report::{Note, RowsUsed};
use serde::{Deserialize, Serialize};

/// A number with its 95 % interval, and how many rows or subjects it stands on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The number.
    pub value: f64,
    /// Lower end of the interval; infinite where nothing bounds the number.
    #[serde(with = "ends")]
    pub low: f64,
    /// Upper end of the interval.
    #[serde(with = "ends")]
    pub high: f64,
    /// Rows or subjects.
    pub n: u64,
}

impl Figure {
    /// A number with its normal interval, value ± 1.96 standard errors; its ends are infinite where nothing varies.
    pub fn normal(value: f64, se: f64, n: u64) -> Figure {
        let (low, high) = around(value, se, Z95);
        Figure { value, low, high, n }
    }

    /// Whether the interval lies on one side of 0.
    pub fn is_clear(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// What a sample does to the policies, as notes of a report.
fn sampled(rows: &RowsUsed) -> Vec<Note> {
    crate::simulate::notes::sampled(&rows.caveat.as_deref().into_iter().collect::<Vec<_>>())
}

/// Definitions as the notes of a report.
fn notes(list: &[(&str, &str)]) -> Vec<Note> {
    list.iter().map(|(term, definition)| Note { term: (*term).into(), definition: (*definition).into() }).collect()
}
