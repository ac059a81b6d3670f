//! Import: a file becomes a [`Dataset`], and everything that did not fit is listed by row, line and column.
//!
//! What is detected is said in words and can be overridden by [`ImportOptions`]. Types are inferred over the whole
//! file. Files are only read here; nothing is written.

mod arrow;
mod chunks;
mod column;
pub mod dates;
mod delimited;
mod digits;
mod draft;
mod encoding;
mod file;
mod frame;
mod infer;
mod json_lines;
#[cfg(test)]
mod messy_tests;
mod parquet;
mod parse;
mod passes;
pub mod quarantine;
mod records;
pub(crate) mod rewrite;
mod rows;
mod signs;
mod sniff;
pub mod stream;
#[cfg(test)]
mod tests;
mod text;
mod times;
mod words;
mod workbook;
pub mod zones;

use super::cells::Cells;
use super::dataset::{Column, Dataset, Page, Source};
use crate::error::{Error, Result};
use crate::task::Task;
use attune_policy::value::Type;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

pub use encoding::Whatwg;
pub use parse::{CellParser, MISSING_TOKENS, boolean, expected};

/// Kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Format {
    /// Delimited text: CSV, TSV and their kin.
    Csv,
    /// Text in columns that any number of blanks divides.
    Aligned,
    /// Apache Parquet.
    Parquet,
    /// One JSON object per line.
    JsonLines,
    /// Arrow IPC, as a file or as a stream.
    Arrow,
    /// A sheet of an Excel or OpenDocument workbook.
    Workbook,
}

/// How a file is read. What is left `None` is detected; [`Imported::options`] has everything filled in, so that the same
/// file reads the same way again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImportOptions {
    /// Kind of file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// Delimited and aligned text.
    pub csv: CsvOptions,
    /// Excel and OpenDocument workbooks.
    #[serde(skip_serializing_if = "WorkbookOptions::is_default")]
    pub workbook: WorkbookOptions,
    /// Cells with one of these texts are missing, beside empty and blank ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Vec<String>>,
    /// Texts that are missing values of one column, by source name or identifier; numbers among them however they are written.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub missing_in: BTreeMap<String, Vec<String>>,
    /// Order of day and month in dates such as 03/04/2024.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dates: Option<DateOrder>,
    /// IANA name of the zone of times that name none; UTC when it is `None`. A day without a time of day stays that day, at 00:00 UTC.
    /// A time that clocks skip is read as long after the gap as it stands behind its beginning, one that they show twice is the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Years of two digits up to this one are of 20xx, those after it of 19xx; 68 when it is `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pivot: Option<u8>,
    /// Types by column, source name or identifier; a cell that does not fit is listed and becomes missing.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub types: BTreeMap<String, Type>,
    /// The columns to read, by source name or identifier; all when it is `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<Vec<String>>,
    /// One row in this many is kept, drawn by its place in the file: a first look at a table that memory does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<u32>,
}

impl ImportOptions {
    /// Refuses what no file could be read by.
    fn check(&self) -> Result<()> {
        self.zone.as_deref().map(zones::Zone::named).transpose()?;
        match self.pivot {
            Some(pivot) if pivot > 99 => Err(Error::new(format!("{pivot} is no year of two digits"))
                .hint("years up to the pivot are of 20xx: give 0 to 99")),
            _ => Ok(()),
        }
    }
}

/// How delimited text is read; `None` is detected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CsvOptions {
    /// Between fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// Around fields that hold delimiters or line ends; doubled inside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<char>,
    /// How bytes stand for text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// Whether numbers are written `3,14`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal_comma: Option<bool>,
    /// Whether the first line names the columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// Names of all columns, in order; they stand in for those of the first line, if it has some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
}

/// How a workbook is read; `None` is detected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorkbookOptions {
    /// The sheet; else the first visible one that holds something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Row of the sheet that names the columns, from 1; rows above it are passed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_row: Option<u32>,
}

impl WorkbookOptions {
    fn is_default(&self) -> bool {
        *self == WorkbookOptions::default()
    }
}

/// How bytes stand for text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Encoding {
    /// UTF-8, with or without byte order mark.
    Utf8,
    /// UTF-16, little-endian.
    Utf16Le,
    /// UTF-16, big-endian.
    Utf16Be,
    /// Windows-1252, the superset of Latin-1 that old exports use.
    Windows1252,
    /// Any other of the WHATWG Encoding Standard.
    Other(Whatwg),
}

/// Order of day and month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DateOrder {
    /// 31/12/2024.
    DayFirst,
    /// 12/31/2024.
    MonthFirst,
}

/// What a file looks like before it is imported.
#[derive(Clone, Debug)]
pub struct Detected {
    /// Everything filled in.
    pub options: ImportOptions,
    /// What was found and why, one sentence each.
    pub notes: Vec<String>,
    /// The columns, with the types of the preview's rows.
    pub columns: Vec<Column>,
    /// The first rows as text, at most [`PREVIEW_ROWS`].
    pub preview: Page,
    /// Size of the file in bytes.
    pub bytes: u64,
}

/// Most rows of a preview.
pub const PREVIEW_ROWS: usize = 200;

/// The result of an import.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The rows that could be read.
    pub dataset: Dataset,
    /// Rows set aside.
    pub bad_rows: Vec<BadRow>,
    /// Cells that became missing.
    pub bad_cells: Vec<BadCell>,
    /// How the file was read, everything filled in.
    pub options: ImportOptions,
    /// What was found and why, one sentence each.
    pub notes: Vec<String>,
}

/// A row that was set aside because it does not have the shape of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadRow {
    /// Number of the row in the file, from 1, not counting the header.
    pub row: u64,
    /// Line of the file where it begins, from 1.
    pub line: u64,
    /// Its text.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

/// A cell that does not fit its column and became missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadCell {
    /// Number of the row in the file, from 1, not counting the header.
    pub row: u64,
    /// Line of the file, from 1; 0 where the file has no lines.
    pub line: u64,
    /// Column (source name).
    pub column: String,
    /// Its text.
    pub text: String,
    /// What was expected.
    pub expected: String,
}

/// A table read from a file, before it is a dataset.
struct Table {
    columns: Vec<(Column, Cells)>,
    numbers: Option<Vec<u32>>,
    bad_rows: Vec<BadRow>,
    bad_cells: Vec<BadCell>,
    options: ImportOptions,
    notes: Vec<String>,
}

/// Most bytes of a text file that [`detect`] looks at.
const DETECT_BYTES: usize = 1 << 20;

/// Looks at the head of a file: what it is, how it is read, its columns, and the first rows.
///
/// # Errors
/// When the file cannot be read as a table: what is wrong, where, and what to do.
pub fn detect(path: &Path) -> Result<Detected> {
    detect_with(path, &ImportOptions::default())
}

/// As [`detect`], with some options given.
///
/// # Errors
/// As [`detect`].
pub fn detect_with(path: &Path, options: &ImportOptions) -> Result<Detected> {
    let task = Task::default();
    let look = || {
        options.check()?;
        let head = file::head(path, DETECT_BYTES)?;
        let size = head.size;
        let format = file::format(path, &head.bytes, options.format);
        let bounds = Bounds::default();
        let in_lines = matches!(format, Format::Csv | Format::Aligned | Format::JsonLines);
        let whole = head.whole;
        let in_place = format == Format::Parquet && !whole && head.compression.is_none();
        let head = if whole || in_lines || in_place { head } else { file::whole(path, &bounds, &task)? };
        let bytes = &head.bytes;
        let mut table = match format {
            Format::Parquet if in_place => parquet::read_file(path, options, Some(PREVIEW_ROWS), &bounds, &task)?,
            Format::Parquet => parquet::read(bytes, options, Some(PREVIEW_ROWS), &task)?,
            Format::Arrow => arrow::read(bytes, options, Some(PREVIEW_ROWS), &task)?,
            Format::Workbook => workbook::read(bytes, options, &bounds, &task)?,
            format => read_text(bytes, format, options, !whole, &task)?,
        };
        let packed = || head.compression.map(|packed| format!("Compressed with {}: {size} bytes.", packed.word()));
        table.notes.splice(0..0, if head.whole { head.packed(bytes.len() as u64) } else { packed() });
        let (notes, options) = (table.notes.clone(), table.options.clone());
        let dataset = Dataset::new("preview", table.columns, Source::default(), table.numbers)?;
        let every: Vec<usize> = (0..dataset.columns().len()).collect();
        let preview = dataset.page(0..PREVIEW_ROWS, &every);
        Ok(Detected { options, notes, columns: dataset.columns().to_vec(), preview, bytes: size })
    };
    look().map_err(|error: Error| error.in_file(path))
}

/// Imports a file. What the options leave open is detected; types are inferred over the whole file.
///
/// # Errors
/// When the file cannot be read as a table: what is wrong, where, and what to do. [`Error::Cancelled`] when told to stop.
pub fn import(path: &Path, options: &ImportOptions, task: &Task) -> Result<Imported> {
    import_within(path, options, &Bounds::default(), task)
}

/// As [`import`], with bounds of one's own.
///
/// # Errors
/// As [`import`]; also when the table does not fit into the memory it may take.
pub fn import_within(path: &Path, options: &ImportOptions, bounds: &Bounds, task: &Task) -> Result<Imported> {
    let all = || {
        options.check()?;
        task.stage("Looking at the file")?;
        let head = match file::is_read_once(path) {
            true => file::whole(path, bounds, task)?,
            false => file::head(path, DETECT_BYTES)?,
        };
        let format = file::format(path, &head.bytes, options.format);
        let (mut table, sha256) = match format {
            Format::Csv | Format::Aligned | Format::JsonLines => {
                read_lines(path, &head, format, options, bounds, task)?
            }
            Format::Parquet if !head.whole && head.compression.is_none() => {
                let table = parquet::read_file(path, options, None, bounds, task)?;
                (table, file::fingerprint(path, task)?)
            }
            format => {
                // Objects, frames and sheets take several times the room of their bytes.
                let room = Bounds { memory: bounds.memory / 4, ..*bounds };
                let head = if head.whole { head } else { file::whole(path, &room, task)? };
                let bytes = &head.bytes;
                let mut table = match format {
                    Format::Parquet => parquet::read(bytes, options, None, task)?,
                    Format::Arrow => arrow::read(bytes, options, None, task)?,
                    _ => workbook::read(bytes, options, bounds, task)?,
                };
                table.notes.splice(0..0, head.packed(bytes.len() as u64));
                (table, head.sha256)
            }
        };
        table.notes.extend(vanished(options, &table.columns));
        let file = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        finish(table, Source { file, sha256, rows: 0 })
    };
    all().map_err(|error: Error| if error.is_cancelled() { error } else { error.in_file(path) })
}

/// What an import may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Most bytes that the cells of a table, and what was set aside, may take in memory.
    pub memory: u64,
    /// Bytes of text read at a time; a few times that is held beside the cells.
    pub window: usize,
}

impl Default for Bounds {
    /// Half of the machine's memory, 4 GiB where it is not known; 16 MiB of text at a time.
    fn default() -> Bounds {
        Bounds { memory: file::memory().map_or(4 << 30, |bytes| bytes / 2), window: 16 << 20 }
    }
}

/// Reads delimited or aligned text, or JSON lines, window by window; gives the hash of the file, too.
fn read_lines(
    path: &Path,
    head: &file::Head,
    format: Format,
    options: &ImportOptions,
    bounds: &Bounds,
    task: &Task,
) -> Result<(Table, String)> {
    let bytes = if head.whole { &head.bytes } else { file::whole_lines(&head.bytes) };
    let (mut encoding, mut why) = settle_encoding(bytes, options)?;
    let input = if head.whole { text::Input::Memory(&head.bytes) } else { text::Input::File(path) };
    loop {
        let text = encoding::decode_roughly(bytes, encoding)?;
        let reading = delimited::Reading { input, encoding, head: &text, hashed: !head.whole, bounds };
        let read = match format {
            Format::JsonLines => json_lines::read(&reading, options, task)?,
            _ => delimited::read(&reading, options, task)?,
        };
        // The head was plain; further down the file is not what it seemed to be.
        if why.is_some() && encoding == Encoding::Utf8 && encoding::is_rather_legacy(read.invalid, read.multibyte) {
            let bad = read.table.bad_rows.iter().find(|bad| bad.reason.ends_with("is not UTF-8"));
            let because = match bad {
                Some(bad) => format!("line {}: {}", bad.line, bad.reason),
                None => "not all bytes are UTF-8".to_owned(),
            };
            let mut legacy = encoding::Legacy::new();
            text::each_piece(input, bounds.window, &mut |piece| legacy.feed(piece))?;
            let (found, told) = legacy.guess(&because);
            (encoding, why) = (found, Some(told));
            continue;
        }
        let mut table = read.table;
        table.options.csv.encoding = Some(encoding);
        table.notes.splice(0..0, why.into_iter().chain(read.replaced));
        table.notes.splice(0..0, head.packed(read.bytes));
        return Ok((table, read.sha256.unwrap_or_else(|| head.sha256.clone())));
    }
}

/// The encoding that the options say, else the one the bytes speak for and why.
fn settle_encoding(bytes: &[u8], options: &ImportOptions) -> Result<(Encoding, Option<String>)> {
    if bytes.is_empty() {
        return Err(Error::new("the file is empty").hint("choose a file that holds a table"));
    }
    match options.csv.encoding {
        Some(encoding) => Ok((encoding, None)),
        None => encoding::detect(bytes).map(|(encoding, why)| (encoding, Some(why))),
    }
}

/// A table and what it came from as the result of an import.
fn finish(table: Table, source: Source) -> Result<Imported> {
    let Table { columns, numbers, bad_rows, bad_cells, mut options, mut notes } = table;
    if !bad_rows.is_empty() {
        let total = bad_rows.len() + columns.first().map_or(0, |(_, cells)| cells.len());
        notes.push(format!(
            "{} of {total} rows were set aside, the first, row {}, because {}.",
            bad_rows.len(),
            bad_rows[0].row,
            bad_rows[0].reason
        ));
    }
    if !bad_cells.is_empty() {
        notes.push(format!("{} cells did not fit their column's type and became missing.", bad_cells.len()));
    }
    options.types = columns.iter().map(|(column, _)| (column.source.clone(), column.type_)).collect();
    let name = file::without_packing(&source.file);
    let name = name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned();
    let dataset = Dataset::new(&name, columns, source, numbers)?;
    Ok(Imported { dataset, bad_rows, bad_cells, options, notes })
}

/// Reads text of a format; with `cut` the bytes end somewhere inside the file.
fn read_text(bytes: &[u8], format: Format, options: &ImportOptions, cut: bool, task: &Task) -> Result<Table> {
    let bytes = if cut { file::whole_lines(bytes) } else { bytes };
    let (encoding, why) = settle_encoding(bytes, options)?;
    let head = encoding::decode_roughly(bytes, encoding)?;
    let (input, bounds) = (text::Input::Memory(bytes), Bounds::default());
    let reading = delimited::Reading { input, encoding, head: &head, hashed: false, bounds: &bounds };
    let mut table = match format {
        Format::JsonLines => json_lines::read(&reading, options, task)?.table,
        _ => delimited::read(&reading, options, task)?.table,
    };
    table.options.csv.encoding = Some(encoding);
    table.notes.splice(0..0, why);
    Ok(table)
}

/// Says which columns have a type in the options and are not there any more.
fn vanished(options: &ImportOptions, columns: &[(Column, Cells)]) -> Vec<String> {
    let found = |name: &str| columns.iter().any(|(c, _)| c.source == name || c.name == name);
    let gone = options.types.keys().filter(|name| !found(name));
    let sentence = |name: &String| {
        let near = attune_policy::suggest::nearest(name, columns.iter().map(|(c, _)| c.source.as_str()));
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        format!("`{name}` has a type in the import options and is not a column of the file{near}")
    };
    gone.map(sentence).collect()
}
