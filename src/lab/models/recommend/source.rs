//! Interactions, attributes and segments from a table of purchases, one row per item taken.
//!
//! Rows without a customer, an item or a date, and rows with a weight of 0 or less (returns), are left out and counted.

use super::content::Attributes;
use super::fit::{Catalogue, Segments};
use super::interactions::{Interaction, Interactions};
use crate::data::Dataset;
use crate::data::cells::{Cells, Dictionary};
use crate::error::{Error, Result};
use crate::task::Task;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Which columns say what. Names are identifiers of the dataset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Columns {
    /// Who.
    pub customer: String,
    /// What.
    pub item: String,
    /// When: a column of times.
    pub date: String,
    /// How much; `None`: each row counts 1.
    pub weight: Option<String>,
    /// What describes an item.
    pub attributes: Vec<String>,
    /// What segment a customer is in: the value it has most often.
    pub segment: Option<String>,
}

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct Read {
    /// Who took what, when.
    pub interactions: Interactions,
    /// What is known beside.
    pub catalogue: Catalogue,
    /// Rows left out, by reason, in words.
    pub notes: Vec<String>,
}

/// Reads interactions from a dataset.
///
/// # Errors
/// When a column is not there, the date is no time, the weight is no number, or no row is left.
pub fn read(dataset: &Dataset, columns: &Columns, task: &Task) -> Result<Read> {
    task.stage("Reading who took what")?;
    let customers = dataset.dictionary(&columns.customer)?;
    let items = dataset.dictionary(&columns.item)?;
    let dates = match dataset.cells(&columns.date) {
        Some(Cells::Time(times)) => times,
        Some(cells) => {
            return Err(Error::new(format!("holds {} where dates are needed", cells.type_()))
                .in_column(&columns.date)
                .hint("choose a column of dates, or set its type when importing"));
        }
        None => return Err(dataset.dictionary(&columns.date).err().unwrap_or_else(|| Error::new("is not there"))),
    };
    let weights = columns.weight.as_ref().map(|weight| dataset.numbers(weight)).transpose()?;
    let mut events = Vec::with_capacity(dataset.rows());
    let mut left = [0_u64; 4];
    for (row, time) in dates.iter().enumerate() {
        if row % 65_536 == 0 {
            task.tick(row as f32 / dates.len() as f32)?;
        }
        let (subject, item) = (customers.codes[row], items.codes[row]);
        let weight = weights.as_ref().map_or(1.0, |weights| weights[row]);
        if subject == Dictionary::MISSING {
            left[0] += 1;
        } else if item == Dictionary::MISSING {
            left[1] += 1;
        } else if *time == Cells::MISSING {
            left[2] += 1;
        } else if !(weight.is_finite() && weight > 0.0) {
            left[3] += 1;
        } else {
            events.push(Interaction { subject, item, weight, time: *time });
        }
    }
    if events.is_empty() {
        return Err(Error::new(format!("none of the {} rows has a customer, an item and a date", dataset.rows()))
            .hint("check the columns that were named"));
    }
    let reasons = ["without a customer", "without an item", "without a date", "with a weight of 0 or less, or none"];
    let rows = |n: u64| if n == 1 { "1 row".to_owned() } else { format!("{n} rows") };
    let notes = reasons.iter().zip(left).filter(|(_, n)| *n > 0);
    let notes = notes.map(|(reason, n)| format!("{} {reason} left out", rows(n))).collect();
    let catalogue = Catalogue {
        attributes: (!columns.attributes.is_empty())
            .then(|| attributes(dataset, &items, &columns.attributes, task))
            .transpose()?,
        segments: columns
            .segment
            .as_ref()
            .map(|segment| -> Result<Segments> {
                let dictionary = dataset.dictionary(segment)?;
                Ok(Segments { of: most_frequent(&customers, &dictionary), names: dictionary.values.to_vec() })
            })
            .transpose()?,
    };
    let interactions = Interactions::new(customers.values.to_vec(), items.values.to_vec(), events)?;
    Ok(Read { interactions, catalogue, notes })
}

/// What describes each item: of each column the value it has most often, as words when most values of the column have several.
fn attributes(dataset: &Dataset, items: &Dictionary, columns: &[String], task: &Task) -> Result<Attributes> {
    task.stage("Reading what items are")?;
    let mut attributes = Attributes { items: vec![BTreeMap::new(); items.values.len()] };
    for column in columns {
        task.tick(0.0)?;
        let dictionary = dataset.dictionary(column)?;
        let in_words = dictionary.values.iter().filter(|value| value.trim().contains(char::is_whitespace)).count();
        let in_words = 2 * in_words > dictionary.values.len();
        for (tokens, code) in attributes.items.iter_mut().zip(most_frequent(items, &dictionary)) {
            let Some(value) = code.and_then(|code| dictionary.values.get(code as usize)) else { continue };
            if in_words {
                for word in value.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|w| w.chars().count() > 1)
                {
                    *tokens.entry(Arc::from(word)).or_default() += 1;
                }
            } else {
                *tokens.entry(Arc::from(format!("{column}={value}"))).or_default() += 1;
            }
        }
    }
    Ok(attributes)
}

/// The code of `values` that stands most often beside each code of `keys`, the first to appear among equals.
fn most_frequent(keys: &Dictionary, values: &Dictionary) -> Vec<Option<u32>> {
    let mut counts: Vec<BTreeMap<u32, u32>> = vec![BTreeMap::new(); keys.values.len()];
    for (key, value) in keys.codes.iter().zip(&values.codes) {
        if let (Some(counts), true) = (counts.get_mut(*key as usize), *value != Dictionary::MISSING) {
            *counts.entry(*value).or_default() += 1;
        }
    }
    let most = |counts: &BTreeMap<u32, u32>| {
        counts.iter().max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0))).map(|(code, _)| *code)
    };
    counts.iter().map(most).collect()
}
