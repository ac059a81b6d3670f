//! The window of Attune: five workspaces around one project.
//!
//! *Invariants:* this crate alone names egui; it reads what the session offers and sends edits and actions; it never takes
//! a data frame, opens a data file, fits, replays or decides. Colours, spacing and type come only from [`theme`].

pub mod app;
pub mod commands;
pub mod data;
pub mod editor;
pub mod export;
pub mod models;
pub mod policy;
mod run;
pub mod shell;
pub mod simulate;
pub mod theme;
pub mod view;
pub mod widgets;
pub mod workspace;

pub use app::App;
pub use run::{Error, run};
pub use workspace::Workspace;
