//! Attached models: read as they were written, renamed whole, and without the subjects that are erased.

use super::super::attached::another_clock;
use super::super::{Access, Attachment, Learned, LearnedKind, Parts, Project, Usage, attach, hours_of_another_clock};
use super::sample;
use crate::models::value::{BestSlot, Clock, Preference, lower_hours};
use attune_policy::document::Source;
use attune_policy::model::{Cold, Encode, Function, Input, Link, Model, Pair, Scorer, Scratch, Shape, Side};
use attune_policy::row::{Column, Row};
use attune_policy::value::{Type, Value};
use attune_policy::zones::{SendTime, Zones};
use std::collections::BTreeMap;
use std::sync::Arc;

fn learned(models: Vec<Model>) -> Learned {
    let uses = models.iter().map(|model| Usage { name: model.id.clone(), expr: format!("score(\"{}\")", model.id) });
    Learned {
        id: "s".into(),
        name: "S".into(),
        kind: LearnedKind::Segments,
        source: Source { name: "c.csv".into(), sha256: "ab".into(), rows: 7 },
        family: "k-means".into(),
        rows: 7,
        period: None,
        clock: None,
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

/// Send times of these zones, by a column of the file or not.
fn hours(id: &str, column: Option<&str>, zones: &[&str]) -> Learned {
    let clock =
        Clock { column: column.map(str::to_owned), zones: zones.iter().map(|zone| (*zone).to_owned()).collect() };
    let year = (1_704_067_200_000, 1_735_603_200_000);
    let own = Learned { clock: Some(clock), period: Some(year), ..learned(vec![linear("s", "age")]) };
    Learned { kind: LearnedKind::SendTimes, ..own }.called(id).unwrap()
}

#[test]
fn hours_are_of_the_clock_by_which_the_policy_decides_or_refused() {
    /// Zones of the policy, column and zones of the hours, what refuses them, what is said beside.
    type Case<'a> = (&'a Zones, Option<&'a str>, &'a [&'a str], &'a str, &'a str);
    let plain = sample();
    let region = |name: &str, zone: &str| (name.to_owned(), vec![zone.to_owned()]);
    let regions = || [region("east", "America/New_York"), region("de", "Europe/Berlin")].into();
    let none = Zones::default();
    let york = Zones { project: Some("America/New_York".into()), ..none.clone() };
    let both = Zones { region: Some("gender".into()), regions: regions(), ..york.clone() };
    let unread = Zones { regions: regions(), ..york.clone() };
    let table: [Case<'_>; 13] = [
        (&none, None, &["UTC"], "", ""),
        (&none, None, &["Etc/UTC"], "", ""),
        (
            &none,
            None,
            &["America/New_York"],
            "are of the clock of America/New_York, and the policy decides by the clock of UTC; make that",
            "",
        ),
        (&york, None, &["America/New_York"], "", ""),
        (&york, None, &["US/Eastern"], "", ""),
        (&york, None, &["America/Toronto"], "", ""),
        (
            &york,
            None,
            &["America/Chicago"],
            "clock of America/New_York; learn them again with --clock America/New_York",
            "",
        ),
        // The same in winter alone.
        (&york, None, &["America/Panama"], "the policy decides by the clock of America/New_York", ""),
        (&unread, None, &["America/New_York"], "", ""),
        (
            &both,
            None,
            &["America/New_York"],
            "by the clock of Europe/Berlin; learn them again on each customer's own clock",
            "",
        ),
        (&both, Some("tz"), &["America/New_York", "Europe/Paris"], "", ""),
        (&both, Some("tz"), &["America/New_York", "Asia/Tokyo"], "", "does not know who lives in Asia/Tokyo"),
        (&york, Some("tz"), &["Asia/Tokyo", "Europe/Paris"], "does not know who lives in Asia/Tokyo, Europe/Paris", ""),
    ];
    for (zones, column, of, refused, said) in table {
        let mut parts = plain.clone();
        Arc::make_mut(&mut parts.draft).zones = zones.clone();
        let own = hours("s", column, of);
        let told = another_clock(&own, zones).unwrap_or_default();
        let attached = attach(&mut parts, Attachment::new(own).unwrap());
        match refused {
            "" => assert_eq!(attached, Ok(()), "{zones:?} {of:?}"),
            _ => {
                let error = attached.unwrap_err().to_string();
                assert!(error.contains(refused), "{error}");
                assert_eq!(error, told);
                continue;
            }
        }
        assert!(told.contains(said) && told.is_empty() == said.is_empty(), "{told}");
        assert_eq!(hours_of_another_clock(&parts).len(), usize::from(!told.is_empty()));
        // Zones that change later are told of where the policy is checked.
        Arc::make_mut(&mut parts.draft).zones.project = Some("Asia/Kolkata".into());
        Arc::make_mut(&mut parts.draft).zones.regions.clear();
        let found = hours_of_another_clock(&parts);
        assert_eq!(found.len(), 1, "{of:?}");
        assert!(found[0].message.contains("the policy decides by the clock of Asia/Kolkata"), "{}", found[0]);
    }
    // A file that does not say is of UTC, as it was learned then.
    let mut parts = plain.clone();
    let old = Learned { clock: None, period: None, ..hours("s", None, &["UTC"]) };
    assert_eq!(another_clock(&old, &none), None);
    assert!(another_clock(&old, &york).is_some());
    attach(&mut parts, Attachment::new(old).unwrap()).unwrap();
    // Segments have no clock.
    assert_eq!(
        another_clock(&Learned { kind: LearnedKind::Segments, ..hours("s", None, &["Asia/Tokyo"]) }, &none),
        None
    );
}

#[test]
fn send_times_that_the_policy_would_never_ask_are_refused() {
    let mut parts = sample();
    let put = |parts: &mut Parts, id: &str| attach(parts, Attachment::new(hours(id, None, &["UTC"])).unwrap());
    put(&mut parts, "first").unwrap();
    let before = parts.clone();
    let error = put(&mut parts, "second").unwrap_err().to_string();
    let words = "the policy sends at the hours of `first` already, and would never ask `second`; detach `first` first, or attach this as `first`";
    assert!(error.contains(words), "{error}");
    assert_eq!(parts, before);
    put(&mut parts, "first").unwrap();
    assert_eq!(parts, before, "the same id takes its place");

    let draft = Arc::make_mut(&mut parts.draft);
    draft.send_times[0].channel = Some("email".into());
    put(&mut parts, "second").unwrap();
    assert_eq!(parts.draft.send_times.len(), 2, "the first speaks of one channel alone");
    let mut parts = sample();
    let own = SendTime { id: "evening".into(), channel: None, hour: "18".into(), within: 24 };
    Arc::make_mut(&mut parts.draft).send_times.push(own);
    let error = put(&mut parts, "first").unwrap_err().to_string();
    assert!(error.contains("the send time `evening` for every channel already"), "{error}");
    Arc::make_mut(&mut parts.draft).send_times[0].hour = "score(\"first\")".into();
    put(&mut parts, "first").unwrap();
}

#[test]
fn what_is_attached_says_until_when_it_knows_and_how_it_is_refreshed() {
    let own = hours("s", None, &["UTC"]);
    assert_eq!(own.until().as_deref(), Some("2024-12-31"));
    let words = own.freshness().unwrap();
    for part in
        ["until 2024-12-31, and nothing that came later", "`attune analyze send-time … --model`", "takes the place"]
    {
        assert!(words.contains(part), "{words}");
    }
    assert!(!words.contains("--baskets"));
    let encode = Encode::Items { items: vec!["x".into()], separator: "|".into() };
    let mut model = linear("s", "basket");
    model.inputs[0].encode = encode;
    let recommender = Learned { kind: LearnedKind::Recommender, models: vec![model], ..own };
    let words = recommender.freshness().unwrap();
    assert!(words.contains("analyze recommend") && words.contains("write it anew with --baskets"), "{words}");
    assert_eq!(learned(vec![linear("s", "age")]).freshness(), None);
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
