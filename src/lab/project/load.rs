//! From a source to rows in memory: a file is imported, a world is made again from its seed. What is not as it was when
//! the source was added is said by name.

use super::artifacts::key;
use super::history::history;
use super::parts::{DataSource, Origin, Parts};
use crate::data::import::{self, BadCell, BadRow, ImportOptions, Imported};
use crate::data::{Dataset, Roles};
use crate::error::{Error, Result};
use crate::features::recipe;
use crate::task::Task;
use crate::world::{self, WorldSpec};
use attune_policy::Document;
use attune_policy::history::MemoryHistory;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows in memory, and how they came there.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The rows.
    pub dataset: Dataset,
    /// Events known before the first row, where the source has them.
    pub history: Option<Arc<MemoryHistory>>,
    /// How the file was read, everything filled in.
    pub options: ImportOptions,
    /// What was found in the file, one sentence each.
    pub notes: Vec<String>,
    /// Rows set aside.
    pub bad_rows: Vec<BadRow>,
    /// Cells that became missing.
    pub bad_cells: Vec<BadCell>,
    /// What is not as it was when the source was added: a file that changed, a column that vanished.
    pub changes: Vec<Error>,
    /// Hash of what was read and how; everything made from the rows depends on it.
    pub fingerprint: String,
    /// The same of the history; empty without one. Simulations depend on it, models do not.
    pub history_fingerprint: String,
}

/// Name of the source that is the customer table.
pub const CUSTOMERS: &str = "customers";
/// Name of the source that holds the events known before the first row.
pub const HISTORY: &str = "history";

/// Loads the project's customers, and the history that stands beside them.
///
/// # Errors
/// When there are no customers, or a file is not there any more or cannot be read at all.
pub fn load(dir: &Path, parts: &Parts, task: &Task) -> Result<Loaded> {
    let source = parts
        .source()
        .ok_or_else(|| Error::new("the project has no data").in_file(dir).hint("import a customer file first"))?;
    let mut loaded = load_source(dir, source, task)?;
    if let Some(events) = parts.sources.iter().find(|s| s.name == HISTORY) {
        let table = load_source(dir, events, task)?;
        loaded.history = Some(Arc::new(history(&table.dataset, None, &parts.draft, task)?));
        loaded.notes.extend(table.notes);
        loaded.changes.extend(table.changes);
        loaded.history_fingerprint = table.fingerprint;
    }
    Ok(loaded)
}

/// Reads a table of events as a history for deciding, outside of any project.
///
/// # Errors
/// When the file cannot be read or is no table of events.
pub fn load_history(path: &Path, policy: &Document, task: &Task) -> Result<MemoryHistory> {
    let imported = import::import(path, &ImportOptions::default(), task)?;
    if let Some(bad) = imported.bad_rows.first() {
        // A lost event could let a capped contact through.
        return Err(Error::new(&bad.reason).in_file(path).at_row(bad.row).at_line(bad.line));
    }
    history(&imported.dataset, None, policy, task).map_err(|e| e.in_file(path))
}

/// Loads one table.
pub(super) fn load_source(dir: &Path, source: &DataSource, task: &Task) -> Result<Loaded> {
    match &source.origin {
        Origin::File(file) => {
            let path = resolve(dir, file);
            if !path.is_file() {
                return Err(Error::new("the data of this project are not there any more")
                    .in_file(&path)
                    .hint("put the file back, or import it from where it is now"));
            }
            let imported = import::import(&path, &source.options, task)?;
            let changes = changes(source, &imported, &path);
            let Imported { dataset, bad_rows, bad_cells, options, notes } = imported;
            let fingerprint = key(&("file 1", &dataset.source().sha256, &options));
            let history_fingerprint = String::new();
            Ok(Loaded {
                dataset,
                history: None,
                options,
                notes,
                bad_rows,
                bad_cells,
                changes,
                fingerprint,
                history_fingerprint,
            })
        }
        Origin::World(spec) => generate(spec, task),
    }
}

fn generate(spec: &WorldSpec, task: &Task) -> Result<Loaded> {
    task.stage("Generating customers")?;
    let world = world::generate(spec)?;
    task.tick(1.0)?;
    Ok(Loaded {
        history: Some(Arc::new(world.history())),
        dataset: world.trial,
        options: ImportOptions::default(),
        notes: vec!["Generated from a seed; nobody in it is real".into()],
        bad_rows: Vec::new(),
        bad_cells: Vec::new(),
        changes: Vec::new(),
        fingerprint: key(&("world 1", spec)),
        history_fingerprint: key(&("world history 2", spec)),
    })
}

/// The source that a freshly imported file becomes; its path is kept relative when it lies near the project.
pub fn source_of(dir: &Path, name: &str, path: &Path, loaded: &Loaded) -> DataSource {
    DataSource {
        name: name.to_owned(),
        origin: Origin::File(relative(dir, path)),
        options: loaded.options.clone(),
        sha256: loaded.dataset.source().sha256.clone(),
        rows: loaded.dataset.rows() as u64,
        columns: loaded.dataset.columns().to_vec(),
    }
}

fn changes(source: &DataSource, now: &Imported, path: &Path) -> Vec<Error> {
    let mut changes = Vec::new();
    let (before, after) = (&source.sha256, &now.dataset.source().sha256);
    if !before.is_empty() && before != after {
        let rows = now.dataset.rows();
        changes.push(
            Error::new(format!(
                "changed since it was imported: {} rows then, {rows} now; it is used as it is now",
                source.rows
            ))
            .in_file(path)
            .hint("import it again to take the change over"),
        );
    }
    for column in &source.columns {
        match now.dataset.column(&column.name) {
            None => changes.push(
                Error::new("was there when the file was imported and is not there any more")
                    .in_file(path)
                    .in_column(&column.source)
                    .hint("bring the column back, or take it out of roles, rules and models"),
            ),
            Some(found) if found.type_ != column.type_ => changes.push(
                Error::new(format!("was {} when the file was imported and is {} now", column.type_, found.type_))
                    .in_file(path)
                    .in_column(&column.source)
                    .hint("set the column's type in the import options"),
            ),
            Some(_) => {}
        }
    }
    changes
}

/// Where a path of a source leads.
fn resolve(dir: &Path, file: &Path) -> PathBuf {
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

/// The dataset and roles that models learn from: the columns, then the outputs of the recipe as features. Requests and the
/// schema know only the columns; the policy computes the rest itself.
///
/// # Errors
/// When a step does not fit the columns.
pub(super) fn with_recipe(dataset: &Dataset, parts: &Parts) -> Result<(Dataset, Roles)> {
    recipe::apply(dataset, &parts.roles, &parts.recipe)
}
