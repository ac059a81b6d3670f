//! Who looks on while a row is evaluated: no one, or someone who wants to know what was read and what failed.

use crate::language::context::Names;
use crate::language::datum::{Datum, Words};
use crate::language::env::Term;
use crate::language::functions::{Function, Topic};
use crate::language::graph::{Graph, Id};
use crate::language::reads::Reads;
use crate::value::Value;

/// Is told what happens. The answer is the same whoever looks on.
pub trait Watch {
    /// Where the words of a failure go.
    fn words(&mut self) -> Words<'_>;
    /// The node failed, by the words said last.
    fn fault(&mut self, node: usize);
    /// A variable was read.
    fn field(&mut self, i: u32, value: &Value);
    /// A fact of the candidate was read.
    fn fact(&mut self, i: u32, value: &Value);
    /// A term of arbitration was read.
    fn term(&mut self, term: Term, x: f64);
    /// A score was read.
    fn score(&mut self, i: u32, result: &Result<Value, String>);
    /// A decision table was read.
    fn table(&mut self, i: u32, result: &Result<Value, String>);
    /// A function was called.
    fn call(&mut self, function: &Function, args: &[Datum<'_>], value: Datum<'_>);
}

/// No one looks on.
pub struct NoOne;

impl Watch for NoOne {
    #[inline(always)]
    fn words(&mut self) -> Words<'_> {
        Words::none()
    }
    #[inline(always)]
    fn fault(&mut self, _: usize) {}
    #[inline(always)]
    fn field(&mut self, _: u32, _: &Value) {}
    #[inline(always)]
    fn fact(&mut self, _: u32, _: &Value) {}
    #[inline(always)]
    fn term(&mut self, _: Term, _: f64) {}
    #[inline(always)]
    fn score(&mut self, _: u32, _: &Result<Value, String>) {}
    #[inline(always)]
    fn table(&mut self, _: u32, _: &Result<Value, String>) {}
    #[inline(always)]
    fn call(&mut self, _: &Function, _: &[Datum<'_>], _: Datum<'_>) {}
}

/// Someone notes what fails, and what is read if that is asked for.
pub struct Listening<'a> {
    pub names: &'a Names,
    pub graph: &'a Graph,
    pub reads: Option<&'a mut Reads>,
    /// The words of the failure, with its place once it is known.
    pub message: String,
}

impl Listening<'_> {
    fn read(&mut self, note: impl FnOnce(&mut Reads, &Names)) {
        if let Some(reads) = self.reads.as_deref_mut() {
            note(reads, self.names);
        }
    }
}

impl Watch for Listening<'_> {
    fn words(&mut self) -> Words<'_> {
        Words::to(&mut self.message)
    }

    fn fault(&mut self, node: usize) {
        let at = self.graph.at(Id::at(node));
        self.message = at.say(&self.message);
    }

    fn field(&mut self, i: u32, value: &Value) {
        self.read(|reads, names| reads.field(names, i as usize, value));
    }

    fn fact(&mut self, i: u32, value: &Value) {
        self.read(|reads, names| reads.fact(names, i as usize, value));
    }

    fn term(&mut self, term: Term, x: f64) {
        self.read(|reads, _| reads.term(term, &Value::Number(x)));
    }

    fn score(&mut self, i: u32, result: &Result<Value, String>) {
        if let Ok(value) = result {
            self.read(|reads, names| reads.score(names, i as usize, value));
        }
    }

    fn table(&mut self, i: u32, result: &Result<Value, String>) {
        if let Ok(value) = result {
            self.read(|reads, names| reads.table(names, i as usize, value));
        }
    }

    fn call(&mut self, function: &Function, args: &[Datum<'_>], value: Datum<'_>) {
        if function.topic == Topic::History {
            self.read(|reads, _| {
                let args: Vec<Value> = args.iter().map(|arg| Value::from(*arg)).collect();
                reads.call(function, &args, &Value::from(value));
            });
        }
    }
}
