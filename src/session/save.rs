//! Autosave: every edit goes to the journal almost at once and to the project's files a moment later. Nothing waits for it.

use crate::events::Output;
use crate::lanes::LaneName;
use crate::session::Session;
use attune_lab::project::Project;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// After an edit, the journal is written when this has passed without another one.
const JOURNAL: Duration = Duration::from_millis(150);
/// And the files when this has passed.
const FILES: Duration = Duration::from_secs(2);

/// Whether the work is safe.
#[derive(Clone, Debug, PartialEq)]
pub struct SaveState {
    /// Where saving stands.
    pub status: SaveStatus,
    /// When the files were last written.
    pub at: Option<SystemTime>,
}

/// Where saving stands.
#[derive(Clone, Debug, PartialEq)]
pub enum SaveStatus {
    /// The files hold the document as it stands.
    Saved,
    /// The last edits are in the journal or about to be.
    Pending,
    /// The files are being written.
    Saving,
    /// They could not be written, and why. The next edit or [`crate::Action::Save`] tries again.
    Failed(Arc<str>),
}

pub(crate) type SharedProject = Arc<Mutex<Project>>;

impl Session {
    /// Whether the work is safe.
    pub fn saved(&self) -> &SaveState {
        &self.saved
    }

    /// Arranges for the document to be saved; `at_once` when the user asked for it.
    pub(crate) fn save_later(&mut self, at_once: bool) {
        self.saved.status = if at_once { SaveStatus::Saving } else { SaveStatus::Pending };
        let label = self.undo.can_undo().unwrap_or("Open project").to_owned();
        if !at_once {
            let (project, document, label) = (self.project.clone(), self.document().clone(), label.clone());
            self.submit_after(LaneName::Io, "journal", "Saving edits", JOURNAL, None, move |_| {
                lock(&project).journal(&document, &label)?;
                Ok(Output::Journaled)
            });
        }
        let (project, document) = (self.project.clone(), self.document().clone());
        let delay = if at_once { Duration::ZERO } else { FILES };
        self.submit_after(LaneName::Io, "save", "Saving", delay, None, move |_| {
            let report = lock(&project).save(&document, &label)?;
            Ok(Output::Saved(document, report))
        });
    }
}

/// The project outlives a panic of a job that held it: its files are never half written.
pub(crate) fn lock(project: &SharedProject) -> std::sync::MutexGuard<'_, Project> {
    project.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Session {
    /// Closing the window loses nothing: what is not saved yet is saved now.
    fn drop(&mut self) {
        self.compute.close_soon();
        self.preview.close_soon();
        self.io.close();
        if self.saved.status != SaveStatus::Saved {
            let label = self.undo.can_undo().unwrap_or("Last edits").to_owned();
            // There is nobody left to tell; the journal or the old files stand.
            let _ = lock(&self.project).save(self.undo.document(), &label);
        }
    }
}
