//! Logistic regression: optimum, separation, lowering, cancellation.

use super::super::learner::Fits;
use super::*;
use crate::random::Random;
use crate::task::Task;

fn fit(l2: f64, x: &Matrix, y: &[bool]) -> FittedLogistic {
    let task = Task::default();
    let fits = Fits::new(&task, 1);
    let boxed = Logistic { l2 }.fit(x, y, &fits.watch(0)).unwrap();
    let Function::Linear { intercept, coefficients, .. } = boxed.lower() else { panic!("linear") };
    FittedLogistic { intercept, coefficients, spread: spread(x), converged: boxed.note().is_none() }
}

/// 3,000 rows of two numbers, a one-hot block of three and an indicator of a rare thing.
fn sample() -> (Matrix, Vec<bool>) {
    let mut s = Random::new(1);
    let mut values = Vec::new();
    let mut labels = Vec::new();
    for _ in 0..3000 {
        let (a, b, c) = (s.normal(), 3.0 * s.normal() + 1.0, (s.uniform() * 3.0) as usize);
        let rare = f64::from(u8::from(s.uniform() < 0.02));
        let block = [0, 1, 2].map(|k| if k == c { 1.2 } else { -0.4 });
        values.extend([a, b, block[0], block[1], block[2], rare]);
        labels.push(s.uniform() < 1.0 / (1.0 + (-(0.5 * a - 0.3 * b + rare + block[1] - 1.0)).exp()));
    }
    (Matrix::new(3000, 6, values).unwrap(), labels)
}

#[test]
fn a_table_of_four_gives_the_log_odds() {
    // Without x: 10 of 40; with x: 30 of 50.
    let (x, y): (Vec<f64>, Vec<bool>) = (0..90).map(|i| if i < 40 { (0.0, i < 10) } else { (1.0, i < 70) }).unzip();
    let model = fit(0.0, &Matrix::new(90, 1, x).unwrap(), &y);
    assert!((model.intercept - (10.0_f64 / 30.0).ln()).abs() < 1e-9, "{}", model.intercept);
    assert!((model.coefficients[0] - (1.5_f64 / (1.0 / 3.0)).ln()).abs() < 1e-9);
}

#[test]
fn the_gradient_of_the_penalised_loss_is_zero() {
    let (x, y) = sample();
    for l2 in [0.01, 1.0, 100.0] {
        let model = fit(l2, &x, &y);
        let errors: Vec<f64> = model
            .margins(&x)
            .unwrap()
            .iter()
            .zip(&y)
            .map(|(z, &y)| 1.0 / (1.0 + (-z).exp()) - f64::from(u8::from(y)))
            .collect();
        let sum: f64 = errors.iter().sum();
        assert!(sum.abs() < 1e-6, "l2 {l2}, intercept: {sum}");
        for j in 0..6 {
            let slope: f64 = errors.iter().enumerate().map(|(row, e)| e * x.row(row)[j]).sum();
            assert!((slope + l2 * model.coefficients[j]).abs() < 1e-6, "l2 {l2}, input {j}");
        }
    }
}

#[test]
fn inputs_that_say_the_same_share_their_weight() {
    let (x, y) = sample();
    let twice: Vec<f64> = (0..x.rows()).flat_map(|row| [x.row(row)[0], x.row(row)[0], 1.0]).collect();
    let model = fit(0.0, &Matrix::new(3000, 3, twice).unwrap(), &y);
    let once: Vec<f64> = (0..x.rows()).map(|row| x.row(row)[0]).collect();
    let single = fit(0.0, &Matrix::new(3000, 1, once).unwrap(), &y);
    assert!((model.coefficients[0] + model.coefficients[1] - single.coefficients[0]).abs() < 1e-6);
    assert!(model.coefficients.iter().chain([&model.intercept]).all(|w| w.is_finite()));
}

#[test]
fn perfect_separation_is_said() {
    let x: Vec<f64> = (0..40).map(f64::from).collect();
    let y: Vec<bool> = (0..40).map(|i| i >= 20).collect();
    let x = Matrix::new(40, 1, x).unwrap();
    let model = fit(0.0, &x, &y);
    assert!(model.coefficients[0].is_finite());
    let margins = model.margins(&x).unwrap();
    assert!(margins[19] < 0.0 && margins[20] > 0.0);
    assert!(fit(1.0, &x, &y).converged);
}

#[test]
fn threads_do_not_change_a_bit() {
    let (x, y) = sample();
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let model = pool.install(|| fit(1.0, &x, &y));
        (model.intercept.to_bits(), model.coefficients.iter().map(|w| w.to_bits()).collect::<Vec<_>>())
    };
    assert_eq!(with(1), with(3));
}
