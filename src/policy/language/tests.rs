//! Tables of rules: what they evaluate to, what the checker says, which limits stop them.

use super::compiled::Evaluator;
use super::*;
use crate::action::{Action, Channel, Direction, Group, Issue, Treatment};
use crate::contact::EventKind;
use crate::decision::Candidate;
use crate::document::Document;
use crate::history::Event;
use crate::model::{Calibration, Function, Model};
use crate::recipe::{Op as StepOp, Step};
use crate::schema::{Field, FieldKind, Schema};
use crate::value::{Type, Value};

pub(super) fn field(name: &str, type_: Type, categories: &[&str]) -> Field {
    Field {
        name: name.into(),
        source: format!("{name}.raw"),
        type_,
        kind: FieldKind::Feature,
        categories: categories.iter().map(|c| (*c).to_owned()).collect(),
    }
}

fn action(id: &str, group: &str, discount: Value, treatments: &[(&str, &str)]) -> Action {
    Action {
        id: id.into(),
        name: format!("The {id}"),
        group: group.into(),
        value: 20.0,
        cost: 0.5,
        weight: 10.0,
        valid_from: None,
        valid_until: None,
        tags: vec![],
        mandatory: false,
        service: false,
        obeys_caps: true,
        counts_toward_caps: true,
        propensity: None,
        attributes: [("discount".to_owned(), discount)].into(),
        treatments: treatments
            .iter()
            .map(|(id, channel)| Treatment {
                id: (*id).into(),
                channel: (*channel).into(),
                template: String::new(),
                propensity: None,
            })
            .collect(),
    }
}

pub(super) fn document() -> Document {
    Document {
        id: "p".into(),
        schema: Schema {
            fields: vec![
                field("recency", Type::Integer, &[]),
                field("history", Type::Number, &[]),
                field("channel", Type::Text, &["Web", "Phone", "Multichannel"]),
                field("newbie", Type::Bool, &[]),
                field("missing", Type::Number, &[]),
                field("absent", Type::Bool, &[]),
                field("born", Type::Time, &[]),
                field("gone", Type::Text, &["a", "b"]),
                field("mens", Type::Integer, &[]),
            ],
        },
        recipe: vec![Step {
            output: "band".into(),
            input: "history".into(),
            op: StepOp::Bucket { edges: vec![100.0], labels: vec!["low".into(), "high".into()] },
        }],
        issues: vec![Issue {
            id: "retention".into(),
            weight: 0.0,
            groups: vec![Group { id: "cards".into(), weight: 0.0 }],
        }],
        channels: vec![
            Channel { id: "email".into(), direction: Direction::Outbound },
            Channel { id: "web".into(), direction: Direction::Inbound },
        ],
        actions: vec![
            action("winback", "cards", Value::Integer(10), &[("long", "email"), ("short", "web")]),
            action("upsell", "cards", Value::Number(7.5), &[("one", "email")]),
        ],
        models: ["visit", "spend", "broken", "none"].map(model).into(),
        ..Document::default()
    }
}

fn model(id: &str) -> Model {
    Model {
        id: id.into(),
        name: id.into(),
        target: String::new(),
        inputs: vec![],
        function: Function::Constant(0.5),
        calibration: Calibration::Identity,
        fallback: 0.5,
    }
}

/// A row of fixed values.
pub(super) struct TestRow {
    pub fields: Vec<Value>,
    pub scores: Vec<Result<Value, String>>,
    pub events: Vec<Event>,
    pub candidate: Candidate,
    pub zone: Option<String>,
}

pub(super) const DAY: i64 = 86_400_000;
/// 2026-01-31T23:30:00Z, a Saturday.
pub(super) const NOW: i64 = 1_769_902_200_000;

fn event(days_ago: i64, kind: EventKind, channel: &str) -> Event {
    Event {
        time: NOW - days_ago * DAY,
        kind,
        action: "winback".into(),
        treatment: "long".into(),
        channel: channel.into(),
        group: "cards".into(),
        issue: "retention".into(),
        tags: vec![],
        counts: true,
    }
}

pub(super) fn row() -> TestRow {
    TestRow {
        fields: vec![
            Value::Integer(6),
            Value::Number(142.5),
            Value::text("Web"),
            Value::Bool(true),
            Value::Unknown,
            Value::Unknown,
            Value::Time(NOW - 10 * DAY),
            Value::Unknown,
            Value::Integer(1),
            Value::text("high"),
        ],
        scores: vec![
            Ok(Value::Number(0.25)),
            Ok(Value::Number(3.0)),
            Err("the model is torn".into()),
            Ok(Value::Unknown),
        ],
        events: vec![
            event(40, EventKind::Sent, "email"),
            event(7, EventKind::Sent, "email"),
            event(5, EventKind::Sent, "web"),
            event(3, EventKind::Click, "web"),
            event(0, EventKind::Sent, "email"),
            event(-2, EventKind::Sent, "email"),
        ],
        candidate: Candidate { action: 0, treatment: 1 },
        zone: None,
    }
}

impl Env for TestRow {
    fn field(&self, index: usize) -> &Value {
        static UNKNOWN: Value = Value::Unknown;
        self.fields.get(index).unwrap_or(&UNKNOWN)
    }
    fn score(&self, model: usize) -> Result<Value, String> {
        self.scores[model].clone()
    }
    fn candidate(&self) -> Candidate {
        self.candidate
    }
    fn term(&self, term: Term) -> f64 {
        match term {
            Term::Propensity => 0.25,
            Term::ContextWeight => 1.5,
            Term::Value => 20.0,
            Term::Lever => 1.1,
            Term::Cost => 0.5,
        }
    }
    fn events(&self) -> &[Event] {
        &self.events
    }
    fn now(&self) -> i64 {
        NOW
    }
    fn zone(&self) -> Option<&str> {
        self.zone.as_deref()
    }
}

pub(super) fn context() -> Context {
    Context::new(&document())
}

/// Evaluates with every evaluator that can, and holds them to one answer, reads included.
#[track_caller]
pub(super) fn eval_as(text: &str, use_: Use, env: &TestRow) -> Result<Value, String> {
    let compiled = match compile(text, use_, &context()) {
        Ok(compiled) => compiled,
        Err(findings) => return Err(format!("{findings:?}")),
    };
    let interpreted = compiled.run(env, None, Evaluator::Interpreter);
    if compiled.kind() == Kind::Lowered {
        let row = compiled.run(env, None, Evaluator::Row);
        assert_eq!(row, interpreted, "{text}");
        let (mut a, mut b) = (reads::Reads::default(), reads::Reads::default());
        let _ = compiled.run(env, Some(&mut a), Evaluator::Row);
        let _ = compiled.run(env, Some(&mut b), Evaluator::Interpreter);
        assert_eq!(a.into_inner(), b.into_inner(), "{text}");
    }
    interpreted
}

#[track_caller]
fn keep(text: &str) -> Result<Value, String> {
    eval_as(text, Use::Keep, &row())
}

/// The findings as `line:column-end severity message`.
#[track_caller]
pub(super) fn findings(text: &str, use_: Use) -> Vec<String> {
    check(text, use_, &context())
        .iter()
        .map(|f| {
            let mark = if f.is_error() { "error" } else { "warning" };
            let end = f.end_column.map_or("?".to_owned(), |e| e.to_string());
            format!("{}:{}-{end} {mark}: {}", f.line, f.column, f.message)
        })
        .collect()
}

const T: Option<bool> = Some(true);
const F: Option<bool> = Some(false);
const U: Option<bool> = None;

#[test]
fn kleene_truth_tables() {
    let word = |x: Option<bool>| match x {
        T => "newbie",
        F => "!newbie",
        U => "absent",
    };
    let table = [
        // a, b, a && b, a || b
        (T, T, T, T),
        (T, F, F, T),
        (T, U, U, T),
        (F, T, F, T),
        (F, F, F, F),
        (F, U, F, U),
        (U, T, U, T),
        (U, F, F, U),
        (U, U, U, U),
    ];
    for (a, b, and, or) in table {
        let value = |x: Option<bool>| Ok(x.map_or(Value::Unknown, Value::Bool));
        assert_eq!(keep(&format!("{} && {}", word(a), word(b))), value(and), "{a:?} && {b:?}");
        assert_eq!(keep(&format!("{} || {}", word(a), word(b))), value(or), "{a:?} || {b:?}");
        assert_eq!(keep(&format!("!({})", word(a))), value(a.map(|a| !a)), "!{a:?}");
    }
}

#[test]
fn values_of_rules() {
    let table: &[(&str, Option<bool>)] = &[
        // Comparison, whole numbers beside numbers.
        ("recency == 6", T),
        ("recency == 6.0", T),
        ("recency >= 5.5", T),
        ("recency < 5.5", F),
        ("history > 142", T),
        ("history >= 142.5", T),
        ("recency != 6", F),
        ("6 <= recency", T),
        ("channel == \"Web\"", T),
        ("channel != \"Phone\"", T),
        ("channel < \"Zebra\"", T),
        ("newbie", T),
        ("newbie == true", T),
        ("newbie != false", T),
        ("band == \"high\"", T),
        // Unknown.
        ("missing > 3", U),
        ("missing == missing", U),
        ("missing != 3", U),
        ("!(missing > 3)", U),
        ("missing + 1 > 3", U),
        ("-missing > 3", U),
        ("gone == \"a\"", U),
        ("gone in [\"a\", \"b\"]", U),
        ("missing > 3 && recency == 7", F),
        ("missing > 3 || recency == 6", T),
        ("is_known(missing)", F),
        ("is_known(recency)", T),
        ("!is_known(gone)", T),
        ("is_known(score(\"none\"))", F),
        ("missing ?? 5 > 3", T),
        ("(missing ?? recency) == 6", T),
        ("missing ?? missing ?? 1 == 1", T),
        ("absent ?? true", T),
        ("absent ?? false", F),
        ("recency ?? 0 == 6", T),
        // Arithmetic.
        ("recency + 1 == 7", T),
        ("recency - 10 == -4", T),
        ("recency * 2.5 == 15", T),
        ("recency / 4 == 1", T),
        ("recency / 4.0 == 1.5", T),
        ("recency % 4 == 2", T),
        ("7.5 % 2 == 1.5", T),
        ("2 ** 3 ** 2 == 512", T),
        ("2.0 ** 0.5 == sqrt(2.0)", T),
        ("-recency == -6", T),
        ("1 + 2 * 3 == 7", T),
        ("(1 + 2) * 3 == 9", T),
        ("10 - 3 - 2 == 5", T),
        // Short circuit.
        ("recency == 7 && 1 % (recency - 6) == 1", F),
        ("recency == 6 || 1 % (recency - 6) == 1", T),
        // Lists and ranges.
        ("channel in [\"Web\", \"Multichannel\"]", T),
        ("channel in [\"Phone\"]", F),
        ("channel !in [\"Phone\"]", T),
        ("!(channel in [\"Web\"])", F),
        ("recency in [1, 6.0, 9]", T),
        ("recency in []", F),
        ("recency in [missing, 6]", T),
        ("recency in [missing, 7]", U),
        ("recency in 1..6", F),
        ("recency in 1..=6", T),
        ("missing in 1..=6", U),
        ("history in 142..143", T),
        // Facts and scores.
        ("action.id == \"winback\"", T),
        ("action.channel == \"web\" && action.treatment == \"short\"", T),
        ("action.issue == \"retention\" && action.group == \"cards\"", T),
        ("action.value - action.cost == 19.5", T),
        ("action.discount >= 10", T),
        ("action.weight == 10", T),
        ("action.name.starts_with(\"The\")", T),
        ("score(\"visit\") >= 0.25", T),
        ("score(\"visit\") * score(\"spend\") == 0.75", T),
        ("score(\"none\") > 0.1", U),
        // History: windows are (now - days, now].
        ("contacts(7) == 2", T),
        ("contacts(7.001) == 3", T),
        ("contacts(365) == 4", T),
        ("contacts(0) == 0", T),
        ("contacts_on(\"email\", 30) == 2", T),
        ("contacts_on(\"web\", 30) == 1", T),
        ("outcomes(\"click\", \"winback\", 30) == 1", T),
        ("outcomes(\"click\", \"cards\", 30) == 1", T),
        ("outcomes(\"click\", \"*\", 2) == 0", T),
        ("days_since(\"click\") == 3", T),
        ("days_since(\"sent\") == 0", T),
        ("days_since(\"accept\") > 3", U),
        ("is_known(days_since(\"accept\"))", F),
        // Time.
        ("hour() == 23", T),
        ("weekday() == 6", T),
        ("month() == 1", T),
        ("days_between(born, now()) == 10", T),
        ("now() < date(\"2026-02-01\")", T),
        ("now() >= date(\"2026-01-31T23:30:00Z\")", T),
        ("born < now()", T),
        // Functions.
        ("between(recency, 1, 6)", T),
        ("between(recency, 1, 5)", F),
        ("between(missing, 1, 5)", U),
        ("between(recency, missing, 5)", F),
        ("abs(-recency) == 6 && abs(-1.5) == 1.5", T),
        ("min(recency, 3) == 3 && max(recency, 7.5) == 7.5", T),
        ("clamp(recency, 0, 5) == 5", T),
        ("floor(1.5) == 1 && ceil(1.5) == 2 && round(2.5) == 3", T),
        ("round(exp(ln(5.0))) == 5", T),
        ("to_int(2.9) == 2 && to_int(-2.9) == -2", T),
        ("to_float(recency) / 4 == 1.5", T),
        ("contains(channel, \"eb\") && \"We\" in channel", T),
        ("channel.starts_with(\"W\") && channel.ends_with(\"b\") && channel.len() == 3", T),
        ("lower(channel) == \"web\" && upper(channel) == \"WEB\" && trim(\" x \") == \"x\"", T),
        // Blocks.
        ("let x = recency * 2; x == 12", T),
        ("let x = 1; x = x + 1; x += 2; x == 4", T),
        ("let x = 1; if newbie { x = 5; } x == 5", T),
        ("if recency > 3 { newbie } else { false }", T),
        ("if recency > 30 { true } else if channel == \"Web\" { false } else { true }", F),
        ("if missing > 3 { true } else { true }", U),
        ("if recency > 30 { true }", U),
        ("{ let y = 2; y == 2 }", T),
        (
            "let a = 1; let b = 2; let c = 3; let d = 4; let e = 5; let f = 6; let g = 7; let h = 8; let i = 9; a + i == 10",
            T,
        ),
        // The interpreter's own.
        ("switch channel { \"Web\" => true, _ => false }", T),
        ("switch channel { \"Phone\" => true, _ => false }", F),
        ("switch gone { \"a\" => false, _ => true }", U),
        ("switch recency { 1..=6 => newbie, _ => false }", T),
        ("let n = 0; for i in 0..5 { n += i; } n == 10", T),
        ("let n = 0; for x in [1, 2, 3] { if x > 1 { n += 1; } } n == 2", T),
        ("let n = 0; while n < 10 { n += 1; } n == 10", T),
        ("let n = 0; loop { n += 1; if n == 3 { break; } } n == 3", T),
        ("let list = [1, recency]; recency in list && list.len() == 2 && list[1] == 6", T),
        ("let list = []; list.push(3); list[0] == 3", T),
        ("let rate = #{ Web: 0.5, Phone: 0.1 }; rate[channel] > 0.4", T),
        ("let rate = #{ Phone: 0.1 }; (rate[channel] ?? 0.0) == 0.0", T),
        ("let rate = #{ a: 0.1 }; rate[gone] > 0", U),
        ("if newbie { return true; } false", T),
        ("while missing > 3 { } true", U),
        ("let m = #{ x: 1 }; m.x = 4; m.x == 4", T),
        // Comments and layout.
        ("// first\nrecency == 6 /* and */ && newbie // last", T),
        ("\n\n  newbie\n", T),
    ];
    let mut wrong = Vec::new();
    for (text, expected) in table {
        let found = keep(text);
        if found != Ok(expected.map_or(Value::Unknown, Value::Bool)) {
            wrong.push(format!("{text}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn failures_say_where() {
    let mut wrong = Vec::new();
    let table = [
        ("recency / 0.0 > 1 && recency % (recency - 6) == 0", "line 1, column 30: division by zero"),
        ("newbie &&\n  score(\"broken\") > 0.5", "line 2, column 3: the model is torn"),
        (
            "9223372036854775807 + recency > 0",
            "line 1, column 21: 9223372036854775807 + 6 is too large for a whole number",
        ),
        ("contacts(-1) == 0", "line 1, column 1: the number of days must not be negative, found -1"),
        (
            "2 ** (recency - 7) == 0",
            "line 1, column 3: a whole number cannot be raised to a negative power; write it with a decimal point",
        ),
        ("to_int(1e300) == 0", "line 1, column 1: "),
        ("clamp(recency, 5, 1) == 0", "line 1, column 1: `clamp` needs low to be at most high, found 5 and 1"),
        ("let l = [1]; l[5] == 1", "line 1, column 16: the list has 1 items; there is no item 5"),
        ("let l = [1, \"a\"]; l[1] > 3", "line 1, column 24: cannot compare a text with a number"),
        ("let l = [1]; if l[0] { true } else { false }", "line 1, column 18: expected true or false, found a number"),
    ];
    for (text, expected) in table {
        let found = keep(text);
        if !found.as_ref().is_err_and(|m| m.starts_with(expected)) {
            wrong.push(format!("{text}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn numbers_of_numeric_rules() {
    let number = |x: f64| Ok(Value::Number(x));
    let multiplier = |text: &str| eval_as(text, Use::Multiplier, &row());
    assert_eq!(multiplier("if recency > 3 { 0.5 } else { 1.0 }"), number(0.5));
    assert_eq!(multiplier("1"), number(1.0));
    assert_eq!(multiplier("missing"), Ok(Value::Unknown));
    assert_eq!(multiplier("recency * 0.5"), Err("a multiplier lies above 0 and is at most 1, found 3".into()));
    assert_eq!(multiplier("recency - 6"), Err("a multiplier lies above 0 and is at most 1, found 0".into()));
    let priority = |text: &str| eval_as(text, Use::Priority, &row());
    assert_eq!(priority("propensity * value * context_weight * lever - cost"), number(0.25 * 20.0 * 1.5 * 1.1 - 0.5));
    assert_eq!(priority("recency"), number(6.0));
    assert_eq!(priority("1.0 / 0.0"), Err("the priority is not a finite number: inf".into()));
    assert_eq!(priority("sqrt(-1.0)"), Err("the priority is not a finite number: NaN".into()));
}

#[test]
fn local_time_follows_the_zone() {
    let table = [("America/New_York", 18, 6), ("Asia/Tokyo", 8, 7), ("UTC", 23, 6)];
    for (zone, hour, weekday) in table {
        let env = TestRow { zone: Some(zone.into()), ..row() };
        let text = format!("hour() == {hour} && weekday() == {weekday}");
        assert_eq!(eval_as(&text, Use::Keep, &env), Ok(Value::Bool(true)), "{zone}");
    }
    // Midnight of a day written without a zone is the subject's.
    let env = TestRow { zone: Some("Asia/Tokyo".into()), ..row() };
    assert_eq!(
        eval_as("days_between(date(\"2026-02-01\"), date(\"2026-01-31T15:00:00Z\")) == 0", Use::Keep, &env),
        Ok(Value::Bool(true))
    );
    let env = TestRow { zone: Some("Mars/Base".into()), ..row() };
    let message = eval_as("hour() == 1", Use::Keep, &env).expect_err("no such zone");
    assert_eq!(message, "line 1, column 1: `Mars/Base` is not a time zone this policy knows");
}

#[test]
fn what_was_read_is_told() {
    let text = "recency > 3 && (missing > 1 || score(\"visit\") > 0.9) && action.channel == \"web\" && contacts(7) < 9";
    let compiled = compile(text, Use::Keep, &context()).expect("compiles");
    let (result, reads) = compiled.eval_traced(&row());
    assert_eq!(result, Ok(Value::Unknown));
    let names: Vec<String> = reads.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let expected =
        ["recency = 6", "missing = unknown", "score(\"visit\") = 0.25", "action.channel = \"web\"", "contacts(7) = 2"];
    assert_eq!(names, expected);
    assert_eq!(compiled.missing(&row()), ["missing"]);
    assert_eq!((compiled.variables(), compiled.models()), (&[0usize, 4][..], &[0usize][..]));
    // What the short circuit skipped was not read.
    let skipped = compile("recency > 30 && missing > 1", Use::Keep, &context()).expect("compiles");
    assert_eq!(skipped.eval_traced(&row()).1.len(), 1);
}

#[test]
fn every_finding_at_once_with_its_place_and_fix() {
    let mut wrong = Vec::new();
    let table: &[(&str, &[&str])] = &[
        ("recencyy > 3", &["1:1-9 error: `recencyy` is not a feature of this policy; did you mean `recency`?"]),
        (
            "recencyy > 3 &&\n  histry < 2 && score(\"vist\") > 0",
            &[
                "1:1-9 error: `recencyy` is not a feature of this policy; did you mean `recency`?",
                "2:3-9 error: `histry` is not a feature of this policy; did you mean `history`?",
                "2:23-29 error: `vist` is not a model of this policy; did you mean `visit`?",
            ],
        ),
        ("zzzzzz > 3", &["1:1-7 error: `zzzzzz` is not a feature of this policy"]),
        ("visit > 0.1", &["1:1-6 error: `visit` is a model; write `score(\"visit\")`"]),
        ("hour > 9", &["1:1-5 error: `hour` is a function; write `hour()`"]),
        ("Web == channel", &["1:1-4 error: `Web` is not a feature of this policy; as a text write \"Web\""]),
        ("recency == null", &["1:12-16 error: `null` does not exist; to ask for a missing value write `!is_known(x)`"]),
        ("newbie == True", &["1:11-15 error: `True` is written `true`"]),
        ("propensity > 0.1", &["1:1-11 error: `propensity` is available in the arbitration expression only"]),
        (
            "action == \"x\"",
            &["1:1-7 error: `action` stands for the candidate; name one of its facts, such as `action.id`"],
        ),
        (
            "action.chanel == \"web\"",
            &["1:8-14 error: `action.chanel` is not a fact of actions; did you mean `action.channel`?"],
        ),
        ("recency.days > 1", &["1:9-13 error: `recency` has no property `days`; only `action.` has properties"]),
        ("scor(\"visit\") > 0.1", &["1:1-5 error: `scor` is not a function of rules; did you mean `score`?"]),
        (
            "score(channel) > 1",
            &["1:7-14 error: `score` needs the id of a model written out as a text, as in `score(\"visit\")`"],
        ),
        ("recency() > 1", &["1:1-8 error: `recency` is a feature, not a function; write it without brackets"]),
        ("eval(\"1\")", &["1:1-5 error: `eval` is not available in rules"]),
        ("print(1); true", &["1:1-6 error: `print` is not a function of rules"]),
        ("__field(0) == 1", &["1:1-8 error: `__field` is not a function of rules"]),
        ("contacts() > 1", &["1:1-9 error: `contacts` takes 1 argument (days), found 0"]),
        ("contacts(\"a\") > 1", &["1:10-13 error: `contacts` needs a number as `days`, found the text \"a\""]),
        (
            "contacts_on(\"emial\", 7) < 1",
            &["1:13-20 warning: \"emial\" is not a channel of this policy; did you mean \"email\"?"],
        ),
        ("days_since(\"clik\") < 1", &["1:12-18 warning: \"clik\" is not a standard event; did you mean \"click\"?"]),
        (
            "outcomes(\"click\", \"winbak\", 3) < 1",
            &["1:19-27 warning: \"winbak\" is not an action or group of this policy; did you mean \"winback\"?"],
        ),
        (
            "now() > date(\"tomorrow\")",
            &["1:14-24 error: \"tomorrow\" is not a date; write it as \"2026-01-31\" or \"2026-01-31T18:00:00Z\""],
        ),
        ("channel == 3", &["1:9-11 error: cannot compare `channel` (a text) with the number 3; as a text write \"3\""]),
        (
            "recency > \"3\"",
            &["1:9-10 error: cannot compare `recency` (a whole number) with the text \"3\"; as a number write 3"],
        ),
        (
            "newbie == 1",
            &["1:8-10 error: cannot compare `newbie` (true/false) with the number 1; write `true` or `false`"],
        ),
        (
            "born > \"2026-01-01\"",
            &["1:6-7 error: cannot compare `born` (a time) with the text \"2026-01-01\"; write `date(\"2026-01-01\")`"],
        ),
        (
            "1 < recency < 5",
            &[
                "1:13-14 error: cannot compare true/false with the number 5; write `between(x, low, high)` or join two comparisons with `&&`",
            ],
        ),
        (
            "recency == ()",
            &["1:9-11 error: `==` with `()` is never true; to ask for a missing value write `!is_known(x)`"],
        ),
        ("channel == \"web\"", &["1:9-11 warning: \"web\" is not a value of `channel`; did you mean \"Web\"?"]),
        (
            "channel in [\"Web\", \"Fone\"]",
            &["1:20-26 warning: \"Fone\" is not a value of `channel`; did you mean \"Phone\"?"],
        ),
        (
            "channel == \"Television\"",
            &[
                "1:9-11 warning: \"Television\" is not a value of `channel`; its values are \"Web\", \"Phone\", \"Multichannel\"",
            ],
        ),
        (
            "action.channel == \"mail\"",
            &["1:16-18 warning: \"mail\" is not a value of `action.channel`; did you mean \"email\"?"],
        ),
        ("channel in [1]", &["1:13-14 error: cannot compare `channel` (a text) with the number 1"]),
        (
            "recency in history",
            &[
                "1:9-11 error: `in` looks into a list, a range or a text, found `history` (a number); write `x in [1, 2]`",
            ],
        ),
        ("channel in 1..3", &["1:9-11 error: only numbers lie in a range, found `channel` (a text)"]),
        (
            "mens && newbie",
            &["1:1-5 error: expected true or false, found `mens` (a whole number); did you mean `mens == 1`?"],
        ),
        ("!channel", &["1:2-9 error: expected true or false, found `channel` (a text); compare it with `==`"]),
        ("recency + channel > 1", &["1:9-10 error: `+` needs numbers, found `channel` (a text)"]),
        ("now() - born > 3", &["1:7-8 error: times are not subtracted; write `days_between(from, to)`"]),
        ("recency / 0 == 1", &["1:9-10 error: division by zero"]),
        (
            "recency / mens == 1",
            &["1:9-10 warning: `/` between whole numbers drops the fraction; to keep it write `to_float(a) / b`"],
        ),
        ("recency & 1", &["1:9-10 error: `&` is not an operator of rules; `and` is written `&&`"]),
        (
            "recency",
            &["1:1-8 error: this gives a whole number, but true or false is needed; compare it, as in `… >= 1`"],
        ),
        ("let x = 3;", &["1:1-4 error: this gives nothing, but true or false is needed; end it with an expression"]),
        ("recency = 3", &["1:1-8 error: `recency` is a feature and cannot be changed; to compare write `==`"]),
        (
            "let recency = 3; true",
            &["1:1-4 error: `recency` is a feature of this policy; give the variable another name"],
        ),
        ("let x = 3; x = \"a\"; true", &["1:12-13 error: `x` holds a number; it cannot be set to a text"]),
        ("y = 3; true", &["1:1-2 error: `y` is not a variable of this rule"]),
        ("if newbie { 3 } else { \"a\" }", &["1:4-10 error: one branch gives a whole number, the other a text"]),
        (
            "if recency { true } else { false }",
            &["1:4-11 error: expected true or false, found `recency` (a whole number); did you mean `recency == 1`?"],
        ),
        (
            "switch channel { \"Web\" => true, _ => 3 }",
            &["1:38-39 error: one case gives true/false, this one a whole number"],
        ),
        ("channel == 'W'", &["1:12-15 error: texts stand in double quotes; write \"W\""]),
        ("recency ?? \"a\" == 3", &["error: the default of a whole number must be of its kind, found a text"]),
        (
            "between(channel, 1, 2)",
            &[
                "1:1-8 error: cannot compare `channel` (a text) with the number 1",
                "1:1-8 error: cannot compare `channel` (a text) with the number 2",
            ],
        ),
        // Syntax errors: one, placed.
        ("recency > 3 and newbie", &["1:13-16 error: `and` is written `&&`"]),
        ("recency > 3 or newbie", &["1:13-15 error: `or` is written `||`"]),
        ("recency >", &["error: the expression ends too early; an operand or a closing bracket is missing"]),
        ("(recency > 3", &["1:13-? error: `)` is missing"]),
        ("channel == \"Web", &["error: this text is not closed; add a `\"`"]),
        ("", &["1:1-? error: the expression is empty; write a condition"]),
        ("  // only a comment", &["1:1-? error: the expression is empty; write a condition"]),
        (
            "newbie recency",
            &["1:8-15 error: an operator is missing before `recency`; conditions are joined with `&&` or `||`"],
        ),
        ("fn f() { true } f()", &["1:1-3 error: `fn` is not available in rules"]),
    ];
    for (text, expected) in table {
        let found = findings(text, Use::Keep);
        let fits = |line: &String, wanted: &&str| line.contains(*wanted);
        let all = expected.iter().all(|wanted| found.iter().any(|line| fits(line, wanted)));
        if !all || found.len() != expected.len() {
            wrong.push(format!("{text}: {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn results_fit_their_stage() {
    assert_eq!(findings("newbie", Use::Multiplier).len(), 1);
    assert_eq!(
        findings("1.5", Use::Multiplier),
        ["1:1-4 error: a multiplier lies above 0 and is at most 1, found 1.5"]
    );
    assert_eq!(findings("channel", Use::Priority), ["1:1-8 error: this gives a text, but a number is needed"]);
    assert!(findings("propensity * value", Use::Priority).is_empty());
    assert!(findings("let cost = 3; 1", Use::Priority)[0].contains("`cost` has a meaning already"));
}

#[test]
fn every_limit_stops_with_a_clear_error() {
    let nested = format!("{}newbie{}", "(".repeat(10_000), ")".repeat(10_000));
    assert!(
        findings(&nested, Use::Keep)[0].contains("nested more than 100 levels deep"),
        "{:?}",
        findings(&nested, Use::Keep)
    );
    let nots = format!("{}newbie", "!".repeat(10_000));
    assert!(findings(&nots, Use::Keep)[0].contains("nested more than 100 levels deep"));
    let chain = vec!["newbie"; 5_000].join(" && ");
    assert!(findings(&chain, Use::Keep)[0].contains("nested more than"), "{:?}", findings(&chain, Use::Keep));
    // Just inside the limit everything still runs, in both evaluators.
    assert_eq!(keep(&vec!["newbie"; 90].join(" && ")), Ok(Value::Bool(true)));
    assert_eq!(keep(&format!("{}newbie{}", "(".repeat(45), ")".repeat(45))), Ok(Value::Bool(true)));
    assert_eq!(keep(&format!("{}newbie", "!".repeat(90))), Ok(Value::Bool(true)));
    assert_eq!(
        keep(&format!("{}newbie{}", "if newbie { ".repeat(30), " } else { absent }".repeat(30))),
        Ok(Value::Bool(true))
    );
    assert_eq!(keep(&format!("{}newbie{}", "(newbie && ".repeat(25), ")".repeat(25))), Ok(Value::Bool(true)));
    let ifs = format!("{}true{}", "if newbie { ".repeat(3_000), " }".repeat(3_000));
    assert!(findings(&ifs, Use::Keep)[0].contains("nested more than"));
    let long = format!("channel == \"{}\"", "a".repeat(70_000));
    assert!(findings(&long, Use::Keep)[0].contains("longer than 65536 bytes"));
    let variables: String = (0..100).map(|i| format!("let x{i} = {i}; ")).collect();
    assert!(
        keep(&format!("{variables} for i in 0..1 {{ }} true"))
            .expect_err("too many")
            .contains("more than 64 variables")
    );
    for text in [
        "loop { }",
        "loop { } true",
        "while true { } true",
        "let n = 0; while n >= 0 { n += 1; } true",
        "for i in 0..1000000000 { } true",
        "do { } while true; true",
    ] {
        let message = match compile(text, Use::Keep, &context()) {
            Ok(compiled) => compiled.eval(&row()).expect_err(text),
            Err(findings) => findings[0].message.clone(),
        };
        assert!(
            message.contains("stopped after 100000 operations") || message.contains("this gives nothing"),
            "{text}: {message}"
        );
    }
    let list = "let l = []; for i in 0..20000 { l.push(i); } true";
    let message = keep(list).expect_err("too large");
    assert!(message.contains("larger than a rule may make"), "{message}");
}

#[test]
fn nothing_outside_is_in_reach() {
    for text in [
        "import \"os\" as os; true",
        "print(\"x\"); true",
        "debug(1); true",
        "eval(\"true\")",
        "Fn(\"hour\").call() == 1",
        "call(\"x\")",
        "let f = |x| x; true",
        "timestamp() > 1",
        "sleep(1); true",
        "type_of(recency) == \"i64\"",
        "is_def_var(\"recency\")",
        "this.x == 1",
        "global::x == 1",
        "throw 1; true",
        "try { true } catch { false }",
        "private fn x() { 1 } true",
        "export recency; true",
        "`a${recency}` == \"a6\"",
        "recency.to_string() == \"6\"",
        "__known(1) == 1",
        "parse_int(\"1\") == 1",
        "range(0, 9); true",
    ] {
        let found = check(text, Use::Keep, &context());
        assert!(found.iter().any(Finding::is_error), "{text} compiles");
    }
}

#[test]
fn every_function_has_its_place() {
    let mut names: Vec<&str> = functions::TABLE.iter().map(|f| f.name).collect();
    names.sort_unstable();
    let before = names.len();
    names.dedup();
    assert_eq!(names.len(), before, "names are unique");
    for f in functions::TABLE {
        assert!(f.args.len() <= 3, "{} has more arguments than the row evaluator holds", f.name);
        assert!(f.help.ends_with('.') && f.help.len() > 10, "{}", f.name);
        assert!(f.example.contains(f.name), "{}: its example does not show it", f.name);
        let found = findings(f.example, Use::Keep);
        let errors: Vec<&String> = found.iter().filter(|l| l.contains("error")).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", f.example);
        let result = keep(f.example).unwrap_or_else(|e| panic!("{}: {e}", f.example));
        assert!(matches!(result, Value::Bool(_) | Value::Unknown), "{}", f.example);
    }
}

#[test]
fn lowered_are_all_but_loops_lists_maps_and_switch() {
    for (text, kind) in [
        ("recency > 3 && channel in [\"Web\"] && score(\"visit\") > 0.1", Kind::Lowered),
        ("let x = contacts(7); if x > 3 { false } else { true }", Kind::Lowered),
        ("switch recency { 1 => true, _ => false }", Kind::Interpreted),
        ("for i in 0..3 { } true", Kind::Interpreted),
        ("let l = [1]; 1 in l", Kind::Interpreted),
    ] {
        let compiled = compile(text, Use::Keep, &context()).unwrap_or_else(|f| panic!("{f:?}"));
        assert_eq!(compiled.kind(), kind, "{text}");
    }
}
