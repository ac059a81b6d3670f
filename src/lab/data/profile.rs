//! The profile of a dataset: statistics of every column and the problems a person should know of, with row numbers.

mod checks;
pub mod chi_square;
mod columns;

use super::dataset::Dataset;
use super::roles::Roles;
use crate::error::Result;
use crate::task::Task;
use attune_policy::value::Type;
use serde::{Deserialize, Serialize};

/// Most bins of a histogram.
pub const MAX_BINS: usize = 40;
/// Most frequent values kept per column.
pub const TOP_VALUES: usize = 20;
/// Most row numbers listed per problem; its count is exact.
pub const LISTED_ROWS: usize = 100;

/// Statistics and problems of a dataset.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Number of rows.
    pub rows: u64,
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
    /// The most frequent values and their counts, most frequent first, ties in order of text.
    pub top: Vec<(String, u64)>,
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

/// Something wrong, or worth knowing, about the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// How bad.
    pub severity: Severity,
    /// Column it is in (identifier); `None` is the table as a whole.
    pub column: Option<String>,
    /// Numbers of the first rows concerned, as in the file, at most [`LISTED_ROWS`].
    pub rows: Vec<u64>,
    /// How many rows are concerned; 0 when it is not about rows.
    pub count: u64,
    /// What is the matter.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Results may be misleading.
    Warning,
    /// Work cannot go on like this.
    Error,
}

impl Problem {
    /// A problem of a column, or of the table.
    pub fn new(severity: Severity, column: Option<&str>, message: impl Into<String>, hint: &str) -> Problem {
        Problem {
            severity,
            column: column.map(str::to_owned),
            rows: Vec::new(),
            count: 0,
            message: message.into(),
            hint: hint.to_owned(),
        }
    }

    /// Names the rows: the first of them are kept, all are counted.
    #[must_use]
    pub fn at_rows(mut self, rows: impl IntoIterator<Item = u64>) -> Problem {
        for row in rows {
            if self.rows.len() < LISTED_ROWS {
                self.rows.push(row);
            }
            self.count += 1;
        }
        self
    }
}

/// Profiles every column and looks for problems, those of the roles included.
///
/// # Errors
/// Only [`crate::Error::Cancelled`].
pub fn profile(dataset: &Dataset, roles: &Roles, task: &Task) -> Result<Profile> {
    let columns = columns::profile(dataset, task)?;
    let mut problems = roles.check(dataset);
    problems.extend(checks::find(dataset, roles, &columns, task)?);
    problems.sort_by_key(|problem| std::cmp::Reverse(problem.severity));
    Ok(Profile { rows: dataset.rows() as u64, columns, problems })
}
