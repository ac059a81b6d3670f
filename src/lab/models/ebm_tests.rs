//! Explainable boosting machines: tables say what the learner says, and show the functions that made the rows.

use super::super::learner::Fits;
use super::super::spec::Goal;
use super::*;
use crate::random::Random;
use crate::task::Task;
use attune_policy::model::{Function, Link};
use hessboost::model::Iterations;

const EFFECTS: [f64; 3] = [0.0, 1.0, -1.0];

/// Rows of a number in tenths, a number that matters where the first is positive, one of three categories and a number that
/// does not matter; gaps in all.
fn sample(rows: usize, noise: f64) -> (Matrix, Vec<f64>) {
    let mut s = Random::new(6);
    let (mut values, mut amounts) = (Vec::new(), Vec::new());
    for _ in 0..rows {
        let (a, b) = ((s.normal() * 10.0).round() / 10.0, s.normal());
        let (code, rest) = (s.below(3), s.normal());
        let both = if a > 0.0 && b > 0.0 { 2.0 } else { 0.0 };
        amounts.push(3.0 + f64::from(a > 0.15) * 2.0 + both + EFFECTS[code] + noise * s.normal());
        let row = [a, b, code as f64, rest];
        values.extend(row.map(|x| if s.uniform() < 0.05 { f64::NAN } else { x }));
    }
    (Matrix::new(rows, 4, values).unwrap(), amounts)
}

const EBM: Ebm = Ebm { rounds: 300, learning_rate: 0.1, bags: 2, interactions: 1, seed: 3 };

#[test]
fn tables_say_what_the_learner_says() {
    let (x, amounts) = sample(3000, 0.5);
    let labels: Vec<f64> = amounts.iter().map(|y| f64::from(u8::from(*y > 4.0))).collect();
    for (goal, y) in [(Goal::Amount, &amounts), (Goal::Propensity, &labels)] {
        let examples = Examples { categories: &[0, 0, 3, 0], ..Examples::new(&x, y, goal) };
        let task = Task::default();
        let fits = Fits::new(&task, 2);
        let (own, _) = EBM.grow(&examples, &fits.watch(0)).unwrap();
        let types = [FeatureType::Numerical, FeatureType::Numerical, FeatureType::Categorical, FeatureType::Numerical];
        let data = labelled(&examples).unwrap().with_feature_types(&types).unwrap();
        let own = own.predict_margin(&data, Iterations::Best).unwrap();
        let model = EBM.fit(&examples, &fits.watch(1)).unwrap();
        for (ours, own) in model.margins(&x).unwrap().iter().zip(own.as_slice()) {
            assert!((ours - f64::from(*own)).abs() < 2e-4, "{ours} {own}");
        }
        let weights = model.weights();
        assert!(weights[3] < 0.5 * weights[2], "{weights:?}");
    }
}

#[test]
fn shapes_show_the_functions_behind_the_rows() {
    let (x, y) = sample(6000, 0.3);
    let task = Task::default();
    let fits = Fits::new(&task, 1);
    let examples = Examples { categories: &[0, 0, 3, 0], ..Examples::new(&x, &y, Goal::Amount) };
    let model = EBM.fit(&examples, &fits.watch(0)).unwrap();
    let Function::Shapes { shapes, pairs, link: Link::Identity, .. } = model.lower() else { panic!("tables") };
    let category = shapes.iter().find(|shape| shape.input == 2).unwrap();
    assert!((category.scores[1] - category.scores[0] - 1.0).abs() < 0.1, "{category:?}");
    assert!((category.scores[2] - category.scores[0] + 1.0).abs() < 0.1, "{category:?}");
    // The step lies between 0.1 and 0.2, and its edge is the round number.
    let step = shapes.iter().find(|shape| shape.input == 0).unwrap();
    assert!(step.edges.contains(&0.2), "{:?}", step.edges);
    assert!(step.edges.iter().all(|edge| (edge * 10.0 - (edge * 10.0).round()).abs() < 1e-9), "{:?}", step.edges);
    assert_eq!(pairs.iter().map(|pair| pair.inputs).collect::<Vec<_>>(), [(0, 1)]);
}

#[test]
fn directions_hold_and_a_cancelled_fit_stops() {
    let (x, y) = sample(2000, 0.5);
    let monotone = [-1, 1, 0, 0];
    let examples = Examples { categories: &[0, 0, 3, 0], monotone: &monotone, ..Examples::new(&x, &y, Goal::Amount) };
    let task = Task::default();
    let fits = Fits::new(&task, 1);
    let model = EBM.fit(&examples, &fits.watch(0)).unwrap();
    for (input, sign) in [(0, -1.0), (1, 1.0)] {
        let line = (0..80).flat_map(|i| {
            let mut row = [0.5, -0.5, 1.0, 0.0];
            row[input] = f64::from(i) / 10.0 - 4.0;
            row
        });
        let p = model.predict(&Matrix::new(80, 4, line.collect()).unwrap()).unwrap();
        assert!(p.windows(2).all(|pair| sign * (pair[1] - pair[0]) >= -1e-9), "{p:?}");
    }
    task.cancel();
    assert!(EBM.fit(&examples, &fits.watch(0)).is_err_and(|error| error.is_cancelled()));
}
