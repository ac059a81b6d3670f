//! Rows of which columns tell everything but what contact policy says: nothing of them is asked again.
//!
//! Most rows of most policies are such. What they skip is the asking, not the deciding: contact policy, prices, the choice and the ladder are
//! those of every other row.

use super::super::case::{Case, Work};
use super::super::contact::{self, Verdict};
use super::super::{Frame, choose, ladder, price};
use super::ahead::{Given, Removed};
use super::late::{Fields, Late};
use super::{Pool, RowScratch};
use crate::columns::Table;
use crate::document::Operation;
use crate::history::History;
use crate::journal::Coded;
use crate::outcome::{Cause, Fate, Outcome, Scratch};
use crate::plan::{Formula, Plan, Slot};
use crate::policy::Policy;
use crate::reason::Step;
use crate::request::Who;
use std::cell::OnceCell;
use std::mem::swap;

/// Whether rows of a policy can be settled: one slot, decided live, without holdouts, overrides, chance, bundles, standby treatments,
/// budgets, or fields that must be there or fresh.
pub fn can_settle(plan: &Plan) -> bool {
    plan.mode == Operation::Live
        && plan.places == 1
        && plan.layers.is_empty()
        && plan.overrides.is_empty()
        && plan.exploration.is_none()
        && plan.bundles.is_empty()
        && !plan.standby
        && plan.contact.budgets.is_empty()
        && plan.program.entry.is_empty()
}

/// Whether nothing that is still to be asked of a settled row is an expression.
fn asks_nothing(plan: &Plan) -> bool {
    plan.rungs.is_empty()
        && plan.contact.send_times.is_empty()
        && plan.contact.quiet.iter().all(|quiet| quiet.when.is_none())
        && !matches!(plan.formula, Formula::Expression(_))
        && plan.slots.iter().all(|slot| slot.weights.is_empty() && slot.levers.is_empty())
}

/// Decides a settled row at an instant (ms).
pub fn decide<'s>(
    policy: &Policy,
    table: &Table<'_>,
    (row, now): (usize, i64),
    given: Given<'_>,
    history: &dyn History,
    scratch: &'s mut RowScratch,
) -> &'s Outcome {
    let RowScratch { scratch: Scratch { work, outcome }, values } = scratch;
    let plan = policy.plan();
    let who = Who::Row(table.columns(), row);
    outcome.run.clear();
    outcome.failures.clear();
    (outcome.holdout, outcome.arm, outcome.shadow_choice, outcome.mode) = (None, None, None, plan.mode);
    let mut open = false;
    for slot in &plan.slots {
        let fate = removed(plan, given, slot, now);
        open |= fate.is_none();
        outcome.run.fates.push(fate.unwrap_or(WON));
    }
    if open || !plan.rungs.is_empty() {
        match asks_nothing(plan) {
            true => work.renew(plan),
            false => work.forget(policy, who),
        }
        compete(policy, table, row, (who, now, given), history, (&mut *work, values), outcome);
        swap(work.failures.get_mut(), &mut outcome.failures);
    }
    outcome
}

const WON: Fate = Fate { step: Step::Arbitration, cause: Cause::Won };

/// Where a candidate ended, as far as columns tell.
fn removed(plan: &Plan, given: Given<'_>, slot: &Slot, now: i64) -> Option<Fate> {
    if slot.valid_from.is_some_and(|from| now < from) || slot.valid_until.is_some_and(|until| now >= until) {
        return Some(Fate { step: Step::Active, cause: Cause::NotActive });
    }
    let (passed, removed) = given.passed(slot.at);
    let rule = plan.rules.get(*slot.rules.get(passed)? as usize)?;
    let cause = match removed? {
        Removed::False => Cause::Rule(rule.at),
        Removed::Unknown => Cause::Missing(rule.at),
    };
    Some(Fate { step: Step::from(rule.stage), cause })
}

/// Contact policy, prices, choice and ladder, for the candidates that are left.
fn compete(
    policy: &Policy,
    table: &Table<'_>,
    row: usize,
    (who, now, given): (Who<'_>, i64, Given<'_>),
    history: &dyn History,
    (work, pool): (&mut Work, &Pool),
    outcome: &mut Outcome,
) {
    let late = Late { table, row, values: OnceCell::new(), pool: &pool.0 };
    {
        let case = Case { given: Some(given), ..Case::of(policy, who, now, Fields::Late(&late), history, work) };
        let frame = Frame::default();
        let run = &mut outcome.run;
        let seen = case.coded[0].filter(|_| now == table.columns().now(row)).map(Coded::seen);
        for (at, slot) in (0u32..).zip(&case.plan.slots) {
            if run.fates.get(at as usize) != Some(&WON) {
                continue;
            }
            let known = seen.and_then(|seen| given.verdict(at, seen));
            let survivor = match known.unwrap_or_else(|| contact::check(&case, slot, &[])) {
                Verdict::Block(cause) | Verdict::Reroute(cause) => Err(Fate { step: Step::Contact, cause }),
                verdict => price::survivor(&case, &frame, at, slot, 1.0, verdict),
            };
            match (survivor, run.fates.get_mut(at as usize)) {
                (Ok(survivor), _) => run.survivors.push(survivor),
                (Err(fate), Some(place)) => *place = fate,
                (Err(_), None) => {}
            }
        }
        if run.survivors.len() > 1 {
            choose::rank(run);
        }
        choose::choose(&case, &frame, run);
        if run.places.is_empty() && !run.survivors.iter().any(|survivor| survivor.open) {
            ladder::climb(&case, &frame, run);
        }
    }
    late.give_back();
}
