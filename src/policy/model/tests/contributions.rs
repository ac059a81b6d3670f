//! Contributions: what each kind of function says an input adds, by hand; the largest, with ties in one order.

use super::*;

fn contributions(m: &Model, row: &[Value], facts: &[Value]) -> Vec<(usize, f64)> {
    let scorer = Scorer::compile_with(m, &columns(), &self::facts()).unwrap();
    scorer.contributions(&Row::complete(row), facts, &mut Scratch::default())
}

#[test]
fn linear_inputs_count_as_encoded() {
    let inputs = vec![
        input("x", Encode::Standard { missing: 3.0, center: 1.0, scale: 2.0 }),
        input("n", Encode::Number),
        input("t", one_hot("Web")),
    ];
    let linear = Function::Linear { intercept: -1.0, coefficients: vec![0.5, 0.25, 2.0], link: Link::Logistic };
    let m = model(inputs, linear, Calibration::Identity);
    let row = |x: f64, n: i64, t: &str| [Value::Number(x), Value::Integer(n), Value::text(t)];
    assert_eq!(contributions(&m, &row(5.0, 4, "Web"), &[]), [(0, 1.0), (1, 1.0), (2, 2.0)]);
    assert_eq!(contributions(&m, &row(1.0, -4, "Shop"), &[]), [(1, -1.0)]);
    // What is missing adds nothing that can be told.
    assert_eq!(contributions(&m, &[], &[]), [(0, 0.5)]);
}

#[test]
fn of_a_pair_half_goes_to_each_input() {
    let shapes = vec![Shape { input: 0, edges: vec![0.0], scores: vec![1.0, 2.0], missing: 3.0, ..Shape::default() }];
    let pairs = vec![Pair {
        inputs: (0, 1),
        edges: (vec![], vec![0.0]),
        scores: vec![vec![0.5, 1.5, 2.5], vec![4.0, 5.0, 6.0]],
    }];
    let inputs = vec![input("x", Encode::Number), input("n", Encode::Number)];
    let function = Function::Shapes { intercept: 9.0, shapes, pairs, link: Link::Identity };
    let m = model(inputs, function, Calibration::Identity);
    let row = [Value::Number(1.0), Value::Integer(1)];
    assert_eq!(contributions(&m, &row, &[]), [(0, 2.75), (1, 0.75)]);
    assert_eq!(score(&m, &row).value, 9.0 + 2.75 + 0.75);
    assert_eq!(contributions(&m, &[Value::Unknown, Value::Integer(1)], &[]), [(0, 5.5), (1, 2.5)]);
}

#[test]
fn of_trees_an_input_counts_by_what_its_absence_would_change() {
    let m = trees(vec![two_levels(), leaf(0.25)]);
    // x = 0.05, n = 4: leaf 1. Without x: left too, 1. Without n: 2.
    assert_eq!(contributions(&m, &[Value::Number(0.05), Value::Integer(4)], &[]), [(1, -1.0)]);
    // x = 0.2: leaf 4. Without x: left, n = 4: 1. Without n: 4.
    assert_eq!(contributions(&m, &[Value::Number(0.2), Value::Integer(4)], &[]), [(0, 3.0)]);
    // What is missing already changes nothing.
    assert_eq!(contributions(&m, &[], &[]), []);
}

#[test]
fn of_recommenders_biases_and_halves_of_the_product() {
    let inputs =
        vec![input("t", category(&["anna"])), input("action.id", category(&["tea"])), input("x", Encode::Number)];
    let item = Side::Keyed { input: 1, biases: vec![0.25], factors: vec![vec![1.0, 3.0]] };
    let side = |folded| match folded {
        true => Side::Folded { terms: vec![Term { input: 2, bias: 0.5, factors: vec![2.0, 4.0] }] },
        false => Side::Keyed { input: 0, biases: vec![0.5], factors: vec![vec![2.0, 4.0]] },
    };
    let m = |folded| {
        let function = Function::Factors {
            bias: 1.0,
            subject: side(folded),
            item: item.clone(),
            cold: Cold::Biases,
            link: Link::Identity,
        };
        model(inputs.clone(), function, Calibration::Identity)
    };
    let row = [Value::Number(2.0), Value::Unknown, Value::text("anna")];
    let tea = [Value::text("tea")];
    assert_eq!(contributions(&m(false), &row, &tea), [(0, 0.5 + 7.0), (1, 0.25 + 7.0)]);
    assert_eq!(contributions(&m(true), &row, &tea), [(1, 0.25 + 14.0), (2, 1.0 + 14.0)]);
    assert_eq!(contributions(&m(false), &[], &tea), [(1, 0.25)]);
    assert_eq!(contributions(&m(false), &row, &[]), [(0, 0.5)]);
    let items = vec!["a".to_owned(), "b".to_owned()];
    let inputs =
        vec![input("t", Encode::Items { items, separator: " ".into() }), input("action.id", category(&["tea"]))];
    let function = Function::Neighbours {
        bias: 1.0,
        basket: 0,
        item: 1,
        biases: vec![0.25],
        similar: vec![vec![(0, 2.0), (1, 4.0)]],
        cold: Cold::Biases,
        link: Link::Identity,
    };
    let m = model(inputs, function, Calibration::Identity);
    let basket = [Value::Unknown, Value::Unknown, Value::text("b a")];
    assert_eq!(contributions(&m, &basket, &tea), [(0, 6.0), (1, 0.25)]);
}

#[test]
fn contributions_and_the_constant_add_up_to_the_sum() {
    let mut random = crate::testing::Random::new(3);
    for _ in 0..100 {
        let coefficients: Vec<f64> = (0..2).map(|_| random.unit() - 0.5).collect();
        let inputs = vec![input("x", Encode::Number), input("n", Encode::Number)];
        let function = Function::Linear { intercept: 0.5, coefficients, link: Link::Identity };
        let m = model(inputs, function, Calibration::Identity);
        let row = [Value::Number(random.unit()), Value::Integer(random.below(9) as i64)];
        let sum: f64 = contributions(&m, &row, &[]).iter().map(|(_, x)| x).sum();
        assert!((score(&m, &row).value - 0.5 - sum).abs() < 1e-12);
    }
}

#[test]
fn the_largest_come_first_and_ties_by_input() {
    let given = vec![(0, 1.0), (1, -3.0), (2, 1.0), (3, 3.0), (4, -1.0)];
    assert_eq!(largest(given.clone(), 4), [(1, -3.0), (3, 3.0), (0, 1.0), (2, 1.0)]);
    assert_eq!(largest(given, 99).len(), 5);
    assert_eq!(largest(vec![], 3), []);
}
