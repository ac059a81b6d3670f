//! Models over rows: every kind of function, calibration maps, recommenders.

use super::super::{Scores, Vector};
use crate::model::{
    Calibration, Characteristic, Cold, Encode, Function, Input, Link, Model, Pair, Shape, Side, Term, Tree,
};
use crate::value::{Type, Value};

pub fn model(id: &str, inputs: Vec<Input>, function: Function, calibration: Calibration) -> Model {
    Model {
        id: id.into(),
        name: id.into(),
        target: "probability of a visit".into(),
        inputs,
        function,
        calibration,
        fallback: 0.25,
        evidence: None,
        spread: None,
    }
}

pub fn models() -> Vec<Vector> {
    let fields: Vec<(String, Type)> = [("x", Type::Number), ("n", Type::Integer), ("s", Type::Text), ("b", Type::Bool)]
        .map(|(n, t)| (n.to_owned(), t))
        .into();
    let input = |field: &str, encode| Input { field: field.into(), encode };
    let inputs = || {
        vec![
            input("x", Encode::Standard { missing: 1.5, center: 0.7, scale: 1.3 }),
            input("n", Encode::Standard { missing: 3.0, center: 0.0, scale: 1.0 }),
            input("s", Encode::OneHot { category: "a".into(), center: 0.0, scale: 1.0 }),
            input("b", Encode::Missing),
        ]
    };
    let raw = || vec![input("x", Encode::Number), input("n", Encode::Number), input("b", Encode::Number)];
    let linear = |link| Function::Linear { intercept: -0.3, coefficients: vec![0.1, -0.07, 0.9, 0.33], link };
    let tree = |first: f32, leaves: [f32; 3], missing| Tree {
        feature: vec![0, 1, -1, -1, -1],
        threshold: vec![first, 2.5, leaves[0], leaves[1], leaves[2]],
        left: vec![1, 2, 0, 0, 0],
        right: vec![4, 3, 0, 0, 0],
        missing_left: vec![missing, !missing, false, false, false],
        categorical: Vec::new(),
    };
    let trees = || Function::Trees {
        base: 0.1,
        trees: vec![tree(0.3, [0.11, -0.2, 0.7], true), tree(1.7, [-0.4, 0.05, 0.123_456_79], false)],
        link: Link::Logistic,
    };
    let tabled = || {
        let categories = vec!["a".to_owned(), "b".to_owned()];
        vec![input("x", Encode::Number), input("s", Encode::Category { categories })]
    };
    let scorecard = Function::Scorecard {
        base: 0.1,
        characteristics: vec![
            Characteristic {
                input: 0,
                edges: vec![0.3, 1.7],
                points: vec![0.5, 0.25, -0.7],
                missing: -0.1,
                ..Characteristic::default()
            },
            Characteristic {
                input: 1,
                points: vec![0.2, -0.2],
                other: 0.05,
                missing: 0.3,
                ..Characteristic::default()
            },
        ],
        link: Link::Logistic,
    };
    let shapes = Function::Shapes {
        intercept: -0.2,
        shapes: vec![
            Shape {
                input: 0,
                edges: vec![0.3, 1.7],
                scores: vec![0.01, 0.02, 0.04],
                missing: 0.08,
                ..Shape::default()
            },
            Shape { input: 1, scores: vec![0.1, 0.2], other: 0.3, missing: 0.4, ..Shape::default() },
        ],
        pairs: vec![Pair {
            inputs: (0, 1),
            edges: (vec![1.0], Vec::new()),
            // Below 1, from 1, missing; a, b, another, missing.
            scores: vec![vec![0.001, 0.002, 0.003, 0.004], vec![0.01, 0.02, 0.03, 0.04], vec![0.1, 0.2, 0.3, 0.4]],
        }],
        link: Link::Identity,
    };
    let isotonic = Calibration::Isotonic { raw: vec![0.2, 0.4, 0.5, 0.9], calibrated: vec![0.05, 0.3, 0.3, 0.8] };
    let all = [
        model("constant", Vec::new(), Function::Constant(0.125), Calibration::Identity),
        model("linear", inputs(), linear(Link::Identity), Calibration::Identity),
        model("logistic", inputs(), linear(Link::Logistic), Calibration::Identity),
        model("platt", inputs(), linear(Link::Logistic), Calibration::Platt { slope: 1.7, intercept: -0.4 }),
        model("isotonic", inputs(), linear(Link::Logistic), isotonic),
        // A linear function cannot be evaluated without its inputs: the fallback answers.
        model(
            "incomplete",
            raw(),
            Function::Linear { intercept: 0.0, coefficients: vec![1.0, 1.0, 1.0], link: Link::Identity },
            Calibration::Identity,
        ),
        model("trees", raw(), trees(), Calibration::Identity),
        model("scorecard", tabled(), scorecard, Calibration::Identity),
        model("shapes", tabled(), shapes, Calibration::Identity),
        // Each side goes through a link of its own; what a missing input stands for is said by the inputs, for both.
        model(
            "difference",
            inputs(),
            Function::Difference { of: Box::new(linear(Link::Logistic)), less: Box::new(trees()) },
            Calibration::Identity,
        ),
    ];
    let values = [
        vec![Value::Number(0.3), Value::Integer(2), Value::text("a"), Value::Bool(true)],
        vec![Value::Number(0.299_999_999), Value::Integer(3), Value::text("b"), Value::Bool(false)],
        vec![Value::Number(-1e6), Value::Integer(-4), Value::Unknown, Value::Unknown],
        vec![Value::Number(1e6), Value::Integer(400), Value::text(""), Value::Bool(true)],
        vec![Value::Unknown, Value::Unknown, Value::Unknown, Value::Unknown],
        vec![Value::Number(1.7), Value::Unknown, Value::text("a"), Value::Bool(false)],
    ];
    let rows: Vec<(Vec<Value>, f64)> = values.into_iter().map(|values| (values, 0.0)).collect();
    all.map(|model| Vector::Scores(Box::new(Scores { fields: fields.clone(), model, rows: rows.clone() }))).into()
}

fn scores(fields: &[(&str, Type)], model: Model, rows: Vec<Vec<Value>>) -> Vector {
    let fields = fields.iter().map(|(name, type_)| ((*name).to_owned(), *type_)).collect();
    let rows = rows.into_iter().map(|values| (values, 0.0)).collect();
    Vector::Scores(Box::new(Scores { fields, model, rows }))
}

/// Maps at their points, between and beyond them, and where the raw output leaves (0, 1).
pub fn calibration() -> Vec<Vector> {
    let identity = || Function::Linear { intercept: 0.0, coefficients: vec![1.0], link: Link::Identity };
    let input = || vec![Input { field: "x".into(), encode: Encode::Number }];
    let maps = [
        ("identity", Calibration::Identity),
        ("platt", Calibration::Platt { slope: 1.7, intercept: -0.4 }),
        ("platt_falling", Calibration::Platt { slope: -0.5, intercept: 2.0 }),
        ("isotonic", Calibration::Isotonic { raw: vec![0.2, 0.4, 0.5, 0.9], calibrated: vec![0.05, 0.3, 0.3, 0.8] }),
        ("one_point", Calibration::Isotonic { raw: vec![0.5], calibrated: vec![0.25] }),
    ];
    let xs = [-1.0, -0.0, 0.0, 1e-16, 0.1, 0.2, 0.3, 0.4, 0.45, 0.5, 0.7, 0.9, 0.95, 1.0, 2.0];
    let mut rows: Vec<Vec<Value>> = xs.iter().map(|x| vec![Value::Number(*x)]).collect();
    rows.push(vec![Value::Unknown]);
    let vectors =
        maps.map(|(id, map)| scores(&[("x", Type::Number)], model(id, input(), identity(), map), rows.clone()));
    vectors.into()
}

/// Factor tables, keyed and folded in, and item neighbours; subjects and items that nobody knows.
pub fn recommenders() -> Vec<Vector> {
    let fields = [("who", Type::Text), ("item", Type::Text), ("basket", Type::Text), ("x", Type::Number)];
    let category = |of: &[&str]| Encode::Category { categories: of.iter().map(|c| (*c).to_owned()).collect() };
    let input = |field: &str, encode| Input { field: field.into(), encode };
    let keyed = |input, biases: &[f64], factors: &[&[f32]]| Side::Keyed {
        input,
        biases: biases.into(),
        factors: factors.iter().map(|f| f.to_vec()).collect(),
    };
    let sides = || vec![input("who", category(&["anna", "ben"])), input("item", category(&["tea", "mug", "pot"]))];
    let factors = |cold, link| Function::Factors {
        bias: 0.1,
        subject: keyed(0, &[0.5, -0.5], &[&[0.1, 0.2], &[0.3, -0.7]]),
        item: keyed(1, &[0.25, 0.0, -0.25], &[&[1.0, 1.0], &[0.5, 0.1], &[0.0, 4.0]]),
        cold,
        link,
    };
    let folded = Function::Factors {
        bias: 0.0,
        subject: Side::Folded { terms: vec![Term { input: 0, bias: 0.5, factors: vec![0.3, 0.1] }] },
        item: keyed(1, &[], &[&[10.0, 0.1]]),
        cold: Cold::Biases,
        link: Link::Identity,
    };
    let items = ["tea", "mug", "pot"].map(String::from).to_vec();
    let basket = || {
        let listed = Encode::Items { items: items.clone(), separator: ",".into() };
        vec![input("basket", listed), input("item", category(&["mug", "pot", "cup"]))]
    };
    let neighbours = |cold| Function::Neighbours {
        bias: 0.1,
        basket: 0,
        item: 1,
        biases: vec![0.1, 0.2, 0.3],
        similar: vec![vec![(0, 0.5), (2, 0.25)], vec![(0, 0.7), (1, 0.6)], vec![]],
        cold,
        link: Link::Identity,
    };
    let platt = Calibration::Platt { slope: 1.2, intercept: 0.1 };
    let all = [
        model("factors", sides(), factors(Cold::Biases, Link::Identity), Calibration::Identity),
        model("factors_logistic", sides(), factors(Cold::Biases, Link::Logistic), platt),
        model("factors_fallback", sides(), factors(Cold::Fallback, Link::Identity), Calibration::Identity),
        model(
            "folded",
            vec![input("x", Encode::Number), input("item", category(&["tea"]))],
            folded,
            Calibration::Identity,
        ),
        model("neighbours", basket(), neighbours(Cold::Biases), Calibration::Identity),
        model("neighbours_fallback", basket(), neighbours(Cold::Fallback), Calibration::Identity),
    ];
    let text = |text: Option<&str>| text.map_or(Value::Unknown, Value::text);
    let asked = [
        (Some("anna"), Some("tea"), Some("tea"), Some(4.0)),
        (Some("anna"), Some("pot"), Some("pot, tea"), Some(-0.5)),
        (Some("ben"), Some("mug"), Some(" tea ,tea,,tea"), Some(0.1)),
        (Some("ben"), Some("pot"), Some("tea;mug"), None),
        (Some("carl"), Some("tea"), Some("mug"), Some(1.0)),
        (Some("anna"), Some("cup"), Some("tea,mug,pot"), Some(1.0)),
        (Some("carl"), Some("cup"), Some("Tea"), Some(1.0)),
        (None, Some("pot"), Some(""), None),
        (Some("anna"), None, None, Some(0.0)),
        (None, None, Some("tea"), None),
    ];
    let rows = asked.map(|(who, item, basket, x)| {
        vec![text(who), text(item), text(basket), x.map_or(Value::Unknown, Value::Number)]
    });
    all.map(|model| scores(&fields, model, rows.clone().into())).into()
}
