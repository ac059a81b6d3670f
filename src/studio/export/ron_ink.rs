//! Colours for RON, one line at a time. A text value never spans lines in the files we write, so no state is carried over.

use crate::editor::ink::Ink;
use std::ops::Range;

/// Coloured byte ranges of one line of RON.
pub fn highlight(line: &str) -> Vec<(Range<usize>, Ink)> {
    let bytes = line.as_bytes();
    let mut spans = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        let ink = match byte {
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at = bytes.len();
                Ink::Comment
            }
            b'"' => {
                at = end_of_text(bytes, at + 1);
                Ink::Text
            }
            b'0'..=b'9' | b'-' | b'+' => {
                at = run(bytes, at + 1, |b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'+'));
                Ink::Number
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                at = run(bytes, at + 1, |b| b.is_ascii_alphanumeric() || b == b'_');
                word(bytes, start, at)
            }
            b'(' | b')' | b'[' | b']' | b'{' | b'}' | b':' | b',' => {
                at += 1;
                Ink::Operator
            }
            _ => {
                at += 1;
                continue;
            }
        };
        spans.push((start..at, ink));
    }
    spans
}

fn word(bytes: &[u8], start: usize, end: usize) -> Ink {
    match bytes.get(start..end) {
        Some(b"true" | b"false") => Ink::Number,
        Some(b"Some" | b"None") => Ink::Keyword,
        Some([first, ..]) if first.is_ascii_uppercase() => Ink::Function,
        _ if bytes.get(end) == Some(&b':') => Ink::Name,
        _ => Ink::Plain,
    }
}

fn run(bytes: &[u8], from: usize, belongs: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|b| belongs(**b)).count()
}

fn end_of_text(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_colour() {
        let line = r#"    expr: Some("a \" ü"), share: -0.5e-3, on: true, stage: Guard, // why"#;
        let words: Vec<(&str, Ink)> = highlight(line).into_iter().map(|(r, ink)| (&line[r], ink)).collect();
        for expected in [
            ("expr", Ink::Name),
            ("Some", Ink::Keyword),
            (r#""a \" ü""#, Ink::Text),
            ("-0.5e-3", Ink::Number),
            ("true", Ink::Number),
            ("Guard", Ink::Function),
            ("// why", Ink::Comment),
        ] {
            assert!(words.contains(&expected), "{expected:?} in {words:?}");
        }
    }

    #[test]
    fn torn_lines_do_not_panic() {
        for line in ["\"", "\"\\", "/", "é(", "-", "", "a\"b"] {
            highlight(line);
        }
    }
}
