//! `attune analyze narrowing`: whether contact is getting narrower, from any log of contacts.

use super::super::console::{Console, Failure, Outcome, Result};
use super::super::inputs::Reading;
use super::super::plan::definitions;
use super::super::table::{Table, count, interval, number, wrap};
use attune_lab::data::import::dates::render as time_text;
use attune_lab::simulate::columns::{groups, instants, labels};
use attune_lab::simulate::questions::narrowing::{Contacts, NarrowingReport, narrowing};
use std::path::PathBuf;

const WIDTH: usize = 110;

/// Is contact getting narrower: fewer actions, fewer people, more of it to the same, week by week
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune analyze narrowing contacts.csv --subject customer --time sent_at --action campaign\n  \
                        attune analyze narrowing decisions.csv --subject customer --time decided_at --action offer --none \"No e-mail\" --json\n\n\
                        A row is a contact, or a decision; rows whose action is missing or one of --none are decisions without contact. \
                        With such rows the share reached is of those who were decided for, else of all subjects of the file."
)]
pub struct Narrowing {
    /// File of contacts or decisions
    file: PathBuf,
    /// Column of the subject
    #[arg(long, value_name = "COLUMN")]
    subject: String,
    /// Column of the instant
    #[arg(long, value_name = "COLUMN")]
    time: String,
    /// Column of the action
    #[arg(long, value_name = "COLUMN")]
    action: String,
    /// A value of that column that means no contact; may be given several times
    #[arg(long = "none", value_name = "VALUE")]
    none: Vec<String>,
    /// Resamples of the intervals, at least 20
    #[arg(long, value_name = "N", default_value_t = 200)]
    bootstrap: usize,
    /// Seed of the resamples
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    reading: Reading,
}

impl Narrowing {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        if self.bootstrap > 100_000 {
            return Err(Failure::Usage("--bootstrap is at most 100000".into()));
        }
        let source = self.reading.open(&self.file, console)?.of_somebody(&self.subject, console);
        let subject = source.columns(|data| groups(data, &self.subject))?;
        let time = source.columns(|data| instants(data, &self.time))?;
        let (action, actions) = source.columns(|data| labels(data, &self.action, &self.none))?;
        let contacts = Contacts { subject: &subject, time: &time, action: &action, actions: &actions };
        let found = source.work(console, |task| narrowing(contacts, self.bootstrap, self.seed, task))?;
        console.result(&self.text(&found), &found)?;
        Ok(Outcome::Done)
    }

    fn text(&self, found: &NarrowingReport) -> String {
        let mut text = format!(
            "{}: {} contacts of {} actions, {} subjects\n\n",
            self.file.display(),
            count(found.contacts),
            count(found.actions),
            count(found.subjects)
        );
        let mut table = Table::new(&[
            "week from",
            "contacts",
            "effective actions",
            "action Gini",
            "reached",
            "contact Gini",
            "top tenth",
        ]);
        for week in &found.weeks {
            let mut row = vec![time_text(week.start), count(week.contacts)];
            row.extend(week.measures.iter().map(|m| match m.high.is_finite() {
                true => format!("{:.3} ± {:.3}", m.value, m.high - m.value),
                false => format!("{:.3} {}", m.value, interval(m.low, m.high)),
            }));
            table.row(row);
        }
        text.push_str(&table.text(2));
        if !found.trends.is_empty() {
            text.push_str("\nChange per week\n");
            let mut table = Table::new(&["measure", "change", "95 % interval", ""]);
            for trend in &found.trends {
                table.row(vec![
                    trend.measure.clone(),
                    number(trend.per_week.value),
                    interval(trend.per_week.low, trend.per_week.high),
                    match (trend.per_week.is_clear(), trend.narrower) {
                        (false, _) => "no more than chance",
                        (_, true) => "narrower",
                        _ => "wider",
                    }
                    .to_owned(),
                ]);
            }
            text.push_str(&table.text(2));
        }
        text.push_str(&wrap(&format!("{}. Reached is of {}.", found.verdict, found.reached_of), 2, WIDTH));
        text.push_str(&definitions(&found.notes));
        text
    }
}
