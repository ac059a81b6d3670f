//! Comparison, arithmetic, lists and functions on cells: what is common is done here, the rest by [`ops`] on data.

use super::program::{List, Program, Span, Step};
use super::scratch::{Cell, Place, RuleScratch, Text, Truth};
use super::{Row, Watch};
use crate::decision::Candidate;
use crate::history::Past;
use crate::language::context::Names;
use crate::language::datum::{Datum, Failed};
use crate::language::env::{Env, Term};
use crate::language::functions::Function;
use crate::language::mutant::planted;
use crate::language::ops::{self, Op};
use crate::value::Value;

impl<'a, E: Env + ?Sized, W: Watch> Row<'a, E, W> {
    #[inline]
    pub(super) fn field_integer(&mut self, at: u32, op: Op, i: u32, y: i64) -> Truth {
        match self.field(i) {
            Value::Integer(x) => mutated(op).holds(Some(x.cmp(&y))).into(),
            Value::Unknown => Truth::Unknown,
            other => self.other(at, op, other.into(), Datum::Integer(y)),
        }
    }

    #[inline]
    pub(super) fn field_number(&mut self, at: u32, op: Op, i: u32, y: f64) -> Truth {
        match self.field(i) {
            Value::Number(x) => mutated(op).holds(x.partial_cmp(&y)).into(),
            Value::Unknown => Truth::Unknown,
            other => self.other(at, op, other.into(), Datum::Number(y)),
        }
    }

    #[inline]
    pub(super) fn field_text(&mut self, at: u32, op: Op, i: u32, text: u32) -> Truth {
        let program: &'a Program = self.program;
        let y: &str = program.texts.get(text as usize).map_or("", |text| text);
        match self.field(i) {
            Value::Text(x) => match op {
                Op::Eq => (**x == *y).into(),
                Op::Ne => (**x != *y).into(),
                op => mutated(op).holds(Some((**x).cmp(y))).into(),
            },
            Value::Unknown => Truth::Unknown,
            other => self.other(at, op, other.into(), Datum::Text(y)),
        }
    }

    pub(super) fn compare(&mut self, at: u32, op: Op, a: u32, b: u32) -> Truth {
        let x = match self.cell(a) {
            Cell::Stop => return Truth::Stop,
            Cell::Fault => return Truth::Fault,
            x => x,
        };
        let y = self.cell(b);
        let op = mutated(op);
        match (x, y) {
            (_, Cell::Stop) => Truth::Stop,
            (_, Cell::Fault) => Truth::Fault,
            (Cell::Unknown, _) | (_, Cell::Unknown) => Truth::Unknown,
            (Cell::Integer(x), Cell::Integer(y)) => op.holds(Some(x.cmp(&y))).into(),
            (Cell::Number(x), Cell::Number(y)) => op.holds(x.partial_cmp(&y)).into(),
            (Cell::Integer(x), Cell::Number(y)) if planted!(FractionIsDroppedBesideWhole) => {
                op.holds(Some(x.cmp(&(y as i64)))).into()
            }
            (x, y) => {
                let result = {
                    let x = datum(self.program, self.names, self.env, self.scratch, x);
                    let y = datum(self.program, self.names, self.env, self.scratch, y);
                    op.on(x, y, &mut self.watch.words())
                };
                self.answer(at, result)
            }
        }
    }

    pub(super) fn calculate(&mut self, at: u32, op: Op, a: u32, b: u32) -> Cell {
        let x = match self.cell(a) {
            end @ (Cell::Stop | Cell::Fault) => return end,
            x => x,
        };
        let y = self.cell(b);
        match (x, y) {
            (_, end @ (Cell::Stop | Cell::Fault)) => end,
            (Cell::Unknown, _) | (_, Cell::Unknown) => Cell::Unknown,
            (Cell::Number(x), Cell::Number(y)) => Cell::Number(op.real(x, y)),
            (Cell::Integer(x), Cell::Integer(y)) if planted!(SumsWrap) && op == Op::Add => {
                Cell::Integer(x.wrapping_add(y))
            }
            (Cell::Integer(x), Cell::Integer(y)) if planted!(DivisionRoundsDown) && op == Op::Div && y > 0 => {
                Cell::Integer(x.div_euclid(y))
            }
            (Cell::Integer(x), Cell::Integer(y)) => {
                let result = op.whole(x, y, &mut self.watch.words());
                match result {
                    Ok(x) => Cell::Integer(x),
                    Err(Failed) => self.fault(at),
                }
            }
            (x, y) => {
                let result = {
                    let x = datum(self.program, self.names, self.env, self.scratch, x);
                    let y = datum(self.program, self.names, self.env, self.scratch, y);
                    op.on(x, y, &mut self.watch.words())
                };
                match result {
                    Ok(datum) => small(datum),
                    Err(Failed) => self.fault(at),
                }
            }
        }
    }

    pub(super) fn negate(&mut self, at: u32, x: u32) -> Cell {
        let x = match self.cell(x) {
            Cell::Number(x) => return Cell::Number(-x),
            end @ (Cell::Stop | Cell::Fault) => return end,
            x => x,
        };
        let result = {
            let x = datum(self.program, self.names, self.env, self.scratch, x);
            ops::negate(x, &mut self.watch.words())
        };
        match result {
            Ok(datum) => small(datum),
            Err(Failed) => self.fault(at),
        }
    }

    pub(super) fn is_in(&mut self, at: u32, x: u32, list: u32) -> Truth {
        let program: &'a Program = self.program;
        let Some(list) = program.lists.get(list as usize) else { return Truth::Unknown };
        // The text of a field is looked up where it is.
        let x = match (program.steps.get(x as usize), list) {
            (Some(Step::Field(i)), List::Texts(items)) => match self.field(*i) {
                Value::Text(x) => return items.contains(x).into(),
                Value::Unknown => return Truth::Unknown,
                _ => self.cell(x),
            },
            _ => self.cell(x),
        };
        match (x, list) {
            (Cell::Unknown, _) => Truth::Unknown,
            (Cell::Stop, _) => Truth::Stop,
            (Cell::Fault, _) => Truth::Fault,
            (Cell::Integer(x), List::Integers(items)) => items.contains(&x).into(),
            (x, list) => {
                let result = {
                    let x = datum(self.program, self.names, self.env, self.scratch, x);
                    let mut words = self.watch.words();
                    match list {
                        List::Integers(items) => ops::is_in(x, items.iter().map(|i| Datum::Integer(*i)), &mut words),
                        List::Texts(items) => ops::is_in(x, items.iter().map(|text| Datum::Text(text)), &mut words),
                        List::Values(items) => ops::is_in(x, items.iter().map(Datum::from), &mut words),
                    }
                };
                match result {
                    Ok(None) if planted!(UnknownItemIsNotThere) => Truth::False,
                    Ok(found) => found.into(),
                    Err(Failed) => {
                        self.fault(at);
                        Truth::Fault
                    }
                }
            }
        }
    }

    pub(super) fn call(&mut self, at: u32, function: &'static Function, span: Span) -> Cell {
        let mut cells = [Cell::Unknown; 3];
        let mut count = 0;
        for (cell, i) in cells.iter_mut().zip(span.start..span.end) {
            *cell = match self.cell(self.operand(i)) {
                end @ (Cell::Stop | Cell::Fault) => return end,
                x => x,
            };
            count += 1;
        }
        let mut made = std::mem::take(&mut self.scratch.buffer);
        made.clear();
        let result = {
            let args = cells.map(|x| datum(self.program, self.names, self.env, self.scratch, x));
            let args = args.get(..count).unwrap_or(&[]);
            let result = function.on(&Seen(self.env), args, &mut made, &mut self.watch.words());
            if let Ok(value) = &result {
                self.watch.call(function, args, *value);
            }
            result.map(|value| match value {
                Datum::Text(_) => None,
                value => Some(small(value)),
            })
        };
        let cell = match result {
            Ok(Some(cell)) => cell,
            Ok(None) => Cell::Text(self.scratch.made(&made, self.program.for_candidate(at))),
            Err(Failed) => self.fault(at),
        };
        self.scratch.buffer = made;
        cell
    }

    /// What [`Env`] answered.
    pub(super) fn given(&mut self, at: u32, result: Result<Value, String>) -> Cell {
        match result {
            Ok(Value::Text(text)) => Cell::Text(self.scratch.made(&text, self.program.for_candidate(at))),
            Ok(value) => plain(&value, Place::Made(u32::MAX)),
            Err(message) => {
                self.watch.words().fail(|| message);
                self.fault(at)
            }
        }
    }

    /// A value that must be true, false or unknown.
    pub(super) fn as_bool(&mut self, at: u32, cell: Cell) -> Truth {
        match cell {
            Cell::Bool(b) => b.into(),
            Cell::Unknown => Truth::Unknown,
            Cell::Stop => Truth::Stop,
            Cell::Fault => Truth::Fault,
            other => {
                let result = {
                    let x = datum(self.program, self.names, self.env, self.scratch, other);
                    ops::truth(x, &mut self.watch.words())
                };
                match result {
                    Ok(truth) => truth.into(),
                    Err(Failed) => {
                        self.fault(at);
                        Truth::Fault
                    }
                }
            }
        }
    }

    /// A comparison of what was not expected of a field.
    #[cold]
    fn other(&mut self, at: u32, op: Op, x: Datum<'_>, y: Datum<'_>) -> Truth {
        let result = op.on(x, y, &mut self.watch.words());
        self.answer(at, result)
    }

    fn answer(&mut self, at: u32, result: Result<Datum<'static>, Failed>) -> Truth {
        match result {
            Ok(Datum::Bool(b)) => b.into(),
            Ok(_) => Truth::Unknown,
            Err(Failed) => {
                self.fault(at);
                Truth::Fault
            }
        }
    }
}

/// The operator that is meant.
#[inline(always)]
fn mutated(op: Op) -> Op {
    if op == Op::Lt && planted!(LessOrEqualForLess) { Op::Le } else { op }
}

/// A value as a cell; a text is at `place`.
#[inline]
pub fn plain(value: &Value, place: Place) -> Cell {
    match value {
        Value::Unknown => Cell::Unknown,
        Value::Bool(b) => Cell::Bool(*b),
        Value::Integer(i) => Cell::Integer(*i),
        Value::Number(x) => Cell::Number(*x),
        Value::Time(t) => Cell::Time(*t),
        Value::Text(_) => Cell::Text(Text(place)),
    }
}

/// A result that is no text.
pub fn small(datum: Datum<'_>) -> Cell {
    match datum {
        Datum::Unknown | Datum::Text(_) => Cell::Unknown,
        Datum::Bool(b) => Cell::Bool(b),
        Datum::Integer(i) => Cell::Integer(i),
        Datum::Number(x) => Cell::Number(x),
        Datum::Time(t) => Cell::Time(t),
    }
}

/// A cell with its text; unknown for what is no value.
pub fn datum<'b, E: Env + ?Sized>(
    program: &'b Program,
    names: &'b Names,
    env: &'b E,
    scratch: &'b RuleScratch,
    cell: Cell,
) -> Datum<'b> {
    match cell {
        Cell::Unknown | Cell::Stop | Cell::Fault => Datum::Unknown,
        Cell::Bool(b) => Datum::Bool(b),
        Cell::Integer(i) => Datum::Integer(i),
        Cell::Number(x) => Datum::Number(x),
        Cell::Time(t) => Datum::Time(t),
        Cell::Text(Text(place)) => Datum::Text(match place {
            Place::Field(i) => env.field(i as usize).as_text().unwrap_or(""),
            Place::Fact(i) => names.fact_value(i as usize, env.candidate()).as_text().unwrap_or(""),
            Place::Literal(i) => program.texts.get(i as usize).map_or("", |text| text),
            made => scratch.made_text(made),
        }),
    }
}

/// An [`Env`] of any kind, for functions that take one behind a pointer.
pub struct Seen<'e, E: ?Sized>(pub &'e E);

impl<E: Env + ?Sized> Env for Seen<'_, E> {
    fn field(&self, index: usize) -> &Value {
        self.0.field(index)
    }
    fn score(&self, model: usize) -> Result<Value, String> {
        self.0.score(model)
    }
    fn table(&self, index: usize) -> Result<Value, String> {
        self.0.table(index)
    }
    fn candidate(&self) -> Candidate {
        self.0.candidate()
    }
    fn term(&self, term: Term) -> f64 {
        self.0.term(term)
    }
    fn past(&self) -> Past<'_> {
        self.0.past()
    }
    fn now(&self) -> i64 {
        self.0.now()
    }
    fn zone(&self) -> Option<&str> {
        self.0.zone()
    }
    fn is_inbound(&self, channel: &str) -> bool {
        self.0.is_inbound(channel)
    }
}
