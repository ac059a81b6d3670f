//! The structure of delimited text: where each field of each record ends. Values and types are read elsewhere.
//!
//! A record that does not have the table's width is set aside with its line and text; so is a line whose quote never
//! closes, and reading goes on at the next line.

use super::BadRow;
use crate::error::{Error, Result};
use crate::task::Task;
use std::borrow::Cow;

/// What separates records and fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Between fields.
    pub delimiter: u8,
    /// Around fields.
    pub quote: u8,
    /// Ends a record: a line feed (with or without carriage return), or a carriage return alone.
    pub terminator: u8,
    /// Any number of spaces and tabs stands between fields, and some may stand before the first; `delimiter` is a space.
    pub aligned: bool,
}

/// What came of reading one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Well formed.
    Whole,
    /// An opening quote has no end.
    Unclosed,
    /// Something stands between a closing quote and the next delimiter.
    AfterQuote,
}

/// The fields of a table, by position in its text.
#[derive(Debug, Default)]
pub struct Records {
    /// Fields per record.
    pub width: usize,
    /// Where each record starts.
    pub starts: Vec<u32>,
    /// Where each field ends, `width` per record.
    pub ends: Vec<u32>,
    /// Number of each record in the file; `None` when none was set aside.
    pub numbers: Option<Vec<u32>>,
    /// Records set aside.
    pub bad: Vec<BadRow>,
    /// Empty lines passed over.
    pub blank: u64,
}

/// Longest text kept of a row that was set aside.
const LONGEST_TEXT: usize = 2_000;

impl Dialect {
    /// Reads one record at `at`, appending the end of each field; gives the start of the next record.
    pub fn record(&self, text: &[u8], at: usize, ends: &mut Vec<u32>) -> (usize, Shape) {
        if self.aligned {
            return self.aligned_record(text, at, ends);
        }
        let mut shape = Shape::Whole;
        let mut i = at;
        loop {
            let mut j = i;
            while text.get(j) == Some(&b' ') && self.delimiter != b' ' {
                j += 1;
            }
            if text.get(j) == Some(&self.quote) {
                match self.closing(text, j + 1) {
                    None => return (text.len(), Shape::Unclosed),
                    Some(after) => i = after,
                }
                let closed = i;
                while text.get(i) == Some(&b' ') && self.delimiter != b' ' {
                    i += 1;
                }
                if !self.ends_field(text, i) {
                    shape = Shape::AfterQuote;
                    i = closed;
                }
            }
            while i < text.len() && text[i] != self.delimiter && text[i] != self.terminator {
                i += 1;
            }
            let at_delimiter = text.get(i) == Some(&self.delimiter);
            let mut end = i;
            if !at_delimiter && self.terminator == b'\n' && end > at && text[end - 1] == b'\r' {
                end -= 1;
            }
            ends.push(end as u32);
            if !at_delimiter {
                return ((i + 1).min(text.len()), shape);
            }
            i += 1;
        }
    }

    /// As [`Dialect::record`], for text in columns.
    fn aligned_record(&self, text: &[u8], at: usize, ends: &mut Vec<u32>) -> (usize, Shape) {
        let mut shape = Shape::Whole;
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t') || (*byte == b'\r' && self.terminator == b'\n');
        let mut i = at;
        loop {
            while text.get(i).is_some_and(blank) {
                i += 1;
            }
            match text.get(i) {
                None => return (i, shape),
                Some(byte) if *byte == self.terminator => return (i + 1, shape),
                Some(byte) if *byte == self.quote => match self.closing(text, i + 1) {
                    None => return (text.len(), Shape::Unclosed),
                    Some(after) => {
                        i = after;
                        if text.get(i).is_some_and(|b| *b != self.terminator && !blank(b)) {
                            shape = Shape::AfterQuote;
                        }
                    }
                },
                Some(_) => {}
            }
            while text.get(i).is_some_and(|b| *b != self.terminator && !blank(b)) {
                i += 1;
            }
            ends.push(i as u32);
        }
    }

    /// The position behind the closing quote.
    fn closing(&self, text: &[u8], mut at: usize) -> Option<usize> {
        loop {
            at += text.get(at..)?.iter().position(|b| *b == self.quote)? + 1;
            if text.get(at) != Some(&self.quote) {
                return Some(at);
            }
            at += 1;
        }
    }

    fn ends_field(&self, text: &[u8], at: usize) -> bool {
        match text.get(at) {
            None => true,
            Some(b'\r') => self.terminator == b'\r' || text.get(at + 1).is_none_or(|b| *b == b'\n'),
            Some(byte) => *byte == self.delimiter || *byte == self.terminator,
        }
    }

    /// The position behind the end of the line that holds `at`.
    fn next_line(&self, text: &[u8], at: usize) -> usize {
        text[at..].iter().position(|b| *b == self.terminator).map_or(text.len(), |n| at + n + 1)
    }

    /// A raw field as the text it stands for: without spaces and quotes around it, doubled quotes made single.
    pub fn unquote<'a>(&self, raw: &'a str) -> Cow<'a, str> {
        let raw = raw.trim();
        let quote = char::from(self.quote);
        let Some(inner) = raw.strip_prefix(quote) else { return Cow::Borrowed(raw) };
        let inner = inner.strip_suffix(quote).unwrap_or(inner).trim();
        if !inner.contains(quote) {
            return Cow::Borrowed(inner);
        }
        Cow::Owned(inner.replace(&format!("{quote}{quote}"), &quote.to_string()))
    }
}

/// Reads all records from `at` on; `line` is the number of the line there and `width` the table's.
pub fn read(text: &str, dialect: Dialect, at: usize, line: u64, width: usize, task: &Task) -> Result<Records> {
    let bytes = text.as_bytes();
    if u32::try_from(bytes.len()).is_err() {
        return Err(Error::new("the file is larger than 4 GiB").hint("split it, or save it as Parquet"));
    }
    let mut records = Records { width, ..Records::default() };
    let guess = (bytes.len() - at) / (width * 6).max(8);
    records.starts.reserve(guess);
    records.ends.reserve(guess * width);
    let mut lines = Lines { at, line, terminator: dialect.terminator };
    let (mut at, mut row, mut since_tick) = (at, 0u64, 0u32);
    while at < bytes.len() {
        since_tick += 1;
        if since_tick == 8_192 {
            since_tick = 0;
            task.tick(at as f32 / bytes.len() as f32)?;
        }
        let before = records.ends.len();
        let (mut next, shape) = dialect.record(bytes, at, &mut records.ends);
        let found = records.ends.len() - before;
        if shape == Shape::Whole && found == width && !(width == 1 && is_blank(&bytes[at..next])) {
            row += 1;
            records.starts.push(at as u32);
            if let Some(numbers) = &mut records.numbers {
                numbers.push(row as u32);
            }
            at = next;
            continue;
        }
        records.ends.truncate(before);
        if is_blank(&bytes[at..next]) {
            records.blank += 1;
            at = next;
            continue;
        }
        row += 1;
        if records.numbers.is_none() {
            records.numbers = Some((1..=records.starts.len() as u32).collect());
        }
        // A wrong width over several lines is a stray quote far more often than a long cell: give up one line only.
        next = next.min(dialect.next_line(bytes, at));
        let reason = match shape {
            Shape::Unclosed => format!("an opening {} has no end", char::from(dialect.quote)),
            Shape::AfterQuote => format!("text stands behind a closing {}", char::from(dialect.quote)),
            Shape::Whole => format!("{} where the table has {width}", fields(found)),
        };
        let line = lines.advance(bytes, at);
        records.bad.push(BadRow { row, line, text: shorten(text[at..next].trim_end_matches(['\r', '\n'])), reason });
        at = next;
    }
    Ok(records)
}

impl Records {
    /// Number of records.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// A field as it stands in the text.
    pub fn raw<'a>(&self, text: &'a str, row: usize, column: usize) -> &'a str {
        let base = row * self.width;
        let start = if column == 0 { self.starts[row] } else { self.ends[base + column - 1] + 1 };
        &text[start as usize..self.ends[base + column] as usize]
    }

    /// Number of a record in the file, from 1.
    pub fn number(&self, row: usize) -> u64 {
        self.numbers.as_ref().map_or(row as u64 + 1, |numbers| u64::from(numbers[row]))
    }
}

/// Counts lines while going forward through a text.
pub struct Lines {
    /// Position whose line is known.
    pub at: usize,
    /// Its line, from 1.
    pub line: u64,
    /// What ends a line.
    pub terminator: u8,
}

impl Lines {
    /// The line of a position that is not before the last one asked for.
    pub fn advance(&mut self, text: &[u8], to: usize) -> u64 {
        self.line += text[self.at..to].iter().filter(|b| **b == self.terminator).count() as u64;
        self.at = to;
        self.line
    }
}

/// "1 field", "3 fields".
pub fn fields(n: usize) -> String {
    if n == 1 { "1 field".to_owned() } else { format!("{n} fields") }
}

fn is_blank(record: &[u8]) -> bool {
    record.iter().all(u8::is_ascii_whitespace)
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
