//! The best hour against the clock on the wall.

use super::*;
use crate::contact::{OnHit, QuietHours, TimeOfDay};
use crate::decide::contact::send_time::{next, send_at};
use crate::zones::SendTime;

fn send_time(hour: &str, within: u32) -> SendTime {
    SendTime { id: "best".into(), channel: Some("email".into()), hour: hour.into(), within }
}

fn sent_at(document: Document, request: &Request, slot: u32) -> i64 {
    let desk = Desk::new(document);
    desk.on(request, &MemoryHistory::default(), |scene, memory| send_at(scene, memory, &desk, slot)).0
}

#[test]
fn the_next_best_hour_is_the_first_the_wall_shows() {
    for (name, change) in CHANGES {
        let (zone, change) = (zone(name), instant(change));
        let walk = Walk::new(&zone, change, 5);
        for minute in (walk.minute(change - 2 * DAY)..walk.minute(change + 2 * DAY)).step_by(37) {
            for hour in 0..24 {
                let expected = (minute..walk.minutes.len()).find(|at| {
                    let shown = walk.minutes[*at];
                    // Or the wall has just jumped over the whole hour.
                    let full = shown.date().at(hour, 0, 0, 0);
                    let missed = *at > minute && walk.minutes[*at - 1] < full && full <= shown;
                    shown.hour() == hour || missed
                });
                let expected = walk.at(expected.unwrap());
                assert_eq!(
                    next(&zone, walk.at(minute), hour),
                    Some(expected),
                    "{name} {} {hour}",
                    walk.minutes[minute]
                );
            }
        }
    }
}

#[test]
fn a_best_hour_is_kept_within_the_horizon_and_out_of_quiet_hours() {
    let request = |at: &str| Request { zone: Some("Europe/Berlin".into()), ..anna(instant(at)) };
    let night = QuietHours {
        id: "night".into(),
        name: "Night".into(),
        channel: None,
        when: None,
        weekdays: Vec::new(),
        from: TimeOfDay::at(21, 0),
        until: TimeOfDay::at(8, 0),
        on_hit: OnHit::Defer,
        enabled: true,
    };
    // Best hour, hours ahead, now, sent at. Berlin is one hour ahead of UTC.
    let table = [
        ("18", 24, "2025-01-15T12:00:00Z", "2025-01-15T17:00:00Z"),
        ("18.9", 24, "2025-01-15T12:00:00Z", "2025-01-15T17:00:00Z"),
        ("18", 24, "2025-01-15T17:20:00Z", "2025-01-15T17:20:00Z"),
        ("18", 24, "2025-01-15T18:00:00Z", "2025-01-16T17:00:00Z"),
        ("18", 5, "2025-01-15T12:00:00Z", "2025-01-15T17:00:00Z"),
        ("18", 4, "2025-01-15T12:00:00Z", "2025-01-15T12:00:00Z"),
        // In quiet hours: when they end.
        ("23", 24, "2025-01-15T12:00:00Z", "2025-01-16T07:00:00Z"),
        ("5", 24, "2025-01-15T12:00:00Z", "2025-01-16T07:00:00Z"),
        // No hour of the day.
        ("24", 24, "2025-01-15T12:00:00Z", "2025-01-15T12:00:00Z"),
        ("-1", 24, "2025-01-15T12:00:00Z", "2025-01-15T12:00:00Z"),
        ("nan", 24, "2025-01-15T12:00:00Z", "2025-01-15T12:00:00Z"),
        ("unknown", 24, "2025-01-15T12:00:00Z", "2025-01-15T12:00:00Z"),
    ];
    for (hour, within, now, expected) in table {
        let document =
            Document { send_times: vec![send_time(hour, within)], quiet_hours: vec![night.clone()], ..document() };
        assert_eq!(sent_at(document.clone(), &request(now), 0), instant(expected), "{hour} {within} {now}");
        // On another channel, and where the subject comes to us: now.
        assert_eq!(sent_at(document.clone(), &request(now), 1), instant(now));
        assert_eq!(sent_at(document, &request(now), 4), instant(now));
    }
    // A service message is not kept out of quiet hours.
    let document = Document { send_times: vec![send_time("23", 24)], quiet_hours: vec![night], ..document() };
    assert_eq!(sent_at(document, &request("2025-01-15T12:00:00Z"), 3), instant("2025-01-15T22:00:00Z"));
}

#[test]
fn an_hour_that_is_skipped_is_the_end_of_the_gap_and_one_that_comes_twice_the_first() {
    let table = [
        ("Europe/Berlin", "2025-03-29T20:00:00Z", 2, "2025-03-30T01:00:00Z"),
        ("Europe/Berlin", "2025-10-25T20:00:00Z", 2, "2025-10-26T00:00:00Z"),
        // Half of the hour from 2:00 on is skipped.
        ("Australia/Lord_Howe", "2025-10-04T12:00:00Z", 2, "2025-10-04T15:30:00Z"),
        ("America/Sao_Paulo", "2018-11-03T20:00:00Z", 0, "2018-11-04T03:00:00Z"),
        // A day that never came.
        ("Pacific/Apia", "2011-12-30T08:00:00Z", 18, "2011-12-31T04:00:00Z"),
    ];
    for (name, now, hour, expected) in table {
        assert_eq!(next(&zone(name), instant(now), hour), Some(instant(expected)), "{name}");
    }
}
