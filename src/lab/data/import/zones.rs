//! Time zones of times as text: which zone a time names, and what instant a time on the clocks of a zone is.
//!
//! Zones are those of the IANA database that the application carries. Where clocks go forward, a time they skip is read as the
//! time as long after the gap as it stands behind its beginning; where they go back, a time they show twice is the first of the two:
//! "compatible" of RFC 5545, as jiff defines it. A day without a time of day stays that day, at 00:00 UTC, whatever the zone.

use crate::error::{Error, Result};
use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::sync::LazyLock;

/// The zone that naive times are read in.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone(TimeZone);

/// What a time says of its zone.
#[derive(Clone, Debug, PartialEq)]
pub enum Suffix {
    /// Milliseconds that its clocks are ahead of UTC.
    Ahead(i64),
    /// A zone of the database.
    Zone(Zone),
}

/// Abbreviations that mean one thing, in minutes ahead of UTC: those of RFC 5322, and others that one zone of the world uses. `CET` is
/// winter time in summer, too: who means the clocks of a place writes the place. `IST` and `BST` mean several things and are not read.
const ABBREVIATIONS: [(&str, i64); 38] = [
    ("UTC", 0),
    ("GMT", 0),
    ("UT", 0),
    ("WET", 0),
    ("WEST", 60),
    ("CET", 60),
    ("MEZ", 60),
    ("CEST", 120),
    ("MESZ", 120),
    ("EET", 120),
    ("EEST", 180),
    ("MSK", 180),
    ("SAST", 120),
    ("WAT", 60),
    ("CAT", 120),
    ("EAT", 180),
    ("HKT", 480),
    ("SGT", 480),
    ("JST", 540),
    ("KST", 540),
    ("AWST", 480),
    ("ACST", 570),
    ("ACDT", 630),
    ("AEST", 600),
    ("AEDT", 660),
    ("NZST", 720),
    ("NZDT", 780),
    ("EST", -300),
    ("EDT", -240),
    ("CST", -360),
    ("CDT", -300),
    ("MST", -420),
    ("MDT", -360),
    ("PST", -480),
    ("PDT", -420),
    ("AKST", -540),
    ("AKDT", -480),
    ("HST", -600),
];

/// The zones that are built in, never those of the machine: files read alike everywhere.
static BUNDLED: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

impl Zone {
    /// The zone of an IANA name.
    ///
    /// # Errors
    /// When there is no such zone.
    pub fn named(name: &str) -> Result<Zone> {
        Zone::find(name).ok_or_else(|| {
            let names: Vec<String> = BUNDLED.available().map(|zone| zone.as_str().to_owned()).collect();
            let near = attune_policy::suggest::nearest(name, names.iter().map(String::as_str));
            let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            Error::new(format!("`{name}` is no time zone"))
                .hint(format!("name one of the IANA database, such as Europe/Berlin, America/New_York or UTC{near}"))
        })
    }

    fn find(name: &str) -> Option<Zone> {
        BUNDLED.get(name).ok().map(Zone)
    }

    /// Whether it is UTC, whose times need no change.
    pub fn is_utc(&self) -> bool {
        self.0 == TimeZone::UTC || matches!(self.0.iana_name(), Some("UTC" | "Etc/UTC"))
    }

    /// The instant at which the clocks of the zone show a time, both in ms since 1970-01-01T00:00. Times beyond the years that have
    /// instants stay as they are.
    pub fn instant(&self, shown: i64) -> i64 {
        let clock = Timestamp::from_millisecond(shown).map(|at| TimeZone::UTC.to_datetime(at));
        let instant = clock.and_then(|clock| self.0.to_ambiguous_timestamp(clock).compatible());
        instant.map_or(shown, Timestamp::as_millisecond)
    }

    /// What the clocks of the zone show at an instant, both in ms since 1970-01-01T00:00. Instants beyond the years that calendars
    /// know are shown as they are.
    pub fn shown(&self, instant: i64) -> i64 {
        let ahead = Timestamp::from_millisecond(instant).map(|at| i64::from(self.0.to_offset(at).seconds()));
        instant.saturating_add(ahead.unwrap_or(0) * 1_000)
    }

    /// Whether its clocks and those of another show the same from one instant to another (ms).
    pub fn agrees(&self, other: &Zone, from: i64, until: i64) -> bool {
        let changes = |zone: &TimeZone| -> Option<Vec<(i64, i32)>> {
            let from = Timestamp::from_millisecond(from).ok()?;
            let first = zone.to_offset(from).seconds();
            let later =
                zone.following(from).map(|change| (change.timestamp().as_millisecond(), change.offset().seconds()));
            let mut all = vec![(from.as_millisecond(), first)];
            all.extend(later.take_while(|(at, _)| *at <= until));
            // A change of the name or the law alone leaves the clock as it is.
            all.dedup_by_key(|(_, ahead)| *ahead);
            Some(all)
        };
        self.0 == other.0 || changes(&self.0).is_some_and(|own| changes(&other.0) == Some(own))
    }
}

/// What the text behind a time of day says of its zone: `Z`, `+02:00`, `-0500`, `UTC+2`, `CET`, `Europe/Berlin`, `[Europe/Berlin]`, and an
/// offset with a zone in brackets behind it, where the offset counts; `None` when it is none of these.
pub fn suffix(text: &str) -> Option<Suffix> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("z") {
        return Some(Suffix::Ahead(0));
    }
    if let Some(inner) = text.strip_prefix('[') {
        return Zone::find(inner.strip_suffix(']')?).map(Suffix::Zone);
    }
    if text.starts_with(['+', '-']) {
        return offset(text).map(Suffix::Ahead);
    }
    if text.contains('/') {
        return Zone::find(text).map(Suffix::Zone);
    }
    let letters = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (word, rest) = text.split_at(letters);
    let (_, minutes) = ABBREVIATIONS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word))?;
    match rest {
        "" => Some(Suffix::Ahead(minutes * 60_000)),
        // UTC+2, GMT-0500
        _ if *minutes == 0 && rest.starts_with(['+', '-']) => offset(rest).map(Suffix::Ahead),
        _ => None,
    }
}

/// `+02`, `+0200`, `+02:00`, `+2`, each with a zone in brackets or parentheses behind it or not; in ms.
fn offset(text: &str) -> Option<i64> {
    let text = match text.find(['[', '(']) {
        Some(at) => text.ends_with([']', ')']).then(|| text[..at].trim_end())?,
        None => text,
    };
    let (sign, digits) = (if text.starts_with('-') { -1 } else { 1 }, &text[1..]);
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) if hours.len() <= 2 && minutes.len() == 2 => (hours, minutes),
        Some(_) => return None,
        None if digits.len() == 4 && digits.is_ascii() => digits.split_at(2),
        None if digits.len() <= 2 => (digits, "0"),
        None => return None,
    };
    if !all_digits(hours) || !all_digits(minutes) {
        return None;
    }
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 14 && minutes <= 59).then_some(sign * (hours * 60 + minutes) * 60_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_behind_a_time_is_a_zone_or_nothing() {
        let hours = |hours: f64| Some(Suffix::Ahead((hours * 3_600_000.0) as i64));
        let berlin = || Some(Suffix::Zone(Zone::named("Europe/Berlin").unwrap()));
        let cases = [
            ("Z", hours(0.0)),
            ("+02:00", hours(2.0)),
            ("-0530", hours(-5.5)),
            ("+9", hours(9.0)),
            ("+01", hours(1.0)),
            ("CET", hours(1.0)),
            ("cest", hours(2.0)),
            ("EST", hours(-5.0)),
            ("UTC+2", hours(2.0)),
            ("GMT+0200 (Central European Summer Time)", hours(2.0)),
            ("+02:00[Europe/Berlin]", hours(2.0)),
            ("Europe/Berlin", berlin()),
            ("[Europe/Berlin]", berlin()),
            ("Europe/Nowhere", None),
            ("IST", None),
            ("CET+1", None),
            ("+15:00", None),
            ("+1:5", None),
            ("+123", None),
            ("+", None),
            ("[Europe/Berlin", None),
            ("+02:00[Europe/Berlin", None),
            ("é", None),
            ("+é", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(suffix(text), expected, "{text}");
        }
    }

    #[test]
    fn hours_that_clocks_skip_or_repeat_are_read_as_told() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        let cases = [
            ("2024-01-31T10:00:00Z", "2024-01-31T09:00:00Z"),
            ("2024-07-31T10:00:00Z", "2024-07-31T08:00:00Z"),
            // Clocks go from 02:00 to 03:00: 02:30 is read as 03:30.
            ("2024-03-31T02:30:00Z", "2024-03-31T01:30:00Z"),
            ("2024-03-31T03:00:00Z", "2024-03-31T01:00:00Z"),
            // Clocks go from 03:00 back to 02:00: 02:30 is the first of the two, still summer time.
            ("2024-10-27T02:30:00Z", "2024-10-27T00:30:00Z"),
            ("2024-10-27T03:00:00Z", "2024-10-27T02:00:00Z"),
        ];
        for (shown, instant) in cases {
            assert_eq!(berlin.instant(at(shown)), at(instant), "{shown}");
        }
        assert_eq!(berlin.instant(i64::MAX), i64::MAX);
        let refused = Zone::named("Europe/Berln").unwrap_err().to_string();
        assert!(refused.contains("`Europe/Berln` is no time zone"), "{refused}");
        assert!(Zone::named("UTC").unwrap().is_utc() && !berlin.is_utc());
    }

    #[test]
    fn a_zone_shows_what_its_clocks_do_and_agrees_with_those_that_show_the_same() {
        let ms = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        let zone = |name: &str| Zone::named(name).unwrap();
        let york = zone("America/New_York");
        for (instant, shown) in [
            ("2024-01-15T11:00:00Z", "2024-01-15T06:00:00Z"),
            ("2024-07-15T10:00:00Z", "2024-07-15T06:00:00Z"),
            ("2024-11-03T05:30:00Z", "2024-11-03T01:30:00Z"),
            ("2024-11-03T06:30:00Z", "2024-11-03T01:30:00Z"),
        ] {
            assert_eq!(york.shown(ms(instant)), ms(shown), "{instant}");
        }
        assert_eq!(york.shown(i64::MAX), i64::MAX);
        let (from, until) = (ms("2020-01-01T00:00:00Z"), ms("2030-01-01T00:00:00Z"));
        for (a, b, agrees) in [
            ("America/New_York", "US/Eastern", true),
            ("America/New_York", "America/Toronto", true),
            ("UTC", "Etc/UTC", true),
            ("UTC", "Atlantic/Reykjavik", true),
            ("Europe/Berlin", "Europe/Paris", true),
            ("Europe/Berlin", "Europe/London", false),
            ("Europe/London", "UTC", false),
            // The same in winter alone.
            ("America/Phoenix", "America/Denver", false),
        ] {
            assert_eq!(zone(a).agrees(&zone(b), from, until), agrees, "{a} {b}");
            assert_eq!(zone(b).agrees(&zone(a), from, until), agrees, "{b} {a}");
        }
        // Mexico gave up its summer time in 2022.
        let [city, regina] = ["America/Mexico_City", "America/Regina"].map(zone);
        assert!(!city.agrees(&regina, from, until) && city.agrees(&regina, ms("2023-01-01T00:00:00Z"), until));
        assert!(!york.agrees(&city, i64::MAX, i64::MAX) && york.agrees(&york, i64::MAX, i64::MAX));
    }
}
