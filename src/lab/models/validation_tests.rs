//! Earlier rows predict later ones, and nothing lies on both sides.

use super::*;
use crate::data::cells::Cells;

/// 100 rows, two per subject, whose times run backwards; every tenth has none.
fn world() -> (Dataset, Roles, Target) {
    let ids: Vec<String> = (0..100).map(|i| format!("c{}", i / 2)).collect();
    let time = |i: i64| if i % 10 == 9 { Cells::MISSING } else { 1000 * (100 - i) };
    let dataset = Dataset::from_columns(
        "world",
        vec![
            ("id".into(), Cells::from_texts(ids.iter().map(|id| Some(id.as_str())))),
            ("when".into(), Cells::Time((0..100).map(time).collect())),
            ("y".into(), Cells::Integer((0..100).map(|i| i % 3 % 2).collect())),
        ],
    )
    .unwrap();
    let mut roles = Roles::default();
    roles.columns.insert("id".into(), Role::Subject);
    roles.columns.insert("when".into(), Role::Time);
    let labels: Vec<bool> = (0..100).map(|i| i % 3 == 1).collect();
    let values = labels.iter().map(|&y| f64::from(u8::from(y))).collect();
    (dataset, roles, Target { rows: (0..100).collect(), values, labels, treated: Vec::new(), unlabelled: 0 })
}

fn of(validation: Validation, calibration: Calibrate) -> Result<Plan> {
    let (dataset, roles, target) = world();
    let spec = ModelSpec { validation, calibration, ..ModelSpec::new("m", "y") };
    plan(&spec, &dataset, &roles, &target)
}

#[test]
fn later_rows_are_predicted_from_earlier_ones() {
    // Times 100,000 down to 1,000 in rows 0 to 99; rows 9, 19 … have none.
    for (validation, late) in [
        (Validation::Time(Cut::At(81_000)), (0..20).filter(|i| i % 10 != 9).collect::<Vec<u32>>()),
        (Validation::Time(Cut::Share(0.2)), (0..20).filter(|i| i % 10 != 9).collect()),
        (Validation::FileOrder(0.25), (75..100).collect()),
    ] {
        let plan = of(validation, Calibrate::Platt).unwrap();
        let [Part { train, test }] = plan.measured.as_slice() else { panic!("one part") };
        assert_eq!(*test, late, "{validation:?}");
        assert!(train.iter().all(|row| !test.contains(row)));
        let known = if matches!(validation, Validation::Time(_)) { 90 } else { 100 };
        assert_eq!(train.len() + test.len(), known);
        // What calibrates are the earlier rows, each once.
        let mut calibrating: Vec<u32> = plan.calibrating.iter().flat_map(|part| part.test.clone()).collect();
        calibrating.sort_unstable();
        assert_eq!(calibrating, *train);
        assert!(plan.note.starts_with(&format!("measured on the {} later rows", test.len())), "{}", plan.note);
        assert!(of(validation, Calibrate::None).unwrap().calibrating.is_empty());
    }
    let note = of(Validation::FileOrder(0.25), Calibrate::None).unwrap().note;
    assert!(note.contains("1 of the later rows are of subjects that the model knew"), "{note}");
}

#[test]
fn folds_hold_every_row_once() {
    let plan = of(Validation::Folds, Calibrate::Platt).unwrap();
    let mut tested: Vec<u32> = plan.measured.iter().flat_map(|part| part.test.clone()).collect();
    tested.sort_unstable();
    assert_eq!(tested, (0..100).collect::<Vec<u32>>());
    assert!(plan.measured.iter().all(|part| part.train.len() + part.test.len() == 100));
    assert!(plan.calibrating.is_empty());
}

#[test]
fn times_that_part_nothing_are_refused() {
    for (validation, expected) in [
        (Validation::Time(Cut::At(0)), "no training row lies before the time"),
        (Validation::Time(Cut::At(i64::MAX)), "no training row lies at or after the time"),
    ] {
        let error = of(validation, Calibrate::None).err().unwrap().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    let (dataset, _, target) = world();
    let spec = ModelSpec { validation: Validation::Time(Cut::Share(0.2)), ..ModelSpec::new("m", "y") };
    let error = plan(&spec, &dataset, &Roles::default(), &target).err().unwrap().to_string();
    assert!(error.contains("needs a column with the role time"), "{error}");
    let mut roles = Roles::default();
    roles.columns.insert("y".into(), Role::Time);
    let error = plan(&spec, &dataset, &roles, &target).err().unwrap().to_string();
    assert!(error.starts_with("column `y`: has the role time but holds no times"), "{error}");
}
