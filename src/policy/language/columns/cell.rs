//! What a step gave for the rows of a batch, and the pools it is kept in: nothing is allocated after the first batch.

use super::bits::{BATCH, Bits};
use super::program::Step;
use crate::language::graph::Ty;
use crate::value::Value;
use std::sync::Arc;

/// The values of a step. Only the rows of `done` mean anything; of these a row is stopped, failed, known or unknown.
#[derive(Debug, Default)]
pub struct Cell {
    pub done: Bits,
    pub known: Bits,
    pub stop: Bits,
    pub fault: Bits,
    /// Of true or false: the rows where it is true. A row that is not known is not true.
    pub truth: Bits,
    /// Whole numbers and times.
    pub whole: Vec<i64>,
    pub numbers: Vec<f64>,
    /// Places in the dictionary of the step.
    pub codes: Vec<u32>,
    /// Values whose type only the row tells.
    pub mixed: Vec<Value>,
    /// The value of a step that has one for all rows.
    pub scalar: Value,
}

impl Cell {
    /// A cell with room for a batch of what the step gives.
    pub fn new(step: &Step) -> Cell {
        let mut cell = Cell::default();
        let stored = !step.uniform && !matches!(step.kernel, super::program::Kernel::Field(_));
        match step.ty {
            Ty::Integer | Ty::Time if stored => cell.whole = vec![0; BATCH],
            Ty::Number if stored => cell.numbers = vec![0.0; BATCH],
            Ty::Text if stored => cell.codes = vec![0; BATCH],
            Ty::Numeric | Ty::Any if stored => cell.mixed = vec![Value::Unknown; BATCH],
            _ => {}
        }
        cell
    }

    /// Writes what is known of the rows of `at`; rows that stopped or failed are not known.
    pub fn put(&mut self, at: Bits, known: Bits, stop: Bits, fault: Bits) {
        self.stop.take(stop, at);
        self.fault.take(fault, at);
        self.known.take(known & !(stop | fault), at);
    }

    /// Writes the value of one row.
    pub fn put_value(&mut self, row: usize, value: Value) {
        self.known.set(row, value.is_known());
        self.truth.set(row, value == Value::Bool(true));
        let written = match (value, self.whole.get_mut(row), self.numbers.get_mut(row), self.mixed.get_mut(row)) {
            (value, _, _, Some(place)) => {
                *place = value;
                true
            }
            (Value::Integer(x) | Value::Time(x), Some(place), ..) => {
                *place = x;
                true
            }
            (Value::Number(x), _, Some(place), _) => {
                *place = x;
                true
            }
            (Value::Bool(_) | Value::Unknown, ..) => true,
            _ => false,
        };
        if !written {
            // Types are certain; a value that has none of its own is not known.
            self.known.set(row, false);
        }
    }
}

/// Room for the operands of a loop that must be converted first.
#[derive(Debug)]
pub struct Rooms(pub Box<[[f64; BATCH]; 3]>);

impl Default for Rooms {
    fn default() -> Rooms {
        Rooms(Box::new([[0.0; BATCH]; 3]))
    }
}

/// Texts that a step may give, and what was looked up in them: good for all batches of a table.
#[derive(Debug, Default)]
pub struct Words {
    pub dictionary: Option<Arc<[Arc<str>]>>,
    /// Operands whose texts are in the dictionary, and where they begin.
    pub offsets: Vec<(usize, u32)>,
    /// Per text of the operand: whether the function failed for it.
    pub failed: Vec<bool>,
    /// Per text of the operand: its length.
    pub lengths: Vec<i64>,
    /// Answers about the texts of the operand, by what they were compared with.
    pub answers: Vec<(Arc<str>, Lookup)>,
    /// Order of the texts of two operands among each other.
    pub ranks: Option<[Vec<u32>; 2]>,
}

/// A test of every text of a dictionary.
#[derive(Debug)]
pub enum Lookup {
    /// True of this text alone.
    Only(u32),
    /// True of these.
    Of(Vec<bool>),
}

impl Lookup {
    pub fn of(dictionary: &[Arc<str>], mut test: impl FnMut(&Arc<str>) -> bool) -> Lookup {
        let of: Vec<bool> = dictionary.iter().map(&mut test).collect();
        let mut found = of.iter().zip(0u32..).filter(|(is, _)| **is).map(|(_, code)| code);
        match (found.next(), found.next()) {
            (None, _) => Lookup::Only(crate::columns::MISSING),
            (Some(code), None) => Lookup::Only(code),
            _ => Lookup::Of(of),
        }
    }

    /// The rows whose text passes.
    pub fn test(&self, codes: &[u32]) -> Bits {
        match self {
            Lookup::Only(only) => Bits::of(codes, |code| code == *only),
            Lookup::Of(of) => Bits::of(codes, |code| of.get(code as usize).copied().unwrap_or(false)),
        }
    }
}
