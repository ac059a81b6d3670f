//! Overrides: guard deny > override deny > cap > override force > arbitration.

use super::*;
use crate::exploration::Exploration;
use crate::outcome::How;
use crate::overrides::{Override, OverrideKind};

fn over(id: &str, kind: OverrideKind) -> Override {
    Override {
        id: id.into(),
        kind,
        when: None,
        reason: "A promise to the customer.".into(),
        author: "Ada".into(),
        approver: "Grace".into(),
        from: NOW - HOUR,
        until: NOW + HOUR,
    }
}

fn deny(action: &str) -> Override {
    over("deny", OverrideKind::Deny(Scope::Action(action.into())))
}

fn force(action: &str) -> Override {
    over("force", OverrideKind::Force(Scope::Action(action.into())))
}

#[test]
fn who_wins() {
    let guard = || rule("guard", Stage::Guard, Scope::Action("loan".into()), "false");
    let unfit = || rule("unfit", Stage::Suitability, Scope::Action("loan".into()), "false");
    let legal = Reason::LegalGuard { rule: "guard".into() };
    let denied = Reason::OverrideDeny { override_: "deny".into() };
    let unsuitable = Reason::NotSuitable { rule: "unfit".into() };
    let capped = Reason::CapReached { cap: "cap".into(), count: 0, limit: 0, resets_at: None };
    let forced = Reason::WonByOverride { override_: "force".into() };
    let lost = Reason::LostArbitration { by: "gold".into(), treatment: "t".into(), margin: 1.0 };
    // What `loan` is under, and its reason.
    let table = [
        (vec![guard()], vec![deny("loan"), force("loan")], true, Step::Guard, legal),
        (vec![unfit()], vec![deny("loan"), force("loan")], true, Step::Override, denied),
        (vec![unfit()], vec![force("loan")], true, Step::Suitability, unsuitable),
        (vec![], vec![force("loan")], true, Step::Contact, capped),
        (vec![], vec![force("loan")], false, Step::Chosen, forced),
        (vec![], vec![], false, Step::Arbitration, lost),
    ];
    for (rules, overrides, capped, step, reason) in table {
        let mut document = document();
        (document.rules, document.overrides) = (rules, overrides);
        if capped {
            document.caps = vec![cap(0, Window::Lifetime)];
        }
        let decision = ask(&document, known());
        assert_eq!((decision.fates[1].step, &decision.fates[1].reason), (step, &reason));
    }
}

#[test]
fn an_override_holds_from_its_start_until_its_expiry() {
    for (from, until, holds) in [(0, 1, true), (1, 2, false), (-1, 0, false), (-1, 1, true)] {
        let mut document = document();
        document.overrides = vec![Override { from: NOW + from, until: NOW + until, ..force("loan") }];
        assert_eq!(chosen(&ask(&document, known())), Some(u32::from(holds)), "{from} {until}");
    }
}

/// Where its condition cannot tell or fails, a denial holds and a force does not.
#[test]
fn an_override_in_doubt() {
    for (when, n, denies, forces) in [
        ("n > 2", Value::Integer(3), true, true),
        ("n > 2", Value::Integer(2), false, false),
        ("n > 2", Value::Unknown, true, false),
        ("n / (n - 3) > 2", Value::Integer(3), true, false),
    ] {
        let mut document = document();
        let when = Some(when.to_owned());
        document.overrides = vec![Override { when: when.clone(), ..deny("gold") }];
        let decision = ask(&document, vec![n.clone(), Value::Unknown]);
        assert_eq!(decision.fates[0].step == Step::Override, denies, "{when:?} {n}");
        document.overrides = vec![Override { when: when.clone(), ..force("loan") }];
        let decision = ask(&document, vec![n.clone(), Value::Unknown]);
        assert_eq!(chosen(&decision) == Some(1), forces, "{when:?} {n}");
    }
}

#[test]
fn a_forced_action_skips_floors_ranking_and_chance() {
    let mut document = document();
    document.overrides = vec![force("loan")];
    document.arbitration.floors =
        vec![Floor { scope: Scope::Action("loan".into()), min_propensity: None, min_priority: Some(5.0) }];
    document.exploration = Some(Exploration::EpsilonGreedy { epsilon: 1.0 });
    document.actions[2].mandatory = true;
    let decision = ask(&document, known());
    assert_eq!((chosen(&decision), decision.slots[0].how), (Some(1), How::Override));
    assert_eq!((decision.slots[0].probability, decision.ranked.len()), (1.0, 2));
    assert!(decision.ranked.iter().all(|r| r.probability == 0.0));
    let full = Reason::SlotLimit { of: "".into(), limit: 1 };
    assert_eq!((&decision.fates[0].reason, &decision.fates[2].reason), (&full, &full));
    // What is forced takes the first slots; the rest is arbitrated.
    document.slots.count = 3;
    document.exploration = None;
    let decision = ask(&document, known());
    assert_eq!(decision.slots.iter().map(|s| s.candidate.action).collect::<Vec<_>>(), [1, 2, 0]);
}

#[test]
fn a_denied_fallback_is_not_answered() {
    let mut document = document();
    document.rules = vec![rule("none", Stage::Eligibility, Scope::All, "false")];
    document.fallback = vec![
        Fallback { action: "gold".into(), treatment: "t".into() },
        Fallback { action: "loan".into(), treatment: "t".into() },
    ];
    document.overrides = vec![deny("gold"), force("gold")];
    let decision = ask(&document, known());
    assert_eq!((chosen(&decision), decision.fallback), (Some(1), Some(1)));
}
