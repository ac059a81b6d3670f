//! The editor of one expression: names are completed, findings shown as they are typed, the text taken on leaving, on
//! Ctrl+Enter or after a pause.

use super::input::TextDraft;
use super::look::Look;
use crate::editor::{self, CodeEditor, ink::Ink};
use attune_policy::language::{self, TokenKind, Use};
use egui::{Id, Suggestion, Ui};
use std::ops::Range;

/// Suggestions shown at once.
const AT_MOST: usize = 40;

/// Draws the editor of `current`; gives the text when it is to be taken.
pub fn editor(ui: &mut Ui, look: &Look<'_>, id: Id, label: &str, current: &str, use_: Use) -> Option<String> {
    let mut draft = TextDraft::load(ui, id, current);
    let marks = look.marks(&draft.text, use_);
    let output = CodeEditor::new(id.with("field"), label, highlight)
        .rows(draft.text.lines().count().clamp(2, 24))
        .hint("recency <= 6 && channel == \"Web\"")
        .marks(&marks)
        .show(ui, &mut draft.text, |text, start, word| suggestions(look, text, start, word, use_));
    editor::findings(ui, &marks);
    draft.settle(ui, id, &output.response, output.applied)
}

/// Colours of rule text.
pub fn highlight(text: &str) -> Vec<(Range<usize>, Ink)> {
    language::highlight(text).into_iter().map(|(range, kind)| (range, ink(kind))).collect()
}

fn ink(kind: TokenKind) -> Ink {
    match kind {
        TokenKind::Keyword => Ink::Keyword,
        TokenKind::Number => Ink::Number,
        TokenKind::Text => Ink::Text,
        TokenKind::Comment => Ink::Comment,
        TokenKind::Name => Ink::Name,
        TokenKind::Function => Ink::Function,
        TokenKind::Operator => Ink::Operator,
        _ => Ink::Plain,
    }
}

/// What can stand where the word before the cursor stands.
fn suggestions(look: &Look<'_>, _text: &str, _start: usize, word: &str, _use: Use) -> Vec<Suggestion> {
    if word.is_empty() {
        return Vec::new();
    }
    let names = look.names.variables().iter().map(|v| (v.name.clone(), v.type_.to_string()));
    let functions = language::functions::TABLE.iter().map(|f| (f.name.to_owned(), f.help.to_owned()));
    let fits = |name: &str| name.starts_with(word) && name != word;
    let found = names.chain(functions).filter(|(name, _)| fits(name));
    found.take(AT_MOST).map(|(name, detail)| editor::suggestion(&name, &name, &detail)).collect()
}
