//! Buttons: one primary per place, plain ones otherwise, icon buttons with a spoken name, links for the third choice.

use crate::theme::{metrics, tokens};
use egui::{Button, Response, RichText, Stroke, Ui, Vec2};
use egui_material_icons::MaterialIcon;

/// The one thing to do here.
pub fn primary_button(ui: &mut Ui, icon: Option<MaterialIcon>, text: &str) -> Response {
    let t = tokens(ui.ctx());
    let label = RichText::new(text).color(t.on_accent);
    let height = Vec2::new(0.0, metrics().control + 2.0);
    let button = match icon {
        Some(icon) => Button::new((icon.rich_text().size(16.0).color(t.on_accent), label)),
        None => Button::new(label),
    };
    ui.add(button.fill(t.accent_fill).stroke(Stroke::new(1.0, t.accent_fill)).min_size(height)).accessible_name(text)
}

/// An ordinary button; without an icon when `icon` is `None`.
pub fn plain_button(ui: &mut Ui, icon: Option<MaterialIcon>, text: &str) -> Response {
    let button = match icon {
        Some(icon) => Button::new((icon.rich_text().size(16.0), text)),
        None => Button::new(text),
    };
    ui.add(button.min_size(Vec2::new(0.0, metrics().control))).accessible_name(text)
}

/// A button that removes something; removal can be undone, so it asks nothing.
pub fn danger_button(ui: &mut Ui, icon: Option<MaterialIcon>, text: &str) -> Response {
    let t = tokens(ui.ctx());
    let label = RichText::new(text).color(t.err);
    let button = match icon {
        Some(icon) => Button::new((icon.rich_text().size(16.0).color(t.err), label)),
        None => Button::new(label),
    };
    ui.add(button.min_size(Vec2::new(0.0, metrics().control))).accessible_name(text)
}

/// A square button of one icon; `name` is spoken, and shown under the pointer with the shortcut, if any, in brackets.
pub fn icon_button(ui: &mut Ui, icon: MaterialIcon, name: &str, hint: &str) -> Response {
    let side = metrics().control;
    let button = Button::new(icon.rich_text().size(17.0)).frame_when_inactive(false).min_size(Vec2::splat(side));
    ui.add(button).accessible_name(name).on_hover_text(hint).on_disabled_hover_text(hint)
}

/// An icon button that stays pressed while `on`.
pub fn toggle_icon(ui: &mut Ui, on: bool, icon: MaterialIcon, name: &str, hint: &str) -> Response {
    let side = metrics().control;
    let button = Button::selectable(on, icon.rich_text().size(17.0)).min_size(Vec2::splat(side));
    ui.add(button).accessible_name(name).on_hover_text(hint)
}

/// Text that can be pressed.
pub fn link(ui: &mut Ui, text: &str) -> Response {
    ui.add(egui::Link::new(text))
}
