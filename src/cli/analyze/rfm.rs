//! `attune analyze rfm`: recency, frequency and monetary value per customer.

use super::super::console::{Console, Outcome, Result};
use super::super::inputs::instant;
use super::super::table::{Table, count, percent, wrap};
use super::purchases::{Purchases, Read};
use attune_lab::data::import::dates;
use attune_lab::features::rfm::{self, Band};
use serde_json::json;

/// Recency, frequency and monetary value per customer, with quintile scores
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune analyze rfm online_retail.csv\n  attune analyze rfm orders.csv --customer buyer --amount paid --snapshot 2024-01-01\n  \
                        attune analyze rfm online_retail.csv --json > rfm.json\n\n\
                        Recency is in calendar days, frequency counts distinct invoices, monetary is the sum of quantity × price. \
                        Rows without a customer, and those whose quantity or price is not above 0, are left out and counted; \
                        duplicate rows are kept. --json has every customer, under the keys CustomerID, R, F, M."
)]
pub struct Rfm {
    #[command(flatten)]
    purchases: Purchases,
    /// Day at which recency stands; rows of that day and later are left out. Default: the day after the last purchase
    #[arg(long, value_name = "DATE")]
    snapshot: Option<String>,
    /// Most customers shown in text
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
}

impl Rfm {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        let snapshot = self.snapshot.as_deref().map(|text| instant("--snapshot", text)).transpose()?;
        let (dataset, mut notes) = self.purchases.import(console)?;
        let (columns, how) = self.purchases.columns(&dataset)?;
        notes.extend(how);
        let found = console
            .work(|task| rfm::rfm(&dataset, &columns, snapshot, task).map_err(|e| e.in_file(self.purchases.file())))?;
        let read =
            Read { file: self.purchases.file().to_owned(), columns: json!(columns), rows: dataset.rows(), notes };
        let value = json!({
            "file": read.file,
            "columns": read.columns,
            "notes": read.notes,
            "snapshot": dates::render(found.snapshot()),
            "rows": read.rows,
            "left_out": found.left_out,
            "tie_rule": rfm::TIE_RULE,
            "customers": found.customers,
        });
        console.result(&text(&read, &found, self.top), &value)?;
        Ok(Outcome::Done)
    }
}

fn text(read: &Read, found: &rfm::Rfm, top: usize) -> String {
    let mut text = read.text(Some(&found.left_out));
    let snapshot = dates::render(found.snapshot());
    text.push_str(&format!("\n{} customers, snapshot {snapshot}\n", count(found.customers.len() as u64)));
    let titles =
        ["Recency, days since the last purchase", "Frequency, distinct invoices", "Monetary value, Σ quantity × price"];
    for (title, bands) in titles.into_iter().zip(found.bands()).take(if found.has_amounts { 3 } else { 2 }) {
        text.push_str(&format!("\n{title}\n{}", self::bands(&bands, found.has_amounts)));
    }
    text.push_str(&format!("\n{}", wrap(&format!("Scores: {}.", rfm::TIE_RULE), 0, 110)));

    let mut worthiest: Vec<&rfm::CustomerRfm> = found.customers.iter().collect();
    worthiest.sort_by(|a, b| b.monetary.total_cmp(&a.monetary).then(b.frequency.cmp(&a.frequency)));
    let mut table = Table::new(&["customer", "R", "F", "M", "scores"]);
    for customer in worthiest.iter().take(top) {
        table.row(vec![
            customer.customer.to_string(),
            customer.recency.to_string(),
            customer.frequency.to_string(),
            format!("{:.2}", customer.monetary),
            customer.scores.map(|score| score.to_string()).concat(),
        ]);
    }
    if top > 0 {
        text.push_str(&format!("\nThe worthiest\n{}", table.text(2)));
        if found.customers.len() > top {
            text.push_str(&format!("  … and {} more; --json lists all\n", count((found.customers.len() - top) as u64)));
        }
    }
    text
}

fn bands(bands: &[Band], has_amounts: bool) -> String {
    let mut table = match has_amounts {
        true => Table::new(&["score", "customers", "from", "to", "share of value"]),
        false => Table::new(&["score", "customers", "from", "to"]),
    };
    let number = |x: f64| if x.fract() == 0.0 { format!("{x}") } else { format!("{x:.2}") };
    for band in bands {
        let mut row = vec![band.score.to_string(), count(band.customers), number(band.low), number(band.high)];
        if has_amounts {
            row.push(percent(band.share_of_value));
        }
        table.row(row);
    }
    table.text(2)
}
