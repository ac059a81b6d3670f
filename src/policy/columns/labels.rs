//! Who, when and where the rows of a batch are: ids, instants, time zones, one for all rows or one for each.

use super::slice::Slice;
use super::values::{Gathered, MISSING, Texts};
use crate::request::is_blank;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// A text for every row.
#[derive(Clone, Debug)]
pub enum Labels<'a> {
    /// One for all rows.
    One(Cow<'a, str>),
    /// One for each.
    Each(Vec<Cow<'a, str>>),
    /// One for each, by its place in a dictionary; a code that is in none is the empty text.
    Coded {
        /// The texts.
        texts: Texts<'a>,
        /// Whether some text of the dictionary is blank.
        blank: bool,
    },
}

impl<'a> Labels<'a> {
    /// Texts by their place in a dictionary, which is looked through once.
    pub fn coded(texts: Texts<'a>) -> Labels<'a> {
        let blank = texts.dictionary.iter().any(|text| is_blank(text));
        Labels::Coded { texts, blank }
    }

    pub(super) fn len(&self) -> Option<usize> {
        match self {
            Labels::One(_) => None,
            Labels::Each(labels) => Some(labels.len()),
            Labels::Coded { texts, .. } => Some(texts.codes.len()),
        }
    }

    /// Whether the text of a row is blank.
    pub(super) fn is_blank(&self, row: usize) -> bool {
        match self {
            Labels::Coded { texts, blank: false } => {
                texts.codes.get(row).is_none_or(|code| *code as usize >= texts.dictionary.len())
            }
            _ => is_blank(self.get(row)),
        }
    }

    pub(super) fn slice(&self, rows: &Range<usize>) -> Labels<'_> {
        match self {
            Labels::One(label) => Labels::One(Cow::Borrowed(label)),
            Labels::Each(labels) => {
                let own = labels.get(rows.clone()).unwrap_or(&[]);
                Labels::Each(own.iter().map(|label| Cow::Borrowed(&**label)).collect())
            }
            Labels::Coded { texts, blank } => Labels::Coded { texts: texts.slice(rows), blank: *blank },
        }
    }

    pub(super) fn select(&self, rows: &[u32]) -> Labels<'a> {
        match self {
            Labels::One(label) => Labels::One(label.clone()),
            Labels::Each(labels) => {
                let picked = rows.iter().map(|row| labels.get(*row as usize).cloned().unwrap_or_default());
                Labels::Each(picked.collect())
            }
            Labels::Coded { texts, blank } => Labels::Coded { texts: texts.select(rows), blank: *blank },
        }
    }

    pub(super) fn get(&self, row: usize) -> &str {
        match self {
            Labels::One(label) => label,
            Labels::Each(labels) => labels.get(row).map_or("", Cow::as_ref),
            Labels::Coded { texts, .. } => texts.get(row).map_or("", |label| label),
        }
    }
}

impl<'a> From<&'a str> for Labels<'a> {
    fn from(label: &'a str) -> Self {
        Labels::One(label.into())
    }
}

impl<'a> From<&'a [String]> for Labels<'a> {
    fn from(labels: &'a [String]) -> Self {
        Labels::Each(labels.iter().map(|label| Cow::Borrowed(label.as_str())).collect())
    }
}

impl<'a> From<Vec<&'a str>> for Labels<'a> {
    fn from(labels: Vec<&'a str>) -> Self {
        Labels::Each(labels.into_iter().map(Cow::Borrowed).collect())
    }
}

impl From<Vec<String>> for Labels<'_> {
    fn from(labels: Vec<String>) -> Self {
        Labels::Each(labels.into_iter().map(Cow::Owned).collect())
    }
}

/// The instant of every row, UTC milliseconds since 1970-01-01T00:00Z.
#[derive(Clone, Debug)]
pub enum Instants<'a> {
    /// One for all rows.
    One(i64),
    /// One for each.
    Each(Slice<'a, i64>),
}

impl<'a> Instants<'a> {
    pub(super) fn select(&self, rows: &[u32]) -> Instants<'a> {
        match self {
            Instants::One(instant) => Instants::One(*instant),
            Instants::Each(_) => rows.iter().map(|row| self.get(*row as usize)).collect::<Vec<_>>().into(),
        }
    }

    pub(super) fn len(&self) -> Option<usize> {
        match self {
            Instants::One(_) => None,
            Instants::Each(instants) => Some(instants.len()),
        }
    }

    pub(super) fn slice(&self, rows: &Range<usize>) -> Instants<'_> {
        match self {
            Instants::One(instant) => Instants::One(*instant),
            Instants::Each(instants) => Instants::Each(instants.slice(rows)),
        }
    }

    pub(super) fn get(&self, row: usize) -> i64 {
        match self {
            Instants::One(instant) => *instant,
            Instants::Each(instants) => instants.get(row).copied().unwrap_or(0),
        }
    }
}

impl From<i64> for Instants<'_> {
    fn from(instant: i64) -> Self {
        Instants::One(instant)
    }
}

impl<'a, S: Into<Slice<'a, i64>>> From<S> for Instants<'a> {
    fn from(instants: S) -> Self {
        Instants::Each(instants.into())
    }
}

/// A text for every row, or none.
#[derive(Clone, Debug)]
pub enum OptionalLabels<'a> {
    /// One for all rows.
    One(Option<Arc<str>>),
    /// One for each; the code [`MISSING`] is none.
    Each(Texts<'a>),
}

impl<'a> OptionalLabels<'a> {
    /// One for each row, each text once in the dictionary.
    pub fn each<'t>(labels: impl IntoIterator<Item = Option<&'t str>>) -> OptionalLabels<'a> {
        let mut texts = Gathered::default();
        for label in labels {
            let code = label.map_or(MISSING, |label| texts.code(label));
            texts.codes.push(code);
        }
        OptionalLabels::Each(texts.finish())
    }

    pub(super) fn len(&self) -> Option<usize> {
        match self {
            OptionalLabels::One(_) => None,
            OptionalLabels::Each(texts) => Some(texts.codes.len()),
        }
    }

    pub(super) fn select(&self, rows: &[u32]) -> OptionalLabels<'a> {
        match self {
            OptionalLabels::One(label) => OptionalLabels::One(label.clone()),
            OptionalLabels::Each(texts) => OptionalLabels::Each(texts.select(rows)),
        }
    }

    pub(super) fn slice(&self, rows: &Range<usize>) -> OptionalLabels<'_> {
        match self {
            OptionalLabels::One(label) => OptionalLabels::One(label.clone()),
            OptionalLabels::Each(texts) => OptionalLabels::Each(texts.slice(rows)),
        }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let OptionalLabels::Each(texts) = self else { return Ok(()) };
        let known = texts.dictionary.len();
        match texts.codes.iter().position(|code| *code != MISSING && *code as usize >= known) {
            Some(row) => Err(format!("row {row} has a code that its dictionary of {known} texts does not have")),
            None => Ok(()),
        }
    }

    pub(super) fn get(&self, row: usize) -> Option<&str> {
        match self {
            OptionalLabels::One(label) => label.as_deref(),
            OptionalLabels::Each(texts) => texts.get(row).map(|label| &**label),
        }
    }
}
