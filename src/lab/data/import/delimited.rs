//! Delimited text as typed columns: structure first, then types over the whole file, then values.

use super::infer::Evidence;
use super::parse::{CellParser, expected};
use super::records::{self, Lines, Records, fields};
use super::sniff::{self, Sniffed};
use super::{BadCell, DateOrder, Format, ImportOptions, Table};
use crate::data::cells::{Cells, Interner};
use crate::data::dataset::Column;
use crate::data::names;
use crate::error::{Error, Result};
use crate::task::Task;
use attune_policy::value::Type;
use rayon::prelude::*;

/// Reads a table from text. The encoding in `options` is the one `text` was decoded with.
pub fn read(text: &str, options: &ImportOptions, task: &Task) -> Result<Table> {
    task.stage("Finding the shape of the table")?;
    let sniffed = sniff::sniff(text, options, &CellParser::new(options))?;
    let mut notes = sniffed.notes.clone();
    let (sources, rows_at) = header(text, &sniffed, options.csv.names.as_deref(), &mut notes)?;
    let names = names::identifiers(&sources);

    task.stage("Reading rows")?;
    let width = sniffed.width + usize::from(sniffed.trailing);
    let line = sniffed.line + lines_between(text, sniffed.start, rows_at, sniffed.dialect.terminator);
    let mut records = records::read(text, sniffed.dialect, rows_at, line, width, task)?;
    refuse_no_rows(&records, &sniffed, sources.len())?;
    if records.blank > 0 {
        notes.push(format!("{} blank lines were passed over.", records.blank));
    }

    task.stage("Finding types")?;
    let reader = Reader { text, records: &records, sniffed: &sniffed };
    let parser = CellParser::new(options);
    let evidence: Vec<Evidence> = (0..sources.len())
        .into_par_iter()
        .map(|column| reader.evidence(column, &parser, task))
        .collect::<Result<_>>()?;
    let options = resolve(options, &sniffed, &evidence, &sources, &mut notes);
    let types = types(&options, &evidence, &sources, &names, &mut notes);
    for (source, evidence) in sources.iter().zip(&evidence) {
        if evidence.tokens > 0 {
            notes.push(format!("`{source}`: {} cells such as `{}` count as missing.", evidence.tokens, evidence.token));
        }
        if evidence.padded > 0 {
            notes.push(format!("`{source}`: spaces around {} cells were taken off.", evidence.padded));
        }
    }

    task.stage("Reading values")?;
    let parser = CellParser::new(&options);
    let columns: Vec<(Cells, Vec<u32>)> = types
        .par_iter()
        .enumerate()
        .map(|(column, type_)| reader.cells(column, *type_, &parser, task))
        .collect::<Result<_>>()?;
    let bad_cells = reader.bad_cells(&columns, &sources, &types, line, rows_at);
    let numbers = records.numbers.take();
    let columns = names.into_iter().zip(sources).zip(types).zip(columns);
    let columns =
        columns.map(|(((name, source), type_), (cells, _))| (Column { name, source, type_ }, cells)).collect();
    Ok(Table { columns, numbers, bad_rows: records.bad, bad_cells, options, notes })
}

/// The source names of the columns, and where the rows begin. `given` names stand in for those of the file.
///
/// # Errors
/// When there are not as many given names as columns.
pub fn header(
    text: &str,
    sniffed: &Sniffed,
    given: Option<&[String]>,
    notes: &mut Vec<String>,
) -> Result<(Vec<String>, usize)> {
    if let Some(given) = given
        && given.len() != sniffed.width
    {
        return Err(Error::new(format!("{} names are given for {}", given.len(), fields(sniffed.width)))
            .at_line(sniffed.line)
            .hint("give one name for each column, in order"));
    }
    if !sniffed.header {
        let names = given.map(<[String]>::to_vec);
        let mut names = names.unwrap_or_else(|| (1..=sniffed.width).map(|i| format!("column_{i}")).collect());
        notes.extend(unique_sources(&mut names));
        return Ok((names, sniffed.start));
    }
    let mut ends = Vec::new();
    let (rows_at, _) = sniffed.dialect.record(text.as_bytes(), sniffed.start, &mut ends);
    let mut from = sniffed.start;
    let mut sources = Vec::with_capacity(ends.len());
    for end in ends.iter().take(sniffed.width) {
        let name = sniffed.dialect.unquote(&text[from..*end as usize]);
        sources.push(name.trim_start_matches('\u{FEFF}').to_owned());
        from = *end as usize + 1;
    }
    if let Some(given) = given {
        notes.push(format!("The names of the first line ({}) are replaced by those given.", sources.join(", ")));
        sources = given.to_vec();
    }
    notes.extend(unique_sources(&mut sources));
    Ok((sources, rows_at))
}

/// Gives columns without a name one, and columns with the same name a number; says so.
pub fn unique_sources(sources: &mut [String]) -> Vec<String> {
    let mut notes = Vec::new();
    let mut taken = std::collections::HashSet::new();
    for (i, source) in sources.iter_mut().enumerate() {
        if source.is_empty() {
            *source = format!("column_{}", i + 1);
            notes.push(format!("Column {} has no name; it is called `{source}`.", i + 1));
        }
        let base = source.clone();
        let mut n = 2;
        while !taken.insert(source.clone()) {
            *source = format!("{base} ({n})");
            n += 1;
        }
        if *source != base {
            notes.push(format!("Two columns are called `{base}`; column {} is now `{source}`.", i + 1));
        }
    }
    notes
}

fn refuse_no_rows(records: &Records, sniffed: &Sniffed, columns: usize) -> Result<()> {
    if records.len() > 0 {
        return Ok(());
    }
    match records.bad.first() {
        None => {
            Err(Error::new("the file names its columns and holds no rows")
                .hint("choose a file with rows below the header"))
        }
        Some(bad) => Err(Error::new(format!(
            "no row fits: {} {}, and the first row is set aside because {}",
            if sniffed.header { "the header names" } else { "the first line has" },
            fields(columns),
            bad.reason
        ))
        .at_line(bad.line)
        .hint("check the delimiter and the quote")),
    }
}

/// Fills in what the options left open and the cells decide.
fn resolve(
    options: &ImportOptions,
    sniffed: &Sniffed,
    evidence: &[Evidence],
    sources: &[String],
    notes: &mut Vec<String>,
) -> ImportOptions {
    let mut options = options.clone();
    options.format = Some(if sniffed.dialect.aligned { Format::Aligned } else { Format::Csv });
    let csv = &mut options.csv;
    csv.delimiter = (!sniffed.dialect.aligned).then(|| char::from(sniffed.dialect.delimiter));
    csv.quote = Some(char::from(sniffed.dialect.quote));
    csv.header = Some(sniffed.header);
    if csv.decimal_comma.is_none() {
        let marks: Vec<_> = evidence.iter().filter_map(Evidence::decimal_mark).collect();
        let certain = |comma: bool| marks.iter().filter(|m| m.certain && m.comma == comma).count();
        let commas = certain(true);
        let comma = match commas.cmp(&certain(false)) {
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Less => false,
            // Between commas a comma inside a number separates thousands.
            std::cmp::Ordering::Equal => sniffed.dialect.delimiter != b',' && marks.iter().any(|m| m.comma),
        };
        if comma {
            notes.push(match commas {
                0 => "Numbers are taken to have a decimal comma; nothing in them rules out thousands.".to_owned(),
                n => format!("Numbers have a decimal comma: {n} column(s) can be read in no other way."),
            });
        }
        csv.decimal_comma = Some(comma);
    }
    if options.missing.is_none() {
        options.missing = Some(super::parse::MISSING_TOKENS.iter().map(|t| (*t).to_owned()).collect());
    }
    if options.dates.is_none() {
        let orders: Vec<DateOrder> = evidence.iter().filter_map(Evidence::date_order).collect();
        let default = if sniffed.dialect.delimiter == b',' { DateOrder::MonthFirst } else { DateOrder::DayFirst };
        let order = orders.first().copied().unwrap_or(default);
        for (source, evidence) in sources.iter().zip(evidence) {
            if evidence.ambiguous > 0 && evidence.ambiguous * 2 > evidence.known && orders.is_empty() {
                let words = if order == DateOrder::DayFirst { "day first" } else { "month first" };
                notes.push(format!(
                    "`{source}`: dates like 03/04/2024 are taken as {words}; nothing in the file decides it."
                ));
            }
        }
        options.dates = Some(order);
    }
    options
}

/// The types of the columns: those of the options, else those the cells speak for, which are then filled in.
fn types(
    options: &ImportOptions,
    evidence: &[Evidence],
    sources: &[String],
    names: &[String],
    notes: &mut Vec<String>,
) -> Vec<Type> {
    let comma = options.csv.decimal_comma.unwrap_or(false);
    let order = options.dates.unwrap_or(DateOrder::DayFirst);
    let columns = evidence.iter().zip(sources).zip(names);
    columns
        .map(|((evidence, source), name)| {
            if let Some(type_) = options.types.get(source).or_else(|| options.types.get(name)) {
                return *type_;
            }
            let verdict = evidence.verdict(source, comma, order);
            notes.extend(verdict.note);
            verdict.type_
        })
        .collect()
}

fn lines_between(text: &str, from: usize, to: usize, terminator: u8) -> u64 {
    text.as_bytes()[from..to].iter().filter(|b| **b == terminator).count() as u64
}

/// The fields of the table as cells.
struct Reader<'a> {
    text: &'a str,
    records: &'a Records,
    sniffed: &'a Sniffed,
}

/// Rows between two looks at whether to stop.
const ROWS_PER_TICK: usize = 65_536;

impl Reader<'_> {
    fn evidence(&self, column: usize, parser: &CellParser, task: &Task) -> Result<Evidence> {
        let mut evidence = Evidence::default();
        for row in 0..self.records.len() {
            if row % ROWS_PER_TICK == 0 {
                task.tick(row as f32 / self.records.len() as f32)?;
            }
            let raw = self.records.raw(self.text, row, column);
            evidence.add(&self.sniffed.dialect.unquote(raw), parser);
            let padded = raw.starts_with(' ') || raw.ends_with(' ');
            evidence.padded +=
                u64::from(padded && !self.sniffed.dialect.aligned && !raw.trim_start_matches(' ').is_empty());
        }
        Ok(evidence)
    }

    /// The cells of a column, and the rows of those that do not fit its type.
    fn cells(&self, column: usize, type_: Type, parser: &CellParser, task: &Task) -> Result<(Cells, Vec<u32>)> {
        let rows = self.records.len();
        let mut bad = Vec::new();
        let mut each = |read: &mut dyn FnMut(Option<&str>) -> bool| -> Result<()> {
            for row in 0..rows {
                if row % ROWS_PER_TICK == 0 {
                    task.tick(row as f32 / rows as f32)?;
                }
                let cell = self.sniffed.dialect.unquote(self.records.raw(self.text, row, column));
                let known = (!parser.is_missing(&cell)).then_some(&*cell);
                if !read(known) {
                    bad.push(row as u32);
                }
            }
            Ok(())
        };
        let cells = match type_ {
            Type::Text => {
                let mut interner = Interner::default();
                each(&mut |cell| {
                    interner.push(cell);
                    true
                })?;
                Cells::Text(interner.finish())
            }
            Type::Number => {
                let mut values = Vec::with_capacity(rows);
                each(&mut |cell| {
                    let value = cell.map(|cell| parser.number(cell));
                    values.push(value.flatten().unwrap_or(f64::NAN));
                    value != Some(None)
                })?;
                Cells::Number(values)
            }
            Type::Bool => {
                let mut values = Vec::with_capacity(rows);
                each(&mut |cell| {
                    let value = cell.map(super::parse::boolean);
                    values.push(value.flatten());
                    value != Some(None)
                })?;
                Cells::Bool(values)
            }
            Type::Integer | Type::Time => {
                let mut values = Vec::with_capacity(rows);
                each(&mut |cell| {
                    let read = |cell| if type_ == Type::Time { parser.time(cell) } else { parser.integer(cell) };
                    let value = cell.map(read);
                    values.push(value.flatten().unwrap_or(Cells::MISSING));
                    value != Some(None)
                })?;
                if type_ == Type::Time { Cells::Time(values) } else { Cells::Integer(values) }
            }
        };
        Ok((cells, bad))
    }

    /// Every cell that does not fit, in order of row, with its line.
    fn bad_cells(
        &self,
        columns: &[(Cells, Vec<u32>)],
        sources: &[String],
        types: &[Type],
        line: u64,
        rows_at: usize,
    ) -> Vec<BadCell> {
        let mut places: Vec<(u32, usize)> = columns
            .iter()
            .enumerate()
            .flat_map(|(column, (_, bad))| bad.iter().map(move |row| (*row, column)))
            .collect();
        places.sort_unstable();
        let mut lines = Lines { at: rows_at, line, terminator: self.sniffed.dialect.terminator };
        let cell = |(row, column): (u32, usize)| {
            let row = row as usize;
            BadCell {
                row: self.records.number(row),
                line: lines.advance(self.text.as_bytes(), self.records.starts[row] as usize),
                column: sources[column].clone(),
                text: self.sniffed.dialect.unquote(self.records.raw(self.text, row, column)).into_owned(),
                expected: expected(types[column]).to_owned(),
            }
        };
        places.into_iter().map(cell).collect()
    }
}
