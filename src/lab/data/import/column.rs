//! The cells of one column of a chunk of text: read under a type, with the evidence of what they are on the way.
//!
//! Cells written in the common way are read at once from their bytes; all others take the one slow way that says what they
//! are. Both give the same cells and the same evidence.

use super::dates;
use super::infer::Evidence;
use super::parse::{CellParser, boolean};
use super::records::Dialect;
use super::words::Words;
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
}

/// Cells as they are gathered.
#[derive(Clone, Debug)]
pub enum Store {
    /// Only evidence is gathered.
    Nothing,
    /// True, false or missing.
    Bool(Vec<Option<bool>>),
    /// Whole numbers.
    Integer(Vec<i64>),
    /// Numbers.
    Number(Vec<f64>),
    /// Codes of texts.
    Text(Vec<u32>, Words),
    /// Instants.
    Time(Vec<i64>),
}

/// A column of a chunk.
pub struct Part {
    /// Its cells.
    pub store: Store,
    /// What they look like.
    pub evidence: Evidence,
    /// Position and text of those that do not fit the type.
    pub bad: Vec<(u32, String)>,
}

impl Fields<'_> {
    /// A field as it stands in the text.
    fn raw(&self, row: usize, column: usize) -> &[u8] {
        let base = row * self.width;
        let start = if column == 0 { self.starts[row] } else { self.ends[base + column - 1] + 1 };
        &self.text[start as usize..self.ends[base + column] as usize]
    }

    /// A field without quotes around it, when nothing inside needs another look.
    fn bare<'a>(&self, raw: &'a [u8]) -> &'a [u8] {
        match raw {
            [first, inner @ .., last] if *first == self.dialect.quote && first == last => {
                if inner.contains(first) {
                    raw
                } else {
                    inner
                }
            }
            _ => raw,
        }
    }

    /// The text a field stands for.
    fn text<'a>(&self, raw: &'a [u8]) -> Cow<'a, str> {
        self.dialect.unquote(std::str::from_utf8(raw).unwrap_or_default())
    }

    fn is_padded(&self, raw: &[u8]) -> bool {
        !self.dialect.aligned
            && (raw.first() == Some(&b' ') || raw.last() == Some(&b' '))
            && raw.iter().any(|byte| *byte != b' ')
    }

    /// Reads a column under a type; with none it gathers evidence only.
    pub fn read(&self, column: usize, type_: Option<Type>, parser: &CellParser) -> Part {
        match type_ {
            None => self.distinct(column, None, parser),
            Some(Type::Text | Type::Bool) => self.distinct(column, type_, parser),
            Some(Type::Integer) => self.integers(column, parser),
            Some(Type::Number) => self.numbers(column, parser),
            Some(Type::Time) => self.times(column, parser),
        }
    }

    fn integers(&self, column: usize, parser: &CellParser) -> Part {
        let (mut plain, mut compact, mut epochs) = (0, 0, 0);
        let fast = |raw: &[u8]| {
            let value = whole(raw)?;
            plain += 1;
            compact += u64::from(raw.len() == 8 && is_compact_date(value));
            epochs += u64::from(raw.len() >= 9 && dates::from_epoch(value).is_some());
            Some(value)
        };
        let slow = |text: &str| parser.integer(text);
        let (values, mut evidence, bad) = self.cells(column, parser, Cells::MISSING, false, fast, slow);
        evidence.add_whole(plain, compact, epochs);
        Part { store: Store::Integer(values), evidence, bad }
    }

    fn numbers(&self, column: usize, parser: &CellParser) -> Part {
        let (mut plain, mut compact, mut epochs, mut fractions, mut zeros) = (0, 0, 0, 0, 0);
        let comma = parser.decimal_comma();
        let mark = if comma { b',' } else { b'.' };
        let fast = |raw: &[u8]| match decimal(raw, mark)? {
            Decimal { value, decimals: 0, .. } => {
                plain += 1;
                compact += u64::from(raw.len() == 8 && is_compact_date(value as i64));
                epochs += u64::from(raw.len() >= 9 && dates::from_epoch(value as i64).is_some());
                Some(value)
            }
            Decimal { value, rest, .. } => {
                fractions += 1;
                zeros += u64::from(rest == 0);
                Some(value)
            }
        };
        let slow = |text: &str| parser.number(text);
        let (values, mut evidence, bad) = self.cells(column, parser, f64::NAN, false, fast, slow);
        evidence.add_whole(plain, compact, epochs);
        evidence.add_fractions(fractions, zeros, comma);
        Part { store: Store::Number(values), evidence, bad }
    }

    fn times(&self, column: usize, parser: &CellParser) -> Part {
        let (mut compact, mut dates) = (0, 0);
        let fast = |raw: &[u8]| {
            if raw.len() == 8 {
                let value = whole(raw).filter(|value| is_compact_date(*value))?;
                compact += 1;
                return dates::from_compact(value);
            }
            let value = dates::iso(raw)?;
            dates += 1;
            Some(value)
        };
        let slow = |text: &str| parser.time(text);
        let (values, mut evidence, bad) = self.cells(column, parser, Cells::MISSING, true, fast, slow);
        evidence.add_whole(compact, compact, 0);
        evidence.add_dates(dates);
        Part { store: Store::Time(values), evidence, bad }
    }

    /// Reads every cell, the fast way where that knows it.
    fn cells<T: Copy>(
        &self,
        column: usize,
        parser: &CellParser,
        missing: T,
        dates: bool,
        mut fast: impl FnMut(&[u8]) -> Option<T>,
        slow: impl Fn(&str) -> Option<T>,
    ) -> (Vec<T>, Evidence, Vec<(u32, String)>) {
        let mut values = Vec::with_capacity(self.starts.len());
        let (mut evidence, mut bad) = (Evidence::default(), Vec::new());
        for row in 0..self.starts.len() {
            let raw = self.raw(row, column);
            let bare = self.bare(raw);
            let value = match bare.first() {
                None => Some(missing),
                // A number may be asked to stand for a missing value.
                Some(first) if !parser.may_be_missing(*first) => fast(bare),
                Some(_) => None,
            };
            if let Some(value) = value {
                values.push(value);
                continue;
            }
            let text = self.text(raw);
            evidence.add(&text, 1, parser, dates);
            evidence.padded += u64::from(self.is_padded(raw));
            let value = if parser.is_missing(&text) { Some(missing) } else { slow(&text) };
            if value.is_none() {
                bad.push((row as u32, text.into_owned()));
            }
            values.push(value.unwrap_or(missing));
        }
        (values, evidence, bad)
    }

    /// Reads a column by its distinct fields: each is looked at once.
    fn distinct(&self, column: usize, type_: Option<Type>, parser: &CellParser) -> Part {
        let rows = self.starts.len();
        let (mut words, mut counts, mut codes) = (Words::default(), Vec::<u64>::new(), Vec::with_capacity(rows));
        let mut before: Option<(&[u8], u32)> = None;
        for row in 0..rows {
            let raw = self.raw(row, column);
            let code = match before {
                Some((same, code)) if same == raw => code,
                // A chunk is far smaller than what a column can hold.
                _ => words.code(raw).unwrap_or_default(),
            };
            before = Some((raw, code));
            match counts.get_mut(code as usize) {
                Some(count) => *count += 1,
                None => counts.push(1),
            }
            codes.push(code);
        }
        let (mut evidence, mut bad) = (Evidence::default(), Vec::new());
        let texts = (0..words.len() as u32).map(|code| (words.get(code), counts[code as usize]));
        let look = |raw: &[u8], count: u64, evidence: &mut Evidence| {
            let text = self.text(raw).into_owned();
            evidence.add(&text, count, parser, false);
            evidence.padded += if self.is_padded(raw) { count } else { 0 };
            text
        };
        let store = match type_ {
            Some(Type::Bool) => {
                let mut values = Vec::with_capacity(words.len());
                for (raw, count) in texts {
                    let text = look(raw, count, &mut evidence);
                    let value = if parser.is_missing(&text) { Ok(None) } else { boolean(&text).map(Some).ok_or(text) };
                    values.push(value);
                }
                let cell = |(row, code): (usize, &u32)| match &values[*code as usize] {
                    Ok(value) => *value,
                    Err(text) => {
                        bad.push((row as u32, text.clone()));
                        None
                    }
                };
                Store::Bool(codes.iter().enumerate().map(cell).collect())
            }
            Some(Type::Text) => {
                let (mut finals, mut map) = (Words::default(), Vec::with_capacity(words.len()));
                for (raw, count) in texts {
                    let text = look(raw, count, &mut evidence);
                    let missing = parser.is_missing(&text);
                    let code = (!missing).then(|| finals.code(text.as_bytes())).flatten();
                    map.push(code.unwrap_or(Dictionary::MISSING));
                }
                codes.iter_mut().for_each(|code| *code = map[*code as usize]);
                Store::Text(codes, finals)
            }
            _ => {
                for (raw, count) in texts {
                    look(raw, count, &mut evidence);
                }
                Store::Nothing
            }
        };
        Part { store, evidence, bad }
    }
}

impl Store {
    /// No cells yet, of a type.
    pub fn new(type_: Option<Type>) -> Store {
        match type_ {
            None => Store::Nothing,
            Some(Type::Bool) => Store::Bool(Vec::new()),
            Some(Type::Integer) => Store::Integer(Vec::new()),
            Some(Type::Number) => Store::Number(Vec::new()),
            Some(Type::Text) => Store::Text(Vec::new(), Words::default()),
            Some(Type::Time) => Store::Time(Vec::new()),
        }
    }

    /// Makes room for rows to come.
    pub fn reserve(&mut self, rows: usize) {
        match self {
            Store::Nothing => {}
            Store::Bool(v) => v.reserve(rows),
            Store::Integer(v) | Store::Time(v) => v.reserve(rows),
            Store::Number(v) => v.reserve(rows),
            Store::Text(v, _) => v.reserve(rows),
        }
    }

    /// Appends cells of the same type; false when texts outgrow what a column can hold.
    pub fn append(&mut self, later: Store) -> bool {
        match (self, later) {
            (Store::Bool(v), Store::Bool(w)) => v.extend(w),
            (Store::Integer(v), Store::Integer(w)) | (Store::Time(v), Store::Time(w)) => v.extend(w),
            (Store::Number(v), Store::Number(w)) => v.extend(w),
            (Store::Text(codes, words), Store::Text(more, theirs)) => {
                let Some(map) = words.take_over(&theirs) else { return false };
                codes.extend(
                    more.into_iter().map(|code| map.get(code as usize).copied().unwrap_or(Dictionary::MISSING)),
                );
            }
            _ => {}
        }
        true
    }

    /// Bytes in memory.
    pub fn bytes(&self) -> usize {
        match self {
            Store::Nothing => 0,
            Store::Bool(v) => v.len(),
            Store::Integer(v) | Store::Time(v) => v.len() * 8,
            Store::Number(v) => v.len() * 8,
            Store::Text(codes, words) => codes.len() * 4 + words.bytes(),
        }
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
}

/// A whole number of up to 18 digits that is no code: without plus sign, without leading zeros.
fn whole(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || digits.len() > 18 || (digits[0] == b'0' && digits.len() > 1) {
        return None;
    }
    let mut value = 0i64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(if negative { -value } else { value })
}

/// Whether eight digits are a day from 1900 to 2099.
fn is_compact_date(value: i64) -> bool {
    (19_000_101..=20_991_231).contains(&value) && dates::from_compact(value).is_some()
}

/// A number as its digits say it.
struct Decimal {
    value: f64,
    /// Digits behind the mark.
    decimals: usize,
    /// Their value as a whole number.
    rest: u64,
}

/// A number of up to 15 digits that can be read in one way only: no code, no exponent, no groups, and no mark before three digits
/// that could separate thousands. Its value is exact, because both parts of the division are (Clinger 1990).
fn decimal(text: &[u8], mark: u8) -> Option<Decimal> {
    const POWERS: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || digits.len() > 16 {
        return None;
    }
    let (mut whole, mut at) = (0u64, 0);
    while let Some(digit) = digits.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
        whole = whole * 10 + u64::from(digit);
        at += 1;
    }
    if at == 0 || at > 15 || (digits[0] == b'0' && at > 1) {
        return None;
    }
    let (mut rest, mut decimals) = (0u64, 0);
    if at < digits.len() {
        if digits[at] != mark {
            return None;
        }
        for byte in &digits[at + 1..] {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return None;
            }
            rest = rest * 10 + u64::from(digit);
            decimals += 1;
        }
        if decimals == 0 || at + decimals > 15 || (decimals == 3 && at <= 3) {
            return None;
        }
    }
    let all = whole * 10u64.pow(decimals as u32) + rest;
    let value = all as f64 / POWERS[decimals];
    Some(Decimal { value: if negative { -value } else { value }, decimals, rest })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::import::ImportOptions;

    /// The same column read cell by cell, without anything fast.
    fn slowly(cells: &[&str], type_: Type, dialect: Dialect, parser: &CellParser) -> (Vec<String>, Evidence, Vec<u32>) {
        let (mut values, mut evidence, mut bad) = (Vec::new(), Evidence::default(), Vec::new());
        for (row, raw) in cells.iter().enumerate() {
            let text = dialect.unquote(raw);
            evidence.add(&text, 1, parser, type_ == Type::Time);
            evidence.padded += u64::from((raw.starts_with(' ') || raw.ends_with(' ')) && !raw.trim().is_empty());
            let value = parser.parse(&text, type_);
            bad.extend(value.is_err().then_some(row as u32));
            values.push(format!("{:?}", value.unwrap_or(attune_policy::value::Value::Unknown)));
        }
        (values, evidence, bad)
    }

    #[test]
    fn the_fast_way_gives_what_the_slow_one_gives() {
        const CELLS: [&str; 56] = [
            "",
            " ",
            "0",
            "-0",
            "1",
            "-17",
            "007",
            "+5",
            "123456789012345678",
            "1234567890123456789",
            "19970101",
            "20240230",
            "18991231",
            "1.5",
            "-0.25",
            "0.125",
            "1.234",
            "1234.567",
            "12.50",
            "5.",
            ".5",
            "00.5",
            "1e3",
            "1,5",
            "1,234",
            "12,50",
            "0,123",
            "1.0",
            "9007199254740993.5",
            "0.1234567890123456",
            "NA",
            "NULL",
            "n/a",
            "\"7\"",
            "\" 8 \"",
            "\"a \"\"b\"\"\"",
            " 9",
            "9 ",
            "2024-01-31",
            "2024-02-30",
            "2024-01-31 10:11:12",
            "2024-01-31T10:11:12Z",
            "31/01/2024",
            "01/02/2024",
            "Jan 5, 2024",
            "yes",
            "No",
            "TRUE",
            "ja",
            "нет",
            "x",
            "ä",
            "\u{a0}5",
            "$5",
            "10%",
            "abc defg hij",
        ];
        let dialect = Dialect { delimiter: b'|', quote: b'"', terminator: b'\n', mixed: false, aligned: false };
        let mut state = 99u64;
        for round in 0..300 {
            let mut next = |n: usize| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) as usize % n
            };
            let few = 1 + next(CELLS.len());
            let cells: Vec<&str> = (0..40).map(|_| CELLS[next(CELLS.len()) % few]).collect();
            let text: String = cells.iter().map(|cell| format!("{cell}\n")).collect();
            let (mut starts, mut ends, mut at) = (Vec::new(), Vec::new(), 0);
            for cell in &cells {
                starts.push(at as u32);
                ends.push((at + cell.len()) as u32);
                at += cell.len() + 1;
            }
            let fields = Fields { text: text.as_bytes(), dialect, width: 1, starts: &starts, ends: &ends };
            let mut options = ImportOptions::default();
            options.csv.decimal_comma = Some(round % 2 == 1);
            if round % 3 == 0 {
                options.missing = Some(vec!["1".into(), "NA".into()]);
            }
            let parser = CellParser::new(&options);
            for type_ in [Type::Integer, Type::Number, Type::Time, Type::Bool, Type::Text] {
                let part = fields.read(0, Some(type_), &parser);
                let bad: Vec<u32> = part.bad.iter().map(|(row, _)| *row).collect();
                let found = part.store.finish().unwrap();
                let found: Vec<String> = (0..cells.len()).map(|row| format!("{:?}", found.value(row))).collect();
                let (values, evidence, expected) = slowly(&cells, type_, dialect, &parser);
                assert_eq!((found, bad), (values, expected), "{cells:?} as {type_}");
                if !matches!(type_, Type::Text | Type::Bool) {
                    assert_eq!(part.evidence.settled(), evidence.settled(), "{cells:?} as {type_}");
                }
            }
        }
    }
}
