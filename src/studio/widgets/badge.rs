//! Small marks with a word in them. A mark never speaks by colour alone.

use crate::theme::{Tone, metrics, tokens};
use egui::{Frame, Margin, Response, RichText, Sense, Ui, Vec2};

/// A word in a soft box of its tone.
pub fn badge(ui: &mut Ui, tone: Tone, text: &str) -> Response {
    let t = tokens(ui.ctx());
    let color = if tone == Tone::Neutral { t.text } else { tone.color(t) };
    Frame::new()
        .fill(tone.soft(t))
        .corner_radius(metrics().radius)
        .inner_margin(Margin::symmetric(6, 1))
        .show(ui, |ui| ui.add(egui::Label::new(RichText::new(text).small().color(color)).selectable(false).extend()))
        .inner
}

/// A badge that explains itself under the pointer.
pub fn badge_with_hint(ui: &mut Ui, tone: Tone, text: &str, hint: &str) -> Response {
    badge(ui, tone, text).on_hover_text(hint)
}

/// A status dot: hollow for neutral, half for accent, full for the rest. Put a word beside it.
pub fn dot(ui: &mut Ui, tone: Tone) -> Response {
    let t = tokens(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(10.0), Sense::hover());
    let (center, radius, color) = (rect.center(), 4.0, tone.color(t));
    let painter = ui.painter();
    match tone {
        Tone::Neutral => {
            painter.circle_stroke(center, radius - 0.5, egui::Stroke::new(1.2, color));
        }
        Tone::Accent => {
            painter.circle_stroke(center, radius - 0.5, egui::Stroke::new(1.2, color));
            let half = egui::Rect::from_min_max(rect.left_top(), egui::pos2(center.x, rect.bottom()));
            painter.with_clip_rect(half).circle_filled(center, radius, color);
        }
        Tone::Warn => {
            let top = center - egui::vec2(0.0, radius + 0.5);
            let (left, right) =
                (center + egui::vec2(-radius - 0.5, radius - 0.5), center + egui::vec2(radius + 0.5, radius - 0.5));
            painter.add(egui::Shape::convex_polygon(vec![top, right, left], color, egui::Stroke::NONE));
        }
        Tone::Err => {
            painter.rect_filled(egui::Rect::from_center_size(center, Vec2::splat(8.0)), 1, color);
        }
        Tone::Ok => {
            painter.circle_filled(center, radius, color);
        }
    }
    response
}
