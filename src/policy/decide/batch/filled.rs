//! What is found for a whole batch before its rows are decided: answers of expressions and scores of models.

use crate::columns::Table;
use crate::decision::Candidate;
use crate::language::columns::{self, BATCH, BatchEnv, Bits, ColumnRules, ColumnRun, ColumnScratch};
use crate::language::{Compiled, Env, Outcome, Use};
use crate::model::{self, BatchScratch, NoFacts, Rows, Scored, Scores};
use crate::plan::{Plan, Slot};
use crate::rule::Stage;
use crate::value::Value;
use std::ops::Range;

/// The answers of an expression for one candidate.
pub type Own = (u32, columns::Answer);

/// What is known of the rows of a batch.
pub struct Filled<'r> {
    plan: &'r Plan,
    run: ColumnRun<'r>,
    /// Per expression: whether it reads the row and the candidate alone.
    plain: Vec<bool>,
    /// Answers that differ between candidates, and per slot which of them are its own.
    own: Vec<Own>,
    ranges: Vec<Range<usize>>,
    /// Per action: the position of its first slot.
    first: Vec<usize>,
    /// Per model.
    scores: Vec<Ahead<'r>>,
    scratch: BatchScratch,
}

/// The scores of a model for some rows of a batch.
struct Ahead<'r> {
    /// `None` for a model that reads the candidate: it is asked row by row.
    model: Option<model::Batch<'r>>,
    /// Rows that get as far as being scored.
    wanted: Bits,
    scores: Scores,
    /// Numbers of the rows that were scored, in the order of the scores.
    rows: Vec<u32>,
    /// Per row of the batch: its place among them.
    places: Vec<u32>,
}

const NOWHERE: u32 = u32::MAX;

/// Rules that are asked ahead read no more than columns.
struct ColumnsAlone;

impl BatchEnv for ColumnsAlone {
    fn row(&self, _: usize, _: Candidate, _: &mut dyn FnMut(&dyn Env)) {}
}

impl<'r> Filled<'r> {
    pub fn new(
        plan: &'r Plan,
        rules: &'r ColumnRules,
        table: &'r Table<'r>,
        scratch: &'r mut ColumnScratch,
        own: Vec<Own>,
    ) -> Filled<'r> {
        let plain = plan
            .set
            .rules()
            .iter()
            .enumerate()
            .map(|(at, expression)| expression.for_use() != Use::Priority && rules.reads_columns_alone(at));
        let mut first = Vec::new();
        for (at, slot) in plan.slots.iter().enumerate() {
            // An action may have no treatment.
            while first.len() <= slot.candidate.action as usize {
                first.push(at);
            }
        }
        let scores = plan.models.iter().map(|(_, scorer)| Ahead {
            model: (!scorer.reads_candidate()).then(|| scorer.batch(table)),
            wanted: Bits::NONE,
            scores: Scores::default(),
            rows: Vec::new(),
            places: Vec::new(),
        });
        Filled {
            plan,
            plain: plain.collect(),
            run: rules.start(table, &ColumnsAlone, scratch),
            own,
            ranges: Vec::with_capacity(plan.slots.len()),
            first,
            scores: scores.collect(),
            scratch: BatchScratch::default(),
        }
    }

    /// The space of answers, to be used again.
    pub fn into_own(self) -> Vec<Own> {
        self.own
    }

    /// Goes to the batch that begins at row `start`; gives its length.
    pub fn fill(&mut self, start: usize) -> usize {
        let plan = self.plan;
        self.run.batch(start);
        self.ranges.clear();
        self.scores.iter_mut().for_each(|scores| scores.wanted = Bits::NONE);
        for when in plan.overrides.iter().filter_map(|over| over.when) {
            if !differs(plan, when) {
                self.ask(when, self.run.rows(), &mut 0);
            }
        }
        let mut used = 0;
        for slot in &plan.slots {
            let from = used;
            self.slot(slot, &mut used);
            self.ranges.push(from..used);
        }
        for scores in &mut self.scores {
            scores.fill(start, &mut self.scratch);
        }
        self.run.rows().count()
    }

    /// Rules of a candidate in their order, each for the rows that are left; then what prices it.
    fn slot(&mut self, slot: &Slot, used: &mut usize) {
        let plan = self.plan;
        self.run.candidate(slot.candidate);
        let mut left = self.run.rows();
        for rule in slot.rules.iter().filter_map(|at| plan.rules.get(*at as usize)) {
            let Some((keep, unknown)) = self.ask(rule.expression, left, used) else { continue };
            if rule.stage != Stage::SoftSuitability {
                left &= keep | if rule.keep_unknown { unknown } else { Bits::NONE };
            }
            if left.is_empty() {
                return;
            }
        }
        let levers = slot.levers.iter().filter_map(|at| plan.rules.get(*at as usize)).map(|rule| rule.expression);
        let weights = slot.weights.iter().filter_map(|at| plan.weights.get(*at as usize)).map(|w| w.expression);
        for expression in levers.chain(weights) {
            self.ask(expression, left, used);
        }
        for model in [slot.model, slot.uplift].into_iter().flatten() {
            if let Some(scores) = self.scores.get_mut(model as usize) {
                scores.wanted |= left;
            }
        }
    }

    /// Evaluates an expression for some rows, if columns are all it reads; gives where it keeps and where it is unknown.
    fn ask(&mut self, expression: u32, rows: Bits, used: &mut usize) -> Option<(Bits, Bits)> {
        let at = expression as usize;
        if !self.plain.get(at).copied().unwrap_or(false) {
            return None;
        }
        let answer = self.run.eval(at, rows);
        if differs(self.plan, expression) {
            match self.own.get_mut(*used) {
                Some(own) => {
                    own.0 = expression;
                    own.1.copy(answer);
                }
                None => self.own.push((expression, answer.clone())),
            }
            *used += 1;
        }
        Some((answer.keep, answer.unknown))
    }
}

/// Whether the answer of an expression can differ between the candidates of a request.
fn differs(plan: &Plan, expression: u32) -> bool {
    plan.set.rules().get(expression as usize).is_none_or(Compiled::reads_candidate)
}

impl Ahead<'_> {
    fn fill(&mut self, start: usize, scratch: &mut BatchScratch) {
        self.places.clear();
        self.rows.clear();
        let Some(model) = self.model.as_ref().filter(|_| !self.wanted.is_empty()) else { return };
        self.places.resize(BATCH, NOWHERE);
        for row in self.wanted.rows() {
            if let (Some(place), Ok(at)) = (self.places.get_mut(row), u32::try_from(self.rows.len())) {
                *place = at;
            }
            self.rows.extend(u32::try_from(start + row));
        }
        model.score(Rows::List(&self.rows), &NoFacts, &mut self.scores, scratch);
    }

    fn get(&self, row: usize) -> Option<Scored> {
        let place = self.places.get(row).filter(|place| **place != NOWHERE)?;
        self.model.as_ref()?.scored(&self.scores, *place as usize)
    }
}

/// What is known of one row of a batch.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    filled: &'a Filled<'a>,
    row: usize,
}

impl<'a> Given<'a> {
    pub fn new(filled: &'a Filled<'a>, row: usize) -> Given<'a> {
        Given { filled, row }
    }

    /// The answer of an expression, unless it failed or was not asked ahead.
    pub fn answer(&self, expression: u32, candidate: Candidate) -> Option<Outcome> {
        let (filled, at) = (self.filled, expression as usize);
        if !filled.plain.get(at).copied()? {
            return None;
        }
        let answer = if differs(filled.plan, expression) {
            let slot = filled.first.get(candidate.action as usize)? + candidate.treatment as usize;
            let own = filled.own.get(filled.ranges.get(slot)?.clone())?;
            &own.iter().find(|(of, _)| *of == expression)?.1
        } else {
            filled.run.answer(at)?
        };
        Some(match answer.get(self.row)? {
            Value::Bool(true) => Outcome::True,
            Value::Bool(false) => Outcome::False,
            Value::Number(x) => Outcome::Number(x),
            Value::Unknown => Outcome::Unknown,
            _ => return None,
        })
    }

    /// The score of a model of the subject, unless something stands in for it or no one was expected to ask.
    pub fn score(&self, model: u32) -> Option<Scored> {
        let scored = self.filled.scores.get(model as usize)?.get(self.row)?;
        (!scored.degraded()).then_some(scored)
    }
}
