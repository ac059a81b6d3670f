//! Small marks with a word in them. A mark never speaks by colour alone.

use crate::theme::{Tone, metrics, tokens};
use egui::{Response, Sense, Ui, Vec2};

/// A word in a soft box of its tone.
pub fn badge(ui: &mut Ui, tone: Tone, text: &str) -> Response {
    let t = tokens(ui.ctx());
    let color = if tone == Tone::Neutral { t.text } else { tone.color(t) };
    let font = egui::TextStyle::Small.resolve(ui.style());
    let galley = ui.painter().layout_no_wrap(text.to_owned(), font, color);
    let (rect, response) = ui.allocate_exact_size(galley.size() + Vec2::new(12.0, 4.0), Sense::hover());
    ui.painter().rect_filled(rect, metrics().radius, tone.soft(t));
    ui.painter().galley(rect.min + Vec2::new(6.0, 2.0), galley, color);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, text));
    response
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
