//! The published suites: their inputs as code. The answers are filled in by this implementation, and those that can be told
//! beforehand are told in the tests.

mod choice;
mod contact;
mod models;
mod policies;

use super::*;
use crate::testing::{HOUR, sample};

/// 2026-03-29T00:30:00Z: half an hour before clocks go forward in Europe.
pub const NOW: i64 = 1_774_744_200_000;

/// Every suite, answers left to be filled in.
pub fn all() -> Vec<Suite> {
    let suite = |name: &str, about: &str, vectors: Vec<Vector>| Suite {
        format: FORMAT.into(),
        version: (1, 0),
        name: name.into(),
        about: about.into(),
        vectors,
    };
    vec![
        suite(
            "buckets",
            "Holdout buckets: SHA-256 of salt, 0x1F and unit, its first 8 bytes over 2^64.",
            vec![buckets()],
        ),
        suite(
            "kleene",
            "Three-valued logic: unknown, true, false, and what asks for a value.",
            vec![kleene(), switches()],
        ),
        suite(
            "arithmetic",
            "Whole numbers are exact or fail; numbers follow IEEE 754; what they are compared with.",
            vec![whole(), numbers()],
        ),
        suite(
            "functions",
            "Functions of numbers, texts and local time, one day across the change of clocks.",
            vec![functions(), times()],
        ),
        suite("models", "Linear functions, trees with missing directions, and calibration.", models::models()),
        suite(
            "contact",
            "Caps, windows at their edges and across the change of clocks, cool-downs, suppression, exclusion, quiet hours.",
            contact::contact(),
        ),
        suite(
            "arbitration",
            "Every mode, ties, tiers, floors, context weights, slots, fallback.",
            choice::arbitration(),
        ),
        suite(
            "exploration",
            "Probabilities of every survivor, and draws that follow from policy, revision and decision id.",
            choice::exploration(),
        ),
        suite("holdouts", "Who is held out of what, and ablation arms.", choice::holdouts()),
        suite("calibration", "Calibration maps at their points, between and beyond them.", models::calibration()),
        suite(
            "recommenders",
            "Factor tables and item neighbours, with subjects and items that nobody knows.",
            models::recommenders(),
        ),
        suite("overrides", "Who wins, when an override holds, and for whom.", choice::overrides()),
        suite(
            "send_times",
            "The best hour of a subject, across the change of clocks and outside quiet hours.",
            contact::send_times(),
        ),
        suite("tables", "Decision tables: every hit policy, overlapping rows, missing values.", choice::tables()),
        suite("uplift", "Uplift against doing nothing, and do no harm.", choice::uplift()),
        suite("file", "Canonical bytes and revision of a policy.", vec![file()]),
    ]
}

fn buckets() -> Vector {
    let pairs = [
        ("", ""),
        ("attune-split", "1"),
        ("attune-split", "64000"),
        ("spring-control", "anna"),
        ("s", "ünï"),
        ("control", "customer-000017"),
        ("a\u{1F}b", "c"),
        ("a", "b\u{1F}c"),
    ];
    let bucket = |(salt, unit): (&str, &str)| Bucket {
        salt: salt.into(),
        unit: unit.into(),
        sha256: String::new(),
        bucket: 0.0,
    };
    Vector::Buckets(pairs.map(bucket).into())
}

fn asked(fields: &[(&str, Type)], rows: Vec<Vec<Value>>, expressions: &[&str]) -> Vector {
    Vector::Expressions(Expressions {
        fields: fields.iter().map(|(name, type_)| ((*name).to_owned(), *type_)).collect(),
        now: NOW,
        zone: "Europe/Berlin".into(),
        rows,
        asked: expressions.iter().map(|expr| Asked { expr: (*expr).into(), answers: Vec::new() }).collect(),
    })
}

const TRUTHS: [Value; 3] = [Value::Bool(true), Value::Bool(false), Value::Unknown];

fn kleene() -> Vector {
    let rows = TRUTHS.iter().flat_map(|a| TRUTHS.iter().map(|b| vec![a.clone(), b.clone()])).collect();
    let expressions = [
        "a && b",
        "a || b",
        "!a",
        "a == b",
        "a != b",
        "a ?? b",
        "is_known(a)",
        "a && !a",
        "a || !a",
        "!(a && b) == (!a || !b)",
        "if a { b } else { !b }",
        "(a ?? true) && (b ?? false)",
    ];
    asked(&[("a", Type::Bool), ("b", Type::Bool)], rows, &expressions)
}

fn switches() -> Vector {
    let rows = [Value::text("x"), Value::text("y"), Value::text(""), Value::Unknown].map(|v| vec![v]).into();
    let expressions = [
        r#"switch s { "x" => 1, "y" => 2, _ => 3 }"#,
        r#"s in ["x", "z"]"#,
        r#"s == "x""#,
        r#"s < "y""#,
        "len(s)",
        "let t = s; t == s",
        "s > 3",
    ];
    asked(&[("s", Type::Text)], rows, &expressions)
}

fn whole() -> Vector {
    let values = [0, 1, -1, 7, -7, 2, i64::MAX, i64::MIN];
    let mut rows: Vec<Vec<Value>> =
        values.iter().flat_map(|i| values.iter().map(|j| vec![Value::Integer(*i), Value::Integer(*j)])).collect();
    rows.push(vec![Value::Unknown, Value::Integer(0)]);
    rows.push(vec![Value::Integer(1), Value::Unknown]);
    let expressions = [
        "i + j",
        "i - j",
        "i * j",
        "i / j",
        "i % j",
        "-i",
        "abs(i)",
        "i < j",
        "i <= j",
        "i == j",
        "min(i, j)",
        "max(i, j)",
        "between(i, j, 7)",
        "to_float(i) / to_float(j)",
        "i + 0.5 < j",
        "clamp(i, -2, 2)",
    ];
    asked(&[("i", Type::Integer), ("j", Type::Integer)], rows, &expressions)
}

fn numbers() -> Vector {
    let values = [0.0, -0.0, 1.0, 0.1, 0.2, -2.5, 1e308, 5e-324, 9_007_199_254_740_993.0];
    let rows = values.iter().flat_map(|x| values.iter().map(|y| vec![Value::Number(*x), Value::Number(*y)])).collect();
    let expressions =
        ["x + y", "x - y", "x * y", "x / y", "x % y", "-x", "x < y", "x == y", "x > 1", "x == 1", "x + 1", "to_int(x)"];
    asked(&[("x", Type::Number), ("y", Type::Number)], rows, &expressions)
}

fn functions() -> Vector {
    let numbers = [0.0, 0.5, -0.5, 1.5, 2.5, -2.5, 10.0, 1e-9, 700.0, 1e19];
    let texts = ["", "Straße", " ünï ", "abc", "ABC", "a😀c", "\t x"];
    let mut rows: Vec<Vec<Value>> = numbers.iter().map(|x| vec![Value::Number(*x), Value::text("abc")]).collect();
    rows.extend(texts.iter().map(|s| vec![Value::Number(1.0), Value::text(*s)]));
    rows.push(vec![Value::Unknown, Value::Unknown]);
    let expressions = [
        "floor(x)",
        "ceil(x)",
        "round(x)",
        "sqrt(x)",
        "exp(x)",
        "ln(x)",
        "abs(x)",
        "to_int(x)",
        "clamp(x, 0.0, 1.0)",
        "min(x, 1)",
        "max(x, 1)",
        "len(s)",
        "lower(s)",
        "upper(s)",
        "trim(s)",
        r#"contains(s, "b")"#,
        r#""b" in s"#,
        r#"starts_with(s, "a")"#,
        r#"ends_with(s, "C")"#,
        "x ?? 7.5",
        r#"s ?? "none""#,
        "unheard_of(x)",
    ];
    asked(&[("x", Type::Number), ("s", Type::Text)], rows, &expressions)
}

fn times() -> Vector {
    let instants = [NOW, NOW + HOUR, NOW - 24 * HOUR, 0, 951_782_400_000];
    let mut rows: Vec<Vec<Value>> = instants.iter().map(|t| vec![Value::Time(*t)]).collect();
    rows.push(vec![Value::Unknown]);
    let expressions = [
        "hour()",
        "weekday()",
        "month()",
        "now() == t",
        "days_between(t, now())",
        "days_between(now(), t)",
        r#"t < date("2026-03-29")"#,
        r#"days_between(date("2026-03-29"), date("2026-03-30"))"#,
        r#"date("2026-03-29T00:30:00Z") == now()"#,
        r#"date("2026-02-30")"#,
    ];
    asked(&[("t", Type::Time)], rows, &expressions)
}

fn file() -> Vector {
    Vector::File(Box::new(Canonical { policy: sample(), revision: String::new(), text: String::new() }))
}
