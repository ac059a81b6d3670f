//! Rows of a text file as requests of a policy, one at a time: memory does not grow with the file.
//!
//! Structure and cells are read exactly as import reads them, but types come from the policy's schema. The head of the
//! file decides delimiter, encoding, decimal mark and order of dates where the options leave them open.

use super::records::{Dialect, LONGEST_RECORD, Shape, is_blank};
use super::text::Text;
use super::{CellParser, Encoding, Format, ImportOptions, delimited, encoding, file, sniff};
use crate::data::cells::render;
use crate::data::names::identifiers;
use crate::error::{Error, Result};
use crate::task::Task;
use attune_policy::request::Request;
use attune_policy::schema::Schema;
use attune_policy::suggest::nearest;
use attune_policy::value::{Type, Value};
use std::path::{Path, PathBuf};

/// Bytes of the head that decide the dialect.
const HEAD: usize = 1 << 20;
/// Bytes read at a time.
const PIECE: usize = 1 << 16;

/// What becomes of a row or cell that cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnBad {
    /// It is an error.
    #[default]
    Fail,
    /// A cell becomes missing, a row is left out; both are counted.
    PassOver,
}

/// How rows become requests.
#[derive(Clone, Debug, Default)]
pub struct StreamOptions {
    /// How the file is read; what is `None` is detected from its head.
    pub import: ImportOptions,
    /// Column that names the subject; the row number when absent.
    pub subject: Option<String>,
    /// Column of the instant at which each row stands; `now` when absent.
    pub time: Option<String>,
    /// The instant of rows without one (ms).
    pub now: i64,
    /// Cells that do not fit the schema.
    pub bad_cells: OnBad,
    /// Rows that do not have the table's width.
    pub bad_rows: OnBad,
}

/// The rows of a file, in order.
pub struct Rows {
    path: PathBuf,
    source: Source,
    dialect: Dialect,
    width: usize,
    parser: CellParser,
    /// Positions in the record whose cells are read in a way of their own.
    own: Vec<(usize, CellParser)>,
    /// Per field of the schema: position in the record, type, name in the source.
    inputs: Vec<(usize, Type, String)>,
    /// Position of the subject in the record, and the type that the file's head gives the column.
    subject: Option<(usize, Type)>,
    time: Option<(usize, String)>,
    now: i64,
    bad_cells: OnBad,
    bad_rows: OnBad,
    row: u64,
    line: u64,
    ends: Vec<u32>,
    passed_cells: u64,
    passed_rows: u64,
    notes: Vec<String>,
    columns: Vec<String>,
    options: ImportOptions,
}

impl Rows {
    /// Opens a file and finds each field of the schema among its columns, by source name or identifier.
    ///
    /// # Errors
    /// When the file cannot be read as delimited text, or lacks a column.
    pub fn open(path: &Path, schema: &Schema, options: &StreamOptions) -> Result<Rows> {
        open(path, schema, options).map_err(|error| error.in_file(path))
    }

    /// Reads the next row over `request`, keeping its allocations; false at the end. The decision id is the row's number.
    ///
    /// # Errors
    /// When the row or a cell cannot be read and is not to be passed over: row, line, column, text, and what was expected.
    pub fn next_into(&mut self, request: &mut Request) -> Result<bool> {
        let next = self.read(request);
        next.map_err(|error| error.in_file(&self.path))
    }

    /// Number of the row last read, from 1.
    pub fn row(&self) -> u64 {
        self.row
    }

    /// Cells that became missing because they did not fit.
    pub fn passed_cells(&self) -> u64 {
        self.passed_cells
    }

    /// Rows left out because they did not have the table's width.
    pub fn passed_rows(&self) -> u64 {
        self.passed_rows
    }

    /// How the file is read, one sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The source names of the file's columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// How the file is read, everything filled in.
    pub fn options(&self) -> &ImportOptions {
        &self.options
    }

    /// Share of the file's bytes read, 0 to 1.
    pub fn fraction(&self) -> f32 {
        self.source.text.fraction()
    }

    fn read(&mut self, request: &mut Request) -> Result<bool> {
        loop {
            if !self.source.record(&self.dialect, &mut self.ends, self.line)? {
                return Ok(false);
            }
            let line = self.line;
            let record = self.source.text(line)?;
            if self.dialect.is_whole_before_blanks(record.as_bytes(), self.source.shape, &self.ends, self.width) {
                self.ends.truncate(self.width);
            }
            let fault = self.dialect.fault(self.source.shape, self.ends.len(), self.width);
            let blank = is_blank(record.as_bytes()) && (self.width == 1 || fault.is_some());
            let lines = self.dialect.lines(record.as_bytes());
            if blank {
                self.line += lines;
                self.source.accept();
                continue;
            }
            self.row += 1;
            if let Some(reason) = fault {
                if self.bad_rows == OnBad::Fail {
                    return Err(Error::new(reason)
                        .at_row(self.row)
                        .at_line(line)
                        .hint("correct the row, or pass bad rows over"));
                }
                self.passed_rows += 1;
                self.line += self.source.accept_line(&self.dialect);
                continue;
            }
            self.fill(request)?;
            self.line += lines;
            self.source.accept();
            return Ok(true);
        }
    }

    fn fill(&mut self, request: &mut Request) -> Result<()> {
        let record = self.source.text(self.line)?;
        let (row, line, ends, dialect) = (self.row, self.line, &self.ends, self.dialect);
        let cell = |position: usize| {
            let start = if position == 0 { 0 } else { ends[position - 1] as usize + 1 };
            dialect.unquote(&record[start..ends[position] as usize])
        };
        request.decision_id.clear();
        request.decision_id.push_str(&row.to_string());
        request.subject.clear();
        match self.subject.map(|(position, type_)| (cell(position), type_)) {
            Some((text, type_)) if !self.parser.is_missing(&text) => {
                // As the import names it: 17850.0 among whole numbers is 17850, or holdouts and histories would miss it.
                let key = self.parser.parse(&text, type_).ok().and_then(|value| render(&value));
                request.subject.push_str(key.as_deref().unwrap_or(&text));
            }
            _ => request.subject.push_str(&request.decision_id),
        }
        request.zone = None;
        request.fields.clear();
        let mut passed = 0;
        let mut typed = |position: usize, type_: Type, name: &str| {
            let text = cell(position);
            let own = self.own.iter().find(|(of, _)| *of == position).map(|(_, parser)| parser);
            own.unwrap_or(&self.parser).parse(&text, type_).or_else(|expected| match self.bad_cells {
                OnBad::PassOver => {
                    passed += 1;
                    Ok(Value::Unknown)
                }
                OnBad::Fail => Err(Error::new(format!("`{text}` is not {expected}"))
                    .at_row(row)
                    .at_line(line)
                    .in_column(name)
                    .hint("correct the cell, or let bad cells count as missing")),
            })
        };
        for (position, type_, name) in &self.inputs {
            request.fields.push(typed(*position, *type_, name)?);
        }
        request.now = match &self.time {
            None => self.now,
            Some((position, name)) => match typed(*position, Type::Time, name)? {
                Value::Time(ms) => ms,
                _ => self.now,
            },
        };
        self.passed_cells += passed;
        Ok(())
    }
}

fn open(path: &Path, schema: &Schema, options: &StreamOptions) -> Result<Rows> {
    options.import.check()?;
    let file::Head { bytes: head, whole, .. } = file::head(path, HEAD)?;
    let format = file::format(path, &head, options.import.format);
    if !matches!(format, Format::Csv | Format::Aligned) {
        return Err(Error::new("rows are read from delimited text only").hint("save the table as CSV"));
    }
    let cut = if whole { &head } else { file::whole_lines(&head) };
    let (encoding, why) = match options.import.csv.encoding {
        Some(encoding) => (encoding, None),
        None => encoding::detect(cut).map(|(encoding, why)| (encoding, Some(why)))?,
    };
    let text = encoding::decode(cut, encoding)?;
    // The schema says the types; the head's own only tell decimal mark and order of dates.
    let look = ImportOptions { types: Default::default(), ..options.import.clone() };
    let sniffed = sniff::sniff(&text, &look, &CellParser::new(&look))?;
    let (columns, rows_at) = delimited::header(&text, &sniffed, look.csv.names.as_deref(), &mut Vec::new())?;
    let mut notes = sniffed.notes.clone();
    let (mut settled, types) = match delimited::read_bytes(text.as_bytes(), Encoding::Utf8, &look, &Task::default()) {
        Ok(table) => (table.options, table.columns.iter().map(|(column, _)| column.type_).collect()),
        // A header without rows decides nothing and is no reason to fail: there is nothing to decide either.
        Err(_) => (look, Vec::new()),
    };
    settled.csv.encoding = Some(encoding);
    notes.splice(0..0, why);
    let names = identifiers(&columns);
    let find = |source: &str, name: &str| {
        columns.iter().position(|c| c == source).or_else(|| names.iter().position(|n| n == name || n == source))
    };
    let missing = |what: &str, source: &str| {
        let error = Error::new(format!("{what} and the file does not have this column")).in_column(source);
        match nearest(source, columns.iter().map(String::as_str)) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint(format!("the file has {}", columns.join(", "))),
        }
    };
    let mut inputs = Vec::with_capacity(schema.fields.len());
    for field in &schema.fields {
        let position = find(&field.source, &field.name).ok_or_else(|| missing("the policy needs it", &field.source))?;
        inputs.push((position, field.type_, field.source.clone()));
    }
    let named = |what: &str, column: &Option<String>| match column {
        None => Ok(None),
        Some(column) => find(column, column).map(Some).ok_or_else(|| missing(what, column)),
    };
    let subject = named("it is to name the subject", &options.subject)?
        .map(|position| (position, types.get(position).copied().unwrap_or(Type::Text)));
    let time = named("it is to say when each row stands", &options.time)?;
    let line = 1 + sniffed.dialect.lines(&text.as_bytes()[..rows_at]);
    let width = sniffed.width + usize::from(sniffed.trailing);
    let mut source = Source::open(path, encoding)?;
    source.skip(rows_at)?;
    let parser = CellParser::new(&settled);
    let each = columns.iter().zip(&names).enumerate();
    let own = each.filter_map(|(i, (source, name))| Some((i, parser.of_column(&settled, source, name)?))).collect();
    Ok(Rows {
        path: path.to_owned(),
        source,
        dialect: sniffed.dialect,
        width,
        parser,
        own,
        inputs,
        subject,
        time: time.zip(options.time.clone()),
        now: options.now,
        bad_cells: options.bad_cells,
        bad_rows: options.bad_rows,
        row: 0,
        line,
        ends: Vec::with_capacity(width),
        passed_cells: 0,
        passed_rows: 0,
        notes,
        columns,
        options: settled,
    })
}

/// The records of a text, in a window that moves along.
struct Source {
    text: Text<'static>,
    window: Vec<u8>,
    at: usize,
    /// End of the record found last.
    next: usize,
    shape: Shape,
}

impl Source {
    fn open(path: &Path, encoding: Encoding) -> Result<Source> {
        let text = Text::open_file(path, encoding, false)?;
        Ok(Source { text, window: Vec::new(), at: 0, next: 0, shape: Shape::Whole })
    }

    fn skip(&mut self, bytes: usize) -> Result<()> {
        while self.window.len() < bytes && !self.text.ended() {
            self.fill(PIECE)?;
        }
        self.at = bytes.min(self.window.len());
        self.next = self.at;
        Ok(())
    }

    /// Finds the next record; false at the end of the file.
    fn record(&mut self, dialect: &Dialect, ends: &mut Vec<u32>, line: u64) -> Result<bool> {
        let mut piece = PIECE;
        loop {
            let rest = &self.window[self.at..];
            ends.clear();
            if !rest.is_empty() {
                let (next, shape, _) = dialect.record(rest, 0, ends);
                let closed = shape != Shape::Unclosed && next < rest.len();
                if closed || self.text.ended() || rest.len() > LONGEST_RECORD {
                    self.next = self.at + next;
                    self.shape = shape;
                    return Ok(true);
                }
            } else if self.text.ended() {
                return Ok(false);
            }
            self.fill(piece).map_err(|error| error.at_line(line))?;
            // Long records are looked at again from their start: pieces that double keep that cheap.
            piece = (piece * 2).min(LONGEST_RECORD);
        }
    }

    /// The text of the record found.
    fn text(&self, line: u64) -> Result<&str> {
        let bytes = &self.window[self.at..self.next];
        std::str::from_utf8(bytes).map_err(|error| {
            let byte = bytes.get(error.valid_up_to()).copied().unwrap_or(0);
            Error::new(format!("the byte {byte:02X} is not UTF-8"))
                .at_line(line)
                .hint("the file may be Windows-1252 (Latin-1): choose that encoding")
        })
    }

    /// Goes on behind the record.
    fn accept(&mut self) {
        self.at = self.next;
    }

    /// Goes on behind the record's first line; gives the lines passed.
    fn accept_line(&mut self, dialect: &Dialect) -> u64 {
        let end = dialect.next_line(&self.window[..self.next], self.at);
        let lines = dialect.lines(&self.window[self.at..end]);
        self.at = end;
        lines
    }

    fn fill(&mut self, bytes: usize) -> Result<()> {
        self.window.drain(..self.at);
        self.at = 0;
        self.text.fill(bytes, &mut self.window)
    }
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
