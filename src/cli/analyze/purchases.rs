//! Arguments that say which columns of a file are purchases, and what is said about them; shared by the questions about
//! customers who buy.

use super::super::console::{Console, Result};
use super::super::inputs::Reading;
use super::super::table::{count, wrap};
use attune_lab::data::Dataset;
use attune_lab::data::import;
use attune_lab::features::transactions::{LeftOut, PurchaseColumns, Wanted};
use attune_policy::value::Type;
use clap::Args;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A file of transactions and what its columns mean.
#[derive(Args, Clone, Debug)]
pub struct Purchases {
    /// File of transactions, one line of an invoice or one purchase per row
    file: PathBuf,
    /// Column of the customer
    #[arg(long, value_name = "COLUMN", help_heading = COLUMNS)]
    customer: Option<String>,
    /// Column of the date
    #[arg(long, value_name = "COLUMN", help_heading = COLUMNS)]
    date: Option<String>,
    /// Column of the invoice; without one, a purchase is a day of a customer
    #[arg(long, value_name = "COLUMN", help_heading = COLUMNS)]
    invoice: Option<String>,
    /// Column of what was paid for the row
    #[arg(long, value_name = "COLUMN", help_heading = COLUMNS, conflicts_with_all = ["quantity", "price"])]
    amount: Option<String>,
    /// Column of the units of the row
    #[arg(long, value_name = "COLUMN", help_heading = COLUMNS)]
    quantity: Option<String>,
    /// Column of the price of a unit
    #[arg(long, value_name = "COLUMN", help_heading = COLUMNS)]
    price: Option<String>,
    #[command(flatten)]
    reading: Reading,
}

const COLUMNS: &str = "Columns (found by their names where not given)";

/// A file that was read.
pub struct Read {
    pub file: PathBuf,
    /// The columns that were used.
    pub columns: Value,
    pub rows: usize,
    /// How the file was read and the columns were found.
    pub notes: Vec<String>,
}

impl Purchases {
    /// Path of the file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The zone of times that name none, where it was said.
    pub fn zone(&self) -> Option<&str> {
        self.reading.zone.as_deref()
    }

    /// Whether no column was named.
    pub fn names_none(&self) -> bool {
        let named = [&self.customer, &self.date, &self.invoice, &self.amount, &self.quantity, &self.price];
        named.into_iter().all(Option::is_none)
    }

    /// Reads the file, and says how.
    pub fn import(&self, console: &Console) -> Result<(Dataset, Vec<String>)> {
        let mut options = self.reading.options()?;
        if let Some(date) = &self.date {
            // Dates such as 19970131 are numbers until someone says that they are dates.
            options.types.insert(date.clone(), Type::Time);
        }
        let imported = console.work(|task| import::import(&self.file, &options, task))?;
        Ok((imported.dataset, imported.notes))
    }

    /// The columns of purchases, and how they were found.
    pub fn columns(&self, dataset: &Dataset) -> Result<(PurchaseColumns, Vec<String>)> {
        let wanted = Wanted {
            customer: self.customer.clone(),
            date: self.date.clone(),
            invoice: self.invoice.clone(),
            amount: self.amount.clone(),
            quantity: self.quantity.clone(),
            price: self.price.clone(),
        };
        Ok(PurchaseColumns::find(dataset, &wanted).map_err(|error| error.in_file(&self.file))?)
    }
}

impl Read {
    /// What was read and how, and what was left out, for people.
    pub fn text(&self, left_out: Option<&LeftOut>) -> String {
        let mut text = format!("{}: {} rows\n\n", self.file.display(), count(self.rows as u64));
        for note in &self.notes {
            text.push_str(&wrap(&format!("- {note}"), 2, 110));
        }
        if let Some(left_out) = left_out {
            text.push_str(&format!("\nRows left out: {} of {}\n", count(left_out.total()), count(self.rows as u64)));
            for (why, rows) in left_out.reasons().into_iter().filter(|(_, rows)| *rows > 0) {
                text.push_str(&format!("  {} × {why}\n", count(rows)));
            }
        }
        text
    }
}
