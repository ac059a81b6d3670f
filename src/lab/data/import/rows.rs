//! The rows of a stretch of text: where each begins, where its fields end, and what is set aside.
//!
//! Rows written in the common way are found by their delimiters and line ends, 64 bytes at a time; all others go through
//! [`Dialect::record`]. Both give the same rows.

use super::BadRow;
use super::records::{Dialect, LONGEST_RECORD, Shape, is_blank, shorten};
use super::signs::{Ends, Signs};

/// A text and how rows stand in it.
#[derive(Clone, Copy)]
pub struct Stretch<'a> {
    /// The text; rows may go on behind the stretch that is read.
    pub window: &'a [u8],
    /// Whether nothing follows the text.
    pub eof: bool,
    /// Where the text begins in the file; wraps around.
    pub base: u64,
    /// What separates records and fields.
    pub dialect: Dialect,
    /// Fields per record.
    pub width: usize,
    /// One row in this many is kept.
    pub sample: Option<u32>,
    /// Whether every row takes the slow way, as tests do to compare the two.
    pub careful: bool,
}

/// The rows that begin in a stretch of text.
#[derive(Default)]
pub struct Rows {
    /// Where the stretch begins.
    pub from: usize,
    /// Where it ends.
    pub until: usize,
    /// Where the record after its last one begins.
    pub end: usize,
    /// The text ended inside its last record.
    pub cut: bool,
    /// Rows passed, and lines.
    pub records: u64,
    /// Lines passed.
    pub lines: u64,
    /// Empty lines.
    pub blank: u64,
    /// Rows left out by sampling.
    pub left_out: u64,
    /// Rows with empty fields behind the last column.
    pub widened: u64,
    /// Rows set aside because they are not UTF-8.
    pub invalid: u64,
    /// Characters of several bytes.
    pub multibyte: u64,
    /// Where each kept row starts.
    pub starts: Vec<u32>,
    /// Number of each kept row, from 0 on in this stretch.
    pub numbers: Vec<u32>,
    /// Line of each kept row, from 0 on in this stretch.
    pub row_lines: Vec<u32>,
    /// Where each field of each kept row ends.
    pub ends: Vec<u32>,
    /// Rows set aside, numbers and lines from 0 on in this stretch.
    pub bad: Vec<BadRow>,
}

impl Stretch<'_> {
    /// The rows that begin in a stretch; `ends` is room for [`Rows::ends`].
    pub fn rows(&self, from: usize, until: usize, mut ends: Vec<u32>) -> Rows {
        ends.clear();
        let mut rows = Rows { from, until, end: from, ends, ..Rows::default() };
        let stretch = &self.window[from..until];
        let plain = stretch.is_ascii();
        let valid = plain || std::str::from_utf8(stretch).is_ok();
        if !plain {
            let starts = |text: &[u8]| text.iter().filter(|byte| **byte >= 0xC0).count() as u64;
            // Only what is UTF-8 speaks for it.
            rows.multibyte = match valid {
                true => starts(stretch),
                false => stretch.utf8_chunks().map(|chunk| starts(chunk.valid().as_bytes())).sum(),
            };
        }
        let guess = stretch.len() / (self.width * 4).max(8);
        for places in [&mut rows.starts, &mut rows.numbers, &mut rows.row_lines] {
            places.reserve(guess);
        }
        rows.ends.reserve(guess * self.width);
        let dialect = self.dialect;
        let in_lines = !dialect.aligned && !dialect.mixed && dialect.terminator == b'\n';
        let quick = in_lines && valid && !self.careful;
        let mut at = from;
        while at < until {
            if quick {
                at = self.plain_rows(&mut rows, at);
            }
            match (at < until).then(|| self.row(&mut rows, at, valid)) {
                Some(Some(next)) => at = next,
                Some(None) => {
                    rows.cut = true;
                    break;
                }
                None => break,
            }
        }
        rows.end = at;
        rows
    }

    /// Takes the rows from `at` on up to the first that is not written in the common way; gives where that one begins.
    fn plain_rows(&self, rows: &mut Rows, mut at: usize) -> usize {
        let (delimiter, quote) = (self.dialect.delimiter, self.dialect.quote);
        let text = &self.window[..rows.until];
        let mut signs = Signs::new(text, at, delimiter, [quote, b'\n', 0]);
        let mut ends = Ends::from(std::mem::take(&mut rows.ends));
        // The first end of the row, and the lines of its quoted fields.
        let (mut first, mut inner) = (ends.len, 0);
        'rows: while let Some(sign) = signs.next(&mut ends) {
            if text[sign] == b'\n' {
                let returned = sign > at && text[sign - 1] == b'\r';
                ends.push((sign - usize::from(returned)) as u32);
                // Where the text ends only the slow way knows what to do.
                let cut = sign + 1 == self.window.len() || sign - at >= LONGEST_RECORD;
                let blank = self.width == 1 && is_blank(&text[at..sign]);
                if ends.len - first != self.width || cut || blank {
                    break;
                }
                if !self.keep(rows, at, 1 + inner) {
                    ends.len = first;
                }
                (at, first, inner) = (sign + 1, ends.len, 0);
                continue;
            }
            let field = ends.places[first..ends.len].last().map_or(at, |end| *end as usize + 1);
            if text[sign] == 0 {
                break;
            } else if sign == field {
                // A quoted field: delimiters and line ends up to its closing quote are text.
                loop {
                    match signs.next_other() {
                        None => break 'rows,
                        Some(sign) if text[sign] == b'\n' => inner += 1,
                        Some(sign) if text[sign] == 0 => break 'rows,
                        Some(sign) => match &text[sign + 1..] {
                            [byte, ..] if *byte == quote => {
                                signs.next_other();
                            }
                            [byte, ..] if *byte == delimiter || *byte == b'\n' => break,
                            [b'\r', b'\n', ..] => break,
                            _ => break 'rows,
                        },
                    }
                }
            } else if text[field] == b' ' {
                // Blanks may stand before a quoted field; else a quote inside a field is a sign like any other.
                break;
            }
        }
        rows.ends = ends.places;
        rows.ends.truncate(first);
        at
    }

    /// Takes a row that has the table's shape; false where it is not in the sample.
    #[inline]
    fn keep(&self, rows: &mut Rows, at: usize, lines: u64) -> bool {
        let kept = self.sample.is_none_or(|n| is_drawn(self.base.wrapping_add(at as u64), n));
        if kept {
            rows.starts.push(at as u32);
            rows.numbers.push(rows.records as u32);
            rows.row_lines.push(rows.lines as u32);
        } else {
            rows.left_out += 1;
        }
        rows.records += 1;
        rows.lines += lines;
        kept
    }

    /// Takes the record at `at`, whatever it is; gives where the next one begins, `None` when the text ends inside.
    fn row(&self, rows: &mut Rows, at: usize, valid: bool) -> Option<usize> {
        let (window, until, dialect) = (self.window, rows.until, self.dialect);
        let before = rows.ends.len();
        let (mut next, shape, quoted) = dialect.record(window, at, &mut rows.ends);
        let more_may_come = next == window.len() && !self.eof;
        if more_may_come && (shape != Shape::Unclosed || window.len() - at < LONGEST_RECORD) {
            rows.ends.truncate(before);
            return None;
        }
        let record = &window[at..next];
        if dialect.is_whole_before_blanks(window, shape, &rows.ends[before..], self.width) {
            rows.ends.truncate(before + self.width);
            rows.widened += 1;
        }
        let found = rows.ends.len() - before;
        let whole = shape == Shape::Whole && found == self.width && !(self.width == 1 && is_blank(record));
        let unreadable = || {
            let wrong = !valid || next > until;
            let error = wrong.then(|| std::str::from_utf8(record).err()).flatten();
            let zero = record.contains(&0).then(|| "a NUL byte stands in it".to_owned());
            let byte = |at: usize| record.get(at).copied().unwrap_or(0);
            error.map(|error| format!("the byte {:02X} is not UTF-8", byte(error.valid_up_to()))).or(zero)
        };
        let fault = match whole {
            true => unreadable(),
            false => dialect.fault(shape, found, self.width).or_else(|| Some(String::new())),
        };
        let Some(reason) = fault else {
            let passed = if quoted { dialect.lines(record).max(1) } else { 1 };
            if !self.keep(rows, at, passed) {
                rows.ends.truncate(before);
            }
            return Some(next);
        };
        rows.ends.truncate(before);
        if is_blank(record) {
            rows.blank += 1;
            rows.lines += dialect.lines(record);
            return Some(next);
        }
        rows.invalid += u64::from(reason.ends_with("is not UTF-8"));
        if !whole {
            // A wrong width over several lines is a stray quote far more often than a long cell: give up one line only.
            next = next.min(dialect.next_line(window, at));
        }
        let record = &window[at..next];
        rows.bad.push(BadRow { row: rows.records, line: rows.lines, text: shorten(record), reason });
        rows.records += 1;
        rows.lines += dialect.lines(record);
        Some(next)
    }
}

/// Whether the row at a place in the text is one of the one in `n` that are kept (SplitMix64 of the place).
pub fn is_drawn(place: u64, n: u32) -> bool {
    let mut z = place.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)).is_multiple_of(u64::from(n.max(1)))
}
