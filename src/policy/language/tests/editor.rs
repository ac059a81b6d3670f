//! The editor's helpers: colours and completion, on finished, half-typed and senseless texts.

use super::{context, row};
use crate::language::completion::{CompletionKind, completions};
use crate::language::*;
use crate::testing::Random;

#[test]
fn colours() {
    use TokenKind::*;
    let table: &[(&str, &[(&str, TokenKind)])] = &[
        (
            "recency <= 6 && score(\"visit\") > 0.5 // why",
            &[
                ("recency", Name),
                ("<=", Operator),
                ("6", Number),
                ("&&", Operator),
                ("score", Function),
                ("(", Punctuation),
                ("\"visit\"", Text),
                (")", Punctuation),
                (">", Operator),
                ("0.5", Number),
                ("// why", Comment),
            ],
        ),
        ("if x { true }", &[("if", Keyword), ("x", Name), ("{", Punctuation), ("true", Keyword), ("}", Punctuation)]),
        ("1..=5", &[("1", Number), ("..=", Operator), ("5", Number)]),
        ("a.b", &[("a", Name), (".", Punctuation), ("b", Name)]),
        ("\"open\nx", &[("\"open", Text), ("x", Name)]),
        ("\"a\\\"b\" c", &[("\"a\\\"b\"", Text), ("c", Name)]),
        ("/* a /* b */ c */ d", &[("/* a /* b */ c */", Comment), ("d", Name)]),
        ("/* open", &[("/* open", Comment)]),
        ("größe ≥ 3", &[("größe", Name), ("≥", Other), ("3", Number)]),
        ("x ?? 1", &[("x", Name), ("??", Operator), ("1", Number)]),
    ];
    for (text, expected) in table {
        let found: Vec<(&str, TokenKind)> = highlight(text).into_iter().map(|(r, k)| (&text[r], k)).collect();
        assert_eq!(&found, expected, "{text}");
    }
}

/// The labels offered at `|`.
fn offered(marked: &str) -> Vec<String> {
    let cursor = marked.find('|').expect("a cursor");
    let text = marked.replacen('|', "", 1);
    completions(&text, cursor, Use::Keep, &context()).items.into_iter().map(|i| i.label).collect()
}

/// The text after the first offer was taken.
fn taken(marked: &str) -> String {
    let cursor = marked.find('|').expect("a cursor");
    let mut text = marked.replacen('|', "", 1);
    let found = completions(&text, cursor, Use::Keep, &context());
    let first = found.items.first().map(|i| i.insert.clone()).unwrap_or_default();
    text.replace_range(found.word, &first);
    text
}

#[test]
fn completion_knows_where_it_stands() {
    let first = |marked: &str| offered(marked).first().cloned().unwrap_or_default();
    let table = [
        ("rec|", "recency"),
        ("recency > 3 && his|", "history"),
        ("vis|", "score(\"visit\")"),
        ("rat|", "table(\"rates\")"),
        ("table(\"la|", "labels"),
        ("cont|", "contacts(days)"),
        ("chan|", "channel"),
        ("action.ch|", "channel"),
        ("action.|", "id"),
        ("score(\"|", "visit"),
        ("score(\"sp|", "spend"),
        ("contacts_on(\"|", "email"),
        ("days_since(\"cl|", "click"),
        ("outcomes(\"click\", \"|", "winback"),
        ("channel == \"P|", "Phone"),
        ("channel == |", "\"Web\""),
        ("channel in [\"Web\", \"|", "Web"),
        ("channel !in [\"Mu|", "Multichannel"),
        ("action.channel == \"w|", "web"),
        ("let limit = 3; lim|", "limit"),
        ("rcy|", "recency"),
        ("channel.starts|", "starts_with(part)"),
        ("swi|", "switch"),
    ];
    for (marked, expected) in table {
        assert_eq!(first(marked), expected, "{marked}: {:?}", offered(marked));
    }
    for marked in ["// rec|", "12|", "\"rec|", "name == \"|", "zzzz|", "channel == \"Web\"|"] {
        assert!(offered(marked).is_empty(), "{marked}: {:?}", offered(marked));
    }
    assert!(offered("prop|").iter().all(|l| l != "propensity"), "terms belong to arbitration");
    let priority = completions("prop", 4, Use::Priority, &context());
    assert_eq!(priority.items.first().map(|i| (i.label.as_str(), i.kind)), Some(("propensity", CompletionKind::Term)));
    let field = completions("channel", 7, Use::Keep, &context()).items.remove(0);
    assert_eq!(
        (field.type_.as_str(), field.help.as_str()),
        ("text", "source: channel.raw; values: Web, Phone, Multichannel")
    );
}

#[test]
fn what_is_taken_fits() {
    let table = [
        ("rec| > 3", "recency > 3"),
        ("score(\"vi|\") > 0.1", "score(\"visit\") > 0.1"),
        ("score(\"vi|", "score(\"visit\""),
        ("channel == \"P|\"", "channel == \"Phone\""),
        ("channel == |", "channel == \"Web\""),
        ("hou|", "hour()"),
        ("action.chan| == \"web\"", "action.channel == \"web\""),
    ];
    for (marked, expected) in table {
        assert_eq!(taken(marked), expected, "{marked}");
    }
}

/// Bytes, words of the language in no order, and rules with a bite taken out: nothing panics, nothing runs for ever, and
/// ranges stay inside the text.
#[test]
fn no_text_makes_it_panic() {
    let words = [
        "recency",
        "channel",
        "action",
        ".",
        "channel",
        "score",
        "(",
        ")",
        "\"visit\"",
        "\"",
        "'",
        "`",
        "[",
        "]",
        "{",
        "}",
        "&&",
        "||",
        "!",
        "==",
        "!=",
        "<",
        ">=",
        "+",
        "-",
        "*",
        "/",
        "%",
        "**",
        "??",
        "?.",
        "in",
        "!in",
        "..",
        "..=",
        "if",
        "else",
        "switch",
        "=>",
        "_",
        "let",
        "const",
        "=",
        "+=",
        ";",
        ",",
        "1",
        "2.5",
        "1e9",
        "0x",
        "true",
        "()",
        "for",
        "while",
        "loop",
        "break",
        "return",
        "x",
        "is_known",
        "contacts",
        "#{",
        ":",
        "|",
        "\n",
        "//",
        "/*",
        "*/",
        "é",
        "🦀",
        "\\",
        "$",
        "@",
        "~",
        "^",
        "<<",
        "::",
        "fn",
        "this",
        "throw",
        "try",
        "catch",
        "import",
        "Fn",
        "call",
        "9223372036854775807",
        "-9223372036854775808",
        "do",
        "until",
    ];
    let context = context();
    let env = row();
    let mut random = Random::new(11);
    for round in 0..20_000 {
        let text: String = match round % 3 {
            0 => {
                let bytes: Vec<u8> = (0..random.below(60)).map(|_| random.next() as u8).collect();
                String::from_utf8_lossy(&bytes).into_owned()
            }
            1 => {
                let glue = if random.chance(0.8) { " " } else { "" };
                (0..random.below(25)).map(|_| *random.pick(&words)).collect::<Vec<_>>().join(glue)
            }
            _ => {
                let rules = [
                    "recency > 3 && (channel in [\"Web\", \"Phone\"] || score(\"visit\") >= 0.5)",
                    "let x = contacts(7); if x > 3 { false } else { switch channel { \"Web\" => true, _ => newbie } }",
                    "let n = 0; for i in 0..5 { n += i; } n == recency && action.channel != \"web\"",
                ];
                let mut chars: Vec<char> = random.pick(&rules).chars().collect();
                for _ in 0..1 + random.below(3) {
                    let at = random.below(chars.len());
                    match random.below(3) {
                        0 => drop(chars.remove(at)),
                        1 => chars.insert(at, random.pick(&words).chars().next().unwrap_or('x')),
                        _ => {
                            let last = chars.len() - 1;
                            chars.swap(at, last);
                        }
                    }
                }
                chars.into_iter().collect()
            }
        };
        let mut end = 0;
        for (range, _) in highlight(&text) {
            assert!(range.start >= end && range.end <= text.len() && text.get(range.clone()).is_some(), "{text:?}");
            end = range.end;
        }
        for use_ in [Use::Keep, Use::Priority] {
            if let Ok(compiled) = compile(&text, use_, &context) {
                let _ = compiled.eval(&env);
                let _ = compiled.run(&env, None, crate::language::compiled::Evaluator::Interpreter);
            }
        }
        let found = completions(&text, random.below(text.len() + 2), Use::Keep, &context);
        assert!(text.get(found.word.clone()).is_some(), "{text:?}");
        let _ = conditions::parse(&text);
    }
}
