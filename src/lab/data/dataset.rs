//! A table of typed columns in memory. Cheap to clone; never changed after it was made.
//!
//! It opens no file and knows no roles.

use super::cells::{Cells, Dictionary};
use crate::error::{Error, Result};
use attune_policy::value::{Type, Value};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// A table of typed columns. Clones share their data.
#[derive(Clone, Debug)]
pub struct Dataset {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    name: String,
    rows: usize,
    columns: Vec<Column>,
    cells: Vec<Cells>,
    index: HashMap<String, usize>,
    source: Source,
    /// Number of each row in its file; `None` when it is the position + 1.
    numbers: Option<Vec<u32>>,
}

/// A column: its name in rules, its name in the source, its type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Rhai identifier, unique in the dataset.
    pub name: String,
    /// The column's name in the source, shown to people.
    pub source: String,
    /// Type of its values.
    pub type_: Type,
}

/// Where the rows came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// File name without folders, or the name of a generated world.
    pub file: String,
    /// SHA-256 of the file's bytes, lower-case hex; empty for generated data.
    pub sha256: String,
    /// Rows in this dataset.
    pub rows: u64,
}

/// A page of cells as text, for tables on a screen or a terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Number of each row in its file, from 1.
    pub numbers: Vec<u64>,
    /// Per row, the text of each asked column; `None` is missing.
    pub rows: Vec<Vec<Option<String>>>,
}

impl Dataset {
    /// A dataset made in memory: each column with its source name and cells, all of one length.
    ///
    /// Names are made into unique identifiers as import does it.
    ///
    /// # Errors
    /// When two columns differ in length.
    pub fn from_columns(name: &str, columns: Vec<(String, Cells)>) -> Result<Dataset> {
        let sources: Vec<String> = columns.iter().map(|(source, _)| source.clone()).collect();
        let names = super::names::identifiers(&sources);
        let columns = names
            .into_iter()
            .zip(columns)
            .map(|(name, (source, cells))| (Column { name, source, type_: cells.type_() }, cells));
        Dataset::new(name, columns.collect(), Source { file: name.to_owned(), ..Source::default() }, None)
    }

    /// A dataset of named columns; `numbers` gives each row's number in the file when rows were left out.
    pub(crate) fn new(
        name: &str,
        columns: Vec<(Column, Cells)>,
        mut source: Source,
        numbers: Option<Vec<u32>>,
    ) -> Result<Dataset> {
        let rows = columns.first().map_or(0, |(_, cells)| cells.len());
        let (columns, cells): (Vec<Column>, Vec<Cells>) = columns.into_iter().unzip();
        for (column, cells) in columns.iter().zip(&cells) {
            if cells.len() != rows {
                return Err(Error::new(format!("has {} rows where the first column has {rows}", cells.len()))
                    .in_column(&column.source));
            }
        }
        source.rows = rows as u64;
        let index = columns.iter().enumerate().map(|(i, c)| (c.name.clone(), i)).collect();
        Ok(Dataset { inner: Arc::new(Inner { name: name.to_owned(), rows, columns, cells, index, source, numbers }) })
    }

    /// Name of the dataset.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.inner.rows
    }

    /// The columns in the order of the source.
    pub fn columns(&self) -> &[Column] {
        &self.inner.columns
    }

    /// The column called `name` (identifier).
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.position(name).map(|i| &self.inner.columns[i])
    }

    /// Position of the column called `name` (identifier).
    pub fn position(&self, name: &str) -> Option<usize> {
        self.inner.index.get(name).copied()
    }

    /// Where the rows came from.
    pub fn source(&self) -> &Source {
        &self.inner.source
    }

    /// The number of row `row` in its file, from 1, not counting the header. Rows that were set aside keep their number,
    /// so it is not always the position + 1.
    pub fn row_number(&self, row: usize) -> u64 {
        match &self.inner.numbers {
            Some(numbers) => numbers.get(row).map_or(row as u64 + 1, |n| u64::from(*n)),
            None => row as u64 + 1,
        }
    }

    /// Position of the row whose number in the file is `number`.
    pub fn row_at(&self, number: u64) -> Option<usize> {
        let position = match &self.inner.numbers {
            Some(numbers) => numbers.binary_search(&u32::try_from(number).ok()?).ok()?,
            None => usize::try_from(number).ok()?.checked_sub(1)?,
        };
        (position < self.inner.rows).then_some(position)
    }

    /// The typed cells of a column.
    pub fn cells(&self, name: &str) -> Option<&Cells> {
        self.position(name).map(|i| &self.inner.cells[i])
    }

    /// One value; unknown when it is missing or the column or row is not there.
    pub fn value(&self, row: usize, name: &str) -> Value {
        self.cells(name).map_or(Value::Unknown, |cells| cells.value(row))
    }

    /// The typed cells of the column at a position.
    pub fn cells_at(&self, position: usize) -> Option<&Cells> {
        self.inner.cells.get(position)
    }

    /// The value at a column's position; for loops over rows.
    pub fn value_at(&self, row: usize, position: usize) -> Value {
        self.inner.cells.get(position).map_or(Value::Unknown, |cells| cells.value(row))
    }

    /// All values of a column.
    pub fn values(&self, name: &str) -> Option<Vec<Value>> {
        self.cells(name).map(|cells| (0..cells.len()).map(|row| cells.value(row)).collect())
    }

    /// A column as numbers: booleans as 0 and 1, times in milliseconds, missing as NaN.
    ///
    /// # Errors
    /// When there is no such column, or it holds text.
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>> {
        let cells = self.required(name)?;
        cells.numbers().ok_or_else(|| {
            Error::new("is text where a number is needed").in_column(name).hint("choose a column of numbers")
        })
    }

    /// A column as text, whatever its type; `None` is missing. Equal texts share one allocation.
    ///
    /// # Errors
    /// When there is no such column.
    pub fn texts(&self, name: &str) -> Result<Vec<Option<Arc<str>>>> {
        let dictionary = self.dictionary(name)?;
        Ok((0..self.rows()).map(|row| dictionary.get(row).cloned()).collect())
    }

    /// A column as codes into its distinct texts, whatever its type.
    ///
    /// # Errors
    /// When there is no such column.
    pub fn dictionary(&self, name: &str) -> Result<Dictionary> {
        Ok(self.required(name)?.dictionary())
    }

    /// The cells of some rows and columns (by position) as text. Rows beyond the end are left out.
    pub fn page(&self, rows: Range<usize>, columns: &[usize]) -> Page {
        let rows = rows.start.min(self.rows())..rows.end.min(self.rows());
        Page {
            numbers: rows.clone().map(|row| self.row_number(row)).collect(),
            rows: rows
                .map(|row| {
                    let text = |c: &usize| self.inner.cells.get(*c).and_then(|cells| cells.text(row));
                    columns.iter().map(text).collect()
                })
                .collect(),
        }
    }

    /// A dataset of some rows, by position; positions beyond the end are left out. Rows keep their numbers.
    pub fn select(&self, rows: &[u32]) -> Dataset {
        let rows: Vec<u32> = rows.iter().copied().filter(|r| (*r as usize) < self.rows()).collect();
        let cells = self.inner.cells.iter().map(|cells| cells.select(&rows)).collect();
        let numbers = rows.iter().map(|r| self.row_number(*r as usize) as u32).collect();
        Dataset {
            inner: Arc::new(Inner {
                name: self.inner.name.clone(),
                rows: rows.len(),
                columns: self.inner.columns.clone(),
                cells,
                index: self.inner.index.clone(),
                source: Source { rows: rows.len() as u64, ..self.inner.source.clone() },
                numbers: Some(numbers),
            }),
        }
    }

    /// Whether two rows (positions, inside) agree in every cell.
    pub(crate) fn rows_are_equal(&self, a: usize, b: usize) -> bool {
        self.inner.cells.iter().all(|cells| cells.bits(a) == cells.bits(b))
    }

    fn required(&self, name: &str) -> Result<&Cells> {
        self.cells(name).ok_or_else(|| {
            let names = self.columns().iter().map(|c| c.name.as_str());
            let error = Error::new(format!("there is no such column in `{}`", self.name())).in_column(name);
            match attune_policy::suggest::nearest(name, names) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error,
            }
        })
    }
}
