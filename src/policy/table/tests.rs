//! Cells hold for what DMN says, every hit policy is held against a naive one that tries every case, and rules read tables.

use super::*;
use crate::diagnostic::Severity;
use crate::language::Context;
use crate::reason::{Reason, Step};
use crate::rule::{Rule, Stage};
use crate::testing::{Random, field, sample};
use crate::{Document, NoHistory, Policy, Request};

#[test]
fn cells_hold_for_what_they_say() {
    use Type::{Bool, Integer, Number, Text, Time};
    let t = |s: &str| Value::text(s);
    let time = |s: &str| Value::Time(s.parse::<jiff::Timestamp>().unwrap().as_millisecond());
    // Cell, type of the column, values it holds for, values it does not hold for.
    let table: Vec<(&str, Type, Vec<Value>, Vec<Value>)> = vec![
        ("-", Integer, vec![Value::Integer(3), Value::Unknown], vec![]),
        ("3", Integer, vec![Value::Integer(3), Value::Number(3.0)], vec![Value::Integer(4)]),
        ("= 3", Number, vec![Value::Number(3.0)], vec![Value::Number(3.5)]),
        ("-3", Integer, vec![Value::Integer(-3)], vec![Value::Integer(3)]),
        ("< 3", Integer, vec![Value::Integer(2)], vec![Value::Integer(3)]),
        ("<= 3", Integer, vec![Value::Integer(3)], vec![Value::Integer(4)]),
        (">= 1_000", Number, vec![Value::Number(1000.0)], vec![Value::Number(999.9)]),
        ("!= 3", Integer, vec![Value::Integer(2)], vec![Value::Integer(3)]),
        ("> -1.5e2", Number, vec![Value::Number(-149.0)], vec![Value::Number(-150.0)]),
        ("[1..5]", Integer, vec![Value::Integer(1), Value::Integer(5)], vec![Value::Integer(0), Value::Integer(6)]),
        ("[1..5)", Integer, vec![Value::Integer(1), Value::Integer(4)], vec![Value::Integer(5)]),
        ("[1..5[", Integer, vec![Value::Integer(4)], vec![Value::Integer(5)]),
        ("(1..5]", Integer, vec![Value::Integer(2), Value::Integer(5)], vec![Value::Integer(1)]),
        ("]1..5]", Integer, vec![Value::Integer(2)], vec![Value::Integer(1)]),
        ("[0.5 .. 1.5)", Number, vec![Value::Number(0.5)], vec![Value::Number(1.5)]),
        ("[3..3]", Integer, vec![Value::Integer(3)], vec![Value::Integer(4)]),
        ("< 3, 7, [10..12]", Integer, vec![Value::Integer(7), Value::Integer(11)], vec![Value::Integer(8)]),
        ("not(3)", Integer, vec![Value::Integer(2)], vec![Value::Integer(3)]),
        ("not( < 3 , > 7 )", Integer, vec![Value::Integer(5)], vec![Value::Integer(2), Value::Integer(8)]),
        ("\"a\", \"b, c\"", Text, vec![t("a"), t("b, c")], vec![t("b"), t("")]),
        ("not(\"a\")", Text, vec![t("b")], vec![t("a")]),
        ("\"say \\\"x\\\"\"", Text, vec![t("say \"x\"")], vec![t("say")]),
        ("true", Bool, vec![Value::Bool(true)], vec![Value::Bool(false)]),
        (">= 2026-01-31T18:00:00Z", Time, vec![time("2026-01-31T18:00:00Z")], vec![time("2026-01-31T17:59:59Z")]),
        (
            "[2026-01-01T00:00:00Z..2026-02-01T00:00:00Z)",
            Time,
            vec![time("2026-01-01T00:00:00Z")],
            vec![time("2026-02-01T00:00:00Z")],
        ),
        (
            "< date(\"2026-01-31T18:00:00+01:00\")",
            Time,
            vec![time("2026-01-31T16:59:59Z")],
            vec![time("2026-01-31T17:00:00Z")],
        ),
    ];
    for (text, type_, holds, fails) in table {
        let cell = Cell::parse(text, Some(type_)).unwrap_or_else(|e| panic!("{text}: {e}"));
        for value in holds {
            assert_eq!(cell.holds(&value, false), Ok(Some(true)), "{text} {value}");
        }
        for value in fails {
            assert_eq!(cell.holds(&value, false), Ok(Some(false)), "{text} {value}");
        }
        if cell != Cell::Anything {
            assert_eq!(cell.holds(&Value::Unknown, false), Ok(None), "{text}");
            assert_eq!(cell.holds(&Value::Unknown, true), Ok(Some(false)), "{text}");
        }
    }
    for (text, missing, there) in
        [("unknown", true, false), ("unknown, < 3", true, true), ("not(unknown)", false, true)]
    {
        let cell = Cell::parse(text, Some(Type::Integer)).unwrap();
        assert_eq!(cell.holds(&Value::Unknown, true), Ok(Some(missing)), "{text}");
        assert_eq!(cell.holds(&Value::Integer(1), true), Ok(Some(there)), "{text}");
    }
}

#[test]
fn cells_that_say_nothing_are_refused_in_words() {
    use Type::{Bool, Integer, Text, Time};
    let table = [
        ("", Integer, "it is empty; write `-`"),
        ("abc", Text, "`abc` is not a test; as a text write \"abc\""),
        ("null", Text, "a missing value is `unknown`"),
        ("\"a", Text, "no closing quote"),
        ("\"7\"", Integer, "as a number write 7"),
        ("7", Text, "as a text write \"7\""),
        ("> true", Bool, "does not compare true and false"),
        ("1", Bool, "write `true` or `false`"),
        ("[1..5", Integer, "a range ends with `]` or `)`, found nothing more"),
        ("[1, 5]", Integer, "a range is written `[1..5)`, found `, 5]`"),
        ("[5..1]", Integer, "no value lies between 5 and 1"),
        ("[1..1)", Integer, "no value lies between 1 and 1"),
        ("1 2", Integer, "a comma or the end is due, found `2`"),
        ("not(1", Integer, "no closing bracket, found nothing more"),
        ("<", Integer, "a value is due, found nothing more"),
        ("99999999999999999999", Integer, "too large for a whole number"),
        ("1e999", Integer, "is not a finite number"),
        ("2026-01-31", Time, "begins at another instant in every zone; write one, such as 2026-01-31T00:00:00Z"),
        ("5", Time, "write an instant such as"),
        ("date(\"soon\")", Time, "\"soon\" is not an instant"),
    ];
    for (text, type_, words) in table {
        let found = Cell::parse(text, Some(type_)).unwrap_err();
        assert!(found.contains(words), "{text}: {found}");
    }
}

/// Two whole-number columns `a` and `b`.
fn document(table: Table) -> Document {
    let mut document = sample();
    document.schema.fields.extend([field("a", Type::Integer), field("b", Type::Integer)]);
    document.tables = vec![table];
    document
}

fn compiled(table: &Table, context: &Context) -> CompiledTable {
    let (compiled, findings) = CompiledTable::compile(table, 0, context);
    compiled.unwrap_or_else(|| panic!("{findings:?}"))
}

const POLICIES: [HitPolicy; 8] = [
    HitPolicy::Unique,
    HitPolicy::Any,
    HitPolicy::First,
    HitPolicy::Priority,
    HitPolicy::Sum,
    HitPolicy::Min,
    HitPolicy::Max,
    HitPolicy::Count,
];

/// What the outputs of the rows that match give.
fn naive(hit: HitPolicy, matched: &[i64], otherwise: &Value) -> Result<Value, ()> {
    let [first, ..] = matched else {
        let zero = hit == HitPolicy::Count && *otherwise == Value::Unknown;
        return Ok(if zero { Value::Integer(0) } else { otherwise.clone() });
    };
    Ok(Value::Integer(match hit {
        HitPolicy::Unique if matched.len() > 1 => return Err(()),
        HitPolicy::Any if matched.iter().any(|x| x != first) => return Err(()),
        HitPolicy::Unique | HitPolicy::Any | HitPolicy::First => *first,
        HitPolicy::Priority | HitPolicy::Max => *matched.iter().max().unwrap(),
        HitPolicy::Min => *matched.iter().min().unwrap(),
        HitPolicy::Sum => matched.iter().sum(),
        HitPolicy::Count => matched.len() as i64,
    }))
}

/// The answer is the one that every case of the rows that may match gives; when they give different ones it is unknown.
#[test]
fn every_hit_policy_agrees_with_trying_every_case() {
    let mut random = Random::new(7);
    let context = Context::new(&document(rates()));
    let (mut unknown, mut failed, mut known) = (0, 0, 0);
    for _ in 0..1_500 {
        let cells = ["-", "-", "0", "1", "2", "< 1", ">= 1", "[0..1]", "not(1)", "0, 2", "unknown"];
        let aware = random.chance(0.3);
        let choices = if aware { &cells[..] } else { &cells[..cells.len() - 1] };
        let rows: Vec<(Vec<String>, i64)> = (0..1 + random.below(4))
            .map(|_| {
                let tests = (0..2).map(|_| (*random.pick(choices)).to_owned()).collect();
                (tests, random.below(4) as i64 - 1)
            })
            .collect();
        let otherwise = if random.chance(0.4) { Value::Unknown } else { Value::Integer(random.below(3) as i64) };
        let value = |random: &mut Random| match random.below(4) {
            0 => Value::Unknown,
            i => Value::Integer(i as i64 - 1),
        };
        let values = [value(&mut random), value(&mut random)];
        for hit in POLICIES {
            let table = Table {
                id: "t".into(),
                name: String::new(),
                inputs: vec!["a".into(), "b".into()],
                output: Type::Integer,
                hit,
                rows: rows
                    .iter()
                    .map(|(tests, x)| TableRow {
                        tests: tests.clone(),
                        output: Value::Integer(*x),
                        note: String::new(),
                    })
                    .collect(),
                otherwise: otherwise.clone(),
            };
            let compiled = compiled(&table, &context);
            // Kleene, by hand: per row true, false or unknown.
            let truth: Vec<Option<bool>> = rows
                .iter()
                .map(|(tests, _)| {
                    let mut all = Some(true);
                    for (column, test) in tests.iter().enumerate() {
                        let aware = rows.iter().any(|(tests, _)| tests[column].contains("unknown"));
                        let holds = match (&values[column], test.as_str()) {
                            (_, "-") => Some(true),
                            (Value::Integer(x), "0" | "1" | "2") => Some(x.to_string() == *test),
                            (Value::Integer(x), "< 1") => Some(*x < 1),
                            (Value::Integer(x), ">= 1") => Some(*x >= 1),
                            (Value::Integer(x), "[0..1]") => Some((0..=1).contains(x)),
                            (Value::Integer(x), "not(1)") => Some(*x != 1),
                            (Value::Integer(x), "0, 2") => Some(*x != 1),
                            (Value::Integer(_), _) => Some(false),
                            (_, "unknown") => Some(true),
                            _ => {
                                if aware {
                                    Some(false)
                                } else {
                                    None
                                }
                            }
                        };
                        all = match (all, holds) {
                            (Some(false), _) | (_, Some(false)) => Some(false),
                            (Some(true), Some(true)) => Some(true),
                            _ => None,
                        };
                    }
                    all
                })
                .collect();
            let open: Vec<usize> = (0..rows.len()).filter(|i| truth[*i].is_none()).collect();
            let answers: Vec<Result<Value, ()>> = (0..1 << open.len())
                .map(|case: usize| {
                    let matched: Vec<i64> = (0..rows.len())
                        .filter(|i| match open.iter().position(|o| o == i) {
                            Some(bit) => case >> bit & 1 == 1,
                            None => truth[*i] == Some(true),
                        })
                        .map(|i| rows[i].1)
                        .collect();
                    naive(hit, &matched, &otherwise)
                })
                .collect();
            let expected =
                if answers.iter().all(|a| *a == answers[0]) { answers[0].clone() } else { Ok(Value::Unknown) };
            let found = compiled.answer(&values, &mut |_| {});
            assert_eq!(found.clone().map_err(|_| ()), expected, "{table:#?} {values:?} {found:?}");
            match found {
                Err(_) => failed += 1,
                Ok(Value::Unknown) => unknown += 1,
                Ok(_) => known += 1,
            }
        }
    }
    assert!(unknown > 1_000 && failed > 200 && known > 4_000, "{unknown} {failed} {known}");
}

fn row(tests: &[&str], output: Value) -> TableRow {
    TableRow { tests: tests.iter().map(|t| (*t).to_owned()).collect(), output, note: String::new() }
}

/// Rates by age (`a`) and channel.
fn rates() -> Table {
    Table {
        id: "rates".into(),
        name: "Rates".into(),
        inputs: vec!["a".into(), "action.channel".into()],
        output: Type::Number,
        hit: HitPolicy::Unique,
        rows: vec![
            row(&["< 18", "-"], Value::Number(0.0)),
            row(&[">= 18", "\"email\""], Value::Number(0.5)),
            row(&["[60..70)", "\"email\""], Value::Integer(1)),
            row(&["unknown", "-"], Value::Number(0.25)),
        ],
        otherwise: Value::Unknown,
    }
}

#[test]
fn rules_read_tables_and_traces_show_the_rows() {
    let mut document = document(rates());
    let guard = |expr: &str| Rule { id: "by_table".into(), stage: Stage::Guard, expr: expr.into(), ..Rule::default() };
    document.rules = vec![guard("table(\"rates\") >= 0.25")];
    let policy = Policy::compile(document).unwrap();
    let a = policy.document().schema.index("a").unwrap();
    let on = |channel: &str| {
        let of = |c: &crate::Candidate| {
            policy.document().actions[c.action as usize].treatments[c.treatment as usize].channel == channel
        };
        *policy.candidates().iter().find(|c| of(c)).unwrap()
    };
    let (email, sms) = (on("email"), on("sms"));
    // Value of a; fate on e-mail: passes, rows that matched; fate on SMS.
    let table = [
        (Value::Integer(17), Ok(false), vec![1], Ok(false), vec![1]),
        (Value::Integer(30), Ok(true), vec![2], Ok(false), vec![]),
        (Value::Integer(65), Err(()), vec![2, 3], Ok(false), vec![]),
        (Value::Unknown, Ok(true), vec![4], Ok(true), vec![4]),
    ];
    for (value, by_email, email_rows, by_sms, sms_rows) in table {
        let mut fields = vec![Value::Unknown; policy.document().schema.fields.len()];
        fields[a] = value.clone();
        let request = Request { subject: "ben".into(), now: 1_206_403_200_000, fields, ..Request::default() };
        let decision = policy.decide_traced(&request, &NoHistory);
        let trace = decision.trace.unwrap();
        for (candidate, expected, rows) in [(email, by_email, email_rows), (sms, by_sms, sms_rows)] {
            let fate = decision.fates.iter().find(|f| f.candidate == candidate).unwrap();
            let found = match &fate.reason {
                Reason::RuleError { message, .. } => {
                    assert!(message.contains("table `rates`: rows 2 and 3 both match, and it allows one"), "{message}");
                    Err(())
                }
                _ => Ok(fate.step != Step::Guard),
            };
            assert_eq!(found, expected, "{value:?} {fate:?}");
            let trace = trace.candidates.iter().find(|t| t.candidate == candidate).unwrap();
            assert_eq!(trace.tables.len(), 1);
            assert_eq!((trace.tables[0].table.as_str(), &trace.tables[0].rows), ("rates", &rows), "{value:?}");
            assert_eq!(trace.tables[0].inputs[0], ("a".to_owned(), value.clone()));
        }
    }
}

#[test]
fn tables_that_cannot_answer_are_refused_with_row_and_column() {
    type Case = (fn(&mut Table), &'static str);
    let cases: &[Case] = &[
        (|t| t.inputs.clear(), "it has no input"),
        (|t| t.rows.clear(), "it has no row"),
        (|t| t.inputs[0] = "agee".into(), "column 1 (`agee`): `agee` is not a feature"),
        (|t| t.inputs[0] = "table(\"rates\")".into(), "column 1 (`table(\"rates\")`) reads this table or one after it"),
        (|t| drop(t.rows[1].tests.pop()), "row 2 has 1 tests for 2 columns"),
        (|t| t.rows[1].tests[0] = "> \"x\"".into(), "row 2, column 1 (`a`): \"x\" is compared with a whole number"),
        (|t| t.rows[2].output = Value::text("x"), "row 3: the output \"x\" is not a number"),
        (|t| t.otherwise = Value::Bool(true), "what it gives otherwise, true, is not a number"),
        (|t| (t.hit, t.output) = (HitPolicy::Sum, Type::Text), "`Sum` needs numbers as outputs"),
        (|t| t.hit = HitPolicy::Count, "`Count` gives a whole number"),
        (|t| (t.hit, t.rows[0].output) = (HitPolicy::Max, Value::Unknown), "row 1 has no output; `Max` needs a number"),
    ];
    for (change, words) in cases {
        let mut table = rates();
        change(&mut table);
        let found = crate::check::check(&document(table));
        let said: Vec<String> =
            found.iter().filter(|f| f.severity == Severity::Error).map(ToString::to_string).collect();
        assert!(said.iter().any(|s| s.starts_with("table `rates`: ") && s.contains(words)), "{words}: {said:?}");
    }
}
