//! The numbers a model sees: exactly what the policy's own encoder gives for the same rows, column by column.

use super::inputs::numbers;
use crate::data::Dataset;
use crate::data::cells::Cells;
use crate::error::{Error, Result};
use attune_policy::model::{Encode, Input};

/// Rows by inputs, row by row in memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    rows: usize,
    inputs: usize,
    values: Vec<f64>,
}

impl Matrix {
    /// A matrix of `values` row by row; `None` when they do not fill whole rows.
    pub fn new(rows: usize, inputs: usize, values: Vec<f64>) -> Option<Matrix> {
        (values.len() == rows * inputs).then_some(Matrix { rows, inputs, values })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// All values, row by row.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The inputs of a row, which must be inside.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.inputs..(row + 1) * self.inputs]
    }

    /// The same rows with `inputs` taken from other rows: row i gets them from row `from[i]`. Positions must be inside.
    #[must_use]
    pub fn shuffled(&self, inputs: &[usize], from: &[u32]) -> Matrix {
        let mut other = self.clone();
        for (row, &from) in from.iter().enumerate() {
            for &input in inputs {
                other.values[row * self.inputs + input] = self.values[from as usize * self.inputs + input];
            }
        }
        other
    }

    /// Some of the rows, in that order. Positions must be inside.
    #[must_use]
    pub fn select(&self, rows: &[u32]) -> Matrix {
        let values = rows.iter().flat_map(|&row| self.row(row as usize)).copied().collect();
        Matrix { rows: rows.len(), inputs: self.inputs, values }
    }
}

/// The inputs of some rows of a dataset.
///
/// # Errors
/// When the field of an input is not a column of the dataset.
pub fn matrix(dataset: &Dataset, rows: &[u32], inputs: &[Input]) -> Result<Matrix> {
    matrix_of(&[dataset], rows, inputs)
}

/// The inputs of some rows of several datasets of the same rows, each field read from the first that has it.
///
/// # Errors
/// When the field of an input is a column of none.
pub fn matrix_of(datasets: &[&Dataset], rows: &[u32], inputs: &[Input]) -> Result<Matrix> {
    let mut values = vec![0.0; rows.len() * inputs.len()];
    for (j, input) in inputs.iter().enumerate() {
        let cells = datasets.iter().find_map(|dataset| dataset.cells(&input.field)).ok_or_else(|| {
            let name = datasets.last().map_or("", |dataset| dataset.name());
            Error::new(format!("there is no such column in `{name}`")).in_column(&input.field)
        })?;
        if matches!(input.encode, Encode::Items { .. }) {
            let message = format!("`{}` lists items; no learner here takes lists as input", input.field);
            return Err(Error::new(message).in_column(&input.field));
        }
        let column = values.iter_mut().skip(j).step_by(inputs.len());
        column.zip(encoded(cells, rows, &input.encode)).for_each(|(value, x)| *value = x);
    }
    Ok(Matrix { rows: rows.len(), inputs: inputs.len(), values })
}

/// One input of some rows.
fn encoded(cells: &Cells, rows: &[u32], encode: &Encode) -> Vec<f64> {
    match encode {
        Encode::Number => numbers(cells, rows),
        Encode::Standard { missing, center, scale } => {
            let number = |x: f64| if x.is_nan() { *missing } else { x };
            numbers(cells, rows).into_iter().map(|x| (number(x) - center) / scale).collect()
        }
        Encode::OneHot { category, center, scale } => {
            let (hit, miss) = ((1.0 - center) / scale, (0.0 - center) / scale);
            rows.iter().map(|row| if is(cells, *row, category) { hit } else { miss }).collect()
        }
        Encode::Missing => rows.iter().map(|&row| f64::from(u8::from(cells.is_missing(row as usize)))).collect(),
        Encode::Category { categories } => {
            let code = |row: &u32| match cells.is_missing(*row as usize) {
                true => f64::NAN,
                false => categories.iter().position(|c| is(cells, *row, c)).unwrap_or(categories.len()) as f64,
            };
            rows.iter().map(code).collect()
        }
        // Refused above.
        Encode::Items { .. } => vec![f64::NAN; rows.len()],
    }
}

/// Whether a cell holds a category: texts as they are, everything else as it prints.
fn is(cells: &Cells, row: u32, category: &str) -> bool {
    match cells {
        Cells::Text(dictionary) => dictionary.get(row as usize).is_some_and(|text| **text == *category),
        other => other.text(row as usize).is_some_and(|text| text == *category),
    }
}

#[cfg(test)]
#[path = "matrix_tests.rs"]
mod tests;
