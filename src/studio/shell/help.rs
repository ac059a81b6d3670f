//! The sheet of every command and its keys, made from the table.

use crate::commands::{self, Command, Group};
use crate::theme::{bold, metrics, tokens};
use crate::widgets::{foot, modal};
use crate::workspace::Workspace;
use egui::{Frame, Margin, RichText, ScrollArea, Ui};

/// Draws it; answers whether it stays open.
pub fn show(ui: &Ui) -> bool {
    let shown = modal(ui, "help", None).show(ui.ctx(), |ui| {
        let sizes = metrics();
        ui.set_width((ui.ctx().content_rect().width() - 160.0).clamp(480.0, 860.0));
        ui.label(bold("Shortcuts").size(sizes.heading));
        ui.label(RichText::new("Everything here is also in the palette; type a few letters of its name").weak());
        ui.add_space(sizes.gap);
        let height = (ui.ctx().content_rect().height() - 200.0).max(240.0);
        ScrollArea::vertical().max_height(height).min_scrolled_height(height).auto_shrink([false, true]).show(
            ui,
            |ui| {
                let groups = [Group::Project, Group::Edit, Group::View]
                    .into_iter()
                    .chain(Workspace::ALL.into_iter().map(Group::In));
                for group in groups {
                    let of_group: Vec<&Command> = commands::all().filter(|command| command.group == group).collect();
                    if !of_group.is_empty() {
                        section(ui, group, &of_group);
                    }
                }
            },
        );
        ui.add_space(sizes.gap);
        foot(ui, |ui| ui.button("Close").clicked())
    });
    !(shown.inner || shown.should_close())
}

fn section(ui: &mut Ui, group: Group, of_group: &[&Command]) {
    let sizes = metrics();
    ui.add_space(sizes.gap);
    ui.label(bold(group.name()).size(sizes.subhead));
    for command in of_group {
        ui.horizontal(|ui| {
            ui.set_min_height(22.0);
            let (left, right) = (200.0, 130.0);
            cell(ui, left, |ui| ui.add(egui::Label::new(command.name).truncate()));
            cell(ui, right, |ui| match command.shortcut {
                Some(keys) => key_cap(ui, &commands::text(ui.ctx(), &keys)),
                None => ui.label(RichText::new("–").weak()),
            });
            ui.add(egui::Label::new(RichText::new(command.tooltip).weak()).truncate());
        });
    }
}

fn cell(ui: &mut Ui, width: f32, content: impl FnOnce(&mut Ui) -> egui::Response) {
    let height = ui.available_height().min(22.0);
    ui.allocate_ui_with_layout(egui::vec2(width, height), egui::Layout::left_to_right(egui::Align::Center), |ui| {
        ui.set_width(width);
        content(ui)
    });
}

fn key_cap(ui: &mut Ui, keys: &str) -> egui::Response {
    let t = tokens(ui.ctx());
    Frame::new()
        .fill(t.raised)
        .stroke(egui::Stroke::new(1.0, t.border))
        .corner_radius(4)
        .inner_margin(Margin::symmetric(6, 1))
        .show(ui, |ui| ui.label(RichText::new(keys).small().monospace()))
        .inner
}
