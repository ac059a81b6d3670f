//! Long runs that can be broken off: each finished part is kept in the run's folder, so that the same command goes on where it stopped.
//!
//! ```text
//! runs/<kind>-<key>/     key: hash of everything the report depends on
//!   report.ron           when it is finished
//!   parts/<name>.part    finished parts, until then
//!   running              locked by the process at work
//! ```
//!
//! A part is written to a temporary file, flushed and renamed, and carries the hash of its bytes: one that was cut off is as good as none.
//! A report made from kept parts is the report of an uninterrupted run, byte for byte. The parts of a few unfinished runs are kept; those
//! of older ones, whose inputs are no longer asked for, are swept when another run begins.

use super::artifacts::{key, sha256};
use super::atomic::{self, cannot_write};
use super::format;
use crate::error::{Error, Result};
use crate::simulate::{Keep, KeepNothing};
use crate::task::Task;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Unfinished runs beside the one at work whose parts are kept.
const UNFINISHED: usize = 4;

/// What is done with parts that are kept, and kept from now on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keeping {
    /// Go on where the last run of the same inputs stopped.
    #[default]
    Resume,
    /// Begin anew; what was kept is thrown away.
    Restart,
    /// Keep nothing and write nothing.
    Nothing,
}

/// A finished run.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished<T> {
    /// Its report.
    pub report: T,
    /// Its folder; `None` where nothing was to be kept.
    pub folder: Option<PathBuf>,
    /// Parts that an earlier run had finished.
    pub resumed: u64,
    /// Parts that this run finished.
    pub computed: u64,
    /// Whether the whole report was there already.
    pub was_finished: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReportFile<T> {
    key: String,
    report: T,
}

/// Does work whose parts are kept under `runs/` of the project in `dir`. `inputs` are everything that the report depends on; the version
/// of Attune is added to them.
///
/// # Errors
/// When the work fails, a part or the report cannot be written, or another process is at work on the same run.
pub(super) fn resumable<T: Serialize + DeserializeOwned>(
    dir: &Path,
    kind: &str,
    inputs: &impl Serialize,
    keeping: Keeping,
    task: &Task,
    work: impl FnOnce(&dyn Keep) -> Result<T>,
) -> Result<Finished<T>> {
    if keeping == Keeping::Nothing {
        let report = work(&KeepNothing)?;
        return Ok(Finished { report, folder: None, resumed: 0, computed: 0, was_finished: false });
    }
    let key = key(&("run 4", env!("CARGO_PKG_VERSION"), kind, inputs));
    let folder = dir.join("runs").join(format!("{kind}-{}", &key[..16]));
    let _at_work = at_work(&folder)?;
    sweep_old(&dir.join("runs"), &folder);
    let (found, kept) = (Cell::new(0), Cell::new(0));
    let parts = Parts { folder: folder.join("parts"), key: key.clone(), found, kept, task };
    let file = folder.join("report.ron");
    if keeping == Keeping::Restart {
        atomic::remove(&file)?;
        parts.remove()?;
    } else if let Some(report) = finished(&file, &key) {
        return Ok(Finished { report, folder: Some(folder), resumed: 0, computed: 0, was_finished: true });
    }
    parts.tidy();
    parts.say();
    let report = work(&parts)?;
    let text = format::write("report", &ReportFile { key: key.clone(), report: &report })?;
    atomic::replace(&file, text.as_bytes())?;
    parts.remove()?;
    Ok(Finished {
        report,
        folder: Some(folder),
        resumed: parts.found.get(),
        computed: parts.kept.get(),
        was_finished: false,
    })
}

/// The report of a finished run; a file that is torn, or of other inputs, is as good as none.
fn finished<T: DeserializeOwned>(file: &Path, key: &str) -> Option<T> {
    let text = atomic::read(file).ok().flatten()?;
    let file: ReportFile<T> = format::read("report", &text).ok()?;
    (file.key == key).then_some(file.report)
}

/// Held while a run is worked on; the system lets go of it when its process dies.
struct AtWork {
    _file: Option<File>,
    path: PathBuf,
}

fn at_work(folder: &Path) -> Result<AtWork> {
    fs::create_dir_all(folder).map_err(|e| read_only(folder, &e))?;
    let path = folder.join("running");
    let file = OpenOptions::new().create(true).append(true).open(&path).map_err(|e| read_only(&path, &e))?;
    match file.try_lock() {
        Ok(()) => Ok(AtWork { _file: Some(file), path }),
        Err(TryLockError::WouldBlock) => Err(Error::new("another process is at work on this run")
            .in_file(folder)
            .hint("wait for it; its finished parts are kept if it ends early")),
        // A file system without locks: better to work unprotected than not at all.
        Err(TryLockError::Error(_)) => Ok(AtWork { _file: None, path }),
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn read_only(path: &Path, error: &std::io::Error) -> Error {
    cannot_write(path, error).hint("--keep-nothing runs without keeping finished parts")
}

/// Removes the parts of unfinished runs but the newest few. What cannot be removed, or is being worked on, stays.
fn sweep_old(runs: &Path, own: &Path) {
    let mut unfinished: Vec<(SystemTime, PathBuf)> = fs::read_dir(runs)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path() != own)
        .filter_map(|entry| {
            let changed = entry.path().join("parts").metadata().and_then(|parts| parts.modified()).ok()?;
            // Where there is a report, its parts are of no use any more.
            let changed = if entry.path().join("report.ron").exists() { SystemTime::UNIX_EPOCH } else { changed };
            Some((changed, entry.path()))
        })
        .collect();
    unfinished.sort_by(|a, b| b.cmp(a));
    for (number, (changed, run)) in unfinished.iter().enumerate() {
        if number < UNFINISHED && *changed != SystemTime::UNIX_EPOCH {
            continue;
        }
        let Ok(at_work) = at_work(run) else { continue };
        let _ = fs::remove_dir_all(run.join("parts"));
        drop(at_work);
        // Stays where there is a report.
        let _ = fs::remove_dir(run);
    }
}

/// The kept parts of a run.
struct Parts<'a> {
    folder: PathBuf,
    key: String,
    found: Cell<u64>,
    kept: Cell<u64>,
    task: &'a Task,
}

/// The first line of a part: what it is, whose it is, what its bytes hash to.
fn head(key: &str, name: &str, bytes: &[u8]) -> String {
    format!("attune part 1 {key} {name} {}\n", sha256(bytes))
}

impl Parts<'_> {
    fn path(&self, part: &str) -> PathBuf {
        self.folder.join(format!("{part}.part"))
    }

    fn remove(&self) -> Result<()> {
        match fs::remove_dir_all(&self.folder) {
            Ok(()) => Ok(()),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(Error::new(format!("could not be removed: {e}")).in_file(&self.folder)),
        }
    }

    /// Tells the task what is kept, for whoever stops it.
    fn say(&self) {
        let parts = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let count = parts.filter(|part| part.path().extension().is_some_and(|e| e == "part")).count();
        let run = self.folder.parent().unwrap_or(&self.folder).display();
        self.task.keep(
            "parts",
            match count {
                0 => return,
                1 => format!("One finished part is kept in {run}; the same command goes on from there."),
                _ => format!("{count} finished parts are kept in {run}; the same command goes on from there."),
            },
        );
    }

    /// Removes what a process that was killed had only begun to write. The run is locked, so nobody is writing now.
    fn tidy(&self) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if entry.path().extension().is_some_and(|e| e == "tmp") {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

impl Keep for Parts<'_> {
    fn find(&self, part: &str) -> Option<Vec<u8>> {
        let packed = fs::read(self.path(part)).ok()?;
        let end = packed.iter().position(|b| *b == b'\n')?;
        let bytes = zstd::stream::decode_all(&packed[end + 1..]).ok()?;
        if head(&self.key, part, &bytes).as_bytes() != &packed[..=end] {
            return None;
        }
        self.found.set(self.found.get() + 1);
        Some(bytes)
    }

    fn keep(&self, part: &str, bytes: &[u8]) -> Result<()> {
        let mut packed = head(&self.key, part, bytes).into_bytes();
        let failed = |e: std::io::Error| Error::new(format!("a finished part could not be packed: {e}"));
        packed.extend(zstd::stream::encode_all(bytes, 1).map_err(failed)?);
        atomic::replace(&self.path(part), &packed)?;
        self.kept.set(self.kept.get() + 1);
        self.say();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three parts, of which `stop` are reached before the work is cancelled.
    fn work(keep: &dyn Keep, stop: usize) -> Result<Vec<String>> {
        let mut report = Vec::new();
        for (i, part) in ["a", "b", "c"].into_iter().enumerate() {
            if i == stop {
                return Err(Error::Cancelled);
            }
            let bytes = match keep.find(part) {
                Some(bytes) => bytes,
                None => {
                    let made = format!("part {part}\n\u{e9}").into_bytes();
                    keep.keep(part, &made)?;
                    made
                }
            };
            report.push(String::from_utf8(bytes).unwrap());
        }
        Ok(report)
    }

    fn run(dir: &Path, inputs: u32, keeping: Keeping, stop: usize) -> Result<Finished<Vec<String>>> {
        resumable(dir, "test", &inputs, keeping, &Task::default(), |keep| work(keep, stop))
    }

    #[test]
    fn a_run_goes_on_where_it_stopped() {
        let dir = tempfile::tempdir().unwrap();
        let whole = run(dir.path(), 1, Keeping::Resume, 9).unwrap();
        assert_eq!((whole.resumed, whole.computed, whole.was_finished), (0, 3, false));
        let folder = whole.folder.unwrap();
        let written = fs::read(folder.join("report.ron")).unwrap();
        assert!(!folder.join("parts").exists() && !folder.join("running").exists());
        let again = run(dir.path(), 1, Keeping::Resume, 0).unwrap();
        assert!(again.was_finished && again.report == whole.report);

        // Broken off after two parts, one of which is then torn at every possible place.
        assert!(run(dir.path(), 2, Keeping::Resume, 2).unwrap_err().is_cancelled());
        let runs: Vec<PathBuf> = fs::read_dir(dir.path().join("runs")).unwrap().map(|e| e.unwrap().path()).collect();
        let second = runs.iter().find(|path| **path != folder).unwrap();
        let part = second.join("parts/b.part");
        let bytes = fs::read(&part).unwrap();
        fs::write(second.join("parts/.attune-1.tmp"), b"begun").unwrap();
        for end in 0..bytes.len() {
            fs::write(&part, &bytes[..end]).unwrap();
            let (found, kept, task) = (Cell::new(0), Cell::new(0), &Task::default());
            let keep = Parts { folder: second.join("parts"), key: "k".into(), found, kept, task };
            assert_eq!(keep.find("b"), None, "cut at {end}");
        }
        fs::write(&part, &bytes[..bytes.len() - 1]).unwrap();
        let resumed = run(dir.path(), 2, Keeping::Resume, 9).unwrap();
        assert_eq!((resumed.resumed, resumed.computed), (1, 2));
        assert_eq!(resumed.report, whole.report);
        let key = |text: &[u8]| String::from_utf8(text.to_vec()).unwrap().split("key").nth(1).unwrap()[70..].to_owned();
        assert_eq!(key(&fs::read(second.join("report.ron")).unwrap()), key(&written), "byte for byte but for the key");

        let anew = run(dir.path(), 2, Keeping::Restart, 9).unwrap();
        assert_eq!((anew.resumed, anew.computed, anew.was_finished), (0, 3, false));
        let nothing = run(dir.path(), 3, Keeping::Nothing, 9).unwrap();
        assert_eq!(nothing.folder, None);
        assert_eq!(fs::read_dir(dir.path().join("runs")).unwrap().count(), 2);
    }

    #[test]
    fn parts_of_old_unfinished_runs_are_swept_and_reports_stay() {
        let dir = tempfile::tempdir().unwrap();
        run(dir.path(), 0, Keeping::Resume, 9).unwrap();
        let runs = || -> Vec<PathBuf> {
            let mut all: Vec<PathBuf> =
                fs::read_dir(dir.path().join("runs")).unwrap().map(|e| e.unwrap().path()).collect();
            all.sort();
            all
        };
        let finished = runs().remove(0);
        // As if its process had died between the report and the parts.
        fs::create_dir(finished.join("parts")).unwrap();
        fs::write(finished.join("parts/a.part"), b"left over").unwrap();
        let mut made = vec![finished.clone()];
        for inputs in 1..=6 {
            let task = Task::default();
            let ended = resumable(dir.path(), "test", &inputs, Keeping::Resume, &task, |keep| work(keep, 2));
            assert!(ended.unwrap_err().is_cancelled());
            let new = runs().into_iter().find(|run| !made.contains(run)).unwrap();
            let folder = new.display();
            assert_eq!(
                task.kept(),
                [format!("2 finished parts are kept in {folder}; the same command goes on from there.")]
            );
            // A file system may tell times by the hundredth of a second.
            std::thread::sleep(std::time::Duration::from_millis(20));
            made.push(new);
        }
        assert!(finished.join("report.ron").exists() && !finished.join("parts").exists());
        let left: Vec<bool> = made[1..].iter().map(|run| run.join("parts").exists()).collect();
        assert_eq!(left, [false, true, true, true, true, true], "the newest {UNFINISHED}, and the one just left");
        assert!(!made[1].exists());
    }

    #[test]
    fn two_processes_do_not_work_on_one_run() {
        let dir = tempfile::tempdir().unwrap();
        let found = resumable(dir.path(), "test", &1, Keeping::Resume, &Task::default(), |_| {
            let second = run(dir.path(), 1, Keeping::Resume, 9);
            Ok(second.unwrap_err().to_string())
        });
        // A lock is the process's own on some systems; where it is the file's, the second is told.
        assert!(found.unwrap().report.contains("another process"));
    }
}
