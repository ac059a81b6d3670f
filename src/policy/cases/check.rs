//! Whether cases can be asked of a policy at all: known fields of the right type, candidates that exist, bounds.

use super::{Case, Chosen, MAX_CASES, MAX_EVENTS};
use crate::action::Action;
use crate::diagnostic::{Diagnostic, Part, Severity};
use crate::document::Document;
use crate::suggest::unknown_name;
use crate::value::{Type, Value};
use std::collections::{HashMap, HashSet};

/// Every finding about the cases of a document.
pub fn check(document: &Document) -> Vec<Diagnostic> {
    let error = |part, message| Diagnostic { severity: Severity::Error, part, position: None, message };
    let count = document.cases.len();
    if count > MAX_CASES {
        let message =
            format!("it has {count} cases; at most {MAX_CASES} are decided at every load, keep the others in files");
        return vec![error(Part::Policy, message)];
    }
    let known = Known::new(document);
    let found = |case: &Case| Some(error(Part::Case(case.id.clone()), known.problem(case)?));
    document.cases.iter().filter_map(found).collect()
}

/// What a case may name.
pub struct Known<'a> {
    fields: HashMap<&'a str, Type>,
    candidates: HashSet<(&'a str, &'a str)>,
}

impl<'a> Known<'a> {
    pub fn new(document: &'a Document) -> Known<'a> {
        let of = |action: &'a Action| action.treatments.iter().map(|t| (action.id.as_str(), t.id.as_str()));
        Known {
            fields: document.schema.fields.iter().map(|field| (field.name.as_str(), field.type_)).collect(),
            candidates: document.actions.iter().flat_map(of).collect(),
        }
    }

    /// The first thing about a case that the policy cannot be asked.
    pub fn problem(&self, case: &Case) -> Option<String> {
        let events = case.history.len();
        if events > MAX_EVENTS {
            return Some(format!("it has {events} events before the decision; at most {MAX_EVENTS} are replayed"));
        }
        for (name, value) in &case.request.fields {
            let Some(type_) = self.fields.get(name.as_str()) else {
                let mut names: Vec<&str> = self.fields.keys().copied().collect();
                names.sort_unstable();
                return Some(unknown_name("a field of this policy", name, names));
            };
            let fits = match (*type_, value) {
                (_, Value::Unknown) | (Type::Number, Value::Integer(_)) => true,
                (type_, value) => value.type_of() == Some(type_),
            };
            if !fits {
                return Some(format!("`{name}` is {value}, expected a {type_}"));
            }
        }
        let expected = &case.expect;
        let mut named: Vec<(&str, &str)> = match &expected.chosen {
            Chosen::NoAction => Vec::new(),
            Chosen::Candidate(action, treatment) => vec![(action, treatment)],
            Chosen::Candidates(keys) => keys.iter().map(|(a, t)| (a.as_str(), t.as_str())).collect(),
        };
        named.extend(expected.candidates.iter().map(|fate| (fate.action.as_str(), fate.treatment.as_str())));
        let (action, treatment) = named.into_iter().find(|key| !self.candidates.contains(key))?;
        Some(format!(
            "it expects {action}/{treatment}, which is no candidate of this policy; correct the name, or remove it"
        ))
    }
}
