//! The window around the workspaces.

use crate::support::Studio;
use attune_studio::Workspace;
use attune_studio::shell::toasts::Toast;
use egui::{Key, Modifiers, Theme};
use egui_kittest::kittest::Queryable as _;

#[test]
fn every_workspace_opens_on_an_empty_project_and_on_the_sample_in_both_themes_and_sizes() {
    for theme in [Theme::Dark, Theme::Light] {
        for size in [egui::vec2(1024.0, 640.0), egui::vec2(2560.0, 1440.0)] {
            let mut studio = Studio::sized(size, theme);
            let dir = studio.folder().join("projects/empty");
            let session = attune_session::Session::create(&dir, "empty", std::sync::Arc::new(|| {})).expect("made");
            studio.app_mut().show(session);
            studio.settle();
            for workspace in Workspace::ALL {
                studio.by_palette(&format!("Go to {}", workspace.name()));
                assert_eq!(studio.workspace(), workspace);
            }
        }
    }
    let mut studio = Studio::sample();
    for (key, workspace) in [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5].into_iter().zip(Workspace::ALL) {
        studio.keys(Modifiers::COMMAND, key);
        studio.settle();
        assert_eq!(studio.workspace(), workspace);
    }
}

#[test]
fn navigation_says_its_state_and_works_by_label() {
    let mut studio = Studio::empty();
    assert!(studio.has("Data, not started") && studio.has("Models, not started"), "the state is part of the name");
    studio.press("Models, not started");
    assert_eq!(studio.workspace(), Workspace::Models);
    assert!(studio.has("No models yet"));
    studio.press("Go to Data");
    assert_eq!(studio.workspace(), Workspace::Data);
    assert!(studio.has("No data yet"));
}

#[test]
fn a_failed_project_is_told_and_what_was_open_stays() {
    let mut studio = Studio::empty();
    let dir = studio.folder().join("not a project");
    std::fs::create_dir_all(&dir).expect("a folder");
    studio.app_mut().open(0.0, &dir);
    studio.frames();
    assert_eq!(studio.session().document().goal.name, "empty");
    assert_eq!(studio.app().toasts.texts().count(), 1);
    assert!(studio.has("Close message"), "a failure stays until it is closed");
    studio.press("Close message");
    assert_eq!(studio.app().toasts.texts().count(), 0);
}

#[test]
fn toasts_go_by_themselves_and_failures_do_not() {
    let mut studio = Studio::start();
    let now = studio.h.ctx.input(|i| i.time);
    studio.app_mut().toasts.add(now, Toast::done("Saved the file"));
    studio.app_mut().toasts.add(now, Toast::failed("The disk is full"));
    studio.frames();
    assert!(studio.has("Saved the file") && studio.has("The disk is full"));
    studio.h.run_steps(300);
    assert!(!studio.has("Saved the file"), "done is told once");
    assert!(studio.has("The disk is full"));
}

#[test]
fn undo_in_a_text_field_is_the_fields_own() {
    let mut studio = Studio::trial();
    studio.by_palette("Show the model's settings");
    let before = studio.session().document().clone();
    studio.type_into("Name", "Better name");
    assert_eq!(studio.session().document().models[0].name, "Better name");
    // The keys stay with the text: the field takes back its own typing.
    studio.keys(Modifiers::COMMAND, Key::Z);
    assert!(studio.h.get_by_label("Name").is_focused());
    // Once the field is left, the whole typing is one step of the document.
    studio.type_into("Name", "Another name");
    studio.keys(Modifiers::NONE, Key::Escape);
    studio.frames();
    studio.keys(Modifiers::COMMAND, Key::Z);
    assert_eq!(studio.session().document().models, before.models);
}

#[test]
fn the_palette_finds_columns_models_and_rows() {
    let mut studio = Studio::trial();
    studio.by_palette("history");
    assert_eq!(studio.selection().column.as_deref(), Some("history"));
    studio.by_palette("row 42");
    assert_eq!(studio.selection().row, Some(41));
    let model = studio.session().document().models[0].clone();
    studio.by_palette(&model.name);
    assert_eq!((studio.workspace(), studio.selection().model.clone()), (Workspace::Models, Some(model.id)));
    studio.keys(Modifiers::COMMAND, Key::K);
    studio.keys(Modifiers::NONE, Key::Escape);
    assert!(!studio.app().palette_open(), "Escape closes it");
}

#[test]
fn a_dropped_file_begins_a_project_and_shows_what_it_looks_like() {
    let mut studio = Studio::start();
    let path = studio.write("customers.csv", &crate::support::trial(50));
    studio.h.input_mut().dropped_files.push(std::sync::Arc::new(Dropped(path)));
    studio.h.step();
    studio.settle();
    assert!(studio.app().project.is_some());
    assert!(studio.has("Import customers.csv"));
}

#[derive(Debug)]
struct Dropped(std::path::PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &std::path::Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("not read by the window".into())
    }
}

#[test]
fn without_a_system_dialog_a_path_can_be_typed() {
    let mut studio = Studio::start();
    let file = studio.write("typed.csv", &crate::support::trial(40));
    studio.press("New project from a data file…");
    studio.settle();
    studio.type_into("Path", &file.display().to_string());
    studio.press("Choose");
    studio.settle();
    assert!(studio.has("Import typed.csv"));
}
