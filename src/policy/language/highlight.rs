//! Colours for the editor: cuts any text, also a half-typed one, into tokens.
//!
//! It decides nothing about meaning: whether a name exists is the checker's business.

use std::ops::Range;

/// What a stretch of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// `if`, `let`, `in`, `true` …
    Keyword,
    /// A variable or property.
    Name,
    /// A name before `(`.
    Function,
    /// A number.
    Number,
    /// A text in quotes, closed or not.
    Text,
    /// `// …` or `/* … */`.
    Comment,
    /// `&&`, `==`, `+` …
    Operator,
    /// Brackets, commas, semicolons, dots.
    Punctuation,
    /// A character that belongs to no rule.
    Other,
}

/// Words of the language that are no names.
pub const KEYWORDS: [&str; 18] = [
    "fn", "if", "else", "switch", "let", "const", "true", "false", "in", "for", "while", "loop", "do", "until",
    "break", "continue", "return", "()",
];

/// The tokens of `text`, in order, without blanks. Ranges are bytes, never overlap and end at character boundaries.
pub fn highlight(text: &str) -> Vec<(Range<usize>, TokenKind)> {
    let mut tokens: Vec<(Range<usize>, TokenKind)> = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..)
        && let Some(c) = rest.chars().next()
    {
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let (len, kind) = token(rest, c);
        let len = len.max(c.len_utf8()).min(rest.len());
        tokens.push((at..at + len, kind));
        at += len;
    }
    tokens
}

/// Length in bytes and kind of the token that starts `rest` with `c`.
fn token(rest: &str, c: char) -> (usize, TokenKind) {
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), TokenKind::Comment);
    }
    if rest.starts_with("/*") {
        return (comment(rest), TokenKind::Comment);
    }
    match c {
        '"' | '\'' | '`' => (quoted(rest, c), TokenKind::Text),
        c if c.is_ascii_digit() => (number(rest), TokenKind::Number),
        c if c.is_alphabetic() || c == '_' => {
            let len = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            let (word, after) = rest.split_at_checked(len).unwrap_or((rest, ""));
            let kind = if KEYWORDS.contains(&word) {
                TokenKind::Keyword
            } else if after.trim_start().starts_with('(') {
                TokenKind::Function
            } else {
                TokenKind::Name
            };
            (len, kind)
        }
        '(' | ')' | '[' | ']' | '{' | '}' | ',' | ';' => (1, TokenKind::Punctuation),
        '.' if !rest.starts_with("..") => (1, TokenKind::Punctuation),
        '#' if rest.starts_with("#{") => (2, TokenKind::Punctuation),
        '!' | '=' | '<' | '>' | '&' | '|' | '+' | '-' | '*' | '/' | '%' | '?' | ':' | '.' | '^' | '~' => {
            const LONG: [&str; 20] = [
                "..=", "&&", "||", "==", "!=", "<=", ">=", "??", "**", "..", "=>", "+=", "-=", "*=", "/=", "%=", "::",
                "?.", "<<", ">>",
            ];
            let long = LONG.iter().find(|op| rest.starts_with(**op));
            (long.map_or(1, |op| op.len()), TokenKind::Operator)
        }
        _ => (c.len_utf8(), TokenKind::Other),
    }
}

/// Block comments nest, as in Rhai.
fn comment(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut depth = 0usize;
    let mut i = 0;
    while i < bytes.len() {
        match (bytes.get(i), bytes.get(i + 1)) {
            (Some(b'/'), Some(b'*')) => {
                depth += 1;
                i += 2;
            }
            (Some(b'*'), Some(b'/')) => {
                depth = depth.saturating_sub(1);
                i += 2;
                if depth == 0 {
                    return i;
                }
            }
            _ => i += 1,
        }
    }
    rest.len()
}

/// Up to the closing quote, or to the end of the line (of the text for back-ticks) when there is none.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (i, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote != '`' => escaped = true,
            '\n' if quote != '`' => return i,
            c if c == quote => return i + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

fn number(rest: &str) -> usize {
    let digits = |s: &str| s.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(s.len());
    let whole = digits(rest);
    let after = rest.get(whole..).unwrap_or("");
    let mut fraction = after.strip_prefix('.').into_iter().filter(|f| f.starts_with(|c: char| c.is_ascii_digit()));
    fraction.next().map_or(whole, |f| whole + 1 + digits(f))
}
