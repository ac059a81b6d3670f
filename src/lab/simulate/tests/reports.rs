//! What a report says: which rows and why, refusals, the funnel, the impact of rules, segments, weeks.

use super::{action, cap, compile, document, logistic, only, plain, rule, world};
use crate::data::{Logging, split};
use crate::error::Error;
use crate::simulate::report::{Kind, Method, Report, RuleKind};
use crate::simulate::{Options, Other, run, uses_models};
use crate::task::Task;
use crate::world::{Design, World, WorldSpec};
use attune_policy::arbitration::{Floor, Mode};
use attune_policy::contact::{CapTarget, EventKind};
use attune_policy::document::Document;
use attune_policy::history::NoHistory;
use attune_policy::rule::{Scope, Stage};
use std::sync::Arc;

fn small() -> World {
    world(WorldSpec { customers: 4_000, ..WorldSpec::default() })
}

fn draft(world: &World) -> Document {
    Document {
        rules: vec![
            rule("subscribers", Stage::Guard, Scope::All, "newsletter"),
            rule("buyers", Stage::Applicability, only("style_email"), "frequency >= 1"),
            rule("adults", Stage::Eligibility, Scope::All, "age >= 25"),
            rule("idle", Stage::Suitability, Scope::All, "true"),
        ],
        caps: vec![cap("per_month", CapTarget::All, EventKind::Sent, 3, Some(28))],
        ..document(world.roles.schema(&world.trial), &[("style_email", 2.0), ("home_email", 1.0)])
    }
}

fn simulate(world: &World, document: Document, options: &Options) -> Report {
    run(&compile(document), &[], &world.trial, &world.roles, options, &Task::default()).unwrap().report
}

#[test]
fn models_are_valued_on_rows_they_never_saw_and_rules_on_all() {
    let world = small();
    let mut with_model = draft(&world);
    with_model.models = vec![logistic("m", "frequency", -2.0, 0.2)];
    with_model.actions = vec![action("style_email", 2.0, Some("m")), action("home_email", 1.0, None)];
    let rules = compile(draft(&world));
    let others = [Other { name: "Rules alone", policy: &rules }];
    let options = Options { bootstrap: 0, impact_rows: 0, ..Options::default() };
    let policy = compile(with_model);
    let simulation = run(&policy, &others, &world.trial, &world.roles, &options, &Task::default()).unwrap();
    let report = &simulation.report;
    let held_out = split::held_out_rows(&world.trial, &world.roles).unwrap();

    let main = report.main().unwrap();
    assert!(main.uses_models && main.rows.held_out && main.rows.why.contains("no model learned from"));
    assert_eq!((main.rows.used, main.support.n), (held_out.len() as u64, held_out.len() as u64));
    assert_eq!(simulation.decisions.used, held_out);
    assert_eq!(simulation.decisions.replay.rows.len(), 4_000, "every row is decided all the same");
    let kinds: Vec<Kind> = report.policies.iter().map(|p| p.kind).collect();
    assert_eq!(kinds, [Kind::Policy, Kind::Baseline, Kind::Baseline, Kind::Baseline, Kind::Baseline, Kind::Other]);
    for other in &report.policies[1..] {
        assert!(!other.rows.held_out && other.support.n == 4_000, "{}", other.name);
    }
    for difference in &report.differences {
        assert_eq!(difference.estimate.n, held_out.len() as u64, "paired on the held-out rows");
    }
    assert_eq!(report.differences.len(), 5 * 3);
    assert_eq!(report.funnel[0].decisions_in, held_out.len() as u64);
}

#[test]
fn use_of_models_is_read_from_the_document() {
    let world = small();
    let plain = draft(&world);
    assert!(uses_models(&plain).is_empty());
    let in_rule = |expr: &str, enabled: bool| {
        let mut document = plain.clone();
        document.rules[0].expr = expr.into();
        document.rules[0].enabled = enabled;
        uses_models(&document)
    };
    assert_eq!(in_rule("score(\"visit\") > 0.1 && score ( \"spend\" ) > 2", true), ["spend", "visit"]);
    for same in ["score /* of */ (\"visit\") > 0.1", "score(// of\n\"visit\") > 0.1", "score(`visit`) > 0.1"] {
        assert_eq!(in_rule(same, true), ["visit"], "{same}");
    }
    assert!(in_rule("score(\"visit\") > 0.1", false).is_empty());
    assert!(in_rule("clicks > 0 // not score(\"visit\")", true).is_empty());
    assert!(in_rule("clicks > 0", true).is_empty());
    let mut formula = plain.clone();
    formula.arbitration.mode = Mode::Expression("score(\"m\") * value".into());
    assert_eq!(uses_models(&formula), ["m"]);
    let mut propensity = plain;
    propensity.actions[1].treatments[0].propensity = Some("p".into());
    assert_eq!(uses_models(&propensity), ["p"]);
}

#[test]
fn the_funnel_counts_what_the_engine_says() {
    let world = small();
    let policy = compile(draft(&world));
    let options = Options { history: Some(Arc::new(world.history())), ..plain() };
    let report = run(&policy, &[], &world.trial, &world.roles, &options, &Task::default()).unwrap().report;
    let history = world.history();
    let schema = &policy.document().schema;
    let requests = crate::data::Requests::new(&world.trial, &world.roles, schema).unwrap();
    let mut out = vec![[0u64; 2]; report.funnel.len()];
    for row in 0..4_000 {
        let decision = policy.decide(&requests.get(row), &history);
        for (i, step) in crate::simulate::fates::STEPS.iter().enumerate() {
            let passed =
                decision.fates.iter().filter(|f| f.step > *step || f.step == attune_policy::reason::Step::Chosen);
            let passed = passed.count() as u64;
            out[i][0] += passed;
            out[i][1] += u64::from(passed > 0);
        }
    }
    for (stage, [candidates, decisions]) in report.funnel.iter().zip(out) {
        assert_eq!((stage.candidates_out, stage.decisions_out), (candidates, decisions), "{}", stage.stage);
        assert!(stage.candidates_in >= stage.candidates_out);
    }
    assert_eq!(report.funnel[0].candidates_in, 8_000);
    let guard = report.funnel.iter().find(|s| s.stage == "Guard").unwrap();
    assert_eq!(guard.causes, [("subscribers".to_owned(), guard.candidates_in - guard.candidates_out)]);
    assert!(report.rules.iter().any(|r| r.id == "adults" && r.removed_missing > 0), "ages are missing in places");
}

#[test]
fn the_impact_of_a_rule_is_the_difference_that_switching_it_off_makes() {
    let world = small();
    let history = Some(Arc::new(world.history()));
    let options = Options { history, impact_rows: 10_000, bootstrap: 0, baselines: false, ..Options::default() };
    let mut document = draft(&world);
    document.arbitration.floors.push(Floor {
        scope: only("home_email"),
        min_propensity: None,
        min_priority: Some(1.5),
    });
    let with = simulate(&world, document.clone(), &options);
    for id in ["subscribers", "buyers", "adults", "per_month"] {
        let mut off = document.clone();
        off.rules.iter_mut().filter(|r| r.id == id).for_each(|r| r.enabled = false);
        off.caps.iter_mut().filter(|c| c.id == id).for_each(|c| c.enabled = false);
        let without = simulate(&world, off, &options);
        let impact = with.rules.iter().find(|r| r.id == id).unwrap();
        let told = impact.without.as_ref().unwrap();
        assert_eq!(told.rows, 4_000);
        assert!(impact.removed > 0 && told.removed_alone > 0 && told.removed_alone <= impact.removed, "{impact:?}");
        assert_eq!(told.share_contacted.1, without.main().unwrap().share_contacted);
        for (outcome, cost) in with.outcomes.iter().zip(&told.value_cost) {
            let value = |report: &Report| report.main().unwrap().value(outcome).unwrap().answer.value;
            assert!((cost.unwrap().value - (value(&without) - value(&with))).abs() < 1e-12, "{id} {outcome}");
        }
    }
    let of = |id: &str| with.rules.iter().find(|r| r.id == id).unwrap();
    let idle = of("idle").without.as_ref().unwrap();
    assert_eq!((of("idle").removed, idle.removed_alone, idle.choices_changed), (0, 0, 0));
    // It moved none of 4,000 choices; as many as Clopper and Pearson allow may be moved elsewhere, each by at most one outcome.
    let cost = idle.value_cost[0].unwrap();
    let unseen = 1.0 - 0.025_f64.powf(1.0 / 4_000.0);
    assert_eq!((cost.value, cost.se), (0.0, 0.0));
    assert!((cost.high - unseen).abs() < 1e-12 && (cost.low + unseen).abs() < 1e-12, "{cost:?}, expected {unseen}");
    let floor = of("min_priority");
    assert_eq!(floor.kind, RuleKind::Floor);
    assert_eq!(floor.without.as_ref().unwrap().removed_alone, floor.removed, "no other floor holds them");
    let stages: Vec<&str> = with.rules.iter().map(|r| r.stage.as_str()).collect();
    assert_eq!(stages, ["Guard", "Eligibility", "Applicability", "Suitability", "Contact", "Arbitration"]);
}

#[test]
fn a_rule_that_never_ends_is_refused_by_name_before_every_row_pays_for_it() {
    let world = small();
    let mut document = draft(&world);
    document
        .rules
        .insert(1, rule("endless", Stage::Eligibility, Scope::All, "let x = 0; while true { x += 1; } x > 3"));
    let error =
        run(&compile(document), &[], &world.trial, &world.roles, &plain(), &Task::default()).unwrap_err().to_string();
    for part in ["`endless`", "line 1", "does a loop never end?", "of the first 8 rows", "switch the rule off"] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn what_the_log_never_did_is_refused_with_its_name() {
    let world = small();
    let document = document(world.roles.schema(&world.trial), &[("sms_offer", 1.0)]);
    let report = simulate(&world, document, &Options { bootstrap: 0, ..Options::default() });
    let main = report.main().unwrap();
    let refusal = main.refusal.as_ref().unwrap();
    assert!(main.values.is_empty() && report.differences.is_empty());
    assert_eq!(main.support.unlogged, 1.0);
    assert!(refusal.reasons[0].contains("sms_offer"), "{refusal:?}");
    assert!(report.policies[1..].iter().all(|p| p.refusal.is_none()), "the baselines stand");
    assert!(!main.mix[0].logged);

    let few = super::world(WorldSpec { customers: 200, ..WorldSpec::default() });
    let refused = simulate(&few, draft(&few), &plain());
    assert!(refused.main().unwrap().refusal.as_ref().unwrap().reasons[0].contains("effective sample size"));
}

#[test]
fn unknown_logging_is_exploratory_and_wrong_logging_is_told() {
    let spec = WorldSpec { customers: 4_000, design: Design::ByFrequency, ..WorldSpec::default() };
    let world = world(spec);
    assert!(simulate(&world, draft(&world), &plain()).log.findings.is_empty());
    let with = |logging: Logging| {
        let mut roles = world.roles.clone();
        roles.logging = logging;
        run(&compile(draft(&world)), &[], &world.trial, &roles, &plain(), &Task::default())
    };
    let report = with(Logging::Unknown).unwrap().report;
    assert!(report.log.exploratory.is_some() && report.main().unwrap().refusal.is_none());
    let quarter = world.roles.arms.keys().map(|arm| (arm.clone(), 0.25)).collect();
    let report = with(Logging::Randomised(quarter)).unwrap().report;
    assert!(report.log.sample_ratio.unwrap().suspicious, "{:?}", report.log);
    assert!(report.log.findings.iter().any(|f| f.contains("do not have the sizes of the design")));
    let half = world.roles.arms.keys().map(|arm| (arm.clone(), 0.5)).collect();
    assert!(matches!(with(Logging::Randomised(half)), Err(Error::Failed(_))));
}

#[test]
fn rows_that_cannot_be_valued_are_told_and_left_out() {
    let world = small();
    let mut roles = world.roles.clone();
    roles.arms.remove("home_email");
    let policy = compile(draft(&world));
    let report = run(&policy, &[], &world.trial, &roles, &plain(), &Task::default()).unwrap().report;
    assert!(report.log.rows < 4_000 && report.log.findings[0].contains("no action that maps to an arm"));
    assert!(report.main().unwrap().refusal.is_some(), "the home e-mail was never logged");

    roles = world.roles.clone();
    roles.columns.remove("offer");
    let report = run(&policy, &[], &world.trial, &roles, &plain(), &Task::default()).unwrap().report;
    let refusal = report.main().unwrap().refusal.as_ref().unwrap();
    assert!(refusal.reasons[0].contains("role action"), "{refusal:?}");
    assert!(report.funnel[0].candidates_in > 0, "decisions are shown all the same");
}

#[test]
fn samples_hold_whole_subjects_and_say_so() {
    let world = world(WorldSpec { customers: 2_000, decisions: 3, ..WorldSpec::default() });
    let report = simulate(&world, draft(&world), &Options::preview(1_500));
    let main = report.main().unwrap();
    assert!((1_200..1_800).contains(&main.rows.used) && main.rows.used.is_multiple_of(3), "{}", main.rows.used);
    assert!(main.rows.why.contains("sample"));
    assert!(report.rules.iter().all(|r| r.without.is_none()));
    let both = Options { sample: Some(3_000), impact_rows: 1_000, ..plain() };
    let impact = simulate(&world, draft(&world), &both).rules;
    let rows = impact[0].without.as_ref().unwrap().rows;
    assert!((700..1_300).contains(&rows) && rows.is_multiple_of(3), "{rows} rows of a sample of a sample");
    assert_eq!(report.weeks.iter().map(|w| w.decisions).sum::<u64>(), main.rows.used);
    assert_eq!(report.weeks.len(), 3);
    assert!(report.weeks[1].cap_hits.iter().any(|(id, _)| id == "per_month"));
    assert!(main.value("visit").unwrap().by(Method::Trajectory).is_some() || main.support.n < 2_000);
}

#[test]
fn parts_of_the_customers_add_up() {
    let world = small();
    for (column, parts) in [("region", 5), ("monetary", 6), ("newsletter", 2)] {
        let options = Options { segment: Some(column.into()), bootstrap: 0, impact_rows: 0, ..Options::default() };
        let segments = simulate(&world, draft(&world), &options).segments.unwrap();
        assert_eq!(segments.parts.iter().map(|p| p.n).sum::<u64>(), 4_000, "{column}");
        assert_eq!(segments.parts.len(), parts, "{column}: {:?}", segments.parts);
    }
    let options = Options { segment: Some("regoin".into()), ..plain() };
    let error = run(&compile(draft(&world)), &[], &world.trial, &world.roles, &options, &Task::default()).unwrap_err();
    assert!(error.to_string().contains("region"), "{error}");
}

#[test]
fn a_cancelled_simulation_says_so_and_a_missing_column_is_named() {
    let world = small();
    let task = Task::default();
    task.cancel();
    let policy = compile(draft(&world));
    let cancelled = run(&policy, &[], &world.trial, &world.roles, &plain(), &task).unwrap_err();
    assert!(cancelled.is_cancelled());
    let mut other = draft(&world);
    other.schema.fields[0].name = "county".into();
    other.schema.fields[0].source = "county".into();
    let error =
        run(&compile(other), &[], &world.trial, &world.roles, &plain(), &Task::default()).unwrap_err().to_string();
    assert!(error.contains("county"), "{error}");
    let goal = Options { goal: Some("profit".into()), ..plain() };
    let error = run(&policy, &[], &world.trial, &world.roles, &goal, &Task::default()).unwrap_err().to_string();
    assert!(error.contains("profit") && error.contains("visit, conversion, spend"), "{error}");
}

#[test]
fn a_row_decided_alone_gets_the_decision_of_the_simulation() {
    let world = small();
    let policy = compile(draft(&world));
    let simulation = run(&policy, &[], &world.trial, &world.roles, &plain(), &Task::default()).unwrap();
    let requests = crate::data::Requests::new(&world.trial, &world.roles, &policy.document().schema).unwrap();
    for row in 0..world.trial.rows() {
        let decision = policy.decide_traced(&requests.get(row), &NoHistory);
        let name = decision.chosen.map_or("NoAction", |c| policy.names(c).0);
        assert_eq!(name, simulation.decisions.replay.chosen_names(row).0, "row {row}");
    }
}
