//! What would let a feature know the future: the outcome among what it reads, or times too coarse to tell before from after.
//!
//! Windows themselves cannot reach past the instant of a row; a definition that tries is refused when it is computed.

use super::expression::{self, Kind};
use super::run::wanted;
use super::{Declared, EventTable, Moments};
use crate::data::cells::Cells;
use attune_policy::clock::DAY;
use serde::Serialize;

/// A feature that knows, or may know, what is not known yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Leak {
    /// Name of the feature; empty for what concerns all features of a table.
    pub feature: String,
    /// Name of the table.
    pub table: String,
    /// Whether it must not be used, or only be looked at.
    pub refused: bool,
    /// What is wrong and what to do.
    pub message: String,
}

/// What is suspicious about features before anything is computed. `outcomes` are columns that say what followed: table and
/// column, where an empty table is the customers'.
pub fn leaks(
    features: &[Declared],
    tables: &[EventTable<'_>],
    outcomes: &[(&str, &str)],
    moments: &Moments,
) -> Vec<Leak> {
    let mut leaks = Vec::new();
    for feature in features {
        let mut tell = |refused: bool, message: String| {
            let (feature, table) = (feature.name.clone(), feature.of.table.clone());
            leaks.push(Leak { feature, table, refused, message });
        };
        feature.of.problems().into_iter().for_each(|problem| tell(true, problem));
        let Some(table) = tables.iter().find(|table| table.name == feature.of.table) else {
            tell(true, format!("there is no table of events `{}`", feature.of.table));
            continue;
        };
        let mut read: Vec<&str> = Vec::new();
        for (text, kind) in wanted(feature) {
            if let Err(error) = expression::check(table, feature, text, kind) {
                let message = error.to_string();
                let named = format!("feature `{}`: ", feature.name);
                tell(true, message.strip_prefix(&named).unwrap_or(&message).to_owned());
            }
            let columns = expression::reads(table, text);
            read.extend(columns.iter().filter_map(|at| table.dataset.columns().get(*at)).map(|c| c.name.as_str()));
        }
        let outcome =
            outcomes.iter().find(|(of, column)| (of.is_empty() || *of == table.name) && read.contains(column));
        if let Some((_, column)) = outcome {
            tell(
                true,
                format!("it reads `{column}`, which is an outcome: a model would learn the answer from the answer"),
            );
        } else if outcomes.iter().any(|(of, _)| *of == table.name) {
            tell(
                false,
                format!("`{}` holds an outcome: that outcome must be counted from the row's instant on", table.name),
            );
        }
    }
    for table in tables.iter().filter(|table| features.iter().any(|feature| feature.of.table == table.name)) {
        leaks.extend(clocks(table, moments).map(|message| Leak {
            feature: String::new(),
            table: table.name.to_owned(),
            refused: false,
            message,
        }));
    }
    leaks
}

/// Whether the times of a table tell less than the instants of the rows ask.
fn clocks(table: &EventTable<'_>, moments: &Moments) -> Option<String> {
    let Some(Cells::Time(times)) = table.dataset.cells(table.time) else { return None };
    let known = || times.iter().filter(|t| **t != Cells::MISSING);
    let whole = known().next().is_some() && known().all(|t| t.rem_euclid(DAY) == 0);
    let within = moments.as_of.iter().find(|t| **t != Cells::MISSING && t.rem_euclid(DAY) != 0);
    (whole && within.is_some()).then(|| {
        format!(
            "the times in `{}` are whole days, and rows stand within a day: an event of that day counts, although it may have \
             happened later; let rows stand at midnight",
            table.name
        )
    })
}

/// Whether every expression of a feature fits its table.
pub fn fits(feature: &Declared, table: &EventTable<'_>) -> bool {
    let kinds: Vec<(&str, Kind)> = wanted(feature);
    kinds.iter().all(|(text, kind)| expression::check(table, feature, text, *kind).is_ok())
}
