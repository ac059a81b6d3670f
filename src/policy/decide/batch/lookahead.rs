//! A batch of which everything is known that no history can change, and its decisions over a history that they change.

use super::ahead::{Ahead, Block, Given};
use super::{BatchScratch, decide_row, settled};
use crate::columns::{Columns, Table};
use crate::history::History;
use crate::language::columns::{BATCH, ColumnRules};
use crate::outcome::{Outcome, Scratch};
use crate::policy::Policy;
use crate::request::Request;
use std::mem::swap;

/// The part of a batch's decisions that depends on no history: rules that read columns alone, and the scores of models. It is found on
/// whatever thread has time; the rows are decided afterwards, in whatever order history wants them.
#[derive(Debug)]
pub struct Lookahead<'a> {
    table: Table<'a>,
    /// Empty when there was nothing to find.
    blocks: Vec<Block>,
    /// The policy it was made for.
    serial: u64,
    /// Whether nothing of it depends on the instants of the rows.
    timeless: bool,
}

impl<'a> Lookahead<'a> {
    /// Looks ahead on the rows of a batch.
    pub(crate) fn new(
        policy: &Policy,
        columns: &'a Columns<'a>,
        so_far: &dyn History,
        scratch: &mut BatchScratch,
    ) -> Lookahead<'a> {
        let plan = policy.plan();
        let rules = plan.columns.get_or_init(|| ColumnRules::new(&plan.set));
        let table = Table::new(columns, &plan.program);
        let mut blocks = Vec::new();
        let mut ahead = Ahead::new(policy, rules, &table, &mut scratch.columns, &mut scratch.room);
        if ahead.is_useful() {
            for start in (0..columns.len()).step_by(BATCH) {
                let mut block = Block::default();
                ahead.fill(start, so_far, &mut block);
                blocks.push(block);
            }
        }
        let timeless = !plan.program.asks_now() && !plan.program.entry.asks_now();
        Lookahead { table, blocks, serial: policy.serial(), timeless }
    }

    /// The rows that it was made of.
    pub fn columns(&self) -> &'a Columns<'a> {
        self.table.columns()
    }

    /// Whether nothing of a row is open but contact policy.
    #[cfg(test)]
    pub(crate) fn is_settled(&self, row: usize) -> bool {
        self.blocks.get(row / BATCH).is_some_and(|block| block.is_settled(row % BATCH))
    }

    /// Decides one row at an instant (ms), its own or another.
    pub(crate) fn decide<'s>(
        &self,
        policy: &Policy,
        row: usize,
        now: i64,
        history: &dyn History,
        scratch: &'s mut BatchScratch,
    ) -> &'s Outcome {
        let rows = &mut scratch.rows;
        let columns = self.columns();
        if self.serial == policy.serial() && (self.timeless || now == columns.now(row)) {
            let block = self.blocks.get(row / BATCH);
            let given = block.map(|block| Given { plan: policy.plan(), block, row: row % BATCH });
            if let Some(given) = given.filter(Given::is_settled) {
                return settled::decide(policy, &self.table, (row, now), given, history, rows);
            }
            decide_row(policy, &self.table, (row, now), given, history, rows, &mut |case, outcome| {
                swap(&mut *case.work.failures.borrow_mut(), &mut outcome.failures);
            });
        } else {
            let Scratch { work, outcome } = &mut rows.scratch;
            let request = Request { now, ..columns.request(row) };
            let notes = columns.notes(row).map(str::to_owned);
            work.begin_noted(policy, &request, notes);
            super::super::decided(policy, &request, history, work, outcome);
        }
        &rows.scratch.outcome
    }
}
