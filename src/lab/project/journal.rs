//! The journal: the next state of every file that differs from the disk, in one file that is replaced atomically.
//!
//! A save writes it first and removes it last, so that several files change as one; edits not saved yet wait in it. After
//! a crash it is played again. A file changed by somebody else meanwhile is never overwritten.

use super::artifacts::sha256;
use super::layout::Files;
use super::{atomic, format};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What the journal holds.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journal {
    /// The last edit in it, for people.
    pub label: String,
    /// Text by file; `None` means that the file goes.
    pub files: BTreeMap<String, Option<String>>,
    /// SHA-256 of the text that each file had when the journal was written; absent for one that was not there.
    pub base: BTreeMap<String, String>,
}

/// What playing a journal did.
#[derive(Debug, Default)]
pub struct Played {
    /// Files that were brought up to date.
    pub changed: Vec<String>,
    /// Files that somebody else had changed: left as they are, with what the journal held for them.
    pub conflicts: BTreeMap<String, Option<String>>,
}

impl Journal {
    /// The step from `known`, the files as they lie on the disk, to `next`; `None` when there is no difference.
    pub fn between(known: &Files, next: &Files, label: &str) -> Option<Journal> {
        let written = next.iter().filter(|(name, text)| known.get(*name) != Some(text));
        let removed = known.keys().filter(|name| !next.contains_key(*name));
        let files: BTreeMap<String, Option<String>> = written
            .map(|(name, text)| (name.clone(), Some(text.clone())))
            .chain(removed.map(|name| (name.clone(), None)))
            .collect();
        if files.is_empty() {
            return None;
        }
        let base = files
            .keys()
            .filter_map(|name| known.get(name).map(|text| (name.clone(), sha256(text.as_bytes()))))
            .collect();
        Some(Journal { label: label.to_owned(), files, base })
    }

    /// Where it lies.
    pub fn path(dir: &Path) -> PathBuf {
        dir.join(".local/journal.ron")
    }

    /// Writes it.
    pub fn write(&self, dir: &Path) -> Result<()> {
        atomic::replace(&Journal::path(dir), format::write("journal", self)?.as_bytes())
    }

    /// Reads the one that was left behind, if any.
    pub fn read(dir: &Path) -> Result<Option<Journal>> {
        let path = Journal::path(dir);
        let Some(text) = atomic::read(&path)? else { return Ok(None) };
        format::read::<Journal>("journal", &text).map(Some).map_err(|e| e.in_file(&path))
    }

    /// Removes it.
    pub fn remove(dir: &Path) -> Result<()> {
        atomic::remove(&Journal::path(dir))
    }

    /// Brings the files up to date. Playing twice is the same as playing once. Order does not matter to a reader, who
    /// plays the journal too.
    pub fn play(&self, dir: &Path) -> Result<Played> {
        let mut played = Played::default();
        for (name, text) in &self.files {
            inside(name)?;
            let path = dir.join(name);
            let found = fs::read(&path).ok();
            if found.as_deref() == text.as_ref().map(String::as_bytes) {
                continue;
            }
            if found.as_deref().map(sha256).as_ref() != self.base.get(name) {
                played.conflicts.insert(name.clone(), text.clone());
                continue;
            }
            match text {
                Some(text) => atomic::replace(&path, text.as_bytes())?,
                None => atomic::remove(&path)?,
            }
            played.changed.push(name.clone());
        }
        Ok(played)
    }
}

/// A journal made by hand must not lead out of the project.
fn inside(name: &str) -> Result<()> {
    let plain = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', ':']);
    if name.split('/').all(plain) {
        return Ok(());
    }
    Err(Error::new(format!("names a file outside the project: `{name}`")))
}
