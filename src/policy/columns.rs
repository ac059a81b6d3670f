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

pub(crate) use build::column;
pub use labels::{Instants, Labels, OptionalLabels};
pub use slice::Slice;
pub use table::Table;
pub use values::{Column, Data, MISSING, Texts, Values};

use crate::request::Request;
use crate::schema::Schema;
use crate::value::Value;
use std::fmt;
use std::ops::Range;

/// The rows of a batch: one typed column per field of the schema, in its order, and who, when and where each row is.
#[derive(Clone, Debug)]
pub struct Columns<'a> {
    rows: usize,
    fields: Vec<Values<'a>>,
    decision_ids: Labels<'a>,
    subjects: Labels<'a>,
    now: Instants<'a>,
    zones: OptionalLabels<'a>,
    households: OptionalLabels<'a>,
    devices: OptionalLabels<'a>,
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
    /// decision id and stands at instant 0, without zone, household and device, until that is told.
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

    /// With these IANA time zones.
    ///
    /// # Errors
    /// When there is not one per row, or a code is not in the dictionary.
    pub fn with_zones(self, zones: OptionalLabels<'a>) -> Result<Columns<'a>, ColumnError> {
        self.expect_optional("zones", &zones)?;
        Ok(Columns { zones, ..self })
    }

    /// With these households, for what is counted by household.
    ///
    /// # Errors
    /// When there is not one per row, or a code is not in the dictionary.
    pub fn with_households(self, households: OptionalLabels<'a>) -> Result<Columns<'a>, ColumnError> {
        self.expect_optional("households", &households)?;
        Ok(Columns { households, ..self })
    }

    /// With these devices, for what is counted by device.
    ///
    /// # Errors
    /// When there is not one per row, or a code is not in the dictionary.
    pub fn with_devices(self, devices: OptionalLabels<'a>) -> Result<Columns<'a>, ColumnError> {
        self.expect_optional("devices", &devices)?;
        Ok(Columns { devices, ..self })
    }

    fn expect_optional(&self, column: &str, labels: &OptionalLabels<'a>) -> Result<(), ColumnError> {
        self.expect(column, labels.len())?;
        labels.check().map_err(|message| ColumnError { column: column.to_owned(), message })
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

    /// Whether the subject of a row is blank, as it is past the end.
    pub fn is_blank(&self, row: usize) -> bool {
        self.subjects.is_blank(row)
    }

    /// The instant of a row, UTC milliseconds; 0 past the end.
    pub fn now(&self, row: usize) -> i64 {
        self.now.get(row)
    }

    /// The household of a row.
    pub fn household(&self, row: usize) -> Option<&str> {
        self.households.get(row)
    }

    /// The device of a row.
    pub fn device(&self, row: usize) -> Option<&str> {
        self.devices.get(row)
    }

    /// The zone of a row; the policy tells where there is none.
    pub fn zone(&self, row: usize) -> Option<&str> {
        self.zones.get(row)
    }

    /// What was given for a row and treated as unknown, in the order of the fields.
    pub fn notes(&self, row: usize) -> impl Iterator<Item = &str> {
        let from = self.notes.partition_point(|(at, _)| *at < row);
        let rest = self.notes.get(from..).unwrap_or(&[]);
        rest.iter().take_while(move |(at, _)| *at == row).map(|(_, note)| note.as_str())
    }

    /// Rows of a run for which something was treated as unknown, ascending.
    pub(crate) fn noted(&self, rows: Range<usize>) -> impl Iterator<Item = usize> {
        let from = self.notes.partition_point(|(at, _)| *at < rows.start);
        let rest = self.notes.get(from..).unwrap_or(&[]);
        rest.iter().map(|(at, _)| *at).take_while(move |at| *at < rows.end)
    }

    /// Some rows as columns of their own, in the order given; nothing is checked again. Past the last row everything is unknown.
    pub fn select(&self, rows: &[u32]) -> Columns<'a> {
        let notes = |(at, row): (usize, &u32)| {
            let own = self.notes(*row as usize).map(move |note| (at, note.to_owned()));
            own.collect::<Vec<_>>()
        };
        Columns {
            rows: rows.len(),
            fields: self.fields.iter().map(|field| field.select(rows)).collect(),
            decision_ids: self.decision_ids.select(rows),
            subjects: self.subjects.select(rows),
            now: self.now.select(rows),
            zones: self.zones.select(rows),
            households: self.households.select(rows),
            devices: self.devices.select(rows),
            notes: match self.notes.is_empty() {
                true => Vec::new(),
                false => rows.iter().enumerate().flat_map(notes).collect(),
            },
        }
    }

    /// Replaces `values` by those of a row, in the order of the schema. Allocates nothing once `values` has the room.
    pub fn read(&self, row: usize, values: &mut Vec<Value>) {
        values.clear();
        values.extend(self.fields.iter().map(|field| field.get(row)));
    }

    /// A run of rows as columns of their own, lent; rows past the last are left out.
    pub fn slice(&self, rows: Range<usize>) -> Columns<'_> {
        let end = rows.end.min(self.rows);
        let rows = &(rows.start.min(end)..end);
        let from = self.notes.partition_point(|(at, _)| *at < rows.start);
        let until = self.notes.partition_point(|(at, _)| *at < rows.end);
        let notes = self.notes.get(from..until).unwrap_or(&[]);
        Columns {
            rows: rows.len(),
            fields: self.fields.iter().map(|field| field.slice(rows)).collect(),
            decision_ids: self.decision_ids.slice(rows),
            subjects: self.subjects.slice(rows),
            now: self.now.slice(rows),
            zones: self.zones.slice(rows),
            households: self.households.slice(rows),
            devices: self.devices.slice(rows),
            notes: notes.iter().map(|(at, note)| (at - rows.start, note.clone())).collect(),
        }
    }

    /// A row as a request of its own.
    pub fn request(&self, row: usize) -> Request {
        Request {
            decision_id: self.decision_id(row).to_owned(),
            subject: self.subject(row).to_owned(),
            now: self.now(row),
            zone: self.zone(row).map(str::to_owned),
            household: self.household(row).map(str::to_owned),
            device: self.device(row).map(str::to_owned),
            fields: self.fields.iter().map(|field| field.get(row)).collect(),
        }
    }
}
