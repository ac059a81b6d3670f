//! From a source to rows in memory: a file is imported, a world is made again from its seed. What is not as it was when
//! the source was added is said by name.

use super::artifacts::{self, key};
use super::erasure;
use super::history::{Known, history, strangers};
use super::parts::{DataSource, Origin, Parts};
use super::rules::{rules_in_force, without_freshness};
use super::sources::resolve;
use crate::data::cells::Cells;
use crate::data::import::{self, BadCell, BadRow, ImportOptions, Imported, dates};
use crate::data::join::{Join, JoinReport, join};
use crate::data::pseudonym::{not_erased, pseudonymise};
use crate::data::quality::{LeftOut, leave_out};
use crate::data::table::TextOfTimes;
use crate::data::{Dataset, Role, Roles, Source, Table, TableKind};
use crate::error::{Error, Result};
use crate::features::events::{self, Buyers, EventTable};
use crate::features::{entry, recipe};
use crate::simulate::log::delayed;
use crate::task::Task;
use crate::world::{self, WorldSpec};
use attune_policy::Document;
use attune_policy::history::MemoryHistory;
use std::path::Path;
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
    /// The tables beside the customers, in the order of the sources.
    pub tables: Vec<Table>,
    /// How the joined tables fit.
    pub joins: Vec<JoinReport>,
    /// Rows of the customer file left out by the rules of its source.
    pub left_out: Vec<LeftOut>,
}

impl Loaded {
    /// A table beside the customers, by name.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }
}

/// Name of the source that is the customer table.
pub const CUSTOMERS: &str = "customers";
/// Name of the source that holds the events known before the first row.
pub const HISTORY: &str = "history";

/// Loads the project's customers and the tables beside them.
///
/// # Errors
/// When there are no customers, or a file is not there any more or cannot be read at all.
pub fn load(dir: &Path, parts: &Parts, task: &Task) -> Result<Loaded> {
    let source = parts
        .source()
        .ok_or_else(|| Error::new("the project has no data").in_file(dir).hint("import a customer file first"))?;
    let read = |other: &DataSource| read_table(dir, other, other.key.as_deref(), task);
    let tables = parts.other_sources().map(read).collect::<Result<Vec<_>>>()?;
    let mut loaded = match &source.origin {
        Origin::SubjectsOf(name) => {
            let table = tables.iter().find(|table| table.name == *name).ok_or_else(|| {
                Error::new(format!("the customers are the subjects of the table `{name}`, which the project has not"))
                    .in_file(dir)
                    .hint("import that table again, or import a customer file")
            })?;
            loaded_of(subjects(table, parts.goal.as_of)?)
        }
        _ => load_source(dir, source, parts.roles.first(Role::Subject), task)?,
    };
    let joins: Vec<(&Table, &Join)> =
        parts.other_sources().zip(&tables).filter_map(|(other, table)| Some((table, other.join.as_ref()?))).collect();
    (loaded.dataset, loaded.joins) = join(&loaded.dataset, &joins, task)?;
    if let Some(events) = tables.iter().find(|table| table.name == HISTORY) {
        let mut roles = Roles::default();
        roles.columns.extend(events.key.iter().map(|key| (key.clone(), Role::Subject)));
        roles.columns.extend(events.time.iter().map(|time| (time.clone(), Role::Time)));
        let source = parts.sources.iter().find(|source| source.name == HISTORY);
        let declared = source.and_then(|source| source.event.as_ref());
        let known = history(&events.dataset, Some(&roles), declared, &parts.draft, task);
        let known = known.map_err(|error| match source.map(|source| &source.origin) {
            Some(Origin::File(file)) => error.in_file(&resolve(dir, file)),
            _ => error,
        })?;
        loaded.history = Some(Arc::new(known.history));
        let strangers = strangers(events, &loaded.dataset, &parts.roles);
        loaded.notes.extend(known.notes.into_iter().chain(strangers).map(|note| format!("{HISTORY}: {note}")));
        loaded.history_fingerprint = match declared {
            Some(declared) => key(&("history 1", &events.fingerprint, &events.key, &events.time, declared)),
            None => events.fingerprint.clone(),
        };
    }
    // What is made from the rows may look into any table but the history, which is kept apart.
    let others: Vec<_> = tables
        .iter()
        .filter(|table| table.name != HISTORY)
        .map(|table| {
            let join = parts.sources.iter().find(|source| source.name == table.name).map(|source| &source.join);
            (&table.name, table.kind, &table.key, &table.time, &table.fingerprint, join)
        })
        .collect();
    if !others.is_empty() {
        loaded.fingerprint = key(&("tables 1", &loaded.fingerprint, others));
    }
    for table in &tables {
        loaded.notes.extend(table.notes.iter().map(|note| format!("{}: {note}", table.name)));
        loaded.changes.extend(table.changes.iter().cloned());
    }
    loaded.tables = tables;
    if !parts.roles.delayed.is_empty() {
        let matched;
        (loaded.dataset, matched) = delayed::attach(&loaded.dataset, &parts.roles, &loaded.tables, task)?;
        loaded.notes.extend(matched.iter().map(delayed::Matched::words));
        loaded.fingerprint = key(&("delayed 1", &loaded.fingerprint, &parts.roles.delayed));
        if parts.roles.first(Role::Time).is_none() {
            // Then outcomes are counted from the instant at which the rows stand.
            loaded.fingerprint = key(&("delayed from", &loaded.fingerprint, parts.goal.as_of));
        }
    }
    add_events(&mut loaded, parts, task)?;
    Ok(loaded)
}

/// Computes the features over events that the project declares, as columns of its customers.
fn add_events(loaded: &mut Loaded, parts: &Parts, task: &Task) -> Result<()> {
    let features = &*parts.events;
    if features.is_empty() {
        return Ok(());
    }
    let key = parts.roles.first(Role::Subject).ok_or_else(|| {
        Error::new(
            "features over events need to know whose they are, and no column of the customers has the role subject",
        )
        .hint("give the column that holds the customer's key the role subject")
    })?;
    let tables = event_tables(loaded);
    let outcomes: Vec<(&str, &str)> = loaded
        .tables
        .iter()
        .filter(|table| table.kind == TableKind::DecisionLog)
        .flat_map(|table| {
            let columns = table.dataset.columns().iter().filter(|c| parts.roles.role(&c.name) == Role::Outcome);
            columns.map(|column| (table.name.as_str(), column.name.as_str()))
        })
        .collect();
    let time = parts.roles.first(Role::Time).filter(|name| loaded.dataset.column(name).is_some());
    let moments = events::Moments::of(&loaded.dataset, key, time, parts.goal.as_of)?;
    let leaks = events::leaks(features, &tables, &outcomes, &moments);
    if let Some(leak) = leaks.iter().find(|leak| leak.refused) {
        let about =
            if leak.message.starts_with("feature ") { String::new() } else { format!("feature `{}`: ", leak.feature) };
        return Err(Error::new(format!("{about}{}", leak.message)).hint("correct features.ron"));
    }
    let computed = events::compute(features, &tables, &moments, task)?;
    let (dataset, _) = events::join(&loaded.dataset, &parts.roles, features, computed.cells)?;
    let about = |leak: &events::Leak| match leak.feature.as_str() {
        "" => leak.message.clone(),
        name => format!("feature `{name}`: {}", leak.message),
    };
    let notes: Vec<String> = leaks.iter().map(about).chain(computed.notes).collect();
    loaded.notes.extend(notes);
    loaded.dataset = dataset;
    loaded.fingerprint = artifacts::key(&("events 1", &loaded.fingerprint, without_freshness(features)));
    Ok(())
}

/// The tables beside the customers whose rows happened to somebody at some time.
pub fn event_tables(loaded: &Loaded) -> Vec<events::EventTable<'_>> {
    let tables = loaded.tables.iter().filter(|table| table.kind.is_timed());
    tables
        .filter_map(|table| {
            let (key, time) = (table.key.as_deref()?, table.time.as_deref()?);
            Some(events::EventTable { name: &table.name, dataset: &table.dataset, key, time })
        })
        .collect()
}

/// Reads a table of events as a history for deciding, outside of any project. A row whose event is empty is left out, and said.
///
/// # Errors
/// When the file cannot be read or is no table of events.
pub fn load_history(path: &Path, policy: &Document, task: &Task) -> Result<Known> {
    let mut imported = import::import(path, &ImportOptions::default(), task)?;
    if let Some(times) = TextOfTimes::find(&imported.dataset, None) {
        imported = import::import(path, &times.options(ImportOptions::default()), task)?;
    }
    if let Some(bad) = imported.bad_rows.first() {
        // A lost event could let a capped contact through.
        return Err(Error::new(&bad.reason).in_file(path).at_row(bad.row).at_line(bad.line));
    }
    let known = history(&imported.dataset, None, None, policy, task).map_err(|e| e.in_file(path))?;
    let first = known.lacking.first().and_then(|lacking| Some((lacking, *lacking.rows.first()?)));
    let Some((lacking, row)) = first else { return Ok(known) };
    let bad = imported.bad_cells.iter().find(|bad| (bad.row, &bad.column) == (row, &lacking.column));
    let error = match bad {
        Some(bad) => Error::new(format!("`{}` is not {}", bad.text, bad.expected)).at_line(bad.line),
        None => Error::new("is empty"),
    };
    Err(error.in_file(path).at_row(row).in_column(&lacking.column).hint(
        "correct the row, or take it out: over a history that lacks a contact a cap could let one too many through",
    ))
}

/// What the contacts of a table that was just imported do not share with the customers of the project, one sentence each: whose they
/// are, and when.
///
/// # Errors
/// [`Error::Cancelled`] when told to stop; where the customers cannot be read, that is what is told.
pub fn strangers_of(dir: &Path, parts: &Parts, contacts: &Table, task: &Task) -> Result<Vec<String>> {
    let Some(source) = parts.source() else { return Ok(Vec::new()) };
    let customers = match &source.origin {
        Origin::SubjectsOf(of) if *of == contacts.name => return Ok(Vec::new()),
        Origin::SubjectsOf(of) => match parts.sources.iter().find(|source| source.name == *of) {
            Some(of) => read_table(dir, of, of.key.as_deref(), task)
                .and_then(|table| subjects(&table, parts.goal.as_of))
                .map(|customers| customers.dataset),
            None => return Ok(Vec::new()),
        },
        _ => load_source(dir, source, parts.roles.first(Role::Subject), task).map(|loaded| loaded.dataset),
    };
    match customers {
        Ok(customers) => Ok(strangers(contacts, &customers, &parts.roles)),
        Err(error) if error.is_cancelled() => Err(error),
        Err(error) => Ok(vec![format!("Whether the contacts are of customers is not known: {error}.")]),
    }
}

/// Loads the customer table alone. `key` is the column of its subject, where that is known.
pub(super) fn load_source(dir: &Path, source: &DataSource, key: Option<&str>, task: &Task) -> Result<Loaded> {
    match &source.origin {
        Origin::World(spec) => generate(spec, task),
        _ => Ok(loaded_of(read_table(dir, source, key, task)?)),
    }
}

/// Reads one table from its file: pseudonyms in place of identifiers, without the rows of erased subjects and those that its
/// rules leave out. `key` is the column that holds the subject.
pub(super) fn read_table(dir: &Path, source: &DataSource, subject: Option<&str>, task: &Task) -> Result<Table> {
    let Origin::File(file) = &source.origin else {
        return Err(Error::new(format!("`{}` is not read from a file", source.name)).in_file(dir));
    };
    let path = resolve(dir, file);
    if !path.is_file() {
        return Err(Error::new("the data of this project are not there any more")
            .in_file(&path)
            .hint("put the file back, or import it from where it is now"));
    }
    let imported = import::import(&path, &source.options, task)?;
    let changes = changes(source, &imported, &path);
    let Imported { mut dataset, mut bad_rows, mut bad_cells, options, mut notes, .. } = imported;
    let whose = |error: Error| error.in_file(&path);
    if !source.pseudonymise.is_empty() {
        dataset = pseudonymise(&dataset, &source.pseudonymise, &erasure::secret(dir)?).map_err(whose)?;
        // What could not be read may hold what was to be hidden.
        bad_rows.iter_mut().for_each(|bad| bad.text = HIDDEN.to_owned());
        let hides = |cell: &&mut BadCell| {
            let column = source.columns.iter().find(|column| column.source == cell.column);
            column.is_none_or(|column| source.pseudonymise.contains(&column.name))
        };
        bad_cells.iter_mut().filter(hides).for_each(|bad| bad.text = HIDDEN.to_owned());
    }
    let erased = erasure::erased(dir)?;
    let mut tombstones = None;
    if let Some(name) = subject.filter(|name| !erased.is_empty() && dataset.column(name).is_some()) {
        let hidden = source.pseudonymise.contains(name);
        if let Some(kept) = not_erased(&dataset, name, &erased, &erasure::secret(dir)?, hidden).map_err(whose)? {
            notes.push(format!("{} rows of erased subjects were left out.", dataset.rows() - kept.len()));
            dataset = dataset.select(&kept);
            tombstones = Some(key(&erased));
        }
    }
    let (dataset, left_out) = leave_out(&dataset, &source.leave_out).map_err(whose)?;
    notes.extend(left_out.iter().map(|left| format!("Left out: {} {}.", left.count, left.rule.words())));
    let plain = source.pseudonymise.is_empty() && source.leave_out.is_empty() && tombstones.is_none();
    let sha256 = &dataset.source().sha256;
    let fingerprint = match plain {
        true => key(&("file 1", sha256, &options)),
        false => key(&("file 2", sha256, &options, &source.pseudonymise, &source.leave_out, tombstones)),
    };
    Ok(Table {
        name: source.name.clone(),
        kind: source.kind,
        key: source.key.clone(),
        time: source.time.clone(),
        dataset,
        options,
        notes,
        bad_rows,
        bad_cells,
        left_out,
        changes,
        fingerprint,
    })
}

/// In place of a text that may hold an identifier.
const HIDDEN: &str = "(hidden)";

/// The subjects of a table as a table of one column: each key once, in order of first appearance. Where the customers stand at
/// an instant, those of whom nothing happened before it are no customers yet: that they are going to be is not known then, and would
/// tell of everyone without a past that they buy soon. Of transactions, customers are those who bought: not those who only brought
/// something back.
pub(super) fn subjects(table: &Table, as_of: Option<i64>) -> Result<Table> {
    let name = table.key.as_deref().ok_or_else(|| {
        Error::new(format!("the table `{}` has no key column, so it does not say who the customers are", table.name))
            .hint("import it again and name its key column")
    })?;
    let (Some(column), Some(cells)) = (table.dataset.column(name), table.dataset.cells(name)) else {
        return Err(Error::new(format!("the key of `{}` is not in it any more", table.name)).in_column(name));
    };
    let happened =
        EventTable { name: &table.name, dataset: &table.dataset, key: name, time: table.time.as_deref().unwrap_or("") };
    let as_of = as_of.filter(|_| matches!(table.dataset.cells(happened.time), Some(Cells::Time(_))));
    let purchase = match table.kind {
        TableKind::Transactions => events::purchase_of(&happened)?,
        _ => None,
    };
    let buyers = Buyers::of(&happened, as_of, purchase.as_deref())?;
    let source = Source { file: table.dataset.source().file.clone(), ..Source::default() };
    let dataset = Dataset::new(super::CUSTOMERS, vec![(column.clone(), cells.select(&buyers.first))], source, None)?;
    let mut notes = vec![format!("The {} customers are the subjects of `{}`.", buyers.first.len(), table.name)];
    if buyers.without > 0 {
        let without = buyers.without;
        notes
            .push(format!("{without} rows of `{}` have no `{}` and belong to no customer.", table.name, column.source));
    }
    notes.extend(buyers.notes(&table.name, as_of.map(dates::render).as_deref(), purchase.as_deref()));
    let mut fingerprint = key(&("subjects 1", name, &table.fingerprint));
    if let (Some(as_of), true) = (as_of, buyers.later > 0) {
        fingerprint = key(&("subjects 2", name, &table.fingerprint, as_of));
    }
    if buyers.only_others > 0 {
        fingerprint = key(&("subjects 3", name, &table.fingerprint, as_of, &purchase));
    }
    Ok(Table { notes, fingerprint, ..Table::new(super::CUSTOMERS, TableKind::Customers, None, None, dataset) })
}

fn loaded_of(table: Table) -> Loaded {
    let Table { dataset, options, notes, bad_rows, bad_cells, left_out, changes, fingerprint, .. } = table;
    Loaded {
        dataset,
        history: None,
        options,
        notes,
        bad_rows,
        bad_cells,
        changes,
        fingerprint,
        history_fingerprint: String::new(),
        tables: Vec::new(),
        joins: Vec::new(),
        left_out,
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
        tables: Vec::new(),
        joins: Vec::new(),
        left_out: Vec::new(),
    })
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
            .hint("`attune refresh` tells what changed and takes it over"),
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
            // A pseudonym is text whatever it stands for.
            Some(found) if found.type_ != column.type_ && !source.pseudonymise.contains(&column.name) => changes.push(
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

/// The dataset and roles that models learn from: the columns as their rules leave them, then the outputs of the recipe as features.
/// Requests and the schema know only the columns; the policy does the rest itself.
///
/// # Errors
/// When a rule or a step does not fit the columns.
pub(super) fn with_recipe(dataset: &Dataset, parts: &Parts) -> Result<(Dataset, Roles)> {
    recipe::apply(&with_rules(dataset, parts)?, &parts.roles, &parts.recipe)
}

/// The columns as the rules of the project that are in force leave them: too old values are missing, and defaults stand where values are.
///
/// # Errors
/// When a rule does not fit the columns.
pub fn with_rules(dataset: &Dataset, parts: &Parts) -> Result<Dataset> {
    entry::admit(dataset, &parts.roles, &rules_in_force(parts))
}
