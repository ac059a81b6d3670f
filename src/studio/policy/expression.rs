//! The editor of one expression: names are completed, findings shown as they are typed, the text taken on leaving, on
//! Ctrl+Enter or after a pause.

use super::input::TextDraft;
use super::look::Look;
use crate::editor::{self, CodeEditor, ink::Ink};
use attune_policy::language::{self, Completion, CompletionKind, TokenKind, Use};
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
fn suggestions(look: &Look<'_>, text: &str, start: usize, word: &str, use_: Use) -> Vec<Suggestion> {
    let completions = language::completions(text, start + word.len(), use_, look.names);
    // The popup replaces the word it found itself; inside quotes and after a dot both begin at the same place. An empty
    // word asks for nothing: a list that opens by itself after every blank would be in the way.
    if word.is_empty() || completions.word.start != start {
        return Vec::new();
    }
    let items = completions.items.into_iter().filter(|item| item.insert != word);
    items.take(AT_MOST).map(|item| editor::suggestion(&item.insert, &item.label, &detail(&item))).collect()
}

fn detail(item: &Completion) -> String {
    let kind = match item.kind {
        CompletionKind::Score => "score",
        CompletionKind::Table => "table",
        CompletionKind::Fact => "fact of the action",
        CompletionKind::Category => "value",
        CompletionKind::Function => "function",
        CompletionKind::Term => "term",
        CompletionKind::Keyword => "keyword",
        CompletionKind::Id => "id",
        CompletionKind::Local | CompletionKind::Field => "",
    };
    match (item.type_.is_empty(), kind.is_empty()) {
        (false, false) => format!("{kind}, {}", item.type_),
        (false, true) => item.type_.clone(),
        _ => kind.to_owned(),
    }
}
