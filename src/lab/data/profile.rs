//! The profile of a dataset: statistics of every column and the problems a person should know of, with row numbers.

pub mod association;
pub mod balance;
#[cfg(test)]
mod balance_tests;
pub mod chi_square;
mod columns;

use super::dataset::Dataset;
use super::quality;
use super::roles::Roles;
use crate::error::Result;
use crate::task::Task;
use attune_policy::value::Type;
use serde::{Deserialize, Serialize};

pub use super::quality::{CheckId, Known, LISTED_ROWS, Problem, Range, Repair, Severity};

/// Most bins of a histogram.
pub const MAX_BINS: usize = 40;
/// Most frequent values kept per column.
pub const TOP_VALUES: usize = 20;
/// Most gaps of a column of times that are kept.
pub const MAX_GAPS: usize = 20;

/// Statistics and problems of a dataset.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Number of rows.
    pub rows: u64,
    /// Missing cells of all columns.
    pub missing: u64,
    /// One entry per column, in the order of the dataset.
    pub columns: Vec<ColumnProfile>,
    /// What a person should know of, worst first.
    pub problems: Vec<Problem>,
}

/// Statistics of one column. Moments and quantiles are those of its known cells; numbers stay `None` for text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnProfile {
    /// Identifier.
    pub name: String,
    /// Name in the source.
    pub source: String,
    /// Type of its values.
    pub type_: Type,
    /// Missing cells.
    pub missing: u64,
    /// Distinct known values.
    pub distinct: u64,
    /// Least value (times in ms).
    pub min: Option<f64>,
    /// Greatest value (times in ms).
    pub max: Option<f64>,
    /// Mean.
    pub mean: Option<f64>,
    /// Standard deviation, n − 1 in the denominator.
    pub sd: Option<f64>,
    /// Quantiles at 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99: linear between order statistics.
    pub quantiles: Vec<(f64, f64)>,
    /// At most [`MAX_BINS`] bins over [min, max]; half-open but for the last.
    pub histogram: Vec<Bin>,
    /// The most frequent values and their counts, most frequent first, ties in order of value.
    pub top: Vec<(String, u64)>,
    /// Days of a column of times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
}

/// A bin of a histogram.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Lower edge, inside.
    pub low: f64,
    /// Upper edge, outside but for the last bin.
    pub high: f64,
    /// Known cells in it.
    pub count: u64,
}

/// Days of a column of times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// Days (UTC) with a row.
    pub days: u64,
    /// 95 % of the pauses between days with rows are this many days or fewer; 1 is the next day.
    pub usual_pause: u32,
    /// Pauses that are suddenly longer ([`CheckId::TimeGaps`]), longest first, at most [`MAX_GAPS`].
    pub gaps: Vec<Gap>,
}

/// A stretch of time without rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The last instant before it (ms).
    pub after: i64,
    /// The first instant after it (ms).
    pub before: i64,
    /// From the day of one to the day of the other.
    pub days: u32,
}

/// Profiles every column of the customers and looks for problems, those of the roles included.
///
/// # Errors
/// Only [`crate::Error::Cancelled`].
pub fn profile(dataset: &Dataset, roles: &Roles, task: &Task) -> Result<Profile> {
    profile_table(dataset, roles, &Known::default(), task)
}

/// Profiles every column of a table and looks for problems with what is known of it.
///
/// # Errors
/// Only [`crate::Error::Cancelled`].
pub fn profile_table(dataset: &Dataset, roles: &Roles, known: &Known<'_>, task: &Task) -> Result<Profile> {
    let columns = columns::profile(dataset, task)?;
    let problems = quality::find(dataset, roles, known, &columns, task)?;
    let columns: Vec<ColumnProfile> = columns.into_iter().map(|(about, _)| about).collect();
    let missing = columns.iter().map(|column| column.missing).sum();
    Ok(Profile { rows: dataset.rows() as u64, missing, columns, problems })
}
