//! Columns hold what rows hold, and a host's buffers enter as they are.

use super::*;
use crate::language::limits::TEXT;
use crate::recipe::{Op, Program, Step};
use crate::row::Row;
use crate::testing::{Random, field};
use crate::value::Type;
use std::sync::Arc;

fn schema() -> Schema {
    let types = [Type::Bool, Type::Integer, Type::Number, Type::Text, Type::Time, Type::Number];
    Schema { fields: types.iter().enumerate().map(|(i, type_)| field(&format!("f{i}"), *type_)).collect() }
}

/// Every operation on every type it applies to, and steps on steps.
fn recipe() -> Vec<Step> {
    let bucket = |labels: [&str; 3]| Op::Bucket { edges: vec![0.0, 2.5], labels: labels.map(String::from).to_vec() };
    let scale = Op::Scale { center: 1.5, scale: 0.1 };
    let steps = [
        ("f0", Op::Impute(Value::Bool(true))),
        ("f1", Op::Impute(Value::Integer(7))),
        ("f2", Op::Impute(Value::Integer(7))),
        ("f3", Op::Impute(Value::text("new"))),
        ("f3", Op::Impute(Value::text("a"))),
        ("f4", Op::Impute(Value::Time(99))),
        ("f0", scale.clone()),
        ("f1", scale.clone()),
        ("f2", Op::Scale { center: -1e308, scale: 1e-9 }),
        ("f3", Op::OneHot("a".into())),
        ("f3", Op::OneHot("nowhere".into())),
        ("f0", bucket(["low", "mid", "low"])),
        ("f1", bucket(["low", "mid", "high"])),
        ("f2", bucket(["low", "mid", "high"])),
        ("o2", scale),
        ("o3", Op::OneHot("new".into())),
    ];
    let step = |(i, (input, op)): (usize, (&str, Op))| Step { output: format!("o{i}"), input: input.into(), op };
    steps.into_iter().enumerate().map(step).collect()
}

fn value(random: &mut Random, type_: Type) -> Value {
    let whole = *random.pick(&[0, 1, 3, -8, i64::MAX, i64::MIN]);
    let number = *random.pick(&[0.0, -0.0, 2.5, -1.5, 1e300, f64::NAN, f64::INFINITY, 1.5]);
    let text = *random.pick(&["a", "b", "", "größe"]);
    // Sometimes a value of another type, or a text that is too long.
    let type_ = if random.chance(0.1) { *random.pick(&[Type::Bool, Type::Integer, Type::Text]) } else { type_ };
    match type_ {
        _ if random.chance(0.2) => Value::Unknown,
        Type::Bool => Value::Bool(random.chance(0.5)),
        Type::Integer => Value::Integer(whole),
        Type::Number => Value::Number(number),
        Type::Text if random.chance(0.02) => Value::text("x".repeat(TEXT + 1)),
        Type::Text => Value::text(text),
        Type::Time => Value::Time(whole),
    }
}

fn requests(random: &mut Random, schema: &Schema, rows: usize) -> Vec<Request> {
    let request = |i: usize| {
        let mut fields: Vec<Value> = schema.fields.iter().map(|f| value(random, f.type_)).collect();
        match random.below(20) {
            0 => fields.truncate(2),
            1 => fields.push(Value::Bool(true)),
            _ => {}
        }
        let zone = random.pick(&[None, Some("Europe/Berlin"), Some("UTC")]).map(str::to_owned);
        Request {
            decision_id: format!("d{i}"),
            subject: format!("s{}", i / 2),
            now: i as i64,
            zone,
            fields,
            household: i.is_multiple_of(3).then(|| format!("h{}", i % 5)),
            device: i.is_multiple_of(2).then(|| "phone".to_owned()),
        }
    };
    (0..rows).map(request).collect()
}

/// Bits, not numbers: 0.0 is not -0.0.
fn bits_of(values: &[Value]) -> Vec<String> {
    let word = |value: &Value| match value {
        Value::Number(x) => format!("number {:016x}", x.to_bits()),
        other => format!("{other:?}"),
    };
    values.iter().map(word).collect()
}

#[test]
fn a_row_of_the_columns_is_the_request_it_came_from() {
    let schema = schema();
    let program = Program::compile(&recipe(), &schema).unwrap();
    let mut random = Random::new(7);
    let mut noted = 0;
    for rows in [0, 1, 63, 64, 65, 200, 500] {
        let requests = requests(&mut random, &schema, rows);
        let columns = Columns::from_requests(&schema, &requests);
        let table = Table::new(&columns, &program);
        assert_eq!((columns.len(), table.len()), (rows, rows));
        let mut read = Vec::new();
        for (i, request) in requests.iter().enumerate() {
            let mut notes = Vec::new();
            let row = Row::new(&schema, &program, &request.fields, request.now, &mut |note| notes.push(note));
            let expected: Vec<Value> = row.values().cloned().collect();
            table.read(i, &mut read);
            assert_eq!(bits_of(&read), bits_of(&expected), "{request:?}");
            assert_eq!(columns.notes(i).collect::<Vec<_>>(), notes);
            noted += notes.len();
            let back = columns.request(i);
            assert_eq!(bits_of(&back.fields), bits_of(&expected[..schema.fields.len()]));
            assert_eq!(Request { fields: Vec::new(), ..back }, Request { fields: Vec::new(), ..request.clone() });
            for (at, expected) in expected.iter().enumerate() {
                let mut x = [0.0];
                table.variable(at).unwrap().write_f64(i, &mut x);
                assert_eq!(x[0].to_bits(), expected.as_f64().unwrap_or(f64::NAN).to_bits());
            }
        }
        assert!(table.variable(99).is_none());
    }
    assert!(noted > 50, "{noted}");
}

#[test]
fn selected_rows_are_the_rows_they_were() {
    let schema = schema();
    let mut random = Random::new(8);
    for rows in [1, 64, 200] {
        let requests = requests(&mut random, &schema, rows);
        let columns = Columns::from_requests(&schema, &requests);
        for picked in [0, 1, 63, 64, 65, 130] {
            let picked: Vec<u32> = (0..picked).map(|_| random.below(rows) as u32).collect();
            let found = columns.select(&picked);
            assert_eq!(found.len(), picked.len());
            for (at, row) in picked.iter().map(|row| *row as usize).enumerate() {
                let (found_row, row_itself) = (found.request(at), columns.request(row));
                assert_eq!(bits_of(&found_row.fields), bits_of(&row_itself.fields));
                let bare = |request: Request| Request { fields: Vec::new(), ..request };
                assert_eq!(bare(found_row), bare(row_itself));
                assert_eq!(found.notes(at).collect::<Vec<_>>(), columns.notes(row).collect::<Vec<_>>());
            }
        }
    }
}

#[test]
fn a_run_of_rows_is_the_rows_it_was() {
    let schema = schema();
    let mut random = Random::new(9);
    for rows in [1, 64, 200, 1_500] {
        let mut requests = requests(&mut random, &schema, rows);
        requests.iter_mut().step_by(7).for_each(|request| request.subject = [" ", ""][random.below(2)].to_owned());
        let columns = Columns::from_requests(&schema, &requests);
        let mut names: Vec<Arc<str>> = Vec::new();
        let codes: Vec<u32> = requests
            .iter()
            .map(|request| {
                names.push(request.subject.as_str().into());
                names.len() as u32 - 1
            })
            .collect();
        let texts = Texts { codes: codes.into(), dictionary: names.into() };
        let coded = columns.clone().with_subjects(Labels::coded(texts)).unwrap();
        for columns in [&columns, &coded] {
            for (from, until) in
                [(0, rows), (0, 0), (64, 128), (1, 63), (65, 190), (128, 9_999), (1_024, 1_500), (7, 3)]
            {
                let run = columns.slice(from..until);
                let until = until.min(rows);
                assert_eq!(run.len(), until.saturating_sub(from));
                let picked: Vec<u32> = (from..until).map(|row| row as u32).collect();
                let selected = columns.select(&picked);
                for at in 0..run.len() {
                    let (found, copied, itself) = (run.request(at), selected.request(at), columns.request(from + at));
                    assert_eq!(bits_of(&found.fields), bits_of(&itself.fields));
                    let bare = |request: Request| Request { fields: Vec::new(), ..request };
                    assert_eq!(bare(found), bare(itself.clone()));
                    assert_eq!(bare(copied), bare(itself.clone()));
                    assert_eq!(run.notes(at).collect::<Vec<_>>(), columns.notes(from + at).collect::<Vec<_>>());
                    assert_eq!(run.is_blank(at), itself.subject.trim().is_empty());
                }
                assert_eq!(run.noted(0..run.len()).count(), run.notes.len());
            }
        }
    }
}

fn dictionary(texts: &[&str]) -> Arc<[Arc<str>]> {
    texts.iter().map(|text| Arc::from(*text)).collect()
}

#[test]
fn sound_buffers_are_not_copied_and_others_are_mended() {
    let schema = Schema { fields: vec![field("x", Type::Number), field("t", Type::Text), field("n", Type::Number)] };
    let numbers = [1.0, f64::NAN, 3.0];
    let codes = [1, MISSING, 0];
    let whole = [1, 2, 3];
    let fields = vec![
        Column::numbers(&numbers[..]),
        Column::texts(&codes[..], dictionary(&["a", "b"])),
        Column::integers(&whole[..]).known(vec![0b101 | 1 << 60]),
    ];
    let columns = Columns::new(&schema, 3, fields).unwrap();
    assert_eq!(columns.fields()[0].numbers().unwrap().as_ptr(), numbers.as_ptr());
    assert_eq!(columns.fields()[1].codes().unwrap().0.as_ptr(), codes.as_ptr());
    let n = Value::Number;
    let rows = [
        vec![n(1.0), Value::text("b"), n(1.0)],
        vec![Value::Unknown, Value::Unknown, Value::Unknown],
        vec![n(3.0), Value::text("a"), n(3.0)],
    ];
    for (i, row) in rows.iter().enumerate() {
        assert_eq!(columns.request(i).fields, *row);
    }
    // Garbage under unknown, infinities, a text twice in its dictionary, a text too long, a code of nothing under unknown.
    let long = "x".repeat(TEXT + 1);
    let numbers = [5.0, f64::INFINITY, 3.0];
    let codes = [2, 9, 3];
    let fields = vec![
        Column::numbers(&numbers[..]).known(vec![0b110]),
        Column::texts(&codes[..], dictionary(&["a", "b", "a", &long])).known(vec![0b101]),
        Column::numbers(vec![0.0; 3]),
    ];
    let columns = Columns::new(&schema, 3, fields).unwrap();
    assert_eq!(columns.fields()[0].known(), [0b100]);
    assert!(columns.fields()[0].numbers().unwrap()[..2].iter().all(|x| x.is_nan()));
    assert_eq!(columns.fields()[1].codes().unwrap().0, [0, MISSING, MISSING]);
    assert_eq!(columns.notes(2).count(), 1);
    assert_eq!(columns.notes(0).chain(columns.notes(1)).count(), 0);
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let schema = Schema { fields: vec![field("x", Type::Number), field("b", Type::Bool), field("t", Type::Text)] };
    let x = || Column::numbers(vec![1.0, 2.0]);
    let b = || Column::bools(vec![0b11]);
    let t = || Column::texts(vec![0, 0], dictionary(&["a"]));
    let table = [
        (vec![x(), b()], "column `t`: 2 columns are given, the schema has 3 fields"),
        (vec![Column::numbers(vec![1.0]), b(), t()], "column `x`: has 1 values, the batch has 2 rows"),
        (vec![x(), Column::bools(vec![0, 0]), t()], "column `b`: has 2 words of 64 bits, the batch has 2 rows"),
        (vec![b(), b(), t()], "column `x`: carries values of type true/false, the schema says number"),
        (vec![x(), b(), Column::texts(vec![0, 1], dictionary(&["a"]))], "column `t`: row 1 has the code 1"),
        (vec![x().known(vec![]), b(), t()], "column `x`: says in 0 words of 64 bits what is known, 2 rows need 1"),
    ];
    for (fields, expected) in table {
        let error = Columns::new(&schema, 2, fields).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    let columns = || Columns::new(&schema, 2, vec![x(), b(), t()]).unwrap();
    let said = |result: Result<Columns<'_>, ColumnError>| result.unwrap_err().to_string();
    assert!(said(columns().with_subjects(vec!["a"])).contains("subjects"));
    assert!(said(columns().with_decision_ids(vec!["a"; 3])).contains("3 values"));
    assert!(said(columns().with_now(vec![1])).contains("now"));
    let zones = OptionalLabels::Each(Texts { codes: vec![0, 1].into(), dictionary: dictionary(&["UTC"]) });
    assert!(said(columns().with_zones(zones)).contains("row 1"));
    let one = columns().with_subjects("s").unwrap().with_now(7).unwrap();
    let one = one.with_zones(OptionalLabels::One(Some(Arc::from("UTC")))).unwrap();
    assert_eq!((one.subject(1), one.now(1), one.zone(1), one.decision_id(1)), ("s", 7, Some("UTC"), ""));
}
