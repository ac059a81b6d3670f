//! Completion: what can stand at the cursor, best first.
//!
//! It reads the tokens before the cursor, not the syntax tree, because a text that is being typed has none.

use super::context::{Context, Names};
use super::env::Term;
use super::functions::{ArgType, EVENTS, Function, TABLE, find};
use super::highlight::{KEYWORDS, TokenKind, highlight};
use super::{Use, conditions};
use crate::value::Type;
use std::ops::Range;

/// What can stand at the cursor.
#[derive(Clone, Debug, PartialEq)]
pub struct Completions {
    /// The bytes of the text that a chosen item replaces: the word before the cursor, maybe empty.
    pub word: Range<usize>,
    /// Best first.
    pub items: Vec<Completion>,
}

/// One item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Shown.
    pub label: String,
    /// Put in place of the word.
    pub insert: String,
    /// What it is.
    pub kind: CompletionKind,
    /// Type of its value in words: "whole number"; empty when it has none.
    pub type_: String,
    /// What it is, in a sentence: a field's source and values, a function's help.
    pub help: String,
    /// A use of it, for functions.
    pub example: String,
}

/// What a completion is, in the order in which equals are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CompletionKind {
    /// A value of the field that is being compared.
    Category,
    /// A variable of the rule itself.
    Local,
    /// A term of arbitration.
    Term,
    /// A field or an output of the recipe.
    Field,
    /// A model's score.
    Score,
    /// The output of a decision table.
    Table,
    /// A fact of the candidate.
    Fact,
    /// A function.
    Function,
    /// An id of the policy or the name of an event, inside quotes.
    Id,
    /// A keyword.
    Keyword,
}

/// Completions at the byte `cursor` of `text`. Never panics, wherever the cursor stands.
pub fn completions(text: &str, cursor: usize, use_: Use, context: &Context) -> Completions {
    let names = &*context.names;
    let mut cursor = cursor.min(text.len());
    while !text.is_char_boundary(cursor) {
        cursor -= 1;
    }
    let before = text.get(..cursor).unwrap_or("");
    let tokens: Vec<Token<'_>> = highlight(before)
        .into_iter()
        .map(|(range, kind)| Token { text: before.get(range.clone()).unwrap_or(""), range, kind })
        .collect();
    let none = Completions { word: cursor..cursor, items: Vec::new() };
    let (last, earlier) = match tokens.split_last() {
        Some((last, earlier)) if last.range.end == cursor => (Some(last), earlier),
        _ => (None, tokens.as_slice()),
    };
    match last {
        Some(t) if t.kind == TokenKind::Comment || t.kind == TokenKind::Number => none,
        Some(t) if t.kind == TokenKind::Text => {
            let typed = t.text.get(1..).unwrap_or("");
            if !t.text.starts_with('"') || typed.ends_with('"') {
                return none;
            }
            // Inside quotes: what the text stands for decides; the closing quote is put in when it is missing.
            let closed = text.get(cursor..).is_some_and(|rest| rest.starts_with('"'));
            let items = quoted(earlier, names).into_iter().map(|mut item| {
                let body = conditions::quote(&item.label);
                let inner = body.get(1..body.len() - 1).unwrap_or("").to_owned();
                item.insert = if closed { inner } else { format!("{inner}\"") };
                item
            });
            Completions { word: t.range.start + 1..cursor, items: rank(typed, items) }
        }
        Some(t) if matches!(t.kind, TokenKind::Name | TokenKind::Function | TokenKind::Keyword) => {
            let items = words(earlier, before, use_, names);
            Completions { word: t.range.clone(), items: rank(t.text, items) }
        }
        last => {
            let earlier = if last.is_some() { tokens.as_slice() } else { earlier };
            Completions { word: cursor..cursor, items: rank("", words(earlier, before, use_, names)) }
        }
    }
}

struct Token<'t> {
    text: &'t str,
    range: Range<usize>,
    kind: TokenKind,
}

/// What a text between quotes can be: an id, an event, or a value of the field it is compared with.
fn quoted(before: &[Token<'_>], names: &Names) -> Vec<Completion> {
    if let Some((function, at)) = call(before) {
        let ids = |ids: &[String], help: &str| ids.iter().map(|id| plain(id, CompletionKind::Id, help)).collect();
        return match function.args.get(at).map(|a| a.type_) {
            Some(ArgType::Model) => ids(&names.models, "model"),
            Some(ArgType::Table) => {
                names.tables.iter().map(|table| plain(&table.id, CompletionKind::Id, "decision table")).collect()
            }
            Some(ArgType::Channel) => ids(&names.channels, "channel"),
            Some(ArgType::Target) => {
                let mut items: Vec<Completion> = ids(&names.targets, "action, group or issue");
                items.push(plain("*", CompletionKind::Id, "all actions"));
                items
            }
            Some(ArgType::Event) => EVENTS.iter().map(|e| plain(e, CompletionKind::Id, "event")).collect(),
            _ => Vec::new(),
        };
    }
    compared(before, names).iter().map(|c| plain(c, CompletionKind::Category, "value")).collect()
}

/// The function of the table whose argument is being written, and which one.
fn call(before: &[Token<'_>]) -> Option<(&'static Function, usize)> {
    let mut depth = 0usize;
    let mut argument = 0;
    for (i, token) in before.iter().enumerate().rev() {
        match token.text {
            ")" | "]" | "}" => depth += 1,
            "(" if depth == 0 => {
                let name = before.get(i.checked_sub(1)?)?;
                return find(name.text).map(|f| (f, argument));
            }
            "[" | "{" if depth == 0 => return None,
            "(" | "[" | "{" => depth -= 1,
            "," if depth == 0 => argument += 1,
            _ if depth == 0 && token.kind == TokenKind::Operator => return None,
            _ => {}
        }
    }
    None
}

/// The values of the field that the text being written is compared with: `x == …`, `x in [ …`.
fn compared<'n>(before: &[Token<'_>], names: &'n Names) -> &'n [String] {
    let owner = match before.last().map(|t| t.text) {
        Some("==" | "!=") => before.len().checked_sub(2),
        Some("[" | ",") => {
            let open = before.iter().rposition(|t| t.text == "[");
            let inside = open.and_then(|open| before.get(open + 1..)).unwrap_or(&[]);
            let simple = inside.iter().all(|t| t.text == "," || matches!(t.kind, TokenKind::Text | TokenKind::Number));
            open.filter(|open| {
                simple && open.checked_sub(1).and_then(|i| before.get(i)).is_some_and(|t| t.text == "in")
            })
            .and_then(|open| {
                // `x in [` or `x !in [`.
                let owner = open.checked_sub(2)?;
                if before.get(owner).is_some_and(|t| t.text == "!") { owner.checked_sub(1) } else { Some(owner) }
            })
        }
        _ => None,
    };
    let Some((owner, token)) = owner.and_then(|i| Some((i, before.get(i)?))) else { return &[] };
    let is_fact = owner >= 2
        && before.get(owner - 1).is_some_and(|t| t.text == ".")
        && before.get(owner - 2).is_some_and(|t| t.text == "action");
    let categories = if is_fact {
        names.fact(token.text).and_then(|i| names.facts.get(i)).map(|f| &f.categories)
    } else {
        names.variable(token.text).and_then(|i| names.variables.get(i)).map(|v| &v.categories)
    };
    categories.map_or(&[], Vec::as_slice)
}

/// What can stand outside quotes.
fn words(before: &[Token<'_>], text: &str, use_: Use, names: &Names) -> Vec<Completion> {
    if let [.., owner, dot] = before
        && dot.text == "."
    {
        if owner.text == "action" {
            return names.facts.iter().map(fact).collect();
        }
        let takes_text = |f: &&Function| f.args.first().is_some_and(|a| a.type_ == ArgType::Text) && f.name != "date";
        return TABLE.iter().filter(takes_text).map(method).collect();
    }
    let mut items = Vec::new();
    for category in compared(before, names) {
        let quoted = conditions::quote(category);
        items.push(Completion {
            label: quoted.clone(),
            insert: quoted,
            ..plain("", CompletionKind::Category, "value")
        });
    }
    items.extend(locals(text).into_iter().map(|name| plain(&name, CompletionKind::Local, "variable of this rule")));
    if use_ == Use::Priority {
        items.extend(Term::ALL.into_iter().map(|t| Completion {
            type_: Type::Number.to_string(),
            ..plain(t.name(), CompletionKind::Term, "term of arbitration")
        }));
    }
    items.extend(names.variables.iter().map(|v| {
        let mut help = if v.source == v.name { String::new() } else { format!("source: {}", v.source) };
        if !v.categories.is_empty() {
            let shown: Vec<&str> = v.categories.iter().take(8).map(String::as_str).collect();
            let more = if v.categories.len() > 8 { " …" } else { "" };
            let gap = if help.is_empty() { "" } else { "; " };
            help = format!("{help}{gap}values: {}{more}", shown.join(", "));
        }
        Completion { type_: v.type_.to_string(), ..plain(&v.name, CompletionKind::Field, &help) }
    }));
    items.extend(names.models.iter().map(|m| {
        let written = format!("score({})", conditions::quote(m));
        Completion {
            label: written.clone(),
            insert: written,
            type_: Type::Number.to_string(),
            ..plain("", CompletionKind::Score, "calibrated score of the model")
        }
    }));
    items.extend(names.tables.iter().map(|table| {
        let written = format!("table({})", conditions::quote(&table.id));
        Completion {
            label: written.clone(),
            insert: written,
            type_: table.output.to_string(),
            ..plain("", CompletionKind::Table, "output of the decision table")
        }
    }));
    items.extend(names.facts.iter().map(|f| {
        let item = fact(f);
        Completion { label: format!("action.{}", f.name), insert: format!("action.{}", f.name), ..item }
    }));
    items.extend(TABLE.iter().map(function));
    let keywords = KEYWORDS.iter().filter(|k| k.starts_with(|c: char| c.is_alphabetic()));
    items.extend(keywords.map(|k| plain(k, CompletionKind::Keyword, "keyword")));
    items
}

/// Names after `let`, `const` and `for` before the cursor.
fn locals(text: &str) -> Vec<String> {
    let tokens = highlight(text);
    let word = |i: usize| tokens.get(i).and_then(|(range, _)| text.get(range.clone())).unwrap_or("");
    let mut names: Vec<String> = Vec::new();
    for i in 1..tokens.len() {
        let named = matches!(word(i - 1), "let" | "const" | "for")
            && tokens.get(i).is_some_and(|(range, kind)| *kind == TokenKind::Name && range.end < text.len());
        if named && !names.iter().any(|n| n == word(i)) {
            names.push(word(i).to_owned());
        }
    }
    names
}

fn plain(label: &str, kind: CompletionKind, help: &str) -> Completion {
    Completion {
        label: label.to_owned(),
        insert: label.to_owned(),
        kind,
        type_: String::new(),
        help: help.to_owned(),
        example: String::new(),
    }
}

fn fact(fact: &super::context::Fact) -> Completion {
    let type_ = fact.type_.map_or(String::new(), |t| t.to_string());
    Completion { type_, ..plain(&fact.name, CompletionKind::Fact, fact.help) }
}

fn function(f: &Function) -> Completion {
    let brackets = if f.args.is_empty() { "()" } else { "(" };
    Completion {
        label: f.signature(),
        insert: format!("{}{brackets}", f.name),
        example: f.example.to_owned(),
        ..plain("", CompletionKind::Function, f.help)
    }
}

fn method(f: &Function) -> Completion {
    let args: Vec<&str> = f.args.iter().skip(1).map(|a| a.name).collect();
    let brackets = if args.is_empty() { "()" } else { "(" };
    Completion {
        label: format!("{}({})", f.name, args.join(", ")),
        insert: format!("{}{brackets}", f.name),
        ..function(f)
    }
}

/// The items that `typed` can mean: those that start with it, then those with a word that does, then those that contain
/// it, then those that have its letters in order; within each by kind, then in the order of the policy.
fn rank(typed: &str, items: impl IntoIterator<Item = Completion>) -> Vec<Completion> {
    let typed = typed.to_lowercase();
    let mut ranked: Vec<(u8, Completion)> = items
        .into_iter()
        .filter_map(|item| {
            let label = item.label.to_lowercase();
            let name = label.trim_start_matches("action.").trim_start_matches("score(");
            let name = name.trim_start_matches("table(").trim_start_matches('"');
            let score = if label.starts_with(&typed) || name.starts_with(&typed) {
                0
            } else if name.split(|c: char| !c.is_alphanumeric()).any(|word| word.starts_with(&typed)) {
                1
            } else if label.contains(&typed) {
                2
            } else if in_order(&typed, &label) {
                3
            } else {
                return None;
            };
            Some((score, item))
        })
        .collect();
    ranked.sort_by_key(|(score, item)| (*score, item.kind));
    ranked.into_iter().map(|(_, item)| item).collect()
}

/// Whether the letters of `typed` stand in `label` in their order.
fn in_order(typed: &str, label: &str) -> bool {
    let mut letters = label.chars();
    typed.chars().all(|c| letters.any(|l| l == c))
}
