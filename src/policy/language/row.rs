//! The row evaluator: one expression on one row, by walking its graph.

use super::context::Names;
use super::env::Env;
use super::graph::{Graph, Id, Node};
use super::ops;
use super::reads::Reads;
use super::source::At;
use crate::value::Value;

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
        Stop::Fault(format!("line {}, column {}: {message}", at.line, at.column))
    }
}

/// One expression on one row.
pub struct Row<'a> {
    pub names: &'a Names,
    pub graph: &'a Graph,
    pub env: &'a dyn Env,
    pub reads: Option<&'a mut Reads>,
    pub memo: Vec<Option<Value>>,
}

impl Row<'_> {
    pub fn eval(&mut self, id: Id) -> Result<Value, Stop> {
        if let Some(Some(value)) = self.memo.get(id.index()) {
            return Ok(value.clone());
        }
        let value = self.compute(id)?;
        if let Some(slot) = self.memo.get_mut(id.index()) {
            *slot = Some(value.clone());
        }
        Ok(value)
    }

    fn compute(&mut self, id: Id) -> Result<Value, Stop> {
        let at = self.graph.at(id);
        let fault = |message: String| Stop::fault(&message, at);
        let graph = self.graph;
        Ok(match graph.node(id) {
            Node::Const(literal) => literal.0.clone(),
            Node::Field(i) => {
                let value = self.env.field(*i as usize);
                if let Some(reads) = self.reads.as_deref_mut() {
                    reads.field(self.names, *i as usize, value);
                }
                value.clone()
            }
            Node::Fact(i) => {
                let value = self.names.fact_value(*i as usize, self.env.candidate());
                if let Some(reads) = self.reads.as_deref_mut() {
                    reads.fact(self.names, *i as usize, value);
                }
                value.clone()
            }
            Node::Term(term) => {
                let value = Value::Number(self.env.term(*term));
                if let Some(reads) = self.reads.as_deref_mut() {
                    reads.term(*term, &value);
                }
                value
            }
            Node::Score(i) => {
                let value = self.env.score(*i as usize).map_err(fault)?;
                if let Some(reads) = self.reads.as_deref_mut() {
                    reads.score(self.names, *i as usize, &value);
                }
                value
            }
            Node::Table(i) => {
                let value = self.env.table(*i as usize).map_err(fault)?;
                if let Some(reads) = self.reads.as_deref_mut() {
                    reads.table(self.names, *i as usize, &value);
                }
                value
            }
            Node::And(ids) => {
                let mut all = Some(true);
                for id in ids {
                    all = ops::and(all, self.truth(*id)?);
                    if all == Some(false) {
                        break;
                    }
                }
                ops::from_truth(all)
            }
            Node::Or(ids) => {
                let mut any = Some(false);
                for id in ids {
                    any = ops::or(any, self.truth(*id)?);
                    if any == Some(true) {
                        break;
                    }
                }
                ops::from_truth(any)
            }
            Node::Not(x) => ops::from_truth(self.truth(*x)?.map(|x| !x)),
            Node::AsBool(x) => ops::from_truth(ops::truth(&self.eval(*x)?).map_err(fault)?),
            Node::Negate(x) => ops::negate(&self.eval(*x)?).map_err(fault)?,
            Node::Binary(op, a, b) => {
                let (a, b) = (self.eval(*a)?, self.eval(*b)?);
                op.apply(&a, &b).map_err(fault)?
            }
            Node::InConst(x, items) => {
                let x = self.eval(*x)?;
                ops::is_in(&x, items.iter().map(|item| &item.0)).map_err(fault)?
            }
            Node::OrElse(ids) => {
                let mut value = Value::Unknown;
                for id in ids {
                    value = self.eval(*id)?;
                    if value.is_known() {
                        break;
                    }
                }
                value
            }
            Node::IsKnown(x) => Value::Bool(self.eval(*x)?.is_known()),
            Node::Call(function, ids) => {
                let args: Vec<Value> = ids.iter().map(|id| self.eval(*id)).collect::<Result<_, _>>()?;
                let value = function.call(self.env, &args).map_err(fault)?;
                if let Some(reads) = self.reads.as_deref_mut() {
                    reads.call(function, &args, &value);
                }
                value
            }
            Node::If(condition, then, otherwise) => match self.truth(*condition)? {
                Some(true) => self.eval(*then)?,
                Some(false) => self.eval(*otherwise)?,
                None => return Err(Stop::Unknown),
            },
            Node::Demand(x) => match self.eval(*x)? {
                Value::Unknown => return Err(Stop::Unknown),
                value => value,
            },
            Node::Seq(ids) => {
                let mut value = Value::Unknown;
                for id in ids {
                    value = self.eval(*id)?;
                }
                value
            }
        })
    }

    fn truth(&mut self, id: Id) -> Result<Option<bool>, Stop> {
        let at = self.graph.at(id);
        ops::truth(&self.eval(id)?).map_err(|e| Stop::fault(&e, at))
    }
}
