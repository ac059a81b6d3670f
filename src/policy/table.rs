//! Decision tables as data, after DMN 1.4: rows of tests, each with an output. Rules read one as `table("id")`.
//! This file is the data; [`cell`] reads the tests, [`compiled`] answers.

mod cell;
mod compiled;
#[cfg(test)]
mod tests;

pub use cell::{Cell, Test};
pub(crate) use compiled::CompiledTable;

use crate::value::{Type, Value};
use serde::{Deserialize, Serialize};

/// A decision table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Unique id.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// What the columns test: Rhai expressions over the row and the candidate.
    pub inputs: Vec<String>,
    /// Type of the output.
    pub output: Type,
    /// Which of the rows that match decides.
    #[serde(default)]
    pub hit: HitPolicy,
    /// The rows.
    pub rows: Vec<TableRow>,
    /// Output when no row matches; `Unknown`: none.
    #[serde(default, skip_serializing_if = "is_unknown")]
    pub otherwise: Value,
}

/// A row of a decision table. It matches when every test holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableRow {
    /// One per input: `-` (anything), a literal, `< 3`, `>= 18`, `[1..5)`, `"a", "b"`, `not("a")`, `unknown`.
    pub tests: Vec<String>,
    /// Its output.
    pub output: Value,
    /// Note of the author.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// Which of the rows that match decides (DMN 1.4, 8.2.10).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HitPolicy {
    /// At most one matches; two are an error of the row.
    #[default]
    Unique,
    /// Any: all that match agree; two outputs are an error of the row.
    Any,
    /// The first.
    First,
    /// The one with the largest output (numbers), the first of them on a tie.
    Priority,
    /// Sum of all (numbers).
    Sum,
    /// Least of all (numbers).
    Min,
    /// Largest of all (numbers).
    Max,
    /// How many match.
    Count,
}

fn is_unknown(value: &Value) -> bool {
    !value.is_known()
}
