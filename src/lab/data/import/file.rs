//! Bytes of a file, read in pieces so that it can be stopped, and the errors of files in words.

use super::Format;
use crate::error::{Error, Result};
use crate::task::Task;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// Bytes read between two looks at whether to stop.
const PIECE: u64 = 8 << 20;

/// All bytes of a file.
pub fn read(path: &Path, task: &Task) -> Result<Vec<u8>> {
    task.stage("Reading the file")?;
    let (mut file, size) = open(path)?;
    let mut bytes = Vec::new();
    bytes
        .try_reserve(usize::try_from(size).unwrap_or(usize::MAX))
        .map_err(|_| Error::new(format!("the file of {size} bytes does not fit into memory")).hint("split it"))?;
    loop {
        task.tick(bytes.len() as f32 / size.max(1) as f32)?;
        match (&mut file).take(PIECE).read_to_end(&mut bytes) {
            Ok(0) => return Ok(bytes),
            Ok(_) => {}
            Err(error) => return Err(unreadable(&error)),
        }
    }
}

/// At most `limit` bytes of the beginning, and the size of the file.
pub fn head(path: &Path, limit: usize) -> Result<(Vec<u8>, u64)> {
    let (file, size) = open(path)?;
    let mut bytes = Vec::new();
    file.take(limit as u64).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    // Pipes and files that grow have no size to rely on.
    let size = if bytes.len() < limit { bytes.len() as u64 } else { size };
    Ok((bytes, size))
}

/// The kind of a file: what the options say, else its first bytes, else its name.
pub fn format(path: &Path, bytes: &[u8], asked: Option<Format>) -> Format {
    if let Some(format) = asked {
        return format;
    }
    if bytes.starts_with(b"PAR1") {
        return Format::Parquet;
    }
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    let bytes = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes).trim_ascii_start();
    let object = bytes.starts_with(b"{\"") || bytes.starts_with(b"{ \"") || bytes.starts_with(b"{}");
    match extension.as_str() {
        "jsonl" | "ndjson" | "json" => Format::JsonLines,
        "csv" | "tsv" | "tab" => Format::Csv,
        _ if object => Format::JsonLines,
        _ => Format::Csv,
    }
}

/// The bytes up to the last line end; all of them when there is none.
pub fn whole_lines(bytes: &[u8]) -> &[u8] {
    let newline = |b: &u8| *b == b'\n';
    let end = bytes.iter().rposition(newline).or_else(|| bytes.iter().rposition(|b| *b == b'\r'));
    let Some(end) = end else { return bytes };
    // In UTF-16, little-endian, the line feed's second byte follows.
    let wide = bytes.starts_with(&[0xFF, 0xFE]) || (bytes.get(1) == Some(&0) && bytes.get(3) == Some(&0));
    &bytes[..(end + 1 + usize::from(wide)).min(bytes.len())]
}

fn open(path: &Path) -> Result<(File, u64)> {
    let about = std::fs::metadata(path).map_err(|error| unreadable(&error))?;
    if about.is_dir() {
        return Err(Error::new("this is a folder, not a file").hint("choose a file inside it"));
    }
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    Ok((file, about.len()))
}

/// Why a file cannot be read, in words.
pub fn unreadable(error: &std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound => Error::new("there is no such file").hint("check the path, or choose the file again"),
        ErrorKind::PermissionDenied => Error::new("the file may not be read").hint("ask for the right to read it"),
        _ => Error::new(format!("the file cannot be read: {error}")).hint("check the disk, then try again"),
    }
}
