//! What is told of a decision: the clause on which a loss hangs, masked fields, zones, and one story in every form.

use super::*;
use crate::contact::{OnHit, QuietHours, TimeOfDay};
use crate::history::Past;
use crate::language::conditions::{self, Conditions, Item, Join};
use crate::language::{Context, Env, Use, compile};
use crate::outcome::{Cause, Source};
use crate::reason::Clause;
use crate::zones::{SendTime, Zones};

/// The clause that the trace names for `gold` under one eligibility rule, and its sentence.
fn clause_of(expr: &str, fields: Vec<Value>) -> (Option<Clause>, String) {
    let mut document = document();
    document.rules = vec![rule("r", Stage::Eligibility, Scope::Action("gold".into()), expr)];
    let policy = Policy::compile(document).unwrap();
    let trace = policy.decide_traced(&request(fields), &NoHistory).trace.unwrap();
    (trace.candidates[0].clause.clone(), trace.candidates[0].sentence.clone())
}

/// Fields `n` and `x` for evaluating a rule by itself.
struct Fields(Vec<Value>);

impl Env for Fields {
    fn field(&self, index: usize) -> &Value {
        self.0.get(index).unwrap_or(&Value::Unknown)
    }
    fn score(&self, _: usize) -> Result<Value, String> {
        Ok(Value::Unknown)
    }
    fn candidate(&self) -> Candidate {
        Candidate { action: 0, treatment: 0 }
    }
    fn term(&self, _: crate::language::Term) -> f64 {
        f64::NAN
    }
    fn past(&self) -> Past<'_> {
        Past::Told(&[])
    }
    fn now(&self) -> i64 {
        NOW
    }
    fn zone(&self) -> Option<&str> {
        None
    }
    fn is_inbound(&self, _: &str) -> bool {
        false
    }
}

/// The rule without the items that the clause names: as if that clause alone were true.
fn without(conditions: &Conditions, clause: &Clause) -> Conditions {
    let written = |item: &Item| match item {
        Item::One(condition) => condition.to_expr(),
        Item::Group(any) => {
            Conditions { join: Join::Any, items: any.iter().cloned().map(Item::One).collect() }.to_expr()
        }
    };
    let mut left = conditions.clone();
    match left.join {
        Join::All => left.items.retain(|item| written(item) != clause.text),
        Join::Any => left.items.clear(),
    }
    assert!(left.items.len() < conditions.items.len(), "{clause:?}");
    left
}

/// Whenever a clause is told, turning it alone to true makes the rule true; whenever none is told, no single one does.
#[test]
fn the_clause_decides_alone() {
    let rules = [
        "n <= 2",
        "n > 1 && x >= 0.5",
        "n > 1 && x >= 0.5 && n != 3",
        "n == 2 || x < 0.25",
        "n < 4 && (n == 2 || x < 0.25)",
        "between(x, 0.2, 0.4) && is_known(n)",
        "!(n in [1, 3]) && x > 0.1",
        "is_known(x) && n >= 2",
        "!is_known(x) || n == 1",
        "n == 1 && x == 0.5 || n == 2",
    ];
    let values = |n: i64| if n < 0 { Value::Unknown } else { Value::Integer(n) };
    let numbers = [Value::Unknown, Value::Number(0.1), Value::Number(0.25), Value::Number(0.3), Value::Number(0.5)];
    let (context, mut told, mut untold) = (Context::new(&document()), 0, 0);
    for expr in rules {
        let conditions = conditions::parse(expr).unwrap();
        let whole = compile(expr, Use::Keep, &context).unwrap();
        for n in -1..5 {
            for x in &numbers {
                let fields = vec![values(n), x.clone()];
                let env = Fields(fields.clone());
                let holds =
                    |text: &str| compile(text, Use::Keep, &context).unwrap().eval(&env) == Ok(Value::Bool(true));
                if whole.eval(&env) != Ok(Value::Bool(false)) {
                    assert_eq!(clause_of(expr, fields).0, None, "{expr}");
                    continue;
                }
                match clause_of(expr, fields.clone()).0 {
                    Some(clause) => {
                        told += 1;
                        assert!(holds(&without(&conditions, &clause).to_expr()), "{expr} {fields:?} {clause:?}");
                    }
                    None => {
                        untold += 1;
                        for i in 0..conditions.items.len() {
                            let mut left = conditions.clone();
                            left.items.remove(i);
                            assert!(conditions.join == Join::Any || !holds(&left.to_expr()), "{expr} {fields:?}");
                        }
                    }
                }
            }
        }
    }
    assert!(told > 60 && untold > 20, "{told} {untold}");
}

#[test]
fn a_clause_says_what_it_found_and_needed() {
    let clause = |text: &str, actual: &str, needed: &str| {
        Some(Clause { text: text.into(), actual: actual.into(), needed: needed.into() })
    };
    let (found, sentence) = clause_of("n <= 2 && x > 0.1", known());
    assert_eq!(found, clause("n <= 2", "n is 3", "at most 2"));
    assert_eq!(sentence, "Removed by the eligibility rule “Rule r”: n is 3, needed at most 2.");
    // Two that fail: both are told, and neither decides alone.
    let (found, sentence) = clause_of("n <= 2 && x > 0.75", known());
    assert_eq!(found, None);
    assert_eq!(
        sentence,
        "Removed by the eligibility rule “Rule r”: n is 3, needed at most 2; x is 0.5, needed above 0.75."
    );
    // What is more than conditions tells what it read.
    let (found, sentence) = clause_of("n * 2 < 3", known());
    assert_eq!((found, sentence.as_str()), (None, "Removed by the eligibility rule “Rule r”: n is 3."));
    // Floors and caps say what would have let it pass.
    let mut document = document();
    document.arbitration.floors =
        vec![Floor { scope: Scope::Action("gold".into()), min_propensity: None, min_priority: Some(3.0) }];
    document.caps = vec![Cap { target: CapTarget::Group, ..cap(1, Window::Lifetime) }];
    let mut history = MemoryHistory::default();
    history.push("anna", event(&document, NOW - HOUR, EventKind::Sent, 1));
    let policy = Policy::compile(document).unwrap();
    let trace = policy.decide_traced(&request(known()), &history).trace.unwrap();
    assert_eq!(trace.candidates[0].clause, clause("floor of the priority", "priority is 2", "at least 3"));
    assert_eq!(trace.candidates[1].clause, clause("Cap", "it counts 1", "fewer than 1"));
}

#[test]
fn a_masked_field_is_nowhere_in_a_trace() {
    let mut document = document();
    document.schema.fields[1].masked = true;
    document.recipe = vec![crate::recipe::Step {
        output: "double".into(),
        input: "x".into(),
        op: crate::recipe::Op::Scale { center: 0.0, scale: 0.5 },
    }];
    document.rules = vec![
        rule("a", Stage::Eligibility, Scope::Action("gold".into()), "x > 0.75 && n == 3"),
        rule("b", Stage::Eligibility, Scope::Action("loan".into()), "double * 2.0 > 10.0"),
    ];
    let policy = Policy::compile(document).unwrap();
    let fields = vec![Value::Integer(3), Value::Number(0.6125)];
    let decision = policy.decide_traced(&request(fields), &NoHistory);
    let text = ron::to_string(&decision).unwrap();
    assert!(!text.contains("0.6125") && !text.contains("1.225"), "{text}");
    let trace = decision.trace.unwrap();
    assert_eq!(trace.masked, ["x", "double"]);
    assert_eq!(trace.row[1], ("x".to_owned(), Value::text("masked")));
    assert!(
        trace.candidates[0].sentence.contains("x is masked, needed above 0.75"),
        "{}",
        trace.candidates[0].sentence
    );
    assert!(trace.candidates[1].sentence.contains("double is masked"), "{}", trace.candidates[1].sentence);
}

/// Request, region, project, UTC: the first that is known tells the hour.
#[test]
fn local_time_is_the_subjects() {
    let mut document = document();
    document.schema.fields.push(field("land", Type::Text));
    let hour = |zones: &Zones, zone: Option<&str>, land: Value| {
        let document = Document { zones: zones.clone(), ..document.clone() };
        // 2015-08-19T16:00:00Z.
        let hours: Vec<i64> = (0..24)
            .filter(|hour| {
                let rules = vec![rule("r", Stage::Guard, Scope::All, &format!("hour() == {hour}"))];
                let policy = Policy::compile(Document { rules, ..document.clone() }).unwrap();
                let fields = vec![Value::Unknown, Value::Unknown, land.clone()];
                let request = Request { zone: zone.map(str::to_owned), ..request(fields) };
                policy.decide(&request, &NoHistory).chosen.is_some()
            })
            .collect();
        hours[0]
    };
    let regions = [("jp".to_owned(), vec!["Asia/Tokyo".to_owned(), "UTC".to_owned()])];
    let zones = Zones {
        region: Some("land".into()),
        regions: regions.into(),
        project: Some("America/New_York".into()),
        strict: false,
    };
    let utc = NOW / HOUR % 24;
    for (zones, zone, land, expected) in [
        (&Zones::default(), None, Value::Unknown, utc),
        (&zones, Some("Europe/Berlin"), Value::text("jp"), (utc + 2) % 24),
        (&zones, None, Value::text("jp"), (utc + 9) % 24),
        (&zones, None, Value::text("de"), (utc + 20) % 24),
        (&zones, None, Value::Unknown, (utc + 20) % 24),
    ] {
        assert_eq!(hour(zones, zone, land.clone()), expected, "{zone:?} {land}");
    }
}

#[test]
fn a_trace_says_when_the_choice_is_sent_and_why() {
    let quiet = |from: u16, until: u16| QuietHours {
        from: TimeOfDay::at(from, 0),
        until: TimeOfDay::at(until, 0),
        on_hit: OnHit::Defer,
        ..QuietHours::us_telephone("night", "email", None)
    };
    // 2015-08-19T16:00:00Z: 12:00 in New York.
    let mut base = document();
    base.actions.truncate(1);
    base.zones.project = Some("America/New_York".into());
    let clock = |text: &str| format!("2015-08-{text} -04:00 (America/New_York)");
    let (day, evening) = (clock("20 06:00"), clock("19 18:00"));
    let hour = |hour: &str, within: u32, quiet: Vec<QuietHours>| {
        let send = SendTime { id: "best".into(), channel: None, hour: hour.into(), within };
        Document { send_times: vec![send], quiet_hours: quiet, ..base.clone() }
    };
    let untimed = Document { quiet_hours: vec![quiet(11, 13)], ..base.clone() };
    for (document, at, best, sentence) in [
        (
            hour("n * 2", 24, Vec::new()),
            18,
            Some(6),
            format!("To be sent at {day}, when the subject's best hour begins, 6:00."),
        ),
        (
            hour("12.5", 24, Vec::new()),
            0,
            Some(12),
            format!("To be sent now: it is the subject's best hour, from 12:00 on, at {}.", clock("19 12:00")),
        ),
        (
            hour("6", 17, Vec::new()),
            0,
            Some(6),
            format!("To be sent now: the subject's best hour, 6:00, comes at {day}, more than 17 hours ahead."),
        ),
        (
            hour("17", 24, vec![quiet(16, 18)]),
            6,
            Some(17),
            format!(
                "To be sent at {evening}, when quiet hours end: the subject's best hour, 17:00, lies in them, at {}.",
                clock("19 17:00")
            ),
        ),
        (
            hour("x + 100.0", 24, Vec::new()),
            0,
            None,
            "To be sent now: the subject's best hour is not known.".to_owned(),
        ),
        (
            untimed,
            1,
            None,
            format!(
                "To be sent at {0}, when its wait ends. Quiet hours “{1}”; they end at {0}.",
                clock("19 13:00"),
                quiet(0, 1).name
            ),
        ),
    ] {
        let is_timed = !document.send_times.is_empty();
        assert!(document.may_send_later());
        let policy = Policy::compile(document).unwrap();
        let decision = policy.decide_traced(&request(known()), &NoHistory);
        let send = decision.trace.unwrap().candidates[0].send.clone().unwrap();
        assert_eq!((send.at, decision.send_at), (NOW + at * HOUR, Some(NOW + at * HOUR)), "{sentence}");
        assert_eq!(send.sentence, sentence);
        assert_eq!(send.hour, best.map_or(Value::Unknown, Value::Integer));
        assert_eq!(send.send_time.as_deref(), is_timed.then_some("best"));
        if at == 18 {
            assert_eq!(send.read, [("n".to_owned(), Value::Integer(3))]);
        }
    }
    let mut masked = hour("n * 2", 3, Vec::new());
    masked.schema.fields[0].masked = true;
    let trace = Policy::compile(masked).unwrap().decide_traced(&request(known()), &NoHistory).trace.unwrap();
    let send = trace.candidates[0].send.clone().unwrap();
    assert_eq!((send.hour, &send.read[0].1), (Value::text("masked"), &Value::text("masked")));
    assert_eq!(send.sentence, format!("To be sent at {}, by an hour that is not shown.", clock("19 12:00")));
    assert!(!base.may_send_later());
    let plain = Policy::compile(base).unwrap().decide_traced(&request(known()), &NoHistory);
    assert_eq!(plain.trace.unwrap().candidates[0].send, None);
}

/// In numbers, kept space and rendered form: one answer, whatever was decided in that space before.
#[test]
fn an_outcome_says_in_numbers_what_a_decision_says_in_ids() {
    let mut document = document();
    document.rules = vec![
        rule("a", Stage::Eligibility, Scope::Action("gold".into()), "n / (n - 3) > 1"),
        rule("b", Stage::Guard, Scope::Action("loan".into()), "x > 0.0"),
    ];
    let (policy, other) = (Policy::compile(document.clone()).unwrap(), Policy::compile(super::document()).unwrap());
    let mut scratch = Scratch::default();
    for fields in [known(), vec![], vec![Value::Integer(4), Value::Unknown], vec![Value::text("4")]] {
        other.decide_into(&request(vec![Value::Number(1.0)]), &NoHistory, &mut scratch);
        let request = request(fields);
        let decision = policy.decide(&request, &NoHistory);
        assert_eq!(policy.decide_with(&request, &NoHistory, &mut scratch), decision);
        let outcome = policy.decide_into(&request, &NoHistory, &mut scratch);
        let at = |at: u32| policy.candidates()[at as usize];
        assert_eq!(outcome.chosen().map(at), decision.chosen);
        assert_eq!(outcome.degraded(), decision.degraded);
        assert_eq!(
            outcome.ranked().iter().map(|s| at(s.candidate)).collect::<Vec<_>>(),
            decision.ranked.iter().map(|r| r.candidate).collect::<Vec<_>>()
        );
        assert!(outcome.fates().iter().zip(&decision.fates).all(|(a, b)| a.step == b.step));
    }
    let outcome = policy.decide_into(&request(known()), &NoHistory, &mut scratch);
    assert!(matches!(outcome.fates()[0].cause, Cause::Failed { rule: 0, failure: 0 }));
    assert_eq!(outcome.failures()[0].source, Source::Rule(0));
    let outcome = policy.decide_into(&request(vec![Value::Integer(4), Value::Unknown]), &NoHistory, &mut scratch);
    assert_eq!(outcome.fates()[1].cause, Cause::Missing(1));
}
