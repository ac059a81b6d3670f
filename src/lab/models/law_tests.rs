//! The law of lowering: what the policy scores for a row's values is what the learner predicts for its encoded inputs.

use super::learner::{Fits, Learner};
use super::testing::customers;
use super::{boosted, logistic};
use crate::data::Dataset;
use crate::features;
use crate::task::Task;
use attune_policy::Value;
use attune_policy::model::{Calibration, Link, Model, Scorer, Scratch};
use attune_policy::row::{Column, Row};

/// Learned on the first half of the rows, compared on all: (learner's margin, policy's raw output) per row.
fn compare(learner: &dyn Learner, dataset: &Dataset) -> Vec<(f64, f64)> {
    let rows: Vec<u32> = (0..dataset.rows() as u32).collect();
    let half = &rows[..rows.len() / 2];
    let fields = ["driver", "noise", "gaps", "count", "flag", "plan"];
    let inputs = features::fit(dataset, half, &fields, learner.style()).unwrap().inputs;
    let y: Vec<bool> = half.iter().map(|&row| dataset.value(row as usize, "bought") == Value::Integer(1)).collect();
    let task = Task::default();
    let fits = Fits::new(&task, 1);
    let fitted = learner.fit(&features::matrix(dataset, half, &inputs).unwrap(), &y, &fits.watch(0)).unwrap();
    let margins = fitted.margins(&features::matrix(dataset, &rows, &inputs).unwrap()).unwrap();

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
    margins.iter().enumerate().map(|(row, &z)| (z, score(row))).collect()
}

#[test]
fn lowered_trees_are_the_learners_bit_for_bit() {
    let (dataset, _) = customers(4000, 21);
    let learner = boosted::Boosted {
        trees: 60,
        depth: 6,
        learning_rate: 0.3,
        min_child_weight: 0.5,
        subsample: 0.8,
        column_sample: 0.8,
        l2: 1.0,
        seed: 3,
    };
    for (margin, scored) in compare(&learner, &dataset) {
        assert_eq!(Link::Logistic.apply(margin).to_bits(), scored.to_bits());
    }
}

#[test]
fn lowered_coefficients_are_the_learners() {
    let (dataset, _) = customers(4000, 22);
    for (margin, scored) in compare(&logistic::Logistic { l2: 1.0 }, &dataset) {
        assert!((Link::Logistic.apply(margin) - scored).abs() <= 1e-12);
    }
}
