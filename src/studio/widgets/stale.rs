//! A result that no longer fits its inputs stays on screen, dimmed, until the new one arrives.

use super::progress_bar;
use crate::theme::{Tone, metrics, tokens};
use egui::{Frame, Margin, RichText, Ui};

/// Draws `content` dimmed while `stale`.
pub fn dimmed<R>(ui: &mut Ui, stale: bool, content: impl FnOnce(&mut Ui) -> R) -> R {
    ui.scope(|ui| {
        if stale {
            ui.multiply_opacity(0.55);
        }
        content(ui)
    })
    .inner
}

/// A line above a stale result: why it is stale and, while the new one is under way, how far that is.
/// Answers whether the button was pressed, when there is one.
pub fn stale_banner(ui: &mut Ui, text: &str, running: Option<f32>, button: Option<&str>) -> bool {
    let t = tokens(ui.ctx());
    let tone = if running.is_some() { Tone::Accent } else { Tone::Warn };
    Frame::new()
        .fill(tone.soft(t))
        .corner_radius(metrics().radius)
        .inner_margin(Margin::symmetric(10, 5))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal(|ui| {
                if let Some(fraction) = running {
                    progress_bar(ui, fraction, 90.0);
                }
                let mut pressed = false;
                ui.add(egui::Label::new(RichText::new(text).color(tone.color(t))).truncate());
                if let Some(button) = button {
                    pressed = ui.button(button).clicked();
                }
                pressed
            })
            .inner
        })
        .inner
}
