//! Scorecards and shapes: every bin by hand, pairs, and what is refused.

use super::*;

fn scorecard() -> Model {
    let characteristics = vec![
        Characteristic {
            input: 0,
            edges: vec![0.0, 2.5],
            points: vec![10.0, 20.0, 35.0],
            missing: 5.0,
            reason: "Low spend".into(),
            ..Characteristic::default()
        },
        Characteristic { input: 1, points: vec![7.0, 1.0], other: -3.0, missing: -4.0, ..Characteristic::default() },
    ];
    let inputs = vec![input("x", Encode::Number), input("t", category(&["Web", "Mail"]))];
    model(inputs, Function::Scorecard { base: 100.0, characteristics, link: Link::Identity }, Calibration::Identity)
}

/// A row of `x` and `t`.
fn row(x: Value, t: Value) -> Vec<Value> {
    vec![x, Value::Unknown, t]
}

#[test]
fn a_scorecard_gives_the_points_of_half_open_bins() {
    let number = Value::Number;
    let table = [
        (number(-1e300), 10.0),
        (number(-1e-300), 10.0),
        (number(0.0), 20.0),
        (number(2.499_999), 20.0),
        (number(2.5), 35.0),
        (number(1e300), 35.0),
        (number(f64::INFINITY), 35.0),
        (number(f64::NAN), 5.0),
        (Value::Unknown, 5.0),
    ];
    for (x, points) in table {
        for (t, more) in [("Web", 7.0), ("Mail", 1.0), ("mail", -3.0)] {
            assert_eq!(score(&scorecard(), &row(x.clone(), Value::text(t))), whole(100.0 + points + more), "{x} {t}");
        }
        assert_eq!(score(&scorecard(), &row(x.clone(), Value::Unknown)), whole(100.0 + points - 4.0));
    }
}

#[test]
fn points_lost_are_counted_from_the_most_a_characteristic_gives() {
    let scorer = Scorer::compile(&scorecard(), &columns()).unwrap();
    let lost = |x, t| {
        let row = row(x, t);
        scorer.shortfalls(&Row::complete(&row), &NoFacts, &mut Scratch::default())
    };
    assert_eq!(lost(Value::Number(1.0), Value::text("Web")), [15.0, 0.0]);
    assert_eq!(lost(Value::Unknown, Value::Unknown), [30.0, 11.0]);
    let linear = Function::Linear { intercept: 0.0, coefficients: vec![], link: Link::Identity };
    let scorer = Scorer::compile(&model(vec![], linear, Calibration::Identity), &columns()).unwrap();
    assert_eq!(scorer.shortfalls(&Row::complete(&[]), &NoFacts, &mut Scratch::default()), [] as [f64; 0]);
}

fn shapes() -> Model {
    let shapes = vec![
        Shape { input: 0, edges: vec![1.0], scores: vec![-0.5, 0.5], missing: 0.125, ..Shape::default() },
        Shape { input: 1, scores: vec![1.0, 2.0], other: 4.0, missing: 8.0, ..Shape::default() },
    ];
    let pairs = vec![Pair {
        inputs: (1, 0),
        edges: (vec![], vec![0.0, 3.0]),
        // Web, Mail, other, missing; below 0, below 3, above, missing.
        scores: (0..4).map(|i| (0..4).map(|j| f64::from(100 * i + 10 * j)).collect()).collect(),
    }];
    let inputs = vec![input("x", Encode::Number), input("t", category(&["Web", "Mail"]))];
    let function = Function::Shapes { intercept: -1000.0, shapes, pairs, link: Link::Identity };
    model(inputs, function, Calibration::Identity)
}

#[test]
fn shapes_and_pairs_add_up() {
    let number = Value::Number;
    let xs = [
        (number(-1.0), -0.5, 0),
        (number(0.0), -0.5, 1),
        (number(1.0), 0.5, 1),
        (number(3.0), 0.5, 2),
        (Value::Unknown, 0.125, 3),
    ];
    let text = |t: &str| Value::text(t);
    let ts = [(text("Web"), 1.0, 0), (text("Mail"), 2.0, 1), (text(""), 4.0, 2), (Value::Unknown, 8.0, 3)];
    for (x, shape, j) in &xs {
        for (t, other, i) in &ts {
            let expected = -1000.0 + shape + other + f64::from(100 * i + 10 * j);
            assert_eq!(score(&shapes(), &row(x.clone(), t.clone())), whole(expected), "{x} {t}");
        }
    }
    let logistic = Model {
        function: Function::Shapes { intercept: 0.5, shapes: vec![], pairs: vec![], link: Link::Logistic },
        ..shapes()
    };
    assert_eq!(score(&logistic, &[]).value, 1.0 / (1.0 + libm::exp(-0.5)));
}

#[test]
fn every_malformed_table_is_refused_in_words() {
    let card = |f: &dyn Fn(&mut f64, &mut Vec<Characteristic>)| {
        let mut m = scorecard();
        let Function::Scorecard { base, characteristics, .. } = &mut m.function else { panic!() };
        f(base, characteristics);
        m
    };
    let shape = |f: &dyn Fn(&mut f64, &mut Vec<Shape>, &mut Pair)| {
        let mut m = shapes();
        let Function::Shapes { intercept, shapes, pairs, .. } = &mut m.function else { panic!() };
        f(intercept, shapes, &mut pairs[0]);
        m
    };
    let table = [
        (card(&|base, _| *base = f64::NAN), "the base is not a finite number"),
        (card(&|_, c| c[0].input = 2), "characteristic 1 reads input 2, but there are 2"),
        (
            card(&|_, c| c[0].edges = vec![2.0, 2.0]),
            "characteristic 1 has edges that are not finite numbers in ascending",
        ),
        (card(&|_, c| c[0].edges[1] = f64::INFINITY), "characteristic 1 has edges"),
        (card(&|_, c| c[0].points.truncate(2)), "characteristic 1 has 2 points for 3 bins"),
        (card(&|_, c| c[0].other = 1.0), "characteristic 1 has points for other values, but its input 0 is a number"),
        (card(&|_, c| c[0].missing = f64::NAN), "characteristic 1 has points that are not finite"),
        (card(&|_, c| c[1].edges = vec![1.0]), "characteristic 2 has edges, but its input 1 is a category"),
        (card(&|_, c| c[1].points.push(0.0)), "characteristic 2 has 3 points for 2 bins"),
        (shape(&|intercept, _, _| *intercept = f64::INFINITY), "the intercept is not a finite number"),
        (shape(&|_, s, _| s[1].scores.clear()), "shape 2 has 0 scores for 2 bins"),
        (shape(&|_, s, _| s[0].scores[0] = f64::NAN), "shape 1 has scores that are not finite"),
        (shape(&|_, _, p| p.inputs.1 = 9), "pair 1 reads input 9"),
        (shape(&|_, _, p| p.edges.1 = vec![0.0]), "pair 1 must have 4 lists of 3 scores"),
        (shape(&|_, _, p| p.scores.truncate(3)), "pair 1 must have 4 lists of 4 scores"),
        (shape(&|_, _, p| p.scores[3].truncate(3)), "pair 1 must have 4 lists of 4 scores"),
        (shape(&|_, _, p| p.scores[3][3] = f64::NAN), "pair 1 has scores that are not finite"),
    ];
    for (m, words) in table {
        refused(&m, words);
    }
    // All of them at once.
    let m = card(&|base, c| {
        *base = f64::NAN;
        c[0].input = 7;
        c[1].points.clear();
    });
    assert_eq!(Scorer::compile(&m, &columns()).unwrap_err().len(), 3);
}
