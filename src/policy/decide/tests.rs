//! The order of evaluation, stage by stage, on small policies.

mod caps;
mod cold_start;
mod entry;
mod explore;
mod modes;
mod overrides;
mod slots;
mod told;

use crate::action::{Action, Channel, Direction, Group, Issue, Treatment};
use crate::arbitration::{ContextWeight, Floor, Mode};
use crate::contact::{Cap, CapTarget, EventKind, Window};
use crate::document::{Document, Fallback};
use crate::holdout::{Holdout, HoldoutKind};
use crate::model::{Calibration, Encode, Function, Input, Link, Model};
use crate::reason::{Reason, Step};
use crate::rule::{OnMissing, Rule, Scope, Stage};
use crate::schema::Schema;
use crate::testing::{HOUR, event, field};
use crate::*;

/// Two offers and a service message, one treatment each, worth 2, 1 and 0.
fn document() -> Document {
    let action = |id: &str, group: &str, value: f64, channel: &str| Action {
        id: id.into(),
        name: id.to_uppercase(),
        group: group.into(),
        value,
        cost: 0.0,
        weight: 0.0,
        valid_from: None,
        valid_until: None,
        tags: vec![format!("tag-{id}")],
        mandatory: false,
        service: id == "notice",
        obeys_caps: true,
        counts_toward_caps: true,
        propensity: None,
        attributes: Default::default(),
        treatments: vec![Treatment {
            id: "t".into(),
            channel: channel.into(),
            template: String::new(),
            propensity: None,
            ..Treatment::default()
        }],
        ..Action::default()
    };
    let group = |id: &str| Group { id: id.into(), weight: 0.0 };
    let channel = |id: &str, direction| Channel { id: id.into(), direction };
    Document {
        id: "test".into(),
        name: "Test".into(),
        schema: Schema { fields: vec![field("n", Type::Integer), field("x", Type::Number)] },
        issues: vec![
            Issue { id: "sales".into(), weight: 0.0, groups: vec![group("cards"), group("loans")] },
            Issue { id: "service".into(), weight: 0.0, groups: vec![group("account")] },
        ],
        channels: vec![
            channel("email", Direction::Outbound),
            channel("sms", Direction::Outbound),
            channel("web", Direction::Inbound),
        ],
        actions: vec![
            action("gold", "cards", 2.0, "email"),
            action("loan", "loans", 1.0, "sms"),
            action("notice", "account", 0.0, "email"),
        ],
        ..Document::default()
    }
}

const NOW: i64 = 400_000 * HOUR;

fn request(fields: Vec<Value>) -> Request {
    Request { decision_id: "1".into(), subject: "anna".into(), now: NOW, zone: None, fields, ..Request::default() }
}

fn ask(document: &Document, fields: Vec<Value>) -> Decision {
    ask_with(document, fields, &NoHistory)
}

fn ask_with(document: &Document, fields: Vec<Value>, history: &dyn History) -> Decision {
    let policy = Policy::compile(document.clone()).unwrap_or_else(|e| panic!("{e}"));
    let decision = policy.decide(&request(fields.clone()), history);
    let mut traced = policy.decide_traced(&request(fields), history);
    traced.trace = None;
    assert_eq!(traced, decision);
    decision
}

fn known() -> Vec<Value> {
    vec![Value::Integer(3), Value::Number(0.5)]
}

fn chosen(decision: &Decision) -> Option<u32> {
    decision.chosen.map(|candidate| candidate.action)
}

fn rule(id: &str, stage: Stage, scope: Scope, expr: &str) -> Rule {
    Rule {
        id: id.into(),
        name: format!("Rule {id}"),
        stage,
        scope,
        expr: expr.into(),
        on_missing: OnMissing::Remove,
        reason: String::new(),
        enabled: true,
        note: String::new(),
        ..Rule::default()
    }
}

fn cap(limit: u32, window: Window) -> Cap {
    Cap {
        id: "cap".into(),
        name: "Cap".into(),
        target: CapTarget::All,
        channel: None,
        event: EventKind::Sent,
        limit: Some(limit),
        window,
        bypassable: false,
        enabled: true,
        ..Cap::default()
    }
}

fn constant(id: &str, p: f64) -> Model {
    Model {
        id: id.into(),
        name: id.into(),
        target: "probability".into(),
        inputs: Vec::new(),
        function: Function::Constant(p),
        calibration: Calibration::Identity,
        fallback: 0.5,
        ..Model::default()
    }
}

#[test]
fn without_rules_nothing_is_removed_and_the_highest_priority_wins() {
    let decision = ask(&document(), known());
    assert_eq!(chosen(&decision), Some(0));
    assert_eq!(decision.ranked.iter().map(|r| r.priority).collect::<Vec<_>>(), [2.0, 1.0, 0.0]);
    assert_eq!(decision.fates[0].reason, Reason::Won);
    let lost = |margin| Reason::LostArbitration { by: "gold".into(), treatment: "t".into(), margin };
    assert_eq!((&decision.fates[1].reason, &decision.fates[2].reason), (&lost(1.0), &lost(2.0)));
    assert!(!decision.degraded && decision.diagnostics.is_empty());
}

#[test]
fn every_stage_removes_with_its_own_reason() {
    let r = || "r".into();
    let table = [
        (Stage::Guard, Step::Guard, Reason::LegalGuard { rule: r() }),
        (Stage::Eligibility, Step::Eligibility, Reason::NotEligible { rule: r() }),
        (Stage::Applicability, Step::Applicability, Reason::NotApplicable { rule: r() }),
        (Stage::Suitability, Step::Suitability, Reason::NotSuitable { rule: r() }),
    ];
    for (stage, step, reason) in table {
        let mut document = document();
        document.rules = vec![rule("r", stage, Scope::Action("gold".into()), "n < 3")];
        let decision = ask(&document, known());
        assert_eq!((decision.fates[0].step, &decision.fates[0].reason), (step, &reason));
        assert_eq!(chosen(&decision), Some(1));
        assert_eq!(chosen(&ask(&document, vec![Value::Integer(2), Value::Unknown])), Some(0));
        // Unknown removes too, and is not a failure.
        let decision = ask(&document, vec![Value::Unknown, Value::Unknown]);
        let missing = Reason::MissingInput { rule: r(), fields: vec!["n".into()] };
        assert_eq!((decision.fates[0].step, &decision.fates[0].reason), (step, &missing));
        assert!(!decision.degraded);
        // An error removes and is told.
        document.rules[0].expr = "n / (n - 3) == 1".into();
        let decision = ask(&document, known());
        assert!(matches!(&decision.fates[0].reason, Reason::RuleError { .. }), "{:?}", decision.fates[0]);
        assert!(decision.degraded && decision.diagnostics[0].contains("rule `r` failed"), "{:?}", decision.diagnostics);
        // Switched off, it does nothing.
        document.rules[0].enabled = false;
        assert_eq!(chosen(&ask(&document, known())), Some(0));
    }
}

#[test]
fn applicability_may_keep_what_it_cannot_tell_but_not_what_fails() {
    let mut document = document();
    let mut keep = rule("r", Stage::Applicability, Scope::All, "n < 3");
    keep.on_missing = OnMissing::Keep;
    document.rules = vec![keep];
    assert_eq!(chosen(&ask(&document, vec![])), Some(0));
    assert_eq!(chosen(&ask(&document, known())), None);
    document.rules[0].expr = "n % (n - 3) == 1".into();
    assert_eq!(chosen(&ask(&document, known())), None);
}

#[test]
fn soft_suitability_multiplies_and_counts_as_one_when_it_fails() {
    let mut document = document();
    document.rules = vec![rule("soft", Stage::SoftSuitability, Scope::Action("gold".into()), "x")];
    let table = [
        (Value::Number(0.5), 1.0, false),
        (Value::Number(1.0), 2.0, false),
        (Value::Number(0.25), 0.5, false),
        (Value::Number(0.0), 2.0, true),
        (Value::Number(1.5), 2.0, true),
        (Value::Unknown, 2.0, true),
    ];
    for (x, priority, degraded) in table {
        let decision = ask(&document, vec![Value::Integer(1), x.clone()]);
        let gold = decision.ranked.iter().find(|r| r.candidate.action == 0).unwrap();
        assert_eq!((gold.priority, decision.degraded), (priority, degraded), "{x}");
        assert_eq!(decision.diagnostics.iter().any(|d| d.contains("`soft` counts as 1")), degraded);
    }
}

#[test]
fn scopes_speak_of_what_is_below_them() {
    let table = [
        (Scope::All, [false, false, false]),
        (Scope::Issue("sales".into()), [false, false, true]),
        (Scope::Group("loans".into()), [true, false, true]),
        (Scope::Action("gold".into()), [false, true, true]),
        (Scope::Treatment("notice".into(), "t".into()), [true, true, false]),
        (Scope::Channel("email".into()), [false, true, false]),
    ];
    for (scope, kept) in table {
        let mut document = document();
        document.rules = vec![rule("r", Stage::Guard, scope.clone(), "false")];
        let decision = ask(&document, known());
        let survived: Vec<bool> = decision.fates.iter().map(|f| f.step > Step::Guard).collect();
        assert_eq!(survived, kept, "{scope:?}");
    }
}

#[test]
fn validity_is_half_open() {
    for (from, until, active) in [
        (None, None, true),
        (Some(NOW), None, true),
        (Some(NOW + 1), None, false),
        (None, Some(NOW), false),
        (None, Some(NOW + 1), true),
    ] {
        let mut document = document();
        (document.actions[0].valid_from, document.actions[0].valid_until) = (from, until);
        let decision = ask(&document, known());
        assert_eq!(chosen(&decision), Some(if active { 0 } else { 1 }), "{from:?} {until:?}");
        assert_eq!(decision.fates[0].reason == Reason::NotActive, !active);
    }
}

#[test]
fn a_global_holdout_leaves_service_messages_and_tells_what_it_withheld() {
    let mut document = document();
    document.holdouts = vec![Holdout {
        id: "control".into(),
        kind: HoldoutKind::Global,
        salt: "s".into(),
        share: 1.0,
        ..Holdout::default()
    }];
    let decision = ask(&document, known());
    assert_eq!((chosen(&decision), decision.holdout.as_deref()), (Some(2), Some("control")));
    assert_eq!(decision.shadow.map(|c| c.action), Some(0));
    assert_eq!(decision.fates[0].reason, Reason::HoldoutGlobal { holdout: "control".into() });
    assert_eq!(decision.fates[0].step, Step::Holdout);
    // The fallback obeys it.
    document.actions[2].service = false;
    document.fallback = vec![Fallback { action: "loan".into(), treatment: "t".into() }];
    let decision = ask(&document, known());
    assert_eq!((decision.chosen, decision.fallback), (None, None));
    document.holdouts[0].share = 0.0;
    let decision = ask(&document, known());
    assert_eq!((chosen(&decision), decision.holdout, decision.shadow), (Some(0), None, None));
}

#[test]
fn an_action_holdout_withholds_that_action() {
    let mut document = document();
    let kind = HoldoutKind::Action("gold".into());
    document.holdouts =
        vec![Holdout { id: "no_gold".into(), kind, salt: "s".into(), share: 1.0, ..Holdout::default() }];
    let decision = ask(&document, known());
    assert_eq!((chosen(&decision), decision.holdout.is_none()), (Some(1), true));
    assert_eq!(decision.fates[0].reason, Reason::HoldoutAction { holdout: "no_gold".into() });
}

#[test]
fn a_fallback_must_pass_holdouts_guards_and_caps_but_no_other_rule() {
    let mut document = document();
    document.fallback = vec![
        Fallback { action: "gold".into(), treatment: "t".into() },
        Fallback { action: "loan".into(), treatment: "t".into() },
    ];
    document.rules = vec![rule("none", Stage::Eligibility, Scope::All, "false")];
    let decision = ask(&document, known());
    assert_eq!((chosen(&decision), decision.fallback), (Some(0), Some(0)));
    assert_eq!(decision.fates[0].reason, Reason::Fallback { rung: 0 });
    assert_eq!((decision.fates[0].step, decision.ranked.len()), (Step::Chosen, 0));
    document.rules.push(rule("guard", Stage::Guard, Scope::Action("gold".into()), "false"));
    let decision = ask(&document, known());
    assert_eq!((chosen(&decision), decision.fallback), (Some(1), Some(1)));
    document.caps = vec![cap(0, Window::Lifetime)];
    let decision = ask(&document, known());
    assert_eq!((decision.chosen, decision.fallback), (None, None));
    assert_eq!(decision.fates[1].reason, Reason::NotEligible { rule: "none".into() });
}

#[test]
fn arbitration_multiplies_propensity_context_value_and_levers() {
    let mut document = document();
    document.models = vec![constant("p", 0.5), constant("q", 0.25)];
    document.actions[0].propensity = Some("p".into());
    document.actions[1].propensity = Some("p".into());
    document.actions[1].treatments[0].propensity = Some("q".into());
    document.issues[0].weight = 10.0;
    document.issues[0].groups[0].weight = 20.0;
    document.actions[0].weight = 20.0;
    document.actions[0].cost = 0.5;
    let weight = |id: &str, when: &str, percent| ContextWeight {
        id: id.into(),
        scope: Scope::Action("gold".into()),
        when: when.into(),
        percent,
    };
    document.arbitration.context_weights =
        vec![weight("a", "n == 3", 50.0), weight("b", "n == 4", 50.0), weight("c", "x > 0.0", 50.0)];
    let priority = |document: &Document, fields| {
        let decision = ask(document, fields);
        decision.ranked.iter().find(|r| r.candidate.action == 0).map(|r| r.priority)
    };
    // P 0.5, V 2, L 1 + (10 + 20 + 20)/100, C 1 + 50 % per matched weight.
    assert_eq!(priority(&document, known()), Some(0.5 * 2.0 * 2.0 * 1.5));
    assert_eq!(priority(&document, vec![Value::Integer(3), Value::Unknown]), Some(0.5 * 1.5 * 2.0 * 1.5));
    assert_eq!(ask(&document, known()).ranked[1].propensity, 0.25);
    document.arbitration.mode = Mode::NetValue;
    assert_eq!(priority(&document, known()), Some(0.5 * 2.0 * 2.0 * 1.5 - 0.5));
    document.arbitration.mode =
        Mode::Expression("propensity + 10 * context_weight + 100 * value + 1000 * lever + 10000 * cost".into());
    assert_eq!(priority(&document, known()), Some(0.5 + 20.0 + 200.0 + 1500.0 + 5000.0));
}

#[test]
fn net_value_weighs_every_candidate_against_doing_nothing() {
    let mut document = document();
    document.arbitration.mode = Mode::NetValue;
    document.fallback = vec![Fallback { action: "notice".into(), treatment: "t".into() }];
    for (cost, winner) in [(1.0, Some(0)), (1.5, Some(1)), (2.0, Some(1))] {
        document.actions[0].cost = cost;
        document.actions[1].cost = 0.25;
        assert_eq!(chosen(&ask(&document, known())), winner, "{cost}");
    }
    // Worth exactly as much as doing nothing is not enough; the fallback is for when nothing is left.
    document.actions[0].cost = 2.0;
    document.actions[1].cost = 1.5;
    let decision = ask(&document, known());
    assert_eq!((decision.chosen, decision.fallback), (None, None));
    let nothing = |margin| Reason::LostArbitration { by: "NoAction".into(), treatment: "".into(), margin };
    assert_eq!(decision.fates.iter().map(|f| f.reason.clone()).collect::<Vec<_>>(), [0.0, 0.5, 0.0].map(nothing));
    document.actions[1].mandatory = true;
    assert_eq!(chosen(&ask(&document, known())), Some(1));
}

#[test]
fn ties_go_by_tier_then_group_then_ids() {
    let mut document = document();
    document.actions[1].value = 2.0 + 1e-10;
    assert_eq!(chosen(&ask(&document, known())), Some(0), "equal to nine digits: cards before loans");
    document.actions[1].value = 2.0 + 1e-8;
    assert_eq!(chosen(&ask(&document, known())), Some(1));
    document.actions[2].mandatory = true;
    let decision = ask(&document, known());
    assert_eq!(chosen(&decision), Some(2), "tiers before priority");
    assert_eq!(
        decision.fates[1].reason,
        Reason::LostArbitration { by: "notice".into(), treatment: "t".into(), margin: -2.000_000_01 }
    );
}

#[test]
fn floors_drop_what_lies_below_them() {
    let mut document = document();
    document.models = vec![constant("p", 0.3)];
    document.actions[0].propensity = Some("p".into());
    let floor =
        |min_propensity, min_priority| Floor { scope: Scope::Action("gold".into()), min_propensity, min_priority };
    for (floor, reason) in [
        (floor(Some(0.3), None), None),
        (floor(Some(0.31), None), Some(Reason::BelowPropensityFloor { propensity: 0.3, floor: 0.31 })),
        (floor(None, Some(0.6)), None),
        (floor(None, Some(0.61)), Some(Reason::BelowPriorityFloor { priority: 0.6, floor: 0.61 })),
    ] {
        document.arbitration.floors = vec![floor];
        let decision = ask(&document, known());
        let dropped = !decision.ranked.iter().any(|r| r.candidate.action == 0);
        assert_eq!(dropped, reason.is_some());
        if let Some(reason) = reason {
            assert_eq!((decision.fates[0].step, &decision.fates[0].reason), (Step::Arbitration, &reason));
        }
    }
}

#[test]
fn a_priority_that_is_no_number_drops_the_candidate() {
    let mut document = document();
    for (expression, words) in [("1.0 / (value - 2.0)", "not a finite number"), ("x", "x"), ("n / (n - 1)", "")] {
        document.arbitration.mode = Mode::Expression(expression.into());
        let decision = ask(&document, vec![Value::Integer(1)]);
        let Reason::ScoreError { message } = &decision.fates[0].reason else { panic!("{:?}", decision.fates[0]) };
        assert!(message.contains(words), "{message}");
        assert!(decision.degraded && !decision.diagnostics.is_empty());
    }
}

#[test]
fn a_model_that_cannot_answer_gives_its_fallback_and_marks_the_decision() {
    let mut document = document();
    document.models = vec![Model {
        inputs: vec![Input { field: "x".into(), encode: Encode::Number }],
        function: Function::Linear { intercept: 0.0, coefficients: vec![1.0], link: Link::Logistic },
        ..constant("p", 0.0)
    }];
    document.actions[0].propensity = Some("p".into());
    assert!(!ask(&document, known()).degraded);
    let decision = ask(&document, vec![Value::Integer(1), Value::Unknown]);
    assert_eq!(decision.ranked[0].propensity.max(decision.ranked[1].propensity), 1.0);
    assert_eq!(decision.ranked.iter().find(|r| r.candidate.action == 0).unwrap().propensity, 0.5);
    assert!(decision.degraded && decision.diagnostics[0].contains("model `p`"), "{:?}", decision.diagnostics);
    // A model nobody asks is not evaluated.
    document.actions[0].propensity = None;
    assert!(!ask(&document, vec![Value::Integer(1), Value::Unknown]).degraded);
}

#[test]
fn wrong_requests_are_decided_and_said() {
    let document = document();
    for fields in [vec![], vec![Value::text("3"), Value::Number(1.0)], vec![Value::Unknown; 5]] {
        let decision = ask(&document, fields.clone());
        assert_eq!(chosen(&decision), Some(0));
        assert!(decision.degraded && decision.diagnostics.len() == 1, "{fields:?} {:?}", decision.diagnostics);
    }
}

#[test]
fn a_request_without_a_subject_is_decided_and_said() {
    let policy = Policy::compile(document()).unwrap();
    for subject in ["", " "] {
        let decision = policy.decide(&Request { subject: subject.into(), ..request(known()) }, &NoHistory);
        assert_eq!((chosen(&decision), decision.degraded), (Some(0), true));
        assert!(decision.diagnostics[0].contains("names no subject"), "{:?}", decision.diagnostics);
    }
}

#[test]
fn the_trace_tells_every_number() {
    let mut document = document();
    document.models = vec![Model {
        calibration: Calibration::Isotonic { raw: vec![0.0, 1.0], calibrated: vec![0.0, 0.5] },
        ..constant("p", 0.5)
    }];
    document.actions[0].propensity = Some("p".into());
    document.rules = vec![rule("recent", Stage::Eligibility, Scope::All, "n <= 3")];
    document.caps = vec![cap(2, Window::Lifetime)];
    let policy = Policy::compile(document).unwrap();
    let trace = policy.decide_traced(&request(known()), &NoHistory).trace.unwrap();
    assert_eq!((trace.policy.as_str(), trace.revision.as_str()), ("test", policy.revision()));
    let gold = &trace.candidates[0];
    assert_eq!((gold.propensity_raw, gold.propensity, gold.priority), (Some(0.5), Some(0.25), Some(0.5)));
    assert_eq!((gold.value, gold.lever, gold.cost, gold.suitability), (Some(2.0), Some(1.0), Some(0.0), Some(1.0)));
    assert_eq!((gold.rank, &gold.caps), (Some(2), &vec![("cap".to_owned(), 0, 2)]));
    assert_eq!(gold.rules[0].result, Value::Bool(true));
    assert_eq!(gold.rules[0].read, [("n".to_owned(), Value::Integer(3))]);
    assert_eq!(gold.sentence, "Lost to “LOAN”, whose priority is 0.5 higher.");
    assert_eq!(trace.funnel.first(), Some(&(Step::Active, 3, 3)));
    assert_eq!(trace.funnel.iter().find(|(step, ..)| *step == Step::Arbitration), Some(&(Step::Arbitration, 3, 1)));
    let trace = policy.decide_traced(&request(vec![Value::Integer(10)]), &NoHistory).trace.unwrap();
    assert_eq!(
        trace.candidates[0].sentence,
        "Removed by the eligibility rule “Rule recent”: n is 10, needed at most 3."
    );
}
