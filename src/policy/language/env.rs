//! What a rule can read while it is evaluated: the seam between the language and the decision.

use crate::decision::Candidate;
use crate::history::Event;
use crate::value::Value;

/// One subject, one instant, one candidate. Everything is read at its first use and never changes during an evaluation.
pub trait Env {
    /// Value of a variable: the schema's fields in order, then the outputs of the recipe in order. No text is longer than
    /// [`super::limits::TEXT`].
    fn field(&self, index: usize) -> &Value;

    /// `score("m")`: calibrated output of `document.models[model]`; `Value::Unknown` when it cannot be computed from
    /// what is known, `Err` in words when the model failed.
    fn score(&self, model: usize) -> Result<Value, String>;

    /// `table("id")`: output of `document.tables[index]`, of the type the table declares; `Value::Unknown` when no row matches or an input that
    /// decides is missing, `Err` in words when the table failed. Asked for by expressions that name a table only.
    fn table(&self, index: usize) -> Result<Value, String> {
        Err(format!("there is no decision table {index} here"))
    }

    /// The candidate, for the facts under `action.`.
    fn candidate(&self) -> Candidate;

    /// A term of arbitration; asked for by expressions of [`super::Use::Priority`] only.
    fn term(&self, term: Term) -> f64;

    /// The subject's events in ascending order of time; those after [`Env::now`] are ignored.
    fn events(&self) -> &[Event];

    /// Now, UTC milliseconds.
    fn now(&self) -> i64;

    /// IANA zone of the subject; UTC when `None`.
    fn zone(&self) -> Option<&str>;

    /// Whether the subject comes to us on this channel, so that nothing on it is a contact.
    fn is_inbound(&self, channel: &str) -> bool;
}

/// The terms an arbitration expression may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Term {
    /// P, the response propensity.
    Propensity,
    /// C, 1 + matched context weights / 100.
    ContextWeight,
    /// V, the action's value.
    Value,
    /// L, 1 + levers / 100.
    Lever,
    /// The action's cost.
    Cost,
    /// Tau, the difference in expected outcome that the action makes.
    Uplift,
}

impl Term {
    /// Every term.
    pub const ALL: [Term; 6] =
        [Term::Propensity, Term::ContextWeight, Term::Value, Term::Lever, Term::Cost, Term::Uplift];

    /// Its name in an arbitration expression.
    pub fn name(self) -> &'static str {
        match self {
            Term::Propensity => "propensity",
            Term::ContextWeight => "context_weight",
            Term::Value => "value",
            Term::Lever => "lever",
            Term::Cost => "cost",
            Term::Uplift => "uplift",
        }
    }
}
