//! Simulations in parts: pieces of a replay give the decisions of one pass, and what was broken off gives the same report.

use super::{Memory, cap, compile, document, only, rule, world};
use crate::error::{Error, Result};
use crate::simulate::log::DecisionLog;
use crate::simulate::replay::pieces::Cut;
use crate::simulate::replay::{Fates, Stage as Deciding, Told, Want, furthest_cause};
use crate::simulate::report::Report;
use crate::simulate::run::run_within;
use crate::simulate::{Keep, KeepNothing, Options, Other, Replay, run, run_in_parts};
use crate::task::Task;
use crate::world::{World, WorldSpec};
use attune_policy::contact::{Budget, CapTarget, EventKind, Measure, OnHit, QuietHours, TimeOfDay};
use attune_policy::document::Document;
use attune_policy::exploration::Exploration;
use attune_policy::policy::Policy;
use attune_policy::rule::{Scope, Stage};
use std::sync::Arc;

fn repeated() -> World {
    world(WorldSpec { customers: 800, decisions: 4, gap_days: 3, effect: 2.0, ..WorldSpec::default() })
}

fn capped(world: &World) -> Document {
    Document {
        rules: vec![rule("buyers", Stage::Applicability, only("style_email"), "frequency >= 2")],
        caps: vec![cap("weekly", CapTarget::All, EventKind::Sent, 2, Some(7))],
        ..document(world.roles.schema(&world.trial), &[("style_email", 3.0), ("home_email", 2.0)])
    }
}

/// Everything that is told of decisions, without where the time went.
fn told(mut replay: Replay) -> String {
    replay.work = Default::default();
    // How probabilities are numbered inside is nobody's business.
    let chances: Option<Vec<_>> = replay
        .chances
        .take()
        .map(|chances| (0..replay.rows.len()).map(|at| chances.of(at).map(<[f64]>::to_vec)).collect());
    format!("{chances:?} {replay:?}")
}

#[test]
fn pieces_give_the_decisions_of_one_pass() {
    let world = repeated();
    let base = || capped(&world);
    let night = QuietHours {
        id: "night".into(),
        name: "Night".into(),
        channel: None,
        when: None,
        weekdays: Vec::new(),
        from: TimeOfDay::at(6, 0),
        until: TimeOfDay::at(5, 45),
        on_hit: OnHit::Defer,
        enabled: true,
    };
    let budget = Budget {
        id: "mails".into(),
        name: "Mails".into(),
        scope: Scope::All,
        measure: Measure::Count,
        event: EventKind::Sent,
        max: Some(300.0),
        min: None,
        reset: None,
        from: None,
        until: None,
        pacing: None,
        enabled: true,
    };
    let draws = Some(Exploration::EpsilonGreedy { epsilon: 0.4 });
    let mut timeless = world.roles.clone();
    timeless.columns.remove("decided_at");
    // Document, roles, pieces.
    let cases = [
        ("caps", base(), &world.roles, 4),
        ("deferrals", Document { quiet_hours: vec![night], ..base() }, &world.roles, 4),
        ("chance", Document { exploration: draws, ..base() }, &world.roles, 4),
        ("a budget for everybody", Document { budgets: vec![budget], ..base() }, &world.roles, 1),
        ("no times", base(), &timeless, 4),
    ];
    let rows = world.trial.rows();
    for (what, document, roles, pieces) in cases {
        let policy = compile(document);
        let log = DecisionLog::new(&world.trial, roles, None).unwrap();
        let options = Options { history: Some(Arc::new(world.history())), ..super::plain() };
        let stage = Deciding { dataset: &world.trial, roles, log: &log, options: &options };
        let whole = stage.decide(&policy, (0..rows as u32).collect(), &Task::default()).unwrap();
        let memory = Memory::new(100);
        let all: Vec<u32> = (0..rows as u32).collect();
        let cut = Cut { keep: &memory, rows: rows / 4, want: Want::Each, name: "it" };
        let in_pieces = || told(stage.decide_in_pieces(&policy, &all, cut, &Task::default()).unwrap());
        let expected = told(whole);
        assert!(in_pieces() == expected, "{what}: decided");
        assert_eq!(memory.parts.borrow().len(), pieces, "{what}");
        assert!(in_pieces() == expected, "{what}: found again");
        assert_eq!(*memory.found.borrow(), pieces as u32, "{what}");
        // Torn anywhere, a piece is decided again.
        let names: Vec<String> = memory.parts.borrow().keys().cloned().collect();
        for (name, share) in names.iter().zip([0.0, 0.3, 0.9, 0.999]) {
            let torn = Torn { name, share, of: &memory };
            let found = stage.decide_in_pieces(&policy, &all, Cut { keep: &torn, ..cut }, &Task::default());
            assert!(told(found.unwrap()) == expected, "{what}: {share} of a piece");
        }
    }
}

#[test]
fn fates_that_are_too_many_to_keep_are_counted_as_they_are_made() {
    let world = repeated();
    let budgets = |max: f64| {
        vec![Budget {
            id: "mails".into(),
            name: "Mails".into(),
            scope: Scope::All,
            measure: Measure::Count,
            event: EventKind::Sent,
            max: Some(max),
            min: None,
            reset: None,
            from: None,
            until: None,
            pacing: None,
            enabled: true,
        }]
    };
    let options = Options { bootstrap: 0, impact_rows: 300, rewards: None, ..Options::default() };
    // Subject by subject, and everybody together in order of time.
    for document in [capped(&world), Document { budgets: budgets(1_700.0), ..capped(&world) }] {
        let policy = compile(document);
        let within = |fates: usize, keep: &dyn Keep| {
            run_within(fates, &policy, &[], &world.trial, &world.roles, &options, keep, &Task::default()).unwrap()
        };
        let each = within(usize::MAX, &KeepNothing);
        let memory = Memory::new(100);
        let told = within(0, &memory);
        assert!(told.report == each.report, "{:#?}", told.report.funnel);
        assert!(told.report.weeks.iter().any(|week| week.cap_hits.iter().any(|(_, hits)| *hits > 0)));
        assert!(told.report.rules.iter().any(|rule| rule.without.as_ref().is_some_and(|w| w.removed_alone > 0)));
        assert!(told.decisions.replay.fates.each().is_empty() && !each.decisions.replay.fates.each().is_empty());
        assert!(within(0, &memory).report == each.report, "found again");

        // In several pieces, each with the fates of its own rows; and why nothing was done, row by row.
        let log = DecisionLog::new(&world.trial, &world.roles, None).unwrap();
        let stage = Deciding { dataset: &world.trial, roles: &world.roles, log: &log, options: &options };
        let all: Vec<u32> = (0..world.trial.rows() as u32).collect();
        let (used, sampled): (Vec<u32>, Vec<u32>) = (all[..2_000].to_vec(), all[100..200].to_vec());
        let want = Want::Told(Told { used: &used, sampled: &sampled, furthest: true });
        let whole = stage.decide(&policy, all.clone(), &Task::default()).unwrap();
        let one = stage.decide_wanting(want, &policy, all.clone(), &Task::default()).unwrap();
        let cut = Cut { keep: &KeepNothing, rows: 700, want, name: "it" };
        let pieces = stage.decide_in_pieces(&policy, &all, cut, &Task::default()).unwrap();
        for told in [&one, &pieces] {
            let causes = |replay: &Replay| {
                let tally = crate::simulate::funnel::tally(replay, &used);
                (
                    tally.decisions,
                    tally.ended,
                    tally.causes.iter().map(|c| (c.candidates, c.decisions)).collect::<Vec<_>>(),
                )
            };
            assert_eq!(causes(told), causes(&whole));
            for at in [0usize, 99, 100, 150, 199, 200, 2_500] {
                let kept = if (100..200).contains(&at) { whole.fates_at(at) } else { &[] };
                assert_eq!(told.fates_at(at), kept, "position {at}");
            }
        }
        let Fates::Told(counts) = &one.fates else { panic!("counted") };
        let causes: Vec<u16> = all.iter().map(|at| furthest_cause(whole.fates_at(*at as usize))).collect();
        assert_eq!(counts.furthest, causes);
    }
}

/// One part has lost its end; nothing is kept.
struct Torn<'a> {
    name: &'a str,
    share: f64,
    of: &'a Memory,
}

impl Keep for Torn<'_> {
    fn find(&self, part: &str) -> Option<Vec<u8>> {
        let mut bytes = self.of.find(part)?;
        if part == self.name {
            bytes.truncate((bytes.len() as f64 * self.share) as usize);
        }
        Some(bytes)
    }

    fn keep(&self, _: &str, _: &[u8]) -> Result<()> {
        Ok(())
    }
}

#[test]
fn a_simulation_that_is_broken_off_anywhere_gives_the_same_report() {
    let world = repeated();
    let policy = compile(capped(&world));
    let other = compile(Document { caps: Vec::new(), ..capped(&world) });
    let options = Options { bootstrap: 40, impact_rows: 500, segment: Some("region".into()), ..Options::default() };
    let simulate = |policy: &Policy, keep: &dyn Keep| -> Result<Report> {
        let others = [Other { name: "without caps", policy: &other }];
        run_in_parts(policy, &others, &world.trial, &world.roles, &options, keep, &Task::default()).map(|s| s.report)
    };
    let others = [Other { name: "without caps", policy: &other }];
    let whole = run(&policy, &others, &world.trial, &world.roles, &options, &Task::default()).unwrap().report;
    assert!(!whole.rewards.is_empty() && whole.rules.iter().any(|rule| rule.without.is_some()));
    let memory = Memory::new(100);
    assert!(simulate(&policy, &memory).unwrap() == whole);
    let parts = 100 - *memory.left.borrow();
    // The policy's decisions, the other's, resamples and reward models per outcome, and what the policy does without its rule and its cap.
    assert_eq!(parts as usize, 2 + 2 * whole.outcomes.len() + 2, "{:?}", memory.parts.borrow().keys());
    // One part more each time, and none is made twice: the store sees to that.
    let memory = Memory::new(0);
    for done in 0..parts {
        assert!(simulate(&policy, &memory).unwrap_err().is_cancelled(), "after {done} parts");
        *memory.left.borrow_mut() = 1;
    }
    assert!(simulate(&policy, &memory).unwrap() == whole);
    assert_eq!(memory.parts.borrow().len() as u32, parts);
    // Parts that hold something else are as good as none.
    struct Wrong<'a>(&'a Memory);
    impl Keep for Wrong<'_> {
        fn find(&self, part: &str) -> Option<Vec<u8>> {
            let kind = |name: &str| name.split('-').next().map(str::to_owned);
            let parts = self.0.parts.borrow();
            parts.iter().find(|(name, _)| kind(name) != kind(part)).map(|(_, bytes)| bytes.clone())
        }
        fn keep(&self, _: &str, _: &[u8]) -> Result<()> {
            Ok(())
        }
    }
    assert!(simulate(&policy, &Wrong(&memory)).unwrap() == whole);
    // A part that cannot be kept ends the work: it would be lost.
    struct Full;
    impl Keep for Full {
        fn find(&self, _: &str) -> Option<Vec<u8>> {
            None
        }
        fn keep(&self, _: &str, _: &[u8]) -> Result<()> {
            Err(Error::new("the disk is full"))
        }
    }
    assert!(simulate(&policy, &Full).unwrap_err().to_string().contains("full"));
    assert!(simulate(&policy, &KeepNothing).unwrap() == whole);
}
