//! Import, profile and suggestions until `data` has them.

use crate::data::import::{Detected, ImportOptions, Imported};
use crate::data::{Dataset, Profile, Roles};
use crate::error::{Error, Result};
use crate::task::Task;
use std::path::Path;

/// Imports a file.
pub fn import(path: &Path, _options: &ImportOptions, _task: &Task) -> Result<Imported> {
    Err(Error::new("import is not there yet").in_file(path))
}

/// Looks at a file.
pub fn detect_with(path: &Path, _options: &ImportOptions) -> Result<Detected> {
    Err(Error::new("import is not there yet").in_file(path))
}

/// Profiles a dataset.
pub fn profile(_dataset: &Dataset, _roles: &Roles, _task: &Task) -> Result<Profile> {
    Err(Error::new("the profile is not there yet"))
}

/// Suggests roles.
pub fn suggest(_dataset: &Dataset) -> Roles {
    Roles::default()
}
