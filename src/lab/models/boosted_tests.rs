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
fn sample(rows: usize) -> (Matrix, Vec<f64>) {
    let mut s = Random::new(2);
    let (mut values, mut labels) = (Vec::new(), Vec::new());
    for _ in 0..rows {
        let row = [s.normal(), s.normal() * 1e9, (s.uniform() * 4.0).floor(), s.normal() * 1e-9];
        labels.push(f64::from(u8::from(s.uniform() < if (row[0] > 0.3) == (row[1] > 0.0) { 0.8 } else { 0.2 })));
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
    let examples = Examples::new(&x, &y, Goal::Propensity);
    let data = labelled(&examples).unwrap();
    let model = hessboost::training::train(&params, &data, 20).unwrap();
    let own = model.predict(&data, Iterations::Best).unwrap();
    let fitted = FittedBoosted { model, inputs: 4, link: Link::Logistic };
    for (z, p) in fitted.margins(&x).unwrap().iter().zip(own.as_slice()) {
        // The learner's sigmoid is f32, the policy's f64.
        assert!((Link::Logistic.apply(*z) - f64::from(*p)).abs() < 1e-6);
    }
    // What the family fits is learned: the two signs together tell the outcome apart, neither does alone.
    let boosted = settings().fit(&examples, &fits.watch(0)).unwrap();
    assert!(auc(&boosted.margins(&x).unwrap(), &y) > 0.75);
    let weights = boosted.weights();
    assert!(weights[0] > weights[2] && weights[1] > weights[3], "{weights:?}");
}

#[test]
fn a_cancelled_fit_stops_and_numbers_beyond_f32_are_taken() {
    let (x, y) = sample(500);
    let task = Task::default();
    task.cancel();
    let fits = Fits::new(&task, 1);
    let examples = Examples::new(&x, &y, Goal::Propensity);
    assert!(settings().fit(&examples, &fits.watch(0)).is_err_and(|error| error.is_cancelled()));
    let task = Task::default();
    let fits = Fits::new(&task, 1);
    let huge = Matrix::new(500, 4, x.values().iter().map(|x| x * 1e300).collect()).unwrap();
    assert!(settings().fit(&Examples::new(&huge, &y, Goal::Propensity), &fits.watch(0)).is_ok());
}

fn fitted(examples: &Examples<'_>) -> Box<dyn Fitted> {
    let task = Task::default();
    let fits = Fits::new(&task, 1);
    settings().fit(examples, &fits.watch(0)).unwrap()
}

fn auc(p: &[f64], y: &[f64]) -> f64 {
    crate::models::metrics::auc(p, &y.iter().map(|&y| y > 0.0).collect::<Vec<bool>>())
}

/// Predictions along the first input, the others held at those of a row.
fn along(model: &dyn Fitted, x: &Matrix, row: usize) -> Vec<f64> {
    let values = (0..60).flat_map(|i| {
        let mut inputs = x.row(row).to_vec();
        inputs[0] = f64::from(i) / 10.0 - 3.0;
        inputs
    });
    model.predict(&Matrix::new(60, 4, values.collect()).unwrap()).unwrap()
}

#[test]
fn constrained_predictions_never_turn() {
    // Unconstrained, the first input turns the probability up or down by the sign of the second.
    let (x, y) = sample(2000);
    let turns = |monotone: &[i8], sign: f64| {
        let model = fitted(&Examples { monotone, ..Examples::new(&x, &y, Goal::Propensity) });
        (0..50).any(|row| along(model.as_ref(), &x, row).windows(2).any(|pair| sign * (pair[1] - pair[0]) < -1e-7))
    };
    assert!(turns(&[], 1.0) && turns(&[], -1.0));
    assert!(!turns(&[1, 0, 0, 0], 1.0));
    assert!(!turns(&[-1, 0, 0, 0], -1.0));
}

#[test]
fn weights_move_the_mean_and_amounts_keep_their_units() {
    let (x, y) = sample(2000);
    let weights: Vec<f64> = y.iter().map(|y| 1.0 + 4.0 * y).collect();
    // A fit on the log loss keeps the weighted mean of the outcome.
    let rate = |weight: &dyn Fn(usize) -> f64, of: &[f64]| {
        (0..2000).map(|row| weight(row) * of[row]).sum::<f64>() / (0..2000).map(weight).sum::<f64>()
    };
    for heavy in [false, true] {
        let weight = |row: usize| if heavy { weights[row] } else { 1.0 };
        let examples =
            Examples { weights: heavy.then_some(weights.as_slice()), ..Examples::new(&x, &y, Goal::Propensity) };
        let p = fitted(&examples).predict(&x).unwrap();
        assert!((rate(&weight, &p) - rate(&weight, &y)).abs() < 0.01, "{}", rate(&weight, &p));
    }
    assert!(rate(&|row| weights[row], &y) > rate(&|_| 1.0, &y) + 0.2);

    let amounts: Vec<f64> = (0..2000).map(|row| 1000.0 + 200.0 * y[row]).collect();
    let model = fitted(&Examples::new(&x, &amounts, Goal::Amount));
    let Function::Trees { link: Link::Identity, .. } = model.lower() else { panic!("amounts have no link") };
    let p = model.predict(&x).unwrap();
    let quality = crate::models::amounts::quality(&p, &amounts);
    assert!(quality.r2.value > 0.3 && quality.bias.value.abs() < 2.0, "{quality:?}");
}

#[test]
fn a_fit_that_panics_is_tried_again_and_then_given_up() {
    let tried = std::cell::Cell::new(0);
    let fit = |good: u32| {
        tried.set(0);
        steady(|nudge| {
            tried.set(tried.get() + 1);
            assert!(tried.get() >= good, "not yet");
            Ok(nudge)
        })
    };
    assert_eq!((fit(1), tried.get()), (Ok(0.0), 1));
    assert_eq!((fit(3), tried.get()), (Ok(2e-4), 3));
    assert!(fit(9).unwrap_err().to_string().contains("directions"));
}
