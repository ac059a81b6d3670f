//! Changes in words: names of parts, values as people write them, and one sentence per change.

use super::tree::Tree;
use super::walk::{Place, Raw, What};
use super::{Change, ChangeKind, effect};
use crate::clock::length;

/// Longest text shown whole, in characters.
const LONG: usize = 120;

/// Items of a list shown.
const SHOWN: usize = 8;

/// Fields of a document in their order, how they head a list of changes, and what one item of them is called.
const PARTS: &[(&str, &str, &str)] = &[
    ("id", "Policy", ""),
    ("name", "Policy", ""),
    ("note", "Policy", ""),
    ("mode", "Policy", ""),
    ("baseline", "Policy", ""),
    ("zones", "Time zones", ""),
    ("issues", "Taxonomy", "issue"),
    ("channels", "Channels", "channel"),
    ("actions", "Actions", "action"),
    ("holdouts", "Holdouts", "holdout"),
    ("overrides", "Overrides", "override"),
    ("rules", "Rules", "rule"),
    ("tables", "Decision tables", "decision table"),
    ("caps", "Caps", "cap"),
    ("suppressions", "Outcome suppression", "suppression"),
    ("cool_downs", "Cool-downs", "cool-down"),
    ("exclusions", "Exclusions", "exclusion"),
    ("quiet_hours", "Quiet hours", "quiet hours"),
    ("stocks", "Stock", "stock"),
    ("cold_start", "Cold start", ""),
    ("arbitration", "Arbitration", ""),
    ("slots", "Slots", ""),
    ("exploration", "Exploration", ""),
    ("budgets", "Budgets", "budget"),
    ("send_times", "Send times", "send time"),
    ("fallback", "Fallback", "fallback"),
    ("properties", "Properties to be proved", "property"),
    ("cases", "Cases", "case"),
    ("limits", "Limits", ""),
    ("provenance", "Where it comes from", ""),
    ("schema", "Fields", ""),
    ("recipe", "Recipe", "recipe step"),
    ("models", "Models", "model"),
];

/// Place of a part in the document; what is not in the table comes last.
pub fn rank(part: &str) -> usize {
    PARTS.iter().position(|(field, ..)| *field == part).unwrap_or(PARTS.len())
}

/// Heading of a part.
pub fn heading(part: &str) -> String {
    PARTS
        .iter()
        .find(|(field, ..)| *field == part)
        .map_or_else(|| capital(&words(part)), |(_, heading, _)| (*heading).to_owned())
}

/// A difference as a change.
pub fn change(raw: &Raw<'_>) -> Change {
    let name = match raw.path.first() {
        Some(Place::Field(name)) => *name,
        _ => "",
    };
    let part = PARTS.iter().find(|(field, ..)| *field == name).map_or("other", |(field, ..)| *field);
    let subject = Subject::new(raw);
    let (kind, before, after) = match raw.what {
        What::Added(to) => (ChangeKind::Added, None, Some(value(to))),
        What::Removed(from) => (ChangeKind::Removed, Some(value(from)), None),
        What::Changed(from, to) => (ChangeKind::Changed, from.map(value), to.map(value)),
        What::Moved(from, to) => (ChangeKind::Moved, Some((from + 1).to_string()), Some((to + 1).to_string())),
    };
    Change { id: id(raw.path), part, kind, effect: effect::of(raw), before, after, sentence: subject.sentence(raw) }
}

fn id(path: &[Place<'_>]) -> String {
    let step = |place: &Place<'_>| match place {
        Place::Field(name) => (*name).to_owned(),
        Place::Item(key) => (*key).to_owned(),
        Place::At(at) => (at + 1).to_string(),
    };
    path.iter().map(step).collect::<Vec<_>>().join("/")
}

/// What a change speaks of.
struct Subject {
    /// "Action “Men's e-mail”, treatment “plain”"; empty for the policy as a whole.
    what: String,
    /// What of it: "end of validity".
    field: String,
    /// Name of the last field of the path.
    last: String,
}

impl Subject {
    fn new(raw: &Raw<'_>) -> Subject {
        let (mut nouns, mut field, mut last) = (Vec::new(), Vec::new(), String::new());
        for (depth, place) in raw.path.iter().enumerate() {
            match place {
                Place::Field(name) => {
                    field.push(label(name));
                    last = (*name).to_owned();
                }
                Place::Item(key) => {
                    // The outermost item is shown by its name, those inside by their key.
                    let name = if depth == 1 { name_of(raw).unwrap_or(key) } else { key };
                    nouns.push(format!("{} “{name}”", singular(&last, &field)));
                    field.clear();
                }
                Place::At(at) => {
                    nouns.push(format!("{} {}", singular(&last, &field), at + 1));
                    field.clear();
                }
            }
        }
        Subject { what: capital(&nouns.join(", ")), field: field.join(" "), last }
    }

    fn sentence(&self, raw: &Raw<'_>) -> String {
        let Subject { what, field, .. } = self;
        match raw.what {
            What::Added(to) => match summary(raw, to) {
                Some(words) => format!("{what} added: {words}."),
                None => format!("{what} added."),
            },
            What::Removed(_) => format!("{what} removed."),
            What::Moved(from, to) => format!("{what} moved from place {} to place {}.", from + 1, to + 1),
            What::Changed(from, to) => {
                if let Some(sentence) = self.special(raw, from, to) {
                    return sentence;
                }
                let of = self.value(from.or(to));
                let (what, field) = match (what.is_empty(), field.is_empty()) {
                    (true, _) => (capital(field), String::new()),
                    (false, true) => (what.clone(), String::new()),
                    (false, false) => (format!("{what}:"), format!(" {field}")),
                };
                let absent = |tree: Option<&Tree>| tree.is_none_or(|tree| *tree == Tree::None);
                match (absent(from), absent(to)) {
                    (true, false) => format!("{what}{field} set to {}.", self.value(to)),
                    (false, true) => format!("{what}{field} removed; it was {of}."),
                    _ => format!("{what}{field} {of} → {}.", self.value(to)),
                }
            }
        }
    }

    /// Sentences of the changes that matter most.
    fn special(&self, raw: &Raw<'_>, from: Option<&Tree>, to: Option<&Tree>) -> Option<String> {
        let Subject { what, last, .. } = self;
        let part = match raw.path {
            [Place::Field(part), Place::Item(_), Place::Field(_)] => *part,
            _ => return None,
        };
        match (part, last.as_str()) {
            (_, "enabled") => {
                let on = to == Some(&Tree::Bool(true));
                Some(format!("{what} switched {}.", if on { "on" } else { "off" }))
            }
            ("caps", "limit") => {
                let item = raw.item.1?;
                let (events, window) = (events(item.field("event")?), window(item.field("window")?));
                Some(match (from.and_then(Tree::number), to.and_then(Tree::number)) {
                    (Some(from), Some(to)) => format!("{what} now allows {to} instead of {from} {events} {window}."),
                    (None, Some(to)) => format!("{what} now allows {to} {events} {window}; it had no limit."),
                    (Some(from), None) => format!("{what} has no limit any more; it allowed {from} {events} {window}."),
                    (None, None) => return None,
                })
            }
            ("caps", "window") => Some(format!("{what} now counts {} instead of {}.", window(to?), window(from?))),
            (_, "expr" | "when" | "hour") => {
                let (from, to) = (from.and_then(Tree::text)?, to.and_then(Tree::text)?);
                Some(format!("{what} now asks `{}` instead of `{}`.", short(to), short(from)))
            }
            _ => None,
        }
    }

    fn value(&self, tree: Option<&Tree>) -> String {
        match (tree, self.last.as_str()) {
            (None, _) => "none".into(),
            (Some(Tree::Integer(seconds)), "gap" | "within" | "for") => seconds_in_words(*seconds),
            (Some(tree), _) => value(tree),
        }
    }
}

/// The name people gave to the outermost item.
fn name_of<'a>(raw: &Raw<'a>) -> Option<&'a str> {
    let named = |item: Option<&'a Tree>| item?.field("name")?.text().filter(|name| !name.trim().is_empty());
    named(raw.item.1).or_else(|| named(raw.item.0))
}

/// What one item of a list is called.
fn singular(list: &str, field: &[String]) -> String {
    let known = PARTS.iter().find(|(name, ..)| *name == list).map(|(.., noun)| *noun).filter(|noun| !noun.is_empty());
    if let Some(noun) = known {
        return noun.to_owned();
    }
    let words = field.last().cloned().unwrap_or_else(|| words(list));
    match words.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => words.strip_suffix('s').unwrap_or(&words).to_owned(),
    }
}

/// What is said of a new part beside its name.
fn summary(raw: &Raw<'_>, item: &Tree) -> Option<String> {
    let field = |name: &str| item.field(name);
    let asks = |name: &str| Some(format!("it asks `{}`", short(field(name)?.text()?)));
    match raw.path {
        [Place::Field("caps"), Place::Item(_)] => {
            let limit = field("limit").and_then(Tree::number);
            let limit = limit.map_or("no limit on".to_owned(), |n| format!("at most {n}"));
            Some(format!("{limit} {} {}", events(field("event")?), window(field("window")?)))
        }
        [Place::Field("rules"), Place::Item(_)] => Some(format!("{}, {}", value(field("stage")?), asks("expr")?)),
        [Place::Field("overrides"), Place::Item(_)] => {
            let reason = field("reason")?.text()?;
            Some(format!(
                "{} until {}, because {}",
                value(field("kind")?),
                value(field("until")?),
                reason.trim_end_matches('.')
            ))
        }
        [Place::Field("quiet_hours"), Place::Item(_)] => {
            Some(format!("from {} until {}", value(field("from")?), value(field("until")?)))
        }
        [Place::Field("holdouts"), Place::Item(_)] => {
            Some(format!("{}, share {}", value(field("kind")?), value(field("share")?)))
        }
        [Place::Field("properties"), Place::Item(_)] => asks("when"),
        _ => None,
    }
}

fn events(event: &Tree) -> String {
    match event {
        Tree::Variant("Custom", name) => format!("“{}” events", value(name)),
        Tree::Variant("Sent", _) => "contacts".into(),
        Tree::Variant("Delivered", _) => "deliveries".into(),
        Tree::Variant(name, _) => format!("{}s", words(name)),
        other => value(other),
    }
}

/// "in 7 days", "per calendar week", "ever".
fn window(window: &Tree) -> String {
    match window {
        Tree::Variant("Rolling", seconds) => match &**seconds {
            Tree::Integer(seconds) => format!("in {}", seconds_in_words(*seconds)),
            other => value(other),
        },
        Tree::Variant("Lifetime", _) => "ever".into(),
        Tree::Variant("Calendar", parts) => match &**parts {
            Tree::List(parts) => match parts.as_slice() {
                [Tree::Variant(period, _), clock] => {
                    format!("per calendar {} ({} time)", words(period), value(clock))
                }
                _ => value(window),
            },
            other => value(other),
        },
        other => value(other),
    }
}

fn seconds_in_words(seconds: i128) -> String {
    u64::try_from(seconds).map_or_else(|_| seconds.to_string(), length)
}

/// A value as people write it, cut where it is long.
pub fn value(tree: &Tree) -> String {
    let list = |items: Vec<String>| {
        let (n, shown) = (items.len(), items.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", "));
        match n {
            0 => "none".to_owned(),
            _ if n > SHOWN => format!("{shown} and {} more", n - SHOWN),
            _ => shown,
        }
    };
    match tree {
        Tree::None => "none".into(),
        Tree::Bool(true) => "yes".into(),
        Tree::Bool(false) => "no".into(),
        Tree::Integer(x) => x.to_string(),
        Tree::Number(x) => x.to_string(),
        Tree::Text(text) if text.is_empty() => "empty".into(),
        Tree::Text(text) => short(text),
        Tree::List(items) => list(items.iter().map(value).collect()),
        Tree::Map(entries) => list(entries.iter().map(|(key, tree)| format!("{key}: {}", value(tree))).collect()),
        Tree::Struct(fields) => {
            list(fields.iter().map(|(name, tree)| format!("{} {}", label(name), value(tree))).collect())
        }
        Tree::Variant("Rolling" | "Calendar" | "Lifetime", _) => window(tree),
        Tree::Variant("Bool" | "Integer" | "Number" | "Text" | "Time", inner) if **inner != Tree::None => value(inner),
        Tree::Variant(name, inner) if **inner == Tree::None => words(name),
        Tree::Variant(name, inner) => format!("{} {}", words(name), value(inner)),
    }
}

fn short(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(LONG) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or(&text)),
        None => text,
    }
}

/// What a field is called.
fn label(field: &str) -> String {
    match field {
        "expr" => "condition".into(),
        "valid_from" => "start of validity".into(),
        "valid_until" => "end of validity".into(),
        "on_hit" => "what it does when it blocks".into(),
        "on_missing" => "what it does when it cannot tell".into(),
        "for" => "time suppressed".into(),
        "within" => "time looked back".into(),
        "schema" | "fields" => "field".into(),
        other => words(other),
    }
}

/// "context_weights", "SoftSuitability" as words.
fn words(name: &str) -> String {
    let mut words = String::new();
    for (i, c) in name.char_indices() {
        match c {
            '_' => words.push(' '),
            c if c.is_ascii_uppercase() => {
                if i > 0 {
                    words.push(' ');
                }
                words.push(c.to_ascii_lowercase());
            }
            c => words.push(c),
        }
    }
    words
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |c| c.to_uppercase().chain(chars).collect())
}
