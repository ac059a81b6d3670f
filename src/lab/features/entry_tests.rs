//! What models learn from is what the policy's own rules leave of a request, value for value.

use super::{FieldRule, admit, parse};
use crate::data::cells::Cells;
use crate::data::{Column, Dataset, Role, Roles};
use crate::random::Random;
use attune_policy::clock::DAY;
use attune_policy::recipe::Program;
use attune_policy::row::Row;
use attune_policy::schema::{Freshness, Missing};
use attune_policy::value::{Type, Value};
use std::collections::BTreeMap;

const NOW: i64 = 1_700_000_000_000;

/// Columns of every type with holes, and times from three days before to one day after the instant of the row.
fn rows(n: usize) -> (Dataset, Roles) {
    let mut random = Random::stream(5, 0);
    let mut hole = |random: &mut Random| random.below(4) == 0;
    let whole = |random: &mut Random, gone: bool| if gone { Cells::MISSING } else { random.below(9) as i64 };
    let mut cells: Vec<(&str, Cells)> = Vec::new();
    let times = |random: &mut Random, hole: &mut dyn FnMut(&mut Random) -> bool| {
        let at = |random: &mut Random| NOW - 3 * DAY + random.below(5) as i64 * DAY;
        (0..n).map(|_| if hole(random) { Cells::MISSING } else { at(random) }).collect::<Vec<i64>>()
    };
    cells.push(("seen_at", Cells::Time(times(&mut random, &mut hole))));
    cells.push((
        "decided",
        Cells::Time((0..n as i64).map(|i| if i % 7 == 0 { Cells::MISSING } else { NOW - i % 3 }).collect()),
    ));
    let gone: Vec<bool> = (0..n).map(|_| hole(&mut random)).collect();
    cells.push(("visits", Cells::Integer(gone.iter().map(|gone| whole(&mut random, *gone)).collect())));
    cells.push(("balance", Cells::Number(gone.iter().map(|gone| if *gone { f64::NAN } else { 0.5 }).collect())));
    cells.push(("member", Cells::Bool(gone.iter().map(|gone| (!gone).then_some(true)).collect())));
    cells.push(("plan", Cells::from_texts(gone.iter().map(|gone| (!gone).then_some("gold")).collect::<Vec<_>>())));
    cells.push(("joined", Cells::Time(times(&mut random, &mut hole))));
    let mut roles = Roles { as_of: Some(NOW), ..Roles::default() };
    for (name, _) in &cells {
        roles.columns.insert((*name).into(), if *name == "decided" { Role::Time } else { Role::Feature });
    }
    let columns = cells
        .into_iter()
        .map(|(name, cells)| (Column { name: name.into(), source: name.into(), type_: cells.type_() }, cells));
    (Dataset::new("t", columns.collect(), Default::default(), None).unwrap(), roles)
}

fn rules() -> BTreeMap<String, FieldRule> {
    let fresh = |days: u64| Some(Freshness { at: "seen_at".into(), max_age: days * 86_400 });
    let rule = |freshness, missing| FieldRule { freshness, missing };
    [
        ("visits", rule(fresh(1), Missing::Default(Value::Integer(7)))),
        ("balance", rule(fresh(2), Missing::Unknown)),
        ("member", rule(None, Missing::Default(Value::Bool(false)))),
        ("plan", rule(fresh(1), Missing::Refuse)),
        ("joined", rule(fresh(2), Missing::Default(Value::Time(0)))),
        ("vanished", rule(None, Missing::Default(Value::Bool(false)))),
    ]
    .into_iter()
    .map(|(name, rule)| (name.to_owned(), rule))
    .collect()
}

#[test]
fn training_sees_what_the_policy_sees() {
    let (dataset, roles) = rows(400);
    let rules = rules();
    let admitted = admit(&dataset, &roles, &rules).unwrap();
    let mut schema = roles.schema(&dataset);
    for (name, rule) in &rules {
        if let Some(field) = schema.fields.iter_mut().find(|field| field.name == *name) {
            (field.freshness, field.missing) = (rule.freshness.clone(), rule.missing.clone());
        }
    }
    let program = Program::compile(&[], &schema).unwrap();
    let mut changed = 0;
    for row in 0..dataset.rows() {
        let now = match dataset.value(row, "decided") {
            Value::Time(now) => now,
            _ => NOW,
        };
        let given: Vec<Value> = schema.fields.iter().map(|field| dataset.value(row, &field.name)).collect();
        let left = Row::new(&schema, &program, &given, now, &mut |_| {});
        for (field, value) in schema.fields.iter().zip(left.values()) {
            assert_eq!(admitted.value(row, &field.name), *value, "row {row}, {}", field.name);
        }
        changed += usize::from(left.values().ne(given.iter()));
        assert_eq!(admitted.value(row, "decided"), dataset.value(row, "decided"));
    }
    assert!((100..400).contains(&changed), "{changed}");
    let untouched = admit(&dataset, &roles, &BTreeMap::new()).unwrap();
    for column in dataset.columns() {
        assert_eq!(untouched.values(&column.name), dataset.values(&column.name), "{}", column.name);
    }
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let (dataset, roles) = rows(20);
    let only = |name: &str, rule: FieldRule| BTreeMap::from([(name.to_owned(), rule)]);
    let fresh =
        |at: &str| FieldRule { freshness: Some(Freshness { at: at.into(), max_age: 60 }), missing: Missing::Unknown };
    let default = |value| FieldRule { freshness: None, missing: Missing::Default(value) };
    let timeless = Roles { as_of: None, ..roles.clone() };
    for (rules, roles, words) in [
        (only("visits", fresh("balance")), &roles, "holds no times"),
        (only("visits", fresh("seen_at")), &timeless, "stand at no instant"),
        (only("visits", default(Value::text("a"))), &roles, "give a whole number"),
        (only("balance", default(Value::Number(f64::NAN))), &roles, "give a number"),
    ] {
        let error = admit(&dataset, roles, &rules).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let whole = admit(&dataset, &roles, &only("balance", default(Value::Integer(3)))).unwrap();
    assert!((0..20).all(|row| whole.value(row, "balance").as_f64().is_some()));
}

#[test]
fn rules_are_said_in_words() {
    let fresh = Some(Freshness { at: "seen_at".into(), max_age: 7 * 86_400 });
    for (freshness, missing, words) in [
        (fresh.clone(), Missing::Unknown, "may be 7 days old by `seen_at`; an older one is unknown"),
        (
            fresh,
            Missing::Default(Value::Integer(0)),
            "may be 7 days old by `seen_at`; where missing or older 0 stands in",
        ),
        (None, Missing::Refuse, "where missing the policy does not decide"),
        (None, Missing::Unknown, ""),
    ] {
        assert_eq!(FieldRule { freshness, missing }.words(), words);
    }
}

#[test]
fn values_are_read_as_written() {
    for (text, type_, expected) in [
        ("7", Type::Integer, Some(Value::Integer(7))),
        ("7.5", Type::Integer, None),
        ("7", Type::Number, Some(Value::Number(7.0))),
        ("NaN", Type::Number, None),
        ("true", Type::Bool, Some(Value::Bool(true))),
        ("1", Type::Bool, None),
        ("gold", Type::Text, Some(Value::text("gold"))),
        ("\"refuse\"", Type::Text, Some(Value::text("refuse"))),
        ("1970-01-02", Type::Time, Some(Value::Time(DAY))),
        ("soon", Type::Time, None),
    ] {
        assert_eq!(parse(text, Some(type_)), expected, "{text} as {type_}");
    }
    let types = ["7", "7.5", "true", "gold"].map(|text| parse(text, None).and_then(|value| value.type_of()).unwrap());
    assert_eq!(types, [Type::Integer, Type::Number, Type::Bool, Type::Text]);
}
