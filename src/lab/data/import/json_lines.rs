//! JSON lines as typed columns: one object per line; nested objects become `outer.inner`, lists stay JSON text. The text is read window by
//! window; only the members that are asked for, of the lines that are, are kept.

use super::delimited::{Read, Reading};
use super::infer::Evidence;
use super::parse::{CellParser, expected};
use super::records::LONGEST_RECORD;
use super::text::Text;
use super::times::{self, Why};
use super::{BadCell, BadRow, Bounds, DateOrder, Format, ImportOptions, Table, dates};
use crate::data::cells::{Cells, Interner};
use crate::data::dataset::Column;
use crate::data::names;
use crate::error::{Error, Result};
use crate::task::Task;
use attune_policy::value::{Type, Value};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use std::collections::HashMap;
use std::fmt;

/// A cell as JSON holds it.
enum Json {
    Bool(bool),
    Integer(i64),
    Number(f64),
    Text(String),
}

/// An object's members in the order of the file, nested ones flattened, nulls left out.
struct Members(Vec<(String, Option<Json>)>);

/// The cells of a column that were present: row position and cell.
#[derive(Default)]
struct Sparse {
    cells: Vec<(u32, Json)>,
}

/// Reads a table.
pub fn read(reading: &Reading<'_>, options: &ImportOptions, task: &Task) -> Result<Read> {
    task.stage("Reading lines")?;
    let mut text = Text::open(reading.input, reading.encoding, reading.hashed)?;
    let mut lines = Lines::new(options);
    let mut window = Vec::new();
    loop {
        task.tick(text.fraction())?;
        let ended = text.ended();
        let mut from = 0;
        while let Some(length) = window[from..].iter().position(|byte| *byte == b'\n') {
            lines.take(&window[from..from + length])?;
            from += length + 1;
        }
        if ended {
            if from < window.len() {
                lines.take(&window[from..])?;
            }
            break;
        }
        window.drain(..from);
        if window.len() > LONGEST_RECORD {
            return Err(Error::new(format!("the line is longer than {} MiB", LONGEST_RECORD >> 20))
                .at_line(lines.line + 1)
                .hint("this is hardly a table; check the kind of file"));
        }
        lines.refuse_too_large(reading.bounds, text.fraction())?;
        text.fill(reading.bounds.window, &mut window)?;
    }
    let (invalid, multibyte) = (lines.invalid, lines.multibyte);
    let (replaced, bytes) = (text.replaced(), text.read());
    let sha256 = text.file().filter(|_| reading.hashed).map(super::file::Bytes::sha256);
    let table = table(lines, options, task)?;
    Ok(Read { table, sha256, replaced, bytes, invalid, multibyte, peak: 0 })
}

/// What the lines gave so far.
struct Lines<'a> {
    options: &'a ImportOptions,
    index: HashMap<String, usize>,
    sources: Vec<String>,
    columns: Vec<Sparse>,
    /// Whether the cells of a column are kept.
    kept: Vec<bool>,
    numbers: Vec<u32>,
    lines: Vec<u32>,
    bad_rows: Vec<BadRow>,
    blank: u64,
    left_out: u64,
    invalid: u64,
    multibyte: u64,
    row: u64,
    line: u64,
    place: u64,
    /// Bytes of cells and of what was set aside.
    held: usize,
}

impl<'a> Lines<'a> {
    fn new(options: &'a ImportOptions) -> Lines<'a> {
        Lines {
            options,
            index: HashMap::new(),
            sources: Vec::new(),
            columns: Vec::new(),
            kept: Vec::new(),
            numbers: Vec::new(),
            lines: Vec::new(),
            bad_rows: Vec::new(),
            blank: 0,
            left_out: 0,
            invalid: 0,
            multibyte: 0,
            row: 0,
            line: 0,
            place: 0,
            held: 0,
        }
    }

    /// Takes a line without its end.
    fn take(&mut self, whole: &[u8]) -> Result<()> {
        let place = self.place;
        self.place += whole.len() as u64 + 1;
        self.line += 1;
        let content = whole.trim_ascii();
        if content.is_empty() {
            self.blank += 1;
            return Ok(());
        }
        if self.row == 0 && content.starts_with(b"[") {
            return Err(
                Error::new("the file is one JSON list").hint("write one object per line, without the list around them")
            );
        }
        self.row += 1;
        if self.row >= u64::from(u32::MAX) {
            return Err(Error::new(format!("the file has more than {} rows", self.row)).hint("split it"));
        }
        if self.options.sample.is_some_and(|n| !super::rows::is_drawn(place, n)) {
            self.left_out += 1;
            return Ok(());
        }
        let object = match std::str::from_utf8(content) {
            Ok(content) => serde_json::from_str::<Members>(content)
                .map_err(|error| format!("no JSON object: {}", plain_words(&error))),
            Err(error) => {
                self.invalid += 1;
                let byte = content.get(error.valid_up_to()).copied().unwrap_or(0);
                Err(format!("the byte {byte:02X} is not UTF-8"))
            }
        };
        if !content.is_ascii() {
            let valid = content.utf8_chunks().flat_map(|chunk| chunk.valid().bytes());
            self.multibyte += valid.filter(|byte| *byte >= 0xC0).count() as u64;
        }
        let members = match object {
            Ok(Members(members)) => members,
            Err(reason) => {
                let text = super::records::shorten(content);
                self.held += text.len() + reason.len() + size_of::<BadRow>();
                self.bad_rows.push(BadRow { row: self.row, line: self.line, text, reason });
                return Ok(());
            }
        };
        for (key, cell) in members {
            let column = match self.index.get(&key) {
                Some(column) => *column,
                None => {
                    self.index.insert(key.clone(), self.sources.len());
                    self.kept.push(may_be_wanted(self.options, &key));
                    self.sources.push(key);
                    self.columns.push(Sparse::default());
                    self.sources.len() - 1
                }
            };
            if let Some(cell) = cell.filter(|_| self.kept[column]) {
                self.held += size_of::<(u32, Json)>() + if let Json::Text(text) = &cell { text.len() } else { 0 };
                self.columns[column].cells.push((self.numbers.len() as u32, cell));
            }
        }
        self.held += 8;
        self.numbers.push(self.row as u32);
        self.lines.push(self.line as u32);
        Ok(())
    }

    /// Half of the room is for what the cells become.
    fn refuse_too_large(&self, bounds: &Bounds, fraction: f32) -> Result<()> {
        if self.held as u64 <= bounds.memory / 2 {
            return Ok(());
        }
        Err(Error::new(format!(
            "the table needs more than {} of memory: {} rows, {:.0} % of the file, took that much",
            super::file::size_word(bounds.memory),
            self.numbers.len(),
            fraction * 100.0
        ))
        .hint("read fewer columns, or a sample of the rows"))
    }
}

/// Whether a member may be one of those asked for; its identifier is known only when all members are, and may end with a number then.
fn may_be_wanted(options: &ImportOptions, key: &str) -> bool {
    let Some(only) = &options.only else { return true };
    let name = names::identifiers(&[key.to_owned()]).concat();
    only.iter().any(|asked| {
        let rest = asked.strip_prefix(name.as_str());
        asked == key || rest.is_some_and(|rest| rest.chars().all(|c| c == '_' || c.is_ascii_digit()))
    })
}

/// The lines as a table.
fn table(lines: Lines<'_>, options: &ImportOptions, task: &Task) -> Result<Table> {
    let Lines { sources, columns, numbers, lines, bad_rows, blank, left_out, .. } = lines;
    refuse_nothing(&numbers, &sources, &bad_rows)?;
    let mut notes = vec![format!("JSON lines: {} objects with {} different members.", numbers.len(), sources.len())];
    if blank > 0 {
        notes.push(format!("{blank} blank lines were passed over."));
    }
    if let Some(n) = options.sample {
        let all = numbers.len() as u64 + left_out;
        notes.push(format!("A sample: one row in {n} was kept, {} of {all}.", numbers.len()));
    }
    task.stage("Finding types")?;
    let names = names::identifiers(&sources);
    let wanted = super::delimited::wanted(options, &sources, &names)?;
    let mut resolved = options.clone();
    resolved.format = Some(Format::JsonLines);
    resolved.missing.get_or_insert_with(|| super::parse::MISSING_TOKENS.iter().map(|t| (*t).to_owned()).collect());
    resolved.csv.decimal_comma.get_or_insert(false);
    resolved.zone.get_or_insert_with(|| "UTC".to_owned());
    resolved.pivot.get_or_insert(dates::PIVOT);
    // What the texts say of the order of day and month all dates are then read by.
    let parser = CellParser::new(&resolved);
    let mut about = Vec::with_capacity(columns.len());
    for ((source, name), (column, wanted)) in sources.iter().zip(&names).zip(columns.iter().zip(&wanted)) {
        task.tick(0.5 * about.len() as f32 / columns.len() as f32)?;
        let own = parser.of_column(options, source, name);
        about.push(if *wanted { column.about(own.as_ref(), &parser) } else { About::default() });
    }
    let decides = sources.iter().zip(&about).find_map(|(source, about)| Some((source, about.texts.date_order()?)));
    let why = match decides {
        _ if options.dates.is_some() => Why::Asked,
        Some((source, _)) => Why::Column(source),
        None => Why::Open,
    };
    let order = *resolved.dates.get_or_insert(decides.map_or(DateOrder::DayFirst, |(_, order)| order));
    let parser = CellParser::new(&resolved);
    let (mut bad_cells, mut read_as_times) = (Vec::new(), Vec::new());
    let mut typed = Vec::with_capacity(columns.len());
    let each = names.into_iter().zip(&sources).zip(columns.iter().zip(&about)).zip(wanted);
    for (((name, source), (column, about)), _) in each.filter(|(_, wanted)| *wanted) {
        task.tick(0.5 + 0.5 * typed.len() as f32 / columns.len() as f32)?;
        let type_ = match options.types.get(source).or_else(|| options.types.get(&name)) {
            Some(type_) => *type_,
            None => about.verdict(source, order, &mut notes),
        };
        let own = parser.of_column(options, source, &name);
        let (cells, bad) = column.typed(type_, numbers.len(), own.as_ref(), &parser);
        if type_ == Type::Time {
            read_as_times.push((source.as_str(), &about.texts));
        }
        bad_cells.extend(bad.into_iter().map(|(row, text)| BadCell {
            row: u64::from(numbers[row as usize]),
            line: u64::from(lines[row as usize]),
            column: source.clone(),
            text,
            expected: expected(type_).to_owned(),
        }));
        typed.push((Column { name, source: source.clone(), type_ }, cells));
    }
    notes.extend(times::notes(&read_as_times, &resolved, why));
    bad_cells.sort_by_key(|cell| cell.row);
    let numbers = (!bad_rows.is_empty() || left_out > 0).then_some(numbers);
    Ok(Table { columns: typed, numbers, bad_rows, bad_cells, options: resolved, notes })
}

fn refuse_nothing(rows: &[u32], sources: &[String], bad: &[BadRow]) -> Result<()> {
    if let (true, Some(first)) = (rows.is_empty(), bad.first()) {
        return Err(Error::new(format!("no line can be read; the first is {}", first.reason)).at_line(first.line));
    }
    if rows.is_empty() {
        return Err(Error::new("the file is empty").hint("choose a file that holds a table"));
    }
    if sources.is_empty() {
        return Err(
            Error::new("the objects have no members, so there is no column").hint("choose a file that holds a table")
        );
    }
    Ok(())
}

/// The parser's message without its position, which names a line of one-line input.
fn plain_words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let message = text.split(" at line ").next().unwrap_or(&text);
    format!("{message} (character {})", error.column())
}

/// What the cells of a column are.
#[derive(Default)]
struct About {
    bools: usize,
    integers: usize,
    numbers: usize,
    texts: Evidence,
}

impl About {
    fn verdict(&self, source: &str, order: DateOrder, notes: &mut Vec<String>) -> Type {
        let About { bools, integers, numbers, texts } = self;
        let (bools, integers, numbers) = (*bools, *integers, *numbers);
        let known = bools + integers + numbers + texts.known as usize;
        let quantities = integers + numbers;
        if texts.known as usize == known && known > 0 {
            // Text is text in JSON, digits or not; only dates have no other way to be written.
            let verdict = texts.verdict(source, false, order);
            return if verdict.type_ == Type::Time { Type::Time } else { Type::Text };
        }
        if bools == known && known > 0 {
            return Type::Bool;
        }
        let odd = known - quantities;
        if quantities > 0 && (odd * 100 <= known || (odd == 1 && quantities >= 20)) {
            if odd > 0 {
                notes.push(format!(
                    "`{source}`: {odd} of {known} cells are no numbers; they are listed and count as missing."
                ));
            }
            return if numbers == 0 { Type::Integer } else { Type::Number };
        }
        if quantities > 0 || bools > 0 {
            notes
                .push(format!("`{source}` stays text: {quantities} of {known} cells are numbers, {bools} true/false."));
        }
        Type::Text
    }
}

impl Sparse {
    fn about(&self, own: Option<&CellParser>, parser: &CellParser) -> About {
        let mut about = About::default();
        for (_, cell) in self.cells.iter().filter(|(_, cell)| !cell.is_marked(own)) {
            match cell {
                Json::Bool(_) => about.bools += 1,
                Json::Integer(_) => about.integers += 1,
                Json::Number(_) => about.numbers += 1,
                Json::Text(text) => {
                    about.texts.add(text.trim(), 1, parser);
                }
            }
        }
        about
    }

    /// All rows as one type, and the rows and texts that do not fit.
    fn typed(
        &self,
        type_: Type,
        rows: usize,
        own: Option<&CellParser>,
        parser: &CellParser,
    ) -> (Cells, Vec<(u32, String)>) {
        let mut bad = Vec::new();
        let mut values = vec![Value::Unknown; rows];
        for (row, cell) in self.cells.iter().filter(|(_, cell)| !cell.is_marked(own)) {
            let text = cell.text();
            match cell.value(type_).map_or_else(|| parser.parse(&text, type_), Ok) {
                Ok(value) => values[*row as usize] = value,
                Err(_) => bad.push((*row, text)),
            }
        }
        (from_values(&values, type_), bad)
    }
}

/// Values of one type as cells; others become missing.
pub fn from_values(values: &[Value], type_: Type) -> Cells {
    let whole = |v: &Value| match v {
        Value::Integer(i) | Value::Time(i) => *i,
        _ => Cells::MISSING,
    };
    match type_ {
        Type::Bool => Cells::Bool(
            values
                .iter()
                .map(|v| match v {
                    Value::Bool(b) => Some(*b),
                    _ => None,
                })
                .collect(),
        ),
        Type::Integer => Cells::Integer(values.iter().map(whole).collect()),
        Type::Time => Cells::Time(values.iter().map(whole).collect()),
        Type::Number => Cells::Number(values.iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()),
        Type::Text => {
            let mut interner = Interner::default();
            for value in values {
                interner.push(value.as_text());
            }
            Cells::Text(interner.finish())
        }
    }
}

impl Json {
    /// The value where JSON's own type is the wanted one.
    fn value(&self, type_: Type) -> Option<Value> {
        match (self, type_) {
            (Json::Bool(b), Type::Bool) => Some(Value::Bool(*b)),
            (Json::Integer(i), Type::Integer) if *i != Cells::MISSING => Some(Value::Integer(*i)),
            (Json::Integer(i), Type::Number) => Some(Value::number(*i as f64)),
            (Json::Number(x), Type::Number) => Some(Value::number(*x)),
            _ => None,
        }
    }

    /// Whether it stands for a missing value in its column.
    fn is_marked(&self, own: Option<&CellParser>) -> bool {
        own.is_some_and(|own| own.is_missing(self.text().trim()))
    }

    fn text(&self) -> String {
        match self {
            Json::Bool(b) => b.to_string(),
            Json::Integer(i) => i.to_string(),
            Json::Number(x) => x.to_string(),
            Json::Text(text) => text.clone(),
        }
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Members, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object in braces")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, serde_json::Value>()? {
                    flatten(key, value, &mut members);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

fn flatten(key: String, value: serde_json::Value, members: &mut Vec<(String, Option<Json>)>) {
    use serde_json::Value as J;
    let cell = match value {
        J::Null => None,
        J::Bool(b) => Some(Json::Bool(b)),
        J::Number(n) => Some(match n.as_i64() {
            Some(i) => Json::Integer(i),
            None => Json::Number(n.as_f64().unwrap_or(f64::NAN)),
        }),
        J::String(text) => Some(Json::Text(text)),
        J::Array(_) => Some(Json::Text(value.to_string())),
        J::Object(inner) => {
            for (name, value) in inner {
                flatten(format!("{key}.{name}"), value, members);
            }
            return;
        }
    };
    members.push((key, cell));
}
