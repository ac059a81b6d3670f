//! Boosted trees: lowered margins equal the learner's own, fits are reproducible and can be cancelled.

use super::super::learner::Fits;
use super::*;
use crate::random::Random;
use crate::task::Task;

fn settings() -> Boosted {
    Boosted {
        trees: 30,
        depth: 4,
        learning_rate: 0.2,
        min_child_weight: 1.0,
        subsample: 0.7,
        column_sample: 0.8,
        l2: 1.0,
        seed: 7,
    }
}

/// Rows of four numbers, a fifth of them missing, some far apart in size.
fn sample(rows: usize) -> (Matrix, Vec<bool>) {
    let mut s = Random::new(2);
    let (mut values, mut labels) = (Vec::new(), Vec::new());
    for _ in 0..rows {
        let row = [s.normal(), s.normal() * 1e9, (s.uniform() * 4.0).floor(), s.normal() * 1e-9];
        labels.push(s.uniform() < if (row[0] > 0.3) == (row[1] > 0.0) { 0.8 } else { 0.2 });
        values.extend(row.map(|x| if s.uniform() < 0.2 { f64::NAN } else { x }));
    }
    (Matrix::new(rows, 4, values).unwrap(), labels)
}

#[test]
fn the_learners_own_probability_is_the_link_of_its_margin() {
    let (x, y) = sample(2000);
    let task = Task::default();
    let fits = Fits::new(&task, 1);
    let params = TrainingParams::builder().objective(Objective::BinaryLogistic(RegLoss::default())).build().unwrap();
    let labels: Vec<f32> = y.iter().map(|&y| f32::from(u8::from(y))).collect();
    let data = dense(&x).unwrap().with_labels(&labels).unwrap();
    let model = hessboost::training::train(&params, &data, 20).unwrap();
    let own = model.predict(&data, Iterations::Best).unwrap();
    let fitted = FittedBoosted { model, inputs: 4 };
    for (z, p) in fitted.margins(&x).unwrap().iter().zip(own.as_slice()) {
        // The learner's sigmoid is f32, the policy's f64.
        assert!((Link::Logistic.apply(*z) - f64::from(*p)).abs() < 1e-6);
    }
    // What the family fits is learned: the two signs together tell the outcome apart, neither does alone.
    let boosted = settings().fit(&x, &y, &fits.watch(0)).unwrap();
    assert!(crate::models::metrics::auc(&boosted.margins(&x).unwrap(), &y) > 0.75);
    let weights = boosted.weights();
    assert!(weights[0] > weights[2] && weights[1] > weights[3], "{weights:?}");
}

#[test]
fn a_cancelled_fit_stops_and_numbers_beyond_f32_are_taken() {
    let (x, y) = sample(500);
    let task = Task::default();
    task.cancel();
    let fits = Fits::new(&task, 1);
    assert!(settings().fit(&x, &y, &fits.watch(0)).is_err_and(|error| error.is_cancelled()));
    let task = Task::default();
    let fits = Fits::new(&task, 1);
    let huge = Matrix::new(500, 4, x.values().iter().map(|x| x * 1e300).collect()).unwrap();
    assert!(settings().fit(&huge, &y, &fits.watch(0)).is_ok());
}
