//! Random contact policies: windows of every kind, quiet hours around midnight, zones whose clocks are about to change. All of
//! it at full quarters of an hour, so that a slow model can look at each of them.

use crate::contact::{
    Budget, Cap, CapTarget, Clock, CoolDown, EventKind, Exclusion, Measure, OnHit, Period, QuietHours, Stock,
    Suppression, TimeOfDay, Window,
};
use crate::document::Document;
use crate::history::Identity;
use crate::rule::Scope;
use crate::testing::{HOUR, Random};
use crate::zones::{SendTime, Zones};

/// Zones with changes of half an hour, at midnight, just after it, and none.
pub const ZONES: [&str; 6] =
    ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kolkata", "UTC"];

/// Gives a document with actions and channels a contact policy. Conditions of quiet hours are among `conditions`.
pub fn furnish(random: &mut Random, document: &mut Document, conditions: &[&str], now: i64) {
    let scopes = scopes(document);
    let channels: Vec<String> = document.channels.iter().map(|channel| channel.id.clone()).collect();
    let zones = |random: &mut Random| (0..1 + random.below(2)).map(|_| (*random.pick(&ZONES)).to_owned()).collect();
    document.zones = Zones {
        region: None,
        regions: [("north".to_owned(), zones(random)), ("south".to_owned(), zones(random))].into(),
        project: random.chance(0.5).then(|| (*random.pick(&ZONES)).to_owned()),
        strict: random.chance(0.4),
    };
    let quarters = |random: &mut Random, most: usize| 900 * (1 + random.below(most)) as u64;
    let on = |random: &mut Random| random.chance(0.3).then(|| random.pick(&channels).clone());
    document.caps = (0..random.below(3)).map(|i| cap(random, i, &channels)).collect();
    document.suppressions = (0..random.below(2))
        .map(|i| Suppression {
            id: format!("s{i}"),
            name: format!("S {i}"),
            outcome: kind(random),
            times: 1 + random.below(2) as u32,
            within: quarters(random, 200),
            for_: quarters(random, 200),
            target: target(random),
            channel: on(random),
            enabled: random.chance(0.9),
        })
        .collect();
    document.cool_downs = (0..random.below(2))
        .map(|i| CoolDown {
            id: format!("c{i}"),
            name: format!("C {i}"),
            target: target(random),
            channel: on(random),
            event: kind(random),
            gap: quarters(random, 200),
            on_hit: on_hit(random, &channels),
            enabled: random.chance(0.9),
        })
        .collect();
    document.exclusions = (0..random.below(2))
        .map(|i| Exclusion {
            id: format!("e{i}"),
            name: format!("E {i}"),
            members: (0..1 + random.below(2)).map(|_| random.pick(&scopes).clone()).collect(),
            at_most: 1 + random.below(2) as u32,
            event: kind(random),
            window: random.chance(0.7).then(|| window(random)),
            enabled: random.chance(0.9),
        })
        .collect();
    let time = |random: &mut Random| TimeOfDay::at(random.below(24) as u16, 15 * random.below(4) as u16);
    document.quiet_hours = (0..random.below(3))
        .map(|i| QuietHours {
            id: format!("q{i}"),
            name: format!("Q {i}"),
            channel: on(random),
            when: random.chance(0.4).then(|| (*random.pick(conditions)).to_owned()),
            weekdays: (1..=7).filter(|_| random.chance(0.3)).collect(),
            from: time(random),
            until: time(random),
            on_hit: on_hit(random, &channels),
            enabled: random.chance(0.9),
        })
        .collect();
    let action = |random: &mut Random| random.pick(&document.actions).id.clone();
    let stock = |i, random: &mut Random| Stock {
        id: format!("k{i}"),
        action: action(random),
        units: random.below(4) as u64,
        event: kind(random),
        since: random.chance(0.5).then(|| now - 48 * HOUR),
    };
    document.stocks = (0..random.below(2)).map(|i| stock(i, random)).collect();
    document.budgets = (0..random.below(2))
        .map(|i| {
            let dated = random.chance(0.3);
            let reset = random.chance(0.6).then(|| (period(random), *random.pick(&[Clock::Project, Clock::Utc])));
            Budget {
                id: format!("b{i}"),
                name: format!("B {i}"),
                scope: random.pick(&scopes).clone(),
                measure: *random.pick(&[Measure::Count, Measure::Cost]),
                event: kind(random),
                max: random.chance(0.8).then(|| random.below(8) as f64),
                min: random.chance(0.3).then(|| random.below(4) as f64),
                reset,
                from: dated.then(|| now - 100 * HOUR),
                until: dated.then(|| now + (random.below(40) as i64 - 5) * HOUR),
                pacing: (dated || reset.is_some()).then_some(0.25).filter(|_| random.chance(0.5)),
                enabled: random.chance(0.9),
            }
        })
        .collect();
    document.send_times = (0..random.below(2))
        .map(|i| SendTime {
            id: format!("t{i}"),
            channel: on(random),
            hour: random.below(24).to_string(),
            within: 6 + random.below(30) as u32,
        })
        .collect();
}

/// A cap of one subject, household or device.
fn cap(random: &mut Random, i: usize, channels: &[String]) -> Cap {
    Cap {
        id: format!("c{i}"),
        name: format!("Cap {i}"),
        target: target(random),
        channel: random.chance(0.3).then(|| random.pick(channels).clone()),
        event: kind(random),
        limit: *random.pick(&[None, Some(0), Some(1), Some(1), Some(2), Some(3)]),
        window: window(random),
        bypassable: random.chance(0.5),
        enabled: random.chance(0.9),
        key: *random.pick(&[
            Identity::Subject,
            Identity::Subject,
            Identity::Household,
            Identity::Device,
            Identity::Global,
        ]),
        on_hit: on_hit(random, channels),
    }
}

fn kind(random: &mut Random) -> EventKind {
    random.pick(&[EventKind::Sent, EventKind::Sent, EventKind::Decision, EventKind::Custom("visit".into())]).clone()
}

fn target(random: &mut Random) -> CapTarget {
    let targets = [
        CapTarget::All,
        CapTarget::Channel,
        CapTarget::Issue,
        CapTarget::Group,
        CapTarget::Action,
        CapTarget::Treatment,
    ];
    random.pick(&targets).clone()
}

fn period(random: &mut Random) -> Period {
    let week = Period::Week(1 + random.below(7) as u8);
    *random.pick(&[Period::Day, Period::Day, week, Period::Month])
}

fn window(random: &mut Random) -> Window {
    let clock = *random.pick(&[Clock::Subject, Clock::Project, Clock::Utc]);
    let calendar = Window::Calendar(period(random), clock);
    *random.pick(&[Window::Rolling(3600), Window::Rolling(90_000), Window::Lifetime, calendar, calendar])
}

fn on_hit(random: &mut Random, channels: &[String]) -> OnHit {
    let reroute = OnHit::Reroute(vec![random.pick(channels).clone()]);
    random.pick(&[OnHit::Drop, OnHit::Defer, OnHit::Defer, reroute]).clone()
}

fn scopes(document: &Document) -> Vec<Scope> {
    let treatments = document.actions.iter().flat_map(|action| {
        let own = action.treatments.iter().map(|t| Scope::Treatment(action.id.clone(), t.id.clone()));
        own.chain([Scope::Action(action.id.clone()), Scope::Group(action.group.clone())])
    });
    let issues = document.issues.iter().map(|issue| Scope::Issue(issue.id.clone()));
    let channels = document.channels.iter().map(|channel| Scope::Channel(channel.id.clone()));
    treatments.chain(issues).chain(channels).chain([Scope::All]).collect()
}
