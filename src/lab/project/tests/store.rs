//! Saving and opening, two processes, foreign changes.

use super::super::journal::Journal;
use super::super::{Access, Parts, Project};
use super::{numbered, sample};
use std::fs;
use std::path::Path;

fn open(dir: &Path) -> Parts {
    let opened = Project::open(dir, Access::Read).unwrap();
    assert_eq!(opened.problems, []);
    opened.parts
}

#[test]
fn what_is_saved_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let parts = sample();
    assert_eq!(parts.breaches(), Vec::<String>::new());
    let mut project = Project::create(dir.path(), &parts).unwrap();
    assert_eq!(open(dir.path()), parts);
    for file in [
        "project.ron",
        "roles.ron",
        "features.ron",
        "models.ron",
        "draft.ron",
        "rules/consent.rhai",
        "data/customers.source.ron",
        "scenarios/discounts_for_all.ron",
    ] {
        assert!(dir.path().join(file).is_file(), "{file}");
    }
    assert!(!Journal::path(dir.path()).exists());
    assert_eq!(project.save(&parts, "nothing").unwrap().files, 0, "an unchanged part is not written again");

    let next = numbered(3);
    project.save(&next, "an edit").unwrap();
    assert_eq!(open(dir.path()), next);
    assert!(!dir.path().join("rules/discount_pays.rhai").exists(), "a removed rule's file goes");
}

#[test]
fn the_instant_stands_once() {
    let dir = tempfile::tempdir().unwrap();
    let parts = sample();
    Project::create(dir.path(), &parts).unwrap();
    assert!(parts.goal.as_of.is_some());
    assert!(!fs::read_to_string(dir.path().join("roles.ron")).unwrap().contains("as_of"));
    assert_eq!(open(dir.path()).roles.as_of, parts.goal.as_of);
}

#[test]
fn one_writer_many_readers() {
    let dir = tempfile::tempdir().unwrap();
    let project = Project::create(dir.path(), &sample()).unwrap();
    let words = Project::open(dir.path(), Access::Write).unwrap_err().to_string();
    assert!(words.contains("already open") && words.contains("close it there first"), "{words}");
    let mut reader = Project::open(dir.path(), Access::Read).unwrap().project;
    let words = reader.save(&sample(), "no").unwrap_err().to_string();
    assert!(words.contains("reading only"), "{words}");
    drop(project);
    Project::open(dir.path(), Access::Write).unwrap();
}

#[test]
fn edits_in_the_journal_come_back_once_with_their_label() {
    let dir = tempfile::tempdir().unwrap();
    let project = Project::create(dir.path(), &numbered(0)).unwrap();
    project.journal(&numbered(1), "Move rule “Consent”").unwrap();
    drop(project);
    // A reader sees them and changes nothing.
    assert_eq!(open(dir.path()), numbered(1));
    assert!(Journal::path(dir.path()).exists());
    let opened = Project::open(dir.path(), Access::Write).unwrap();
    assert_eq!(opened.recovered.as_deref(), Some("Move rule “Consent”"));
    assert_eq!(opened.parts, numbered(1));
    drop(opened);
    let again = Project::open(dir.path(), Access::Write).unwrap();
    assert_eq!((again.recovered, again.parts), (None, numbered(1)));
}

#[test]
fn a_journal_that_equals_the_files_is_no_news() {
    let dir = tempfile::tempdir().unwrap();
    let mut project = Project::create(dir.path(), &numbered(0)).unwrap();
    project.journal(&numbered(1), "one").unwrap();
    project.journal(&numbered(0), "undone").unwrap();
    assert!(!Journal::path(dir.path()).exists());
    project.journal(&numbered(2), "two").unwrap();
    project.save(&numbered(2), "two").unwrap();
    drop(project);
    assert_eq!(Project::open(dir.path(), Access::Write).unwrap().recovered, None);
}

#[test]
fn a_file_that_somebody_else_changed_is_kept_aside_before_it_is_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let mut project = Project::create(dir.path(), &numbered(0)).unwrap();
    fs::write(dir.path().join("rules/consent.rhai"), "newsletter && age > 30").unwrap();
    let report = project.save(&numbered(2), "edit").unwrap();
    assert_eq!(open(dir.path()), numbered(2));
    let kept: Vec<String> = report.kept.iter().map(|p| fs::read_to_string(p).unwrap()).collect();
    assert_eq!(kept, ["newsletter && age > 30"]);
    assert_eq!(project.save(&numbered(4), "edit").unwrap().kept, Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_file_that_somebody_else_changed_after_a_crash_wins_and_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let project = Project::create(dir.path(), &numbered(0)).unwrap();
    project.journal(&numbered(2), "edit").unwrap();
    drop(project);
    fs::write(dir.path().join("rules/consent.rhai"), "newsletter").unwrap();
    let opened = Project::open(dir.path(), Access::Write).unwrap();
    let consent = opened.parts.draft.rules.iter().find(|r| r.id == "consent").unwrap();
    assert_eq!(consent.expr, "newsletter");
    let words: Vec<String> = opened.problems.iter().map(ToString::to_string).collect();
    assert!(words.iter().any(|w| w.contains("consent.rhai") && w.contains("another program")), "{words:?}");
    assert_eq!(opened.parts.goal.name, "state 2", "the other files came back");
}

#[test]
fn a_rule_edited_by_hand_is_taken_over_and_told() {
    let dir = tempfile::tempdir().unwrap();
    drop(Project::create(dir.path(), &sample()).unwrap());
    fs::write(dir.path().join("rules/adult.rhai"), "age >= 21").unwrap();
    let opened = Project::open(dir.path(), Access::Write).unwrap();
    assert_eq!(opened.parts.draft.rules.iter().find(|r| r.id == "adult").unwrap().expr, "age >= 21");
    assert!(opened.problems[0].to_string().contains("adult.rhai"), "{:?}", opened.problems);
}

#[test]
fn places_that_are_no_projects() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("customers.csv");
    fs::write(&file, "a,b").unwrap();
    let cases = [
        (dir.path().join("nowhere"), "no such folder"),
        (file.clone(), "a project is a folder"),
        (dir.path().to_owned(), "holds no project.ron"),
    ];
    for (path, expected) in cases {
        for access in [Access::Read, Access::Write] {
            let words = Project::open(&path, access).unwrap_err().to_string();
            assert!(words.contains(expected), "{words}");
        }
    }
    assert!(!dir.path().join(".local").exists(), "nothing is written into what is no project");
    let words = Project::create(&file.join("project"), &sample()).unwrap_err().to_string();
    assert!(words.contains("could not be written"), "{words}");
    drop(Project::create(dir.path(), &sample()).unwrap());
    let words = Project::create(dir.path(), &sample()).unwrap_err().to_string();
    assert!(words.contains("is a project already"), "{words}");
}

/// Even an administrator cannot write here.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written() {
    let words = Project::create(Path::new("/proc/attune"), &sample()).unwrap_err().to_string();
    assert!(words.contains("/proc/attune") && words.contains("could not be written"), "{words}");
}

#[test]
fn ids_that_lead_out_of_the_folder_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut parts = sample();
    let mut project = Project::create(dir.path(), &parts).unwrap();
    std::sync::Arc::make_mut(&mut parts.draft).rules[0].id = "../../outside".into();
    let words = project.save(&parts, "bad").unwrap_err().to_string();
    assert!(words.contains("cannot name a file"), "{words}");
    // And from a file edited by hand.
    let draft = dir.path().join("draft.ron");
    let text = fs::read_to_string(&draft).unwrap().replace("id: \"consent\"", "id: \"../draft\"");
    fs::write(&draft, text).unwrap();
    drop(project);
    let opened = Project::open(dir.path(), Access::Write).unwrap();
    assert!(opened.problems.iter().any(|p| p.to_string().contains("not a slug")), "{:?}", opened.problems);
}

#[test]
fn a_reader_never_sees_half_a_save() {
    let dir = tempfile::tempdir().unwrap();
    let mut project = Project::create(dir.path(), &numbered(0)).unwrap();
    let folder = dir.path().to_owned();
    let writer = std::thread::spawn(move || (1..40).for_each(|i| drop(project.save(&numbered(i), "state").unwrap())));
    while !writer.is_finished() {
        let parts = open(&folder);
        let i: u32 = parts.draft.note.parse().unwrap();
        assert_eq!(parts, numbered(i));
    }
    writer.join().unwrap();
}
