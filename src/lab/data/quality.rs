//! What a person should know of before trusting a table: every check, all at once, with row numbers and a repair.
//!
//! A check says what it looked for in words, counts exactly, and lists the first rows. It changes nothing: a [`Repair`] does,
//! when it is applied.

mod columns;
mod keys;
mod repair;
mod rows;
mod text;
mod times;
mod values;

#[cfg(test)]
mod tests;

use super::cells::Cells;
use super::dataset::Dataset;
use super::join::canonical;
use super::profile::ColumnProfile;
use super::roles::{Role, Roles};
use super::table::TableKind;
use crate::error::Result;
use crate::task::Task;
use attune_policy::recipe::Step;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

pub use repair::{Repair, Repairable};
pub use rows::{LeaveOut, LeftOut, leave_out};

pub(super) use values::words;

/// Most row numbers listed per problem; its count is exact.
pub const LISTED_ROWS: usize = 100;

/// Something wrong, or worth knowing, about the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// Which check found it.
    pub check: CheckId,
    /// How bad.
    pub severity: Severity,
    /// Column it is in (identifier); `None` is the table as a whole.
    pub column: Option<String>,
    /// What tells it from others of the check in the column: the value it is about, or a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Numbers of the first rows concerned, as in the file, at most [`LISTED_ROWS`].
    pub rows: Vec<u64>,
    /// How many rows are concerned; 0 when it is not about rows.
    pub count: u64,
    /// `count` by the rows of the table; 0 when it is not about rows.
    pub share: f64,
    /// What is the matter.
    pub message: String,
    /// What to do about it.
    pub hint: String,
    /// What can be done about it by a click, or why nothing can.
    pub repair: Repair,
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

/// A check. Its definition stands in [`CheckId::definition`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CheckId {
    /// Roles that do not fit the data.
    Roles,
    /// Missing cells.
    Missing,
    /// One value in every row.
    Constant,
    /// Another value in nearly every row.
    Identifier,
    /// Too many categories.
    ManyCategories,
    /// Numbers or dates among text.
    MixedTypes,
    /// Values that cannot be.
    Impossible,
    /// Values outside a declared range.
    OutOfRange,
    /// Values in two units.
    MixedUnits,
    /// Values that stand for something else.
    Sentinel,
    /// Values far from the others.
    Outliers,
    /// Blanks around text.
    Blanks,
    /// Categories that differ in case, blanks or punctuation alone.
    SimilarCategories,
    /// Rows that repeat others.
    RepeatedRows,
    /// Keys that stand in several rows.
    RepeatedKeys,
    /// Keys that lead nowhere.
    BrokenKeys,
    /// Rows after the instant at which the data stand.
    FutureDates,
    /// Stretches of time without rows.
    TimeGaps,
}

/// A range that a column was declared to keep to, both ends inside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// Least value; none is no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Greatest value; none is no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
}

/// What is known of a table when it is checked.
#[derive(Clone, Debug, Default)]
pub struct Known<'a> {
    /// What its rows are.
    pub kind: TableKind,
    /// Instant (ms) at which the data stand; later rows are from the future. The roles' own when it is not given.
    pub as_of: Option<i64>,
    /// Declared ranges by column (identifier).
    pub ranges: BTreeMap<String, Range>,
    /// The customers that the key of a table beside them leads to: dataset and column.
    pub customers: Option<(&'a Dataset, &'a str)>,
    /// The row recipe: what it makes good is no problem any more.
    pub steps: &'a [Step],
}

impl CheckId {
    /// The name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            CheckId::Roles => "roles",
            CheckId::Missing => "missing",
            CheckId::Constant => "constant",
            CheckId::Identifier => "identifier",
            CheckId::ManyCategories => "many-categories",
            CheckId::MixedTypes => "mixed-types",
            CheckId::Impossible => "impossible",
            CheckId::OutOfRange => "out-of-range",
            CheckId::MixedUnits => "mixed-units",
            CheckId::Sentinel => "sentinel",
            CheckId::Outliers => "outliers",
            CheckId::Blanks => "blanks",
            CheckId::SimilarCategories => "similar-categories",
            CheckId::RepeatedRows => "repeated-rows",
            CheckId::RepeatedKeys => "repeated-keys",
            CheckId::BrokenKeys => "broken-keys",
            CheckId::FutureDates => "future-dates",
            CheckId::TimeGaps => "time-gaps",
        }
    }

    /// What the check looks for, in one sentence with its thresholds.
    pub fn definition(self) -> &'static str {
        match self {
            CheckId::Roles => "roles name columns that are there and hold what the role needs",
            CheckId::Missing => "cells that are empty or hold a text that stands for missing",
            CheckId::Constant => "all known cells of a column are equal, in a table of two rows or more",
            CheckId::Identifier => {
                "a text or whole-number column whose known cells are more than 20 and all different, or text with more than \
                 half as many different values as known cells and more than 100 of them"
            }
            CheckId::ManyCategories => "a text column with more than 100 different values",
            CheckId::MixedTypes => {
                "a text column in which at least half of the known cells, but not all, are numbers or dates; where nearly all others \
                 are digits with a letter or two the column holds codes, and stays text"
            }
            CheckId::Impossible => {
                "by the words of the name: ages outside 0 to 120; probabilities outside 0 to 1; percentages outside 0 to 100; \
                 negative counts, quantities, prices, tenures and recencies; dates before 1900 or after 2099"
            }
            CheckId::OutOfRange => "values outside the range that was declared for the column",
            CheckId::MixedUnits => {
                "numbers above 0 that fall apart into two groups, each a tenth of the known cells or more with 10 different values or \
                 more, a gap of a factor of 5 or more between them, and medians that differ by a factor of 100 or 1,000, a fifth more or less"
            }
            CheckId::Sentinel => {
                "numbers of nines or at the ends of 32 bits, twice or more, at an end of the column and farther from the next \
                 value than all other values span; the dates 0001-01-01, 2999-12-31 and 9999-12-31; 1900-01-01 and 1970-01-01 \
                 as the earliest of a column, twice or more; texts such as `unknown` and `?`"
            }
            CheckId::Outliers => {
                "numbers more than 3 interquartile ranges below the first or above the third quartile (Tukey's far-out \
                 fences); not judged where the quartiles coincide or fewer than 20 values differ"
            }
            CheckId::Blanks => "text cells that begin or end with blanks",
            CheckId::SimilarCategories => {
                "text values that are equal when case, blanks, hyphens, underscores and full stops do not count"
            }
            CheckId::RepeatedRows => "rows that agree with an earlier row in every column",
            CheckId::RepeatedKeys => "keys that stand in several rows of a table with one row per key",
            CheckId::BrokenKeys => "rows whose key is missing or is not among the customers",
            CheckId::FutureDates => "times after the instant at which the data stand",
            CheckId::TimeGaps => {
                "days without rows in a row, more than four times as many as 95 % of the pauses between days with rows, and \
                 at least 3; judged from 20 days with rows on"
            }
        }
    }
}

impl Problem {
    /// A problem of a column, or of the table.
    pub fn new(
        check: CheckId,
        severity: Severity,
        column: Option<&str>,
        message: impl Into<String>,
        hint: &str,
    ) -> Problem {
        Problem {
            check,
            severity,
            column: column.map(str::to_owned),
            about: None,
            rows: Vec::new(),
            count: 0,
            share: 0.0,
            message: message.into(),
            hint: hint.to_owned(),
            repair: Repair::ByHand(hint.to_owned()),
        }
    }

    /// Names the rows (numbers): the first of them are kept, all are counted.
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

    /// Says which of the column's problems of this check it is.
    #[must_use]
    fn about(mut self, what: impl Into<String>) -> Problem {
        self.about = Some(what.into());
        self
    }

    /// Says what can be done by a click.
    #[must_use]
    pub fn repaired_by(mut self, repair: Repair) -> Problem {
        self.repair = repair;
        self
    }

    /// A word by which a person can name it: the check, the column where there is one, and what tells it from others there. No other
    /// problem of the table has it.
    pub fn id(&self) -> String {
        let place = self.place();
        self.about.as_ref().map_or_else(|| place.clone(), |about| format!("{place}={about}"))
    }

    /// The check, and the column where there is one: the beginning of its [`Problem::id`].
    pub fn place(&self) -> String {
        match &self.column {
            Some(column) => format!("{}:{column}", self.check.name()),
            None => self.check.name().to_owned(),
        }
    }
}

/// A column as the checks see it.
pub(super) struct Subject<'a> {
    pub dataset: &'a Dataset,
    pub cells: &'a Cells,
    pub about: &'a ColumnProfile,
    pub ends: &'a Ends,
    pub role: Role,
    pub known: &'a Known<'a>,
    pub as_of: Option<i64>,
}

/// The lowest and highest distinct values of a column of numbers and how often each stands there; outermost first.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Ends {
    pub low: Vec<(f64, u64)>,
    pub high: Vec<(f64, u64)>,
}

impl Subject<'_> {
    /// Known cells.
    fn filled(&self) -> u64 {
        self.dataset.rows() as u64 - self.about.missing
    }

    /// Whether models and rules may read it.
    fn is_input(&self) -> bool {
        self.known.kind.is_customers() && matches!(self.role, Role::Feature | Role::Context)
    }

    fn problem(&self, check: CheckId, severity: Severity, message: impl Into<String>, hint: &str) -> Problem {
        Problem::new(check, severity, Some(&self.about.name), message, hint)
    }

    /// Numbers of the rows (positions) for which something holds, in order.
    fn rows_where(&self, holds: impl Fn(usize) -> bool) -> impl Iterator<Item = u64> {
        (0..self.dataset.rows()).filter(move |row| holds(*row)).map(|row| self.dataset.row_number(row))
    }
}

/// Every problem of a table, worst first; those of the roles included. `columns` and `ends` come from its profile.
pub(super) fn find(
    dataset: &Dataset,
    roles: &Roles,
    known: &Known<'_>,
    columns: &[(ColumnProfile, Ends)],
    task: &Task,
) -> Result<Vec<Problem>> {
    task.stage("Looking for problems")?;
    let mut problems = if known.kind.is_customers() { roles.check(dataset) } else { Vec::new() };
    let as_of = known.as_of.or(roles.as_of);
    let (of_columns, of_rows) = rayon::join(
        || {
            let each = columns.par_iter().map(|(about, ends)| {
                task.tick(0.5)?;
                let Some(cells) = dataset.cells(&about.name) else { return Ok(Vec::new()) };
                let role = roles.role(&about.name);
                let subject = Subject { dataset, cells, about, ends, role, known, as_of };
                let mut found = Vec::new();
                columns::check(&subject, &mut found);
                values::check(&subject, &mut found);
                text::check(&subject, &mut found);
                times::check(&subject, &mut found);
                Ok(found)
            });
            each.collect::<Result<Vec<_>>>()
        },
        || -> Result<Vec<Problem>> {
            let mut found = keys::check(dataset, roles, known);
            task.tick(0.6)?;
            found.extend(rows::repeated(dataset, roles, known, task)?);
            Ok(found)
        },
    );
    problems.extend(of_columns?.into_iter().flatten());
    problems.extend(of_rows?);
    problems.retain(|problem| !problem.repair.is_done(roles, known.steps));
    problems.sort_by_key(|problem| std::cmp::Reverse(problem.severity));
    let mut ids = HashSet::new();
    for problem in &mut problems {
        problem.share = problem.count as f64 / dataset.rows().max(1) as f64;
        let (base, mut nth) = (problem.about.clone(), 2);
        while !ids.insert(problem.id()) {
            let nth_of = |base: &String| format!("{base} ({nth})");
            problem.about = Some(base.as_ref().map_or_else(|| nth.to_string(), nth_of));
            nth += 1;
        }
    }
    Ok(problems)
}

/// The keys of a column as they are compared, each once.
fn key_set(cells: &Cells, numeric: bool) -> HashSet<String> {
    cells.dictionary().values.iter().map(|value| canonical(value, numeric).into_owned()).collect()
}
