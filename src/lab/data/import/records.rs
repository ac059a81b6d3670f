//! The structure of delimited text: where each field of each record ends. Values and types are read elsewhere.
//!
//! Positions are those of bytes in a window of UTF-8 text. What comes of a record depends on its own position alone, not on
//! where a window or a chunk began: text can be read in pieces and by several threads, with one result.

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
    /// Lines that end with a carriage return alone stand among others that end with a line feed.
    pub mixed: bool,
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

/// A record longer than this has an opening quote that never closes, or is no record.
pub const LONGEST_RECORD: usize = 64 << 20;
/// Longest text kept of a row that was set aside, in characters.
const LONGEST_TEXT: usize = 1_000_000;

impl Dialect {
    /// Reads one record at `at`, appending the end of each field; gives the start of the next record, the shape, and whether
    /// some field is quoted. A record that ends with the text, and not before it, may be cut off.
    pub fn record(&self, text: &[u8], at: usize, ends: &mut Vec<u32>) -> (usize, Shape, bool) {
        if self.aligned {
            return self.aligned_record(text, at, ends);
        }
        let (mut shape, mut quoted) = (Shape::Whole, false);
        let mut i = at;
        loop {
            let mut j = i;
            while text.get(j) == Some(&b' ') && self.delimiter != b' ' {
                j += 1;
            }
            if text.get(j) == Some(&self.quote) {
                quoted = true;
                match self.closing(text, at, j + 1) {
                    None => return (text.len(), Shape::Unclosed, true),
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
            i = self.stop(text, i);
            let at_delimiter = text.get(i) == Some(&self.delimiter);
            let mut end = i;
            if !at_delimiter && self.terminator == b'\n' && end > at && text[end - 1] == b'\r' {
                end -= 1;
            }
            ends.push(end as u32);
            if !at_delimiter {
                // Where lines end in several ways, a carriage return and a line feed are one end.
                let both = text.get(i) == Some(&b'\r') && text.get(i + 1) == Some(&b'\n');
                return ((i + 1 + usize::from(both)).min(text.len()), shape, quoted);
            }
            i += 1;
        }
    }

    /// The first delimiter or line end from `i` on, eight bytes at a time.
    fn stop(&self, text: &[u8], mut i: usize) -> usize {
        const LOW: u64 = 0x0101_0101_0101_0101;
        const HIGH: u64 = 0x8080_8080_8080_8080;
        let zeros = |word: u64| word.wrapping_sub(LOW) & !word & HIGH;
        let (delimiter, line) = (LOW * u64::from(self.delimiter), LOW * u64::from(self.terminator));
        let back = if self.mixed { LOW * u64::from(b'\r') } else { line };
        while let Some(word) = text.get(i..i + 8) {
            let word = u64::from_le_bytes(word.try_into().unwrap_or_default());
            let found = zeros(word ^ delimiter) | zeros(word ^ line) | zeros(word ^ back);
            if found != 0 {
                return i + found.trailing_zeros() as usize / 8;
            }
            i += 8;
        }
        while text.get(i).is_some_and(|byte| *byte != self.delimiter && !self.ends_line(*byte)) {
            i += 1;
        }
        i
    }

    fn ends_line(&self, byte: u8) -> bool {
        byte == self.terminator || (self.mixed && byte == b'\r')
    }

    /// As [`Dialect::record`], for text in columns.
    fn aligned_record(&self, text: &[u8], at: usize, ends: &mut Vec<u32>) -> (usize, Shape, bool) {
        let (mut shape, mut quoted) = (Shape::Whole, false);
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t') || (*byte == b'\r' && self.terminator == b'\n');
        let mut i = at;
        loop {
            while text.get(i).is_some_and(blank) {
                i += 1;
            }
            match text.get(i) {
                None => return (i, shape, quoted),
                Some(byte) if *byte == self.terminator => return (i + 1, shape, quoted),
                Some(byte) if *byte == self.quote => match self.closing(text, at, i + 1) {
                    None => return (text.len(), Shape::Unclosed, true),
                    Some(after) => {
                        quoted = true;
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

    /// The position behind the closing quote of a record that began at `start`.
    fn closing(&self, text: &[u8], start: usize, mut at: usize) -> Option<usize> {
        let text = &text[..text.len().min(start.saturating_add(LONGEST_RECORD))];
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
            Some(b'\r') => self.terminator == b'\r' || self.mixed || text.get(at + 1).is_none_or(|b| *b == b'\n'),
            Some(byte) => *byte == self.delimiter || *byte == self.terminator,
        }
    }

    /// The position behind the end of the line that holds `at`.
    pub fn next_line(&self, text: &[u8], at: usize) -> usize {
        let Some(n) = text[at..].iter().position(|b| self.ends_line(*b)) else { return text.len() };
        let end = at + n;
        let both = self.mixed && text[end] == b'\r' && text.get(end + 1) == Some(&b'\n');
        end + 1 + usize::from(both)
    }

    /// How many lines end in a text.
    pub fn lines(&self, text: &[u8]) -> u64 {
        let ends = text.iter().filter(|b| **b == self.terminator).count();
        let returns =
            || text.iter().filter(|b| **b == b'\r').count() - text.windows(2).filter(|w| *w == b"\r\n").count();
        (ends + if self.mixed { returns() } else { 0 }) as u64
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

    /// Whether a record has the table's width but for empty fields behind its last column. `ends` are those of its fields, in `text`.
    pub fn is_whole_before_blanks(&self, text: &[u8], shape: Shape, ends: &[u32], width: usize) -> bool {
        let blank = |from: u32, to: u32| {
            text.get(from as usize..to as usize).is_some_and(|field| field.iter().all(|byte| *byte == b' '))
        };
        shape == Shape::Whole
            && width > 1
            && ends.len() > width
            && ends[width - 1..].windows(2).all(|pair| blank(pair[0] + 1, pair[1]))
    }

    /// What is wrong with a record that does not have the shape of the table; `None` when it has.
    pub fn fault(&self, shape: Shape, found: usize, width: usize) -> Option<String> {
        match shape {
            Shape::Unclosed => Some(format!("an opening {} has no end", char::from(self.quote))),
            Shape::AfterQuote => Some(format!("text stands behind a closing {}", char::from(self.quote))),
            Shape::Whole if found != width => Some(format!("{} where the table has {width}", fields(found))),
            Shape::Whole => None,
        }
    }
}

/// "1 field", "3 fields".
pub fn fields(n: usize) -> String {
    if n == 1 { "1 field".to_owned() } else { format!("{n} fields") }
}

/// Whether nothing stands in a record, or the sign that ends files of DOS.
pub fn is_blank(record: &[u8]) -> bool {
    record.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0x1A)
}

/// The text of a row that was set aside, without its line end; of a very long one its beginning.
pub fn shorten(record: &[u8]) -> String {
    let text = String::from_utf8_lossy(&record[..record.len().min(4 * LONGEST_TEXT)]);
    let text = text.trim_end_matches(['\r', '\n']);
    match text.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bytes_at_a_time_stop_where_one_at_a_time_does() {
        let dialect = Dialect { delimiter: b';', quote: b'"', terminator: b'\n', mixed: false, aligned: false };
        let mixed = Dialect { mixed: true, ..dialect };
        let mut state = 7u64;
        for _ in 0..2_000 {
            let text: Vec<u8> = (0..40)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    [b';', b'\n', b'\r', b':', b'<', 0xBB, 0x8A, b'a'][(state >> 60) as usize % 8]
                })
                .collect();
            for (dialect, stops) in [(dialect, b";\n".as_slice()), (mixed, b";\n\r")] {
                for from in 0..text.len() {
                    let plainly = text[from..].iter().position(|b| stops.contains(b)).map_or(text.len(), |n| from + n);
                    assert_eq!(dialect.stop(&text, from), plainly, "{text:?} from {from}");
                }
            }
        }
    }
}
