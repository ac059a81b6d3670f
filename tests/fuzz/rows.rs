//! Rows and values, and what an expression sees of one: for evaluating it outside a decision.

use crate::choices::Choices;
use attune_policy::history::Past;
use attune_policy::language::{Env, Term, Variable};
use attune_policy::{Candidate, Event, Type, Value};

/// 2026-03-29T00:30:00Z, half an hour before the clocks of Europe jump.
pub const NOW: i64 = 1_774_744_200_000;

/// A value of a type; unknown one time in four.
pub fn value(choices: &mut Choices<'_>, type_: Type, categories: &[String]) -> Value {
    if choices.below(4) == 0 {
        return Value::Unknown;
    }
    match type_ {
        Type::Bool => Value::Bool(choices.flag()),
        Type::Integer => Value::Integer(choices.integer()),
        Type::Number => Value::number(choices.number()),
        Type::Text => match categories.get(choices.below(categories.len() + 3)) {
            Some(category) => Value::text(category.as_str()),
            None => Value::text(choices.pick(&["", "phone", "till", "ŉŉ", "ß", "2026-03-29", " a ", "women"])),
        },
        Type::Time => {
            Value::Time(choices.one(&[0, NOW, NOW - 86_400_000, NOW + 3_600_000, i64::MAX, i64::MIN, -62_135_596_800_000]))
        }
    }
}

/// One row and candidate, with what a decision would add.
pub struct Seen {
    /// One value per variable.
    pub values: Vec<Value>,
    /// One score per model.
    pub scores: Vec<Result<Value, String>>,
    /// The candidate.
    pub candidate: Candidate,
    /// Events of the subject.
    pub events: Vec<Event>,
    /// Now.
    pub now: i64,
    /// Zone of the subject.
    pub zone: Option<String>,
    /// Terms of arbitration.
    pub terms: f64,
    /// Channels the subject comes to us on.
    pub inbound: Vec<String>,
}

impl Seen {
    /// A row for an expression over `variables`.
    pub fn new(choices: &mut Choices<'_>, variables: &[Variable], models: usize) -> Seen {
        let score = |choices: &mut Choices<'_>| match choices.below(8) {
            0 => Ok(Value::Unknown),
            1 => Err("the model failed".to_owned()),
            _ => Ok(Value::number(choices.number())),
        };
        Seen {
            values: variables.iter().map(|v| value(choices, v.type_, &v.categories)).collect(),
            scores: (0..models).map(|_| score(choices)).collect(),
            candidate: Candidate { action: choices.below(4) as u32, treatment: choices.below(2) as u32 },
            events: Vec::new(),
            now: choices.one(&[NOW, 0, i64::MAX, i64::MIN, 1_206_403_200_000]),
            zone: match choices.below(4) {
                0 => Some("Europe/Berlin".to_owned()),
                1 => Some("Pacific/Apia".to_owned()),
                2 => Some("Nowhere/At_all".to_owned()),
                _ => None,
            },
            terms: choices.number(),
            inbound: vec!["web".to_owned()],
        }
    }
}

impl Env for Seen {
    fn field(&self, index: usize) -> &Value {
        self.values.get(index).unwrap_or(&Value::Unknown)
    }

    fn score(&self, model: usize) -> Result<Value, String> {
        self.scores.get(model).cloned().unwrap_or(Ok(Value::Unknown))
    }

    fn candidate(&self) -> Candidate {
        self.candidate
    }

    fn term(&self, _term: Term) -> f64 {
        self.terms
    }

    fn past(&self) -> Past<'_> {
        Past::Told(&self.events)
    }

    fn now(&self) -> i64 {
        self.now
    }

    fn zone(&self) -> Option<&str> {
        self.zone.as_deref()
    }

    fn is_inbound(&self, channel: &str) -> bool {
        self.inbound.iter().any(|id| id == channel)
    }
}
