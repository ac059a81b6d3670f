//! Cards, headings and the rows above them: one container and one title style everywhere.

use crate::theme::{bold, metrics, tokens};
use egui::{
    Align, Align2, Frame, Id, InnerResponse, Layout, Margin, Modal, Response, RichText, Sense, Stroke, Ui, UiBuilder,
};

/// The frame of a card, to be altered where a card needs its own stroke.
pub fn card_frame(ui: &Ui) -> Frame {
    let t = tokens(ui.ctx());
    Frame::new()
        .fill(t.card)
        .stroke(Stroke::new(1.0, t.border))
        .corner_radius(metrics().radius_card)
        .inner_margin(Margin::symmetric(16, 12))
}

/// A card as wide as its place.
pub fn card<R>(ui: &mut Ui, content: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
    card_frame(ui).show(ui, |ui| {
        ui.set_width(ui.available_width());
        content(ui)
    })
}

/// A card that can be chosen as a whole; buttons inside still get their own clicks.
/// `name` is what a screen reader says.
pub fn selectable_card<R>(
    ui: &mut Ui,
    id: impl egui::AsIdSalt,
    name: &str,
    selected: bool,
    content: impl FnOnce(&mut Ui) -> R,
) -> InnerResponse<R> {
    let t = tokens(ui.ctx());
    let frame = card_frame(ui);
    // The container senses before its children exist, so the children win.
    let outer = ui.scope_builder(UiBuilder::new().id_salt(id).sense(Sense::click()), |ui| {
        let response = ui.response();
        response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, selected, name));
        let stroke = if selected || response.has_focus() {
            Stroke::new(1.0, t.accent)
        } else if response.hovered() {
            Stroke::new(1.0, t.strong_border)
        } else {
            Stroke::new(1.0, t.border)
        };
        frame
            .stroke(stroke)
            .show(ui, |ui| {
                ui.set_width(ui.available_width());
                content(ui)
            })
            .inner
    });
    InnerResponse::new(outer.inner, outer.response)
}

/// A card with a title, a quieter word beside it, and its own content.
pub fn section<R>(ui: &mut Ui, title: &str, aside: &str, content: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
    card(ui, |ui| {
        title_row(ui, title, aside, |_| {});
        ui.add_space(metrics().gap_small);
        content(ui)
    })
}

/// Title at the left, quiet text after it, controls at the right end.
pub fn title_row<R>(ui: &mut Ui, title: &str, aside: &str, right: impl FnOnce(&mut Ui) -> R) -> R {
    ui.horizontal(|ui| {
        ui.label(bold(title).size(metrics().subhead));
        let rest = ui.available_size_before_wrap();
        ui.allocate_ui_with_layout(rest, Layout::right_to_left(Align::Center), |ui| {
            let answer = right(ui);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                if !aside.is_empty() {
                    ui.add(egui::Label::new(RichText::new(aside).weak()).truncate());
                }
            });
            answer
        })
        .inner
    })
    .inner
}

/// The title of a workspace, with a sentence of state after it and controls at the right end.
pub fn heading<R>(ui: &mut Ui, title: &str, aside: &str, right: impl FnOnce(&mut Ui) -> R) -> R {
    let answer = ui
        .horizontal(|ui| {
            ui.set_min_height(metrics().control + 4.0);
            ui.heading(title);
            ui.add_space(metrics().gap_small);
            let rest = ui.available_size_before_wrap();
            ui.allocate_ui_with_layout(rest, Layout::right_to_left(Align::Center), |ui| {
                let answer = right(ui);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    if !aside.is_empty() {
                        ui.add(egui::Label::new(RichText::new(aside).weak()).truncate());
                    }
                });
                answer
            })
            .inner
        })
        .inner;
    ui.add_space(metrics().gap_small);
    answer
}

/// Draws inside a rectangle that was allocated before, without moving on.
pub fn inside<R>(ui: &mut Ui, rect: egui::Rect, layout: Layout, content: impl FnOnce(&mut Ui) -> R) -> R {
    content(&mut ui.new_child(UiBuilder::new().max_rect(rect).layout(layout)))
}

/// A row of buttons at the right end, as at the foot of a window; the first one drawn is the rightmost.
pub fn foot<R>(ui: &mut Ui, buttons: impl FnOnce(&mut Ui) -> R) -> R {
    let size = egui::vec2(ui.available_width(), metrics().control + 2.0);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), buttons).inner
}

/// A window on top of everything; the rest waits until it is closed.
pub fn modal(ui: &Ui, name: &str, top: Option<f32>) -> Modal {
    let id = Id::unique(name);
    let frame = Frame::popup(ui.style()).inner_margin(16).corner_radius(metrics().radius_window);
    let area = Modal::default_area(id);
    let area = match top {
        Some(top) => area.anchor(Align2::CENTER_TOP, [0.0, top]),
        None => area,
    };
    Modal::new(id).frame(frame).area(area)
}

/// A quiet sentence.
pub fn hint(ui: &mut Ui, text: &str) -> Response {
    let color = tokens(ui.ctx()).weak;
    ui.add(egui::Label::new(super::prose(text, metrics().body, color)).wrap())
}
