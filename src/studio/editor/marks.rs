//! Findings inside a text: where they are, how bad, and the wavy line under them.

use crate::theme::Tokens;
use attune_policy::diagnostic::Severity;
use egui::{Color32, Stroke, Ui, pos2};
use std::ops::Range;

/// A finding at a place of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// How bad.
    pub severity: Severity,
    /// Line from 1; 0 when it speaks of the whole text.
    pub line: u32,
    /// Column from 1, in characters.
    pub column: u32,
    /// Column after the last character, from 1; not above `column` when unknown.
    pub end_column: u32,
    /// What is wrong and what to do.
    pub message: String,
}

impl Mark {
    /// Whether it is an error, not a warning.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Icon and colour of its severity.
    pub fn severity_icon(&self, tokens: &Tokens) -> (egui_material_icons::MaterialIcon, Color32) {
        use egui_material_icons::icons::{ICON_ERROR, ICON_WARNING};
        (if self.is_error() { ICON_ERROR } else { ICON_WARNING }, color(self.severity, tokens))
    }

    /// The characters it speaks of: at least one, the word at its column when its end is unknown.
    pub fn chars(&self, text: &str) -> Option<Range<usize>> {
        let index = self.line.checked_sub(1)? as usize;
        let mut start = 0;
        let mut lines = text.split('\n');
        for line in lines.by_ref().take(index) {
            start += line.chars().count() + 1;
        }
        let line = lines.next()?;
        let length = line.chars().count();
        let from = (self.column.max(1) as usize - 1).min(length);
        let to = if self.end_column > self.column {
            (self.end_column as usize - 1).min(length)
        } else {
            from + line.chars().skip(from).take_while(|c| super::is_word(*c)).count()
        };
        Some(start + from..start + to.max(from + 1))
    }
}

/// The colour of a severity.
pub fn color(severity: Severity, tokens: &Tokens) -> Color32 {
    match severity {
        Severity::Note => tokens.weak,
        Severity::Warning => tokens.warn,
        Severity::Error => tokens.err,
    }
}

/// Paints a wavy line under the place of `mark`; says its message while the pointer rests there.
pub fn underline(ui: &mut Ui, output: &egui::text_edit::TextEditOutput, text: &str, mark: &Mark, tokens: &Tokens) {
    let Some(range) = mark.chars(text) else { return };
    let painter = ui.painter().with_clip_rect(ui.clip_rect().intersect(output.text_clip_rect.expand(3.0)));
    for row in super::rows_of(&output.galley, range) {
        let rect = row.translate(output.galley_pos.to_vec2());
        let mut points = Vec::new();
        let mut x = rect.left();
        let mut up = false;
        while x <= rect.right() {
            points.push(pos2(x, rect.bottom() + if up { -1.0 } else { 1.0 }));
            x += 2.5;
            up = !up;
        }
        painter.line(points, Stroke::new(1.2, color(mark.severity, tokens)));
        if ui.rect_contains_pointer(rect) {
            output.response.response.show_tooltip_text(mark.message.clone());
        }
    }
}
