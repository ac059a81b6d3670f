//! What is found for a whole batch before its rows are decided: how far each candidate gets, and scores of models.

use super::settled;
use crate::columns::{Columns, Table};
use crate::decide::contact::{self, Verdict};
use crate::decision::Candidate;
use crate::history::{History, Identity};
use crate::journal::Coded;
use crate::language::columns::{BATCH, BatchEnv, Bits, ColumnRules, ColumnRun, ColumnScratch};
use crate::language::{Env, Use};
use crate::model::{self, BatchScratch, NoFacts, Rows, Scored, Scores};
use crate::plan::{Plan, Slot};
use crate::policy::Policy;
use crate::request::Who;
use crate::rule::Stage;
use std::hint::black_box;

/// A rule is asked of a batch while one in so many rows is left: the column evaluator takes about as long for all rows as the row evaluator
/// for these.
const SPARSE: usize = 16;

/// Finds out about the rows of a table, block by block of up to [`BATCH`] rows.
pub struct Ahead<'r> {
    policy: &'r Policy,
    plan: &'r Plan,
    columns: &'r Columns<'r>,
    run: ColumnRun<'r>,
    room: &'r mut Room,
    models: Vec<Option<model::Batch<'r>>>,
    /// Whether there is anything to find.
    useful: bool,
    /// Whether rows may be settled.
    settles: bool,
}

/// Room that is kept between batches.
#[derive(Debug, Default)]
pub struct Room {
    /// Per rule of the plan: whether columns alone tell whether it keeps a candidate, and the models it reads.
    asked: Vec<Asked>,
    scratch: BatchScratch,
    /// Per candidate: the rows whose score it may need.
    left: Vec<Bits>,
    contact: contact::Memory,
}

/// What is known of the rows of a block.
#[derive(Debug, Default)]
pub struct Block {
    /// Per candidate and row: how far it gets.
    codes: Vec<Code>,
    /// Per model.
    scores: Vec<Found>,
    /// Rows of which nothing is open but contact policy.
    settled: Bits,
    /// What contact policy said of them.
    contact: Contact,
}

impl Block {
    /// Whether nothing of a row is open but contact policy.
    pub fn is_settled(&self, row: usize) -> bool {
        self.settled.get(row)
    }
}

/// What contact policy said of the rows of a block when they were looked ahead on.
#[derive(Debug, Default)]
struct Contact {
    /// Per row: events that its subject had then; [`NOWHERE`] where it was not asked. Empty when its answers may change by themselves.
    seen: Vec<u32>,
    /// Per candidate and row: 0 when it passes, else one more than the place of its verdict.
    codes: Vec<u16>,
    verdicts: Vec<Verdict>,
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
        policy: &'r Policy,
        rules: &'r ColumnRules,
        table: &'r Table<'r>,
        scratch: &'r mut ColumnScratch,
        room: &'r mut Room,
    ) -> Ahead<'r> {
        let plan = policy.plan();
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
        Ahead {
            policy,
            plan,
            columns: table.columns(),
            run: rules.start(table, &ColumnsAlone, scratch),
            room,
            models,
            useful,
            settles: settled::can_settle(plan),
        }
    }

    /// Whether there is anything to find; otherwise every row is decided as if alone.
    pub fn is_useful(&self) -> bool {
        self.useful
    }

    /// Finds out about the rows from `start` on, a multiple of [`BATCH`]. Of candidates that what happened `so_far` keeps from being
    /// contacted no score is found.
    pub fn fill(&mut self, start: usize, so_far: &dyn History, block: &mut Block) {
        if !self.useful {
            return;
        }
        let plan = self.plan;
        self.run.batch(start);
        let Block { codes, scores, settled, contact } = block;
        scores.resize_with(self.models.len(), Found::default);
        scores.iter_mut().for_each(|found| found.wanted = Bits::NONE);
        codes.resize(plan.slots.len() * BATCH, Code::default());
        self.room.left.clear();
        *settled = if self.settles { self.plain(start) } else { Bits::NONE };
        for (slot, codes) in plan.slots.iter().zip(codes.chunks_exact_mut(BATCH)) {
            let (left, open) = self.slot(slot, codes, scores);
            self.room.left.push(left);
            *settled &= !open;
        }
        contact.clear();
        if plan.contact.counts() {
            if self.settles && plan.contact.asks_subject_alone() {
                contact.seen.resize(BATCH, NOWHERE);
                contact.codes.resize(plan.slots.len() * BATCH, 0);
            }
            self.spare(start, so_far, contact);
        }
        for (slot, left) in plan.slots.iter().zip(&self.room.left) {
            for model in [slot.model, slot.uplift].into_iter().flatten() {
                if let Some(found) = scores.get_mut(model as usize) {
                    found.wanted |= *left;
                }
            }
        }
        for (found, model) in scores.iter_mut().zip(&self.models) {
            found.fill(model.as_ref(), start, &mut self.room.scratch);
        }
    }

    /// Rows about which nothing is to be said but what their columns hold.
    fn plain(&self, start: usize) -> Bits {
        let mut plain = self.run.rows();
        for row in self.run.rows().rows() {
            if self.columns.is_blank(start + row) {
                plain.set(row, false);
            }
        }
        for row in self.columns.noted(start..start + BATCH) {
            plain.set(row - start, false);
        }
        plain
    }

    /// Rules of a candidate in their order, each for the rows that are left; gives those in which it passes what is known, and those in
    /// which rules are left to be asked.
    fn slot(&mut self, slot: &Slot, codes: &mut [Code], scores: &mut [Found]) -> (Bits, Bits) {
        let plan = self.plan;
        self.run.candidate(slot.candidate);
        let all = self.run.rows();
        let few = all.count() / SPARSE;
        let mut left = all;
        let mut open = Bits::NONE;
        let mut passed = 0;
        for (number, at) in slot.rules.iter().enumerate().take(Code::MOST) {
            let (Some(rule), Some(asked)) = (plan.rules.get(*at as usize), self.room.asked.get(*at as usize)) else {
                break;
            };
            let known = self.run.is_known(rule.expression as usize, left);
            if !asked.in_columns || left.count() <= few && !known {
                // The row goes on from here.
                open |= left;
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
            open |= lost & fault;
            write(codes, lost & unknown & !fault, Code::new(number, UNKNOWN));
            write(codes, lost & !unknown & !fault, Code::new(number, FALSE));
            left &= passes;
            passed = number + 1;
            if left.is_empty() {
                return (left, open);
            }
        }
        if left == all {
            codes.fill(Code::new(passed, OPEN));
        } else {
            write(codes, left, Code::new(passed, OPEN));
        }
        if slot.rules.len() > Code::MOST {
            open |= left;
        }
        (left, open)
    }

    /// Takes out the rows in which contact policy keeps a candidate back whatever else happens: arbitration never asks for its score.
    /// Keeps what it said, for as long as nothing else happens.
    fn spare(&mut self, start: usize, so_far: &dyn History, said: &mut Contact) {
        let (plan, columns) = (self.plan, self.columns);
        let Room { left, contact, .. } = &mut *self.room;
        let any = left.iter().fold(Bits::NONE, |any, left| any | *left);
        // The events of many subjects lie far apart. Reading them in short loops first lets memory answer for several at a time.
        let coded = |row: usize| so_far.coded(Identity::Subject, Who::Row(columns, start + row));
        black_box(any.rows().filter_map(coded).map(|events| u64::from(events.seen())).sum::<u64>());
        black_box(any.rows().filter_map(coded).filter_map(Coded::last).fold(0, i64::wrapping_add));
        for row in any.rows() {
            let who = Who::Row(columns, start + row);
            let now = columns.now(start + row);
            let Some(past) = contact::Known::so_far(self.policy, who, now, so_far) else { continue };
            if let Some(seen) = said.seen.get_mut(row) {
                *seen = past.seen();
            }
            contact.begin();
            for (at, (slot, left)) in
                plan.slots.iter().zip(&mut *left).enumerate().filter(|(_, (_, left))| left.get(row))
            {
                let verdict = past.verdict(slot, contact);
                if matches!(verdict, Verdict::Block(_) | Verdict::Reroute(_)) {
                    left.set(row, false);
                }
                if verdict != Verdict::Pass {
                    said.note(at * BATCH + row, verdict);
                }
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

impl Contact {
    fn clear(&mut self) {
        self.seen.clear();
        self.codes.clear();
        self.verdicts.clear();
    }

    fn note(&mut self, place: usize, verdict: Verdict) {
        let Some(code) = self.codes.get_mut(place) else { return };
        self.verdicts.push(verdict);
        match u16::try_from(self.verdicts.len()) {
            Ok(number) => *code = number,
            // More than there are numbers for: rows ask for themselves.
            Err(_) => self.clear(),
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
    /// Whether nothing of the row is open but contact policy.
    pub fn is_settled(&self) -> bool {
        self.block.is_settled(self.row)
    }

    /// What contact policy says of a candidate that passed every rule, at the row's own instant; `None` where it must be asked, as when its
    /// subject has had other events than so many.
    pub fn verdict(&self, slot: u32, seen: u32) -> Option<Verdict> {
        let contact = &self.block.contact;
        contact.seen.get(self.row).filter(|then| **then == seen && seen != NOWHERE)?;
        match contact.codes.get(slot as usize * BATCH + self.row)? {
            0 => Some(Verdict::Pass),
            at => contact.verdicts.get(usize::from(*at) - 1).copied(),
        }
    }

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
