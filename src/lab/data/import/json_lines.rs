//! JSON lines as typed columns: one object per line; nested objects become `outer.inner`, lists stay JSON text.

use super::infer::Evidence;
use super::parse::{CellParser, expected};
use super::{BadCell, BadRow, DateOrder, Format, ImportOptions, Table};
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

/// Reads a table from text.
pub fn read(text: &[u8], options: &ImportOptions, task: &Task) -> Result<Table> {
    task.stage("Reading lines")?;
    let text = text.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(text);
    if text.trim_ascii_start().starts_with(b"[") {
        return Err(
            Error::new("the file is one JSON list").hint("write one object per line, without the list around them")
        );
    }
    let mut index: HashMap<String, usize> = HashMap::new();
    let mut sources: Vec<String> = Vec::new();
    let mut columns: Vec<Sparse> = Vec::new();
    let (mut numbers, mut lines, mut bad_rows, mut blank) = (Vec::new(), Vec::new(), Vec::new(), 0u64);
    let (mut row, mut at, mut left_out) = (0u64, 0, 0u64);
    for (line, content) in text.split(|byte| *byte == b'\n').enumerate() {
        if line % 8_192 == 0 {
            task.tick(at as f32 / text.len().max(1) as f32)?;
        }
        at += content.len() + 1;
        let place = (at - content.len() - 1) as u64;
        let content = content.trim_ascii();
        if content.is_empty() {
            blank += u64::from(at < text.len());
            continue;
        }
        row += 1;
        if options.sample.is_some_and(|n| !super::rows::is_drawn(place, n)) {
            left_out += 1;
            continue;
        }
        let object = match std::str::from_utf8(content) {
            Ok(content) => serde_json::from_str::<Members>(content)
                .map_err(|error| format!("no JSON object: {}", plain_words(&error))),
            Err(error) => {
                let byte = content.get(error.valid_up_to()).copied().unwrap_or(0);
                Err(format!("the byte {byte:02X} is not UTF-8"))
            }
        };
        let members = match object {
            Ok(Members(members)) => members,
            Err(reason) => {
                bad_rows.push(BadRow { row, line: line as u64 + 1, text: super::records::shorten(content), reason });
                continue;
            }
        };
        for (key, cell) in members {
            let column = match index.get(&key) {
                Some(column) => *column,
                None => {
                    index.insert(key.clone(), sources.len());
                    sources.push(key);
                    columns.push(Sparse::default());
                    sources.len() - 1
                }
            };
            if let Some(cell) = cell {
                columns[column].cells.push((numbers.len() as u32, cell));
            }
        }
        numbers.push(row as u32);
        lines.push(line as u32 + 1);
    }
    refuse_nothing(&numbers, &sources, &bad_rows)?;
    let mut notes = vec![format!("JSON lines: {} objects with {} different members.", numbers.len(), sources.len())];
    if blank > 0 {
        notes.push(format!("{blank} blank lines were passed over."));
    }
    if let Some(n) = options.sample {
        notes.push(format!(
            "A sample: one row in {n} was kept, {} of {}.",
            numbers.len(),
            numbers.len() as u64 + left_out
        ));
    }
    task.stage("Finding types")?;
    let mut options = options.clone();
    options.format = Some(Format::JsonLines);
    options.missing.get_or_insert_with(|| super::parse::MISSING_TOKENS.iter().map(|t| (*t).to_owned()).collect());
    options.csv.decimal_comma.get_or_insert(false);
    options.dates.get_or_insert(DateOrder::DayFirst);
    let parser = CellParser::new(&options);
    let names = names::identifiers(&sources);
    let wanted = super::delimited::wanted(&options, &sources, &names)?;
    let mut bad_cells = Vec::new();
    let mut typed = Vec::with_capacity(columns.len());
    let each = names.into_iter().zip(sources).zip(&columns).zip(wanted);
    for (((name, source), column), _) in each.filter(|(_, wanted)| *wanted) {
        task.tick(typed.len() as f32 / columns.len() as f32)?;
        let type_ = match options.types.get(&source).or_else(|| options.types.get(&name)) {
            Some(type_) => *type_,
            None => column.verdict(&source, &parser, &mut notes),
        };
        let (cells, bad) = column.typed(type_, numbers.len(), &parser);
        bad_cells.extend(bad.into_iter().map(|(row, text)| BadCell {
            row: u64::from(numbers[row as usize]),
            line: u64::from(lines[row as usize]),
            column: source.clone(),
            text,
            expected: expected(type_).to_owned(),
        }));
        typed.push((Column { name, source, type_ }, cells));
    }
    bad_cells.sort_by_key(|cell| cell.row);
    let numbers = (!bad_rows.is_empty() || left_out > 0).then_some(numbers);
    Ok(Table { columns: typed, numbers, bad_rows, bad_cells, options, notes })
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

impl Sparse {
    fn verdict(&self, source: &str, parser: &CellParser, notes: &mut Vec<String>) -> Type {
        let (mut bools, mut integers, mut numbers, mut texts) = (0usize, 0usize, 0usize, Evidence::default());
        for (_, cell) in &self.cells {
            match cell {
                Json::Bool(_) => bools += 1,
                Json::Integer(_) => integers += 1,
                Json::Number(_) => numbers += 1,
                Json::Text(text) => {
                    texts.add(text.trim(), 1, parser, false);
                }
            }
        }
        let known = bools + integers + numbers + texts.known as usize;
        let quantities = integers + numbers;
        if texts.known as usize == known && known > 0 {
            // Text is text in JSON, digits or not; only dates have no other way to be written.
            let verdict = texts.verdict(source, false, DateOrder::DayFirst);
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

    /// All rows as one type, and the rows and texts that do not fit.
    fn typed(&self, type_: Type, rows: usize, parser: &CellParser) -> (Cells, Vec<(u32, String)>) {
        let mut bad = Vec::new();
        let mut values = vec![Value::Unknown; rows];
        for (row, cell) in &self.cells {
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
