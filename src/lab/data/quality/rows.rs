//! Whole rows: those that repeat others, and rules by which rows are left out at every reading.

use super::{CheckId, Known, LISTED_ROWS, Problem, Repair, Severity};
use crate::data::cells::{Cells, Dictionary};
use crate::data::dataset::Dataset;
use crate::data::roles::{Role, Roles};
use crate::error::{Error, Result};
use crate::task::Task;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Rows that are left out of a table whenever it is read. They are counted and listed; the file keeps them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum LeaveOut {
    /// Rows that repeat an earlier row in every column.
    RepeatedRows,
    /// Rows whose value in a column (identifier) stood in an earlier row.
    RepeatedKeys {
        /// The column.
        column: String,
    },
    /// Rows without a value in a column.
    Without {
        /// The column.
        column: String,
    },
    /// Rows whose number (times in ms) lies outside the bounds, which are inside themselves.
    Outside {
        /// The column.
        column: String,
        /// Least value.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        low: Option<f64>,
        /// Greatest value.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        high: Option<f64>,
    },
    /// Rows whose time is after an instant.
    After {
        /// The column.
        column: String,
        /// The instant (ms).
        instant: i64,
    },
}

/// What a rule left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The rule.
    pub rule: LeaveOut,
    /// Numbers of the first rows, at most [`LISTED_ROWS`].
    pub rows: Vec<u64>,
    /// How many rows; a row that several rules leave out counts for the first.
    pub count: u64,
}

impl LeaveOut {
    /// The column that it looks at, if it looks at one.
    pub fn column(&self) -> Option<&str> {
        match self {
            LeaveOut::RepeatedRows => None,
            LeaveOut::RepeatedKeys { column }
            | LeaveOut::Without { column }
            | LeaveOut::Outside { column, .. }
            | LeaveOut::After { column, .. } => Some(column),
        }
    }

    /// The rule in words.
    pub fn words(&self) -> String {
        match self {
            LeaveOut::RepeatedRows => "rows that repeat an earlier row".to_owned(),
            LeaveOut::RepeatedKeys { column } => format!("rows whose `{column}` stood in an earlier row"),
            LeaveOut::Without { column } => format!("rows without `{column}`"),
            LeaveOut::Outside { column, low, high } => match (low, high) {
                (Some(low), Some(high)) => format!("rows whose `{column}` lies outside {low} to {high}"),
                (Some(low), None) => format!("rows whose `{column}` is below {low}"),
                (None, Some(high)) => format!("rows whose `{column}` is above {high}"),
                (None, None) => format!("no row by `{column}`"),
            },
            LeaveOut::After { column, instant } => {
                format!("rows whose `{column}` is after {}", crate::data::import::dates::render(*instant))
            }
        }
    }
}

/// The rows that no rule leaves out, and what each rule left out. Rows keep their numbers.
///
/// # Errors
/// When a rule names a column that is not there or holds no numbers.
pub fn leave_out(dataset: &Dataset, rules: &[LeaveOut]) -> Result<(Dataset, Vec<LeftOut>)> {
    let mut kept = vec![true; dataset.rows()];
    let mut report = Vec::with_capacity(rules.len());
    for rule in rules {
        let column = |name: &str| {
            dataset.cells(name).ok_or_else(|| {
                Error::new(format!("{} are left out, and there is no such column", rule.words()))
                    .in_column(name)
                    .hint("take the rule away, or bring the column back")
            })
        };
        let out: Vec<u32> = match rule {
            LeaveOut::RepeatedRows => repeats(dataset),
            LeaveOut::RepeatedKeys { column: name } => {
                let dictionary = column(name)?.dictionary();
                let mut seen = vec![false; dictionary.values.len()];
                let mut again = |row: &u32| {
                    let code = dictionary.codes[*row as usize];
                    code != Dictionary::MISSING && std::mem::replace(&mut seen[code as usize], true)
                };
                (0..dataset.rows() as u32).filter(|row| again(row)).collect()
            }
            LeaveOut::Without { column: name } => {
                let cells = column(name)?;
                (0..dataset.rows() as u32).filter(|row| cells.is_missing(*row as usize)).collect()
            }
            LeaveOut::Outside { column: name, low, high } => {
                column(name)?;
                let numbers = dataset.numbers(name)?;
                let out = |x: f64| low.is_some_and(|low| x < low) || high.is_some_and(|high| x > high);
                (0..dataset.rows() as u32).filter(|row| out(numbers[*row as usize])).collect()
            }
            LeaveOut::After { column: name, instant } => match column(name)? {
                Cells::Time(times) => {
                    (0..dataset.rows() as u32).filter(|row| times[*row as usize] > *instant).collect()
                }
                _ => return Err(Error::new("is no column of times").in_column(name)),
            },
        };
        let mut left = LeftOut { rule: rule.clone(), rows: Vec::new(), count: 0 };
        for row in out {
            if std::mem::replace(&mut kept[row as usize], false) {
                left.count += 1;
                if left.rows.len() < LISTED_ROWS {
                    left.rows.push(dataset.row_number(row as usize));
                }
            }
        }
        report.push(left);
    }
    if report.iter().all(|left| left.count == 0) {
        return Ok((dataset.clone(), report));
    }
    let rows: Vec<u32> = (0..dataset.rows() as u32).filter(|row| kept[*row as usize]).collect();
    Ok((dataset.select(&rows), report))
}

/// Rows that repeat an earlier one cell by cell.
pub(super) fn repeated(dataset: &Dataset, roles: &Roles, known: &Known<'_>, task: &Task) -> Result<Vec<Problem>> {
    let rows = repeats(dataset);
    task.tick(0.9)?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let message = format!("{} rows repeat an earlier row in every column", rows.len());
    // Without a subject two customers may well look the same.
    let (severity, hint) = match roles.first(Role::Subject) {
        _ if known.kind.is_timed() => (
            Severity::Warning,
            "leave them out if they are copies: copies count twice; a line may also truly occur twice",
        ),
        Some(_) => (Severity::Warning, "remove them if they are copies: copies count twice"),
        None => (Severity::Note, "without a subject column equal rows may be different customers"),
    };
    let repair = match severity {
        Severity::Note => Repair::ByHand(hint.to_owned()),
        _ => Repair::LeaveOut(LeaveOut::RepeatedRows),
    };
    let numbers = rows.into_iter().map(|row| dataset.row_number(row as usize));
    Ok(vec![Problem::new(CheckId::RepeatedRows, severity, None, message, hint).at_rows(numbers).repaired_by(repair)])
}

/// Positions of the rows that agree with an earlier row in every cell, in order.
pub(crate) fn repeats(dataset: &Dataset) -> Vec<u32> {
    /// Rows hashed at a time, so that a column's cells and their hashes stay in the cache.
    const BLOCK: usize = 4096;
    let columns: Vec<&Cells> = dataset.columns().iter().filter_map(|c| dataset.cells(&c.name)).collect();
    let mut hashed: Vec<(u64, u32)> = vec![(0, 0); dataset.rows()];
    hashed.par_chunks_mut(BLOCK).enumerate().for_each(|(block, rows)| {
        let from = block * BLOCK;
        for (i, slot) in rows.iter_mut().enumerate() {
            slot.1 = (from + i) as u32;
        }
        for cells in &columns {
            cells.hash_rows(from, rows);
        }
    });
    hashed.par_sort_unstable();
    let equal = |a: u32, b: u32| columns.iter().all(|cells| cells.bits(a as usize) == cells.bits(b as usize));
    let mut again = Vec::new();
    for group in hashed.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() > 1) {
        // A hash may agree by chance; the cells decide. Rows of a group stand in order.
        let mut firsts: Vec<u32> = Vec::new();
        for (_, row) in group {
            match firsts.iter().any(|first| equal(*first, *row)) {
                true => again.push(*row),
                false => firsts.push(*row),
            }
        }
    }
    again.sort_unstable();
    again
}
