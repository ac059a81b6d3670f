//! Factor and item–item models: scores by hand, cold starts, and what is refused.

use super::*;

fn keyed(input: u32, biases: &[f64], factors: &[&[f32]]) -> Side {
    Side::Keyed { input, biases: biases.into(), factors: factors.iter().map(|f| f.to_vec()).collect() }
}

/// Subjects `t`, items `action.id`.
fn factors(cold: Cold) -> Model {
    let inputs = vec![input("t", category(&["anna", "ben"])), input("action.id", category(&["tea", "mug", "pot"]))];
    let subject = keyed(0, &[0.5, -0.5], &[&[1.0, 2.0], &[0.0, -1.0]]);
    let item = keyed(1, &[0.25, 0.0, -0.25], &[&[1.0, 1.0], &[0.5, 0.0], &[0.0, 4.0]]);
    let function = Function::Factors { bias: 1.0, subject, item, cold, link: Link::Identity };
    model(inputs, function, Calibration::Identity)
}

fn subject(t: Value) -> Vec<Value> {
    vec![Value::Unknown, Value::Unknown, t]
}

#[test]
fn factors_multiply_subject_and_item() {
    let text = |t: &str| Value::text(t);
    let table = [
        (text("anna"), text("tea"), whole(1.0 + 0.5 + 0.25 + 1.0 + 2.0)),
        (text("anna"), text("pot"), whole(1.0 + 0.5 - 0.25 + 8.0)),
        (text("ben"), text("mug"), whole(1.0 - 0.5)),
        (text("ben"), text("pot"), whole(1.0 - 0.5 - 0.25 - 4.0)),
        // Popularity of the item, for a subject nobody knows.
        (text("carl"), text("tea"), stand_in(1.25)),
        (Value::Unknown, text("pot"), stand_in(0.75)),
        (text("anna"), text("cup"), stand_in(1.5)),
        (text("anna"), Value::Unknown, stand_in(1.5)),
        (text("carl"), text("cup"), stand_in(0.25)),
    ];
    for (who, what, expected) in table {
        let row = subject(who.clone());
        assert_eq!(score_with(&factors(Cold::Biases), &row, std::slice::from_ref(&what)), expected, "{who} {what}");
        let strict = if expected.degraded() { stand_in(0.25) } else { expected };
        assert_eq!(score_with(&factors(Cold::Fallback), &row, std::slice::from_ref(&what)), strict, "{who} {what}");
    }
    assert!(Scorer::compile_with(&factors(Cold::Biases), &columns(), &facts()).unwrap().reads_candidate());
    // What stands in is calibrated, as the score is.
    let calibration = Calibration::Isotonic { raw: vec![0.0, 2.0], calibrated: vec![0.0, 1.0] };
    let m = Model { calibration, ..factors(Cold::Biases) };
    assert_eq!(score_with(&m, &subject(Value::Unknown), &[text("tea")]), stand_in(0.625));
}

#[test]
fn a_side_folds_in_from_features() {
    let inputs = vec![input("x", Encode::Number), input("b", Encode::Number), input("action.id", category(&["tea"]))];
    let term = |input, bias, factors: &[f32]| Term { input, bias, factors: factors.into() };
    let folded = Side::Folded { terms: vec![term(0, 0.5, &[1.0, 0.0]), term(1, 3.0, &[0.0, 2.0])] };
    let function = Function::Factors {
        bias: 0.0,
        subject: folded,
        item: keyed(2, &[], &[&[10.0, 100.0]]),
        cold: Cold::Biases,
        link: Link::Identity,
    };
    let m = model(inputs, function, Calibration::Identity);
    let row = |x: Value, b: Value| vec![x, Value::Unknown, Value::Unknown, b];
    let tea = [Value::text("tea")];
    let both = row(Value::Number(4.0), Value::Bool(true));
    assert_eq!(score_with(&m, &both, &tea), whole(2.0 + 3.0 + 40.0 + 200.0));
    assert_eq!(score_with(&m, &row(Value::Number(4.0), Value::Bool(false)), &tea), whole(42.0));
    assert_eq!(score_with(&m, &row(Value::Number(4.0), Value::Unknown), &tea), stand_in(0.0));
    assert_eq!(score_with(&m, &both, &[Value::text("new")]), stand_in(5.0));
}

/// The basket is listed in `t`.
fn neighbours(cold: Cold) -> Model {
    let items = ["tea", "mug", "pot"].map(String::from).to_vec();
    let inputs = vec![
        input("t", Encode::Items { items, separator: ",".into() }),
        input("action.id", category(&["mug", "pot", "cup"])),
    ];
    let function = Function::Neighbours {
        bias: 1.0,
        basket: 0,
        item: 1,
        biases: vec![0.1, 0.2, 0.3],
        similar: vec![vec![(0, 0.5), (2, 0.25)], vec![(0, 0.7), (1, 0.6)], vec![]],
        cold,
        link: Link::Identity,
    };
    model(inputs, function, Calibration::Identity)
}

#[test]
fn neighbours_add_up_over_the_basket() {
    let table = [
        (Some("tea"), "mug", whole(1.0 + 0.1 + 0.5)),
        (Some("pot, tea"), "mug", whole(1.0 + 0.1 + 0.5 + 0.25)),
        (Some(" tea ,tea,,tea"), "mug", whole(1.0 + 0.1 + 0.5)),
        (Some("tea,mug"), "pot", whole(1.0 + 0.2 + 0.7 + 0.6)),
        (Some("tea;mug"), "pot", stand_in(1.2)),
        (Some("mug"), "mug", whole(1.1)),
        (Some("tea,mug,pot"), "cup", whole(1.3)),
        (Some("Tea"), "cup", stand_in(1.3)),
        (Some(""), "pot", stand_in(1.2)),
        (None, "pot", stand_in(1.2)),
        (Some("tea"), "hat", stand_in(0.25)),
    ];
    for (basket, item, expected) in table {
        let row = subject(basket.map_or(Value::Unknown, Value::text));
        let facts = [Value::text(item)];
        assert_eq!(score_with(&neighbours(Cold::Biases), &row, &facts), expected, "{basket:?} {item}");
        let strict = if expected.degraded() { stand_in(0.25) } else { expected };
        assert_eq!(score_with(&neighbours(Cold::Fallback), &row, &facts), strict, "{basket:?} {item}");
    }
}

#[test]
fn every_malformed_recommender_is_refused_in_words() {
    let factor = |f: &dyn Fn(&mut f64, &mut Side, &mut Side)| {
        let mut m = factors(Cold::Biases);
        let Function::Factors { bias, subject, item, .. } = &mut m.function else { panic!() };
        f(bias, subject, item);
        m
    };
    let neighbour = |f: &dyn Fn(&mut Function)| {
        let mut m = neighbours(Cold::Biases);
        f(&mut m.function);
        m
    };
    macro_rules! set {
        ($field:ident, $with:expr) => {
            neighbour(&|function| {
                let Function::Neighbours { $field, .. } = function else { panic!() };
                $with($field)
            })
        };
    }
    let folded =
        |input, factors: &[f32]| Side::Folded { terms: vec![Term { input, bias: 0.0, factors: factors.into() }] };
    let table = [
        (factor(&|bias, _, _| *bias = f64::NAN), "the bias is not a finite number"),
        (factor(&|_, s, _| *s = keyed(2, &[], &[])), "its subject side reads input 2, but there are 2"),
        (factor(&|_, s, _| *s = keyed(0, &[1.0], &[&[1.0, 1.0], &[1.0, 1.0]])), "its subject side has 1 biases"),
        (factor(&|_, s, _| *s = keyed(0, &[], &[&[1.0, 1.0]])), "1 lists of factors for 2 categories"),
        (factor(&|_, s, _| *s = keyed(0, &[], &[&[1.0, 1.0], &[1.0]])), "not equally long"),
        (
            factor(&|_, s, _| *s = keyed(0, &[], &[&[1.0], &[1.0]])),
            "its subject side has 1 factors and its item side 2",
        ),
        (factor(&|_, s, _| *s = keyed(0, &[], &[&[1.0, 1.0], &[1.0, f32::NAN]])), "not finite numbers"),
        (factor(&|_, _, i| *i = folded(1, &[1.0, 1.0])), "its item side folds in input 1, which is not a number"),
        (factor(&|_, _, i| *i = folded(9, &[1.0, 1.0])), "its item side reads input 9"),
        (set!(basket, |b: &mut u32| *b = 1), "its basket must be an input encoded as `Items`; input 1 is none"),
        (set!(item, |i: &mut u32| *i = 0), "its item must be an input encoded as `Category`; input 0 is none"),
        (set!(biases, |b: &mut Vec<f64>| b.truncate(2)), "2 biases and 3 lists of neighbours for 3 items"),
        (set!(biases, |b: &mut Vec<f64>| b[0] = f64::NAN), "its biases must be finite"),
        (set!(similar, |s: &mut Vec<Vec<(u32, f64)>>| s[0].reverse()), "the neighbours of item 1 must ascend"),
        (
            set!(similar, |s: &mut Vec<Vec<(u32, f64)>>| s[2].push((3, 0.1))),
            "item 3 has the neighbour 3, but the basket knows 3",
        ),
        (
            set!(similar, |s: &mut Vec<Vec<(u32, f64)>>| s[0][0].1 = f64::NAN),
            "the similarities of item 1 must be finite",
        ),
    ];
    for (m, words) in table {
        refused(&m, words);
    }
    // Items are for neighbours alone.
    let Encode::Items { .. } = neighbours(Cold::Biases).inputs[0].encode.clone() else { panic!() };
    let items = neighbours(Cold::Biases).inputs.remove(0);
    let shapes = vec![Shape { input: 0, scores: vec![1.0], missing: 0.0, ..Shape::default() }];
    let function = Function::Shapes { intercept: 0.0, shapes, pairs: vec![], link: Link::Identity };
    refused(&model(vec![items.clone()], function, Calibration::Identity), "which lists items; only neighbours can");
    let split = Tree { feature: vec![0, -1, -1], ..two_levels() };
    let split = Tree {
        threshold: vec![0.0; 3],
        left: vec![1, 0, 0],
        right: vec![2, 0, 0],
        missing_left: vec![false; 3],
        ..split
    };
    let function = Function::Trees { base: 0.0, trees: vec![split], link: Link::Identity };
    refused(&model(vec![items], function, Calibration::Identity), "which lists items; only neighbours can");
}
