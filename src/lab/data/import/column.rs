//! The cells of one column of a chunk of text: read under a type, with the evidence of what they are on the way.
//!
//! Cells written in the common way are read at once from their bytes; all others take the one slow way that says what they
//! are. Both give the same cells and the same evidence.

use super::dates;
use super::digits::{Decimal, Field, is_compact_date};
use super::infer::Evidence;
use super::parse::{CellParser, boolean};
use super::records::Dialect;
use super::words::{Key, Texts, Words};
use crate::data::cells::{Cells, Dictionary};
use attune_policy::value::Type;
use std::borrow::Cow;

/// Rows by which it is judged whether a text comes again in a chunk.
const SAMPLE: usize = 512;

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
    /// Codes of texts.
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
}

impl Fields<'_> {
    /// The fields of a column as they stand in the text.
    fn column(&self, column: usize) -> impl Iterator<Item = Field<'_>> {
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
    fn text<'a>(&self, raw: &'a [u8]) -> Cow<'a, str> {
        let text = std::str::from_utf8(raw).unwrap_or_default();
        if self.is_its_text(raw) { Cow::Borrowed(text) } else { self.dialect.unquote(text) }
    }

    /// Whether a field begins and ends with signs that are neither blanks nor quotes: then it is its own text.
    fn is_its_text(&self, raw: &[u8]) -> bool {
        let visible = |byte: &u8| *byte > b' ' && byte.is_ascii() && *byte != self.dialect.quote;
        raw.first().is_some_and(visible) && raw.last().is_some_and(visible)
    }

    fn is_padded(&self, raw: &[u8]) -> bool {
        !self.dialect.aligned
            && (raw.first() == Some(&b' ') || raw.last() == Some(&b' '))
            && raw.iter().any(|byte| *byte != b' ')
    }

    /// Reads a column under a type; with none it gathers evidence only. `words` are room to work in.
    pub fn read(&self, column: usize, type_: Option<Type>, parser: &CellParser, words: &mut Words) -> Part {
        match type_ {
            None => self.distinct(column, None, parser, words),
            Some(Type::Text | Type::Bool) => self.distinct(column, type_, parser, words),
            Some(Type::Integer) => self.integers(column, parser),
            Some(Type::Number) => self.numbers(column, parser),
            Some(Type::Time) => self.times(column, parser),
        }
    }

    fn integers(&self, column: usize, parser: &CellParser) -> Part {
        let (mut plain, mut compact, mut epochs) = (0, 0, 0);
        let fast = |field: Field<'_>| {
            let value = field.whole()?;
            plain += 1;
            compact += u64::from(field.len() == 8 && is_compact_date(value));
            epochs += u64::from(field.len() >= 9 && dates::from_epoch(value).is_some());
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
        let (values, mut evidence, bad) = self.cells(column, parser, f64::NAN, false, fast, slow);
        evidence.add_whole(plain, compact, epochs);
        evidence.add_fractions(fractions, zeros, comma);
        Part { store: Store::Number(values), evidence, bad }
    }

    fn times(&self, column: usize, parser: &CellParser) -> Part {
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
        let (values, mut evidence, bad) = self.cells(column, parser, Cells::MISSING, true, fast, slow);
        evidence.add_whole(compact, compact, 0);
        evidence.add_dates(dates, naive, zoned);
        Part { store: Store::Time(values), evidence, bad }
    }

    /// Reads every cell, the fast way where that knows it.
    fn cells<T: Copy>(
        &self,
        column: usize,
        parser: &CellParser,
        missing: T,
        dates: bool,
        mut fast: impl FnMut(Field<'_>) -> Option<T>,
        slow: impl Fn(&str) -> Option<T>,
    ) -> (Vec<T>, Evidence, Vec<(u32, String)>) {
        let (mut evidence, mut bad) = (Evidence::default(), Vec::new());
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
                let known = evidence.add(&text, 1, parser, dates);
                evidence.padded += u64::from(self.is_padded(raw));
                let value = if known { slow(&text) } else { Some(missing) };
                if value.is_none() {
                    bad.push((row as u32, text.into_owned()));
                }
                value.unwrap_or(missing)
            })
        };
        let values = self.column(column).enumerate().map(read).collect();
        (values, evidence, bad)
    }

    /// Reads a column by its distinct fields: each is looked at once. Where nearly all differ each field is looked at.
    fn distinct(&self, column: usize, type_: Option<Type>, parser: &CellParser, words: &mut Words) -> Part {
        let mut counts: Vec<u32> = Vec::new();
        let mut code = |field: Field<'_>| {
            let key = Key::within(self.text, field.start, field.end);
            // A chunk is far smaller than what a column can hold.
            let code = words.find(key, field.bytes()).unwrap_or_default();
            match counts.get_mut(code as usize) {
                Some(count) => *count += 1,
                None => counts.push(1),
            }
            code
        };
        let mut fields = self.column(column);
        let mut codes: Vec<u32> = Vec::with_capacity(self.starts.len());
        codes.extend(fields.by_ref().take(SAMPLE).map(&mut code));
        let most = codes.iter().max().copied().unwrap_or_default();
        let mostly_different = codes.len() == SAMPLE && most as usize > SAMPLE / 10 * 9;
        let raws = if type_ == Some(Type::Text) && mostly_different && !self.careful {
            // Nearly every row has a text of its own, as ids do: those that come again are found when chunks come together.
            let mut raws = words.release();
            raws.reserve(self.starts.len() - codes.len());
            codes.extend(fields.map(|field| raws.push(Key::within(self.text, field.start, field.end), field.bytes())));
            counts.resize(raws.len(), 1);
            raws
        } else {
            codes.extend(fields.map(code));
            words.release()
        };
        let (mut evidence, mut bad) = (Evidence::default(), Vec::new());
        // What to keep of the fields: all, those that are known, or other texts.
        let (mut all, mut own) = (!self.careful, !self.careful);
        let known: Vec<bool> = counts
            .iter()
            .enumerate()
            .map(|(code, count)| {
                let raw = raws.get(code as u32);
                if let Some(first) = raw.first()
                    && !self.careful
                    && self.is_its_text(raw)
                    && !parser.may_be_missing(*first)
                    && evidence.add_plain(*first, u64::from(*count))
                {
                    return true;
                }
                let text = self.text(raw);
                let known = evidence.add(&text, u64::from(*count), parser, false);
                evidence.padded += if self.is_padded(raw) { u64::from(*count) } else { 0 };
                all &= known;
                own &= !known || text.len() == raw.len();
                known
            })
            .collect();
        // The text of each field; none where it says that the cell is missing.
        let texts = || known.iter().enumerate().map(|(code, known)| known.then(|| self.text(raws.get(code as u32))));
        let store = match type_ {
            Some(Type::Bool) => {
                let values: Vec<_> =
                    texts().map(|text| text.map(|text| boolean(&text).ok_or(text)).transpose()).collect();
                let known: Vec<Option<bool>> = values.iter().map(|value| value.as_ref().map_or(None, |b| *b)).collect();
                if values.iter().any(Result::is_err) {
                    let misfit = |(row, code): (usize, &u32)| {
                        let text = values[*code as usize].as_ref().err()?;
                        Some((row as u32, text.to_string()))
                    };
                    bad.extend(codes.iter().enumerate().filter_map(misfit));
                }
                Store::Bool(codes.iter().map(|code| known[*code as usize]).collect())
            }
            Some(Type::Text) if all && own => Store::Text(codes, raws),
            Some(Type::Text) => {
                let mut next = 0;
                let code = |text: Option<Cow<'_, str>>| match text {
                    None => Dictionary::MISSING,
                    Some(_) if own => {
                        next += 1;
                        next - 1
                    }
                    Some(text) => words.code(text.as_bytes()).unwrap_or(Dictionary::MISSING),
                };
                let map: Vec<u32> = texts().map(code).collect();
                let kept = if own { raws.keep(|code| known[code as usize]) } else { words.release() };
                codes.iter_mut().for_each(|code| *code = map[*code as usize]);
                Store::Text(codes, kept)
            }
            _ => Store::Nothing,
        };
        Part { store, evidence, bad }
    }
}

impl Store<Words> {
    /// No cells yet, of a type.
    pub fn new(type_: Option<Type>) -> Store<Words> {
        match type_ {
            None => Store::Nothing,
            Some(Type::Bool) => Store::Bool(Vec::new()),
            Some(Type::Integer) => Store::Integer(Vec::new()),
            Some(Type::Number) => Store::Number(Vec::new()),
            Some(Type::Text) => Store::Text(Vec::new(), Words::default()),
            Some(Type::Time) => Store::Time(Vec::new()),
        }
    }

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
                codes.extend(
                    more.into_iter().map(|code| map.get(code as usize).copied().unwrap_or(Dictionary::MISSING)),
                );
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
        const CELLS: [&str; 59] = [
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
            "05.01.24",
            "2024-01-31 10:11 CET",
            "7.0",
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
        let (mut state, mut words) = (99u64, Words::default());
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
            let whole = text.as_bytes();
            let fields = Fields { text: whole, dialect, width: 1, starts: &starts, ends: &ends, careful: false };
            let mut options = ImportOptions::default();
            options.csv.decimal_comma = Some(round % 2 == 1);
            if round % 3 == 0 {
                options.missing = Some(vec!["1".into(), "NA".into()]);
            }
            if round % 5 == 0 {
                options.zone = Some("America/New_York".into());
            }
            options.missing_in.insert("c".into(), vec!["7".into(), "x".into()]);
            let mut parser = CellParser::new(&options);
            if round % 4 == 0 {
                parser = parser.of_column(&options, "c", "c").unwrap();
            }
            for type_ in [Type::Integer, Type::Number, Type::Time, Type::Bool, Type::Text] {
                let part = fields.read(0, Some(type_), &parser, &mut words);
                let bad: Vec<u32> = part.bad.iter().map(|(row, _)| *row).collect();
                let mut store = Store::new(Some(type_));
                assert!(store.append(part.store));
                let found = store.finish().unwrap();
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
