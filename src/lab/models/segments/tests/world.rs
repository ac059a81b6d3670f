//! A world of three kinds of customers: found, counted, described, found again, and lowered.

use super::super::agreement::adjusted_rand;
use super::*;
use attune_policy::Value;
use attune_policy::model::{Scorer, Scratch};
use attune_policy::row::{Column, Row};

#[test]
fn three_kinds_are_found_counted_and_described() {
    let (dataset, kinds) = customers(900, 5);
    for method in ALL {
        let spec = SegmentSpec {
            method,
            describe: ["city", "channel", "member", "noise"].map(String::from).to_vec(),
            most: 5,
            ..SegmentSpec::new(["age", "spend"])
        };
        let found = segment(&spec, &dataset, &rows(&dataset), &Task::default()).unwrap();
        let report = &found.report;
        assert_eq!(report.k, 3, "{}: {:?}", method.words(), report.tried);
        let agreement = adjusted_rand(&found.of, &kinds);
        assert!(agreement > 0.9, "{}: agreement {agreement}", method.words());
        assert!(report.stability.mean > 0.85 && report.stability.resamples == 10, "{:?}", report.stability);
        assert!(report.lowered_agreement > 0.95);
        assert_eq!(report.segments.iter().map(|s| s.n).sum::<u64>(), 900);
        assert!(report.segments.is_sorted_by(|a, b| a.n >= b.n) || method != Cluster::KMeans);
        // The largest kind is young, the smallest spends; the world says by how much.
        let young = &report.segments[0];
        assert!(young.words.contains("lower age") && young.words.contains("more often city north"), "{}", young.words);
        let age = young.differences.iter().find(|d| d.field == "age").unwrap();
        assert!((age.inside - 30.0).abs() < 1.0 && (age.outside - 54.0).abs() < 1.5 && age.effect < -1.0, "{age:?}");
        let rich = &report.segments[2];
        assert!(rich.name.contains("high spend") && rich.words.contains("much higher spend"), "{}", rich.words);
        assert!(report.segments.iter().all(|s| !s.words.contains("noise")), "noise sets nobody apart");
        let member = rich.differences.iter().find(|d| d.field == "member").unwrap();
        assert!(!member.is_feature && member.category.as_deref() == Some("true") && member.inside > 0.8);
    }
}

#[test]
fn the_policy_finds_the_segment_that_was_found() {
    let (dataset, _) = customers(400, 6);
    let columns: Vec<Column> =
        dataset.columns().iter().map(|c| Column { name: c.name.clone(), type_: c.type_ }).collect();
    for method in ALL {
        let spec = SegmentSpec { method, k: Some(4), ..SegmentSpec::new(["age", "spend", "city"]) };
        let found = segment(&spec, &dataset, &rows(&dataset), &Task::default()).unwrap();
        let scorers: Vec<Scorer> = found.models.iter().map(|m| Scorer::compile(m, &columns).unwrap()).collect();
        let mut scratch = Scratch::default();
        for (row, own) in found.of.iter().enumerate() {
            let values: Vec<Value> = (0..columns.len()).map(|at| dataset.value_at(row, at)).collect();
            let scores: Vec<f64> =
                scorers.iter().map(|scorer| scorer.score(&Row::complete(&values), &mut scratch).value).collect();
            // The conditions of the report: exactly one is true.
            let holds = |at: usize| {
                let against =
                    |other: usize| if other < at { scores[at] > scores[other] } else { scores[at] >= scores[other] };
                (0..4).filter(|other| *other != at).all(against)
            };
            let members: Vec<usize> = (0..4).filter(|at| holds(*at)).collect();
            assert_eq!(members, [*own as usize], "{}: row {row}, {scores:?}", method.words());
        }
        assert_eq!(
            found.report.segments[1].condition,
            "score(\"segment_2\") > score(\"segment_1\") && score(\"segment_2\") >= score(\"segment_3\") && \
             score(\"segment_2\") >= score(\"segment_4\")"
        );
    }
}

#[test]
fn groups_that_are_not_there_do_not_look_stable() {
    let (dataset, _) = customers(600, 7);
    let spec = SegmentSpec { k: Some(5), ..SegmentSpec::new(["noise"]) };
    let one = segment(&spec, &dataset, &rows(&dataset), &Task::default()).unwrap().report;
    let real = SegmentSpec { k: Some(3), ..SegmentSpec::new(["age", "spend"]) };
    let three = segment(&real, &dataset, &rows(&dataset), &Task::default()).unwrap().report;
    assert!(three.tried[0].silhouette > one.tried[0].silhouette + 0.1, "{:?} {:?}", three.tried, one.tried);
    assert!(three.stability.mean > one.stability.mean + 0.05, "{:?} {:?}", three.stability, one.stability);
}

#[test]
fn the_same_arguments_give_the_same_segments_on_any_number_of_threads() {
    let (dataset, _) = customers(500, 8);
    let run = |threads: usize, method| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let spec = SegmentSpec { method, most: 4, ..SegmentSpec::new(["age", "spend"]) };
        pool.install(|| segment(&spec, &dataset, &rows(&dataset), &Task::default()).unwrap())
    };
    for method in ALL {
        let (one, three) = (run(1, method), run(3, method));
        assert_eq!(one, three);
        let text = ron::to_string(&one.report).unwrap();
        assert_eq!(ron::from_str::<SegmentReport>(&text).unwrap(), one.report);
    }
}

#[test]
fn what_cannot_be_grouped_is_said() {
    let (dataset, _) = customers(50, 9);
    let all = rows(&dataset);
    let refused =
        |spec: SegmentSpec, rows: &[u32]| segment(&spec, &dataset, rows, &Task::default()).unwrap_err().to_string();
    let table = [
        (SegmentSpec::new(Vec::<String>::new()), 50, "no feature"),
        (SegmentSpec::new(["aged"]), 50, "`aged`"),
        (SegmentSpec { k: Some(1), ..SegmentSpec::new(["age"]) }, 50, "2 to 50"),
        (SegmentSpec { k: Some(20), ..SegmentSpec::new(["spend"]) }, 5, "only 5 different points"),
        (SegmentSpec::new(["spend"]), 1, "do not differ"),
        (SegmentSpec { describe: vec!["what".into()], ..SegmentSpec::new(["age"]) }, 50, "`what`"),
    ];
    for (spec, n, words) in table {
        let error = refused(spec, &all[..n]);
        assert!(error.contains(words), "{error}");
    }
    let task = Task::default();
    task.cancel();
    for method in ALL {
        let spec = SegmentSpec { method, ..SegmentSpec::new(["age"]) };
        assert!(segment(&spec, &dataset, &all, &task).unwrap_err().is_cancelled());
    }
}
