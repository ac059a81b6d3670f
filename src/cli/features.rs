//! `attune features`: what models read of each row: features over tables of events as of one instant, steps of the row recipe, and the
//! inputs made of all columns; and outcomes of what follows the instant.

mod of_project;
mod rules;
mod show;
mod steps;

use super::console::{Console, Failure, Outcome, Result};
use super::decide::write_one;
use super::inputs::{Reading, instant};
use super::table::{count, wrap};
use attune_lab::Error;
use attune_lab::data::import::{ImportOptions, dates, import};
use attune_lab::data::table::{key_and_time, named};
use attune_lab::data::{Dataset, Roles, TableKind, split};
use attune_lab::features::entry::FieldRule;
use attune_lab::features::events::{self, Buyers, Columns, Computed, Declared, Described, EventTable, Leak, Moments};
use attune_lab::features::overview::{Overview, overview};
use attune_lab::features::recipe;
use attune_lab::project::{self, Parts, PutOutcome};
use attune_lab::simulate::log::delayed::Matched;
use attune_lab::task::Task;
use attune_policy::recipe::Step;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Show and add what models learn from: features over events as of an instant, steps of the row recipe, outcomes of what follows.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune features customers.csv       the inputs a model would get from a file, and steps that would help\n  \
                        attune features sales.csv --key customer --time date\n  \
                        attune features sales.csv --as-of 2024-07-01 --out features.csv\n  \
                        attune features customers.csv --events sales.csv --key customer_id\n  \
                        attune features shop                what a project's models read: events, steps, inputs\n  \
                        attune features shop --step days_since:joined --step bucket:age:5 --step \"rich=formula:spend > 100.0\"\n  \
                        attune features shop --fresh balance:balance_at:7d --when-missing balance=0   what a decision does with old and missing values\n  \
                        attune features shop --add          what the tables speak for, written into features.ron\n\n\
                        From a table of transactions to models of who buys again, who stays away, who spends how much:\n  \
                        attune import sales.csv shop --as transactions --key customer --time date\n  \
                        attune features shop --as-of 2024-07-01 --outcome bought:90 --add\n  \
                        attune train shop\n\n\
                        An event counts for features only if it happened before the instant, for outcomes only from the instant on;\n\
                        windows are half-open, [from, to). With --add the project keeps the instant. Outcomes:\n  \
                        bought:90                        1 where something was bought in the 90 days from the instant on\n  \
                        churned=none:90                  1 where nothing was\n  \
                        \"spent=quantity * price:90\"      the sum over them\n\n\
                        Features over events are those that the columns speak for, unless --define names a file of definitions:\n  \
                        [(name: \"spend_90d\", of: (table: \"sales\", window: Days(90), aggregate: Sum(\"price * quantity\"),\n                              \
                        filter: Some(\"quantity > 0\")))]"
)]
pub struct Features {
    /// Project, file of rows or of events, or with --events file of customers
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
    /// Instant at which rows stand; the midnight after the last event when not given, or with --outcome the last one that leaves
    /// its days. With --add the project keeps it
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
    /// An outcome of a project from what follows the instant, as NAME:DAYS, NAME=none:DAYS or NAME=EXPR:DAYS; saved with --add
    #[arg(long = "outcome", value_name = "NAME[=WHAT]:DAYS")]
    outcomes: Vec<String>,
    /// With --outcome: the table that tells what follows; needed where there are several
    #[arg(long, value_name = "NAME", requires = "outcomes")]
    table: Option<String>,
    /// A step of the row recipe; saved in a project, tried on a file. May be given several times
    #[arg(long = "step", value_name = "STEP", long_help = steps::help())]
    steps: Vec<String>,
    /// Take a step, by the name of what it makes, out of the project
    #[arg(long = "remove-step", value_name = "NAME")]
    removed: Vec<String>,
    /// How old a feature's value may be at a decision; saved in a project. May be given several times
    #[arg(long, value_name = "NAME:AT:AGE", long_help = rules::fresh_help())]
    fresh: Vec<String>,
    /// What is done at a decision where a feature is missing or too old; saved in a project. May be given several times
    #[arg(long, value_name = "NAME=WHAT", long_help = rules::missing_help())]
    when_missing: Vec<String>,
    /// Write one row per customer with the features over events
    #[arg(long, value_name = "OUT.csv")]
    out: Option<PathBuf>,
    /// Write the features over events, the outcome and the instant into the project; without events, the steps that are suggested
    #[arg(long, conflicts_with = "events")]
    add: bool,
    #[command(flatten)]
    reading: Reading,
}

/// What was found, and from what.
#[derive(Default)]
struct Found {
    /// Features over events; `None` where there are no events.
    events: Option<Computing>,
    outcomes: Vec<(PutOutcome, Option<Matched>)>,
    /// Rows that stand in the table.
    rows: usize,
    /// Steps of the row recipe.
    steps: Vec<Step>,
    /// What is done with features at a decision, and why a rule is not in force where it is not.
    rules: BTreeMap<String, (FieldRule, Option<String>)>,
    /// Inputs of models; `None` where only events were asked about.
    overview: Option<Overview>,
    /// What was written into the project, a sentence each.
    saved: Vec<String>,
}

/// Features over events, computed.
struct Computing {
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
        if self.source.is_dir() && !is_project {
            return Err(Failure::Work(
                Error::new("is a folder, but no project: it has no project.ron")
                    .in_file(&self.source)
                    .hint("`attune import customers.csv FOLDER` makes one"),
            ));
        }
        if is_project && (self.events.is_some() || self.key.is_some() || self.time.is_some()) {
            return Err(Failure::Usage("a project says itself which tables it has, and their keys and times".into()));
        }
        let of_projects = [
            ("--add writes", self.add),
            ("--outcome puts an outcome", !self.outcomes.is_empty()),
            ("--remove-step changes the recipe", !self.removed.is_empty()),
            ("--fresh writes a rule", !self.fresh.is_empty()),
            ("--when-missing writes a rule", !self.when_missing.is_empty()),
        ];
        if let (Some((flag, _)), false) = (of_projects.into_iter().find(|(_, given)| *given), is_project) {
            return Err(Failure::Usage(format!(
                "{flag} into a project, and this is none; `attune import {} shop` makes one",
                self.source.display()
            )));
        }
        let found = match is_project {
            true => self.of_project(as_of, console)?,
            false => self.of_files(as_of, console)?,
        };
        if let Some(out) = &self.out {
            let Some(Computing { features, moments, computed, key, .. }) = &found.events else {
                return Err(Failure::Usage("--out writes features over events, and there are no events".into()));
            };
            console.work(|task| {
                task.stage("Writing features")?;
                write_one(out, |file| events::write_csv(key, moments, features, &computed.cells, file, task))
            })?;
        }
        let described = match &found.events {
            Some(events) => events::describe(&events.features, &events.computed.cells),
            None => Vec::new(),
        };
        console.result(&self.text(&found, &described, is_project), &show::value(&found, &described))?;
        Ok(Outcome::Done)
    }

    fn of_files(&self, as_of: Option<i64>, console: &Console) -> Result<Found> {
        let options = self.reading.options()?;
        let (file, customers) = match &self.events {
            Some(events) => (events, Some(&self.source)),
            None => (&self.source, None),
        };
        let defined = self.defined()?;
        let events_meant = self.key.is_some() || self.time.is_some() || defined.is_some() || customers.is_some();
        let mut said: Option<Failure> = None;
        let found = console.work(|task| {
            let data = read(file, &options, task)?;
            let known = key_and_time(&data, TableKind::Transactions, self.key.as_deref(), self.time.as_deref());
            let (key, time) = match known {
                Ok(known) if self.steps.is_empty() => known,
                // Rows of customers, not events: there are the columns.
                known if !events_meant && (known.is_ok() || has_header(&data)) => {
                    return match self.of_rows(&data, as_of) {
                        Ok(found) => Ok(found),
                        Err(Failure::Work(error)) => Err(error.in_file(file)),
                        Err(failure) => {
                            said = Some(failure);
                            Err(Error::new("a step is not understood"))
                        }
                    };
                }
                known => known.map_err(|error| error.in_file(file))?,
            };
            let (Some(key), Some(time)) = (key, time) else {
                return Err(Error::new("needs a key and a time").in_file(file).hint("give --key and --time"));
            };
            let name = project::slug(&file.file_stem().unwrap_or_default().to_string_lossy(), &|_| false);
            let table = EventTable { name: &name, dataset: &data, key: &key, time: &time };
            let end = as_of.or_else(|| events::end_of(&table));
            let mut notes = Vec::new();
            let (moments, column) = match customers {
                None => {
                    let end = end.ok_or_else(|| Error::new("no event has a time").in_file(file).in_column(&time))?;
                    let purchase = match self.purchase.as_deref() {
                        Some(text) => Some(text.to_owned()).filter(|text| text.trim() != "true"),
                        None => events::purchase_of(&table)?,
                    };
                    let buyers = Buyers::of(&table, Some(end), purchase.as_deref())?;
                    notes = buyers.notes(&name, Some(&dates::render(end)), purchase.as_deref());
                    (buyers.moments(&table, end)?, key.clone())
                }
                Some(customers) => {
                    let rows = read(customers, &options, task)?;
                    let own = self.customer_key.as_deref().unwrap_or(&key);
                    let own = named(&rows, own).map_err(|error| error.in_file(customers))?;
                    let row_time = self.row_time.as_deref().map(|time| named(&rows, time)).transpose()?;
                    (Moments::of(&rows, &own, row_time.as_deref(), end)?, own)
                }
            };
            let features = match defined.clone() {
                Some(defined) => defined,
                None => self.suggested(&[table]),
            };
            let mut computing = self.compute(features, &[table], moments, column, task)?;
            computing.computed.notes.extend(notes);
            Ok(Found { rows: computing.moments.len(), events: Some(computing), ..Found::default() })
        });
        match said {
            Some(failure) => Err(failure),
            None => found,
        }
    }

    /// The inputs that a model would get from the rows of a file, with steps tried on them.
    fn of_rows(&self, data: &Dataset, as_of: Option<i64>) -> Result<Found> {
        let mut roles = Roles::suggest(data);
        roles.as_of = as_of.or(roles.as_of);
        let mut recipe: Vec<Step> = Vec::new();
        for argument in &self.steps {
            let (with, with_roles) = recipe::apply(data, &roles, &recipe)?;
            recipe.extend(steps::steps(argument, &with, &split::train_rows(&with, &with_roles)?)?);
        }
        let overview = seen(data, &roles, &recipe, &|_| false)?;
        Ok(Found { rows: data.rows(), steps: recipe, overview: Some(overview), ..Found::default() })
    }

    fn compute(
        &self,
        features: Vec<Declared>,
        tables: &[EventTable<'_>],
        moments: Moments,
        key: String,
        task: &Task,
    ) -> attune_lab::Result<Computing> {
        let leaks = events::leaks(&features, tables, &[], &moments);
        if let Some(leak) = leaks.iter().find(|leak| leak.refused) {
            return Err(Error::new(format!("feature `{}`: {}", leak.feature, leak.message)));
        }
        let computed = events::compute(&features, tables, &moments, task)?;
        Ok(Computing { features, moments, computed, leaks, key })
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

    fn text(&self, found: &Found, described: &[Described], is_project: bool) -> String {
        let mut text = match &found.events {
            Some(events) => show::events_text(events, described),
            None => format!("{}: {} rows, no table of events\n", self.source.display(), count(found.rows as u64)),
        };
        if !found.outcomes.is_empty() {
            text.push_str("\nOutcomes\n");
        }
        for (put, matched) in &found.outcomes {
            let mut line = format!("- {}", put.words());
            if let Some(matched) = matched {
                line.push_str(&format!(
                    ": {} of {} customers have such events",
                    count(matched.decisions),
                    count(found.rows as u64)
                ));
            }
            text.push_str(&wrap(&format!("{line}."), 2, 110));
        }
        if let Some(overview) = &found.overview {
            let place = self.source.display().to_string();
            text.push_str(&rules::text(&found.rules, &place));
            text.push_str(&show::text(overview, &found.steps, is_project.then_some(place.as_str())));
        }
        if !found.saved.is_empty() {
            text.push('\n');
        }
        for line in &found.saved {
            text.push_str(&wrap(line, 0, 110));
        }
        let written = self.add && !found.outcomes.is_empty();
        if written {
            text.push_str(&format!("Next: attune train {}\n", self.source.display()));
        }
        if let Some(out) = &self.out {
            text.push_str(&format!("\nFeatures written to {}.\n", out.display()));
        }
        text
    }
}

/// The inputs that models get from rows behind the recipe.
fn seen(rows: &Dataset, roles: &Roles, steps: &[Step], made: &dyn Fn(&str) -> bool) -> attune_lab::Result<Overview> {
    let (rows, roles) = recipe::apply(rows, roles, steps)?;
    overview(&rows, &roles, steps, made, &split::train_rows(&rows, &roles)?)
}

/// Lets the customers of a document stand at an instant.
fn stand(parts: &mut Parts, as_of: i64) {
    Arc::make_mut(&mut parts.goal).as_of = Some(as_of);
    Arc::make_mut(&mut parts.roles).as_of = Some(as_of);
}

/// Whether the columns of a file have names of their own.
fn has_header(data: &Dataset) -> bool {
    data.columns().iter().enumerate().any(|(i, column)| column.source != format!("column_{}", i + 1))
}

fn read(file: &Path, options: &ImportOptions, task: &Task) -> attune_lab::Result<Dataset> {
    Ok(import(file, options, task)?.dataset)
}
