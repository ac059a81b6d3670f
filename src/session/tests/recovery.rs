//! Autosave and what comes back after a crash.

use super::{idle, no_wake, open_small, words};
use crate::{Action, Edit, SaveStatus, Session};
use attune_lab::project::{Access, Project};
use std::time::Duration;

fn rename(session: &mut Session, name: &str) {
    session.apply(Edit::RenameRule { id: "adult".into(), name: name.into() }).unwrap();
}

fn name_on_disk(dir: &std::path::Path) -> String {
    let parts = Project::open(dir, Access::Read).unwrap().parts;
    parts.draft.rules.iter().find(|r| r.id == "adult").unwrap().name.clone()
}

#[test]
fn every_edit_is_soon_in_the_journal_and_then_in_the_files() {
    let dir = tempfile::tempdir().unwrap();
    let mut session = open_small(dir.path());
    assert_eq!(session.saved().status, SaveStatus::Saved);
    rename(&mut session, "Adults");
    assert_eq!(session.saved().status, SaveStatus::Pending);
    let journal = dir.path().join(".local/journal.ron");
    while !journal.exists() {
        session.poll();
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(name_on_disk(dir.path()), "Adults", "a reader sees the journal");
    while session.saved().status != SaveStatus::Saved {
        session.poll();
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(!journal.exists());
    assert!(session.saved().at.is_some());
    assert!(std::fs::read_to_string(dir.path().join("draft.ron")).unwrap().contains("\"Adults\""));
}

#[test]
fn closing_saves_what_is_pending() {
    let dir = tempfile::tempdir().unwrap();
    let mut session = open_small(dir.path());
    rename(&mut session, "Grown-ups");
    drop(session);
    assert!(std::fs::read_to_string(dir.path().join("draft.ron")).unwrap().contains("\"Grown-ups\""));
    assert!(!dir.path().join(".local/journal.ron").exists());
    Session::open(dir.path(), no_wake()).unwrap();
}

#[test]
fn after_a_crash_the_last_edits_come_back_with_a_notice() {
    let dir = tempfile::tempdir().unwrap();
    let mut session = open_small(dir.path());
    rename(&mut session, "Adults");
    while !dir.path().join(".local/journal.ron").exists() {
        std::thread::sleep(Duration::from_millis(1));
    }
    // What a killed process leaves: the files as they lie, without its lock.
    let copy = tempfile::tempdir().unwrap();
    copy_all(dir.path(), copy.path());
    drop(session);
    let session = Session::open(copy.path(), no_wake()).unwrap();
    assert_eq!(session.document().draft.rules.iter().find(|r| r.id == "adult").unwrap().name, "Adults");
    assert!(
        words(&session).iter().any(|w| w.contains("came back") && w.contains("Rename rule")),
        "{:?}",
        words(&session)
    );
}

#[test]
fn a_save_that_fails_says_so_and_can_be_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut session = open_small(dir.path());
    rename(&mut session, "Adults");
    // Where a folder stands no file can be written.
    std::fs::rename(dir.path().join("draft.ron"), dir.path().join("draft.old")).unwrap();
    std::fs::create_dir(dir.path().join("draft.ron")).unwrap();
    session.run(Action::Save).unwrap();
    idle(&mut session);
    assert!(
        matches!(&session.saved().status, SaveStatus::Failed(why) if why.contains("draft.ron")),
        "{:?}",
        session.saved()
    );
    assert!(words(&session).iter().any(|w| w.contains("draft.ron")));
    std::fs::remove_dir(dir.path().join("draft.ron")).unwrap();
    std::fs::rename(dir.path().join("draft.old"), dir.path().join("draft.ron")).unwrap();
    session.run(Action::Save).unwrap();
    idle(&mut session);
    assert_eq!(session.saved().status, SaveStatus::Saved);
    assert_eq!(name_on_disk(dir.path()), "Adults");
}

#[test]
fn a_torn_file_opens_with_a_notice() {
    let dir = tempfile::tempdir().unwrap();
    drop(open_small(dir.path()));
    let models = dir.path().join("models.ron");
    let text = std::fs::read(&models).unwrap();
    std::fs::write(&models, &text[..text.len() / 2]).unwrap();
    let session = Session::open(dir.path(), no_wake()).unwrap();
    assert!(words(&session).iter().any(|w| w.contains("models.ron") && w.contains("line")), "{:?}", words(&session));
    assert!(!session.document().draft.rules.is_empty());
}

fn copy_all(from: &std::path::Path, to: &std::path::Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy_all(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
