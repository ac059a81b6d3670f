//! The labels a model learns: which rows count, and in which of them the outcome happened.

use super::spec::ModelSpec;
use crate::data::cells::{Cells, Dictionary};
use crate::data::{Dataset, Role, Roles};
use crate::error::{Error, Result};

/// Rows with a known outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Positions in the dataset, in the order given.
    pub rows: Vec<u32>,
    /// Whether the outcome happened, one per row.
    pub labels: Vec<bool>,
    /// Rows of the arm whose outcome is missing.
    pub unlabelled: u64,
}

impl Target {
    /// Rows where the outcome happened.
    pub fn positives(&self) -> usize {
        self.labels.iter().filter(|&&label| label).count()
    }
}

/// The rows of `rows` that belong to the model's arm and have an outcome.
///
/// # Errors
/// When a column is not there, the arm or a class has no row, or the outcome is not a yes or no.
pub fn target(spec: &ModelSpec, dataset: &Dataset, roles: &Roles, rows: &[u32]) -> Result<Target> {
    if let Some(row) = rows.iter().find(|&&row| row as usize >= dataset.rows()) {
        return Err(Error::new(format!("row {row} is beyond the {} rows of `{}`", dataset.rows(), dataset.name())));
    }
    let outcome = happened(spec, dataset)?;
    let mut target = Target::default();
    for row in arm(spec, dataset, roles, rows)? {
        match outcome[row as usize] {
            Some(label) => {
                target.rows.push(row);
                target.labels.push(label);
            }
            None => target.unlabelled += 1,
        }
    }
    Ok(target)
}

/// Refuses a target that nothing can be learned from.
pub fn enough(spec: &ModelSpec, target: &Target) -> Result<()> {
    let fail = |message: String| Err(Error::new(message).in_column(&spec.outcome));
    let of = spec.arm.as_ref().map_or_else(String::new, |arm| format!(" of arm `{arm}`"));
    let (rows, positives) = (target.rows.len(), target.positives());
    let least = positives.min(rows - positives);
    if rows == 0 {
        fail(format!("is missing in all {} training rows{of}", target.unlabelled))
    } else if least == 0 {
        let always = if positives == 0 { "never happens" } else { "always happens" };
        fail(format!("the outcome {always} in the {rows} training rows{of}: there is nothing to tell apart"))
    } else if least < spec.folds as usize {
        fail(format!(
            "only {least} of the {rows} training rows{of} {} the outcome, fewer than the {} folds",
            if positives == least { "have" } else { "lack" },
            spec.folds
        ))
    } else {
        Ok(())
    }
    .map_err(|error| error.hint("give more rows, choose another outcome, or fewer folds"))
}

/// The rows of the model's arm.
fn arm(spec: &ModelSpec, dataset: &Dataset, roles: &Roles, rows: &[u32]) -> Result<Vec<u32>> {
    let Some(arm) = &spec.arm else { return Ok(rows.to_vec()) };
    let column = roles.first(Role::Action).ok_or_else(|| {
        Error::new(format!("model `{}` is for arm `{arm}`, but no column has the role action", spec.id))
            .hint("give the column that says what was done the role action, or train on all rows")
    })?;
    let dictionary = dataset.dictionary(column)?;
    let values = || {
        let mut values: Vec<String> = dictionary.values.iter().take(8).map(|value| format!("`{value}`")).collect();
        values.sort_unstable();
        values.join(", ")
    };
    let Some(code) = dictionary.values.iter().position(|value| **value == **arm) else {
        return Err(Error::new(format!("has no value `{arm}`"))
            .in_column(column)
            .hint(format!("its values: {}", values())));
    };
    let of: Vec<u32> = rows.iter().copied().filter(|&row| dictionary.codes[row as usize] as usize == code).collect();
    if of.is_empty() {
        return Err(
            Error::new(format!("none of the {} training rows has the value `{arm}`", rows.len())).in_column(column)
        );
    }
    Ok(of)
}

/// Whether the outcome happened in each row of the dataset; `None` where it is missing.
fn happened(spec: &ModelSpec, dataset: &Dataset) -> Result<Vec<Option<bool>>> {
    let column = spec.outcome.as_str();
    let dictionary = dataset.dictionary(column)?;
    let meaning: Vec<bool> = match &spec.positive {
        Some(positive) => named(positive, &dictionary, column)?,
        None => match dataset.cells(column) {
            Some(Cells::Text(_)) => words(&dictionary, column)?,
            Some(Cells::Time(_)) | None => return Err(refused(column, "is a time")),
            Some(cells) => {
                let mut meaning = vec![false; dictionary.values.len()];
                let numbers = cells.numbers().unwrap_or_default();
                for (row, &code) in
                    dictionary.codes.iter().enumerate().filter(|(_, code)| **code != Dictionary::MISSING)
                {
                    meaning[code as usize] = match numbers[row] {
                        1.0 => true,
                        0.0 => false,
                        other => {
                            return Err(refused(column, &format!("holds {other}, where an outcome is 0 or 1"))
                                .at_row(dataset.row_number(row)));
                        }
                    };
                }
                meaning
            }
        },
    };
    Ok(dictionary.codes.iter().map(|&code| meaning.get(code as usize).copied()).collect())
}

/// Meaning of each text when `positive` names the one that counts.
fn named(positive: &str, dictionary: &Dictionary, column: &str) -> Result<Vec<bool>> {
    let meaning: Vec<bool> = dictionary.values.iter().map(|value| **value == *positive).collect();
    if meaning.contains(&true) {
        return Ok(meaning);
    }
    let values: Vec<String> = dictionary.values.iter().take(8).map(|value| format!("`{value}`")).collect();
    Err(Error::new(format!("never holds `{positive}`, the value that counts as the outcome"))
        .in_column(column)
        .hint(format!("its values: {}", values.join(", "))))
}

/// Meaning of each text that says yes or no.
fn words(dictionary: &Dictionary, column: &str) -> Result<Vec<bool>> {
    let meaning = |text: &str| match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "t" | "yes" | "y" => Some(true),
        "0" | "false" | "f" | "no" | "n" => Some(false),
        _ => None,
    };
    dictionary
        .values
        .iter()
        .map(|value| {
            meaning(value).ok_or_else(|| refused(column, &format!("holds `{value}`, which is neither yes nor no")))
        })
        .collect()
}

fn refused(column: &str, why: &str) -> Error {
    Error::new(why).in_column(column).hint("choose an outcome of 0/1, true/false or yes/no, or say which value counts")
}

#[cfg(test)]
#[path = "target_tests.rs"]
mod tests;
