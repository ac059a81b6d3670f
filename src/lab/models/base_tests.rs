//! What a base learner is refused for, and that every family takes weights.

use super::super::learner::Fits;
use super::*;
use crate::features::Matrix;
use crate::random::Random;
use crate::task::Task;

fn fitted(family: &Family, examples: &Examples<'_>) -> Result<Box<dyn Fitted>> {
    let task = Task::default();
    let fits = Fits::new(&task, 1);
    fit(family, examples, 1, &fits.watch(0))
}

#[test]
fn what_cannot_be_learned_says_why() {
    let x = Matrix::new(3, 1, vec![1.0, 2.0, 3.0]).unwrap();
    let (line, curve) = (Family::linear(), Family::logistic());
    let of = |y: &[f64], weights: Option<&[f64]>, goal, monotone: &[i8], family: &Family| {
        let examples = Examples { weights, monotone, ..Examples::new(&x, y, goal) };
        fitted(family, &examples).err().map_or_else(String::new, |error| error.to_string())
    };
    use Goal::{Amount, Propensity};
    let table = [
        (of(&[0.0, 1.0], None, Propensity, &[], &curve), "3 rows need as many targets and weights"),
        (of(&[0.0, 1.0, 0.0], Some(&[1.0]), Propensity, &[], &curve), "3 rows need as many targets and weights"),
        (of(&[0.0, 1.0, 0.0], None, Propensity, &[1, 0], &curve), "1 inputs need as many directions; there are 2"),
        (of(&[0.0, 1.0, 0.5], None, Propensity, &[], &curve), "row 3: its target is 0.5, not 0 or 1"),
        (of(&[0.0, f64::NAN, 0.5], None, Amount, &[], &line), "row 2: its target is NaN, not a finite number"),
        (of(&[0.0, 1.0, 0.0], Some(&[1.0, -1.0, 1.0]), Propensity, &[], &curve), "row 2: its weight is not"),
        (of(&[0.0, 1.0, 0.0], Some(&[0.0; 3]), Propensity, &[], &curve), "there is no row to learn from"),
        (of(&[1.0; 3], None, Propensity, &[], &curve), "all rows have the same outcome"),
        (of(&[0.0, 1.0, 0.0], Some(&[1.0, 0.0, 1.0]), Propensity, &[], &curve), "all rows have the same outcome"),
        (of(&[1.0, 2.0, 3.0], None, Amount, &[], &curve), "logistic regression estimates probabilities, not amounts"),
        (of(&[0.0, 1.0, 0.0], None, Propensity, &[], &line), "linear regression estimates amounts"),
        (of(&[1.0, 2.0, 3.0], None, Amount, &[], &Family::Linear { l2: -1.0 }), "l2 must be 0 or more"),
    ];
    for (found, expected) in table {
        assert!(found.starts_with(expected), "{found}\nexpected: {expected}");
    }
}

/// Rows whose outcome turns on the first input in one half of them, and on nothing in the other.
#[test]
fn rows_without_weight_teach_nothing() {
    let mut s = Random::new(5);
    let (mut x, mut y, mut weights) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..2000 {
        let (a, b) = (s.normal(), s.normal());
        x.extend([a, b]);
        weights.push(f64::from(i % 2));
        let z = if i % 2 == 1 { 2.0 * a } else { -2.0 * a };
        y.push(f64::from(u8::from(s.uniform() < 1.0 / (1.0 + (-z).exp()))));
    }
    let x = Matrix::new(2000, 2, x).unwrap();
    for (family, goal) in Family::all().into_iter().flat_map(|f| [(f.clone(), Goal::Propensity), (f, Goal::Amount)]) {
        if settings::check(&family, goal).is_err() {
            continue;
        }
        let examples = Examples { weights: Some(&weights), ..Examples::new(&x, &y, goal) };
        let model = fitted(&family, &examples).unwrap();
        let p = model.predict(&Matrix::new(2, 2, vec![1.5, 0.0, -1.5, 0.0]).unwrap()).unwrap();
        assert!(p[0] > 0.75 && p[1] < 0.25, "{} {goal:?}: {p:?}", family.words());
    }
}
