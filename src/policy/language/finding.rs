//! A finding about one expression; the caller knows which part of the policy the expression belongs to.

use crate::diagnostic::{Diagnostic, Part, Severity};
use serde::Serialize;

/// What is wrong with an expression, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad: an error refuses the expression.
    pub severity: Severity,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Column after the last character of the word in question, on the same line, when it is known.
    pub end_column: Option<u32>,
    /// What is wrong, what was expected, the likely fix.
    pub message: String,
}

impl Finding {
    /// The finding as a diagnostic about `part`.
    pub fn into_diagnostic(self, part: Part) -> Diagnostic {
        Diagnostic { severity: self.severity, part, position: Some((self.line, self.column)), message: self.message }
    }

    /// Whether it refuses the expression.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
