//! The real files through import, suggested roles and profile, and the problems of small made-up tables.

use super::cells::Cells;
use super::import::{ImportOptions, Imported, import};
use super::profile::profile;
use super::*;
use crate::task::Task;
use attune_policy::value::{Type, Value};
use std::path::PathBuf;

/// A file of the shared data; `None`, with a printed line, when there is none and no one insists.
fn shared(path: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared"));
    let file = std::env::var_os("ATTUNE_SHARED").map_or_else(beside, PathBuf::from).join("data").join(path);
    if file.exists() {
        return Some(file);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing", file.display());
    println!("skipped: {} is missing", file.display());
    None
}

pub(super) fn load(path: &str) -> Option<Imported> {
    let imported = import(&shared(path)?, &ImportOptions::default(), &Task::default()).unwrap();
    assert!(imported.bad_rows.is_empty() && imported.bad_cells.is_empty(), "{:?}", imported.notes);
    Some(imported)
}

fn types(dataset: &Dataset) -> String {
    let letter = |c: &Column| match c.type_ {
        Type::Bool => 'b',
        Type::Integer => 'i',
        Type::Number => 'n',
        Type::Text => 't',
        Type::Time => 'd',
    };
    dataset.columns().iter().map(letter).collect()
}

fn columns_with<'a>(dataset: &'a Dataset, roles: &Roles, role: Role) -> Vec<&'a str> {
    roles.with_role(dataset, role)
}

#[test]
fn hillstrom_is_a_randomised_trial() {
    let Some(imported) = load("hillstrom/hillstrom.csv") else { return };
    let dataset = &imported.dataset;
    assert_eq!((dataset.rows(), types(dataset).as_str()), (64_000, "itniitittiin"));
    let mut roles = Roles::suggest(dataset);
    assert_eq!(columns_with(dataset, &roles, Role::Action), ["segment"]);
    assert_eq!(columns_with(dataset, &roles, Role::Outcome), ["visit", "conversion", "spend"]);
    assert_eq!(columns_with(dataset, &roles, Role::Subject), [""; 0]);
    assert_eq!(roles.arms["No E-Mail"], Arm::NoAction);
    let Logging::Randomised(design) = &roles.logging else { panic!("{:?}", roles.logging) };
    assert_eq!(design.len(), 3);
    assert!(design.values().all(|p| *p == 1.0 / 3.0));
    roles.as_of = Some(0);
    let profile = profile(dataset, &roles, &Task::default()).unwrap();
    assert!(profile.problems.iter().all(|p| p.severity < Severity::Error), "{:#?}", profile.problems);
    let spend: f64 = dataset.numbers("spend").unwrap().iter().sum();
    assert!((spend - 67_258.13).abs() < 0.01, "{spend}");
    let held_out = split::held_out_rows(dataset, &roles).unwrap().len() as f64 / 64_000.0;
    assert!((held_out - 0.3).abs() < 0.01, "{held_out}");
    let requests = Requests::new(dataset, &roles, &roles.schema(dataset)).unwrap();
    assert_eq!(requests.get(1).fields[2], Value::Number(329.08));
    // The same in columns, lent or copied.
    let all: Vec<u32> = (0..dataset.rows() as u32).collect();
    let some: Vec<u32> = (0..900).map(|i| i * 7_919 % dataset.rows() as u32).collect();
    for rows in [&all, &some] {
        let columns = requests.columns(rows).unwrap();
        for (at, row) in rows.iter().enumerate().step_by(89) {
            assert_eq!(columns.request(at).fields, requests.get(*row as usize).fields);
        }
    }
}

#[test]
fn bank_marketing_keeps_the_names_of_its_source() {
    let Some(imported) = load("bank_marketing/bank-additional-full.csv") else { return };
    let dataset = &imported.dataset;
    assert_eq!((dataset.rows(), types(dataset).as_str()), (41_188, "itttttttttiiiitnnnnnb"));
    for (name, source) in [("emp_var_rate", "emp.var.rate"), ("default_", "default"), ("nr_employed", "nr.employed")] {
        assert_eq!(dataset.column(name).map(|c| c.source.as_str()), Some(source));
    }
    let yes: f64 = dataset.numbers("y").unwrap().iter().sum();
    assert_eq!(yes, 4_640.0);
    let roles = Roles::suggest(dataset);
    assert_eq!(columns_with(dataset, &roles, Role::Outcome), ["y"]);
    let profile = profile(dataset, &roles, &Task::default()).unwrap();
    let copies = profile.problems.iter().find(|p| p.message.contains("repeat an earlier row")).unwrap();
    assert_eq!((copies.count, copies.rows.len()), (12, 12));
}

#[test]
fn telco_blanks_are_missing_and_counted() {
    let Some(imported) = load("telco_churn/telco_churn.csv") else { return };
    let dataset = &imported.dataset;
    assert_eq!((dataset.rows(), types(dataset).as_str()), (7_043, "ttibbibtttttttttbtnnb"));
    let roles = Roles::suggest(dataset);
    assert_eq!(columns_with(dataset, &roles, Role::Subject), ["customerID"]);
    assert_eq!(columns_with(dataset, &roles, Role::Outcome), ["Churn"]);
    let profile = profile(dataset, &roles, &Task::default()).unwrap();
    let blank = profile.problems.iter().find(|p| p.column.as_deref() == Some("TotalCharges")).unwrap();
    assert_eq!((blank.count, blank.rows.len(), blank.rows[0]), (11, 11, 489));
    assert_eq!(dataset.value(488, "TotalCharges"), Value::Unknown);
}

#[test]
fn online_retail_keeps_cancelled_invoices_and_customers_without_decimals() {
    let Some(imported) = load("online_retail/online_retail.csv") else { return };
    let dataset = &imported.dataset;
    assert_eq!((dataset.rows(), types(dataset).as_str()), (541_909, "tttidnit"));
    let roles = Roles::suggest(dataset);
    assert_eq!(columns_with(dataset, &roles, Role::Subject), ["CustomerID"]);
    assert_eq!(columns_with(dataset, &roles, Role::Time), ["InvoiceDate"]);
    let profile = profile(dataset, &roles, &Task::default()).unwrap();
    let count = |part: &str| profile.problems.iter().find(|p| p.message.contains(part)).map(|p| p.count);
    assert_eq!(count("`CustomerID` is missing"), Some(135_080));
    assert_eq!(count("`InvoiceNo` mixes numbers"), Some(9_291));
    assert_eq!(count("repeat an earlier row"), Some(5_268));
    assert_eq!(count("`Quantity` holds values such as -1"), Some(10_624));
    assert_eq!(count("`UnitPrice` holds values"), Some(2));
}

#[test]
fn open_bandit_logs_its_own_propensities() {
    let Some(imported) = load("open_bandit/random/men/men.csv") else { return };
    let dataset = &imported.dataset;
    let roles = Roles::suggest(dataset);
    assert_eq!(columns_with(dataset, &roles, Role::Time), ["timestamp"]);
    assert_eq!(columns_with(dataset, &roles, Role::LoggingPropensity), ["propensity_score"]);
    assert_eq!(columns_with(dataset, &roles, Role::Action), ["item_id"]);
    assert_eq!(columns_with(dataset, &roles, Role::Outcome), ["click"]);
    assert_eq!(roles.logging, Logging::Column);
    assert_eq!(roles.role("column_1"), Role::Ignored, "a row counter");
    assert_eq!(roles.logging_propensities(dataset).unwrap().iter().filter(|p| p.is_nan()).count(), 0);
}

#[test]
fn purchases_of_1997_have_days_and_codes() {
    let Some(imported) = load("cdnow/cdnow_customers_summary.csv") else { return };
    assert_eq!(types(&imported.dataset), "iinn");
}

/// Problems as `severity column count message`, for a dataset and roles.
fn problems(columns: Vec<(&str, Cells)>, roles: &[(&str, Role)], change: impl Fn(&mut Roles)) -> Vec<String> {
    let columns = columns.into_iter().map(|(name, cells)| (name.to_owned(), cells)).collect();
    let dataset = Dataset::from_columns("t", columns).unwrap();
    let mut all = Roles { as_of: Some(0), ..Roles::default() };
    all.columns = roles.iter().map(|(name, role)| ((*name).to_owned(), *role)).collect();
    change(&mut all);
    let found = profile(&dataset, &all, &Task::default()).unwrap().problems;
    found
        .iter()
        .map(|p| format!("{:?} {} {} {}", p.severity, p.column.as_deref().unwrap_or("-"), p.count, p.message))
        .collect()
}

#[test]
fn problems_are_found_with_their_rows() {
    let arms = |a: u32, b: u32| Cells::from_texts((0..a + b).map(move |i| Some(if i < a { "A" } else { "B" })));
    let trial = |a: u32, b: u32| {
        problems(vec![("arm", arms(a, b))], &[("arm", Role::Action)], |roles| {
            roles.arms = [
                ("A".to_owned(), Arm::NoAction),
                ("B".to_owned(), Arm::Candidate { action: "b".into(), treatment: "t".into() }),
            ]
            .into();
            roles.logging = Logging::Randomised([("A".to_owned(), 0.5), ("B".to_owned(), 0.5)].into());
        })
    };
    let ids = || Cells::Integer(vec![1, 2, 2, 3]);
    let cases: Vec<(Vec<String>, &str)> = vec![
        (
            problems(vec![("x", Cells::Number(vec![1.0, f64::NAN, 3.0]))], &[], |_| {}),
            "Note x 1 `x` is missing in 1 of 3 rows",
        ),
        (
            problems(vec![("x", Cells::Number(vec![f64::NAN; 3]))], &[("x", Role::Outcome)], |_| {}),
            "Error x 3 `x` has no value at all",
        ),
        (
            problems(vec![("x", Cells::Integer(vec![7; 3]))], &[("x", Role::Feature)], |_| {}),
            "Warning x 0 `x` is 7 in every row",
        ),
        (
            problems(vec![("age", Cells::Integer(vec![20, 200, -1]))], &[], |_| {}),
            "Warning age 2 `age` holds values such as 200, which is no age",
        ),
        (
            problems(vec![("x", Cells::from_texts([Some("1"), Some("2"), Some("x")]))], &[], |_| {}),
            "Warning x 1 `x` mixes numbers (2 cells) with text such as `x`",
        ),
        (
            problems(vec![("id", ids()), ("x", Cells::Integer(vec![1, 5, 5, 2]))], &[("id", Role::Subject)], |_| {}),
            "Warning - 1 1 rows repeat an earlier row",
        ),
        (
            problems(vec![("id", ids()), ("x", Cells::Integer(vec![1, 5, 6, 2]))], &[("id", Role::Subject)], |_| {}),
            "Warning id 1 1 rows speak of a subject",
        ),
        (
            problems(vec![("x", ids())], &[("gone", Role::Feature)], |_| {}),
            "Error gone 0 `gone` has the role feature and is not in the data",
        ),
        (
            problems(vec![("x", Cells::from_texts([Some("a"), Some("b")]))], &[("x", Role::Outcome)], |_| {}),
            "Error x 0 `x` is an outcome and holds no numbers",
        ),
        (
            problems(vec![("x", ids())], &[("x", Role::Time)], |_| {}),
            "Error x 0 `x` has the role time and does not hold times",
        ),
        (
            problems(vec![("a", ids()), ("b", ids())], &[("a", Role::Subject), ("b", Role::Subject)], |_| {}),
            "Error b 0 2 columns have the role subject: a, b",
        ),
        (
            problems(vec![("arm", arms(2, 1))], &[("arm", Role::Action)], |_| {}),
            "Error arm 2 `A` of `arm` has no meaning",
        ),
        (
            problems(vec![("arm", arms(2, 1))], &[("arm", Role::Action)], |_| {}),
            "Warning arm 0 how history chose its actions is not known",
        ),
        (
            problems(
                vec![("p", Cells::Number(vec![0.5, 0.0, 1.5]))],
                &[("p", Role::LoggingPropensity), ("arm", Role::Action)],
                |r| r.logging = Logging::Column,
            ),
            "Error p 2 `p` is no probability",
        ),
        (trial(6_000, 4_000), "Error arm 0 sample ratio mismatch: the arms have A 6000, B 4000 rows"),
    ];
    for (found, expected) in cases {
        assert!(found.iter().any(|problem| problem.starts_with(expected)), "`{expected}` is not in {found:#?}");
    }
    let even = trial(5_010, 4_990);
    assert!(even.iter().all(|problem| problem.starts_with("Note")), "an even draw is no problem: {even:?}");
}

#[test]
fn wrong_designs_are_named() {
    let arms = || Cells::from_texts([Some("A"), Some("B"), Some("A"), Some("B")]);
    let with = |design: &[(&str, f64)]| {
        let design = design.iter().map(|(value, p)| ((*value).to_owned(), *p)).collect();
        problems(vec![("arm", arms())], &[("arm", Role::Action)], move |roles| {
            roles.arms =
                ["A", "B"].map(|v| (v.to_owned(), Arm::Candidate { action: v.into(), treatment: "t".into() })).into();
            roles.logging = Logging::Randomised(std::collections::BTreeMap::clone(&design));
        })
        .join("\n")
    };
    for (design, part) in [
        (&[("A", 0.5)][..], "no logging propensity for `B`"),
        (&[("A", 0.5), ("B", 0.6)], "sum to 1.1, not to 1"),
        (&[("A", 0.0), ("B", 1.0)], "0 of `A` is no probability"),
    ] {
        let found = with(design);
        assert!(found.contains(part), "{found}");
    }
}

#[test]
fn requests_refuse_what_they_cannot_serve() {
    let dataset = Dataset::from_columns(
        "t",
        vec![("n".into(), Cells::Integer(vec![1])), ("t".into(), Cells::from_texts([Some("x")]))],
    )
    .unwrap();
    let mut roles = Roles { as_of: Some(3), ..Roles::default() };
    roles.columns = [("n".to_owned(), Role::Feature), ("t".to_owned(), Role::Context)].into();
    let schema = roles.schema(&dataset);
    assert_eq!(schema.fields.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["n", "t"]);
    let request = Requests::new(&dataset, &roles, &schema).unwrap().get(0);
    assert_eq!(
        (request.subject.as_str(), request.now, &request.fields[..]),
        ("1", 3, &[Value::Integer(1), Value::text("x")][..])
    );
    let mut as_number = schema.clone();
    as_number.fields[0].type_ = Type::Number;
    assert_eq!(Requests::new(&dataset, &roles, &as_number).unwrap().get(0).fields[0], Value::Number(1.0));
    let mut as_bool = schema.clone();
    as_bool.fields[0].type_ = Type::Bool;
    let mut unnamed = schema.clone();
    (unnamed.fields[0].name, unnamed.fields[0].source) = ("m".into(), "m".into());
    let no_time = Roles { as_of: None, ..roles.clone() };
    for (roles, schema, part) in [
        (&roles, &as_bool, "is whole number where the policy expects true/false"),
        (&roles, &unnamed, "the policy needs this column"),
        (&no_time, &schema, "no `as_of`"),
    ] {
        let message = Requests::new(&dataset, roles, schema).err().unwrap().to_string();
        assert!(message.contains(part), "{message}");
    }
}
