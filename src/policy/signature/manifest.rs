//! The manifest: names of files and the SHA-256 of their bytes. It opens none of them.

use super::key::from_hex;
use super::refused;
use crate::error::Error;
use crate::fingerprint::sha256_hex;
use std::collections::BTreeMap;

/// What the policy itself is called in a manifest.
pub const POLICY: &str = "policy.ron";

/// Longest name of a file, in bytes.
const MAX_NAME: usize = 200;

/// A set of files that is signed together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Name and SHA-256.
    files: BTreeMap<String, String>,
}

impl Manifest {
    /// The manifest of a policy alone.
    pub fn of_policy(bytes: &[u8]) -> Manifest {
        Manifest { files: BTreeMap::from([(POLICY.to_owned(), sha256_hex(bytes))]) }
    }

    /// With another file in the set, by name: `policy-book.md`, `models/visit/card.md`.
    ///
    /// # Errors
    /// [`Error::Signature`] for a name that is taken, leads out of the folder, or has control characters.
    pub fn with(mut self, name: &str, bytes: &[u8]) -> Result<Manifest, Error> {
        if !is_name(name) || self.files.contains_key(name) {
            return Err(refused(format!(
                "`{name}` cannot be in a signed set: a name stands in it once and is relative, such as `policy-book.md`"
            )));
        }
        self.files.insert(name.to_owned(), sha256_hex(bytes));
        Ok(self)
    }

    pub(super) fn from_hashes(files: BTreeMap<String, String>) -> Manifest {
        Manifest { files }
    }

    /// Names of the files, ascending.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// One line per file, as `sha256sum` prints it.
    pub(super) fn lines(&self) -> String {
        self.files.iter().map(|(name, hash)| format!("{hash}  {name}\n")).collect()
    }

    /// Adds one line of [`Manifest::lines`]. A failure is what was expected.
    pub(super) fn add_line(&mut self, line: &str) -> Result<(), &'static str> {
        let parts = line.strip_suffix('\n').and_then(|line| line.split_once("  "));
        let Some((hash, name)) = parts.filter(|(hash, name)| from_hex::<32>(hash).is_some() && is_name(name)) else {
            return Err("a SHA-256, two blanks, the name of a file");
        };
        if self.files.last_key_value().is_some_and(|(last, _)| **last >= *name) {
            return Err("files in the order of their names, each once");
        }
        self.files.insert(name.to_owned(), hash.to_owned());
        Ok(())
    }

    /// Whether another manifest names the same files with the same hashes.
    ///
    /// # Errors
    /// The first file that differs, as a sentence.
    pub(super) fn agrees(&self, found: &Manifest) -> Result<(), String> {
        if let Some(name) = self.names().find(|name| !found.files.contains_key(*name)) {
            return Err(format!(
                "the signature covers `{name}`, which was not given; give every file of the signed set"
            ));
        }
        if let Some(name) = found.names().find(|name| !self.files.contains_key(*name)) {
            return Err(format!("the signature does not cover `{name}`; leave it out, or sign the set again"));
        }
        match self.files.iter().find(|(name, hash)| found.files.get(*name) != Some(hash)) {
            Some((name, _)) => Err(format!(
                "`{name}` is not what was signed: its content was changed after; take the signed file, or sign again"
            )),
            None => Ok(()),
        }
    }
}

fn is_name(name: &str) -> bool {
    let parts_are_names = name.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    name.len() <= MAX_NAME
        && parts_are_names
        && !name.contains(|c: char| c.is_control() || c == '\\')
        && name.trim() == name
}
