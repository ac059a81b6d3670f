//! The best one-line rule: the column and the cut whose two sides differ most in effect, measured in standard errors.
//!
//! It is what a model must beat. Candidates are the categories of text columns and the deciles of numbers.

use super::check::Means;
use super::report::Rule;
use crate::data::Dataset;
use crate::data::cells::{Cells, Dictionary};
use crate::error::Result;
use crate::task::Task;

/// Fewest rows of each arm on each side.
const LEAST: f64 = 50.0;
/// Most categories of a text that are tried, the most frequent.
const CATEGORIES: usize = 40;

/// The best rule for the rows; `treated` and `y` are those of the rows.
///
/// # Errors
/// When the task was cancelled.
pub fn rule(
    dataset: &Dataset,
    rows: &[u32],
    treated: &[bool],
    y: &[f64],
    fields: &[String],
    task: &Task,
) -> Result<Option<Rule>> {
    let mut best: Option<Rule> = None;
    for (done, field) in fields.iter().enumerate() {
        task.tick(done as f32 / fields.len() as f32)?;
        let Some(cells) = dataset.cells(field) else { continue };
        for (category, at_least) in cuts(cells, rows) {
            let mut sides = [Means::default(); 2];
            for ((row, treated), y) in rows.iter().zip(treated).zip(y) {
                if let Some(inside) = holds(cells, *row, category.as_deref(), at_least) {
                    sides[usize::from(inside)].add(*treated, *y);
                }
            }
            let [outside, inside] = sides;
            if [inside, outside].iter().any(|side| side.least() < LEAST) {
                continue;
            }
            let (a, b) = (inside.effect(), outside.effect());
            let z = (a.0 - b.0) / (a.1 * a.1 + b.1 * b.1).sqrt();
            if z.is_finite() && best.as_ref().is_none_or(|best| z.abs() > best.z.abs()) {
                best = Some(Rule {
                    condition: condition(cells, field, category.as_deref(), at_least),
                    field: field.clone(),
                    category,
                    at_least,
                    inside: inside.estimate(),
                    outside: outside.estimate(),
                    z,
                });
            }
        }
    }
    Ok(best)
}

impl Rule {
    /// The rule's own score of some rows: the effect of their side, or that of the smaller effect where the column is missing.
    pub fn scores(&self, dataset: &Dataset, rows: &[u32]) -> Vec<f64> {
        let Some(cells) = dataset.cells(&self.field) else { return vec![f64::NAN; rows.len()] };
        let side = |row: &u32| match holds(cells, *row, self.category.as_deref(), self.at_least) {
            Some(true) => self.inside.value,
            Some(false) => self.outside.value,
            None => self.inside.value.min(self.outside.value),
        };
        rows.iter().map(side).collect()
    }
}

/// Where a column may be cut.
fn cuts(cells: &Cells, rows: &[u32]) -> Vec<(Option<String>, f64)> {
    match cells {
        Cells::Time(_) => Vec::new(),
        Cells::Text(dictionary) => {
            let mut counts = vec![0_usize; dictionary.values.len()];
            for row in rows {
                if let Some(count) = counts.get_mut(dictionary.codes[*row as usize] as usize) {
                    *count += 1;
                }
            }
            let mut codes: Vec<usize> = (0..counts.len()).filter(|code| counts[*code] > 0).collect();
            codes.sort_by(|a, b| counts[*b].cmp(&counts[*a]).then(dictionary.values[*a].cmp(&dictionary.values[*b])));
            codes.truncate(CATEGORIES);
            codes.into_iter().map(|code| (Some(dictionary.values[code].to_string()), f64::NAN)).collect()
        }
        cells => {
            let numbers = cells.numbers().unwrap_or_default();
            let mut values: Vec<f64> = rows.iter().map(|row| numbers[*row as usize]).filter(|x| !x.is_nan()).collect();
            values.sort_by(f64::total_cmp);
            let Some(&least) = values.first() else { return Vec::new() };
            let mut cuts: Vec<f64> = (1..10).map(|decile| values[decile * values.len() / 10]).collect();
            // Columns of 0 and 1 that are rarely 1.
            cuts.extend(values.last());
            cuts.retain(|cut| *cut > least);
            cuts.dedup();
            cuts.into_iter().map(|cut| (None, cut)).collect()
        }
    }
}

/// Whether a row is inside; `None` when the column is missing.
fn holds(cells: &Cells, row: u32, category: Option<&str>, at_least: f64) -> Option<bool> {
    let row = row as usize;
    match (cells, category) {
        (Cells::Text(dictionary), Some(category)) => (dictionary.codes[row] != Dictionary::MISSING)
            .then(|| dictionary.get(row).is_some_and(|text| **text == *category)),
        (Cells::Bool(values), _) => values[row],
        (Cells::Integer(values), _) => (values[row] != Cells::MISSING).then_some(values[row] as f64 >= at_least),
        (Cells::Number(values), _) => (!values[row].is_nan()).then_some(values[row] >= at_least),
        _ => None,
    }
}

fn condition(cells: &Cells, field: &str, category: Option<&str>, at_least: f64) -> String {
    match (cells, category) {
        (_, Some(category)) => format!("{field} == {category:?}"),
        (Cells::Bool(_), None) => field.to_owned(),
        _ => format!("{field} >= {at_least}"),
    }
}
