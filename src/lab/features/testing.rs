//! The shared data and reference values, for tests of this module and those after it.

use crate::data::Dataset;
use crate::data::import::{ImportOptions, import};
use crate::task::Task;
use std::path::PathBuf;

/// A file of the shared data; `None`, with a printed line, when there is none and no one insists.
pub fn shared(path: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared"));
    let root = std::env::var_os("ATTUNE_SHARED").map_or_else(beside, PathBuf::from);
    let file = root.join(path);
    if file.exists() {
        return Some(file);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing", file.display());
    println!("skipped: {} is missing", file.display());
    None
}

/// A file of the shared data through the real importer.
pub fn imported(path: &str) -> Option<Dataset> {
    Some(import(&shared(path)?, &ImportOptions::default(), &Task::default()).unwrap().dataset)
}
