//! `attune import`: what is in a file, and a project made from it.

use super::console::{Console, Failure, Outcome, Result};
use super::inputs::{Reading, instant, kind_named, pair, purchases_in_words, type_named};
use super::meaning::{Meaning, column_named};
use super::new::folder_name;
use super::profile::problem_lines;
use super::table::{Table, count, percent, wrap};
use attune_lab::data::import::{self, BadCell, BadRow, ImportOptions, Imported};
use attune_lab::data::profile::{Profile, profile_table};
use attune_lab::data::quality::{Known, Range};
use attune_lab::data::{Arm, Dataset, Logging, Role, Roles, Table as DataTable, TableKind};
use attune_lab::features::transactions::PurchaseColumns;
use attune_lab::project::{self, Access, AskedEvent, Described, Loaded, Parts, Project, RowEvent};
use attune_lab::task::Task;
use attune_policy::Document;
use attune_policy::value::Type;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Read a file (CSV and other text, Parquet, Arrow, JSON lines, Excel): show what is in it, or make a project from it.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune import customers.csv\n  attune import customers.csv shop --goal visit --randomised\n  \
                        attune import customers.csv shop --role segment=action --arm \"No E-Mail=NoAction\" \\\n      \
                        --arm \"Mens E-Mail=mens/email\"\n  \
                        attune import sales.csv shop --as transactions --key CustomerID --time InvoiceDate\n  \
                        attune import mails.csv shop --as contacts --event status --event-word opened=impression\n  \
                        attune import purchases.txt.gz --names customer,day,items,amount\n  \
                        attune import book.xlsx --sheet Customers --quarantine problems.csv\n\n\
                        Without PROJECT nothing is written: the file is read and described. With a PROJECT that exists its\n\
                        customer file is replaced and its roles are kept. --as adds another table beside the customers; a\n\
                        project without customers gets them from it: the subjects that occur in it.\n\n\
                        A log of decisions is imported as the customers, one row per decision, with its roles; outcomes that come\n\
                        later are taken from a table beside it: --delayed bought=orders:7. `attune analyze log FILE` looks a log\n\
                        over first and prints the command."
)]
pub struct Import {
    /// The file
    file: PathBuf,
    /// Folder of the project; made when it is not there
    project: Option<PathBuf>,
    /// Name of a new project for people
    #[arg(long, requires = "project")]
    name: Option<String>,
    /// What the rows are: customers, transactions, events, contacts, decisions or lookup
    #[arg(long = "as", value_name = "KIND")]
    kind: Option<String>,
    /// Name of the table in the project; the kind's word when it is not given
    #[arg(long, value_name = "NAME", requires = "project")]
    table: Option<String>,
    /// Column that holds the key: whom a row is about, or what is looked up
    #[arg(long, value_name = "COLUMN")]
    key: Option<String>,
    /// Column that says when a row happened
    #[arg(long, value_name = "COLUMN")]
    time: Option<String>,
    /// What the rows of --as contacts are: the column that says it, or one event for all of them (decision, sent, delivered,
    /// impression, click, accept, reject). Without it a column called event, event_type, kind or type; without that, all were sent
    #[arg(long, value_name = "COLUMN|EVENT")]
    event: Option<String>,
    /// What a word in that column stands for, as WORD=EVENT, such as opened=impression; the word is as it is written in the file, and any
    /// other name is an event of its own (own:NAME where it is close to one of these). May be given several times
    #[arg(long = "event-word", value_name = "WORD=EVENT")]
    event_words: Vec<String>,
    /// Column of the customers that leads to the key: the table is joined to them by it
    #[arg(long, value_name = "COLUMN", requires = "project")]
    on: Option<String>,
    /// Replace the values of a column by pseudonyms whenever the file is read; may be given several times. A key that is a pseudonym
    /// in one table is one in all
    #[arg(long, value_name = "COLUMN", requires = "project")]
    pseudonymise: Vec<String>,
    /// Declare the range of a column, as COLUMN=LOW..HIGH; either end may be left out
    #[arg(long = "range", value_name = "COLUMN=RANGE", requires = "project")]
    ranges: Vec<String>,
    /// Type of a column, as COLUMN=bool|integer|number|text|time; cells that do not fit are listed
    #[arg(long = "type", value_name = "COLUMN=TYPE")]
    types: Vec<String>,
    #[command(flatten)]
    meaning: Meaning,
    /// Outcome that the policy is to raise
    #[arg(long, value_name = "COLUMN")]
    goal: Option<String>,
    /// Instant at which rows without a time stand
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    /// Write the rows and cells that could not be used to a new CSV file
    #[arg(long, value_name = "OUT.csv")]
    quarantine: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
}

impl Import {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        let mut options = self.reading.options()?;
        for argument in &self.types {
            let (column, name) = pair("--type", argument)?;
            options.types.insert(column.to_owned(), type_named(name)?);
        }
        let kind = self.table_kind()?;
        if kind != TableKind::Contacts && (self.event.is_some() || !self.event_words.is_empty()) {
            return Err(Failure::Usage(
                "--event and --event-word are about what was sent: give --as contacts, too".into(),
            ));
        }
        let (mut imported, mut roles) = match (&self.project, self.is_beside(kind)) {
            (None, false) => self.look(&options, console)?,
            (None, true) => self.look_at_table(kind, &options, console)?,
            (Some(dir), false) => self.save_in_project(dir, &options, console)?,
            (Some(dir), true) => self.save_table(dir, kind, &options, console)?,
        };
        if let Some(out) = &self.quarantine {
            import::quarantine::write(out, &imported.bad_rows, &imported.bad_cells)?;
        }
        // What a table is about decides what is wrong with it: of sales, a quantity below 0 came back.
        let mut beside = if self.is_beside(kind) { kind } else { TableKind::Customers };
        if let Some(columns) = self.unsaid_sales(&imported.dataset, &roles) {
            let dataset = &imported.dataset;
            imported.notes.push(format!(
                "The rows look like purchases: {}. `attune import {} {} --as transactions` makes them a table of a project, with the \
                 customers who bought; --as customers takes each for a customer.",
                purchases_in_words(dataset, &columns.words(dataset)),
                self.file.display(),
                self.project.as_deref().unwrap_or(Path::new("shop")).display(),
            ));
            if self.project.is_none() {
                beside = TableKind::Transactions;
                roles = table_roles(dataset, Some(&columns.customer), Some(&columns.date));
            }
        }
        let known = Known { kind: beside, ..Known::default() };
        let profile = console.work(|task| profile_table(&imported.dataset, &roles, &known, task))?;
        console.result(&self.text(&imported, &roles, &profile), &self.value(&imported, &roles, &profile))?;
        Ok(Outcome::Done)
    }

    fn table_kind(&self) -> Result<TableKind> {
        self.kind.as_deref().map_or(Ok(TableKind::Customers), |word| kind_named("--as", word))
    }

    /// The columns of a purchase, where the rows look like purchases and nobody said what they are.
    fn unsaid_sales(&self, dataset: &Dataset, roles: &Roles) -> Option<PurchaseColumns> {
        let is_said = self.kind.is_some() || self.meaning.given().is_some() || self.goal.is_some();
        let columns = if is_said { None } else { PurchaseColumns::of_sales(dataset, roles) };
        columns.filter(|columns| dataset.column(&columns.date).is_some_and(|column| column.type_ == Type::Time))
    }

    /// Whether the file is a table beside the customers.
    fn is_beside(&self, kind: TableKind) -> bool {
        !kind.is_customers() || self.table.as_deref().is_some_and(|name| name != project::CUSTOMERS)
    }

    /// Reads the file and suggests roles; writes nothing.
    fn look(&self, options: &ImportOptions, console: &Console) -> Result<(Seen, Roles)> {
        let imported = console.work(|task| import::import(&self.file, options, task))?;
        self.refuse_unknown_types(&imported.dataset)?;
        let mut roles = Roles::suggest(&imported.dataset);
        self.change_roles(&mut roles, &imported.dataset)?;
        self.meaning.look_again(&mut roles, &imported.dataset);
        if let Some(text) = &self.as_of {
            roles.as_of = Some(instant("--as-of", text)?);
        }
        let Imported { dataset, notes, bad_rows, bad_cells, .. } = imported;
        Ok((Seen { dataset, notes, bad_rows, bad_cells }, roles))
    }

    /// Reads the file as a table beside customers, as a project would; writes nothing.
    fn look_at_table(&self, kind: TableKind, options: &ImportOptions, console: &Console) -> Result<(Seen, Roles)> {
        let described = self.described(kind)?;
        // No project, so none whose subjects could have been erased.
        let nowhere = Path::new("");
        let read = |task: &Task| project::import_table(nowhere, &described, &self.file, options.clone(), task);
        let (source, mut table) = console.work(read)?;
        self.refuse_unknown_types(&table.dataset)?;
        let mut roles = table_roles(&table.dataset, table.key.as_deref(), table.time.as_deref());
        if let Some(event) = &source.event {
            table.notes.extend(self.history_notes(&table.dataset, &roles, event, &Document::default(), console)?);
        }
        self.change_roles(&mut roles, &table.dataset)?;
        if let Some(text) = &self.as_of {
            roles.as_of = Some(instant("--as-of", text)?);
        }
        let DataTable { dataset, notes, bad_rows, bad_cells, .. } = table;
        Ok((Seen { dataset, notes, bad_rows, bad_cells }, roles))
    }

    fn save_in_project(&self, dir: &Path, options: &ImportOptions, console: &Console) -> Result<(Seen, Roles)> {
        // The file is read before anything is written.
        let described = self.described_anew(dir, TableKind::Customers)?;
        let read = |task: &Task| project::import_customers(dir, &described, &self.file, options.clone(), task);
        let (source, loaded) = console.work(read)?;
        self.refuse_unknown_types(&loaded.dataset)?;
        let suggested = project::starting_roles(&loaded);
        if !dir.join("project.ron").exists() {
            // What makes no sense is refused before a folder is made.
            self.change_roles(&mut suggested.clone(), &loaded.dataset)?;
        }
        let (mut project, mut parts) = self.open_or_create(dir, console)?;
        let mut roles = match parts.source() {
            Some(_) => project::keep_roles(&parts.roles, &suggested, &loaded),
            None => suggested,
        };
        self.change_roles(&mut roles, &loaded.dataset)?;
        if parts.source().is_none() {
            self.meaning.look_again(&mut roles, &loaded.dataset);
        }
        let later = |goal: &String| roles.delayed.iter().any(|delayed| delayed.name == *goal);
        let outcome = match &self.goal {
            Some(goal) if later(goal) => Some(goal.clone()),
            goal => goal.as_ref().map(|goal| column_named(&loaded.dataset, "--goal", goal)).transpose()?,
        };
        let mut said = Vec::new();
        if parts.draft.actions.is_empty() {
            // Actions and models follow from the roles as they are now.
            let starter = project::starter_for(&parts.goal.name, &loaded, &roles, outcome.as_deref());
            said = starter.notes;
            parts.goal = Arc::new(starter.goal);
            parts.models = Arc::new(starter.models);
            parts.draft = Arc::new(starter.draft);
        }
        let goal = Arc::make_mut(&mut parts.goal);
        if let Some(name) = &self.name {
            goal.name.clone_from(name);
        }
        goal.outcome = outcome.or(goal.outcome.take());
        if let Some(text) = &self.as_of {
            goal.as_of = Some(instant("--as-of", text)?);
        }
        roles.as_of = goal.as_of;
        project::put(&mut parts, source);
        parts.roles = Arc::new(roles.clone());
        let carried = project::carry_pseudonyms(&mut parts);
        project.save(&parts, "Import")?;
        project::remember_rows(dir, project::CUSTOMERS, &loaded.dataset, roles.first(Role::Subject))?;
        let Loaded { dataset, mut notes, bad_rows, bad_cells, .. } = loaded;
        notes.extend(carried);
        notes.extend(said);
        Ok((Seen { dataset, notes, bad_rows, bad_cells }, roles))
    }

    /// Adds the file to the project as a table beside the customers.
    fn save_table(
        &self,
        dir: &Path,
        kind: TableKind,
        options: &ImportOptions,
        console: &Console,
    ) -> Result<(Seen, Roles)> {
        if let Some(flag) = self.meaning.given().or(self.goal.as_ref().map(|_| "--goal")) {
            let outcome = match flag {
                "--delayed" | "--goal" => format!(
                    "; once the table is there, `attune features {} --outcome bought:90 --add` makes an outcome of it",
                    dir.display()
                ),
                _ => String::new(),
            };
            return Err(Failure::Usage(format!(
                "{flag} is about the customer table, not about {}{outcome}",
                kind.label()
            )));
        }
        let described = self.described_anew(dir, kind)?;
        let read = |task: &Task| project::import_table(dir, &described, &self.file, options.clone(), task);
        let (source, mut table) = console.work(read)?;
        self.refuse_unknown_types(&table.dataset)?;
        let (mut project, mut parts) = self.open_or_create(dir, console)?;
        if let Some(event) = &source.event {
            // Refused here, with its place, rather than at the next loading.
            let roles = table_roles(&table.dataset, table.key.as_deref(), table.time.as_deref());
            table.notes.extend(self.history_notes(&table.dataset, &roles, event, &parts.draft, console)?);
        }
        let is_history = source.event.is_some();
        project::put_table(&mut parts, source, &table)?;
        if let Some(text) = &self.as_of {
            let instant = instant("--as-of", text)?;
            Arc::make_mut(&mut parts.goal).as_of = Some(instant);
            Arc::make_mut(&mut parts.roles).as_of = Some(instant);
        }
        if let Some(name) = &self.name {
            Arc::make_mut(&mut parts.goal).name.clone_from(name);
        }
        if is_history {
            table.notes.extend(console.work(|task| project::strangers_of(dir, &parts, &table, task))?);
        }
        project.save(&parts, "Import")?;
        project::remember_rows(dir, &table.name, &table.dataset, table.key.as_deref())?;
        let DataTable { dataset, notes, bad_rows, bad_cells, key, time, .. } = table;
        let roles = table_roles(&dataset, key.as_deref(), time.as_deref());
        Ok((Seen { dataset, notes, bad_rows, bad_cells }, roles))
    }

    /// Reads a table of contacts as the history it becomes; what is to be said of it.
    fn history_notes(
        &self,
        dataset: &Dataset,
        roles: &Roles,
        event: &RowEvent,
        policy: &Document,
        console: &Console,
    ) -> Result<Vec<String>> {
        let read = |task: &Task| project::history(dataset, Some(roles), Some(event), policy, task);
        let known = console.work(|task| read(task).map_err(|error| error.in_file(&self.file)))?;
        let mut notes = known.notes;
        if let RowEvent::Said { .. } = event {
            notes.insert(0, event.words(dataset));
        }
        Ok(notes)
    }

    /// What the arguments say of the table, and what stays hidden of the one of that name.
    fn described_anew(&self, dir: &Path, kind: TableKind) -> Result<Described> {
        let mut described = self.described(kind)?;
        if dir.join("project.ron").exists() {
            let beside = self.is_beside(kind);
            let name = if beside { described.table_name() } else { project::CUSTOMERS };
            let opened = Project::open(dir, Access::Read)?;
            let known = opened.parts.sources.iter().find(|source| source.name == name);
            let hide_key = project::hides_key(&opened.parts, name, kind, self.on.as_deref());
            described.pseudonymise.extend(known.iter().flat_map(|source| source.pseudonymise.iter().cloned()));
            described.hide_key = hide_key;
            described.event.before = known.and_then(|source| source.event.clone());
            described.event.columns = known.iter().flat_map(|s| &s.columns).map(|c| c.name.clone()).collect();
        }
        Ok(described)
    }

    fn described(&self, kind: TableKind) -> Result<Described> {
        Ok(Described {
            name: self.table.clone().unwrap_or_default(),
            kind,
            key: self.key.clone(),
            time: self.time.clone(),
            on: self.on.clone(),
            pseudonymise: self.pseudonymise.clone(),
            hide_key: false,
            ranges: self.ranges.iter().map(|argument| range(argument)).collect::<Result<_>>()?,
            event: AskedEvent {
                event: self.event.clone(),
                words: self.event_words.iter().map(|argument| word(argument)).collect::<Result<_>>()?,
                ..AskedEvent::default()
            },
        })
    }

    fn open_or_create(&self, dir: &Path, console: &Console) -> Result<(Project, Parts)> {
        if dir.join("project.ron").exists() {
            let opened = super::project::open(dir, Access::Write, console)?;
            return Ok((opened.project, opened.parts));
        }
        let name = self.name.clone().unwrap_or_else(|| folder_name(dir));
        Ok(Project::create_empty(dir, &name)?)
    }

    /// A type asked for a column that is not there is a slip, not a wish for the future.
    fn refuse_unknown_types(&self, dataset: &Dataset) -> Result<()> {
        for argument in &self.types {
            column_named(dataset, "--type", pair("--type", argument)?.0)?;
        }
        Ok(())
    }

    fn change_roles(&self, roles: &mut Roles, dataset: &Dataset) -> Result<()> {
        let single = [("--key", self.key.as_ref(), Role::Subject), ("--time", self.time.as_ref(), Role::Time)];
        self.meaning.change(roles, dataset, &single, self.goal.as_ref())
    }

    fn text(&self, seen: &Seen, roles: &Roles, profile: &Profile) -> String {
        let dataset = &seen.dataset;
        let mut text = format!(
            "{}: {} rows, {} columns\n\n",
            self.file.display(),
            count(dataset.rows() as u64),
            dataset.columns().len()
        );
        for note in &seen.notes {
            text.push_str(&wrap(&format!("- {note}"), 2, 110));
        }
        let mut columns = Table::new(&["column", "in rules", "type", "role", "missing", "distinct", "values"]);
        for (column, about) in dataset.columns().iter().zip(&profile.columns) {
            let values: Vec<String> =
                about.top.iter().take(3).map(|(value, _)| value.chars().take(24).collect()).collect();
            columns.row(vec![
                column.source.clone(),
                column.name.clone(),
                column.type_.to_string(),
                roles.role(&column.name).label().to_owned(),
                count(about.missing),
                count(about.distinct),
                match (about.min, about.max, about.distinct > 6 && column.type_ != Type::Time) {
                    (Some(min), Some(max), true) => format!("{min} to {max}"),
                    _ => values.join(", "),
                },
            ]);
        }
        text.push_str(&format!("\n{}", columns.text(2)));
        if !roles.arms.is_empty() {
            text.push_str("\nArms\n");
            let mut arms = Table::new(&["value", "stands for", "logging propensity"]);
            for (value, arm) in &roles.arms {
                let stands_for = match arm {
                    Arm::NoAction => "no action".to_owned(),
                    Arm::Candidate { action, treatment } => format!("{action}/{treatment}"),
                };
                let propensity = match &roles.logging {
                    Logging::Randomised(design) => design.get(value).map_or("not given".to_owned(), |p| percent(*p)),
                    Logging::Column => "logged per row".to_owned(),
                    Logging::Unknown => "not known".to_owned(),
                };
                arms.row(vec![value.clone(), stands_for, propensity]);
            }
            text.push_str(&arms.text(2));
            if roles.guess.is_some() {
                let ask = "These shares are a guess, for which the reason is below. --randomised says that the arms were drawn by lot, \
                           --history that it is not known how history chose.";
                text.push_str(&wrap(ask, 2, 110));
            }
        }
        if !profile.problems.is_empty() {
            text.push_str("\nProblems\n");
            text.push_str(&problem_lines(&profile.problems, false));
        }
        text.push_str(&listed(
            "Rows set aside",
            seen.bad_rows.len(),
            seen.bad_rows.iter().map(|bad| {
                format!(
                    "row {}, line {}: {}: {}",
                    bad.row,
                    bad.line,
                    bad.reason,
                    bad.text.chars().take(60).collect::<String>()
                )
            }),
        ));
        text.push_str(&listed(
            "Cells that became missing",
            seen.bad_cells.len(),
            seen.bad_cells.iter().map(|bad| {
                format!(
                    "row {}, line {}, column `{}`: `{}` is not {}",
                    bad.row, bad.line, bad.column, bad.text, bad.expected
                )
            }),
        ));
        if let Some(out) = &self.quarantine {
            text.push_str(&format!("\nRows and cells that could not be used are in {}.\n", out.display()));
        }
        if let Some(dir) = &self.project {
            let dir = dir.display();
            text.push_str(&match matches!(self.table_kind(), Ok(TableKind::Transactions | TableKind::Events)) {
                true => format!(
                    "\nSaved in {dir}.\nNext: attune features {dir} --outcome bought:90 --add   (an outcome, features before it, a model), \
                     then attune train {dir}\n"
                ),
                // Nothing was done to anybody: there is no policy to run yet.
                false if roles.first(Role::Action).is_none() => {
                    let next = if roles.first(Role::Outcome).is_some() { "train" } else { "profile" };
                    format!("\nSaved in {dir}.\nNext: attune {next} {dir}\n")
                }
                false => format!("\nSaved in {dir}.\nNext: attune run {dir}\n"),
            });
        }
        text
    }

    fn value(&self, seen: &Seen, roles: &Roles, profile: &Profile) -> serde_json::Value {
        json!({
            "file": self.file,
            "sha256": seen.dataset.source().sha256,
            "rows": seen.dataset.rows(),
            "notes": seen.notes,
            "columns": seen.dataset.columns(),
            "roles": roles,
            "bad_rows": seen.bad_rows,
            "bad_cells": seen.bad_cells,
            "quarantine": self.quarantine,
            "profile": profile,
            "project": self.project,
        })
    }
}

/// A word of a column and the event it stands for.
fn word(argument: &str) -> Result<(String, String)> {
    let (word, event) = pair("--event-word", argument)?;
    Ok((word.to_owned(), event.to_owned()))
}

/// `COLUMN=LOW..HIGH`, either end may be missing.
fn range(argument: &str) -> Result<(String, Range)> {
    let (column, text) = pair("--range", argument)?;
    let wrong = || Failure::Usage(format!("--range `{argument}` is not of the form COLUMN=LOW..HIGH"));
    let (low, high) = text.split_once("..").ok_or_else(wrong)?;
    let end = |text: &str| match text.trim() {
        "" => Ok(None),
        text => text.parse::<f64>().ok().filter(|x| x.is_finite()).map(Some).ok_or_else(wrong),
    };
    let range = Range { low: end(low)?, high: end(high)? };
    match (range.low, range.high) {
        (Some(low), Some(high)) if low > high => Err(wrong()),
        (None, None) => Err(wrong()),
        _ => Ok((column.to_owned(), range)),
    }
}

/// Roles that show what is known of a table beside the customers: its key and its time.
fn table_roles(dataset: &Dataset, key: Option<&str>, time: Option<&str>) -> Roles {
    let role = |name: &str| match name {
        _ if Some(name) == key => Role::Subject,
        _ if Some(name) == time => Role::Time,
        _ => Role::Feature,
    };
    Roles { columns: dataset.columns().iter().map(|c| (c.name.clone(), role(&c.name))).collect(), ..Roles::default() }
}

/// What was read, and what could not be.
struct Seen {
    dataset: Dataset,
    notes: Vec<String>,
    bad_rows: Vec<BadRow>,
    bad_cells: Vec<BadCell>,
}

/// Most lines printed of a list that may be long; JSON has them all.
const LISTED: usize = 10;

fn listed(title: &str, total: usize, lines: impl Iterator<Item = String>) -> String {
    if total == 0 {
        return String::new();
    }
    let mut text = format!("\n{title}: {}\n", count(total as u64));
    for line in lines.take(LISTED) {
        text.push_str(&format!("  {line}\n"));
    }
    if total > LISTED {
        text.push_str(&format!("  … and {} more; --json lists all\n", count((total - LISTED) as u64)));
    }
    text
}
