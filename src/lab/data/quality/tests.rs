//! Every check on a table made to show it, with counts and rows; on real tables, with the counts that other programs find; and
//! every repair, applied.

use super::{CheckId, Known, LISTED_ROWS, LeaveOut, Problem, Range, Repair, Repairable, Severity, leave_out};
use crate::data::cells::Cells;
use crate::data::import::{CellParser, ImportOptions};
use crate::data::profile::profile_table;
use crate::data::tests::load;
use crate::data::{Dataset, Role, Roles, TableKind};
use crate::task::Task;
use attune_policy::recipe::{Op, Step};
use attune_policy::value::Type;

/// Steps that repair what a check finds; why there are none.
type Repairing<'a> = dyn FnMut(&[Problem], CheckId) -> Result<Vec<Step>, String> + 'a;

fn texts(values: &[&str]) -> Cells {
    Cells::from_texts(values.iter().map(|v| (!v.is_empty()).then_some(*v)))
}

fn roles(given: &[(&str, Role)]) -> Roles {
    Roles { columns: given.iter().map(|(name, role)| ((*name).to_owned(), *role)).collect(), ..Roles::default() }
}

/// The problems of one column of features.
fn of(name: &str, cells: Cells) -> Vec<Problem> {
    of_known(name, cells, Role::Feature, &Known::default())
}

fn of_known(name: &str, cells: Cells, role: Role, known: &Known<'_>) -> Vec<Problem> {
    let dataset = Dataset::from_columns("t", vec![(name.into(), cells)]).unwrap();
    profile_table(&dataset, &roles(&[(name, role)]), known, &Task::default()).unwrap().problems
}

/// `n` numbers from 0 to 99, then the others.
fn spread(n: usize, others: &[f64]) -> Cells {
    Cells::Number((0..n).map(|i| (i * 37 % 100) as f64).chain(others.iter().copied()).collect())
}

const DAY: i64 = 86_400_000;

#[test]
fn each_check_finds_what_it_is_for_with_its_rows() {
    let many: Vec<String> = (0..120).map(|i| format!("v{}", i % 110)).collect();
    let unique: Vec<String> = (0..30).map(|i| format!("v{i}")).collect();
    let of_texts = |values: &[String]| Cells::from_texts(values.iter().map(|v| Some(v.as_str())));
    let year_9999 = 253_402_214_400_000;
    let weekly: Vec<i64> = (0..30).map(|i| i * DAY).chain((60..90).map(|i| i * DAY)).collect();
    let mut repeated: Vec<i64> = (0..LISTED_ROWS as i64 * 2).collect();
    repeated.iter_mut().for_each(|x| *x %= 2);
    // Metres among centimetres.
    let metres = |i: i32| f64::from(160 + i * 7 % 29) / if i % 10 == 0 { 100.0 } else { 1.0 };
    let units = Cells::Number((0..400).map(metres).collect());
    use CheckId as C;
    #[expect(clippy::type_complexity, reason = "a table of cases")]
    let cases: Vec<(&str, Cells, C, &[u64], u64, &str)> = vec![
        ("x", Cells::Number(vec![1.0, f64::NAN, 3.0, f64::NAN]), C::Missing, &[2, 4], 2, "2 of 4 rows (50.0 %)"),
        ("x", Cells::Bool(vec![None, None]), C::Missing, &[1, 2], 2, "has no value at all"),
        ("x", Cells::Integer(vec![7, 7, Cells::MISSING]), C::Constant, &[], 0, "is 7 in every row where it is known"),
        ("x", of_texts(&unique), C::Identifier, &[], 0, "another value in every row"),
        ("x", Cells::Integer((5..40).collect()), C::Identifier, &[], 0, "another value in every row"),
        ("x", of_texts(&many), C::Identifier, &[], 0, "110 different values"),
        (
            "x",
            texts(&["1", "2.5", "three", "4"]),
            C::MixedTypes,
            &[3],
            1,
            "numbers (3 cells) with text such as `three`",
        ),
        ("x", texts(&["2024-01-02", "soon", "2024-03-04"]), C::MixedTypes, &[2], 1, "dates (2 cells)"),
        ("age", Cells::Integer(vec![30, 130, -2]), C::Impossible, &[2, 3], 2, "such as 130, which is no age"),
        ("UnitPrice", Cells::Number(vec![1.0, -0.5]), C::Impossible, &[2], 1, "is negative"),
        ("open_percent", Cells::Number(vec![50.0, 101.0]), C::Impossible, &[2], 1, "is no percentage"),
        ("p_probability", Cells::Number(vec![0.5, 1.5]), C::Impossible, &[2], 1, "is no probability"),
        ("born", Cells::Time(vec![0, -2_300_000_000_000]), C::Impossible, &[2], 1, "before 1900"),
        ("x", Cells::Integer(vec![1, 999, 2, 999, 27]), C::Sentinel, &[2, 4], 2, "is 999 in 2 rows"),
        ("x", Cells::Integer(vec![-999, 5, -999, 7]), C::Sentinel, &[1, 3], 2, "is -999 in 2 rows"),
        ("x", Cells::Time(vec![DAY, year_9999]), C::Sentinel, &[2], 1, "9999-12-31"),
        ("x", texts(&["admin", "Unknown", "admin"]), C::Sentinel, &[2], 1, "`Unknown` of `x` may stand"),
        ("height", units, C::MixedUnits, &[1, 11], 40, "in 40 rows and around 174 in the others, 100 times as much"),
        ("x", spread(400, &[1_000.0, -900.0]), C::Outliers, &[401, 402], 2, "in 2 rows (0.50 %)"),
        ("x", texts(&["a", " a", "b "]), C::Blanks, &[2, 3], 2, "begin or end with blanks"),
        (
            "x",
            texts(&["Email", "e-mail", "Email", "E Mail", "post"]),
            C::SimilarCategories,
            &[2, 4],
            2,
            "`Email` (2) and",
        ),
        ("x", Cells::Time(weekly), C::TimeGaps, &[30, 31], 0, "between 1970-01-30 and 1970-03-02: 31 days, where 1 or"),
        ("x", Cells::Integer(repeated), C::RepeatedRows, &[3, 4], 198, "198 rows repeat"),
    ];
    for (name, cells, check, rows, count, part) in cases {
        let role = if check == C::TimeGaps { Role::Time } else { Role::Feature };
        let found = of_known(name, cells, role, &Known::default());
        let problem = found.iter().find(|p| p.check == check && p.message.contains(part));
        let problem = problem.unwrap_or_else(|| panic!("no {check:?} with {part:?} in {found:#?}"));
        assert_eq!(problem.count, count, "{problem:?}");
        assert_eq!(&problem.rows[..rows.len()], rows, "{problem:?}");
        assert!(problem.rows.len() <= LISTED_ROWS && !check.definition().is_empty());
        let total = found.iter().filter(|p| p.check == check).count();
        assert_eq!(total, 1, "{check:?} stands {total} times: {found:#?}");
    }
}

#[test]
fn advice_fits_what_the_values_are() {
    let sales = Known { kind: TableKind::Transactions, ..Known::default() };
    let of_sale = |name: &str, cells: Cells| of_known(name, cells, Role::Feature, &sales);
    let invoices = || texts(&["536365", "536366", "C536379", "536380", "536381"]);
    let many = || spread(400, &[1_000.0]);
    // The column, the check, what is said, how grave it is, and whether a click may change the data.
    let cases = [
        // A letter before the digits is a code: read as a number it would be lost.
        (of("invoice", invoices()), CheckId::MixedTypes, "such as `C536379`", Severity::Note, false),
        (of("x", texts(&["1", "2", "three", "4"])), CheckId::MixedTypes, "such as `three`", Severity::Warning, true),
        // What came back was bought before: of sales it is no mistake.
        (
            of_sale("Quantity", Cells::Integer(vec![3, -1, 5])),
            CheckId::Impossible,
            "is negative",
            Severity::Note,
            false,
        ),
        (of("quantity", Cells::Integer(vec![3, -1, 5])), CheckId::Impossible, "is negative", Severity::Warning, true),
        (of_sale("age", Cells::Integer(vec![30, 400])), CheckId::Impossible, "is no age", Severity::Warning, true),
        // The end that is crossed, and no other.
        (of("amount", many()), CheckId::Outliers, "lies above ", Severity::Note, true),
        (of("amount", spread(400, &[-900.0])), CheckId::Outliers, "lies below ", Severity::Note, true),
        (of("amount", spread(400, &[-900.0, 1_000.0])), CheckId::Outliers, "lies outside ", Severity::Note, true),
        (of("x", texts(&["a  b", "a b", "a b"])), CheckId::SimilarCategories, "`a␣␣b` (1)", Severity::Warning, true),
    ];
    for (found, check, part, severity, by_click) in cases {
        let problem =
            found.iter().find(|problem| problem.check == check).unwrap_or_else(|| panic!("{part}: {found:#?}"));
        assert!(problem.message.contains(part), "{part}: {}", problem.message);
        assert_eq!((problem.severity, problem.repair.is_applicable()), (severity, by_click), "{problem:?}");
    }
}

#[test]
fn sound_columns_have_no_problem() {
    for (name, cells) in [
        ("age", Cells::Integer((0..60).map(|i| 20 + i % 50).collect())),
        ("mean_rating", spread(300, &[])),
        // Nines that are quantities: other values come near.
        ("points", Cells::Integer((0..500).map(|i| 600 + i % 400).collect())),
        // Small and large numbers, with others all the way between.
        ("income", Cells::Number((0..500).map(|i| libm::exp2(f64::from(i % 250) / 60.0)).collect())),
        ("channel", texts(&["email", "post", "email", "post", "sms", "sms"])),
        // As many as there are is no outlier where a quarter is more than half of the others.
        ("amount", Cells::Number((0..40).map(|i| f64::from(i % 10) * 10.0).collect())),
        ("joined", Cells::Time((0..50).map(|i| (i % 25) * DAY + i).collect())),
    ] {
        let found: Vec<Problem> = of(name, cells).into_iter().filter(|p| p.check != CheckId::RepeatedRows).collect();
        assert_eq!(found, [], "{name}");
    }
}

#[test]
fn what_is_known_of_a_table_is_held_against_it() {
    let dataset = Dataset::from_columns(
        "sales",
        vec![
            ("customer_id".into(), texts(&["7", "8", "", "9", "9"])),
            ("at".into(), Cells::Time(vec![DAY, 3 * DAY, DAY, DAY, DAY])),
            ("amount".into(), Cells::Number(vec![5.0, -1.0, 2.0, 3.0, 3.0])),
        ],
    )
    .unwrap();
    let customers = Dataset::from_columns("c", vec![("id".into(), Cells::Integer(vec![7, 8]))]).unwrap();
    let known = Known {
        kind: TableKind::Transactions,
        as_of: Some(2 * DAY),
        ranges: [("amount".to_owned(), Range { low: Some(0.0), high: None })].into(),
        customers: Some((&customers, "id")),
        steps: &[],
    };
    let roles = roles(&[("customer_id", Role::Subject), ("at", Role::Time), ("amount", Role::Feature)]);
    let problems = profile_table(&dataset, &roles, &known, &Task::default()).unwrap().problems;
    let told: Vec<(CheckId, &[u64], f64)> = problems.iter().map(|p| (p.check, &p.rows[..], p.share)).collect();
    assert_eq!(told[0], (CheckId::OutOfRange, &[2][..], 0.2));
    for expected in [
        (CheckId::Missing, &[3][..], 0.2),
        (CheckId::FutureDates, &[2], 0.2),
        (CheckId::BrokenKeys, &[4, 5], 0.4),
        (CheckId::RepeatedRows, &[5], 0.2),
    ] {
        assert!(told.contains(&expected), "{expected:?} is not in {told:#?}");
    }
    assert_eq!(told.len(), 5, "{problems:#?}");
    assert!(problems.windows(2).all(|pair| pair[0].severity >= pair[1].severity), "worst first");
    // The same rows as customers without a time are keys that come again.
    let again = Known { kind: TableKind::Lookup, ..Known::default() };
    let roles = self::roles(&[("customer_id", Role::Subject)]);
    let problems = profile_table(&dataset, &roles, &again, &Task::default()).unwrap().problems;
    let keys = problems.iter().find(|p| p.check == CheckId::RepeatedKeys).unwrap();
    assert_eq!((keys.severity, &keys.rows[..]), (Severity::Error, &[5][..]));
}

#[test]
fn repairs_do_what_they_say_and_only_once() {
    let apply = |repair: &Repair, roles: &mut Roles, options: &mut ImportOptions, out: &mut Vec<LeaveOut>| {
        let mut steps = Vec::new();
        for _ in 0..2 {
            let to = Repairable { options, leave_out: out, roles: Some(roles), steps: Some(&mut steps) };
            repair.apply(to).map_err(|e| e.to_string())?;
        }
        Ok::<_, String>(steps)
    };
    let (mut roles, mut options, mut out) = (Roles::default(), ImportOptions::default(), Vec::new());
    let mut repair = |problems: &[Problem], check: CheckId| {
        let problem = problems.iter().find(|p| p.check == check).unwrap_or_else(|| panic!("{check:?}: {problems:#?}"));
        assert!(!problem.repair.words().is_empty());
        apply(&problem.repair, &mut roles, &mut options, &mut out)
    };
    let steps = repair(&of("x", Cells::Number(vec![1.0, f64::NAN, 4.0])), CheckId::Missing).unwrap();
    assert_eq!((steps.len(), steps[0].output.as_str()), (1, "x_known"));
    let steps = repair(&of("x", spread(400, &[1_000.0])), CheckId::Outliers).unwrap();
    assert_eq!((steps.len(), steps[0].input.as_str(), steps[0].output.as_str()), (1, "x", "x_clipped"));
    let Op::Clip { low: Some(low), high: Some(high) } = steps[0].op else { panic!("{steps:?}") };
    assert!(low < 0.0 && high > 99.0 && high < 1_000.0, "the fences: {low} to {high}");
    assert_eq!(repair(&of("c", Cells::Integer(vec![7, 7])), CheckId::Constant), Ok(vec![]));
    assert_eq!(repair(&of("m", texts(&["1", "x", "2"])), CheckId::MixedTypes), Ok(vec![]));
    assert_eq!(repair(&of("s", Cells::Integer(vec![1, 999, 999, 3])), CheckId::Sentinel), Ok(vec![]));
    let clip = |output: &str, high| vec![Step::new(output, "age", Op::Clip { low: Some(0.0), high: Some(high) })];
    let ages = || Cells::Integer(vec![1, 400]);
    assert_eq!(repair(&of("age", ages()), CheckId::Impossible), Ok(clip("age_possible", 120.0)));
    let range = Range { low: Some(0.0), high: Some(99.0) };
    let known = Known { ranges: [("age".to_owned(), range)].into(), ..Known::default() };
    let declared = of_known("age", ages(), Role::Feature, &known);
    assert_eq!(repair(&declared, CheckId::OutOfRange), Ok(clip("age_in_range", 99.0)));
    // What is no input has no feature to be made of: its rows go.
    let outcome = of_known("age", ages(), Role::Outcome, &Known::default());
    assert_eq!(repair(&outcome, CheckId::Impossible), Ok(vec![]));
    let formula = |problems: &[Problem], check, repair: &mut Repairing<'_>| match &repair(problems, check).unwrap()[..]
    {
        [Step { op: Op::Formula(text), .. }] => text.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(formula(&of("b", texts(&[" a", "b"])), CheckId::Blanks, &mut repair), "trim(b)");
    let written = of("c", texts(&["a b", "A-B", "a b", "say \"x\"", "Say \"x\"", "say \"x\""]));
    assert_eq!(
        formula(&written, CheckId::SimilarCategories, &mut repair),
        r#"switch c { "A-B" => "a b", "Say \"x\"" => "say \"x\"", _ => c }"#
    );
    let cents = (0..300).map(|i| if i % 5 == 0 { 200.0 + f64::from(i) } else { 2.0 + f64::from(i) / 100.0 });
    let units = of("price", Cells::Number(cents.collect()));
    let text = formula(&units, CheckId::MixedUnits, &mut repair);
    assert!(text.starts_with("if price > ") && text.contains("{ price / 100.0 } else { price * 1.0 }"), "{text}");
    let words =
        repair(&of_known("b", texts(&[" a", "b"]), Role::Outcome, &Known::default()), CheckId::Blanks).unwrap_err();
    assert!(words.contains("nothing can be done about it by a program"), "{words}");
    assert_eq!(roles.role("c"), Role::Ignored);
    assert_eq!(options.types["m"], Type::Number);
    // In the column alone that the mark was found in, however it is written there.
    let parser = CellParser::new(&options);
    let of_s = parser.of_column(&options, "s", "s").unwrap();
    assert!(["999", "999.0", "NA"].iter().all(|text| of_s.is_missing(text)) && !of_s.is_missing("998"));
    assert!(!parser.is_missing("999") && parser.of_column(&options, "x", "x").is_none());
    assert_eq!(out, [LeaveOut::Outside { column: "age".into(), low: Some(0.0), high: Some(120.0) }]);
}

#[test]
fn no_two_problems_have_one_name_or_speak_of_the_same_ages() {
    let description = texts(&["?", "Missing", "missing", "mug", "?", "Mug"]);
    let ages = Cells::Integer(vec![20, 30, 40, 50, 60, 400]);
    let dataset = Dataset::from_columns("t", vec![("description".into(), description), ("age".into(), ages)]).unwrap();
    let roles = roles(&[("description", Role::Feature), ("age", Role::Feature), ("gone", Role::Outcome)]);
    let found = |known: &Known<'_>| profile_table(&dataset, &roles, known, &Task::default()).unwrap().problems;
    let plain = found(&Known::default());
    let ids: Vec<String> = plain.iter().map(Problem::id).collect();
    let different: std::collections::BTreeSet<&String> = ids.iter().collect();
    assert_eq!(different.len(), ids.len(), "{ids:?}");
    for id in ["sentinel:description=?", "sentinel:description=Missing", "sentinel:description=missing"] {
        let problem = plain.iter().find(|problem| problem.id() == id).unwrap_or_else(|| panic!("{id}: {ids:?}"));
        let text = id.rsplit('=').next().unwrap().to_owned();
        assert_eq!(problem.repair, Repair::MissingText { column: "description".into(), text });
    }
    // A declared range is what a person knows: the guess by the name says nothing of the ends it has.
    let of_age = |range: Range| {
        let problems = found(&Known { ranges: [("age".to_owned(), range)].into(), ..Known::default() });
        let mut checks: Vec<CheckId> =
            problems.iter().filter(|p| p.column.as_deref() == Some("age")).map(|p| p.check).collect();
        checks.retain(|check| matches!(check, CheckId::Impossible | CheckId::OutOfRange));
        checks
    };
    assert_eq!(of_age(Range { low: Some(0.0), high: Some(100.0) }), [CheckId::OutOfRange]);
    assert_eq!(of_age(Range { low: Some(0.0), high: None }), [CheckId::Impossible]);
    assert_eq!(of_age(Range { low: Some(0.0), high: Some(500.0) }), []);
}

#[test]
fn rows_are_left_out_by_rules_and_counted_once() {
    let dataset = Dataset::from_columns(
        "t",
        vec![
            ("k".into(), texts(&["a", "b", "", "a", "a", "c"])),
            ("x".into(), Cells::Number(vec![1.0, 2.0, 3.0, 1.0, 9.0, f64::NAN])),
            ("at".into(), Cells::Time(vec![1, 2, 3, 1, 5, Cells::MISSING])),
        ],
    )
    .unwrap();
    let named = |column: &str| column.to_owned();
    let kept = |rules: &[LeaveOut]| {
        let (kept, report) = leave_out(&dataset, rules).unwrap();
        let numbers: Vec<u64> = (0..kept.rows()).map(|row| kept.row_number(row)).collect();
        (numbers, report.iter().map(|left| (left.rows.clone(), left.count)).collect::<Vec<_>>())
    };
    let outside = |low, high| LeaveOut::Outside { column: named("x"), low, high };
    let one = |rule: LeaveOut| kept(&[rule]).0;
    assert_eq!(one(LeaveOut::RepeatedRows), [1, 2, 3, 5, 6]);
    assert_eq!(one(LeaveOut::RepeatedKeys { column: named("k") }), [1, 2, 3, 6]);
    assert_eq!(one(LeaveOut::Without { column: named("k") }), [1, 2, 4, 5, 6]);
    assert_eq!(one(outside(Some(2.0), Some(3.0))), [2, 3, 6], "what is not known lies nowhere");
    assert_eq!(one(LeaveOut::After { column: named("at"), instant: 3 }), [1, 2, 3, 4, 6]);
    let (rows, report) = kept(&[outside(None, Some(3.0)), LeaveOut::RepeatedKeys { column: named("k") }]);
    assert_eq!((rows, report), (vec![1, 2, 3, 6], vec![(vec![5], 1), (vec![4], 1)]));
    let words = leave_out(&dataset, &[LeaveOut::Without { column: named("gone") }]).unwrap_err().to_string();
    assert!(words.contains("column `gone`: rows without `gone` are left out, and there is no such column"), "{words}");
}

#[test]
fn repeats_are_those_of_a_comparison_of_all_pairs() {
    let mut random = crate::random::Random::new(11);
    for rows in [0usize, 1, 2, 300] {
        let mut column = |values: usize| (0..rows).map(|_| random.below(values)).collect::<Vec<_>>();
        let (a, b, c) = (column(3), column(4), column(5));
        let dataset = Dataset::from_columns(
            "t",
            vec![
                ("a".into(), Cells::Bool(a.iter().map(|i| [None, Some(true), Some(false)][*i]).collect())),
                ("b".into(), Cells::Number(b.iter().map(|i| [f64::NAN, 0.0, -0.0, 1.5][*i]).collect())),
                ("c".into(), Cells::from_texts(c.iter().map(|i| ["x", "y", "z", "", " "].get(*i).copied()))),
            ],
        )
        .unwrap();
        // Both zeros are one number.
        let zero = |i: usize| if b[i] == 2 { 1 } else { b[i] };
        let same = |i: usize, j: usize| a[i] == a[j] && c[i] == c[j] && zero(i) == zero(j);
        let expected: Vec<u32> = (0..rows).filter(|i| (0..*i).any(|j| same(*i, j))).map(|i| i as u32).collect();
        assert_eq!(super::rows::repeats(&dataset), expected);
    }
}

#[test]
fn real_tables_have_the_counts_that_others_find() {
    // The counts are pandas' own; fences from its quartiles.
    #[expect(clippy::type_complexity, reason = "a table of cases")]
    let cases: [(&str, &[(CheckId, Option<&str>, u64)]); 3] = [
        (
            "bank_marketing/bank-additional-full.csv",
            &[
                (CheckId::RepeatedRows, None, 12),
                (CheckId::Sentinel, Some("pdays"), 39_673),
                (CheckId::Outliers, Some("age"), 4),
                (CheckId::Outliers, Some("duration"), 1_043),
                (CheckId::Outliers, Some("campaign"), 1_094),
            ],
        ),
        ("telco_churn/telco_churn.csv", &[(CheckId::Missing, Some("TotalCharges"), 11)]),
        (
            "online_retail/online_retail.csv",
            &[
                (CheckId::RepeatedRows, None, 5_268),
                (CheckId::Missing, Some("CustomerID"), 135_080),
                (CheckId::Missing, Some("Description"), 1_454),
                (CheckId::Outliers, Some("Quantity"), 21_976),
                (CheckId::Outliers, Some("UnitPrice"), 12_850),
                (CheckId::Impossible, Some("Quantity"), 10_624),
                (CheckId::Impossible, Some("UnitPrice"), 2),
            ],
        ),
    ];
    for (file, expected) in cases {
        let Some(imported) = load(file) else { return };
        let roles = Roles::suggest(&imported.dataset);
        let retail = file.starts_with("online");
        let kind = if retail { TableKind::Transactions } else { TableKind::Customers };
        let known = Known { kind, ..Known::default() };
        let problems = profile_table(&imported.dataset, &roles, &known, &Task::default()).unwrap().problems;
        for (check, column, count) in expected {
            let found = problems.iter().find(|p| p.check == *check && p.column.as_deref() == *column);
            assert_eq!(found.map(|p| p.count), Some(*count), "{file}: {check:?} {column:?}");
        }
        if retail {
            let gaps: Vec<&str> =
                problems.iter().filter(|p| p.check == CheckId::TimeGaps).map(|p| p.message.as_str()).collect();
            assert_eq!(gaps.len(), 1, "{gaps:?}");
            assert!(gaps[0].contains("between 2010-12-23 and 2011-01-04: 12 days, where 2 or fewer"), "{gaps:?}");
        }
    }
}

#[test]
fn a_cancelled_search_stops() {
    let stopped = Task::default();
    stopped.cancel();
    let dataset = Dataset::from_columns("t", vec![("x".into(), spread(10, &[]))]).unwrap();
    let found = profile_table(&dataset, &Roles::default(), &Known::default(), &stopped);
    assert!(found.unwrap_err().is_cancelled());
}
