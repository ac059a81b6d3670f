//! Outcomes of what customers do after the instant at which they stand: whether they buy within 90 days, whether they stay away, how
//! much they spend.
//!
//! What is known at the instant are features over events before it; what follows, in `[instant, instant + days)`, is the outcome.
//! Nothing is computed here: the outcome becomes a column when the project is loaded.

use super::parts::Parts;
use super::starter::model_of;
use crate::data::import::dates;
use crate::data::names::identifiers;
use crate::data::roles::{Credit, Delayed};
use crate::data::{Role, TableKind};
use crate::error::{Error, Result};
use crate::features::events::{self, Columns, EventTable};
use crate::models;
use attune_policy::clock::DAY;
use std::sync::Arc;

/// What is asked of the time after the instant.
#[derive(Clone, Debug, PartialEq)]
pub struct AskedOutcome {
    /// Name of the outcome, an identifier: the column that is made.
    pub name: String,
    /// The table of events, by name; the only one, or the only one of transactions, where it is not said.
    pub table: Option<String>,
    /// Days after the instant.
    pub days: f64,
    /// What of the events in them.
    pub of: Following,
    /// Which events count, an expression over their columns; what tells purchases from returns where it is not said.
    pub only: Option<String>,
}

/// What of the events after the instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Following {
    /// Whether there is one.
    Any,
    /// Whether there is none, as in churn.
    Nothing,
    /// The sum of a column or of an expression over the columns.
    Sum(String),
}

/// What was put into the document.
#[derive(Clone, Debug, PartialEq)]
pub struct PutOutcome {
    /// The outcome as the roles have it.
    pub delayed: Delayed,
    /// Instant at which the customers stand; `None` where each row has its own.
    pub as_of: Option<i64>,
    /// Model that was proposed; `None` where there was one of this outcome.
    pub model: Option<String>,
}

impl PutOutcome {
    /// What the outcome is, in a sentence without its end.
    pub fn words(&self) -> String {
        let Delayed { name, table, window_days, value, only, absent, .. } = &self.delayed;
        let which = only.as_ref().map(|only| format!(" where `{only}`")).unwrap_or_default();
        let what = match (value, absent) {
            (Some(value), _) => format!("sum of `{value}` over `{table}`{which}"),
            (None, true) => format!("1 where nothing stands in `{table}`{which}, 0 where something does,"),
            (None, false) => format!("1 where something stands in `{table}`{which}, else 0,"),
        };
        let when = match self.as_of {
            Some(as_of) => {
                let end = as_of.saturating_add((window_days * DAY as f64) as i64);
                format!("from {} until before {}", dates::render(as_of), dates::render(end))
            }
            None => format!("in the {window_days} days from each row's own time on"),
        };
        format!("`{name}` is {what} {when}")
    }
}

/// Puts an outcome into the document, in place of the one of its name, with the instant at which the customers stand and a model of
/// it where there is none. `as_of` is that instant; where it is not said it is the project's own, if what follows is all in the table,
/// else the last one of which it is. A project whose rows have their own times keeps them.
///
/// # Errors
/// When the table cannot be told or is not there, an expression does not fit it, the name cannot be one, or the table ends before
/// all that follows the instant is known.
pub fn put_outcome(
    parts: &mut Parts,
    tables: &[EventTable<'_>],
    asked: &AskedOutcome,
    as_of: Option<i64>,
) -> Result<PutOutcome> {
    let name = &asked.name;
    if identifiers(std::slice::from_ref(name)).first() != Some(name) {
        let plain = identifiers(std::slice::from_ref(name)).concat();
        return Err(Error::new(format!("rules cannot read the name `{name}`")).hint(format!("call it `{plain}`")));
    }
    let is_outcome = parts.roles.delayed.iter().any(|delayed| delayed.name == *name);
    let taken = parts.roles.columns.contains_key(name) || parts.recipe.iter().any(|step| step.output == *name);
    if taken && !is_outcome {
        return Err(Error::new("is a column already, so no outcome can have its name").in_column(name));
    }
    if !(asked.days.is_finite() && asked.days > 0.0) {
        return Err(Error::new(format!("{} days are no time after the instant", asked.days)));
    }
    let table = chosen(parts, tables, asked.table.as_deref())?;
    let kind = parts.sources.iter().find(|source| source.name == table.name).map(|source| source.kind);
    let purchases = || (kind == Some(TableKind::Transactions)).then(|| Columns::of(&table).purchase).flatten();
    let only = asked.only.clone().or_else(purchases).filter(|only| only.trim() != "true");
    if let Some(only) = &only {
        events::conditions(&table, name, only)?;
    }
    let (value, absent) = match &asked.of {
        Following::Any => (None, false),
        Following::Nothing => (None, true),
        Following::Sum(text) => {
            events::amounts(&table, name, text)?;
            (Some(text.clone()), false)
        }
    };
    let has_times = parts.roles.first(Role::Time).is_some();
    let as_of = match has_times {
        true => None,
        false => Some(standing(parts, &table, asked.days, as_of)?),
    };
    let delayed = Delayed {
        name: name.clone(),
        table: table.name.to_owned(),
        window_days: asked.days,
        value,
        only,
        absent,
        credit: Credit::LastDecision,
    };
    let goal = Arc::make_mut(&mut parts.goal);
    if goal.outcome.as_ref().is_none_or(|outcome| outcome == name) {
        goal.outcome = Some(name.clone());
        goal.horizon_days = Some(asked.days.ceil() as u32);
    }
    goal.as_of = as_of.or(goal.as_of);
    let instant = goal.as_of;
    let roles = Arc::make_mut(&mut parts.roles);
    roles.as_of = instant;
    roles.delayed.retain(|known| known.name != *name);
    roles.delayed.push(delayed.clone());
    roles.columns.insert(name.clone(), Role::Outcome);
    let estimates = if delayed.value.is_some() { models::Goal::Amount } else { models::Goal::Propensity };
    let model = match parts.models.iter().any(|spec| spec.outcome == *name && spec.goal == estimates) {
        true => None,
        false => {
            let taken = |id: &str| parts.models.iter().any(|spec| spec.id == id);
            let spec = model_of(name, estimates, &taken);
            let id = spec.id.clone();
            let models = Arc::make_mut(&mut parts.models);
            // What was to be learned of an outcome of that name that meant something else.
            models.retain(|known| known.outcome != *name);
            models.push(spec);
            Some(id)
        }
    };
    Ok(PutOutcome { delayed, as_of, model })
}

/// The table that is named, else the only one, else the only one of transactions.
fn chosen<'t>(parts: &Parts, tables: &[EventTable<'t>], name: Option<&str>) -> Result<EventTable<'t>> {
    let names = || tables.iter().map(|table| table.name).collect::<Vec<_>>().join(", ");
    let bought = |table: &&EventTable<'t>| {
        let source = parts.sources.iter().find(|source| source.name == table.name);
        source.is_some_and(|source| source.kind == TableKind::Transactions)
    };
    if let Some(name) = name {
        let found = tables.iter().find(|table| table.name == name).copied();
        return found.ok_or_else(|| {
            Error::new(format!("the project has no table of events `{name}`")).hint(format!("it has {}", names()))
        });
    }
    let mut sold = tables.iter().filter(bought);
    match (tables, sold.next(), sold.next()) {
        ([], _, _) => Err(Error::new("the project has no table of events, so nothing is known of what follows")
            .hint("`attune import sales.csv shop --as transactions` adds one")),
        ([only], _, _) | (_, Some(only), None) => Ok(*only),
        _ => Err(Error::new("several tables tell what follows").hint(format!("name one of {}", names()))),
    }
}

/// The instant at which the customers stand, before which everything is known and after which everything that counts is.
fn standing(parts: &Parts, table: &EventTable<'_>, days: f64, asked: Option<i64>) -> Result<i64> {
    let window = (days * DAY as f64) as i64;
    let end = events::end_of(table)
        .ok_or_else(|| Error::new(format!("no row of `{}` has a time", table.name)).in_column(table.time))?;
    let last = end.saturating_sub(window);
    let as_of = match (asked, parts.goal.as_of) {
        (Some(asked), _) => asked,
        (None, Some(known)) if known <= last => known,
        (None, _) => last.div_euclid(DAY) * DAY,
    };
    if as_of > last {
        return Err(Error::new(format!(
            "what customers do in the {days} days from {} on is not all known: `{}` ends before {}",
            dates::render(as_of),
            table.name,
            dates::render(end)
        ))
        .hint(format!(
            "let them stand at {} or earlier, or ask for fewer days",
            dates::render(last.div_euclid(DAY) * DAY)
        )));
    }
    let known = match table.dataset.cells(table.time) {
        Some(crate::data::cells::Cells::Time(times)) => {
            times.iter().any(|time| *time != crate::data::cells::Cells::MISSING && *time < as_of)
        }
        _ => false,
    };
    if !known {
        return Err(Error::new(format!("nothing in `{}` happened before {}", table.name, dates::render(as_of)))
            .hint("let the customers stand later, or ask for fewer days"));
    }
    Ok(as_of)
}
