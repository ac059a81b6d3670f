//! A project on disk, and the work that is done on it from end to end: load, train, assemble, simulate, export.
//!
//! [`Parts`] is the document: what a person edits. [`Project`] is its folder: opened, saved as one, recovered after a
//! crash. Everything else follows from them by functions that take a [`crate::task::Task`] and can be stopped.
//!
//! It draws nothing, and it holds no state between calls but the lock of an open folder.

pub mod artifacts;
mod assemble;
pub mod atomic;
mod attached;
mod contacts;
mod effects;
pub mod erasure;
mod export;
mod format;
mod history;
mod home;
mod journal;
mod layout;
mod load;
mod lock;
mod outcome;
mod parts;
mod profile;
mod questions;
mod readiness;
mod refresh;
mod resume;
mod rules;
mod run;
pub mod samples;
mod search;
mod simulate;
mod sources;
mod starter;
mod store;
mod train;

#[cfg(test)]
mod tests;

pub use artifacts::{TrainedModel, find_model, last_model, model_key, save_run};
pub use assemble::{Assembled, assemble, findings};
pub use attached::{
    Attachable, Attachment, Learned, LearnedKind, Usage, attach, attachable, detach, hours_of_another_clock,
};
pub use contacts::{AskedEvent, RowEvent};
pub use effects::effect_models;
pub use export::{Exported, export};
pub use history::{Known, history};
pub use home::home;
pub use layout::source_order;
pub use load::{CUSTOMERS, HISTORY, Loaded, event_tables, load, load_history, strangers_of, with_rules};
pub use outcome::{AskedOutcome, Following, PutOutcome, put_outcome};
pub use parts::{DataSource, Goal, Origin, Parts, Scenario, is_slug, slug};
pub use profile::{Profiled, apply_repair, profile};
pub use questions::{
    Asked as Question, budgets, compare as compare_policies, decisions, expectations, simulate_in_parts, sweep,
};
pub use readiness::{Check, CheckState, readiness};
pub use refresh::{RowChanges, SourceChange, refresh, remember_rows};
pub use resume::{Finished, Keeping};
pub use rules::{field_rules, field_type, set_freshness, set_missing, times, why_idle};
pub use run::{RunReport, run};
pub use search::{search_options, write_proposal};
pub use simulate::{Asked, simulate, simulate_draft};
pub use sources::{
    Described, carry_pseudonyms, hides_key, import_customers, import_source, import_table, put, put_table, subjects_of,
};
pub use starter::{Starter, create_from_file, keep_roles, starter, starter_for, starting_roles};
pub use store::{Access, Opened, Project, SaveReport};
pub use train::{KEPT, TrainedNow, compare, refit, train, train_missing, train_stale, tune};
