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

/// When a send time lets a candidate go, and why then.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Planned {
    /// Position in `document.send_times`.
    pub send_time: u32,
    /// Position of its expression, where that compiles.
    pub expression: Option<u32>,
    /// When (ms).
    pub at: i64,
    /// The best hour, 0 to 23, where it is known.
    pub hour: Option<i8>,
    /// Why then.
    pub why: Why,
}

/// Why a candidate is sent when it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Why {
    /// It is the best hour.
    BestHour,
    /// The best hour, at this instant (ms), is quiet: it is sent when that ends.
    AfterQuiet(i64),
    /// The best hour, at this instant (ms), is quiet, and that never ends: now.
    NeverOpen(i64),
    /// The best hour comes at this instant (ms), beyond the horizon: now.
    TooFar(i64),
    /// There is no best hour, or it never comes: now.
    Unknown,
}

/// When a candidate that nothing defers is sent (ms).
pub fn send_at(scene: &Scene<'_>, memory: &mut Memory, ask: &dyn Ask, slot: u32) -> i64 {
    planned(scene, memory, ask, slot).map_or(scene.now, |planned| planned.at)
}

/// The same with its reason; `None` where no send time speaks of the candidate.
pub fn planned(scene: &Scene<'_>, memory: &mut Memory, ask: &dyn Ask, slot: u32) -> Option<Planned> {
    let binding = scene.rules.bindings.get(slot as usize)?;
    let part = scene.rules.send_times.get(binding.send_time? as usize)?;
    let best = part.hour.and_then(|hour| ask.number(hour, slot, part.at));
    let hour = best.filter(|best| (0.0..24.0).contains(best)).map(|best| best as i8);
    let told = |at: i64, why: Why| Some(Planned { send_time: part.at, expression: part.hour, at, hour, why });
    let best = hour.and_then(|hour| next(scene.rules.zones.home(&memory.whereabouts), scene.now, hour));
    let Some(best) = best else { return told(scene.now, Why::Unknown) };
    if best.saturating_sub(scene.now) > part.within {
        return told(scene.now, Why::TooFar(best));
    }
    quiet::gather(scene, memory, ask, slot);
    match quiet::open(scene, memory, best) {
        None => told(scene.now, Why::NeverOpen(best)),
        Some(at) if at > best => told(at, Why::AfterQuiet(best)),
        Some(at) => told(at, Why::BestHour),
    }
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
