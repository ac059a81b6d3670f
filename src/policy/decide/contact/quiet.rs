//! Quiet hours: whether it is quiet where the subject may be, and when that ends.
//!
//! An instant is quiet when the local clock shows a quiet minute. Where the clock is put back, a quiet minute is quiet both
//! times; one that is skipped never comes. The day on which hours over midnight began is the day before on the calendar.

use super::calendar::{next_change, offset};
use super::hits::Hits;
use super::judge::Ask;
use super::planned::PlannedQuiet;
use super::scene::{Memory, Scene};
use crate::outcome::Cause;
use jiff::tz::TimeZone;

const MINUTE: i64 = 60_000;
const DAY: i64 = 1440 * MINUTE;

/// Quiet hours that have not ended after so long never do: two whole weeks and the changes of the clock in them.
const LONGEST: i64 = 16 * DAY;

/// Adds the quiet hours that hold for a candidate now.
pub fn check(scene: &Scene<'_>, memory: &mut Memory, ask: &dyn Ask, slot: u32, hits: &mut Hits) {
    gather(scene, memory, ask, slot);
    for i in 0..memory.active.len() {
        let Some(at) = memory.active.get(i).copied() else { break };
        let Some(quiet) = scene.rules.quiet.get(at as usize) else { continue };
        if is_quiet_now(scene, memory, at, quiet) {
            let until = open(scene, memory, scene.now);
            hits.add(&quiet.on_hit, until, Cause::Quiet { quiet: quiet.at, until });
        }
    }
}

/// Finds the quiet hours that hold for a candidate at whatever time, into [`Memory::active`].
pub fn gather(scene: &Scene<'_>, memory: &mut Memory, ask: &dyn Ask, slot: u32) {
    memory.active.clear();
    let Some(binding) = scene.rules.bindings.get(slot as usize) else { return };
    for at in &binding.quiet {
        let Some(quiet) = scene.rules.quiet.get(*at as usize) else { continue };
        // Where the condition cannot tell, or fails, they hold.
        let holds = quiet.when.is_none_or(|when| ask.holds(when, slot, quiet.at).unwrap_or(true));
        if holds {
            memory.active.push(*at);
        }
    }
}

fn is_quiet_now(scene: &Scene<'_>, memory: &mut Memory, at: u32, quiet: &PlannedQuiet) -> bool {
    if let Some(Some(known)) = memory.quiet_now.get(at as usize) {
        return *known;
    }
    let zones = scene.rules.zones.possible(&memory.whereabouts);
    let is_quiet = zones.iter().any(|zone| end(quiet, zone, scene.now).is_some());
    if let Some(known) = memory.quiet_now.get_mut(at as usize) {
        *known = Some(is_quiet);
    }
    is_quiet
}

/// The first instant from `from` on at which none of the gathered quiet hours holds, wherever the subject may be.
pub fn open(scene: &Scene<'_>, memory: &mut Memory, from: i64) -> Option<i64> {
    // Candidates of one channel stand together and ask the same.
    if let (Some(found), true) = (memory.found, memory.sought_from == from && memory.sought == memory.active) {
        return found;
    }
    let zones = scene.rules.zones.possible(&memory.whereabouts);
    let hours = memory.active.iter().filter_map(|at| scene.rules.quiet.get(*at as usize));
    let found = first_open(hours, zones, from);
    memory.sought.clone_from(&memory.active);
    (memory.sought_from, memory.found) = (from, Some(found));
    found
}

/// The first instant from `from` on at which it is not quiet in any of the zones; `None` when that does not come.
pub fn first_open<'a>(
    hours: impl Iterator<Item = &'a PlannedQuiet> + Clone,
    zones: &[TimeZone],
    from: i64,
) -> Option<i64> {
    let mut at = from;
    while at.saturating_sub(from) < LONGEST {
        let ends = hours.clone().flat_map(|quiet| zones.iter().filter_map(move |zone| end(quiet, zone, at)));
        match ends.max() {
            None => return Some(at),
            Some(end) => at = end,
        }
    }
    None
}

/// Where it is quiet at an instant: an instant up to which it stays so, exact for these hours in this zone while the clock is
/// not changed.
fn end(quiet: &PlannedQuiet, zone: &TimeZone, at: i64) -> Option<i64> {
    let local = at.checked_add(offset(zone, at))?;
    let (day, time) = (local.div_euclid(DAY), local.rem_euclid(DAY));
    let (from, until) = (quiet.from * MINUTE, quiet.until * MINUTE);
    let begins_on = |day: i64| quiet.weekdays >> ((day + 3).rem_euclid(7) + 1) & 1 == 1;
    let end = if from < until {
        (begins_on(day) && from <= time && time < until).then_some(until)
    } else if time >= from && begins_on(day) {
        Some(DAY + until)
    } else {
        (time < until && begins_on(day - 1)).then_some(until)
    };
    let end = at.checked_add(end? - time)?;
    // A change of the clock inside moves the end; from there on it is looked at anew.
    Some(end.min(next_change(zone, at)))
}
