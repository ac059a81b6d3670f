//! Rules of the fields of a project: how old a value may be, and what is done where it is missing. Those of features over events are kept
//! with the features, those of columns beside them; both are in `features.ron` and go into the policy's schema.

use super::parts::Parts;
use crate::data::Role;
use crate::error::{Error, Result};
use crate::features::entry::{self, FieldRule};
use crate::features::events::Declared;
use attune_policy::schema::{Freshness, Missing};
use attune_policy::suggest::nearest;
use attune_policy::value::{Type, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The rules that there are, by field.
pub fn field_rules(parts: &Parts) -> BTreeMap<String, FieldRule> {
    let of_events = parts.events.iter().map(|feature| {
        let Declared { name, freshness, missing, .. } = feature.clone();
        (name, FieldRule { freshness, missing })
    });
    let all = of_events.chain(parts.fields.iter().map(|(name, rule)| (name.clone(), rule.clone())));
    all.filter(|(_, rule)| !rule.is_empty()).collect()
}

/// Why the rule of a field is not in force, in words; `None` where it is. Its column is there no more, or nothing reads it at a decision.
pub fn why_idle(parts: &Parts, field: &str) -> Option<String> {
    match parts.roles.columns.get(field) {
        Some(role) if !is_field(*role) => {
            return Some(format!("`{field}` has the role {}, so no decision reads it", role.label()));
        }
        None => return Some(format!("`{field}` has no role, so no decision reads it")),
        Some(_) => {}
    }
    let made = parts.events.iter().any(|feature| feature.name == *field);
    let mut joined =
        parts.sources.iter().filter_map(|source| source.join.as_ref()).flat_map(|join| join.columns.values());
    let own = parts.source().map_or(&[][..], |source| &source.columns);
    // What a world is generated with is not known before it is.
    let is_there = own.is_empty() || made || own.iter().any(|column| column.name == *field);
    (!is_there && !joined.any(|column| column == field))
        .then(|| format!("`{field}` is no column of the customers any more"))
}

/// The rules of columns that are in force: those by which rows are read that models learn from.
pub(super) fn rules_in_force(parts: &Parts) -> BTreeMap<String, FieldRule> {
    let rules = parts.fields.iter().filter(|(name, _)| why_idle(parts, name).is_none());
    rules.map(|(name, rule)| (name.clone(), rule.clone())).collect()
}

/// Says how old the value of a field may be at a decision, and which time field tells; `None`: any age. A rule can be taken out of
/// whatever has one.
///
/// # Errors
/// When there is no such field, or the times are none, have a rule of their own, or belong to the field itself.
pub fn set_freshness(parts: &mut Parts, field: &str, freshness: Option<Freshness>) -> Result<()> {
    if freshness.is_none() && field_rules(parts).contains_key(field) {
        change(parts, field, |rule| rule.freshness = None);
        return Ok(());
    }
    field_type(parts, field)?;
    if let Some(Freshness { at, max_age }) = &freshness {
        not_a_clock(parts, field, "freshness")?;
        let about = |why: String| Error::new(format!("the freshness of `{field}` cannot be read from `{at}`: {why}"));
        if at == field {
            return Err(about("a value does not tell its own age".into()).hint("name the time at which it stood"));
        }
        let type_ = field_type(parts, at).map_err(|error| match error {
            Error::Failed(failure) => {
                let error = about(failure.message);
                match failure.hint {
                    Some(hint) => error.hint(hint),
                    None => error,
                }
            }
            Error::Cancelled => Error::Cancelled,
        })?;
        if let Some(type_) = type_.filter(|type_| *type_ != Type::Time) {
            let why = format!("it is a {type_}, not a time");
            return Err(match times(parts).as_slice() {
                [] => about(why).hint("import a column of times with the role feature or context"),
                times => about(why).hint(format!("times are {}", times.join(", "))),
            });
        }
        if field_rules(parts).contains_key(at) {
            return Err(about("it has a rule of its own".into()).hint("take that out first"));
        }
        if *max_age == 0 || i64::try_from(*max_age).ok().and_then(|max| max.checked_mul(1000)).is_none() {
            return Err(Error::new(format!(
                "the greatest age of `{field}` must be 1 second or more, and less than the calendar is long"
            )));
        }
    }
    change(parts, field, |rule| rule.freshness = freshness);
    Ok(())
}

/// Says what is done where a field is missing or too old. A rule can be taken out of whatever has one.
///
/// # Errors
/// When there is no such field, the value that is to stand in is of another type, the field is somebody's consent, or others take their
/// age from it.
pub fn set_missing(parts: &mut Parts, field: &str, missing: Missing) -> Result<()> {
    if missing.is_unknown() && field_rules(parts).contains_key(field) {
        change(parts, field, |rule| rule.missing = Missing::Unknown);
        return Ok(());
    }
    let type_ = field_type(parts, field)?;
    if !missing.is_unknown() {
        not_a_clock(parts, field, "missing rule")?;
    }
    let missing = match missing {
        Missing::Default(_) if parts.roles.role(field) == Role::Consent => {
            return Err(Error::new(format!("`{field}` has the role consent, and consent is never assumed"))
                .hint("leave it unknown: then guards that read it keep the contact back"));
        }
        Missing::Default(value) => Missing::Default(fitting(field, &value, type_)?),
        rule => rule,
    };
    change(parts, field, |rule| rule.missing = missing);
    Ok(())
}

/// The type of a field of a decision; `None` where the project does not know it before the data are read.
///
/// # Errors
/// When there is no such field, with what to name instead.
pub fn field_type(parts: &Parts, field: &str) -> Result<Option<Type>> {
    if let Some(feature) = parts.events.iter().find(|feature| feature.name == field) {
        return Ok(Some(feature.of.type_()));
    }
    if let Some(step) = parts.recipe.iter().find(|step| step.output == field) {
        let from = if step.input.is_empty() { "columns".to_owned() } else { format!("`{}`", step.input) };
        return Err(Error::new(format!("`{field}` is made of {from} by a step of the row recipe"))
            .hint("rules are of what a request carries: name what it is made of, or add a step such as impute"));
    }
    match parts.roles.columns.get(field) {
        Some(role) if is_field(*role) => {
            let hidden = parts.sources.iter().any(|source| source.pseudonymise.contains(field));
            let column = parts.sources.iter().flat_map(|source| &source.columns).find(|column| column.name == field);
            Ok(if hidden { Some(Type::Text) } else { column.map(|column| column.type_) })
        }
        Some(role) => Err(Error::new(format!("`{field}` has the role {}, so no decision reads it", role.label()))
            .hint("rules are of features, context and consent")),
        None => {
            let columns =
                parts.roles.columns.iter().filter(|(_, role)| is_field(**role)).map(|(name, _)| name.as_str());
            let known = columns.chain(parts.events.iter().map(|feature| feature.name.as_str()));
            let error = Error::new(format!("there is no feature `{field}`"));
            Err(match nearest(field, known) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint("`attune features PROJECT` lists them"),
            })
        }
    }
}

/// Features over events without what leaves their values as they are: how old these may be at a decision.
pub(super) fn without_freshness(events: &[Declared]) -> Vec<Declared> {
    events.iter().map(|feature| Declared { freshness: None, ..feature.clone() }).collect()
}

/// Names of the fields that are times.
pub fn times(parts: &Parts) -> Vec<String> {
    let names = parts.roles.columns.iter().filter(|(_, role)| is_field(**role)).map(|(name, _)| name);
    names.filter(|name| matches!(field_type(parts, name), Ok(Some(Type::Time)))).cloned().collect()
}

fn is_field(role: Role) -> bool {
    matches!(role, Role::Feature | Role::Context | Role::Consent)
}

/// Refuses a rule of a field that tells the age of another: the policy would not know which of the two comes first.
fn not_a_clock(parts: &Parts, field: &str, what: &str) -> Result<()> {
    let told = |rule: &FieldRule| rule.freshness.as_ref().is_some_and(|freshness| freshness.at == field);
    match field_rules(parts).into_iter().find(|(_, rule)| told(rule)) {
        None => Ok(()),
        Some((other, _)) => Err(Error::new(format!("`{field}` tells how old `{other}` is and can have no {what}"))
            .hint(format!("take the freshness of `{other}` out first"))),
    }
}

/// A default as one of the field's type.
fn fitting(field: &str, value: &Value, type_: Option<Type>) -> Result<Value> {
    let Some(type_) = type_ else { return Ok(value.clone()) };
    entry::default(value, type_)
        .ok_or_else(|| Error::new(format!("`{field}` is a {type_}, and {value} is none: give a {type_}")))
}

fn change(parts: &mut Parts, field: &str, change: impl FnOnce(&mut FieldRule)) {
    if let Some(at) = parts.events.iter().position(|feature| feature.name == field) {
        let feature = &mut Arc::make_mut(&mut parts.events)[at];
        let mut rule = FieldRule { freshness: feature.freshness.take(), missing: std::mem::take(&mut feature.missing) };
        change(&mut rule);
        FieldRule { freshness: feature.freshness, missing: feature.missing } = rule;
        return;
    }
    let fields = Arc::make_mut(&mut parts.fields);
    let mut rule = fields.remove(field).unwrap_or_default();
    change(&mut rule);
    if !rule.is_empty() {
        fields.insert(field.to_owned(), rule);
    }
}
