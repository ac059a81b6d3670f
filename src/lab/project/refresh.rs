//! Reading the sources again: which files changed, which columns came, went or became something else, and which rows.
//!
//! Rows are compared by hashes that were remembered when they were last read: no copy of them is kept. Nothing is lost by a
//! refresh: a column that vanished keeps its role, for the day it comes back.

use super::atomic;
use super::load::{read_table, subjects};
use super::parts::{DataSource, Origin, Parts};
use super::sources::resolve;
use crate::data::cells::mix;
use crate::data::{Column, Dataset, Role, Roles, Table};
use crate::error::{Error, Result};
use crate::task::Task;
use serde::Serialize;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a refresh found in one source.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SourceChange {
    /// Name of the source.
    pub source: String,
    /// Its file; `None` when it is not read from one.
    pub file: Option<PathBuf>,
    /// Whether the fingerprint of the file is another one.
    pub changed: bool,
    /// Rows when it was last read.
    pub rows_before: u64,
    /// Rows now.
    pub rows_now: u64,
    /// Columns (source names) that are new.
    pub new_columns: Vec<String>,
    /// Columns (source names) that are not there any more; their roles are kept.
    pub vanished: Vec<String>,
    /// Columns of another type than before: source name, before, now.
    pub retyped: Vec<(String, String, String)>,
    /// Which rows changed; `None` when the rows of the last reading were not remembered.
    pub rows: Option<RowChanges>,
}

/// Which rows changed since they were remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RowChanges {
    /// Rows whose key (without a key: whose content) was not there before.
    pub new: Rows,
    /// Rows of before whose key or content is not there any more, by their number in the old file.
    pub gone: Rows,
    /// Rows whose key was there with other cells; always none without a key, or when columns came or went.
    pub changed: Rows,
}

/// Rows, counted and sampled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rows {
    /// How many.
    pub count: u64,
    /// Numbers of the first of them in the file, at most [`LISTED`].
    pub numbers: Vec<u64>,
}

/// Most row numbers listed.
pub const LISTED: usize = 20;

impl Rows {
    fn add(&mut self, number: u64) {
        self.count += 1;
        if self.numbers.len() < LISTED {
            self.numbers.push(number);
        }
    }
}

/// Reads every source again. The parts that come back have the new fingerprints, rows and columns; new columns of the customers
/// have the roles their names and contents speak for, and nothing else changed. Nothing is written but what is remembered of the
/// rows, when `remember` says so.
///
/// # Errors
/// When a file is not there or cannot be read.
pub fn refresh(dir: &Path, parts: &Parts, remember: bool, task: &Task) -> Result<(Parts, Vec<SourceChange>)> {
    let mut next = parts.clone();
    let mut changes = Vec::with_capacity(parts.sources.len());
    let mut tables: Vec<Table> = Vec::new();
    for source in parts.sources.iter() {
        let Origin::File(file) = &source.origin else { continue };
        let is_customers = parts.source().is_some_and(|customers| customers.name == source.name);
        let key = if is_customers { parts.roles.first(Role::Subject) } else { source.key.as_deref() };
        let table = read_table(dir, source, key, task)?;
        let mut change = compare(source, &table.dataset, resolve(dir, file));
        let before = remembered(dir, &source.name)?;
        let now = Index::of(&table.dataset, key);
        change.rows = before.map(|before| before.compare(&now));
        let known = Arc::make_mut(&mut next.sources).iter_mut().find(|known| known.name == source.name);
        if let Some(known) = known {
            known.sha256.clone_from(&table.dataset.source().sha256);
            known.rows = table.dataset.rows() as u64;
            known.columns = table.dataset.columns().to_vec();
        }
        if is_customers {
            let suggested = Roles::suggest(&table.dataset);
            let roles = Arc::make_mut(&mut next.roles);
            for column in table.dataset.columns() {
                let role = suggested.role(&column.name);
                // There is one action, one subject, one time: those of the project stay.
                roles.columns.entry(column.name.clone()).or_insert(if role.is_single() { Role::Ignored } else { role });
            }
        }
        if remember {
            now.write(dir, &source.name)?;
        }
        changes.push(change);
        tables.push(table);
    }
    // Customers who are the subjects of another table are as many as that has now.
    for source in Arc::make_mut(&mut next.sources) {
        let Origin::SubjectsOf(name) = &source.origin else { continue };
        let Some(table) = tables.iter().find(|table| table.name == *name) else { continue };
        let dataset = subjects(table, parts.goal.as_of)?.dataset;
        let mut change = compare(source, &dataset, PathBuf::new());
        change.file = None;
        change.changed = changes.iter().any(|other| other.source == *name && other.changed);
        source.rows = dataset.rows() as u64;
        source.columns = dataset.columns().to_vec();
        changes.insert(0, change);
    }
    Ok((next, changes))
}

/// Remembers the rows of a table as they are now, so that the next refresh can tell which changed.
///
/// # Errors
/// When it cannot be written.
pub fn remember_rows(dir: &Path, name: &str, dataset: &Dataset, key: Option<&str>) -> Result<()> {
    Index::of(dataset, key).write(dir, name)
}

fn compare(source: &DataSource, now: &Dataset, file: PathBuf) -> SourceChange {
    let gone = |column: &&Column| now.column(&column.name).is_none();
    let is_new = |column: &&Column| source.columns.iter().all(|known| known.name != column.name);
    let names = |columns: Vec<&Column>| columns.into_iter().map(|c| c.source.clone()).collect();
    let retyped = source.columns.iter().filter_map(|known| {
        let found = now.column(&known.name).filter(|found| found.type_ != known.type_)?;
        Some((known.source.clone(), known.type_.to_string(), found.type_.to_string()))
    });
    SourceChange {
        source: source.name.clone(),
        file: Some(file),
        changed: source.sha256 != now.source().sha256,
        rows_before: source.rows,
        rows_now: now.rows() as u64,
        new_columns: names(now.columns().iter().filter(is_new).collect()),
        vanished: names(source.columns.iter().filter(gone).collect()),
        retyped: retyped.collect(),
        rows: None,
    }
}

/// Hashes of the rows of a table.
struct Index {
    /// Hash of the column names and of the key's name.
    shape: u64,
    has_key: bool,
    /// Number in the file, hash of the key (without a key: of the content), hash of the content.
    rows: Vec<(u64, u64, u64)>,
}

impl Index {
    fn of(dataset: &Dataset, key: Option<&str>) -> Index {
        let mut content = vec![0u64; dataset.rows()];
        let mut shape = text_hash("");
        for column in dataset.columns() {
            shape = mix(shape, text_hash(&column.source));
            if let Some(cells) = dataset.cells(&column.name) {
                take_in(&mut content, &cells.dictionary());
            }
        }
        let mut keys = vec![0u64; dataset.rows()];
        let key_cells = key.and_then(|name| dataset.cells(name));
        if let Some(cells) = key_cells {
            take_in(&mut keys, &cells.dictionary());
        }
        let has_key = key_cells.is_some();
        let rows = (0..dataset.rows()).map(|row| {
            let key = if has_key { keys[row] } else { content[row] };
            (dataset.row_number(row), key, content[row])
        });
        Index { shape, has_key, rows: rows.collect() }
    }

    /// What became of the rows of this index in another.
    fn compare(&self, now: &Index) -> RowChanges {
        let mut changes = RowChanges::default();
        // Where keys were chosen otherwise than now, rows can only be compared as wholes.
        let by_key = self.has_key && now.has_key && self.keys_are_unique() && now.keys_are_unique();
        let comparable = self.shape == now.shape;
        let of = |row: &(u64, u64, u64)| if by_key || !comparable { row.1 } else { row.2 };
        // As often as a hash stands in one and not in the other, rows came or went.
        let mut left: HashMap<u64, Vec<usize>> = HashMap::with_capacity(self.rows.len());
        for (i, row) in self.rows.iter().enumerate().rev() {
            left.entry(of(row)).or_default().push(i);
        }
        let mut taken = vec![false; self.rows.len()];
        for row in &now.rows {
            match left.get_mut(&of(row)).and_then(Vec::pop) {
                None => changes.new.add(row.0),
                Some(i) => {
                    taken[i] = true;
                    if by_key && comparable && self.rows[i].2 != row.2 {
                        changes.changed.add(row.0);
                    }
                }
            }
        }
        self.rows.iter().zip(&taken).filter(|(_, taken)| !**taken).for_each(|(row, _)| changes.gone.add(row.0));
        changes
    }

    fn keys_are_unique(&self) -> bool {
        let mut keys: Vec<u64> = self.rows.iter().map(|row| row.1).collect();
        keys.sort_unstable();
        keys.windows(2).all(|pair| pair[0] != pair[1])
    }

    fn write(&self, dir: &Path, name: &str) -> Result<()> {
        let words = [MAGIC, self.shape, u64::from(self.has_key)];
        let rows = self.rows.iter().flat_map(|(number, key, content)| [*number, *key, *content]);
        let bytes: Vec<u8> = words.into_iter().chain(rows).flat_map(u64::to_le_bytes).collect();
        atomic::replace(&place(dir, name), &bytes)
    }
}

/// First word of a file of remembered rows.
const MAGIC: u64 = u64::from_le_bytes(*b"attrows1");

fn place(dir: &Path, name: &str) -> PathBuf {
    dir.join(".local/rows").join(name)
}

/// The rows as they were remembered; `None` when they were not, or by another version.
fn remembered(dir: &Path, name: &str) -> Result<Option<Index>> {
    let path = place(dir, name);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(Error::new(format!("could not be read: {e}")).in_file(&path)),
    };
    let words: Vec<u64> =
        bytes.chunks_exact(8).filter_map(|word| word.try_into().ok().map(u64::from_le_bytes)).collect();
    let [MAGIC, shape, has_key, rows @ ..] = words.as_slice() else { return Ok(None) };
    if rows.len() % 3 != 0 || bytes.len() % 8 != 0 {
        return Ok(None);
    }
    let rows = rows.chunks_exact(3).map(|row| (row[0], row[1], row[2])).collect();
    Ok(Some(Index { shape: *shape, has_key: *has_key == 1, rows }))
}

/// Takes the texts of a column into the hashes of its rows.
fn take_in(hashes: &mut [u64], dictionary: &crate::data::cells::Dictionary) {
    const MISSING: u64 = 0x6D69_7373_696E_6721;
    let values: Vec<u64> = dictionary.values.iter().map(|value| text_hash(value)).collect();
    for (hash, code) in hashes.iter_mut().zip(&dictionary.codes) {
        *hash = mix(*hash, values.get(*code as usize).copied().unwrap_or(MISSING));
    }
}

/// A hash of a text that is the same in every run and on every machine (FNV-1a, then mixed).
fn text_hash(text: &str) -> u64 {
    let fnv = text
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3));
    mix(fnv, text.len() as u64)
}
