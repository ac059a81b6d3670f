//! The law of lowering: what the policy scores for a row's values is what the learner predicts for its encoded inputs.

use super::learner::{Examples, Fits};
use super::spec::{Family, Goal};
use super::testing::customers;
use super::{base, settings};
use crate::data::Dataset;
use crate::features;
use crate::task::Task;
use attune_policy::Value;
use attune_policy::model::{Calibration, Model, Scorer, Scratch};
use attune_policy::row::{Column, Row};

/// Learned on the first half of the rows, compared on all: (learner's prediction, policy's raw output) per row.
fn compare(family: &Family, goal: Goal, dataset: &Dataset) -> Vec<(f64, f64)> {
    let rows: Vec<u32> = (0..dataset.rows() as u32).collect();
    let half = &rows[..rows.len() / 2];
    let fields = ["driver", "noise", "gaps", "count", "flag", "plan"];
    let inputs = features::fit(dataset, half, &fields, base::style(family)).unwrap().inputs;
    let y: Vec<f64> = half
        .iter()
        .map(|&row| match goal {
            Goal::Propensity => f64::from(u8::from(dataset.value(row as usize, "bought") == Value::Integer(1))),
            Goal::Amount => match dataset.value(row as usize, "driver") {
                Value::Number(x) => 40.0 + 7.0 * x,
                _ => 31.5,
            },
        })
        .collect();
    let task = Task::default();
    let fits = Fits::new(&task, 1);
    let x = features::matrix(dataset, half, &inputs).unwrap();
    let categories = base::categories(&inputs);
    let examples = Examples { categories: &categories, ..Examples::new(&x, &y, goal) };
    let fitted = base::fit(family, &examples, 3, &fits.watch(0)).unwrap();
    let predicted = fitted.predict(&features::matrix(dataset, &rows, &inputs).unwrap()).unwrap();
    let weights = fitted.weights();
    assert_eq!(weights.len(), inputs.len());
    let driver = inputs.iter().position(|input| input.field == "driver").unwrap();
    assert!(weights[driver] > 0.0 && weights.iter().all(|weight| weight.is_finite() && *weight >= 0.0));

    let model = Model {
        id: "m".into(),
        name: "m".into(),
        target: String::new(),
        inputs,
        function: fitted.lower(),
        calibration: Calibration::Identity,
        fallback: 0.5,
        ..Model::default()
    };
    assert_eq!(model.function.link(), Some(fitted.link()));
    let columns: Vec<Column> =
        dataset.columns().iter().map(|c| Column { name: c.name.clone(), type_: c.type_ }).collect();
    let scorer = Scorer::compile(&model, &columns).unwrap();
    let mut buffer = Scratch::default();
    let mut score = |row: usize| {
        let values: Vec<Value> = (0..columns.len()).map(|at| dataset.value_at(row, at)).collect();
        let scored = scorer.score(&Row::complete(&values), &mut buffer);
        assert!(!scored.degraded());
        scored.value
    };
    predicted.iter().enumerate().map(|(row, &p)| (p, score(row))).collect()
}

#[test]
fn every_family_scores_in_a_policy_what_it_predicts() {
    let (dataset, _) = customers(3000, 21);
    let mut seen = 0;
    for family in Family::all() {
        for goal in [Goal::Propensity, Goal::Amount] {
            if settings::check(&family, goal).is_err() {
                continue;
            }
            seen += 1;
            let pairs = compare(&family, goal, &dataset);
            let words = family.words();
            let spread = pairs.iter().map(|(p, _)| *p).fold((f64::MAX, f64::MIN), |(a, b), p| (a.min(p), b.max(p)));
            assert!(spread.1 - spread.0 > 0.2, "{words} {goal:?} tells rows apart: {spread:?}");
            for (predicted, scored) in pairs {
                let size = 1.0 + predicted.abs();
                assert!((predicted - scored).abs() <= 1e-12 * size, "{words} {goal:?}: {predicted} {scored}");
            }
        }
    }
    assert!(seen >= Family::all().len());
}

#[test]
fn lowered_trees_are_the_learners_bit_for_bit() {
    let (dataset, _) = customers(3000, 22);
    for (predicted, scored) in compare(&Family::boosted(), Goal::Propensity, &dataset) {
        assert_eq!(predicted.to_bits(), scored.to_bits());
    }
}
