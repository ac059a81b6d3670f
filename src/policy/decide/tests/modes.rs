//! Modes, holdout arms and the fallback ladder: what is answered in place of what was decided.

use super::*;
use crate::document::Operation;
use crate::history::Identity;
use crate::holdout::Arm;
use crate::outcome::How;

fn rung(action: &str) -> Fallback {
    Fallback { action: action.into(), treatment: "t".into() }
}

fn held(id: &str, kind: HoldoutKind) -> Holdout {
    Holdout { id: id.into(), kind, salt: "s".into(), share: 1.0, ..Holdout::default() }
}

#[test]
fn a_policy_in_shadow_answers_its_baseline_and_tells_what_it_would_have_done() {
    let mut document = document();
    document.mode = Operation::Shadow;
    let decision = ask(&document, known());
    assert_eq!((decision.chosen, decision.shadow.map(|c| c.action)), (None, Some(0)));
    assert_eq!((&decision.fates[0].reason, decision.fates[0].step), (&Reason::Shadowed, Step::Arbitration));
    document.baseline = Some(rung("loan"));
    let decision = ask(&document, known());
    assert_eq!((chosen(&decision), decision.shadow.map(|c| c.action)), (Some(1), Some(0)));
    assert_eq!((decision.slots[0].how, decision.mode), (How::Baseline, Operation::Shadow));
    assert_eq!(decision.fates[1].reason, Reason::Baseline);
    // What binds a fallback binds it too; engagement rules do not.
    for (rule, answered) in [
        (rule("r", Stage::Guard, Scope::Action("loan".into()), "false"), None),
        (rule("r", Stage::Suitability, Scope::Action("loan".into()), "false"), Some(1)),
    ] {
        let document = Document { rules: vec![rule], ..document.clone() };
        assert_eq!(chosen(&ask(&document, known())), answered);
    }
    document.caps = vec![cap(0, Window::Lifetime)];
    assert_eq!(chosen(&ask(&document, known())), None);
}

#[test]
fn a_policy_switched_off_answers_its_ladder_alone() {
    let mut document = document();
    document.mode = Operation::Off;
    let decision = ask(&document, known());
    assert_eq!((decision.chosen, decision.fallback, decision.ranked.len()), (None, None, 0));
    assert!(decision.fates.iter().all(|f| f.reason == Reason::PolicyOff), "{:?}", decision.fates);
    document.fallback = vec![rung("loan"), rung("notice")];
    let decision = ask(&document, known());
    assert_eq!((chosen(&decision), decision.fallback), (Some(1), Some(0)));
    assert_eq!(decision.fates[1].reason, Reason::Fallback { rung: 0 });
    document.rules = vec![rule("r", Stage::Guard, Scope::Action("loan".into()), "false")];
    assert_eq!(ask(&document, known()).fallback, Some(1));
    document.holdouts = vec![held("control", HoldoutKind::Global)];
    document.actions[2].service = false;
    assert_eq!(chosen(&ask(&document, known())), None);
}

#[test]
fn a_program_holdout_reads_like_a_global_one_with_its_own_reason() {
    let mut document = document();
    document.holdouts = vec![held("programme", HoldoutKind::Program)];
    let decision = ask(&document, known());
    assert_eq!((chosen(&decision), decision.holdout.as_deref()), (Some(2), Some("programme")));
    assert_eq!(decision.fates[0].reason, Reason::HoldoutProgram { holdout: "programme".into() });
    assert_eq!(decision.shadow.map(|c| c.action), Some(0));
}

#[test]
fn a_holdout_goes_by_the_id_of_its_unit() {
    let mut document = document();
    let at = |unit, share| Holdout { unit, share, ..held("h", HoldoutKind::Global) };
    let bucket = |id: &str| crate::fingerprint::bucket("s", id);
    let request = Request { household: Some("home".into()), ..request(known()) };
    for (unit, id) in [(Identity::Subject, "anna"), (Identity::Household, "home"), (Identity::Global, "")] {
        for (share, in_it) in [(bucket(id), false), (bucket(id) + 1e-9, true)] {
            document.holdouts = vec![at(unit, share)];
            let policy = Policy::compile(document.clone()).unwrap();
            let decision = policy.decide(&request, &NoHistory);
            assert_eq!((decision.holdout.is_some(), decision.degraded), (in_it, false), "{unit:?} {share}");
        }
    }
    // The request names no device: the subject stands in, and that is said.
    document.holdouts = vec![at(Identity::Device, bucket("anna") + 1e-9)];
    let decision = Policy::compile(document).unwrap().decide(&request, &NoHistory);
    assert!(decision.holdout.is_some() && decision.degraded);
    assert_eq!(decision.diagnostics, ["the request names no device: the holdout `h` goes by the subject in its place"]);
}

/// Under model control P is a draw of the decision id's own, for the candidates that have a model.
#[test]
fn model_control_draws_the_propensity() {
    let mut document = document();
    document.models = vec![constant("p", 0.5)];
    document.actions[0].propensity = Some("p".into());
    document.actions[1].propensity = Some("p".into());
    document.holdouts = vec![held("random", HoldoutKind::ModelControl)];
    let policy = Policy::compile(document).unwrap();
    let (mut sum, n) = (0.0, 2_000);
    for i in 0..n {
        let request = Request { decision_id: format!("{i}"), ..request(known()) };
        let decision = policy.decide(&request, &NoHistory);
        assert_eq!((decision.arm.as_deref(), decision.holdout.is_some()), (Some("random"), false));
        assert_eq!(policy.decide(&request, &NoHistory), decision);
        let p = |action| decision.ranked.iter().find(|r| r.candidate.action == action).unwrap().propensity;
        assert!(p(0) != p(1) && p(2) == 1.0);
        sum += p(0);
    }
    // Four standard errors of a mean of uniform draws.
    assert!((sum / f64::from(n) - 0.5).abs() < 4.0 * (1.0 / 12.0 / f64::from(n)).sqrt());
}

#[test]
fn ablation_arms_are_simpler_policies() {
    let mut document = document();
    document.models = vec![constant("low", 0.2), constant("high", 0.9)];
    document.actions[0].propensity = Some("low".into());
    document.actions[1].propensity = Some("high".into());
    document.actions[0].weight = 900.0;
    document.actions[2].weight = -100.0;
    document.rules = vec![
        rule("soft", Stage::SoftSuitability, Scope::Action("loan".into()), "0.5"),
        rule("no", Stage::Applicability, Scope::Action("notice".into()), "false"),
        rule("lever", Stage::Lever, Scope::Action("loan".into()), "2.0"),
    ];
    let priorities = |arm: Option<Arm>| {
        let mut document = document.clone();
        document.holdouts = arm.map(|arm| held("arm", HoldoutKind::Ablation(arm))).into_iter().collect();
        let decision = ask(&document, known());
        let of = |action| decision.ranked.iter().find(|r| r.candidate.action == action).map(|r| r.priority);
        [of(0), of(1), of(2)]
    };
    assert_eq!(priorities(None), [Some(0.2 * 2.0 * 10.0), Some(0.9 * 2.0 * 0.5), None]);
    assert_eq!(priorities(Some(Arm::PropensityOnly)), [Some(0.2), Some(0.9), None]);
    assert_eq!(priorities(Some(Arm::NoLevers)), [Some(0.4), Some(0.45), None]);
    assert_eq!(priorities(Some(Arm::EligibilityOnly)), [Some(4.0), Some(1.8), Some(0.0)]);
    assert_eq!(priorities(Some(Arm::RandomEligible)), priorities(None));
    // One of the survivors at random, all equally likely, and logged as such.
    document.holdouts = vec![held("arm", HoldoutKind::Ablation(Arm::RandomEligible))];
    let decision = ask(&document, known());
    assert_eq!(decision.ranked.iter().map(|r| r.probability).collect::<Vec<_>>(), [0.5, 0.5]);
}

#[test]
fn fallback_rules_are_tried_before_the_ladder() {
    let mut document = document();
    document.rules = vec![
        rule("none", Stage::Eligibility, Scope::All, "false"),
        rule("by_n", Stage::Fallback, Scope::All, r#"if n > 2 { "loan" } else { () }"#),
        rule("always", Stage::Fallback, Scope::All, r#""notice""#),
    ];
    document.fallback = vec![rung("gold")];
    let table = [
        (3, &[][..], Some((1, 0))),
        (2, &[], Some((2, 1))),
        (3, &["loan"], Some((2, 1))),
        (3, &["loan", "notice"], Some((0, 2))),
        (3, &["loan", "notice", "gold"], None),
    ];
    for (n, guarded, expected) in table {
        let mut document = document.clone();
        for id in guarded {
            document.rules.push(rule(&format!("not_{id}"), Stage::Guard, Scope::Action((*id).into()), "false"));
        }
        let decision = ask(&document, vec![Value::Integer(n), Value::Unknown]);
        assert_eq!(decision.chosen.map(|c| c.action).zip(decision.fallback), expected, "{n} {guarded:?}");
    }
    // One that fails is told, and the next rung is tried.
    document.rules[1].expr = r#"if n / (n - 3) > 1 { "loan" } else { () }"#.into();
    let decision = ask(&document, known());
    assert_eq!((chosen(&decision), decision.fallback, decision.degraded), (Some(2), Some(1), true));
    assert!(decision.diagnostics[0].contains("rule `by_n` failed"), "{:?}", decision.diagnostics);
}
