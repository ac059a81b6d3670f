//! Choosing files: the system's dialog on a thread of its own, and a path field in the window when there is none.
//!
//! The frame never waits for either.

use crate::view::Pick;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

/// What came of asking.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A path.
    Chosen(PathBuf),
    /// The user closed the dialog.
    Cancelled,
    /// This system shows no dialog.
    Unavailable,
}

/// Who asks the user for a path. Tests answer by themselves.
pub trait Picker: Send + Sync {
    /// Blocks until answered; called on a thread of its own.
    fn ask(&self, pick: Pick, start: Option<PathBuf>, name: Option<String>) -> Answer;
}

/// The system's dialog.
pub struct Native;

/// A dialog that ends sooner than anyone can read it was never there.
const TOO_SOON: Duration = Duration::from_millis(350);
/// After this the window offers its own path field beside the system's dialog, which may be hanging.
const PATIENCE: Duration = Duration::from_secs(3);

impl Picker for Native {
    fn ask(&self, pick: Pick, start: Option<PathBuf>, name: Option<String>) -> Answer {
        let began = Instant::now();
        let mut dialog = rfd::FileDialog::new().set_title(pick.title());
        if let Some(start) = start {
            dialog = dialog.set_directory(start);
        }
        if let Some(name) = name {
            dialog = dialog.set_file_name(name);
        }
        let chosen = match pick {
            Pick::OpenProject | Pick::NewProject => dialog.pick_folder(),
            Pick::ImportData => dialog
                .add_filter("Data", &["csv", "tsv", "txt", "parquet", "jsonl", "ndjson", "json"])
                .add_filter("All files", &["*"])
                .pick_file(),
            Pick::AttachModels => dialog.add_filter("Models", &["ron"]).add_filter("All files", &["*"]).pick_file(),
            Pick::ExportPolicy => dialog.add_filter("Policy", &["ron"]).save_file(),
        };
        match chosen {
            Some(path) => Answer::Chosen(path),
            None if began.elapsed() < TOO_SOON => Answer::Unavailable,
            None => Answer::Cancelled,
        }
    }
}

impl Pick {
    /// Title of the dialog.
    pub fn title(self) -> &'static str {
        match self {
            Pick::OpenProject => "Open project",
            Pick::NewProject => "Folder for the new project",
            Pick::ImportData => "Import data",
            Pick::AttachModels => "Attach models",
            Pick::ExportPolicy => "Export policy",
        }
    }
}

/// A question under way.
pub struct Question {
    /// What for.
    pub pick: Pick,
    answer: Receiver<Answer>,
    since: Instant,
}

impl Question {
    /// Asks on a thread of its own; `wake` is called when there is an answer.
    pub fn ask(
        pick: Pick,
        start: Option<PathBuf>,
        name: Option<String>,
        picker: std::sync::Arc<dyn Picker>,
        wake: std::sync::Arc<dyn Fn() + Send + Sync>,
    ) -> Question {
        let (send, answer) = channel();
        let started = std::thread::Builder::new().name("file dialog".into()).spawn(move || {
            let answer = picker.ask(pick, start, name);
            // The window may be gone by now, and then nobody wants the answer.
            let _ = send.send(answer);
            wake();
        });
        drop(started);
        Question { pick, answer, since: Instant::now() }
    }

    /// The answer, when there is one.
    pub fn poll(&self) -> Option<Answer> {
        match self.answer.try_recv() {
            Ok(answer) => Some(answer),
            Err(TryRecvError::Disconnected) => Some(Answer::Unavailable),
            Err(TryRecvError::Empty) => None,
        }
    }

    /// Whether the dialog has been open long enough to offer another way.
    pub fn is_late(&self) -> bool {
        self.since.elapsed() > PATIENCE
    }
}
