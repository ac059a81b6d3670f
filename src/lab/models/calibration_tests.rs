//! Platt and isotonic calibration against small cases worked by hand.

use super::*;
use crate::models::metrics::log_loss;
use crate::random::Random;

#[test]
fn platt_finds_the_curve_that_bent_the_probabilities() {
    let mut stream = Random::new(11);
    let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
    let (p, y): (Vec<f64>, Vec<bool>) = (0..20_000)
        .map(|_| {
            let z = 1.5 * stream.normal() - 1.0;
            (sigmoid(2.0 * z + 0.5), stream.uniform() < sigmoid(z))
        })
        .unzip();
    let Calibration::Platt { slope, intercept } = fit(Calibrate::Platt, &p, &y) else { panic!("Platt") };
    assert!((slope - 0.5).abs() < 0.02, "{slope}");
    assert!((intercept + 0.25).abs() < 0.05, "{intercept}");
    let map = Calibration::Platt { slope, intercept };
    let after: Vec<f64> = p.iter().map(|&p| map.apply(p)).collect();
    assert!(log_loss(&after, &y) < log_loss(&p, &y) - 0.02);
}

#[test]
fn platt_never_turns_the_order_around() {
    let p = [0.1, 0.2, 0.8, 0.9];
    let Calibration::Platt { slope, intercept } = fit(Calibrate::Platt, &p, &[true, true, false, false]) else {
        panic!()
    };
    assert_eq!((slope, intercept), (0.0, 0.0));
}

#[test]
fn isotonic_pools_what_falls() {
    // 0.2 and 0.3 fall from 1 to 0 and are pooled at one half; 0 and 1 are kept 1/6 from the ends of four rows.
    let map = fit(Calibrate::Isotonic, &[0.4, 0.1, 0.3, 0.2], &[true, false, false, true]);
    let (floor, ceiling) = (1.0 / 6.0, 1.0 - 1.0 / 6.0);
    let expected = Calibration::Isotonic { raw: vec![0.1, 0.2, 0.3, 0.4], calibrated: vec![floor, 0.5, 0.5, ceiling] };
    assert_eq!(map, expected);
    assert_eq!((map.apply(0.0), map.apply(0.25), map.apply(1.0)), (floor, 0.5, ceiling));
}

#[test]
fn isotonic_never_falls_and_keeps_the_mean() {
    let mut stream = Random::new(13);
    let (p, y): (Vec<f64>, Vec<bool>) = (0..3000)
        .map(|_| {
            let p = (stream.uniform() * 200.0).floor() / 200.0;
            (p, stream.uniform() < p * p)
        })
        .unzip();
    let map = fit(Calibrate::Isotonic, &p, &y);
    let Calibration::Isotonic { raw, calibrated } = &map else { panic!("isotonic") };
    assert!(raw.is_sorted_by(|a, b| a < b) && calibrated.is_sorted());
    let predicted: f64 = p.iter().map(|&p| map.apply(p)).sum();
    let happened = y.iter().filter(|&&y| y).count() as f64;
    assert!((predicted - happened).abs() < 1.0, "{predicted} {happened}");
}

#[test]
fn one_class_cannot_be_calibrated() {
    assert_eq!(fit(Calibrate::Isotonic, &[0.1, 0.2], &[true, true]), Calibration::Identity);
}
