//! Freshness and missing rules of fields: what they make of a request, what the decision says of it, and what it answers.

use super::*;
use crate::document::Operation;
use crate::schema::{Freshness, Missing};

const DAY: i64 = 24 * HOUR;

/// `n` must be no older than two days; `gold` is for those with `n` of 2 and more.
fn dated(missing: Missing) -> Document {
    let mut document = document();
    document.schema.fields.push(field("stood", Type::Time));
    document.schema.fields[0].freshness = Some(Freshness { at: "stood".into(), max_age: 2 * 86_400 });
    document.schema.fields[0].missing = missing;
    document.rules = vec![rule("active", Stage::Eligibility, Scope::Action("gold".into()), "n >= 2")];
    document.fallback = vec![Fallback { action: "notice".into(), treatment: "t".into() }];
    document
}

#[test]
fn what_is_too_old_or_missing_is_handled_as_the_field_says_and_told() {
    let (unknown, default) = (|| Missing::Unknown, || Missing::Default(Value::Integer(2)));
    let (fresh, old) = (Value::Time(NOW - 2 * DAY), Value::Time(NOW - 2 * DAY - 36 * 60_000));
    let (later, never, n) = (Value::Time(NOW + 1), Value::Unknown, || Value::Integer(3));
    let refused = Some(2);
    // Missing rule, n, when it stood, action chosen, what is told.
    let table: [(Missing, Value, Value, Option<u32>, &str); 11] = [
        (unknown(), n(), fresh.clone(), Some(0), ""),
        (unknown(), n(), old.clone(), Some(1), "field `n` is 48.6 hours old and may be 2 days: treated as unknown"),
        (
            unknown(),
            n(),
            later.clone(),
            Some(1),
            "field `n` stood after the decision, says `stood`: treated as unknown",
        ),
        (
            unknown(),
            n(),
            never.clone(),
            Some(1),
            "field `n` is of unknown age, since `stood` is unknown: treated as unknown",
        ),
        (unknown(), never.clone(), old.clone(), Some(1), ""),
        (default(), n(), old.clone(), Some(0), "field `n` is 48.6 hours old and may be 2 days: 2 stands in"),
        (default(), never.clone(), fresh.clone(), Some(0), ""),
        (Missing::Refuse, n(), fresh.clone(), Some(0), ""),
        (Missing::Refuse, n(), later, refused, "the policy does not decide without it"),
        (Missing::Refuse, never.clone(), fresh, refused, "field `n` is missing: the policy does not decide without it"),
        (Missing::Refuse, Value::text("wrong"), old, refused, "field `n` is missing"),
    ];
    for (missing, value, stood, action, told) in table {
        let document = dated(missing);
        let decision = ask(&document, vec![value.clone(), Value::Number(0.5), stood.clone()]);
        assert_eq!(chosen(&decision), action, "{value} of {stood}: {decision:#?}");
        let said = decision.diagnostics.join("\n");
        assert!(said.contains(told) && (said.is_empty() == told.is_empty()), "{value} of {stood}: {said}");
        assert_eq!(decision.degraded, !told.is_empty());
        if action == refused {
            let policy = Policy::compile(document).unwrap();
            assert_eq!(decision.fates[0].reason, Reason::InputRefused { field: "n".into() });
            assert_eq!((decision.fates[0].step, decision.fallback), (Step::Active, Some(0)));
            let sentence = "Not asked: `n` is missing or too old, and the policy does not decide without it.";
            assert_eq!(policy.sentence(&decision.fates[0].reason), sentence);
        }
    }
}

#[test]
fn ages_are_told_apart_from_the_greatest_one() {
    let minute = 60_000;
    let table = [
        (2, 31 * DAY, "is 31 days old and may be 2 days"),
        (2, 2 * DAY + 3 * minute, "is 2883 minutes old and may be 2 days"),
        (2, 2 * DAY + 1, "is more than 2 days old and may be 2 days"),
        (7, 7 * DAY + 12 * 60 * minute, "is 7.5 days old and may be 7 days"),
        (7, 8 * DAY, "is 8 days old and may be 7 days"),
    ];
    for (days, age, words) in table {
        let mut document = dated(Missing::Unknown);
        document.schema.fields[0].freshness = Some(Freshness { at: "stood".into(), max_age: days * 86_400 });
        let decision = ask(&document, vec![Value::Integer(3), Value::Number(0.5), Value::Time(NOW - age)]);
        assert!(decision.diagnostics.join("\n").contains(words), "{words}: {:?}", decision.diagnostics);
    }
}

#[test]
fn a_field_of_any_age_is_never_called_too_old() {
    let mut document = dated(Missing::Refuse);
    document.schema.fields[0].freshness = None;
    let decision = ask(&document, vec![Value::Unknown, Value::Number(0.5), Value::Unknown]);
    let policy = Policy::compile(document).unwrap();
    let sentence = "Not asked: `n` is missing, and the policy does not decide without it.";
    assert_eq!(policy.sentence(&decision.fates[0].reason), sentence);
}

#[test]
fn a_policy_in_shadow_that_refuses_answers_its_baseline() {
    let mut document = dated(Missing::Refuse);
    document.mode = Operation::Shadow;
    document.baseline = Some(Fallback { action: "loan".into(), treatment: "t".into() });
    let decision = ask(&document, vec![Value::Unknown, Value::Unknown, Value::Unknown]);
    assert_eq!((chosen(&decision), decision.shadow), (Some(1), None));
    document.mode = Operation::Off;
    let decision = ask(&document, vec![Value::Unknown, Value::Unknown, Value::Unknown]);
    assert_eq!((chosen(&decision), &decision.fates[0].reason), (Some(2), &Reason::PolicyOff));
}
