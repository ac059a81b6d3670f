//! The start screen: recent projects, and the ways to begin.

use crate::commands::{command_button, primary_command};
use crate::theme::{bold, metrics, tokens};
use crate::view::{Ask, Asks, Pick, Shell};
use crate::widgets::{card, hint, plain_button};
use egui::{AtomExt as _, Button, RichText, ScrollArea, Ui};
use egui_material_icons::icons;
use std::path::PathBuf;

/// Draws it.
pub fn show(ui: &mut Ui, recent: &[PathBuf], asks: &mut Asks) {
    let sizes = metrics();
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let width = ui.available_width().min(920.0);
        let left = ((ui.available_width() - width) / 2.0).floor();
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            ui.add_space(left);
            ui.vertical(|ui| {
                ui.set_width(width);
                ui.add_space((ui.ctx().content_rect().height() * 0.09).max(sizes.gap_section));
                ui.label(bold("Attune").size(32.0));
                let line = RichText::new("From customer data to a decision policy you can read, test and run");
                ui.label(line.size(sizes.subhead).weak());
                ui.add_space(sizes.gap_section);
                let each = (width - sizes.gap_large) / 2.0;
                ui.horizontal_top(|ui| {
                    ui.spacing_mut().item_spacing.x = sizes.gap_large;
                    column(ui, each, |ui| ways(ui, asks));
                    column(ui, each, |ui| recents(ui, recent, asks));
                });
                ui.add_space(sizes.gap_large);
                hint(ui, "Drop a CSV, Parquet or JSON lines file anywhere in this window to begin with it");
            });
        });
    });
}

fn column(ui: &mut Ui, width: f32, content: impl FnOnce(&mut Ui)) {
    ui.vertical(|ui| {
        ui.set_width(width);
        content(ui);
    });
}

fn ways(ui: &mut Ui, asks: &mut Asks) {
    let sizes = metrics();
    card(ui, |ui| {
        ui.set_min_height(230.0);
        ui.label(bold("Start").size(sizes.subhead));
        ui.add_space(sizes.gap_small);
        hint(
            ui,
            "The sample is a generated store with a randomised trial: look around in it, break it, it costs nothing.",
        );
        ui.add_space(sizes.gap);
        primary_command(ui, None, asks, "project.sample");
        ui.add_space(sizes.gap_large);
        if plain_button(ui, Some(icons::ICON_UPLOAD_FILE), "New project from a data file…").clicked() {
            asks.ask(Ask::Pick(Pick::ImportData));
        }
        command_button(ui, None, asks, "project.new");
        command_button(ui, None, asks, "project.open");
    });
}

fn recents(ui: &mut Ui, recent: &[PathBuf], asks: &mut Asks) {
    let t = tokens(ui.ctx());
    let sizes = metrics();
    card(ui, |ui| {
        ui.set_min_height(230.0);
        ui.label(bold("Recent projects").size(sizes.subhead));
        ui.add_space(sizes.gap_small);
        if recent.is_empty() {
            hint(ui, "Projects you open are listed here.");
        }
        ui.spacing_mut().item_spacing.y = 2.0;
        for path in recent {
            let name =
                path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
            let folder = path.parent().map(|p| p.display().to_string()).unwrap_or_default();
            let label = (icons::ICON_WORKSPACES.rich_text().size(16.0).color(t.accent), name.clone().atom_shrink(true));
            let button = Button::selectable(false, label)
                .right_text(RichText::new(shorten(&folder, 34)).small().color(t.weak))
                .truncate()
                .min_size(egui::vec2(ui.available_width(), 30.0));
            if ui
                .add(button)
                .accessible_name(format!("Open {name}"))
                .on_hover_text(path.display().to_string())
                .clicked()
            {
                asks.shell(Shell::OpenProject(path.clone()));
            }
        }
    });
}

/// The end of a long path says more than its beginning.
fn shorten(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        text.to_owned()
    } else {
        format!("…{}", text.chars().skip(length - most + 1).collect::<String>())
    }
}
