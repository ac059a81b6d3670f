//! What a rule can read while it is evaluated: the seam between the language and the decision.

use crate::decision::Candidate;
use crate::history::Past;
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
    fn past(&self) -> Past<'_>;

    /// Now, UTC milliseconds.
    fn now(&self) -> i64;

    /// IANA zone of the subject; UTC when `None`.
    fn zone(&self) -> Option<&str>;

    /// Whether the subject comes to us on this channel, so that nothing on it is a contact.
    fn is_inbound(&self, channel: &str) -> bool;
}

/// The columns of a row and nothing else: no candidate, no score, no history, no clock.
pub(crate) struct Alone<'a> {
    /// Values of the schema's fields.
    pub fields: &'a [Value],
    /// Outputs of the recipe so far.
    pub derived: &'a [Value],
}

/// No row at all, for what asks none.
pub(crate) const NO_ROW: Alone<'static> = Alone { fields: &[], derived: &[] };

impl Env for Alone<'_> {
    fn field(&self, index: usize) -> &Value {
        const UNKNOWN: &Value = &Value::Unknown;
        let derived = || self.derived.get(index.checked_sub(self.fields.len())?);
        self.fields.get(index).or_else(derived).unwrap_or(UNKNOWN)
    }

    fn score(&self, _: usize) -> Result<Value, String> {
        Ok(Value::Unknown)
    }

    fn candidate(&self) -> Candidate {
        Candidate { action: u32::MAX, treatment: u32::MAX }
    }

    fn term(&self, _: Term) -> f64 {
        f64::NAN
    }

    fn past(&self) -> Past<'_> {
        Past::Told(&[])
    }

    fn now(&self) -> i64 {
        0
    }

    fn zone(&self) -> Option<&str> {
        None
    }

    fn is_inbound(&self, _: &str) -> bool {
        false
    }
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
