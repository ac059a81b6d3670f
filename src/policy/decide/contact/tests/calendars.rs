//! Days, weeks and months across changes of the clock.

use super::*;
use crate::contact::{Clock, Period};
use crate::decide::contact::calendar::{Span, span};
use crate::testing::Random;
use jiff::civil::Date;

/// What the dates of a period have in common, in order of time.
fn key(period: Period, date: Date) -> (i16, i8, i8) {
    let first = match period {
        Period::Day => date,
        Period::Month => date.first_of_month(),
        Period::Week(start) => {
            let mut date = date;
            while date.weekday().to_monday_one_offset() != start as i8 {
                date = date.yesterday().unwrap();
            }
            date
        }
    };
    (first.year(), first.month(), first.day())
}

#[test]
fn periods_are_those_of_the_clock_on_the_wall() {
    let periods: Vec<Period> = [Period::Day, Period::Month].into_iter().chain((1..=7).map(Period::Week)).collect();
    let mut random = Random::new(11);
    for (name, change) in CHANGES {
        let (zone, change) = (zone(name), instant(change));
        let walk = Walk::new(&zone, change, 70);
        for period in &periods {
            let keys: Vec<_> = {
                // Dates repeat for a day long; their keys are looked up once each.
                let mut last = (None, (0, 0, 0));
                let key = |shown: &DateTime| {
                    if last.0 != Some(shown.date()) {
                        last = (Some(shown.date()), key(*period, shown.date()));
                    }
                    last.1
                };
                walk.minutes.iter().map(key).collect()
            };
            let near = (-180..180).step_by(7).map(|minute| change + minute * MINUTE);
            let far = (0..60).map(|_| change + (random.below(66 * 1440) as i64 - 33 * 1440) * MINUTE);
            for at in near.chain(far.collect::<Vec<_>>()) {
                let minute = walk.minute(at);
                let own = keys[minute];
                let start = walk.at(keys.iter().position(|key| *key == own).unwrap());
                let end = walk.at(minute + keys[minute..].iter().position(|key| *key > own).unwrap());
                let at = at + random.below(60_000) as i64;
                assert_eq!(span(*period, &zone, at), Span { start, end }, "{period:?} {name} {at}");
            }
        }
    }
}

#[test]
fn days_of_23_24_25_hours_and_less() {
    let hours = |period, name: &str, at: &str| {
        let span = span(period, &zone(name), instant(at));
        (span.end - span.start) as f64 / HOUR as f64
    };
    let days = [
        ("Europe/Berlin", "2025-03-30T12:00:00Z", 23.0),
        ("Europe/Berlin", "2025-10-26T12:00:00Z", 25.0),
        ("Europe/Berlin", "2025-06-15T12:00:00Z", 24.0),
        ("Australia/Lord_Howe", "2025-04-05T20:00:00Z", 24.5),
        ("Australia/Lord_Howe", "2025-10-04T20:00:00Z", 23.5),
        ("America/Sao_Paulo", "2018-11-04T12:00:00Z", 23.0),
        ("America/Sao_Paulo", "2018-02-17T12:00:00Z", 25.0),
        ("Asia/Kolkata", "2025-03-30T12:00:00Z", 24.0),
    ];
    for (name, at, expected) in days {
        assert_eq!(hours(Period::Day, name, at), expected, "{name} {at}");
    }
    // The week in which Samoa left out the 30th of December, and that month.
    assert_eq!(hours(Period::Week(1), "Pacific/Apia", "2011-12-28T12:00:00Z"), 6.0 * 24.0);
    assert_eq!(hours(Period::Month, "Pacific/Apia", "2011-12-28T12:00:00Z"), 30.0 * 24.0);
    for (at, days) in [("2025-02-10T00:00:00Z", 28), ("2024-02-10T00:00:00Z", 29), ("2025-04-10T00:00:00Z", 30)] {
        assert_eq!(hours(Period::Month, "Asia/Kolkata", at), f64::from(days) * 24.0);
    }
    assert_eq!(hours(Period::Month, "Europe/Berlin", "2025-03-10T00:00:00Z"), 31.0 * 24.0 - 1.0);
    assert_eq!(hours(Period::Month, "Europe/Berlin", "2025-10-10T00:00:00Z"), 31.0 * 24.0 + 1.0);
}

/// At most one contact a day, the only one at 12:00 UTC of the day of the change: blocked from then on until local midnight.
#[test]
fn a_daily_cap_hour_by_hour_over_the_change() {
    // Zone, day of the change, hours of that UTC day and the next in which a contact at its noon still counts.
    let table = [
        ("Europe/Berlin", "2025-03-30T12:00:00Z", 12..22),
        ("Europe/Berlin", "2025-10-26T12:00:00Z", 12..23),
        ("America/New_York", "2025-03-09T12:00:00Z", 12..28),
        ("America/New_York", "2024-11-03T12:00:00Z", 12..29),
        ("America/Sao_Paulo", "2018-11-03T12:00:00Z", 12..27),
        ("America/Sao_Paulo", "2018-02-17T12:00:00Z", 12..27),
        ("Pacific/Apia", "2011-12-29T12:00:00Z", 12..34),
        ("Africa/Casablanca", "2025-02-23T12:00:00Z", 12..24),
        ("Africa/Casablanca", "2025-02-22T12:00:00Z", 12..23),
    ];
    for (name, noon, blocked) in table {
        let mut document = document();
        document.caps = vec![cap(1, Window::Calendar(Period::Day, Clock::Subject))];
        let desk = Desk::new(document);
        let noon = instant(noon);
        let history = sent(&desk, &[noon]);
        for hour in 0..48 {
            let request = Request { zone: Some(name.into()), ..anna(noon + (hour - 12) * HOUR) };
            let verdict = desk.verdict_of(&request, &history, 0, &[]);
            assert_eq!(verdict != Verdict::Pass, blocked.contains(&hour), "{name} {hour}");
        }
    }
}

#[test]
fn a_calendar_is_told_by_the_clock_it_names() {
    // 23:30 in New York is the next day in Berlin, and the next in UTC.
    let (before, now) = (instant("2025-06-10T21:30:00Z"), instant("2025-06-11T03:30:00Z"));
    for (clock, blocked) in [(Clock::Subject, true), (Clock::Project, false), (Clock::Utc, false)] {
        let mut document = document();
        document.zones.project = Some("Europe/Berlin".into());
        document.caps = vec![cap(1, Window::Calendar(Period::Day, clock))];
        let desk = Desk::new(document);
        let request = Request { zone: Some("America/New_York".into()), ..anna(now) };
        assert_eq!(desk.verdict_of(&request, &sent(&desk, &[before]), 0, &[]) != Verdict::Pass, blocked, "{clock:?}");
        // Without a zone of its own the subject lives by the project's clock.
        assert_eq!(desk.verdict(now, &sent(&desk, &[before]), 0, &[]), Verdict::Pass);
    }
}

#[test]
fn instants_beyond_all_calendars_do_no_harm() {
    for now in [i64::MIN, i64::MIN + 1, -400_000_000_000_000, 300_000_000_000_000, i64::MAX - 1, i64::MAX] {
        for (name, period) in
            [("Europe/Berlin", Period::Day), ("Pacific/Apia", Period::Week(3)), ("UTC", Period::Month)]
        {
            let span = span(period, &zone(name), now);
            assert!(span.start <= now && span.end >= now);
        }
    }
}
