//! Local calendars over instants: where a day, week or month begins and ends, exactly, across changes of the clock.
//!
//! A local date begins at the first instant that carries it: its midnight, the earlier one where midnight comes twice, or the
//! end of a gap that swallowed it. Instants outside the years that calendars know are cut to them.

use crate::contact::Period;
use jiff::civil::Date;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// A period of a calendar: from its first instant to that of the next one (ms).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub start: i64,
    /// Always after the instant that was asked for.
    pub end: i64,
}

/// The period that contains the instant `at`.
pub fn span(period: Period, zone: &TimeZone, at: i64) -> Span {
    let local = zone.to_datetime(timestamp(at)).date();
    let first = first_date(period, local);
    let start = first.map_or(i64::MIN, |date| begin(date, zone).0);
    // Where the clock is put back over midnight a date is left and comes again: its second beginning counts.
    let next = first.and_then(|first| next_date(period, first)).map(|date| begin(date, zone));
    let end = next.map_or(i64::MAX, |(earlier, later)| if earlier > at { earlier } else { later });
    Span { start: start.min(at), end: end.max(at.saturating_add(1)) }
}

/// The instant, cut to the years that calendars know.
pub fn timestamp(ms: i64) -> Timestamp {
    let limit = if ms < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_millisecond(ms).unwrap_or(limit)
}

/// Milliseconds that local clocks are ahead of UTC.
pub fn offset(zone: &TimeZone, at: i64) -> i64 {
    i64::from(zone.to_offset(timestamp(at)).seconds()) * 1000
}

/// The first instant after `at` at which the zone's clock is changed; `i64::MAX` when it never is again.
pub fn next_change(zone: &TimeZone, at: i64) -> i64 {
    zone.following(timestamp(at)).next().map_or(i64::MAX, |change| change.timestamp().as_millisecond())
}

fn first_date(period: Period, date: Date) -> Option<Date> {
    match period {
        Period::Day => Some(date),
        Period::Week(start) => {
            let since = (i64::from(date.weekday().to_monday_one_offset()) - i64::from(start)).rem_euclid(7);
            date.checked_sub(days(since)).ok()
        }
        Period::Month => Some(date.first_of_month()),
    }
}

fn next_date(period: Period, first: Date) -> Option<Date> {
    let length = match period {
        Period::Day => 1,
        Period::Week(_) => 7,
        Period::Month => i64::from(first.days_in_month()),
    };
    first.checked_add(days(length)).ok()
}

fn days(n: i64) -> SignedDuration {
    SignedDuration::from_hours(n * 24)
}

/// The first instant of a local date, and where its midnight comes twice the second.
fn begin(date: Date, zone: &TimeZone) -> (i64, i64) {
    hour(date, 0, zone).unwrap_or((i64::MIN, i64::MIN))
}

/// The first instant at or after a full hour of a local date, and where the hour comes twice the second: in a gap, its end.
pub fn hour(date: Date, hour: i8, zone: &TimeZone) -> Option<(i64, i64)> {
    let ambiguous = zone.to_ambiguous_timestamp(date.at(hour, 0, 0, 0));
    match ambiguous.offset() {
        AmbiguousOffset::Gap { .. } => {
            let before = ambiguous.earlier().ok()?;
            let change = next_change(zone, before.as_millisecond());
            Some((change, change))
        }
        _ => Some((ambiguous.earlier().ok()?.as_millisecond(), ambiguous.later().ok()?.as_millisecond())),
    }
}
