//! Worlds with a known fault, and one without.

use super::*;
use crate::data::Role;
use crate::data::cells::Cells;
use crate::models::Family;
use crate::models::testing::customers;
use crate::random::Random;

/// The customers of the other tests with more columns.
fn with(extra: Vec<(&str, Cells)>, rows: usize, seed: u64) -> (Dataset, Roles) {
    let (dataset, mut roles) = customers(rows, seed);
    let mut columns: Vec<(String, Cells)> = dataset
        .columns()
        .iter()
        .map(|column| (column.name.clone(), dataset.cells(&column.name).unwrap().clone()))
        .collect();
    for (name, cells) in extra {
        let role = if name == "when" { Role::Time } else { Role::Feature };
        roles.columns.insert(name.to_owned(), role);
        columns.push((name.to_owned(), cells));
    }
    (Dataset::from_columns("customers", columns).unwrap(), roles)
}

fn ask(dataset: &Dataset, roles: &Roles, fields: &[&str], options: &Options) -> Honesty {
    let mut family = Family::boosted();
    if let Family::Boosted { trees, .. } = &mut family {
        *trees = 30;
    }
    let spec = ModelSpec { family, ..ModelSpec::new("m", "bought") };
    let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
    let rows: Vec<u32> = (0..dataset.rows() as u32).collect();
    honesty(&spec, &fields, dataset, roles, &rows, options, &Task::default()).unwrap()
}

fn verdict(out: &Honesty, check: Check) -> Verdict {
    out.findings.iter().filter(|f| f.check == check).map(|f| f.verdict).max().unwrap()
}

const QUICK: Options = Options { runs: 19, luck_rows: 1500, order: None, seed: 1 };

#[test]
fn an_honest_model_raises_no_alarm() {
    let mut random = Random::new(1);
    let when = Cells::Time((0..3000).map(|_| random.below(1_000_000) as i64).collect());
    let (dataset, roles) = with(vec![("when", when)], 3000, 8);
    let options = Options { order: Some(Order::Column("when".into())), ..QUICK };
    let out = ask(&dataset, &roles, &["driver", "plan", "flag", "noise"], &options);
    for check in [Check::Copy, Check::LaterTimes, Check::Time, Check::Twins, Check::Luck] {
        assert_eq!(verdict(&out, check), Verdict::Fine, "{check:?}: {:#?}", out.findings);
    }
    // One strong column among weak ones is pointed at, since nobody but people can tell it from a leak; so is a model that does no
    // better than a line about it.
    assert_eq!((verdict(&out, Check::Leak), verdict(&out, Check::OneLine)), (Verdict::Look, Verdict::Look));
    let luck = out.luck.unwrap();
    assert_eq!((luck.shuffled.len(), luck.p), (19, 0.05));
    assert!(luck.shuffled[18] < 0.6 && luck.shuffled[0] > 0.4, "{luck:?}");
    assert_eq!(out.alone[0].field, "driver");
    assert!(out.trained_on + out.rows == 3000 && out.auc.low > 0.7);
    assert!(out.rule.unwrap().words.starts_with("driver is"));
}

#[test]
fn noise_could_be_luck_and_is_no_better_than_a_line() {
    // Noise passes a test at one in twenty about once in twenty times.
    let mut caught = (0, 0);
    for seed in 9..14 {
        let (dataset, roles) = with(vec![], 1500, seed);
        let out = ask(&dataset, &roles, &["noise", "gaps"], &QUICK);
        let luck = out.luck.as_ref().unwrap();
        assert_eq!(luck.sentence.starts_with("This could be luck"), verdict(&out, Check::Luck) == Verdict::Alarm);
        caught.0 += usize::from(verdict(&out, Check::Luck) == Verdict::Alarm);
        caught.1 += usize::from(verdict(&out, Check::OneLine) == Verdict::Look);
        assert!(out.findings.is_sorted_by(|a, b| a.verdict >= b.verdict), "the worst first");
    }
    assert!(caught.0 >= 4 && caught.1 >= 4, "{caught:?} of 5");
}

#[test]
fn copies_of_the_outcome_and_leaks_are_named() {
    let (plain, _) = customers(2000, 10);
    let outcome = plain.numbers("bought").unwrap();
    let mut random = Random::new(2);
    // A monotone form of the outcome, and a column that mostly follows it.
    let copy = Cells::Number(outcome.iter().map(|y| y.exp() * 3.0 + random.uniform()).collect());
    let leak = Cells::Number(outcome.iter().map(|y| 2.6 * y + random.normal()).collect());
    let (dataset, roles) = with(vec![("copy", copy), ("leak", leak)], 2000, 10);
    let quick = Options { runs: 0, ..QUICK };
    let out = ask(&dataset, &roles, &["driver", "plan", "copy", "leak"], &quick);
    let named = |check: Check| out.findings.iter().find(|f| f.check == check).unwrap();
    assert_eq!((named(Check::Copy).field.as_deref(), named(Check::Copy).verdict), (Some("copy"), Verdict::Alarm));
    assert_eq!(named(Check::Leak).field.as_deref(), Some("leak"));
    assert!(verdict(&out, Check::Leak) >= Verdict::Look && out.luck.is_none());
}

#[test]
fn the_future_and_rows_seen_twice_are_found() {
    // `drift` numbers the weeks, each of which has its own rate; only who saw the week knows it.
    let mut random = Random::new(3);
    let n = 3000;
    let weeks: Vec<usize> = (0..n).map(|i| i / 60).collect();
    let rates: Vec<f64> = (0..50).map(|_| if random.chance(0.5) { 0.9 } else { 0.1 }).collect();
    let y: Vec<i64> = weeks.iter().map(|&w| i64::from(random.chance(rates[w]))).collect();
    let columns = vec![
        ("bought".into(), Cells::Integer(y)),
        ("week".into(), Cells::Integer(weeks.iter().map(|&w| w as i64).collect())),
        ("when".into(), Cells::Time((0..n as i64).collect())),
        ("returned".into(), Cells::Time((0..n as i64).map(|i| if i % 2 == 0 { i + 5 } else { i - 5 }).collect())),
    ];
    let dataset = Dataset::from_columns("weeks", columns).unwrap();
    let mut roles = Roles::default();
    for (name, role) in
        [("bought", Role::Outcome), ("week", Role::Feature), ("when", Role::Time), ("returned", Role::Feature)]
    {
        roles.columns.insert(name.into(), role);
    }
    let options = Options { runs: 0, order: Some(Order::Rows), ..QUICK };
    let out = ask(&dataset, &roles, &["week"], &options);
    let split = out.time.clone().unwrap();
    assert!(split.fall.low > 0.2 && split.rows == 900, "{split:?}");
    assert_eq!(verdict(&out, Check::Time), Verdict::Look);
    assert_eq!(verdict(&out, Check::LaterTimes), Verdict::Alarm);
    let later = out.findings.iter().find(|f| f.check == Check::LaterTimes).unwrap();
    assert!(later.sentence.contains("`returned` lies after the decision in 1500 of 3000 rows"), "{}", later.sentence);
    // One column of 50 values: every row has a twin.
    assert_eq!((verdict(&out, Check::Twins), out.twins.twins), (Verdict::Look, out.twins.rows));
    // The same by the column of times.
    let by_column = Options { order: Some(Order::Column("when".into())), ..options };
    assert_eq!(ask(&dataset, &roles, &["week"], &by_column).time, Some(split));
}

#[test]
fn what_cannot_be_asked_is_said_and_the_rest_is_asked() {
    let one_time = Cells::Time(vec![5; 1500]);
    let (dataset, roles) = with(vec![("when", one_time)], 1500, 8);
    let options = Options { runs: 5, order: Some(Order::Column("when".into())), ..QUICK };
    let out = ask(&dataset, &roles, &["driver", "plan"], &options);
    let of = |check: Check| out.findings.iter().find(|f| f.check == check).unwrap();
    assert_eq!((of(Check::Time).verdict, out.time.as_ref()), (Verdict::NotEvaluated, None));
    assert!(of(Check::Time).sentence.contains("one and the same time"), "{}", of(Check::Time).sentence);
    // Five runs cannot bring p below a sixth, however good the model is.
    assert_eq!(verdict(&out, Check::Luck), Verdict::NotEvaluated, "{:#?}", out.luck);
    assert!(of(Check::Luck).sentence.contains("ask for at least 19"), "{}", of(Check::Luck).sentence);
    assert!(verdict(&out, Check::OneLine) >= Verdict::Fine && out.auc.low > 0.7);
}

#[test]
fn p_values_are_never_zero() {
    for (as_good, runs, p) in [(0, 19, 0.05), (0, 0, 1.0), (3, 9, 0.4)] {
        assert_eq!(luck::p_value(as_good, runs), p);
    }
}
