//! What can be asked of a project besides editing it.

use attune_lab::data::import::ImportOptions;
use std::path::PathBuf;

/// Work to be started. It runs in a lane; what comes of it is read from the session.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Looks at a file before it is imported: [`crate::Session::inspection`].
    Inspect {
        /// The file.
        path: PathBuf,
        /// What the user has settled already; the rest is detected.
        options: ImportOptions,
    },
    /// Imports a customer file as the project's data: one undoable edit once it is read.
    Import {
        /// The file.
        path: PathBuf,
        /// How it is read; what is left open is detected.
        options: ImportOptions,
    },
    /// Imports a table of events known before the first row: contacts, clicks, purchases.
    ImportHistory {
        /// The file.
        path: PathBuf,
        /// How it is read; what is left open is detected.
        options: ImportOptions,
    },
    /// Attaches models that were learned apart, from the file that holds them: one undoable edit once they are looked at.
    Attach(PathBuf),
    /// Reads the data again from where they came.
    Reload,
    /// Trains models by id; none named means all that are not up to date.
    Train(Vec<String>),
    /// Simulates the draft on all rows. Models it uses that are not up to date are trained first.
    Simulate,
    /// Writes the policy file, reads it back and decides all rows again: [`crate::Session::exported`].
    Export(PathBuf),
    /// Saves now.
    Save,
}

impl Action {
    /// What it does, in words.
    pub fn title(&self) -> String {
        let file = |path: &PathBuf| path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        match self {
            Action::Inspect { path, .. } => format!("Look at {}", file(path)),
            Action::Import { path, .. } => format!("Import {}", file(path)),
            Action::ImportHistory { path, .. } => format!("Import history {}", file(path)),
            Action::Attach(path) => format!("Attach {}", file(path)),
            Action::Reload => "Read the data again".into(),
            Action::Train(ids) if ids.is_empty() => "Train models".into(),
            Action::Train(ids) => format!("Train {}", ids.join(", ")),
            Action::Simulate => "Simulate".into(),
            Action::Export(path) => format!("Export {}", file(path)),
            Action::Save => "Save".into(),
        }
    }
}
