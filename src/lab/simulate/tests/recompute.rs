//! Fifty random policies, each recomputed from its decisions table by the Python script in `tests/scripts`.

use super::{cap, compile, document, logistic, only, plain, rule, world};
use crate::random::Random;
use crate::simulate::report::Report;
use crate::simulate::{Options, decisions_table, run};
use crate::task::Task;
use crate::world::{Design, World, WorldSpec};
use attune_policy::arbitration::Floor;
use attune_policy::contact::{CapTarget, EventKind};
use attune_policy::document::{Document, Fallback};
use attune_policy::rule::{Scope, Stage};
use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// Estimators that the script has.
const SCRIPTED: [&str; 4] = ["Snips", "Ips", "IpsEmpirical", "Replay"];
const ACTIONS: [&str; 3] = ["style_email", "home_email", "discount_email"];

/// A random policy: rules over features and scores, caps, floors, a fallback.
fn random_document(world: &World, random: &mut Random) -> Document {
    let values: Vec<(&str, f64)> = ACTIONS.iter().map(|id| (*id, 0.5 + random.uniform())).collect();
    let mut document = document(world.roles.schema(&world.trial), &values);
    let models = random.chance(0.4);
    if models {
        document.models =
            vec![logistic("by_frequency", "frequency", -2.5, 0.3), logistic("by_mails", "emails_28_days", -1.5, -0.2)];
        for action in &mut document.actions {
            if random.chance(0.7) {
                action.propensity = Some(["by_frequency", "by_mails"][random.below(2)].into());
            }
        }
    }
    let stages = [Stage::Guard, Stage::Eligibility, Stage::Applicability, Stage::Suitability];
    for i in 0..1 + random.below(4) {
        let scope = if random.chance(0.5) { Scope::All } else { only(ACTIONS[random.below(3)]) };
        let expr = condition(random, models);
        document.rules.push(rule(&format!("rule_{i}"), stages[random.below(4)], scope, &expr));
    }
    if random.chance(0.3) {
        document.rules.push(rule("soft", Stage::SoftSuitability, only(ACTIONS[random.below(3)]), "0.5"));
    }
    if random.chance(0.7) {
        let limit = random.below(4) as u32 + 1;
        document.caps.push(cap("per_month", CapTarget::All, EventKind::Sent, limit, Some(28)));
    }
    if random.chance(0.5) {
        document.caps.push(cap("same_offer", CapTarget::Action, EventKind::Decision, 1, Some(10)));
    }
    if random.chance(0.5) {
        let least = random.uniform() * if models { 0.3 } else { 1.4 };
        let (min_propensity, min_priority) = if models { (Some(least), None) } else { (None, Some(least)) };
        document.arbitration.floors.push(Floor { scope: Scope::All, min_propensity, min_priority });
    }
    if random.chance(0.3) {
        document.fallback.push(Fallback { action: ACTIONS[random.below(3)].into(), treatment: "email".into() });
    }
    document
}

fn condition(random: &mut Random, models: bool) -> String {
    let number = |random: &mut Random| match random.below(5) {
        0 => format!("frequency >= {}", random.below(4)),
        1 => format!("age > {}", 20 + random.below(50)),
        2 => format!("(monetary ?? 0.0) < {:.1}", 20.0 + 100.0 * random.uniform()),
        3 => format!("emails_28_days <= {}", random.below(5)),
        _ => format!("recency_days < {}", 10 + random.below(150)),
    };
    let text = |random: &mut Random| match random.below(3) {
        0 => format!("region == \"{}\"", ["north", "south", "east", "west"][random.below(4)]),
        1 => "newsletter".to_owned(),
        _ => format!("favourite_category != \"{}\"", ["fashion", "home"][random.below(2)]),
    };
    let first = number(random);
    let second = if models && random.chance(0.5) {
        format!("score(\"by_frequency\") > {:.2}", 0.05 + 0.15 * random.uniform())
    } else {
        text(random)
    };
    let join = if random.chance(0.5) { "&&" } else { "||" };
    if random.chance(0.3) { format!("!({first}) {join} {second}") } else { format!("{first} {join} {second}") }
}

fn python() -> Option<PathBuf> {
    let found = Command::new("python3").arg("--version").output().is_ok_and(|o| o.status.success());
    assert!(found || std::env::var_os("CI").is_none(), "python3 is missing");
    if !found {
        println!("skipped: python3 is not there");
    }
    found.then(|| PathBuf::from("python3"))
}

fn close(what: &str, ours: f64, theirs: &Json) {
    let theirs = theirs.as_f64().unwrap_or_else(|| panic!("{what}: not recomputed"));
    assert!((ours - theirs).abs() <= 1e-9 * ours.abs().max(1.0), "{what}: {ours}, recomputed {theirs}");
}

/// Compares a report with what the script made of its rows; returns how many values were compared.
fn compare(name: &str, report: &Report, again: &Json) -> usize {
    let main = report.main().unwrap();
    let support = &again["support"];
    for (key, ours) in [
        ("n", main.support.n as f64),
        ("matched", main.support.matched as f64),
        ("effective_sample_size", main.support.effective_sample_size),
        ("mean_weight", main.support.mean_weight),
        ("max_weight", main.support.max_weight),
        ("share_above_10", main.support.share_above_10),
        ("unlogged", main.support.unlogged),
    ] {
        close(&format!("{name} {key}"), ours, &support[key]);
    }
    close(&format!("{name} contacted"), main.share_contacted, &again["share_contacted"]);
    for share in &main.mix {
        let key = format!("{}/{}", share.action, share.treatment);
        close(&format!("{name} {key}"), share.decisions as f64, &again["mix"][&key]);
    }
    for (stage, theirs) in report.funnel.iter().zip(again["funnel"].as_array().unwrap()) {
        assert_eq!(theirs[0].as_str(), Some(stage.stage.as_str()));
        close(&format!("{name} into {}", stage.stage), stage.candidates_in as f64, &theirs[1]);
        close(&format!("{name} out of {}", stage.stage), stage.candidates_out as f64, &theirs[2]);
    }
    for rule in report.rules.iter().filter(|r| r.removed > 0) {
        let kind = if rule.kind == crate::simulate::report::RuleKind::Cap { "Cap" } else { "Rule" };
        if rule.kind != crate::simulate::report::RuleKind::Floor {
            close(
                &format!("{name} {}", rule.id),
                rule.removed as f64,
                &again["removed"][format!("{kind}:{}", rule.id)],
            );
        }
    }
    let mut compared = 0;
    for value in &main.values {
        for estimate in value.estimates() {
            let method = format!("{:?}", estimate.method);
            if again["values"][column(report, &value.outcome)][&method].is_null()
                && !SCRIPTED.contains(&method.as_str())
            {
                continue;
            }
            if method == "Trajectory" || (method == "IpsEmpirical" && report.log.sample_ratio.is_none()) {
                continue;
            }
            let theirs = &again["values"][column(report, &value.outcome)][&method];
            let what = format!("{name} {} {method}", value.outcome);
            close(&what, estimate.value, &theirs["value"]);
            close(&format!("{what} se"), estimate.se, &theirs["se"]);
            compared += 1;
        }
    }
    compared
}

/// The goal's column is `reward`, that of another outcome named after it.
fn column(report: &Report, outcome: &str) -> String {
    if outcome == report.goal { "reward".to_owned() } else { format!("reward:{outcome}") }
}

fn recompute(python: &Path, tables: &[PathBuf]) -> Vec<Json> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scripts/recompute.py");
    let output = Command::new(python).arg(script).args(tables).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn fifty_random_policies_recomputed_by_a_script_agree() {
    let Some(python) = python() else { return };
    let worlds = [
        WorldSpec { customers: 1_500, ..WorldSpec::default() },
        WorldSpec { customers: 700, decisions: 3, design: Design::ByFrequency, ..WorldSpec::default() },
        WorldSpec {
            customers: 700,
            decisions: 2,
            design: Design::Shares(vec![2.0, 1.0, 1.0, 1.0]),
            ..WorldSpec::default()
        },
    ]
    .map(world);
    let histories: Vec<_> = worlds.iter().map(|w| Arc::new(w.history())).collect();
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random::new(50);
    let (mut reports, mut tables) = (Vec::new(), Vec::new());
    for i in 0..50 {
        let world = &worlds[i % 3];
        let policy = compile(random_document(world, &mut random));
        let history = random.chance(0.7).then(|| histories[i % 3].clone());
        let options = Options { history, ..plain() };
        let task = Task::default();
        let simulation = run(&policy, &[], &world.trial, &world.roles, &options, &task).unwrap();
        let path = folder.path().join(format!("{i}.csv"));
        let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
        decisions_table(&simulation.decisions, &[], &world.trial, &world.roles, &mut file, &task).unwrap();
        drop(file);
        reports.push(simulation.report);
        tables.push(path);
    }
    let again = recompute(&python, &tables);
    assert_eq!(again.len(), 50);
    let mut compared = 0;
    for (i, (report, again)) in reports.iter().zip(&again).enumerate() {
        compared += compare(&format!("policy {i}"), report, again);
    }
    let with = |has: fn(&Report) -> bool| reports.iter().filter(|r| has(r)).count();
    assert!(compared > 250, "{compared} values compared");
    assert!(with(|r| r.rules.iter().any(|x| x.kind == crate::simulate::report::RuleKind::Cap && x.removed > 0)) > 10);
    assert!(with(|r| r.main().unwrap().rows.held_out) > 8, "some use models");
    assert!(with(|r| r.main().unwrap().mix.iter().any(|m| m.fallback > 0)) > 3, "some fall back");
}
