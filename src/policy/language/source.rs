//! The text of an expression: where its words are.

use super::finding::Finding;
use super::highlight::{TokenKind, highlight};
use crate::diagnostic::Severity;
use rhai::Position;
use std::ops::Range;

/// Line and column in characters, from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    pub line: u32,
    pub column: u32,
}

impl From<Position> for At {
    fn from(p: Position) -> At {
        let number = |n: Option<usize>| n.and_then(|n| u32::try_from(n).ok()).unwrap_or(1).max(1);
        At { line: number(p.line()), column: number(p.position()) }
    }
}

impl At {
    /// A failure with its place.
    pub fn say(self, message: &str) -> String {
        format!("line {}, column {}: {message}", self.line, self.column)
    }
}

/// A text with its tokens.
pub struct Source<'t> {
    pub text: &'t str,
    /// Start, end (one past, on the same line when the token ends there), bytes, kind.
    tokens: Vec<(At, At, Range<usize>, TokenKind)>,
}

impl<'t> Source<'t> {
    pub fn new(text: &'t str) -> Source<'t> {
        let mut place = At { line: 1, column: 1 };
        let mut read = 0;
        let mut walk = |to: usize| {
            for c in text.get(read..to).unwrap_or("").chars() {
                if c == '\n' {
                    place = At { line: place.line + 1, column: 1 };
                } else {
                    place.column += 1;
                }
            }
            read = to;
            place
        };
        let tokens = highlight(text)
            .into_iter()
            .map(|(range, kind)| {
                let start = walk(range.start);
                let end = walk(range.end);
                (start, end, range, kind)
            })
            .collect();
        Source { text, tokens }
    }

    /// The word that covers `at`.
    pub fn word(&self, at: At) -> Option<&'t str> {
        let (_, _, range, _) = self.tokens.iter().find(|(start, end, _, _)| *start <= at && at < *end)?;
        self.text.get(range.clone())
    }

    /// The word before the one that covers or follows `at`.
    pub fn word_before(&self, at: At) -> Option<&'t str> {
        let (_, _, range, _) = self.tokens.iter().rev().find(|(_, end, _, _)| *end <= at)?;
        self.text.get(range.clone())
    }

    /// The place after the last word.
    pub fn end(&self) -> At {
        self.tokens.last().map_or(At { line: 1, column: 1 }, |(_, end, _, _)| *end)
    }

    /// Whether it says nothing: blanks and comments.
    pub fn is_empty(&self) -> bool {
        self.tokens.iter().all(|(_, _, _, kind)| *kind == TokenKind::Comment)
    }

    /// Whether it has a comment.
    pub fn has_comment(&self) -> bool {
        self.tokens.iter().any(|(_, _, _, kind)| *kind == TokenKind::Comment)
    }

    /// A finding about the word at `at`.
    pub fn finding(&self, severity: Severity, at: At, message: String) -> Finding {
        let end = self.tokens.iter().find(|(start, end, _, _)| *start <= at && at < *end).map(|(_, end, _, _)| *end);
        Finding {
            severity,
            line: at.line,
            column: at.column,
            end_column: end.filter(|end| end.line == at.line).map(|end| end.column),
            message,
        }
    }
}
