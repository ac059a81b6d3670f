//! Arguments that say how files are read, shared by the commands that read rows.

use super::console::{Console, Failure, Result};
use super::table::count;
use attune_lab::data::import::{DateOrder, Encoding, Format, ImportOptions, dates, import};
use attune_lab::data::{Dataset, TableKind};
use attune_lab::simulate::columns::cells_of;
use attune_lab::task::Task;
use attune_policy::value::Type;
use clap::{Args, ValueEnum};
use std::collections::BTreeMap;
use std::path::Path;

/// The kind of table that a word names. `flag` is where it was given.
pub fn kind_named(flag: &str, word: &str) -> Result<TableKind> {
    TableKind::named(word).ok_or_else(|| {
        let words: Vec<&str> = TableKind::ALL.iter().map(|kind| kind.label()).collect();
        Failure::Usage(format!("{flag}: `{word}` is no kind of table; the kinds are {}", words.join(", ")))
    })
}

/// What columns of a table of purchases are, told in one sentence: "`CustomerID` is the customer, `InvoiceDate` the date".
pub fn purchases_in_words(dataset: &Dataset, words: &BTreeMap<String, &'static str>) -> String {
    let columns = dataset.columns().iter().filter_map(|column| Some((&column.source, words.get(&column.name)?)));
    let told: Vec<String> = columns.map(|(source, word)| format!("`{source}` is the {word}")).collect();
    told.join(", ")
}

/// How the input is read; what is not said is detected.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Reading the file (detected where not given)")]
pub struct Reading {
    /// Kind of file
    #[arg(long = "file-format", value_enum, value_name = "FORMAT")]
    pub format: Option<FormatName>,
    /// Character between fields; `tab` for a tab
    #[arg(long, value_name = "CHAR")]
    pub delimiter: Option<String>,
    /// Character around fields
    #[arg(long, value_name = "CHAR")]
    pub quote: Option<char>,
    /// How bytes stand for text: a label of the WHATWG standard, such as utf-8, windows-1251, latin1 or shift_jis
    #[arg(long, value_name = "LABEL")]
    pub encoding: Option<String>,
    /// Whether numbers are written 3,14
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub decimal_comma: Option<bool>,
    /// Whether the first line names the columns
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub header: Option<bool>,
    /// Names of all columns, in order, instead of those in the file
    #[arg(long, value_name = "NAME,NAME,…", value_delimiter = ',')]
    pub names: Vec<String>,
    /// Sheet of a workbook
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
    /// Row of the sheet that names the columns
    #[arg(long, value_name = "ROW")]
    pub header_row: Option<u32>,
    /// The columns to read; the others are left out
    #[arg(long = "only-columns", value_name = "NAME,NAME,…", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Keep one row in this many: a first look at a table that memory does not hold
    #[arg(long = "one-row-in", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub sample: Option<u32>,
    /// A text that stands for a missing value; may be given several times
    #[arg(long, value_name = "TEXT")]
    pub missing: Vec<String>,
    /// A text that stands for a missing value in one column; may be given several times
    #[arg(long, value_name = "COLUMN=TEXT")]
    pub missing_in: Vec<String>,
    /// Order of day and month in dates such as 03/04/2024
    #[arg(long, value_enum)]
    pub dates: Option<Order>,
    /// Zone of times that name none, such as Europe/Berlin; UTC when it is not given
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<String>,
    /// Years of two digits up to this one are of 20xx, those after it of 19xx; 68 when it is not given
    #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(u8).range(0..100))]
    pub pivot: Option<u8>,
}

/// Names of formats on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum FormatName {
    /// Delimited text: CSV, TSV
    Csv,
    /// Text in columns that blanks divide
    Aligned,
    /// Apache Parquet
    Parquet,
    /// One JSON object per line
    JsonLines,
    /// Arrow IPC, file or stream
    Arrow,
    /// Excel or OpenDocument sheet
    Workbook,
}

/// Names of date orders on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Order {
    /// 31/12/2024
    DayFirst,
    /// 12/31/2024
    MonthFirst,
}

/// A file that was read. What is asked of it fails in its name.
pub struct Source<'a> {
    file: &'a Path,
    dataset: Dataset,
}

impl Source<'_> {
    /// Without the rows that belong to nobody, by the column of who they belong to; how many there are is remarked.
    pub fn of_somebody(mut self, column: &str, console: &Console) -> Self {
        // Who asks for the column next says that it is not there.
        let Ok(cells) = cells_of(&self.dataset, column) else { return self };
        let all = self.dataset.rows();
        let rows: Vec<u32> = (0..all as u32).filter(|row| !cells.is_missing(*row as usize)).collect();
        if rows.len() < all {
            let gone = count((all - rows.len()) as u64);
            console.remark(&format!("{gone} of {} rows have no `{column}` and were left out.", count(all as u64)));
            self.dataset = self.dataset.select(&rows);
        }
        self
    }

    /// Reads columns of it; their names are as in the file or as identifiers.
    pub fn columns<T>(&self, read: impl FnOnce(&Dataset) -> attune_lab::Result<T>) -> Result<T> {
        Ok(read(&self.dataset).map_err(|error| error.in_file(self.file))?)
    }

    /// Works on what was read of it.
    pub fn work<T>(&self, console: &Console, work: impl FnOnce(&Task) -> attune_lab::Result<T>) -> Result<T> {
        console.work(|task| work(task).map_err(|error| error.in_file(self.file)))
    }
}

impl Reading {
    /// Reads a file as the arguments say.
    pub fn open<'a>(&self, file: &'a Path, console: &Console) -> Result<Source<'a>> {
        let options = self.options()?;
        let dataset = console.work(|task| import(file, &options, task))?.dataset;
        Ok(Source { file, dataset })
    }

    /// The import options that the arguments say.
    pub fn options(&self) -> Result<ImportOptions> {
        let mut options = ImportOptions::default();
        let some = |list: &[String]| (!list.is_empty()).then(|| list.to_vec());
        options.format = self.format.map(|name| match name {
            FormatName::Csv => Format::Csv,
            FormatName::Aligned => Format::Aligned,
            FormatName::Parquet => Format::Parquet,
            FormatName::JsonLines => Format::JsonLines,
            FormatName::Arrow => Format::Arrow,
            FormatName::Workbook => Format::Workbook,
        });
        options.csv.names = some(&self.names);
        options.workbook.sheet.clone_from(&self.sheet);
        options.workbook.header_row = self.header_row;
        options.only = some(&self.only);
        options.sample = self.sample;
        options.csv.delimiter = self.delimiter.as_deref().map(delimiter).transpose()?;
        options.csv.quote = self.quote;
        options.csv.encoding = self.encoding.as_deref().map(Encoding::named).transpose()?;
        options.csv.decimal_comma = self.decimal_comma;
        options.csv.header = self.header;
        options.missing = (!self.missing.is_empty()).then(|| self.missing.clone());
        for argument in &self.missing_in {
            let (column, text) = pair("--missing-in", argument)?;
            options.missing_in.entry(column.to_owned()).or_default().push(text.to_owned());
        }
        options.zone.clone_from(&self.zone);
        options.pivot = self.pivot;
        options.dates = self.dates.map(|order| match order {
            Order::DayFirst => DateOrder::DayFirst,
            Order::MonthFirst => DateOrder::MonthFirst,
        });
        Ok(options)
    }
}

fn delimiter(text: &str) -> Result<char> {
    let mut chars = text.chars();
    match (text, chars.next(), chars.next()) {
        ("tab" | "\\t", ..) => Ok('\t'),
        (_, Some(c), None) => Ok(c),
        _ => Err(Failure::Usage(format!("--delimiter `{text}` is not one character; write `tab` for a tab"))),
    }
}

/// An instant from `2024-12-31`, `2024-12-31T10:00:00+01:00` or milliseconds since 1970.
pub fn instant(flag: &str, text: &str) -> Result<i64> {
    let number = || text.parse::<i64>().ok().filter(|_| text.trim_start_matches('-').len() != 8);
    dates::parse(text, DateOrder::DayFirst).or_else(number).ok_or_else(|| {
        Failure::Usage(format!("{flag} `{text}` is no date or time; write it like 2024-12-31 or 2024-12-31T10:00:00Z"))
    })
}

/// `NAME=VALUE`, divided at the last `=`.
pub fn pair<'a>(flag: &str, text: &'a str) -> Result<(&'a str, &'a str)> {
    text.rsplit_once('=')
        .filter(|(name, value)| !name.is_empty() && !value.is_empty())
        .ok_or_else(|| Failure::Usage(format!("{flag} `{text}` is not of the form NAME=VALUE")))
}

/// A type by its name.
pub fn type_named(text: &str) -> Result<Type> {
    Ok(match text.to_lowercase().as_str() {
        "bool" | "boolean" | "true/false" => Type::Bool,
        "integer" | "whole" => Type::Integer,
        "number" => Type::Number,
        "text" => Type::Text,
        "time" | "date" => Type::Time,
        _ => {
            return Err(Failure::Usage(format!(
                "`{text}` is no type; the types are bool, integer, number, text, time"
            )));
        }
    })
}
