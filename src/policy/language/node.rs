//! The typed form a checked expression is lowered to, and the evaluator that walks it row by row.
//!
//! It reads values by position, borrows instead of copying, and allocates only where a function makes a new text.
//! Loops, lists held in variables, maps and `switch` have no node: they stay with the interpreter.

use super::context::Names;
use super::env::{Env, Term};
use super::functions::Function;
use super::ops::{self, Op};
use super::reads::Reads;
use super::source::At;
use crate::value::Value;
use std::borrow::Cow;

/// A lowered expression.
#[derive(Clone, Debug)]
pub enum Node {
    /// A literal.
    Const(Value),
    /// A variable of the policy.
    Field(usize),
    /// `action.…`
    Fact(usize),
    /// A term of arbitration.
    Term(Term),
    /// `score("…")`
    Score(usize, At),
    /// A variable of the rule itself, by slot.
    Local(usize),
    /// `a && b`
    And(Box<(Node, Node)>, At),
    /// `a || b`
    Or(Box<(Node, Node)>, At),
    /// `!a`
    Not(Box<Node>, At),
    /// `-a`
    Negate(Box<Node>, At),
    /// Comparison or arithmetic.
    Binary(Op, Box<(Node, Node)>, At),
    /// `x in [literals]`
    InConst(Box<Node>, Vec<Value>, At),
    /// `x in [expressions]`
    InList(Box<Node>, Vec<Node>, At),
    /// `x in low..high`, or `low..=high`
    InRange { x: Box<Node>, low: i64, high: i64, inclusive: bool, at: At },
    /// `a ?? b`: the first that is known.
    OrElse(Vec<Node>),
    /// A function of the table.
    Call(&'static Function, Vec<Node>, At),
    /// `let x = …` or `x = …`; its own value is unknown.
    Set(usize, Box<Node>),
    /// Statements; the value is the last one's.
    Block(Vec<Node>),
    /// `if a { b } else { c }`
    If(Box<(Node, Node, Node)>, At),
}

/// Why an evaluation ended early.
#[derive(Debug)]
pub enum Stop {
    /// A condition was unknown, so everything is.
    Unknown,
    /// A failure, in words with its place.
    Fault(String),
}

impl Stop {
    /// A failure at a place.
    pub fn fault(message: &str, at: At) -> Stop {
        Stop::Fault(fault_text(message, at))
    }
}

/// The words of a failure with its place.
pub fn fault_text(message: &str, at: At) -> String {
    format!("line {}, column {}: {message}", at.line, at.column)
}

/// Rules with more variables of their own than this keep them on the heap.
const INLINE: usize = 8;

/// The evaluator: one rule on one row.
pub struct Row<'a> {
    pub names: &'a Names,
    pub env: &'a dyn Env,
    pub reads: Option<&'a mut Reads>,
}

impl<'a> Row<'a> {
    /// Evaluates `node`, which has `locals` variables of its own.
    pub fn run(&mut self, node: &'a Node, locals: usize) -> Result<Value, Stop> {
        // Most rules have no variables, some a few.
        let result = match locals {
            0 => self.eval(node, &mut []),
            1..=INLINE => self.eval(node, &mut <[Value; INLINE]>::default()),
            _ => self.eval(node, &mut vec![Value::Unknown; locals]),
        };
        result.map(Cow::into_owned)
    }

    fn eval(&mut self, node: &'a Node, slots: &mut [Value]) -> Result<Cow<'a, Value>, Stop> {
        Ok(match node {
            Node::Const(value) => Cow::Borrowed(value),
            Node::Field(i) => {
                let value = self.env.field(*i);
                if let Some(reads) = self.reads.as_deref_mut() {
                    reads.field(self.names, *i, value);
                }
                Cow::Borrowed(value)
            }
            Node::Fact(i) => {
                let value = self.names.fact_value(*i, self.env.candidate());
                if let Some(reads) = self.reads.as_deref_mut() {
                    reads.fact(self.names, *i, value);
                }
                Cow::Borrowed(value)
            }
            Node::Term(term) => {
                let value = Value::Number(self.env.term(*term));
                if let Some(reads) = self.reads.as_deref_mut() {
                    reads.term(*term, &value);
                }
                Cow::Owned(value)
            }
            Node::Score(i, at) => {
                let value = self.env.score(*i).map_err(|e| Stop::fault(&e, *at))?;
                if let Some(reads) = self.reads.as_deref_mut() {
                    reads.score(self.names, *i, &value);
                }
                Cow::Owned(value)
            }
            Node::Local(slot) => Cow::Owned(slots.get(*slot).cloned().unwrap_or_default()),
            Node::And(sides, at) => {
                let left = self.truth(&sides.0, *at, slots)?;
                let value = if left == Some(false) { left } else { ops::and(left, self.truth(&sides.1, *at, slots)?) };
                Cow::Owned(ops::from_truth(value))
            }
            Node::Or(sides, at) => {
                let left = self.truth(&sides.0, *at, slots)?;
                let value = if left == Some(true) { left } else { ops::or(left, self.truth(&sides.1, *at, slots)?) };
                Cow::Owned(ops::from_truth(value))
            }
            Node::Not(x, at) => {
                let x = self.eval(x, slots)?;
                Cow::Owned(ops::not(&x).map_err(|e| Stop::fault(&e, *at))?)
            }
            Node::Negate(x, at) => {
                let x = self.eval(x, slots)?;
                Cow::Owned(ops::negate(&x).map_err(|e| Stop::fault(&e, *at))?)
            }
            Node::Binary(op, sides, at) => {
                let left = self.eval(&sides.0, slots)?;
                let right = self.eval(&sides.1, slots)?;
                Cow::Owned(op.apply(&left, &right).map_err(|e| Stop::fault(&e, *at))?)
            }
            Node::InConst(x, items, at) => {
                let x = self.eval(x, slots)?;
                Cow::Owned(ops::is_in(&x, items).map_err(|e| Stop::fault(&e, *at))?)
            }
            Node::InList(x, items, at) => {
                // The list stands on the right but is made first, as the interpreter does.
                let items: Vec<Cow<'a, Value>> = items.iter().map(|i| self.eval(i, slots)).collect::<Result<_, _>>()?;
                let x = self.eval(x, slots)?;
                Cow::Owned(ops::is_in(&x, items.iter().map(Cow::as_ref)).map_err(|e| Stop::fault(&e, *at))?)
            }
            Node::InRange { x, low, high, inclusive, at } => {
                let x = self.eval(x, slots)?;
                Cow::Owned(ops::is_in_range(&x, *low, *high, *inclusive).map_err(|e| Stop::fault(&e, *at))?)
            }
            Node::OrElse(options) => {
                let mut value = Cow::Owned(Value::Unknown);
                for option in options {
                    value = self.eval(option, slots)?;
                    if value.is_known() {
                        break;
                    }
                }
                value
            }
            Node::Call(function, args, at) => Cow::Owned(self.call(function, args, *at, slots)?),
            Node::Set(slot, x) => {
                let value = self.eval(x, slots)?.into_owned();
                if let Some(place) = slots.get_mut(*slot) {
                    *place = value;
                }
                Cow::Owned(Value::Unknown)
            }
            Node::Block(statements) => {
                let mut value = Cow::Owned(Value::Unknown);
                for statement in statements {
                    value = self.eval(statement, slots)?;
                }
                value
            }
            Node::If(parts, at) => match self.truth(&parts.0, *at, slots)? {
                Some(true) => self.eval(&parts.1, slots)?,
                Some(false) => self.eval(&parts.2, slots)?,
                None => return Err(Stop::Unknown),
            },
        })
    }

    fn truth(&mut self, node: &'a Node, at: At, slots: &mut [Value]) -> Result<Option<bool>, Stop> {
        let value = self.eval(node, slots)?;
        ops::truth(&value).map_err(|e| Stop::fault(&e, at))
    }

    fn call(
        &mut self,
        function: &'static Function,
        args: &'a [Node],
        at: At,
        slots: &mut [Value],
    ) -> Result<Value, Stop> {
        // No function takes more than three arguments; a test holds the table to it.
        let mut values: [Value; 3] = Default::default();
        for (value, node) in values.iter_mut().zip(args) {
            *value = self.eval(node, slots)?.into_owned();
        }
        let given = values.get(..args.len()).unwrap_or(&values);
        let result = function.call(self.env, given).map_err(|e| Stop::fault(&e, at))?;
        if let Some(reads) = self.reads.as_deref_mut() {
            reads.call(function, given, &result);
        }
        Ok(result)
    }
}
