//! Bytes of a file, read in pieces so that it can be stopped, unpacked on the way where they are compressed; and the
//! errors of files in words.

use super::{Bounds, Format};
use crate::error::{Error, Result};
use crate::task::Task;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes read between two looks at whether to stop.
const PIECE: u64 = 8 << 20;

/// Bytes read at once, and hashed while they are near.
const HASHED: usize = 128 << 10;

/// How a file is compressed; its first bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// gzip, `.gz`.
    Gzip,
    /// Zstandard, `.zst`.
    Zstd,
}

impl Compression {
    /// From the first bytes of a file.
    pub fn of(bytes: &[u8]) -> Option<Compression> {
        match bytes {
            [0x1F, 0x8B, ..] => Some(Compression::Gzip),
            [0x28, 0xB5, 0x2F, 0xFD, ..] => Some(Compression::Zstd),
            // A skippable frame, as some writers put first.
            [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Some(Compression::Zstd),
            _ => None,
        }
    }

    /// Its name for people.
    pub fn word(self) -> &'static str {
        match self {
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
        }
    }
}

/// The unpacked bytes of a file, one after the other, and the hash and number of those on disk.
pub struct Bytes {
    inner: Box<dyn Read + Send>,
    raw: Arc<Raw>,
    /// Size on disk.
    pub size: u64,
    /// How it is compressed.
    pub compression: Option<Compression>,
}

/// What was read from disk so far.
#[derive(Default)]
struct Raw {
    read: AtomicU64,
    hash: std::sync::Mutex<Option<Sha256>>,
}

/// Counts and hashes what passes.
struct Counted {
    file: File,
    raw: Arc<Raw>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let piece = into.len().min(HASHED);
        let n = self.file.read(&mut into[..piece])?;
        self.raw.read.fetch_add(n as u64, Ordering::Relaxed);
        if let Ok(mut hash) = self.raw.hash.lock()
            && let Some(hash) = hash.as_mut()
        {
            hash.update(&into[..n]);
        }
        Ok(n)
    }
}

impl Bytes {
    /// Opens a file; with `hashed` the bytes on disk are hashed while they are read.
    ///
    /// # Errors
    /// When there is no such file, or it may not be read.
    pub fn open(path: &Path, hashed: bool) -> Result<Bytes> {
        let (file, size) = open(path)?;
        let raw = Arc::new(Raw { read: AtomicU64::new(0), hash: std::sync::Mutex::new(hashed.then(Sha256::new)) });
        let mut counted = Counted { file, raw: raw.clone() };
        let mut first = Vec::new();
        (&mut counted).take(4).read_to_end(&mut first).map_err(|error| unreadable(&error))?;
        let compression = Compression::of(&first);
        let all = std::io::Cursor::new(first).chain(counted);
        let inner: Box<dyn Read + Send> = match compression {
            None => Box::new(all),
            // Several packed pieces one after the other are one file, as `cat a.gz b.gz` makes it.
            Some(Compression::Gzip) => {
                Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(1 << 18, all)))
            }
            Some(Compression::Zstd) => Box::new(zstd::Decoder::new(all).map_err(|error| unreadable(&error))?),
        };
        Ok(Bytes { inner, raw, size, compression })
    }

    /// Appends at most `limit` more bytes; gives how many there were, 0 at the end.
    ///
    /// # Errors
    /// When the disk fails, or packed bytes are damaged or end too early.
    pub fn read(&mut self, limit: u64, into: &mut Vec<u8>) -> Result<usize> {
        let compression = self.compression;
        (&mut self.inner).take(limit).read_to_end(into).map_err(|error| match compression {
            Some(packed) => damaged(packed, &error),
            None => unreadable(&error),
        })
    }

    /// Share of the bytes on disk that were read, 0 to 1.
    pub fn fraction(&self) -> f32 {
        self.raw.read.load(Ordering::Relaxed) as f32 / self.size.max(1) as f32
    }

    /// SHA-256 of the bytes on disk, lower-case hex; empty when it was not asked for. To be called at the end.
    pub fn sha256(&mut self) -> String {
        let taken = self.raw.hash.lock().ok().and_then(|mut hash| hash.take());
        taken.map(|hash| hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()).unwrap_or_default()
    }
}

/// Whether a file can be read only once, such as a pipe.
pub fn is_read_once(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|about| !about.is_file() && !about.is_dir())
}

/// All bytes of a file, unpacked, for what is not read piece by piece.
pub fn whole(path: &Path, bounds: &Bounds, task: &Task) -> Result<Head> {
    task.stage("Reading the file")?;
    let mut file = Bytes::open(path, true)?;
    let too_large = |what: String| {
        Error::new(format!("{what}, more than the {} that may be held in memory", size_word(bounds.memory)))
            .hint("split the file, or save it as CSV, which is read piece by piece")
    };
    if file.size > bounds.memory {
        return Err(too_large(format!("the file has {}", size_word(file.size))));
    }
    let mut bytes = Vec::new();
    let room = usize::try_from(file.size).unwrap_or(usize::MAX);
    bytes.try_reserve(room).map_err(|_| too_large(format!("the file has {}", size_word(file.size))))?;
    while file.read(PIECE, &mut bytes)? > 0 {
        task.tick(file.fraction())?;
        if bytes.len() as u64 > bounds.memory {
            return Err(too_large(format!("the file unpacks to more than {}", size_word(bytes.len() as u64))));
        }
    }
    let (sha256, size, compression) = (file.sha256(), file.size, file.compression);
    Ok(Head { bytes, whole: true, size, compression, sha256 })
}

/// SHA-256 of a file's bytes, for what is not read from its beginning to its end.
pub fn fingerprint(path: &Path, task: &Task) -> Result<String> {
    task.stage("Looking over the file")?;
    let mut file = Bytes::open(path, true)?;
    let mut piece = Vec::new();
    while file.read(PIECE, &mut piece)? > 0 {
        task.tick(file.fraction())?;
        piece.clear();
    }
    Ok(file.sha256())
}

/// The beginning of a file, unpacked.
pub struct Head {
    /// At most the bytes asked for.
    pub bytes: Vec<u8>,
    /// Whether that is all.
    pub whole: bool,
    /// Size on disk.
    pub size: u64,
    /// How it is compressed.
    pub compression: Option<Compression>,
    /// SHA-256 of the bytes on disk when these are all.
    pub sha256: String,
}

impl Head {
    /// What is said about a compressed file that holds `unpacked` bytes.
    pub fn packed(&self, unpacked: u64) -> Option<String> {
        let (word, size) = (self.compression?.word(), self.size);
        Some(format!("Compressed with {word}: {size} bytes, unpacked {unpacked}."))
    }
}

/// Most bytes of a head whose lines are long.
const LONGEST_HEAD: usize = 64 << 20;

/// About `limit` bytes of the beginning; more where that is less than a few lines.
pub fn head(path: &Path, limit: usize) -> Result<Head> {
    let mut file = Bytes::open(path, true)?;
    let (mut bytes, mut limit) = (Vec::new(), limit);
    loop {
        let asked = (limit + 1 - bytes.len()) as u64;
        file.read(asked, &mut bytes)?;
        let lines = bytes.iter().filter(|b| matches!(b, b'\n' | b'\r')).count();
        if bytes.len() <= limit || limit >= LONGEST_HEAD || lines > 2 {
            break;
        }
        limit = (limit * 8).min(LONGEST_HEAD);
    }
    let whole = bytes.len() <= limit;
    bytes.truncate(limit);
    // Pipes and files that grow have no size to rely on.
    let size = if whole && file.compression.is_none() { bytes.len() as u64 } else { file.size };
    let sha256 = if whole { file.sha256() } else { String::new() };
    Ok(Head { bytes, whole, size, compression: file.compression, sha256 })
}

/// Bytes of memory that the machine has, where the system tells it (Linux).
pub fn memory() -> Option<u64> {
    let about = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = about.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}

/// A size in the largest unit that leaves a number of a few digits.
pub fn size_word(bytes: u64) -> String {
    match bytes {
        n if n >= 1 << 30 => format!("{:.1} GiB", n as f64 / (1u64 << 30) as f64),
        n if n >= 1 << 20 => format!("{:.1} MiB", n as f64 / (1u64 << 20) as f64),
        n => format!("{n} bytes"),
    }
}

/// The kind of a file: what the options say, else its first bytes, else its name.
pub fn format(path: &Path, bytes: &[u8], asked: Option<Format>) -> Format {
    if let Some(format) = asked {
        return format;
    }
    if bytes.starts_with(b"PAR1") {
        return Format::Parquet;
    }
    if super::arrow::is_arrow(bytes) {
        return Format::Arrow;
    }
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let name = without_packing(&name);
    let extension = name.rsplit_once('.').map(|(_, extension)| extension).unwrap_or_default();
    if super::workbook::is_workbook(bytes, extension) {
        return Format::Workbook;
    }
    let bytes = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes).trim_ascii_start();
    let begins = |line: &[u8]| [b"{\"".as_slice(), b"{ \"", b"{}"].iter().any(|start| line.starts_with(start));
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
    let object = begins(first) && first.ends_with(b"}");
    // A name may be wrong; what stands in the file is not.
    let json = || bytes.starts_with(b"{") || bytes.starts_with(b"[") || bytes.windows(2).any(|pair| pair == b"\n{");
    match extension {
        "jsonl" | "ndjson" | "json" if json() => Format::JsonLines,
        _ if object => Format::JsonLines,
        _ => Format::Csv,
    }
}

/// A file name without the part that says how it is compressed.
pub fn without_packing(name: &str) -> &str {
    [".gz", ".gzip", ".zst", ".zstd"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
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

/// Why packed bytes cannot be unpacked, in words.
fn damaged(packed: Compression, error: &std::io::Error) -> Error {
    let word = packed.word();
    // zstd's own reader names an early end in words only.
    match error.kind() == ErrorKind::UnexpectedEof || error.to_string().contains("incomplete frame") {
        true => Error::new(format!("the file is compressed with {word} and ends too early"))
            .hint("it was probably cut off; copy it again"),
        false => Error::new(format!("the file is compressed with {word} and damaged: {error}")).hint("copy it again"),
    }
}

/// Why a file cannot be read, in words.
pub fn unreadable(error: &std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound => Error::new("there is no such file").hint("check the path, or choose the file again"),
        ErrorKind::PermissionDenied => Error::new("the file may not be read").hint("ask for the right to read it"),
        _ => Error::new(format!("the file cannot be read: {error}")).hint("check the disk, then try again"),
    }
}
