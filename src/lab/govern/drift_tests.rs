//! Drift of whole tables: every number of the reference file, what cannot be compared, and no alarm without drift.

use super::*;
use crate::features::testing::{imported, shared};
use crate::random::Random;

#[test]
fn bank_marketing_has_moved_as_in_the_reference() {
    let (Some(data), Some(file)) =
        (imported("data/bank_marketing/bank-additional-full.csv"), shared("reference/drift/psi_reference.json"))
    else {
        return;
    };
    let (before, after) = split(&data, 0.8).unwrap();
    assert_eq!((before.rows(), after.rows()), (32_950, 8_238));
    let report = drift(&before, &after, &[], &Task::default()).unwrap();
    assert_eq!((report.columns.len(), report.skipped.len()), (21, 0));
    let expected: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let mut compared = 0;
    for (name, numbers) in expected.as_object().unwrap() {
        let found = report.columns.iter().find(|c| c.column == *name).unwrap_or_else(|| panic!("{name}"));
        let found = serde_json::to_value(found).unwrap();
        for (key, expected) in numbers.as_object().unwrap() {
            let (found, expected) = (found[key].as_f64().unwrap(), expected.as_f64().unwrap());
            assert!((found - expected).abs() < 1e-9, "{name} {key}: {found} {expected}");
            compared += 1;
        }
    }
    assert_eq!(compared, 35);
    let euribor = report.columns.iter().find(|c| c.column == "euribor3m").unwrap();
    assert_eq!((euribor.band, euribor.psi_q10 > euribor.psi_critical), (Band::MovedFar, true));
}

fn table(seed: u64, rows: usize, shift: f64) -> Dataset {
    let mut random = Random::new(seed);
    let number: Vec<f64> = (0..rows).map(|_| random.normal() + shift).collect();
    let text: Vec<&str> = (0..rows).map(|_| ["a", "b", "c"][random.pick(&[0.5, 0.3, 0.2 + shift])]).collect();
    let gaps: Vec<i64> =
        (0..rows).map(|_| if random.chance(0.3) { Cells::MISSING } else { random.below(50) as i64 }).collect();
    Dataset::from_columns(
        "t",
        vec![
            ("number".into(), Cells::Number(number)),
            ("text".into(), Cells::from_texts(text.into_iter().map(Some))),
            ("gaps".into(), Cells::Integer(gaps)),
            ("when".into(), Cells::Time(vec![0; rows])),
            ("empty".into(), Cells::Number(vec![f64::NAN; rows])),
        ],
    )
    .unwrap()
}

#[test]
fn without_drift_the_critical_value_is_passed_as_often_as_it_says() {
    let (mut passed, mut all) = (0, 0);
    for seed in 0..100 {
        let report = drift(&table(seed, 800, 0.0), &table(1_000 + seed, 500, 0.0), &[], &Task::default()).unwrap();
        assert_eq!(report.columns.len(), 3);
        for column in &report.columns {
            passed += usize::from(column.psi() > column.psi_critical.unwrap());
            all += 1;
        }
    }
    // 5 % of 300, give or take three standard deviations and what an approximation is off.
    assert!((4..=28).contains(&passed), "{passed} of {all}");
    let moved = drift(&table(1, 800, 0.0), &table(2, 500, 1.0), &["number".into()], &Task::default()).unwrap();
    assert_eq!((moved.columns.len(), moved.columns[0].band), (1, Band::MovedFar));
    assert!(moved.columns[0].ks_p < Some(1e-6));
}

#[test]
fn what_is_not_compared_is_said() {
    let (before, after) = (table(1, 50, 0.0), table(2, 40, 0.0));
    let report = drift(&before, &after, &[], &Task::default()).unwrap();
    let why: Vec<&str> = report.skipped.iter().map(|(_, why)| why.as_str()).collect();
    assert_eq!(why, ["times move by themselves", "all of its values are missing in the reference"]);
    let gaps = report.columns.iter().find(|c| c.column == "gaps").unwrap();
    assert!(gaps.missing.iter().all(|share| (0.1..0.5).contains(share)));
    assert!((gaps.shares.iter().map(|(_, r, _)| r).sum::<f64>() - 1.0).abs() < 1e-12, "missing values have no share");

    let only = Dataset::from_columns("o", vec![("other".into(), Cells::Integer(vec![1]))]).unwrap();
    let report = drift(&before, &only, &[], &Task::default()).unwrap();
    assert_eq!((report.columns.len(), report.skipped.len()), (0, 6));
    assert!(report.skipped.contains(&("other".into(), "it is not in the reference".into())));
    // A number that became text is compared as categories.
    let texts = Dataset::from_columns("x", vec![("gaps".into(), Cells::from_texts([Some("7"), Some("x")]))]).unwrap();
    let report = drift(&before, &texts, &["gaps".into()], &Task::default()).unwrap();
    assert!(report.columns[0].psi_cat.is_some());

    let error = drift(&before, &after, &["nmber".into()], &Task::default()).unwrap_err().to_string();
    assert_eq!(error, "column `nmber`: there is no such column in the reference; did you mean `number`?");
    for share in [0.0, 1.0, f64::NAN, -3.0] {
        assert!(split(&before, share).is_err(), "{share}");
    }
    let empty = before.select(&[]);
    assert!(drift(&before, &empty, &[], &Task::default()).unwrap_err().to_string().contains("the present has no rows"));
    let task = Task::default();
    task.cancel();
    assert_eq!(drift(&before, &after, &[], &task), Err(Error::Cancelled));
}
