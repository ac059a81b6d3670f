//! What changed between two documents, in the words of those who review it. It compares what is written, so nothing that a
//! file can hold escapes it; it evaluates no rule.
//!
//! *Invariant:* no change is named exactly when the documents are equal.

mod effect;
mod models;
#[cfg(test)]
mod tests;
mod tree;
mod walk;
mod words;

use crate::document::Document;
use serde::Serialize;
use std::fmt;

/// The differences of two documents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// Every change, grouped by part in the order of the document.
    pub changes: Vec<Change>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Where, as a path that stays the same while the part keeps its id: `caps/weekly/limit`.
    pub id: String,
    /// Part of the document it is in: "caps", "rules".
    pub part: &'static str,
    /// What happened there.
    pub kind: ChangeKind,
    /// What it does to the protection of those who are contacted.
    pub effect: Effect,
    /// What was there, short.
    pub before: Option<String>,
    /// What is there now, short.
    pub after: Option<String>,
    /// The change as a sentence.
    pub sentence: String,
}

/// What happened to a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It says something else.
    Changed,
    /// It stands at another place among its like.
    Moved,
}

/// What a change does to the protection of those who are contacted: guards, rules, caps, quiet hours and their like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Effect {
    /// Something can be sent that could not be sent before.
    Weaker,
    /// It could be either: a person has to read it.
    Open,
    /// Something cannot be sent any more.
    Stricter,
    /// It protects nobody, or nobody less or more than before.
    Neutral,
}

/// Compares two documents: what changes on the way from `before` to `after`.
pub fn diff(before: &Document, after: &Document) -> Diff {
    let (from, to) = (tree::of(before), tree::of(after));
    let mut changes: Vec<Change> = Vec::new();
    walk::walk(&from, &to, &mut |raw| changes.push(words::change(&raw)));
    changes.extend(models::changes(before, after));
    // By part, in the order of the document; inside a part as found, which is by item.
    changes.sort_by_key(|change| words::rank(change.part));
    Diff { changes }
}

impl Diff {
    /// Whether the documents are equal.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The changes that loosen a protection, or might.
    pub fn weaker(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.effect <= Effect::Open)
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Effect::Weaker => "weaker",
            Effect::Open => "to be read",
            Effect::Stricter => "stricter",
            Effect::Neutral => "neutral",
        })
    }
}

/// One heading per part, one line per change.
impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("No difference.\n");
        }
        let mut heading = "";
        for change in &self.changes {
            if change.part != heading {
                heading = change.part;
                writeln!(f, "{}", words::heading(heading))?;
            }
            let mark = match change.effect {
                Effect::Neutral => String::new(),
                effect => format!(" [{effect}]"),
            };
            writeln!(f, "  {}{mark}", change.sentence)?;
        }
        Ok(())
    }
}
