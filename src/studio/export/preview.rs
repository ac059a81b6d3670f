//! The policy file on screen: coloured, numbered, only the lines in sight laid out. Nothing in the view changes the text.

use super::lines::{self, Line};
use super::ron_ink;
use crate::editor::ink;
use crate::theme::{self, metrics};
use crate::view::{Ask, Asks};
use crate::widgets::{self, number};
use egui::{RichText, ScrollArea, Ui};
use egui_material_icons::icons;
use std::sync::Arc;

/// Height of a line in points.
const ROW: f32 = 19.0;

/// The lines of the text last shown.
#[derive(Default)]
pub struct PreviewState {
    of: Option<(Arc<str>, bool)>,
    lines: Vec<Line>,
    /// Every line, also the middle of long lists.
    pub unfolded: bool,
}

impl PreviewState {
    /// Makes the lines anew when the text or the folding is another one.
    fn lines(&mut self, text: &Arc<str>) -> &[Line] {
        let same = self.of.as_ref().is_some_and(|(old, unfolded)| Arc::ptr_eq(old, text) && *unfolded == self.unfolded);
        if !same {
            self.lines = lines::view(text, self.unfolded);
            self.of = Some((text.clone(), self.unfolded));
        }
        &self.lines
    }
}

/// Draws the file.
pub fn show(ui: &mut Ui, state: &mut PreviewState, text: &Arc<str>, stale: bool, asks: &mut Asks) {
    let lines = text.bytes().filter(|b| *b == b'\n').count() as u64;
    let aside = format!("{} · {}", number::bytes(text.len() as u64), number::counted(lines, "line", "lines"));
    widgets::title_row(ui, "policy.ron", &aside, |ui| {
        if widgets::icon_button(
            ui,
            icons::ICON_CONTENT_COPY,
            "Copy policy file",
            "Copy the whole file, nothing left out",
        )
        .clicked()
        {
            asks.ask(Ask::Copy { text: text.to_string(), what: "the policy file".to_owned() });
        }
        let hint = "Show every line; long lists are folded otherwise";
        if widgets::toggle_icon(ui, state.unfolded, icons::ICON_UNFOLD_MORE, "Show every line", hint).clicked() {
            state.unfolded = !state.unfolded;
        }
    });
    ui.add_space(metrics().gap_small);
    widgets::dimmed(ui, stale, |ui| body(ui, state, text));
}

fn body(ui: &mut Ui, state: &mut PreviewState, text: &Arc<str>) {
    let tokens = theme::tokens(ui.ctx());
    let frame = egui::Frame::new()
        .fill(tokens.field)
        .stroke(egui::Stroke::new(1.0, tokens.border))
        .corner_radius(metrics().radius);
    let lines = state.lines(text);
    let left_out = lines.iter().any(|l| matches!(l, Line::Folded { .. } | Line::Text { cut: 1.., .. }));
    let note = if left_out { 24.0 } else { 0.0 };
    let height = (ui.available_height() - note - 14.0).max(60.0);
    frame.inner_margin(6).show(ui, |ui| {
        ui.set_height(height);
        ui.set_width(ui.available_width());
        // Rows are exactly as high as the scroll area believes.
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.spacing_mut().interact_size.y = ROW;
        let digits = lines.len().max(10).ilog10() as usize + 1;
        ScrollArea::both().id_salt("policy file").auto_shrink(false).show_rows(ui, ROW, lines.len(), |ui, range| {
            for line in lines.get(range).unwrap_or_default() {
                draw(ui, text, line, digits.max(4));
            }
        });
    });
    if left_out {
        let text = "Long lists and lines are shortened here only; the file and the copy hold all of it.";
        ui.label(RichText::new(text).small().weak());
    }
}

fn draw(ui: &mut Ui, text: &str, line: &Line, digits: usize) {
    let tokens = theme::tokens(ui.ctx());
    ui.horizontal(|ui| {
        ui.set_height(ROW);
        ui.spacing_mut().item_spacing.x = 12.0;
        match line {
            Line::Text { number, bytes, cut } => {
                let number =
                    RichText::new(format!("{number:>digits$}")).monospace().color(tokens.weak.gamma_multiply(0.7));
                ui.add(egui::Label::new(number).selectable(false).extend());
                let shown = text.get(bytes.clone()).unwrap_or_default();
                let size = egui::TextStyle::Monospace.resolve(ui.style()).size;
                let job = ink::colored(shown, &ron_ink::highlight(shown), size, &tokens.code);
                ui.add(egui::Label::new(job).extend());
                if *cut > 0 {
                    let more = format!("… {} more", number::counted(*cut as u64, "character", "characters"));
                    ui.add(egui::Label::new(RichText::new(more).small().color(tokens.accent)).extend());
                }
            }
            Line::Folded { from, count } => {
                ui.add(egui::Label::new(RichText::new(" ".repeat(digits)).monospace()).selectable(false).extend());
                let last = from + count - 1;
                let words = format!("… lines {} to {} folded", number::count(*from as u64), number::count(last as u64));
                ui.add(egui::Label::new(RichText::new(words).small().color(tokens.accent)).extend());
            }
        }
    });
}
