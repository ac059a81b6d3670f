//! Diagnostics: what is wrong with a policy, where, and what to do about it.

use serde::Serialize;
use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Severity {
    /// The policy decides, but probably not as meant.
    Warning,
    /// The policy is refused.
    Error,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diagnostic {
    /// How bad.
    pub severity: Severity,
    /// The part it is in.
    pub part: Part,
    /// Line and column inside the expression, from 1.
    pub position: Option<(u32, u32)>,
    /// What is wrong, what was expected, what to do.
    pub message: String,
}

/// A part of a policy that a finding points at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Part {
    /// The policy as a whole.
    Policy,
    /// A field, by name.
    Field(String),
    /// A recipe step, by output.
    Recipe(String),
    /// An action, by id.
    Action(String),
    /// A holdout, by id.
    Holdout(String),
    /// A rule, by id.
    Rule(String),
    /// A cap, by id.
    Cap(String),
    /// Arbitration: its expression or a context weight.
    Arbitration,
    /// The fallback ladder.
    Fallback,
    /// A model, by id.
    Model(String),
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Policy => f.write_str("policy"),
            Part::Field(id) => write!(f, "field `{id}`"),
            Part::Recipe(id) => write!(f, "recipe step `{id}`"),
            Part::Action(id) => write!(f, "action `{id}`"),
            Part::Holdout(id) => write!(f, "holdout `{id}`"),
            Part::Rule(id) => write!(f, "rule `{id}`"),
            Part::Cap(id) => write!(f, "cap `{id}`"),
            Part::Arbitration => f.write_str("arbitration"),
            Part::Fallback => f.write_str("fallback"),
            Part::Model(id) => write!(f, "model `{id}`"),
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.part)?;
        if let Some((line, column)) = self.position {
            write!(f, ", line {line}, column {column}")?;
        }
        write!(f, ": {}", self.message)
    }
}
