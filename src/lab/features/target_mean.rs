//! Target encoding: a category becomes the mean outcome of its training rows, smoothed towards the mean of all
//! [Micci-Barreca 2001]. The table is data of the row recipe ([`Op::TargetMean`]); here it is fitted.
//!
//! **A row never meets its own outcome**: training rows are encoded out of fold, each by a table fitted without its fold, as a
//! model that learned from in-sample means would trust them far too much. The deployed table is fitted from all training rows,
//! and encodes every other row.

use crate::data::cells::{Cells, Dictionary};
use crate::data::names::identifiers;
use crate::data::{Column, Dataset};
use crate::error::{Error, Result};
use attune_policy::recipe::{Op, Step};
use attune_policy::value::Type;
use serde::{Deserialize, Serialize};

/// A category that is encoded by the outcome of a model's training rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetColumn {
    /// Name of the new feature; a Rhai identifier.
    pub output: String,
    /// Text column that is encoded.
    pub input: String,
    /// Rows that the mean of all counts for beside those of the category: the greater, the smoother. 0 smooths nothing.
    #[serde(default = "twenty")]
    pub weight: f64,
}

fn twenty() -> f64 {
    20.0
}

impl TargetColumn {
    /// A category smoothed by 20 rows.
    pub fn new(output: impl Into<String>, input: impl Into<String>) -> TargetColumn {
        TargetColumn { output: output.into(), input: input.into(), weight: twenty() }
    }

    /// The same for the model `model`, under a name that the columns of other models do not have.
    pub fn of_model(model: &str, input: &str) -> TargetColumn {
        let name = identifiers(&[format!("{input}_mean_for_{model}")]).remove(0);
        TargetColumn::new(name, input)
    }
}

/// Sums over the rows of each category, and over all of them.
struct Sums {
    rows: Vec<f64>,
    outcomes: Vec<f64>,
    all: (f64, f64),
}

impl Sums {
    fn new(categories: usize) -> Sums {
        Sums { rows: vec![0.0; categories], outcomes: vec![0.0; categories], all: (0.0, 0.0) }
    }

    fn add(&mut self, code: u32, y: f64) {
        if let (Some(rows), Some(outcomes)) = (self.rows.get_mut(code as usize), self.outcomes.get_mut(code as usize)) {
            *rows += 1.0;
            *outcomes += y;
        }
        self.all = (self.all.0 + 1.0, self.all.1 + y);
    }

    /// The mean of all rows, those without a category too.
    fn mean(&self) -> f64 {
        self.all.1 / self.all.0
    }

    /// The smoothed mean of a category; that of all where none of its rows was seen.
    fn of(&self, code: usize, weight: f64) -> f64 {
        match self.rows[code] {
            0.0 => self.mean(),
            rows => (self.outcomes[code] + weight * self.mean()) / (rows + weight),
        }
    }
}

/// The table of a category from training rows and their outcomes, one for each row.
///
/// # Errors
/// When the column is not there or is not text, there are no rows, or an outcome or the weight is not a finite number.
pub fn fit(dataset: &Dataset, rows: &[u32], outcomes: &[f64], column: &TargetColumn) -> Result<Op> {
    let dictionary = checked(dataset, rows, outcomes, column)?;
    let sums = summed(dictionary, rows, outcomes, |_| true);
    let seen = dictionary.values.iter().enumerate().filter(|(code, _)| sums.rows[*code] > 0.0);
    let mut means: Vec<(String, f64)> =
        seen.map(|(code, category)| (category.to_string(), sums.of(code, column.weight))).collect();
    means.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(Op::TargetMean { means, otherwise: sums.mean() })
}

/// What training rows are encoded as, each by the rows of the other folds; NaN where the category is missing.
///
/// # Errors
/// As [`fit`], and when all rows are in one fold.
pub fn out_of_fold(
    dataset: &Dataset,
    rows: &[u32],
    outcomes: &[f64],
    folds: &[u32],
    column: &TargetColumn,
) -> Result<Vec<f64>> {
    let dictionary = checked(dataset, rows, outcomes, column)?;
    if folds.len() != rows.len() {
        return Err(Error::new(format!("{} folds were given for {} rows", folds.len(), rows.len())));
    }
    let mut encoded = vec![f64::NAN; rows.len()];
    let mut distinct = folds.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < 2 {
        return Err(Error::new("all rows are in one fold, and each must be encoded by others")
            .in_column(&column.input)
            .hint("use two folds or more"));
    }
    for fold in distinct {
        let sums = summed(dictionary, rows, outcomes, |at| folds[at] != fold);
        for at in (0..rows.len()).filter(|at| folds[*at] == fold) {
            let code = dictionary.codes[rows[at] as usize];
            if code != Dictionary::MISSING {
                encoded[at] = sums.of(code as usize, column.weight);
            }
        }
    }
    Ok(encoded)
}

/// A dataset of the encoded columns alone, for training on `rows`: these rows out of fold, all others of the dataset by the deployed
/// tables, which are given as steps of the row recipe.
///
/// # Errors
/// As [`fit`] and [`out_of_fold`].
pub fn columns(
    dataset: &Dataset,
    rows: &[u32],
    outcomes: &[f64],
    folds: &[u32],
    columns: &[TargetColumn],
) -> Result<(Dataset, Vec<Step>)> {
    let mut steps = Vec::with_capacity(columns.len());
    let mut new: Vec<(Column, Cells)> = Vec::with_capacity(columns.len());
    for column in columns {
        let op = fit(dataset, rows, outcomes, column)?;
        let dictionary = checked(dataset, rows, outcomes, column)?;
        let Op::TargetMean { means, otherwise } = &op else { continue };
        let table = |text: &str| means.binary_search_by(|(category, _)| category.as_str().cmp(text)).ok();
        let by_code: Vec<f64> =
            dictionary.values.iter().map(|text| table(text).map_or(*otherwise, |at| means[at].1)).collect();
        let mut cells: Vec<f64> =
            dictionary.codes.iter().map(|code| by_code.get(*code as usize).copied().unwrap_or(f64::NAN)).collect();
        for (row, x) in rows.iter().zip(out_of_fold(dataset, rows, outcomes, folds, column)?) {
            cells[*row as usize] = x;
        }
        let name = column.output.clone();
        new.push((Column { source: name.clone(), name, type_: Type::Number }, Cells::Number(cells)));
        steps.push(Step::new(&column.output, &column.input, op));
    }
    let numbers = (0..dataset.rows()).map(|row| dataset.row_number(row) as u32).collect();
    let encoded = Dataset::new(dataset.name(), new, dataset.source().clone(), Some(numbers))?;
    Ok((encoded, steps))
}

fn checked<'a>(dataset: &'a Dataset, rows: &[u32], outcomes: &[f64], column: &TargetColumn) -> Result<&'a Dictionary> {
    let cells = dataset.cells(&column.input).ok_or_else(|| {
        Error::new(format!("there is no such column in `{}`", dataset.name())).in_column(&column.input)
    })?;
    let Cells::Text(dictionary) = cells else {
        return Err(
            Error::new(format!("is {} and not text, so it has no categories", cells.type_())).in_column(&column.input)
        );
    };
    if rows.is_empty() || rows.len() != outcomes.len() {
        let (rows, outcomes) = (rows.len(), outcomes.len());
        return Err(Error::new(format!("{outcomes} outcomes were given for {rows} training rows")));
    }
    if !outcomes.iter().all(|y| y.is_finite()) || !column.weight.is_finite() || column.weight < 0.0 {
        return Err(Error::new("outcomes must be finite numbers, and the weight of the mean 0 or more")
            .in_column(&column.input));
    }
    Ok(dictionary)
}

fn summed(dictionary: &Dictionary, rows: &[u32], outcomes: &[f64], take: impl Fn(usize) -> bool) -> Sums {
    let mut sums = Sums::new(dictionary.values.len());
    for (_, (row, y)) in rows.iter().zip(outcomes).enumerate().filter(|(at, _)| take(*at)) {
        sums.add(dictionary.codes[*row as usize], *y);
    }
    sums
}

#[cfg(test)]
#[path = "target_mean_tests.rs"]
mod tests;
