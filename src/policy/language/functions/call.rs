//! Calling a function of the table: numbers and types of its arguments, missing values, and the words of what does not fit.

use super::{ArgType, Body, Function};
use crate::language::datum::{Datum, Failed, Words, told};
use crate::language::engine::limits;
use crate::language::env::Env;
use crate::language::graph::Ty;
use crate::value::Value;

impl Function {
    /// As it is shown: `contacts_on(channel, days)`.
    pub fn signature(&self) -> String {
        let args: Vec<&str> = self.args.iter().map(|a| a.name).collect();
        format!("{}({})", self.name, args.join(", "))
    }

    /// Calls it. The number of arguments was checked when the rule was compiled; types are checked here once more, for
    /// values whose type is known only now.
    pub(in crate::language) fn call(&self, env: &dyn Env, args: &[Value]) -> Result<Value, String> {
        // No function takes more than three arguments; a test holds the table to it.
        let mut given = [Datum::Unknown; 3];
        for (datum, value) in given.iter_mut().zip(args) {
            *datum = value.into();
        }
        let mut text = String::new();
        told(|words| self.on(env, given.get(..args.len()).unwrap_or(&[]), &mut text, words).map(Value::from))
    }

    /// Calls it without an allocation; a text that it makes is appended to `out`.
    pub(in crate::language) fn on<'o>(
        &self,
        env: &dyn Env,
        args: &[Datum<'_>],
        out: &'o mut String,
        words: &mut Words<'_>,
    ) -> Result<Datum<'o>, Failed> {
        if args.len() != self.args.len() {
            return Err(words.fail(|| format!("`{}` takes {}", self.name, self.count())));
        }
        for (expected, value) in self.args.iter().zip(args) {
            if !expected.type_.accepts(*value) {
                let (name, found) = (self.name, value.noun());
                return Err(words.fail(|| {
                    format!("`{name}` needs {} as `{}`, found {found}", expected.type_.noun(), expected.name)
                }));
            }
        }
        if !self.takes_unknown && args.iter().any(|a| !a.is_known()) {
            return Ok(Datum::Unknown);
        }
        match self.body {
            Body::Native(body) => body(env, args, words),
            Body::Text(body) => {
                let start = out.len();
                body(args.first().and_then(|text| text.text()).unwrap_or(""), out);
                // The interpreter holds no longer text, so no evaluator does.
                if out.len() - start > limits::TEXT {
                    return Err(
                        words.fail(|| format!("`{}` gives a text of more than {} bytes", self.name, limits::TEXT))
                    );
                }
                Ok(Datum::Text(out.get(start..).unwrap_or("")))
            }
            Body::Score => Err(words.fail(|| "`score` needs the id of a model, written out as a text".to_owned())),
            Body::Table => {
                Err(words.fail(|| "`table` needs the id of a decision table, written out as a text".to_owned()))
            }
        }
    }

    /// Calls one that reads nothing but its arguments.
    pub(crate) fn call_pure(&self, args: &[Value]) -> Result<Value, String> {
        self.call(&crate::language::env::NO_ROW, args)
    }

    /// "2 arguments (channel, days)".
    pub(in crate::language) fn count(&self) -> String {
        let names: Vec<&str> = self.args.iter().map(|a| a.name).collect();
        match names.len() {
            0 => "no arguments".to_owned(),
            1 => format!("1 argument ({})", names.join(", ")),
            n => format!("{n} arguments ({})", names.join(", ")),
        }
    }
}

impl ArgType {
    fn accepts(self, value: Datum<'_>) -> bool {
        match (self, value) {
            (ArgType::Any, _) | (_, Datum::Unknown) => true,
            (ArgType::Number, Datum::Integer(_) | Datum::Number(_)) => true,
            (ArgType::Time, Datum::Time(_)) => true,
            (ArgType::Number | ArgType::Time, _) => false,
            (_, Datum::Text(_)) => true,
            _ => false,
        }
    }

    /// Whether every known value of a type is one.
    pub(in crate::language) fn takes(self, ty: Ty) -> bool {
        match self {
            _ if ty == Ty::Nothing => true,
            ArgType::Any => true,
            ArgType::Number => ty.is_number(),
            ArgType::Time => ty == Ty::Time,
            _ => ty == Ty::Text,
        }
    }

    /// In words: "a number".
    pub fn noun(self) -> &'static str {
        match self {
            ArgType::Any => "a value",
            ArgType::Number => "a number",
            ArgType::Text => "a text",
            ArgType::Time => "a time",
            ArgType::Event => "the name of an event",
            ArgType::Channel => "the id of a channel",
            ArgType::Target => "the id of an action, group or issue",
            ArgType::Model => "the id of a model",
            ArgType::Table => "the id of a decision table",
        }
    }
}
