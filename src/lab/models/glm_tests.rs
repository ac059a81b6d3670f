//! Linear predictors: scikit-learn's coefficients, the optimum's own conditions, separation, threads.

use super::super::learner::Fits;
use super::*;
use crate::random::Random;
use crate::task::Task;

fn fit_with(penalty: Penalty, examples: &Examples<'_>) -> FittedLinear {
    let task = Task::default();
    let fits = Fits::new(&task, 1);
    super::fit(examples, penalty, &fits.watch(0)).unwrap()
}

fn fit(l2: f64, x: &Matrix, y: &[bool]) -> FittedLinear {
    let y: Vec<f64> = y.iter().map(|&y| f64::from(u8::from(y))).collect();
    fit_with(Penalty { l2, l1: 0.0 }, &Examples::new(x, &y, Goal::Propensity))
}

/// 24 rows of three inputs with an outcome, an amount and a weight each, the same as in the script behind the constants.
fn small() -> (Matrix, Vec<f64>, Vec<f64>, Vec<f64>) {
    let (mut x, mut outcome, mut amount, mut weights) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for i in 0..24_u32 {
        let row =
            [f64::from((i * 7) % 11) / 10.0 - 0.5, f64::from((i * 5) % 7) / 3.0 - 1.0, f64::from(u8::from(i % 3 == 0))];
        let draw = f64::from((i * 13) % 17) / 17.0;
        outcome.push(f64::from(u8::from(draw + row[0] * 0.6 - row[1] * 0.3 > 0.5)));
        amount.push(2.0 + 1.5 * row[0] - row[1] + 0.5 * row[2] + (draw - 0.5));
        weights.push(1.0 + f64::from(i % 4) / 2.0);
        x.extend(row);
    }
    (Matrix::new(24, 3, x).unwrap(), outcome, amount, weights)
}

/// scikit-learn 1.9.1: `LogisticRegression(C=1/penalty, l1_ratio=…)` by saga or newton-cholesky, `LinearRegression`,
/// `Ridge(alpha=2)`, `ElasticNet(alpha=3/24, l1_ratio=.5)`, `Lasso(alpha=4/24)`; weighted where `true`.
#[test]
fn coefficients_are_those_of_scikit_learn() {
    let (x, outcome, amount, weights) = small();
    let table: [(Goal, bool, Penalty, [f64; 4]); 7] = [
        (
            Goal::Propensity,
            true,
            Penalty { l2: 0.5, l1: 0.0 },
            [0.248585277276, 2.324622912279, -1.269207771442, -0.918865382155],
        ),
        (
            Goal::Propensity,
            true,
            Penalty { l2: 0.5, l1: 0.5 },
            [0.131923743471, 1.830052603374, -1.152461573579, -0.586839209012],
        ),
        (
            Goal::Propensity,
            true,
            Penalty { l2: 0.0, l1: 0.3 },
            [0.479202638214, 4.216018316462, -1.310238536884, -1.530190727817],
        ),
        (
            Goal::Amount,
            true,
            Penalty { l2: 0.0, l1: 0.0 },
            [2.0315645332346, 1.614290927818, -0.882595313207, 0.399924785191],
        ),
        (
            Goal::Amount,
            true,
            Penalty { l2: 2.0, l1: 0.0 },
            [2.0166174215401, 1.096708849804, -0.892281722984, 0.43691083298],
        ),
        (
            Goal::Amount,
            false,
            Penalty { l2: 1.5, l1: 1.5 },
            [2.0380876254452, 0.710649624921, -0.793697500896, 0.247085363238],
        ),
        (Goal::Amount, false, Penalty { l2: 0.0, l1: 4.0 }, [2.1152390270037, 0.255204784617, -0.758944950121, 0.0]),
    ];
    for (goal, weighted, penalty, expected) in table {
        let y = if goal == Goal::Amount { &amount } else { &outcome };
        let weights = weighted.then_some(weights.as_slice());
        let model = fit_with(penalty, &Examples { weights, ..Examples::new(&x, y, goal) });
        assert!(model.converged, "{penalty:?}");
        let found = [&[model.intercept], model.coefficients.as_slice()].concat();
        for (a, b) in found.iter().zip(expected) {
            assert!((a - b).abs() < 1e-7, "{goal:?} {penalty:?}: {found:?}, expected {expected:?}");
        }
        if expected[3] == 0.0 {
            assert_eq!(model.coefficients[2], 0.0, "the lasso leaves it out");
        }
    }
}

#[test]
fn a_weight_of_two_is_the_row_twice() {
    let (x, outcome, ..) = small();
    let weights: Vec<f64> = (0..24).map(|i| f64::from(i % 3)).collect();
    let rows: Vec<u32> = (0..24).flat_map(|i| std::iter::repeat_n(i, (i % 3) as usize)).collect();
    let repeated: Vec<f64> = rows.iter().map(|&row| outcome[row as usize]).collect();
    for l1 in [0.0, 0.7] {
        let penalty = Penalty { l2: 1.0, l1 };
        let weighted =
            fit_with(penalty, &Examples { weights: Some(&weights), ..Examples::new(&x, &outcome, Goal::Propensity) });
        let twice = fit_with(penalty, &Examples::new(&x.select(&rows), &repeated, Goal::Propensity));
        for (a, b) in weighted.coefficients.iter().zip(&twice.coefficients) {
            assert!((a - b).abs() < 1e-9);
        }
    }
}

#[test]
fn amounts_of_any_size_are_fitted() {
    let (x, _, amount, _) = small();
    for scale in [1e-9, 1e9] {
        let y: Vec<f64> = amount.iter().map(|y| y * scale).collect();
        let whole = fit_with(Penalty { l2: 2.0, l1: 0.0 }, &Examples::new(&x, &y, Goal::Amount));
        let one = fit_with(Penalty { l2: 2.0, l1: 0.0 }, &Examples::new(&x, &amount, Goal::Amount));
        assert!(whole.converged);
        for (a, b) in whole.coefficients.iter().zip(&one.coefficients) {
            assert!((a / scale - b).abs() < 1e-9);
        }
    }
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
