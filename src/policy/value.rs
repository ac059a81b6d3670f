//! Values and types: what a field of a request can hold. Missing is its own value, [`Value::Unknown`].

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// One value of a request, an action attribute or a rule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// Missing; logic with it is Kleene's.
    #[default]
    Unknown,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A finite number; NaN and infinities enter as [`Value::Unknown`].
    Number(f64),
    /// Text.
    Text(Arc<str>),
    /// An instant, milliseconds since 1970-01-01T00:00Z.
    Time(#[serde(with = "crate::instant")] i64),
}

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Type {
    /// True or false.
    Bool,
    /// Whole number, 64 bits.
    Integer,
    /// Floating-point number, 64 bits.
    Number,
    /// Text.
    Text,
    /// Instant in milliseconds since 1970-01-01T00:00Z.
    Time,
}

impl Value {
    /// A number, or [`Value::Unknown`] when `x` is NaN or infinite.
    pub fn number(x: f64) -> Value {
        if x.is_finite() { Value::Number(x) } else { Value::Unknown }
    }

    /// Text.
    pub fn text(s: impl Into<Arc<str>>) -> Value {
        Value::Text(s.into())
    }

    /// The type, `None` when unknown.
    pub fn type_of(&self) -> Option<Type> {
        match self {
            Value::Unknown => None,
            Value::Bool(_) => Some(Type::Bool),
            Value::Integer(_) => Some(Type::Integer),
            Value::Number(_) => Some(Type::Number),
            Value::Text(_) => Some(Type::Text),
            Value::Time(_) => Some(Type::Time),
        }
    }

    /// Whether a value is present.
    pub fn is_known(&self) -> bool {
        !matches!(self, Value::Unknown)
    }

    /// The value as a number: integers and numbers as they are, booleans as 0 and 1, everything else `None`.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Bool(b) => Some(f64::from(u8::from(*b))),
            Value::Integer(i) => Some(*i as f64),
            Value::Number(x) => Some(*x),
            _ => None,
        }
    }

    /// The text, `None` for any other type.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(s) => Some(s),
            _ => None,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Type::Bool => "true/false",
            Type::Integer => "whole number",
            Type::Number => "number",
            Type::Text => "text",
            Type::Time => "time",
        })
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Unknown => f.write_str("unknown"),
            Value::Bool(b) => write!(f, "{b}"),
            Value::Integer(i) => write!(f, "{i}"),
            Value::Number(x) => write!(f, "{x}"),
            Value::Text(s) => write!(f, "\"{s}\""),
            Value::Time(t) => match jiff::Timestamp::from_millisecond(*t) {
                Ok(ts) => write!(f, "{ts}"),
                Err(_) => write!(f, "{t} ms"),
            },
        }
    }
}
