//! What is found for a whole batch before its rows are decided: how far each candidate gets, and scores of models.

use crate::columns::Table;
use crate::decision::Candidate;
use crate::language::columns::{BATCH, BatchEnv, Bits, ColumnRules, ColumnRun, ColumnScratch};
use crate::language::{Env, Use};
use crate::model::{self, BatchScratch, NoFacts, Rows, Scored, Scores};
use crate::plan::{Plan, Slot};
use crate::rule::Stage;

/// A rule is asked of a batch while one in so many rows is left: the column evaluator takes about as long for all rows as the row evaluator
/// for these.
const SPARSE: usize = 16;

/// Finds out about the rows of a table, block by block of up to [`BATCH`] rows.
pub struct Ahead<'r> {
    plan: &'r Plan,
    run: ColumnRun<'r>,
    room: &'r mut Room,
    models: Vec<Option<model::Batch<'r>>>,
    /// Whether there is anything to find.
    useful: bool,
}

/// Room that is kept between batches.
#[derive(Debug, Default)]
pub struct Room {
    /// Per rule of the plan: whether columns alone tell whether it keeps a candidate, and the models it reads.
    asked: Vec<Asked>,
    scratch: BatchScratch,
}

/// What is known of the rows of a block.
#[derive(Debug, Default)]
pub struct Block {
    /// Per candidate and row: how far it gets.
    codes: Vec<Code>,
    /// Per model.
    scores: Vec<Found>,
}

/// How a rule is asked.
#[derive(Clone, Debug, Default)]
struct Asked {
    in_columns: bool,
    /// Models whose score it reads, by position.
    models: Vec<usize>,
}

/// How far a candidate gets in a row: the number of rules it is known to pass, and the answer of the next where that is known too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Code(u16);

impl Code {
    /// Rules of a candidate that are told of, at most.
    const MOST: usize = (u16::MAX >> 2) as usize;

    fn new(passed: usize, answer: u16) -> Code {
        Code(u16::try_from(passed.min(Code::MOST)).unwrap_or(0) << 2 | answer)
    }
}

const OPEN: u16 = 0;
const FALSE: u16 = 1;
const UNKNOWN: u16 = 2;

/// The scores of a model for some rows of a block.
#[derive(Debug, Default)]
struct Found {
    /// Rows in which it may be asked for.
    wanted: Bits,
    scores: Scores,
    /// Numbers of the rows that were scored, in the order of the scores.
    rows: Vec<u32>,
    /// Per row of the block: its place among them.
    places: Vec<u32>,
}

const NOWHERE: u32 = u32::MAX;

/// Rules that are asked ahead read no more than columns.
struct ColumnsAlone;

impl BatchEnv for ColumnsAlone {
    fn row(&self, _: usize, _: Candidate, _: &mut dyn FnMut(&dyn Env)) {}
}

impl<'r> Ahead<'r> {
    pub fn new(
        plan: &'r Plan,
        rules: &'r ColumnRules,
        table: &'r Table<'r>,
        scratch: &'r mut ColumnScratch,
        room: &'r mut Room,
    ) -> Ahead<'r> {
        let expressions = plan.set.rules();
        room.asked.clear();
        room.asked.extend(plan.rules.iter().map(|rule| {
            let at = rule.expression as usize;
            let compiled = expressions.get(at);
            let keeps = compiled.is_some_and(|compiled| compiled.for_use() == Use::Keep);
            Asked {
                in_columns: keeps && rule.stage != Stage::SoftSuitability && rules.reads_columns_alone(at),
                models: compiled.map(|compiled| compiled.models().to_vec()).unwrap_or_default(),
            }
        }));
        let alone = |(_, scorer): &'r (std::sync::Arc<str>, model::Scorer)| {
            (!scorer.reads_candidate()).then(|| scorer.batch(table))
        };
        let models: Vec<_> = plan.models.iter().map(alone).collect();
        let first = |slot: &Slot| slot.rules.first().and_then(|at| room.asked.get(*at as usize));
        let tells = |slot: &Slot| first(slot).is_some_and(|rule| rule.in_columns);
        let useful = models.iter().any(Option::is_some) || plan.slots.iter().any(tells);
        Ahead { plan, run: rules.start(table, &ColumnsAlone, scratch), room, models, useful }
    }

    /// Whether there is anything to find; otherwise every row is decided as if alone.
    pub fn is_useful(&self) -> bool {
        self.useful
    }

    /// Finds out about the rows from `start` on, a multiple of [`BATCH`].
    pub fn fill(&mut self, start: usize, block: &mut Block) {
        if !self.useful {
            return;
        }
        let plan = self.plan;
        self.run.batch(start);
        let Block { codes, scores } = block;
        scores.resize_with(self.models.len(), Found::default);
        scores.iter_mut().for_each(|found| found.wanted = Bits::NONE);
        codes.resize(plan.slots.len() * BATCH, Code::default());
        for (slot, codes) in plan.slots.iter().zip(codes.chunks_exact_mut(BATCH)) {
            self.slot(slot, codes, scores);
        }
        for (found, model) in scores.iter_mut().zip(&self.models) {
            found.fill(model.as_ref(), start, &mut self.room.scratch);
        }
    }

    /// Rules of a candidate in their order, each for the rows that are left.
    fn slot(&mut self, slot: &Slot, codes: &mut [Code], scores: &mut [Found]) {
        let plan = self.plan;
        self.run.candidate(slot.candidate);
        let all = self.run.rows();
        let few = all.count() / SPARSE;
        let mut left = all;
        let mut passed = 0;
        for (number, at) in slot.rules.iter().enumerate().take(Code::MOST) {
            let (Some(rule), Some(asked)) = (plan.rules.get(*at as usize), self.room.asked.get(*at as usize)) else {
                break;
            };
            let known = self.run.is_known(rule.expression as usize, left);
            if !asked.in_columns || left.count() <= few && !known {
                // The row goes on from here.
                for model in &asked.models {
                    if let Some(found) = scores.get_mut(*model) {
                        found.wanted |= left;
                    }
                }
                break;
            }
            let answer = self.run.eval(rule.expression as usize, left);
            let (keep, unknown, fault) = (answer.keep, answer.unknown, answer.fault);
            let passes = keep | if rule.keep_unknown { unknown } else { Bits::NONE };
            let lost = left & !passes;
            // What failed is left to the row, which has the words for it.
            write(codes, lost & fault, Code::new(number, OPEN));
            write(codes, lost & unknown & !fault, Code::new(number, UNKNOWN));
            write(codes, lost & !unknown & !fault, Code::new(number, FALSE));
            left &= passes;
            passed = number + 1;
            if left.is_empty() {
                return;
            }
        }
        if left == all {
            codes.fill(Code::new(passed, OPEN));
        } else {
            write(codes, left, Code::new(passed, OPEN));
        }
        for model in [slot.model, slot.uplift].into_iter().flatten() {
            if let Some(found) = scores.get_mut(model as usize) {
                found.wanted |= left;
            }
        }
    }
}

fn write(codes: &mut [Code], rows: Bits, code: Code) {
    for row in rows.rows() {
        if let Some(place) = codes.get_mut(row) {
            *place = code;
        }
    }
}

impl Found {
    fn fill(&mut self, model: Option<&model::Batch<'_>>, start: usize, scratch: &mut BatchScratch) {
        self.places.clear();
        self.rows.clear();
        let Some(model) = model.filter(|_| !self.wanted.is_empty()) else { return };
        self.places.resize(BATCH, NOWHERE);
        for row in self.wanted.rows() {
            if let (Some(place), Ok(at)) = (self.places.get_mut(row), u32::try_from(self.rows.len())) {
                *place = at;
            }
            self.rows.extend(u32::try_from(start + row));
        }
        model.score(Rows::List(&self.rows), &NoFacts, &mut self.scores, scratch);
    }
}

/// What is known of one row of a block.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    pub plan: &'a Plan,
    pub block: &'a Block,
    /// Its place in the block.
    pub row: usize,
}

/// The answer that removes a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    /// The rule is false.
    False,
    /// It is unknown.
    Unknown,
}

impl Given<'_> {
    /// How many of its rules a candidate is known to pass, and what removes it at the next, where that is known.
    #[inline]
    pub fn passed(&self, slot: u32) -> (usize, Option<Removed>) {
        let Some(code) = self.block.codes.get(slot as usize * BATCH + self.row) else { return (0, None) };
        let removed = match code.0 & 3 {
            FALSE => Some(Removed::False),
            UNKNOWN => Some(Removed::Unknown),
            _ => None,
        };
        (usize::from(code.0 >> 2), removed)
    }

    /// The score of a model of the subject, unless something stands in for it or no one was expected to ask.
    #[inline]
    pub fn score(&self, model: u32) -> Option<Scored> {
        let found = self.block.scores.get(model as usize)?;
        let place = found.places.get(self.row).filter(|place| **place != NOWHERE)?;
        let (_, scorer) = self.plan.models.get(model as usize)?;
        let scored = scorer.scored(&found.scores, *place as usize)?;
        (!scored.degraded()).then_some(scored)
    }
}
