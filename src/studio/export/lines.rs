//! The policy file as lines for the screen: long lines are shortened and long lists folded **in the view only**, and
//! the view says so. The text that is copied or written is never touched.

use std::ops::Range;

/// Characters of a line shown before it is cut.
pub const WIDTH: usize = 240;
/// Consecutive lines of nothing but list elements that stay visible before and after a fold.
const KEEP: usize = 3;
/// Lists shorter than this are not folded.
const LONG: usize = 24;

/// One line of the view.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// A line of the file: its number from 1, the bytes shown, and how many characters the view leaves out at its end.
    Text {
        /// Line number from 1.
        number: usize,
        /// Bytes of the text that are shown.
        bytes: Range<usize>,
        /// Characters left out.
        cut: usize,
    },
    /// Lines of a long list that the view leaves out.
    Folded {
        /// Number of the first of them, from 1.
        from: usize,
        /// How many.
        count: usize,
    },
}

/// The lines of `text` as the view shows them. `unfolded` shows every line, still cut at [`WIDTH`].
pub fn view(text: &str, unfolded: bool) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut elements = 0usize;
    let mut start = 0usize;
    for (index, raw) in text.split_inclusive('\n').enumerate() {
        let line = raw.trim_end_matches(['\n', '\r']);
        let number = index + 1;
        if !unfolded && is_element(line) {
            elements += 1;
        } else {
            fold(&mut lines, elements);
            elements = 0;
        }
        lines.push(shown(line, start, number));
        start += raw.len();
    }
    fold(&mut lines, elements);
    lines
}

/// Whether the line holds nothing but a number, a bool or a short text and a comma: an element of a list.
fn is_element(line: &str) -> bool {
    let body = line.trim().trim_end_matches(',');
    !body.is_empty() && !body.contains([':', '(', ')', '[', ']', '{', '}'])
}

/// Replaces the middle of the last `elements` lines by a fold when there are many.
fn fold(lines: &mut Vec<Line>, elements: usize) {
    if elements < LONG {
        return;
    }
    let first = lines.len() - elements;
    let tail = lines.split_off(lines.len() - KEEP);
    let folded = lines.split_off(first + KEEP);
    if let Some(Line::Text { number, .. }) = folded.first() {
        lines.push(Line::Folded { from: *number, count: folded.len() });
    }
    lines.extend(tail);
}

fn shown(line: &str, start: usize, number: usize) -> Line {
    match line.char_indices().nth(WIDTH) {
        None => Line::Text { number, bytes: start..start + line.len(), cut: 0 },
        Some((end, _)) => Line::Text {
            number,
            bytes: start..start + end,
            cut: line.get(end..).map_or(0, |rest| rest.chars().count()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(lines: &[Line]) -> Vec<usize> {
        lines
            .iter()
            .map(|l| match l {
                Line::Text { number, .. } => *number,
                Line::Folded { from, count } => from * 1000 + count,
            })
            .collect()
    }

    #[test]
    fn long_lists_fold_and_unfold() {
        let list: String = (0..40).map(|i| format!("    {i}.5,\n")).collect();
        let text = format!("(\n  threshold: [\n{list}  ],\n)\n");
        assert_eq!(numbers(&view(&text, false)), [1, 2, 3, 4, 5, 6 * 1000 + 34, 40, 41, 42, 43, 44]);
        assert_eq!(view(&text, true).len(), 44);
        let short = "[\n1,\n2,\n3,\n]";
        assert_eq!(view(short, false).len(), 5);
    }

    #[test]
    fn long_lines_are_cut_at_characters_and_say_how_much() {
        let text = format!("a\n{}\nb", "é".repeat(WIDTH + 7));
        let lines = view(&text, false);
        assert_eq!(lines[1], Line::Text { number: 2, bytes: 2..2 + 2 * WIDTH, cut: 7 });
        assert_eq!(lines[2], Line::Text { number: 3, bytes: text.len() - 1..text.len(), cut: 0 });
    }
}
