//! What a client can read at any time. Every answer comes at once; asking may start work whose end wakes the client.

use crate::derived::{Derived, Shelf};
use crate::pages::Row;
use crate::results::{Checked, ExportPreview, Traced};
use crate::session::Session;
use attune_lab::data::Profile;
use attune_lab::data::import::Detected;
use attune_lab::project::{Exported, Loaded, TrainedModel};
use attune_lab::simulate::Report;
use attune_lab::task::Progress;
use std::ops::Range;
use std::sync::Arc;

impl Session {
    /// The rows, and how they came into memory.
    pub fn dataset(&self) -> Derived<Loaded> {
        let key = self.keys.data.as_deref().map_err(Clone::clone);
        self.shelves.data.state(key, self.progress("load").or_else(|| self.progress("import")))
    }

    /// Statistics and problems of the data.
    pub fn profile(&self) -> Derived<Profile> {
        self.state(&self.shelves.profile, &self.keys.profile, "profile")
    }

    /// The draft checked: its findings, and the names for rules.
    pub fn findings(&self) -> Derived<Checked> {
        self.state(&self.shelves.checked, &self.checked_key(), "check")
    }

    /// A trained model and what is known about it.
    pub fn model(&self, id: &str) -> Derived<TrainedModel> {
        let progress = self.progress(&format!("train {id}"));
        let key = match self.keys.models.get(id) {
            Some(key) => Ok(key.as_str()),
            None if self.document().model(id).is_none() => Err(Arc::from("there is no such model")),
            None => Err(Arc::from("import a customer file first")),
        };
        match self.shelves.models.get(id) {
            Some(shelf) => shelf.state(key, progress),
            None => match (key, progress) {
                (_, Some(progress)) => Derived::Running(progress),
                (Ok(_), None) => Derived::Missing("not trained yet".into()),
                (Err(why), None) => Derived::Missing(why),
            },
        }
    }

    /// The simulation of the draft on all rows. It is stale as soon as the policy, the goal or the data change.
    pub fn simulation(&self) -> Derived<Report> {
        self.state(&self.shelves.simulation, &self.simulation_key(), "simulate")
    }

    /// The draft tried on a sample of rows, made again after each edit: a quick first answer without intervals by
    /// resampling and without the impact of single rules.
    pub fn preview(&self) -> Derived<Report> {
        self.state(&self.shelves.preview, &self.simulation_key(), "preview")
    }

    /// The decision for a row (position in the dataset), with its trace. The row asked for last is followed through edits.
    pub fn trace(&self, row: usize) -> Derived<Traced> {
        if self.wanted.trace.replace(Some(row)) != Some(row) {
            (self.wake)();
        }
        let state = self.state(&self.shelves.trace, &self.trace_key(row), "trace");
        // An old decision of the same customer helps; one of somebody else misleads.
        match state {
            Derived::Stale(old, progress) if old.row != row => match progress {
                Some(progress) => Derived::Running(progress),
                None => Derived::Missing(self.trace_key(row).err().unwrap_or_else(|| "about to be decided".into())),
            },
            state => state,
        }
    }

    /// The file as it would be exported, and what stands in the way. Followed through edits once asked for.
    pub fn export(&self) -> Derived<ExportPreview> {
        if !self.wanted.export.replace(true) {
            (self.wake)();
        }
        self.state(&self.shelves.export, &self.export_key(), "export preview")
    }

    /// The last file that was exported from here.
    pub fn exported(&self) -> Option<&Arc<Exported>> {
        self.shelves.exported.as_ref()
    }

    /// What a file looks like that is about to be imported: see [`crate::Action::Inspect`].
    pub fn inspection(&self) -> Derived<Detected> {
        match (&self.shelves.inspection, self.progress("inspect")) {
            (_, Some(progress)) => Derived::Running(progress),
            (Some(Ok(detected)), None) => Derived::Ready(detected.clone()),
            (Some(Err(why)), None) => Derived::Failed(why.clone()),
            (None, None) => Derived::Missing("choose a file".into()),
        }
    }

    /// The cells of a row (position in the dataset) for a table; `None` while they are fetched, which wakes the client.
    pub fn row(&self, row: usize) -> Option<Row> {
        self.fetch_row(row)
    }

    /// Fetches the rows that a table is about to show.
    pub fn prefetch(&self, rows: Range<usize>) {
        for row in [rows.start, rows.end.saturating_sub(1)] {
            self.fetch_row(row);
        }
    }

    /// How far a simulation asked for is: its training, or itself. `None` when none was asked for.
    pub fn simulating(&self) -> Option<Progress> {
        self.progress("simulate").or_else(|| self.wanted.simulation.then(|| self.training()).flatten())
    }

    fn training(&self) -> Option<Progress> {
        let training = self.document().models.iter().find_map(|m| self.progress(&format!("train {}", m.id)));
        Some(training.unwrap_or_default())
    }

    fn state<T>(&self, shelf: &Shelf<T>, key: &Result<String, Arc<str>>, slot: &str) -> Derived<T> {
        shelf.state(key.as_deref().map_err(Clone::clone), self.progress(slot))
    }

    fn progress(&self, slot: &str) -> Option<Progress> {
        [&self.preview, &self.compute, &self.io].into_iter().find_map(|lane| lane.progress(slot))
    }
}
