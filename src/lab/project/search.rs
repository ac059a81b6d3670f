//! Searching for a better policy with what a project knows, and writing a proposal where somebody asked for it.

use super::atomic;
use super::load::Loaded;
use super::parts::Parts;
use super::{format, layout};
use crate::error::{Error, Result};
use crate::simulate::search::SearchOptions;
use attune_policy::{Document, codec};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The options with the project's goal and known history where they leave them open.
#[must_use]
pub fn search_options(options: SearchOptions, parts: &Parts, loaded: &Loaded) -> SearchOptions {
    SearchOptions {
        outcome: options.outcome.or_else(|| parts.goal.outcome.clone()),
        history: options.history.or_else(|| loaded.history.clone()),
        ..options
    }
}

/// Writes a proposal into a folder, in place of one that was there: `policy.ron`, the whole policy; `draft.ron` and `rules/`, as a
/// project holds them; `proposal.ron`, the report. The project itself is not touched. Gives the files.
///
/// # Errors
/// When the folder is a project, an id cannot name a file, or a file cannot be written.
pub fn write_proposal(folder: &Path, document: &Document, report: &impl Serialize) -> Result<Vec<PathBuf>> {
    if folder.join("project.ron").exists() {
        return Err(Error::new("is a project, and a proposal does not write over one")
            .in_file(folder)
            .hint("name another folder; `draft.ron` and `rules/` in it can be copied into the project"));
    }
    let parts = Parts { draft: Arc::new(document.clone()), ..Parts::default() };
    let mut files = layout::write(&parts)?;
    files.retain(|name, _| name == "draft.ron" || name.starts_with("rules/"));
    files.insert("policy.ron".into(), codec::write(document).map_err(|error| Error::new(error.to_string()))?);
    files.insert("proposal.ron".into(), format::write("proposal", report)?);
    let mut written = Vec::new();
    for (name, text) in files {
        let path = folder.join(name);
        atomic::replace(&path, text.as_bytes())?;
        written.push(path);
    }
    Ok(written)
}
