//! What an evaluation read, for traces and for `MissingInput`: names as they are written in the rule, with their values.

use super::context::Names;
use super::env::Term;
use super::functions::{Function, Topic};
use crate::value::Value;

/// Names and values in order of first reading.
#[derive(Clone, Debug, Default)]
pub struct Reads(Vec<(String, Value)>);

impl Reads {
    pub fn field(&mut self, names: &Names, i: usize, value: &Value) {
        if let Some(variable) = names.variables.get(i) {
            self.push(variable.name.clone(), value);
        }
    }

    pub fn fact(&mut self, names: &Names, i: usize, value: &Value) {
        if let Some(fact) = names.facts.get(i) {
            self.push(format!("action.{}", fact.name), value);
        }
    }

    pub fn score(&mut self, names: &Names, i: usize, value: &Value) {
        if let Some(model) = names.models.get(i) {
            self.push(format!("score({model:?})"), value);
        }
    }

    pub fn table(&mut self, names: &Names, i: usize, value: &Value) {
        if let Some(table) = names.tables.get(i) {
            self.push(format!("table({:?})", table.id), value);
        }
    }

    pub fn term(&mut self, term: Term, value: &Value) {
        self.push(term.name().to_owned(), value);
    }

    /// Calls that look at the history; the others say nothing their arguments do not.
    pub fn call(&mut self, function: &Function, args: &[Value], value: &Value) {
        if function.topic == Topic::History {
            let args: Vec<String> = args.iter().map(Value::to_string).collect();
            self.push(format!("{}({})", function.name, args.join(", ")), value);
        }
    }

    pub fn into_inner(self) -> Vec<(String, Value)> {
        self.0
    }

    fn push(&mut self, name: String, value: &Value) {
        if !self.0.iter().any(|(known, _)| *known == name) {
            self.0.push((name, value.clone()));
        }
    }
}
