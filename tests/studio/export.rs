//! The Export workspace: the checklist and its links, the file on screen, and the file written, read back and tried.

use crate::support::Studio;
use attune_studio::Workspace;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

/// Export, on the small trial with trained models.
fn ready() -> Studio {
    let mut studio = Studio::trial();
    studio.by_palette("Train all models");
    studio.settle();
    studio.by_palette("Go to Export");
    studio.settle();
    studio
}

#[test]
fn without_data_it_says_what_to_do() {
    let mut studio = Studio::empty();
    studio.by_palette("Go to Export");
    assert!(studio.has("Nothing to export yet"));
    studio.press("Go to Data");
    assert_eq!(studio.workspace(), Workspace::Data);
}

#[test]
fn what_stands_in_the_way_has_a_way_out() {
    let mut studio = Studio::trial();
    studio.by_palette("Go to Export");
    studio.settle();
    assert!(studio.has_part("in the way"), "untrained models stand in the way");
    assert!(studio.h.get_by_label("Export the policy").accesskit_node().is_disabled());
    studio.press("Open Models");
    assert_eq!(studio.workspace(), Workspace::Models);
}

#[test]
fn the_file_is_written_and_makes_the_same_decisions() {
    let mut studio = ready();
    let revision = studio.session().export().ready().expect("a file").revision.clone();
    assert!(studio.has_part(&revision[..16]));
    let path = studio.folder().join("out.ron");
    studio.type_into("Target path", &path.display().to_string());
    studio.press("Export the policy");
    studio.settle();
    let exported = studio.session().exported().expect("exported").clone();
    assert_eq!((exported.path.as_path(), exported.differences, exported.rows), (path.as_path(), 0, 600));
    assert_eq!(exported.revision, revision);
    assert!(studio.has("600\u{a0}decisions re-made by the exported file, 0\u{a0}differences"));
    let text = std::fs::read_to_string(&path).expect("the file");
    assert!(text.contains(&revision));
}

#[test]
fn the_dialog_writes_where_it_is_told() {
    let mut studio = ready();
    let path = studio.folder().join("chosen.ron");
    studio.will_choose(&path);
    studio.by_palette("Export policy");
    studio.settle();
    assert_eq!(studio.session().exported().map(|e| e.path.clone()), Some(path));
}

#[test]
fn the_file_can_be_copied_whole() {
    let mut studio = ready();
    studio.by_palette("Copy policy file");
    assert!(studio.app().toasts.texts().any(|text| text == "Copied the policy file"));
    assert!(studio.has("policy.ron"));
}
