//! The row evaluator: expressions of one graph on one row. It allocates nothing, not even for failures; their words are made by
//! evaluating the expression's source graph once more, by the same steps, with someone listening ([`Watch`]).

mod program;
mod scratch;
mod values;
mod watch;

pub use program::Program;
pub use scratch::{Cell, RuleScratch, Text, Truth};
pub use values::{Seen, datum, small};
pub use watch::{Listening, NoOne, Watch};

use super::context::Names;
use super::env::Env;
use super::mutant::planted;
use crate::value::Value;
use program::{Span, Step};
use scratch::Place;
use values::plain;

/// A program on one row.
pub struct Row<'a, E: ?Sized, W> {
    pub program: &'a Program,
    pub names: &'a Names,
    pub env: &'a E,
    pub scratch: &'a mut RuleScratch,
    pub watch: W,
}

impl<'a, E: Env + ?Sized, W: Watch> Row<'a, E, W> {
    /// The value of a step that is true, false or unknown.
    pub fn truth(&mut self, at: u32) -> Truth {
        match self.step(at) {
            Step::FieldInteger(op, i, y) => self.field_integer(at, op, i, y),
            Step::FieldNumber(op, i, y) => self.field_number(at, op, i, y),
            Step::FieldText(op, i, text) => self.field_text(at, op, i, text),
            Step::And(span) => self.all(span),
            Step::Or(span) => self.any(span),
            Step::Not(x) => match self.truth(x) {
                Truth::True => Truth::False,
                Truth::False => Truth::True,
                other => other,
            },
            Step::AsBool(x) => {
                let cell = self.cell(x);
                self.as_bool(at, cell)
            }
            Step::Compare(op, a, b) => self.compare(at, op, a, b),
            Step::In(x, list) => self.is_in(at, x, list),
            Step::IsKnown(x) => match self.cell(x) {
                Cell::Unknown => Truth::False,
                Cell::Stop => Truth::Stop,
                Cell::Fault => Truth::Fault,
                _ => Truth::True,
            },
            Step::If(condition, then, otherwise) => match self.truth(condition) {
                Truth::True => self.truth(then),
                Truth::False => self.truth(otherwise),
                Truth::Unknown if planted!(UnknownTakesElse) => self.truth(otherwise),
                Truth::Unknown | Truth::Stop => Truth::Stop,
                Truth::Fault => Truth::Fault,
            },
            Step::Kept { step, slot, varies } => match self.scratch.kept(slot, varies) {
                Some(cell) => self.as_bool(at, cell),
                None => {
                    let truth = self.truth(step);
                    self.scratch.keep(slot, truth.into());
                    truth
                }
            },
            _ => {
                let cell = self.cell(at);
                self.as_bool(at, cell)
            }
        }
    }

    /// The value of a step.
    pub fn cell(&mut self, at: u32) -> Cell {
        match self.step(at) {
            Step::Unknown => Cell::Unknown,
            Step::Bool(b) => Cell::Bool(b),
            Step::Integer(i) => Cell::Integer(i),
            Step::Number(x) => Cell::Number(x),
            Step::Time(t) => Cell::Time(t),
            Step::Literal(i) => Cell::Text(Text(Place::Literal(i))),
            Step::Field(i) => plain(self.field(i), Place::Field(i)),
            Step::Fact(i) => {
                let value = self.names.fact_value(i as usize, self.env.candidate());
                self.watch.fact(i, value);
                plain(value, Place::Fact(i))
            }
            Step::Term(term) => {
                let x = self.env.term(term);
                self.watch.term(term, x);
                Cell::Number(x)
            }
            Step::Score(i) => {
                let result = self.env.score(i as usize);
                self.watch.score(i, &result);
                self.given(at, result)
            }
            Step::Table(i) => {
                let result = self.env.table(i as usize);
                self.watch.table(i, &result);
                self.given(at, result)
            }
            Step::Negate(x) => self.negate(at, x),
            Step::Calculate(op, a, b) => self.calculate(at, op, a, b),
            Step::OrElse(span) => {
                for i in span.start..span.end {
                    match self.cell(self.operand(i)) {
                        Cell::Unknown => {}
                        other => return other,
                    }
                }
                Cell::Unknown
            }
            Step::Call(function, span) => self.call(at, function, span),
            Step::If(condition, then, otherwise) => match self.truth(condition) {
                Truth::True => self.cell(then),
                Truth::False => self.cell(otherwise),
                Truth::Unknown if planted!(UnknownTakesElse) => self.cell(otherwise),
                Truth::Unknown | Truth::Stop => Cell::Stop,
                Truth::Fault => Cell::Fault,
            },
            Step::Demand(x) => match self.cell(x) {
                Cell::Unknown => Cell::Stop,
                other => other,
            },
            Step::Seq(span) => {
                let mut value = Cell::Unknown;
                for i in span.start..span.end {
                    value = self.cell(self.operand(i));
                    match value {
                        Cell::Stop => return Cell::Stop,
                        Cell::Fault if planted!(StatementsFaultInSilence) => {}
                        Cell::Fault => return Cell::Fault,
                        _ => {}
                    }
                }
                value
            }
            Step::Kept { step, slot, varies } => match self.scratch.kept(slot, varies) {
                Some(cell) => cell,
                None => {
                    let cell = self.cell(step);
                    self.scratch.keep(slot, cell);
                    cell
                }
            },
            _ => self.truth(at).into(),
        }
    }

    /// Kleene's `&&`: false ends it, unknown does not.
    fn all(&mut self, span: Span) -> Truth {
        let mut all = Truth::True;
        for i in span.start..span.end {
            match self.truth(self.operand(i)) {
                Truth::True => {}
                Truth::False => return Truth::False,
                Truth::Unknown if planted!(UnknownEndsAnd) => return Truth::Unknown,
                Truth::Unknown => all = Truth::Unknown,
                end => return end,
            }
        }
        all
    }

    /// Kleene's `||`: true ends it, unknown does not.
    fn any(&mut self, span: Span) -> Truth {
        let mut any = Truth::False;
        for i in span.start..span.end {
            match self.truth(self.operand(i)) {
                Truth::False => {}
                Truth::True => return Truth::True,
                Truth::Unknown if planted!(UnknownIsFalseInOr) => {}
                Truth::Unknown => any = Truth::Unknown,
                end => return end,
            }
        }
        any
    }

    #[inline(always)]
    fn step(&self, at: u32) -> Step {
        self.program.steps.get(at as usize).copied().unwrap_or(Step::Unknown)
    }

    #[inline(always)]
    fn operand(&self, i: u32) -> u32 {
        self.program.operands.get(i as usize).copied().unwrap_or(u32::MAX)
    }

    #[inline(always)]
    fn field(&mut self, i: u32) -> &'a Value {
        let env: &'a E = self.env;
        let value = env.field(i as usize);
        self.watch.field(i, value);
        value
    }

    /// A failure at a step; its words were said.
    #[cold]
    fn fault(&mut self, at: u32) -> Cell {
        self.watch.fault(self.program.node(at));
        Cell::Fault
    }
}
