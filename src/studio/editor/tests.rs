//! What the editor can be held to: colours cover the text, marks find their characters, completion is taken.

use super::ink::{Ink, colored};
use super::marks::Mark;
use super::*;
use attune_policy::diagnostic::Severity;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

fn mark(line: u32, column: u32, end_column: u32) -> Mark {
    Mark { severity: Severity::Error, line, column, end_column, message: "wrong".into() }
}

#[test]
fn colours_never_change_the_text() {
    let text = "recency >= 6 // año";
    for spans in [
        vec![],
        vec![(0..7, Ink::Name), (8..10, Ink::Operator)],
        vec![(0..7, Ink::Name), (3..9, Ink::Text), (13..400, Ink::Comment)],
        vec![(17..18, Ink::Text)], // inside the two bytes of ñ
    ] {
        assert_eq!(colored(text, &spans, 13.0, &crate::theme::of(egui::Theme::Dark).code).text, text);
    }
}

#[test]
fn marks_find_their_characters() {
    let text = "a && bee\nñu > 3";
    for (mark, expected) in [
        (mark(1, 6, 9), Some(5..8)),
        (mark(1, 6, 0), Some(5..8)),
        (mark(2, 1, 3), Some(9..11)),
        (mark(2, 99, 0), Some(15..16)),
        (mark(3, 1, 2), None),
        (mark(0, 0, 0), None),
    ] {
        assert_eq!(mark.chars(text), expected, "{mark:?}");
    }
}

#[test]
fn completion_replaces_the_word_before_the_cursor() {
    let mut h = Harness::builder().with_max_steps(16).with_context_setup(crate::theme::install).build_ui_state(
        |ui, text: &mut String| {
            CodeEditor::new(egui::Id::unique("editor"), "Rule code", |_| Vec::new()).show(ui, text, |_, _, word| {
                ["recency", "recent_visits", "channel"]
                    .iter()
                    .filter(|n| !word.is_empty() && n.starts_with(word) && **n != word)
                    .map(|n| suggestion(n, n, "whole number"))
                    .collect()
            });
        },
        String::new(),
    );
    h.get_by_label("Rule code").focus();
    h.run();
    h.get_by_label("Rule code").type_text("channel && rec");
    h.run_steps(3);
    h.key_press(egui::Key::ArrowDown);
    h.run_steps(2);
    h.key_press(egui::Key::Enter);
    h.run_steps(2);
    assert_eq!(h.state(), "channel && recent_visits");
    assert_eq!(h.get_by_label("Rule code").value().as_deref(), Some("channel && recent_visits"));
}
