//! What follows from the document is made without being asked: data are read, profiled, the draft is checked and tried on
//! a sample. What takes long is started only by an action.

use crate::actions::Action;
use crate::derived::Key;
use crate::events::{ImportResult, Output};
use crate::lanes::LaneName;
use crate::results::{Checked, ExportPreview, Traced};
use crate::session::Session;
use attune_lab::data::import::{self, ImportOptions};
use attune_lab::data::{Requests, profile};
use attune_lab::project::{self, Asked, CUSTOMERS, HISTORY, Learned, Loaded, TrainedModel, artifacts};
use attune_lab::task::Task;
use attune_lab::{Error, Result};
use attune_policy::diagnostic::{Diagnostic, Part, Severity};
use attune_policy::language::Context;
use attune_policy::{History, NoHistory, Policy, codec};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Rows of the quick simulation after each edit.
const PREVIEW_ROWS: usize = 20_000;

impl Session {
    /// Starts what is missing. Cheap when nothing is.
    pub(crate) fn schedule(&mut self) {
        self.refresh_keys();
        self.want_data();
        self.want_profile();
        self.want_models();
        self.want_check();
        self.want_report();
        // What somebody looks at comes before what is only nearby.
        self.want_trace();
        self.want_export_preview();
        self.want_preview();
        if self.wanted.simulation {
            self.continue_simulation();
        }
    }

    fn want_data(&mut self) {
        let Ok(key) = &self.keys.data else { return };
        if self.shelves.data.get(key).is_some() || self.is_coming("load", key) {
            return;
        }
        let (dir, parts) = (self.dir.clone(), self.document().clone());
        self.submit(LaneName::Io, "load", "Reading the data", Some(key.clone()), move |task| {
            project::load(&dir, &parts, task).map(Output::Loaded)
        });
    }

    fn want_profile(&mut self) {
        let (Ok(key), Some(loaded)) = (&self.keys.profile, self.loaded()) else { return };
        if self.shelves.profile.get(key).is_some() || self.is_coming("profile", key) {
            return;
        }
        let roles = self.document().roles.clone();
        self.submit(LaneName::Io, "profile", "Profiling the data", Some(key.clone()), move |task| {
            profile::profile(&loaded.dataset, &roles, task).map(Output::Profiled)
        });
    }

    /// Looks once for models that were trained earlier and are still true.
    fn want_models(&mut self) {
        let missing: Vec<(String, Key)> = self
            .keys
            .models
            .iter()
            .filter(|(id, key)| {
                !self.shelves.looked_up.contains(*key)
                    && self.shelves.models.get(*id).is_none_or(|shelf| shelf.get(key).is_none())
            })
            .map(|(id, key)| (id.clone(), key.clone()))
            .collect();
        if missing.is_empty() || self.in_flight.borrow().contains_key("lookup") {
            return;
        }
        let dir = self.dir.clone();
        self.submit(LaneName::Io, "lookup", "Looking for trained models", None, move |task| {
            let mut found = Vec::new();
            for (id, key) in missing {
                task.tick(0.0)?;
                // One that is out of date is still worth showing, dimmed.
                let model = project::find_model(&dir, &id, &key).or_else(|| project::last_model(&dir, &id));
                found.push((id, key, model));
            }
            Ok(Output::LookedUp(found))
        });
    }

    /// Looks once for the report of a simulation that was made earlier and is still true.
    fn want_report(&mut self) {
        let Ok(key) = self.simulation_key() else { return };
        let known = self.shelves.simulation.get(&key).is_some() || self.shelves.looked_up.contains(&key);
        if known || self.is_coming("lookup report", &key) {
            return;
        }
        let dir = self.dir.clone();
        self.submit(LaneName::Io, "lookup report", "Looking for an earlier simulation", Some(key.clone()), move |_| {
            Ok(Output::FoundReport(artifacts::find_report(&dir, &key)))
        });
    }

    fn want_check(&mut self) {
        let (Ok(key), Some(loaded)) = (self.checked_key(), self.loaded()) else { return };
        if self.shelves.checked.get(&key).is_some() || self.is_coming("check", &key) {
            return;
        }
        let (parts, models) = (self.document().clone(), self.trained_models());
        self.submit(LaneName::Preview, "check", "Checking the policy", Some(key), move |_| {
            let assembled = project::assemble(&parts, &loaded, &|id| models.get(id).cloned(), true);
            let mut findings = project::findings(&assembled.document);
            findings.extend(project::hours_of_another_clock(&parts));
            for id in &assembled.untrained {
                findings.push(Diagnostic {
                    severity: Severity::Warning,
                    part: Part::Model(id.clone()),
                    position: None,
                    message: "is used by the policy and not trained on the data as they are; train it".into(),
                });
            }
            let context = Context::new(&assembled.document);
            // What decides is what would be exported: without the models it does not use.
            let exported = project::assemble(&parts, &loaded, &|id| models.get(id).cloned(), false).document;
            let usable = assembled.untrained.is_empty() && findings.iter().all(|f| f.severity != Severity::Error);
            let policy = if usable {
                let policy = Policy::compile(exported.clone()).map_err(|e| Error::new(e.to_string()))?;
                Some(Arc::new(policy))
            } else {
                None
            };
            let untrained = assembled.untrained;
            Ok(Output::Checked(Box::new(Checked { document: exported, findings, context, policy, untrained })))
        });
    }

    /// A quick simulation after each edit of the policy; the latest wins.
    fn want_preview(&mut self) {
        let (Ok(key), Some(loaded), Some(policy)) = (self.simulation_key(), self.loaded(), self.policy()) else {
            return;
        };
        if self.shelves.preview.get(&key).is_some() || self.is_coming("preview", &key) {
            return;
        }
        let parts = self.document().clone();
        self.submit(LaneName::Preview, "preview", "Trying the policy on a sample", Some(key), move |task| {
            let asked = Asked::Preview(PREVIEW_ROWS);
            project::simulate_draft(&policy, &parts, &loaded, asked, task).map(|s| Output::Previewed(s.report))
        });
    }

    fn want_trace(&self) {
        let Some(row) = self.wanted.trace.get() else { return };
        let (Ok(key), Some(loaded), Some(policy)) = (self.trace_key(row), self.loaded(), self.policy()) else { return };
        if self.shelves.trace.get(&key).is_some() || self.is_coming("trace", &key) {
            return;
        }
        let roles = self.document().roles.clone();
        self.submit(LaneName::Preview, "trace", "Deciding one customer", Some(key), move |_| {
            trace(&loaded, &roles, policy, row).map(|t| Output::Traced(Box::new(t)))
        });
    }

    fn want_export_preview(&self) {
        if !self.wanted.export.get() {
            return;
        }
        let (Ok(key), Ok(checked_key)) = (self.export_key(), self.checked_key()) else { return };
        let Some(checked) = self.shelves.checked.ready(&checked_key).cloned() else { return };
        if self.shelves.export.get(&key).is_some() || self.is_coming("export preview", &key) {
            return;
        }
        let (parts, loaded) = (self.document().clone(), self.loaded());
        let simulation = self.simulation_key().ok().and_then(|key| self.shelves.simulation.ready(&key).cloned());
        self.submit(LaneName::Preview, "export preview", "Preparing the export", Some(key), move |_| {
            let text = codec::write(&checked.document).map_err(|e| Error::new(e.to_string()))?;
            let revision = codec::revision(&checked.document).map_err(|e| Error::new(e.to_string()))?;
            let checklist = project::readiness(
                &parts,
                loaded.as_deref(),
                &checked.findings,
                &checked.untrained,
                simulation.as_deref(),
            );
            Ok(Output::ExportPreview(ExportPreview { text: text.into(), revision, checklist }))
        });
    }

    pub(crate) fn start_action(&mut self, action: Action) -> Result<()> {
        let title = action.title();
        let queued = match action {
            Action::Inspect { path, options } => {
                self.shelves.inspection = None;
                self.submit(LaneName::Io, "inspect", &title, None, move |_| {
                    import::detect_with(&path, &options).map(Output::Inspected)
                })
            }
            Action::Import { path, options } => {
                let (dir, name) = (self.dir.clone(), self.document().goal.name.clone());
                self.submit(LaneName::Io, "import", &title, None, move |task| {
                    import_customers(&dir, &name, &path, options, task).map(|r| Output::Imported(Box::new(r)))
                })
            }
            Action::ImportHistory { path, options } => {
                let (dir, draft) = (self.dir.clone(), self.document().draft.clone());
                let before = self.document().sources.iter().find(|source| source.name == HISTORY);
                let asked = project::AskedEvent {
                    before: before.and_then(|source| source.event.clone()),
                    columns: before.iter().flat_map(|s| &s.columns).map(|c| c.name.clone()).collect(),
                    ..project::AskedEvent::default()
                };
                self.submit(LaneName::Io, "import history", &title, None, move |task| {
                    let (mut source, loaded) = project::import_source(&dir, HISTORY, &path, options, task)?;
                    // Refused here, with its place, rather than at the next loading.
                    let event = project::RowEvent::declared(&loaded.dataset, &asked, &[]);
                    let known = event.and_then(|event| {
                        let known = project::history(&loaded.dataset, None, Some(&event), &draft, task);
                        source.event = Some(event);
                        known
                    });
                    Ok(Output::ImportedHistory(source, known.map_err(|e| e.in_file(&path))?))
                })
            }
            Action::Attach(path) => {
                let loaded = self.loaded().ok_or_else(|| Error::new("there are no data to attach models to yet"))?;
                let (dir, parts) = (self.dir.clone(), self.document().clone());
                self.submit(LaneName::Io, "attach", &title, None, move |_| {
                    let found = project::attachable(&dir, &parts, &loaded, Learned::read(&path)?);
                    found.map(|found| Output::Attachable(Box::new(found)))
                })
            }
            Action::Reload => {
                let key = self.keys.data.clone().map_err(|why| Error::new(&*why))?;
                self.shelves.data.forget(&key);
                self.schedule();
                true
            }
            Action::Train(ids) => return self.train(&ids),
            Action::Simulate => {
                self.keys.data.as_ref().map_err(|why| Error::new(&**why))?;
                self.wanted.simulation = true;
                if let Ok(key) = self.simulation_key() {
                    self.shelves.simulation.retry(&key);
                }
                self.schedule();
                true
            }
            Action::Export(path) => self.export_to(path, &title)?,
            Action::Save => {
                self.save_later(true);
                true
            }
        };
        if queued { Ok(()) } else { Err(Error::new(format!("“{title}” cannot start: too many jobs are waiting"))) }
    }

    fn train(&mut self, ids: &[String]) -> Result<()> {
        let loaded = self.loaded().ok_or_else(|| Error::new("there are no data to learn from yet"))?;
        if let Some(unknown) = ids.iter().find(|id| self.document().model(id).is_none()) {
            return Err(Error::new(format!("there is no model `{unknown}`")));
        }
        let wanted: Vec<String> = self
            .document()
            .models
            .iter()
            .map(|m| m.id.clone())
            .filter(|id| if ids.is_empty() { self.model(id).ready().is_none() } else { ids.contains(id) })
            .collect();
        for id in wanted {
            self.train_one(&id, &loaded)?;
        }
        Ok(())
    }

    fn train_one(&mut self, id: &str, loaded: &Arc<Loaded>) -> Result<()> {
        let Some(key) = self.keys.models.get(id).cloned() else {
            return Err(Error::new("the data are still being read"));
        };
        let slot = format!("train {id}");
        if self.is_coming(&slot, &key) {
            return Ok(());
        }
        self.shelves.model(id).retry(&key);
        let (dir, parts, loaded, id) = (self.dir.clone(), self.document().clone(), loaded.clone(), id.to_owned());
        let name = parts.model(&id).map_or(id.clone(), |m| m.name.clone());
        let queued = self.submit(LaneName::Compute, &slot, &format!("Train “{name}”"), Some(key), move |task| {
            // A model in use that only the data grew away from is the champion, and stays until it is beaten.
            let now = project::train_stale(&dir, &parts, &loaded, std::slice::from_ref(&id), task)?;
            let trained = now.models.into_iter().next();
            trained
                .map(|trained| Output::Trained(Box::new(trained)))
                .ok_or_else(|| Error::new(format!("there is no model `{id}`")))
        });
        if queued { Ok(()) } else { Err(Error::new("too many jobs are waiting").hint("cancel some of them first")) }
    }

    /// Trains what the draft uses and is not up to date, then simulates. Called until it is done or given up.
    fn continue_simulation(&mut self) {
        let (Ok(checked_key), Some(loaded)) = (self.checked_key(), self.loaded()) else {
            if self.keys.data.as_ref().is_ok_and(|key| self.shelves.data.get(key).is_some_and(|data| data.is_err())) {
                self.wanted.simulation = false;
            }
            return;
        };
        let Some(checked) = self.shelves.checked.get(&checked_key).cloned() else { return };
        let give_up = |session: &mut Session, why: &str| {
            session.wanted.simulation = false;
            session.notices.failed(&Error::new(format!("The policy cannot be simulated: {why}")));
        };
        let checked = match checked {
            Ok(checked) => checked,
            Err(why) => return give_up(self, &why),
        };
        if let Some(error) = checked.findings.iter().find(|f| f.severity == Severity::Error) {
            return give_up(self, &error.to_string());
        }
        for id in &checked.untrained {
            if let Err(error) = self.train_one(id, &loaded) {
                return give_up(self, &error.to_string());
            }
        }
        let (Ok(key), Some(policy)) = (self.simulation_key(), self.policy()) else { return };
        self.wanted.simulation = false;
        if self.shelves.simulation.get(&key).is_some() || self.is_coming("simulate", &key) {
            return;
        }
        let (dir, parts) = (self.dir.clone(), self.document().clone());
        self.submit(LaneName::Compute, "simulate", "Simulate", Some(key.clone()), move |task| {
            let report = project::simulate_draft(&policy, &parts, &loaded, Asked::Full, task)?.report;
            task.tick(1.0)?;
            artifacts::save_report(&dir, &key, &report)?;
            Ok(Output::Simulated(report))
        });
    }

    fn export_to(&self, path: std::path::PathBuf, title: &str) -> Result<bool> {
        self.decides_key().map_err(|why| Error::new(format!("the policy cannot be exported yet: {why}")))?;
        let loaded = self.loaded().ok_or_else(|| Error::new("the data are still being read"))?;
        let policy = self.policy().ok_or_else(|| Error::new("the policy is being checked"))?;
        let parts = self.document().clone();
        Ok(self.submit(LaneName::Compute, "export", title, None, move |task| {
            project::export(policy.document(), &parts, &loaded, &path, task).map(Output::Exported)
        }))
    }

    /// The data of the document, when they are in memory.
    pub(crate) fn loaded(&self) -> Option<Arc<Loaded>> {
        self.shelves.data.ready(self.keys.data.as_ref().ok()?).cloned()
    }

    /// The compiled draft, when it can decide.
    pub(crate) fn policy(&self) -> Option<Arc<Policy>> {
        self.shelves.checked.ready(&self.checked_key().ok()?)?.policy.clone()
    }

    /// The up-to-date models, by id.
    fn trained_models(&self) -> BTreeMap<String, Arc<TrainedModel>> {
        self.keys
            .models
            .iter()
            .filter_map(|(id, key)| Some((id.clone(), self.shelves.models.get(id)?.ready(key)?.clone())))
            .collect()
    }
}

fn import_customers(dir: &Path, name: &str, path: &Path, options: ImportOptions, task: &Task) -> Result<ImportResult> {
    let (source, loaded) = project::import_source(dir, CUSTOMERS, path, options, task)?;
    let (roles, starter) = project::starter(name, &loaded);
    Ok(ImportResult { source, loaded, roles, starter })
}

fn trace(loaded: &Loaded, roles: &attune_lab::data::Roles, policy: Arc<Policy>, row: usize) -> Result<Traced> {
    if row >= loaded.dataset.rows() {
        return Err(Error::new(format!("there is no row {}; the last one is {}", row + 1, loaded.dataset.rows())));
    }
    let schema = &policy.document().schema;
    let request = Requests::new(&loaded.dataset, roles, schema)?.get(row);
    let history: &dyn History = match &loaded.history {
        Some(history) => &**history,
        None => &NoHistory,
    };
    let decision = policy.decide_traced(&request, history);
    let fields = schema
        .fields
        .iter()
        .zip(&request.fields)
        .map(|(field, value)| (field.name.clone(), field.source.clone(), value.clone()))
        .collect();
    let number = loaded.dataset.row_number(row);
    Ok(Traced { row, number, subject: request.subject, fields, decision, policy })
}
