//! Sentences from below name things in `backticks`; on screen such a name stands in the code face instead.

use crate::theme::{metrics, tokens};
use egui::text::LayoutJob;
use egui::{Color32, FontId, Label, TextFormat, Ui};

/// The sentence as text that can be laid out, in a size and a colour.
pub fn prose(text: &str, size: f32, color: Color32) -> LayoutJob {
    let mut job = LayoutJob::default();
    let plain = TextFormat::simple(FontId::proportional(size), color);
    let code = TextFormat::simple(FontId::monospace(size * 0.95), color);
    let pairs = text.matches('`').count() / 2;
    for (i, part) in text.splitn(2 * pairs + 1, '`').enumerate() {
        if !part.is_empty() {
            job.append(part, 0.0, if i % 2 == 1 { code.clone() } else { plain.clone() });
        }
    }
    job
}

/// A sentence that wraps.
pub fn sentence(ui: &Ui, text: &str) -> Label {
    Label::new(prose(text, metrics().body, tokens(ui.ctx()).text)).wrap()
}

/// A quieter, smaller one.
pub fn aside(ui: &Ui, text: &str) -> Label {
    Label::new(prose(text, metrics().small, tokens(ui.ctx()).weak)).wrap()
}

/// With its first letter large.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::prose;
    use egui::Color32;

    #[test]
    fn backticks_become_the_code_face() {
        for (text, shown, parts) in [
            ("`visit` after `Mens E-Mail`", "visit after Mens E-Mail", 3),
            ("no names here", "no names here", 1),
            ("a lone ` stays", "a lone ` stays", 1),
            ("one `x` and a lone `", "one x and a lone `", 3),
            ("", "", 0),
        ] {
            let job = prose(text, 13.0, Color32::WHITE);
            assert_eq!((job.text.as_str(), job.sections.len()), (shown, parts), "{text}");
        }
    }
}
