//! Tuning: every setting drawn is in range, halving keeps the better, the choice repeats.

use super::*;
use crate::models::settings;
use crate::models::testing::customers;

#[test]
fn draws_are_settings_of_the_family_and_in_range() {
    let mut random = Random::new(3);
    for family in Family::all() {
        let goal = if family.estimates(super::super::spec::Goal::Propensity) {
            super::super::spec::Goal::Propensity
        } else {
            super::super::spec::Goal::Amount
        };
        let mut different = 0;
        for _ in 0..200 {
            let drawn = draw(&family, &mut random);
            assert_eq!(drawn.words(), family.words());
            assert_eq!(settings::check(&drawn, goal), Ok(()), "{drawn:?}");
            different += usize::from(drawn != family);
        }
        assert!(different > 190 && !space(&family).is_empty());
    }
    let drawn: Vec<f64> = (0..2000).map(|_| between(&mut random, 0.01, 100.0)).collect();
    assert!(drawn.iter().all(|x| (0.01..=100.0).contains(x)));
    let below_one = drawn.iter().filter(|x| **x < 1.0).count();
    assert!((900..1100).contains(&below_one), "evenly by the logarithm: {below_one}");
}

#[test]
fn a_useless_setting_is_left_behind_and_the_choice_repeats() {
    let (dataset, roles) = customers(6000, 41);
    let rows: Vec<u32> = (0..6000).collect();
    // One split can only tell two kinds of customers.
    let stump = Family::Tree { depth: 1, min_rows: 50 };
    let spec = ModelSpec { family: stump, folds: 2, ..ModelSpec::new("buy", "bought") };
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| tune(&spec, 6, &dataset, &roles, &rows, &Task::default())).unwrap()
    };
    let mut first = run(1);
    assert_eq!(first.trials.len(), 6);
    assert_eq!(first.trials[0].family, spec.family);
    assert!(first.trials.iter().all(|trial| trial.rounds.len() == 1), "a third of the rows, then all");
    let entries: Vec<&str> = first.board.entries.iter().map(|entry| entry.spec.id.as_str()).collect();
    assert_eq!((entries.len(), entries[2]), (3, "as it stands"), "two of six go on, beside what stands");
    assert!(!first.board.entries[2].level && first.note.contains("by more than luck"), "{}", first.note);
    assert_ne!(first.chosen.family, spec.family);
    assert_eq!(ModelSpec { family: spec.family.clone(), ..first.chosen.clone() }, spec);
    let mut again = run(2);
    for tuning in [&mut first, &mut again] {
        tuning.board.entries.iter_mut().for_each(|entry| entry.seconds = 0.0);
    }
    assert_eq!(first, again);
    assert!(tune(&spec, 1, &dataset, &roles, &rows, &Task::default()).is_err());
    let cancelled = Task::default();
    cancelled.cancel();
    assert!(tune(&spec, 6, &dataset, &roles, &rows, &cancelled).unwrap_err().is_cancelled());
}
