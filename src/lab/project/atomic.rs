//! Replacing one file so that a reader, a crash or a full disk sees the old bytes or the new ones, never a mixture.
//!
//! It knows nothing of what the bytes mean.

use crate::error::{Error, Result};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

/// Puts `text` in place of the file at `path`: temporary file in the same folder, flushed, renamed, folder flushed.
/// On any failure the old file stands and the temporary one is gone.
pub fn replace(path: &Path, text: &[u8]) -> Result<()> {
    replace_with(path, |file| file.write_all(text))
}

/// As [`replace`], with the bytes written by `fill`.
pub fn replace_with(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> Result<()> {
    let folder = path.parent().ok_or_else(|| Error::new("this is no place for a file").in_file(path))?;
    fs::create_dir_all(folder).map_err(|e| cannot_write(folder, &e))?;
    // Dropping the temporary file removes it, so every early return below leaves the folder as it was.
    let mut temporary = tempfile::Builder::new()
        .prefix(".attune-")
        .suffix(".tmp")
        .tempfile_in(folder)
        .map_err(|e| cannot_write(folder, &e))?;
    fill(temporary.as_file_mut()).map_err(|e| cannot_write(path, &e))?;
    readable_by_others(temporary.as_file()).map_err(|e| cannot_write(path, &e))?;
    temporary.as_file().sync_all().map_err(|e| cannot_write(path, &e))?;
    temporary.persist(path).map_err(|e| cannot_write(path, &e.error))?;
    sync_folder(folder);
    Ok(())
}

/// Removes a file; one that is not there is no failure.
pub fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Ok(()) => {
            if let Some(folder) = path.parent() {
                sync_folder(folder);
            }
            Ok(())
        }
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        Err(e) => Err(Error::new(format!("could not be removed: {e}")).in_file(path)),
    }
}

/// The text of a file, `None` when there is none.
pub fn read(path: &Path) -> Result<Option<String>> {
    match fs::read(path) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(text)),
            Err(e) => {
                let line = 1 + e.as_bytes()[..e.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count();
                Err(Error::new("is not text (UTF-8)").in_file(path).at_line(line as u64))
            }
        },
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::new(format!("could not be read: {e}")).in_file(path)),
    }
}

/// A write failure in words, with what to do about the usual causes.
pub fn cannot_write(path: &Path, error: &io::Error) -> Error {
    let failed = Error::new(format!("could not be written: {error}")).in_file(path);
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            failed.hint("the disk is full: free some space and save again; what was saved before is intact")
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            failed.hint("choose a folder that you may write to")
        }
        _ => failed,
    }
}

/// Temporary files are made for the owner alone; a project is shared like any other document.
#[cfg(unix)]
fn readable_by_others(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_others(_file: &File) -> io::Result<()> {
    Ok(())
}

/// Makes the rename itself durable. Some file systems refuse to flush a folder; the rename is atomic all the same.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn replaces_and_leaves_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.ron");
        replace(&file, b"one").unwrap();
        replace(&file, b"two").unwrap();
        assert_eq!(read(&file).unwrap().as_deref(), Some("two"));
        assert_eq!(names(dir.path()), ["a.ron"]);
    }

    #[test]
    fn a_full_disk_keeps_the_old_file_and_removes_the_temporary_one() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.ron");
        replace(&file, b"old").unwrap();
        let error = replace_with(&file, |f| {
            f.write_all(b"half of the n")?;
            Err(io::Error::from(ErrorKind::StorageFull))
        })
        .unwrap_err();
        assert_eq!(read(&file).unwrap().as_deref(), Some("old"));
        assert_eq!(names(dir.path()), ["a.ron"]);
        let words = error.to_string();
        assert!(words.contains("a.ron") && words.contains("disk is full"), "{words}");
    }

    #[test]
    fn a_file_that_is_not_text_is_named_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.ron");
        fs::write(&file, b"one\ntwo\n\xff\xfe").unwrap();
        let words = read(&file).unwrap_err().to_string();
        assert!(words.contains("line 3") && words.contains("not text"), "{words}");
    }
}
