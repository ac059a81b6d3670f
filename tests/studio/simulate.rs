//! The Simulate workspace: a run, its numbers as the report has them, and what makes them stale.

use crate::support::Studio;
use attune_studio::Workspace;
use attune_studio::simulate::unit::Unit;
use egui::{Key, Modifiers};

fn simulated() -> Studio {
    let mut studio = Studio::trial();
    studio.by_palette("Run simulation");
    studio.settle();
    studio
}

#[test]
fn before_a_run_it_says_what_to_do() {
    let mut studio = Studio::trial();
    studio.by_palette("Go to Simulate");
    assert!(studio.has("Not simulated yet") && studio.has("Run simulation"));
    let mut empty = Studio::empty();
    empty.by_palette("Go to Simulate");
    assert!(empty.has("Go to Data"));
    empty.press("Go to Data");
    assert_eq!(empty.workspace(), Workspace::Data);
}

#[test]
fn a_run_shows_the_reports_own_numbers() {
    let studio = simulated();
    assert_eq!(studio.workspace(), Workspace::Simulate);
    let report = studio.session().simulation().ready().expect("simulated").clone();
    let unit = Unit::of(&report, &report.goal);
    assert_eq!(unit, Unit::Rate, "a visit is a rate");
    for policy in &report.policies {
        match policy.value(&report.goal) {
            Some(value) => assert!(studio.has(&unit.value(value.answer.value)), "{}", policy.name),
            None => assert!(studio.has("no answer"), "{}", policy.name),
        }
    }
    for part in ["Support", "Funnel", "Action mix", "The logged trial", "Notes", "Effective sample size"] {
        assert!(studio.has(part), "{part}");
    }
    assert!(studio.has_part(&format!("n {}", report.policies[0].rows.used)) || studio.has_part("n "));
}

#[test]
fn another_outcome_is_another_unit() {
    let mut studio = simulated();
    studio.press("Outcome");
    studio.press("spend");
    let report = studio.session().simulation().ready().expect("simulated").clone();
    assert_eq!(Unit::of(&report, "spend"), Unit::Amount);
    assert!(studio.has("This policy · spend"));
}

#[test]
fn an_edit_makes_it_stale_and_undo_makes_it_current_again() {
    let mut studio = simulated();
    let rule = attune_policy::rule::Rule {
        id: "nobody_old".into(),
        name: "Nobody old".into(),
        stage: attune_policy::rule::Stage::Eligibility,
        scope: attune_policy::rule::Scope::All,
        expr: "recency <= 6".into(),
        on_missing: Default::default(),
        reason: String::new(),
        enabled: true,
        note: String::new(),
        ..attune_policy::rule::Rule::default()
    };
    studio.session_mut().apply(attune_session::Edit::AddRule { rule, at: None }).expect("a rule");
    studio.settle();
    assert!(studio.has("Run again"), "the old numbers stay, with the way to new ones");
    studio.keys(Modifiers::NONE, Key::F5);
    studio.settle();
    let report = studio.session().simulation().ready().expect("run again").clone();
    assert!(report.rules.iter().any(|r| r.id == "nobody_old" && r.removed > 0));
    studio.by_palette("Go to Policy");
    studio.by_palette("Go to eligibility");
    assert!(studio.has_part("removes "), "the card says what the rule removed");
    studio.keys(Modifiers::COMMAND, Key::Z);
    studio.settle();
    studio.by_palette("Go to Simulate");
    assert!(studio.session().simulation().ready().is_some(), "undo finds the old run again");
}
