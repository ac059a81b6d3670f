//! Effects that are known: each learner finds them, as well as it can by its nature.

use super::*;
use attune_policy::model::Model;

#[test]
fn effects_on_an_amount_are_found() {
    let world = world(6_000, false, 3);
    let all = rows(&world.dataset);
    for learner in Meta::ALL.into_iter().filter(|learner| *learner != Meta::ClassTransformation) {
        let trained = train(&amount(learner), &world.dataset, &world.roles, &all, &Task::default()).unwrap();
        for (arm, truth) in [("call", &world.on_amount[1]), ("mail", &world.on_amount[0])] {
            let own = trained.arms.iter().find(|a| a.arm == arm).unwrap();
            let tau = own.scores(&world.dataset, &all).unwrap();
            let (r, error) = (correlation(&tau, truth), pehe(&tau, truth));
            match learner {
                // A line without products tells nobody apart: the mean effect, for everyone.
                Meta::S => assert!(tau.iter().all(|x| (x - tau[0]).abs() < 1e-9), "S of {arm} is one number"),
                // Unbiased, and blind to what explains the outcome: its noise is that of the outcome.
                Meta::TransformedOutcome => assert!(r > 0.6 && error < 1.6, "{arm}: {r}, {error}"),
                // Steps, from half the rows of each tree.
                Meta::Trees => assert!(r > 0.93 && error < 0.9, "trees of {arm}: correlation {r}, PEHE {error}"),
                _ => assert!(r > 0.99 && error < 0.2, "{} of {arm}: correlation {r}, PEHE {error}", learner.words()),
            }
            let report = trained.report.arms.iter().find(|a| a.arm == arm).unwrap();
            let mean = truth.iter().sum::<f64>() / truth.len() as f64;
            assert!(report.effect.low < mean && mean < report.effect.high, "{:?}, truth {mean}", report.effect);
            if let Some(adjusted) = report.adjusted {
                assert!(adjusted.low < mean && mean < adjusted.high, "{adjusted:?}, truth {mean}");
                let width = |e: crate::models::report::Estimate| e.high - e.low;
                assert!(width(adjusted) < 0.7 * width(report.effect), "what explains the outcome narrows the interval");
            }
        }
        let notes = trained.report.notes.join("\n");
        assert_eq!(notes.contains("tells nobody apart"), learner == Meta::S, "{notes}");
    }
}

#[test]
fn effects_on_a_probability_are_found() {
    let world = world(9_000, false, 4);
    let all = rows(&world.dataset);
    for learner in Meta::ALL.into_iter().filter(|learner| *learner != Meta::S) {
        let trained = train(&bought(learner), &world.dataset, &world.roles, &all, &Task::default()).unwrap();
        let tau = trained.arms[0].scores(&world.dataset, &all).unwrap();
        let (r, error) = (correlation(&tau, &world.on_bought), pehe(&tau, &world.on_bought));
        assert!(r > 0.9 && error < 0.08, "{}: correlation {r}, PEHE {error}", learner.words());
        let report = &trained.report.arms[0];
        assert_eq!(report.rule.as_ref().unwrap().field, "z");
        assert_eq!(trained.report.elsewhere, all.len() as u64 - report.treated - report.control);
    }
}

#[test]
fn trees_find_what_a_line_finds() {
    let world = world(5_000, false, 5);
    let all = rows(&world.dataset);
    for learner in [Meta::S, Meta::T, Meta::X, Meta::R, Meta::Dr] {
        let spec =
            UpliftSpec { base: small_trees(), effect: small_trees(), arms: vec!["mail".into()], ..amount(learner) };
        let trained = train(&spec, &world.dataset, &world.roles, &all, &Task::default()).unwrap();
        let r = correlation(&trained.arms[0].scores(&world.dataset, &all).unwrap(), &world.on_amount[0]);
        assert!(r > 0.85, "{} by trees: correlation {r}", learner.words());
    }
}

#[test]
fn trees_part_several_arms_by_every_criterion_and_one_tree_can_be_read() {
    let world = world(6_000, false, 12);
    let all = rows(&world.dataset);
    let few = Growth { trees: 60, ..Growth::default() };
    for split in [Split::Effects, Split::Euclid, Split::KullbackLeibler] {
        let spec = UpliftSpec { growth: Growth { split, ..few }, arms: Vec::new(), ..bought(Meta::Trees) };
        let trained = train(&spec, &world.dataset, &world.roles, &all, &Task::default()).unwrap();
        let of = |name: &str| trained.arms.iter().find(|arm| arm.arm == name).unwrap();
        let r = correlation(&of("mail").scores(&world.dataset, &all).unwrap(), &world.on_bought);
        assert!(r > 0.85, "{split:?}: correlation {r}");
        // Calls change nothing about who buys.
        let calls = of("call").scores(&world.dataset, &all).unwrap();
        assert!(pehe(&calls, &vec![0.0; calls.len()]) < 0.05, "{split:?}");
    }
    let one = Growth { trees: 1, depth: 2, sample: 1.0, column_share: 1.0, min_rows: 200, split: Split::Effects };
    let spec = UpliftSpec { growth: one, arms: vec!["mail".into()], ..amount(Meta::Trees) };
    let trained = train(&spec, &world.dataset, &world.roles, &all, &Task::default()).unwrap();
    let model = &trained.arms[0].tau;
    let attune_policy::model::Function::Trees { trees, .. } = &model.function else { panic!("a tree") };
    assert_eq!(model.inputs[trees[0].feature[0] as usize].field, "z", "what moves the effect most");
    // Honest: the effect of each leaf is that of its rows, as far as chance allows.
    let tau = trained.arms[0].scores(&world.dataset, &all).unwrap();
    let mut leaves: Vec<f64> = tau.clone();
    leaves.sort_by(f64::total_cmp);
    leaves.dedup();
    assert!(leaves.len() >= 3, "{leaves:?}");
    for leaf in leaves {
        let inside: Vec<usize> = (0..tau.len()).filter(|&i| tau[i] == leaf).collect();
        let truth = inside.iter().map(|&i| world.on_amount[0][i]).sum::<f64>() / inside.len() as f64;
        assert!((leaf - truth).abs() < 0.6, "leaf {leaf}, truth {truth}");
    }
}

#[test]
fn without_a_trial_the_doubly_robust_learner_corrects_and_says_so() {
    let world = world(6_000, true, 6);
    let all = rows(&world.dataset);
    let spec = UpliftSpec { chance: Chance::Estimated, ..amount(Meta::Dr) };
    let trained = train(&spec, &world.dataset, &world.roles, &all, &Task::default()).unwrap();
    let report = &trained.report.arms[0];
    let truth = world.on_amount[0].iter().sum::<f64>() / 6_000.0;
    assert!(report.effect.low > truth + 1.0, "those treated would have bought more anyway: {:?}", report.effect);
    let adjusted = report.adjusted.unwrap();
    assert!(adjusted.low < truth && truth < adjusted.high, "{adjusted:?}, truth {truth}");
    assert!(trained.report.notes.iter().any(|note| note.contains("exploratory")));
    assert!(pehe(&trained.arms[0].scores(&world.dataset, &all).unwrap(), &world.on_amount[0]) < 0.3);
}

#[test]
fn a_world_without_effects_looks_so() {
    let mut random = Random::new(9);
    let rows = 4_000;
    let number = |random: &mut Random| Cells::Number((0..rows).map(|_| random.normal()).collect());
    let columns = vec![
        ("x".into(), number(&mut random)),
        ("z".into(), number(&mut random)),
        ("arm".into(), Cells::from_texts((0..rows).map(|_| Some(if random.chance(0.5) { "mail" } else { "none" })))),
        ("amount".into(), number(&mut random)),
    ];
    let dataset = Dataset::from_columns("still", columns).unwrap();
    let mut roles = Roles::default();
    roles.columns.extend(["x", "z"].map(|name| (name.into(), Role::Feature)));
    let train_rows = crate::data::split::train_rows(&dataset, &roles).unwrap();
    let trained = train(&amount(Meta::Dr), &dataset, &roles, &train_rows, &Task::default()).unwrap();
    let report = &trained.report.arms[0];
    let held = report.held.as_ref().unwrap();
    assert_eq!(held.treated + held.control + report.treated + report.control, rows as u64);
    assert!(held.gain.low <= 0.0 && held.against_rule.unwrap().low <= 0.0, "{held:?}");
    let notes = trained.report.notes.join("\n");
    assert!(notes.contains("not told apart from a random one") && notes.contains("one-line rule"), "{notes}");
}

#[test]
fn the_same_arguments_give_the_same_effects_on_any_number_of_threads() {
    let world = world(900, false, 7);
    let all = rows(&world.dataset);
    let run = |threads: usize, learner| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let spec = UpliftSpec { effect: small_trees(), ..amount(learner) };
        let train = || train(&spec, &world.dataset, &world.roles, &all, &Task::default()).unwrap();
        let mut trained = pool.install(train);
        trained.report.seconds = 0.0;
        (trained.report, trained.arms.into_iter().map(|arm| arm.tau).collect::<Vec<Model>>())
    };
    for learner in [Meta::X, Meta::Dr, Meta::Trees] {
        let (one, three) = (run(1, learner), run(3, learner));
        assert_eq!(one, three);
        let text = ron::to_string(&one.0).unwrap();
        assert_eq!(ron::from_str::<UpliftReport>(&text).unwrap(), one.0);
    }
}

#[test]
fn what_cannot_be_learned_is_said() {
    let world = world(400, false, 8);
    let all = rows(&world.dataset);
    let design = |p: f64| Chance::Design([("none".to_owned(), 0.4), ("mail".to_owned(), p)].into());
    let table = [
        (UpliftSpec { control: "nobody".into(), ..amount(Meta::T) }, "`nobody`"),
        (UpliftSpec { arms: vec!["letter".into()], ..amount(Meta::T) }, "`letter`"),
        (UpliftSpec { arms: vec!["none".into()], ..amount(Meta::T) }, "control is among the arms"),
        (UpliftSpec { features: vec!["arm".into()], ..amount(Meta::T) }, "no feature can be"),
        (UpliftSpec { features: vec!["colour".into()], ..amount(Meta::T) }, "`colour`"),
        (UpliftSpec { base: Family::logistic(), ..amount(Meta::T) }, "cannot estimate an amount"),
        (UpliftSpec { effect: Family::logistic(), ..amount(Meta::R) }, "effects are amounts"),
        (amount(Meta::ClassTransformation), "yes or no"),
        (UpliftSpec { growth: Growth { trees: 0, ..Growth::default() }, ..amount(Meta::Trees) }, "1 to 2,000"),
        (
            UpliftSpec { growth: Growth { split: Split::KullbackLeibler, ..Growth::default() }, ..amount(Meta::Trees) },
            "yes or no",
        ),
        (UpliftSpec { chance: Chance::Estimated, ..amount(Meta::Trees) }, "arms of a trial"),
        (UpliftSpec { base: Family::neighbours(), ..amount(Meta::T) }, "no model that a policy can hold"),
        (UpliftSpec { folds: 1, ..amount(Meta::R) }, "folds must be 2 to 20"),
        (UpliftSpec { chance: design(1.0), ..amount(Meta::R) }, "between 0 and 1"),
        (UpliftSpec { chance: design(0.3), ..amount(Meta::R) }, "no probability of `call`"),
        (UpliftSpec { outcome: "amounts".into(), ..amount(Meta::R) }, "`amounts`"),
    ];
    for (spec, words) in table {
        let error = train(&spec, &world.dataset, &world.roles, &all, &Task::default()).err().unwrap().to_string();
        assert!(error.contains(words), "{error}");
    }
    let task = Task::default();
    task.cancel();
    for learner in Meta::ALL.into_iter().filter(|learner| *learner != Meta::ClassTransformation) {
        assert!(train(&amount(learner), &world.dataset, &world.roles, &all, &task).err().unwrap().is_cancelled());
    }
}
