//! Every operation: values worked out by hand, in rows and in columns; and what is refused.

use super::*;
use crate::columns::{Columns, Table};
use crate::language::limits::TEXT;
use crate::request::Request;
use crate::schema::{Freshness, Missing, Schema};
use crate::testing::{Random, field};

const DAY: i64 = 86_400_000;
/// 2024-03-10T12:00:00Z.
const NOON: i64 = 1_710_072_000_000;

fn schema() -> Schema {
    let types = [("x", Type::Number), ("n", Type::Integer), ("b", Type::Bool), ("t", Type::Text), ("when", Type::Time)];
    Schema { fields: types.map(|(name, type_)| field(name, type_)).into() }
}

fn part(part: DatePart, zone: Option<&str>) -> Op {
    Op::DatePart { part, zone: zone.map(str::to_owned) }
}

fn text(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// One of each, and steps on steps.
fn steps() -> Vec<Step> {
    let means = || vec![("low".to_owned(), 0.25), ("high".to_owned(), 0.75)];
    vec![
        Step::new("place", "t", Op::Ordinal(text(&["low", "mid", "high"]))),
        Step::new("rate", "t", Op::TargetMean { means: means(), otherwise: 0.5 }),
        Step::new("year", "when", part(DatePart::Year, None)),
        Step::new("month", "when", part(DatePart::Month, Some("Asia/Tokyo"))),
        Step::new("day", "when", part(DatePart::Day, Some("Asia/Tokyo"))),
        Step::new("weekday", "when", part(DatePart::Weekday, Some("Europe/Berlin"))),
        Step::new("hour", "when", part(DatePart::Hour, Some("Europe/Berlin"))),
        Step::new("age", "when", part(DatePart::DaysSince, None)),
        Step::new("per", "x", Op::Ratio { over: "n".into() }),
        Step::new("log", "x", Op::Log1p),
        Step::new("cut", "n", Op::Clip { low: Some(0.0), high: Some(2.0) }),
        Step::formula("sum", "x + n"),
        Step::formula("twice", "sum * 2.0"),
        Step::formula("is_low", r#"t == "low" && b"#),
        Step::formula("name", r#"if n > 1 { "many" } else { "few" }"#),
        Step::formula("whole", "n / 2"),
        Step::formula("moved", r#"if b { when } else { date("2024-01-01T00:00:00Z") }"#),
        Step::formula("either", "b || n > 2"),
        Step::formula("filled", "n ?? 7"),
    ]
}

#[test]
fn values_are_those_worked_out_by_hand() {
    let program = Program::compile(&steps(), &schema()).unwrap();
    let (number, whole, unknown) = (Value::Number, Value::Integer, || Value::Unknown);
    // 2024-02-29T23:30Z: March 1st in Tokyo and Berlin, a Friday, half past midnight.
    let when = NOON - 10 * DAY + DAY / 2 - DAY / 48;
    let row = vec![number(1.0), whole(2), Value::Bool(true), Value::text("low"), Value::Time(when)];
    let age = (NOON - when) as f64 / DAY as f64;
    let table = [
        ("place", whole(0)),
        ("rate", number(0.25)),
        ("year", whole(2024)),
        ("month", whole(3)),
        ("day", whole(1)),
        ("weekday", whole(5)),
        ("hour", whole(0)),
        ("age", number(age)),
        ("per", number(0.5)),
        ("log", number(libm::log(2.0))),
        ("cut", number(2.0)),
        ("sum", number(3.0)),
        ("twice", number(6.0)),
        ("is_low", Value::Bool(true)),
        ("name", Value::text("many")),
        ("whole", whole(1)),
        ("moved", Value::Time(when)),
        ("either", Value::Bool(true)),
        ("filled", whole(2)),
    ];
    let run = |fields: &[Value]| {
        let mut derived = Vec::new();
        program.run(fields, NOON, &mut derived);
        derived
    };
    let found = run(&row);
    for ((name, expected), (column, value)) in table.iter().zip(program.columns().iter().skip(5).zip(&found)) {
        assert_eq!((name, expected), (&column.name.as_str(), value));
        assert_eq!(value.type_of(), Some(column.type_), "{name}");
    }
    // Column of the row, its value, and what the steps then give.
    #[expect(clippy::type_complexity, reason = "a table of cases")]
    let others: [(usize, Value, &[(&str, Value)]); 9] = [
        (3, Value::text("mid"), &[("place", whole(1)), ("rate", number(0.5))]),
        (3, Value::text("new"), &[("place", unknown()), ("rate", number(0.5))]),
        (3, unknown(), &[("place", unknown()), ("rate", unknown()), ("is_low", unknown())]),
        (1, whole(0), &[("per", unknown()), ("cut", number(0.0)), ("name", Value::text("few"))]),
        (1, unknown(), &[("per", unknown()), ("filled", whole(7)), ("name", unknown()), ("either", Value::Bool(true))]),
        (0, number(-1.0), &[("log", unknown()), ("sum", number(1.0))]),
        (0, unknown(), &[("log", unknown()), ("per", unknown()), ("twice", unknown())]),
        (4, unknown(), &[("year", unknown()), ("age", unknown()), ("moved", unknown())]),
        (2, Value::Bool(false), &[("is_low", Value::Bool(false)), ("moved", Value::Time(1_704_067_200_000))]),
    ];
    for (at, value, expected) in others {
        let mut row = row.clone();
        row[at] = value;
        let found = run(&row);
        for (name, expected) in expected {
            let step = steps().iter().position(|step| step.output == *name).unwrap();
            assert_eq!(found[step], *expected, "{name} of {row:?}");
        }
    }
}

#[test]
fn columns_hold_what_rows_hold() {
    let mut schema = schema();
    schema.fields.push(field("stood", Type::Time));
    schema.fields[0].freshness = Some(Freshness { at: "stood".into(), max_age: 3_600 });
    schema.fields[1].missing = Missing::Default(Value::Integer(4));
    schema.fields[3].missing = Missing::Default(Value::text("mid"));
    schema.fields[3].freshness = Some(Freshness { at: "stood".into(), max_age: 7_200 });
    let program = Program::compile(&steps(), &schema).unwrap();
    let mut random = Random::new(3);
    let (mut stale, mut filled) = (0, 0);
    for rows in [0, 1, 64, 1_500] {
        let requests: Vec<Request> = (0..rows)
            .map(|_| {
                let mut some = |value: Value| if random.chance(0.2) { Value::Unknown } else { value };
                let x = some(Value::Number(0.0));
                let (n, b, t) = (some(Value::Integer(0)), some(Value::Bool(true)), some(Value::text("")));
                let (when, stood) = (some(Value::Time(0)), some(Value::Time(0)));
                let fill = |value: Value, with: Value| if value.is_known() { with } else { value };
                let fields = vec![
                    fill(x, Value::Number(*random.pick(&[-3.0, -1.0, 0.0, 0.5, 1e300, f64::NAN]))),
                    fill(n, Value::Integer(*random.pick(&[i64::MIN, -1, 0, 1, 2, 3, i64::MAX]))),
                    fill(b, Value::Bool(random.chance(0.5))),
                    fill(
                        t,
                        Value::text(if random.chance(0.05) {
                            "x".repeat(TEXT + 1)
                        } else {
                            random.pick(&["low", "mid", "high", "new"]).to_string()
                        }),
                    ),
                    fill(when, Value::Time(NOON - (random.below(4_000) as i64 - 2_000) * 7_777_777)),
                    fill(stood, Value::Time(NOON - random.below(4 * 3_600_000) as i64 + 600_000)),
                ];
                Request { now: NOON + random.below(1_000) as i64, fields, ..Request::default() }
            })
            .collect();
        let columns = Columns::from_requests(&schema, &requests);
        let table = Table::new(&columns, &program);
        let (mut read, mut scratch, mut derived) = (Vec::new(), program.scratch(), Vec::new());
        for (row, request) in requests.iter().enumerate() {
            let expected = crate::row::Row::new(&schema, &program, &request.fields, request.now, &mut |_| {});
            let expected: Vec<Value> = expected.values().cloned().collect();
            table.read(row, &mut read);
            assert_eq!(format!("{read:?}"), format!("{expected:?}"), "{request:?}");
            derived.clear();
            program.run_in(&expected[..6], request.now, &mut derived, &mut scratch);
            assert_eq!(format!("{derived:?}"), format!("{:?}", &expected[6..]), "space is used again");
            stale += usize::from(request.fields[0].is_known() && !expected[0].is_known());
            filled += usize::from(!request.fields[1].is_known() && expected[1] == Value::Integer(4));
        }
    }
    assert!(stale > 100 && filled > 100, "{stale} {filled}");
}

#[test]
fn every_bad_step_is_named() {
    let bad = [
        (Step::new("a", "x", Op::Ordinal(text(&["a"]))), "needs text, its input is a number"),
        (Step::new("a", "t", Op::Ordinal(text(&["a", "a"]))), "the category `a` stands twice"),
        (Step::new("a", "t", Op::Ordinal(Vec::new())), "one category or more"),
        (Step::new("a", "t", Op::TargetMean { means: vec![("a".into(), f64::NAN)], otherwise: 0.0 }), "finite number"),
        (Step::new("a", "n", part(DatePart::Year, None)), "needs a time, its input is a whole number"),
        (Step::new("a", "when", part(DatePart::Year, Some("Europe/Berln"))), "`Europe/Berln` is not a time zone"),
        (Step::new("a", "x", Op::Ratio { over: "m".into() }), "`m` is not a field or an earlier step"),
        (Step::new("a", "x", Op::Ratio { over: "t".into() }), "needs numbers, and `t` is a text"),
        (Step::new("a", "t", Op::Ratio { over: "x".into() }), "needs numbers, and `t` is a text"),
        (Step::new("a", "t", Op::Log1p), "needs a number, its input is a text"),
        (Step::new("a", "x", Op::Clip { low: None, high: None }), "a least or a greatest"),
        (Step::new("a", "x", Op::Clip { low: Some(2.0), high: Some(1.0) }), "no greater than"),
        (Step::new("a", "x", Op::Formula("x".into())), "leave its input empty"),
        (Step::formula("a", "x +"), "recipe step `a`"),
        (Step::formula("a", "x + y"), "`y`"),
        (Step::formula("a", "hour()"), "reads the clock"),
        (Step::formula("a", "contacts(7)"), "reads the history"),
        (Step::formula("a", "if b { 1 } else { \"one\" }"), "one branch gives a whole number, the other a text"),
        (Step::formula("a", "let s = 0; for i in 0..3 { s += i } s"), "one expression over the row"),
    ];
    for (step, words) in bad {
        let findings = Program::compile(std::slice::from_ref(&step), &schema()).unwrap_err();
        assert!(findings.iter().any(|finding| finding.to_string().contains(words)), "{step:?}: {findings:?}");
        assert_eq!(findings[0].part.to_string(), "recipe step `a`");
    }
}

#[test]
fn every_bad_rule_of_a_field_is_named() {
    let fresh = |at: &str, max_age| Some(Freshness { at: at.into(), max_age });
    let event = |aggregate| Some(Box::new(crate::schema::EventFeature::new("t", aggregate)));
    type Spoil = Box<dyn Fn(&mut Schema)>;
    let table: [(Spoil, &str); 9] = [
        (Box::new(move |s| s.fields[0].freshness = fresh("whenn", 1)), "did you mean `when`"),
        (Box::new(move |s| s.fields[0].freshness = fresh("t", 1)), "which is a text; name a time"),
        (Box::new(move |s| s.fields[0].freshness = fresh("when", 0)), "1 second or more"),
        (Box::new(move |s| s.fields[0].freshness = fresh("when", u64::MAX)), "1 second or more"),
        (Box::new(move |s| s.fields[4].freshness = fresh("when", 5)), "a rule of its own"),
        (Box::new(|s| s.fields[0].missing = Missing::Default(Value::text("none"))), "give a number"),
        (Box::new(|s| s.fields[0].missing = Missing::Default(Value::Number(f64::NAN))), "not a finite number"),
        (Box::new(move |s| s.fields[1].from = event(crate::schema::Aggregate::DaysSinceLast)), "gives a number"),
        (Box::new(move |s| s.fields[1].from = event(crate::schema::Aggregate::Change(None))), "needs a window"),
    ];
    for (spoil, words) in table {
        let mut schema = schema();
        spoil(&mut schema);
        let findings = Program::compile(&[], &schema).unwrap_err();
        let words = if words == "a rule of its own" { "missing rule of its own" } else { words };
        assert!(findings.iter().any(|finding| finding.to_string().contains(words)), "{words}: {findings:?}");
    }
}

#[test]
fn steps_are_read_as_they_are_written() {
    for step in steps() {
        let text = ron::to_string(&step).unwrap();
        assert_eq!(ron::from_str::<Step>(&text).unwrap(), step, "{text}");
    }
    assert_eq!(ron::to_string(&Step::formula("a", "x")).unwrap(), r#"(output:"a",op:Formula("x"))"#);
    assert_eq!(ron::to_string(&part(DatePart::Hour, None)).unwrap(), "DatePart(part:Hour)");
}
