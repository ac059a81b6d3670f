//! The code editor: colours, line numbers, completion of names, findings underlined at their place.
//!
//! *Invariant:* it knows no language. Colours, names and findings come in as data and closures, so the same widget shows
//! rules and read-only files. It keeps no text: the caller owns the draft.

pub mod ink;
pub mod marks;

use crate::theme;
use crate::widgets::prose;
use egui::text::{CCursor, CharIndex, LayoutJob};
use egui::{Id, Response, Suggestion, TextBuffer, Ui, Vec2, pos2, vec2};
use ink::Ink;
use marks::Mark;
use std::ops::Range;

/// Colours of a text, as byte ranges. Gaps are plain.
pub type Highlight = fn(&str) -> Vec<(Range<usize>, Ink)>;

/// An editor of one text.
pub struct CodeEditor<'a> {
    id: Id,
    label: &'a str,
    highlight: Highlight,
    marks: &'a [Mark],
    rows: usize,
    hint: &'a str,
}

/// What happened in the editor this frame.
pub struct EditorOutput {
    /// The text field's own response: focus and change.
    pub response: Response,
    /// Ctrl+Enter was pressed inside: take the text now.
    pub applied: bool,
}

impl<'a> CodeEditor<'a> {
    /// An editor known to tests and screen readers as `label`.
    pub fn new(id: Id, label: &'a str, highlight: Highlight) -> CodeEditor<'a> {
        CodeEditor { id, label, highlight, marks: &[], rows: 3, hint: "" }
    }

    /// Findings to underline and to list under the text.
    #[must_use]
    pub fn marks(mut self, marks: &'a [Mark]) -> Self {
        self.marks = marks;
        self
    }

    /// Least number of rows shown.
    #[must_use]
    pub fn rows(mut self, rows: usize) -> Self {
        self.rows = rows;
        self
    }

    /// Shown while the text is empty.
    #[must_use]
    pub fn hint(mut self, hint: &'a str) -> Self {
        self.hint = hint;
        self
    }

    /// Draws the editor. `suggest` is asked for the word before the cursor, with the byte offset where it starts.
    pub fn show(
        self,
        ui: &mut Ui,
        text: &mut String,
        suggest: impl FnOnce(&str, usize, &str) -> Vec<Suggestion>,
    ) -> EditorOutput {
        let tokens = theme::tokens(ui.ctx());
        let gutter = gutter_width(ui, text);
        let applied = ui.memory(|m| m.has_focus(self.id))
            && ui.input_mut(|i| i.consume_key(egui::Modifiers::COMMAND, egui::Key::Enter));
        let inner = egui::Frame::new()
            .fill(tokens.field)
            .stroke(egui::Stroke::new(1.0, frame_color(tokens, self.marks, ui.memory(|m| m.has_focus(self.id)))))
            .corner_radius(6)
            .inner_margin(egui::Margin { left: gutter as i8, right: 6, top: 6, bottom: 6 })
            .show(ui, |ui| {
                let highlight = self.highlight;
                let mut layouter = |ui: &Ui, buffer: &dyn TextBuffer, width: f32| {
                    let mut job = ink::job(ui, buffer.as_str(), highlight);
                    job.wrap.max_width = width;
                    ui.fonts_mut(|f| f.layout_job(job))
                };
                let field = egui::TextEdit::multiline(text)
                    .code_editor()
                    .frame(egui::Frame::NONE)
                    .hint_text(egui::RichText::new(self.hint).monospace().color(tokens.weak))
                    .desired_rows(self.rows)
                    .desired_width(f32::INFINITY)
                    .layouter(&mut layouter);
                egui::CompletionPopup::new(self.id)
                    .word_boundary(|c| !is_word(c))
                    .align(egui::RectAlign::BOTTOM_START)
                    .show(ui, field, |query| {
                        let start = byte_of(query.text, query.word_range.start.0);
                        suggest(query.text, start, query.word)
                    })
            });
        let output = inner.inner.text_edit;
        let response = output.response.response.clone().accessible_name(self.label);
        paint_gutter(ui, &output, self.marks, tokens);
        for mark in self.marks {
            marks::underline(ui, &output, text, mark, tokens);
        }
        EditorOutput { response, applied }
    }
}

/// Lists findings under an editor, one line each: where and what. Does nothing when there are none.
pub fn findings(ui: &mut Ui, marks: &[Mark]) {
    let tokens = theme::tokens(ui.ctx());
    for mark in marks {
        ui.horizontal_top(|ui| {
            let (icon, color) = mark.severity_icon(tokens);
            ui.label(icon.rich_text().color(color).size(15.0));
            let place = if mark.line > 0 { format!("Line {}: ", mark.line) } else { String::new() };
            let size = egui::TextStyle::Body.resolve(ui.style()).size;
            ui.add(egui::Label::new(prose(&format!("{place}{}", mark.message), size, color)).wrap());
        });
    }
}

/// A completion as the popup shows it: the name in code type, its type and help behind it.
pub fn suggestion(insert: &str, name: &str, detail: &str) -> Suggestion {
    Suggestion::new(insert)
        .content(egui::RichText::new(name).monospace())
        .description(egui::RichText::new(detail).small())
}

/// Whether `c` belongs to a name.
pub fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn byte_of(text: &str, chars: usize) -> usize {
    text.char_indices().nth(chars).map_or(text.len(), |(byte, _)| byte)
}

fn frame_color(tokens: &theme::Tokens, marks: &[Mark], focused: bool) -> egui::Color32 {
    if marks.iter().any(Mark::is_error) {
        tokens.err
    } else if focused {
        tokens.accent
    } else {
        tokens.strong_border
    }
}

fn gutter_width(ui: &Ui, text: &str) -> f32 {
    let digits = text.lines().count().max(1).ilog10() + 1;
    let digit = ui.fonts_mut(|f| f.glyph_width(&egui::TextStyle::Monospace.resolve(ui.style()), '0'));
    (digit * digits.max(2) as f32 + 18.0).min(100.0)
}

/// Paints line numbers beside the first row of every line; a line with a finding has its number in that colour.
fn paint_gutter(ui: &Ui, output: &egui::text_edit::TextEditOutput, marks: &[Mark], tokens: &theme::Tokens) {
    let font = egui::FontId::monospace(11.0);
    let painter = ui.painter().with_clip_rect(ui.clip_rect());
    let mut line = 1u32;
    let mut starts = true;
    for row in &output.galley.rows {
        if starts {
            let worst = marks.iter().filter(|m| m.line == line).map(|m| m.severity).max();
            let color = worst.map_or(tokens.weak.gamma_multiply(0.7), |s| marks::color(s, tokens));
            let at = output.galley_pos + vec2(-10.0, row.pos.y + row.row.size.y / 2.0);
            painter.text(at, egui::Align2::RIGHT_CENTER, line.to_string(), font.clone(), color);
        }
        starts = row.ends_with_newline;
        line += u32::from(row.ends_with_newline);
    }
}

/// A read-only line of code in its colours, for cards and lists.
pub fn code_line(ui: &mut Ui, text: &str, highlight: Highlight) -> Response {
    let mut job: LayoutJob = ink::job(ui, text, highlight);
    job.wrap.max_width = ui.available_width();
    ui.add(egui::Label::new(job).wrap())
}

/// The rectangle of the character range in the galley's own coordinates, row by row.
pub(crate) fn rows_of(galley: &egui::Galley, range: Range<usize>) -> Vec<egui::Rect> {
    let from = galley.pos_from_cursor(CCursor::new(CharIndex(range.start)));
    let to = galley.pos_from_cursor(CCursor::new(CharIndex(range.end)));
    if (from.center().y - to.center().y).abs() < 1.0 {
        let width = (to.left() - from.left()).max(6.0);
        return vec![egui::Rect::from_min_size(from.min, Vec2::new(width, from.height()))];
    }
    let end = galley.rect.right();
    vec![
        egui::Rect::from_min_max(from.min, pos2(end, from.bottom())),
        egui::Rect::from_min_max(pos2(galley.rect.left(), to.top()), pos2(to.left(), to.bottom())),
    ]
}

#[cfg(test)]
mod tests;
