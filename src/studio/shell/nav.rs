//! The rail of workspaces, each with its state as a mark and a word.

use super::health::Status;
use crate::commands;
use crate::theme::{Tone, metrics, tokens};
use crate::view::{Ask, Asks};
use crate::widgets::{dot, inside};
use crate::workspace::Workspace;
use egui::{Align, Button, Frame, Layout, Margin, Panel, Rect, RichText, Ui, Vec2};

/// Draws the rail.
pub fn show(ui: &mut Ui, current: Workspace, states: &[(Workspace, Status)], asks: &mut Asks) {
    let sizes = metrics();
    let frame = Frame::new().fill(tokens(ui.ctx()).panel).inner_margin(Margin::symmetric(8, 12));
    Panel::left("nav").frame(frame).exact_size(sizes.nav_width).resizable(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        for (workspace, status) in states {
            item(ui, *workspace, *workspace == current, status, asks);
        }
    });
}

fn item(ui: &mut Ui, workspace: Workspace, on: bool, status: &Status, asks: &mut Asks) {
    let t = tokens(ui.ctx());
    let size = Vec2::new(ui.available_width(), 46.0);
    let button = Button::selectable(on, "").min_size(size);
    let response = ui.add(button).accessible_name(format!("{}, {}", workspace.name(), status.words));
    let rect = response.rect;
    let color = if on { t.accent } else { t.weak };
    let left = Rect::from_min_size(rect.left_top() + Vec2::new(8.0, 0.0), Vec2::new(24.0, rect.height()));
    inside(ui, left, Layout::left_to_right(Align::Center), |ui| {
        ui.add(egui::Label::new(workspace.icon().rich_text().size(20.0).color(color)).selectable(false));
    });
    let text = Rect::from_min_max(rect.left_top() + Vec2::new(40.0, 4.0), rect.right_bottom() - Vec2::new(22.0, 4.0));
    inside(ui, text, Layout::top_down(Align::Min), |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.add(egui::Label::new(RichText::new(workspace.name()).size(metrics().body + 0.5)).selectable(false));
        let tone = if status.tone == Tone::Ok { Tone::Neutral } else { status.tone };
        let words = RichText::new(&status.words).small().color(tone.color(t));
        ui.add(egui::Label::new(words).selectable(false).truncate());
    });
    let mark = Rect::from_center_size(rect.right_center() - Vec2::new(13.0, 0.0), Vec2::splat(10.0));
    inside(ui, mark, Layout::left_to_right(Align::Center), |ui| dot(ui, status.tone));
    let keys = commands::all()
        .find(|command| command.name == format!("Go to {}", workspace.name()))
        .map(|command| command.hint(ui.ctx()))
        .unwrap_or_default();
    if response.on_hover_text(keys).clicked() {
        asks.ask(Ask::Go(workspace));
    }
}
