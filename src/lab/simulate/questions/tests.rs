//! Sweeps and comparisons on worlds whose truth is known, and beside the report of a simulation.

use super::Knob;
use super::compare::{self, CompareReport};
use super::sweep::{SweepReport, sweep};
use crate::error::Result;
use crate::simulate::replay::NO_ACTION;
use crate::simulate::tests::{Memory, cap, compile, document, only, plain, rule, world};
use crate::simulate::{Keep, KeepNothing, Options, Other, replay};
use crate::task::Task;
use crate::world::{World, WorldSpec};
use attune_policy::arbitration::{Floor, Mode};
use attune_policy::contact::{CapTarget, EventKind};
use attune_policy::document::Document;
use attune_policy::policy::Policy;
use attune_policy::rule::{Scope, Stage};
use std::collections::BTreeMap;

fn repeated() -> World {
    world(WorldSpec { customers: 1_500, decisions: 4, gap_days: 3, effect: 2.0, ..WorldSpec::default() })
}

fn capped(world: &World) -> Document {
    Document {
        rules: vec![
            rule("buyers", Stage::Applicability, only("style_email"), "frequency >= 2"),
            rule("recent", Stage::Suitability, only("home_email"), "recency_days < 60"),
        ],
        caps: vec![cap("weekly", CapTarget::All, EventKind::Sent, 2, Some(7))],
        ..document(
            world.roles.schema(&world.trial),
            &[("style_email", 3.0), ("home_email", 2.0), ("discount_email", 1.0)],
        )
    }
}

fn options() -> Options {
    Options { bootstrap: 200, goal: Some("visit".into()), ..plain() }
}

fn swept(world: &World, policy: &Policy, knobs: &[&str], keep: &dyn Keep) -> Result<SweepReport> {
    let knobs: Vec<Knob> = knobs.iter().map(|k| Knob::parse(k).unwrap()).collect();
    sweep(policy, &knobs, &world.trial, &world.roles, &options(), keep, &Task::default())
}

/// Position of the arm per row that a policy chooses.
fn arms(world: &World, policy: &Policy) -> Vec<usize> {
    let replay = replay(policy, &world.trial, &world.roles, &options(), &Task::default()).unwrap();
    (0..replay.rows.len()).map(|i| world.arm(replay.chosen_names(i).0).unwrap()).collect()
}

#[test]
fn a_sweep_tells_the_truth_about_every_setting() {
    let world = repeated();
    let policy = compile(capped(&world));
    let report = swept(&world, &policy, &["cap:weekly.limit=0,1,2,none"], &KeepNothing).unwrap();
    let labels: Vec<&str> = report.settings.iter().map(|s| s.values[0].as_str()).collect();
    assert_eq!(labels, ["2", "0", "1", "none"], "the current one first, and not twice");
    assert_eq!(report.places[0].current, "2");
    let contacts: BTreeMap<&str, u64> =
        labels.iter().copied().zip(report.settings.iter().map(|s| s.contacts)).collect();
    assert!(contacts["0"] == 0 && contacts["1"] < contacts["2"] && contacts["2"] < contacts["none"], "{contacts:?}");
    let mut covered = 0;
    for setting in &report.settings {
        let mut document = capped(&world);
        document.caps[0].limit = setting.values[0].parse().ok();
        let own = arms(&world, &compile(document));
        let n = own.len() as f64;
        let reached = own.iter().filter(|arm| **arm != 0).count();
        assert_eq!(setting.contacts as usize, reached);
        assert!((setting.share_contacted.value - reached as f64 / n).abs() < 1e-12);
        assert!((setting.no_action.value + setting.share_contacted.value - 1.0).abs() < 1e-12);
        let hits = &setting.hits[0];
        assert!(hits.code == "Cap:weekly" && (hits.decisions > 0) == (setting.values[0] != "none"));
        let truth = world.true_value("visit", own.clone()).unwrap();
        let value = setting.values_per_decision[0].unwrap();
        covered += u32::from(value.low <= truth && truth <= value.high);
        assert!((value.value - truth).abs() < 5.0 * value.se, "{}: {value:?}, true {truth}", setting.values[0]);
        if let Some(paired) = setting.differences[0] {
            let now = report.settings[0].values_per_decision[0].unwrap();
            assert!((paired.estimate.value - (value.value - now.value)).abs() < 1e-12);
            assert!(paired.estimate.se < value.se + now.se, "what both share cancels");
            assert!(paired.adjusted_p >= paired.p && paired.estimate.bootstrap.is_some());
        } else {
            assert!(setting.current && setting.changed.value == 0.0);
        }
    }
    assert!(covered >= 3, "{covered} of 4 intervals hold the truth");
}

#[test]
fn places_are_combined_and_rules_have_numbers() {
    let world = repeated();
    let policy = compile(capped(&world));
    let report =
        swept(&world, &policy, &["rule:recent.recency_days=30,60", "lever:home_email=0,500"], &KeepNothing).unwrap();
    // Four combinations, one of which is the policy as it is.
    let values: Vec<String> = report.settings.iter().map(|s| s.values.join("/")).collect();
    assert_eq!(values, ["60/0", "30/0", "30/500", "60/500"]);
    assert!(report.settings[3].changed.value > report.settings[1].changed.value);
    let wrong = swept(&world, &policy, &["rule:recent.expr=nothing < 3"], &KeepNothing).unwrap_err().to_string();
    assert!(wrong.contains("rule:recent.expr = nothing < 3") && wrong.contains("`nothing`"), "{wrong}");
}

#[test]
fn a_broken_off_sweep_gives_the_same_report_and_decides_nothing_twice() {
    let world = repeated();
    let policy = compile(capped(&world));
    let knobs = ["cap:weekly.limit=0,1,3,4,5"];
    let whole = swept(&world, &policy, &knobs, &KeepNothing).unwrap();
    let memory = Memory::new(2);
    assert!(swept(&world, &policy, &knobs, &memory).unwrap_err().is_cancelled());
    *memory.left.borrow_mut() = 100;
    assert_eq!(swept(&world, &policy, &knobs, &memory).unwrap(), whole);
    assert_eq!((*memory.found.borrow(), 100 - *memory.left.borrow()), (2, 4));
    // A part that holds other bytes than it should is made again.
    let first = memory.parts.borrow().keys().next().unwrap().clone();
    let mut torn = memory.parts.borrow_mut().remove(&first).unwrap();
    torn.truncate(torn.len() / 2);
    let again = Memory::new(100);
    again.parts.borrow_mut().extend(memory.parts.borrow().clone());
    struct Torn<'a>(&'a Memory, String, Vec<u8>);
    impl Keep for Torn<'_> {
        fn find(&self, part: &str) -> Option<Vec<u8>> {
            if part == self.1 { Some(self.2.clone()) } else { self.0.find(part) }
        }
        fn keep(&self, part: &str, bytes: &[u8]) -> Result<()> {
            self.0.keep(part, bytes)
        }
    }
    assert_eq!(swept(&world, &policy, &knobs, &Torn(&again, first, torn)).unwrap(), whole);
    assert_eq!(*again.left.borrow(), 99);
}

fn compared(world: &World, today: &Policy, others: &[(&str, &Policy)], options: &Options) -> CompareReport {
    let others: Vec<Other<'_>> = others.iter().map(|(name, policy)| Other { name, policy }).collect();
    let ask = compare::Ask { today: Other { name: "today", policy: today }, others: &others };
    compare::compare(ask, &world.trial, &world.roles, options, &KeepNothing, &Task::default()).unwrap()
}

#[test]
fn a_comparison_tells_the_truth_about_swaps_and_who_gets_what() {
    let world = repeated();
    let today = compile(capped(&world));
    let mut document = capped(&world);
    document.actions[1].value = 4.0;
    document.rules[0].enabled = false;
    document.arbitration.floors.push(Floor { scope: Scope::All, min_propensity: None, min_priority: Some(2.0) });
    let new = compile(document);
    let with = Options { segment: Some("region".into()), impact_rows: 2_000, ..options() };
    let report = compared(&world, &today, &[("new", &new)], &with);
    let (a, b) = (arms(&world, &today), arms(&world, &new));
    let changed = a.iter().zip(&b).filter(|(a, b)| a != b).count();
    let against = &report.against[0];
    assert!((against.changed.value - changed as f64 / a.len() as f64).abs() < 1e-12);

    // Swaps: counted alike, valued near the truth of these very rows, divided by segment without remainder.
    let last = against.swaps.last().unwrap();
    assert_eq!((last.from.as_str(), last.decisions as usize), ("anything", changed));
    let arm = |name: &str| if name == "No action" { 0 } else { world.arm(name).unwrap() };
    let expected = &world.truth.expected[world.truth.outcomes.iter().position(|o| o == "visit").unwrap()];
    let mut valued = 0;
    for swap in &against.swaps[..against.swaps.len() - 1] {
        let (from, to) = (arm(&swap.from), arm(&swap.to));
        let rows: Vec<usize> = (0..a.len()).filter(|i| a[*i] == from && b[*i] == to).collect();
        assert_eq!(swap.decisions as usize, rows.len(), "{} to {}", swap.from, swap.to);
        assert_eq!(swap.by_segment.iter().map(|s| s.1).sum::<u64>(), swap.decisions);
        let truth = rows.iter().map(|i| expected[to][*i] - expected[from][*i]).sum::<f64>() / rows.len() as f64;
        match &swap.value {
            Some(value) => {
                valued += 1;
                assert!((value.value - truth).abs() < 4.5 * value.se, "{swap:?}, true {truth}");
                assert!((swap.brought.unwrap().value - value.value * swap.share).abs() < 1e-12);
            }
            None => assert!(swap.refusal.as_ref().is_some_and(|r| r.contains("effective sample size")), "{swap:?}"),
        }
    }
    assert!(valued >= 2, "{:?}", against.swaps);

    // Who gets what: shares of a part add up, and its differences to 0.
    assert!(against.gets.len() > 2);
    for part in &against.gets {
        assert_eq!(part.actions.iter().map(|x| x.today).sum::<u64>(), part.decisions);
        assert_eq!(part.actions.iter().map(|x| x.policy).sum::<u64>(), part.decisions);
        assert!(part.actions.iter().map(|x| x.difference.value).sum::<f64>().abs() < 1e-9);
    }

    // Who is never contacted, counted by subject.
    let subjects = world.roles.subjects(&world.trial).unwrap();
    for (side, arms) in report.policies.iter().zip([&a, &b]) {
        let mut reached = vec![false; subjects.count()];
        arms.iter().enumerate().for_each(|(row, arm)| reached[subjects.code(row)] |= *arm != 0);
        let never = reached.iter().filter(|r| !**r).count() as u64;
        assert_eq!((side.never.subjects, side.never.share.n), (never, reached.len() as u64));
        assert_eq!(side.never.why.iter().map(|w| w.1).sum::<u64>(), 4 * never);
        assert_eq!(side.never.by_segment.iter().map(|s| s.1.n).sum::<u64>(), side.never.share.n);
    }

    // What the rules cost is what the report of a simulation says, on the same rows.
    let simulated =
        crate::simulate::run(&new, &[], &world.trial, &world.roles, &with, &Task::default()).unwrap().report;
    let mut seen = 0;
    for loss in &report.rules {
        let Some(own) = simulated.rules.iter().find(|r| r.id == loss.id) else { continue };
        let without = own.without.as_ref().unwrap();
        assert_eq!(loss.removed, own.removed, "{}", loss.id);
        assert_eq!(report.rule_rows, without.rows);
        assert!((loss.changed.value - without.choices_changed as f64 / without.rows as f64).abs() < 1e-12);
        let (found, expected) = (loss.value[0].unwrap(), without.value_cost[0].as_ref().unwrap());
        assert!((found.value - expected.value).abs() < 1e-12 && (found.se - expected.se).abs() < 1e-12);
        seen += 1;
    }
    assert_eq!(seen, 3, "a rule, a cap and a floor: {:?}", report.rules);
    // All values differ, nothing else does: only V is there to be dropped.
    let terms: Vec<&str> = report.sensitivity.iter().map(|d| d.term.as_str()).collect();
    assert_eq!(terms, ["V"]);
    assert!(report.sensitivity[0].changed.value > 0.05);
}

#[test]
fn each_term_of_the_arbitration_is_made_neutral() {
    let world = repeated();
    let mut document = capped(&world);
    document.models.push(crate::simulate::tests::logistic("visits", "frequency", -1.0, 0.3));
    document.actions[0].propensity = Some("visits".into());
    document.actions[1].treatments[0].propensity = Some("visits".into());
    document.actions[2].weight = 30.0;
    document.arbitration.mode = Mode::Pcvl;
    let no_rules = Document { rules: Vec::new(), caps: Vec::new(), ..document.clone() };
    for (term, chosen) in [("P", Some("style_email")), ("C", None), ("V", None), ("L", None)] {
        let found = super::neutral::neutral(term, &no_rules, Some(0.4));
        assert_eq!(found.is_some(), term != "C", "{term}");
        let Some((changed, how)) = found else { continue };
        let policy = compile(changed.clone());
        let replay = replay(&policy, &world.trial, &world.roles, &options(), &Task::default()).unwrap();
        assert!(replay.chosen.iter().all(|c| *c != NO_ACTION));
        match (term, chosen) {
            // The same P of 0.4 for those with a model: 3·0.4 against 2·0.4 and, with P = 1 without a model, 1·1.3.
            ("P", _) => {
                assert!((0..replay.rows.len()).all(|i| replay.chosen_names(i).0 == "discount_email"), "{how}");
            }
            ("V", _) => assert!(changed.actions.iter().all(|a| (a.value - 2.0).abs() < 1e-12)),
            _ => assert!(changed.actions.iter().all(|a| a.weight == 0.0)),
        }
    }
}

#[test]
fn twenty_variants_are_ranked_and_the_best_is_among_those_that_may_be() {
    let world = world(WorldSpec { customers: 6_000, effect: 3.0, ..WorldSpec::default() });
    let today = compile(capped(&world));
    let variants: Vec<(String, Policy)> = (0..20)
        .map(|i| {
            let mut document = capped(&world);
            document.rules[0].expr = format!("frequency >= {}", i % 5);
            document.rules[1].expr = format!("recency_days < {}", 20 * (1 + i / 5));
            (format!("variant {i}"), compile(document))
        })
        .collect();
    let others: Vec<(&str, &Policy)> = variants.iter().map(|(name, policy)| (name.as_str(), policy)).collect();
    let report = compared(&world, &today, &others, &options());
    let best = report.best.as_ref().unwrap();
    assert_eq!(best.variants.len(), 21);
    let truth = |policy: &Policy| world.true_value("visit", arms(&world, policy)).unwrap();
    let truths: BTreeMap<&str, f64> =
        others.iter().map(|(name, policy)| (*name, truth(policy))).chain([("today", truth(&today))]).collect();
    let highest = truths.values().copied().fold(f64::NEG_INFINITY, f64::max);
    for standing in &best.variants {
        let own = truths[standing.name.as_str()];
        assert!(standing.may_be_best || own < highest, "{} is the best and is left out", standing.name);
        if let Some(against) = standing.against_current {
            assert!(against.simultaneous.0 <= against.estimate.low && against.simultaneous.1 >= against.estimate.high);
            assert!(against.adjusted_p >= against.p);
        }
    }
    assert!(best.variants.windows(2).all(|w| w[0].value.value >= w[1].value.value));
    assert!(report.rules.is_empty() && report.rule_rows == 0);
}
