//! The cells of one column of a chunk of text: read under a type, with the evidence of what they are on the way.
//!
//! Cells written in the common way are read at once from their bytes; all others take the one slow way that says what they
//! are. Both give the same cells and the same evidence.

use super::dates;
use super::digits::{Decimal, Field, is_compact_date};
use super::infer::Evidence;
use super::parse::CellParser;
use super::records::Dialect;
use super::words::{Texts, Words};
use crate::data::cells::{Cells, Dictionary};
use attune_policy::value::Type;
use std::borrow::Cow;

/// The fields of a chunk of text, by position.
pub struct Fields<'a> {
    /// UTF-8 where fields lie.
    pub text: &'a [u8],
    /// What separates them.
    pub dialect: Dialect,
    /// Fields per record.
    pub width: usize,
    /// Where each record starts.
    pub starts: &'a [u32],
    /// Where each field ends, `width` per record.
    pub ends: &'a [u32],
    /// Whether every cell takes the slow way, as tests do to compare the two.
    pub careful: bool,
}

/// Cells as they are gathered: those of a chunk with its [`Texts`], those of a whole column with [`Words`].
#[derive(Clone, Debug)]
pub enum Store<T> {
    /// Only evidence is gathered.
    Nothing,
    /// True, false or missing.
    Bool(Vec<Option<bool>>),
    /// Whole numbers.
    Integer(Vec<i64>),
    /// Numbers.
    Number(Vec<f64>),
    /// Codes of texts; none where each row of a chunk has the next text.
    Text(Vec<u32>, T),
    /// Instants.
    Time(Vec<i64>),
}

/// A column of a chunk.
pub struct Part {
    /// Its cells.
    pub store: Store<Texts>,
    /// What they look like.
    pub evidence: Evidence,
    /// Position and text of those that do not fit the type.
    pub bad: Vec<(u32, String)>,
    /// Position and text of the first numbers that are written as codes are, at most [`NAMED_CODES`].
    pub codes: Vec<(u32, String)>,
}

/// Most cells of a column that are named as codes among its numbers.
pub const NAMED_CODES: usize = 5;

/// Where the cells of a column of numbers or instants are gathered, as in a [`Part`].
pub struct Sink<'s, T> {
    /// Its cells.
    pub values: &'s mut Vec<T>,
    /// What they look like.
    pub evidence: &'s mut Evidence,
    /// Position and text of those that do not fit the type.
    pub bad: &'s mut Vec<(u32, String)>,
    /// Of the first that are written as codes are; `None` where none is one, such as a date.
    pub codes: Option<&'s mut Vec<(u32, String)>>,
}

impl Fields<'_> {
    /// Some of the rows.
    pub fn block(&self, rows: std::ops::Range<usize>) -> Fields<'_> {
        let ends = &self.ends[rows.start * self.width..rows.end * self.width];
        Fields { starts: &self.starts[rows], ends, ..*self }
    }

    /// The fields of a column as they stand in the text.
    pub fn column(&self, column: usize) -> impl Iterator<Item = Field<'_>> {
        self.starts.iter().zip(self.ends.chunks_exact(self.width.max(1))).map(move |(start, ends)| Field {
            whole: self.text,
            start: if column == 0 { *start as usize } else { ends[column - 1] as usize + 1 },
            end: ends[column] as usize,
        })
    }

    /// A field without quotes around it, when nothing inside needs another look.
    fn bare<'a>(&self, field: Field<'a>) -> Field<'a> {
        match field.bytes() {
            [first, inner @ .., last] if *first == self.dialect.quote && first == last && !inner.contains(first) => {
                field.inner()
            }
            _ => field,
        }
    }

    /// The text a field stands for.
    pub fn text<'a>(&self, raw: &'a [u8]) -> Cow<'a, str> {
        let text = std::str::from_utf8(raw).unwrap_or_default();
        if self.is_its_text(raw) { Cow::Borrowed(text) } else { self.dialect.unquote(text) }
    }

    /// Whether a field begins and ends with signs that are neither blanks nor quotes: then it is its own text.
    pub fn is_its_text(&self, raw: &[u8]) -> bool {
        let visible = |byte: &u8| *byte > b' ' && byte.is_ascii() && *byte != self.dialect.quote;
        raw.first().is_some_and(visible) && raw.last().is_some_and(visible)
    }

    /// Whether blanks stand around something else.
    pub fn is_padded(&self, raw: &[u8]) -> bool {
        !self.dialect.aligned
            && (raw.first() == Some(&b' ') || raw.last() == Some(&b' '))
            && raw.iter().any(|byte| *byte != b' ')
    }

    /// Whole numbers.
    pub fn integers(&self, column: usize, parser: &CellParser, into: &mut Sink<'_, i64>) {
        let (mut plain, mut compact, mut epochs) = (0, 0, 0);
        let fast = |field: Field<'_>| {
            let value = field.whole()?;
            plain += 1;
            compact += u64::from(field.len() == 8 && is_compact_date(value));
            epochs += u64::from(field.len() >= 9 && dates::from_epoch(value).is_some());
            Some(value)
        };
        let slow = |text: &str| parser.integer(text);
        self.cells(column, parser, Cells::MISSING, into, fast, slow);
        into.evidence.add_whole(plain, compact, epochs);
    }

    /// Numbers.
    pub fn numbers(&self, column: usize, parser: &CellParser, into: &mut Sink<'_, f64>) {
        let (mut plain, mut compact, mut epochs, mut fractions, mut zeros) = (0, 0, 0, 0, 0);
        let comma = parser.decimal_comma();
        let mark = if comma { b',' } else { b'.' };
        let fast = |field: Field<'_>| {
            let Decimal { value, decimals, zeros: only } = field.decimal(mark)?;
            if decimals == 0 {
                plain += 1;
                compact += u64::from(field.len() == 8 && is_compact_date(value as i64));
                epochs += u64::from(field.len() >= 9 && dates::from_epoch(value as i64).is_some());
            } else {
                fractions += 1;
                zeros += u64::from(only);
            }
            Some(value)
        };
        let slow = |text: &str| parser.number(text);
        self.cells(column, parser, f64::NAN, into, fast, slow);
        into.evidence.add_whole(plain, compact, epochs);
        into.evidence.add_fractions(fractions, zeros, comma);
    }

    /// Instants.
    pub fn times(&self, column: usize, parser: &CellParser, into: &mut Sink<'_, i64>) {
        let (mut compact, mut dates, mut naive, mut zoned) = (0, 0, 0, 0);
        let zone = parser.dates().zone.as_ref();
        let fast = |field: Field<'_>| {
            let (value, is_compact) = field.time()?;
            compact += u64::from(is_compact);
            dates += u64::from(!is_compact);
            // A day, a time of day without a zone, and one with `Z` behind it differ in length.
            let (is_naive, is_zoned) = (field.len() == 19, field.len() == 20);
            naive += u64::from(is_naive);
            zoned += u64::from(is_zoned);
            Some(match zone {
                Some(zone) if is_naive => zone.instant(value),
                _ => value,
            })
        };
        let slow = |text: &str| parser.time(text);
        self.cells(column, parser, Cells::MISSING, into, fast, slow);
        into.evidence.add_whole(compact, compact, 0);
        into.evidence.add_dates(dates, naive, zoned);
    }

    /// Reads every cell, the fast way where that knows it.
    fn cells<T: Copy>(
        &self,
        column: usize,
        parser: &CellParser,
        missing: T,
        into: &mut Sink<'_, T>,
        mut fast: impl FnMut(Field<'_>) -> Option<T>,
        slow: impl Fn(&str) -> Option<T>,
    ) {
        let Sink { values, evidence, bad, codes } = into;
        let before = values.len();
        let read = |(row, field): (usize, Field<'_>)| {
            let bare = self.bare(field);
            let value = match bare.bytes().first() {
                _ if self.careful => None,
                None => Some(missing),
                // A number may be asked to stand for a missing value.
                Some(first) if !parser.may_be_missing(*first) => fast(bare),
                Some(_) => None,
            };
            value.unwrap_or_else(|| {
                let raw = field.bytes();
                let text = self.text(raw);
                let so_far = evidence.codes(parser.decimal_comma());
                let known = evidence.add(&text, 1, parser);
                evidence.padded += u64::from(self.is_padded(raw));
                let value = if known { slow(&text) } else { Some(missing) };
                if value.is_none() {
                    bad.push(((before + row) as u32, text.into_owned()));
                } else if let Some(codes) = codes.as_mut().filter(|codes| codes.len() < NAMED_CODES)
                    && evidence.codes(parser.decimal_comma()) > so_far
                {
                    codes.push(((before + row) as u32, text.into_owned()));
                }
                value.unwrap_or(missing)
            })
        };
        values.extend(self.column(column).enumerate().map(read));
    }
}

impl<T: Default> Store<T> {
    /// No cells yet, of a type.
    pub fn new(type_: Option<Type>) -> Store<T> {
        match type_ {
            None => Store::Nothing,
            Some(Type::Bool) => Store::Bool(Vec::new()),
            Some(Type::Integer) => Store::Integer(Vec::new()),
            Some(Type::Number) => Store::Number(Vec::new()),
            Some(Type::Text) => Store::Text(Vec::new(), T::default()),
            Some(Type::Time) => Store::Time(Vec::new()),
        }
    }
}

impl Store<Words> {
    /// Makes room for so many rows to come, `times` those so far.
    pub fn reserve(&mut self, rows: usize, times: f64) {
        match self {
            Store::Nothing => {}
            Store::Bool(v) => v.reserve(rows),
            Store::Integer(v) | Store::Time(v) => v.reserve(rows),
            Store::Number(v) => v.reserve(rows),
            Store::Text(v, words) => {
                v.reserve(rows);
                words.reserve(times);
            }
        }
    }

    /// Appends cells of the same type; false when texts outgrow what a column can hold.
    pub fn append(&mut self, later: Store<Texts>) -> bool {
        match (self, later) {
            (Store::Bool(v), Store::Bool(w)) => v.extend(w),
            (Store::Integer(v), Store::Integer(w)) | (Store::Time(v), Store::Time(w)) => v.extend(w),
            (Store::Number(v), Store::Number(w)) => v.extend(w),
            (Store::Text(codes, words), Store::Text(more, theirs)) => {
                let Some(map) = words.take_over(&theirs) else { return false };
                match more.is_empty() {
                    true => codes.extend(map),
                    false => codes.extend(
                        more.into_iter().map(|code| map.get(code as usize).copied().unwrap_or(Dictionary::MISSING)),
                    ),
                }
            }
            _ => {}
        }
        true
    }

    /// As the cells of a dataset; `None` when there are none.
    pub fn finish(self) -> Option<Cells> {
        Some(match self {
            Store::Nothing => return None,
            Store::Bool(v) => Cells::Bool(v),
            Store::Integer(v) => Cells::Integer(v),
            Store::Number(v) => Cells::Number(v),
            Store::Text(codes, words) => Cells::Text(Dictionary { codes, values: words.values() }),
            Store::Time(v) => Cells::Time(v),
        })
    }

    /// Bytes in memory.
    pub fn bytes(&self) -> usize {
        self.bytes_with(Words::bytes)
    }
}

impl<T> Store<T> {
    /// Bytes in memory; those of distinct texts are told by `texts`.
    pub fn bytes_with(&self, texts: impl Fn(&T) -> usize) -> usize {
        match self {
            Store::Nothing => 0,
            Store::Bool(v) => v.len(),
            Store::Integer(v) | Store::Time(v) => v.len() * 8,
            Store::Number(v) => v.len() * 8,
            Store::Text(codes, words) => codes.len() * 4 + texts(words),
        }
    }
}
