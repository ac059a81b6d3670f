//! `attune features`: what is known of each subject from tables of events, as of one instant.

use super::console::{Console, Failure, Outcome, Result};
use super::decide::write_one;
use super::inputs::{Reading, instant};
use super::table::{Table, count, number, percent, wrap};
use attune_lab::Error;
use attune_lab::data::import::{ImportOptions, dates, import};
use attune_lab::data::table::{key_and_time, named};
use attune_lab::data::{Dataset, Role, TableKind};
use attune_lab::features::events::{self, Columns, Computed, Declared, Described, EventTable, Leak, Moments};
use attune_lab::project::{self, Access};
use attune_lab::task::Task;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Compute features from events (transactions, visits, contacts) as of an instant: recency, frequency, money, trends, habits.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  attune features sales.csv --key customer --time date\n  \
                        attune features sales.csv --as-of 2024-07-01 --out features.csv\n  \
                        attune features customers.csv --events sales.csv --key customer_id\n  \
                        attune features shop                the features a project declares, or those its tables speak for\n  \
                        attune features shop --add          the latter written into features.ron, as columns of the customers\n\n\
                        An event counts only if it happened before the instant; windows are half-open, [from, to).\n\
                        Features are those that the columns speak for, unless --define names a file of definitions:\n  \
                        [(name: \"spend_90d\", of: (table: \"sales\", window: Days(90), aggregate: Sum(\"price * quantity\"),\n                              \
                        filter: Some(\"quantity > 0\")))]")]
pub struct Features {
    /// Project, file of events, or with --events file of customers
    source: PathBuf,
    /// File of events of the customers in SOURCE
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// Column of the events that holds the customer's key
    #[arg(long, value_name = "COLUMN")]
    key: Option<String>,
    /// Column of the events that says when
    #[arg(long, value_name = "COLUMN")]
    time: Option<String>,
    /// Column of the customers that holds their key; called like that of the events when not given
    #[arg(long, value_name = "COLUMN", requires = "events")]
    customer_key: Option<String>,
    /// Column of the customers that says at which instant each row stands
    #[arg(long, value_name = "COLUMN", requires = "events")]
    row_time: Option<String>,
    /// Instant at which rows stand; the midnight after the last event when not given
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    /// What an event is worth: a column, or an expression such as "quantity * price"
    #[arg(long, value_name = "EXPR")]
    amount: Option<String>,
    /// Which events are purchases: an expression such as "quantity > 0"; "true" for all
    #[arg(long, value_name = "EXPR")]
    purchase: Option<String>,
    /// Column that says which events belong to one purchase
    #[arg(long, value_name = "COLUMN")]
    basket: Option<String>,
    /// Column of categories for affinities
    #[arg(long, value_name = "COLUMN")]
    category: Option<String>,
    /// File of definitions (RON) in place of those that are suggested
    #[arg(long, value_name = "FILE")]
    define: Option<PathBuf>,
    /// Write one row per customer
    #[arg(long, value_name = "OUT.csv")]
    out: Option<PathBuf>,
    /// Write the features into the project's features.ron
    #[arg(long, conflicts_with = "events")]
    add: bool,
    #[command(flatten)]
    reading: Reading,
}

/// What was computed, and from what.
struct Found {
    features: Vec<Declared>,
    moments: Moments,
    computed: Computed,
    leaks: Vec<Leak>,
    /// Name of the key column, for the table that is written.
    key: String,
}

impl Features {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        let as_of = self.as_of.as_deref().map(|text| instant("--as-of", text)).transpose()?;
        let is_project = self.source.join("project.ron").exists();
        if is_project && (self.events.is_some() || self.key.is_some() || self.time.is_some()) {
            return Err(Failure::Usage("a project says itself which tables it has, and their keys and times".into()));
        }
        if self.add && !is_project {
            return Err(Failure::Usage("--add writes into a project, and this is none".into()));
        }
        let found = match is_project {
            true => self.of_project(as_of, console)?,
            false => self.of_files(as_of, console)?,
        };
        if let Some(out) = &self.out {
            let Found { features, moments, computed, key, .. } = &found;
            console.work(|task| {
                task.stage("Writing features")?;
                write_one(out, |file| events::write_csv(key, moments, features, &computed.cells, file, task))
            })?;
        }
        let described = events::describe(&found.features, &found.computed.cells);
        console.result(&self.text(&found, &described), &value(&found, &described))?;
        Ok(Outcome::Done)
    }

    /// Features of the customers of a project, or of every subject of its tables.
    fn of_project(&self, as_of: Option<i64>, console: &Console) -> Result<Found> {
        let access = if self.add { Access::Write } else { Access::Read };
        let mut opened = super::project::open(&self.source, access, console)?;
        let defined = self.defined()?;
        let parts = &mut opened.parts;
        let declared = match defined {
            Some(defined) => defined,
            None => (*parts.events).clone(),
        };
        // The customers as they come: their own features are computed here.
        let bare = project::Parts { events: Arc::default(), ..parts.clone() };
        let dir = opened.project.dir().to_owned();
        let (found, suggested) = console.work(|task| {
            let loaded = super::project::load(&dir, &bare, console, task)?;
            let tables = project::event_tables(&loaded);
            if tables.is_empty() {
                return Err(Error::new("the project has no table of events")
                    .in_file(&dir)
                    .hint("`attune import sales.csv shop --as transactions` adds one"));
            }
            let features = match declared.is_empty() {
                true => self.suggested(&tables),
                false => declared.clone(),
            };
            let key = bare.roles.first(Role::Subject).ok_or_else(|| {
                Error::new("no column of the customers has the role subject")
                    .hint("give the key column the role subject")
            })?;
            let time = bare.roles.first(Role::Time);
            let moments = Moments::of(&loaded.dataset, key, time, as_of.or(bare.goal.as_of))?;
            let found = self.compute(features, &tables, moments, key.to_owned(), task)?;
            if self.add {
                // What cannot be a column is said before anything is written.
                events::join(&loaded.dataset, &bare.roles, &found.features, found.computed.cells.clone())?;
            }
            Ok((found, declared.is_empty()))
        })?;
        if self.add {
            let roles = Arc::make_mut(&mut parts.roles);
            for feature in &found.features {
                roles.columns.entry(feature.name.clone()).or_insert(Role::Feature);
            }
            parts.events = Arc::new(found.features.clone());
            opened.project.save(&opened.parts, "Add features")?;
        } else if suggested {
            console.remark("The project declares no features over events; these are suggested. `--add` writes them.");
        }
        Ok(found)
    }

    fn of_files(&self, as_of: Option<i64>, console: &Console) -> Result<Found> {
        let options = self.reading.options()?;
        let (file, customers) = match &self.events {
            Some(events) => (events, Some(&self.source)),
            None => (&self.source, None),
        };
        let defined = self.defined()?;
        console.work(|task| {
            let data = read(file, &options, task)?;
            let (key, time) = key_and_time(&data, TableKind::Transactions, self.key.as_deref(), self.time.as_deref())
                .map_err(|error| error.in_file(file))?;
            let (Some(key), Some(time)) = (key, time) else {
                return Err(Error::new("needs a key and a time").in_file(file).hint("give --key and --time"));
            };
            let name = project::slug(&file.file_stem().unwrap_or_default().to_string_lossy(), &|_| false);
            let table = EventTable { name: &name, dataset: &data, key: &key, time: &time };
            let end = as_of.or_else(|| events::end_of(&table));
            let (moments, column) = match customers {
                None => {
                    let end = end.ok_or_else(|| Error::new("no event has a time").in_file(file).in_column(&time))?;
                    (Moments::subjects_of(&table, end)?, key.clone())
                }
                Some(customers) => {
                    let rows = read(customers, &options, task)?;
                    let own = self.customer_key.as_deref().unwrap_or(&key);
                    let own = named(&rows, own).map_err(|error| error.in_file(customers))?;
                    let row_time = self.row_time.as_deref().map(|time| named(&rows, time)).transpose()?;
                    (Moments::of(&rows, &own, row_time.as_deref(), end)?, own)
                }
            };
            let features = match defined {
                Some(defined) => defined,
                None => self.suggested(&[table]),
            };
            self.compute(features, &[table], moments, column, task)
        })
    }

    fn compute(
        &self,
        features: Vec<Declared>,
        tables: &[EventTable<'_>],
        moments: Moments,
        key: String,
        task: &Task,
    ) -> attune_lab::Result<Found> {
        let leaks = events::leaks(&features, tables, &[], &moments);
        if let Some(leak) = leaks.iter().find(|leak| leak.refused) {
            return Err(Error::new(format!("feature `{}`: {}", leak.feature, leak.message)));
        }
        let computed = events::compute(&features, tables, &moments, task)?;
        Ok(Found { features, moments, computed, leaks, key })
    }

    /// What the columns of the tables speak for; the arguments speak louder.
    fn suggested(&self, tables: &[EventTable<'_>]) -> Vec<Declared> {
        let of = |table: &EventTable<'_>| {
            let mut columns = Columns::of(table);
            let say = |argument: &Option<String>, place: &mut Option<String>| {
                if argument.is_some() {
                    place.clone_from(argument);
                }
            };
            say(&self.amount, &mut columns.amount);
            say(&self.basket, &mut columns.basket);
            say(&self.category, &mut columns.category);
            say(&self.purchase, &mut columns.purchase);
            let prefix = if tables.len() > 1 { format!("{}_", table.name.replace('-', "_")) } else { String::new() };
            events::suggest(table, &columns, &prefix)
        };
        tables.iter().flat_map(of).collect()
    }

    fn defined(&self) -> Result<Option<Vec<Declared>>> {
        let Some(file) = &self.define else { return Ok(None) };
        let text = std::fs::read_to_string(file)
            .map_err(|error| Error::new(format!("cannot be read: {error}")).in_file(file))?;
        Ok(Some(events::parse(&text).map_err(|error| error.in_file(file))?))
    }

    fn text(&self, found: &Found, described: &[Described]) -> String {
        let Found { moments, computed, leaks, .. } = found;
        let mut text = String::new();
        for used in &computed.used {
            text.push_str(&format!("{}: {} events", used.table, count(used.events)));
            let left = [
                (used.unplaced, "without key or time"),
                (used.others, "of nobody here"),
                (used.later, "at or after the instant"),
            ];
            let left: Vec<String> =
                left.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", count(*n))).collect();
            if !left.is_empty() {
                text.push_str(&format!(", of which {} count nowhere", left.join(", ")));
            }
            text.push_str(".\n");
        }
        text.push_str(&format!("{} rows, as of {}.\n\n", count(moments.len() as u64), instants(&moments.as_of)));
        let mut table = Table::new(&["feature", "known", "least", "mean", "greatest", "what it is"]);
        for feature in described {
            let share = feature.known as f64 / (moments.len() as f64).max(1.0);
            let cell = |x: Option<f64>| x.map(number).unwrap_or_default();
            let (least, mean, greatest) = match &feature.top {
                Some(top) => (String::new(), String::new(), top.clone()),
                None => (cell(feature.min), cell(feature.mean), cell(feature.max)),
            };
            let what = feature.definition.clone();
            table.row(vec![feature.name.clone(), percent(share), least, mean, greatest, what]);
        }
        text.push_str(&table.text(0));
        for note in leaks.iter().map(|leak| &leak.message).chain(&computed.notes) {
            text.push_str(&wrap(note, 0, 100));
        }
        if self.add {
            text.push_str("\nWritten into features.ron: they are columns of the customers from now on.\n");
        }
        if let Some(out) = &self.out {
            text.push_str(&format!("\nFeatures written to {}.\n", out.display()));
        }
        text
    }
}

fn read(file: &Path, options: &ImportOptions, task: &Task) -> attune_lab::Result<Dataset> {
    Ok(import(file, options, task)?.dataset)
}

/// The instants of the rows in words.
fn instants(as_of: &[i64]) -> String {
    let known = || as_of.iter().copied().filter(|t| *t != i64::MIN);
    match (known().min(), known().max()) {
        (Some(first), Some(last)) if first == last => dates::render(first),
        (Some(first), Some(last)) => format!("{} to {}", dates::render(first), dates::render(last)),
        _ => "no instant".to_owned(),
    }
}

fn value(found: &Found, described: &[Described]) -> serde_json::Value {
    let Found { moments, computed, leaks, .. } = found;
    json!({
        "rows": moments.len(),
        "as_of": instants(&moments.as_of),
        "tables": computed.used,
        "features": described,
        "leaks": leaks,
        "notes": computed.notes,
    })
}
