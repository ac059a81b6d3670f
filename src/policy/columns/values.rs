//! The values of one field for all rows: typed, with a bit per row that says whether the value is known.

use super::bits;
use super::slice::Slice;
use crate::value::{Type, Value};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// The code of an unknown text.
pub const MISSING: u32 = u32::MAX;

/// A column as a host gives it.
#[derive(Clone, Debug)]
pub struct Column<'a> {
    /// The values, one per row; whatever stands where a value is unknown is never read.
    pub data: Data<'a>,
    /// A bit per row, the first row lowest: whether its value is known. Absent when all are, but for NaN and infinities
    /// among numbers and [`MISSING`] among texts.
    pub known: Option<Slice<'a, u64>>,
}

/// Values of one type.
#[derive(Clone, Debug)]
pub enum Data<'a> {
    /// True or false, a bit per row, the first row lowest.
    Bool(Slice<'a, u64>),
    /// Whole numbers.
    Integer(Slice<'a, i64>),
    /// Numbers.
    Number(Slice<'a, f64>),
    /// Texts.
    Text(Texts<'a>),
    /// Instants in milliseconds since 1970-01-01T00:00Z.
    Time(Slice<'a, i64>),
}

/// Texts by their place in a dictionary.
#[derive(Clone, Debug)]
pub struct Texts<'a> {
    /// Places in the dictionary; [`MISSING`] is unknown.
    pub codes: Slice<'a, u32>,
    /// The texts.
    pub dictionary: Arc<[Arc<str>]>,
}

impl Texts<'_> {
    /// The text of a row; `None` when unknown.
    pub fn get(&self, row: usize) -> Option<&Arc<str>> {
        self.dictionary.get(*self.codes.get(row)? as usize)
    }

    /// Those of some rows, in the order given; none past the end.
    pub(crate) fn select(&self, rows: &[u32]) -> Texts<'static> {
        Texts { codes: pick(&self.codes, rows, MISSING), dictionary: self.dictionary.clone() }
    }

    /// Those of a run of rows, lent.
    pub(crate) fn slice(&self, rows: &Range<usize>) -> Texts<'_> {
        Texts { codes: self.codes.slice(rows), dictionary: self.dictionary.clone() }
    }
}

fn pick<T: Copy>(values: &[T], rows: &[u32], otherwise: T) -> Slice<'static, T> {
    let picked: Vec<T> = rows.iter().map(|row| values.get(*row as usize).copied().unwrap_or(otherwise)).collect();
    picked.into()
}

impl Data<'_> {
    /// The values with buffers of their own, unless they have them or share them.
    pub fn into_owned(self) -> Data<'static> {
        match self {
            Data::Bool(values) => Data::Bool(values.into_owned()),
            Data::Integer(values) => Data::Integer(values.into_owned()),
            Data::Number(values) => Data::Number(values.into_owned()),
            Data::Text(Texts { codes, dictionary }) => Data::Text(Texts { codes: codes.into_owned(), dictionary }),
            Data::Time(values) => Data::Time(values.into_owned()),
        }
    }

    /// The type of the values.
    pub fn type_(&self) -> Type {
        match self {
            Data::Bool(_) => Type::Bool,
            Data::Integer(_) => Type::Integer,
            Data::Number(_) => Type::Number,
            Data::Text(_) => Type::Text,
            Data::Time(_) => Type::Time,
        }
    }
}

impl<'a> From<Data<'a>> for Column<'a> {
    fn from(data: Data<'a>) -> Self {
        Column { data, known: None }
    }
}

impl<'a> Column<'a> {
    /// A column of whole numbers, all known.
    pub fn integers(values: impl Into<Slice<'a, i64>>) -> Column<'a> {
        Data::Integer(values.into()).into()
    }

    /// A column of numbers; NaN and infinities are unknown.
    pub fn numbers(values: impl Into<Slice<'a, f64>>) -> Column<'a> {
        Data::Number(values.into()).into()
    }

    /// A column of true or false, a bit per row, all known.
    pub fn bools(bits: impl Into<Slice<'a, u64>>) -> Column<'a> {
        Data::Bool(bits.into()).into()
    }

    /// A column of instants in milliseconds, all known.
    pub fn times(values: impl Into<Slice<'a, i64>>) -> Column<'a> {
        Data::Time(values.into()).into()
    }

    /// A column of texts by their place in a dictionary; [`MISSING`] is unknown.
    pub fn texts(codes: impl Into<Slice<'a, u32>>, dictionary: Arc<[Arc<str>]>) -> Column<'a> {
        Data::Text(Texts { codes: codes.into(), dictionary }).into()
    }

    /// With a bit per row, the first row lowest, that says whether its value is known.
    pub fn known(self, known: impl Into<Slice<'a, u64>>) -> Column<'a> {
        Column { known: Some(known.into()), ..self }
    }
}

/// A checked column. Where a value is unknown a number is NaN, a whole number or time is any, a bit is 0 and a code is
/// [`MISSING`]; the texts of a dictionary differ from one another.
#[derive(Clone, Debug)]
pub struct Values<'a> {
    pub(crate) data: Data<'a>,
    pub(crate) known: Slice<'a, u64>,
}

impl<'a> Values<'a> {
    /// The values, in the form that [`Values`] promises.
    pub fn data(&self) -> &Data<'a> {
        &self.data
    }

    /// The type of the values.
    pub fn type_(&self) -> Type {
        self.data.type_()
    }

    /// A bit per row: whether its value is known.
    pub fn known(&self) -> &[u64] {
        &self.known
    }

    /// The numbers, NaN where unknown; `None` for any other type.
    pub fn numbers(&self) -> Option<&[f64]> {
        match &self.data {
            Data::Number(values) => Some(values),
            _ => None,
        }
    }

    /// Places in the dictionary, [`MISSING`] where unknown, and the dictionary; `None` for any other type than text.
    pub fn codes(&self) -> Option<(&[u32], &[Arc<str>])> {
        match &self.data {
            Data::Text(texts) => Some((&texts.codes, &texts.dictionary)),
            _ => None,
        }
    }

    /// Writes the values of the rows from `start` on as [`Value::as_f64`] gives them, NaN where that is none.
    pub fn write_f64(&self, start: usize, out: &mut [f64]) {
        let end = start.saturating_add(out.len());
        match &self.data {
            Data::Number(values) => copy(values.get(start..end), out, |x| x),
            Data::Integer(values) => {
                copy(values.get(start..end), out, |x| x as f64);
                for (row, x) in (start..).zip(out.iter_mut()) {
                    if !bits::get(&self.known, row) {
                        *x = f64::NAN;
                    }
                }
            }
            Data::Bool(values) => {
                for (row, x) in (start..).zip(out.iter_mut()) {
                    let bit = f64::from(u8::from(bits::get(values, row)));
                    *x = if bits::get(&self.known, row) { bit } else { f64::NAN };
                }
            }
            Data::Text(_) | Data::Time(_) => out.fill(f64::NAN),
        }
    }

    /// The value of a row; unknown past the end.
    pub fn get(&self, row: usize) -> Value {
        if !bits::get(&self.known, row) {
            return Value::Unknown;
        }
        let value = match &self.data {
            Data::Bool(values) => Some(Value::Bool(bits::get(values, row))),
            Data::Integer(values) => values.get(row).copied().map(Value::Integer),
            Data::Number(values) => values.get(row).copied().map(Value::Number),
            Data::Text(texts) => texts.get(row).cloned().map(Value::Text),
            Data::Time(values) => values.get(row).copied().map(Value::Time),
        };
        value.unwrap_or_default()
    }

    /// Some rows, in the order given; unknown past the end.
    pub(crate) fn select(&self, rows: &[u32]) -> Values<'static> {
        let bits = |bits: &[u64]| {
            let chunks = rows.chunks(64);
            let word = |rows: &[u32]| {
                rows.iter().enumerate().fold(0, |word, (i, row)| word | u64::from(bits::get(bits, *row as usize)) << i)
            };
            chunks.map(word).collect::<Vec<u64>>().into()
        };
        let data = match &self.data {
            Data::Bool(values) => Data::Bool(bits(values)),
            Data::Integer(values) => Data::Integer(pick(values, rows, 0)),
            Data::Number(values) => Data::Number(pick(values, rows, f64::NAN)),
            Data::Text(texts) => Data::Text(texts.select(rows)),
            Data::Time(values) => Data::Time(pick(values, rows, 0)),
        };
        Values { data, known: bits(&self.known) }
    }

    /// A run of rows, lent where it begins at a multiple of 64.
    pub(crate) fn slice(&self, rows: &Range<usize>) -> Values<'_> {
        let data = match &self.data {
            Data::Bool(values) => Data::Bool(bits::slice(values, rows)),
            Data::Integer(values) => Data::Integer(values.slice(rows)),
            Data::Number(values) => Data::Number(values.slice(rows)),
            Data::Text(texts) => Data::Text(texts.slice(rows)),
            Data::Time(values) => Data::Time(values.slice(rows)),
        };
        Values { data, known: bits::slice(&self.known, rows) }
    }

    /// All unknown.
    pub(crate) fn unknown(type_: Type, rows: usize) -> Values<'a> {
        let words = || vec![0; bits::words(rows)].into();
        let data = match type_ {
            Type::Bool => Data::Bool(words()),
            Type::Integer => Data::Integer(vec![0; rows].into()),
            Type::Number => Data::Number(vec![f64::NAN; rows].into()),
            Type::Text => Data::Text(Texts { codes: vec![MISSING; rows].into(), dictionary: Arc::from([]) }),
            Type::Time => Data::Time(vec![0; rows].into()),
        };
        Values { data, known: words() }
    }
}

/// Without a source of the right length nothing is known.
fn copy<T: Copy>(from: Option<&[T]>, out: &mut [f64], as_f64: impl Fn(T) -> f64) {
    match from {
        Some(from) => out.iter_mut().zip(from).for_each(|(out, x)| *out = as_f64(*x)),
        None => out.fill(f64::NAN),
    }
}

/// Texts collected one by one, each once in the dictionary.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub codes: Vec<u32>,
    dictionary: Vec<Arc<str>>,
    places: HashMap<Arc<str>, u32>,
}

impl Gathered {
    /// The code of a text; new texts are added.
    pub fn code(&mut self, text: &str) -> u32 {
        if let Some(code) = self.places.get(text) {
            return *code;
        }
        self.add(Arc::from(text))
    }

    /// The code of a shared text; new texts are shared.
    pub fn shared(&mut self, text: &Arc<str>) -> u32 {
        match self.places.get(text) {
            Some(code) => *code,
            None => self.add(text.clone()),
        }
    }

    fn add(&mut self, text: Arc<str>) -> u32 {
        // A dictionary has no more texts than memory has bytes for; the code past the last is that of no text.
        let code = u32::try_from(self.dictionary.len()).unwrap_or(MISSING);
        self.dictionary.push(text.clone());
        self.places.insert(text, code);
        code
    }

    pub fn finish(self) -> Texts<'static> {
        Texts { codes: self.codes.into(), dictionary: self.dictionary.into() }
    }
}
