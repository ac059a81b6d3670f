//! Naive Bayes against scikit-learn, and what it makes of gaps and of values never seen.

use super::super::learner::Fits;
use super::super::spec::Goal;
use super::*;
use crate::task::Task;
use attune_policy::model::Function;

fn fitted(examples: &Examples<'_>) -> Box<dyn Fitted> {
    let task = Task::default();
    let fits = Fits::new(&task, 1);
    Bayes { prior: 1.0 }.fit(examples, &fits.watch(0)).unwrap()
}

/// 24 rows of two numbers, two categories, an outcome and a weight each, the same as in the script behind the constants.
fn small() -> (Matrix, Matrix, Vec<f64>, Vec<f64>) {
    let (mut numbers, mut codes, mut y, mut weights) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for i in 0..24_u32 {
        let row = [f64::from((i * 7) % 11) / 10.0 - 0.5, f64::from((i * 5) % 7) / 3.0 - 1.0];
        y.push(f64::from(u8::from(f64::from((i * 13) % 17) / 17.0 + row[0] * 0.6 - row[1] * 0.3 > 0.5)));
        weights.push(1.0 + f64::from(i % 4) / 2.0);
        numbers.extend(row);
        // Squares leave 0 or 1 when divided by 4: two categories.
        codes.extend([f64::from(i % 3), f64::from((i * i) % 4)]);
    }
    (Matrix::new(24, 2, numbers).unwrap(), Matrix::new(24, 2, codes).unwrap(), y, weights)
}

/// scikit-learn 1.9.1: log odds of the first five rows by `GaussianNB()` and `CategoricalNB(alpha=1)`, weighted.
#[test]
fn log_odds_are_those_of_scikit_learn() {
    let (numbers, codes, y, weights) = small();
    let base = Examples { weights: Some(&weights), ..Examples::new(&numbers, &y, Goal::Propensity) };
    let normal = [-1.2322907349351, -0.8057443418587, -0.8807688094508, 3.3327809791512, -2.4663063481269];
    let counted = [-0.619249777038, 0.3944945163624, -0.3679353487571, 0.0180169451275, -0.2427722058031];
    for (examples, expected) in [(base, normal), (Examples { x: &codes, categories: &[3, 2], ..base }, counted)] {
        let found = fitted(&examples).margins(examples.x).unwrap();
        for (a, b) in found.iter().zip(expected) {
            assert!((a - b).abs() < 1e-9, "{found:?}, expected {expected:?}");
        }
    }
}

#[test]
fn a_gap_says_nothing_and_neither_does_a_category_nobody_had() {
    let (numbers, codes, y, _) = small();
    let prior = (y.iter().sum::<f64>() / (24.0 - y.iter().sum::<f64>())).ln();
    let model = fitted(&Examples::new(&numbers, &y, Goal::Propensity));
    let gap = Matrix::new(1, 2, vec![f64::NAN; 2]).unwrap();
    assert!((model.margins(&gap).unwrap()[0] - prior).abs() < 1e-12);
    let model = fitted(&Examples { categories: &[3, 2], ..Examples::new(&codes, &y, Goal::Propensity) });
    let unseen = Matrix::new(1, 2, vec![3.0, 2.0]).unwrap();
    assert!((model.margins(&unseen).unwrap()[0] - prior).abs() < 1e-12);
}

#[test]
fn many_values_share_bins_that_follow_the_curve() {
    // Classes a distance 2 apart in units of their spread: the log odds are 2x.
    let mut s = crate::random::Random::new(3);
    let y: Vec<f64> = (0..20_000).map(|i| f64::from(i % 2)).collect();
    let x = Matrix::new(20_000, 1, y.iter().map(|y| 2.0 * y - 1.0 + s.normal()).collect()).unwrap();
    let model = fitted(&Examples::new(&x, &y, Goal::Propensity));
    let Function::Shapes { shapes, .. } = model.lower() else { panic!("tables") };
    assert_eq!(shapes[0].edges.len(), BINS - 1);
    let at: Vec<f64> = (-20..=20).map(|i| f64::from(i) / 10.0).collect();
    for (x, z) in at.iter().zip(model.margins(&Matrix::new(41, 1, at.clone()).unwrap()).unwrap()) {
        assert!((z - 2.0 * x).abs() < 0.2, "{x}: {z}");
    }
}
