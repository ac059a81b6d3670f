//! The Hillstrom trial: published arm means and effects, and four policies written as rules, against reference values.

use super::{compile, document, hillstrom, only, plain, rule, shared};
use crate::simulate::report::{Method, Report};
use crate::simulate::{Options, run};
use crate::task::Task;
use attune_policy::document::Document;
use attune_policy::rule::{Scope, Stage};
use attune_policy::schema::Schema;
use serde_json::Value as Json;

fn reference(path: &str) -> Option<Json> {
    Some(serde_json::from_str(&std::fs::read_to_string(shared(path)?).unwrap()).unwrap())
}

/// The four policies of the reference file, as rules.
fn policies(schema: &Schema) -> Vec<(&'static str, Document)> {
    let women = "mens == 0 && womens == 1";
    let rules = [
        ("all_none", vec![rule("nobody", Stage::Guard, Scope::All, "false")]),
        ("all_mens", vec![rule("no_womens", Stage::Eligibility, only("womens"), "false")]),
        ("all_womens", vec![rule("no_mens", Stage::Eligibility, only("mens"), "false")]),
        (
            "rule_by_history_gender",
            vec![
                rule("womens_only", Stage::Suitability, only("womens"), women),
                rule("mens_else", Stage::Suitability, only("mens"), &format!("!({women})")),
            ],
        ),
    ];
    rules
        .into_iter()
        .map(|(name, rules)| (name, Document { rules, ..document(schema.clone(), &[("mens", 1.0), ("womens", 1.0)]) }))
        .collect()
}

fn close(what: &str, value: f64, expected: &Json, tolerance: f64) {
    let expected = expected.as_f64().unwrap_or_else(|| panic!("{what}: no reference"));
    assert!((value - expected).abs() <= tolerance, "{what}: {value}, expected {expected}");
}

#[test]
fn policies_written_as_rules_meet_the_reference() {
    let Some((dataset, roles)) = hillstrom() else { return };
    let Some(reference) = reference("reference/off_policy/hillstrom_policy_values.json") else { return };
    assert_eq!(reference.as_object().unwrap().len(), 4);
    for (name, document) in policies(&roles.schema(&dataset)) {
        let policy = compile(document);
        let simulation = run(&policy, &[], &dataset, &roles, &plain(), &Task::default()).unwrap();
        let expected = &reference[name];
        let main = simulation.report.main().unwrap();
        assert_eq!(main.rows.used, 64_000);
        assert_eq!(main.refusal, None);
        assert_eq!(expected.as_object().unwrap().len(), 5, "coverage, contacts and three outcomes");
        close(&format!("{name} coverage"), main.support.coverage, &expected["coverage_match"], 1e-9);
        close(&format!("{name} contacted"), main.share_contacted, &expected["share_contacted"], 1e-9);
        for outcome in ["visit", "conversion", "spend"] {
            let (value, expected) = (main.value(outcome).unwrap(), &expected[outcome]);
            let by = |method| value.by(method).unwrap();
            for (key, number) in [
                ("ips_design", by(Method::Ips).value),
                ("ips_se", by(Method::Ips).se),
                ("snips", by(Method::Snips).value),
                ("snips_se", by(Method::Snips).se),
                ("ips_empirical", by(Method::IpsEmpirical).value),
                ("replay", by(Method::Replay).value),
            ] {
                close(&format!("{name} {outcome} {key}"), number, &expected[key], 1e-9);
            }
            assert_eq!(expected.as_object().unwrap().len(), 6, "every number of the file is asked for");
        }
    }
}

fn effects(report: &Report) {
    let Some(expected) = reference("reference/uplift/hillstrom_ate.json") else { return };
    let arms = [("No E-Mail", "control"), ("Mens E-Mail", "mens"), ("Womens E-Mail", "womens")];
    for (arm, key) in arms {
        let own = report.log.arms.iter().find(|a| a.name == arm).unwrap();
        assert_eq!(own.n, expected["arms"][arm].as_u64().unwrap());
        for (outcome, table, tolerance) in [(0, "visit_rate", 5e-6), (1, "conversion_rate", 5e-6), (2, "spend", 5e-5)] {
            close(&format!("{arm} {table}"), own.means[outcome].unwrap().value, &expected[table][key], tolerance);
        }
        if key == "control" {
            continue;
        }
        for (outcome, tolerance) in [("visit", 5e-6), ("conversion", 5e-6), ("spend", 5e-4)] {
            let effect = report.log.effects.iter().find(|e| e.arm == arm && e.outcome == outcome).unwrap();
            let name = format!("{outcome}_{key}");
            close(&name, effect.estimate.value, &expected["ate"][&name], tolerance);
            if expected["se"].get(&name).is_some() {
                close(&format!("{name} se"), effect.estimate.se, &expected["se"][&name], 5e-6);
            }
        }
    }
}

#[test]
fn baselines_are_policies_and_effects_are_those_published() {
    let Some((dataset, roles)) = hillstrom() else { return };
    let Some(reference) = reference("reference/off_policy/hillstrom_policy_values.json") else { return };
    let (_, document) = policies(&roles.schema(&dataset)).pop().unwrap();
    let options = Options { goal: Some("visit".into()), segment: Some("channel".into()), ..Options::default() };
    let simulation = run(&compile(document), &[], &dataset, &roles, &options, &Task::default()).unwrap();
    let report = &simulation.report;
    effects(report);
    assert!(!report.log.sample_ratio.unwrap().suspicious);
    for (name, key) in [
        ("No E-Mail for all", "all_none"),
        ("Mens E-Mail for all", "all_mens"),
        ("Womens E-Mail for all", "all_womens"),
    ] {
        let value = report.policy(name).unwrap().value("visit").unwrap();
        close(name, value.answer.value, &reference[key]["visit"]["snips"], 1e-9);
        let (low, high) = value.answer.bootstrap.unwrap();
        // A bootstrap of 1,000 agrees with the normal interval to some hundredths of its width.
        let width = value.answer.high - value.answer.low;
        assert!((low - value.answer.low).abs() < 0.1 * width && (high - value.answer.high).abs() < 0.1 * width);
    }
    let lift = report.difference("No E-Mail for all", "visit").unwrap();
    assert!(lift.estimate.low > 0.0 && lift.verdict.starts_with("more visit"), "{lift:?}");
    let gained = lift.value - lift.other;
    assert!((gained - lift.estimate.value).abs() < 1e-12);
    let parts = &report.segments.as_ref().unwrap().parts;
    assert_eq!(parts.iter().map(|p| p.n).sum::<u64>(), 64_000);
    assert!(parts.len() == 3 && parts.iter().all(|p| p.value.is_some() && p.lift.is_some()));
    let text = ron::to_string(report).unwrap();
    assert_eq!(ron::from_str::<Report>(&text).unwrap(), *report, "a report reads back as it was written");
}
