//! Recipe steps fitted from data, and applied as the policy applies them.

use super::*;

fn dataset() -> Dataset {
    let text = |v: &[&str]| Cells::from_texts(v.iter().map(|t| (!t.is_empty()).then_some(*t)));
    Dataset::from_columns(
        "small",
        vec![
            ("x".into(), Cells::Number(vec![1.0, 2.0, f64::NAN, 4.0, 13.0])),
            ("n".into(), Cells::Integer(vec![3, 1, 2, Cells::MISSING, 10])),
            ("t".into(), text(&["a", "b", "", "b", "c"])),
            ("b".into(), Cells::Bool(vec![Some(true), None, Some(true), Some(false), None])),
            ("empty".into(), Cells::Number(vec![f64::NAN; 5])),
            ("same".into(), Cells::Number(vec![7.0; 5])),
        ],
    )
    .unwrap()
}

/// Every column a feature.
fn roles() -> Roles {
    let columns = dataset().columns().iter().map(|c| (c.name.clone(), Role::Feature)).collect();
    Roles { columns, ..Roles::default() }
}

const ALL: [u32; 5] = [0, 1, 2, 3, 4];

fn step(output: &str, input: &str, op: Op) -> Step {
    Step { output: output.into(), input: input.into(), op }
}

#[test]
fn steps_are_fitted_from_the_rows_given() {
    let data = dataset();
    assert_eq!(impute(&data, &ALL, "x").unwrap(), Op::Impute(Value::Number(3.0)));
    assert_eq!(impute(&data, &[0, 1], "x").unwrap(), Op::Impute(Value::Number(1.5)));
    assert_eq!(impute(&data, &ALL, "n").unwrap(), Op::Impute(Value::Integer(3)));
    assert_eq!(impute(&data, &ALL, "t").unwrap(), Op::Impute(Value::text("b")));
    assert_eq!(impute(&data, &ALL, "b").unwrap(), Op::Impute(Value::Bool(true)));
    // Mean 5, squared distances 16, 9, 1, 64.
    assert_eq!(scale(&data, &ALL, "x").unwrap(), Op::Scale { center: 5.0, scale: 22.5_f64.sqrt() });
    let one = |c: &str| Op::OneHot(c.into());
    assert_eq!(one_hot(&data, &ALL, "t").unwrap(), [one("b"), one("a"), one("c")]);
    let labels = vec!["below 3".into(), "3 and above".into()];
    assert_eq!(bucket(&data, &ALL, "x", 2).unwrap(), Op::Bucket { edges: vec![3.0], labels });
}

#[test]
fn what_cannot_be_fitted_names_the_column() {
    let data = dataset();
    let errors = [
        (impute(&data, &ALL, "empty").unwrap_err(), "column `empty`: has no value in any of the 5 rows"),
        (impute(&data, &ALL, "none").unwrap_err(), "column `none`: there is no such column in `small`"),
        (scale(&data, &ALL, "same").unwrap_err(), "column `same`: is the same in every row: there is nothing to scale"),
        (scale(&data, &ALL, "t").unwrap_err(), "column `t`: is a text where a number is needed"),
        (one_hot(&data, &ALL, "x").unwrap_err(), "column `x`: is not text, so it has no categories"),
        (bucket(&data, &ALL, "same", 4).unwrap_err(), "column `same`: has too few different values for bins"),
    ];
    for (error, expected) in errors {
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn outputs_become_columns_with_the_role_feature() {
    let data = dataset().select(&[1, 2, 4]);
    let steps = [
        step("x_full", "x", Op::Impute(Value::Number(3.0))),
        step("x_scaled", "x_full", Op::Scale { center: 3.0, scale: 2.0 }),
        step("is_b", "t", Op::OneHot("b".into())),
        step("size", "n", Op::Bucket { edges: vec![2.0], labels: vec!["low".into(), "high".into()] }),
        step("b_full", "b", Op::Impute(Value::Bool(false))),
    ];
    let (with, roles) = apply(&data, &roles(), &steps).unwrap();
    let column = |name: &str| with.values(name).unwrap();
    assert_eq!(column("x_full"), [2.0, 3.0, 13.0].map(Value::Number));
    assert_eq!(column("x_scaled"), [-0.5, 0.0, 5.0].map(Value::Number));
    assert_eq!(column("is_b"), [Value::Integer(1), Value::Unknown, Value::Integer(0)]);
    assert_eq!(column("size"), ["low", "high", "high"].map(Value::text));
    assert_eq!(column("b_full"), [false, true, false].map(Value::Bool));
    assert_eq!(roles.role("is_b"), Role::Feature);
    assert_eq!((with.row_number(0), with.row_number(2)), (2, 5), "rows keep their numbers");
    assert_eq!(column("x"), data.values("x").unwrap(), "columns of the source are untouched");
}

#[test]
fn steps_that_do_not_fit_the_data_are_refused() {
    let data = dataset();
    let table = [
        (step("x", "n", Op::Scale { center: 0.0, scale: 1.0 }), "column `x`: is a column already"),
        (step("y", "nn", Op::Scale { center: 0.0, scale: 1.0 }), "`nn`"),
        (step("y", "t", Op::Scale { center: 0.0, scale: 1.0 }), "needs a number, its input is a text"),
    ];
    for (step, expected) in table {
        let error = apply(&data, &roles(), &[step]).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let ignored = apply(&data, &Roles::default(), &[step("y", "n", Op::Scale { center: 0.0, scale: 1.0 })]);
    assert!(ignored.unwrap_err().to_string().contains("`n`"), "the policy will not have the column");
}
