//! Decisions in batches: what rules and models say is found for many rows at a time, then each row is decided by the
//! same core, which asks here first.
//!
//! Only what cannot be told from a single decision is found ahead: rules over the row and the candidate alone, and
//! scores of the subject, for the rows that get so far. Whatever fails is left to the row, which has the words for it.
//! *Invariant:* a row gets the answer that its request gets alone.

mod filled;
#[cfg(test)]
mod tests;

pub use filled::Given;

use super::case::{Case, Work};
use super::{evaluate, render};
use crate::columns::{Columns, Table};
use crate::decision::Decision;
use crate::history::History;
use crate::language::columns::{BATCH, ColumnRules, ColumnScratch};
use crate::outcome::{Outcome, Scratch};
use crate::policy::Policy;
use crate::request::Request;
use filled::{Filled, Own};
use std::mem::swap;

/// Space for decisions in batches, kept by the caller. One per thread; it remembers nothing that an answer depends on.
#[derive(Debug, Default)]
pub struct BatchScratch {
    scratch: Scratch,
    columns: ColumnScratch,
    own: Vec<Own>,
    request: Request,
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
    let BatchScratch { scratch: Scratch { work, outcome }, columns: space, own, request } = scratch;
    let mut filled = Filled::new(plan, rules, &table, space, std::mem::take(own));
    for start in (0..columns.len()).step_by(BATCH) {
        let rows = filled.fill(start);
        for row in 0..rows {
            read(columns, start + row, request);
            begin(policy, &table, start + row, request, work);
            let given = Given::new(&filled, row);
            let case = Case { given: Some(&given), ..Case::new(policy, request, history, work) };
            evaluate(&case, outcome);
            then(&case, outcome);
        }
    }
    *own = filled.into_own();
}

/// Reads a row into a request that is used again.
fn read(columns: &Columns<'_>, row: usize, request: &mut Request) {
    let text = |place: &mut String, text: &str| {
        place.clear();
        place.push_str(text);
    };
    let option = |place: &mut Option<String>, text: Option<&str>| match (place.as_mut(), text) {
        (Some(place), Some(text)) => {
            place.clear();
            place.push_str(text);
        }
        (_, text) => *place = text.map(str::to_owned),
    };
    text(&mut request.decision_id, columns.decision_id(row));
    text(&mut request.subject, columns.subject(row));
    option(&mut request.zone, columns.zone(row));
    option(&mut request.household, columns.household(row));
    option(&mut request.device, columns.device(row));
    request.now = columns.now(row);
    columns.read(row, &mut request.fields);
}

/// Forgets the decision before; the values of the row are sound already, and what the recipe makes of them is known.
fn begin(policy: &Policy, table: &Table<'_>, row: usize, request: &Request, work: &mut Work) {
    work.forget(policy, request);
    for note in table.columns().notes(row) {
        work.report(note.to_owned());
    }
    work.admit(policy, request);
    table.read_derived(row, work.derived());
}
