//! The log week by week: contacts, caps, and how often nothing is done.

use crate::simulate::fates::Cause;
use crate::simulate::replay::{NO_ACTION, Replay};
use crate::simulate::report::Week;
use std::collections::BTreeMap;

const WEEK: i64 = 7 * 86_400_000;
/// Longest series told; later weeks are counted in the last.
const MOST_WEEKS: i64 = 2_000;

/// One entry per week that has a decision, counted in sevens of days from the first decision.
pub(super) fn weeks(replay: &Replay, rows: &[u32]) -> Vec<Week> {
    let positions = replay.positions(rows);
    let Some(start) = positions.iter().map(|p| replay.times[*p]).min() else { return Vec::new() };
    let mut weeks: BTreeMap<i64, (Week, Vec<u64>)> = BTreeMap::new();
    for at in positions {
        let number = ((replay.times[at] - start) / WEEK).min(MOST_WEEKS - 1);
        let (week, hits) = weeks.entry(number).or_insert_with(|| {
            let week = Week {
                start: start + number * WEEK,
                decisions: 0,
                contacts: 0,
                no_action_share: 0.0,
                cap_hits: Vec::new(),
            };
            (week, vec![0; replay.causes.list().len()])
        });
        week.decisions += 1;
        week.contacts += u64::from(replay.chosen[at] != NO_ACTION);
        for fate in replay.fates_at(at) {
            hits[usize::from(fate.cause)] += 1;
        }
    }
    let finish = |(mut week, hits): (Week, Vec<u64>)| {
        week.no_action_share = 1.0 - week.contacts as f64 / week.decisions as f64;
        let caps = replay.causes.list().iter().zip(hits).filter_map(|(cause, n)| match cause {
            Cause::Cap(id) => Some((id.clone(), n)),
            _ => None,
        });
        week.cap_hits = caps.collect();
        week
    };
    weeks.into_values().map(finish).collect()
}
