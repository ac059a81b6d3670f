//! Quiet hours against the clock on the wall, minute by minute.

use super::*;
use crate::contact::{CoolDown, OnHit, QuietHours, TimeOfDay};
use crate::outcome::Cause;
use crate::testing::Random;
use crate::value::Value;

fn quiet(from: (u16, u16), until: (u16, u16), weekdays: &[u8]) -> QuietHours {
    QuietHours {
        id: "quiet".into(),
        name: "Quiet".into(),
        channel: None,
        when: None,
        weekdays: weekdays.to_vec(),
        from: TimeOfDay::at(from.0, from.1),
        until: TimeOfDay::at(until.0, until.1),
        on_hit: OnHit::Defer,
        enabled: true,
    }
}

/// Whether the wall shows a quiet minute.
fn shows_quiet(hours: &QuietHours, shown: DateTime) -> bool {
    let minute = shown.hour() as u16 * 60 + shown.minute() as u16;
    let (from, until) = (hours.from.minutes(), hours.until.minutes());
    let begins = |date: jiff::civil::Date| {
        hours.weekdays.is_empty() || hours.weekdays.contains(&(date.weekday().to_monday_one_offset() as u8))
    };
    let (today, yesterday) = (shown.date(), shown.date().yesterday().unwrap());
    if from < until {
        begins(today) && (from..until).contains(&minute)
    } else {
        begins(today) && minute >= from || begins(yesterday) && minute < until
    }
}

fn desk(hours: Vec<QuietHours>) -> Desk {
    Desk::new(Document { quiet_hours: hours, ..document() })
}

/// Every minute of the two days around a change, and when the quiet then ends.
#[test]
fn quiet_hours_are_those_of_the_clock_on_the_wall() {
    let all = [
        vec![quiet((21, 0), (8, 0), &[])],
        vec![quiet((1, 30), (2, 30), &[])],
        vec![quiet((2, 0), (3, 0), &[6, 7])],
        vec![quiet((0, 0), (0, 30), &[]), quiet((23, 15), (0, 45), &[7])],
        // Chained: one begins when the other ends, and a whole Sunday.
        vec![quiet((20, 0), (23, 0), &[]), quiet((23, 0), (6, 0), &[]), quiet((0, 0), (0, 0), &[7])],
        vec![quiet((22, 0), (22, 0), &[6])],
    ];
    let (mut was_quiet, mut ends) = (0, std::collections::HashSet::new());
    for (name, change) in CHANGES {
        let (zone, change) = (zone(name), instant(change));
        let walk = Walk::new(&zone, change, 8);
        for hours in &all {
            let desk = desk(hours.clone());
            let shows: Vec<bool> =
                walk.minutes.iter().map(|shown| hours.iter().any(|hours| shows_quiet(hours, *shown))).collect();
            for minute in walk.minute(change - DAY)..walk.minute(change + DAY) {
                let at = walk.at(minute);
                if minute % 11 != 0 && (at - change).abs() > 90 * MINUTE {
                    continue;
                }
                let until = walk.at(minute + shows[minute..].iter().position(|quiet| !quiet).unwrap());
                let request = Request { zone: Some(name.into()), ..anna(at) };
                match desk.verdict_of(&request, &MemoryHistory::default(), 0, &[]) {
                    Verdict::Pass => assert_eq!(until, at, "{name} {minute} {hours:?}"),
                    Verdict::Defer { until: told, cause: Cause::Quiet { until: end, .. } } => {
                        assert_eq!((told, end), (until, Some(until)), "{name} {} {hours:?}", walk.minutes[minute]);
                        (was_quiet, _) = (was_quiet + 1, ends.insert(until));
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    }
    assert!(was_quiet > 2_000 && ends.len() > 100, "{was_quiet} {}", ends.len());
}

/// 21:00 to 8:00 in Berlin, over both changes: quiet or not in each UTC hour from noon to noon.
#[test]
fn the_night_hour_by_hour() {
    for (noon, first, last) in [
        ("2025-01-15T12:00:00Z", 20, 30),
        ("2025-06-15T12:00:00Z", 19, 29),
        ("2025-03-29T12:00:00Z", 20, 29),
        ("2025-10-25T12:00:00Z", 19, 30),
    ] {
        let mut desk = desk(vec![quiet((21, 0), (8, 0), &[])]);
        desk.document.zones.project = Some("Europe/Berlin".into());
        let desk = Desk::new(desk.document);
        for hour in 12..36 {
            let at = instant(noon) + (hour - 12) * HOUR;
            let (open, shut) = (desk.verdict(at, &MemoryHistory::default(), 0, &[]), (first..=last).contains(&hour));
            assert_eq!(open != Verdict::Pass, shut, "{noon} {hour}");
            // Half-open: the last quiet millisecond and the first free one.
            if shut {
                let Verdict::Defer { until, .. } = open else { panic!("{open:?}") };
                assert_eq!(until, instant(noon) + (last + 1 - 12) * HOUR, "{noon} {hour}");
                assert_ne!(desk.verdict(until - 1, &MemoryHistory::default(), 0, &[]), Verdict::Pass);
                assert_eq!(desk.verdict(until, &MemoryHistory::default(), 0, &[]), Verdict::Pass);
            }
        }
    }
}

#[test]
fn they_spare_service_and_inbound_and_hold_where_nobody_can_tell() {
    let night = instant("2025-01-15T23:00:00Z");
    let silent = |hours: QuietHours| -> Vec<bool> {
        let desk = desk(vec![hours]);
        (0..5).map(|slot| desk.verdict(night, &MemoryHistory::default(), slot, &[]) != Verdict::Pass).collect()
    };
    let base = || quiet((21, 0), (8, 0), &[]);
    let channel = |id: &str| QuietHours { channel: Some(id.into()), ..base() };
    let when = |text: &str| QuietHours { when: Some(text.into()), ..base() };
    let table = [
        (base(), [true, true, true, false, false]),
        (channel("sms"), [false, true, true, false, false]),
        (channel("web"), [false, false, false, false, false]),
        (when("true"), [true, true, true, false, false]),
        (when("false"), [false, false, false, false, false]),
        (when("unknown"), [true, true, true, false, false]),
        (QuietHours { enabled: false, ..base() }, [false, false, false, false, false]),
    ];
    for (hours, expected) in table {
        assert_eq!(silent(hours.clone()), expected, "{hours:?}");
    }
    for (on_hit, removed) in [(OnHit::Drop, true), (OnHit::Reroute(vec!["sms".into()]), false)] {
        let until = Some(instant("2025-01-16T08:00:00Z"));
        let cause = Cause::Quiet { quiet: 0, until };
        let verdict = desk(vec![QuietHours { on_hit, ..base() }]).verdict(night, &MemoryHistory::default(), 0, &[]);
        assert_eq!(verdict, if removed { Verdict::Block(cause) } else { Verdict::Reroute(cause) });
    }
}

#[test]
fn the_subject_lives_by_its_own_zone_then_its_regions_then_the_projects() {
    let region = |text: &str| vec![Value::text(text)];
    // 18:00 UTC: 18 in London, 19 in Berlin, 13 in New York, 10 in Los Angeles; quiet from 19 to 20.
    let at = instant("2025-01-15T18:00:00Z");
    let table = [
        // Zone of the request, region, quiet usually, quiet in strict mode.
        (Some("Europe/Berlin"), region("us"), true, true),
        (Some("Europe/London"), region("de"), false, false),
        (None, region("de"), true, true),
        (None, region("us"), false, false),
        // Most of the region is not there, but some of it may be.
        (None, region("mixed"), false, true),
        (None, region("atlantis"), false, true),
        (None, Vec::new(), false, true),
        // A zone nobody knows is passed over.
        (Some("Europe/Berlim"), region("de"), true, true),
    ];
    for strict in [false, true] {
        let mut document = document();
        document.quiet_hours = vec![quiet((19, 0), (20, 0), &[])];
        document.zones.project = Some("Europe/London".into());
        document.zones.strict = strict;
        let zones = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        document.zones.regions = [
            ("de".to_owned(), zones(&["Europe/Berlin"])),
            ("us".to_owned(), zones(&["America/New_York", "America/Los_Angeles"])),
            ("mixed".to_owned(), zones(&["America/New_York", "Europe/Berlin"])),
        ]
        .into();
        let desk = Desk::new(document);
        for (zone, fields, usually, strictly) in &table {
            let request = Request { zone: zone.map(str::to_owned), fields: fields.clone(), ..anna(at) };
            let (verdict, notes) =
                desk.on(&request, &MemoryHistory::default(), |scene, memory| judge(scene, memory, &desk, 0, &[]));
            assert_eq!(verdict != Verdict::Pass, if strict { *strictly } else { *usually }, "{request:?} {strict}");
            assert_eq!(notes.len(), usize::from(*zone == Some("Europe/Berlim")), "{notes:?}");
        }
    }
}

#[test]
fn strict_quiet_ends_where_it_ends_last() {
    let mut document = document();
    document.quiet_hours = vec![quiet((21, 0), (8, 0), &[])];
    document.zones.strict = true;
    let us = ["America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"];
    document.zones.regions = [("us".to_owned(), us.map(str::to_owned).to_vec())].into();
    let desk = Desk::new(document);
    let request = |at: &str| Request { fields: vec![Value::text("us")], ..anna(instant(at)) };
    // From 21:00 in New York to 8:00 in Los Angeles.
    let table = [("2025-01-15T16:00:00Z", None), ("2025-01-16T01:59:59Z", None), ("2025-01-16T02:00:00Z", Some(16))];
    for (at, until) in table {
        let verdict = desk.verdict_of(&request(at), &MemoryHistory::default(), 0, &[]);
        let told = until.map(|_| instant("2025-01-16T16:00:00Z"));
        assert_eq!(matches!(verdict, Verdict::Defer { until, .. } if Some(until) == told), told.is_some(), "{at}");
    }
}

#[test]
fn quiet_that_never_ends_removes() {
    let desk = desk(vec![quiet((6, 0), (6, 0), &[])]);
    let verdict = desk.verdict(NOW, &MemoryHistory::default(), 0, &[]);
    assert_eq!(verdict, Verdict::Block(Cause::Quiet { quiet: 0, until: None }));
}

/// What else makes a candidate wait does not end in quiet hours.
#[test]
fn every_wait_ends_when_it_is_not_quiet() {
    let mut random = Random::new(31);
    let mut waits = 0;
    for _ in 0..1_500 {
        let mut document = document();
        let time = |random: &mut Random| (random.below(24) as u16, 15 * random.below(4) as u16);
        for _ in 0..1 + random.below(2) {
            let days: Vec<u8> = (1..=7).filter(|_| random.chance(0.4)).collect();
            let (from, until) = (time(&mut random), time(&mut random));
            document.quiet_hours.push(quiet(from, until, &days));
        }
        document.cool_downs = vec![CoolDown {
            id: "gap".into(),
            name: "Gap".into(),
            target: CapTarget::All,
            channel: None,
            event: EventKind::Sent,
            gap: 900 * random.below(300) as u64,
            on_hit: OnHit::Defer,
            enabled: true,
        }];
        document.caps =
            vec![Cap { on_hit: OnHit::Defer, ..cap(1 + random.below(2) as u32, Window::Rolling(3600 * 30)) }];
        let desk = Desk::new(document);
        let (name, change) = random.pick(&CHANGES);
        let now = instant(change) + (random.below(2880) as i64 - 1440) * MINUTE;
        let times: Vec<i64> = (0..random.below(4)).map(|_| now - random.below(200) as i64 * 15 * MINUTE).collect();
        let history = sent(&desk, &times);
        let at = |now: i64| desk.verdict_of(&Request { zone: Some((*name).into()), ..anna(now) }, &history, 0, &[]);
        match at(now) {
            Verdict::Pass => {}
            Verdict::Block(Cause::Quiet { until: None, .. }) => {}
            Verdict::Defer { until, .. } => {
                waits += 1;
                assert_eq!(at(until), Verdict::Pass, "{:?}", desk.document);
                let mut between = until - MINUTE;
                while between >= now && between > until - 3 * DAY {
                    assert_ne!(at(between), Verdict::Pass, "{until} {between} {:?}", desk.document);
                    between -= 15 * MINUTE;
                }
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(waits > 400, "{waits}");
}

#[test]
fn the_united_states_preset_is_the_law() {
    let hours = QuietHours::us_telephone("tcpa", "sms", Some("true".into()));
    let desk = desk(vec![hours]);
    for (at, open) in [
        ("2025-07-01T11:59:59.999Z", false),
        ("2025-07-01T12:00:00Z", true),
        ("2025-07-02T00:59:59.999Z", true),
        ("2025-07-02T01:00:00Z", false),
    ] {
        let request = Request { zone: Some("America/New_York".into()), ..anna(instant(at)) };
        assert_eq!(desk.verdict_of(&request, &MemoryHistory::default(), 1, &[]) == Verdict::Pass, open, "{at}");
    }
}
