//! The headless library of Attune: data → features → models → simulate → explain, govern → project.
//!
//! *Invariants:* only `data`, `features` and `simulate` name polars; only `models` names a learner; only `project` and
//! `data::import` touch the file system; a module uses only those before it.

pub mod data;
pub mod distributions;
pub mod error;
pub mod explain;
pub mod features;
pub mod govern;
pub mod models;
pub mod project;
pub mod random;
pub mod simulate;
pub mod task;
pub mod world;

pub use error::{Error, Result};
