//! What rules evaluate to: Kleene logic, operators, functions, blocks, and what the interpreter alone can do.

use super::{TestRow, context, eval_as, keep, row};
use crate::decision::Candidate;
use crate::history::Past;
use crate::language::{Env, Kind, Term, Use, compile};
use crate::value::Value;

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
        ("table(\"rates\") * 2 == 0.5 && table(\"labels\") == \"b\"", T),
        // History: windows are (now - days, now].
        ("contacts(7) == 1", T),
        ("contacts(7.001) == 2", T),
        ("contacts(365) == 3", T),
        ("contacts(0) == 0", T),
        ("contacts_on(\"email\", 30) == 2", T),
        ("contacts_on(\"web\", 30) == 0", T),
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
        // Cases of a switch: literals before ranges, guards where their case fits, the default last.
        ("switch channel { \"Web\" => true, _ => false }", T),
        ("switch channel { \"Phone\" => true, _ => false }", F),
        ("switch gone { \"a\" => false, _ => true }", U),
        ("switch recency { 1..=6 => newbie, _ => false }", T),
        ("switch recency { 1 | 6 if absent => true, 6 => true, _ => false }", U),
        ("switch recency { 1 | 7 if absent => true, 6 if !newbie => false, 6 => true, _ => false }", T),
        ("switch recency { 6 if !newbie => false, 0..6 => false, 0..=6 if newbie => true, _ => false }", T),
        ("switch recency { \"6\" => true, 6.0 => true, true => true, _ => false }", F),
        ("switch history { 142.5 => newbie, _ => false }", T),
        ("switch history { 142..143 => newbie, _ => false }", T),
        ("switch newbie { true => recency == 6, false => false }", T),
        ("switch -recency { -6 => true, 6 => false }", T),
        ("switch recency { 7 => true }", U),
        ("switch gone { _ => true }", U),
        ("switch born { 1 => true, _ => false }", F),
        ("let x = 0; switch recency { 6 if newbie => { x = 2; } 0..3 => { x = 3; } _ => { x += 4; } } x == 2", T),
        ("let x = 0; switch recency { 5 => { x = 2; } _ => { x += 4; } } x == 4", T),
        ("let x = 1; if newbie { x = 2; if absent ?? true { x += 2; } } else { x = 3; } x == 4", T),
        ("let x = 1; { let y = 3; x = y; } let y = 2; x + y == 5", T),
        ("let x = if newbie { let y = recency; y = y + 1; y } else { 0 }; x == 7", T),
        ("let x = 1; newbie && { x = 2; true }; x == 2", T),
        ("let x = 1; x + { x = 2; x } == 4", T),
        // What a rule returns before its end.
        ("if newbie { return true; } false", T),
        ("if !newbie { return false; } let x = recency; if x > 3 { return x == 6; } false", T),
        ("if !newbie { return false; } let x = recency; if x > 9 { return x == 6; } x < 3", F),
        ("if absent { return true; } false", U),
        ("if newbie { if recency > 9 { return false; } let y = 1; if y == 1 { return true; } } false", T),
        ("let x = 1; if !newbie { return false; } x = 2; if recency == 6 { x += 1; } x == 3", T),
        ("switch recency { 1 => { return false; } 6 => { return newbie; } _ => { } } false", T),
        ("if newbie { return true; } recency % 0 == 1", T),
        ("if newbie { return true; } else { return false; }", T),
        ("return recency == 6; false", T),
        ("{ { if newbie { return true; } } } let l = 3; l == 4", T),
        ("newbie && { return recency == 6; }", T),
        // Functions of the rule's own: they see the policy, not the variables around their call.
        ("fn near(x) { x < 7 } near(recency) && !near(recency + 1)", T),
        ("fn near(x, y) { let d = x - y; abs(d) <= 1 } let d = 5; near(recency, d) && near(d + 1, recency)", T),
        ("fn twice(x) { x + x } fn four(x) { twice(twice(x)) } four(recency) == 24 && twice(four(1)) == 8", T),
        ("fn set(x) { x = x + 1; x } let x = 1; set(x) == 2 && x == 1", T),
        ("fn known(x) { is_known(x) && recency == 6 } known(missing) || known(history)", T),
        ("fn any(x) { if x { 1 } else { 2 } } any(absent) == 1", U),
        ("fn phase() {\n  switch recency { 0..=3 => \"new\", _ => \"old\" }\n}\nphase() == \"old\"", T),
        ("fn many(x) { let n = 0; for i in 0..x { n += i; } n } many(recency) == 15", T),
        ("fn f(a, b) { a - b } let a = 1; let b = 2; f(b, f(a, b)) == 3", T),
        // The interpreter's own.
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
        // A loop that is left inside `&&` does not mix up the sides of the one around it.
        ("absent && { loop { newbie && { break; true }; } true }", U),
        ("absent || { for i in 0..3 { !newbie || { break; true }; } false }", U),
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
        ("let x = recency / (recency - 6); newbie", "line 1, column 17: division by zero"),
        ("if newbie { let x = 1 % (recency - 6); } newbie", "line 1, column 23: division by zero"),
        ("table(\"torn\") > 1", "line 1, column 1: two rows match"),
        ("let x = recency % 0; if newbie { return true; } x == 1", "line 1, column 17: division by zero"),
        ("if newbie { return recency % 0 == 1; } true", "line 1, column 28: division by zero"),
        ("fn f(x) { true }\nf(recency % 0)", "line 2, column 11: division by zero"),
        ("fn f(x) {\n  recency % x == 0\n}\nf(recency - 6)", "line 2, column 11: division by zero"),
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
    assert_eq!(priority("uplift * 100"), number(4.0));
    let factor = |text: &str| eval_as(text, Use::Factor, &row());
    assert_eq!((factor("recency"), factor("0")), (number(6.0), number(0.0)));
    assert_eq!(factor("-history"), Err("a lever is a finite number, 0 or above, found -142.5".into()));
    assert_eq!(eval_as("hour() + 0.5", Use::Number, &row()), number(23.5));
    assert_eq!(eval_as("1.0 / 0.0", Use::Number, &row()), Err("the result is not a finite number: inf".into()));
    let name = |text: &str| eval_as(text, Use::Name, &row());
    assert_eq!(name("if newbie { \"winback\" } else { () }"), Ok(Value::text("winback")));
    assert_eq!(name("if recency > 9 { \"winback\" }"), Ok(Value::Unknown));
    assert_eq!(name("()"), Ok(Value::Unknown));
    assert_eq!(eval_as("born", Use::Input, &row()), Ok(Value::Time(crate::language::tests::NOW - 10 * 86_400_000)));
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
        ["recency = 6", "missing = unknown", "score(\"visit\") = 0.25", "action.channel = \"web\"", "contacts(7) = 1"];
    assert_eq!(names, expected);
    assert_eq!(compiled.missing(&row()), ["missing"]);
    assert_eq!((compiled.variables(), compiled.models()), (&[0usize, 4][..], &[0usize][..]));
    // What the short circuit skipped was not read.
    let skipped = compile("recency > 30 && missing > 1", Use::Keep, &context()).expect("compiles");
    assert_eq!(skipped.eval_traced(&row()).1.len(), 1);
}

#[test]
fn what_stays_in_the_interpreter_says_why() {
    let table = [
        ("recency > 3 && channel in [\"Web\"] && score(\"visit\") > 0.1", None),
        ("let x = contacts(7); if x > 3 { false } else { true }", None),
        ("switch recency { 1 => true, 7 if newbie => true, 2..5 => false, _ => false }", None),
        ("let x = 1; if newbie { x = 2; } x == 2", None),
        ("newbie && { let x = 1; x = 2; x == 2 }", None),
        ("recency in [1, mens] && between(history, 1, 2) && recency in 1..3", None),
        ("fn near(x) { x < 7 } near(recency)", None),
        ("for i in 0..3 { } true", Some("a loop")),
        ("let l = [1]; 1 in l", Some("a list that is kept or made step by step")),
        ("let m = #{ a: 1 }; m.a == 1", Some("a map")),
        ("let x = 1; newbie && { x = 2; true }", Some("a variable that is set in the middle of an expression")),
        ("if newbie { return true; } let x = recency; switch x { 1 => { return false; } _ => { } } x > 3", None),
        ("newbie && { return true; }", Some("a `return` in the middle of an expression")),
        ("let x = if newbie { return true; } else { 3 }; x == 3", Some("a `return` in the middle of an expression")),
        ("switch born { 1 => true, _ => false }", Some("a `switch` over a value whose type only the row tells")),
    ];
    for (text, why) in table {
        let compiled = compile(text, Use::Keep, &context()).unwrap_or_else(|f| panic!("{f:?}"));
        assert_eq!(compiled.why_interpreted(), why, "{text}");
        assert_eq!(compiled.kind(), if why.is_none() { Kind::Lowered } else { Kind::Interpreted }, "{text}");
        assert_eq!(compiled.graph().is_some(), why.is_none(), "{text}");
    }
}

/// A score is asked for at its first use and only then, by the interpreter too.
#[test]
fn scores_are_asked_for_when_they_are_used() {
    struct Asked(TestRow, std::sync::Mutex<Vec<usize>>);
    impl Env for Asked {
        fn field(&self, index: usize) -> &Value {
            self.0.field(index)
        }
        fn score(&self, model: usize) -> Result<Value, String> {
            self.1.lock().expect("one thread").push(model);
            self.0.score(model)
        }
        fn candidate(&self) -> Candidate {
            self.0.candidate()
        }
        fn term(&self, term: Term) -> f64 {
            self.0.term(term)
        }
        fn past(&self) -> Past<'_> {
            self.0.past()
        }
        fn now(&self) -> i64 {
            self.0.now()
        }
        fn zone(&self) -> Option<&str> {
            self.0.zone()
        }
        fn is_inbound(&self, channel: &str) -> bool {
            self.0.is_inbound(channel)
        }
    }
    let table: [(&str, &[usize]); 4] = [
        ("recency > 30 && score(\"visit\") > 0.1", &[]),
        ("score(\"visit\") > 0.1 && score(\"spend\") > 1", &[0, 1]),
        ("switch channel { \"Web\" => score(\"spend\") > 1, _ => score(\"broken\") > 1 }", &[1]),
        ("let n = 0; for i in 0..3 { if score(\"visit\") > 0.1 { n += 1; } } n == 3 || score(\"broken\") > 1", &[0]),
    ];
    for (text, expected) in table {
        let env = Asked(row(), Default::default());
        let compiled = compile(text, Use::Keep, &context()).expect(text);
        assert!(compiled.eval(&env).is_ok(), "{text}");
        assert_eq!(*env.1.lock().expect("one thread"), expected, "{text}");
    }
}
