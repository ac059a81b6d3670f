//! Export: the policy file is written, read back as any other program would read it, and made to decide every row again.

use super::atomic;
use super::load::Loaded;
use super::parts::Parts;
use crate::data::Requests;
use crate::error::{Error, Result};
use crate::task::Task;
use attune_policy::{Document, History, NoHistory, Policy, Verification, codec};
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};

/// Rows decided between two ticks of the task.
const CHUNK: usize = 1024;

/// A policy file that was written and tried.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exported {
    /// The file.
    pub path: PathBuf,
    /// Revision of the policy: SHA-256, lower-case hex.
    pub revision: String,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// Rows decided by the draft in memory and by the file read back.
    pub rows: u64,
    /// Rows on which the two decided differently; anything but 0 is a defect.
    pub differences: u64,
}

impl Exported {
    /// What was done, in one sentence.
    pub fn words(&self) -> String {
        let name = self.path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        format!("Exported {name}: read back, {} rows decided again, {} differences", self.rows, self.differences)
    }
}

/// Writes `document` to `path`, reads it back and decides all rows of the project with it and with the document in memory,
/// traced and untraced.
///
/// # Errors
/// When the policy has errors, the file cannot be written, or the task is cancelled (the file may then be written).
pub fn export(document: &Document, parts: &Parts, loaded: &Loaded, path: &Path, task: &Task) -> Result<Exported> {
    task.stage("Writing the policy")?;
    let text = codec::write(document).map_err(|e| Error::new(e.to_string()))?;
    let draft = Policy::compile(document.clone()).map_err(|e| {
        Error::new(format!("the policy has errors: {e}")).hint("correct them in the policy, then export again")
    })?;
    atomic::replace(path, text.as_bytes())?;
    task.stage("Reading it back")?;
    let bytes = fs::read(path).map_err(|e| Error::new(format!("could not be read back: {e}")).in_file(path))?;
    let file = Policy::load(&bytes, &Verification::none())
        .map_err(|e| Error::new(format!("could not be read back: {e}")).in_file(path))?;
    task.stage("Deciding all rows again")?;
    let requests = Requests::new(&loaded.dataset, &parts.roles, &document.schema)?;
    let history: &dyn History = match &loaded.history {
        Some(history) => &**history,
        None => &NoHistory,
    };
    let mut differences = 0;
    let mut request = Default::default();
    for row in 0..requests.len() {
        if row % CHUNK == 0 {
            task.tick(row as f32 / requests.len() as f32)?;
        }
        requests.fill(row, &mut request);
        let expected = draft.decide(&request, history);
        if file.decide(&request, history) != expected {
            differences += 1;
        }
    }
    let revision = file.revision().to_owned();
    Ok(Exported {
        path: path.to_owned(),
        revision,
        bytes: bytes.len() as u64,
        rows: requests.len() as u64,
        differences,
    })
}
