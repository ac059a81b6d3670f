//! Purchases counted by hand, and tables that are counted already.

use super::*;
use crate::data::cells::Cells;
use crate::features::transactions::{DAY, Line};

fn purchases(rows: &[(u32, i64, f64)]) -> Purchases {
    let customers = rows.iter().map(|r| r.0).max().map_or(0, |last| last + 1);
    Purchases {
        customers: (0..customers).map(|i| CustomerId::Integer(i64::from(i))).collect(),
        // Some hour of the day: the day alone counts.
        lines: rows
            .iter()
            .map(|(customer, day, amount)| Line {
                customer: *customer,
                time: day * DAY + i64::from(*customer) * 1_000,
                invoice: 0,
                amount: Some(*amount),
                row: 0,
            })
            .collect(),
        ..Purchases::default()
    }
}

const ROWS: [(u32, i64, f64); 9] = [
    (0, 100, 5.0),
    (0, 114, 2.0),
    (0, 114, 3.0), // the same day: one purchase
    (0, 121, 7.0),
    (1, 107, 1.0),
    (1, 136, 4.0), // after the end
    (1, 136, 5.0),
    (1, 139, 1.0),
    (2, 130, 9.0), // too new
];

#[test]
fn days_are_merged_and_the_first_is_no_repeat() {
    let periods = Periods { end_day: Some(128), holdout_days: None, days: 7.0 };
    let found = histories(&purchases(&ROWS), periods, &Task::default()).unwrap();
    assert_eq!((found.first_day, found.end_day, found.too_new, found.customers.len()), (Some(100), Some(128), 1, 2));
    assert!((found.holdout - 11.0 / 7.0).abs() < 1e-12);
    let [a, b] = &found.customers[..] else { panic!("two customers") };
    assert_eq!(a.history, History { x: 2.0, t_x: 3.0, t: 4.0 });
    assert_eq!((a.mean_spend, a.later, a.next, a.gaps.clone()), (Some(6.0), 0.0, None, vec![2.0, 1.0]));
    assert_eq!(b.history, History { x: 0.0, t_x: 0.0, t: 3.0 });
    assert_eq!((b.mean_spend, b.later, b.later_spend, b.next), (None, 2.0, 10.0, Some(8.0 / 7.0)));

    let shorter = Periods { holdout_days: Some(8), ..periods };
    assert_eq!(histories(&purchases(&ROWS), shorter, &Task::default()).unwrap().customers[1].later, 1.0);
    let whole = Periods { end_day: None, holdout_days: None, days: 1.0 };
    let found = histories(&purchases(&ROWS), whole, &Task::default()).unwrap();
    assert_eq!((found.customers.len(), found.holdout, found.customers[1].history.x), (3, 0.0, 2.0));
    for (periods, words) in [
        (Periods { holdout_days: Some(12), ..periods }, "ends 1 days after the last purchase of the table; ask for 11"),
        (Periods { end_day: Some(99), ..periods }, "no customer has a purchase up to the end"),
    ] {
        let error = histories(&purchases(&ROWS), periods, &Task::default()).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn the_future_changes_no_history() {
    let periods = Periods { end_day: Some(128), holdout_days: None, days: 7.0 };
    let cut: Vec<(u32, i64, f64)> = ROWS.into_iter().filter(|row| row.1 <= 128).collect();
    let known = |rows: &[(u32, i64, f64)]| -> Vec<(History, Option<f64>, Vec<f64>)> {
        let found = histories(&purchases(rows), periods, &Task::default()).unwrap();
        found.customers.into_iter().map(|c| (c.history, c.mean_spend, c.gaps)).collect()
    };
    assert_eq!(known(&ROWS), known(&cut));
}

#[test]
fn tables_of_summaries_are_read_or_refused_by_row() {
    let table = |t: Vec<f64>| {
        Dataset::from_columns(
            "summary",
            vec![
                ("ID".into(), Cells::Integer(vec![7, 9])),
                ("frequency".into(), Cells::Integer(vec![2, 0])),
                ("recency".into(), Cells::Number(vec![30.43, 0.0])),
                ("T".into(), Cells::Number(t)),
                ("monetary_value".into(), Cells::Number(vec![22.35, 0.0])),
            ],
        )
        .unwrap()
    };
    let good = table(vec![38.86, 12.0]);
    let columns = SummaryColumns::find(&good).unwrap();
    let found = from_summary(&good, &columns).unwrap();
    assert_eq!(found.customers[0].history, History { x: 2.0, t_x: 30.43, t: 38.86 });
    assert_eq!((&found.customers[1].id, found.customers[1].mean_spend), (&CustomerId::Integer(9), None));
    for bad in [table(vec![38.86, f64::NAN]), table(vec![38.86, -1.0])] {
        let error = from_summary(&bad, &columns).unwrap_err().to_string();
        assert!(error.starts_with("row 2: 0 repeat purchases"), "{error}");
    }
    let other = Dataset::from_columns("o", vec![("frequency".into(), Cells::Integer(vec![1]))]).unwrap();
    assert_eq!(SummaryColumns::find(&other), None);
}
