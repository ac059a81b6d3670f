//! Requests and answers in JSON, without C: what is read, what is refused in which words, what an answer holds.

use crate::{Ask, Decider};
use attune_policy::contact::EventKind;
use attune_policy::history::{Identity, Of, Query, Snapshot, Total};
use attune_policy::{History, Value, Verification};
use serde_json::Value as Json;

const GOLDEN: &[u8] = include_bytes!("../../assets/golden/policy-1.0.ron");

fn decider() -> Decider {
    Decider::load(GOLDEN, &Verification::none()).unwrap()
}

#[test]
fn values_take_the_types_of_the_schema() {
    let decider = decider();
    let text = |s: &str| Value::text(s);
    // Field, JSON, value.
    let table = [
        ("recency", "3", Value::Integer(3)),
        ("recency", "-9223372036854775808", Value::Integer(i64::MIN)),
        ("recency", "3.0", Value::Integer(3)),
        ("recency", "3e2", Value::Integer(300)),
        ("recency", "null", Value::Unknown),
        ("spend", "3", Value::Number(3.0)),
        ("spend", "-0.0", Value::Number(-0.0)),
        ("spend", "0.1234567890123456789", Value::Number(0.123_456_789_012_345_68)),
        ("spend", "179769313486231570000e288", Value::Number(f64::MAX)),
        ("spend", "5e-324", Value::Number(5e-324)),
        ("consent", "true", Value::Bool(true)),
        ("segment", "\"w\\u00f6men\"", text("wömen")),
        ("segment", "\"\"", text("")),
        ("joined", "1206403200000", Value::Time(1_206_403_200_000)),
        ("joined", "\"2008-03-25T01:00:00+01:00\"", Value::Time(1_206_403_200_000)),
        ("joined", "\"2008-03-25T00:00:00.5Z\"", Value::Time(1_206_403_200_500)),
    ];
    for (field, json, expected) in table {
        let request = format!(r#"{{"subject": "a", "now": 0, "fields": {{"{field}": {json}}}}}"#);
        let ask = Ask::read(&decider, &request).unwrap_or_else(|e| panic!("{json}: {e}"));
        let at = decider.policy().document().schema.index(field).unwrap();
        let known: Vec<_> = ask.request.fields.iter().filter(|value| value.is_known()).collect();
        assert_eq!(ask.request.fields[at], expected, "{json}");
        assert_eq!(known.len(), usize::from(expected.is_known()), "no other field is touched");
    }
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let decider = decider();
    let fields = |inside: &str| format!(r#"{{"subject": "a", "now": 0, "fields": {{{inside}}}}}"#);
    let table = [
        (
            fields(r#""recency": 3.5"#),
            "line 1, column 50: field `recency`: expected a whole number, found the number 3.5",
        ),
        (
            fields(r#""recency": 9223372036854775808"#),
            "field `recency`: expected a whole number, found the number 9223372036854775808",
        ),
        (fields(r#""recency": 1e30"#), "expected a whole number, found the number 1e30"),
        (fields(r#""recency": true"#), "expected a whole number, found true"),
        (fields(r#""recency": [3]"#), "expected a whole number, found a list"),
        (fields(r#""spend": 1e999"#), "field `spend`: expected a number, found the number 1e999"),
        (fields(r#""spend": NaN"#), "expected a number, found `N`"),
        (fields(r#""consent": "yes""#), "field `consent`: expected true or false, found the text \"yes\""),
        (fields(r#""segment": 7"#), "field `segment`: expected a text, found the number 7"),
        (fields(r#""joined": "2008-03-25""#), "field `joined`: expected a time such as"),
        (fields(r#""joined": 1e17"#), "field `joined`: expected a time such as"),
        (fields(r#""segmant": "x""#), "`segmant` is not a field of this policy; did you mean `segment`?"),
        (fields(r#""spend (last year)": 1"#), "is not a field of this policy"),
        (fields(r#""recency": 1, "recency": 2"#), "`recency` stands here a second time"),
        (r#"{"subjekt": "a"}"#.into(), "`subjekt` is not a part of a request; did you mean `subject`?"),
        (r#"{"recency": 3}"#.into(), "`recency` is not a part of a request; it is a field: write it inside `fields`"),
        (r#"{"subject": "a", "now": 0, "now": 1}"#.into(), "`now` stands here a second time"),
        (r#"{"subject": "a", "now": 99999999999999999}"#.into(), "`now`: expected an instant"),
        (r#"{"subject": "a", "now": 0, "trace": "yes"}"#.into(), "`trace`: expected true or false"),
        (r#"{"subject": "a", "now": 0, "zone": 1}"#.into(), "`zone`: expected a text or null, found the number 1"),
        (r#"{"subject": "a", "now": 0, "events": {}}"#.into(), "expected a list of events, found an object"),
        (
            r#"{"subject": "a", "now": 0, "events": [{"event": "sent"}]}"#.into(),
            "line 1, column 39: this event has no `time`",
        ),
        (r#"{"subject": "a", "now": 0, "events": [{"at": 1}]}"#.into(), "`at` is not a part of an event"),
        (r#"{"subject": "a", "now": 0, "events": [{"count": 1}]}"#.into(), "`count` is not a part of an event"),
        (
            r#"{"subject": "a", "now": 0, "totals": [{"count": -1}]}"#.into(),
            "`count`: expected a whole number, 0 or more, found the number -1",
        ),
        (r#"{"subject": "a", "now": 0, "snapshot": {"id": "x"}}"#.into(), "this snapshot has no `taken_at`"),
        (r#"{"subject": "a", "now": 0} {}"#.into(), "something follows the request"),
    ];
    for (request, expected) in table {
        let refusal = decider.decide(&request).expect_err(&request);
        assert!(refusal.message.contains(expected), "{request}\n{refusal}\nexpected {expected}");
    }
}

#[test]
fn events_say_what_they_know_and_the_policy_adds_the_rest() {
    let decider = decider();
    let request = r#"{"subject": "a", "now": 0, "events": [
        {"time": 3, "event": "SENT", "action": "mens", "treatment": "short"},
        {"time": 1, "event": "sent", "action": "newsletter"},
        {"time": 2, "event": "purchase"},
        {"time": "1970-01-01T00:00:00.002Z", "event": "click", "action": "unheard", "channel": "fax", "tags": ["old"]},
        {"time": 4, "event": "accept", "action": "mens", "treatment": "plain", "channel": "web", "group": "g", "issue": "i",
         "tags": [], "cost": 7.5}
    ]}"#;
    let ask = Ask::read(&decider, request).unwrap();
    let told = ask.events.events("whoever").iter().map(|e| {
        let tags = e.tags.join("|");
        let (action, place) = (format!("{}/{}", e.action, e.treatment), [&*e.channel, &*e.group, &*e.issue].join(" "));
        format!("{} {:?} {action} {place} [{tags}] {} {}", e.time, e.kind, e.counts, e.cost)
    });
    let expected = [
        "1 Sent newsletter/ email loyalty sales [] false 0",
        r#"2 Custom("purchase") /    [] false 0"#,
        "2 Click unheard/ fax   [old] true 0",
        "3 Sent mens/short sms apparel sales [promo|seasonal] true 0.05",
        "4 Accept mens/plain web g i [] true 7.5",
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    assert_eq!(ask.events.events("x")[1].kind, EventKind::Custom("purchase".into()));
}

#[test]
fn what_is_shared_and_added_up_reaches_the_decision() {
    let decider = decider();
    let request = r#"{"subject": "a", "household": "h", "device": null, "now": 1000,
        "household_events": [{"time": 2, "event": "sent"}, {"time": 1, "event": "click"}],
        "device_events": [{"time": 3, "event": "sent"}],
        "totals": [{"time": 10, "event": "sent", "action": "mens", "count": 200}, {"time": 20, "event": "sent", "action": "mens", "count": 3, "cost": 1.5},
                   {"time": 20, "event": "sent", "action": "womens"}, {"time": 2000, "event": "sent", "action": "mens", "count": 9}],
        "snapshot": {"id": "night", "taken_at": "1970-01-01T00:00:00.500Z"}}"#;
    let Ask { request, events, .. } = Ask::read(&decider, request).unwrap();
    assert_eq!((request.household.as_deref(), request.device.as_deref()), (Some("h"), None));
    let times = |identity| events.shared(identity, "h").iter().map(|e| e.time).collect::<Vec<_>>();
    assert_eq!(
        (times(Identity::Household), times(Identity::Device), times(Identity::Subject)),
        (vec![1, 2], vec![3], vec![])
    );
    let kind = EventKind::Sent;
    let of_mens = |after| {
        let query = Query { kind: &kind, of: Of::Action("mens"), channel: None, counting: true, after, until: 1000 };
        events.total(&query)
    };
    assert_eq!(of_mens(None), Total { count: 203, cost: 200.0 * 0.05 + 1.5 });
    assert_eq!(of_mens(Some(10)), Total { count: 3, cost: 1.5 });
    assert_eq!(events.snapshot(), Some(&Snapshot { id: "night".into(), taken_at: 500 }));
}

/// A part of a decision that no answer tells would be lost to every other language.
#[test]
fn an_answer_holds_every_part_of_a_decision() {
    let decider = decider();
    let request = r#"{"subject": "ben", "now": 1206403200000, "decision_id": "1", "trace": true,
        "fields": {"recency": 3, "spend": 150.0, "consent": true, "segment": "women", "device": "phone"}}"#;
    let answer: Json = serde_json::from_str(&decider.decide(request).unwrap()).unwrap();
    let ask = Ask::read(&decider, request).unwrap();
    let decision = decider.policy().decide_traced(&ask.request, &ask.events);
    for key in serde_json::to_value(&decision).unwrap().as_object().unwrap().keys() {
        assert!(answer.get(key).is_some(), "the answer lacks `{key}`");
    }
    assert_eq!(answer["chosen"]["action"], "mens");
    assert_eq!(answer["chosen"]["channel"], "sms");
    assert_eq!((&answer["now"], &answer["decision_id"]), (&"2008-03-25T00:00:00Z".into(), &"1".into()));
    assert_eq!(answer["fates"].as_array().unwrap().len(), decider.policy().candidates().len());
    assert_eq!(answer["ranked"][0]["priority"], decision.ranked[0].priority);
    assert_eq!(answer["trace"]["revision"], decider.policy().revision());
}

#[test]
fn a_refused_policy_says_everything_that_is_wrong() {
    let text = String::from_utf8(GOLDEN.to_vec()).unwrap();
    for (from, to, expected) in [
        ("version: (1, 0)", "version: (2, 0)", "use a newer version of Attune"),
        ("Spring e-mail", "Winter e-mail", "is not the one its revision names"),
        ("(\n", "{\n", "this is not a policy file"),
    ] {
        let refusal = Decider::load(text.replacen(from, to, 1).as_bytes(), &Verification::none()).unwrap_err();
        assert!(refusal.message.contains(expected), "{refusal}");
    }
}
