//! Rows as requests: what the policy engine is asked for each row of history.

use super::cells::{Cells, Dictionary};
use super::dataset::Dataset;
use super::roles::{Role, Roles, Subjects};
use crate::error::{Error, Result};
use attune_policy::columns::{Column, Columns, OptionalLabels, Slice, Texts, bits};
use attune_policy::request::Request;
use attune_policy::schema::Schema;
use attune_policy::value::{Type, Value};

/// The rows of a dataset as requests for one schema.
pub struct Requests {
    dataset: Dataset,
    schema: Schema,
    subjects: Subjects,
    household: Option<Dictionary>,
    device: Option<Dictionary>,
    time: Option<usize>,
    as_of: i64,
    fields: Vec<(usize, Type)>,
}

impl Requests {
    /// Finds each field of the schema among the columns, by identifier, else by source name.
    ///
    /// # Errors
    /// When a field has no column or another type, or there is neither a time column nor an `as_of`.
    pub fn new(dataset: &Dataset, roles: &Roles, schema: &Schema) -> Result<Requests> {
        let mut fields = Vec::with_capacity(schema.fields.len());
        for field in &schema.fields {
            let by_source = || dataset.columns().iter().position(|c| c.source == field.source);
            let position = dataset.position(&field.name).or_else(by_source).ok_or_else(|| {
                Error::new(format!("the policy needs this column and `{}` does not have it", dataset.name()))
                    .in_column(&field.source)
                    .hint("add the column, or take it out of the policy's schema")
            })?;
            let found = dataset.columns()[position].type_;
            if !fits(found, field.type_) {
                return Err(Error::new(format!("is {found} where the policy expects {}", field.type_))
                    .in_column(&field.source)
                    .hint("set the column's type when importing"));
            }
            fields.push((position, field.type_));
        }
        let time = match roles.first(Role::Time) {
            None => None,
            Some(name) => match dataset.position(name) {
                Some(position) if dataset.columns()[position].type_ == Type::Time => Some(position),
                Some(_) => return Err(Error::new("has the role time but does not hold times").in_column(name)),
                None => return Err(Error::new("has the role time and is not in the data").in_column(name)),
            },
        };
        let as_of = match (roles.as_of, time) {
            (Some(as_of), _) => as_of,
            (None, Some(_)) => 0,
            (None, None) => {
                return Err(Error::new("there is no column with the role time and no `as_of`")
                    .hint("set the instant at which these rows stand"));
            }
        };
        let shared = |role: Role| roles.first(role).map(|name| dataset.dictionary(name)).transpose();
        Ok(Requests {
            schema: schema.clone(),
            subjects: roles.subjects(dataset)?,
            household: shared(Role::Household)?,
            device: shared(Role::Device)?,
            dataset: dataset.clone(),
            time,
            as_of,
            fields,
        })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.dataset.rows()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The request of a row (position). Its decision id is the row's number in the file.
    pub fn get(&self, row: usize) -> Request {
        let mut request = Request::default();
        self.fill(row, &mut request);
        request
    }

    /// Writes the request of a row (position) over `request`, keeping its allocations.
    pub fn fill(&self, row: usize, request: &mut Request) {
        request.decision_id = self.dataset.row_number(row).to_string();
        request.subject.clear();
        request.subject.push_str(self.subjects.key(row));
        request.now = self.now(row);
        request.zone = None;
        let shared = |dictionary: &Option<Dictionary>| dictionary.as_ref()?.get(row).map(|id| id.to_string());
        request.household = shared(&self.household);
        request.device = shared(&self.device);
        request.fields.clear();
        request.fields.extend(self.fields.iter().map(|(position, type_)| {
            let value = self.dataset.value_at(row, *position);
            convert(value, *type_)
        }));
    }

    /// The instant of a row (ms): its time column, else the project's `as_of`.
    pub fn now(&self, row: usize) -> i64 {
        match self.time.and_then(|position| self.dataset.cells_at(position)) {
            Some(Cells::Time(times)) => {
                times.get(row).copied().filter(|ms| *ms != Cells::MISSING).unwrap_or(self.as_of)
            }
            _ => self.as_of,
        }
    }

    /// Rows (positions) as columns of values, with their subjects, households and devices; their instants and decision ids are left out. All
    /// rows of a dataset in their order are lent where its cells are of the type that the schema wants, others are copied.
    ///
    /// # Errors
    /// When a column is not of its field's type, which [`Requests::new`] refuses.
    pub fn columns(&self, rows: &[u32]) -> Result<Columns<'_>> {
        let all = rows.len() == self.dataset.rows() && rows.iter().zip(0..).all(|(row, at)| *row == at);
        let fields = self.fields.iter().map(|(position, type_)| match self.dataset.cells_at(*position) {
            Some(cells) if all => column(cells, *type_),
            Some(cells) => owned(column(&cells.gather(rows), *type_)),
            None => Column::numbers(vec![f64::NAN; rows.len()]),
        });
        let some = (!all).then_some(rows);
        let columns = Columns::new(&self.schema, rows.len(), fields.collect())
            .and_then(|columns| columns.with_subjects(self.subjects.labels(some)))
            .and_then(|columns| columns.with_households(labels(&self.household, some)))
            .and_then(|columns| columns.with_devices(labels(&self.device, some)));
        columns.map_err(|error| Error::new(error.message).in_column(&error.column))
    }

    /// The household of each row as a code, where the data name them.
    pub fn household_codes(&self) -> Option<&Dictionary> {
        self.household.as_ref()
    }

    /// The device of each row as a code, where the data name them.
    pub fn device_codes(&self) -> Option<&Dictionary> {
        self.device.as_ref()
    }

    /// The number of different texts in the largest dictionary among the fields: what it costs to begin a batch.
    pub fn largest_dictionary(&self) -> usize {
        let of = |(position, _): &(usize, Type)| match self.dataset.cells_at(*position) {
            Some(Cells::Text(dictionary)) => dictionary.values.len(),
            _ => 0,
        };
        self.fields.iter().map(of).max().unwrap_or(0)
    }

    /// The subjects of the rows.
    pub fn subjects(&self) -> &Subjects {
        &self.subjects
    }
}

/// Whether a column of one type can serve a field of another without loss of meaning.
fn fits(found: Type, wanted: Type) -> bool {
    found == wanted || matches!((found, wanted), (Type::Integer, Type::Number))
}

fn convert(value: Value, type_: Type) -> Value {
    match (value, type_) {
        (Value::Integer(i), Type::Number) => Value::number(i as f64),
        (value, _) => value,
    }
}

/// The texts of some rows, all rows when `None`; none where the data have no such column.
fn labels<'a>(dictionary: &'a Option<Dictionary>, rows: Option<&[u32]>) -> OptionalLabels<'a> {
    let Some(dictionary) = dictionary else { return OptionalLabels::One(None) };
    let code = |row: &u32| dictionary.codes.get(*row as usize).copied().unwrap_or(Dictionary::MISSING);
    let codes: Slice<'a, u32> = match rows {
        Some(rows) => rows.iter().map(code).collect::<Vec<_>>().into(),
        None => (&dictionary.codes).into(),
    };
    OptionalLabels::Each(Texts { codes, dictionary: dictionary.values.clone() })
}

/// Cells as a column of a field of a type.
fn column(cells: &Cells, type_: Type) -> Column<'_> {
    let present = |values: &[i64]| values.contains(&Cells::MISSING).then(|| marked(values, |x| *x != Cells::MISSING));
    match cells {
        Cells::Bool(values) => {
            Column::bools(marked(values, |value| *value == Some(true))).known(marked(values, Option::is_some))
        }
        Cells::Integer(values) if type_ == Type::Number => {
            let number = |x: &i64| if *x == Cells::MISSING { f64::NAN } else { *x as f64 };
            Column::numbers(values.iter().map(number).collect::<Vec<_>>())
        }
        Cells::Integer(values) => lent(Column::integers(values), present(values)),
        Cells::Time(values) => lent(Column::times(values), present(values)),
        Cells::Number(values) => Column::numbers(values),
        Cells::Text(dictionary) => Column::texts(&dictionary.codes, dictionary.values.clone()),
    }
}

/// A bitmap of the values that are so.
fn marked<T>(values: &[T], is: impl Fn(&T) -> bool) -> Vec<u64> {
    let word = |values: &[T]| {
        let mut bytes = [0; 64];
        bytes.iter_mut().zip(values).for_each(|(byte, value)| *byte = u8::from(is(value)));
        bits::pack(&bytes)
    };
    values.chunks(64).map(word).collect()
}

fn lent(column: Column<'_>, known: Option<Vec<u64>>) -> Column<'_> {
    match known {
        Some(known) => column.known(known),
        None => column,
    }
}

/// A column with buffers of its own.
fn owned(column: Column<'_>) -> Column<'static> {
    Column { data: column.data.into_owned(), known: column.known.map(Slice::into_owned) }
}
