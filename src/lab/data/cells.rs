//! The cells of one column: compact storage by type, and the same cells as values, numbers, text or codes.

use attune_policy::value::{Type, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// The cells of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Cells {
    /// True, false or missing.
    Bool(Vec<Option<bool>>),
    /// Whole numbers; [`Cells::MISSING`] is missing.
    Integer(Vec<i64>),
    /// Finite numbers; NaN is missing.
    Number(Vec<f64>),
    /// Text, each distinct one stored once.
    Text(Dictionary),
    /// Milliseconds since 1970-01-01T00:00Z; [`Cells::MISSING`] is missing.
    Time(Vec<i64>),
}

/// Text as codes into its distinct values, which stand in order of first appearance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dictionary {
    /// Per row, the position in `values`; [`Dictionary::MISSING`] is missing.
    pub codes: Vec<u32>,
    /// Distinct texts.
    pub values: Arc<[Arc<str>]>,
}

impl Dictionary {
    /// The code of a missing cell.
    pub const MISSING: u32 = u32::MAX;

    /// The text of a row, `None` when missing.
    pub fn get(&self, row: usize) -> Option<&Arc<str>> {
        self.values.get(*self.codes.get(row)? as usize)
    }
}

impl Cells {
    /// Marks a missing whole number or time. No file can hold it: import takes this number as out of range.
    pub const MISSING: i64 = i64::MIN;

    /// Cells of text.
    pub fn from_texts<'a>(texts: impl IntoIterator<Item = Option<&'a str>>) -> Cells {
        let mut interner = Interner::default();
        for text in texts {
            interner.push(text);
        }
        Cells::Text(interner.finish())
    }

    /// The type.
    pub fn type_(&self) -> Type {
        match self {
            Cells::Bool(_) => Type::Bool,
            Cells::Integer(_) => Type::Integer,
            Cells::Number(_) => Type::Number,
            Cells::Text(_) => Type::Text,
            Cells::Time(_) => Type::Time,
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Cells::Bool(v) => v.len(),
            Cells::Integer(v) | Cells::Time(v) => v.len(),
            Cells::Number(v) => v.len(),
            Cells::Text(d) => d.codes.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the cell of a row is missing; true beyond the end.
    pub fn is_missing(&self, row: usize) -> bool {
        match self {
            Cells::Bool(v) => v.get(row).copied().flatten().is_none(),
            Cells::Integer(v) | Cells::Time(v) => v.get(row).is_none_or(|x| *x == Cells::MISSING),
            Cells::Number(v) => v.get(row).is_none_or(|x| x.is_nan()),
            Cells::Text(d) => d.codes.get(row).is_none_or(|c| *c == Dictionary::MISSING),
        }
    }

    /// The value of a row; unknown when missing or beyond the end.
    pub fn value(&self, row: usize) -> Value {
        if self.is_missing(row) {
            return Value::Unknown;
        }
        match self {
            Cells::Bool(v) => v[row].map_or(Value::Unknown, Value::Bool),
            Cells::Integer(v) => Value::Integer(v[row]),
            Cells::Number(v) => Value::number(v[row]),
            Cells::Text(d) => d.get(row).map_or(Value::Unknown, |text| Value::Text(text.clone())),
            Cells::Time(v) => Value::Time(v[row]),
        }
    }

    /// The text of a row as it is written to files and shown; `None` when missing.
    pub fn text(&self, row: usize) -> Option<String> {
        render(&self.value(row))
    }

    /// All rows as numbers, missing as NaN; `None` for text.
    pub fn numbers(&self) -> Option<Vec<f64>> {
        let whole = |x: &i64| if *x == Cells::MISSING { f64::NAN } else { *x as f64 };
        match self {
            Cells::Bool(v) => Some(v.iter().map(|b| b.map_or(f64::NAN, |b| f64::from(u8::from(b)))).collect()),
            Cells::Integer(v) | Cells::Time(v) => Some(v.iter().map(whole).collect()),
            Cells::Number(v) => Some(v.clone()),
            Cells::Text(_) => None,
        }
    }

    /// All rows as codes into their distinct texts.
    pub fn dictionary(&self) -> Dictionary {
        if let Cells::Text(dictionary) = self {
            return dictionary.clone();
        }
        let mut interner = Interner::default();
        // Numbers are told apart by their bits first, so that each distinct one is rendered once.
        let mut seen: HashMap<i64, u32> = HashMap::new();
        for row in 0..self.len() {
            if self.is_missing(row) {
                interner.codes.push(Dictionary::MISSING);
                continue;
            }
            let bits = match self {
                Cells::Bool(v) => i64::from(v[row] == Some(true)),
                Cells::Integer(v) | Cells::Time(v) => v[row],
                Cells::Number(v) => v[row].to_bits() as i64,
                Cells::Text(_) => 0,
            };
            match seen.get(&bits) {
                Some(code) => interner.codes.push(*code),
                None => {
                    let text = self.text(row);
                    interner.push(text.as_deref());
                    seen.insert(bits, interner.codes.last().copied().unwrap_or(Dictionary::MISSING));
                }
            }
        }
        interner.finish()
    }

    /// The cells of some rows, in that order; a position beyond the end gives a missing cell.
    pub(crate) fn gather(&self, rows: &[u32]) -> Cells {
        fn pick<T: Copy>(values: &[T], rows: &[u32], missing: T) -> Vec<T> {
            rows.iter().map(|r| values.get(*r as usize).copied().unwrap_or(missing)).collect()
        }
        match self {
            Cells::Bool(v) => Cells::Bool(pick(v, rows, None)),
            Cells::Integer(v) => Cells::Integer(pick(v, rows, Cells::MISSING)),
            Cells::Time(v) => Cells::Time(pick(v, rows, Cells::MISSING)),
            Cells::Number(v) => Cells::Number(pick(v, rows, f64::NAN)),
            Cells::Text(d) => {
                Cells::Text(Dictionary { codes: pick(&d.codes, rows, Dictionary::MISSING), values: d.values.clone() })
            }
        }
    }

    /// A cell as bits: within one column, equal bits are equal cells. The row must be inside.
    pub(crate) fn bits(&self, row: usize) -> u64 {
        match self {
            Cells::Bool(v) => v[row].map_or(2, u64::from),
            Cells::Integer(v) | Cells::Time(v) => v[row] as u64,
            Cells::Number(v) => number_bits(v[row]),
            Cells::Text(d) => u64::from(d.codes[row]),
        }
    }

    /// Takes the cells of the rows from `from` on into their hashes. The rows must be inside.
    pub(crate) fn hash_rows(&self, from: usize, hashes: &mut [(u64, u32)]) {
        fn each(hashes: &mut [(u64, u32)], bits: impl Iterator<Item = u64>) {
            hashes.iter_mut().zip(bits).for_each(|((hash, _), bits)| *hash = mix(*hash, bits));
        }
        match self {
            Cells::Bool(v) => each(hashes, v[from..].iter().map(|b| b.map_or(2, u64::from))),
            Cells::Integer(v) | Cells::Time(v) => each(hashes, v[from..].iter().map(|x| *x as u64)),
            Cells::Number(v) => each(hashes, v[from..].iter().map(|x| number_bits(*x))),
            Cells::Text(d) => each(hashes, d.codes[from..].iter().map(|code| u64::from(*code))),
        }
    }

    /// The cells of some rows, in that order. Positions must be inside.
    pub(crate) fn select(&self, rows: &[u32]) -> Cells {
        fn pick<T: Copy>(values: &[T], rows: &[u32]) -> Vec<T> {
            rows.iter().map(|r| values[*r as usize]).collect()
        }
        match self {
            Cells::Bool(v) => Cells::Bool(pick(v, rows)),
            Cells::Integer(v) => Cells::Integer(pick(v, rows)),
            Cells::Time(v) => Cells::Time(pick(v, rows)),
            Cells::Number(v) => Cells::Number(pick(v, rows)),
            Cells::Text(d) => Cells::Text(Dictionary { codes: pick(&d.codes, rows), values: d.values.clone() }),
        }
    }
}

/// Bits of a number; of all that are missing, and of both zeros, the same.
fn number_bits(x: f64) -> u64 {
    if x.is_nan() { u64::MAX } else { (x + 0.0).to_bits() }
}

/// A hash that takes in 64 more bits: a multiplication to 128 bits whose halves are folded (wyhash's step).
pub(crate) fn mix(hash: u64, bits: u64) -> u64 {
    let product =
        u128::from(hash ^ bits ^ 0x9E37_79B9_7F4A_7C15) * u128::from(hash.rotate_left(32) ^ 0xE703_7ED1_A0B4_28DB);
    (product >> 64) as u64 ^ product as u64 ^ bits.rotate_left(17)
}

/// The text of a value as it is written to files and shown in tables; `None` when unknown. Numbers are written with as
/// many digits as it takes to read them back unchanged.
pub fn render(value: &Value) -> Option<String> {
    match value {
        Value::Unknown => None,
        Value::Bool(b) => Some(b.to_string()),
        Value::Integer(i) => Some(i.to_string()),
        Value::Number(x) => Some(x.to_string()),
        Value::Text(s) => Some(s.to_string()),
        Value::Time(ms) => Some(super::import::dates::render(*ms)),
    }
}

/// Builds a [`Dictionary`] row by row.
#[derive(Default)]
pub struct Interner {
    codes: Vec<u32>,
    values: Vec<Arc<str>>,
    index: HashMap<Arc<str>, u32>,
}

impl Interner {
    /// Appends a row.
    pub fn push(&mut self, text: Option<&str>) {
        let code = match text {
            None => Dictionary::MISSING,
            Some(text) => match self.index.get(text) {
                Some(code) => *code,
                None => {
                    let shared: Arc<str> = text.into();
                    let code = self.values.len() as u32;
                    self.values.push(shared.clone());
                    self.index.insert(shared, code);
                    code
                }
            },
        };
        self.codes.push(code);
    }

    /// The dictionary.
    pub fn finish(self) -> Dictionary {
        Dictionary { codes: self.codes, values: self.values.into() }
    }
}
