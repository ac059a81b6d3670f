//! What is done with the fields of a request before the recipe runs: values that are too old become unknown, missing ones get
//! their default, or the policy does not decide. Nothing here costs anything where no field says so.

use super::{Missing, Schema};
use crate::clock::length;
use crate::columns::{Columns, Data, MISSING, Values, bits};
use crate::diagnostic::{Diagnostic, Part, Severity};
use crate::recipe::impute;
use crate::suggest::unknown_name;
use crate::value::{Type, Value};
use std::borrow::Cow;

/// The rules of a schema's fields, compiled. In the order of the fields; empty where no field has one.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    rules: Vec<Rule>,
}

/// What is done with one field.
#[derive(Clone, Debug)]
struct Rule {
    field: usize,
    /// Position of the field that says when the value stood, and its greatest age (ms).
    fresh: Option<(usize, i64)>,
    default: Option<Value>,
    refuse: bool,
}

/// Why a value is not taken.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stale {
    Undated,
    Later,
    /// By so many milliseconds.
    Old(i64),
}

impl Rule {
    /// Why the value is not taken, when it stood at `at`.
    fn stale(&self, at: &Value, now: i64) -> Option<Stale> {
        let (_, max) = self.fresh?;
        match at {
            Value::Time(at) if *at > now => Some(Stale::Later),
            Value::Time(at) => {
                let age = now.saturating_sub(*at);
                (age > max).then_some(Stale::Old(age))
            }
            _ => Some(Stale::Undated),
        }
    }
}

impl Entry {
    /// Compiles the rules of the fields that have one; what is wrong with the others is found.
    pub fn compile(schema: &Schema, findings: &mut Vec<Diagnostic>) -> Entry {
        let mut rules = Vec::new();
        for (field, declared) in schema.fields.iter().enumerate() {
            let mut refuse = |message: String| {
                let part = Part::Field(declared.name.clone());
                findings.push(Diagnostic { severity: Severity::Error, part, position: None, message });
            };
            if let Some(from) = &declared.from {
                from.problems().into_iter().for_each(&mut refuse);
                let gives = from.type_();
                if gives != declared.type_ && (gives, declared.type_) != (Type::Integer, Type::Number) {
                    refuse(format!("it is a {}, and what it is computed from events gives a {gives}", declared.type_));
                }
            }
            let fresh = declared.freshness.as_ref().and_then(|freshness| {
                let at = schema.index(&freshness.at);
                let dated = at.and_then(|at| schema.fields.get(at));
                let max = i64::try_from(freshness.max_age).ok().and_then(|max| max.checked_mul(1000));
                match (at, dated, max) {
                    (None, ..) => {
                        let names = schema.fields.iter().map(|field| field.name.as_str());
                        refuse(format!("its freshness: {}", unknown_name("a field", &freshness.at, names)));
                        None
                    }
                    (Some(_), Some(dated), _) if dated.type_ != Type::Time => {
                        let found = dated.type_;
                        refuse(format!("its freshness is read from `{}`, which is a {found}; name a time", freshness.at));
                        None
                    }
                    (Some(_), Some(dated), _) if dated.freshness.is_some() || !dated.missing.is_unknown() => {
                        let message = format!(
                            "its freshness is read from `{}`, which has a freshness or a missing rule of its own; take that out",
                            freshness.at
                        );
                        refuse(message);
                        None
                    }
                    (_, _, None | Some(0)) => {
                        refuse("its greatest age must be 1 second or more, and less than the calendar is long".to_owned());
                        None
                    }
                    (Some(at), _, Some(max)) => Some((at, max)),
                }
            });
            let default = match &declared.missing {
                Missing::Default(value) => match (value, declared.type_) {
                    (Value::Integer(x), Type::Number) => Some(Value::Number(*x as f64)),
                    (Value::Number(x), _) if !x.is_finite() => {
                        refuse("its value where it is missing is not a finite number".to_owned());
                        None
                    }
                    (value, type_) if value.type_of() == Some(type_) => Some(value.clone()),
                    (value, type_) => {
                        refuse(format!("its value where it is missing is {value}; give a {type_}"));
                        None
                    }
                },
                Missing::Unknown | Missing::Refuse => None,
            };
            let refuse = declared.missing == Missing::Refuse;
            if fresh.is_some() || default.is_some() || refuse {
                rules.push(Rule { field, fresh, default, refuse });
            }
        }
        Entry { rules }
    }

    /// Whether no field has a rule.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether what they do depends on the instant of the decision.
    pub fn asks_now(&self) -> bool {
        self.rules.iter().any(|rule| rule.fresh.is_some())
    }

    /// Sound fields as the rules leave them; what is done about an old value, and what is refused, is told. The second is the
    /// first field without which the policy does not decide.
    pub fn admit<'v>(
        &self,
        schema: &Schema,
        mut fields: Cow<'v, [Value]>,
        now: i64,
        report: &mut dyn FnMut(String),
    ) -> (Cow<'v, [Value]>, Option<u32>) {
        let mut refused = None;
        for rule in &self.rules {
            let known = fields.get(rule.field).is_some_and(Value::is_known);
            let at = |(at, _): (usize, i64)| fields.get(at).unwrap_or(&Value::Unknown);
            let stale = if known { rule.fresh.and_then(|fresh| rule.stale(at(fresh), now)) } else { None };
            if known && stale.is_none() {
                continue;
            }
            let declared = schema.fields.get(rule.field);
            let name = declared.map_or("", |field| field.name.as_str());
            let then = match (&rule.default, rule.refuse) {
                (Some(default), _) => format!("{default} stands in"),
                (_, true) => "the policy does not decide without it".to_owned(),
                _ => "treated as unknown".to_owned(),
            };
            match stale {
                Some(stale) => report(told(name, declared.and_then(|field| field.freshness.as_ref()), stale, &then)),
                None if rule.refuse => report(format!("field `{name}` is missing: {then}")),
                None => {}
            }
            if rule.refuse && refused.is_none() {
                refused = u32::try_from(rule.field).ok();
            }
            let value = rule.default.clone().unwrap_or_default();
            if (stale.is_some() || value.is_known())
                && let Some(place) = fields.to_mut().get_mut(rule.field)
            {
                *place = value;
            }
        }
        (fields, refused)
    }

    /// The columns of the fields as the rules leave them: those that change, by position.
    pub(crate) fn admit_columns<'a>(&self, columns: &'a Columns<'a>) -> Vec<(usize, Values<'a>)> {
        let rows = columns.len();
        let admitted = self.rules.iter().filter_map(|rule| {
            let given = columns.fields().get(rule.field)?;
            let mut values = given.clone();
            if let Some((at, _)) = rule.fresh {
                let at = columns.fields().get(at)?;
                let mut known = given.known().to_vec();
                for row in (0..rows).filter(|row| bits::get(given.known(), *row)) {
                    if rule.stale(&at.get(row), columns.now(row)).is_some() {
                        bits::clear(&mut known, row);
                    }
                }
                values = forget(values, known);
            }
            if let Some(default) = &rule.default {
                values = impute(&values, default, rows)?;
            }
            Some((rule.field, values))
        });
        admitted.collect()
    }
}

/// What is told of a value that is not taken.
fn told(name: &str, freshness: Option<&super::Freshness>, stale: Stale, then: &str) -> String {
    let (at, max) = freshness.map_or(("", 0), |freshness| (freshness.at.as_str(), freshness.max_age));
    match stale {
        Stale::Undated => format!("field `{name}` is of unknown age, since `{at}` is unknown: {then}"),
        Stale::Later => format!("field `{name}` stood after the decision, says `{at}`: {then}"),
        Stale::Old(age) => {
            format!("field `{name}` is {} old and may be {}: {then}", beyond(age, max), length(max))
        }
    }
}

/// An age (ms) beyond a greatest one (s) in words: to a tenth of the largest unit that tells the two apart.
fn beyond(age: i64, max: u64) -> String {
    let limit = i64::try_from(max).unwrap_or(i64::MAX).saturating_mul(1000);
    let tenths = |ms: i64, size: i64| ms / (size / 10);
    let units = [(86_400_000, "day"), (3_600_000, "hour"), (60_000, "minute"), (1_000, "second")];
    let apart = |(size, _): &(i64, &str)| age >= *size && tenths(age, *size) > tenths(limit, *size);
    let Some((size, unit)) = units.into_iter().find(apart) else { return format!("more than {}", length(max)) };
    match tenths(age, size) {
        10 => format!("1 {unit}"),
        n if n % 10 == 0 => format!("{} {unit}s", n / 10),
        n => format!("{}.{} {unit}s", n / 10, n % 10),
    }
}

/// The values with no more than these known, in the form that [`Values`] promises.
fn forget(values: Values<'_>, known: Vec<u64>) -> Values<'_> {
    let data = match values.data {
        Data::Bool(truths) => {
            Data::Bool(truths.iter().zip(&known).map(|(truth, known)| truth & known).collect::<Vec<_>>().into())
        }
        Data::Number(mut numbers) => {
            let mut owned = std::mem::take(&mut numbers).into_vec();
            owned.iter_mut().enumerate().filter(|(row, _)| !bits::get(&known, *row)).for_each(|(_, x)| *x = f64::NAN);
            Data::Number(owned.into())
        }
        Data::Text(mut texts) => {
            let mut codes = texts.codes.into_vec();
            codes.iter_mut().enumerate().filter(|(row, _)| !bits::get(&known, *row)).for_each(|(_, c)| *c = MISSING);
            texts.codes = codes.into();
            Data::Text(texts)
        }
        whole @ (Data::Integer(_) | Data::Time(_)) => whole,
    };
    Values { data, known: known.into() }
}
