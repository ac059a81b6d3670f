//! Stat tiles: a number, its interval, how many cases stand behind it, and its definition.

use super::card_frame;
use crate::theme::{Tone, bold, metrics, tokens};
use egui::{Margin, RichText, Ui};

/// One number worth a tile.
#[derive(Clone, Debug, Default)]
pub struct Stat {
    /// What it is.
    pub label: String,
    /// The number with its unit.
    pub value: String,
    /// Its interval and number of cases, in words.
    pub detail: String,
    /// How it is defined; shown under the pointer.
    pub definition: String,
    /// Drawn in this tone when it deserves attention.
    pub tone: Option<Tone>,
}

/// Tiles side by side, of equal width, wrapping when the place is narrow.
pub fn stat_row(ui: &mut Ui, stats: &[Stat]) {
    let gap = metrics().gap;
    let width = ui.available_width();
    let fit = ((width + gap) / (150.0 + gap)).floor().max(1.0) as usize;
    let rows = stats.len().div_ceil(fit).max(1);
    let per_row = stats.len().div_ceil(rows).max(1);
    let each = (width + gap) / per_row as f32 - gap;
    for row in stats.chunks(per_row) {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = gap;
            for stat in row {
                tile(ui, stat, each);
            }
        });
    }
}

fn tile(ui: &mut Ui, stat: &Stat, width: f32) {
    let t = tokens(ui.ctx());
    let sizes = metrics();
    let margin = Margin::symmetric(12, 8);
    let shown = card_frame(ui).inner_margin(margin).show(ui, |ui| {
        ui.set_width(width - margin.sum().x - 2.0);
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.vertical(|ui| {
            ui.add(egui::Label::new(RichText::new(&stat.label).small().weak()).truncate());
            let color = stat.tone.map_or(t.text, |tone| tone.color(t));
            ui.add(egui::Label::new(bold(&stat.value).size(sizes.figure).color(color)).truncate());
            ui.add(egui::Label::new(RichText::new(&stat.detail).small().weak()).truncate());
        });
    });
    if !stat.definition.is_empty() {
        shown.response.on_hover_text(format!("{}\n{}", stat.label, stat.definition));
    }
}
