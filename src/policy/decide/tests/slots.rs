//! Slots: how many are chosen, which limits and bundles hold, and what is asked again before each.

use super::*;
use crate::arbitration::{Bundle, Per, SlotLimit};
use crate::outcome::How;

/// Four actions worth 4, 3, 2, 1: a and b in cards (a on two channels), c in loans, d in account.
fn four(count: u32) -> Document {
    let mut document = document();
    let template = document.actions[0].clone();
    let action = |id: &str, group: &str, value: f64, channels: &[&str]| Action {
        id: id.into(),
        name: id.to_uppercase(),
        group: group.into(),
        value,
        service: false,
        tags: vec![],
        treatments: channels
            .iter()
            .map(|channel| Treatment { id: (*channel).into(), channel: (*channel).into(), ..Treatment::default() })
            .collect(),
        ..template.clone()
    };
    document.actions = vec![
        action("a", "cards", 4.0, &["email", "sms"]),
        action("b", "cards", 3.0, &["email"]),
        action("c", "loans", 2.0, &["sms"]),
        action("d", "account", 1.0, &["web"]),
    ];
    document.slots.count = count;
    document
}

fn filled(decision: &Decision) -> Vec<(u32, u32)> {
    decision.slots.iter().map(|slot| (slot.candidate.action, slot.candidate.treatment)).collect()
}

fn reason(decision: &Decision, action: u32, treatment: u32) -> Reason {
    let fate = decision.fates.iter().find(|f| (f.candidate.action, f.candidate.treatment) == (action, treatment));
    fate.unwrap().reason.clone()
}

#[test]
fn the_best_fill_the_slots_and_no_action_stands_twice() {
    let table = [
        (1, vec![(0, 0)]),
        (2, vec![(0, 0), (1, 0)]),
        (3, vec![(0, 0), (1, 0), (2, 0)]),
        (9, vec![(0, 0), (1, 0), (2, 0), (3, 0)]),
    ];
    for (count, expected) in table {
        let decision = ask(&four(count), known());
        assert_eq!(filled(&decision), expected);
        assert_eq!(decision.chosen, decision.slots.first().map(|slot| slot.candidate));
        assert!(decision.slots.iter().all(|slot| (slot.send_at, slot.probability) == (NOW, 1.0)));
        assert_eq!(decision.ranked.len(), 5);
    }
    let decision = ask(&four(2), known());
    assert_eq!(reason(&decision, 0, 1), Reason::SlotLimit { of: "a".into(), limit: 1 });
    let lost = Reason::LostArbitration { by: "b".into(), treatment: "email".into(), margin: 1.0 };
    assert_eq!(reason(&decision, 2, 0), lost, "lost to the one in the last slot");
    assert!(decision.slots[1].probabilities.iter().all(|(c, _)| c.action != 0), "open for the second slot");
}

#[test]
fn limits_per_kind() {
    let limit = |per, limit| SlotLimit { per, limit };
    let table = [
        (vec![limit(Per::Group, 1)], vec![(0, 0), (2, 0), (3, 0)]),
        (vec![limit(Per::Issue, 1)], vec![(0, 0), (3, 0)]),
        (vec![limit(Per::Channel, 1)], vec![(0, 0), (2, 0), (3, 0)]),
        (vec![limit(Per::Action, 2)], vec![(0, 0), (0, 1), (1, 0), (2, 0)]),
        (vec![limit(Per::Action, 2), limit(Per::Group, 2)], vec![(0, 0), (0, 1), (2, 0), (3, 0)]),
        (vec![limit(Per::Channel, 0)], vec![]),
    ];
    for (limits, expected) in table {
        let mut document = four(4);
        document.slots.limits = limits.clone();
        assert_eq!(filled(&ask(&document, known())), expected, "{limits:?}");
    }
    let mut document = four(4);
    document.slots.limits = vec![limit(Per::Group, 1)];
    let decision = ask(&document, known());
    assert_eq!(reason(&decision, 1, 0), Reason::SlotLimit { of: "cards".into(), limit: 1 });
    assert_eq!(decision.fates[2].step, Step::Slots);
}

#[test]
fn what_nobody_wants_leaves_slots_empty() {
    let mut document = four(4);
    document.arbitration.mode = Mode::NetValue;
    document.actions[2].cost = 2.0;
    document.actions[3].cost = 3.0;
    let decision = ask(&document, known());
    assert_eq!(filled(&decision), [(0, 0), (1, 0)]);
    let nothing = |margin| Reason::LostArbitration { by: "NoAction".into(), treatment: "".into(), margin };
    assert_eq!((reason(&decision, 2, 0), reason(&decision, 3, 0)), (nothing(0.0), nothing(2.0)));
}

#[test]
fn a_bundle_goes_whole_or_not_at_all() {
    let bundle =
        |actions: &[&str]| Bundle { id: "pair".into(), actions: actions.iter().map(|a| (*a).into()).collect() };
    let out = |action: &str| rule("out", Stage::Guard, Scope::Action(action.into()), "false");
    let table = [
        // The rest follows in the next slots, before what ranks higher.
        (3, bundle(&["a", "d"]), None, vec![(0, 0), (3, 0), (1, 0)]),
        (2, bundle(&["d", "c"]), None, vec![(0, 0), (1, 0)]),
        (3, bundle(&["b", "d"]), None, vec![(0, 0), (1, 0), (3, 0)]),
        (4, bundle(&["c", "a", "d"]), None, vec![(0, 0), (2, 0), (3, 0), (1, 0)]),
        // No room for it, or one of it is missing: none of it.
        (2, bundle(&["b", "d"]), None, vec![(0, 0), (2, 0)]),
        (4, bundle(&["a", "d"]), Some("d"), vec![(1, 0), (2, 0)]),
    ];
    for (count, bundle, removed, expected) in table {
        let mut document = four(count);
        document.slots.bundles = vec![bundle.clone()];
        document.rules = removed.map(out).into_iter().collect();
        let decision = ask(&document, known());
        assert_eq!(filled(&decision), expected, "{count} {bundle:?} {removed:?}");
    }
    let mut document = four(2);
    document.slots.bundles = vec![bundle(&["b", "d"])];
    let decision = ask(&document, known());
    assert_eq!(reason(&decision, 1, 0), Reason::SlotLimit { of: "pair".into(), limit: 2 });
    document.slots.bundles = vec![bundle(&["a", "d"])];
    let decision = ask(&document, known());
    assert_eq!(reason(&decision, 3, 0), Reason::WonByBundle { bundle: "pair".into() });
    assert_eq!(decision.slots.iter().map(|s| s.how).collect::<Vec<_>>(), [How::Arbitration, How::Bundle]);
    // A limit that one of it breaks keeps all of it out.
    document.slots.bundles = vec![bundle(&["a", "b"])];
    document.slots.limits = vec![SlotLimit { per: Per::Group, limit: 1 }];
    assert_eq!(filled(&ask(&document, known())), [(2, 0), (3, 0)]);
}

#[test]
fn a_ladder_is_for_when_no_slot_was_filled() {
    let mut document = four(3);
    document.fallback = vec![Fallback { action: "d".into(), treatment: "web".into() }];
    document.rules = vec![rule("r", Stage::Eligibility, Scope::Issue("sales".into()), "n < 3")];
    let decision = ask(&document, known());
    assert_eq!((filled(&decision), decision.fallback), (vec![(3, 0)], None));
    document.rules[0].scope = Scope::All;
    let decision = ask(&document, known());
    assert_eq!((filled(&decision), decision.fallback), (vec![(3, 0)], Some(0)));
    assert_eq!(decision.slots[0].how, How::Fallback);
    assert!(decision.slots[0].probabilities.is_empty());
}
