//! Caps, cool-downs, suppression and exclusion against a count event by event.

use super::*;
use crate::contact::{Clock, CoolDown, Exclusion, OnHit, Period, Suppression};
use crate::decide::contact::planned::PlannedWindow;
use crate::history::Identity;
use crate::outcome::{Cause, With};
use crate::rule::Scope;
use crate::testing::Random;

const TARGETS: [CapTarget; 6] =
    [CapTarget::All, CapTarget::Channel, CapTarget::Issue, CapTarget::Group, CapTarget::Action, CapTarget::Treatment];

fn random_window(random: &mut Random) -> Window {
    let clock = *random.pick(&[Clock::Subject, Clock::Project, Clock::Utc]);
    let week = Period::Week(1 + random.below(7) as u8);
    let period = *random.pick(&[Period::Day, week, Period::Month]);
    *random.pick(&[
        Window::Rolling(3600),
        Window::Rolling(86_400),
        Window::Rolling(604_800),
        Window::Lifetime,
        Window::Calendar(period, clock),
        Window::Calendar(period, clock),
    ])
}

/// Events of slots, hours around an instant, some of them after it.
fn random_history(random: &mut Random, desk: &Desk, now: i64) -> (MemoryHistory, Vec<Event>) {
    let mut history = MemoryHistory::default();
    for _ in 0..random.below(14) {
        let time = now - (random.below(200) as i64 - 20) * *random.pick(&[HOUR / 4, HOUR, 6 * HOUR]);
        let kind = random.pick(&[EventKind::Sent, EventKind::Sent, EventKind::Click]).clone();
        let mut event = desk.event(time, kind, random.below(5) as u32);
        event.counts = random.chance(0.9);
        if random.chance(0.1) {
            (event.action, event.channel) = (format!("gone{}", random.below(2)), "fax".into());
        }
        history.push("anna", event);
    }
    let events = history.events("anna").to_vec();
    (history, events)
}

/// What a slot and an event have in common, in the words of the document.
fn together(desk: &Desk, target: &CapTarget, slot: u32, event: &Event) -> bool {
    let own = desk.event(0, EventKind::Sent, slot);
    match target {
        CapTarget::All => true,
        CapTarget::Channel => own.channel == event.channel,
        CapTarget::Issue => own.issue == event.issue,
        CapTarget::Group => own.group == event.group,
        CapTarget::Action => own.action == event.action,
        CapTarget::Treatment => (&own.action, &own.treatment) == (&event.action, &event.treatment),
        CapTarget::Tag(tag) => event.tags.contains(tag),
    }
}

#[test]
fn caps_count_what_a_naive_count_counts_and_reset_when_they_say() {
    let mut random = Random::new(21);
    let (mut blocked, mut resets) = (0, 0);
    let zones = ["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia"];
    for round in 0..4_000 {
        let mut document = document();
        document.zones.project = Some("America/Sao_Paulo".into());
        let limit = 1 + random.below(4) as u32;
        let mut cap = cap(limit, random_window(&mut random));
        cap.target = random.pick(&TARGETS).clone();
        if random.chance(0.2) {
            cap.target = CapTarget::Tag("tag-gold".into());
        }
        cap.channel = random.chance(0.3).then(|| "email".into());
        document.caps = vec![cap.clone()];
        let desk = Desk::new(document);
        // About changes of the clock.
        let (_, change) = random.pick(&CHANGES);
        let now = instant(change) + (random.below(96) as i64 - 48) * HOUR / 2;
        let (history, events) = random_history(&mut random, &desk, now);
        let request = Request { zone: Some((*random.pick(&zones)).into()), ..anna(now) };
        let slot = random.below(5) as u32;
        let reserved: Vec<u32> = (0..random.below(3)).map(|_| random.below(5) as u32).collect();
        let verdict = desk.verdict_of(&request, &history, slot, &reserved);

        let own = desk.event(now, EventKind::Sent, slot);
        let bound = own.channel != "web"
            && cap.channel.as_ref().is_none_or(|channel| *channel == own.channel)
            && !matches!(&cap.target, CapTarget::Tag(tag) if !own.tags.contains(tag));
        // What is reserved is a contact of now.
        let reserved_events: Vec<Event> = reserved.iter().map(|slot| desk.event(now, EventKind::Sent, *slot)).collect();
        let start = start_of(&desk, &request, cap.window);
        let counted = events.iter().chain(&reserved_events).filter(|event| {
            event.counts
                && event.kind == EventKind::Sent
                && event.channel != "web"
                && cap.channel.as_ref().is_none_or(|channel| *channel == event.channel)
                && together(&desk, &cap.target, slot, event)
                && (start..=now).contains(&event.time)
        });
        let count = counted.count() as u32;
        match verdict {
            Verdict::Pass => assert!(!bound || count < limit, "{round} {cap:?} {events:?}"),
            Verdict::Block(Cause::Cap { count: found, limit: told, resets_at, .. }) => {
                assert!(bound && count >= limit, "{round} {cap:?}");
                assert_eq!((found, told), (count, limit), "{round}");
                blocked += 1;
                let Some(resets_at) = resets_at else {
                    assert_eq!(cap.window, Window::Lifetime);
                    continue;
                };
                assert!(resets_at > now);
                let mut later = MemoryHistory::default();
                for event in events.iter().filter(|event| event.time <= now).chain(&reserved_events) {
                    later.push("anna", event.clone());
                }
                let at = |now: i64| desk.verdict_of(&Request { now, ..request.clone() }, &later, slot, &[]);
                assert_eq!(at(resets_at), Verdict::Pass, "{round} {cap:?} {events:?}");
                for before in [1, 1 + random.below((resets_at - now) as usize) as i64] {
                    assert_ne!(at(resets_at - before), Verdict::Pass, "{round} {cap:?} {request:?} {events:?}");
                }
                resets += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(blocked > 500 && resets > 300, "{blocked} {resets}");
}

/// The first instant of a window: by the clock on the wall for calendars, minute by minute.
fn start_of(desk: &Desk, request: &Request, window: Window) -> i64 {
    match window {
        Window::Rolling(seconds) => request.now - seconds as i64 * 1000 + 1,
        Window::Lifetime => i64::MIN,
        Window::Calendar(..) => {
            let PlannedWindow::Calendar(at) = desk.rules.caps[0].window else { panic!() };
            // Spans have their own test against the clock on the wall.
            desk.on(request, &MemoryHistory::default(), |scene, memory| scene.span(memory, at).start).0
        }
    }
}

#[test]
fn the_strictest_cap_is_told() {
    let mut document = document();
    let named = |id: &str, cap: Cap| Cap { id: id.into(), ..cap };
    document.caps = vec![
        named("day", cap(1, Window::Rolling(86_400))),
        named("week", Cap { on_hit: OnHit::Defer, ..cap(1, Window::Rolling(604_800)) }),
        named("again", cap(1, Window::Rolling(86_400))),
    ];
    let desk = Desk::new(document.clone());
    let history = sent(&desk, &[NOW - HOUR]);
    // What removes goes before what waits, however long.
    let day = Cause::Cap { cap: 0, count: 1, limit: 1, resets_at: Some(NOW + 23 * HOUR) };
    assert_eq!(desk.verdict(NOW, &history, 0, &[]), Verdict::Block(day));
    document.caps[0].on_hit = OnHit::Defer;
    document.caps[2].on_hit = OnHit::Defer;
    let desk = Desk::new(document.clone());
    let until = NOW + 7 * DAY - HOUR;
    let week = Cause::Cap { cap: 1, count: 1, limit: 1, resets_at: Some(until) };
    assert_eq!(desk.verdict(NOW, &history, 0, &[]), Verdict::Defer { until, cause: week });
    document.caps[0].on_hit = OnHit::Reroute(vec!["sms".into()]);
    assert_eq!(Desk::new(document.clone()).verdict(NOW, &history, 0, &[]), Verdict::Reroute(day));
    // What never ends removes: nobody can wait for it.
    document.caps = vec![Cap { on_hit: OnHit::Defer, ..cap(1, Window::Lifetime) }];
    let never = Cause::Cap { cap: 0, count: 1, limit: 1, resets_at: None };
    assert_eq!(Desk::new(document.clone()).verdict(NOW, &history, 0, &[]), Verdict::Block(never));
    document.caps[0].limit = Some(0);
    let none = Cause::Cap { cap: 0, count: 0, limit: 0, resets_at: None };
    assert_eq!(Desk::new(document.clone()).verdict(NOW, &MemoryHistory::default(), 0, &[]), Verdict::Block(none));
    document.caps[0].limit = None;
    assert_eq!(Desk::new(document).verdict(NOW, &history, 0, &[]), Verdict::Pass);
}

#[test]
fn households_devices_and_everybody_have_counters_of_their_own() {
    let mut document = document();
    document.caps = vec![cap(2, Window::Rolling(86_400))];
    let desk = Desk::new(document.clone());
    let mut history = MemoryHistory::default();
    let at = |hours: i64, slot: u32| desk.event(NOW - hours * HOUR, EventKind::Sent, slot);
    history.push("anna", at(1, 0));
    history.push_shared(Identity::Household, "h", at(5, 0));
    history.push_shared(Identity::Household, "h", at(3, 1));
    history.push_shared(Identity::Device, "d", at(2, 0));
    history.push("ben", at(7, 0));
    // Nothing on the web is a contact, and it does not count what counts nothing.
    history.push("ben", at(6, 4));
    history.push("ben", Event { counts: false, ..at(6, 0) });
    let request = Request { household: Some("h".into()), device: Some("d".into()), ..anna(NOW) };
    let table = [
        (Identity::Subject, None),
        (Identity::Household, Some((2, 19))),
        (Identity::Device, None),
        (Identity::Global, Some((2, 17))),
    ];
    for (key, blocked) in table {
        document.caps[0].key = key;
        let desk = Desk::new(document.clone());
        let expected = blocked.map_or(Verdict::Pass, |(count, hours)| {
            let resets_at = Some(NOW + hours * HOUR);
            Verdict::Block(Cause::Cap { cap: 0, count, limit: 2, resets_at })
        });
        assert_eq!(desk.verdict_of(&request, &history, 0, &[]), expected, "{key:?}");
    }
    // A request that does not say whose: the subject's own events, and it is told.
    document.caps[0] = Cap { key: Identity::Household, ..cap(1, Window::Rolling(86_400)) };
    let desk = Desk::new(document);
    let (verdict, notes) = desk.on(&anna(NOW), &history, |scene, memory| judge(scene, memory, &desk, 0, &[]));
    assert!(matches!(verdict, Verdict::Block(Cause::Cap { count: 1, .. })));
    assert!(notes[0].contains("names no household"), "{notes:?}");
}

#[test]
fn everybody_is_counted_per_target_and_resets_exactly() {
    let mut random = Random::new(22);
    let mut blocked = 0;
    for _ in 0..400 {
        let mut document = document();
        let cap = Cap {
            key: Identity::Global,
            target: random.pick(&TARGETS).clone(),
            ..cap(1 + random.below(3) as u32, random_window(&mut random))
        };
        document.caps = vec![cap.clone()];
        let desk = Desk::new(document.clone());
        let (own, events) = random_history(&mut random, &desk, NOW);
        let mut everybody = MemoryHistory::default();
        for event in &events {
            let name = *random.pick(&["anna", "ben", "carl"]);
            everybody.push(name, event.clone());
        }
        // Alone in the world, a subject is everybody.
        document.caps[0].key = Identity::Subject;
        let slot = random.below(5) as u32;
        let reserved: Vec<u32> = (0..random.below(3)).map(|_| random.below(5) as u32).collect();
        let expected = Desk::new(document).verdict(NOW, &own, slot, &reserved);
        assert_eq!(desk.verdict(NOW, &everybody, slot, &reserved), expected, "{cap:?} {events:?}");
        blocked += usize::from(expected != Verdict::Pass);
    }
    assert!(blocked > 60, "{blocked}");
}

#[test]
fn cool_downs_end_one_gap_after_the_last_contact() {
    let mut document = document();
    let cool_down = |target, gap, on_hit| CoolDown {
        id: "gap".into(),
        name: "Gap".into(),
        target,
        channel: None,
        event: EventKind::Sent,
        gap,
        on_hit,
        enabled: true,
    };
    document.cool_downs = vec![cool_down(CapTarget::Group, 48 * 3600, OnHit::Drop)];
    let desk = Desk::new(document.clone());
    let history = sent(&desk, &[NOW - 60 * HOUR, NOW - 10 * HOUR]);
    for hours in 0..48 {
        let until = NOW + 38 * HOUR;
        let waiting = Verdict::Block(Cause::CoolDown { cool_down: 0, until });
        for (slot, waits) in [(0, true), (1, true), (2, false), (3, false), (4, false)] {
            let expected = if waits && hours < 38 { waiting } else { Verdict::Pass };
            assert_eq!(desk.verdict(NOW + hours * HOUR, &history, slot, &[]), expected, "{hours} {slot}");
        }
    }
    assert_ne!(desk.verdict(NOW + 38 * HOUR - 1, &history, 0, &[]), Verdict::Pass);
    // A contact in the same decision is the last one.
    let until = NOW + 100 * HOUR + 48 * HOUR;
    let cause = Cause::CoolDown { cool_down: 0, until };
    assert_eq!(desk.verdict(NOW + 100 * HOUR, &history, 0, &[1]), Verdict::Block(cause));
    assert_eq!(desk.verdict(NOW + 100 * HOUR, &history, 0, &[2, 4]), Verdict::Pass);
    document.cool_downs = vec![cool_down(CapTarget::Action, 3600, OnHit::Defer)];
    document.actions[0].obeys_caps = false;
    assert_eq!(Desk::new(document.clone()).verdict(NOW, &sent(&desk, &[NOW]), 0, &[]), Verdict::Pass);
    document.actions[0].obeys_caps = true;
    let until = NOW + HOUR;
    let expected = Verdict::Defer { until, cause: Cause::CoolDown { cool_down: 0, until } };
    assert_eq!(Desk::new(document).verdict(NOW, &sent(&desk, &[NOW]), 0, &[]), expected);
}

#[test]
fn outcomes_suppress_as_long_as_a_naive_search_says() {
    let mut random = Random::new(23);
    let mut suppressed = 0;
    for _ in 0..2_000 {
        let (times, within, for_) =
            (1 + random.below(3) as u32, 3600 * (1 + random.below(72) as u64), 3600 * (1 + random.below(72) as u64));
        let suppression = Suppression {
            id: "s".into(),
            name: "S".into(),
            outcome: EventKind::Click,
            times,
            within,
            for_,
            target: random.pick(&TARGETS).clone(),
            channel: random.chance(0.3).then(|| (*random.pick(&["email", "web"])).into()),
            enabled: true,
        };
        let mut document = document();
        document.suppressions = vec![suppression.clone()];
        let desk = Desk::new(document);
        let (history, events) = random_history(&mut random, &desk, NOW);
        for slot in 0..5 {
            let own = desk.event(NOW, EventKind::Sent, slot);
            let bound = match &suppression.channel {
                Some(channel) => *channel == own.channel,
                None => own.channel != "web",
            };
            let outcomes: Vec<i64> = events
                .iter()
                .filter(|event| event.kind == EventKind::Click && event.time <= NOW)
                .filter(|event| suppression.channel.as_ref().is_none_or(|channel| *channel == event.channel))
                .filter(|event| together(&desk, &suppression.target, slot, event))
                .map(|event| event.time)
                .collect();
            // Every outcome that was at least the Nth within D1, itself included.
            let made = outcomes.iter().enumerate().filter(|(i, time)| {
                let within_d1 = outcomes[..=*i].iter().filter(|other| **other > **time - within as i64 * 1000);
                within_d1.count() >= times as usize
            });
            let until = made.map(|(_, time)| time + for_ as i64 * 1000).max().filter(|until| bound && NOW < *until);
            let expected =
                until.map_or(Verdict::Pass, |until| Verdict::Block(Cause::Suppressed { suppression: 0, until }));
            assert_eq!(desk.verdict(NOW, &history, slot, &[]), expected, "{suppression:?} {events:?}");
            if let Some(until) = until {
                let later = |now| desk.verdict(now, &past(&events), slot, &[]);
                assert_eq!((later(until), later(until - 1)), (Verdict::Pass, expected));
                suppressed += 1;
            }
        }
    }
    assert!(suppressed > 500, "{suppressed}");
}

fn past(events: &[Event]) -> MemoryHistory {
    let mut history = MemoryHistory::default();
    for event in events.iter().filter(|event| event.time <= NOW) {
        history.push("anna", event.clone());
    }
    history
}

#[test]
fn exclusion_lets_so_many_different_actions_of_a_set_through() {
    let mut random = Random::new(24);
    let mut excluded = 0;
    for _ in 0..2_000 {
        let mut document = document();
        let scopes = [
            Scope::Group("cards".into()),
            Scope::Action("loan".into()),
            Scope::Channel("sms".into()),
            Scope::Issue("service".into()),
            Scope::Treatment("gold".into(), "sms".into()),
            Scope::All,
        ];
        let members: Vec<Scope> = (0..1 + random.below(2)).map(|_| random.pick(&scopes).clone()).collect();
        let window = random.chance(0.7).then(|| random_window(&mut random));
        let at_most = 1 + random.below(2) as u32;
        document.exclusions = vec![Exclusion {
            id: "e".into(),
            name: "E".into(),
            members: members.clone(),
            at_most,
            event: EventKind::Sent,
            window,
            enabled: true,
        }];
        // A cap with the same window, for its beginning; it binds nobody.
        document.caps = vec![cap(1_000, window.unwrap_or(Window::Lifetime))];
        let desk = Desk::new(document);
        let (history, events) = random_history(&mut random, &desk, NOW);
        let reserved: Vec<u32> = (0..random.below(3)).map(|_| random.below(5) as u32).collect();
        let of_set = |event: &Event| {
            members.iter().any(|scope| match scope {
                Scope::All => true,
                Scope::Issue(id) => event.issue == *id,
                Scope::Group(id) => event.group == *id,
                Scope::Action(id) => event.action == *id,
                Scope::Treatment(action, id) => event.action == *action && event.treatment == *id,
                Scope::Channel(id) => event.channel == *id,
            })
        };
        let start = start_of(&desk, &anna(NOW), window.unwrap_or(Window::Lifetime));
        let in_window = |event: &&Event| {
            window.is_some() && event.kind == EventKind::Sent && (start..=NOW).contains(&event.time) && of_set(event)
        };
        let mut others: Vec<String> = events.iter().filter(in_window).map(|event| event.action.clone()).collect();
        let reserved_events = reserved.iter().map(|slot| desk.event(NOW, EventKind::Sent, *slot));
        others.extend(reserved_events.filter(of_set).map(|event| event.action));
        let last = others.last().cloned();
        others.sort();
        others.dedup();
        for slot in 0..5 {
            let own = desk.event(NOW, EventKind::Sent, slot);
            let verdict = desk.verdict(NOW, &history, slot, &reserved);
            // A candidate goes with itself: the same action again is no other one.
            let same = others.contains(&own.action);
            if !of_set(&own) || same || others.len() < at_most as usize {
                assert_eq!(verdict, Verdict::Pass, "{members:?} {others:?} {own:?}");
                continue;
            }
            let Verdict::Block(Cause::Exclusive { exclusion: 0, with }) = verdict else { panic!("{verdict:?}") };
            let with = match with {
                With::Candidate(slot) => desk.event(NOW, EventKind::Sent, slot).action,
                With::Event(at) => events[at as usize].action.clone(),
            };
            assert_eq!(Some(with), last);
            excluded += 1;
        }
    }
    assert!(excluded > 300, "{excluded}");
}
