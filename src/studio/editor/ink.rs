//! Colours of code: kinds of tokens, their colours in both themes, and the laid-out text.

use super::Highlight;
use crate::theme::{self, CodeColors};
use egui::text::LayoutJob;
use egui::{Color32, FontId, TextFormat, Theme, Ui};

/// What a piece of code is, as far as colour goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Words of the language.
    Keyword,
    /// Numbers, true and false.
    Number,
    /// Quoted text.
    Text,
    /// Comments.
    Comment,
    /// Names of fields and variables.
    Name,
    /// Names of functions and of types.
    Function,
    /// Scores and facts of the action.
    Score,
    /// Operators and brackets.
    Operator,
    /// Anything else.
    Plain,
}

/// The text in its colours, in the code font of the style. Cached by egui for as long as it is shown.
pub fn job(ui: &Ui, text: &str, highlight: Highlight) -> LayoutJob {
    type Cache = egui::cache::FrameCache<LayoutJob, Painter>;
    let theme = ui.ctx().theme();
    let size = egui::TextStyle::Monospace.resolve(ui.style()).size;
    let key = Key { text, highlight, theme, size };
    ui.ctx().memory_mut(|m| m.caches.cache::<Cache>().get(key).clone())
}

/// The colour of a token.
pub fn color(ink: Ink, colors: &CodeColors) -> Color32 {
    match ink {
        Ink::Keyword => colors.keyword,
        Ink::Number => colors.number,
        Ink::Text => colors.string,
        Ink::Comment => colors.comment,
        Ink::Function => colors.function,
        Ink::Score => colors.score,
        Ink::Operator => colors.operator,
        Ink::Name | Ink::Plain => colors.name,
    }
}

#[derive(Clone, Copy)]
struct Key<'a> {
    text: &'a str,
    highlight: Highlight,
    theme: Theme,
    size: f32,
}

impl std::hash::Hash for Key<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
        (self.highlight as usize).hash(state);
        matches!(self.theme, Theme::Dark).hash(state);
        self.size.to_bits().hash(state);
    }
}

#[derive(Default)]
struct Painter;

impl egui::cache::ComputerMut<Key<'_>, LayoutJob> for Painter {
    fn compute(&mut self, key: Key<'_>) -> LayoutJob {
        colored(key.text, &(key.highlight)(key.text), key.size, &theme::of(key.theme).code)
    }
}

/// Lays colours over a text. Ranges that do not fit the text are ignored; whatever they leave out is plain.
pub fn colored(text: &str, spans: &[(std::ops::Range<usize>, Ink)], size: f32, colors: &CodeColors) -> LayoutJob {
    let mut job = LayoutJob::default();
    let mut put = |piece: &str, ink: Ink| {
        job.append(piece, 0.0, TextFormat::simple(FontId::monospace(size), color(ink, colors)));
    };
    let mut at = 0;
    for (range, ink) in spans {
        if range.start < at {
            continue;
        }
        let (Some(gap), Some(piece)) = (text.get(at..range.start), text.get(range.clone())) else { continue };
        put(gap, Ink::Plain);
        put(piece, *ink);
        at = range.end;
    }
    put(text.get(at..).unwrap_or_default(), Ink::Plain);
    job
}
