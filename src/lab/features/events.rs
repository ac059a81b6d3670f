//! Event features: what is known of each subject from tables of events (transactions, visits, contacts) at one instant per row.
//!
//! A feature is data ([`EventFeature`], of the policy). **As of**: an event counts for a row only if its time lies before the
//! row's instant, whatever else the tables hold; so the value that training sees is the one that could have been known then, and
//! what happens later never changes it. Windows are half-open, `[from, to)`.
//!
//! All rows are computed at once: events and rows are sorted by subject and time once, and each window slides over its subject's
//! events with both ends moving forward, so that no event is looked at more than twice per window, however many rows ask. Rows
//! of different subjects are spread over the cores. Nothing here opens a file or learns an outcome.

mod buyers;
mod check;
mod describe;
mod exact;
mod expression;
mod order;
mod run;
mod slide;
mod suggest;
#[cfg(test)]
mod tests;

pub use buyers::{Buyers, purchase_of};
pub use check::{Leak, leaks};
pub use describe::{Described, describe, write_csv};
pub use suggest::{Columns, suggest};

use crate::data::cells::{Cells, Dictionary, Interner};
use crate::data::{Column, Dataset, Role, Roles};
use crate::error::{Error, Result};
use crate::task::Task;
use attune_policy::schema::{Aggregate, EventFeature, Freshness, Missing};
use attune_policy::value::{Type, Value};
use serde::{Deserialize, Serialize};

/// A feature over events, by name, and what a policy is told of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    /// Name of the column it becomes; a Rhai identifier.
    pub name: String,
    /// What it is.
    pub of: EventFeature,
    /// How old its value may be at a decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freshness: Option<Freshness>,
    /// What a policy does where it is missing.
    #[serde(default, skip_serializing_if = "Missing::is_unknown")]
    pub missing: Missing,
}

impl Declared {
    /// A feature that may be of any age and is unknown where it is missing.
    pub fn new(name: impl Into<String>, of: EventFeature) -> Declared {
        Declared { name: name.into(), of, freshness: None, missing: Missing::Unknown }
    }
}

/// A table of events in memory.
#[derive(Clone, Copy, Debug)]
pub struct EventTable<'a> {
    /// Name by which features speak of it.
    pub name: &'a str,
    /// The events.
    pub dataset: &'a Dataset,
    /// Column (identifier) that holds the subject's key, of any type: keys are compared as they are written.
    pub key: &'a str,
    /// Column (identifier) that says when; of type time.
    pub time: &'a str,
}

/// Whose features, and as of when: one entry per row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moments {
    /// Key of each row; a row without one has no events and no features.
    pub keys: Dictionary,
    /// Instant of each row (ms); [`Cells::MISSING`] where it is not known, and then nothing is.
    pub as_of: Vec<i64>,
}

/// Features as columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Computed {
    /// One column per feature, in their order, with a cell per row.
    pub cells: Vec<Cells>,
    /// Per table what was used of it.
    pub used: Vec<Used>,
    /// What a person should know: expressions that failed, events that could not be placed.
    pub notes: Vec<String>,
}

/// What was used of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Used {
    /// Name of the table.
    pub table: String,
    /// Its events.
    pub events: u64,
    /// Of these, those whose key or time is missing: they count nowhere.
    pub unplaced: u64,
    /// Those of subjects that no row speaks of.
    pub others: u64,
    /// Those at or after the last instant of their subject: they count nowhere.
    pub later: u64,
}

impl Moments {
    /// The rows of a dataset: keys from the column `key`, instants from the column `time` where given and known, else `as_of`.
    ///
    /// # Errors
    /// When a column is not there or `time` holds no times, or a row has neither a time nor an `as_of`.
    pub fn of(dataset: &Dataset, key: &str, time: Option<&str>, as_of: Option<i64>) -> Result<Moments> {
        let keys = dataset.dictionary(key)?;
        let fallback = as_of.unwrap_or(Cells::MISSING);
        let instants = match time.map(|name| (name, dataset.cells(name))) {
            None => vec![fallback; dataset.rows()],
            Some((_, Some(Cells::Time(times)))) => {
                times.iter().map(|t| if *t == Cells::MISSING { fallback } else { *t }).collect()
            }
            Some((name, _)) => return Err(Error::new("does not hold the times at which rows stand").in_column(name)),
        };
        if as_of.is_none() && instants.contains(&Cells::MISSING) {
            let place = if time.is_some() { "some rows have no time" } else { "the rows have no time column" };
            return Err(Error::new(format!("{place}, and there is no `as_of`: features need an instant to stand at"))
                .hint("set the project's `as_of`, or say --as-of"));
        }
        Ok(Moments { keys, as_of: instants })
    }

    /// Every subject of a table of events once, in order of first appearance, all as of one instant.
    ///
    /// # Errors
    /// When the key column is not there.
    pub fn subjects_of(table: &EventTable<'_>, as_of: i64) -> Result<Moments> {
        let values = table.dataset.dictionary(table.key)?.values;
        let codes: Vec<u32> = (0..values.len() as u32).collect();
        Ok(Moments { as_of: vec![as_of; codes.len()], keys: Dictionary { codes, values } })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.as_of.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.as_of.is_empty()
    }
}

/// Midnight (UTC) after the last event of a table: the instant at which everything it holds is known.
pub fn end_of(table: &EventTable<'_>) -> Option<i64> {
    const DAY: i64 = attune_policy::clock::DAY;
    match table.dataset.cells(table.time) {
        Some(Cells::Time(times)) => {
            let last = times.iter().copied().filter(|t| *t != Cells::MISSING).max()?;
            last.div_euclid(DAY).checked_add(1)?.checked_mul(DAY)
        }
        _ => None,
    }
}

/// Whether a condition holds for each event of a table; `None` where it is not known. `name` is whose condition it is.
///
/// # Errors
/// When it does not compile, is no condition, or reads more than the event.
pub fn conditions(table: &EventTable<'_>, name: &str, text: &str) -> Result<Vec<Option<bool>>> {
    let asked = Declared::new(name, EventFeature::new(table.name, Aggregate::Count));
    match expression::evaluate(table, &asked, text, expression::Kind::Truth)? {
        (expression::Values::Truth(truths), _) => Ok(truths),
        _ => Err(about(&asked, format!("`{text}` is no condition"))),
    }
}

/// The value of an expression for each event of a table; NaN where it is not known. `name` is whose value it is.
///
/// # Errors
/// When it does not compile, is no number, or reads more than the event.
pub fn amounts(table: &EventTable<'_>, name: &str, text: &str) -> Result<Vec<f64>> {
    let asked = Declared::new(name, EventFeature::new(table.name, Aggregate::Count));
    match expression::evaluate(table, &asked, text, expression::Kind::Number)? {
        (expression::Values::Number(numbers), _) => Ok(numbers),
        _ => Err(about(&asked, format!("`{text}` is no number"))),
    }
}

/// Computes features for every row of `moments`.
///
/// # Errors
/// When a feature names a table or column that is not there, its expressions do not compile or give the wrong type, its
/// definition cannot be meant, or the task was cancelled.
pub fn compute(features: &[Declared], tables: &[EventTable<'_>], moments: &Moments, task: &Task) -> Result<Computed> {
    task.stage("Computing features from events")?;
    let rows = order::Rows::new(moments);
    let mut computed = Computed { cells: vec![Cells::Number(Vec::new()); features.len()], ..Computed::default() };
    let wanted =
        |table: &EventTable<'_>| features.iter().enumerate().filter(|(_, f)| f.of.table == table.name).collect();
    for feature in features {
        if tables.iter().all(|table| table.name != feature.of.table) {
            let names: Vec<&str> = tables.iter().map(|table| table.name).collect();
            return Err(about(feature, format!("there is no table of events `{}`", feature.of.table))
                .hint(format!("the tables of events are {}", names.join(", "))));
        }
        if let Some(problem) = feature.of.problems().into_iter().next() {
            return Err(about(feature, problem));
        }
    }
    let mut done = 0;
    for table in tables {
        let own: Vec<(usize, &Declared)> = wanted(table);
        if own.is_empty() {
            continue;
        }
        let declared: Vec<&Declared> = own.iter().map(|(_, feature)| *feature).collect();
        let tick = |share: f32| task.tick((done as f32 + share * own.len() as f32) / features.len().max(1) as f32);
        let (columns, used, notes) = run::table(table, &declared, &rows, moments, &tick)?;
        for ((at, _), cells) in own.iter().zip(columns) {
            computed.cells[*at] = cells;
        }
        computed.used.push(used);
        computed.notes.extend(notes);
        done += own.len();
    }
    Ok(computed)
}

/// The dataset with features as columns after its own, and roles that call them features.
///
/// # Errors
/// When a name is a column already, or no identifier.
pub fn join(dataset: &Dataset, roles: &Roles, features: &[Declared], cells: Vec<Cells>) -> Result<(Dataset, Roles)> {
    if features.is_empty() {
        return Ok((dataset.clone(), roles.clone()));
    }
    let mut roles = roles.clone();
    let mut new = Vec::with_capacity(features.len());
    for (feature, cells) in features.iter().zip(cells) {
        let taken = dataset.column(&feature.name).is_some()
            || new.iter().any(|(column, _): &(Column, Cells)| column.name == feature.name);
        if taken {
            return Err(Error::new("is a column already, so no feature can have its name")
                .in_column(&feature.name)
                .hint("give the feature another name"));
        }
        let found = crate::data::names::identifiers(std::slice::from_ref(&feature.name));
        if found.first() != Some(&feature.name) {
            return Err(Error::new("rules cannot read this name")
                .in_column(&feature.name)
                .hint(format!("call the feature `{}`", found.join(" "))));
        }
        let cells = filled(feature, cells)?;
        let column = Column { name: feature.name.clone(), source: feature.name.clone(), type_: cells.type_() };
        // A role that a person gave it stays.
        roles.columns.entry(feature.name.clone()).or_insert(Role::Feature);
        new.push((column, cells));
    }
    let own = dataset.columns().iter().filter_map(|c| Some((c.clone(), dataset.cells(&c.name)?.clone())));
    let numbers = (0..dataset.rows()).map(|row| dataset.row_number(row) as u32).collect();
    let with = Dataset::new(dataset.name(), own.chain(new).collect(), dataset.source().clone(), Some(numbers))?;
    Ok((with, roles))
}

/// The cells with the default that stands in where a value is missing, as it will at decision time.
fn filled(feature: &Declared, mut cells: Cells) -> Result<Cells> {
    let Missing::Default(default) = &feature.missing else { return Ok(cells) };
    match (&mut cells, default) {
        (Cells::Integer(whole), Value::Integer(with)) => {
            whole.iter_mut().filter(|x| **x == Cells::MISSING).for_each(|x| *x = *with);
        }
        (Cells::Number(numbers), Value::Number(_) | Value::Integer(_)) => {
            let with = default.as_f64().unwrap_or(f64::NAN);
            numbers.iter_mut().filter(|x| x.is_nan()).for_each(|x| *x = with);
        }
        (Cells::Text(texts), Value::Text(with)) => {
            let texts: Vec<Option<&str>> =
                (0..texts.codes.len()).map(|row| Some(texts.get(row).map_or(&**with, |text| &**text))).collect();
            cells = Cells::from_texts(texts);
        }
        (cells, default) => {
            return Err(about(
                feature,
                format!("its value where it is missing is {default}; give a {}", cells.type_()),
            ));
        }
    }
    Ok(cells)
}

/// Definitions from RON text: a list of [`Declared`].
///
/// # Errors
/// With the line at which the text is not understood.
pub fn parse(text: &str) -> Result<Vec<Declared>> {
    let options = ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
    options.from_str(text).map_err(|error| {
        Error::new(format!("these are no definitions of features: {}", error.code))
            .at_line(error.span.start.line as u64)
    })
}

/// A failure of a feature.
fn about(feature: &Declared, message: impl std::fmt::Display) -> Error {
    Error::new(format!("feature `{}`: {message}", feature.name))
}

/// Numbers, NaN where unknown, as cells of a type; texts are places in `labels`.
fn cells(type_: Type, numbers: Vec<f64>, labels: &Dictionary) -> Cells {
    match type_ {
        Type::Integer => {
            Cells::Integer(numbers.iter().map(|x| if x.is_nan() { Cells::MISSING } else { *x as i64 }).collect())
        }
        Type::Text => {
            let mut interner = Interner::default();
            for x in numbers {
                let text = if x.is_nan() { None } else { labels.values.get(x as usize) };
                interner.push(text.map(|text| &**text));
            }
            Cells::Text(interner.finish())
        }
        _ => Cells::Number(numbers),
    }
}
