//! Rules of fields: how old a value may be at a decision, and what is done where it is missing. A policy carries them in its schema and
//! applies them to every request; here they are applied to the rows that models learn from, so that training sees what a decision sees.

use super::recipe::Sink;
use crate::data::cells::Cells;
use crate::data::import::{DateOrder, dates};
use crate::data::{Dataset, Role, Roles};
use crate::error::{Error, Result};
use attune_policy::clock::length;
use attune_policy::schema::{Freshness, Missing};
use attune_policy::value::{Type, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is done with a field before anything reads it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldRule {
    /// How old its value may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freshness: Option<Freshness>,
    /// What is done where it is missing or too old.
    #[serde(default, skip_serializing_if = "Missing::is_unknown")]
    pub missing: Missing,
}

impl FieldRule {
    /// Whether nothing is done.
    pub fn is_empty(&self) -> bool {
        self.freshness.is_none() && self.missing.is_unknown()
    }

    /// What is done, in words: "may be 7 days old by `seen_at`; where missing 0 stands in".
    pub fn words(&self) -> String {
        let fresh = self.freshness.as_ref().map(|f| format!("may be {} old by `{}`", length(f.max_age), f.at));
        let old = if fresh.is_some() { "missing or older" } else { "missing" };
        let missing = match (&self.missing, &fresh) {
            (Missing::Unknown, None) => None,
            (Missing::Unknown, Some(_)) => Some("an older one is unknown".to_owned()),
            (Missing::Default(value), _) => Some(format!("where {old} {value} stands in")),
            (Missing::Refuse, _) => Some(format!("where {old} the policy does not decide")),
        };
        fresh.into_iter().chain(missing).collect::<Vec<String>>().join("; ")
    }
}

/// The dataset as the rules leave it: values too old at the instant of their row are missing, and a default stands where one is. Rows
/// without which a policy would not decide stay, with the value missing. A rule of a column that is not there does nothing.
///
/// # Errors
/// When a freshness is read from a column that holds no times, rows stand at no instant, or a default is of another type than its column.
pub fn admit(dataset: &Dataset, roles: &Roles, rules: &BTreeMap<String, FieldRule>) -> Result<Dataset> {
    let works = |name: &&String| dataset.column(name).is_some() && !rules[*name].is_empty();
    if !rules.keys().any(|name| works(&name)) {
        return Ok(dataset.clone());
    }
    let times = |name: &str| match dataset.cells(name) {
        Some(Cells::Time(times)) => Some(times),
        _ => None,
    };
    let own = roles.first(Role::Time).and_then(times);
    let now = |row: usize| own.map(|own| own[row]).filter(|time| *time != Cells::MISSING).or(roles.as_of);
    let mut columns = Vec::with_capacity(dataset.columns().len());
    for (position, column) in dataset.columns().iter().enumerate() {
        let Some(cells) = dataset.cells(&column.name) else { continue };
        let rule = rules.get(&column.name).filter(|rule| !rule.is_empty());
        let Some(rule) = rule else {
            columns.push((column.clone(), cells.clone()));
            continue;
        };
        let about = |why: String| Error::new(why).in_column(&column.source);
        let fresh = match &rule.freshness {
            None => None,
            Some(freshness) => {
                let at = times(&freshness.at).ok_or_else(|| {
                    about(format!("its freshness is read from `{}`, which holds no times", freshness.at))
                        .hint("name a column of times")
                })?;
                if (0..dataset.rows()).any(|row| now(row).is_none()) {
                    return Err(about("how old its values are cannot be told: some rows stand at no instant".into())
                        .hint("set the instant at which rows stand"));
                }
                Some((at, i64::try_from(freshness.max_age).unwrap_or(i64::MAX).saturating_mul(1000)))
            }
        };
        let default = match &rule.missing {
            Missing::Default(value) => default(value, column.type_)
                .ok_or_else(|| about(format!("its value where it is missing is {value}; give a {}", column.type_)))?,
            Missing::Unknown | Missing::Refuse => Value::Unknown,
        };
        let is_fresh = |row: usize| match (fresh, now(row)) {
            (Some((at, most)), Some(now)) => {
                at[row] != Cells::MISSING && at[row] <= now && now.saturating_sub(at[row]) <= most
            }
            _ => true,
        };
        let mut sink = Sink::new(column.type_, dataset.rows());
        for row in 0..dataset.rows() {
            let value = dataset.value_at(row, position);
            sink.push(if value.is_known() && is_fresh(row) { &value } else { &default });
        }
        columns.push((column.clone(), sink.finish()));
    }
    let numbers = (0..dataset.rows()).map(|row| dataset.row_number(row) as u32).collect();
    Dataset::new(dataset.name(), columns, dataset.source().clone(), Some(numbers))
}

/// A value as one of a type: whole numbers are numbers; `None` where it is of another.
pub fn default(value: &Value, type_: Type) -> Option<Value> {
    match (value, type_) {
        (Value::Integer(x), Type::Number) => Some(Value::Number(*x as f64)),
        (Value::Number(x), _) if !x.is_finite() => None,
        (value, type_) => (value.type_of() == Some(type_)).then(|| value.clone()),
    }
}

/// A value of a type as people write it: `7`, `0.5`, `true`, `2024-12-31`, `gold`, or `"gold"`. Of a type that is not known, what it looks
/// like. `None` where it is of another type.
pub fn parse(text: &str, type_: Option<Type>) -> Option<Value> {
    let quoted = || text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    match type_ {
        Some(Type::Integer) => text.parse().ok().map(Value::Integer),
        Some(Type::Number) => text.parse().ok().filter(|x: &f64| x.is_finite()).map(Value::Number),
        Some(Type::Bool) => text.parse().ok().map(Value::Bool),
        Some(Type::Time) => dates::parse(text, DateOrder::DayFirst).map(Value::Time),
        Some(Type::Text) => Some(Value::text(quoted())),
        None => {
            let types = [Type::Integer, Type::Number, Type::Bool, Type::Text];
            types.into_iter().find_map(|type_| parse(text, Some(type_)))
        }
    }
}

#[cfg(test)]
#[path = "entry_tests.rs"]
mod tests;
