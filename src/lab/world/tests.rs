//! Generated worlds: reproducible, shaped as declared, and true to their own probabilities.

use super::*;
use crate::data::Role;
use crate::data::cells::Cells;
use crate::data::import::{ImportOptions, import};
use crate::task::Task;

fn small() -> WorldSpec {
    WorldSpec { customers: 3_000, ..WorldSpec::default() }
}

#[test]
fn the_same_spec_makes_the_same_bytes_and_another_seed_does_not() {
    let csv = |spec: &WorldSpec| {
        let world = generate(spec).unwrap();
        let (mut trial, mut events) = (Vec::new(), Vec::new());
        world.write_trial(&mut trial).unwrap();
        world.write_events(&mut events).unwrap();
        (trial, events)
    };
    let spec = WorldSpec { customers: 200, ..WorldSpec::default() };
    assert_eq!(csv(&spec), csv(&spec));
    assert_ne!(csv(&spec).0, csv(&WorldSpec { seed: 2, ..spec.clone() }).0);
    let larger = csv(&WorldSpec { customers: 300, ..spec.clone() }).0;
    assert!(larger.starts_with(&csv(&spec).0), "a larger world holds the smaller one's customers unchanged");
}

#[test]
fn a_table_a_marketer_would_know() {
    let world = generate(&small()).unwrap();
    assert_eq!(world.trial.rows(), 3_000);
    assert_eq!(world.roles.with_role(&world.trial, Role::Outcome), ["visit", "conversion", "spend"]);
    assert!(world.roles.columns.keys().all(|name| world.trial.column(name).is_some()));
    let missing = |name: &str| {
        let cells: &Cells = world.trial.cells(name).unwrap();
        (0..3_000).filter(|row| cells.is_missing(*row)).count() as f64 / 3_000.0
    };
    assert!((0.02..0.07).contains(&missing("age")), "{}", missing("age"));
    assert!((0.02..0.5).contains(&missing("recency_days")), "{}", missing("recency_days"));
    assert_eq!(missing("offer"), 0.0);
    let mean = |name: &str| {
        let numbers = world.trial.numbers(name).unwrap();
        numbers.iter().filter(|x| !x.is_nan()).sum::<f64>() / 3_000.0
    };
    assert!((0.08..0.25).contains(&mean("visit")), "{}", mean("visit"));
    assert!((0.005..0.08).contains(&mean("conversion")), "{}", mean("conversion"));
    assert!((1.0..5.0).contains(&mean("emails_28_days")), "{}", mean("emails_28_days"));
    assert!(world.events.rows() > 10_000);
}

#[test]
fn outcomes_follow_the_truth() {
    let world = generate(&WorldSpec { customers: 30_000, ..WorldSpec::default() }).unwrap();
    let offers = world.trial.texts("offer").unwrap();
    for (o, outcome) in world.truth.outcomes.iter().enumerate() {
        let seen = world.trial.numbers(outcome).unwrap();
        for (a, (name, _)) in world.truth.arms.iter().enumerate() {
            let rows: Vec<usize> = (0..seen.len()).filter(|r| offers[*r].as_deref() == Some(name)).collect();
            let n = rows.len() as f64;
            let mean = rows.iter().map(|r| seen[*r]).sum::<f64>() / n;
            let expected = rows.iter().map(|r| world.truth.expected[o][a][*r]).sum::<f64>() / n;
            let sd = (rows.iter().map(|r| (seen[*r] - mean).powi(2)).sum::<f64>() / n).sqrt();
            assert!(
                (mean - expected).abs() < 4.0 * sd / n.sqrt(),
                "{outcome} under {name}: {mean}, expected {expected}"
            );
        }
    }
}

#[test]
fn effects_differ_by_person_and_can_harm() {
    let world = generate(&small()).unwrap();
    let visit = &world.truth.expected[0];
    let best = |row: usize| (0..visit.len()).max_by(|a, b| visit[*a][row].total_cmp(&visit[*b][row])).unwrap();
    let mut winners = vec![0; visit.len()];
    for row in 0..3_000 {
        winners[best(row)] += 1;
    }
    assert!(winners.iter().all(|n| *n > 60), "every arm is the best one for somebody: {winners:?}");
    let nothing = generate(&WorldSpec { effect: 0.0, ..small() }).unwrap();
    assert_eq!(nothing.truth.expected[0][0], nothing.truth.expected[0][1]);
}

#[test]
fn true_values_are_means_of_expectations() {
    let world = generate(&small()).unwrap();
    let nobody = world.true_value("visit", std::iter::repeat_n(0, 3_000)).unwrap();
    let expected = world.truth.expected[0][0].iter().sum::<f64>() / 3_000.0;
    assert!((nobody - expected).abs() < 1e-12);
    assert_eq!(world.true_value("visit", [9]), None);
    assert_eq!(world.true_value("clicks", [0]), None);
    assert_eq!(world.arm("NoAction"), Some(0));
    assert_eq!(world.arm("home_email"), Some(2));
}

#[test]
fn logging_propensities_are_those_that_drew_the_arms() {
    let spec = WorldSpec { design: Design::ByFrequency, customers: 20_000, ..WorldSpec::default() };
    let world = generate(&spec).unwrap();
    let p = world.trial.numbers("logging_propensity").unwrap();
    let offers = world.trial.texts("offer").unwrap();
    for (name, _) in &world.truth.arms {
        let inverse = (0..p.len()).filter(|r| offers[*r].as_deref() == Some(name)).map(|r| 1.0 / p[r]);
        let mean = inverse.sum::<f64>() / p.len() as f64;
        assert!((mean - 1.0).abs() < 0.04, "mean weight of {name}: {mean}");
    }
    let distinct = p.iter().map(|x| x.to_bits()).collect::<std::collections::BTreeSet<_>>().len();
    assert!(distinct > 5);
    assert!(generate(&WorldSpec { design: Design::Shares(vec![1.0]), ..small() }).is_err());
}

#[test]
fn several_decisions_per_customer_and_a_history() {
    let spec = WorldSpec { customers: 500, decisions: 4, ..WorldSpec::default() };
    let world = generate(&spec).unwrap();
    assert_eq!(world.trial.rows(), 2_000);
    assert_eq!(world.roles.subjects(&world.trial).unwrap().count(), 500);
    let history = world.history();
    assert_eq!(history.len(), world.events.rows());
    let times = world.events.numbers("time").unwrap();
    assert!(times.iter().all(|t| (*t as i64) < spec.start), "the past ends before the first decision");
}

#[test]
fn written_and_imported_it_is_the_same_table() {
    let world = generate(&WorldSpec { customers: 300, ..WorldSpec::default() }).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let read_back = |name: &str, bytes: Vec<u8>| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let imported = import(&path, &ImportOptions::default(), &Task::default()).unwrap();
        assert!(imported.bad_rows.is_empty() && imported.bad_cells.is_empty());
        imported.dataset
    };
    let (mut trial, mut events) = (Vec::new(), Vec::new());
    world.write_trial(&mut trial).unwrap();
    world.write_events(&mut events).unwrap();
    for (ours, again) in
        [(&world.trial, read_back("trial.csv", trial)), (&world.events, read_back("events.csv", events))]
    {
        assert_eq!(ours.columns(), again.columns());
        for column in ours.columns() {
            assert_eq!(ours.values(&column.name), again.values(&column.name), "{}", column.name);
        }
    }
}
