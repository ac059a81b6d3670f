//! Leaderboards: the best first, equals told from equals only by chance, failures named.

use super::*;
use crate::data::Role;
use crate::models::testing::customers;
use crate::models::{Calibrate, Family};

fn specs(families: &[(&str, Family)]) -> Vec<ModelSpec> {
    let spec = |(id, family): &(&str, Family)| ModelSpec {
        id: (*id).to_owned(),
        family: family.clone(),
        folds: 3,
        calibration: Calibrate::None,
        ..ModelSpec::new("m", "bought")
    };
    families.iter().map(spec).collect()
}

fn run(specs: &[ModelSpec]) -> Result<Board> {
    let (dataset, roles) = customers(2500, 41);
    let rows: Vec<u32> = (0..2500).collect();
    board(specs, &dataset, &roles, &rows, &Task::default())
}

#[test]
fn the_best_stands_first_and_what_is_level_is_marked() {
    let stump = Family::Tree { depth: 1, min_rows: 50 };
    let families = [
        ("stump", stump),
        ("plain", Family::logistic()),
        ("twin", Family::Logistic { l2: 1.01 }),
        ("bad", Family::Logistic { l2: -1.0 }),
    ];
    let board = run(&specs(&families)).unwrap();
    let order: Vec<&str> = board.entries.iter().map(|entry| entry.spec.id.as_str()).collect();
    assert_eq!(order[2], "stump");
    let [first, second, last] = board.entries.as_slice() else { panic!("three entries") };
    assert_eq!(first.behind, Estimate::default());
    assert!(first.level && second.level && !last.level);
    assert!(second.behind.value >= 0.0 && second.behind.high < 0.002, "{:?}", second.behind);
    assert!((last.behind.value - (first.quality.auc.value - last.quality.auc.value)).abs() < 1e-12);
    assert!(last.behind.low > 0.01, "{:?}", last.behind);
    assert_eq!(board.failed, [("bad".to_owned(), "model `bad`: l2 must be 0 or more".to_owned())]);
    assert_eq!(board.rows, 2500);
    assert!(board.measured_on.starts_with("out-of-fold numbers: 3 folds"));
}

#[test]
fn what_is_not_the_same_contest_is_refused() {
    let mut two = specs(&[("a", Family::logistic()), ("b", Family::logistic())]);
    two[1].seed = 1;
    assert!(run(&two).unwrap_err().to_string().starts_with("`a` and `b` cannot be compared"));
    assert!(run(&[]).is_err());
    let bad = specs(&[("a", Family::Logistic { l2: -1.0 })]);
    assert!(run(&bad).unwrap_err().to_string().starts_with("none of the models could be trained: model `a`"));
}

#[test]
fn amounts_are_ranked_by_r2() {
    let (dataset, mut roles) = customers(1500, 41);
    roles.columns.insert("driver".into(), Role::Outcome);
    roles.columns.insert("bought".into(), Role::Feature);
    let rows: Vec<u32> = (0..1500).collect();
    let of = |id: &str, family| ModelSpec { goal: Goal::Amount, family, folds: 2, ..ModelSpec::new(id, "driver") };
    // A penalty so large that only the mean is left.
    let specs = [of("mean", Family::Linear { l2: 1e12 }), of("line", Family::linear())];
    let board = board(&specs, &dataset, &roles, &rows, &Task::default()).unwrap();
    assert_eq!(board.entries[0].spec.id, "line");
    let [line, mean] = board.entries.as_slice() else { panic!("two entries") };
    let (line, of_mean) = (line.amount.unwrap(), mean.amount.unwrap());
    assert!(line.r2.value > 0.2 && of_mean.r2.value.abs() < 0.01, "{line:?} {of_mean:?}");
    assert!((mean.behind.value - (line.r2.value - of_mean.r2.value)).abs() < 1e-9 && mean.behind.low > 0.0);
}
