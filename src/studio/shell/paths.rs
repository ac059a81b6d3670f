//! The path field: a folder's entries to click through, or a path to type. Used where the system has no file dialog.
//!
//! It lists folders, on a thread of its own, and opens no file.

use super::files::Answer;
use crate::theme::{bold, metrics, tokens};
use crate::view::Pick;
use crate::widgets::{foot, line_edit, modal, primary_button};
use egui::{Button, Key, RichText, ScrollArea, Ui};
use egui_material_icons::icons;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};

/// The open path dialog.
pub struct Paths {
    /// What for.
    pub pick: Pick,
    text: String,
    folder: PathBuf,
    entries: Vec<Entry>,
    listing: Option<Receiver<Result<Vec<Entry>, String>>>,
    error: Option<String>,
    focused: bool,
}

struct Entry {
    name: String,
    folder: bool,
    /// A folder that holds a project.
    project: bool,
}

const SHOWN: usize = 500;
const DATA: [&str; 7] = ["csv", "tsv", "txt", "parquet", "jsonl", "ndjson", "json"];

impl Paths {
    /// Opens it at a folder, with a file name to begin with.
    pub fn new(pick: Pick, folder: PathBuf, name: Option<&str>) -> Paths {
        let text = name.map_or_else(|| folder.clone(), |name| folder.join(name)).display().to_string();
        let mut paths = Paths { pick, text, folder, entries: Vec::new(), listing: None, error: None, focused: false };
        paths.list();
        paths
    }

    fn list(&mut self) {
        let (send, receive) = channel();
        let (folder, pick) = (self.folder.clone(), self.pick);
        let started = std::thread::Builder::new().name("list folder".into()).spawn(move || {
            let _ = send.send(entries(&folder, pick));
        });
        self.listing = started.is_ok().then_some(receive);
    }

    fn enter(&mut self, folder: PathBuf) {
        let name = match self.pick {
            Pick::ExportPolicy => Path::new(&self.text).file_name().map(|name| name.to_owned()),
            _ => None,
        };
        self.text = name.map_or_else(|| folder.clone(), |name| folder.join(name)).display().to_string();
        self.folder = folder;
        self.list();
    }

    /// Draws it; answers when the user has chosen or closed it.
    pub fn show(&mut self, ui: &Ui) -> Option<Answer> {
        if let Some(listing) = &self.listing {
            match listing.try_recv() {
                Ok(Ok(entries)) => (self.entries, self.error, self.listing) = (entries, None, None),
                Ok(Err(error)) => (self.entries, self.error, self.listing) = (Vec::new(), Some(error), None),
                Err(_) => ui.ctx().request_repaint_after(std::time::Duration::from_millis(50)),
            }
        }
        let mut answer = None;
        let shown = modal(ui, "paths", None).show(ui.ctx(), |ui| {
            let t = tokens(ui.ctx());
            ui.set_width(560.0);
            ui.label(bold(self.pick.title()).size(metrics().subhead));
            let field = ui.add(line_edit(&mut self.text, f32::INFINITY)).accessible_name("Path");
            if !std::mem::replace(&mut self.focused, true) {
                field.request_focus();
            }
            let entered = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
            if let Some(error) = &self.error {
                ui.label(RichText::new(error).color(t.err));
            }
            let mut go = None;
            ScrollArea::vertical().max_height(300.0).min_scrolled_height(300.0).auto_shrink([false, false]).show(
                ui,
                |ui| {
                    ui.spacing_mut().item_spacing.y = 1.0;
                    if let Some(up) = self.folder.parent()
                        && line(ui, icons::ICON_ARROW_UPWARD, "Folder above", false)
                    {
                        go = Some((up.to_owned(), true));
                    }
                    for entry in &self.entries {
                        let icon = match (entry.folder, entry.project) {
                            (true, true) => icons::ICON_WORKSPACES,
                            (true, false) => icons::ICON_FOLDER,
                            _ => icons::ICON_DESCRIPTION,
                        };
                        if line(ui, icon, &entry.name, entry.project) {
                            go = Some((self.folder.join(&entry.name), entry.folder && !entry.project));
                        }
                    }
                },
            );
            match go {
                Some((path, true)) => self.enter(path),
                Some((path, false)) => self.text = path.display().to_string(),
                None => {}
            }
            ui.add_space(metrics().gap);
            foot(ui, |ui| {
                let pressed = primary_button(ui, None, self.pick.verb()).clicked();
                if (pressed || entered) && !self.text.trim().is_empty() {
                    answer = Some(Answer::Chosen(expand(self.text.trim())));
                }
                if ui.button("Cancel").clicked() {
                    answer = Some(Answer::Cancelled);
                }
            });
        });
        if answer.is_none() && shown.should_close() {
            answer = Some(Answer::Cancelled);
        }
        answer
    }
}

impl Pick {
    /// The word on the button.
    pub fn verb(self) -> &'static str {
        match self {
            Pick::OpenProject => "Open",
            Pick::NewProject => "Create here",
            Pick::ImportData | Pick::AttachModels => "Choose",
            Pick::ExportPolicy => "Save here",
        }
    }
}

fn line(ui: &mut Ui, icon: egui_material_icons::MaterialIcon, name: &str, strong: bool) -> bool {
    let t = tokens(ui.ctx());
    let color = if strong { t.accent } else { t.weak };
    let button = Button::selectable(false, (icon.rich_text().size(16.0).color(color), name))
        .truncate()
        .min_size(egui::vec2(ui.available_width(), 24.0));
    ui.add(button).accessible_name(name).clicked()
}

/// Entries worth showing: folders always, files when they are of the wanted kind.
fn entries(folder: &Path, pick: Pick) -> Result<Vec<Entry>, String> {
    let read = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut list: Vec<Entry> = read
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = entry.path();
            let folder = path.is_dir();
            let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
            let wanted = match pick {
                _ if name.starts_with('.') => false,
                _ if folder => true,
                Pick::ImportData => DATA.contains(&extension.as_str()),
                Pick::AttachModels | Pick::ExportPolicy => extension == "ron",
                Pick::OpenProject | Pick::NewProject => false,
            };
            wanted.then(|| Entry { project: folder && path.join("project.ron").is_file(), name, folder })
        })
        .collect();
    list.sort_by(|a, b| b.folder.cmp(&a.folder).then_with(|| a.name.to_lowercase().cmp(&b.name.to_lowercase())));
    list.truncate(SHOWN);
    Ok(list)
}

/// `~/x` → the home folder's `x`.
fn expand(text: &str) -> PathBuf {
    match (text.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(text),
    }
}
