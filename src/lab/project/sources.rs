//! Files that become sources of a project: the customer table, and the tables beside it with their keys and times.
//!
//! Nothing is written here; what changes in the document is returned or made in [`Parts`].

use super::contacts::{AskedEvent, RowEvent};
use super::erasure;
use super::load::{CUSTOMERS, HISTORY, Loaded, load_source, read_table, subjects};
use super::parts::{DataSource, Origin, Parts, is_slug};
use crate::data::import::ImportOptions;
use crate::data::join::{Join, refuse_repeated_keys};
use crate::data::quality::Range;
use crate::data::table::{TextOfTimes, key_and_time, named};
use crate::data::{Dataset, Role, Roles, Table, TableKind};
use crate::error::{Error, Result};
use crate::task::Task;
use attune_policy::{Type, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a person says of a file that becomes a table beside the customers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Described {
    /// Name of the table, a slug; the kind's word when it is empty.
    pub name: String,
    /// What its rows are.
    pub kind: TableKind,
    /// The key column, by identifier or source name; found by name and contents when `None`.
    pub key: Option<String>,
    /// The time column, likewise.
    pub time: Option<String>,
    /// Column of the customer view that leads to the key: the table is joined by it. A table with one row per subject is
    /// joined by the customers' own subject column when this is `None`; any other is not joined.
    pub on: Option<String>,
    /// Columns (identifiers or source names) whose values become pseudonyms.
    pub pseudonymise: Vec<String>,
    /// Whether the key stands as pseudonyms elsewhere in the project, as [`hides_key`] says: then it becomes pseudonyms here, too.
    pub hide_key: bool,
    /// Declared ranges by column, identifier or source name.
    pub ranges: Vec<(String, Range)>,
    /// What the rows of the history say happened.
    pub event: AskedEvent,
}

impl Described {
    /// The table's name: the one given, else the kind's word. Contacts are called [`HISTORY`]: decisions are made over them.
    pub fn table_name(&self) -> &str {
        match (self.name.as_str(), self.kind) {
            ("", TableKind::Contacts) => HISTORY,
            ("", kind) => kind.label(),
            (name, _) => name,
        }
    }
}

/// Imports a file for the project in `dir` as its source `name`: [`CUSTOMERS`] or [`HISTORY`].
///
/// # Errors
/// When it cannot be read.
pub fn import_source(
    dir: &Path,
    name: &str,
    file: &Path,
    options: ImportOptions,
    task: &Task,
) -> Result<(DataSource, Loaded)> {
    let kind = if name == HISTORY { TableKind::Contacts } else { TableKind::Customers };
    let loaded = load_source(dir, &unread(name, kind, file, options), None, task)?;
    Ok((source_of(dir, name, kind, file, &loaded.dataset, &loaded.options), loaded))
}

/// As [`import_source`] for the customers, with columns pseudonymised and ranges declared.
///
/// # Errors
/// As [`import_source`], and when a column is not there.
pub fn import_customers(
    dir: &Path,
    described: &Described,
    file: &Path,
    options: ImportOptions,
    task: &Task,
) -> Result<(DataSource, Loaded)> {
    let (mut source, mut loaded) = import_source(dir, CUSTOMERS, file, options, task)?;
    describe(&mut source, described, &loaded.dataset).map_err(|error| error.in_file(file))?;
    let subject = || match described.key.as_deref() {
        Some(key) => named(&loaded.dataset, key).ok(),
        None => Roles::suggest(&loaded.dataset).first(Role::Subject).map(str::to_owned),
    };
    let hidden = if described.hide_key { subject().and_then(|key| hide(&mut source, &key)) } else { None };
    if !source.pseudonymise.is_empty() {
        erasure::make_secret(dir)?;
    }
    if !source.pseudonymise.is_empty() || !erasure::erased(dir)?.is_empty() {
        // Read as it will be read from now on.
        let key = described.key.as_deref().map(|key| named(&loaded.dataset, key)).transpose()?;
        let key = key.or_else(|| Roles::suggest(&loaded.dataset).first(Role::Subject).map(str::to_owned));
        loaded = load_source(dir, &source, key.as_deref(), task)?;
        source.columns = loaded.dataset.columns().to_vec();
    }
    loaded.notes.extend(hidden);
    Ok((source, loaded))
}

/// Makes a column of a source pseudonyms because others of its key are; says so where it was not asked for.
fn hide(source: &mut DataSource, column: &str) -> Option<String> {
    let source_name = source.columns.iter().find(|known| known.name == column).map(|known| known.source.clone());
    source.pseudonymise.insert(column.to_owned()).then(|| {
        format!(
            "`{}` of `{}` is replaced by pseudonyms, as the key is elsewhere in the project: one person has one pseudonym in every \
             table.",
            source_name.as_deref().unwrap_or(column),
            source.name
        )
    })
}

/// Whether the key of a table called `name` is the same as one that stands as pseudonyms in the project: that of the customers, the
/// column of theirs it is joined `on`, or, for the customers themselves, that of a table about subjects.
pub fn hides_key(parts: &Parts, name: &str, kind: TableKind, on: Option<&str>) -> bool {
    let by_key = |source: &DataSource| source.key.as_ref().is_some_and(|key| source.pseudonymise.contains(key));
    let subject = parts.roles.first(Role::Subject);
    let leads = |kind: TableKind, on: Option<&str>| -> Option<String> {
        let own = (kind != TableKind::Lookup).then_some(subject).flatten();
        on.or(own).map(str::to_owned)
    };
    if name == CUSTOMERS {
        let by_subject = |source: &&DataSource| {
            leads(source.kind, source.join.as_ref().map(|join| join.on.as_str())).as_deref() == subject
        };
        return parts.other_sources().filter(by_subject).any(by_key);
    }
    let known = parts.sources.iter().find(|source| source.name == name).and_then(|source| source.join.as_ref());
    let Some(column) = leads(kind, on.or(known.map(|join| join.on.as_str()))) else { return false };
    let hidden = |source: &DataSource| match &source.origin {
        // The customers are the keys of another table.
        Origin::SubjectsOf(of) => parts.sources.iter().filter(|other| other.name == *of).any(by_key),
        _ => source.pseudonymise.contains(&column),
    };
    let joined = |source: &DataSource| {
        let from = source.join.iter().flat_map(|join| &join.columns).find(|(_, to)| **to == column);
        from.is_some_and(|(from, _)| source.pseudonymise.contains(from))
    };
    parts.source().is_some_and(hidden) || parts.other_sources().any(joined)
}

/// Makes the keys of the tables beside the customers pseudonyms where the key they lead to is one now; what was done, one sentence each.
pub fn carry_pseudonyms(parts: &mut Parts) -> Vec<String> {
    let is_raw = |source: &&DataSource| {
        let on = source.join.as_ref().map(|join| join.on.as_str());
        matches!(source.origin, Origin::File(_)) && hides_key(parts, &source.name, source.kind, on)
    };
    let names: Vec<String> = parts.other_sources().filter(is_raw).map(|source| source.name.clone()).collect();
    let sources = Arc::make_mut(&mut parts.sources);
    let each = sources.iter_mut().filter(|source| names.contains(&source.name));
    each.filter_map(|source| source.key.clone().and_then(|key| hide(source, &key))).collect()
}

/// Writes what was said of a table into its source.
fn describe(source: &mut DataSource, described: &Described, dataset: &Dataset) -> Result<()> {
    for column in &described.pseudonymise {
        source.pseudonymise.insert(named(dataset, column)?);
    }
    for (column, range) in &described.ranges {
        source.ranges.insert(named(dataset, column)?, *range);
    }
    Ok(())
}

/// Imports a file for the project in `dir` as a table beside its customers.
///
/// # Errors
/// When it cannot be read, its name is no slug or is the customers' own, or its key or time column is not there or not found.
pub fn import_table(
    dir: &Path,
    described: &Described,
    file: &Path,
    options: ImportOptions,
    task: &Task,
) -> Result<(DataSource, Table)> {
    let (name, kind) = (described.table_name(), described.kind);
    if name == CUSTOMERS {
        return Err(Error::new("is the name of the customer table itself").hint("give the new table another name"));
    }
    if !is_slug(name) {
        return Err(Error::new(format!("`{name}` cannot name a table"))
            .hint("use lower-case letters, digits, `_` and `-`, at most 64 of them"));
    }
    let (mut table, (key, time), event) = read_described(dir, described, file, options, task)?;
    let mut source = source_of(dir, name, kind, file, &table.dataset, &table.options);
    (source.key, source.time) = (key, time);
    describe(&mut source, described, &table.dataset).map_err(|error| error.in_file(file))?;
    let key = source.key.clone().filter(|_| described.hide_key);
    let hidden = key.and_then(|key| hide(&mut source, &key));
    source.event = event;
    if source.event.is_none() && (described.event.event.is_some() || !described.event.words.is_empty()) {
        return Err(Error::new(format!(
            "what a row says happened is asked of the table `{HISTORY}` alone, over which decisions are made"
        ))
        .hint("import the file as contacts, without a name for the table"));
    }
    source.join = described.on.as_ref().map(|on| Join { on: on.clone(), columns: BTreeMap::new() });
    if !source.pseudonymise.is_empty() {
        erasure::make_secret(dir)?;
    }
    // Read as it will be read from now on.
    if !source.pseudonymise.is_empty() || !erasure::erased(dir)?.is_empty() {
        table = read_table(dir, &source, source.key.as_deref(), task)?;
        source.columns = table.dataset.columns().to_vec();
    }
    (table.key, table.time) = (source.key.clone(), source.time.clone());
    table.notes.extend(source.event.iter().flat_map(|event| event.remarks(&table.dataset, &described.event)));
    table.notes.extend(hidden);
    if kind == TableKind::Contacts && name != HISTORY {
        table.notes.push(format!(
            "Caps do not see these contacts: decisions are made over the table called `{HISTORY}`. Features can be made of them."
        ));
    }
    Ok((source, table))
}

/// Key and time columns of a table.
type KeyAndTime = (Option<String>, Option<String>);

/// Reads a table as what is said of it needs it: its time as times where most of its cells are, words for events as they are written.
fn read_described(
    dir: &Path,
    described: &Described,
    file: &Path,
    mut options: ImportOptions,
    task: &Task,
) -> Result<(Table, KeyAndTime, Option<RowEvent>)> {
    let (name, kind) = (described.table_name(), described.kind);
    let read = |options: &ImportOptions| read_table(dir, &unread(name, kind, file, options.clone()), None, task);
    let mut table = read(&options)?;
    if let Some(times) = TextOfTimes::find(&table.dataset, described.time.as_deref()).filter(|_| kind.is_timed()) {
        options = times.options(options);
        table = read(&options)?;
    }
    let (key, time) = key_and_time(&table.dataset, kind, described.key.as_deref(), described.time.as_deref())
        .map_err(|error| error.in_file(file))?;
    if name != HISTORY {
        return Ok((table, (key, time), None));
    }
    let event = RowEvent::declared(&table.dataset, &described.event, &[key.as_deref(), time.as_deref()])
        .map_err(|error| error.in_file(file))?;
    if let Some(column) = event.not_as_written(&table.dataset) {
        options.types.entry(column).or_insert(Type::Text);
        table = read(&options)?;
    }
    Ok((table, (key, time), Some(event)))
}

/// Puts a table into the document, in place of the one of that name. A document without customers gets them from it: the
/// subjects that occur in it, standing at the midnight after its last row.
///
/// # Errors
/// When the document has no customers and the table cannot give them.
pub fn put_table(parts: &mut Parts, source: DataSource, table: &Table) -> Result<()> {
    if parts.source().is_none() {
        if table.kind == TableKind::Lookup {
            return Err(Error::new("the project has no customers yet, and a look-up table does not say who they are")
                .hint("import customers or transactions first"));
        }
        let (customers, roles) = subjects_of(table)?;
        let mut goal = (*parts.goal).clone();
        goal.as_of = goal.as_of.or(roles.as_of);
        parts.roles = Arc::new(Roles { as_of: goal.as_of, ..roles });
        parts.goal = Arc::new(goal);
        put(parts, customers);
    }
    let mut source = source;
    source.join = declared_join(parts, &source, table)?;
    put(parts, source);
    Ok(())
}

/// The join of a table: as it was declared before under the table's name, else by the column asked for, else, for a table with
/// one row per subject, by the subject. New columns join in; their roles are those that names and contents speak for.
fn declared_join(parts: &mut Parts, source: &DataSource, table: &Table) -> Result<Option<Join>> {
    let before = parts.sources.iter().find(|known| known.name == source.name).and_then(|known| known.join.clone());
    let subject = || table.kind.is_customers().then(|| parts.roles.first(Role::Subject).map(str::to_owned)).flatten();
    let asked = source.join.as_ref().map(|join| join.on.clone());
    let Some(on) = asked.or_else(|| before.as_ref().map(|join| join.on.clone())).or_else(subject) else {
        if table.kind.is_customers() {
            return Err(Error::new(format!(
                "`{}` has a row per subject, and no column of the customers is the subject",
                table.name
            ))
            .hint("give the customers' key column the role subject, or name the column to join by"));
        }
        return Ok(None);
    };
    refuse_repeated_keys(table)?;
    let mut join = Join { on, columns: before.map(|join| join.columns).unwrap_or_default() };
    join.columns.retain(|column, _| table.dataset.column(column).is_some());
    let taken: BTreeSet<String> = parts
        .sources
        .iter()
        .filter(|other| other.name != source.name)
        .flat_map(|other| match (&other.join, other.kind.is_customers() && other.name == CUSTOMERS) {
            (_, true) => other.columns.iter().map(|c| c.name.clone()).collect::<Vec<_>>(),
            (Some(join), _) => join.columns.values().cloned().collect(),
            (None, _) => Vec::new(),
        })
        .collect();
    let suggested = Roles::suggest(&table.dataset);
    let roles = Arc::make_mut(&mut parts.roles);
    for column in table.dataset.columns().iter().filter(|column| Some(&column.name) != table.key.as_ref()) {
        if join.columns.contains_key(&column.name) {
            continue;
        }
        let free = |name: &String| !taken.contains(name) && !join.columns.values().any(|known| known == name);
        let plain = column.name.clone();
        let name = if free(&plain) { plain } else { format!("{}_{plain}", table.name) };
        if !free(&name) {
            return Err(Error::new(format!(
                "the customers have a column of this name already, and one called `{name}`"
            ))
            .in_column(&column.source)
            .hint("rename the column in the file"));
        }
        // There is one subject, action and time, and the customers have them.
        let role = match suggested.role(&column.name) {
            role @ (Role::Feature | Role::Context | Role::Consent | Role::Protected | Role::Outcome) => role,
            Role::Time => Role::Feature,
            _ => Role::Ignored,
        };
        roles.columns.entry(name.clone()).or_insert(role);
        join.columns.insert(column.name.clone(), name);
    }
    Ok(Some(join))
}

/// Puts a source in its place among the others, instead of the one of its name, whose declarations it takes over.
pub fn put(parts: &mut Parts, mut source: DataSource) {
    let sources = Arc::make_mut(&mut parts.sources);
    match sources.iter_mut().find(|known| known.name == source.name) {
        Some(known) => {
            source.keep_declared(known);
            *known = source;
        }
        None => sources.push(source),
    }
    sources.sort_by(|a, b| super::source_order(a).cmp(&super::source_order(b)));
}

/// The customer table that the subjects of another table make, and its roles.
///
/// # Errors
/// When the table has no key.
pub fn subjects_of(table: &Table) -> Result<(DataSource, Roles)> {
    let customers = subjects(table, None)?;
    let mut roles = Roles { as_of: day_after(table), ..Roles::default() };
    roles.columns.extend(customers.dataset.columns().iter().map(|c| (c.name.clone(), Role::Subject)));
    let source = DataSource {
        name: CUSTOMERS.to_owned(),
        origin: Origin::SubjectsOf(table.name.clone()),
        rows: customers.dataset.rows() as u64,
        columns: customers.dataset.columns().to_vec(),
        ..DataSource::default()
    };
    Ok((source, roles))
}

/// The first midnight (UTC, ms) after everything in the table.
fn day_after(table: &Table) -> Option<i64> {
    const DAY: i64 = 86_400_000;
    let time = table.time.as_deref()?;
    let times = (0..table.dataset.rows()).filter_map(|row| match table.dataset.value(row, time) {
        Value::Time(ms) => Some(ms),
        _ => None,
    });
    Some((times.max()?.div_euclid(DAY) + 1) * DAY)
}

/// The source that a freshly imported file becomes; its path is kept relative when it lies near the project.
fn source_of(
    dir: &Path,
    name: &str,
    kind: TableKind,
    path: &Path,
    dataset: &Dataset,
    options: &ImportOptions,
) -> DataSource {
    DataSource {
        name: name.to_owned(),
        kind,
        origin: Origin::File(relative(dir, path)),
        options: options.clone(),
        sha256: dataset.source().sha256.clone(),
        rows: dataset.rows() as u64,
        columns: dataset.columns().to_vec(),
        ..DataSource::default()
    }
}

/// A source whose file was not read yet.
fn unread(name: &str, kind: TableKind, file: &Path, options: ImportOptions) -> DataSource {
    DataSource {
        name: name.to_owned(),
        kind,
        // Made absolute so that it can be read from any folder; it becomes relative once it is read.
        origin: Origin::File(std::path::absolute(file).unwrap_or_else(|_| file.to_owned())),
        options,
        ..DataSource::default()
    }
}

/// Where a path of a source leads.
pub(super) fn resolve(dir: &Path, file: &Path) -> PathBuf {
    if file.is_absolute() { file.to_owned() } else { dir.join(file) }
}

/// How far above the project a file may lie and still be named relative to it.
const NEAR: usize = 2;

/// `path` relative to the project's folder when it lies inside it or near it, else absolute.
fn relative(dir: &Path, path: &Path) -> PathBuf {
    let (Ok(dir), Ok(full)) = (dir.canonicalize(), path.canonicalize()) else {
        return std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    };
    let mut up = PathBuf::new();
    for ancestor in dir.ancestors().take(NEAR + 1) {
        if let Ok(below) = full.strip_prefix(ancestor) {
            // Everything lies below the root; that is not near.
            return if ancestor.parent().is_some() { up.join(below) } else { full };
        }
        up.push("..");
    }
    full
}
