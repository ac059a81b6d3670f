//! One request on its way through a decision: its row, its history, and the scores computed so far.

use crate::decision::Candidate;
use crate::history::Event;
use crate::language::{Compiled, Env, Term};
use crate::model::{Scored, Scratch};
use crate::plan::{Plan, Slot};
use crate::request::Request;
use crate::row::Row;
use crate::value::Value;
use std::cell::{Cell, OnceCell};

/// What is known of the request. Scores are computed at their first use, once.
pub struct Case<'a> {
    pub plan: &'a Plan,
    pub row: Row<'a>,
    /// Events up to now.
    pub events: &'a [Event],
    pub now: i64,
    zone: Option<&'a str>,
    scores: Vec<Cell<Option<Scored>>>,
    /// One per rule of the plan.
    answers: Vec<OnceCell<Result<Value, String>>>,
    buffer: Cell<Scratch>,
    notes: Cell<Vec<String>>,
}

impl<'a> Case<'a> {
    pub fn new(
        plan: &'a Plan,
        row: Row<'a>,
        events: &'a [Event],
        request: &'a Request,
        notes: Vec<String>,
    ) -> Case<'a> {
        Case {
            plan,
            row,
            events,
            now: request.now,
            zone: request.zone.as_deref(),
            scores: plan.models.iter().map(|_| Cell::new(None)).collect(),
            answers: plan.rules.iter().map(|_| OnceCell::new()).collect(),
            buffer: Cell::default(),
            notes: Cell::new(notes),
        }
    }

    /// The score of a model; `None` for a position without model.
    pub fn score(&self, model: usize) -> Option<Scored> {
        let (id, scorer) = self.plan.models.get(model)?;
        let cell = self.scores.get(model)?;
        if let Some(scored) = cell.get() {
            return Some(scored);
        }
        let mut buffer = self.buffer.take();
        let scored = scorer.score(&self.row, &mut buffer);
        self.buffer.set(buffer);
        cell.set(Some(scored));
        if scored.degraded() {
            self.note(format!("model `{id}` could not score this row: its fallback {} was used", scored.value));
        }
        Some(scored)
    }

    /// The answer of the rule at a place of the plan. One that does not read the candidate is evaluated once per request.
    pub fn answer(&self, rule: usize, compiled: &Compiled, view: &View<'_>) -> Result<Value, String> {
        match self.answers.get(rule) {
            Some(answer) if !compiled.reads_candidate() => answer.get_or_init(|| compiled.eval(view)).clone(),
            _ => compiled.eval(view),
        }
    }

    /// Records that something failed; the same words once.
    pub fn note(&self, message: String) {
        let mut notes = self.notes.take();
        if !notes.contains(&message) {
            notes.push(message);
        }
        self.notes.set(notes);
    }

    /// What failed.
    pub fn notes(&self) -> Vec<String> {
        self.notes.take()
    }
}

/// What an expression sees: the case and one candidate.
pub struct View<'a> {
    case: &'a Case<'a>,
    candidate: Candidate,
    terms: [f64; 6],
}

impl<'a> View<'a> {
    pub fn new(case: &'a Case<'a>, slot: &Slot) -> View<'a> {
        View { case, candidate: slot.candidate, terms: [f64::NAN; 6] }
    }

    /// With the terms of arbitration, in the order of [`Term::ALL`].
    pub fn with_terms(self, terms: [f64; 6]) -> View<'a> {
        View { terms, ..self }
    }
}

impl Env for View<'_> {
    fn field(&self, index: usize) -> &Value {
        self.case.row.get(index)
    }

    fn score(&self, model: usize) -> Result<Value, String> {
        Ok(self.case.score(model).map_or(Value::Unknown, |scored| Value::number(scored.value)))
    }

    fn candidate(&self) -> Candidate {
        self.candidate
    }

    fn term(&self, term: Term) -> f64 {
        let [propensity, context_weight, value, lever, cost, uplift] = self.terms;
        match term {
            Term::Propensity => propensity,
            Term::ContextWeight => context_weight,
            Term::Value => value,
            Term::Lever => lever,
            Term::Cost => cost,
            Term::Uplift => uplift,
        }
    }

    fn events(&self) -> &[Event] {
        self.case.events
    }

    fn now(&self) -> i64 {
        self.case.now
    }

    fn zone(&self) -> Option<&str> {
        self.case.zone
    }

    fn is_inbound(&self, channel: &str) -> bool {
        self.case.plan.is_inbound(channel)
    }
}
