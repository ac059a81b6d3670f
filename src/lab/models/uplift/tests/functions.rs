//! Sums of functions, and functions with an input held fixed, against evaluating them as they were.

use super::super::algebra::{held, sum};
use attune_policy::Value;
use attune_policy::model::{Encode, Function, Input, Link, Model, Pair, Scorer, Scratch, Shape, Tree};
use attune_policy::row::{Column, Row};
use attune_policy::value::Type;

const GRID: [f64; 5] = [-2.0, -0.5, 0.0, 0.7, 3.0];

/// A function of the first inputs of `a`, `b`, `t`.
fn evaluate(function: &Function, inputs: usize, x: [f64; 3]) -> f64 {
    let names = ["a", "b", "t"];
    let input = |name: &&str| Input {
        field: (*name).into(),
        encode: Encode::Standard { missing: 0.0, center: 0.0, scale: 1.0 },
    };
    let model =
        Model { inputs: names[..inputs].iter().map(input).collect(), function: function.clone(), ..Model::default() };
    let columns = names.map(|name| Column { name: name.into(), type_: Type::Number });
    let values = x.map(Value::Number);
    Scorer::compile(&model, &columns).unwrap().score(&Row::complete(&values), &mut Scratch::default()).value
}

/// t at the root, below a, and below another t.
fn tree() -> Tree {
    Tree {
        feature: vec![2, 0, 2, -1, -1, 1, -1, -1, -1],
        threshold: vec![0.5, 0.25, 2.0, 1.0, 2.0, 0.0, 5.0, 6.0, 7.0],
        left: vec![1, 3, 5, 0, 0, 7, 0, 0, 0],
        right: vec![2, 4, 6, 0, 0, 8, 0, 0, 0],
        missing_left: vec![false; 9],
        categorical: vec![],
    }
}

fn functions() -> Vec<Function> {
    let link = Link::Identity;
    let shape = |input, scores: [f64; 3]| Shape {
        input,
        edges: vec![-0.1, 0.5],
        scores: scores.to_vec(),
        missing: 0.5,
        ..Shape::default()
    };
    let pair = Pair {
        inputs: (0, 1),
        edges: (vec![0.0], vec![1.0]),
        scores: vec![vec![1.0, 2.0, 0.0], vec![3.0, 4.0, 0.0], vec![0.0; 3]],
    };
    vec![
        Function::Constant(1.5),
        Function::Linear { intercept: 1.0, coefficients: vec![2.0, -1.0, 0.5], link },
        Function::Trees { base: 0.5, trees: vec![tree(), tree()], link },
        Function::Shapes {
            intercept: 0.25,
            shapes: vec![shape(0, [1.0, 2.0, 3.0]), shape(2, [5.0, 6.0, 7.0])],
            pairs: vec![pair],
            link,
        },
    ]
}

#[test]
fn a_function_with_an_input_held_is_the_function_there() {
    for function in functions() {
        for t in [0.0, 1.0, 3.0] {
            let fixed = held(&function, 2, t).unwrap();
            for a in GRID {
                for b in GRID {
                    let (own, there) = (evaluate(&fixed, 2, [a, b, 9.0]), evaluate(&function, 3, [a, b, t]));
                    assert!((own - there).abs() < 1e-9, "{function:?} at {a}, {b}, {t}: {own}, {there}");
                }
            }
        }
    }
    let by_t = Pair { inputs: (0, 2), edges: Default::default(), scores: vec![vec![0.0; 2]; 2] };
    let function = Function::Shapes { intercept: 0.0, shapes: vec![], pairs: vec![by_t], link: Link::Identity };
    assert_eq!(held(&function, 2, 1.0), None);
}

#[test]
fn a_sum_of_functions_is_the_sum_of_their_values() {
    for function in functions() {
        let both = sum(&[(1.0, function.clone()), (-0.5, function.clone())]).unwrap();
        for a in GRID {
            for b in GRID {
                let (one, half) = (evaluate(&function, 3, [a, b, 1.0]), evaluate(&both, 3, [a, b, 1.0]));
                assert!((half - 0.5 * one).abs() < 1e-6, "{function:?}: {half}, half of {one}");
            }
        }
    }
    let all = functions();
    let [constant, linear, ..] = &all[..] else { panic!() };
    assert_eq!(sum(&[(1.0, constant.clone()), (1.0, linear.clone())]), None, "kinds are not mixed");
    let logistic = Function::Linear { intercept: 0.0, coefficients: vec![], link: Link::Logistic };
    assert_eq!(sum(&[(1.0, logistic)]), None, "a link cannot be added through");
    assert_eq!(sum(&[]), None);
}
