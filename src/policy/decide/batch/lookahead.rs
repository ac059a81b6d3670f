//! A batch of which everything is known that no history can change, and its decisions over a history that they change.

use super::ahead::{Ahead, Block, Given};
use super::{BatchScratch, RowScratch, decide_read, decide_row, read};
use crate::columns::{Columns, Table};
use crate::history::History;
use crate::journal::Evolving;
use crate::language::columns::{BATCH, ColumnRules};
use crate::outcome::{Outcome, Scratch};
use crate::policy::Policy;
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
    pub(crate) fn new(policy: &Policy, columns: &'a Columns<'a>, scratch: &mut BatchScratch) -> Lookahead<'a> {
        let plan = policy.plan();
        let rules = plan.columns.get_or_init(|| ColumnRules::new(&plan.set));
        let table = Table::new(columns, &plan.program);
        let mut blocks = Vec::new();
        let mut ahead = Ahead::new(plan, rules, &table, &mut scratch.columns, &mut scratch.room);
        if ahead.is_useful() {
            for start in (0..columns.len()).step_by(BATCH) {
                let mut block = Block::default();
                ahead.fill(start, &mut block);
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

    /// Decides every row in order.
    pub(crate) fn decide(&self, policy: &Policy, history: &mut dyn Evolving, scratch: &mut BatchScratch) {
        if self.serial != policy.serial() {
            // What is known of another policy's rules says nothing of this one's.
            Lookahead::new(policy, self.columns(), scratch).decide(policy, history, scratch);
            return;
        }
        for row in 0..self.columns().len() {
            history.turn(row);
            self.row(policy, row, history, &mut scratch.rows);
            history.decided(row, &scratch.rows.scratch.outcome);
        }
    }

    fn given<'s>(&'s self, policy: &'s Policy, row: usize) -> Option<Given<'s>> {
        let block = self.blocks.get(row / BATCH)?;
        Some(Given { plan: policy.plan(), block, row: row % BATCH })
    }

    fn row(&self, policy: &Policy, row: usize, history: &dyn Evolving, scratch: &mut RowScratch) {
        let given = self.given(policy, row);
        decide_row(policy, &self.table, row, given, history, scratch, &mut |case, outcome| {
            swap(&mut *case.work.failures.borrow_mut(), &mut outcome.failures);
        });
    }

    /// Decides one row at another instant than its own.
    pub(crate) fn decide_at<'s>(
        &self,
        policy: &Policy,
        row: usize,
        now: i64,
        history: &dyn History,
        scratch: &'s mut BatchScratch,
    ) -> &'s Outcome {
        let rows = &mut scratch.rows;
        read(self.columns(), row, &mut rows.request);
        rows.request.now = now;
        if self.timeless && self.serial == policy.serial() {
            let given = self.given(policy, row);
            decide_read(policy, &self.table, row, given, history, rows, &mut |case, outcome| {
                swap(&mut *case.work.failures.borrow_mut(), &mut outcome.failures);
            });
        } else {
            let RowScratch { scratch: Scratch { work, outcome }, request, .. } = rows;
            self.columns().read(row, &mut request.fields);
            let notes = self.columns().notes(row).map(str::to_owned);
            work.begin_noted(policy, request, notes);
            super::super::decided(policy, request, history, work, outcome);
        }
        &rows.scratch.outcome
    }
}
