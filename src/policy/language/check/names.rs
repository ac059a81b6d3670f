//! What a name stands for, and what to say when it stands for nothing.

use super::Checker;
use super::types::{Ty, Typed, What};
use crate::diagnostic::Severity;
use crate::language::Use;
use crate::language::env::Term;
use crate::language::functions::{self, TABLE};
use crate::language::graph::Node;
use crate::language::graph::{self, Id, Info, Sources};
use crate::language::source::At;
use crate::suggest;
use crate::value::Value;
use rhai::Position;

const CANDIDATE: Sources =
    Sources { fields: false, candidate: true, history: false, clock: false, scores: false, tables: false };

impl Checker<'_> {
    fn leaf(&mut self, node: impl FnOnce(u32) -> Node, at: usize, pos: Position, info: Info) -> Option<Id> {
        let node = node(u32::try_from(at).ok()?);
        Some(self.graph.leaf(node, pos.into(), info))
    }

    /// A plain name.
    pub(super) fn name(&mut self, name: &str, pos: Position) -> Typed {
        if let Some(local) = self.locals.iter().rev().find(|l| l.name == name) {
            return Typed::new(local.ty, local.value);
        }
        let term = Term::ALL.into_iter().find(|t| t.name() == name);
        if let (Some(term), Use::Priority) = (term, self.use_) {
            self.terms = true;
            let info = Info { unknown: false, ..Info::leaf(graph::Ty::Number, 1, CANDIDATE) };
            let node = self.graph.leaf(Node::Term(term), pos.into(), info);
            return Typed::new(Ty::Number, Some(node));
        }
        if let Some(i) = self.names.variable(name)
            && let Some(variable) = self.names.variables.get(i)
        {
            self.variables.insert(i);
            let (ty, known) = (Ty::from(variable.type_), graph::Ty::from(variable.type_));
            let reads = Sources { fields: true, ..Sources::default() };
            let node = self.leaf(Node::Field, i, pos, Info::leaf(known, 1, reads));
            return Typed { ty, node, what: What::Variable(i) };
        }
        if self.is_full(Severity::Error) {
            return Typed::refused();
        }
        let message = self.unknown(name, term.is_some());
        self.error(pos, message);
        Typed::refused()
    }

    fn unknown(&self, name: &str, is_term: bool) -> String {
        if is_term {
            return format!("`{name}` is available in the arbitration expression only");
        }
        if name == "action" {
            return "`action` stands for the candidate; name one of its facts, such as `action.id`".to_owned();
        }
        match name.to_ascii_lowercase().as_str() {
            "null" | "none" | "nil" | "nan" | "na" | "undefined" => {
                return format!("`{name}` does not exist; to ask for a missing value write `!is_known(x)`");
            }
            "true" => return format!("`{name}` is written `true`"),
            "false" => return format!("`{name}` is written `false`"),
            _ => {}
        }
        if self.names.models.iter().any(|m| m == name) {
            return format!("`{name}` is a model; write `score(\"{name}\")`");
        }
        if let Some(function) = functions::find(name) {
            return format!("`{name}` is a function; write `{}`", function.signature());
        }
        if let Some(variable) = self.names.variables.iter().find(|v| v.source == name) {
            return format!("`{name}` is called `{}` in rules", variable.name);
        }
        if self.is_category(name) {
            return format!("`{name}` is not a feature of this policy; as a text write \"{name}\"");
        }
        let locals = self.locals.iter().map(|l| l.name.as_str());
        let variables = self.names.variables.iter().map(|v| v.name.as_str());
        let terms = Term::ALL.into_iter().map(|t| -> &str { t.name() }).filter(|_| self.use_ == Use::Priority);
        let hint = suggest::hint(name, locals.chain(variables).chain(terms));
        format!("`{name}` is not a feature of this policy{hint}")
    }

    fn is_category(&self, word: &str) -> bool {
        let mut known = self
            .names
            .variables
            .iter()
            .flat_map(|v| &v.categories)
            .chain(self.names.facts.iter().flat_map(|f| &f.categories));
        known.any(|c| c == word)
    }

    /// `action.name`
    pub(super) fn fact(&mut self, name: &str, pos: Position) -> Typed {
        if let Some(i) = self.names.fact(name)
            && let Some(fact) = self.names.facts.get(i)
        {
            self.candidate = true;
            let ty = fact.type_.map_or(Ty::Any, Ty::from);
            let known = fact.values.iter().fold(graph::Ty::Nothing, |ty, value| ty.join(graph::Ty::of(value)));
            let node = self.leaf(Node::Fact, i, pos, Info::leaf(known, 2, CANDIDATE));
            return Typed { ty, node, what: What::Fact(i) };
        }
        if self.is_full(Severity::Error) {
            return Typed::refused();
        }
        let hint = match suggest::nearest(name, self.names.facts.iter().map(|f| f.name.as_str())) {
            Some(near) => format!("; did you mean `action.{near}`?"),
            None => {
                let all: Vec<String> = self.names.facts.iter().map(|f| format!("`{}`", f.name)).collect();
                format!("; there are {}", all.join(", "))
            }
        };
        self.error(pos, format!("`action.{name}` is not a fact of actions{hint}"));
        Typed::refused()
    }

    /// `score("id")`
    pub(super) fn score(&mut self, id: &str, at: Position, pos: Position) -> Typed {
        if let Some(i) = self.names.models.iter().position(|m| m == id) {
            self.models.insert(i);
            let candidate = self.names.candidate_models.get(i).copied().unwrap_or(true);
            self.candidate |= candidate;
            let reads = Sources { scores: true, candidate, ..Sources::default() };
            let info = Info { faults: true, ..Info::leaf(graph::Ty::Number, 1_000, reads) };
            let node = self.leaf(Node::Score, i, pos, info);
            return Typed::new(Ty::Number, node);
        }
        if self.is_full(Severity::Error) {
            return Typed::refused();
        }
        let hint = if self.names.models.is_empty() {
            "; this policy has no models yet".to_owned()
        } else {
            suggest::hint(id, self.names.models.iter().map(String::as_str))
        };
        self.error(at, format!("`{id}` is not a model of this policy{hint}"));
        Typed::refused()
    }

    /// `table("id")`
    pub(super) fn table(&mut self, id: &str, at: Position, pos: Position) -> Typed {
        if let Some(i) = self.names.tables.iter().position(|table| table.id == id)
            && let Some(table) = self.names.tables.get(i)
        {
            self.tables.insert(i);
            self.candidate |= table.reads_candidate;
            let reads = Sources { tables: true, candidate: table.reads_candidate, ..Sources::default() };
            let info = Info { faults: true, ..Info::leaf(graph::Ty::from(table.output), 300, reads) };
            let node = self.leaf(Node::Table, i, pos, info);
            return Typed::new(Ty::from(table.output), node);
        }
        if self.is_full(Severity::Error) {
            return Typed::refused();
        }
        let hint = if self.names.tables.is_empty() {
            "; this policy has none yet".to_owned()
        } else {
            suggest::hint(id, self.names.tables.iter().map(|table| table.id.as_str()))
        };
        self.error(at, format!("`{id}` is not a decision table of this policy{hint}"));
        Typed::refused()
    }

    /// Warns of a text that stands for an action and is none.
    pub(super) fn action(&mut self, id: &str, at: impl Into<At>) {
        if self.is_full(Severity::Warning) || self.names.actions.iter().any(|action| action == id) {
            return;
        }
        let hint = suggest::hint(id, self.names.actions.iter().map(String::as_str));
        self.warn(at, format!("\"{id}\" is not an action of this policy{hint}"));
    }

    /// What to say about a function that does not exist.
    pub(super) fn no_function(&self, name: &str) -> String {
        if self.names.variable(name).is_some() {
            return format!("`{name}` is a feature, not a function; write it without brackets");
        }
        let known = TABLE.iter().map(|f| f.name);
        match name {
            "is_missing" | "is_null" | "isnull" | "is_unknown" => {
                "to ask for a missing value write `!is_known(x)`".to_owned()
            }
            "if" | "iif" | "ifelse" => "write `if condition { … } else { … }`".to_owned(),
            _ => match suggest::nearest(name, known) {
                Some(near) => format!("`{name}` is not a function of rules; did you mean `{near}`?"),
                None => format!("`{name}` is not a function of rules"),
            },
        }
    }

    /// Warns when a text is compared with a value that its field has never had.
    pub(super) fn category(&mut self, field: &What, text: &Value, pos: Position) {
        let (name, categories) = match field {
            What::Variable(i) => match self.names.variables.get(*i) {
                Some(v) => (v.name.clone(), &v.categories),
                None => return,
            },
            What::Fact(i) => match self.names.facts.get(*i) {
                Some(f) => (format!("action.{}", f.name), &f.categories),
                None => return,
            },
            _ => return,
        };
        let Some(text) = text.as_text() else { return };
        if self.is_full(Severity::Warning) || categories.is_empty() || categories.iter().any(|c| c == text) {
            return;
        }
        let hint = match suggest::nearest(text, categories.iter().map(String::as_str)) {
            Some(near) => format!("; did you mean \"{near}\"?"),
            None if categories.len() <= 8 => {
                let all: Vec<String> = categories.iter().map(|c| format!("\"{c}\"")).collect();
                format!("; its values are {}", all.join(", "))
            }
            None => String::new(),
        };
        self.warn(pos, format!("\"{text}\" is not a value of `{name}`{hint}"));
    }
}
