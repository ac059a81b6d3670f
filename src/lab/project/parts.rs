//! The document of a project: small shared parts, no rows and no trained models. What a person edits is here; what
//! follows from it is found by the hash of its inputs (`super::artifacts`).

use super::attached::Attachment;
use super::contacts::RowEvent;
use crate::data::import::ImportOptions;
use crate::data::join::Join;
use crate::data::quality::{LeaveOut, Range};
use crate::data::{Column, Roles, TableKind};
use crate::features::entry::FieldRule;
use crate::features::events::Declared;
use crate::models::ModelSpec;
use crate::world::WorldSpec;
use attune_policy::Document;
use attune_policy::recipe::Step;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

/// Everything a person edits in a project. Clones share what they have in common.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parts {
    /// What the project is for: `project.ron`.
    pub goal: Arc<Goal>,
    /// Where its data come from: `data/<name>.source.ron`.
    pub sources: Arc<Vec<DataSource>>,
    /// What the columns mean: `roles.ron`. Its `as_of` is the goal's.
    pub roles: Arc<Roles>,
    /// Features made from tables of events, which become columns of the customers: `features.ron`.
    pub events: Arc<Vec<Declared>>,
    /// What is done at a decision with columns that are too old or missing, by column: `features.ron`. Features over events carry
    /// their own rules; [`super::field_rules`] gives both.
    pub fields: Arc<BTreeMap<String, FieldRule>>,
    /// Row features made from the columns: `features.ron`.
    pub recipe: Arc<Vec<Step>>,
    /// Models to train: `models.ron`.
    pub models: Arc<Vec<ModelSpec>>,
    /// Models that were learned apart and made part of the project, in order of their ids: `attached/<id>.ron`.
    pub attached: Arc<Vec<Attachment>>,
    /// The policy being written: `draft.ron` and `rules/<id>.rhai`. Its schema, recipe, models and provenance are empty;
    /// [`super::assemble`] fills them.
    pub draft: Arc<Document>,
    /// What-ifs: `scenarios/<id>.ron`.
    pub scenarios: Arc<Vec<Scenario>>,
}

/// What a project is for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    /// Name for people.
    pub name: String,
    /// Outcome column that the policy is to raise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Days after the contact in which the outcome counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub horizon_days: Option<u32>,
    /// Least difference in the outcome's mean worth having, in the outcome's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least_lift: Option<f64>,
    /// Instant (ms since 1970-01-01T00:00Z) at which rows without a time stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<i64>,
}

/// A table of the project: where it comes from and what it looked like when it was imported.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSource {
    /// Slug, unique; the first source is the customer table.
    pub name: String,
    /// What its rows are.
    #[serde(default, skip_serializing_if = "TableKind::is_customers")]
    pub kind: TableKind,
    /// Column (identifier) that holds the key: the subject, or in a look-up what is looked up. For the customer table this is
    /// the column with the role subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Column (identifier) that says when a row happened. For the customer table this is the column with the role time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// Which event a row of a table of contacts is. Without it a column called `event` says so, in any words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<RowEvent>,
    /// Where the rows come from.
    pub origin: Origin,
    /// How the file is read, everything filled in.
    #[serde(default)]
    pub options: ImportOptions,
    /// Columns (identifiers) whose values are replaced by pseudonyms at every reading.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub pseudonymise: BTreeSet<String>,
    /// Rows that are left out at every reading.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leave_out: Vec<LeaveOut>,
    /// Ranges that columns (identifiers) were declared to keep to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ranges: BTreeMap<String, Range>,
    /// How the table is joined to the customers; a table that is not joined is used by event features alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join: Option<Join>,
    /// SHA-256 of the file's bytes, lower-case hex; empty until it was first read, and for generated data.
    #[serde(default)]
    pub sha256: String,
    /// Rows that could be read.
    #[serde(default)]
    pub rows: u64,
    /// The columns, so that one that vanishes is missed by name.
    #[serde(default)]
    pub columns: Vec<Column>,
}

/// Where rows come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Origin {
    /// A file; a path that is not absolute starts at the project's folder.
    File(PathBuf),
    /// A generated world with known truth, made again from its specification whenever it is needed.
    World(WorldSpec),
    /// The subjects that occur in another table of the project, by its name: one row for each key, in order of first
    /// appearance. What a project has whose customers are known by their purchases alone.
    SubjectsOf(String),
}

/// A what-if: the draft with some rules and caps switched off, valued beside the draft in every simulation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Slug, unique.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// What it asks.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Rules and caps that are switched off in it, by id.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub disabled: BTreeSet<String>,
}

impl Default for Origin {
    fn default() -> Origin {
        Origin::File(PathBuf::new())
    }
}

impl DataSource {
    /// Takes over what was declared of the file that this one replaces, for the columns that it has too: what is hidden stays
    /// hidden, ranges and rules for rows hold on.
    pub fn keep_declared(&mut self, before: &DataSource) {
        let columns: BTreeSet<&str> = self.columns.iter().map(|c| c.name.as_str()).collect();
        let kept = before.pseudonymise.iter().filter(|name| columns.contains(name.as_str()));
        self.pseudonymise.extend(kept.cloned());
        for (name, range) in before.ranges.iter().filter(|(name, _)| columns.contains(name.as_str())) {
            self.ranges.entry(name.clone()).or_insert(*range);
        }
        for rule in before.leave_out.iter().filter(|rule| rule.column().is_none_or(|name| columns.contains(name))) {
            if !self.leave_out.contains(rule) {
                self.leave_out.push(rule.clone());
            }
        }
    }
}

impl Parts {
    /// The customer table's source.
    pub fn source(&self) -> Option<&DataSource> {
        self.sources.first().filter(|source| source.kind.is_customers())
    }

    /// The sources beside the customer table.
    pub fn other_sources(&self) -> impl Iterator<Item = &DataSource> {
        self.sources.iter().skip(usize::from(self.source().is_some()))
    }

    /// A model's specification.
    pub fn model(&self, id: &str) -> Option<&ModelSpec> {
        self.models.iter().find(|m| m.id == id)
    }

    /// Ids of all models that rules may read: those to train, then those attached.
    pub fn model_ids(&self) -> impl Iterator<Item = &str> {
        let attached = self.attached.iter().flat_map(|attachment| &attachment.models).map(|model| model.id.as_str());
        self.models.iter().map(|spec| spec.id.as_str()).chain(attached)
    }

    /// What must hold of every document, whatever was edited: ids are slugs and unique, and one fact stands in one place. Each
    /// sentence names a breach; none is what every edit keeps to.
    pub fn breaches(&self) -> Vec<String> {
        let mut breaches = Vec::new();
        let draft = &*self.draft;
        let mut ids = |what: &str, ids: &mut dyn Iterator<Item = &str>| {
            let mut seen = BTreeSet::new();
            for id in ids {
                if !is_slug(id) {
                    breaches.push(format!("{what} id `{id}` is not a slug (lower-case letters, digits, `_` and `-`)"));
                }
                if !seen.insert(id) {
                    breaches.push(format!("{what} id `{id}` stands twice"));
                }
            }
        };
        ids("source", &mut self.sources.iter().map(|s| s.name.as_str()));
        ids("scenario", &mut self.scenarios.iter().map(|s| s.id.as_str()));
        ids("model", &mut self.model_ids());
        ids("attached", &mut self.attached.iter().map(|a| a.id.as_str()));
        ids("rule", &mut draft.rules.iter().map(|r| r.id.as_str()));
        ids("cap", &mut draft.caps.iter().map(|c| c.id.as_str()));
        ids("holdout", &mut draft.holdouts.iter().map(|h| h.id.as_str()));
        for action in &draft.actions {
            if action.treatments.is_empty() {
                breaches.push(format!("action `{}` has no treatment", action.id));
            }
        }
        let mut unique = |what: &str, ids: &mut dyn Iterator<Item = &str>| {
            let mut seen = BTreeSet::new();
            for id in ids {
                if id.is_empty() {
                    breaches.push(format!("{what} without an id"));
                }
                if !seen.insert(id) {
                    breaches.push(format!("{what} id `{id}` stands twice"));
                }
            }
        };
        unique("action", &mut draft.actions.iter().map(|a| a.id.as_str()));
        for action in &draft.actions {
            unique("treatment", &mut action.treatments.iter().map(|t| t.id.as_str()));
        }
        unique("channel", &mut draft.channels.iter().map(|c| c.id.as_str()));
        unique("issue", &mut draft.issues.iter().map(|i| i.id.as_str()));
        unique("group", &mut draft.issues.iter().flat_map(|i| &i.groups).map(|g| g.id.as_str()));
        unique("context weight", &mut draft.arbitration.context_weights.iter().map(|w| w.id.as_str()));
        let events = self.events.iter().map(|feature| feature.name.as_str());
        unique("feature", &mut events.chain(self.recipe.iter().map(|s| s.output.as_str())));
        if self.roles.as_of != self.goal.as_of {
            breaches.push("the roles' instant is not the goal's".into());
        }
        if !draft.schema.fields.is_empty() || !draft.recipe.is_empty() || !draft.models.is_empty() {
            breaches.push("the draft carries a schema, a recipe or models of its own".into());
        }
        breaches
    }
}

/// Whether a text can be an id that also names a file on every system: `a`–`z`, `0`–`9`, `_`, `-`; at most 64 of them.
pub fn is_slug(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && !text.starts_with('-')
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
}

/// A slug like `text` that is not among `taken`: "Recent buyers" becomes `recent_buyers`, then `recent_buyers_2`.
pub fn slug(text: &str, taken: &dyn Fn(&str) -> bool) -> String {
    let mut base = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            base.push(c);
        } else if c != '\'' && c != '’' && !base.ends_with('_') && !base.is_empty() {
            base.push('_');
        }
    }
    let base: String = base.trim_matches('_').chars().take(56).collect();
    let base = if base.is_empty() { "item".to_owned() } else { base };
    if !taken(&base) {
        return base;
    }
    (2u32..).map(|n| format!("{base}_{n}")).find(|id| !taken(id)).unwrap_or(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_slugs() {
        let taken = |id: &str| id == "recent_buyers";
        for (text, expected) in [
            ("Men's E-Mail", "mens_e_mail"),
            ("Recent buyers", "recent_buyers_2"),
            ("  ", "item"),
            ("../../etc", "etc"),
            ("Ü 30", "30"),
        ] {
            let id = slug(text, &taken);
            assert_eq!(id, expected);
            assert!(is_slug(&id));
        }
        for bad in ["", "A", "a/b", "..", "-a", "a b", &"x".repeat(65)] {
            assert!(!is_slug(bad), "{bad}");
        }
    }
}
