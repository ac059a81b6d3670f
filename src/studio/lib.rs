//! The window of Attune: five workspaces around one project.
//!
//! *Invariants:* this crate alone names egui; it reads what the session offers and sends edits and actions; it never takes
//! a data frame, opens a data file, fits, replays or decides. Colours, spacing and type come only from [`theme`].

pub mod export;
pub mod policy;
pub mod shell;
pub mod simulate;
pub mod theme;
pub mod view;
pub mod widgets;
pub mod workspace;

pub use workspace::Workspace;
