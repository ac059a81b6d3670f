//! Estimators with reward models and policies that draw by chance, through the engine: coverage of the truth in worlds worked out by
//! hand, the Open Bandit logs against published numbers, and what is said where a log cannot answer.

use super::{compile, document, hillstrom, only, plain, rule, shared};
use crate::data::cells::Cells;
use crate::data::import::{ImportOptions, import};
use crate::data::{Arm, Dataset, Logging, Role, Roles};
use crate::random::Random;
use crate::simulate::bootstrap::percentile_interval;
use crate::simulate::estimators::{Resampling, difference};
use crate::simulate::off_policy::bootstrap::bootstrap;
use crate::simulate::off_policy::{Estimator, Logged, Predictions};
use crate::simulate::report::{Estimate, Method, Report, Value};
use crate::simulate::{Options, RewardModels, run};
use crate::task::Task;
use attune_policy::document::Document;
use attune_policy::exploration::Exploration;
use attune_policy::policy::Policy;
use attune_policy::rule::Stage;
use rayon::prelude::*;

/// Options for values alone, with reward models.
fn modelled() -> Options {
    Options { rewards: Some(RewardModels::default()), ..plain() }
}

/// Chance of the outcome: by x in [0, 1], by whether g is b, under no action, a and b.
fn chance(x: f64, b: bool, arm: usize) -> f64 {
    [0.2 + 0.2 * x, 0.3 + 0.4 * x, if b { 0.55 } else { 0.25 }][arm]
}

/// A log of `rows` independent rounds whose logger leans on x.
fn small_world(rows: usize, seed: u64) -> Dataset {
    let mut random = Random::new(seed);
    let (mut x, mut g, mut arm, mut p, mut y) = (vec![], vec![], vec![], vec![], vec![]);
    for _ in 0..rows {
        let (own, b) = (random.uniform(), random.chance(0.5));
        let shares = [0.5 - 0.2 * own, 0.25 + 0.1 * own, 0.25 + 0.1 * own];
        let at = random.pick(&shares);
        x.push(own);
        g.push(Some(if b { "b" } else { "other" }));
        arm.push(Some(["none", "a", "b"][at]));
        p.push(shares[at]);
        y.push(i64::from(random.chance(chance(own, b, at))));
    }
    let columns = vec![
        ("x".to_owned(), Cells::Number(x)),
        ("g".to_owned(), Cells::from_texts(g)),
        ("did".to_owned(), Cells::from_texts(arm)),
        ("p".to_owned(), Cells::Number(p)),
        ("bought".to_owned(), Cells::Integer(y)),
    ];
    Dataset::from_columns("world", columns).unwrap()
}

fn small_roles() -> Roles {
    let mut roles = Roles { as_of: Some(1_700_000_000_000), logging: Logging::Column, ..Roles::default() };
    for (name, role) in [
        ("x", Role::Feature),
        ("g", Role::Feature),
        ("did", Role::Action),
        ("p", Role::LoggingPropensity),
        ("bought", Role::Outcome),
    ] {
        roles.columns.insert(name.into(), role);
    }
    let email = |action: &str| Arm::Candidate { action: action.into(), treatment: "email".into() };
    roles.arms = [("none", Arm::NoAction), ("a", email("a")), ("b", email("b"))]
        .into_iter()
        .map(|(value, arm)| (value.to_owned(), arm))
        .collect();
    roles
}

/// a above 0.6, else b for those of g = b, else nothing.
fn small_document(dataset: &Dataset) -> Document {
    let schema = small_roles().schema(dataset);
    let rules = vec![
        rule("high", Stage::Suitability, only("a"), "x > 0.6"),
        rule("of_b", Stage::Suitability, only("b"), "g == \"b\""),
    ];
    Document { rules, ..document(schema, &[("a", 2.0), ("b", 1.0)]) }
}

/// Its true value: above 0.6 the mean of a; below, half of them b and half nothing.
const TRUTH: f64 = (0.3 * 0.4 + 0.2 * (1.0 - 0.36)) + 0.3 * 0.55 + 0.5 * (0.2 * 0.6 + 0.1 * 0.36);

fn value_of(policy: &Policy, dataset: &Dataset, roles: &Roles, options: &Options) -> Value {
    let report = run(policy, &[], dataset, roles, options, &Task::default()).unwrap().report;
    let main = report.main().unwrap();
    main.value(&report.goal).unwrap_or_else(|| panic!("{:?}", main.refusal)).clone()
}

#[test]
fn intervals_of_ips_snips_and_cross_fitted_dr_cover_the_truth_in_two_thousand_worlds() {
    let worlds = 2_000;
    let policy = compile(small_document(&small_world(500, 0)));
    let (roles, options) = (small_roles(), modelled());
    let methods = [Method::Ips, Method::Snips, Method::Dr, Method::SnDr];
    let found: Vec<Vec<(bool, f64)>> = (0..worlds)
        .into_par_iter()
        .filter_map(|seed| {
            let world = small_world(500, 10_000 + seed);
            let report = run(&policy, &[], &world, &roles, &options, &Task::default()).unwrap().report;
            let value = report.main()?.value("bought")?;
            let of = |method| value.by(method).unwrap();
            Some(methods.map(of).map(|e: &Estimate| ((e.low..=e.high).contains(&TRUTH), e.high - e.low)).into())
        })
        .collect();
    // A mean weight below 0.8 is refused; by chance it comes about once in a thousand worlds of this size.
    assert!(found.len() >= 1_990, "{} of {worlds} worlds have an answer", found.len());
    for (i, method) in methods.into_iter().enumerate() {
        let covered = found.iter().filter(|world| world[i].0).count();
        let width = found.iter().map(|world| world[i].1).sum::<f64>() / found.len() as f64;
        let share = covered as f64 / found.len() as f64;
        println!("{method:?}: {covered} of {} worlds, mean width {width:.4}", found.len());
        assert!((0.935..=0.965).contains(&share), "{method:?} covers the truth in {share} of the worlds");
    }
    let width = |i: usize| found.iter().map(|world| world[i].1).sum::<f64>();
    assert!(width(2) < width(0), "a reward model that knows something makes DR narrower than IPS");
}

#[test]
fn every_estimator_stands_in_the_report_with_its_lambda_and_its_reward_model() {
    let world = small_world(4_000, 5);
    let (roles, policy) = (small_roles(), compile(small_document(&world)));
    let options = Options { baselines: true, bootstrap: 400, ..modelled() };
    let report = run(&policy, &[], &world, &roles, &options, &Task::default()).unwrap().report;
    let value = report.main().unwrap().value("bought").unwrap();
    let resampled = [
        Method::Ips,
        Method::ClippedIps,
        Method::SgIps,
        Method::Replay,
        Method::Dm,
        Method::Dr,
        Method::SnDr,
        Method::ClippedDr,
        Method::SwitchDr,
        Method::DrOs,
        Method::SgDr,
        Method::Mrdr,
    ];
    for method in resampled {
        let estimate = value.by(method).unwrap_or_else(|| panic!("{method:?} is missing"));
        assert!((estimate.value - TRUTH).abs() < 5.0 * value.answer.se, "{method:?}: {estimate:?}");
        assert!(report.notes.iter().any(|note| note.term == method.label()), "{method:?} is defined");
        // Rows are independent here, so both intervals say the same.
        let (low, high) = estimate.bootstrap.unwrap_or_else(|| panic!("{method:?} is not resampled"));
        let ratio = (high - low) / (estimate.high - estimate.low);
        assert!(
            low < estimate.value && estimate.value < high && (0.85..1.15).contains(&ratio),
            "{method:?}: {estimate:?}"
        );
    }
    assert_eq!(value.answer.method, Method::Snips);
    let lambdas: Vec<(Method, &str)> =
        value.estimators.iter().flat_map(|own| &own.lambdas).map(|l| (l.method, l.by.as_str())).collect();
    let both = |method| [(method, "SLOPE++"), (method, "MSE upper bound")];
    let families = [Method::ClippedIps, Method::SgIps, Method::ClippedDr, Method::SwitchDr, Method::DrOs, Method::SgDr];
    assert_eq!(lambdas, families.map(both).concat());
    let rewards = &report.rewards[0];
    assert_eq!((rewards.folds, rewards.rows, rewards.means.len()), (3, 4_000, 0));
    assert!(rewards.explained > 0.01 && rewards.explained < 0.2, "{}", rewards.explained);
    // The difference from nothing for all: the true one is the value less 0.3.
    let difference = report.difference("none for all", "bought").unwrap();
    let robust = difference.others.iter().find(|e| e.method == Method::Dr).unwrap();
    assert!((robust.low..=robust.high).contains(&(TRUTH - 0.3)) && robust.se < 1.05 * difference.estimate.se);
    let (low, high) = robust.bootstrap.unwrap();
    assert!((0.85..1.15).contains(&((high - low) / (robust.high - robust.low))), "{robust:?}");
    // Only the policy has a model made for it, and runs without reward models have none of this.
    assert!(report.policies[1].value("bought").unwrap().by(Method::Mrdr).is_none());
    assert!(value_of(&policy, &world, &roles, &plain()).by(Method::Dr).is_none());
    // The same on any number of threads.
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let again = one.install(|| run(&policy, &[], &world, &roles, &options, &Task::default()).unwrap().report);
    assert_eq!(again, report);
}

#[test]
fn bootstrap_intervals_are_those_of_drawing_whole_subjects_by_hand() {
    let mut random = Random::stream(3, 0);
    let subjects = 150;
    let mut rounds: Vec<(u32, f64, f64, f64, f64)> = Vec::new();
    for subject in 0..subjects {
        // What a subject's rounds share makes intervals of rows too narrow. Subjects of an even number have no round.
        let own = random.uniform() - 0.5;
        for _ in 0..1 + random.below(5) {
            let weight = [0.0, 0.7, 2.0, 6.0][random.below(4)];
            let q = 0.4 + 0.2 * random.uniform();
            rounds.push((2 * subject + 1, weight, q + own + 0.3 * random.uniform(), q, q + 0.1 * random.uniform()));
        }
    }
    let column = |of: fn(&(u32, f64, f64, f64, f64)) -> f64| -> Vec<f64> { rounds.iter().map(of).collect() };
    let (weights, rewards, q, target) = (column(|r| r.1), column(|r| r.2), column(|r| r.3), column(|r| r.4));
    let clusters: Vec<u32> = rounds.iter().map(|r| r.0).collect();
    let whole = Logged {
        weights: &weights,
        rewards: &rewards,
        model: Some(Predictions { logged: &q, target: &target }),
        clusters: Some(&clusters),
    };
    let chosen = [
        (Estimator::Dm, Method::Dm),
        (Estimator::Dr, Method::Dr),
        (Estimator::SnDr, Method::SnDr),
        (Estimator::SwitchDr(2.0), Method::SwitchDr),
        (Estimator::DrOs(5.0), Method::DrOs),
    ];
    let task = Task::default();
    let resampling = Resampling { replicates: 4_000, seed: 5, task: &task };
    let estimators = chosen.map(|(estimator, _)| estimator);
    let by = |estimators: &[Estimator], logged: &Logged<'_>| -> Vec<Option<(f64, f64)>> {
        let draws = bootstrap(estimators, logged, 4_000, 5, &task).unwrap();
        draws.into_iter().map(percentile_interval).collect()
    };
    let found = by(&estimators, &whole);
    let mut drawn: Vec<Vec<f64>> = vec![Vec::new(); chosen.len()];
    let mut differences = Vec::new();
    for _ in 0..4_000 {
        let mut rows = Vec::new();
        for _ in 0..subjects {
            let subject = 2 * random.below(subjects as usize) as u32 + 1;
            rows.extend((0..rounds.len()).filter(|at| clusters[*at] == subject));
        }
        let pick = |values: &[f64]| -> Vec<f64> { rows.iter().map(|at| values[*at]).collect() };
        let (weights, rewards, q, target) = (pick(&weights), pick(&rewards), pick(&q), pick(&target));
        let model = Some(Predictions { logged: &q, target: &target });
        let logged = Logged { weights: &weights, rewards: &rewards, model, clusters: None };
        let values: Vec<f64> = chosen.iter().map(|(estimator, _)| estimator.estimate(&logged).unwrap().value).collect();
        differences.push(values[1] - values[0]);
        drawn.iter_mut().zip(values).for_each(|(own, value)| own.push(value));
    }
    let alike = |found: Option<(f64, f64)>, by_hand: Vec<f64>, what: &str| {
        let ((low, high), (a, b)) = (found.unwrap(), percentile_interval(by_hand).unwrap());
        let tolerance = 0.07 * (b - a);
        assert!((low - a).abs() < tolerance && (high - b).abs() < tolerance, "{what}: {low} {high}, by hand {a} {b}");
    };
    for ((own, by_hand), (_, method)) in found.iter().zip(drawn).zip(chosen) {
        alike(*own, by_hand, method.label());
    }
    let terms = |estimator: Estimator| estimator.terms(&whole).unwrap();
    let (a, b) = (terms(Estimator::Dr), terms(Estimator::Dm));
    let gap = difference(&a, &b, Some(&clusters), Method::Dr, resampling).unwrap().unwrap();
    alike(gap.bootstrap, differences, "difference");
    // As if rows were independent, the interval is too narrow.
    let rows = by(&estimators[1..2], &Logged { clusters: None, ..whole })[0].unwrap();
    let subjects = found[1].unwrap();
    assert!(rows.1 - rows.0 < 0.9 * (subjects.1 - subjects.0), "{rows:?} {subjects:?}");
}

#[test]
fn reports_written_before_reward_models_are_read() {
    let old = "(outcome: \"visit\", answer: (method: Snips, value: 0.1, se: 0.01, low: 0.08, high: 0.12, bootstrap: None, n: 9), \
               others: [], missing: 0)";
    let value: Value = ron::from_str(old).unwrap();
    assert!(value.by(Method::Snips) == Some(&value.answer) && value.by(Method::Dr).is_none());
    // Later ones had bare estimates, and λ beside them.
    let ips = "(method: Ips, value: 0.2, se: 0.01, low: 0.18, high: 0.22, bootstrap: None, n: 9)";
    let later =
        old.replace("others: []", &format!("others: [{ips}], lambdas: [(method: Ips, by: \"x\", lambda: 2.0)]"));
    let value: Value = ron::from_str(&later).unwrap();
    assert_eq!(value.estimates().map(|own| own.value).collect::<Vec<_>>(), [0.1, 0.2]);
    assert_eq!(value.estimators[1].lambdas[0].lambda, 2.0);
}

#[test]
fn a_policy_that_explores_is_valued_by_its_probabilities() {
    let world = small_world(20_000, 8);
    let (roles, rows) = (small_roles(), 20_000);
    let document = document(roles.schema(&world), &[("a", 2.0), ("b", 1.0)]);
    let explores = Document { exploration: Some(Exploration::EpsilonGreedy { epsilon: 0.4 }), ..document };
    let simulation = run(&compile(explores), &[], &world, &roles, &modelled(), &Task::default()).unwrap();
    let (main, replay) = (simulation.report.main().unwrap(), &simulation.decisions.replay);
    assert_eq!(main.explored, 1.0);
    // a with 0.8, b with 0.2, whatever was drawn.
    let drawn = replay.arm.iter().filter(|arm| simulation.decisions.log.arms[usize::from(**arm)].name == "a").count();
    assert!((drawn as f64 / rows as f64 - 0.8).abs() < 0.02);
    let share = |name: &str| match name {
        "a" => 0.8,
        "b" => 0.2,
        _ => 0.0,
    };
    let (p, y) = (world.numbers("p").unwrap(), world.numbers("bought").unwrap());
    let weight = |row: usize| {
        share(&simulation.decisions.log.arms[usize::from(simulation.decisions.log.arm[row])].name) / p[row]
    };
    let value = main.value("bought").unwrap();
    let by_hand = (0..rows).map(|row| weight(row) * y[row]).sum::<f64>() / rows as f64;
    assert!((value.by(Method::Ips).unwrap().value - by_hand).abs() < 1e-12);
    let total: f64 = (0..rows).map(weight).sum();
    assert!((value.answer.value - by_hand * rows as f64 / total).abs() < 1e-12);
    // 0.8 · mean of a + 0.2 · mean of b.
    let truth = 0.8 * 0.5 + 0.2 * 0.4;
    for estimate in value.estimates().filter(|e| e.method != Method::Replay) {
        // What leans on the model alone where weights are large has the model's error, which no interval holds.
        let leans =
            estimate.method.needs_model() && ![Method::Dr, Method::SnDr, Method::Mrdr].contains(&estimate.method);
        let slack = if leans { 0.02 } else { 4.0 * estimate.se };
        assert!((estimate.value - truth).abs() < slack, "{estimate:?}");
    }
    // What was drawn says less than the probabilities.
    assert!(value.by(Method::Replay).unwrap().n < main.support.matched);
}

/// The Open Bandit log of a campaign, and the policy that shows every item alike.
fn open_bandit(log: &str, campaign: &str) -> Option<(Dataset, Roles, Policy)> {
    let file = shared(&format!("data/open_bandit/{log}/{campaign}/{campaign}.csv"))?;
    let dataset = import(&file, &ImportOptions::default(), &Task::default()).unwrap().dataset;
    let mut roles = Roles { as_of: Some(1_575_000_000_000), logging: Logging::Column, ..Roles::default() };
    for column in dataset.columns() {
        let role = match column.name.as_str() {
            "item_id" => Role::Action,
            "click" => Role::Outcome,
            "propensity_score" => Role::LoggingPropensity,
            "position" => Role::Context,
            name if name.starts_with("user_feature") => Role::Feature,
            _ => Role::Ignored,
        };
        roles.columns.insert(column.name.clone(), role);
    }
    let items = dataset.dictionary("item_id").unwrap();
    let names: Vec<String> = items.values.iter().map(|value| format!("item_{value}")).collect();
    for (value, name) in items.values.iter().zip(&names) {
        let arm = Arm::Candidate { action: name.clone(), treatment: "email".into() };
        roles.arms.insert(value.to_string(), arm);
    }
    let actions: Vec<(&str, f64)> = names.iter().map(|name| (name.as_str(), 1.0)).collect();
    let document = document(roles.schema(&dataset), &actions);
    let alike = Some(Exploration::EpsilonGreedy { epsilon: 1.0 });
    Some((dataset, roles, compile(Document { exploration: alike, ..document })))
}

#[test]
fn the_open_bandit_logs_through_the_engine_meet_the_published_numbers() {
    let Some((dataset, roles, policy)) = open_bandit("bts", "men") else { return };
    let file = shared("reference/off_policy/expected.json").unwrap();
    let expected: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let expected = &expected["men_bts_to_random"];
    let report = run(&policy, &[], &dataset, &roles, &modelled(), &Task::default()).unwrap().report;
    let main = report.main().unwrap();
    let diagnostics = &expected["diagnostics"];
    for (what, found, expected) in [
        ("ess", main.support.effective_sample_size, &diagnostics["ess"]),
        ("mean weight", main.support.mean_weight, &diagnostics["w_mean"]),
        ("largest weight", main.support.max_weight, &diagnostics["w_max"]),
    ] {
        // The reference's probabilities were written with ten digits.
        let expected = expected.as_f64().unwrap();
        assert!((found / expected - 1.0).abs() < 1e-9, "{what}: {found}, expected {expected}");
    }
    let refused = main.refusal.is_some();
    assert_eq!(refused, diagnostics["ess"].as_f64().unwrap() < 100.0, "{:?}", main.refusal);
    if let Some(value) = main.value("click") {
        let ips = value.by(Method::Ips).unwrap();
        assert!((ips.value - expected["ipw"]["value"].as_f64().unwrap()).abs() < 1e-9);
        assert!((ips.se - expected["ipw"]["se"].as_f64().unwrap()).abs() < 1e-9);
        assert!((value.answer.value - expected["snipw"]["value"].as_f64().unwrap()).abs() < 1e-9);
    }
}

#[test]
fn the_women_log_is_refused_through_the_engine_with_what_it_could_answer() {
    let Some((dataset, roles, policy)) = open_bandit("bts", "women") else { return };
    let report = run(&policy, &[], &dataset, &roles, &modelled(), &Task::default()).unwrap().report;
    let main = report.main().unwrap();
    let refusal = main.refusal.as_ref().unwrap();
    assert!(main.values.is_empty());
    assert!(refusal.reasons.iter().any(|why| why.contains("effective sample size is 2.1")), "{refusal:?}");
    assert!(refusal.reasons.iter().any(|why| why.contains("mean weight")), "{refusal:?}");
    let instead = main.instead.as_ref().unwrap();
    let blend = instead.blend.unwrap();
    assert!(blend.share < 0.5 && blend.effective_sample_size >= 100.0, "{blend:?}");
    for region in &instead.regions {
        assert!(region.support.effective_sample_size >= 100.0 && region.rows < 10_000, "{region:?}");
    }
}

#[test]
fn a_region_with_support_is_named_by_column_and_value() {
    // b was given to those of g = b alone.
    let world = small_world(3_000, 3);
    let texts = |name: &str| world.texts(name).unwrap();
    let (g, did) = (texts("g"), texts("did"));
    let keep: Vec<u32> = (0..3_000)
        .filter(|row| did[*row as usize].as_deref() != Some("b") || g[*row as usize].as_deref() == Some("b"))
        .collect();
    let (log, roles) = (world.select(&keep), small_roles());
    let always_b = document(roles.schema(&log), &[("b", 1.0)]);
    let report = run(&compile(always_b), &[], &log, &roles, &modelled(), &Task::default()).unwrap().report;
    let main = report.main().unwrap();
    assert!(main.refusal.as_ref().unwrap().reasons[0].contains("mean weight"), "{:?}", main.refusal);
    let instead = main.instead.as_ref().unwrap();
    let region = &instead.regions[0];
    assert_eq!((region.column.as_str(), region.part.as_str()), ("g", "b"), "{instead:?}");
    let value = region.value.unwrap();
    assert!((value.low..=value.high).contains(&0.55), "{value:?}");
    assert!(instead.blend.unwrap().share > 0.2);
    let text = ron::to_string(&report).unwrap();
    assert_eq!(ron::from_str::<Report>(&text).unwrap(), report);
}

#[test]
fn a_blend_does_no_more_of_what_was_never_done_than_any_policy_may() {
    let (world, roles) = (small_world(3_000, 4), small_roles());
    let mut document = document(roles.schema(&world), &[("new", 9.0), ("a", 1.0)]);
    document.rules = vec![rule("some", Stage::Suitability, only("new"), "x < 0.05")];
    let report = run(&compile(document), &[], &world, &roles, &modelled(), &Task::default()).unwrap().report;
    let main = report.main().unwrap();
    assert!(main.refusal.as_ref().unwrap().reasons[0].contains("(new)"));
    let blend = main.instead.as_ref().unwrap().blend.unwrap();
    assert!(blend.share * main.support.unlogged <= 0.01 && blend.share > 0.1, "{blend:?}");
}

#[test]
fn reward_models_agree_with_the_trial_of_hillstrom() {
    let Some((dataset, roles)) = hillstrom() else { return };
    let schema = roles.schema(&dataset);
    let mut mens = document(schema, &[("mens", 1.0), ("womens", 2.0)]);
    mens.rules = vec![rule("who", Stage::Suitability, only("womens"), "mens == 0 && womens == 1")];
    let value = value_of(&compile(mens), &dataset, &roles, &modelled());
    let (ips, dr) = (value.by(Method::Ips).unwrap(), value.by(Method::Dr).unwrap());
    // The design is known, so both are right; what is known of the customers takes some of the chance away.
    assert!((dr.value - value.answer.value).abs() < value.answer.se, "{dr:?} {:?}", value.answer);
    assert!(dr.se < 0.99 * ips.se && dr.se < value.answer.se, "{} {} {}", dr.se, value.answer.se, ips.se);
}
