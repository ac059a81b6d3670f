//! Attributions of sums of terms are Shapley values by definition; rows that cannot be scored get none.

use super::*;
use crate::random::Random;
use attune_policy::model::{Calibration, Encode, Input, Pair, Shape};

/// Two inputs, a number with bins and a category, and a table of both.
fn shapes() -> Model {
    let categories = vec!["a".to_owned(), "b".to_owned()];
    let input = |field: &str, encode| Input { field: field.into(), encode };
    let scores = vec![vec![0.5, -1.0, 0.25, 2.0], vec![0.0, 1.0, -0.75, 0.125], vec![1.5, 3.0, -2.0, 0.0]];
    Model {
        id: "shapes".into(),
        inputs: vec![input("x", Encode::Number), input("c", Encode::Category { categories })],
        function: Function::Shapes {
            intercept: -0.5,
            shapes: vec![
                Shape { input: 0, edges: vec![-0.5, 0.5], scores: vec![-1.0, 0.0, 2.0], other: 0.0, missing: 0.5 },
                Shape { input: 1, edges: vec![], scores: vec![0.25, -0.25], other: 1.0, missing: 3.0 },
            ],
            pairs: vec![Pair { inputs: (0, 1), edges: (vec![0.0], vec![]), scores }],
            link: Link::Logistic,
        },
        calibration: Calibration::Identity,
        fallback: 0.5,
        ..Model::default()
    }
}

#[test]
fn tables_and_pairs_are_explained_by_definition() {
    let model = shapes();
    let mut random = Random::new(2);
    let mut draw = |n: usize| {
        let mut values = Vec::new();
        for _ in 0..n {
            let (x, c) = (random.normal(), random.below(3) as f64);
            values
                .extend([if random.chance(0.2) { f64::NAN } else { x }, if random.chance(0.2) { f64::NAN } else { c }]);
        }
        Matrix::new(n, 2, values).unwrap()
    };
    let (background, x) = (draw(40), draw(30));
    let margin = |row: &[f64]| {
        let raw = Scoring::new(&model).unwrap().raw(&Matrix::new(1, 2, row.to_vec()).unwrap()).unwrap()[0];
        libm::log(raw / (1.0 - raw))
    };
    let explainer = Explainer::new(&model, background.clone(), Method::Interventional, &Task::default()).unwrap();
    let out = explainer.explain(&x, &Task::default()).unwrap();
    for row in 0..x.rows() {
        // Both orders of two players, the rest from every background row.
        let value = |first: bool, second: bool| -> f64 {
            let mixed = |b: usize| {
                let (own, other) = (x.row(row), background.row(b));
                margin(&[if first { own[0] } else { other[0] }, if second { own[1] } else { other[1] }])
            };
            (0..background.rows()).map(mixed).sum::<f64>() / background.rows() as f64
        };
        let (none, a, b, both) = (value(false, false), value(true, false), value(false, true), value(true, true));
        let expected = [(a - none + both - b) / 2.0, (b - none + both - a) / 2.0];
        assert!((out.base - none).abs() < 1e-9);
        for (ours, truth) in out.row(row).iter().zip(expected) {
            assert!((ours - truth).abs() < 1e-9, "row {row}: {ours} for {truth}");
        }
    }
}

#[test]
fn rows_without_a_score_get_no_attribution() {
    let input = Input { field: "x".into(), encode: Encode::Number };
    let function = Function::Linear { intercept: 1.0, coefficients: vec![2.0], link: Link::Identity };
    let model = Model { inputs: vec![input], function, fallback: 7.0, ..Model::default() };
    let one = |x: f64| Matrix::new(1, 1, vec![x]).unwrap();
    let explainer = Explainer::new(&model, one(0.5), Method::default(), &Task::default()).unwrap();
    let out = explainer.explain(&Matrix::new(2, 1, vec![f64::NAN, 2.0]).unwrap(), &Task::default()).unwrap();
    assert_eq!((out.values, out.scores, out.base), (vec![0.0, 3.0], vec![7.0, 5.0], 2.0));
    assert!(out.margins[0].is_nan() && !out.log_odds);
    assert!(Explainer::new(&model, Matrix::default(), Method::default(), &Task::default()).is_err());
}

#[test]
fn an_effect_on_a_probability_is_explained_in_its_own_unit() {
    let with = shapes();
    let mut without = with.clone();
    if let Function::Shapes { intercept, shapes, .. } = &mut without.function {
        *intercept = -1.0;
        shapes.truncate(1);
    }
    let linked = |link: Link| {
        let side = |model: &Model| match model.function.clone() {
            Function::Shapes { intercept, shapes, pairs, .. } => Function::Shapes { intercept, shapes, pairs, link },
            other => other,
        };
        let (of, less) = (side(&with).into(), side(&without).into());
        Model { function: Function::Difference { of, less }, fallback: 0.0, ..with.clone() }
    };
    let mut random = Random::new(4);
    let mut draw = |n: usize| {
        let values = (0..n).flat_map(|_| [random.normal(), random.below(3) as f64]).collect::<Vec<f64>>();
        Matrix::new(n, 2, values).unwrap()
    };
    let (background, x) = (draw(40), draw(30));
    let explained = |model: &Model| {
        let explainer = Explainer::new(model, background.clone(), Method::default(), &Task::default()).unwrap();
        explainer.explain(&x, &Task::default()).unwrap()
    };
    // Of probabilities: from the effect of an average row to that of the row.
    let out = explained(&linked(Link::Logistic));
    let scores = Scoring::new(&linked(Link::Logistic)).unwrap().scores(&x).unwrap();
    assert!(!out.log_odds && scores.iter().any(|tau| tau.abs() > 0.05));
    for (row, tau) in scores.iter().enumerate() {
        let sum: f64 = out.row(row).iter().sum();
        assert!((out.base + sum - tau).abs() < 1e-12, "row {row}: {} + {sum}, score {tau}", out.base);
    }
    // Without links it is the difference of both sides' Shapley values.
    let side = |model: &Model| explained(&Model { fallback: 0.0, ..model.clone() });
    let (both, a, b) = (explained(&linked(Link::Identity)), side(&with), side(&without));
    for (at, value) in both.values.iter().enumerate() {
        assert!((value - (a.values[at] - b.values[at])).abs() < 1e-12);
    }
}
