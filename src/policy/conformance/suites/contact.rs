//! Contact policy: windows at their edges and across the change of clocks, quiet hours, and when the chosen is sent.

use super::super::Vector;
use super::NOW;
use super::policies::{ask, decisions, past, with};
use crate::cases::Past;
use crate::contact::{
    Budget, Cap, CapTarget, Clock, CoolDown, EventKind, Exclusion, Measure, OnHit, Period, QuietHours, Stock,
    Suppression, TimeOfDay, Window,
};
use crate::rule::Scope;
use crate::testing::HOUR;
use crate::zones::SendTime;

pub fn contact() -> Vec<Vector> {
    let sent = |at: i64| past(at, EventKind::Sent, "gold", "mail");
    let cap = |id: &str, target, limit, window| Cap {
        id: id.into(),
        name: id.into(),
        target,
        limit: Some(limit),
        window,
        ..Cap::default()
    };
    let day = 24 * HOUR;
    let edges = |window: i64| {
        vec![
            ask("nothing before", NOW, "a", 40, vec![]),
            ask("a moment inside the window", NOW, "a", 40, vec![sent(NOW - window + 1)]),
            ask("on its open edge", NOW, "a", 40, vec![sent(NOW - window)]),
            ask("at the instant of the decision", NOW, "a", 40, vec![sent(NOW)]),
            ask("after it", NOW, "a", 40, vec![sent(NOW + 1)]),
        ]
    };
    let calendar = |clock| {
        with("calendar", &|d| d.caps = vec![cap("daily", CapTarget::All, 1, Window::Calendar(Period::Day, clock))])
    };
    // Local midnights in Berlin: 2026-03-28T23:00Z and, an hour of the day missing, 2026-03-29T22:00Z.
    let midnight = NOW - 90 * 60_000;
    let around = |at: i64| {
        vec![
            ask("sent before the midnight", at + HOUR, "a", 40, vec![sent(at - 1)]),
            ask("sent at the midnight", at + HOUR, "a", 40, vec![sent(at)]),
            ask("sent an hour after", at + 2 * HOUR, "a", 40, vec![sent(at + HOUR)]),
        ]
    };
    let accepted =
        |n: i64| (0..n).map(|i| past(NOW - i * HOUR, EventKind::Accept, "gold", "mail")).collect::<Vec<Past>>();
    let budget = |pacing| Budget {
        id: "monthly".into(),
        name: "monthly".into(),
        scope: Scope::Group("cards".into()),
        measure: Measure::Count,
        event: EventKind::Sent,
        max: Some(10.0),
        min: None,
        reset: Some((Period::Month, Clock::Utc)),
        from: None,
        until: None,
        pacing,
        enabled: true,
    };
    let quiet = |on_hit| {
        with("quiet", &|d| {
            d.quiet_hours = vec![QuietHours {
                id: "night".into(),
                name: "night".into(),
                channel: None,
                when: None,
                weekdays: Vec::new(),
                from: TimeOfDay::at(21, 0),
                until: TimeOfDay::at(8, 0),
                on_hit: on_hit_of(on_hit),
                enabled: true,
            }];
        })
    };
    let hours = || {
        (0..24).step_by(3).map(|h| ask(&format!("hour {h}"), NOW - 30 * 60_000 + h * HOUR, "a", 40, vec![])).collect()
    };
    vec![
        decisions(
            with("rolling", &|d| d.caps = vec![cap("daily", CapTarget::All, 1, Window::Rolling(86_400))]),
            edges(day),
        ),
        decisions(
            with("per_channel", &|d| d.caps = vec![cap("per_channel", CapTarget::Channel, 1, Window::Rolling(86_400))]),
            edges(day),
        ),
        decisions(with("zero", &|d| d.caps = vec![cap("none", CapTarget::Group, 0, Window::Lifetime)]), edges(day)),
        decisions(calendar(Clock::Subject), [around(midnight), around(midnight + 23 * HOUR)].concat()),
        decisions(calendar(Clock::Utc), around(midnight)),
        decisions(
            with("cool_down", &|d| {
                d.cool_downs = vec![CoolDown {
                    id: "gap".into(),
                    name: "gap".into(),
                    target: CapTarget::Action,
                    channel: None,
                    event: EventKind::Sent,
                    gap: 86_400,
                    on_hit: OnHit::Drop,
                    enabled: true,
                }];
            }),
            edges(day),
        ),
        decisions(
            with("suppression", &|d| {
                d.suppressions = vec![Suppression {
                    id: "no_thanks".into(),
                    name: "no_thanks".into(),
                    outcome: EventKind::Reject,
                    times: 2,
                    within: 7 * 86_400,
                    for_: 30 * 86_400,
                    target: CapTarget::Action,
                    channel: None,
                    enabled: true,
                }];
            }),
            vec![
                ask("one rejection", NOW, "a", 40, vec![past(NOW - day, EventKind::Reject, "gold", "mail")]),
                ask(
                    "two in a week",
                    NOW,
                    "a",
                    40,
                    [3, 4].map(|n| past(NOW - n * day, EventKind::Reject, "gold", "mail")).into(),
                ),
                ask(
                    "two in nine days",
                    NOW,
                    "a",
                    40,
                    [1, 9].map(|n| past(NOW - n * day, EventKind::Reject, "gold", "mail")).into(),
                ),
                ask(
                    "long ago",
                    NOW,
                    "a",
                    40,
                    [35, 36].map(|n| past(NOW - n * day, EventKind::Reject, "gold", "mail")).into(),
                ),
            ],
        ),
        decisions(
            with("exclusion", &|d| {
                d.exclusions = vec![Exclusion {
                    id: "one_offer".into(),
                    name: "one_offer".into(),
                    members: vec![Scope::Group("cards".into()), Scope::Group("loans".into())],
                    at_most: 1,
                    event: EventKind::Sent,
                    window: Some(Window::Rolling(7 * 86_400)),
                    enabled: true,
                }];
            }),
            edges(7 * day),
        ),
        decisions(
            with("stock", &|d| {
                let gone = Stock {
                    id: "cards".into(),
                    action: "gold".into(),
                    units: 2,
                    event: EventKind::Accept,
                    since: None,
                };
                d.stocks = vec![gone];
            }),
            (0..4).map(|n| ask(&format!("{n} accepted"), NOW, "a", 40, accepted(n))).collect(),
        ),
        decisions(
            with("budget", &|d| d.budgets = vec![budget(Some(0.0))]),
            // The first minutes of the 29th of March: about 9 of 10 may be spent.
            (7..11)
                .map(|n| ask(&format!("{n} sent"), NOW, "a", 40, (0..n).map(|i| sent(NOW - i * HOUR)).collect()))
                .collect(),
        ),
        decisions(quiet("drop"), hours()),
        decisions(quiet("defer"), hours()),
    ]
}

fn on_hit_of(name: &str) -> OnHit {
    match name {
        "defer" => OnHit::Defer,
        _ => OnHit::Drop,
    }
}

/// The best hour of a subject, told by its `age`: now, later today, tomorrow, beyond the horizon, out of quiet hours, and an hour that the
/// change of clocks skips (2 in Berlin).
pub fn send_times() -> Vec<Vector> {
    let best = |id: &str, within, channel: Option<&str>, quiet: bool| {
        with(id, &|d| {
            let channel = channel.map(str::to_owned);
            d.send_times = vec![SendTime { id: "best".into(), channel, hour: "age".into(), within }];
            if quiet {
                d.quiet_hours = vec![QuietHours {
                    id: "night".into(),
                    name: "night".into(),
                    channel: None,
                    when: None,
                    weekdays: Vec::new(),
                    from: TimeOfDay::at(21, 0),
                    until: TimeOfDay::at(8, 0),
                    on_hit: OnHit::Defer,
                    enabled: true,
                }];
            }
        })
    };
    let asked = |now: i64| {
        let hours = [0, 1, 2, 3, 8, 12, 21, 23, 24, -1];
        hours.map(|hour| ask(&format!("best at {hour}"), now, "a", hour, vec![])).into()
    };
    vec![
        // The night on which the clocks go forward, and the noon after it.
        decisions(best("day", 24, None, false), asked(NOW)),
        decisions(best("half_a_day", 12, None, false), asked(NOW)),
        decisions(best("quiet", 24, None, true), asked(NOW + 10 * HOUR)),
        decisions(best("other_channel", 24, Some("sms"), false), asked(NOW + 10 * HOUR)),
    ]
}
