//! The language of rules: pure Rhai expressions, checked against the schema, evaluated with Kleene logic.
//!
//! A text is parsed by Rhai, every name and type in it is checked ([`check`]), and what passes is kept in a form that
//! is quick to evaluate ([`Compiled`]). It reads the subject, the candidate and the history through [`Env`] and
//! writes nothing.
//!
//! *Invariant:* no text makes this module panic or run without end; a rule sees nothing but its [`Env`].

mod check;
pub mod columns;
mod compiled;
mod completion;
pub mod conditions;
mod context;
mod datum;
mod engine;
mod env;
mod finding;
pub mod functions;
pub mod graph;
mod highlight;
mod mutant;
mod native;
mod ops;
mod own;
mod reads;
mod row;
mod rules;
mod sandbox;
mod source;

pub use compiled::{Compiled, Kind};
pub use completion::{Completion, CompletionKind, Completions, completions};
pub(crate) use context::FIXED;
pub use context::{Context, Variable};
pub use engine::limits;
pub(crate) use env::Alone;
pub use env::{Env, Term};
pub use finding::Finding;
pub use highlight::{TokenKind, highlight};
pub use ops::Op;
pub use row::{RuleScratch, Text};
pub use rules::{Outcome, RuleSet};
pub use sandbox::ran_out;

use crate::rule::Stage;

/// What an expression is for; its type follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Use {
    /// Guards, eligibility, applicability, suitability, context weights: true keeps (or matches), false does not.
    Keep,
    /// Soft suitability: a number in (0, 1].
    Multiplier,
    /// The priority of arbitration: a finite number; the only place where [`Term`]s may be named.
    Priority,
    /// A lever: a finite number, 0 or above.
    Factor,
    /// Any finite number, such as the best hour to send.
    Number,
    /// The id of an action, or `()` for none: fallback rules.
    Name,
    /// Any one value: an input of a decision table.
    Input,
}

impl From<Stage> for Use {
    fn from(stage: Stage) -> Use {
        match stage {
            Stage::Guard | Stage::Eligibility | Stage::Applicability | Stage::Suitability => Use::Keep,
            Stage::SoftSuitability => Use::Multiplier,
            Stage::Lever => Use::Factor,
            Stage::Fallback => Use::Name,
        }
    }
}

/// Compiles `text`. Errors are reported all at once, with warnings among them; a syntax error stands alone.
pub fn compile(text: &str, use_: Use, context: &Context) -> Result<Compiled, Vec<Finding>> {
    compiled::compile(text, use_, context)
}

/// Every finding about `text`, errors and warnings, in order of position. Empty means that it compiles and is clean.
pub fn check(text: &str, use_: Use, context: &Context) -> Vec<Finding> {
    match compile(text, use_, context) {
        Ok(compiled) => compiled.warnings().to_vec(),
        Err(findings) => findings,
    }
}

#[cfg(test)]
mod tests;
