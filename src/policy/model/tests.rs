//! Models: hand-computed answers, the naive walk of a tree as written in the file, and every malformed part refused.

mod categories;
mod confidence;
mod contributions;
mod differences;
mod recommenders;
mod tables;

use super::*;
use crate::row::{Column, Row};
use crate::value::{Type, Value};

fn columns() -> Vec<Column> {
    let column = |name: &str, type_| Column { name: name.into(), type_ };
    vec![
        column("x", Type::Number),
        column("n", Type::Integer),
        column("t", Type::Text),
        column("b", Type::Bool),
        column("when", Type::Time),
    ]
}

fn model(inputs: Vec<Input>, function: Function, calibration: Calibration) -> Model {
    let (id, name, target) = ("m".into(), "M".into(), "probability of visit".into());
    Model { id, name, target, inputs, function, calibration, fallback: 0.25, ..Model::default() }
}

fn input(field: &str, encode: Encode) -> Input {
    Input { field: field.into(), encode }
}

fn one_hot(category: &str) -> Encode {
    Encode::OneHot { category: category.into(), center: 0.0, scale: 1.0 }
}

fn score(model: &Model, row: &[Value]) -> Scored {
    Scorer::compile(model, &columns()).unwrap().score(&Row::complete(row), &mut Scratch::default())
}

/// The score of a row and a candidate.
fn score_with(model: &Model, row: &[Value], facts: &[Value]) -> Scored {
    let scorer = Scorer::compile_with(model, &columns(), &self::facts()).unwrap();
    scorer.score_candidate(&Row::complete(row), facts, &mut Scratch::default())
}

/// Facts of candidates: `action.id`, `action.price`, and one whose type nobody knows.
fn facts() -> Vec<Fact> {
    let fact = |name: &str, type_| Fact { name: name.into(), type_ };
    vec![fact("id", Some(Type::Text)), fact("price", Some(Type::Number)), fact("mixed", None)]
}

/// A score that is not degraded, of a model that says nothing of its confidence.
fn whole(value: f64) -> Scored {
    Scored { raw: Some(value), value, evidence: None, spread: None }
}

/// What stands in for a score.
fn stand_in(value: f64) -> Scored {
    Scored { raw: None, value, evidence: None, spread: None }
}

/// The findings of a model hold these words.
fn refused(model: &Model, words: &str) {
    let findings = Scorer::compile_with(model, &columns(), &facts()).unwrap_err();
    assert!(findings.iter().any(|f| f.contains(words)), "{words}: {findings:?}");
}

fn category(categories: &[&str]) -> Encode {
    Encode::Category { categories: categories.iter().map(|c| (*c).into()).collect() }
}

fn leaf(value: f32) -> Tree {
    Tree {
        feature: vec![-1],
        threshold: vec![value],
        left: vec![0],
        right: vec![0],
        missing_left: vec![false],
        ..Tree::default()
    }
}

/// `x0 < 0.1 (missing left) ? (x1 < 5 (missing right) ? 1 : 2) : 4`, the children stored before their parents' siblings.
fn two_levels() -> Tree {
    Tree {
        feature: vec![0, -1, 1, -1, -1],
        threshold: vec![0.1, 4.0, 5.0, 2.0, 1.0],
        left: vec![2, 0, 4, 0, 0],
        right: vec![1, 0, 3, 0, 0],
        missing_left: vec![true, false, false, false, false],
        ..Tree::default()
    }
}

fn trees(trees: Vec<Tree>) -> Model {
    let inputs = vec![input("x", Encode::Number), input("n", Encode::Number)];
    model(inputs, Function::Trees { base: 0.5, trees, link: Link::Identity }, Calibration::Identity)
}

#[test]
fn a_linear_model_sums_in_order_and_applies_its_link() {
    let inputs = vec![
        input("x", Encode::Standard { missing: 3.0, center: 1.0, scale: 2.0 }),
        input("n", Encode::Number),
        input("t", one_hot("Web")),
        input("t", Encode::Missing),
        input("b", Encode::Number),
    ];
    let linear = |link| Function::Linear { intercept: -1.0, coefficients: vec![0.5, 0.1, 2.0, 4.0, 8.0], link };
    let identity = model(inputs, linear(Link::Identity), Calibration::Identity);
    let table = [
        ([Value::Number(5.0), Value::Integer(3), Value::text("Web"), Value::Bool(false)], -1.0 + 1.0 + 0.1 * 3.0 + 2.0),
        ([Value::Unknown, Value::Integer(0), Value::text("web"), Value::Bool(true)], -1.0 + 0.5 + 8.0),
        ([Value::Number(1.0), Value::Integer(0), Value::Unknown, Value::Bool(false)], -1.0 + 4.0),
    ];
    for (row, expected) in table {
        assert_eq!(score(&identity, &row), whole(expected), "{row:?}");
        let logistic = Model { function: linear(Link::Logistic), ..identity.clone() };
        assert_eq!(score(&logistic, &row).value, 1.0 / (1.0 + libm::exp(-expected)));
    }
}

#[test]
fn an_unanswerable_row_gets_the_fallback_and_says_so() {
    let linear =
        |coefficient| Function::Linear { intercept: 0.0, coefficients: vec![coefficient], link: Link::Logistic };
    let m = model(vec![input("x", Encode::Number)], linear(1.0), Calibration::Identity);
    let degraded = stand_in(0.25);
    assert_eq!(score(&m, &[Value::Unknown]), degraded);
    assert!(score(&m, &[Value::Unknown]).degraded());
    // An overflow must not become a confident 1.
    let m = Model { function: linear(1e300), ..m };
    assert_eq!(score(&m, &[Value::Number(1e300)]), degraded);
    // A tree answers a missing input.
    assert!(!score(&trees(vec![two_levels()]), &[Value::Unknown, Value::Unknown]).degraded());
}

#[test]
fn categories_match_as_they_print() {
    let table = [
        ("t", "Web", Value::text("Web"), true),
        ("t", "Web", Value::text("Web "), false),
        ("n", "7", Value::Integer(7), true),
        ("n", "07", Value::Integer(7), false),
        ("x", "7", Value::Number(7.0), true),
        ("x", "7.0", Value::Number(7.0), false),
        ("x", "0", Value::Number(-0.0), false),
        ("x", "0.1", Value::Number(0.1), true),
        ("b", "true", Value::Bool(true), true),
        ("b", "1", Value::Bool(true), false),
        ("when", "1970-01-01T00:00:00Z", Value::Time(0), true),
        ("when", "1970-01-01", Value::Time(0), false),
    ];
    for (field, category, value, expected) in table {
        let function = Function::Linear { intercept: 0.0, coefficients: vec![1.0], link: Link::Identity };
        let m = model(vec![input(field, one_hot(category))], function, Calibration::Identity);
        let row: Vec<Value> =
            columns().iter().map(|c| if c.name == field { value.clone() } else { Value::Unknown }).collect();
        assert_eq!(score(&m, &row).value, f64::from(u8::from(expected)), "{field} {category} {value}");
    }
}

#[test]
fn trees_go_left_below_the_threshold_in_single_precision() {
    let m = trees(vec![two_levels(), leaf(0.25)]);
    let number = Value::Number;
    let table = [
        (number(0.05), Value::Integer(4), 1.0),
        (number(0.05), Value::Integer(5), 2.0),
        (number(0.05), Value::Unknown, 2.0),
        (Value::Unknown, Value::Integer(4), 1.0),
        (number(0.2), Value::Unknown, 4.0),
        // 0.1 in double precision lies below 0.1f32; rounded to single precision it is not below the threshold.
        (number(0.1), Value::Integer(0), 4.0),
        (number(0.099_999_999_9), Value::Integer(0), 4.0),
        (number(1e300), Value::Integer(0), 4.0),
        (number(-1e300), Value::Integer(0), 1.0),
    ];
    for (x, n, leaf) in table {
        assert_eq!(score(&m, &[x.clone(), n.clone()]).value, 0.5 + leaf + 0.25, "{x} {n}");
    }
}

#[test]
fn leaves_are_summed_in_single_precision_in_tree_order() {
    let leaves = [1e8_f32, 1.0, -1e8, 0.3];
    let m = trees(leaves.iter().map(|l| leaf(*l)).collect());
    let mut sum = 0.5_f32;
    for l in leaves {
        sum += l;
    }
    assert_eq!(score(&m, &[Value::Unknown, Value::Unknown]).value, f64::from(sum));
}

#[test]
fn the_layout_answers_as_the_arrays_of_the_file_do() {
    let naive = |tree: &Tree, x: &[f32]| {
        let mut at = 0;
        while tree.feature[at] >= 0 {
            let value = x[tree.feature[at] as usize];
            let left = if value.is_nan() { tree.missing_left[at] } else { value < tree.threshold[at] };
            at = (if left { tree.left[at] } else { tree.right[at] }) as usize;
        }
        tree.threshold[at]
    };
    let mut random = crate::testing::Random::new(7);
    for _ in 0..200 {
        // A random tree grown by splitting random leaves, then its nodes but the root shuffled.
        let mut tree = leaf(random.unit() as f32);
        for _ in 0..random.below(40) {
            let leaves: Vec<usize> = (0..tree.feature.len()).filter(|i| tree.feature[*i] < 0).collect();
            let at = leaves[random.below(leaves.len())];
            tree.feature[at] = random.below(2) as i32;
            tree.threshold[at] = random.unit() as f32;
            tree.missing_left[at] = random.below(2) == 0;
            let next = tree.feature.len() as u32;
            (tree.left[at], tree.right[at]) = if random.below(2) == 0 { (next, next + 1) } else { (next + 1, next) };
            for _ in 0..2 {
                tree.feature.push(-1);
                tree.threshold.push(random.unit() as f32);
                tree.left.push(0);
                tree.right.push(0);
                tree.missing_left.push(false);
            }
        }
        let forest = forest::Forest::compile(0.0, std::slice::from_ref(&tree), &[encoder::Kind::Number; 2]).unwrap();
        for _ in 0..20 {
            let mut x = [random.unit() as f32, random.unit() as f32];
            if random.below(4) == 0 {
                x[random.below(2)] = f32::NAN;
            }
            assert_eq!(forest.sum(&x), naive(&tree, &x), "{tree:?} {x:?}");
        }
    }
}

#[test]
fn calibration_maps_raw_outputs() {
    let platt = Calibration::Platt { slope: 2.0, intercept: 0.5 };
    assert_eq!(platt.apply(0.5), 1.0 / (1.0 + libm::exp(-0.5)));
    assert_eq!((platt.apply(0.0), platt.apply(1.0)), (platt.apply(1e-12), platt.apply(1.0 - 1e-12)));
    let isotonic = Calibration::Isotonic { raw: vec![0.2, 0.4, 0.8], calibrated: vec![0.1, 0.1, 0.5] };
    for (raw, expected) in [(0.0, 0.1), (0.2, 0.1), (0.3, 0.1), (0.4, 0.1), (0.6, 0.3), (0.8, 0.5), (2.0, 0.5)] {
        assert!((isotonic.apply(raw) - expected).abs() < 1e-15, "{raw}");
    }
    let single = Calibration::Isotonic { raw: vec![0.2], calibrated: vec![0.7] };
    assert_eq!([0.0, 0.2, 1.0].map(|x| single.apply(x)), [0.7; 3]);
}

#[test]
fn every_malformed_part_is_refused_in_words() {
    let linear = |coefficients: Vec<f64>| Function::Linear { intercept: 0.0, coefficients, link: Link::Identity };
    let numeric = || vec![input("x", Encode::Number)];
    let with = |f: &dyn Fn(&mut Tree)| {
        let mut tree = two_levels();
        f(&mut tree);
        trees(vec![leaf(0.0), tree])
    };
    let calibrated = |c| model(Vec::new(), Function::Constant(0.5), c);
    let isotonic =
        |raw: &[f64], calibrated: &[f64]| Calibration::Isotonic { raw: raw.into(), calibrated: calibrated.into() };
    let table: Vec<(Model, &str)> = vec![
        (model(vec![input("xx", Encode::Number)], linear(vec![1.0]), Calibration::Identity), "input 1: `xx`"),
        (
            model(vec![input("t", Encode::Number)], linear(vec![1.0]), Calibration::Identity),
            "cannot be read as a number",
        ),
        (model(vec![input("when", Encode::Number)], linear(vec![1.0]), Calibration::Identity), "cannot be read"),
        (
            model(
                vec![input("x", Encode::Standard { missing: 0.0, center: 0.0, scale: 0.0 })],
                linear(vec![1.0]),
                Calibration::Identity,
            ),
            "scale not 0",
        ),
        (
            model(
                vec![input("x", Encode::Standard { missing: f64::NAN, center: 0.0, scale: 1.0 })],
                linear(vec![1.0]),
                Calibration::Identity,
            ),
            "missing values",
        ),
        (model(numeric(), linear(vec![]), Calibration::Identity), "1 inputs need as many coefficients"),
        (model(numeric(), linear(vec![f64::INFINITY]), Calibration::Identity), "coefficient 1"),
        (model(Vec::new(), Function::Constant(f64::NAN), Calibration::Identity), "constant"),
        (with(&|t| t.left.truncate(1)), "tree 2: its five arrays"),
        (with(&|t| *t = Tree::default()), "tree 2: has no node"),
        (with(&|t| t.right[0] = 9), "node 9"),
        (with(&|t| t.right[0] = 0), "not a tree"),
        (with(&|t| t.right[0] = 3), "not a tree"),
        (with(&|t| t.feature[2] = -1), "cannot be reached"),
        (with(&|t| t.feature[2] = 2), "input 2"),
        (with(&|t| t.threshold[1] = f32::NAN), "node 1"),
        (calibrated(Calibration::Platt { slope: f64::NAN, intercept: 0.0 }), "slope"),
        (calibrated(isotonic(&[], &[])), "at least one"),
        (calibrated(isotonic(&[0.1], &[0.1, 0.2])), "as many"),
        (calibrated(isotonic(&[0.1, 0.1], &[0.1, 0.2])), "ascend"),
        (calibrated(isotonic(&[0.1, 0.2], &[0.2, 0.1])), "not fall"),
        (calibrated(isotonic(&[0.1, f64::NAN], &[0.2, 0.3])), "finite"),
        (Model { fallback: f64::NAN, ..calibrated(Calibration::Identity) }, "fallback"),
    ];
    for (m, words) in table {
        refused(&m, words);
    }
}
