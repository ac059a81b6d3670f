//! Strips that stay until they are dealt with: notices, the wait for a file dialog, the place to drop a file.

use crate::theme::{Tone, bold, metrics, tokens};
use crate::widgets::{link, plain_button};
use attune_session::Notice;
use egui::{Align2, Area, Frame, Id, Label, Margin, Order, Panel, RichText, Stroke, Ui};
use egui_material_icons::icons;

/// Draws a notice below the top bar; answers whether it was closed.
pub fn show(ui: &mut Ui, notice: &Notice) -> bool {
    let t = tokens(ui.ctx());
    let frame = Frame::new().fill(Tone::Warn.soft(t)).inner_margin(Margin::symmetric(16, 6));
    Panel::top(("notice", notice.id.0))
        .frame(frame)
        .resizable(false)
        .show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.label(icons::ICON_INFO.rich_text().size(17.0).color(t.warn));
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    let closed = plain_button(ui, None, "Dismiss").clicked();
                    ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                        let hint = notice.hint.as_deref().map(|hint| format!("; {hint}")).unwrap_or_default();
                        ui.add(Label::new(format!("{}{hint}", notice.text)).truncate());
                    });
                    closed
                })
                .inner
            })
            .inner
        })
        .inner
}

/// While the system's file dialog is open; answers whether the path field was asked for instead.
pub fn waiting(ui: &Ui, late: bool) -> bool {
    if !late {
        ui.ctx().request_repaint_after(std::time::Duration::from_millis(500));
        return false;
    }
    let area = Area::new(Id::unique("waiting for files")).order(Order::Foreground);
    area.anchor(Align2::CENTER_TOP, [0.0, metrics().top_height + 8.0])
        .show(ui.ctx(), |ui| {
            Frame::popup(ui.style())
                .show(ui, |ui| {
                    ui.horizontal(|ui| {
                        ui.label("Waiting for the system's file dialog");
                        link(ui, "Type a path instead").clicked()
                    })
                    .inner
                })
                .inner
        })
        .inner
}

/// While a file is held over the window.
pub fn drop_here(ui: &Ui) {
    if ui.input(|i| i.raw.hovered_files.is_empty()) {
        return;
    }
    let t = tokens(ui.ctx());
    Area::new(Id::unique("drop here")).order(Order::Foreground).anchor(Align2::CENTER_CENTER, [0.0, 0.0]).show(
        ui.ctx(),
        |ui| {
            Frame::popup(ui.style()).stroke(Stroke::new(2.0, t.accent)).inner_margin(32).show(ui, |ui| {
                ui.label(bold("Drop to import").size(metrics().heading));
                ui.label(RichText::new("CSV, Parquet or JSON lines").weak());
            });
        },
    );
}
