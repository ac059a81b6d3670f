//! The keys of the results that belong to the document as it stands. They are hashed once per change, not once per frame.

use crate::Document;
use crate::derived::Key;
use crate::session::Session;
use attune_lab::project::artifacts::key;
use attune_lab::project::{DataSource, Loaded, field_rules, model_key};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What each result of the document is called; `Err` says why there can be none.
#[derive(Debug)]
pub(crate) struct Keys {
    /// What they were made from: the document and the data.
    made_from: Option<(Document, Option<Arc<Loaded>>)>,
    pub data: Result<Key, Arc<str>>,
    pub profile: Result<Key, Arc<str>>,
    /// Per model id.
    pub models: BTreeMap<String, Key>,
    /// The draft with everything its check and its decisions depend on, but for the models.
    pub draft: Result<Key, Arc<str>>,
    /// Goal, roles, scenarios: what a simulation depends on besides the policy.
    pub question: Key,
}

impl Default for Keys {
    fn default() -> Keys {
        let why = || Err(Arc::from("import a customer file first"));
        Keys {
            made_from: None,
            data: why(),
            profile: why(),
            models: BTreeMap::new(),
            draft: why(),
            question: String::new(),
        }
    }
}

/// What the rows are called before they are read: where they come from and how they are read.
pub(crate) fn sources_key(sources: &[DataSource]) -> Key {
    // Everything that decides what is read; what the last reading found is no part of it.
    let bare = |s: &DataSource| DataSource { rows: 0, columns: Vec::new(), ..s.clone() };
    let each: Vec<DataSource> = sources.iter().map(bare).collect();
    key(&("sources", each))
}

impl Session {
    /// Makes the keys of the document as it stands.
    pub(crate) fn refresh_keys(&mut self) {
        let parts = self.document().clone();
        let same_document = |k: &Keys| k.made_from.as_ref().is_some_and(|(made, _)| Arc::ptr_eq(made, &parts));
        let same_data = |a: &Option<Arc<Loaded>>, b: &Option<Arc<Loaded>>| match (a, b) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        let data = match (same_document(&self.keys), parts.source()) {
            (true, _) => self.keys.data.clone(),
            (false, Some(_)) => Ok(sources_key(&parts.sources)),
            (false, None) => Err(Arc::from("import a customer file first")),
        };
        let loaded = data.as_ref().ok().and_then(|key| self.shelves.data.ready(key)).cloned();
        if same_document(&self.keys) && self.keys.made_from.as_ref().is_some_and(|(_, made)| same_data(made, &loaded)) {
            return;
        }
        let waiting =
            || Arc::from(if data.is_ok() { "the data are being read" } else { "import a customer file first" });
        let fingerprint = loaded.as_ref().map(|l| l.fingerprint.as_str());
        self.keys = Keys {
            profile: fingerprint.map(|f| key(&("profile", f, &*parts.roles))).ok_or_else(waiting),
            models: match fingerprint {
                Some(f) => parts.models.iter().map(|m| (m.id.clone(), model_key(m, &parts, f))).collect(),
                None => BTreeMap::new(),
            },
            draft: fingerprint
                .map(|f| {
                    // Names of models are shown in the policy, so they count here though not for training.
                    let names: Vec<_> = parts.models.iter().map(|m| (&m.id, &m.name)).collect();
                    let attached: Vec<_> = parts.attached.iter().map(|a| (&a.id, a.key())).collect();
                    key(&(
                        "draft",
                        f,
                        &*parts.roles,
                        &*parts.recipe,
                        &*parts.draft,
                        names,
                        attached,
                        field_rules(&parts),
                    ))
                })
                .ok_or_else(waiting),
            question: {
                let data = loaded.as_ref().map(|l| (&l.fingerprint, &l.history_fingerprint));
                key(&("question", &*parts.goal, &*parts.roles, &*parts.scenarios, data))
            },
            data,
            made_from: Some((parts, loaded)),
        };
    }

    /// Key of the check: the draft and which of its models are trained.
    pub(crate) fn checked_key(&self) -> Result<Key, Arc<str>> {
        let draft = self.keys.draft.as_ref().map_err(Clone::clone)?;
        let trained: Vec<&Key> = self
            .keys
            .models
            .iter()
            .filter_map(|(id, key)| self.shelves.models.get(id)?.ready(key).map(|_| key))
            .collect();
        Ok(key(&("checked", draft, trained)))
    }

    /// Key of what the compiled draft decides: `Err` while it cannot decide.
    pub(crate) fn decides_key(&self) -> Result<Key, Arc<str>> {
        let key = self.checked_key()?;
        match self.shelves.checked.get(&key) {
            None => Err(Arc::from("the policy is being checked")),
            Some(Err(why)) => Err(why.clone()),
            Some(Ok(checked)) if checked.errors() > 0 => Err(Arc::from("correct the errors in the policy first")),
            Some(Ok(checked)) if !checked.untrained.is_empty() => {
                let names: Vec<&str> = checked
                    .untrained
                    .iter()
                    .map(|id| self.document().model(id).map_or(id.as_str(), |m| m.name.as_str()))
                    .collect();
                Err(format!("train {} first", names.join(", ")).into())
            }
            Some(Ok(_)) => Ok(key),
        }
    }

    pub(crate) fn simulation_key(&self) -> Result<Key, Arc<str>> {
        Ok(key(&("simulation", self.decides_key()?, &self.keys.question)))
    }

    pub(crate) fn trace_key(&self, row: usize) -> Result<Key, Arc<str>> {
        Ok(key(&("trace", self.decides_key()?, row)))
    }

    /// Key of the export: the check, and whether a simulation of it is there to be mentioned.
    pub(crate) fn export_key(&self) -> Result<Key, Arc<str>> {
        let simulated = self.simulation_key().is_ok_and(|key| self.shelves.simulation.ready(&key).is_some());
        Ok(key(&("export", self.checked_key()?, &*self.document().goal, simulated)))
    }
}
