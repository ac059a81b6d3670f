//! Rows to decide on: arguments that say which, and the stream of requests they become.

use super::console::{Console, Failure, Result};
use super::inputs::{Reading, instant};
use attune_lab::data::import::dates;
use attune_lab::data::import::stream::{OnBad, Rows, StreamOptions};
use attune_lab::project;
use attune_policy::{History, NoHistory, Policy};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the rows come from and when they stand.
#[derive(Args, Clone, Debug)]
pub struct Input {
    /// Customers to decide on: delimited text, columns matched by name
    #[arg(long, short, value_name = "ROWS.csv")]
    pub input: PathBuf,
    /// Column that names the subject; the row number when not given
    #[arg(long, value_name = "COLUMN")]
    pub subject: Option<String>,
    /// Column of the instant at which each row stands
    #[arg(long, value_name = "COLUMN", conflicts_with = "now")]
    pub time: Option<String>,
    /// Instant at which the rows stand; the policy's `as_of` when not given, else the clock
    #[arg(long, value_name = "DATE")]
    pub now: Option<String>,
    /// Events known before: a table with the columns subject, time, event, action and, where known, treatment, channel,
    /// group, issue, tags
    #[arg(long, value_name = "EVENTS.csv")]
    pub history: Option<PathBuf>,
    /// What becomes of a cell that does not fit the policy's schema
    #[arg(long, value_enum, default_value = "fail")]
    pub bad_cells: BadCells,
    /// What becomes of a row that has more or fewer fields than the table
    #[arg(long, value_enum, default_value = "fail")]
    pub bad_rows: BadRows,
    #[command(flatten)]
    pub reading: Reading,
}

/// What becomes of a cell that cannot be read.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum BadCells {
    /// The command fails and names it
    Fail,
    /// It counts as missing
    Missing,
}

/// What becomes of a row that cannot be read.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum BadRows {
    /// The command fails and names it
    Fail,
    /// It is left out
    Skip,
}

/// Rows opened for a policy.
pub struct Opened {
    /// The rows.
    pub rows: Rows,
    /// The instant of rows without a time of their own (ms).
    pub now: i64,
    /// Where that instant comes from.
    pub now_from: &'static str,
    history: Option<project::Known>,
}

impl Input {
    /// Opens rows and history.
    pub fn open(&self, policy: &Policy, console: &Console) -> Result<Opened> {
        let (now, now_from) = match (&self.now, policy.document().provenance.as_of) {
            (Some(text), _) => (instant("--now", text)?, "--now"),
            (None, Some(as_of)) => (as_of, "the policy's as_of"),
            (None, None) => (clock(), "the clock"),
        };
        let history = match &self.history {
            Some(path) => Some(console.work(|task| project::load_history(path, policy.document(), task))?),
            None => None,
        };
        let options = StreamOptions {
            import: self.reading.options()?,
            subject: self.subject.clone(),
            time: self.time.clone(),
            now,
            bad_cells: match self.bad_cells {
                BadCells::Fail => OnBad::Fail,
                BadCells::Missing => OnBad::PassOver,
            },
            bad_rows: match self.bad_rows {
                BadRows::Fail => OnBad::Fail,
                BadRows::Skip => OnBad::PassOver,
            },
        };
        let rows = Rows::open(&self.input, &policy.document().schema, &options).map_err(Failure::Work)?;
        Ok(Opened { rows, now, now_from, history })
    }

    /// Refuses an output that would take the place of a file the command reads.
    pub fn spare(&self, policy: &Path, output: &Path) -> Result<()> {
        // An output that is not there yet replaces nothing.
        let Ok(place) = output.canonicalize() else { return Ok(()) };
        let read = [Some(policy), Some(&*self.input), self.history.as_deref()];
        if read.into_iter().flatten().any(|file| file.canonicalize().is_ok_and(|file| file == place)) {
            let file = output.display();
            return Err(Failure::Usage(format!("`{file}` is read here and would be replaced; name another output")));
        }
        Ok(())
    }

    /// What a person should know about how the rows were decided, one sentence each.
    pub fn remarks(&self, opened: &Opened) -> Vec<String> {
        let mut remarks = vec![match &self.time {
            Some(column) => format!(
                "Each row stands at its own time, in the column {column}; without one at {}.",
                self.instant(opened)
            ),
            None => format!("Every row stands at {}.", self.instant(opened)),
        }];
        remarks.push(match &self.subject {
            Some(column) => format!("The column {column} names the subject."),
            None => "The row number is the subject; --subject names a column instead.".to_owned(),
        });
        remarks.push(match &opened.history {
            Some(known) => format!("The history has {} events; every row sees the same.", known.history.len()),
            None => "There is no history, so caps bind on nothing; --history gives one.".to_owned(),
        });
        remarks.extend(opened.history.iter().flat_map(|known| known.notes.iter().cloned()));
        let (cells, rows) = (opened.rows.passed_cells(), opened.rows.passed_rows());
        if cells > 0 {
            remarks.push(format!("{cells} cells did not fit their column's type and count as missing."));
        }
        if rows > 0 {
            remarks.push(format!("{rows} rows were left out: they do not have the shape of the table."));
        }
        remarks
    }

    /// The same for programs.
    pub fn value(&self, opened: &Opened) -> Value {
        json!({
            "input": self.input,
            "now": opened.now,
            "now_from": opened.now_from,
            "subject": self.subject,
            "time": self.time,
            "history_events": opened.history.as_ref().map(|known| known.history.len()),
            "bad_cells": opened.rows.passed_cells(),
            "bad_rows": opened.rows.passed_rows(),
            "reading": opened.rows.options(),
            "notes": opened.rows.notes(),
        })
    }

    fn instant(&self, opened: &Opened) -> String {
        format!("{} ({})", dates::render(opened.now), opened.now_from)
    }
}

impl Opened {
    /// The rows, and the history that all of them see.
    pub fn parts(&mut self) -> (&mut Rows, &dyn History) {
        let history: &dyn History = match &self.history {
            Some(known) => &known.history,
            None => &NoHistory,
        };
        (&mut self.rows, history)
    }
}

fn clock() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}
