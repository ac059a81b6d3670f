//! Import: a file becomes a [`Dataset`], and everything that did not fit is listed by row, line and column.
//!
//! What is detected is said in words and can be overridden by [`ImportOptions`]. Types are inferred over the whole
//! file. Files are only read here; nothing is written.

pub mod dates;

use super::dataset::{Dataset, Page};
use attune_policy::value::Type;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Format {
    /// Delimited text: CSV, TSV and their kin.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// One JSON object per line.
    JsonLines,
}

/// How a file is read. What is left `None` is detected; [`Imported::options`] has everything filled in, so that the same
/// file reads the same way again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImportOptions {
    /// Kind of file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// Delimited text.
    pub csv: CsvOptions,
    /// Cells with one of these texts are missing, beside empty and blank ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Vec<String>>,
    /// Order of day and month in dates such as 03/04/2024.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dates: Option<DateOrder>,
    /// Types by column, source name or identifier; a cell that does not fit is listed and becomes missing.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub types: BTreeMap<String, Type>,
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
    pub columns: Vec<super::dataset::Column>,
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
    /// Line of the file, from 1.
    pub line: u64,
    /// Column (source name).
    pub column: String,
    /// Its text.
    pub text: String,
    /// What was expected.
    pub expected: String,
}
