//! Cases: what agrees loads, what does not refuses the policy with the case, what was expected, what was found, and why.

use super::*;
use crate::error::Error;
use crate::history::{Event, MemoryHistory};
use crate::testing::{HOUR, event, sample};
use crate::{History, Policy, Request, Verification};

/// 2008-03-25T00:00:00Z.
const NOW: i64 = 1_206_403_200_000;

fn question(fields: &[(&str, Value)]) -> Question {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Question { subject: "ben".into(), now: NOW, fields, ..Question::default() }
}

fn usual() -> Vec<(&'static str, Value)> {
    vec![
        ("recency", Value::Integer(6)),
        ("consent", Value::Bool(true)),
        ("recalled", Value::Bool(false)),
        ("segment", Value::text("men")),
        ("joined", Value::Time(0)),
    ]
}

fn mens() -> Chosen {
    Chosen::Candidate("mens".into(), "plain".into())
}

fn sent(hours: i64) -> Past {
    Past {
        at: NOW - hours * HOUR,
        event: EventKind::Sent,
        action: "mens".into(),
        treatment: "plain".into(),
        ..Past::default()
    }
}

fn case(id: &str, request: Question, history: Vec<Past>, chosen: Chosen) -> Case {
    let expect = Expected { chosen, ..Expected::default() };
    // A text message today: no other goes out.
    let reached = Past { event: EventKind::Delivered, treatment: "short".into(), ..sent(2) };
    let history = [vec![reached], history].concat();
    Case { id: id.into(), name: format!("Case {id}"), request, history, expect }
}

/// Loads the sample with these cases.
fn load(cases: Vec<Case>) -> Result<Policy, Error> {
    let document = crate::Document { cases, ..sample() };
    Policy::load(codec::write(&document).unwrap().as_bytes(), &Verification::none())
}

fn refusal(case: Case) -> String {
    load(vec![case]).unwrap_err().to_string()
}

#[test]
fn what_agrees_is_loaded() {
    let mut two_weeks = case("weekly", question(&usual()), vec![sent(24), sent(48)], Chosen::NoAction);
    let fate = |step, reason: &str| Fate {
        action: "mens".into(),
        treatment: "plain".into(),
        step: Some(step),
        reason: Some(reason.into()),
        ..Fate::default()
    };
    two_weeks.expect.candidates = vec![fate(Step::Contact, "CapReached")];
    let mut ranked = case("ranked", question(&usual()), vec![], mens());
    ranked.expect.candidates = vec![Fate { priority: Some(0.611_633_709), ..fate(Step::Chosen, "Won") }];
    let policy = load(vec![two_weeks, ranked]).unwrap();
    assert_eq!(policy.document().cases.len(), 2);
    // The same document compiles whatever its cases say: a draft is being written.
    let wrong = crate::Document { cases: vec![case("a", question(&[]), vec![], mens())], ..sample() };
    assert_eq!(run(&Policy::compile(wrong.clone()).unwrap(), &wrong.cases).len(), 1);
}

#[test]
fn what_does_not_is_refused_with_the_reason() {
    let no_consent = |chosen| {
        let mut fields = usual();
        fields[1].1 = Value::Bool(false);
        case("no_mail", question(&fields), vec![], chosen)
    };
    assert!(load(vec![no_consent(Chosen::NoAction)]).is_ok());
    let mut wrong_step = no_consent(Chosen::NoAction);
    let fate = Fate { action: "mens".into(), treatment: "plain".into(), ..Fate::default() };
    wrong_step.expect.candidates = vec![Fate { step: Some(Step::Contact), ..fate.clone() }];
    let mut wrong_reason = no_consent(Chosen::NoAction);
    wrong_reason.expect.candidates = vec![Fate { reason: Some("CapReached".into()), ..fate.clone() }];
    let mut wrong_priority = case("p", question(&usual()), vec![], mens());
    wrong_priority.expect.candidates = vec![Fate { priority: Some(0.7), ..fate.clone() }];
    let mut wrong_time = case("t", question(&usual()), vec![], mens());
    wrong_time.expect.send_at = Some(NOW + HOUR);
    let mut wrong_probability = case("q", question(&usual()), vec![], mens());
    wrong_probability.expect.candidates = vec![Fate { probability: Some(0.5), ..fate }];
    let gone = Chosen::Candidate("mens".into(), "fax".into());
    let table = [
        (
            no_consent(mens()),
            "case `no_mail`: “Case no_mail”: expected mens/plain, found no action; mens/plain: Removed by the guard “Consent to e-mail”: consent is false, needed true. Its reason: No mail without consent",
        ),
        (
            case("tired", question(&usual()), vec![], Chosen::NoAction),
            "expected no action, found mens/plain; mens/plain: ",
        ),
        (wrong_step, "expected Contact for mens/plain, found Guard; mens/plain: Removed by the guard"),
        (wrong_reason, "expected CapReached for mens/plain, found "),
        (wrong_priority, "expected priority 0.7 for mens/plain, found priority 0.611633709"),
        (wrong_time, "expected it to be sent at 2008-03-25T01:00:00Z, found 2008-03-25T00:00:00Z"),
        (wrong_probability, "expected probability 0.5 for mens/plain, found probability 1"),
        (case("field", question(&[("recencyy", Value::Integer(1))]), vec![], mens()), "did you mean `recency`?"),
        (
            case("type", question(&[("recency", Value::text("1"))]), vec![], mens()),
            "`recency` is \"1\", expected a whole number",
        ),
        (case("gone", question(&usual()), vec![], gone), "expects mens/fax, which is no candidate"),
        (case("long", question(&usual()), vec![sent(1); MAX_EVENTS + 1], mens()), "1002 events"),
        (case("two words", question(&usual()), vec![], mens()), "`two words` may hold only"),
    ];
    for (case, words) in table {
        let said = refusal(case);
        assert!(said.contains(words), "{words}\n{said}");
    }
    let twice = vec![case("a", question(&usual()), vec![], mens()); 2];
    assert!(load(twice).unwrap_err().to_string().contains("stands twice"));
    let many = (0..=MAX_CASES).map(|i| case(&format!("c{i}"), question(&usual()), vec![], mens())).collect();
    assert!(load(many).unwrap_err().to_string().contains("at most 1000 are decided"));
}

#[test]
fn a_recorded_decision_agrees_with_itself() {
    let policy = Policy::compile(sample()).unwrap();
    let fields = vec![
        Value::Integer(3),
        Value::Number(150.0),
        Value::Bool(true),
        Value::Unknown,
        Value::text("women"),
        Value::Time(0),
        Value::text("phone"),
    ];
    let request = Request { subject: "ann".into(), now: NOW, fields, ..Request::default() };
    let mut history = MemoryHistory::default();
    history.push("ann", event(policy.document(), NOW - HOUR, EventKind::Sent, 0));
    history.push(
        "ann",
        Event {
            tags: vec!["old".into()],
            cost: 7.0,
            channel: "fax".into(),
            ..event(policy.document(), NOW - 2 * HOUR, EventKind::Click, 1)
        },
    );
    let decision = policy.decide(&request, &history);
    let mut case = record(&policy, "ann", "Ann", &request, history.events("ann"), &decision);
    assert_eq!(case.history[0].tags.as_deref(), Some(&["old".to_owned()][..]));
    assert_eq!((case.history[1].tags.clone(), case.history[1].cost), (None, Some(0.0)));
    assert!(!case.request.fields.contains_key("recalled"));
    case.expect.candidates = fates(&policy, &decision);
    assert_eq!(run(&policy, std::slice::from_ref(&case)), []);
    let prepared = Prepared::new(&policy, &case);
    assert_eq!((prepared.request, prepared.history.events("ann")), (request, history.events("ann")));

    let text = write(std::slice::from_ref(&case)).unwrap();
    assert_eq!(read(text.as_bytes()).unwrap(), [case]);
    assert!(text.starts_with("[\n    (\n        id: \"ann\",\n"), "{text}");
    assert!(read(b"[(id: 1)]").unwrap_err().to_string().starts_with("line 1"));
}
