//! The log week by week: contacts, caps, what was put off, how budgets keep their pace, and how often nothing is done.

use crate::simulate::fates::Cause;
use crate::simulate::replay::{BudgetLook, Fates, NO_ACTION, Replay};
use crate::simulate::report::{BudgetWeek, Week};
use attune_policy::document::Document;
use std::collections::BTreeMap;

const WEEK: i64 = 7 * 86_400_000;
/// Longest series told; later weeks are counted in the last.
const MOST_WEEKS: i64 = 2_000;

/// The last instant of each week from the first decision to the last, counted in sevens of days from the first.
pub(super) fn ends(start: i64, end: i64) -> Vec<i64> {
    let last = (end.saturating_sub(start) / WEEK).min(MOST_WEEKS - 1);
    (0..=last).map(|week| start + (week + 1) * WEEK - 1).collect()
}

/// Number of the week in which an instant lies, counted from `start`.
pub(super) fn number(time: i64, start: i64) -> u16 {
    ((time - start) / WEEK).clamp(0, MOST_WEEKS - 1) as u16
}

/// Counts of one week.
struct Counts {
    decisions: u64,
    contacts: u64,
    hits: Vec<u64>,
    deferrals: u64,
    deferred: Vec<u64>,
}

/// One entry per week that has a decision on `rows`, counted in sevens of days from the first decision of all. A decision that was put off counts in
/// the week of its row, each deferral in the week in which it happened.
pub(super) fn weeks(replay: &Replay, rows: &[u32], document: &Document) -> Vec<Week> {
    let positions = replay.positions(rows);
    let Some(start) = replay.times.iter().copied().min() else { return Vec::new() };
    let number = |time: i64| i64::from(number(time, start));
    let causes = replay.causes.list();
    let none = || Counts {
        decisions: 0,
        contacts: 0,
        hits: vec![0; causes.len()],
        deferrals: 0,
        deferred: vec![0; causes.len()],
    };
    let mut weeks: BTreeMap<i64, Counts> = BTreeMap::new();
    let width = replay.candidates.len();
    for at in &positions {
        let week = weeks.entry(number(replay.times[*at])).or_insert_with(none);
        week.decisions += 1;
        week.contacts += u64::from(replay.chosen[*at] != NO_ACTION);
        for fate in replay.fates.each().get(at * width..(at + 1) * width).unwrap_or_default() {
            week.hits[usize::from(fate.cause)] += 1;
        }
    }
    if let Fates::Told(told) = &replay.fates {
        for (number, hits) in &told.counted.hits {
            if let Some(week) = weeks.get_mut(&i64::from(*number)) {
                week.hits.clone_from(hits);
            }
        }
    }
    let mut asked = positions.iter().peekable();
    for deferral in &replay.deferrals {
        while asked.next_if(|at| **at < deferral.position as usize).is_some() {}
        if asked.peek().is_none_or(|at| **at != deferral.position as usize) {
            continue;
        }
        // A week in which things were only put off has no decision of its own and is told with the week before.
        let Some((_, week)) = weeks.range_mut(..=number(deferral.at)).next_back() else { continue };
        week.deferrals += 1;
        if let Some(count) = deferral.cause.and_then(|cause| week.deferred.get_mut(usize::from(cause))) {
            *count += 1;
        }
    }
    let finish = |(number, counts): (i64, Counts)| {
        let caps = causes.iter().zip(counts.hits).filter_map(|(cause, n)| match cause {
            Cause::Cap(id) => Some((id.clone(), n)),
            _ => None,
        });
        let deferred = causes.iter().zip(counts.deferred).filter(|(_, n)| *n > 0);
        Week {
            start: start + number * WEEK,
            decisions: counts.decisions,
            contacts: counts.contacts,
            no_action_share: 1.0 - counts.contacts as f64 / counts.decisions as f64,
            cap_hits: caps.collect(),
            deferrals: counts.deferrals,
            deferred_by: deferred.map(|(cause, n)| (cause.code(), n)).collect(),
            budgets: replay.budgets.get(number as usize).map(|look| budgets(look, document)).unwrap_or_default(),
        }
    };
    weeks.into_iter().map(finish).collect()
}

fn budgets(look: &BudgetLook, document: &Document) -> Vec<BudgetWeek> {
    let budgets = look.budgets.iter().filter_map(|state| {
        let id = document.budgets.get(state.budget as usize)?.id.clone();
        Some(BudgetWeek { id, spent: state.spent, max: state.max, pace: state.pace, least: state.least })
    });
    budgets.collect()
}
