//! A column of a chunk while it is read: block of rows by block of rows, so that what a block needs stays near.

use super::column::{Fields, Part, Sink, Store};
use super::digits::Field;
use super::infer::Evidence;
use super::parse::{CellParser, boolean};
use super::words::{Key, Texts, Words};
use crate::data::cells::Dictionary;
use attune_policy::value::Type;
use std::borrow::Cow;

/// Rows by which it is judged whether a text comes again in a chunk.
const SAMPLE: usize = 512;

/// A column of a chunk while it is read.
pub struct Draft<'w> {
    type_: Option<Type>,
    part: Part,
    /// Of a column that is read by its distinct fields: the code of each field, and how often each code stands there.
    codes: Vec<u32>,
    counts: Vec<u32>,
    words: &'w mut Words,
    /// The fields by code where nearly every row has its own.
    apart: Option<Texts>,
}

impl<'w> Draft<'w> {
    /// Nothing read yet of a column, with room for so many rows, under a type; with none evidence is gathered only. `words` are room
    /// to work in.
    pub fn new(type_: Option<Type>, rows: usize, words: &'w mut Words) -> Draft<'w> {
        let (mut store, mut codes) = (Store::new(type_), Vec::new());
        match &mut store {
            Store::Integer(v) | Store::Time(v) => v.reserve(rows),
            Store::Number(v) => v.reserve(rows),
            Store::Nothing | Store::Bool(_) | Store::Text(..) => codes.reserve(rows),
        }
        let part = Part { store, evidence: Evidence::default(), bad: Vec::new(), codes: Vec::new() };
        Draft { type_, part, codes, counts: Vec::new(), words, apart: None }
    }

    /// Takes in the column of a block of rows.
    pub fn read(&mut self, fields: &Fields<'_>, column: usize, parser: &CellParser) {
        let Part { store, evidence, bad, codes } = &mut self.part;
        match store {
            Store::Integer(values) => {
                fields.integers(column, parser, &mut Sink { values, evidence, bad, codes: Some(codes) });
            }
            Store::Number(values) => {
                fields.numbers(column, parser, &mut Sink { values, evidence, bad, codes: Some(codes) });
            }
            Store::Time(values) => fields.times(column, parser, &mut Sink { values, evidence, bad, codes: None }),
            Store::Nothing | Store::Bool(_) | Store::Text(..) => self.read_codes(fields, column),
        }
    }

    /// By distinct fields: each is looked at once. Where nearly all differ each field is looked at.
    fn read_codes(&mut self, fields: &Fields<'_>, column: usize) {
        let Draft { codes, counts, words, apart, .. } = self;
        let key = |field: &Field<'_>| Key::within(fields.text, field.start, field.end);
        if let Some(apart) = apart {
            fields.column(column).for_each(|field| {
                apart.push(key(&field), field.bytes());
            });
            return;
        }
        codes.extend(fields.column(column).map(|field| {
            // A chunk is far smaller than what a column can hold.
            let code = words.find(key(&field), field.bytes()).unwrap_or_default();
            match counts.get_mut(code as usize) {
                Some(count) => *count += 1,
                None => counts.push(1),
            }
            code
        }));
        let judged = codes.len() >= SAMPLE && codes.len() < SAMPLE + fields.starts.len();
        if judged && self.type_ == Some(Type::Text) && counts.len() > codes.len() / 10 * 9 && !fields.careful {
            // Nearly every row has a text of its own, as ids do: those that come again are found when chunks come together.
            let (first, mut texts) = (words.release(), Texts::default());
            texts.reserve(codes.capacity());
            codes.drain(..).for_each(|code| {
                texts.push(first.key(code), first.get(code));
            });
            *apart = Some(texts);
        }
    }

    /// The column; `fields` are those of any block.
    pub fn finish(self, fields: &Fields<'_>, parser: &CellParser) -> Part {
        match self.part.store {
            Store::Nothing | Store::Bool(_) | Store::Text(..) => self.finish_codes(fields, parser),
            Store::Integer(_) | Store::Number(_) | Store::Time(_) => self.part,
        }
    }

    fn finish_codes(self, fields: &Fields<'_>, parser: &CellParser) -> Part {
        let Draft { type_, codes, counts, words, apart, .. } = self;
        let is_apart = apart.is_some();
        let raws = apart.unwrap_or_else(|| words.release());
        let (mut evidence, mut bad) = (Evidence::default(), Vec::new());
        // Which fields say that the cell is missing, and whether all others are the text they stand for.
        let (mut missing, mut plain) = (Vec::new(), !fields.careful);
        for code in 0..raws.len() as u32 {
            let raw = raws.get(code);
            let count = if is_apart { 1 } else { u64::from(counts[code as usize]) };
            if let Some(first) = raw.first()
                && !fields.careful
                && fields.is_its_text(raw)
                && !parser.may_be_missing(*first)
                && evidence.add_plain(raw, count)
            {
                continue;
            }
            let text = fields.text(raw);
            evidence.padded += if fields.is_padded(raw) { count } else { 0 };
            if !evidence.add(&text, count, parser) {
                missing.push(code);
            } else if text.len() != raw.len() {
                plain = false;
            }
        }
        let mut known = Vec::new();
        if !missing.is_empty() || !plain || type_ == Some(Type::Bool) {
            known.resize(raws.len(), true);
            missing.iter().for_each(|code| known[*code as usize] = false);
        }
        // The text of each field; none where it says that the cell is missing.
        let texts = || known.iter().enumerate().map(|(code, known)| known.then(|| fields.text(raws.get(code as u32))));
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
            Some(Type::Text) if missing.is_empty() && plain => Store::Text(codes, raws),
            Some(Type::Text) => {
                let mut next = 0;
                let code = |text: Option<Cow<'_, str>>| match text {
                    None => Dictionary::MISSING,
                    Some(_) if plain => {
                        next += 1;
                        next - 1
                    }
                    Some(text) => words.code(text.as_bytes()).unwrap_or(Dictionary::MISSING),
                };
                let map: Vec<u32> = texts().map(code).collect();
                let kept = if plain { raws.keep(|code| known[code as usize]) } else { words.release() };
                let codes = if is_apart { map } else { codes.iter().map(|code| map[*code as usize]).collect() };
                Store::Text(codes, kept)
            }
            _ => Store::Nothing,
        };
        Part { store, evidence, bad, codes: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::import::ImportOptions;
    use crate::data::import::records::Dialect;

    /// The same column read cell by cell, without anything fast.
    fn slowly(cells: &[&str], type_: Type, dialect: Dialect, parser: &CellParser) -> (Vec<String>, Evidence, Vec<u32>) {
        let (mut values, mut evidence, mut bad) = (Vec::new(), Evidence::default(), Vec::new());
        for (row, raw) in cells.iter().enumerate() {
            let text = dialect.unquote(raw);
            evidence.add(&text, 1, parser);
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
            // Now and then ids, each its own, with others between them.
            let ids: Vec<String> = (0..if round % 20 == 7 { 1_200 } else { 0 }).map(|i| format!("id{i}-äöü")).collect();
            let mut cells: Vec<&str> = ids.iter().map(String::as_str).collect();
            for _ in 0..40 {
                cells.insert(next(cells.len() + 1), CELLS[next(CELLS.len()) % few]);
            }
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
                let mut draft = Draft::new(Some(type_), cells.len(), &mut words);
                let step = 1 + round * 7 % 300;
                for first in (0..cells.len()).step_by(step) {
                    draft.read(&fields.block(first..(first + step).min(cells.len())), 0, &parser);
                }
                let part = draft.finish(&fields, &parser);
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
