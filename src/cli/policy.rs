//! Reading policy files.

use attune_lab::{Error, Result};
use attune_policy::{Document, Policy, error::Error as PolicyError};
use std::path::Path;

/// The bytes of a policy file.
pub fn bytes(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| {
        let hint = if path.is_dir() { "name the policy file inside this folder" } else { "check the path" };
        Error::new(format!("the policy could not be read: {error}")).in_file(path).hint(hint)
    })
}

/// Reads, checks and compiles a policy file.
pub fn load(path: &Path) -> Result<Policy> {
    Policy::load(&bytes(path)?).map_err(|error| refused(path, &error))
}

/// Why a policy file is refused, with its place.
pub fn refused(path: &Path, error: &PolicyError) -> Error {
    match error {
        PolicyError::File { position: Some((line, column)), message } => {
            Error::new(format!("character {column}: {message}")).in_file(path).at_line(u64::from(*line))
        }
        PolicyError::File { position: None, message } => Error::new(message.clone()).in_file(path),
        PolicyError::Invalid(_) => Error::new(format!("the policy is refused: {error}")).in_file(path),
    }
}

/// Name of a policy for people.
pub fn title(document: &Document) -> &str {
    if document.name.is_empty() { &document.id } else { &document.name }
}
