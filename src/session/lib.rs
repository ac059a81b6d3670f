//! The studio without a window: one open project, its edits and undo, its jobs, and the results that follow from it.
//!
//! A client reads what the session knows, sends [`Edit`]s and [`Action`]s, and calls [`Session::poll`] once per frame.
//! Nothing here blocks, and nothing here knows that there is a window.

mod actions;
mod derived;
mod edit;
mod events;
mod keys;
mod lanes;
mod notices;
mod pages;
mod queries;
mod results;
mod save;
mod schedule;
mod session;
mod typing;
mod undo;

#[cfg(test)]
mod tests;

pub use actions::Action;
pub use derived::{Derived, Key};
pub use edit::{DraftPart, Edit};
pub use lanes::{JobId, JobStatus, LaneName};
pub use notices::{Notice, NoticeId, NoticeKind};
pub use pages::Row;
pub use results::{Checked, ExportPreview, Traced};
pub use save::{SaveState, SaveStatus};
pub use session::Session;
pub use undo::UndoStack;

/// The document of a project: small shared parts. Two documents that share a part share its memory.
pub type Document = std::sync::Arc<attune_lab::project::Parts>;

/// Called from any thread when there is something new to see; a window asks for a frame.
pub type Wake = std::sync::Arc<dyn Fn() + Send + Sync>;
