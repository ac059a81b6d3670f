//! `attune analyze send-time`: when each customer is best reached.

use super::super::console::{Console, Outcome, Result};
use super::super::table::{Table, count, number, percent, wrap};
use super::purchases::{Purchases, Read};
use attune_lab::features::transactions::{self, Amount, CustomerId, Free};
use attune_lab::models::value::{self, Preference, send_time};
use attune_lab::project::Learned;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Best hour and weekday per customer, drawn towards everybody's by how little is known
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune analyze send-time opens.csv --customer subject --date opened_at\n  attune analyze send-time online_retail.csv --json\n  \
                        attune analyze send-time opens.csv --model hours.ron\n  \
                        attune attach shop hours.ron         its policy sends at these hours\n\n\
                        Counts what customers did, in the clock of the file; what one did at one instant counts once. Where messages always went out at one hour, answers come\n\
                        then too: the evidence is for acting, not for receiving."
)]
pub struct SendTime {
    #[command(flatten)]
    purchases: Purchases,
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
        let (acts, found) = console.work(|task| {
            let found = transactions::purchases(&dataset, &columns, Free::Count, None, task).and_then(|acts| {
                let found = send_time(&value::acts(&acts), acts.customers.len(), task)?;
                Ok((acts, found))
            });
            found.map_err(|e| e.in_file(self.purchases.file()))
        })?;
        if let Some(file) = &self.model {
            let names: Vec<String> = acts.customers.iter().map(ToString::to_string).collect();
            let model = value::lower_hours(&found.hours, &names, &columns.customer, "send_time");
            super::write_learned(file, &Learned::send_times(model, &found.hours, dataset.source()))?;
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
