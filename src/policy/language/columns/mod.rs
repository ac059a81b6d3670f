//! The column evaluator: the rules of a set over batches of rows, from the same joined graph that the row evaluator walks.
//!
//! Each node is evaluated at most once per row of a batch, whichever rules share it: densely where that costs less than
//! a choice of rows, else for the rows that ask. What depends on the candidate is evaluated again for each, the rest is
//! kept. The answer says for each row whether it is kept, unknown or a fault; the words of a fault are for
//! [`super::Compiled::eval_traced`] on that row.
//!
//! *Invariant:* a row gets the answer that the row evaluator gives it alone.

mod bits;
mod cell;
mod eval;
mod kernels;
mod program;
mod rows;
mod strict;
mod text;

pub use bits::{BATCH, Bits};

use super::compiled::Compiled;
use super::context::Names;
use super::env::{Env, Term};
use super::graph::{Graph, Info};
use super::mutant;
use super::rules::RuleSet;
use super::{Use, graph::Ty};
use crate::columns::Table;
use crate::decision::Candidate;
use crate::value::Value;
use cell::{Cell, Rooms, Words};
use program::Step;
use std::sync::Arc;
use strict::View;

/// What a batch reads beside its columns.
pub trait BatchEnv {
    /// Calls `visit` with what a rule sees of a candidate at a row of the table: for functions of history and time,
    /// decision tables, and rules that run in the interpreter.
    fn row(&self, row: usize, candidate: Candidate, visit: &mut dyn FnMut(&dyn Env));

    /// Scores of a model for the rows of the table from `start` on, one for each of `out`: NaN and infinities are
    /// unknown. False when there are none, so that [`Env::score`] is asked row by row.
    fn scores(&self, _model: usize, _start: usize, _out: &mut [f64]) -> bool {
        false
    }

    /// Values of a term of arbitration for the rows of the table from `start` on. False when there are none, so that
    /// [`Env::term`] is asked row by row.
    fn terms(&self, _term: Term, _candidate: Candidate, _start: usize, _out: &mut [f64]) -> bool {
        false
    }
}

/// A rule set prepared for columns.
#[derive(Debug)]
pub struct ColumnRules {
    graph: Graph,
    names: Option<Arc<Names>>,
    steps: Vec<Step>,
    rules: Vec<(Option<usize>, Compiled)>,
    /// Per rule: whether columns and the candidate are all it reads.
    alone: Vec<bool>,
    /// Steps and rules that can differ between candidates.
    per_candidate: (Vec<usize>, Vec<usize>),
}

/// Buffers of an evaluation, to be used again: nothing is allocated after the first batch of a table.
#[derive(Debug, Default)]
pub struct ColumnScratch {
    cells: Vec<Cell>,
    words: Vec<Words>,
    answers: Vec<Answer>,
    values: Vec<Value>,
    rooms: Rooms,
}

/// Answers of a rule for the rows of a batch. Only rows that were asked for mean anything.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    done: Bits,
    /// Rows that it keeps: its value is true. Of a rule that gives no true or false: rows where its value is known.
    pub keep: Bits,
    /// Rows where it is unknown.
    pub unknown: Bits,
    /// Rows where it failed.
    pub fault: Bits,
    /// Of a rule that gives a number: its value, at the rows of `keep`.
    pub numbers: Vec<f64>,
    /// Of a rule that gives a text or any value: its value, at the rows of `keep`.
    pub values: Vec<Value>,
}

/// An evaluation of rules over a table, batch by batch, candidate by candidate.
pub struct ColumnRun<'r> {
    rules: &'r ColumnRules,
    table: &'r Table<'r>,
    scratch: &'r mut ColumnScratch,
    env: &'r dyn BatchEnv,
    /// First row of the batch, and its length.
    start: usize,
    len: usize,
    /// The rows of the batch.
    all: Bits,
    candidate: Candidate,
}

impl ColumnRules {
    /// Prepares the rules of a set; their positions stay the same.
    pub fn new(set: &RuleSet) -> ColumnRules {
        let graph = set.graph().clone();
        let steps = program::steps(&graph);
        let rules = set.rules().iter().enumerate();
        let differ = steps.iter().enumerate().filter(|(_, step)| step.candidate || step.own_words);
        let readers = rules.clone().filter(|(_, rule)| rule.reads_candidate());
        ColumnRules {
            names: set.rules().first().map(Compiled::names),
            alone: rules.clone().map(|(i, _)| set.root(i).is_some_and(|root| is_alone(graph.info(root)))).collect(),
            per_candidate: (differ.map(|(at, _)| at).collect(), readers.map(|(at, _)| at).collect()),
            steps,
            rules: rules.map(|(i, rule)| (set.root(i).map(|id| id.index()), rule.clone())).collect(),
            graph,
        }
    }

    /// Whether a rule reads the row and the candidate and nothing else: no history, clock, score or decision table, and no
    /// interpreter.
    pub fn reads_columns_alone(&self, index: usize) -> bool {
        self.alone.get(index).copied().unwrap_or(false)
    }

    /// Begins with the first batch of a table that was made for the policy of these rules.
    pub fn start<'r>(
        &'r self,
        table: &'r Table<'r>,
        env: &'r dyn BatchEnv,
        scratch: &'r mut ColumnScratch,
    ) -> ColumnRun<'r> {
        if scratch.cells.len() != self.steps.len() || scratch.answers.len() != self.rules.len() {
            scratch.cells = self.steps.iter().map(Cell::new).collect();
            scratch.answers = self.rules.iter().map(|(_, rule)| Answer::new(rule.for_use())).collect();
        }
        scratch.words.clear();
        scratch.words.resize_with(self.steps.len(), Words::default);
        let candidate = Candidate { action: u32::MAX, treatment: u32::MAX };
        let mut run = ColumnRun { rules: self, table, scratch, env, start: 0, len: 0, all: Bits::NONE, candidate };
        run.batch(0);
        for cell in &mut run.scratch.cells {
            cell.done = Bits::NONE;
        }
        run
    }
}

impl Answer {
    fn new(use_: Use) -> Answer {
        let mut answer = Answer::default();
        match use_ {
            Use::Keep => {}
            Use::Name | Use::Input => answer.values = vec![Value::Unknown; BATCH],
            _ => answer.numbers = vec![0.0; BATCH],
        }
        answer
    }

    /// The answer for a row of the batch, as [`Compiled::eval`] gives it; `None` when it was not asked for, or failed,
    /// which only that can put into words.
    pub fn get(&self, row: usize) -> Option<Value> {
        if self.fault.get(row) || !self.done.get(row) {
            return None;
        }
        Some(match (self.values.get(row), self.numbers.get(row)) {
            _ if self.unknown.get(row) => Value::Unknown,
            (None, None) => Value::Bool(self.keep.get(row)),
            (Some(value), _) => value.clone(),
            (None, Some(x)) => Value::Number(*x),
        })
    }
}

impl ColumnRun<'_> {
    /// Goes to the batch of up to [`BATCH`] rows that begins at `start`, a multiple of it.
    pub fn batch(&mut self, start: usize) {
        self.start = start - start % BATCH;
        self.len = self.table.len().saturating_sub(self.start).min(BATCH);
        self.all = Bits::first(self.len);
        for (cell, step) in self.scratch.cells.iter_mut().zip(&self.rules.steps) {
            // What is one value for all rows is that for all batches.
            if !step.uniform {
                cell.done = Bits::NONE;
            }
        }
        for answer in &mut self.scratch.answers {
            answer.done = Bits::NONE;
        }
    }

    /// Goes to another candidate of the same batch: what reads a candidate is evaluated again.
    pub fn candidate(&mut self, candidate: Candidate) {
        if self.candidate == candidate {
            return;
        }
        self.candidate = candidate;
        let rules = self.rules;
        let (steps, readers) = &rules.per_candidate;
        for at in steps {
            let Some(step) = rules.steps.get(*at) else { continue };
            if let Some(cell) = self.scratch.cells.get_mut(*at)
                && step.candidate
                && !mutant::planted!(CandidateIsKept)
            {
                cell.done = Bits::NONE;
            }
            if let Some(words) = self.scratch.words.get_mut(*at)
                && step.own_words
            {
                *words = Words::default();
            }
        }
        for at in readers {
            if let Some(answer) = self.scratch.answers.get_mut(*at) {
                answer.done = Bits::NONE;
            }
        }
    }

    /// The first row of the batch.
    pub fn first(&self) -> usize {
        self.start
    }

    /// The rows of the batch.
    pub fn rows(&self) -> Bits {
        self.all
    }

    /// Whether the answers of the rule at `index` are known for some rows already.
    pub fn is_known(&self, index: usize, rows: Bits) -> bool {
        self.scratch.answers.get(index).is_some_and(|answer| (rows & self.all & !answer.done).is_empty())
    }

    /// Answers of the rule at `index`, certain for the rows of `wanted`.
    pub fn eval(&mut self, index: usize, wanted: Bits) -> &Answer {
        static NONE: Answer = Answer {
            done: Bits::NONE,
            keep: Bits::NONE,
            unknown: Bits::NONE,
            fault: Bits::NONE,
            numbers: Vec::new(),
            values: Vec::new(),
        };
        let rules = self.rules;
        let done = self.scratch.answers.get(index).map_or(Bits::ALL, |answer| answer.done);
        let wanted = wanted & self.all & !done;
        if let (false, Some((root, rule))) = (wanted.is_empty(), rules.rules.get(index)) {
            match root {
                Some(root) => {
                    self.ensure(*root, wanted);
                    self.accept(index, *root, rule.for_use(), wanted);
                }
                None => self.interpret(index, rule, wanted),
            }
        }
        self.scratch.answers.get(index).unwrap_or(&NONE)
    }

    /// Takes the value of a root as its use does.
    fn accept(&mut self, index: usize, root: usize, use_: Use, wanted: Bits) {
        let ty = self.rules.steps.get(root).map_or(Ty::Any, |step| step.ty);
        let uniform = self.rules.steps.get(root).is_some_and(|step| step.uniform);
        let numeric = matches!(use_, Use::Multiplier | Use::Factor | Use::Priority | Use::Number);
        if use_ == Use::Keep && matches!(ty, Ty::Bool | Ty::Nothing) {
            let (Some(cell), Some(answer)) = (self.scratch.cells.get(root), self.scratch.answers.get_mut(index)) else {
                return;
            };
            answer.keep.take(cell.truth & cell.known, wanted);
            answer.unknown.take(!cell.known & !cell.fault, wanted);
            answer.fault.take(cell.fault, wanted);
            answer.done |= wanted;
        } else if numeric && matches!(ty, Ty::Integer | Ty::Number) && !uniform {
            let (view, answers, rooms) = View::beside(self);
            let [room, ..] = &mut *rooms.0;
            let numbers = view.numbers(root, room);
            let (known, fault) = (view.known(root), view.fault(root));
            let fine = kernels::test(numbers, kernels::Operand::One(0.0), |x, _| takes(use_, x));
            let Some(answer) = answers.get_mut(index) else { return };
            kernels::select(numbers, &wanted, &mut answer.numbers);
            answer.keep.take(known & fine, wanted);
            answer.unknown.take(!known & !fault, wanted);
            answer.fault.take(fault | known & !fine, wanted);
            answer.done |= wanted;
        } else {
            for row in wanted.rows() {
                let halted = self.scratch.cells.get(root).map(|cell| (cell.stop.get(row), cell.fault.get(row)));
                let result = match halted {
                    Some((true, _)) => Ok(Value::Unknown),
                    Some((_, true)) | None => Err(()),
                    _ => use_.accept(self.view(self.rules.steps.len()).value(root, row)).map_err(|_| ()),
                };
                self.keep(index, row, result);
            }
        }
    }

    /// Evaluates a rule that has no graph, row by row.
    fn interpret(&mut self, index: usize, rule: &Compiled, wanted: Bits) {
        for row in wanted.rows() {
            let mut result = Err(());
            self.env.row(self.start + row, self.candidate, &mut |env| result = rule.eval(env).map_err(|_| ()));
            self.keep(index, row, result);
        }
    }

    fn keep(&mut self, index: usize, row: usize, result: Result<Value, ()>) {
        let Some(answer) = self.scratch.answers.get_mut(index) else { return };
        answer.done.set(row, true);
        answer.fault.set(row, result.is_err());
        let value = result.unwrap_or_default();
        answer.unknown.set(row, !value.is_known() && !answer.fault.get(row));
        answer.keep.set(row, value.is_known() && value != Value::Bool(false));
        if let (Some(place), Some(x)) = (answer.numbers.get_mut(row), value.as_f64()) {
            *place = x;
        }
        if let Some(place) = answer.values.get_mut(row) {
            answer.keep.set(row, value.is_known());
            *place = value;
        }
    }
}

/// Whether a node reads columns and the candidate and nothing else.
fn is_alone(Info { reads, .. }: &Info) -> bool {
    !(reads.history || reads.clock || reads.scores || reads.tables)
}

/// Whether a use takes a number.
fn takes(use_: Use, x: f64) -> bool {
    match use_ {
        Use::Multiplier => x > 0.0 && x <= 1.0,
        Use::Factor => x >= 0.0 && x.is_finite(),
        _ => x.is_finite(),
    }
}
