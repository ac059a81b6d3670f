//! Every command has a name and a tooltip, and running it by the palette changes the document or the view.

use crate::support::Studio;
use attune_lab::models::{Family, ModelSpec};
use attune_studio::Workspace;
use attune_studio::commands::{self, Group};
use egui::Theme;
use std::collections::BTreeSet;

#[test]
fn every_command_is_named_and_explained() {
    let (mut ids, mut names, mut keys) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for command in commands::all() {
        assert!(ids.insert(command.id), "two commands are `{}`", command.id);
        assert!(names.insert(command.name), "two commands are called “{}”", command.name);
        assert!(command.id.contains('.'), "{}", command.id);
        assert!(!command.name.is_empty() && command.tooltip.len() > 10, "{}", command.id);
        assert!(!command.tooltip.ends_with('.'), "{}: one sentence without a full stop", command.id);
        assert!(command.name.starts_with(char::is_uppercase), "{}", command.name);
        if let Some(shortcut) = command.shortcut {
            keys.push((command.group, shortcut, command.id));
        }
    }
    for (i, (group, shortcut, id)) in keys.iter().enumerate() {
        for (other_group, other, other_id) in &keys[i + 1..] {
            let meet = match (group, other_group) {
                (Group::In(a), Group::In(b)) => a == b,
                _ => true,
            };
            assert!(!meet || shortcut != other, "{id} and {other_id} have the same keys");
        }
    }
}

#[test]
fn the_sheet_of_shortcuts_lists_every_command() {
    let mut studio = Studio::sized(egui::vec2(1280.0, 2600.0), Theme::Dark);
    studio.keys(egui::Modifiers::NONE, egui::Key::F1);
    assert!(studio.app().help_open);
    for command in commands::all() {
        assert!(studio.has(command.name), "{} is not in the sheet", command.name);
    }
    studio.press("Close");
    assert!(!studio.app().help_open);
}

type Pressed = (&'static str, fn() -> Studio, fn(&mut Studio), fn(&mut Studio) -> bool);

fn nothing(_: &mut Studio) {}

fn document(studio: &Studio) -> attune_session::Document {
    studio.session().document().clone()
}

fn edited(studio: &mut Studio) {
    let name = "Renamed".to_owned();
    let goal = attune_lab::project::Goal { name, ..(*document(studio).goal).clone() };
    studio.session_mut().apply(attune_session::Edit::SetGoal(goal)).expect("a goal can be renamed");
    studio.frames();
}

/// Starts a training that no machine ends before the next command is typed.
fn long_training(studio: &mut Studio) {
    let spec = document(studio).models[0].clone();
    let mut family = Family::boosted();
    if let Family::Boosted { trees, .. } = &mut family {
        *trees = 2_000;
    }
    let (id, folds) = (spec.id.clone(), 20);
    let spec = ModelSpec { family, folds, ..spec };
    studio.session_mut().apply(attune_session::Edit::ReplaceModel { id, spec }).expect("a model can be changed");
    studio.frames();
    studio.by_palette("Train all models");
}

fn in_models(studio: &mut Studio) {
    studio.by_palette("Go to Models");
}

fn models(studio: &Studio) -> usize {
    document(studio).models.len()
}

/// Command, where it is tried, what is done before, and what must hold afterwards and not before.
const PRESSED: &[Pressed] = &[
    ("project.new", Studio::start, nothing, |s| s.comes("Folder for the new project")),
    ("project.open", Studio::start, nothing, |s| s.comes("Path")),
    ("project.sample", Studio::start, nothing, |s| s.app().project.is_some()),
    ("project.save", Studio::empty, edited, |s| {
        s.settle();
        s.session().saved().status == attune_session::SaveStatus::Saved && s.session().saved().at.is_some()
    }),
    ("project.close", Studio::empty, nothing, |s| s.app().project.is_none()),
    ("app.quit", Studio::start, nothing, |s| s.app().wants_to_quit()),
    ("edit.undo", Studio::empty, edited, |s| document(s).goal.name == "empty"),
    (
        "edit.redo",
        Studio::empty,
        |s| {
            edited(s);
            s.session_mut().undo();
        },
        |s| document(s).goal.name == "Renamed",
    ),
    ("edit.find", Studio::trial, |s| s.by_palette("Go to Data"), |s| s.h.get_by_label_focused("Go to row")),
    ("view.palette", Studio::start, nothing, |s| s.app().palette_open()),
    ("view.data", Studio::empty, in_models, |s| s.workspace() == Workspace::Data),
    ("view.models", Studio::empty, nothing, |s| s.workspace() == Workspace::Models),
    ("view.policy", Studio::empty, nothing, |s| s.workspace() == Workspace::Policy),
    ("view.simulate", Studio::empty, nothing, |s| s.workspace() == Workspace::Simulate),
    ("view.export", Studio::empty, nothing, |s| s.workspace() == Workspace::Export),
    ("view.problems", Studio::empty, nothing, |s| s.app().problems_open),
    ("view.theme", Studio::start, nothing, |s| s.h.ctx.theme() == Theme::Light),
    ("view.help", Studio::start, nothing, |s| s.app().help_open),
    ("view.cancel", Studio::trial, long_training, |s| {
        s.settle();
        s.app().toasts.texts().any(|text| text.ends_with("cancelled"))
    }),
    ("data.import", Studio::empty, nothing, |s| s.comes("Path")),
    (
        "data.copy",
        Studio::trial,
        |s| s.by_palette("row 3"),
        |s| s.app().toasts.texts().any(|text| text.starts_with("Copied 1")),
    ),
    ("data.go_to_row", Studio::trial, nothing, |s| s.h.get_by_label_focused("Go to row")),
    ("data.roles", Studio::trial, |s| s.by_palette("Show problems of the data"), |s| s.has("What each column means")),
    ("data.profile", Studio::trial, |s| s.by_palette("recency"), |s| s.has("Distribution")),
    ("data.problems", Studio::trial, nothing, |s| !s.has("What each column means")),
    ("models.per_arm", Studio::trial, nothing, |s| models(s) == 4),
    ("models.effects", Studio::trial, nothing, |s| {
        models(s) == 4 && document(s).models.iter().filter(|spec| spec.uplift.is_some()).count() == 2
    }),
    ("models.logistic", Studio::trial, nothing, |s| models(s) == 3),
    ("models.boosted", Studio::trial, nothing, |s| models(s) == 3),
    ("models.attach", Studio::trial, in_models, |s| s.comes("Path")),
    ("models.train", Studio::trial, in_models, |s| {
        s.settle();
        document(s).models.iter().filter(|spec| s.session().model(&spec.id).ready().is_some()).count() == 1
    }),
    ("models.train_all", Studio::trial, in_models, |s| {
        s.settle();
        document(s).models.iter().all(|spec| s.session().model(&spec.id).ready().is_some())
    }),
    ("models.duplicate", Studio::trial, in_models, |s| models(s) == 3),
    ("models.remove", Studio::trial, in_models, |s| models(s) == 1),
    (
        "models.report",
        Studio::trial,
        |s| s.by_palette("Show the model's settings"),
        |s| s.app().project.as_ref().is_some_and(|open| open.models.tab == attune_studio::models::Tab::Report),
    ),
    ("models.settings", Studio::trial, nothing, |s| {
        s.app().project.as_ref().is_some_and(|open| open.models.tab == attune_studio::models::Tab::Settings)
    }),
];

#[test]
fn every_command_of_shell_data_and_models_does_what_it_says() {
    // Those of the other workspaces are pressed beside their own tests.
    let own = |id: &str| !["policy.", "simulate.", "export."].iter().any(|place| id.starts_with(place));
    let tried: BTreeSet<&str> = PRESSED.iter().map(|(id, ..)| *id).collect();
    for command in commands::all().filter(|command| own(command.id)) {
        assert!(tried.contains(command.id), "nothing presses {}", command.id);
    }
    for (id, stage, before, after) in PRESSED {
        let command = commands::find(id).unwrap_or_else(|| panic!("no command {id}"));
        let mut studio = stage();
        before(&mut studio);
        match *id {
            // The palette opens itself by its button.
            "view.palette" => studio.press("Search or run a command"),
            _ => studio.by_palette(command.name),
        }
        assert!(after(&mut studio), "{id} did not do what it says");
    }
}

/// Whether a field has the keyboard.
trait Focused {
    fn get_by_label_focused(&self, label: &str) -> bool;
}

impl Focused for egui_kittest::Harness<'static, crate::support::Stage> {
    fn get_by_label_focused(&self, label: &str) -> bool {
        use egui_kittest::kittest::Queryable as _;
        self.query_all_by_label(label).any(|node| node.is_focused())
    }
}
