//! An expression that passed every check, ready to be evaluated many times.

use super::{Context, Env, Finding, Use};
use crate::value::Value;

/// A compiled expression.
#[derive(Clone, Debug)]
pub struct Compiled {
    text: String,
    use_: Use,
    warnings: Vec<Finding>,
}

/// How an expression is evaluated; the answer is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Lowered to typed steps.
    Lowered,
    /// By the sandboxed Rhai interpreter: loops, arrays, maps, `switch`.
    Interpreted,
}

pub(super) fn compile(text: &str, use_: Use, context: &Context) -> Result<Compiled, Vec<Finding>> {
    let _ = context;
    Ok(Compiled { text: text.to_owned(), use_, warnings: Vec::new() })
}

impl Compiled {
    /// Evaluates: a bool for [`Use::Keep`], a number (`Value::Number`) in (0, 1] for [`Use::Multiplier`], a finite number for
    /// [`Use::Priority`]; `Value::Unknown` when something it needed is missing; an error in words when it failed.
    pub fn eval(&self, env: &dyn Env) -> Result<Value, String> {
        let _ = (env, self.use_);
        Ok(Value::Unknown)
    }

    /// The same answer, and what was read in order of first reading: `recency`, `score("visit")`, `action.channel` …
    pub fn eval_traced(&self, env: &dyn Env) -> (Result<Value, String>, Vec<(String, Value)>) {
        (self.eval(env), Vec::new())
    }

    /// The names whose value was unknown when the result was: for `MissingInput(fields)`.
    pub fn missing(&self, env: &dyn Env) -> Vec<String> {
        let (_, read) = self.eval_traced(env);
        read.into_iter().filter(|(_, value)| !value.is_known()).map(|(name, _)| name).collect()
    }

    /// How it is evaluated.
    pub fn kind(&self) -> Kind {
        Kind::Interpreted
    }

    /// Positions in `document.models` of the scores it reads.
    pub fn models(&self) -> &[usize] {
        &[]
    }

    /// Positions of the variables it reads, as in [`Env::field`].
    pub fn variables(&self) -> &[usize] {
        &[]
    }

    /// The source text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Warnings found when it was compiled.
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }
}
