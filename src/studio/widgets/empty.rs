//! What a place says when it has nothing to show: one sentence, one primary button, at most one quieter way.

use super::{link, primary_button};
use crate::theme::{bold, metrics, tokens};
use egui::Ui;
use egui_material_icons::MaterialIcon;

/// An empty place.
pub struct Empty<'a> {
    /// A large quiet sign.
    pub icon: MaterialIcon,
    /// What is absent.
    pub title: &'a str,
    /// What to do, in one sentence.
    pub text: &'a str,
    /// The primary button.
    pub button: Option<&'a str>,
    /// The other way.
    pub link: Option<&'a str>,
}

/// What was pressed in an empty place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pressed {
    /// The primary button.
    Button,
    /// The other way.
    Link,
}

/// Draws it in the middle of what is left, and answers what was pressed.
pub fn empty(ui: &mut Ui, what: &Empty<'_>) -> Option<Pressed> {
    let t = tokens(ui.ctx());
    let sizes = metrics();
    let mut pressed = None;
    let height = ui.available_height();
    ui.vertical_centered(|ui| {
        ui.add_space(((height - 190.0) * 0.42).max(sizes.gap_large));
        ui.add(egui::Label::new(what.icon.rich_text().size(40.0).color(t.strong_border)).selectable(false));
        ui.add_space(sizes.gap);
        ui.label(bold(what.title).size(sizes.subhead + 1.5));
        ui.scope(|ui| {
            ui.set_max_width(460.0);
            ui.add(egui::Label::new(super::prose(what.text, sizes.body, t.weak)).wrap());
        });
        ui.add_space(sizes.gap_large);
        if let Some(text) = what.button
            && primary_button(ui, None, text).clicked()
        {
            pressed = Some(Pressed::Button);
        }
        if let Some(text) = what.link {
            ui.add_space(sizes.gap_small);
            if link(ui, text).clicked() {
                pressed = Some(Pressed::Link);
            }
        }
    });
    pressed
}
