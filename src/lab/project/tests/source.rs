//! Sources: a file that vanished, changed, or lost a column; paths near and far; the sample; a project from a file.

use super::super::{
    CUSTOMERS, DataSource, HISTORY, Origin, Parts, Project, create_from_file, import_source, keep_roles, load, run,
    samples, starter,
};
use crate::data::import::ImportOptions;
use crate::data::{Arm, Role};
use crate::task::Task;
use attune_policy::arbitration::Mode;
use attune_policy::rule::Stage;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn trial(rows: usize) -> String {
    let mut text = String::from("recency,spent,segment,visit\n");
    for i in 0..rows {
        let arm = ["No E-Mail", "Mens E-Mail", "Womens E-Mail"][i % 3];
        text += &format!("{},{},{arm},{}\n", i % 12 + 1, i % 100, u8::from((i * 7919) % 10 < 2 + i % 3));
    }
    text
}

/// A project `p` beside its file `trial.csv`.
fn project(dir: &Path) -> (PathBuf, Parts) {
    fs::write(dir.join("trial.csv"), trial(900)).unwrap();
    let task = Task::default();
    let (project, parts, _) =
        create_from_file(&dir.join("p"), "p", &dir.join("trial.csv"), &ImportOptions::default(), &task).unwrap();
    (project.dir().to_owned(), parts)
}

#[test]
fn a_customer_file_becomes_a_project_that_runs() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("trial.csv"), trial(900)).unwrap();
    let task = Task::default();
    let (project, parts, loaded) =
        create_from_file(&dir.path().join("p"), "p", &dir.path().join("trial.csv"), &ImportOptions::default(), &task)
            .unwrap();
    assert_eq!(parts.breaches(), Vec::<String>::new());
    assert_eq!(parts.sources[0].origin, Origin::File("../trial.csv".into()));
    assert_eq!((parts.sources[0].rows, parts.sources[0].columns.len()), (900, 4));
    assert_eq!(parts.goal.outcome.as_deref(), Some("visit"));
    assert!(parts.goal.as_of.is_some(), "rows without a time need an instant");
    assert!(parts.roles.arms.values().any(|a| *a == Arm::NoAction));
    let ids: Vec<&str> = parts.draft.actions.iter().map(|a| a.id.as_str()).collect();
    assert_eq!(ids.len(), 2, "{ids:?}");
    assert!(parts.draft.actions.iter().all(|a| a.value == 1.0 && a.treatments[0].channel == "email"));
    assert!(!loaded.fingerprint.is_empty());

    let out = dir.path().join("policy.ron");
    let report = run(&project, &parts, &out, &task).unwrap();
    assert_eq!((report.rows, report.exported.differences, report.models.len()), (900, 0, 2));
    assert!(report.models.iter().all(|m| m.trained));
    assert_eq!(report.folder.file_name().unwrap(), "0001");
    let again = run(&project, &parts, &out, &task).unwrap();
    assert!(again.models.iter().all(|m| !m.trained), "nothing changed, so nothing is trained again");
    assert_eq!(again.exported.revision, report.exported.revision);
    assert_eq!(again.folder.file_name().unwrap(), "0002", "runs are only added");
    for file in ["model.ron", "metrics.ron", "card.md"] {
        assert!(project.dir().join("models").join(&report.models[0].id).join(file).is_file(), "{file}");
    }
}

#[test]
fn a_file_that_vanished_is_named_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, parts) = project(dir.path());
    fs::remove_file(dir.path().join("trial.csv")).unwrap();
    let words = load(&folder, &parts, &Task::default()).unwrap_err().to_string();
    assert!(
        words.contains("trial.csv") && words.contains("not there any more") && words.contains("import it"),
        "{words}"
    );
    let words = load(&folder, &Parts::default(), &Task::default()).unwrap_err().to_string();
    assert!(words.contains("no data"), "{words}");
}

#[test]
fn a_file_that_changed_is_used_as_it_is_and_told() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, parts) = project(dir.path());
    let before = load(&folder, &parts, &Task::default()).unwrap();
    assert_eq!(before.changes, []);
    let gone = trial(600).replace("spent", "amount").replace(",visit\n", ",visit\nseven,1,No E-Mail,0\n");
    fs::write(dir.path().join("trial.csv"), gone).unwrap();
    let after = load(&folder, &parts, &Task::default()).unwrap();
    let words: Vec<String> = after.changes.iter().map(ToString::to_string).collect();
    assert!(words[0].contains("changed since it was imported: 900 rows then"), "{words:?}");
    assert!(words.iter().any(|w| w.contains("column `spent`") && w.contains("not there any more")), "{words:?}");
    assert_ne!(before.fingerprint, after.fingerprint, "models trained on the old rows are stale");
}

#[test]
fn what_was_decided_about_columns_survives_a_new_import() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, parts) = project(dir.path());
    let mut roles = (*parts.roles).clone();
    roles.columns.insert("recency".into(), Role::Ignored);
    let aged = |(i, line): (usize, &str)| match i {
        0 => format!("age,{line}\n"),
        i => format!("{},{line}\n", 18 + i % 50),
    };
    let file = dir.path().join("wider.csv");
    fs::write(&file, trial(900).lines().enumerate().map(aged).collect::<String>()).unwrap();
    let (_, loaded) = import_source(&folder, CUSTOMERS, &file, ImportOptions::default(), &Task::default()).unwrap();
    let kept = keep_roles(&roles, &starter("p", &loaded).0, &loaded);
    assert_eq!(kept.role("recency"), Role::Ignored);
    assert_eq!(kept.role("age"), Role::Feature);
    assert_eq!((kept.arms, kept.logging), (roles.arms, roles.logging));
}

#[test]
fn paths_are_relative_when_near_and_absolute_when_far() {
    let dir = tempfile::tempdir().unwrap();
    let deep = dir.path().join("a/b/c/project");
    fs::create_dir_all(&deep).unwrap();
    let text = trial(300);
    for (place, expected) in [
        ("a/b/c/project/data/in.csv", Some("data/in.csv")),
        ("a/b/c/beside.csv", Some("../beside.csv")),
        ("a/b/near.csv", Some("../../near.csv")),
        ("a/far.csv", None),
    ] {
        let file = dir.path().join(place);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, &text).unwrap();
        let (source, _) = import_source(&deep, CUSTOMERS, &file, ImportOptions::default(), &Task::default()).unwrap();
        let expected = expected.map_or(file.canonicalize().unwrap(), PathBuf::from);
        assert_eq!(source.origin, Origin::File(expected));
        let parts = Parts { sources: Arc::new(vec![source]), ..Parts::default() };
        assert_eq!(load(&deep, &parts, &Task::default()).unwrap().dataset.rows(), 300);
    }
}

#[test]
fn a_history_stands_beside_the_customers() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, mut parts) = project(dir.path());
    let file = dir.path().join("events.csv");
    fs::write(&file, "subject,time,event,action\n1,2026-01-01T00:00:00Z,Sent,x\n7,2026-01-02T00:00:00Z,purchase,\n")
        .unwrap();
    let (source, _): (DataSource, _) =
        import_source(&folder, HISTORY, &file, ImportOptions::default(), &Task::default()).unwrap();
    let alone = load(&folder, &parts, &Task::default()).unwrap();
    Arc::make_mut(&mut parts.sources).push(source);
    let both = load(&folder, &parts, &Task::default()).unwrap();
    assert_eq!(both.history.unwrap().len(), 2);
    assert_eq!(alone.fingerprint, both.fingerprint, "models do not depend on it");
    assert_ne!(alone.history_fingerprint, both.history_fingerprint);
}

#[test]
fn the_sample_is_made_once_and_uses_every_stage() {
    let dir = tempfile::tempdir().unwrap();
    let folder = samples::ensure(dir.path()).unwrap();
    assert_eq!(samples::ensure(dir.path()).unwrap(), folder);
    let opened = Project::open(&folder, super::super::Access::Write).unwrap();
    assert_eq!((opened.problems, opened.recovered), (vec![], None));
    let draft = &opened.parts.draft;
    for stage in [Stage::Guard, Stage::Eligibility, Stage::Applicability, Stage::Suitability, Stage::SoftSuitability] {
        assert!(draft.rules.iter().any(|r| r.stage == stage), "{stage:?}");
    }
    assert!(draft.rules.iter().any(|r| r.expr.contains("score(\"")));
    assert!(draft.rules.iter().all(|r| !r.reason.is_empty()));
    assert!(!draft.caps.is_empty() && !draft.holdouts.is_empty() && !draft.fallback.is_empty());
    assert_ne!(draft.arbitration.mode, Mode::default());
    assert!(!draft.arbitration.floors.is_empty());
    assert_eq!(opened.parts.models.len(), 6);
    assert_eq!(opened.parts.sources[0].rows, 20_000);
}
