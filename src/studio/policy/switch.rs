//! A switch: on or off at once, unlike a check mark in a form.

use crate::theme;
use egui::{Response, Sense, Ui, pos2, vec2};

/// Draws the switch and answers whether it was flipped.
pub fn switch(ui: &mut Ui, on: bool, label: &str) -> Response {
    let tokens = theme::tokens(ui.ctx());
    let (rect, mut response) = ui.allocate_exact_size(vec2(30.0, 18.0), Sense::click());
    if response.clicked() {
        response.mark_changed();
    }
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Switch, ui.is_enabled(), on, label));
    if ui.is_rect_visible(rect) {
        let how = ui.ctx().animate_bool_responsive(response.id, on);
        let radius = rect.height() / 2.0;
        let fill = tokens.raised.lerp_to_gamma(tokens.accent_fill, how);
        let edge = if response.hovered() || response.has_focus() { tokens.accent } else { tokens.strong_border };
        let stroke = egui::Stroke::new(1.0, edge.lerp_to_gamma(tokens.accent_fill, how));
        ui.painter().rect(rect, radius, fill, stroke, egui::StrokeKind::Inside);
        if response.has_focus() {
            ui.painter().rect_stroke(
                rect.expand(2.0),
                radius + 2.0,
                egui::Stroke::new(1.5, tokens.accent),
                egui::StrokeKind::Outside,
            );
        }
        let x = egui::lerp(rect.left() + radius..=rect.right() - radius, how);
        ui.painter().circle_filled(
            pos2(x, rect.center().y),
            radius - 4.0,
            tokens.weak.lerp_to_gamma(tokens.on_accent, how),
        );
    }
    response
}
