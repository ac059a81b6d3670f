//! Differences of functions: their sides' answers, one less the other; contributions; what is refused.

use super::*;

fn linear(intercept: f64, coefficients: [f64; 2], link: Link) -> Function {
    Function::Linear { intercept, coefficients: coefficients.into(), link }
}

fn tree() -> Function {
    let tree = Tree {
        feature: vec![1, -1, -1],
        threshold: vec![2.5, -0.5, 0.75],
        left: vec![1, 0, 0],
        right: vec![2, 0, 0],
        missing_left: vec![true, false, false],
        categorical: vec![],
    };
    Function::Trees { base: 0.25, trees: vec![tree], link: Link::Logistic }
}

fn difference(of: Function, less: Function) -> Model {
    let inputs = vec![input("x", Encode::Number), input("n", Encode::Number)];
    model(inputs, Function::Difference { of: of.into(), less: less.into() }, Calibration::Identity)
}

#[test]
fn the_output_of_one_side_less_that_of_the_other() {
    let sides = [
        linear(0.5, [1.0, -0.25], Link::Logistic),
        linear(-0.5, [0.5, 0.0], Link::Logistic),
        linear(0.1, [0.0, 0.2], Link::Identity),
        tree(),
        Function::Constant(0.125),
    ];
    for x in [-3.0, 0.0, 0.4, 7.0] {
        for n in [0, 2, 3] {
            let row = [Value::Number(x), Value::Integer(n)];
            let inputs = || vec![input("x", Encode::Number), input("n", Encode::Number)];
            let alone = |side: &Function| score(&model(inputs(), side.clone(), Calibration::Identity), &row).value;
            for of in &sides {
                for less in &sides {
                    let own = score(&difference(of.clone(), less.clone()), &row);
                    assert_eq!(own, whole(alone(of) - alone(less)), "{of:?} less {less:?}");
                }
            }
        }
    }
    // Where one side has no answer there is none, and the calibration comes after the difference.
    let m = difference(tree(), linear(0.0, [1.0, 1.0], Link::Logistic));
    assert_eq!(score(&m, &[Value::Unknown, Value::Integer(3)]), stand_in(0.25));
    let huge = difference(tree(), linear(0.0, [1e308, 1e308], Link::Logistic));
    assert_eq!(score(&huge, &[Value::Number(1e10), Value::Integer(3)]), stand_in(0.25));
    let halved = Calibration::Isotonic { raw: vec![-1.0, 1.0], calibrated: vec![-0.5, 0.5] };
    let m = Model { calibration: halved, ..difference(Function::Constant(0.75), Function::Constant(0.25)) };
    assert_eq!(score(&m, &[]).value, 0.25);
}

#[test]
fn contributions_are_in_units_of_the_output_and_add_up() {
    let sides = [linear(0.5, [1.0, -0.25], Link::Logistic), linear(-0.5, [0.5, 0.1], Link::Logistic)];
    let m = difference(sides[0].clone(), sides[1].clone());
    let scorer = Scorer::compile(&m, &columns()).unwrap();
    let base = Link::Logistic.apply(0.5) - Link::Logistic.apply(-0.5);
    for (x, n) in [(2.0, 1), (-0.7, 4), (1e-9, 0), (30.0, 2)] {
        let row = [Value::Number(x), Value::Integer(n)];
        let given = scorer.contributions(&Row::complete(&row), &NoFacts, &mut Scratch::default());
        let sum: f64 = given.iter().map(|(_, x)| x).sum();
        assert!((base + sum - score(&m, &row).value).abs() < 1e-9, "{x}, {n}: {given:?}");
    }
    let plain = difference(linear(0.0, [2.0, 1.0], Link::Identity), linear(3.0, [0.5, 1.0], Link::Identity));
    let scorer = Scorer::compile(&plain, &columns()).unwrap();
    let row = [Value::Number(2.0), Value::Integer(5)];
    assert_eq!(scorer.contributions(&Row::complete(&row), &NoFacts, &mut Scratch::default()), [(0, 3.0)]);
}

#[test]
fn what_is_no_difference_of_functions_of_inputs_is_refused() {
    let nested = Function::Difference { of: tree().into(), less: tree().into() };
    let short = Function::Linear { intercept: 0.0, coefficients: vec![1.0], link: Link::Identity };
    let side = || Side::Keyed { input: 0, biases: vec![], factors: vec![] };
    let factors =
        Function::Factors { bias: 0.0, subject: side(), item: side(), cold: Cold::Biases, link: Link::Identity };
    for (of, less, words) in [
        (nested, tree(), "`of` of its difference: it is a difference itself"),
        (tree(), factors, "`less` of its difference: it recommends items"),
        (tree(), short, "`less` of its difference: 2 inputs need as many coefficients"),
        (Function::Constant(f64::NAN), tree(), "`of` of its difference: the constant"),
    ] {
        let findings = Scorer::compile(&difference(of, less), &columns()).unwrap_err().join("\n");
        assert!(findings.contains(words), "{findings}");
    }
}
