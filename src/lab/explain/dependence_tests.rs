//! Curves against naive recomputation, and against functions whose effects are known.

use super::*;
use crate::data::Dataset;
use crate::random::Random;
use attune_policy::model::{Encode, Function, Input, Link, Model, Pair, Shape};

fn input(field: &str, encode: Encode) -> Input {
    Input { field: field.into(), encode }
}

/// Score: 2 x − 3 z + 1 where c is "b" − 2 where it is "c"; x and z move together by `correlation`. A tenth of x is missing.
fn linear(correlation: f64) -> (Dataset, Model) {
    let mut random = Random::new(4);
    let (mut xs, mut zs, mut cs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..600 {
        let x = random.normal();
        zs.push(correlation * x + (1.0 - correlation * correlation).sqrt() * random.normal());
        xs.push(if random.chance(0.1) { f64::NAN } else { x });
        cs.push(["a", "b", "c"][random.below(3)]);
    }
    let columns = vec![
        ("x".into(), Cells::Number(xs)),
        ("z".into(), Cells::Number(zs)),
        ("c".into(), Cells::from_texts(cs.into_iter().map(Some))),
    ];
    let category = |name: &str| Encode::OneHot { category: name.into(), center: 0.0, scale: 1.0 };
    let model = Model {
        id: "m".into(),
        inputs: vec![
            input("x", Encode::Standard { missing: 0.5, center: 0.0, scale: 1.0 }),
            input("z", Encode::Number),
            input("c", category("b")),
            input("c", category("c")),
        ],
        function: Function::Linear { intercept: 0.0, coefficients: vec![2.0, -3.0, 1.0, -2.0], link: Link::Identity },
        ..Model::default()
    };
    (Dataset::from_columns("linear", columns).unwrap(), model)
}

fn all(dataset: &Dataset) -> Vec<u32> {
    (0..dataset.rows() as u32).collect()
}

#[test]
fn lines_have_their_slopes_and_categories_their_steps() {
    let (dataset, model) = linear(0.9);
    let probe = Probe::new(&model, &dataset, &all(&dataset), 500, 1).unwrap();
    let task = Task::default();
    let pd = partial(&probe, "x", &task).unwrap();
    assert_eq!((pd.points.len(), pd.rows, pd.curves.len()), (GRID + 1, 500, CURVES));
    assert!(pd.points.len() * (pd.curves.len() + 1) <= 2000);
    assert!((pd.points.iter().map(|p| p.share).sum::<f64>() - 1.0).abs() < 1e-9);
    let ale = accumulated(&probe, "x", None, &task).unwrap();
    assert_eq!((ale.points.len(), ale.steps.len()), (GRID, GRID - 1));
    for k in 1..GRID {
        let dx = pd.points[k].number.unwrap() - pd.points[0].number.unwrap();
        assert!((pd.mean[k] - pd.mean[0] - 2.0 * dx).abs() < 1e-9);
        assert!(pd.curves.iter().all(|curve| (curve[k] - 2.0 * dx).abs() < 1e-9 && curve[0] == 0.0));
        assert!((ale.effect[k] - ale.effect[0] - 2.0 * dx).abs() < 1e-9);
    }
    // Missing is read as 0.5.
    let last = pd.points.len() - 1;
    assert_eq!((pd.points[last].label.as_str(), pd.points[last].number), ("missing", None));
    assert!((pd.mean[last] - pd.mean[0] - 2.0 * (0.5 - pd.points[0].number.unwrap())).abs() < 1e-9);

    let pd = partial(&probe, "c", &task).unwrap();
    assert_eq!(pd.points.iter().map(|p| p.label.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert!((pd.mean[1] - pd.mean[0] - 1.0).abs() < 1e-9 && (pd.mean[2] - pd.mean[0] + 2.0).abs() < 1e-9);
    let ale = accumulated(&probe, "c", Some(&["c", "a", "b"]), &task).unwrap();
    assert!((ale.effect[1] - ale.effect[0] - 2.0).abs() < 1e-9 && (ale.effect[2] - ale.effect[1] - 1.0).abs() < 1e-9);
    let mean: f64 = ale.effect.iter().zip(&ale.points).map(|(effect, point)| effect * point.share).sum();
    assert!(mean.abs() < 1e-9, "centred over the rows");
    let by_score: Vec<String> =
        accumulated(&probe, "c", None, &task).unwrap().points.into_iter().map(|p| p.label).collect();
    assert_eq!(by_score, ["c", "a", "b"]);
    assert!(accumulated(&probe, "c", Some(&["c", "a"]), &task).is_err());
    let error = partial(&probe, "y", &task).unwrap_err().to_string();
    assert!(error.contains("does not read this column"), "{error}");
}

#[test]
fn partial_dependence_is_the_mean_of_all_rows_scored_again() {
    let (dataset, model) = linear(0.5);
    let probe = Probe::new(&model, &dataset, &all(&dataset), 200, 7).unwrap();
    let pd = partial(&probe, "z", &Task::default()).unwrap();
    let scoring = super::super::Scoring::new(&model).unwrap();
    for (point, mean) in pd.points.iter().zip(&pd.mean) {
        // A dataset in which every row has the value, scored from scratch.
        let z = Cells::Number(vec![point.number.unwrap(); 200]);
        let pick = |name: &str| dataset.cells(name).unwrap().select(probe.rows());
        let columns = vec![("x".into(), pick("x")), ("z".into(), z), ("c".into(), pick("c"))];
        let all_same = Dataset::from_columns("same", columns).unwrap();
        let rows: Vec<u32> = (0..200).collect();
        let x = crate::features::matrix(&all_same, &rows, &model.inputs).unwrap();
        let naive = scoring.scores(&x).unwrap().iter().sum::<f64>() / 200.0;
        assert!((naive - mean).abs() < 1e-12);
    }
}

/// Score: 1 where x and z are both above 0 and 1 where both are below, 0 elsewhere; as a table of pairs, with a slope of `own` on x.
fn corners(correlation: f64, own: f64) -> (Dataset, Model) {
    let (dataset, _) = linear(correlation);
    let steps: Vec<f64> = (-30..=30).map(|i| f64::from(i) / 10.0).collect();
    let scores: Vec<f64> = (0..=steps.len()).map(|i| own * (-3.05 + i as f64 / 10.0)).collect();
    let shape = Shape { input: 0, edges: steps, scores, ..Shape::default() };
    let table = vec![vec![1.0, 0.0, 0.0], vec![0.0, 1.0, 0.0], vec![0.0; 3]];
    let pair = Pair { inputs: (0, 1), edges: (vec![0.0], vec![0.0]), scores: table };
    let model = Model {
        id: "corners".into(),
        inputs: vec![input("x", Encode::Number), input("z", Encode::Number)],
        function: Function::Shapes { intercept: 0.0, shapes: vec![shape], pairs: vec![pair], link: Link::Identity },
        ..Model::default()
    };
    (dataset, model)
}

#[test]
fn where_columns_move_together_only_local_effects_keep_to_real_rows() {
    // A score of 1 wherever z > 1 although x < −1: rows that hardly exist when x and z move together.
    let spread = |correlation: f64| {
        let (dataset, mut model) = corners(correlation, 0.0);
        let table = vec![vec![0.0, 1.0, 0.0], vec![0.0, 0.0, 0.0], vec![0.0; 3]];
        let pair = Pair { inputs: (0, 1), edges: (vec![-1.0], vec![1.0]), scores: table };
        model.function = Function::Shapes { intercept: 0.0, shapes: vec![], pairs: vec![pair], link: Link::Identity };
        let probe = Probe::new(&model, &dataset, &all(&dataset), 600, 1).unwrap();
        let task = Task::default();
        let pd = partial(&probe, "x", &task).unwrap();
        let ale = accumulated(&probe, "x", None, &task).unwrap();
        // First against last known value.
        (pd.mean[0] - pd.mean[GRID - 1], ale.effect[0] - ale.effect[GRID - 1])
    };
    let (pd, ale) = spread(0.97);
    assert!(pd > 0.1, "partial dependence sees rows that do not exist: {pd}");
    assert!(ale.abs() < 0.02, "local effects do not: {ale}");
    let (pd, ale) = spread(0.0);
    assert!((pd - ale).abs() < 0.1 && pd > 0.1 && ale > 0.05, "without correlation they agree: {pd} and {ale}");
}

#[test]
fn columns_that_work_together_are_seen() {
    let task = Task::default();
    let h2 = |model: &Model, dataset: &Dataset, a: &str, b: &str| {
        let probe = Probe::new(model, dataset, &all(dataset), 300, 1).unwrap();
        interaction(&probe, a, b, &task).unwrap().h2
    };
    let (dataset, model) = linear(0.3);
    assert!(h2(&model, &dataset, "x", "z") < 1e-12 && h2(&model, &dataset, "x", "c") < 1e-12, "sums do not interact");
    let (dataset, model) = corners(0.0, 0.0);
    let alone = h2(&model, &dataset, "x", "z");
    assert!(alone > 0.8, "x and z tell next to nothing alone: {alone}");
    let (dataset, model) = corners(0.0, 1.0);
    let beside = h2(&model, &dataset, "x", "z");
    assert!(beside > 0.05 && beside < alone, "beside an effect of its own: {beside}");
    let probe = Probe::new(&model, &dataset, &all(&dataset), 300, 1).unwrap();
    assert!(interaction(&probe, "x", "x", &task).is_err());
}
