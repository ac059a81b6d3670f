//! When a chosen candidate is sent: now, or at the subject's best hour, outside quiet hours.
//!
//! An hour that a change of the clock skips is taken at the end of the gap; one that comes twice at its first coming, if that
//! is not over.

use super::calendar::{hour, timestamp};
use super::judge::Ask;
use super::quiet;
use super::scene::{Memory, Scene};
use jiff::SignedDuration;
use jiff::tz::TimeZone;

/// When a candidate that nothing defers is sent (ms).
pub fn send_at(scene: &Scene<'_>, memory: &mut Memory, ask: &dyn Ask, slot: u32) -> i64 {
    let binding = scene.rules.bindings.get(slot as usize);
    let planned = binding.and_then(|b| scene.rules.send_times.get(b.send_time? as usize));
    let Some(planned) = planned else { return scene.now };
    let best = planned.hour.and_then(|hour| ask.number(hour, slot, planned.at));
    let Some(best) = best.filter(|best| (0.0..24.0).contains(best)) else { return scene.now };
    let at = next(scene.rules.zones.home(&memory.whereabouts), scene.now, best as i8);
    let Some(at) = at.filter(|at| at.saturating_sub(scene.now) <= planned.within) else { return scene.now };
    quiet::gather(scene, memory, ask, slot);
    quiet::open(scene, memory, at).unwrap_or(scene.now)
}

/// The first instant from now on whose local clock shows the hour: now, while it does; `None` beyond all calendars.
pub fn next(zone: &TimeZone, now: i64, best: i8) -> Option<i64> {
    let local = zone.to_datetime(timestamp(now));
    if local.hour() == best {
        return Some(now);
    }
    (0..4).find_map(|day| {
        let date = local.date().checked_add(SignedDuration::from_hours(24 * day)).ok()?;
        let (earlier, later) = hour(date, best, zone)?;
        // Of a day that was skipped whole the hour was not just missed: it did not come.
        let came = |at: &i64| zone.to_datetime(timestamp(*at)).date() == date;
        [earlier, later].into_iter().find(|at| *at >= now && came(at))
    })
}
