//! `attune analyze send-time`: when each customer is best reached.

use super::super::console::{Console, Outcome, Result};
use super::super::inputs::pair;
use super::super::meaning::column_named;
use super::super::table::{Table, count, number, percent, wrap};
use super::purchases::{Purchases, Read};
use attune_lab::Error;
use attune_lab::data::Dataset;
use attune_lab::features::transactions::{self, Amount, CustomerId, Free};
use attune_lab::models::value::{self, Clocks, Preference, send_time};
use attune_lab::project::Learned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Best hour and weekday per customer, drawn towards everybody's by how little is known
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune analyze send-time opens.csv --customer subject --date opened_at\n  attune analyze send-time online_retail.csv --json\n  \
                        attune analyze send-time opens.csv --zone America/New_York --model hours.ron\n  \
                        attune analyze send-time opens.csv --clock-column country --region US=America/New_York --region DE=Europe/Berlin\n  \
                        attune attach shop hours.ron         its policy sends at these hours\n\n\
                        Counts what customers did, at the hour that a clock showed: that of the zone in --clock-column, else of --clock, else of\n\
                        --zone, else UTC, across daylight saving. A policy decides by the clock of the customer's region, else of the project's zone;\n\
                        `attune attach` refuses hours of another clock. What a customer did at one instant counts once. Where messages always\n\
                        went out at one hour, answers come then too: the evidence is for acting, not for receiving."
)]
pub struct SendTime {
    #[command(flatten)]
    purchases: Purchases,
    /// Zone by whose clock hours and weekdays are counted; that of --zone when it is not given, else UTC
    #[arg(long, value_name = "ZONE")]
    clock: Option<String>,
    /// Column of the zone that the customer of a row lives by, such as Europe/Berlin; rows without one are counted by --clock
    #[arg(long, value_name = "COLUMN")]
    clock_column: Option<String>,
    /// Zone that a name in that column stands for; may be given several times
    #[arg(long = "region", value_name = "NAME=ZONE", requires = "clock_column")]
    regions: Vec<String>,
    /// Most customers shown in text
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    /// File to write the best hours to as a model (RON); `attune attach` makes them the send times of a project
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
}

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

impl SendTime {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        let (dataset, mut notes) = self.purchases.import(console)?;
        let (mut columns, how) = self.purchases.columns(&dataset)?;
        // An act is an act, whatever it was worth.
        (columns.amount, columns.invoice) = (Amount::None, None);
        notes.extend(how);
        let clocks = self.clocks(&dataset)?;
        let (acts, clock, found) = console.work(|task| {
            let found = transactions::purchases(&dataset, &columns, Free::Count, None, task).and_then(|acts| {
                // A day without a time of day is that day everywhere.
                let clocks = if acts.have_hours() { clocks } else { Clocks::of("UTC")? };
                let found = send_time(&value::acts(&acts, &clocks), acts.customers.len(), task)?;
                let clock = clocks.used(acts.lines.iter().map(|line| line.row));
                Ok((acts, clock, found))
            });
            found.map_err(|e| e.in_file(self.purchases.file()))
        })?;
        if acts.have_hours() {
            notes.push(format!("Hours and weekdays are those of {clock}."));
        } else {
            let date = &columns.date;
            if self.model.is_some() {
                let error = Error::new("has days without a time of day, so that no hour is better than another");
                let error = error.in_file(self.purchases.file()).in_column(date);
                return Err(error.hint("name a column of times with --date").into());
            }
            notes.push(format!("`{date}` has days without a time of day: the weekdays alone say something."));
        }
        if let Some(file) = &self.model {
            let names: Vec<String> = acts.customers.iter().map(ToString::to_string).collect();
            let model = value::lower_hours(&found.hours, &names, &columns.customer, "send_time");
            let learned = Learned::send_times(model, &found.hours, clock.clone(), acts.span(), dataset.source());
            super::write_learned(file, &learned)?;
        }
        let read =
            Read { file: self.purchases.file().to_owned(), columns: json!(columns), rows: dataset.rows(), notes };
        let each: Vec<Value> = acts
            .customers
            .iter()
            .zip(found.hours.subjects.iter().zip(&found.weekdays.subjects))
            .map(|(id, (hour, weekday))| json!({ "CustomerID": id, "hour": hour, "weekday": weekday }))
            .collect();
        let value = json!({
            "file": read.file,
            "columns": read.columns,
            "notes": read.notes,
            "left_out": acts.left_out,
            "clock": clock,
            "hours": { "population": found.hours.population, "concentration": found.hours.concentration },
            "weekdays": { "population": found.weekdays.population, "concentration": found.weekdays.concentration },
            "customers": each,
            "model": self.model,
        });
        let mut text = read.text(Some(&acts.left_out));
        let hour = |slot: usize| format!("{slot:02}:00");
        let weekday = |slot: usize| WEEKDAYS[slot % 7].to_owned();
        text.push_str(&self.part("Hour of the day", &found.hours, &acts.customers, &hour));
        text.push_str(&self.part("Day of the week", &found.weekdays, &acts.customers, &weekday));
        if let Some(file) = &self.model {
            text.push_str(&super::attach_next("Model", file));
        }
        console.result(&text, &value)?;
        Ok(Outcome::Done)
    }

    /// By whose clock the hours of each row are counted.
    fn clocks(&self, dataset: &Dataset) -> Result<Clocks> {
        let other = self.clock.as_deref().or(self.purchases.zone()).unwrap_or("UTC");
        let Some(column) = &self.clock_column else { return Ok(Clocks::of(other)?) };
        let mut regions = BTreeMap::new();
        for argument in &self.regions {
            let (name, zone) = pair("--region", argument)?;
            Clocks::of(zone)?;
            regions.insert(name.to_owned(), zone.to_owned());
        }
        let column = column_named(dataset, "--clock-column", column)?;
        let clocks = Clocks::of_column(dataset, &column, &regions, other);
        Ok(clocks.map_err(|error| error.in_file(self.purchases.file()))?)
    }

    fn part(
        &self,
        title: &str,
        preference: &Preference,
        customers: &[CustomerId],
        name: &dyn Fn(usize) -> String,
    ) -> String {
        let mut shares: Vec<(usize, f64)> = preference.population.iter().copied().enumerate().collect();
        shares.sort_by(|a, b| b.1.total_cmp(&a.1));
        let best: Vec<String> =
            shares.iter().take(5).map(|(slot, share)| format!("{} {}", name(*slot), percent(*share))).collect();
        let mut text = format!("\n{title}\n  Everybody: {}\n", best.join(", "));
        text.push_str(&wrap(
            &format!(
                "Everybody's shares count as much as {} acts of a customer's own.",
                number(preference.concentration)
            ),
            2,
            110,
        ));
        let mut surest: Vec<usize> = (0..customers.len()).collect();
        surest.sort_by(|a, b| preference.subjects[*b].confidence.total_cmp(&preference.subjects[*a].confidence));
        let mut table =
            Table::new(&["customer", "best", "acts", "share then", "everybody's", "better than everybody's best"]);
        for i in surest.into_iter().take(self.top) {
            let slot = preference.subjects[i];
            table.row(vec![
                customers[i].to_string(),
                name(usize::from(slot.slot)),
                count(slot.observations),
                percent(slot.share),
                percent(slot.population_share),
                percent(slot.confidence),
            ]);
        }
        format!("{text}{}", table.text(2))
    }
}
