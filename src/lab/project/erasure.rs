//! Erasing a subject on request, and the project's secret.
//!
//! The rows of the subject are removed from every copy that the project holds; a tombstone, which is a pseudonym and tells
//! nobody who it was, keeps them out whenever a source is read again. What lies outside the project cannot be reached and is
//! named, so that a person can see to it.

use super::atomic;
use super::attached::{Attachment, Learned};
use super::format;
use super::load::read_table;
use super::parts::{DataSource, Origin, Parts};
use super::sources::resolve;
use super::store::Project;
use crate::data::Role;
use crate::data::import::{Format, rewrite};
use crate::data::pseudonym::{Secret, is_pseudonym, not_erased};
use crate::error::{Error, Result};
use crate::task::Task;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What erasing a subject did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Erasure {
    /// The tombstone: the subject's pseudonym.
    pub tombstone: String,
    /// Rows of the subject in each table that has some; they are left out from now on.
    pub rows: Vec<(String, u64)>,
    /// What was removed from the project's folder, in words.
    pub removed: Vec<String>,
    /// What still holds the subject and could not be reached, in words with what to do.
    pub unreached: Vec<String>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tombstones {
    erased: BTreeSet<String>,
}

/// File of the tombstones inside the project. They are pseudonyms, so the file may be shared with the project.
const TOMBSTONES: &str = "data/erased.ron";
/// File of the secret inside the project.
const SECRET: &str = ".local/secret";

/// The pseudonyms of the erased subjects.
///
/// # Errors
/// When the file cannot be read: then nothing is read at all, so that nobody comes back by accident.
pub fn erased(dir: &Path) -> Result<BTreeSet<String>> {
    let path = dir.join(TOMBSTONES);
    match atomic::read(&path)? {
        None => Ok(BTreeSet::new()),
        Some(text) => format::read::<Tombstones>("erased", &text).map(|t| t.erased).map_err(|e| e.in_file(&path)),
    }
}

/// The project's secret.
///
/// # Errors
/// When there is none, or its file is damaged.
pub fn secret(dir: &Path) -> Result<Secret> {
    let path = dir.join(SECRET);
    let text = atomic::read(&path)?.ok_or_else(|| {
        Error::new(
            "the project's secret is not there; without it pseudonyms cannot be made and erased subjects not told",
        )
        .in_file(&path)
        .hint("copy the file from where the project was made; it is kept out of version control on purpose")
    })?;
    Secret::from_hex(&text).ok_or_else(|| Error::new("does not hold a secret of 64 hex digits").in_file(&path))
}

/// The project's secret, made when there is none. It stays in `.local`, readable by its owner alone, out of version control.
///
/// # Errors
/// When it cannot be written, or the system gives no random numbers; also when there are tombstones of a lost secret.
pub fn make_secret(dir: &Path) -> Result<Secret> {
    let path = dir.join(SECRET);
    if path.exists() || !erased(dir)?.is_empty() {
        return secret(dir);
    }
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|e| Error::new(format!("this system gave no random numbers: {e}")))?;
    let secret = Secret::new(bytes);
    let local = dir.join(".local");
    fs::create_dir_all(&local).map_err(|e| atomic::cannot_write(&local, &e))?;
    let ignore = local.join(".gitignore");
    if !ignore.exists() {
        atomic::replace(&ignore, b"*\n")?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&path).map_err(|e| atomic::cannot_write(&path, &e))?;
    std::io::Write::write_all(&mut file, format!("{}\n", secret.to_hex()).as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(|e| atomic::cannot_write(&path, &e))?;
    Ok(secret)
}

/// Erases a subject, named by its key or its pseudonym: writes the tombstone first, then removes the subject's rows from the
/// text, Parquet and Arrow files inside the project, its cases, and everything made from rows that can be made again. The parts are saved.
///
/// # Errors
/// When a source cannot be read, or something cannot be written; the tombstone stands even then.
pub fn erase(project: &mut Project, parts: &mut Parts, subject: &str, task: &Task) -> Result<Erasure> {
    project.writable()?;
    let dir = project.dir().to_owned();
    if subject.trim().is_empty() {
        return Err(Error::new("no subject is named").hint("give the key of the subject to erase"));
    }
    let secret = make_secret(&dir)?;
    let key = subject.trim();
    let tombstone = if is_pseudonym(key) { key.to_owned() } else { secret.pseudonym(key) };
    let mut report = Erasure { tombstone: tombstone.clone(), ..Erasure::default() };

    let is_gone = |name: &str| name == tombstone || secret.pseudonym(name) == tombstone;

    let only: BTreeSet<String> = [tombstone.clone()].into();
    let sources: Vec<DataSource> = parts.sources.to_vec();
    for source in &sources {
        let key = match source.kind.is_customers() && source.key.is_none() {
            true => parts.roles.first(Role::Subject),
            false => source.key.as_deref(),
        };
        match &source.origin {
            Origin::World(_) => report.unreached.push(format!("`{}` is generated; nobody in it is real", source.name)),
            Origin::SubjectsOf(_) => {}
            Origin::File(file) => {
                let path = resolve(&dir, file);
                let Some(key) = key else {
                    report.unreached.push(format!(
                        "`{}` has no key column, so it does not tell whose its rows are: {}",
                        source.name,
                        path.display()
                    ));
                    continue;
                };
                // Rows that a rule leaves out are in the file all the same.
                let whole = DataSource { leave_out: Vec::new(), ..source.clone() };
                let table = read_table(&dir, &whole, Some(key), task)?;
                let hidden = source.pseudonymise.contains(key);
                let kept = not_erased(&table.dataset, key, &only, &secret, hidden)?;
                let rows = kept.map_or(0, |kept| table.dataset.rows() - kept.len()) as u64;
                if rows > 0 {
                    report.rows.push((source.name.clone(), rows));
                }
            }
        }
    }
    let mut all = erased(&dir)?;
    all.insert(tombstone.clone());
    let text = format::write("erased", &Tombstones { erased: all })?;
    atomic::replace(&dir.join(TOMBSTONES), text.as_bytes())?;

    for source in Arc::make_mut(&mut parts.sources) {
        let Origin::File(file) = &source.origin else { continue };
        let path = resolve(&dir, file);
        let Some((_, rows)) = report.rows.iter().find(|(name, _)| *name == source.name) else { continue };
        let key = source.key.clone().or_else(|| parts.roles.first(Role::Subject).map(str::to_owned));
        let key = key.and_then(|key| source.columns.iter().find(|c| c.name == key)).map(|c| c.source.clone());
        let inside = is_inside(&dir, &path);
        let why = match key.filter(|_| inside).map(|key| rewrite(&path, source, &key, &is_gone)).transpose()? {
            Some(Rewritten::Without(removed, sha256)) => {
                report.removed.push(format!("{removed} rows of {}", path.display()));
                source.sha256 = sha256;
                source.rows = source.rows.saturating_sub(removed);
                continue;
            }
            Some(Rewritten::Not(why)) => format!(" ({why})"),
            None => String::new(),
        };
        report.unreached.push(format!(
            "{}: {rows} rows of the original; they are left out when it is read, but the file keeps them{why}: erase them there",
            path.display()
        ));
    }
    let draft = Arc::make_mut(&mut parts.draft);
    let cases = draft.cases.len();
    draft.cases.retain(|case| !is_gone(&case.request.subject));
    if draft.cases.len() < cases {
        report.removed.push(format!("{} test cases of the subject", cases - draft.cases.len()));
    }
    forget(parts, &is_gone, &mut report)?;
    project.save(parts, "Erase a subject")?;
    for (folder, what) in [
        (".local/rows", "what was remembered of rows"),
        (".local/reports", "cached reports"),
        (".local/models", "cached models"),
    ] {
        let path = dir.join(folder);
        if path.exists() {
            fs::remove_dir_all(&path).map_err(|e| atomic::cannot_write(&path, &e))?;
            report.removed.push(format!("{what} ({folder})"));
        }
    }
    for path in files(&dir.join(".local/kept")) {
        if holds(&path, &[key, &tombstone]) {
            atomic::remove(&path)?;
            report.removed.push(format!("a copy kept aside: {}", path.display()));
        }
    }
    for spec in parts.models.iter().filter(|spec| dir.join("models").join(&spec.id).exists()) {
        report.unreached.push(format!("the model `{}` learned from the subject among others: train it again", spec.id));
    }
    for folder in ["runs", "releases"] {
        for path in files(&dir.join(folder)) {
            if holds(&path, &[key, &tombstone]) {
                report.unreached.push(format!("{} names the subject and is kept as it was", path.display()));
            }
        }
    }
    report.unreached.push("policies, decisions and copies that left the project".to_owned());
    Ok(report)
}

/// Keeps out of models that are to be attached what the project must not hold: takes erased subjects out of them; how many there were.
///
/// # Errors
/// When they know customers by keys of which the project holds pseudonyms, or it cannot be read who was erased.
pub fn keep_out(dir: &Path, parts: &Parts, learned: &mut Learned) -> Result<usize> {
    let Some(subject) = parts.roles.first(Role::Subject) else { return Ok(0) };
    let hidden = parts.sources.iter().any(|source| source.kind.is_customers() && source.pseudonymise.contains(subject));
    if hidden && learned.subjects(subject).into_iter().any(|key| !is_pseudonym(key)) {
        let told = format!("the models know customers by their keys, and the project holds pseudonyms of `{subject}`");
        return Err(Error::new(told)
            .hint("learn them from a file that has the pseudonyms; keys would go into the exported policy"));
    }
    let erased = erased(dir)?;
    if erased.is_empty() {
        return Ok(0);
    }
    let secret = secret(dir)?;
    Ok(learned.forget(subject, &|key| erased.contains(key) || erased.contains(&secret.pseudonym(key))))
}

/// Takes the subject out of attached models that know subjects by their keys.
fn forget(parts: &mut Parts, is_gone: &dyn Fn(&str) -> bool, report: &mut Erasure) -> Result<()> {
    let subject = parts.roles.first(Role::Subject).map(str::to_owned);
    for attachment in Arc::make_mut(&mut parts.attached) {
        let mut learned = (**attachment).clone();
        if subject.as_deref().is_some_and(|column| learned.forget(column, is_gone) > 0) {
            *attachment = Attachment::new(learned)?;
            report.removed.push(format!("the subject's key in the attached `{}`", attachment.id));
        }
        report.unreached.push(format!(
            "the attached `{}` may have learned from the subject among others in {}: learn it again without them",
            attachment.id, attachment.source.name
        ));
    }
    Ok(())
}

/// What became of a file.
enum Rewritten {
    /// It lacks so many rows, and has this fingerprint.
    Without(u64, String),
    /// It is as it was: why.
    Not(String),
}

/// Rewrites a file inside the project without the rows of the subject: text, Parquet and Arrow, replaced at once; nothing else of it
/// changes. Workbooks and packed files stay as they are.
fn rewrite(path: &Path, source: &DataSource, key: &str, is_gone: &dyn Fn(&str) -> bool) -> Result<Rewritten> {
    let not = |why: &str| Ok(Rewritten::Not(why.to_owned()));
    let bytes = fs::read(path).map_err(|e| Error::new(format!("could not be read: {e}")).in_file(path))?;
    if bytes.starts_with(&[0x1F, 0x8B]) || bytes.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]) {
        return not("packed files are not rewritten");
    }
    let kept = match source.options.format {
        Some(format @ (Format::Parquet | Format::Arrow)) => match rewrite::without(&bytes, format, key, is_gone) {
            Ok(kept) => kept,
            Err(error) => return Ok(Rewritten::Not(format!("it {error}"))),
        },
        Some(Format::Workbook) => {
            return not("workbooks are not rewritten: their formats, formulas and other sheets would not survive it");
        }
        // A text of two bytes per letter is not cut in lines by its bytes.
        _ if bytes.contains(&0) => return not("text of two bytes per letter is not rewritten"),
        Some(Format::JsonLines) => lines_without(&bytes, key, is_gone),
        Some(Format::Csv) => records_without(&bytes, source, key, is_gone),
        _ => None,
    };
    let Some((kept, removed)) = kept.filter(|(_, removed)| *removed > 0) else {
        return not("its rows could not be told apart by their key as it is written there");
    };
    atomic::replace(path, &kept)?;
    Ok(Rewritten::Without(removed, super::artifacts::sha256(&kept)))
}

fn lines_without(bytes: &[u8], key: &str, is_gone: &dyn Fn(&str) -> bool) -> Option<(Vec<u8>, u64)> {
    let (mut kept, mut removed) = (Vec::with_capacity(bytes.len()), 0);
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        let value: Option<serde_json::Value> = serde_json::from_slice(line).ok();
        let of = |v: &serde_json::Value| match v.get(key) {
            Some(serde_json::Value::String(text)) => is_gone(text),
            Some(serde_json::Value::Number(number)) => is_gone(&number.to_string()),
            _ => false,
        };
        match value.as_ref().is_some_and(of) {
            true => removed += 1,
            false => kept.extend_from_slice(line),
        }
    }
    Some((kept, removed))
}

fn records_without(
    bytes: &[u8],
    source: &DataSource,
    key: &str,
    is_gone: &dyn Fn(&str) -> bool,
) -> Option<(Vec<u8>, u64)> {
    let csv = &source.options.csv;
    let ascii = |c: char| u8::try_from(u32::from(c)).ok();
    let delimiter = ascii(csv.delimiter.unwrap_or(','))?;
    let quote = ascii(csv.quote.unwrap_or('"'))?;
    let mut reader = ::csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .quote(quote)
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes);
    let column = source.columns.iter().position(|c| c.source == key)?;
    let (mut kept, mut removed, mut from, mut keeps) = (Vec::with_capacity(bytes.len()), 0, 0, true);
    let mut record = ::csv::ByteRecord::new();
    while reader.read_byte_record(&mut record).ok()? {
        let start = usize::try_from(record.position()?.byte()).ok()?;
        if keeps {
            kept.extend_from_slice(bytes.get(from..start)?);
        }
        from = start;
        let value = String::from_utf8_lossy(record.get(column).unwrap_or_default());
        keeps = !is_gone(value.trim());
        removed += u64::from(!keeps);
    }
    if keeps {
        kept.extend_from_slice(bytes.get(from..)?);
    }
    Some((kept, removed))
}

/// Whether a file lies in the project's folder.
fn is_inside(dir: &Path, path: &Path) -> bool {
    match (dir.canonicalize(), path.canonicalize()) {
        (Ok(dir), Ok(path)) => path.starts_with(dir),
        _ => false,
    }
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(_) => found.push(entry.path()),
                Err(_) => {}
            }
        }
    }
    found.sort();
    found
}

/// Whether a file names one of the texts as a whole text of its own.
fn holds(path: &Path, texts: &[&str]) -> bool {
    let Ok(content) = fs::read_to_string(path) else { return false };
    texts.iter().any(|text| content.contains(&format!("\"{text}\"")))
}
