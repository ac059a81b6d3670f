//! One request on its way through a decision: its row, its history, and what has been computed of it so far.

use super::batch::{Fields, Given};
use super::{contact, holdout};
use crate::decision::Candidate;
use crate::document::Document;
use crate::history::{History, Past};
use crate::journal::Coded;
use crate::language::{Compiled, Env, Outcome as Evaluated, RuleScratch, Term};
use crate::model::{self, Facts, NoFacts, Scored};
use crate::outcome::{Failure, Source};
use crate::plan::{Plan, PlannedRule, Slot};
use crate::policy::Policy;
use crate::recipe;
use crate::request::{Request, Who};
use crate::row::{Row, sound};
use crate::rule::Stage;
use crate::value::Value;
use std::borrow::Cow;
use std::cell::{Cell, RefCell, RefMut};

/// What is kept between decisions so that they do not allocate, and what is remembered during one.
#[derive(Debug, Default)]
pub struct Work {
    /// Fields that had to be repaired, and outputs of the recipe.
    repaired: Option<Vec<Value>>,
    derived: Vec<Value>,
    /// Space of the recipe's formulas.
    recipe: recipe::Scratch,
    /// Position of the field without which the policy does not decide, and which is missing.
    pub(super) refused: Option<u32>,
    /// The last score of each model and whose it is: that of a candidate, or of everyone.
    scores: Vec<Cell<Option<(Candidate, Scored)>>>,
    /// The policy that `rules` belongs to, and what its expressions have given so far.
    serial: u64,
    rules: RefCell<RuleScratch>,
    /// The candidate that was asked about last.
    current: Cell<Candidate>,
    /// Answers of decision tables that are the same for every candidate.
    tables: RefCell<Vec<Option<Result<Value, String>>>>,
    models: RefCell<model::Scratch>,
    pub(super) failures: RefCell<Vec<Failure>>,
    pub(super) contact: contact::Memory,
    /// Per holdout layer: whether the subject is in it. Per override: whether it holds.
    pub(super) held: Vec<bool>,
    pub(super) overrides: Vec<Cell<Option<bool>>>,
}

/// The answer of an expression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer {
    /// True or false.
    Bool(bool),
    /// A number.
    Number(f64),
    /// Something it needs is missing.
    Unknown,
    /// It failed, for the reason at this position among the failures.
    Failed(u32),
}

impl Work {
    /// Forgets the decision before and reads the row of this one.
    pub(super) fn begin(&mut self, policy: &Policy, request: &Request) {
        self.begin_noted(policy, request, std::iter::empty());
    }

    /// The same of a request whose values were looked at before, with what was noted then.
    pub(super) fn begin_noted(&mut self, policy: &Policy, request: &Request, notes: impl Iterator<Item = String>) {
        self.forget(policy, Who::Request(request));
        notes.for_each(|note| self.report(note));
        let mut report = |text: String| self.failures.get_mut().push(told(text));
        let (schema, program) = (&policy.document().schema, &policy.plan().program);
        let fields = sound(schema, &request.fields, &mut report);
        let (fields, refused) = program.entry.admit(schema, fields, request.now, &mut report);
        program.run_in(&fields, request.now, &mut self.derived, &mut self.recipe);
        self.refused = refused;
        if let Cow::Owned(repaired) = fields {
            self.repaired = Some(repaired);
        }
    }

    /// Applies the freshness and missing rules to the sound fields of a row whose recipe has run over columns.
    pub(super) fn admit(&mut self, policy: &Policy, fields: &[Value], now: i64) {
        let (schema, entry) = (&policy.document().schema, &policy.plan().program.entry);
        if entry.is_empty() {
            return;
        }
        let mut report = |text: String| self.failures.get_mut().push(told(text));
        let (fields, refused) = entry.admit(schema, Cow::Borrowed(fields), now, &mut report);
        self.refused = refused;
        if let Cow::Owned(admitted) = fields {
            self.repaired = Some(admitted);
        }
    }

    /// Forgets the decision before and reads of the request what is not in its row.
    pub(super) fn forget(&mut self, policy: &Policy, who: Who<'_>) {
        let plan = policy.plan();
        self.failures.get_mut().clear();
        reset(&mut self.scores, plan.models.len(), || Cell::new(None));
        if self.serial != policy.serial() {
            self.serial = policy.serial();
            *self.rules.get_mut() = plan.set.scratch();
            self.recipe = plan.program.scratch();
        }
        self.rules.get_mut().begin();
        self.current.set(NOBODY);
        reset(self.tables.get_mut(), plan.tables.len(), || None);
        reset(&mut self.overrides, plan.overrides.len(), || Cell::new(None));
        self.repaired = None;
        self.refused = None;
        self.derived.clear();
        self.held.clear();
        self.contact.begin();
        let mut report = |text: String| self.failures.get_mut().push(told(text));
        if who.is_blank() {
            report("the request names no subject: holdouts and history take all such requests for one person".into());
        }
        if plan.chance && who.decision_id().is_empty() {
            report("the request has no decision id: chance draws the same for all such requests".into());
        }
        holdout::hold(plan, who, &mut self.held, &mut report);
    }

    /// Forgets the decision before, for one that asks no expression, holdout or override.
    pub(super) fn renew(&mut self, plan: &Plan) {
        self.failures.get_mut().clear();
        reset(&mut self.scores, plan.models.len(), || Cell::new(None));
        self.contact.begin();
    }

    /// Records what is wrong with the request.
    pub(super) fn report(&mut self, text: String) {
        self.failures.get_mut().push(told(text));
    }
}

fn told(text: String) -> Failure {
    Failure { source: Source::Request, text: text.into() }
}

fn reset<T>(list: &mut Vec<T>, len: usize, new: impl FnMut() -> T) {
    list.clear();
    list.resize_with(len, new);
}

/// What is known of the request. Scores and answers are computed at their first use, once.
pub struct Case<'a> {
    pub policy: &'a Policy,
    pub plan: &'a Plan,
    pub who: Who<'a>,
    pub history: &'a dyn History,
    pub fields: Fields<'a>,
    /// The subject's events up to now.
    pub past: Past<'a>,
    /// The events of subject, household and device that contact policy reads as they are.
    pub coded: [Option<Coded<'a>>; 3],
    pub now: i64,
    pub work: &'a Work,
    /// What is known of the row already, when it is one of a batch.
    pub given: Option<Given<'a>>,
}

impl<'a> Case<'a> {
    /// The case of a request whose row `work` has read.
    pub fn new(policy: &'a Policy, request: &'a Request, history: &'a dyn History, work: &'a Work) -> Case<'a> {
        let fields = work.repaired.as_ref().unwrap_or(&request.fields);
        let fields = Fields::Read(Row::of(fields, &work.derived));
        Case::of(policy, Who::Request(request), request.now, fields, history, work)
    }

    /// The case of whoever it is at an instant (ms), with these fields.
    pub fn of(
        policy: &'a Policy,
        who: Who<'a>,
        now: i64,
        fields: Fields<'a>,
        history: &'a dyn History,
        work: &'a Work,
    ) -> Case<'a> {
        let (past, coded) = contact::pasts(policy, who, now, history);
        Case { policy, plan: policy.plan(), who, history, fields, past, coded, now, work, given: None }
    }

    pub fn document(&self) -> &'a Document {
        self.policy.document()
    }

    /// IANA zone of the subject: the request's, that of its region, the project's; UTC when `None`.
    pub fn zone(&self) -> Option<&'a str> {
        let zones = &self.document().zones;
        self.who
            .zone()
            .or_else(|| zones.regions.get(self.region()?)?.first().map(String::as_str))
            .or(zones.project.as_deref())
    }

    /// The region of the subject, when the row says.
    pub fn region(&self) -> Option<&str> {
        self.fields.get(self.plan.region?).as_text()
    }

    /// The score of a model for a candidate; `None` for a position without model.
    pub fn score(&self, model: u32, candidate: Candidate) -> Option<Scored> {
        let (_, scorer) = self.plan.models.get(model as usize)?;
        let cell = self.work.scores.get(model as usize)?;
        if let Some(scored) = self.given.and_then(|given| given.score(model)) {
            return Some(scored);
        }
        let whose = if scorer.reads_candidate() { candidate } else { NOBODY };
        if let Some((_, scored)) = cell.get().filter(|(known, _)| *known == whose) {
            return Some(scored);
        }
        let mut scratch = self.work.models.borrow_mut();
        let scored = if scorer.reads_candidate() {
            scorer.score_candidate(&self.fields.row(), &FactsOf { case: self, candidate }, &mut scratch)
        } else {
            scorer.score_candidate(&self.fields.row(), &NoFacts, &mut scratch)
        };
        cell.set(Some((whose, scored)));
        if scored.degraded() {
            self.fail(Source::Model(model, scored.value), "");
        }
        Some(scored)
    }

    /// What each input of a model brings to its score for a candidate, largest first; empty when it cannot be told.
    pub fn contributions(&self, model: u32, candidate: Candidate, most: usize) -> Vec<(usize, f64)> {
        let Some((_, scorer)) = self.plan.models.get(model as usize) else { return Vec::new() };
        let facts = FactsOf { case: self, candidate };
        model::largest(scorer.contributions(&self.fields.row(), &facts, &mut self.work.models.borrow_mut()), most)
    }

    /// The answer of an expression for a candidate. What does not read the candidate is evaluated once per request.
    #[inline]
    pub fn answer(&self, expression: u32, view: &View<'_>, source: Source) -> Answer {
        self.answered(self.evaluate(expression, view), expression, view, source)
    }

    fn answered(&self, evaluated: Evaluated, expression: u32, view: &View<'_>, source: Source) -> Answer {
        match evaluated {
            Evaluated::True => Answer::Bool(true),
            Evaluated::False => Answer::Bool(false),
            Evaluated::Number(x) => Answer::Number(x),
            Evaluated::Integer(x) => Answer::Number(x as f64),
            Evaluated::Unknown | Evaluated::Text(_) | Evaluated::Time(_) => Answer::Unknown,
            Evaluated::Fault => Answer::Failed(self.failed(expression, view, source)),
        }
    }

    /// A number made from terms of arbitration, or in words why there is none.
    pub fn number(&self, expression: u32, view: &View<'_>) -> Result<f64, Cow<'static, str>> {
        // The same candidate may be asked with other terms.
        self.work.rules.borrow_mut().candidate();
        let words = |compiled: &Compiled| match compiled.eval(view) {
            Ok(Value::Unknown) => {
                format!("the priority needs {}, which is unknown", compiled.missing(view).join(", ")).into()
            }
            Ok(value) => format!("the priority is {value}, expected a number").into(),
            Err(text) => text.into(),
        };
        match self.evaluate(expression, view) {
            Evaluated::Number(x) => Ok(x),
            Evaluated::Integer(x) => Ok(x as f64),
            _ => Err(self.expression(expression).map_or("there is no expression".into(), words)),
        }
    }

    /// The action that an expression names, if it names one.
    pub fn action_named(&self, expression: u32, source: Source) -> Option<u32> {
        let view = View::of_nobody(self);
        match self.evaluate(expression, &view) {
            Evaluated::Text(text) => {
                let rules = self.work.rules.borrow();
                let id = self.plan.set.text(text, &view, &rules);
                self.plan.slots.iter().find(|slot| *slot.action == *id).map(|slot| slot.candidate.action)
            }
            Evaluated::Fault => {
                self.failed(expression, &view, source);
                None
            }
            _ => None,
        }
    }

    /// The first rule of a list that is not true for a candidate, its answer, and the rules after it.
    #[inline]
    pub fn first_not_true<'r>(
        &self,
        rules: &'r [u32],
        view: &View<'_>,
    ) -> Option<(&'a PlannedRule, Answer, &'r [u32])> {
        let mut memory = self.memory(view);
        let mut left = rules.iter();
        while let Some(at) = left.next() {
            let Some(rule) = self.plan.rules.get(*at as usize) else { continue };
            let evaluated = self.plan.set.eval(rule.expression as usize, view, &mut memory);
            if evaluated != Evaluated::True {
                drop(memory);
                let number = matches!(rule.stage, Stage::SoftSuitability | Stage::Lever);
                let source = if number { Source::Factor(rule.at) } else { Source::Rule(rule.at) };
                return Some((rule, self.answered(evaluated, rule.expression, view, source), left.as_slice()));
            }
        }
        None
    }

    #[inline]
    fn evaluate(&self, expression: u32, view: &View<'_>) -> Evaluated {
        self.plan.set.eval(expression as usize, view, &mut self.memory(view))
    }

    /// What expressions have given so far, for this candidate.
    #[inline]
    fn memory(&self, view: &View<'_>) -> RefMut<'_, RuleScratch> {
        let mut rules = self.work.rules.borrow_mut();
        if self.work.current.get() != view.candidate {
            self.work.current.set(view.candidate);
            rules.candidate();
        }
        rules
    }

    /// Records why an expression failed; one that fails for every candidate alike is recorded once.
    #[cold]
    fn failed(&self, expression: u32, view: &View<'_>, source: Source) -> u32 {
        let compiled = self.expression(expression);
        let text = compiled.and_then(|compiled| compiled.eval(view).err()).unwrap_or_default();
        let known = self.work.failures.borrow().iter().position(|f| f.source == source && f.text == text);
        known.and_then(|at| u32::try_from(at).ok()).unwrap_or_else(|| self.fail(source, text))
    }

    /// The answer of a decision table for a candidate. One that does not read the candidate is asked once per request.
    fn table(&self, index: usize, view: &View<'_>) -> Result<Value, String> {
        let Some(Some(table)) = self.plan.tables.get(index) else {
            return Err("there is no such decision table".to_owned());
        };
        if table.reads_candidate() {
            return table.eval(view);
        }
        if let Some(Some(answer)) = self.work.tables.borrow().get(index) {
            return answer.clone();
        }
        // Nothing is borrowed here: a table may read others.
        let answer = table.eval(view);
        if let Some(slot) = self.work.tables.borrow_mut().get_mut(index) {
            *slot = Some(answer.clone());
        }
        answer
    }

    /// A compiled expression, for what is told of it.
    pub fn expression(&self, at: u32) -> Option<&'a Compiled> {
        self.plan.set.rules().get(at as usize)
    }

    /// Records that something failed; gives its position.
    pub fn fail(&self, source: Source, text: impl Into<Cow<'static, str>>) -> u32 {
        let mut failures = self.work.failures.borrow_mut();
        failures.push(Failure { source, text: text.into() });
        u32::try_from(failures.len() - 1).unwrap_or(u32::MAX)
    }

    /// The slot at a position.
    pub fn slot(&self, at: u32) -> Option<&'a Slot> {
        self.plan.slots.get(at as usize)
    }
}

/// The facts of one candidate, for models.
struct FactsOf<'a> {
    case: &'a Case<'a>,
    candidate: Candidate,
}

impl Facts for FactsOf<'_> {
    fn fact(&self, index: usize) -> &Value {
        let context = self.case.plan.context.as_ref();
        context.map_or(&Value::Unknown, |context| context.fact_at(index, self.candidate))
    }
}

/// What an expression sees: the case and one candidate.
pub struct View<'a> {
    case: &'a Case<'a>,
    candidate: Candidate,
    terms: [f64; TERMS],
}

/// Number of the terms of arbitration.
pub const TERMS: usize = Term::ALL.len();

/// The candidate that is none: for expressions that read no candidate.
const NOBODY: Candidate = Candidate { action: u32::MAX, treatment: u32::MAX };

impl<'a> View<'a> {
    pub fn new(case: &'a Case<'a>, slot: &Slot) -> View<'a> {
        View { case, candidate: slot.candidate, terms: [f64::NAN; TERMS] }
    }

    /// For an expression that reads no candidate.
    pub fn of_nobody(case: &'a Case<'a>) -> View<'a> {
        View { case, candidate: NOBODY, terms: [f64::NAN; TERMS] }
    }

    /// With the terms of arbitration, in the order of [`Term::ALL`].
    pub fn with_terms(self, terms: [f64; TERMS]) -> View<'a> {
        View { terms, ..self }
    }
}

impl Env for View<'_> {
    fn field(&self, index: usize) -> &Value {
        self.case.fields.get(index)
    }

    fn score(&self, model: usize) -> Result<Value, String> {
        let scored = u32::try_from(model).ok().and_then(|model| self.case.score(model, self.candidate));
        Ok(scored.map_or(Value::Unknown, |scored| Value::number(scored.value)))
    }

    fn table(&self, index: usize) -> Result<Value, String> {
        self.case.table(index, self)
    }

    fn candidate(&self) -> Candidate {
        self.candidate
    }

    fn term(&self, term: Term) -> f64 {
        let at = Term::ALL.iter().position(|other| *other == term);
        at.and_then(|at| self.terms.get(at)).copied().unwrap_or(f64::NAN)
    }

    fn past(&self) -> Past<'_> {
        self.case.past
    }

    fn now(&self) -> i64 {
        self.case.now
    }

    fn zone(&self) -> Option<&str> {
        self.case.zone()
    }

    fn is_inbound(&self, channel: &str) -> bool {
        self.case.plan.is_inbound(channel)
    }
}
