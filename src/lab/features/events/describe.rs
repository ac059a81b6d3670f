//! Computed features for people and for other programs: a summary of each, and all of them as a CSV table.

use super::{Declared, Moments};
use crate::data::cells::{Cells, Dictionary};
use crate::data::import::dates;
use crate::error::{Error, Result};
use crate::task::Task;
use attune_policy::schema::EventFeature;
use attune_policy::value::Type;
use serde::Serialize;
use std::io::Write;

/// A feature and what its values are like.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Described {
    /// Name.
    pub name: String,
    /// What it is, in words.
    pub definition: String,
    /// The same as data.
    pub of: EventFeature,
    /// Type of its values.
    #[serde(rename = "type")]
    pub type_: Type,
    /// Rows with a value.
    pub known: u64,
    /// Mean of the values, of numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// Least value, of numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Greatest value, of numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// The most frequent value, of texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top: Option<String>,
}

/// Describes features, one per column of cells.
pub fn describe(features: &[Declared], cells: &[Cells]) -> Vec<Described> {
    features.iter().zip(cells).map(|(feature, cells)| one(feature, cells)).collect()
}

fn one(feature: &Declared, cells: &Cells) -> Described {
    let known = (0..cells.len()).filter(|row| !cells.is_missing(*row)).count() as u64;
    let numbers: Vec<f64> = cells.numbers().unwrap_or_default().into_iter().filter(|x| !x.is_nan()).collect();
    let some = !numbers.is_empty();
    let top = match cells {
        Cells::Text(dictionary) => {
            let mut counts = vec![0u64; dictionary.values.len()];
            for code in dictionary.codes.iter().filter(|code| **code != Dictionary::MISSING) {
                counts[*code as usize] += 1;
            }
            let most = counts.iter().max().copied().unwrap_or(0);
            let place = counts.iter().position(|count| *count == most);
            place.and_then(|at| dictionary.values.get(at)).map(ToString::to_string)
        }
        _ => None,
    };
    Described {
        name: feature.name.clone(),
        definition: feature.of.to_string(),
        of: feature.of.clone(),
        type_: feature.of.type_(),
        known,
        mean: some.then(|| numbers.iter().sum::<f64>() / numbers.len() as f64),
        min: numbers.iter().copied().reduce(f64::min),
        max: numbers.iter().copied().reduce(f64::max),
        top,
    }
}

/// Writes a row per entry of `moments`: its key under `key`, its instant under `as_of`, then the features.
///
/// # Errors
/// When it cannot be written, or the task was cancelled.
pub fn write_csv(
    key: &str,
    moments: &Moments,
    features: &[Declared],
    cells: &[Cells],
    out: &mut dyn Write,
    task: &Task,
) -> Result<()> {
    let failed = |error: csv::Error| Error::new(format!("the features could not be written: {error}"));
    let mut writer = csv::Writer::from_writer(out);
    let header = [key, "as_of"].into_iter().chain(features.iter().map(|feature| feature.name.as_str()));
    writer.write_record(header).map_err(failed)?;
    for row in 0..moments.len() {
        if row % 4_096 == 0 {
            task.tick(row as f32 / moments.len() as f32)?;
        }
        let as_of = moments.as_of[row];
        let as_of = if as_of == Cells::MISSING { String::new() } else { dates::render(as_of) };
        let key = moments.keys.get(row).map(ToString::to_string).unwrap_or_default();
        let values = cells.iter().map(|cells| cells.text(row).unwrap_or_default());
        writer.write_record([key, as_of].into_iter().chain(values)).map_err(failed)?;
    }
    writer.flush().map_err(|error| Error::new(format!("the features could not be written: {error}")))
}
