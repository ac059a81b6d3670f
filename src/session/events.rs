//! The ends of jobs: results are put on their shelves, failures are told once, cancellation is no failure.

use crate::Document;
use crate::actions::Action;
use crate::derived::{Key, Shelf};
use crate::edit::Edit;
use crate::keys::sources_key;
use crate::lanes::{Ended, Job, JobId, LaneName, Outcome};
use crate::pages::Block;
use crate::results::{Checked, ExportPreview, Traced};
use crate::save::SaveStatus;
use crate::session::{InFlight, Session};
use attune_lab::data::import::Detected;
use attune_lab::data::{Page, Profile, Roles};
use attune_lab::project::{
    Attachable, DataSource, Exported, Known, Loaded, SaveReport, Starter, TrainedModel, keep_roles,
};
use attune_lab::simulate::Report;
use attune_lab::task::Task;
use attune_lab::{Error, Result};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// What a job brings back.
pub(crate) enum Output {
    Inspected(Detected),
    Imported(Box<ImportResult>),
    /// The source, and the events that it holds.
    ImportedHistory(DataSource, Known),
    Attachable(Box<Attachable>),
    Loaded(Loaded),
    Profiled(Profile),
    /// Per model id and key: what lies on the disk, up to date or of before.
    LookedUp(Vec<(String, Key, Option<TrainedModel>)>),
    /// The report that lies on the disk, if any.
    FoundReport(Option<Report>),
    Trained(Box<TrainedModel>),
    Checked(Box<Checked>),
    Previewed(Report),
    Simulated(Report),
    Traced(Box<Traced>),
    ExportPreview(ExportPreview),
    Exported(Exported),
    Page(Block, Page),
    Journaled,
    Saved(Document, SaveReport),
}

/// A file that was imported.
pub(crate) struct ImportResult {
    pub source: DataSource,
    pub loaded: Loaded,
    pub roles: Roles,
    pub starter: Starter,
}

impl Session {
    /// Queues a job whose result belongs to `key`.
    pub(crate) fn submit(
        &self,
        lane: LaneName,
        slot: &str,
        title: &str,
        key: Option<Key>,
        work: impl FnOnce(&Task) -> Result<Output> + Send + 'static,
    ) -> bool {
        self.submit_after(lane, slot, title, Duration::ZERO, key, work)
    }

    /// As [`Session::submit`], not before `delay` has passed. Returns whether it was queued.
    pub(crate) fn submit_after(
        &self,
        lane: LaneName,
        slot: &str,
        title: &str,
        delay: Duration,
        key: Option<Key>,
        work: impl FnOnce(&Task) -> Result<Output> + Send + 'static,
    ) -> bool {
        let id = JobId(self.next_job.get());
        self.next_job.set(id.0 + 1);
        // Small recurring work would make the list of jobs flicker.
        let visible = !matches!(slot, "journal" | "save" | "check" | "trace" | "preview" | "export preview")
            && !slot.starts_with("page ")
            && !slot.starts_with("lookup");
        let job = Job {
            id,
            slot: slot.to_owned(),
            title: title.to_owned(),
            tag: key.clone(),
            delay,
            visible,
            work: Box::new(work),
        };
        let queue = match lane {
            LaneName::Io => &self.io,
            LaneName::Compute => &self.compute,
            LaneName::Preview => &self.preview,
        };
        if queue.submit(job).is_err() {
            return false;
        }
        self.in_flight.borrow_mut().insert(slot.to_owned(), InFlight { id, key, cancelled_by_user: false });
        true
    }

    /// Whether the result of `key` is on its way in a slot.
    pub(crate) fn is_coming(&self, slot: &str, key: &str) -> bool {
        self.in_flight.borrow().get(slot).is_some_and(|job| job.key.as_deref() == Some(key))
    }

    pub(crate) fn take_in(&mut self, ended: Ended<Output>) {
        let Ended { id, slot, title, tag: key, outcome } = ended;
        let current = self.in_flight.borrow().get(&slot).filter(|job| job.id == id).cloned();
        if current.is_some() {
            self.in_flight.borrow_mut().remove(&slot);
        }
        match outcome {
            // A newer job took the place of this one. What it made was thrown away with it.
            Outcome::Cancelled if current.is_none() => {}
            Outcome::Cancelled => {
                if current.is_some_and(|job| job.cancelled_by_user) {
                    self.notices.done(format!("{title}: cancelled"));
                }
                self.gave_up(&slot, key, Arc::from("cancelled; start it again when you need it"));
            }
            // Whoever asked again meanwhile will learn of it again.
            Outcome::Failed(_) if current.is_none() => {}
            Outcome::Failed(error) => self.failed(&slot, key, &error),
            Outcome::Done(output) => self.done(output, key),
        }
    }

    fn done(&mut self, output: Output, key: Option<Key>) {
        let key = key.unwrap_or_default();
        let shelves = &mut self.shelves;
        match output {
            Output::Inspected(detected) => shelves.inspection = Some(Ok(Arc::new(detected))),
            Output::Imported(result) => self.imported(*result),
            Output::ImportedHistory(source, known) => match self.apply(Edit::SetSource(source)) {
                Ok(()) => {
                    let notes = known.notes.iter().map(|note| format!(". {}", note.trim_end_matches('.')));
                    let notes: String = notes.collect();
                    self.notices.done(format!("Imported a history of {} events{notes}", known.history.len()));
                }
                Err(error) => self.notices.failed(&error),
            },
            Output::Attachable(found) => {
                let Attachable { attachment, notes, .. } = *found;
                let name = attachment.name.clone();
                match self.apply(Edit::Attach(attachment)) {
                    Ok(()) => {
                        let notes: String =
                            notes.iter().map(|note| format!(". {}", note.trim_end_matches('.'))).collect();
                        self.notices.done(format!("Attached “{name}”{notes}"));
                    }
                    Err(error) => self.notices.failed(&error),
                }
            }
            Output::Loaded(loaded) => {
                loaded.changes.iter().for_each(|change| self.notices.warning(change));
                shelves.data.put(key, Ok(Arc::new(loaded)));
            }
            Output::Profiled(profile) => shelves.profile.put(key, Ok(Arc::new(profile))),
            Output::LookedUp(found) => {
                for (id, key, model) in found {
                    shelves.looked_up.insert(key);
                    let Some(model) = model else { continue };
                    let shelf = shelves.model(&id);
                    if shelf.ready(&model.key).is_none() {
                        shelf.put(model.key.clone(), Ok(Arc::new(model)));
                    }
                }
            }
            Output::FoundReport(report) => {
                if let Some(report) = report {
                    shelves.simulation.put(key.clone(), Ok(Arc::new(report)));
                }
                shelves.looked_up.insert(key);
            }
            Output::Trained(trained) => {
                let report = &trained.report;
                let kept = report.notes.iter().find(|note| note.starts_with(attune_lab::project::KEPT));
                self.notices.done(match kept {
                    Some(why) => format!("“{}” is {why}", trained.model.name),
                    None => format!("Trained “{}”: {}", trained.model.name, report.headline()),
                });
                shelves.model(&trained.model.id.clone()).put(trained.key.clone(), Ok(Arc::new(*trained)));
            }
            Output::Checked(checked) => shelves.checked.put(key, Ok(Arc::new(*checked))),
            Output::Previewed(report) => shelves.preview.put(key, Ok(Arc::new(report))),
            Output::Simulated(report) => {
                self.notices.done("Simulation finished");
                shelves.simulation.put(key, Ok(Arc::new(report)));
            }
            Output::Traced(traced) => shelves.trace.put(key, Ok(Arc::new(*traced))),
            Output::ExportPreview(preview) => shelves.export.put(key, Ok(Arc::new(preview))),
            Output::Exported(exported) => {
                self.notices.done(exported.words());
                shelves.exported = Some(Arc::new(exported));
            }
            Output::Page(block, page) => self.pages.borrow_mut().put(block, Some(page)),
            Output::Journaled => {}
            Output::Saved(document, report) => {
                self.saved.at = Some(SystemTime::now());
                if *document == **self.document() {
                    self.saved.status = SaveStatus::Saved;
                }
                for kept in report.kept {
                    let changed = Error::new("was changed by another program; Attune saved over it and kept a copy");
                    self.notices.warning(&changed.in_file(&kept));
                }
            }
        }
    }

    fn imported(&mut self, result: ImportResult) {
        let ImportResult { source, loaded, roles, starter } = result;
        let (rows, bad) = (loaded.dataset.rows(), loaded.bad_rows.len());
        // A project that has a policy keeps it; its rules are checked against the new columns.
        let begun = !self.document().draft.actions.is_empty() || !self.document().draft.rules.is_empty();
        let roles = if begun { keep_roles(&self.document().roles, &roles, &loaded) } else { roles };
        let starter = (!begun).then(|| {
            let mut starter = starter;
            starter.goal.name.clone_from(&self.document().goal.name);
            Box::new(starter)
        });
        let said: String = starter.iter().flat_map(|starter| &starter.notes).map(|note| format!(". {note}")).collect();
        let name = loaded.dataset.source().file.clone();
        // With no history beside them these rows are the data, and need not be read a second time.
        if self.document().sources.iter().all(|s| s.name == source.name) {
            self.shelves.data.put(sources_key(std::slice::from_ref(&source)), Ok(Arc::new(loaded)));
        }
        if let Err(error) = self.apply(Edit::Import { source, roles, starter }) {
            self.notices.failed(&error);
            return;
        }
        let set_aside = match bad {
            0 => String::new(),
            n => format!("; {n} rows could not be read and were set aside"),
        };
        self.notices.done(format!("Imported {rows} rows of {name}{set_aside}{said}"));
    }

    fn failed(&mut self, slot: &str, key: Option<Key>, error: &Error) {
        match slot {
            "save" | "journal" => self.saved.status = SaveStatus::Failed(error.to_string().into()),
            _ if slot.starts_with("page ") => {}
            _ => {}
        }
        // What a screen shows in its own place needs no toast; what was asked for does.
        let shown_in_place =
            matches!(slot, "check" | "preview" | "trace" | "export preview" | "profile" | "lookup" | "lookup report");
        if !shown_in_place {
            self.notices.failed(error);
        }
        self.gave_up(slot, key, error.to_string().into());
    }

    /// The result of `key` will not come; so that nothing tries again and again, that is what is known of it.
    fn gave_up(&mut self, slot: &str, key: Option<Key>, why: Arc<str>) {
        let shelves = &mut self.shelves;
        if slot == "inspect" {
            shelves.inspection = Some(Err(why));
            return;
        }
        if let Some(name) = slot.strip_prefix("train ") {
            self.wanted.simulation = false;
            if let Some(key) = key {
                shelves.model(name).put(key, Err(why));
            }
            return;
        }
        let Some(key) = key else { return };
        fn put<T>(shelf: &mut Shelf<T>, key: Key, why: Arc<str>) {
            shelf.put(key, Err(why));
        }
        match slot {
            "load" => put(&mut shelves.data, key, why),
            "profile" => put(&mut shelves.profile, key, why),
            "check" => put(&mut shelves.checked, key, why),
            "preview" => put(&mut shelves.preview, key, why),
            "simulate" => put(&mut shelves.simulation, key, why),
            "trace" => put(&mut shelves.trace, key, why),
            "export preview" => put(&mut shelves.export, key, why),
            _ => {}
        }
    }

    /// Starts an action.
    ///
    /// # Errors
    /// In words when it cannot be started: no data yet, no such model, too much waiting.
    pub fn run(&mut self, action: Action) -> Result<()> {
        self.start_action(action)
    }
}
