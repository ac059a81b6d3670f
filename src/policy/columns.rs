//! Many requests as columns: what a batch is decided on. A host hands over its own buffers, and they are checked once.
//!
//! Row `i` of the columns is one [`Request`]; whatever is decided for it is what that request alone would get.

pub mod bits;
mod build;
mod labels;
mod slice;
mod table;
#[cfg(test)]
mod tests;
mod values;

pub use labels::{Instants, Labels, Zones};
pub use slice::Slice;
pub use table::Table;
pub use values::{Column, Data, MISSING, Texts, Values};

use crate::request::Request;
use crate::schema::Schema;
use crate::value::Value;
use std::fmt;

/// The rows of a batch: one typed column per field of the schema, in its order, and who, when and where each row is.
#[derive(Clone, Debug)]
pub struct Columns<'a> {
    rows: usize,
    fields: Vec<Values<'a>>,
    decision_ids: Labels<'a>,
    subjects: Labels<'a>,
    now: Instants<'a>,
    zones: Zones<'a>,
    /// What was treated as unknown although a value was given, by row; in a row by field.
    notes: Vec<(usize, String)>,
}

/// Why columns were refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnError {
    /// The field or the part at fault: `recency`, "subjects".
    pub column: String,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for ColumnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column `{}`: {}", self.column, self.message)
    }
}

impl std::error::Error for ColumnError {}

impl<'a> Columns<'a> {
    /// Columns of `rows` rows for the fields of `schema`, in its order. A column of whole numbers may stand for a field of
    /// numbers. NaN, infinities and texts longer than a rule may read become unknown. Every row has the empty subject and
    /// decision id, stands at instant 0 and in UTC, until that is told.
    ///
    /// # Errors
    /// The first column whose type is not the field's, whose length is not `rows`, or whose codes are not in its dictionary.
    pub fn new(schema: &Schema, rows: usize, fields: Vec<Column<'a>>) -> Result<Columns<'a>, ColumnError> {
        build::check(schema, rows, fields)
    }

    /// The requests as columns: values of a wrong type become unknown and are noted, as when each is decided alone.
    pub fn from_requests(schema: &Schema, requests: &'a [Request]) -> Columns<'a> {
        build::gather(schema, requests)
    }

    /// With these decision ids.
    ///
    /// # Errors
    /// When there is not one per row.
    pub fn with_decision_ids(self, decision_ids: impl Into<Labels<'a>>) -> Result<Columns<'a>, ColumnError> {
        let decision_ids = decision_ids.into();
        self.expect("decision ids", decision_ids.len())?;
        Ok(Columns { decision_ids, ..self })
    }

    /// With these subjects.
    ///
    /// # Errors
    /// When there is not one per row.
    pub fn with_subjects(self, subjects: impl Into<Labels<'a>>) -> Result<Columns<'a>, ColumnError> {
        let subjects = subjects.into();
        self.expect("subjects", subjects.len())?;
        Ok(Columns { subjects, ..self })
    }

    /// With these instants, UTC milliseconds.
    ///
    /// # Errors
    /// When there is not one per row.
    pub fn with_now(self, now: impl Into<Instants<'a>>) -> Result<Columns<'a>, ColumnError> {
        let now = now.into();
        self.expect("now", now.len())?;
        Ok(Columns { now, ..self })
    }

    /// With these time zones.
    ///
    /// # Errors
    /// When there is not one per row, or a code is not in the dictionary.
    pub fn with_zones(self, zones: Zones<'a>) -> Result<Columns<'a>, ColumnError> {
        self.expect("zones", zones.len())?;
        zones.check().map_err(|message| ColumnError { column: "zones".to_owned(), message })?;
        Ok(Columns { zones, ..self })
    }

    fn expect(&self, column: &str, len: Option<usize>) -> Result<(), ColumnError> {
        match len {
            Some(len) if len != self.rows => {
                let message = format!("has {len} values, the batch has {} rows", self.rows);
                Err(ColumnError { column: column.to_owned(), message })
            }
            _ => Ok(()),
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The columns of the fields, in the order of the schema.
    pub fn fields(&self) -> &[Values<'a>] {
        &self.fields
    }

    /// The decision id of a row; empty past the end.
    pub fn decision_id(&self, row: usize) -> &str {
        self.decision_ids.get(row)
    }

    /// The subject of a row; empty past the end.
    pub fn subject(&self, row: usize) -> &str {
        self.subjects.get(row)
    }

    /// The instant of a row, UTC milliseconds; 0 past the end.
    pub fn now(&self, row: usize) -> i64 {
        self.now.get(row)
    }

    /// The zone of a row; UTC when `None`.
    pub fn zone(&self, row: usize) -> Option<&str> {
        self.zones.get(row)
    }

    /// What was given for a row and treated as unknown, in the order of the fields.
    pub fn notes(&self, row: usize) -> impl Iterator<Item = &str> {
        let from = self.notes.partition_point(|(at, _)| *at < row);
        let rest = self.notes.get(from..).unwrap_or(&[]);
        rest.iter().take_while(move |(at, _)| *at == row).map(|(_, note)| note.as_str())
    }

    /// Replaces `values` by those of a row, in the order of the schema. Allocates nothing once `values` has the room.
    pub fn read(&self, row: usize, values: &mut Vec<Value>) {
        values.clear();
        values.extend(self.fields.iter().map(|field| field.get(row)));
    }

    /// A row as a request of its own.
    pub fn request(&self, row: usize) -> Request {
        Request {
            decision_id: self.decision_id(row).to_owned(),
            subject: self.subject(row).to_owned(),
            now: self.now(row),
            zone: self.zone(row).map(str::to_owned),
            fields: self.fields.iter().map(|field| field.get(row)).collect(),
            ..Request::default()
        }
    }
}
