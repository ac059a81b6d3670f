//! Attached models: read as they were written, renamed whole, and without the subjects that are erased.

use super::super::{Access, Attachment, Learned, LearnedKind, Project, Usage, attach};
use super::sample;
use crate::models::value::{BestSlot, Preference, lower_hours};
use attune_policy::document::Source;
use attune_policy::model::{Cold, Encode, Function, Input, Link, Model, Pair, Scorer, Scratch, Shape, Side};
use attune_policy::row::{Column, Row};
use attune_policy::value::{Type, Value};
use std::collections::BTreeMap;

fn learned(models: Vec<Model>) -> Learned {
    let uses = models.iter().map(|model| Usage { name: model.id.clone(), expr: format!("score(\"{}\")", model.id) });
    Learned {
        id: "s".into(),
        name: "S".into(),
        kind: LearnedKind::Segments,
        source: Source { name: "c.csv".into(), sha256: "ab".into(), rows: 7 },
        family: "k-means".into(),
        rows: 7,
        metrics: vec![("silhouette".into(), 0.1 + 0.2)],
        uses: uses.collect(),
        models,
    }
}

fn linear(id: &str, field: &str) -> Model {
    let input = Input { field: field.into(), encode: Encode::Standard { missing: 1.0, center: 2.0, scale: 3.0 } };
    let function = Function::Linear { intercept: 1e-300, coefficients: vec![0.1], link: Link::Identity };
    Model { id: id.into(), inputs: vec![input], function, ..Model::default() }
}

#[test]
fn a_project_keeps_them_as_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let plain = sample();
    let mut parts = plain.clone();
    attach(&mut parts, Attachment::new(learned(vec![linear("s_1", "age"), linear("s_2", "age")])).unwrap()).unwrap();
    assert_eq!(parts.breaches(), Vec::<String>::new());
    assert!(parts.model_ids().any(|id| id == "s_2"));
    let mut project = Project::create(dir.path(), &parts).unwrap();
    let text = std::fs::read_to_string(dir.path().join("attached/s.ron")).unwrap();
    let open = || {
        let opened = Project::open(dir.path(), Access::Read).unwrap();
        assert_eq!(opened.problems, []);
        opened.parts
    };
    assert_eq!(open(), parts);
    assert_eq!(*open().attached[0], Learned::parse(&text).unwrap());
    project.save(&plain, "Detach").unwrap();
    assert!(!dir.path().join("attached/s.ron").exists());
    assert_eq!(open(), plain);
}

#[test]
fn another_id_and_other_names_reach_everything() {
    let own = learned(vec![linear("s_1", "age"), linear("s_10", "spend")]);
    let other = own.clone().called("s_1").unwrap();
    assert_eq!(other.models.iter().map(|model| model.id.as_str()).collect::<Vec<_>>(), ["s_1_1", "s_1_10"]);
    assert_eq!(other.uses[1].expr, "score(\"s_1_10\")");
    assert!(own.clone().called("S 1").is_err());
    let names = |from: &str| BTreeMap::from([(from.to_owned(), "years".to_owned())]);
    assert_eq!(own.clone().reading(&names("age")).unwrap().fields(), ["spend", "years"].into());
    assert!(own.reading(&names("ages")).unwrap_err().to_string().contains("they read age, spend"));
}

/// The score of a subject, and of an item where the model reads one.
fn score(model: &Model, subject: &str, item: &str) -> f64 {
    let columns = ["who", "what"].map(|name| Column { name: name.into(), type_: Type::Text });
    let scorer = Scorer::compile(model, &columns).unwrap();
    scorer.score(&Row::complete(&[Value::text(subject), Value::text(item)]), &mut Scratch::default()).value
}

#[test]
fn who_is_erased_is_gone_and_everybody_else_is_scored_as_before() {
    let category = |field: &str, names: &[&str]| Input {
        field: field.into(),
        encode: Encode::Category { categories: names.iter().map(|name| (*name).to_owned()).collect() },
    };
    let (who, what) = (category("who", &["a", "b", "c"]), category("what", &["x", "y"]));
    let side = |input: u32, factors: Vec<Vec<f32>>, biases: Vec<f64>| Side::Keyed { input, biases, factors };
    let factors = Function::Factors {
        bias: 0.5,
        subject: side(0, vec![vec![1.0], vec![2.0], vec![3.0]], vec![0.1, 0.2, 0.3]),
        item: side(1, vec![vec![1.0], vec![-1.0]], vec![]),
        cold: Cold::Biases,
        link: Link::Identity,
    };
    let pair = Pair {
        inputs: (1, 0),
        edges: Default::default(),
        scores: (0..4).map(|row| (0..5).map(|at| f64::from(row * 10 + at)).collect()).collect(),
    };
    let shape = Shape { input: 0, scores: vec![1.0, 2.0, 3.0], other: 9.0, missing: 9.0, ..Shape::default() };
    let tables = Function::Shapes { intercept: 0.0, shapes: vec![shape], pairs: vec![pair], link: Link::Identity };
    let slot = |slot: u8| BestSlot { observations: 9, slot, share: 0.5, population_share: 0.1, confidence: 0.9 };
    let mut population = vec![0.02; 24];
    population[20] = 0.5;
    let hours = Preference { population, concentration: 5.0, subjects: vec![slot(6), slot(12), slot(20)] };
    let names: Vec<String> = ["a", "b", "c"].map(str::to_owned).into();
    let model = |function: Function| Model {
        id: "s".into(),
        inputs: vec![who.clone(), what.clone()],
        function,
        ..Model::default()
    };
    for (model, stranger) in [
        (model(factors), None),
        (model(tables), Some(9.0 + 3.0)),
        (lower_hours(&hours, &names, "who", "s"), Some(20.0)),
    ] {
        let mut own = learned(vec![model]);
        let before = own.clone();
        assert_eq!(own.forget("who", &|name| name == "nobody"), 0);
        assert_eq!(own, before);
        assert_eq!(own.subjects("who"), ["a", "b", "c"].into());
        assert_eq!(own.forget("who", &|name| name == "b"), 1);
        assert_eq!(own.subjects("who"), ["a", "c"].into());
        for subject in ["a", "c", "zoe"] {
            for item in ["x", "y"] {
                let [was, is] = [&before, &own].map(|learned| score(&learned.models[0], subject, item));
                assert_eq!(was, is, "{subject} {item}");
            }
        }
        assert_eq!(score(&own.models[0], "b", "x"), score(&own.models[0], "zoe", "x"));
        assert_ne!(score(&before.models[0], "b", "x"), score(&own.models[0], "b", "x"));
        if let Some(expected) = stranger {
            assert_eq!(score(&own.models[0], "zoe", "x"), expected);
        }
    }
}
