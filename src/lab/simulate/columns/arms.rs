//! Columns as a trial: which rows are treated, which are the control, and what came of them.

use super::{cells_of, groups, known, known_at};
use crate::data::Dataset;
use crate::data::cells::Dictionary;
use crate::error::{Error, Result};
use crate::simulate::uplift::Trial;
use std::sync::Arc;

/// Which columns hold a trial; names as in the source or as identifiers.
#[derive(Clone, Debug, Default)]
pub struct TrialColumns {
    /// Whether the row was treated: 0/1, true/false, or any values when `treated` names one.
    pub treatment: String,
    /// The value of the treatment column that means treated.
    pub treated: Option<String>,
    /// The value that means untreated; rows of other values are no part of the trial. It may stay unsaid where there are two values.
    pub control: Option<String>,
    /// Who a row is about, where subjects repeat.
    pub subject: Option<String>,
    /// Outcome: 0/1 or an amount.
    pub outcome: String,
}

/// The arms and outcomes of a trial that were read.
#[derive(Clone, Debug, Default)]
pub struct Arms {
    treated: Vec<bool>,
    outcomes: Vec<f64>,
    subjects: Option<Vec<u32>>,
    /// Positions of the rows of both arms; `None`: all.
    rows: Option<Vec<u32>>,
    /// What the two arms are called, treated first; empty where the column says 1 and 0.
    pub names: Vec<String>,
    /// Rows of other arms, which are left out.
    pub others: u64,
}

impl Arms {
    /// Reads the arms and outcomes of a table.
    ///
    /// # Errors
    /// Names the column that is not there, the value that no row holds, the values among which it is not said which is the control, or
    /// the first row whose cell is missing or does not say which arm it is.
    pub fn read(dataset: &Dataset, columns: &TrialColumns) -> Result<Arms> {
        let mut arms = match (&columns.treated, &columns.control) {
            (None, None) => Arms::zero_or_one(dataset, &columns.treatment)?,
            (treated, control) => Arms::named(dataset, &columns.treatment, treated.as_deref(), control.as_deref())?,
        };
        arms.outcomes = arms.numbers(dataset, &columns.outcome)?;
        if let Some(subject) = &columns.subject {
            let codes = groups(dataset, subject)?;
            arms.subjects = Some(match &arms.rows {
                None => codes,
                Some(rows) => rows.iter().map(|row| codes[*row as usize]).collect(),
            });
        }
        Ok(arms)
    }

    fn zero_or_one(dataset: &Dataset, column: &str) -> Result<Arms> {
        let own = |(row, x): (usize, f64)| match x {
            0.0 => Ok(false),
            1.0 => Ok(true),
            _ => Err(Error::new(format!("is {x}; a treatment is 0 or 1"))
                .in_column(column)
                .at_row(dataset.row_number(row))
                .hint("name the value that means treated")),
        };
        let treated = known(dataset, column)?.into_iter().enumerate().map(own).collect::<Result<_>>()?;
        Ok(Arms { treated, ..Arms::default() })
    }

    /// Two values of the column; the one that is not named is the other of two.
    fn named(dataset: &Dataset, column: &str, treated: Option<&str>, control: Option<&str>) -> Result<Arms> {
        let dictionary = cells_of(dataset, column)?.dictionary();
        let code = |value: &str| {
            let found = dictionary.values.iter().position(|own| **own == *value);
            found.map(|code| code as u32).ok_or_else(|| {
                let hint = format!("it holds {}", listed(&dictionary.values));
                Error::new(format!("never holds `{value}`")).in_column(column).hint(hint)
            })
        };
        let other = |own: u32, what: &str| match dictionary.values.len() {
            2 => Ok(1 - own),
            1 => Err(Error::new(format!(
                "holds `{}` alone: an effect is a difference between two arms",
                dictionary.values[0]
            ))
            .in_column(column)),
            n => Err(Error::new(format!(
                "has {n} values, {}, and which of them is {what} was not said",
                listed(&dictionary.values)
            ))
            .in_column(column)
            .hint(format!("name the {what} value too; rows of the others are then left out"))),
        };
        let (treated, control) = match (treated, control) {
            (Some(treated), Some(control)) => (code(treated)?, code(control)?),
            (Some(treated), None) => (code(treated)?, other(code(treated)?, "control")?),
            (None, Some(control)) => (other(code(control)?, "treated")?, code(control)?),
            (None, None) => (0, 1),
        };
        if treated == control {
            let message = format!(
                "cannot hold the treated and the control in one value, `{}`",
                dictionary.values[treated as usize]
            );
            return Err(Error::new(message).in_column(column).hint("name two values"));
        }
        if let Some(row) = dictionary.codes.iter().position(|code| *code == Dictionary::MISSING) {
            return Err(Error::new("is missing, so nobody knows the arm of the row")
                .in_column(column)
                .at_row(dataset.row_number(row))
                .hint("fill it, or leave the row out of the file"));
        }
        let inside = |row: &u32| [treated, control].contains(&dictionary.codes[*row as usize]);
        let rows: Vec<u32> = (0..dataset.rows() as u32).filter(inside).collect();
        let others = (dataset.rows() - rows.len()) as u64;
        Ok(Arms {
            treated: rows.iter().map(|row| dictionary.codes[*row as usize] == treated).collect(),
            names: [treated, control].map(|code| dictionary.values[code as usize].to_string()).into(),
            rows: (others > 0).then_some(rows),
            others,
            ..Arms::default()
        })
    }

    /// The numbers of a column in the rows of both arms, none of them missing.
    ///
    /// # Errors
    /// Names the column that is not there or holds no numbers, or the first of these rows that is missing.
    pub fn numbers(&self, dataset: &Dataset, name: &str) -> Result<Vec<f64>> {
        known_at(dataset, name, self.rows.as_deref())
    }

    /// The subject of each row, where subjects were named.
    pub fn subjects(&self) -> Option<&[u32]> {
        self.subjects.as_deref()
    }

    /// The trial ranked by a score of its rows ([`Arms::numbers`]).
    pub fn trial<'a>(&'a self, scores: &'a [f64]) -> Trial<'a> {
        Trial { scores, treated: &self.treated, outcomes: &self.outcomes }
    }
}

/// Values as a sentence lists them; the first ten of many.
fn listed(values: &[Arc<str>]) -> String {
    let names: Vec<String> = values.iter().take(10).map(|value| format!("`{value}`")).collect();
    let more = if values.len() > 10 { ", …" } else { "" };
    format!("{}{more}", names.join(", "))
}
