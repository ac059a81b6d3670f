//! Results that follow from the document: made without blocking, stale when they should be, found again after undo.

use super::{counting_wake, idle, no_wake, open_small, small, words};
use crate::{Action, Derived, Edit, NoticeKind, Session};
use attune_lab::data::Role;
use attune_lab::data::import::ImportOptions;
use attune_lab::project::{Access, CheckState, Project};
use attune_policy::rule::Stage;
use attune_policy::{NoHistory, Policy};
use std::sync::atomic::Ordering;

#[test]
fn from_opening_to_an_exported_file() {
    let dir = tempfile::tempdir().unwrap();
    drop(Project::create(dir.path(), &small()).unwrap());
    let (wake, woken) = counting_wake();
    let mut session = Session::open(dir.path(), wake).unwrap();
    // At once there is nothing, and that is said.
    assert!(matches!(session.dataset(), Derived::Running(_) | Derived::Missing(_)), "{:?}", session.dataset());
    idle(&mut session);
    assert!(woken.load(Ordering::Relaxed) > 0, "a window would have been asked for a frame");

    let loaded = session.dataset().ready().cloned().unwrap();
    assert_eq!(loaded.dataset.rows(), 3_000);
    assert_eq!(session.profile().ready().unwrap().rows, 3_000);
    let checked = session.findings().ready().cloned().unwrap();
    assert_eq!(checked.errors(), 0, "{:?}", checked.findings);
    assert_eq!(checked.untrained.len(), 4, "the draft uses three propensity models and one more in a rule");
    assert!(checked.policy.is_none(), "nothing decides with untrained models");
    let why = session.simulation();
    assert!(matches!(&why, Derived::Missing(why) if why.contains("train")), "{why:?}");
    assert!(matches!(session.model("buys_style_email"), Derived::Missing(_)));

    session.run(Action::Simulate).unwrap();
    assert!(session.simulating().is_some());
    idle(&mut session);
    assert!(session.model("buys_style_email").ready().is_some());
    assert!(session.model("buys_style_email_trees").ready().is_none(), "what the draft does not use was not trained");
    let report = session.simulation().ready().cloned().unwrap_or_else(|| panic!("{:?}", session.notices()));
    assert_eq!(report.goal, "conversion");
    assert!(report.main().unwrap().share_contacted > 0.05);
    assert!(session.preview().ready().is_some());

    let traced = {
        session.trace(17);
        idle(&mut session);
        session.trace(17).ready().cloned().unwrap()
    };
    assert_eq!((traced.row, traced.number), (17, 18));
    let trace = traced.decision.trace.as_ref().unwrap();
    assert_eq!(trace.candidates.len(), 3);

    session.export();
    idle(&mut session);
    let preview = session.export().ready().cloned().unwrap();
    assert!(preview.is_ready(), "{:?}", preview.checklist);
    assert!(preview.checklist.iter().any(|c| c.label.contains("simulated") && c.state == CheckState::Ok));
    let file = dir.path().join("policy.ron");
    session.run(Action::Export(file.clone())).unwrap();
    idle(&mut session);
    let exported = session.exported().unwrap();
    assert_eq!((exported.rows, exported.differences), (3_000, 0));
    let policy = Policy::load(&std::fs::read(&file).unwrap(), &attune_policy::Verification::none()).unwrap();
    assert_eq!(policy.revision(), preview.revision);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), *preview.text);

    // The trace is the decision of the exported file.
    let requests =
        attune_lab::data::Requests::new(&loaded.dataset, &session.document().roles, &policy.document().schema).unwrap();
    let history = loaded.history.clone();
    let decided = match &history {
        Some(history) => policy.decide_traced(&requests.get(17), &**history),
        None => policy.decide_traced(&requests.get(17), &NoHistory),
    };
    assert_eq!(decided, traced.decision);
}

#[test]
fn an_idle_session_has_taken_in_every_result() {
    let dir = tempfile::tempdir().unwrap();
    let mut session = open_small(dir.path());
    session.run(Action::Simulate).unwrap();
    idle(&mut session);
    for row in 0..500 {
        session.trace(row);
        idle(&mut session);
        assert!(session.trace(row).ready().is_some(), "row {row}: {:?}", session.trace(row).why());
    }
}

#[test]
fn undo_finds_results_again_and_never_trains() {
    let dir = tempfile::tempdir().unwrap();
    let mut session = open_small(dir.path());
    session.run(Action::Simulate).unwrap();
    idle(&mut session);
    let report = session.simulation().ready().cloned().unwrap();
    let model = session.model("buys_home_email").ready().cloned().unwrap();

    session.apply(Edit::EnableRule { id: "adult".into(), enabled: false }).unwrap();
    assert!(session.simulation().is_stale(), "an old report stays on screen, dimmed");
    assert!(session.model("buys_home_email").ready().is_some(), "rules do not concern models");
    idle(&mut session);
    assert!(session.simulation().is_stale(), "what takes long is made only when asked for");
    assert!(session.preview().ready().is_some(), "a quick answer comes by itself");

    session.apply(Edit::SetRole { column: "age".into(), role: Role::Ignored }).unwrap();
    assert!(session.model("buys_home_email").is_stale());
    idle(&mut session);
    assert!(session.findings().ready().unwrap().errors() > 0, "the rule about age has lost its column");

    assert_eq!(session.undo().as_deref(), Some("Use “age” as ignored"));
    assert_eq!(session.undo().as_deref(), Some("Switch off rule “Is 18 or older, where we know the age”"));
    assert!(std::sync::Arc::ptr_eq(session.simulation().ready().unwrap(), &report));
    assert!(std::sync::Arc::ptr_eq(session.model("buys_home_email").ready().unwrap(), &model));
    assert!(session.jobs().is_empty(), "{:?}", session.jobs());
}

#[test]
fn models_are_found_again_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut session = open_small(dir.path());
    session.run(Action::Train(vec!["buys_style_email".into()])).unwrap();
    idle(&mut session);
    let trained = session.model("buys_style_email").ready().cloned().unwrap();
    drop(session);
    let mut session = Session::open(dir.path(), no_wake()).unwrap();
    idle(&mut session);
    assert_eq!(**session.model("buys_style_email").ready().unwrap(), *trained);
    assert!(session.model("buys_home_email").ready().is_none());

    session.run(Action::Simulate).unwrap();
    idle(&mut session);
    let report = session.simulation().ready().cloned().unwrap();
    session.apply(Edit::SetRole { column: "clicks".into(), role: Role::Ignored }).unwrap();
    drop(session);
    let mut session = Session::open(dir.path(), no_wake()).unwrap();
    idle(&mut session);
    assert!(session.model("buys_style_email").is_stale(), "a model of before is shown, dimmed");
    session.apply(Edit::SetRole { column: "clicks".into(), role: Role::Feature }).unwrap();
    idle(&mut session);
    assert_eq!(**session.model("buys_style_email").ready().unwrap(), *trained);
    assert_eq!(**session.simulation().ready().unwrap(), *report, "so is the simulation");
}

#[test]
fn a_rule_is_checked_while_it_is_typed() {
    let dir = tempfile::tempdir().unwrap();
    let mut session = open_small(dir.path());
    assert!(session.check_rule_text("frequency > 3 && newsletter", Stage::Guard).is_empty());
    let found = session.check_rule_text("frequenzy > 3", Stage::Guard);
    assert!(found.iter().any(|f| f.is_error() && f.message.contains("frequency")), "{found:?}");
    let untrained = session.check_rule_text("score(\"buys_home_email_trees\") > 0.1", Stage::Suitability);
    assert!(untrained.iter().all(|f| !f.is_error()), "a model can be named before it is trained: {untrained:?}");

    session.apply(Edit::SetRuleText { id: "adult".into(), expr: "age >= ".into() }).unwrap();
    idle(&mut session);
    let checked = session.findings().ready().cloned().unwrap();
    assert!(checked.errors() > 0);
    assert!(matches!(session.preview(), Derived::Missing(why) if why.contains("errors")));
    session.run(Action::Simulate).unwrap();
    idle(&mut session);
    assert!(words(&session).iter().any(|w| w.contains("cannot be simulated")), "{:?}", words(&session));
    assert!(session.run(Action::Export(dir.path().join("policy.ron"))).unwrap_err().to_string().contains("errors"));
}

#[test]
fn rows_of_a_table_never_wait() {
    let dir = tempfile::tempdir().unwrap();
    let mut session = open_small(dir.path());
    assert!(session.row(700).is_none(), "not fetched yet");
    idle(&mut session);
    let row = session.row(700).unwrap();
    assert_eq!((row.number(), row.cell(0)), (701, Some("C000701")));
    assert!(session.row(767).is_some(), "its neighbours came with it");
    assert!(session.row(3_000).is_none());
    session.prefetch(0..40);
    idle(&mut session);
    assert!(session.row(39).is_some());
}

#[test]
fn a_customer_file_becomes_a_project() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("spring trial.csv");
    let mut text = String::from("recency,spent,segment,visit\n");
    for i in 0..900 {
        let arm = ["No E-Mail", "Mens E-Mail", "Womens E-Mail"][i % 3];
        let visit = u8::from((i * 7919) % 10 < 2 + i % 3);
        text += &format!("{},{},{arm},{visit}\n", i % 12 + 1, i % 100);
    }
    std::fs::write(&file, text).unwrap();
    let project = dir.path().join("projects/spring");
    let mut session = Session::create_from_file(&project, &file, no_wake()).unwrap();
    assert!(session.dataset().ready().is_none());
    idle(&mut session);
    assert_eq!(session.can_undo(), Some("Import “customers”"));
    let parts = session.document().clone();
    assert_eq!(parts.goal.outcome.as_deref(), Some("visit"));
    assert_eq!(parts.roles.role("segment"), Role::Action);
    let ids: Vec<&str> = parts.draft.actions.iter().map(|a| a.id.as_str()).collect();
    assert_eq!(ids.len(), 2, "the untreated arm is no action: {ids:?}");
    assert_eq!(parts.models.len(), 2);
    let text = std::fs::read_to_string(project.join("data/customers.source.ron"));
    session.run(Action::Save).unwrap();
    idle(&mut session);
    let text = text.unwrap_or_else(|_| std::fs::read_to_string(project.join("data/customers.source.ron")).unwrap());
    assert!(text.contains("../../spring trial.csv"), "kept relative: {text}");
    session.run(Action::Simulate).unwrap();
    idle(&mut session);
    assert!(session.simulation().ready().is_some(), "{:?}", session.notices());

    session.undo();
    assert!(session.document().sources.is_empty() && session.document().draft.actions.is_empty());
    assert!(matches!(session.dataset(), Derived::Stale(..) | Derived::Missing(_)));
    session.redo();
    assert!(session.simulation().ready().is_some(), "found again");
}

#[test]
fn what_cannot_be_read_is_told_and_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let mut session = open_small(dir.path());
    let before = session.document().clone();
    for (name, bytes) in [("empty.csv", &b""[..]), ("binary.csv", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0>\0")] {
        let file = dir.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        session.run(Action::Inspect { path: file.clone(), options: ImportOptions::default() }).unwrap();
        session.run(Action::Import { path: file, options: ImportOptions::default() }).unwrap();
        idle(&mut session);
        assert!(matches!(session.inspection(), Derived::Failed(_)));
        let told = session.notices().iter().any(|n| n.kind == NoticeKind::Failed && n.text.contains(name));
        assert!(told, "{:?}", session.notices());
        assert_eq!(*session.document(), before);
    }
    let error = session.run(Action::Train(vec!["nobody".into()])).unwrap_err();
    assert!(error.to_string().contains("no model `nobody`"), "{error}");
}

#[test]
fn cancelling_is_an_outcome() {
    let dir = tempfile::tempdir().unwrap();
    let mut session = open_small(dir.path());
    session.run(Action::Train(vec![])).unwrap();
    assert_eq!(session.jobs().len(), 6);
    for job in session.jobs() {
        session.cancel(job.id);
    }
    idle(&mut session);
    assert!(session.notices().iter().all(|n| n.kind != NoticeKind::Failed), "{:?}", session.notices());
    let last = &session.document().models[5].id.clone();
    assert!(session.model(last).ready().is_none());
    session.run(Action::Train(vec![last.clone()])).unwrap();
    idle(&mut session);
    assert!(session.model(last).ready().is_some(), "it can be started again");
}

#[test]
fn a_project_from_the_command_line_and_the_session_agree() {
    let dir = tempfile::tempdir().unwrap();
    let mut session = open_small(dir.path());
    session.run(Action::Simulate).unwrap();
    idle(&mut session);
    let report = session.simulation().ready().cloned().unwrap();
    drop(session);
    let opened = Project::open(dir.path(), Access::Write).unwrap();
    let task = attune_lab::task::Task::default();
    let run = attune_lab::project::run(&opened.project, &opened.parts, &dir.path().join("policy.ron"), &task).unwrap();
    assert_eq!(run.simulation, *report);
    let fresh: Vec<&str> = run.models.iter().filter(|m| m.trained).map(|m| m.id.as_str()).collect();
    assert_eq!(fresh, ["buys_home_email_trees", "buys_style_email_trees"], "what the session trained is found");
    assert_eq!((run.exported.differences, run.rows), (0, 3_000));
    assert!(run.folder.join("report.ron").is_file());
}
