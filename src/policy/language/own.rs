//! Functions that a rule defines for itself: `fn near(x) { x < 3 }` before its expression. Found among the words of the text and parsed
//! each on its own, every word at its place; a call is its body with the arguments in place of the parameters, in every evaluator. So there
//! is no recursion and no function outlives its rule.

use super::engine::{self, limits};
use super::finding::Finding;
use super::highlight::{TokenKind, highlight};
use super::source::{At, Source};
use crate::diagnostic::Severity;
use rhai::{AST, Stmt};
use std::ops::Range;

/// A rule after it was parsed.
#[derive(Debug)]
pub struct Parsed {
    /// Everything but the functions.
    pub ast: AST,
    /// The functions, in the order in which they are written.
    pub own: Vec<Own>,
}

/// A function of the rule's own.
#[derive(Debug)]
pub struct Own {
    pub name: String,
    pub at: At,
    pub params: Vec<(String, At)>,
    /// How deep its body is nested.
    pub depth: usize,
    body: AST,
}

impl Own {
    /// Its body: one block.
    pub fn statements(&self) -> &[Stmt] {
        self.body.statements()
    }
}

/// A definition in the text.
struct Definition {
    whole: Range<usize>,
    name: Range<usize>,
    params: Vec<Range<usize>>,
    body: Range<usize>,
}

/// Parses a rule; a syntax error is one finding.
pub fn parse(source: &Source<'_>) -> Result<Parsed, Finding> {
    let definitions = definitions(source.text);
    if definitions.is_empty() {
        return Ok(Parsed { ast: engine::parse(source)?, own: Vec::new() });
    }
    if definitions.len() > limits::FUNCTIONS {
        let message = format!("a rule defines at most {} functions, found {}", limits::FUNCTIONS, definitions.len());
        return Err(source.finding(Severity::Error, At { line: 1, column: 1 }, message));
    }
    let mut own = Vec::with_capacity(definitions.len());
    for definition in &definitions {
        let body = masked(source.text, |at| definition.body.contains(&at));
        let body = engine::parse(&Source::new(&body))?;
        let word = |range: &Range<usize>| source.text.get(range.clone()).unwrap_or("").to_owned();
        own.push(Own {
            name: word(&definition.name),
            at: place(source.text, definition.name.start),
            params: definition.params.iter().map(|p| (word(p), place(source.text, p.start))).collect(),
            depth: depth(&body),
            body,
        });
    }
    let rest = masked(source.text, |at| !definitions.iter().any(|definition| definition.whole.contains(&at)));
    Ok(Parsed { ast: engine::parse(&Source::new(&rest))?, own })
}

/// The words of a text.
struct Words<'t> {
    text: &'t str,
    tokens: Vec<Range<usize>>,
}

impl Words<'_> {
    fn word(&self, i: usize) -> &str {
        self.tokens.get(i).and_then(|range| self.text.get(range.clone())).unwrap_or("")
    }

    fn range(&self, i: usize) -> Range<usize> {
        self.tokens.get(i).cloned().unwrap_or(0..0)
    }

    /// The definition whose `fn` is word `start`, and the word after it. What is not complete is none: Rhai says what it thinks of it.
    fn definition(&self, start: usize) -> Option<(Definition, usize)> {
        let is_name = |i: usize| self.word(i).starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !is_name(start + 1) || self.word(start + 2) != "(" {
            return None;
        }
        let mut params = Vec::new();
        let mut i = start + 3;
        while self.word(i) != ")" {
            if !is_name(i) {
                return None;
            }
            params.push(self.range(i));
            i += 1;
            if self.word(i) == "," {
                i += 1;
            }
        }
        let open = i + 1;
        let mut depth = 0usize;
        for close in open..self.tokens.len() {
            match self.word(close) {
                "{" => depth += 1,
                "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                let body = self.range(open).start..self.range(close).end;
                let definition =
                    Definition { whole: self.range(start).start..body.end, name: self.range(start + 1), params, body };
                return (self.word(open) == "{").then_some((definition, close + 1));
            }
        }
        None
    }
}

/// The definitions that stand outside of every block: `fn name(a, b) { … }`.
fn definitions(text: &str) -> Vec<Definition> {
    let tokens = highlight(text).into_iter().filter(|(_, kind)| *kind != TokenKind::Comment);
    let words = Words { text, tokens: tokens.map(|(range, _)| range).collect() };
    let mut found = Vec::new();
    let (mut i, mut depth) = (0, 0usize);
    while i < words.tokens.len() {
        match words.word(i) {
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            "fn" if depth == 0 => {
                if let Some((definition, after)) = words.definition(i) {
                    found.push(definition);
                    i = after;
                    continue;
                }
            }
            _ => {}
        }
        i += 1;
    }
    found
}

/// How deep a syntax tree is nested.
pub fn depth(ast: &AST) -> usize {
    let mut depth = 0;
    ast.walk(&mut |path| {
        depth = depth.max(path.len());
        true
    });
    depth
}

/// The text with everything blank that is not kept, so that what is kept stays at its place.
fn masked(text: &str, keep: impl Fn(usize) -> bool) -> String {
    text.char_indices().map(|(at, c)| if c == '\n' || keep(at) { c } else { ' ' }).collect()
}

/// Line and column of a byte.
fn place(text: &str, at: usize) -> At {
    let before = text.get(..at).unwrap_or("");
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    let narrow = |x: usize| u32::try_from(x).unwrap_or(u32::MAX);
    At { line: narrow(line), column: narrow(column) }
}
