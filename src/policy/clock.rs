//! Local clocks: what the calendar and the clock of a zone show at an instant, and where calendar units begin. For date parts of
//! the row recipe and for features over events; nothing here asks the machine.

use crate::decide::contact::calendar::{hour, offset};
use crate::value::Value;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Milliseconds of a day.
pub const DAY: i64 = 86_400_000;

/// A length of time as people are told it everywhere, in the largest unit of which it is a whole number: "7 days", "36 hours", "1 minute".
pub fn length(seconds: u64) -> String {
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute")];
    let fits = |(size, _): &(u64, &str)| seconds >= *size && seconds.is_multiple_of(*size);
    let (size, unit) = units.into_iter().find(fits).unwrap_or((1, "second"));
    let n = seconds / size;
    format!("{n} {unit}{}", if n == 1 { "" } else { "s" })
}

/// The clock of a zone.
#[derive(Clone, Debug)]
pub struct LocalClock {
    /// `None` is UTC.
    zone: Option<TimeZone>,
}

/// A unit of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Unit {
    /// From midnight to midnight.
    Day,
    /// From Monday to Sunday.
    Week,
    /// From the first of the month.
    Month,
    /// From the first of January, April, July, October.
    Quarter,
    /// From the first of January.
    Year,
}

/// What a clock and its calendar show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Days of the local date since 1970-01-01.
    pub date: i64,
    /// 0 to 23.
    pub hour: u8,
}

impl LocalClock {
    /// The clock of an IANA zone, UTC when `None`; `None` for a zone that is not known.
    pub fn new(zone: Option<&str>) -> Option<LocalClock> {
        let zone = match zone {
            None | Some("UTC") => None,
            Some(name) => Some(crate::zones::find(name)?),
        };
        Some(LocalClock { zone })
    }

    /// What it shows at an instant (ms).
    pub fn at(&self, ms: i64) -> Moment {
        let local = ms.saturating_add(self.zone.as_ref().map_or(0, |zone| offset(zone, ms)));
        let hour = local.rem_euclid(DAY) / 3_600_000;
        Moment { date: local.div_euclid(DAY), hour: u8::try_from(hour).unwrap_or(0) }
    }

    /// The instant (ms) at which the calendar unit of an instant begins, or one so many units before it: the first instant that
    /// carries its first date. Instants outside the years that calendars know are cut to them.
    pub fn start_of(&self, unit: Unit, ms: i64, back: u32) -> i64 {
        let first = first_date(unit, self.at(ms).date, i64::from(back));
        match &self.zone {
            None => first.saturating_mul(DAY),
            Some(zone) => {
                let (year, month, day) = civil(first);
                let date = i16::try_from(year)
                    .ok()
                    .and_then(|year| Date::new(year, month.cast_signed(), day.cast_signed()).ok());
                let start = date.and_then(|date| hour(date, 0, zone)).map(|(earlier, _)| earlier);
                start.unwrap_or_else(|| first.saturating_mul(DAY)).min(ms)
            }
        }
    }
}

impl Moment {
    /// 1 is Monday, 7 is Sunday.
    pub fn weekday(&self) -> u8 {
        u8::try_from((self.date.saturating_add(3)).rem_euclid(7)).unwrap_or(0) + 1
    }

    /// Year, month from 1, day from 1.
    pub fn civil(&self) -> (i64, u8, u8) {
        civil(self.date)
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unit::Day => "day",
            Unit::Week => "week",
            Unit::Month => "month",
            Unit::Quarter => "quarter",
            Unit::Year => "year",
        })
    }
}

/// An instant (ms) as RFC 3339 writes it, by the clock of an IANA zone: `2024-03-02T06:00:00-05:00`; `2024-03-02T11:00:00Z` where the
/// zone is UTC, or not known.
pub fn rfc3339(at: i64, zone: Option<&str>) -> String {
    let zone = zone.filter(|name| *name != "UTC").and_then(crate::zones::find);
    match (zone, jiff::Timestamp::from_millisecond(at)) {
        (Some(zone), Ok(instant)) => instant.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string(),
        _ => Value::Time(at).to_string(),
    }
}

/// The first date of the unit that lies `back` units before the one of `date`.
fn first_date(unit: Unit, date: i64, back: i64) -> i64 {
    let months = |length: i64| {
        let (year, month, _) = civil(date);
        let month = year * 12 + i64::from(month) - 1;
        let first = month.div_euclid(length) * length - back * length;
        date_of(first.div_euclid(12), first.rem_euclid(12) + 1)
    };
    match unit {
        Unit::Day => date.saturating_sub(back),
        Unit::Week => date.saturating_sub((date.saturating_add(3)).rem_euclid(7)).saturating_sub(back * 7),
        Unit::Month => months(1),
        Unit::Quarter => months(3),
        Unit::Year => months(12),
    }
}

/// Days from 1970-01-01 to the first of a month, in the Gregorian calendar [Hinnant, days_from_civil].
fn date_of(year: i64, month: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of a number of days since 1970-01-01 [Hinnant, civil_from_days].
fn civil(date: i64) -> (i64, u8, u8) {
    let z = date.saturating_add(719_468);
    let (era, day) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let year_of_era = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, u8::try_from(month).unwrap_or(1), u8::try_from(day_of_month).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn dates_are_those_of_the_calendar_library() {
        let zones =
            [None, Some("Europe/Berlin"), Some("America/St_Johns"), Some("Asia/Kathmandu"), Some("Pacific/Apia")];
        for (zone, step) in zones.into_iter().flat_map(|zone| (0..4000i64).map(move |step| (zone, step))) {
            let ms = instant("1890-01-01T00:00:00Z") + step * 1_234_567_891;
            let clock = LocalClock::new(zone).unwrap();
            let shown = clock.at(ms);
            let tz = crate::zones::find(zone.unwrap_or("UTC")).unwrap();
            let local = jiff::Timestamp::from_millisecond(ms).unwrap().to_zoned(tz);
            let (year, month, day) = shown.civil();
            let found = (year, i64::from(month), i64::from(day), i64::from(shown.hour), i64::from(shown.weekday()));
            let expected = (
                i64::from(local.year()),
                i64::from(local.month()),
                i64::from(local.day()),
                i64::from(local.hour()),
                i64::from(local.weekday().to_monday_one_offset()),
            );
            assert_eq!(found, expected, "{zone:?} {local}");
            for unit in [Unit::Day, Unit::Week, Unit::Month, Unit::Quarter, Unit::Year] {
                let start = clock.start_of(unit, ms, 0);
                let (first, before) = (clock.at(start), clock.at(start - 1));
                assert!(start <= ms, "{unit}");
                assert_eq!(first_date(unit, shown.date, 0), first.date, "{unit} of {local}");
                assert!(before.date < first.date, "{unit} of {local}");
                assert_eq!(clock.start_of(unit, ms, 1), clock.start_of(unit, start - 1, 0), "{unit} before {local}");
            }
        }
    }

    #[test]
    fn lengths_are_told_in_the_largest_unit_that_divides_them() {
        let lengths = [0, 1, 60, 90, 5_400, 36 * 3_600, 86_400, 168 * 3_600];
        let words = ["0 seconds", "1 second", "1 minute", "90 seconds", "90 minutes", "36 hours", "1 day", "7 days"];
        assert_eq!(lengths.map(length), words);
    }

    #[test]
    fn instants_are_written_by_a_clock_and_read_back() {
        let table = [
            ("2024-03-02T11:00:00Z", None, "2024-03-02T11:00:00Z"),
            ("2024-03-02T11:00:00Z", Some("UTC"), "2024-03-02T11:00:00Z"),
            ("2024-03-02T11:00:00Z", Some("Nowhere/Land"), "2024-03-02T11:00:00Z"),
            ("2024-03-02T11:00:00Z", Some("America/New_York"), "2024-03-02T06:00:00-05:00"),
            ("2024-07-02T10:00:00.250Z", Some("America/New_York"), "2024-07-02T06:00:00.25-04:00"),
            ("2024-07-02T10:00:00Z", Some("Asia/Kathmandu"), "2024-07-02T15:45:00+05:45"),
        ];
        for (at, zone, written) in table {
            assert_eq!(rfc3339(instant(at), zone), written);
            assert_eq!(instant(written), instant(at));
        }
    }

    #[test]
    fn units_begin_where_people_say() {
        let berlin = LocalClock::new(Some("Europe/Berlin")).unwrap();
        let at = instant("2024-05-15T22:30:00Z");
        let table = [
            (Unit::Day, 0, "2024-05-15T22:00:00Z"),
            (Unit::Day, 1, "2024-05-14T22:00:00Z"),
            (Unit::Week, 0, "2024-05-12T22:00:00Z"),
            (Unit::Month, 0, "2024-04-30T22:00:00Z"),
            (Unit::Month, 2, "2024-02-29T23:00:00Z"),
            (Unit::Quarter, 0, "2024-03-31T22:00:00Z"),
            (Unit::Quarter, 2, "2023-09-30T22:00:00Z"),
            (Unit::Year, 0, "2023-12-31T23:00:00Z"),
            (Unit::Year, 4, "2019-12-31T23:00:00Z"),
        ];
        for (unit, back, expected) in table {
            assert_eq!(berlin.start_of(unit, at, back), instant(expected), "{unit} {back}");
        }
        assert!(LocalClock::new(Some("Nowhere/Land")).is_none());
        for extreme in [i64::MIN, i64::MAX] {
            let _ = (berlin.at(extreme).civil(), berlin.start_of(Unit::Year, extreme, u32::MAX));
        }
    }
}
