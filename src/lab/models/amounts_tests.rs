//! Errors of amounts against scikit-learn 1.9.1 and against the truth of a made-up world.

use super::*;
use crate::random::Random;

#[test]
fn errors_are_those_of_scikit_learn() {
    let (p, y) = ([3.0, -0.5, 2.0, 7.0, 1.0], [2.5, 0.0, 2.0, 8.0, -1.0]);
    let q = quality(&p, &y);
    // root_mean_squared_error, mean_absolute_error, r2_score.
    for (ours, theirs) in [(q.rmse.value, 1.0488088481701516), (q.mae.value, 0.8), (q.r2.value, 0.8872950819672132)] {
        assert!((ours - theirs).abs() < 1e-12, "{ours}, expected {theirs}");
    }
    assert!((q.bias.value - 0.2).abs() < 1e-12 && (q.mean - 2.3).abs() < 1e-12);
    assert!((r2(&p, &y) - q.r2.value).abs() < 1e-12);
    assert_eq!(quality(&[], &[]), AmountQuality::default());
    assert_eq!(quality(&[1.0, 2.0], &[3.0, 3.0]).r2, Estimate::default());
}

#[test]
fn intervals_cover_the_truth() {
    // y = x + noise of standard deviation 2, predicted by x: RMSE 2, MAE 2·√(2/π), R² 1 − 4 / 5, no bias.
    let truth = [2.0, 2.0 * (2.0 / std::f64::consts::PI).sqrt(), 0.2, 0.0];
    let mut covered = [0; 4];
    let mut s = Random::new(8);
    for _ in 0..300 {
        let (p, y): (Vec<f64>, Vec<f64>) = (0..400)
            .map(|_| {
                let x = s.normal();
                (x, x + 2.0 * s.normal())
            })
            .unzip();
        let q = quality(&p, &y);
        for (count, (estimate, truth)) in covered.iter_mut().zip([q.rmse, q.mae, q.r2, q.bias].iter().zip(truth)) {
            *count += usize::from(estimate.low <= truth && truth <= estimate.high);
        }
    }
    // 285 expected, standard deviation 3.8.
    assert!(covered.iter().all(|count| (270..=297).contains(count)), "{covered:?}");
}
