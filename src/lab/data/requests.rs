//! Rows as requests: what the policy engine is asked for each row of history.

use super::dataset::Dataset;
use super::roles::{Role, Roles, Subjects};
use crate::error::{Error, Result};
use attune_policy::request::Request;
use attune_policy::schema::Schema;
use attune_policy::value::{Type, Value};

/// The rows of a dataset as requests for one schema.
pub struct Requests {
    dataset: Dataset,
    subjects: Subjects,
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
        Ok(Requests { subjects: roles.subjects(dataset)?, dataset: dataset.clone(), time, as_of, fields })
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
        request.fields.clear();
        request.fields.extend(self.fields.iter().map(|(position, type_)| {
            let value = self.dataset.value_at(row, *position);
            convert(value, *type_)
        }));
    }

    /// The instant of a row (ms): its time column, else the project's `as_of`.
    pub fn now(&self, row: usize) -> i64 {
        match self.time.map(|position| self.dataset.value_at(row, position)) {
            Some(Value::Time(ms)) => ms,
            _ => self.as_of,
        }
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
