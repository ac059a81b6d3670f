//! A value while it is computed with: a copy of what is small, a view of what is text. And a failure, in words only where someone reads them.

use crate::value::Value;

/// A [`Value`] whose text is borrowed.
#[derive(Clone, Copy, Debug)]
pub enum Datum<'a> {
    Unknown,
    Bool(bool),
    Integer(i64),
    Number(f64),
    Text(&'a str),
    Time(i64),
}

impl<'a> From<&'a Value> for Datum<'a> {
    #[inline]
    fn from(value: &'a Value) -> Datum<'a> {
        match value {
            Value::Unknown => Datum::Unknown,
            Value::Bool(b) => Datum::Bool(*b),
            Value::Integer(i) => Datum::Integer(*i),
            Value::Number(x) => Datum::Number(*x),
            Value::Text(s) => Datum::Text(s),
            Value::Time(t) => Datum::Time(*t),
        }
    }
}

impl From<Datum<'_>> for Value {
    fn from(datum: Datum<'_>) -> Value {
        match datum {
            Datum::Unknown => Value::Unknown,
            Datum::Bool(b) => Value::Bool(b),
            Datum::Integer(i) => Value::Integer(i),
            Datum::Number(x) => Value::Number(x),
            Datum::Text(s) => Value::text(s),
            Datum::Time(t) => Value::Time(t),
        }
    }
}

impl<'a> Datum<'a> {
    /// Whether a value is present.
    #[inline]
    pub fn is_known(self) -> bool {
        !matches!(self, Datum::Unknown)
    }

    /// A whole number or a number, as a number.
    #[inline]
    pub fn number(self) -> Option<f64> {
        match self {
            Datum::Integer(i) => Some(i as f64),
            Datum::Number(x) => Some(x),
            _ => None,
        }
    }

    /// The text, `None` for any other type.
    pub fn text(self) -> Option<&'a str> {
        match self {
            Datum::Text(s) => Some(s),
            _ => None,
        }
    }

    /// What it is, in words: "a text".
    pub fn noun(self) -> &'static str {
        match self {
            Datum::Unknown => "a missing value",
            Datum::Bool(_) => "true/false",
            Datum::Integer(_) | Datum::Number(_) => "a number",
            Datum::Text(_) => "a text",
            Datum::Time(_) => "a time",
        }
    }
}

/// Something failed. Why stands in the [`Words`] it was given, if it was given any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed;

/// Where the words of a failure go.
pub struct Words<'w>(Option<&'w mut String>);

impl<'w> Words<'w> {
    /// No one reads them, so they are not made.
    #[inline(always)]
    pub fn none() -> Words<'static> {
        Words(None)
    }

    /// They are written here.
    pub fn to(text: &'w mut String) -> Words<'w> {
        Words(Some(text))
    }

    /// Fails, with the words that `say` makes.
    #[cold]
    pub fn fail(&mut self, say: impl FnOnce() -> String) -> Failed {
        if let Some(text) = self.0.as_deref_mut() {
            *text = say();
        }
        Failed
    }
}

/// Runs `run` and gives its failure in words.
pub fn told<T>(run: impl FnOnce(&mut Words<'_>) -> Result<T, Failed>) -> Result<T, String> {
    let mut text = String::new();
    run(&mut Words::to(&mut text)).map_err(|Failed| text)
}
