//! Sentences, word for word.

use crate::reason::Reason;
use crate::testing::sample;
use crate::value::Value;
use crate::{NoHistory, Policy, Request};

/// Rule, the row (recency, spend, segment) and what the sentence says of it.
#[test]
fn the_failed_condition_is_named_with_what_was_needed() {
    let table = [
        ("recency <= 6", 10, 50.0, "men", Some("recency is 10, needed at most 6")),
        ("recency > 2 && recency < 6", 8, 50.0, "men", Some("recency is 8, needed below 6")),
        ("recency < 6 && spend >= 100", 3, 50.0, "men", Some("spend (last year) is 50, needed at least 100")),
        ("segment == \"women\"", 3, 50.0, "men", Some("Segment is men, needed women")),
        ("segment != \"men\"", 3, 50.0, "men", Some("Segment is men, needed not men")),
        ("segment in [\"women\", \"both\"]", 3, 50.0, "men", Some("Segment is men, needed women or both")),
        ("!(segment in [\"men\", \"both\"])", 3, 50.0, "men", Some("Segment is men, needed neither men nor both")),
        ("between(spend, 60, 70)", 3, 50.0, "men", Some("spend (last year) is 50, needed between 60 and 70")),
        ("!is_known(segment)", 3, 50.0, "men", Some("Segment is men, needed missing")),
        (
            "segment == \"women\" || spend > 100.0",
            3,
            50.0,
            "men",
            Some(
                "Segment is men and spend (last year) is 50, needed: Segment is women or spend (last year) is above 100",
            ),
        ),
        (
            "recency < 6 && (segment == \"women\" || spend > 100.0)",
            3,
            50.0,
            "men",
            Some(
                "Segment is men and spend (last year) is 50, needed: Segment is women or spend (last year) is above 100",
            ),
        ),
        ("score(\"base\") >= 0.1", 3, 50.0, "men", Some("base score is 0.08, needed at least 0.1")),
        ("action.pages < 1", 3, 50.0, "men", Some("the action's pages is 3, needed below 1")),
        ("recency * 2 < 3", 3, 50.0, "men", None),
    ];
    for (expr, recency, spend, segment, expected) in table {
        let mut document = sample();
        document.rules.truncate(1);
        document.rules[0].expr = expr.into();
        document.rules[0].reason = String::new();
        let policy = Policy::compile(document).unwrap_or_else(|e| panic!("{expr}: {e}"));
        let mut fields = vec![Value::Unknown; 7];
        fields[0] = Value::Integer(recency);
        fields[1] = Value::Number(spend);
        fields[4] = Value::text(segment);
        let request = Request { subject: "ben".into(), now: 1_206_403_200_000, fields, ..Request::default() };
        let trace = policy.decide_traced(&request, &NoHistory).trace.unwrap();
        let rule = &trace.candidates[0].rules[0];
        assert_eq!(rule.result, Value::Bool(false), "{expr}");
        let words = expected.unwrap_or("recency is 3");
        assert_eq!(trace.candidates[0].sentence, format!("Removed by the guard “Consent to e-mail”: {words}."));
    }
}

#[test]
fn every_reason_is_a_sentence_in_the_names_people_gave() {
    let policy = Policy::compile(sample()).unwrap();
    let table = [
        (Reason::NotActive, "Outside its validity dates."),
        (
            Reason::HoldoutGlobal { holdout: "control".into() },
            "Held out: the subject belongs to the holdout “control”, which gets no marketing.",
        ),
        (Reason::NotSuitable { rule: "women_only".into() }, "Removed by the suitability rule “Buys women's wear”."),
        (
            Reason::MissingInput { rule: "recent_only".into(), fields: vec!["recency".into()] },
            "Removed because the rule “Recent buyers only” could not tell: recency is unknown.",
        ),
        (
            Reason::RuleError { rule: "tired".into(), message: "division by zero".into() },
            "Removed because the rule “Fewer to the frequently contacted” failed: division by zero.",
        ),
        (
            Reason::CapReached { cap: "weekly".into(), count: 2, limit: 2, resets_at: Some(1_206_403_200_000) },
            "Stopped by the cap “Two a week”: 2 contacts in the last 7 days, at most 2 allowed; free again at 2008-03-25T00:00:00Z.",
        ),
        (
            Reason::CapReached { cap: "same_action".into(), count: 1, limit: 1, resets_at: None },
            "Stopped by the cap “Accepted once”: 1 acceptance ever, at most 1 allowed.",
        ),
        (
            Reason::BelowPropensityFloor { propensity: 0.001_234_56, floor: 0.01 },
            "Dropped: its response propensity 0.001235 is below the floor 0.01.",
        ),
        (
            Reason::LostArbitration { by: "mens".into(), treatment: "short".into(), margin: 0.25 },
            "Lost to “Men's e-mail” (short), whose priority is 0.25 higher.",
        ),
        (
            Reason::LostArbitration { by: "newsletter".into(), treatment: "plain".into(), margin: 0.0 },
            "Tied with “Newsletter”, which comes first by group and id.",
        ),
        (
            Reason::LostArbitration { by: "recall".into(), treatment: "plain".into(), margin: -3.0 },
            "Lost to “Product recall”, which is mandatory.",
        ),
        (
            Reason::LostArbitration { by: "recall".into(), treatment: "plain".into(), margin: 3.0 },
            "Lost to “Product recall”, which is mandatory and has a priority 3 higher.",
        ),
        (
            Reason::LostArbitration { by: "NoAction".into(), treatment: "".into(), margin: 0.125 },
            "Not worth it: doing nothing is worth 0.125 more.",
        ),
        (Reason::Fallback { rung: 0 }, "Chosen as fallback 1: nothing else was left."),
    ];
    for (reason, sentence) in table {
        assert_eq!(policy.sentence(&reason), sentence);
    }
}

/// In the clock of the subject, with its zone and its distance from UTC: 2:30 comes twice on the night the clocks go back.
#[test]
fn times_are_those_of_the_subjects_clock() {
    let policy = Policy::compile(crate::testing::sample()).unwrap();
    let told = |until: i64, zone| policy.sentence_in(&Reason::CoolDown { cool_down: "gap".into(), until }, zone);
    let berlin = Some("Europe/Berlin");
    // 2026-03-29T01:00:00Z, the instant of the change; 2026-10-25T00:30:00Z, and an hour later.
    let table = [
        (1_774_746_000_000, berlin, "free again at 2026-03-29 03:00 +02:00 (Europe/Berlin)."),
        (1_774_746_000_000 - 1_000, berlin, "free again at 2026-03-29 01:59:59 +01:00 (Europe/Berlin)."),
        (1_792_888_200_000, berlin, "free again at 2026-10-25 02:30 +02:00 (Europe/Berlin)."),
        (1_792_891_800_000, berlin, "free again at 2026-10-25 02:30 +01:00 (Europe/Berlin)."),
        (1_774_746_000_000, Some("Asia/Kolkata"), "free again at 2026-03-29 06:30 +05:30 (Asia/Kolkata)."),
        (1_774_746_000_000, Some("Nowhere/At_All"), "free again at 2026-03-29T01:00:00Z."),
        (1_774_746_000_000, None, "free again at 2026-03-29T01:00:00Z."),
    ];
    for (until, zone, expected) in table {
        let found = told(until, zone);
        assert!(found.ends_with(expected), "{found}");
    }
    // A trace speaks by the clock of its subject.
    let mut document = crate::testing::sample();
    document.quiet_hours = vec![crate::contact::QuietHours {
        id: "night".into(),
        name: "Night".into(),
        channel: None,
        when: None,
        weekdays: Vec::new(),
        from: crate::contact::TimeOfDay::at(0, 0),
        until: crate::contact::TimeOfDay::at(8, 0),
        on_hit: crate::contact::OnHit::Drop,
        enabled: true,
    }];
    document.rules.clear();
    document.holdouts.clear();
    document.caps.clear();
    let policy = Policy::compile(document).unwrap();
    let fields = vec![Value::Unknown; policy.document().schema.fields.len()];
    let zone = Some("Europe/Berlin".to_owned());
    let request = Request { subject: "ann".into(), now: 1_774_744_200_000, zone, fields, ..Request::default() };
    assert_eq!(policy.zone(&request).as_deref(), Some("Europe/Berlin"));
    let trace = policy.decide_traced(&request, &NoHistory).trace.unwrap();
    let told =
        |c: &crate::trace::CandidateTrace| c.sentence.contains("they end at 2026-03-29 08:00 +02:00 (Europe/Berlin)");
    assert!(trace.candidates.iter().any(told), "{:#?}", trace.candidates);
}
