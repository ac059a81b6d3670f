//! Categories as codes, categorical splits, and facts of the candidate as inputs.

use super::*;

/// The code of a value, or NaN: a table of one shape that answers with the code.
fn code(field: &str, categories: &[&str], value: Value) -> f64 {
    let n = categories.len();
    let scores = (0..n).map(|i| i as f64).collect();
    let shapes = vec![Shape { input: 0, scores, other: n as f64, missing: -1.0, ..Shape::default() }];
    let function = Function::Shapes { intercept: 0.0, shapes, pairs: vec![], link: Link::Identity };
    let m = model(vec![input(field, category(categories))], function, Calibration::Identity);
    let row: Vec<Value> =
        columns().iter().map(|c| if c.name == field { value.clone() } else { Value::Unknown }).collect();
    score_with(&m, &row, &[value.clone(), value]).value
}

#[test]
fn a_category_is_its_place_in_the_list() {
    let table = [
        ("t", &["Web", "Mail"][..], Value::text("Web"), 0.0),
        ("t", &["Web", "Mail"], Value::text("Mail"), 1.0),
        ("t", &["Web", "Mail"], Value::text("mail"), 2.0),
        ("t", &["Web", "Mail"], Value::Unknown, -1.0),
        ("n", &["-3", "7", "07"], Value::Integer(7), 1.0),
        ("n", &["-3", "7", "07"], Value::Integer(-3), 0.0),
        ("n", &["-3", "7", "07"], Value::Integer(8), 3.0),
        ("x", &["0.1", "7"], Value::Number(7.0), 1.0),
        ("x", &["0.1", "7"], Value::Number(0.1), 0.0),
        ("x", &["0", "7"], Value::Number(-0.0), 2.0),
        ("x", &["0.1", "7"], Value::Number(f64::NAN), 2.0),
        ("b", &["true"], Value::Bool(true), 0.0),
        ("b", &["true"], Value::Bool(false), 1.0),
        ("when", &["1970-01-01T00:00:00Z"], Value::Time(0), 0.0),
        ("when", &["1970-01-01T00:00:00Z"], Value::Time(1), 1.0),
        ("action.id", &["a", "b"], Value::text("b"), 1.0),
        // Of a fact that is a number on most actions and a whole number on some.
        ("action.price", &["2", "3"], Value::Integer(3), 1.0),
        ("action.price", &["2", "3"], Value::text("3"), 2.0),
    ];
    for (field, categories, value, expected) in table {
        assert_eq!(code(field, categories, value.clone()), expected, "{field} {categories:?} {value}");
    }
}

/// `t ∈ {Web, other} (missing right) ? 1 : (x < 0 (missing left) ? 2 : 3)`.
fn by_category(left: Vec<u32>) -> Model {
    let tree = Tree {
        feature: vec![1, -1, 0, -1, -1],
        threshold: vec![0.0, 1.0, 0.0, 2.0, 3.0],
        left: vec![1, 0, 3, 0, 0],
        right: vec![2, 0, 4, 0, 0],
        missing_left: vec![false, false, true, false, false],
        categorical: vec![CategorySplit { node: 0, left }],
    };
    let inputs = vec![input("x", Encode::Number), input("t", category(&["Web", "Mail", "Shop"]))];
    let function = Function::Trees { base: 0.0, trees: vec![tree], link: Link::Identity };
    model(inputs, function, Calibration::Identity)
}

#[test]
fn a_set_of_categories_goes_left() {
    let table = [
        (vec![0, 3], Value::text("Web"), 1.0),
        (vec![0, 3], Value::text("Mail"), 3.0),
        (vec![0, 3], Value::text("no such"), 1.0),
        (vec![0, 3], Value::Unknown, 3.0),
        (vec![1], Value::text("Mail"), 1.0),
        (vec![1], Value::text("no such"), 3.0),
        (vec![], Value::text("Web"), 3.0),
    ];
    for (left, t, expected) in table {
        let row = [Value::Number(1.0), Value::Unknown, t.clone()];
        assert_eq!(score(&by_category(left.clone()), &row), whole(expected), "{left:?} {t}");
    }
    let mut missing = by_category(vec![0]);
    let Function::Trees { trees, .. } = &mut missing.function else { panic!() };
    trees[0].missing_left[0] = true;
    assert_eq!(score(&missing, &[]), whole(1.0));
}

#[test]
fn sets_of_many_categories_hold_apart() {
    // Three nodes in a row, each sending every third of 200 categories left.
    let names: Vec<String> = (0..200).map(|i| format!("c{i}")).collect();
    let every = |k: u32| (0..=200).filter(|c| c % 3 == k).collect();
    let tree = Tree {
        feature: vec![0, -1, 0, -1, 0, -1, -1],
        threshold: vec![0.0, 1.0, 0.0, 2.0, 0.0, 3.0, 4.0],
        left: vec![1, 0, 3, 0, 5, 0, 0],
        right: vec![2, 0, 4, 0, 6, 0, 0],
        missing_left: vec![false; 7],
        categorical: [0, 2, 4].map(|node| CategorySplit { node, left: every(node / 2) }).into(),
    };
    let m = model(
        vec![input("t", Encode::Category { categories: names.clone() })],
        Function::Trees { base: 0.0, trees: vec![tree], link: Link::Identity },
        Calibration::Identity,
    );
    let ask = |t: Value| score(&m, &[Value::Unknown, Value::Unknown, t]).value;
    for (i, name) in names.iter().enumerate() {
        assert_eq!(ask(Value::text(name.as_str())), (i % 3 + 1) as f64);
    }
    assert_eq!((ask(Value::text("new")), ask(Value::Unknown)), (3.0, 4.0));
}

#[test]
fn facts_of_the_candidate_are_inputs() {
    let linear = Function::Linear { intercept: 0.0, coefficients: vec![1.0, 10.0, 100.0], link: Link::Identity };
    let inputs =
        vec![input("x", Encode::Number), input("action.price", Encode::Number), input("action.id", one_hot("a"))];
    let m = model(inputs, linear, Calibration::Identity);
    let row = [Value::Number(1.0)];
    assert_eq!(score_with(&m, &row, &[Value::text("a"), Value::Number(2.0)]), whole(121.0));
    assert_eq!(score_with(&m, &row, &[Value::text("b"), Value::Integer(3)]), whole(31.0));
    assert_eq!(score_with(&m, &row, &[Value::text("b")]), stand_in(0.25));
    let scorer = Scorer::compile_with(&m, &columns(), &facts()).unwrap();
    assert!(scorer.reads_candidate());
    assert_eq!(scorer.score(&Row::complete(&row), &mut Scratch::default()), stand_in(0.25));
    assert!(!Scorer::compile(&by_category(vec![0]), &columns()).unwrap().reads_candidate());
}

#[test]
fn every_malformed_input_is_refused_in_words() {
    let constant =
        |field: &str, encode| model(vec![input(field, encode)], Function::Constant(0.5), Calibration::Identity);
    let linear = |encode| {
        let function = Function::Linear { intercept: 0.0, coefficients: vec![1.0], link: Link::Identity };
        model(vec![input("t", encode)], function, Calibration::Identity)
    };
    let items = |items: &[&str], separator: &str| Encode::Items {
        items: items.iter().map(|i| (*i).into()).collect(),
        separator: separator.into(),
    };
    let split = |f: &dyn Fn(&mut Vec<CategorySplit>)| {
        let mut m = by_category(vec![0]);
        let Function::Trees { trees, .. } = &mut m.function else { panic!() };
        f(&mut trees[0].categorical);
        m
    };
    let table = [
        (constant("action.prize", Encode::Number), "did you mean `price`"),
        (constant("action.mixed", Encode::Number), "actions disagree about the type of `action.mixed`"),
        (constant("action.id", Encode::Number), "cannot be read as a number"),
        (constant("t", category(&[])), "lists no category"),
        (constant("t", category(&["a", "b", "a"])), "the category `a` twice"),
        (constant("n", category(&["1", "1"])), "the category `1` twice"),
        (constant("n", items(&["a"], ",")), "only a text can list items"),
        (constant("t", items(&["a"], "")), "the separator of its items is empty"),
        (constant("t", items(&["a,b"], ",")), "can never be listed"),
        (constant("t", items(&[" a"], ",")), "can never be listed"),
        (linear(category(&["a"])), "input 1 is no number that a coefficient can multiply"),
        (linear(items(&["a"], ",")), "input 1 is no number that a coefficient can multiply"),
        (split(&|s| s[0].left = vec![1, 1]), "tree 1: node 0 lists categories that do not ascend"),
        (split(&|s| s[0].left = vec![4]), "sends category 4 left, but its input has 3"),
        (split(&|s| s[0].node = 2), "node 2 splits by category, but its input is not encoded as `Category`"),
        (split(&|s| s[0].node = 1), "names a node that is a leaf"),
        (split(&|s| s[0].node = 99), "names a node that is a leaf, or that is not there"),
        (split(&|s| s.push(s[0].clone())), "in the order of their nodes, none twice"),
    ];
    for (m, words) in table {
        refused(&m, words);
    }
}

#[test]
fn old_trees_read_the_same_and_new_ones_keep_their_sets() {
    let old = "(feature:[-1],threshold:[0.5],left:[0],right:[0],missing_left:[false])";
    assert_eq!(ron::from_str::<Tree>(old).unwrap(), leaf(0.5));
    assert_eq!(ron::to_string(&leaf(0.5)).unwrap(), old);
    for m in
        [by_category(vec![0, 3]), model(vec![input("t", category(&["a"]))], Function::default(), Calibration::Identity)]
    {
        assert_eq!(ron::from_str::<Model>(&ron::to_string(&m).unwrap()).unwrap(), m);
    }
}

#[test]
fn a_short_file_cannot_ask_for_all_memory() {
    // 100,000 categories are 1,563 words; 3,000 splits of them are more than any model needs.
    let categories = (0..100_000).map(|i| i.to_string()).collect();
    let split = Tree {
        feature: vec![0, -1, -1],
        threshold: vec![0.0; 3],
        left: vec![1, 0, 0],
        right: vec![2, 0, 0],
        missing_left: vec![false; 3],
        categorical: vec![CategorySplit { node: 0, left: vec![7] }],
    };
    let function = Function::Trees { base: 0.0, trees: vec![split; 3_000], link: Link::Identity };
    let m = model(vec![input("t", Encode::Category { categories })], function, Calibration::Identity);
    refused(&m, "tree 2684: node 0 is one categorical split too many for an input of 100000 categories");
}
