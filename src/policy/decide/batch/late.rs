//! The values of a row, read when they are first asked for.

use crate::columns::Table;
use crate::row::Row;
use crate::value::Value;
use std::cell::{Cell, OnceCell};

/// Where the values of a case come from.
#[derive(Clone)]
pub enum Fields<'a> {
    /// They were read when the case began.
    Read(Row<'a>),
    /// They stand in the columns of a batch.
    Late(&'a Late<'a>),
}

/// A row of a batch.
pub struct Late<'a> {
    pub table: &'a Table<'a>,
    /// Its number in the table.
    pub row: usize,
    /// Its values, recipe outputs included, once something has asked.
    pub values: OnceCell<Vec<Value>>,
    /// Room for the values of one row.
    pub pool: &'a Cell<Vec<Value>>,
}

impl Late<'_> {
    fn values(&self) -> &[Value] {
        self.values.get_or_init(|| {
            let mut values = self.pool.take();
            self.table.read(self.row, &mut values);
            values
        })
    }

    /// Returns the room.
    pub fn give_back(self) {
        if let Some(values) = self.values.into_inner() {
            self.pool.set(values);
        }
    }
}

impl Fields<'_> {
    /// The value of a column of the row; unknown beyond the end.
    #[inline]
    pub fn get(&self, index: usize) -> &Value {
        static UNKNOWN: Value = Value::Unknown;
        match self {
            Fields::Read(row) => row.get(index),
            Fields::Late(late) => late.values().get(index).unwrap_or(&UNKNOWN),
        }
    }

    /// The row as models read it.
    pub fn row(&self) -> Row<'_> {
        match self {
            Fields::Read(row) => row.clone(),
            Fields::Late(late) => Row::complete(late.values()),
        }
    }
}
