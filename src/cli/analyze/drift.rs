//! `attune analyze drift`: whether the rows of today are still those of the past.

use super::super::console::{Console, Failure, Outcome, Result};
use super::super::inputs::Reading;
use super::super::table::{Table, count, number, percent, wrap};
use attune_lab::data::Dataset;
use attune_lab::data::import;
use attune_lab::govern::drift::{self, DEFINITIONS, DriftReport};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// How far each column has moved between two files, or between the first and last rows of one
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune analyze drift january.csv june.csv\n  attune analyze drift bank.csv --split 0.8 --columns age,job\n\n\
                        --json prints one object per column under its name, and everything else under `_about`."
)]
pub struct Drift {
    /// File of the reference: what a model was learned from
    reference: PathBuf,
    /// File of the present; without one the reference is cut in two, see --split
    current: Option<PathBuf>,
    /// Share of the rows, in the order of the file, that are the reference when there is one file
    #[arg(long, value_name = "SHARE", default_value_t = 0.8, conflicts_with = "current")]
    split: f64,
    /// Columns to compare, separated by commas; all when left out
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    columns: Vec<String>,
    #[command(flatten)]
    reading: Reading,
}

impl Drift {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        if !(self.split > 0.0 && self.split < 1.0) {
            return Err(Failure::Usage(format!("--split {}: give a share between 0 and 1, such as 0.8", self.split)));
        }
        let options = self.reading.options()?;
        let read =
            |file: &Path| -> Result<Dataset> { Ok(console.work(|task| import::import(file, &options, task))?.dataset) };
        let reference = read(&self.reference)?;
        let (before, after) = match &self.current {
            Some(current) => (reference, read(current)?),
            None => drift::split(&reference, self.split).map_err(|error| error.in_file(&self.reference))?,
        };
        let report = console.work(|task| {
            drift::drift(&before, &after, &self.columns, task).map_err(|error| error.in_file(&self.reference))
        })?;
        console.result(&self.text(&report), &self.value(&report))?;
        Ok(Outcome::Done)
    }

    /// What is compared with what.
    fn sides(&self, report: &DriftReport) -> [String; 2] {
        let rows = [count(report.reference_rows), count(report.current_rows)];
        match &self.current {
            Some(current) => [
                format!("{}, {} rows", self.reference.display(), rows[0]),
                format!("{}, {} rows", current.display(), rows[1]),
            ],
            None => {
                [format!("first {} rows of {}", rows[0], self.reference.display()), format!("last {} rows", rows[1])]
            }
        }
    }

    fn text(&self, report: &DriftReport) -> String {
        let [before, after] = self.sides(report);
        let mut text = format!("Reference: {before}\nNow: {after}\n\n");
        let mut table = Table::new(&[
            "column",
            "PSI",
            "bins",
            "by chance",
            "",
            "evidently's PSI",
            "KS",
            "JS",
            "Wasserstein",
            "missing",
        ]);
        let maybe = |x: Option<f64>| x.map(number).unwrap_or_default();
        for column in &report.columns {
            let missing = match column.missing {
                [0.0, 0.0] => String::new(),
                [r, c] => format!("{} → {}", percent(r), percent(c)),
            };
            table.row(vec![
                column.column.clone(),
                number(column.psi()),
                column.bins.to_string(),
                maybe(column.psi_critical),
                column.band.words().to_owned(),
                number(column.psi_evidently),
                maybe(column.ks),
                number(column.js_distance_base2),
                maybe(column.wasserstein),
                missing,
            ]);
        }
        text.push_str(&table.text(2));
        for (column, why) in &report.skipped {
            text.push_str(&format!("  {column}: not compared: {why}\n"));
        }
        let worst = report.columns.iter().max_by(|a, b| a.psi().total_cmp(&b.psi()));
        if let Some(worst) = worst.filter(|worst| worst.band != drift::Band::Stable) {
            let mut table = Table::new(&["", "reference", "now"]);
            for (label, before, after) in worst.shares.iter().take(12) {
                table.row(vec![label.clone(), percent(*before), percent(*after)]);
            }
            text.push_str(&format!("\n{} has moved most\n{}", worst.column, table.text(2)));
        }
        text.push_str("\nDefinitions\n");
        for (name, definition) in DEFINITIONS {
            text.push_str(&wrap(&format!("{name}: {definition}."), 2, 110));
        }
        text
    }

    fn value(&self, report: &DriftReport) -> Value {
        let [before, after] = self.sides(report);
        let mut value: Map<String, Value> =
            report.columns.iter().map(|column| (column.column.clone(), json!(column))).collect();
        let definitions: Map<String, Value> =
            DEFINITIONS.iter().map(|(name, text)| ((*name).to_owned(), json!(text))).collect();
        value.insert(
            "_about".into(),
            json!({
                "reference": before,
                "current": after,
                "reference_rows": report.reference_rows,
                "current_rows": report.current_rows,
                "skipped": report.skipped,
                "definitions": definitions,
            }),
        );
        Value::Object(value)
    }
}
