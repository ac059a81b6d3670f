//! What a model learns: which rows count, and in which of them the outcome happened, or how much it was.

use super::spec::{ClassWeights, Goal, ModelSpec};
use crate::data::cells::{Cells, Dictionary};
use crate::data::import::boolean;
use crate::data::{Dataset, Role, Roles};
use crate::error::{Error, Result};

/// Rows with a known outcome.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Target {
    /// Positions in the dataset, in the order given.
    pub rows: Vec<u32>,
    /// What is learned, one per row: 1 or 0, or the amount.
    pub values: Vec<f64>,
    /// Whether the outcome happened, one per row; of an amount, whether it is above the median of its rows.
    pub labels: Vec<bool>,
    /// Of a model of an effect, whether the row got its arm, one per row; else empty.
    pub treated: Vec<bool>,
    /// Rows of the arm whose outcome is missing.
    pub unlabelled: u64,
}

impl Target {
    /// Rows where the outcome happened.
    pub fn positives(&self) -> usize {
        self.labels.iter().filter(|&&label| label).count()
    }

    /// Mean of what is learned: the base rate, or the mean amount.
    pub fn mean(&self) -> f64 {
        self.values.iter().sum::<f64>() / self.values.len().max(1) as f64
    }
}

/// How much rows with these outcomes of 0 and 1 weigh in learning; `None` when all the same.
pub fn weights(by: ClassWeights, outcomes: &[f64]) -> Option<Vec<f64>> {
    let rows = outcomes.len() as f64;
    let hits = outcomes.iter().filter(|&&y| y > 0.0).count() as f64;
    let (with, without) = match by {
        ClassWeights::Equal => return None,
        ClassWeights::Balanced => (rows / (2.0 * hits), rows / (2.0 * (rows - hits))),
        ClassWeights::Positive(weight) => (weight, 1.0),
    };
    Some(outcomes.iter().map(|&y| if y > 0.0 { with } else { without }).collect())
}

/// The rows of `rows` that belong to the model's arm and have an outcome.
///
/// # Errors
/// When a column is not there, the arm or a class has no row, or the outcome is not a yes or no.
pub fn target(spec: &ModelSpec, dataset: &Dataset, roles: &Roles, rows: &[u32]) -> Result<Target> {
    if let Some(row) = rows.iter().find(|&&row| row as usize >= dataset.rows()) {
        return Err(Error::new(format!("row {row} is beyond the {} rows of `{}`", dataset.rows(), dataset.name())));
    }
    let outcome = match spec.goal {
        Goal::Propensity => {
            happened(spec, dataset)?.into_iter().map(|label| label.map(|y| f64::from(u8::from(y)))).collect()
        }
        Goal::Amount => amounts(spec, dataset)?,
    };
    let mut target = Target::default();
    for (row, treated) in arm(spec, dataset, roles, rows)? {
        match outcome[row as usize] {
            Some(value) => {
                target.rows.push(row);
                target.values.push(value);
                target.treated.extend(spec.uplift.is_some().then_some(treated));
            }
            None => target.unlabelled += 1,
        }
    }
    let above = if spec.goal == Goal::Amount { median(&target.values) } else { 0.0 };
    target.labels = target.values.iter().map(|&value| value > above).collect();
    Ok(target)
}

/// The lower median, or just below it when nothing lies above.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(&middle) = sorted.get(sorted.len().saturating_sub(1) / 2) else { return 0.0 };
    match sorted.last() {
        Some(&last) if last > middle => middle,
        _ => sorted.iter().rev().find(|&&value| value < middle).copied().unwrap_or(middle),
    }
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
        if spec.goal == Goal::Amount {
            return fail(format!("is the same in all {rows} training rows{of}: there is nothing to tell apart"));
        }
        let always = if positives == 0 { "never happens" } else { "always happens" };
        fail(format!("the outcome {always} in the {rows} training rows{of}: there is nothing to tell apart"))
    } else if least < spec.folds as usize {
        fail(format!(
            "only {least} of the {rows} training rows{of} {} {}, fewer than the {} folds",
            if positives == least { "have" } else { "lack" },
            if spec.goal == Goal::Amount { "an amount above the usual" } else { "the outcome" },
            spec.folds
        ))
    } else {
        Ok(())
    }
    .map_err(|error| error.hint("give more rows, choose another outcome, or fewer folds"))
}

/// The column that says what was done.
///
/// # Errors
/// When no column has that role.
pub fn action<'r>(spec: &ModelSpec, arm: &str, roles: &'r Roles) -> Result<&'r str> {
    roles.first(Role::Action).ok_or_else(|| {
        let of = if spec.uplift.is_some() { "of the effect of" } else { "for" };
        let hint = "give the column that says what was done the role action";
        Error::new(format!("model `{}` is {of} arm `{arm}`, but no column has the role action", spec.id))
            .hint(if spec.uplift.is_some() { hint.to_owned() } else { format!("{hint}, or train on all rows") })
    })
}

/// The rows of the model's arm and, for an effect, of its control; whether each got the arm.
///
/// # Errors
/// When no column is the action, or it has no such value.
pub fn arm(spec: &ModelSpec, dataset: &Dataset, roles: &Roles, rows: &[u32]) -> Result<Vec<(u32, bool)>> {
    let Some(arm) = &spec.arm else { return Ok(rows.iter().map(|row| (*row, true)).collect()) };
    let column = action(spec, arm, roles)?;
    let dictionary = dataset.dictionary(column)?;
    let values = || {
        let mut values: Vec<String> = dictionary.values.iter().take(8).map(|value| format!("`{value}`")).collect();
        values.sort_unstable();
        values.join(", ")
    };
    let code = |arm: &str| -> Result<usize> {
        dictionary.values.iter().position(|value| **value == *arm).ok_or_else(|| {
            Error::new(format!("has no value `{arm}`")).in_column(column).hint(format!("its values: {}", values()))
        })
    };
    let own = code(arm)?;
    let control = spec.uplift.as_ref().map(|uplift| code(&uplift.control)).transpose()?;
    let of = |row: u32| {
        let code = dictionary.codes[row as usize] as usize;
        (code == own || Some(code) == control).then_some((row, code == own))
    };
    let all: Vec<(u32, bool)> = rows.iter().filter_map(|&row| of(row)).collect();
    let absent = [(true, Some(arm)), (false, spec.uplift.as_ref().map(|uplift| &uplift.control))];
    for (treated, name) in absent {
        if let Some(name) = name.filter(|_| all.iter().all(|(_, own)| *own != treated)) {
            let why = format!("none of the {} training rows has the value `{name}`", rows.len());
            return Err(Error::new(why).in_column(column));
        }
    }
    Ok(all)
}

/// The amount of each row of the dataset; `None` where it is missing.
fn amounts(spec: &ModelSpec, dataset: &Dataset) -> Result<Vec<Option<f64>>> {
    let column = spec.outcome.as_str();
    let cells = dataset
        .cells(column)
        .ok_or_else(|| Error::new(format!("there is no such column in `{}`", dataset.name())).in_column(column))?;
    let numbers = match cells {
        Cells::Text(_) | Cells::Time(_) => None,
        other => other.numbers(),
    };
    let numbers = numbers.ok_or_else(|| {
        Error::new("holds no numbers, which an amount must be").in_column(column).hint("choose a column of numbers")
    })?;
    if let Some(row) = numbers.iter().position(|x| x.is_infinite()) {
        return Err(Error::new("is infinite, which nothing can be learned from")
            .in_column(column)
            .at_row(dataset.row_number(row)));
    }
    Ok(numbers.iter().map(|&x| (!x.is_nan()).then_some(x)).collect())
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
    // Truth values were read from words, and a word of the file names one too.
    let truth = boolean(positive).map(|truth| truth.to_string());
    let are_truths = dictionary.values.iter().all(|value| matches!(&**value, "true" | "false"));
    let names = |value: &str| value == positive || (are_truths && truth.as_deref() == Some(value));
    let meaning: Vec<bool> = dictionary.values.iter().map(|value| names(value)).collect();
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
