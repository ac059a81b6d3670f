//! Contact policy: what caps count, whom they bind, until when.

use super::*;

/// Limit, window in hours (0: lifetime), hours of past events, and the count and hour of reset when blocked.
type CapCase = (u32, u64, &'static [i64], Option<(u32, Option<i64>)>);

#[test]
fn caps_hour_by_hour() {
    let table: &[CapCase] = &[
        (1, 24, &[], None),
        (1, 24, &[-24], None),
        (1, 24, &[-23], Some((1, Some(1)))),
        (1, 24, &[-1], Some((1, Some(23)))),
        (1, 24, &[0], Some((1, Some(24)))),
        (1, 24, &[1], None),
        (1, 24, &[1, 2, 3], None),
        (2, 24, &[-5], None),
        (2, 24, &[-30, -5], None),
        (2, 24, &[-20, -5], Some((2, Some(4)))),
        (2, 24, &[-20, -5, -5], Some((3, Some(19)))),
        (2, 24, &[-5, -5], Some((2, Some(19)))),
        (3, 168, &[-200, -168, -167, -100, -1], Some((3, Some(1)))),
        (3, 168, &[-200, -168, -100, -1], None),
        (0, 24, &[], Some((0, None))),
        (0, 24, &[-5], Some((1, None))),
        (1, 0, &[-100_000], Some((1, None))),
        (2, 0, &[-100_000], None),
        (1, 0, &[5], None),
    ];
    for (limit, hours, events, blocked) in table {
        let mut document = document();
        let window = if *hours == 0 { Window::Lifetime } else { Window::Rolling(hours * 3600) };
        document.caps = vec![cap(*limit, window)];
        let mut history = MemoryHistory::default();
        for hour in *events {
            history.push("anna", event(&document, NOW + hour * HOUR, EventKind::Sent, 1));
            // Other people, other events and contacts that do not count change nothing.
            history.push("ben", event(&document, NOW + hour * HOUR, EventKind::Sent, 1));
            history.push("anna", event(&document, NOW + hour * HOUR, EventKind::Click, 1));
            let silent = Event { counts: false, ..event(&document, NOW + hour * HOUR, EventKind::Sent, 1) };
            history.push("anna", silent);
        }
        let decision = ask_with(&document, known(), &history);
        let expected = blocked.map(|(count, reset)| {
            let resets_at = reset.map(|hour| NOW + hour * HOUR);
            Reason::CapReached { cap: "cap".into(), count, limit: *limit, resets_at }
        });
        assert_eq!(decision.chosen.is_none(), expected.is_some(), "{limit} in {hours} h after {events:?}");
        if let Some(expected) = expected {
            assert!(decision.fates.iter().all(|f| f.reason == expected && f.step == Step::Contact), "{decision:?}");
        }
    }
}

#[test]
fn a_cap_counts_what_its_target_says() {
    // After one contact about `gold` on e-mail: which of gold (cards, email), loan (loans, sms), notice (email) is blocked.
    let table = [
        (CapTarget::All, None, [true, true, true]),
        (CapTarget::Channel, None, [true, false, true]),
        (CapTarget::Issue, None, [true, true, false]),
        (CapTarget::Group, None, [true, false, false]),
        (CapTarget::Action, None, [true, false, false]),
        (CapTarget::Treatment, None, [true, false, false]),
        (CapTarget::Tag("tag-gold".into()), None, [true, false, false]),
        (CapTarget::Tag("tag-loan".into()), None, [false, false, false]),
        (CapTarget::All, Some("email"), [true, false, true]),
        (CapTarget::All, Some("sms"), [false, false, false]),
        (CapTarget::Issue, Some("email"), [true, false, false]),
    ];
    for (target, channel, blocked) in table {
        let mut document = document();
        document.caps = vec![Cap { target, channel: channel.map(str::to_owned), ..cap(1, Window::Lifetime) }];
        let mut history = MemoryHistory::default();
        history.push("anna", event(&document, NOW - HOUR, EventKind::Sent, 0));
        let decision = ask_with(&document, known(), &history);
        let found: Vec<bool> = decision.fates.iter().map(|f| f.step == Step::Contact).collect();
        assert_eq!(found, blocked, "{:?}", document.caps[0]);
    }
}

#[test]
fn caps_spare_those_they_do_not_bind() {
    let blocked = |change: &dyn Fn(&mut Document)| {
        let mut document = document();
        document.caps = vec![cap(1, Window::Lifetime)];
        change(&mut document);
        let mut history = MemoryHistory::default();
        history.push("anna", event(&document, NOW - HOUR, EventKind::Sent, 0));
        ask_with(&document, known(), &history).fates[0].step == Step::Contact
    };
    assert!(blocked(&|_| {}));
    assert!(!blocked(&|d| d.caps[0].limit = None));
    assert!(!blocked(&|d| d.caps[0].enabled = false));
    assert!(!blocked(&|d| d.actions[0].obeys_caps = false));
    assert!(!blocked(&|d| d.actions[0].counts_toward_caps = false));
    assert!(!blocked(&|d| d.actions[0].treatments[0].channel = "web".into()), "inbound");
    assert!(blocked(&|d| d.actions[0].mandatory = true));
    assert!(blocked(&|d| d.caps[0].bypassable = true));
    assert!(!blocked(&|d| (d.actions[0].mandatory, d.caps[0].bypassable) = (true, true)));
}

#[test]
fn of_several_caps_the_one_that_blocks_longest_is_named() {
    let mut document = document();
    let short = Cap { id: "day".into(), ..cap(1, Window::Rolling(86_400)) };
    let long = Cap { id: "week".into(), ..cap(1, Window::Rolling(604_800)) };
    document.caps = vec![short, long];
    let mut history = MemoryHistory::default();
    history.push("anna", event(&document, NOW - HOUR, EventKind::Sent, 0));
    let decision = ask_with(&document, known(), &history);
    assert!(matches!(&decision.fates[0].reason, Reason::CapReached { cap, .. } if **cap == *"week"));
}

/// A rule that counts contacts and a cap on them see the same contacts.
#[test]
fn rules_count_contacts_as_caps_do() {
    let base = document();
    let sent = event(&base, NOW - HOUR, EventKind::Sent, 0);
    let table = [
        (sent.clone(), true),
        (Event { counts: false, ..sent.clone() }, false),
        (Event { channel: "web".into(), ..sent.clone() }, false),
        (Event { kind: EventKind::Click, ..sent.clone() }, false),
        (Event { time: NOW - 24 * HOUR, ..sent.clone() }, false),
        (Event { time: NOW, ..sent.clone() }, true),
        (Event { time: NOW + 1, ..sent }, false),
    ];
    for (event, counted) in table {
        let mut history = MemoryHistory::default();
        history.push("anna", event.clone());
        let capped = Document { caps: vec![cap(1, Window::Rolling(86_400))], ..base.clone() };
        let ruled = Document { rules: vec![rule("r", Stage::Guard, Scope::All, "contacts(1) < 1")], ..base.clone() };
        for document in [capped, ruled] {
            assert_eq!(ask_with(&document, known(), &history).chosen.is_none(), counted, "{event:?}");
        }
    }
}
