//! Where mails do nothing, or the same for all, nothing is proposed: in at least 95 of 100 worlds.

use super::*;
use crate::simulate::search::report::Verdict;
use crate::simulate::tests::{only, rule, world};
use crate::task::Task;
use crate::world::WorldSpec;
use attune_policy::rule::Stage;
use rayon::prelude::*;

#[test]
fn where_there_is_nothing_to_find_nothing_is_found() {
    let seeds = 200;
    let nothing: usize = (0..seeds)
        .into_par_iter()
        .map(|seed| {
            let world = world(WorldSpec {
                customers: 1_100,
                weeks: 4,
                effect: 0.0,
                seed: 5_000 + seed,
                ..WorldSpec::default()
            });
            // Mails as it likes: home mails to those who bought lately, style mails to the others.
            let mut draft = document(world.roles.schema(&world.trial), &[("style_email", 1.0), ("home_email", 2.0)]);
            draft.rules = vec![rule("lately", Stage::Applicability, only("home_email"), "frequency >= 1")];
            let options = SearchOptions {
                outcome: Some("visit".into()),
                columns: ["age", "frequency", "open_rate", "favourite_category"].map(str::to_owned).to_vec(),
                least_support: 15.0,
                cuts: 7,
                bootstrap: 200,
                seed,
                ..SearchOptions::default()
            };
            let found = tree(&compile(draft), &[], &world.trial, &world.roles, &options, &Task::default()).unwrap();
            usize::from(found.proposal.trial.verdict == Verdict::Nothing)
        })
        .sum();
    assert!(nothing >= 190, "nothing in {nothing} of {seeds} worlds in which there is nothing");
}

#[test]
fn an_effect_that_is_the_same_for_all_needs_no_tree() {
    let flat = (0..30)
        .filter(|seed| {
            let world = mailing(1_500, 0.5, -0.5, 900 + seed);
            let nobody = world.policy(vec![rule("nobody", Stage::Suitability, only("mail"), "false")]);
            let options = SearchOptions { least_support: 20.0, cuts: 7, bootstrap: 200, ..SearchOptions::default() };
            let found = tree(&nobody, &[], &world.dataset, &world.roles, &options, &Task::default()).unwrap().proposal;
            assert_eq!(found.trial.verdict, Verdict::Better, "mailing everybody is better than nobody");
            found.depth == 0
        })
        .count();
    assert!(flat >= 27, "{flat} of 30");
}
