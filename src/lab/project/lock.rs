//! One writer at a time: a lock on `.local/lock` that the operating system lets go of when its holder dies.
//!
//! It does not protect against programs that are not Attune.

use super::atomic::cannot_write;
use crate::error::{Error, Result};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Held while a project is open for writing.
#[derive(Debug)]
pub struct Lock {
    _file: File,
    owner: PathBuf,
}

impl Lock {
    /// Takes the lock of the project in `dir`. A lock whose process died is taken over: the system has already freed it.
    pub fn take(dir: &Path) -> Result<Lock> {
        let local = dir.join(".local");
        fs::create_dir_all(&local).map_err(|e| cannot_write(&local, &e))?;
        let path = local.join("lock");
        let owner = local.join("lock.owner");
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(|e| cannot_write(&path, &e))?;
        match patiently(&file, &owner) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let who = fs::read_to_string(&owner).unwrap_or_default();
                let who = if who.trim().is_empty() { "another Attune".to_owned() } else { who.trim().to_owned() };
                return Err(Error::new(format!("is already open in {who}"))
                    .in_file(dir)
                    .hint("close it there first; two writers would undo each other's work"));
            }
            // A file system without locks: better to work unprotected than not at all.
            Err(TryLockError::Error(e)) if e.kind() == std::io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(e)) => return Err(cannot_write(&path, &e)),
        }
        // Only words for the message above; the lock itself does not depend on them.
        let _ = fs::write(&owner, format!("process {}", std::process::id()));
        Ok(Lock { _file: file, owner })
    }
}

/// Tries for half a second while nobody calls the lock theirs: a process that a writer started may hold the file for a moment after
/// the writer let go.
fn patiently(file: &File, owner: &Path) -> std::result::Result<(), TryLockError> {
    for _ in 0..25 {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if !owner.exists() => std::thread::sleep(Duration::from_millis(20)),
            settled => return settled,
        }
    }
    file.try_lock()
}

/// Held while files change or are read, for the milliseconds that takes: a reader sees no half of a save. Best effort: where
/// a file system has no locks, there is none.
#[derive(Debug)]
pub struct Quiet {
    _file: Option<File>,
}

impl Quiet {
    /// Waits until nobody reads.
    pub fn for_writing(dir: &Path) -> Quiet {
        let file = OpenOptions::new().create(true).append(true).open(Quiet::path(dir)).ok();
        Quiet { _file: file.filter(|file| file.lock().is_ok()) }
    }

    /// Waits until nobody writes. Makes no file: readers may not be allowed to.
    pub fn for_reading(dir: &Path) -> Quiet {
        let file = File::open(Quiet::path(dir)).ok();
        Quiet { _file: file.filter(|file| file.lock_shared().is_ok()) }
    }

    fn path(dir: &Path) -> PathBuf {
        dir.join(".local/saving")
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.owner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_writer_is_told_who_holds_it_and_gets_it_afterwards() {
        let dir = tempfile::tempdir().unwrap();
        let first = Lock::take(dir.path()).unwrap();
        let words = Lock::take(dir.path()).unwrap_err().to_string();
        assert!(words.contains(&format!("already open in process {}", std::process::id())), "{words}");
        drop(first);
        Lock::take(dir.path()).unwrap();
    }

    #[test]
    fn what_a_dead_process_left_behind_is_taken_over() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(".local")).unwrap();
        fs::write(dir.path().join(".local/lock"), "").unwrap();
        fs::write(dir.path().join(".local/lock.owner"), "process 1").unwrap();
        Lock::take(dir.path()).unwrap();
    }
}
