//! `attune profile`: statistics, problems and associations of a file or of a table of a project, and repairs.

use super::console::{Console, Failure, Outcome, Result};
use super::inputs::{Reading, instant, kind_named, pair, purchases_in_words, type_named};
use super::meaning::column_named;
use super::table::{Table, count, number, percent, wrap};
use attune_lab::data::import::{self, ImportOptions, dates};
use attune_lab::data::join::JoinReport;
use attune_lab::data::profile::association::{Association, associations};
use attune_lab::data::profile::{ColumnProfile, Profile, profile_table};
use attune_lab::data::quality::{CheckId, Known, LISTED_ROWS, Problem, Severity};
use attune_lab::data::table::key_and_time;
use attune_lab::data::{Dataset, Role, Roles, Table as DataTable, TableKind};
use attune_lab::features::transactions::{PurchaseColumns, Wanted};
use attune_lab::project::{self, Access, Profiled};
use attune_policy::value::Type;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Show statistics and problems of a file, or of a table of a project.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune profile customers.csv\n  attune profile customers.csv --outcome churned --json\n  \
                        attune profile shop --table transactions\n  \
                        attune profile shop --repair missing:age --repair repeated-rows\n\n\
                        Every problem has a name such as `missing:age` or `sentinel:pdays=999`; --repair applies what is suggested for it, and --define \
                        says how each check and measure is defined."
)]
pub struct ProfileCommand {
    /// A file, or the folder of a project
    path: PathBuf,
    /// What the rows of a file are: customers, transactions, events, contacts, decisions or lookup; found where it is not given
    #[arg(long = "as", value_name = "KIND")]
    kind: Option<String>,
    /// Table of the project; the customers when it is not given
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
    /// Column whose association with every other column is shown
    #[arg(long, value_name = "COLUMN")]
    outcome: Option<String>,
    /// Apply what is suggested for a problem, by its name, and save the project
    #[arg(long, value_name = "PROBLEM")]
    repair: Vec<String>,
    /// Say how each check and measure is defined
    #[arg(long)]
    define: bool,
    /// Type of a column, as COLUMN=bool|integer|number|text|time
    #[arg(long = "type", value_name = "COLUMN=TYPE")]
    types: Vec<String>,
    /// Instant at which the data stand; later rows are from the future
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    #[command(flatten)]
    reading: Reading,
}

impl ProfileCommand {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        if self.path.is_dir() {
            return self.of_project(console);
        }
        if let Some(flag) = [("--table", self.table.is_some()), ("--repair", !self.repair.is_empty())]
            .iter()
            .find_map(|(flag, given)| given.then_some(flag))
        {
            return Err(Failure::Usage(format!("{flag} needs a project; `{}` is a file", self.path.display())));
        }
        let mut options: ImportOptions = self.reading.options()?;
        for argument in &self.types {
            let (column, name) = pair("--type", argument)?;
            options.types.insert(column.to_owned(), type_named(name)?);
        }
        let imported = console.work(|task| import::import(&self.path, &options, task))?;
        let import::Imported { dataset, mut notes, bad_rows, bad_cells, .. } = imported;
        let (kind, roles) = self.meant(&dataset, &mut notes)?;
        let as_of = self.as_of.as_ref().map(|text| instant("--as-of", text)).transpose()?;
        let known = Known { kind, as_of, ..Known::default() };
        let profile = console.work(|task| profile_table(&dataset, &roles, &known, task))?;
        let looked = Profiled { dataset, roles, kind, profile, made: None };
        let reading = (notes, bad_rows.len(), bad_cells.len());
        self.show(&looked, reading, &[], None, console)
    }

    /// What the rows of a file are, and its columns: as was said, else purchases where they look like them and no outcome is asked
    /// about, else customers.
    fn meant(&self, dataset: &Dataset, notes: &mut Vec<String>) -> Result<(TableKind, Roles)> {
        let suggested = Roles::suggest(dataset);
        let of_table = |key: Option<&str>, time: Option<&str>, kind: TableKind| {
            let table = DataTable::new("rows", kind, key, time, dataset.clone());
            (kind, table.roles())
        };
        match self.kind.as_deref().map(|word| kind_named("--as", word)).transpose()? {
            Some(TableKind::Customers) => Ok((TableKind::Customers, suggested)),
            Some(kind) => {
                let (key, time) = key_and_time(dataset, kind, None, None).map_err(|error| error.in_file(&self.path))?;
                Ok(of_table(key.as_deref(), time.as_deref(), kind))
            }
            None => {
                let found = if self.outcome.is_some() { None } else { PurchaseColumns::of_sales(dataset, &suggested) };
                let Some(columns) = found else { return Ok((TableKind::Customers, suggested)) };
                notes.push(format!(
                    "The rows look like purchases, and are looked at as such: {}. --as customers takes each for a customer.",
                    purchases_in_words(dataset, &columns.words(dataset))
                ));
                let is_time = dataset.column(&columns.date).is_some_and(|column| column.type_ == Type::Time);
                let time = Some(columns.date.as_str()).filter(|_| is_time);
                Ok(of_table(Some(&columns.customer), time, TableKind::Transactions))
            }
        }
    }

    fn of_project(&self, console: &Console) -> Result<Outcome> {
        if self.kind.is_some() {
            return Err(Failure::Usage(
                "what the rows of a project's tables are is said when they are imported".into(),
            ));
        }
        if !self.types.is_empty() || self.as_of.is_some() {
            return Err(Failure::Usage("how a project's files are read is said when they are imported".into()));
        }
        let access = if self.repair.is_empty() { Access::Read } else { Access::Write };
        let opened = super::project::open(&self.path, access, console)?;
        let (mut project, mut parts) = (opened.project, opened.parts);
        let dir = project.dir().to_owned();
        let look = |parts: &project::Parts| {
            console.work(|task| {
                let loaded = super::project::load(&dir, parts, console, task)?;
                let looked = project::profile(parts, &loaded, self.table.as_deref(), task)?;
                Ok((loaded, looked))
            })
        };
        let (mut loaded, mut looked) = look(&parts)?;
        let mut repaired = Vec::new();
        if !self.repair.is_empty() {
            for name in &self.repair {
                let problem = problem_named(&looked.profile, name)?;
                project::apply_repair(&mut parts, self.table.as_deref(), &problem.repair)?;
                repaired.push(json!({ "problem": name, "done": problem.repair.words() }));
            }
            // Nothing is saved that could not be read again.
            (loaded, looked) = look(&parts)?;
            project.save(&parts, "Repair")?;
        }
        let reading = match self.table.as_deref().and_then(|name| loaded.table(name)) {
            Some(table) => (table.notes.clone(), table.bad_rows.len(), table.bad_cells.len()),
            None => (loaded.notes.clone(), loaded.bad_rows.len(), loaded.bad_cells.len()),
        };
        let joins = if self.table.is_none() { &loaded.joins[..] } else { &[] };
        self.show(&looked, reading, joins, Some(repaired), console)
    }

    fn show(
        &self,
        looked: &Profiled,
        (notes, bad_rows, bad_cells): (Vec<String>, usize, usize),
        joins: &[JoinReport],
        repaired: Option<Vec<serde_json::Value>>,
        console: &Console,
    ) -> Result<Outcome> {
        let dataset = &looked.dataset;
        let outcome = self.outcome.as_ref().map(|name| column_named(dataset, "--outcome", name)).transpose()?;
        let told = match &outcome {
            Some(name) => console.work(|task| associations(dataset, name, task))?,
            None => Vec::new(),
        };
        let profile = &looked.profile;
        let mut text = heading(&self.path, self.table.as_deref(), dataset, profile);
        for note in &notes {
            text.push_str(&wrap(&format!("- {note}"), 2, 110));
        }
        for (n, what) in [(bad_rows, "rows were set aside"), (bad_cells, "cells did not fit and became missing")] {
            if n > 0 {
                text.push_str(&format!("  - {} {what}; `attune import` lists them\n", count(n as u64)));
            }
        }
        for done in repaired.iter().flatten() {
            text.push_str(&format!("  - repaired {}: {}\n", plain(&done["problem"]), plain(&done["done"])));
        }
        text.push_str(&format!("\n{}", columns_text(dataset, &looked.roles, looked.kind, profile)));
        if let Some((made, about)) = &looked.made {
            text.push_str(&format!("\nMade by the steps of the row recipe: {} columns\n", made.columns().len()));
            text.push_str(&columns_text(made, &looked.roles, looked.kind, about));
        }
        text.push_str(&joins_text(joins));
        text.push_str(&associations_text(outcome.as_deref(), &told, dataset, &looked.roles, self.define));
        text.push_str(&problems_text(&profile.problems, self.define, bad_rows, bad_cells));
        let problems: Vec<_> = profile.problems.iter().map(problem_value).collect();
        let value = json!({
            "path": self.path,
            "table": self.table,
            "rows": profile.rows,
            "missing_cells": profile.missing,
            "notes": notes,
            "rows_set_aside": bad_rows,
            "cells_that_did_not_fit": bad_cells,
            "columns": profile.columns,
            "made": looked.made.as_ref().map(|(_, about)| &about.columns),
            "roles": looked.roles.columns,
            "joins": joins,
            "outcome": outcome,
            "associations": told.iter().map(association_value).collect::<Vec<_>>(),
            "problems": problems,
            "repaired": repaired,
        });
        console.result(&text, &value)?;
        Ok(Outcome::Done)
    }
}

fn heading(path: &Path, table: Option<&str>, dataset: &Dataset, profile: &Profile) -> String {
    let share = profile.missing as f64 / (profile.rows * profile.columns.len() as u64).max(1) as f64;
    let columns = match dataset.columns().len() {
        1 => "1 column".to_owned(),
        n => format!("{n} columns"),
    };
    let missing = match profile.missing {
        0 => "no cell missing".to_owned(),
        n if share < 0.0005 => format!("{} cells missing (less than 0.1 %)", count(n)),
        n => format!("{} cells missing ({})", count(n), percent(share)),
    };
    format!(
        "{}{}: {} rows, {columns}, {missing}\n\n",
        path.display(),
        table.map(|name| format!(", {name}")).unwrap_or_default(),
        count(profile.rows),
    )
}

fn columns_text(dataset: &Dataset, roles: &Roles, kind: TableKind, profile: &Profile) -> String {
    let words = match kind {
        TableKind::Transactions => purchase_words(dataset, roles),
        _ => BTreeMap::new(),
    };
    let mut table = Table::new(&[
        "column",
        "type",
        "role",
        "missing",
        "distinct",
        "min",
        "median",
        "mean",
        "sd",
        "max",
        "most frequent",
    ]);
    for (column, about) in dataset.columns().iter().zip(&profile.columns) {
        let role = roles.role(&column.name);
        let shown = |x: Option<f64>| x.map(|x| of_type(about.type_, x)).unwrap_or_default();
        let median = about.quantiles.iter().find(|(level, _)| *level == 0.5).map(|(_, x)| *x);
        let number_only = |x: Option<f64>| if about.type_ == Type::Time { String::new() } else { shown(x) };
        let top = about.top.first().map(|(value, n)| format!("{} ({})", cell_text(value, about.type_), count(*n)));
        table.row(vec![
            column.source.clone(),
            column.type_.to_string(),
            match (words.get(&column.name), kind.is_customers(), role.label()) {
                (Some(word), ..) => (*word).to_owned(),
                (None, false, "feature") => String::new(),
                (None, false, "subject") => "key".to_owned(),
                (None, _, label) => label.to_owned(),
            },
            count(about.missing),
            count(about.distinct),
            shown(about.min),
            shown(median),
            number_only(about.mean),
            number_only(about.sd),
            shown(about.max),
            top.unwrap_or_default(),
        ]);
    }
    let mut text = table.text(2);
    for about in &profile.columns {
        if let Some(span) = span_text(about) {
            text.push_str(&format!("\n  {span}"));
        }
    }
    if text.ends_with('\n') { text } else { text + "\n" }
}

/// What the columns of a table of purchases are, in a word each; nothing where its key and time are not those of a purchase.
fn purchase_words(dataset: &Dataset, roles: &Roles) -> BTreeMap<String, &'static str> {
    let wanted = Wanted {
        customer: roles.first(Role::Subject).map(str::to_owned),
        date: roles.first(Role::Time).map(str::to_owned),
        ..Wanted::default()
    };
    PurchaseColumns::find(dataset, &wanted).map_or_else(|_| BTreeMap::new(), |(columns, _)| columns.words(dataset))
}

/// The text of a cell, short enough for a table: numbers with the digits that tell them apart from others.
fn cell_text(value: &str, type_: Type) -> String {
    match value.parse::<f64>() {
        Ok(x) if type_ == Type::Number && value.len() > 8 => number(x),
        _ => value.chars().take(24).collect(),
    }
}

fn span_text(about: &ColumnProfile) -> Option<String> {
    let span = about.span.as_ref()?;
    let day = |x: Option<f64>| x.map(|x| of_type(Type::Time, x)).unwrap_or_default();
    let gaps = match span.gaps.len() {
        0 => "no sudden gap".to_owned(),
        1 => "1 sudden gap".to_owned(),
        n => format!("{n} sudden gaps"),
    };
    let days = count(span.days);
    Some(format!("{}: {} to {}, {days} days with rows, {gaps}", about.source, day(about.min), day(about.max)))
}

fn joins_text(joins: &[JoinReport]) -> String {
    if joins.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["joined table", "by", "rows matched", "share", "keys used", "share", "without a key"]);
    for join in joins {
        table.row(vec![
            join.table.clone(),
            join.on.clone(),
            count(join.matched),
            percent(join.match_rate()),
            count(join.keys_used),
            percent(join.use_rate()),
            count(join.without),
        ]);
    }
    let mut text = format!("\nJoins\n{}", table.text(2));
    for join in joins.iter().filter(|join| !join.unknown.is_empty()) {
        let some: Vec<String> = join.unknown.iter().take(5).map(|(key, row)| format!("`{key}` (row {row})")).collect();
        text.push_str(&wrap(&format!("- not in {}: {}", join.table, some.join(", ")), 2, 110));
    }
    text
}

fn associations_text(
    outcome: Option<&str>,
    told: &[Association],
    dataset: &Dataset,
    roles: &Roles,
    define: bool,
) -> String {
    let Some(outcome) = outcome else { return String::new() };
    let source = |name: &str| dataset.column(name).map_or(name.to_owned(), |column| column.source.clone());
    let mut table = Table::new(&["column", "measure", "value", "strength", "where it happens", "rows", "role"]);
    for one in told {
        // Of an AUC one half says nothing, and the side of it says which way the column leans.
        let leans = match (one.measure.label(), one.value) {
            ("AUC", x) if x > 0.5 => "higher",
            ("AUC", x) if x < 0.5 => "lower",
            _ => "",
        };
        let role = match roles.role(&one.column).label() {
            "feature" => "",
            label => label,
        };
        table.row(vec![
            source(&one.column),
            one.measure.label().to_owned(),
            number(one.value),
            number(one.strength),
            leans.to_owned(),
            count(one.rows),
            role.to_owned(),
        ]);
    }
    let mut text = format!("\nAssociation with {}\n{}", source(outcome), table.text(2));
    if define {
        let mut measures: Vec<_> = told.iter().map(|one| one.measure).collect();
        measures.sort_by_key(|measure| measure.label());
        measures.dedup();
        for measure in measures {
            text.push_str(&wrap(&format!("- {}: {}", measure.label(), measure.definition()), 2, 110));
        }
    }
    text
}

/// Columns with the same problem that are told together: more would be a wall of sentences.
const TOGETHER: usize = 4;

/// Problems as lines, those that many columns have in one; with the `--repair` that a project can be given, or what to do by hand.
pub fn problem_lines(problems: &[Problem], repairs: bool) -> String {
    let alike = |a: &Problem, b: &Problem| {
        let gathers =
            matches!(a.check, CheckId::Missing | CheckId::Outliers | CheckId::Sentinel | CheckId::ManyCategories);
        let kind = |problem: &Problem| (problem.check, problem.severity, problem.about.clone(), problem.hint.clone());
        gathers && a.column.is_some() && kind(a) == kind(b)
    };
    let mut text = String::new();
    for (at, problem) in problems.iter().enumerate() {
        let group: Vec<&Problem> = problems.iter().filter(|other| alike(problem, other)).collect();
        if group.len() >= TOGETHER {
            // Told where the first of them stands.
            if !problems[..at].iter().any(|earlier| alike(problem, earlier)) {
                text.push_str(&together(&group, repairs));
            }
            continue;
        }
        let rows: Vec<String> = problem.rows.iter().take(5).map(|row| count(*row)).collect();
        let rows = match (rows.is_empty(), problem.count > 5) {
            (true, _) => String::new(),
            (false, more) => format!(" (rows {}{})", rows.join("; "), if more { "; …" } else { "" }),
        };
        let repair = match repairs && problem.repair.is_applicable() {
            true => format!("; --repair {}: {}", for_shell(&problem.id()), problem.repair.words()),
            false => format!("; {}", problem.hint),
        };
        text.push_str(&wrap(&format!("- {}: {}{rows}{repair}", word(problem.severity), problem.message), 2, 110));
    }
    text
}

/// One line for the same problem of many columns.
fn together(group: &[&Problem], repairs: bool) -> String {
    let first = group[0];
    let name = |problem: &Problem| problem.column.clone().unwrap_or_default();
    let columns: Vec<String> = group
        .iter()
        .map(|problem| match problem.count {
            0 => format!("`{}`", name(problem)),
            n => format!("`{}` ({} rows, {})", name(problem), count(n), percent(problem.share)),
        })
        .collect();
    let mark = first.about.as_deref().unwrap_or_default();
    let what = match first.check {
        CheckId::Missing => "have missing cells".to_owned(),
        CheckId::Outliers => {
            "hold numbers far from the others, more than 3 interquartile ranges outside the quartiles".to_owned()
        }
        CheckId::Sentinel => format!("hold `{mark}`, which may stand for a missing value"),
        _ => "have more than 100 different values".to_owned(),
    };
    let repair = match repairs && first.repair.is_applicable() {
        true => {
            let id = match first.about {
                Some(_) => format!("{}:COLUMN={mark}", first.check.name()),
                None => format!("{}:COLUMN", first.check.name()),
            };
            let words = first.repair.words().replace(&format!("`{}", name(first)), "`COLUMN");
            format!("; --repair {}: {words}", for_shell(&id))
        }
        false => format!("; {}", first.hint),
    };
    let columns = columns.join(", ");
    wrap(&format!("- {}: {} columns {what}: {columns}{repair}", word(first.severity), group.len()), 2, 110)
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn problems_text(problems: &[Problem], define: bool, bad_rows: usize, bad_cells: usize) -> String {
    let aside = [(bad_rows, "rows were set aside"), (bad_cells, "cells became missing")];
    let aside: Vec<String> =
        aside.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", count(*n as u64))).collect();
    if problems.is_empty() {
        return match aside.is_empty() {
            true => "\nNo problems found.\n".to_owned(),
            false => format!("\nNo problems found in what could be read: {}.\n", aside.join(", ")),
        };
    }
    let beside = if aside.is_empty() { String::new() } else { format!("; beside them {}", aside.join(", ")) };
    let mut text = format!("\nProblems: {}{beside}\n", problems.len());
    text.push_str(&problem_lines(problems, true));
    if define {
        let mut checks: Vec<_> = problems.iter().map(|problem| problem.check).collect();
        checks.sort();
        checks.dedup();
        text.push_str("\nDefinitions\n");
        for check in checks {
            text.push_str(&wrap(&format!("- {}: {}", check.name(), check.definition()), 2, 110));
        }
    }
    text.push_str(&format!(
        "\nOf each problem at most {LISTED_ROWS} rows are listed; --json has them. Counts are exact.\n"
    ));
    text
}

/// A problem for programs: with its name, its definition and its repair in words.
pub fn problem_value(problem: &Problem) -> serde_json::Value {
    let mut value = json!(problem);
    value["id"] = json!(problem.id());
    value["definition"] = json!(problem.check.definition());
    value["repair_in_words"] = json!(problem.repair.words());
    value["repairable"] = json!(problem.repair.is_applicable());
    value
}

fn association_value(one: &Association) -> serde_json::Value {
    let mut value = json!(one);
    value["measure"] = json!(one.measure.label());
    value["definition"] = json!(one.measure.definition());
    value
}

fn problem_named<'a>(profile: &'a Profile, name: &str) -> Result<&'a Problem> {
    if let Some(problem) = profile.problems.iter().find(|problem| problem.id() == name) {
        return Ok(problem);
    }
    // A column that has one problem of the check needs no more words.
    let there: Vec<&Problem> = profile.problems.iter().filter(|problem| problem.place() == name).collect();
    match there[..] {
        [problem] => return Ok(problem),
        [] => {}
        [..] => {
            let ids: Vec<String> = there.iter().map(|problem| for_shell(&problem.id())).collect();
            return Err(Failure::Usage(format!(
                "--repair: `{name}` is {} problems; name one of {}",
                ids.len(),
                ids.join(", ")
            )));
        }
    }
    let ids: Vec<String> = profile.problems.iter().filter(|p| p.repair.is_applicable()).map(Problem::id).collect();
    let hint = match attune_policy::suggest::nearest(name, ids.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("what can be repaired is {}", ids.join(", ")),
    };
    Err(Failure::Usage(format!("--repair: there is no problem `{name}`; {hint}")))
}

/// A name as it is typed: in quotes where it holds what shells read in their own way.
fn for_shell(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-.:=".contains(c);
    if name.chars().all(plain) { name.to_owned() } else { format!("'{}'", name.replace('\'', "'\\''")) }
}

fn of_type(type_: Type, x: f64) -> String {
    match type_ {
        Type::Time => dates::render(x as i64).chars().take(10).collect(),
        Type::Integer | Type::Bool if x.fract() == 0.0 => x.to_string(),
        _ => number(x),
    }
}

fn plain(value: &serde_json::Value) -> &str {
    value.as_str().unwrap_or_default()
}
