//! Cold start, low confidence, uplift, levers, and the terms of a priority that depend on the treatment.

use super::*;
use crate::arbitration::{ColdStart, LowConfidence, Prior};
use crate::model::Spread;
use crate::outcome::Tier;

fn prior(scope: Scope, propensity: f64, weight: f64) -> Prior {
    Prior { scope, propensity, weight }
}

/// `gold` has a model that says 0.8.
fn scored() -> Document {
    let mut document = document();
    document.models = vec![constant("p", 0.8)];
    document.actions[0].propensity = Some("p".into());
    document
}

fn propensity(document: &Document, action: u32) -> Option<f64> {
    let decision = ask(document, known());
    decision.ranked.iter().find(|r| r.candidate.action == action).map(|r| r.propensity)
}

#[test]
fn a_propensity_is_smoothed_towards_the_most_specific_prior() {
    let mut document = scored();
    let all = || prior(Scope::All, 0.1, 30.0);
    let table = [
        (vec![], Some(10.0), 0.8),
        (vec![all()], None, 0.8),
        (vec![all()], Some(10.0), 0.75 * 0.1 + 0.25 * 0.8),
        (vec![all()], Some(0.0), 0.1),
        (vec![prior(Scope::All, 0.1, 0.0)], Some(0.0), 0.8),
        (vec![all(), prior(Scope::Issue("sales".into()), 0.2, 10.0)], Some(10.0), 0.5),
        (vec![prior(Scope::Channel("email".into()), 0.4, 10.0), all()], Some(10.0), 0.6),
        (vec![all(), prior(Scope::Group("cards".into()), 0.6, 30.0)], Some(10.0), 0.75 * 0.6 + 0.25 * 0.8),
        (vec![prior(Scope::Action("gold".into()), 0.0, 10.0), all()], Some(10.0), 0.4),
        (vec![all(), prior(Scope::Treatment("gold".into(), "t".into()), 1.0, 10.0)], Some(10.0), 0.9),
        (vec![prior(Scope::Group("loans".into()), 1.0, 10.0)], Some(10.0), 0.8),
    ];
    for (priors, evidence, expected) in table {
        document.cold_start.priors = priors.clone();
        document.actions[0].evidence = evidence;
        let p = propensity(&document, 0).unwrap();
        assert!((p - expected).abs() < 1e-12, "{priors:?} {evidence:?}: {p}");
    }
    // Evidence of the treatment wins over the action's, and that over the model's.
    document.cold_start.priors = vec![prior(Scope::All, 0.0, 10.0)];
    document.models[0].evidence = Some(30.0);
    document.actions[0].evidence = None;
    assert_eq!(propensity(&document, 0), Some(0.75 * 0.8));
    document.actions[0].evidence = Some(10.0);
    assert_eq!(propensity(&document, 0), Some(0.4));
    document.actions[0].treatments[0].evidence = Some(0.0);
    assert_eq!(propensity(&document, 0), Some(0.0));
    // Without a model P is the prior.
    assert_eq!(propensity(&document, 1), Some(0.0));
}

#[test]
fn what_low_confidence_does() {
    let mut document = scored();
    document.actions[0].evidence = Some(4.0);
    document.cold_start = ColdStart {
        priors: vec![prior(Scope::Action("gold".into()), 0.3, 0.0)],
        min_evidence: Some(5.0),
        max_width: None,
        on_low: LowConfidence::UsePrior,
    };
    for (on_low, expected) in [
        (LowConfidence::UsePrior, Some(0.3)),
        (LowConfidence::Explore, Some(0.3)),
        (LowConfidence::RulesRank, Some(1.0)),
        (LowConfidence::Abstain, None),
    ] {
        document.cold_start.on_low = on_low;
        assert_eq!(propensity(&document, 0), expected, "{on_low:?}");
        let mut enough = document.clone();
        enough.actions[0].evidence = Some(5.0);
        assert_eq!(propensity(&enough, 0), Some(0.8), "{on_low:?}");
    }
    let fate = &ask(&document, known()).fates[0];
    assert_eq!(
        (fate.step, &fate.reason),
        (Step::Arbitration, &Reason::LowConfidence { evidence: Some(4.0), width: None })
    );
    // Ranked by rules alone it goes after the confident ones of its tier, whatever they are worth.
    document.cold_start.on_low = LowConfidence::RulesRank;
    let ranking =
        |document: &Document| ask(document, known()).ranked.iter().map(|r| r.candidate.action).collect::<Vec<_>>();
    assert_eq!(ranking(&document), [1, 2, 0]);
    document.actions[0].boosted = true;
    assert_eq!(ranking(&document), [0, 1, 2]);
    // An interval that is too wide is low confidence as well.
    document.actions[0].evidence = None;
    document.models[0].spread = Some(Spread::Constant(0.1));
    for (max_width, expected) in [(0.2, 0.8), (0.19, 1.0)] {
        document.cold_start.max_width = Some(max_width);
        assert_eq!(propensity(&document, 0), Some(expected));
    }
}

#[test]
fn uplift_ranks_by_the_difference_and_does_no_harm() {
    let mut document = document();
    document.arbitration.mode = Mode::Uplift;
    document.models = vec![constant("tau", 0.25), constant("p", 0.5)];
    document.actions[0].uplift = Some("tau".into());
    document.actions[0].cost = 0.125;
    document.actions[1].propensity = Some("p".into());
    let decision = ask(&document, known());
    let of = |decision: &Decision, action: u32| {
        decision.ranked.iter().find(|r| r.candidate.action == action).map(|r| r.priority)
    };
    // Without an uplift model tau is P.
    assert_eq!((of(&decision, 0), of(&decision, 1)), (Some(0.25 * 2.0 - 0.125), Some(0.5)));
    // Upper bound −0.05 + spread: dropped when it is below 0; else it may still lose to doing nothing.
    for (spread, dropped) in [(0.0, true), (0.04, true), (0.06, false)] {
        document.models[0] = Model { spread: Some(Spread::Constant(spread)), ..constant("tau", -0.05) };
        let decision = ask(&document, known());
        let harm = matches!(decision.fates[0].reason, Reason::DoNoHarm { uplift, .. } if uplift == -0.05);
        assert_eq!((harm, chosen(&decision)), (dropped, Some(1)), "{spread}");
    }
    document.actions[1].value = 0.0;
    let decision = ask(&document, known());
    assert_eq!(decision.chosen, None);
    assert!(matches!(&decision.fates[1].reason, Reason::LostArbitration { by, .. } if **by == *"NoAction"));
}

#[test]
fn a_geometric_mean_weighs_the_factors() {
    let mut document = scored();
    document.rules = vec![rule("soft", Stage::SoftSuitability, Scope::Action("gold".into()), "0.5")];
    for ((p, c, v, l), expected) in [
        ((1.0, 0.0, 0.0, 0.0), 0.8),
        ((1.0, 0.0, 1.0, 0.0), (0.8_f64 * 2.0).sqrt()),
        ((2.0, 1.0, 1.0, 0.0), (0.8_f64 * 0.8 * 2.0).powf(0.25)),
        ((0.0, 0.0, 0.0, 3.0), 1.0),
    ] {
        document.arbitration.mode = Mode::GeometricMean { p, c, v, l };
        let priority = ask(&document, known()).ranked.iter().find(|r| r.candidate.action == 0).unwrap().priority;
        assert!((priority - expected * 0.5).abs() < 1e-9, "{p} {c} {v} {l}: {priority}");
    }
    document.arbitration.mode = Mode::GeometricMean { p: 1.0, c: 0.0, v: 1.0, l: 0.0 };
    let decision = ask(&document, known());
    assert_eq!(decision.ranked.iter().find(|r| r.candidate.action == 2).unwrap().priority, 0.0, "worth 0");
}

#[test]
fn levers_multiply_and_count_as_one_when_they_fail() {
    let mut document = document();
    document.rules = vec![
        rule("a", Stage::Lever, Scope::Action("gold".into()), "x * 3.0"),
        rule("b", Stage::Lever, Scope::All, "0.5"),
    ];
    for (x, priority, degraded) in [
        (Value::Number(0.5), 2.0 * 1.5 * 0.5, false),
        (Value::Number(0.0), 0.0, false),
        (Value::Number(-1.0), 2.0 * 0.5, true),
        (Value::Unknown, 2.0 * 0.5, true),
    ] {
        let decision = ask(&document, vec![Value::Integer(1), x.clone()]);
        let gold = decision.ranked.iter().find(|r| r.candidate.action == 0).unwrap();
        assert_eq!((gold.priority, decision.degraded), (priority, degraded), "{x}");
        assert_eq!(decision.diagnostics.iter().any(|d| d.contains("`a` counts as 1")), degraded);
    }
}

#[test]
fn context_weights_never_make_a_priority_negative() {
    let mut document = document();
    let weight = |id: &str| ContextWeight { id: id.into(), scope: Scope::All, when: "true".into(), percent: -75.0 };
    document.arbitration.context_weights = vec![weight("one"), weight("two")];
    let decision = ask(&document, known());
    assert!(decision.ranked.iter().all(|r| r.priority == 0.0));
}

#[test]
fn discount_levels_are_treatments_of_one_action() {
    let mut document = document();
    document.arbitration.mode = Mode::NetValue;
    document.models = vec![constant("plain", 0.2), constant("deal", 0.6)];
    let level = |id: &str, value, cost, propensity: &str| Treatment {
        id: id.into(),
        channel: "email".into(),
        value,
        cost,
        propensity: Some(propensity.into()),
        attributes: [("percent".to_owned(), Value::Integer(if id == "ten" { 10 } else { 0 }))].into(),
        ..Treatment::default()
    };
    document.actions[0].value = 10.0;
    document.actions[0].cost = 0.5;
    document.actions[0].treatments =
        vec![level("none", None, None, "plain"), level("ten", Some(8.0), Some(1.0), "deal")];
    let decision = ask(&document, known());
    let of = |treatment| decision.ranked.iter().find(|r| (r.candidate.action, r.candidate.treatment) == (0, treatment));
    assert_eq!(of(0).map(|r| r.priority), Some(0.2 * 10.0 - 0.5));
    assert_eq!(of(1).map(|r| r.priority), Some(0.6 * 8.0 - 1.0));
    assert_eq!(decision.chosen.map(|c| c.treatment), Some(1));
    document.rules = vec![rule("r", Stage::Eligibility, Scope::Action("gold".into()), "action.percent < n")];
    let decision = ask(&document, known());
    assert_eq!(decision.chosen.map(|c| (c.action, c.treatment)), Some((0, 0)));
}

#[test]
fn tiers_go_before_priority() {
    let mut document = document();
    document.actions[2].boosted = true;
    let tiers = |document: &Document| {
        ask(document, known()).ranked.iter().map(|r| (r.candidate.action, r.tier)).collect::<Vec<_>>()
    };
    assert_eq!(tiers(&document), [(2, Tier::Boosted), (0, Tier::Normal), (1, Tier::Normal)]);
    document.actions[1].mandatory = true;
    document.actions[1].boosted = true;
    assert_eq!(tiers(&document), [(1, Tier::Mandatory), (2, Tier::Boosted), (0, Tier::Normal)]);
    // Boosted is not mandatory: it must be worth more than nothing where nothing competes.
    document.actions[1].mandatory = false;
    document.arbitration.mode = Mode::NetValue;
    document.actions[1].cost = 5.0;
    assert_eq!(chosen(&ask(&document, known())), Some(0));
}
