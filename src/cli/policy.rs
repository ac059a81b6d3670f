//! Reading policy files.

use attune_lab::{Error, Result};
use attune_policy::{Document, Policy, Verification, error::Error as PolicyError};
use std::path::Path;

/// The bytes of a policy file.
pub fn bytes(path: &Path) -> Result<Vec<u8>> {
    if path.is_dir() {
        return Err(Error::new("this is a folder; a policy is a file")
            .in_file(path)
            .hint("name the policy file inside it"));
    }
    std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::new("there is no such file").in_file(path).hint("check the path"),
        _ => Error::new(format!("the policy could not be read: {error}")).in_file(path),
    })
}

/// Reads, checks and compiles a policy file.
pub fn load(path: &Path) -> Result<Policy> {
    Policy::load(&bytes(path)?, &Verification::none()).map_err(|error| refused(path, &error))
}

/// Why a policy file is refused, with its place.
pub fn refused(path: &Path, error: &PolicyError) -> Error {
    match error {
        PolicyError::File { position: Some((line, column)), message } => {
            Error::new(format!("character {column}: {message}")).in_file(path).at_line(u64::from(*line))
        }
        PolicyError::File { position: None, message } | PolicyError::Signature { message } => {
            Error::new(message.clone()).in_file(path)
        }
        PolicyError::Invalid(_) => Error::new(format!("the policy is refused: {error}")).in_file(path),
    }
}

/// Name of a policy for people.
pub fn title(document: &Document) -> &str {
    if document.name.is_empty() { &document.id } else { &document.name }
}
