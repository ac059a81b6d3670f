//! Horizontal bars with a name and a number: the funnel, the action mix, a rule's share.

use crate::theme;
use egui::{Color32, Rect, Response, Sense, Ui, pos2, vec2};

/// A row: name left, bar in the middle, number right.
pub struct Bar<'a> {
    /// What it counts.
    pub name: &'a str,
    /// Length of the bar, 0 to 1.
    pub share: f32,
    /// A paler part behind it, 0 to 1: what there was before.
    pub before: f32,
    /// The number as text.
    pub text: &'a str,
    /// Colour of the bar.
    pub color: Color32,
}

impl Bar<'_> {
    /// Draws it over the whole width; names and numbers take a third each at most.
    pub fn show(&self, ui: &mut Ui) -> Response {
        let tokens = theme::tokens(ui.ctx());
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 22.0), Sense::hover());
        let spoken = format!("{}: {}", self.name, self.text);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &spoken));
        // Where there is little room the words get it, and the bar what is left.
        let narrow = rect.width() < 320.0;
        let name_width = if narrow { rect.width() * 0.5 } else { (rect.width() * 0.34).min(190.0) };
        let text_width = if narrow { 52.0 } else { (rect.width() * 0.30).clamp(60.0, 150.0) };
        let rail = Rect::from_min_max(
            pos2(rect.left() + name_width, rect.center().y - 5.0),
            pos2(rect.right() - text_width, rect.center().y + 5.0),
        );
        label(
            ui,
            Rect::from_min_max(rect.min, pos2(rail.left() - 6.0, rect.bottom())),
            self.name,
            tokens.text,
            egui::Align::Min,
        );
        let painter = ui.painter();
        painter.rect_filled(rail, 3, tokens.raised);
        for (share, color) in [(self.before, self.color.gamma_multiply(0.35)), (self.share, self.color)] {
            let width = rail.width() * share.clamp(0.0, 1.0);
            if share > 0.0 {
                painter.rect_filled(Rect::from_min_size(rail.min, vec2(width.max(1.5), rail.height())), 3, color);
            }
        }
        label(
            ui,
            Rect::from_min_max(pos2(rail.right() + 6.0, rect.top()), rect.max),
            self.text,
            tokens.weak,
            egui::Align::Max,
        );
        response
    }
}

/// A line of text in a rectangle, shortened when it does not fit.
fn label(ui: &mut Ui, rect: Rect, text: &str, color: Color32, side: egui::Align) {
    let layout = match side {
        egui::Align::Max => egui::Layout::right_to_left(egui::Align::Center),
        _ => egui::Layout::left_to_right(egui::Align::Center),
    };
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(rect).layout(layout));
    child.add(egui::Label::new(egui::RichText::new(text).color(color)).truncate().selectable(false));
}
