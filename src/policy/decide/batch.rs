//! Decisions in batches: what columns tell of guards and engagement rules, and the scores of those who get so far, are found for many
//! rows at a time; then each row is decided by the same core, which asks here first.
//!
//! Nothing is found ahead that is cheaper to find alone: a rule is asked of a batch while enough rows are left of it, the scores of a model
//! for the rows in which some candidate may need them, and the values of a row are copied out of its columns only when something reads
//! them. Rules over history, clock, scores and decision tables, those that the interpreter runs, and whatever fails are left to the row,
//! which has the words for it. A policy whose every rule is such, without a model of the subject, is decided row by row.
//!
//! What is found ahead knows of no history: rows may be decided afterwards, elsewhere, and over a history that each decision changes
//! ([`Lookahead`]). *Invariant:* a row gets the answer that its request gets alone, over the history that it sees.

mod ahead;
mod late;
mod lookahead;
mod settled;
#[cfg(test)]
mod tests;

pub use ahead::{Given, Removed};
pub use late::Fields;
pub use lookahead::Lookahead;

use super::case::Case;
use super::{evaluate, render};
use crate::columns::{Columns, Table};
use crate::decision::Decision;
use crate::history::History;
use crate::language::columns::{BATCH, ColumnRules, ColumnScratch};
use crate::outcome::{Outcome, Scratch};
use crate::policy::Policy;
use crate::request::Who;
use crate::value::Value;
use ahead::{Ahead, Block, Room};
use late::Late;
use std::cell::{Cell, OnceCell};
use std::fmt;
use std::mem::swap;

/// Space for decisions in batches, kept by the caller. One per thread; it remembers nothing that an answer depends on.
#[derive(Debug, Default)]
pub struct BatchScratch {
    columns: ColumnScratch,
    room: Room,
    block: Block,
    rows: RowScratch,
}

/// Space for deciding one row after the other.
#[derive(Debug, Default)]
struct RowScratch {
    scratch: Scratch,
    /// Values of the row at hand.
    values: Pool,
}

/// Room for the values of one row.
#[derive(Default)]
struct Pool(Cell<Vec<Value>>);

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool")
    }
}

/// Decides every row and renders it.
pub fn decide_batch(policy: &Policy, columns: &Columns<'_>, history: &dyn History) -> Vec<Decision> {
    let mut decisions = Vec::with_capacity(columns.len());
    each(policy, columns, history, &mut BatchScratch::default(), &mut |case, outcome| {
        outcome.failures.clone_from(&case.work.failures.borrow());
        decisions.push(render::decision(case, outcome));
    });
    decisions
}

/// Decides every row and shows its outcome.
pub fn decide_batch_into(
    policy: &Policy,
    columns: &Columns<'_>,
    history: &dyn History,
    scratch: &mut BatchScratch,
    visit: &mut dyn FnMut(usize, &Outcome),
) {
    let mut row = 0;
    each(policy, columns, history, scratch, &mut |case, outcome| {
        swap(&mut *case.work.failures.borrow_mut(), &mut outcome.failures);
        visit(row, outcome);
        row += 1;
    });
}

/// Decides every row in order.
fn each(
    policy: &Policy,
    columns: &Columns<'_>,
    history: &dyn History,
    scratch: &mut BatchScratch,
    then: &mut dyn FnMut(&Case<'_>, &mut Outcome),
) {
    let plan = policy.plan();
    let rules = plan.columns.get_or_init(|| ColumnRules::new(&plan.set));
    let table = Table::new(columns, &plan.program);
    let BatchScratch { columns: space, room, block, rows: row_scratch } = scratch;
    let mut ahead = Ahead::new(policy, rules, &table, space, room);
    for start in (0..columns.len()).step_by(BATCH) {
        ahead.fill(start, history, block);
        let known = ahead.is_useful().then_some(&*block);
        for row in 0..BATCH.min(columns.len() - start) {
            let given = known.map(|block| Given { plan, block, row });
            let at = (start + row, columns.now(start + row));
            decide_row(policy, &table, at, given, history, row_scratch, then);
        }
    }
}

/// Decides a row as it is at an instant (ms).
fn decide_row(
    policy: &Policy,
    table: &Table<'_>,
    (row, now): (usize, i64),
    given: Option<Given<'_>>,
    history: &dyn History,
    scratch: &mut RowScratch,
    then: &mut dyn FnMut(&Case<'_>, &mut Outcome),
) {
    let RowScratch { scratch: Scratch { work, outcome }, values } = scratch;
    let columns = table.columns();
    let who = Who::Row(columns, row);
    work.forget(policy, who);
    for note in columns.notes(row) {
        work.report(note.to_owned());
    }
    // What is too old or missing is reported, and may refuse the row; its columns have it already.
    if !policy.plan().program.entry.is_empty() {
        let mut fields = values.0.take();
        columns.read(row, &mut fields);
        work.admit(policy, &fields, now);
        values.0.set(fields);
    }
    let late = Late { table, row, values: OnceCell::new(), pool: &values.0 };
    {
        let case = Case { given, ..Case::of(policy, who, now, Fields::Late(&late), history, work) };
        evaluate(&case, outcome);
        then(&case, outcome);
    }
    late.give_back();
}
