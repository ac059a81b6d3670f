//! A project's folder: opening, saving, journal and recovery.
//!
//! Saving changes several files as one. Whatever is about to be overwritten and was not written by this project is kept
//! aside first, under `.local/kept`.

use super::artifacts::sha256;
use super::atomic;
use super::format;
use super::journal::Journal;
use super::layout::{self, Files, Found};
use super::lock::{Lock, Quiet};
use super::parts::{Goal, Parts};
use crate::error::{Error, Result};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Whether a project may be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading only: takes no lock and writes nothing, not even a recovered journal.
    Read,
    /// Reading and writing; one at a time.
    Write,
}

/// A project's folder.
#[derive(Debug)]
pub struct Project {
    dir: PathBuf,
    lock: Option<Lock>,
    /// The text of every file of the parts as it lies on the disk.
    known: Files,
    /// Files that could not be used: they are kept aside before they are overwritten.
    broken: Vec<String>,
}

/// A project that was opened.
#[derive(Debug)]
pub struct Opened {
    /// The folder.
    pub project: Project,
    /// What it holds.
    pub parts: Parts,
    /// Files that could not be used, each by name and line; the others were read all the same.
    pub problems: Vec<Error>,
    /// Label of the last edit that came back after a crash.
    pub recovered: Option<String>,
}

/// What a save did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SaveReport {
    /// Files written or removed.
    pub files: usize,
    /// Copies of files that somebody else had changed and that were about to be overwritten.
    pub kept: Vec<PathBuf>,
}

impl Project {
    /// Makes a new project. The folder must not be a project already; other files in it are left alone.
    ///
    /// # Errors
    /// When there is a project, or the folder cannot be written.
    pub fn create(dir: &Path, parts: &Parts) -> Result<Project> {
        if dir.join("project.ron").exists() {
            return Err(Error::new("is a project already").in_file(dir).hint("open it, or choose another folder"));
        }
        fs::create_dir_all(dir).map_err(|e| atomic::cannot_write(dir, &e))?;
        let lock = Lock::take(dir)?;
        let mut project = Project { dir: dir.to_owned(), lock: Some(lock), known: Files::new(), broken: Vec::new() };
        project.save(parts, "New project")?;
        Ok(project)
    }

    /// Makes an empty project called `name`.
    ///
    /// # Errors
    /// As [`Project::create`].
    pub fn create_empty(dir: &Path, name: &str) -> Result<(Project, Parts)> {
        let mut parts = Parts { goal: Goal { name: name.to_owned(), ..Goal::default() }.into(), ..Parts::default() };
        let draft = std::sync::Arc::make_mut(&mut parts.draft);
        draft.id = super::slug(name, &|_| false);
        name.clone_into(&mut draft.name);
        Ok((Project::create(dir, &parts)?, parts))
    }

    /// Opens a project, bringing back edits that a crash left in the journal.
    ///
    /// # Errors
    /// When the folder is no project, is open for writing elsewhere, or was written by a newer version. A file that
    /// cannot be read is no such error: see [`Opened::problems`].
    pub fn open(dir: &Path, access: Access) -> Result<Opened> {
        not_a_project(dir)?;
        match access {
            Access::Write => Project::open_to_write(dir),
            Access::Read => Project::open_to_read(dir),
        }
    }

    fn open_to_write(dir: &Path) -> Result<Opened> {
        let lock = Lock::take(dir)?;
        let (journal, mut problems) = journal(dir);
        // A newer version's files stop the opening before the journal touches anything.
        read(dir, None)?;
        let mut recovered = None;
        if let Some(journal) = journal {
            let _quiet = Quiet::for_writing(dir);
            let played = journal.play(dir)?;
            for (name, text) in played.conflicts {
                let kept = keep_aside(dir, &name, text.as_deref().unwrap_or_default().as_bytes())?;
                problems.push(
                    Error::new("was changed by another program after Attune ended unexpectedly; it is used as it is")
                        .in_file(&dir.join(&name))
                        .hint(format!("Attune's own last version lies in {}", kept.display())),
                );
            }
            if !played.changed.is_empty() {
                recovered = Some(journal.label);
            }
            Journal::remove(dir)?;
        }
        let (found, known) = read(dir, None)?;
        problems.extend(found.problems);
        let project = Project { dir: dir.to_owned(), lock: Some(lock), known, broken: found.broken };
        Ok(Opened { project, parts: found.parts, problems, recovered })
    }

    fn open_to_read(dir: &Path) -> Result<Opened> {
        // A writer may be saving at this moment: what is read is the state before or after.
        let _quiet = Quiet::for_reading(dir);
        let (journal, mut problems) = journal(dir);
        let (found, known) = read(dir, journal.map(|j| j.files).as_ref())?;
        problems.extend(found.problems);
        let project = Project { dir: dir.to_owned(), lock: None, known, broken: found.broken };
        Ok(Opened { project, parts: found.parts, problems, recovered: None })
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether it may be changed.
    pub fn is_writable(&self) -> bool {
        self.lock.is_some()
    }

    /// Writes the parts to their files, all or none as far as any later opening can see. `label` names the last edit.
    ///
    /// # Errors
    /// When something could not be written; what was saved before is intact, and the edits come back at the next opening
    /// if the journal could be written.
    pub fn save(&mut self, parts: &Parts, label: &str) -> Result<SaveReport> {
        self.writable()?;
        let next = layout::write(parts)?;
        let mut report = SaveReport::default();
        let Some(mut journal) = Journal::between(&self.known, &next, label) else {
            Journal::remove(&self.dir)?;
            return Ok(report);
        };
        // What lies there now is what a later playing of the journal may replace.
        for name in journal.files.keys() {
            let path = self.dir.join(name);
            let Ok(found) = fs::read(&path) else {
                // Not there any more: nothing to lose, and nothing to compare with when the journal is played.
                journal.base.remove(name);
                continue;
            };
            journal.base.insert(name.clone(), sha256(&found));
            let known = self.known.get(name).is_some_and(|known| known.as_bytes() == found);
            let wanted = next.get(name).is_some_and(|text| text.as_bytes() == found);
            if wanted || (known && !self.broken.contains(name)) {
                continue;
            }
            if format::is_newer(&String::from_utf8_lossy(&found)) {
                return Err(Error::new("was meanwhile written by a newer Attune and is not overwritten").in_file(&path));
            }
            report.kept.push(keep_aside(&self.dir, name, &found)?);
        }
        let _quiet = Quiet::for_writing(&self.dir);
        journal.write(&self.dir)?;
        let played = journal.play(&self.dir).inspect_err(|_| self.learn(&journal))?;
        if let Some(name) = played.conflicts.keys().next() {
            self.learn(&journal);
            return Err(Error::new("was changed by another program at this very moment")
                .in_file(&self.dir.join(name))
                .hint("save again; the other program's version will be kept aside"));
        }
        report.files = played.changed.len();
        Journal::remove(&self.dir)?;
        self.known = next;
        self.broken.clear();
        Ok(report)
    }

    /// Writes the parts to the journal alone: quick, and enough to bring them back after a crash.
    ///
    /// # Errors
    /// When it could not be written.
    pub fn journal(&self, parts: &Parts, label: &str) -> Result<()> {
        self.writable()?;
        match Journal::between(&self.known, &layout::write(parts)?, label) {
            Some(journal) => journal.write(&self.dir),
            None => Journal::remove(&self.dir),
        }
    }

    /// After half a save: the files that did change are known by their new text.
    fn learn(&mut self, journal: &Journal) {
        for (name, text) in &journal.files {
            let found = fs::read(self.dir.join(name)).ok();
            if found.as_deref() == text.as_ref().map(String::as_bytes) {
                match text {
                    Some(text) => self.known.insert(name.clone(), text.clone()),
                    None => self.known.remove(name),
                };
            }
        }
    }

    pub(super) fn writable(&self) -> Result<()> {
        if self.is_writable() {
            return Ok(());
        }
        Err(Error::new("is open for reading only").in_file(&self.dir))
    }
}

/// The journal that was left behind; one that is torn is named and passed over.
fn journal(dir: &Path) -> (Option<Journal>, Vec<Error>) {
    match Journal::read(dir) {
        Ok(journal) => (journal, Vec::new()),
        Err(error) => (None, vec![error.hint("edits made just before the last end of Attune may be missing")]),
    }
}

/// Reads the parts, with `overlay` in place of the files it names, and the texts they were read from.
fn read(dir: &Path, overlay: Option<&BTreeMap<String, Option<String>>>) -> Result<(Found, Files)> {
    let mut names = list(dir)?;
    if let Some(overlay) = overlay {
        names.retain(|name| overlay.get(name) != Some(&None));
        names.extend(overlay.iter().filter(|(_, text)| text.is_some()).map(|(name, _)| name.clone()));
        names.sort();
        names.dedup();
    }
    let known = RefCell::new(Files::new());
    let get = |name: &str| {
        let text = match overlay.and_then(|o| o.get(name)) {
            Some(text) => text.clone(),
            None => atomic::read(&dir.join(name))?,
        };
        if let Some(text) = &text {
            known.borrow_mut().insert(name.to_owned(), text.clone());
        }
        Ok(text)
    };
    let found = layout::read(dir, &names, &get)?;
    Ok((found, known.into_inner()))
}

/// Refuses a folder that is no project, in words.
fn not_a_project(dir: &Path) -> Result<()> {
    if !dir.exists() {
        return Err(Error::new("there is no such folder").in_file(dir));
    }
    if !dir.is_dir() {
        return Err(Error::new("is a file; a project is a folder").in_file(dir).hint("open the folder it lies in"));
    }
    if !dir.join("project.ron").exists() && !Journal::path(dir).exists() {
        return Err(Error::new("is not a project: it holds no project.ron")
            .in_file(dir)
            .hint("`attune new` makes a project; `attune import` makes one from a customer file"));
    }
    Ok(())
}

/// Names of the files whose number is not fixed.
fn list(dir: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for folder in ["attached", "cases", "data", "scenarios"] {
        let Ok(entries) = fs::read_dir(dir.join(folder)) else { continue };
        for entry in entries {
            let entry = entry.map_err(|e| Error::new(format!("could not be listed: {e}")).in_file(dir))?;
            if let Some(name) = entry.file_name().to_str()
                && !name.starts_with('.')
            {
                names.push(format!("{folder}/{name}"));
            }
        }
    }
    names.sort();
    Ok(names)
}

/// Copies bytes to `.local/kept/<n>/<name>`, n new each time.
fn keep_aside(dir: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf> {
    let kept = dir.join(".local/kept");
    let free = (1u32..).map(|n| kept.join(n.to_string()).join(name)).find(|path| !path.exists());
    let path = free.unwrap_or_else(|| kept.join(name));
    atomic::replace(&path, bytes)?;
    Ok(path)
}
