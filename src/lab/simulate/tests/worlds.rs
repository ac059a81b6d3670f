//! Worlds whose truth is known: intervals cover the true value about as often as they say.

use super::{compile, document, only, plain, rule, world};
use crate::simulate::replay::Replay;
use crate::simulate::report::{Estimate, Method};
use crate::simulate::{Options, replay, run};
use crate::task::Task;
use crate::world::{Design, World, WorldSpec};
use attune_policy::policy::Policy;
use attune_policy::rule::Stage;

/// Style for those who like fashion, discount for frequent buyers who like discounts, nothing for the often written to.
fn tailored(world: &World) -> Policy {
    let mut document = document(
        world.roles.schema(&world.trial),
        &[("style_email", 3.0), ("home_email", 2.0), ("discount_email", 1.0)],
    );
    document.rules = vec![
        rule("not_weary", Stage::Eligibility, Default::default(), "emails_28_days <= 4"),
        rule("fashion", Stage::Applicability, only("style_email"), "(fashion_share ?? 0.0) > 0.3"),
        rule("home", Stage::Applicability, only("home_email"), "(home_share ?? 0.0) > 0.3"),
        rule("bargains", Stage::Suitability, only("discount_email"), "frequency >= 1 && (discount_share ?? 0.0) > 0.2"),
    ];
    compile(document)
}

fn arms(world: &World, replay: &Replay) -> Vec<usize> {
    (0..replay.rows.len()).map(|i| world.arm(replay.chosen_names(i).0).unwrap()).collect()
}

/// Value of the policy in a population of that kind.
fn truth(spec: &WorldSpec, outcome: &str) -> f64 {
    let world = world(WorldSpec { customers: 60_000, seed: 999_999, ..spec.clone() });
    let replay = replay(&tailored(&world), &world.trial, &world.roles, &plain(), &Task::default()).unwrap();
    let chosen = arms(&world, &replay);
    assert!((0..4).all(|arm| chosen.contains(&arm)), "the policy uses every arm");
    world.true_value(outcome, chosen).unwrap()
}

#[test]
fn intervals_cover_the_true_value_about_as_often_as_they_say() {
    let kinds = [
        WorldSpec { customers: 1_200, ..WorldSpec::default() },
        WorldSpec { customers: 1_200, design: Design::ByFrequency, ..WorldSpec::default() },
        // Subjects repeat: rows are not independent, subjects are.
        WorldSpec {
            customers: 500,
            decisions: 3,
            design: Design::Shares(vec![0.4, 0.2, 0.2, 0.2]),
            ..WorldSpec::default()
        },
    ];
    let worlds = 120;
    let mut covered: Vec<(String, [u32; 3])> = Vec::new();
    let mut all = [0u32; 3];
    for spec in kinds {
        let truth = truth(&spec, "visit");
        let mut hits = [0u32; 3];
        for seed in 0..worlds {
            let world = world(WorldSpec { seed: 1_000 + seed, ..spec.clone() });
            // A world in a thousand has arms of suspicious sizes by chance alone; coverage is about all of them.
            let options = Options { bootstrap: 200, goal: Some("visit".into()), even_so: true, ..plain() };
            let report =
                run(&tailored(&world), &[], &world.trial, &world.roles, &options, &Task::default()).unwrap().report;
            let value = report.main().unwrap().value("visit").unwrap();
            let inside = |e: &Estimate| u32::from((e.low..=e.high).contains(&truth));
            hits[0] += inside(&value.answer);
            hits[1] += inside(value.by(Method::Ips).unwrap());
            let (low, high) = value.answer.bootstrap.unwrap();
            hits[2] += u32::from((low..=high).contains(&truth));
        }
        covered.push((format!("{:?}, {} decisions", spec.design, spec.decisions), hits));
        for (sum, own) in all.iter_mut().zip(hits) {
            *sum += own;
        }
    }
    println!("SNIPS, IPS and bootstrap intervals cover the truth: {covered:?} of {worlds} worlds each");
    // Of 360, 342 are expected with a standard deviation of 4.1; of 120, 114 with 2.4.
    for (method, n) in ["SNIPS", "IPS", "bootstrap"].into_iter().zip(all) {
        assert!((328..=354).contains(&n), "{method} covers {n} of 360: {covered:?}");
    }
    for (kind, hits) in &covered {
        assert!(hits.iter().all(|n| *n >= 105), "{kind}: {hits:?} of 120");
    }
}

#[test]
fn a_better_policy_is_seen_to_be_better_and_where_nothing_works_nothing_is_found() {
    for (effect, expected) in [(1.0, true), (0.0, false)] {
        let world = world(WorldSpec { effect, ..WorldSpec::default() });
        let policy = tailored(&world);
        let options = Options { bootstrap: 0, impact_rows: 0, ..Options::default() };
        let simulation = run(&policy, &[], &world.trial, &world.roles, &options, &Task::default()).unwrap();
        let lift = simulation.report.difference("no_email for all", "visit").unwrap();
        let chosen = arms(&world, &simulation.decisions.replay);
        let rows = chosen.len();
        let gain = world.true_value("visit", chosen).unwrap()
            - world.true_value("visit", std::iter::repeat_n(0, rows)).unwrap();
        assert!((lift.estimate.value - gain).abs() < 4.0 * lift.estimate.se, "{lift:?}, true gain {gain}");
        assert_eq!(lift.estimate.low > 0.0, expected, "{lift:?}");
    }
}
