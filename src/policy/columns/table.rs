//! Columns completed by the row recipe: what rules and models read, by the position of a variable.

use super::Columns;
use super::values::Values;
use crate::recipe::Program;
use crate::value::Value;

/// The columns of a batch: fields of the schema as its missing rules leave them, then outputs of the recipe.
#[derive(Clone, Debug)]
pub struct Table<'a> {
    columns: &'a Columns<'a>,
    /// Fields that freshness and missing rules have changed, by position.
    entered: Vec<(usize, Values<'a>)>,
    derived: Vec<Values<'a>>,
}

impl<'a> Table<'a> {
    /// Runs the recipe over all rows. The values are those it gives row by row.
    pub fn new(columns: &'a Columns<'a>, program: &Program) -> Table<'a> {
        let mut table = Table { columns, entered: program.entry.admit_columns(columns), derived: Vec::new() };
        program.run_columns(columns, &mut table);
        table
    }

    /// Adds an output of the recipe.
    pub(crate) fn push(&mut self, values: Values<'a>) {
        self.derived.push(values);
    }

    /// The columns it was made from.
    pub fn columns(&self) -> &'a Columns<'a> {
        self.columns
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The values of a variable: the fields in the order of the schema, then the outputs of the recipe.
    pub fn variable(&self, index: usize) -> Option<&Values<'a>> {
        let fields = self.columns.fields();
        match fields.get(index) {
            Some(field) => Some(self.entered.iter().find(|(at, _)| *at == index).map_or(field, |(_, values)| values)),
            None => self.derived.get(index.checked_sub(fields.len())?),
        }
    }

    /// Replaces `values` by those of a row. Allocates nothing once `values` has the room.
    pub fn read(&self, row: usize, values: &mut Vec<Value>) {
        self.columns.read(row, values);
        for (at, entered) in &self.entered {
            if let Some(value) = values.get_mut(*at) {
                *value = entered.get(row);
            }
        }
        values.extend(self.derived.iter().map(|column| column.get(row)));
    }
}
