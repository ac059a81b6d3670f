//! Scorecards: weights of evidence by hand, points that add up, inputs that say the same.

use super::super::learner::Fits;
use super::super::metrics::auc;
use super::super::spec::Goal;
use super::*;
use crate::random::Random;
use crate::task::Task;
use attune_policy::model::{Characteristic, Function};

fn card(examples: &Examples<'_>, bins: u32) -> (f64, Vec<Characteristic>, Box<dyn Fitted>) {
    let task = Task::default();
    let fits = Fits::new(&task, 1);
    let fitted = Scorecard { bins, l2: 0.0 }.fit(examples, &fits.watch(0)).unwrap();
    let Function::Scorecard { base, characteristics, .. } = fitted.lower() else { panic!("a scorecard") };
    (base, characteristics, fitted)
}

#[test]
fn weights_of_evidence_by_hand() {
    // 40 rows below 1, ten of them with the outcome; 50 from 1 on, thirty with it; 10 missing, five with it.
    let x: Vec<f64> = (0..100)
        .map(|i| {
            if i < 40 {
                0.0
            } else if i < 90 {
                1.0
            } else {
                f64::NAN
            }
        })
        .collect();
    let y: Vec<f64> = (0..100).map(|i| f64::from(u8::from(i < 10 || (40..70).contains(&i) || i >= 95))).collect();
    let x = Matrix::new(100, 1, x).unwrap();
    let evidence = Evidence::new(&Examples::new(&x, &y, Goal::Propensity), 0, 4);
    assert_eq!(evidence.edges, [1.0]);
    let weight = |yes: f64, no: f64| ((yes + 0.5) / 45.5).ln() - ((no + 0.5) / 55.5).ln();
    let expected = [weight(10.0, 30.0), weight(30.0, 20.0), weight(5.0, 5.0)];
    assert!(evidence.weights.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{:?}", evidence.weights);
    // Alone, evidence is the log odds less those of all rows: the coefficient is 1, up to the half rows.
    let (base, characteristics, _) = card(&Examples::new(&x, &y, Goal::Propensity), 4);
    assert!((base - (45.0_f64 / 55.0).ln()).abs() < 0.03, "{base}");
    assert!((characteristics[0].points[0] - expected[0]).abs() < 0.06, "{characteristics:?}");
    let cents = |x: f64| (x * 100.0 - (x * 100.0).round()).abs() < 1e-9;
    assert!(characteristics[0].points.iter().all(|x| cents(*x)) && cents(base));
}

fn world() -> (Matrix, Vec<f64>) {
    let mut s = Random::new(12);
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for _ in 0..5000 {
        let (a, code) = (s.normal(), s.below(3));
        x.extend([a, a + 0.05 * s.normal(), code as f64, s.normal()]);
        let z = 1.2 * a + [0.0, 0.8, -0.8][code] - 0.5;
        y.push(f64::from(u8::from(s.uniform() < 1.0 / (1.0 + (-z).exp()))));
    }
    (Matrix::new(5000, 4, x).unwrap(), y)
}

#[test]
fn points_order_rows_as_well_as_the_truth_nearly_does() {
    let (x, y) = world();
    let (_, characteristics, fitted) =
        card(&Examples { categories: &[0, 0, 3, 0], ..Examples::new(&x, &y, Goal::Propensity) }, 8);
    let labels: Vec<bool> = y.iter().map(|&y| y > 0.0).collect();
    let truth: Vec<f64> = (0..5000).map(|row| 1.2 * x.row(row)[0] + [0.0, 0.8, -0.8][x.row(row)[2] as usize]).collect();
    let (ours, best) = (auc(&fitted.margins(&x).unwrap(), &labels), auc(&truth, &labels));
    assert!(ours > best - 0.01, "{ours}, the truth {best}");
    // Points follow the evidence: the category that favours the outcome gives the most.
    let category = characteristics.iter().find(|c| c.input == 2).unwrap();
    assert!(category.points[1] > category.points[0] && category.points[0] > category.points[2]);
}

#[test]
fn pooled_bins_move_one_way_only() {
    let (x, y) = world();
    for sign in [1, -1] {
        let monotone = [0, 0, 0, sign];
        let evidence =
            Evidence::new(&Examples { monotone: &monotone, ..Examples::new(&x, &y, Goal::Propensity) }, 3, 20);
        let known = &evidence.weights[..evidence.weights.len() - 1];
        assert_eq!(known.len(), evidence.edges.len() + 1);
        assert!(known.windows(2).all(|pair| f64::from(sign) * (pair[1] - pair[0]) >= -0.02), "{known:?}");
        assert!(known.len() < 20, "noise does not move one way");
    }
}
