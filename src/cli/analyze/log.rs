//! `attune analyze log`: a log of decisions looked over, before anything is valued on it.

use super::super::console::{Console, Outcome, Result};
use super::super::inputs::Reading;
use super::super::meaning::{Meaning, column_named, role_word};
use super::super::table::{Table, count, interval, number, percent, wrap};
use attune_lab::Error;
use attune_lab::data::import::{self, CsvOptions, ImportOptions};
use attune_lab::data::table::key_and_time;
use attune_lab::data::{Arm, Logging, Role, Roles, Severity, Table as DataTable, TableKind};
use attune_lab::simulate::log::propose::{Proposal, propose};
use attune_lab::simulate::log::{Review, review};
use attune_lab::simulate::report::LogReport;
use attune_lab::task::Task;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Width of running text.
const WIDTH: usize = 110;
/// Arms listed; JSON has them all.
const ARMS: usize = 20;

/// Look a log of decisions over: what its columns mean, what history did, and everything that is wrong with it
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune analyze log decisions.csv\n  attune analyze log trial.csv --randomised\n  attune analyze log campaigns.csv --history\n  \
                        attune analyze log bandit.csv --role item_id=action --role position=position --role request=decision\n  \
                        attune analyze log decisions.csv --delayed bought=orders.csv:7 --delayed spent=orders.csv:14:amount\n\n\
                        A row is one decision: about whom, when, what was done, with which probability, what followed. What is not \
                        said is proposed by names and contents. All checks run at once and name the rows; exit code 3 when one of \
                        them must be mended first. An outcome that comes later is read from another file, NAME=FILE:DAYS, and \
                        credited to a decision at most so many days before it. Without propensities and without a design these are \
                        estimated, and everything that stands on them is exploratory. A design is guessed where the arms are of even \
                        size and no column tells them apart; it is marked as a guess until --randomised or --history says."
)]
pub struct Log {
    /// File of decisions
    file: PathBuf,
    /// Column of what was done
    #[arg(long, value_name = "COLUMN")]
    action: Option<String>,
    /// Column of whom a decision was about
    #[arg(long, value_name = "COLUMN")]
    subject: Option<String>,
    /// Column of when it was made
    #[arg(long, value_name = "COLUMN")]
    time: Option<String>,
    /// Column of the outcome; more of them with --role COLUMN=outcome
    #[arg(long, value_name = "COLUMN")]
    outcome: Option<String>,
    /// Column of the key in files of later outcomes
    #[arg(long, value_name = "COLUMN")]
    later_key: Option<String>,
    /// Column of the time in files of later outcomes
    #[arg(long, value_name = "COLUMN")]
    later_time: Option<String>,
    #[command(flatten)]
    meaning: Meaning,
    #[command(flatten)]
    reading: Reading,
}

impl Log {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        let options = self.reading.options()?;
        let imported = console.work(|task| import::import(&self.file, &options, task))?;
        let dataset = imported.dataset;
        let Proposal { mut roles, mut reasons, .. } = propose(&dataset)?;
        let proposed = roles.clone();
        let single = [
            ("--action", self.action.as_ref(), Role::Action),
            ("--subject", self.subject.as_ref(), Role::Subject),
            ("--time", self.time.as_ref(), Role::Time),
        ];
        self.meaning.change(&mut roles, &dataset, &single, None)?;
        if let Some(name) = &self.outcome {
            roles.columns.insert(column_named(&dataset, "--outcome", name)?, Role::Outcome);
        }
        if roles.columns != proposed.columns {
            self.meaning.look_again(&mut roles, &dataset);
        }
        for (column, role) in &roles.columns {
            if proposed.columns.get(column) != Some(role) {
                reasons.insert(column.clone(), "you said so".to_owned());
            }
        }
        let tables = self.tables(&roles, console)?;
        let whose = |error: Error| error.in_file(&self.file);
        let found = console.work(|task: &Task| review(&dataset, &roles, &tables, task).map_err(whose))?;
        let command = self.command(&found.roles, &proposed);
        let value = json!({
            "file": self.file,
            "bad_rows": imported.bad_rows.len(),
            "review": found,
            "reasons": reasons,
            "import": command,
        });
        console.result(&self.text(&found, &reasons, &command), &value)?;
        Ok(if found.failed() { Outcome::CheckFailed } else { Outcome::Done })
    }

    /// The files of later outcomes, each once; their name is the path that was given.
    fn tables(&self, roles: &Roles, console: &Console) -> Result<Vec<DataTable>> {
        let mut tables: Vec<DataTable> = Vec::new();
        // How the log is cut into fields says nothing of other files; how people write dates and numbers does.
        let ImportOptions { dates, zone, pivot, csv, .. } = self.reading.options()?;
        let decimal_comma = csv.decimal_comma;
        let options = ImportOptions {
            dates,
            zone,
            pivot,
            csv: CsvOptions { decimal_comma, ..CsvOptions::default() },
            ..ImportOptions::default()
        };
        for delayed in &roles.delayed {
            if tables.iter().any(|table| table.name == delayed.table) {
                continue;
            }
            let path = Path::new(&delayed.table);
            let imported = console.work(|task| import::import(path, &options, task))?;
            let dataset = imported.dataset;
            let (asked_key, asked_time) = (self.later_key.as_deref(), self.later_time.as_deref());
            let (key, time) = key_and_time(&dataset, TableKind::Events, asked_key, asked_time)
                .map_err(|error| error.in_file(path))?;
            let table = DataTable::new(&delayed.table, TableKind::Events, key.as_deref(), time.as_deref(), dataset);
            tables.push(table);
        }
        Ok(tables)
    }

    /// The command that makes a project of the log as it was understood here.
    fn command(&self, roles: &Roles, proposed: &Roles) -> Vec<String> {
        let mut words = vec!["attune".to_owned(), "import".into(), self.file.display().to_string(), "PROJECT".into()];
        for (column, role) in &roles.columns {
            let said = roles.delayed.iter().all(|delayed| delayed.name != *column);
            if said && proposed.columns.get(column) != Some(role) {
                words.extend(["--role".to_owned(), format!("{column}={}", role_word(*role))]);
            }
        }
        for (value, arm) in &roles.arms {
            if proposed.arms.get(value) != Some(arm) {
                let meaning = match arm {
                    Arm::NoAction => "NoAction".to_owned(),
                    Arm::Candidate { action, treatment } => format!("{action}/{treatment}"),
                };
                words.extend(["--arm".to_owned(), format!("{value}={meaning}")]);
            }
        }
        if self.meaning.history {
            words.push("--history".into());
        }
        let said = roles.logging != proposed.logging || roles.guess != proposed.guess;
        if let (Logging::Randomised(design), true, None) = (&roles.logging, said, &roles.guess) {
            if self.meaning.randomised {
                words.push("--randomised".into());
            } else {
                words.extend(design.iter().flat_map(|(value, p)| ["--propensity".to_owned(), format!("{value}={p}")]));
            }
        }
        for (argument, delayed) in self.meaning.delayed.iter().zip(&roles.delayed) {
            let stem =
                Path::new(&delayed.table).file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned());
            words.extend(["--delayed".to_owned(), argument.replacen(&delayed.table, &stem, 1)]);
        }
        words
    }

    fn text(&self, found: &Review, reasons: &std::collections::BTreeMap<String, String>, command: &[String]) -> String {
        let mut text = format!("{}: {} rows\n\nWhat the columns are\n", self.file.display(), count(found.rows));
        let mut columns = Table::new(&["column", "role", "why"]);
        let (mut features, mut ignored) = (0, 0);
        for (column, role) in &found.roles.columns {
            match role {
                Role::Feature => features += 1,
                Role::Ignored => ignored += 1,
                role => {
                    let why = reasons.get(column).cloned().unwrap_or_default();
                    columns.row(vec![column.clone(), role.label().into(), why]);
                }
            }
        }
        text.push_str(&columns.text(2));
        text.push_str(&wrap(&format!("features: {features}; columns not used: {ignored}"), 2, WIDTH));
        self.trial(found, &mut text);
        if !found.matched.is_empty() {
            text.push_str("\nOutcomes that came later\n");
            for matched in &found.matched {
                text.push_str(&wrap(&format!("- {}", matched.words()), 2, WIDTH));
            }
        }
        text.push_str("\nChecks\n");
        for check in &found.checks {
            let word = match check.severity {
                None => "ok",
                Some(Severity::Note) => "note",
                Some(Severity::Warning) => "warning",
                Some(Severity::Error) => "error",
            };
            let mut words = format!("{}: {}", check.kind.label(), check.message);
            if !check.rows.is_empty() {
                let rows: Vec<String> = check.rows.iter().take(5).map(u64::to_string).collect();
                let more = if check.count > 5 { ", …" } else { "" };
                words.push_str(&format!(" (row{} {}{more})", if check.count == 1 { "" } else { "s" }, rows.join(", ")));
            }
            if !check.hint.is_empty() {
                words.push_str(&format!("; {}", check.hint));
            }
            text.push_str(&format!("  {word:<9}{}", wrap(&words, 11, WIDTH).trim_start()));
        }
        if !found.questions.is_empty() {
            text.push_str("\nStill to be said\n");
            for question in &found.questions {
                text.push_str(&wrap(&format!("- {question}"), 2, WIDTH));
            }
        }
        text.push_str(&format!("\nInto a project: {}\n", quoted(command)));
        text
    }

    fn trial(&self, found: &Review, text: &mut String) {
        let log = &found.log;
        if log.arms.is_empty() {
            return;
        }
        text.push_str("\nWhat history did\n");
        text.push_str(&wrap(&log.logging, 2, WIDTH));
        if let Some(why) = &log.exploratory {
            text.push_str(&wrap(&format!("Exploratory: {why}"), 2, WIDTH));
        }
        if log.guess.is_some() {
            let ask = "Nobody said so: --randomised says that the arms were drawn by lot, --history that it is not known how history chose.";
            text.push_str(&wrap(ask, 2, WIDTH));
        }
        let design = log.arms.iter().any(|arm| arm.design.is_some());
        let mut header = vec!["arm", "rows", "share"];
        header.extend(design.then_some("design"));
        header.extend(found.outcomes.iter().flat_map(|outcome| [outcome.as_str(), "95 % interval"]));
        let mut arms = Table::new(&header);
        for arm in log.arms.iter().take(ARMS) {
            let mut row = vec![arm.name.clone(), count(arm.n), percent(arm.share)];
            row.extend(design.then(|| arm.design.map_or(String::new(), percent)));
            row.extend(arm.means.iter().flat_map(|mean| match mean {
                Some(mean) => [number(mean.value), interval(mean.low, mean.high)],
                None => [String::new(), String::new()],
            }));
            arms.row(row);
        }
        text.push_str(&arms.text(2));
        if log.arms.len() > ARMS {
            text.push_str(&format!("  … and {} more; --json lists all\n", log.arms.len() - ARMS));
        }
        if log.weighed {
            text.push_str(&wrap("Means are weighed by 1/propensity: as if everybody had got the arm.", 2, WIDTH));
        }
        effects(log, text);
        if !log.overlap.is_empty() {
            text.push_str("\nOverlap: estimated propensities over all rows\n");
            let mut table = Table::new(&[
                "arm",
                "1 % point",
                "median",
                "99 % point",
                "below 0.01",
                "mean weight",
                "effective rows",
            ]);
            for arm in log.overlap.iter().take(ARMS) {
                table.row(vec![
                    arm.arm.clone(),
                    number(arm.low),
                    number(arm.median),
                    number(arm.high),
                    percent(arm.rare),
                    format!("{:.3}", arm.mean_weight),
                    count(arm.effective_sample_size as u64),
                ]);
            }
            text.push_str(&table.text(2));
        }
    }
}

/// What the arms did, each against the first.
fn effects(log: &LogReport, text: &mut String) {
    if log.effects.is_empty() {
        return;
    }
    text.push_str(&format!("\nEffects of the arms: {}\n", log.effects_are()));
    let mut table = Table::new(&["arm", "less", "outcome", "effect", "95 % interval", "rows"]);
    for effect in log.effects.iter().take(ARMS) {
        table.row(vec![
            effect.arm.clone(),
            effect.reference.clone(),
            effect.outcome.clone(),
            number(effect.estimate.value),
            interval(effect.estimate.low, effect.estimate.high),
            count(effect.estimate.n),
        ]);
    }
    text.push_str(&table.text(2));
    if log.effects.len() > ARMS {
        text.push_str(&format!("  … and {} more; --json lists all\n", log.effects.len() - ARMS));
    }
}

/// Words as a shell takes them.
fn quoted(words: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,%+@".contains(c);
    let one = |word: &String| {
        if word.chars().all(plain) { word.clone() } else { format!("'{}'", word.replace('\'', "'\\''")) }
    };
    words.iter().map(one).collect::<Vec<_>>().join(" ")
}
