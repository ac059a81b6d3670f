//! Purchases from a table of transactions: which columns say who, when and how much, and which rows are left out and why.
//!
//! Customer value, recency and frequency are all counted from here. Returns, unknown customers and worthless lines are
//! never dropped silently: each is counted by its reason. Duplicate lines are kept; whether they are mistakes is for the
//! quality checks to say.

mod sales;

use crate::data::cells::{Cells, Dictionary};
use crate::data::{Column, Dataset};
use crate::error::{Error, Result};
use crate::task::Task;
use attune_policy::suggest::nearest;
use attune_policy::value::Type;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Milliseconds of a day.
pub const DAY: i64 = 86_400_000;

/// The purchases of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Purchases {
    /// Customers with at least one purchase, in ascending order of their identifier.
    pub customers: Vec<CustomerId>,
    /// Rows that are part of a purchase, in the order of the table.
    pub lines: Vec<Line>,
    /// Rows that are not, by reason.
    pub left_out: LeftOut,
}

impl Purchases {
    /// The first and the last instant (ms).
    pub fn span(&self) -> Option<(i64, i64)> {
        let times = || self.lines.iter().map(|line| line.time);
        Some((times().min()?, times().max()?))
    }

    /// Whether any of them has a time of day: a day without one stands at 00:00 UTC.
    pub fn have_hours(&self) -> bool {
        self.lines.iter().any(|line| line.time.rem_euclid(DAY) != 0)
    }
}

/// A row that is part of a purchase.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Position in [`Purchases::customers`].
    pub customer: u32,
    /// When, milliseconds since 1970-01-01T00:00Z.
    pub time: i64,
    /// Which invoice; lines of one invoice share a number. Without an invoice column each line has the number of its day.
    pub invoice: u32,
    /// What was paid for it; `None` when no column says.
    pub amount: Option<f64>,
    /// Its row (position) in the table.
    pub row: u32,
}

impl Line {
    /// Day of the line, counted from 1970-01-01, in the time zone in which the file was read.
    pub fn day(&self) -> i64 {
        self.time.div_euclid(DAY)
    }
}

/// An identifier as the file has it: numbers stay numbers, so that `12346.0` and `12346` are one customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CustomerId {
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// Text.
    Text(Arc<str>),
}

impl fmt::Display for CustomerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CustomerId::Integer(id) => write!(f, "{id}"),
            CustomerId::Number(id) => write!(f, "{id}"),
            CustomerId::Text(id) => f.write_str(id),
        }
    }
}

/// Rows that are no purchase. A row counts once, under the first reason that holds, in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The customer is missing.
    pub no_customer: u64,
    /// The date is missing.
    pub no_date: u64,
    /// The invoice is missing.
    pub no_invoice: u64,
    /// The quantity is missing, zero or negative: a return or a correction.
    pub quantity_not_positive: u64,
    /// The price, or the amount where there is no price, is missing, negative, or zero where [`Free::LeaveOut`] was asked.
    pub price_not_positive: u64,
    /// On or after the day at which the analysis stands.
    pub after_the_end: u64,
}

impl LeftOut {
    /// All rows left out.
    pub fn total(&self) -> u64 {
        self.reasons().iter().map(|(_, rows)| rows).sum()
    }

    /// Each reason in words with its number of rows.
    pub fn reasons(&self) -> [(&'static str, u64); 6] {
        [
            ("no customer", self.no_customer),
            ("no date", self.no_date),
            ("no invoice", self.no_invoice),
            ("quantity is not above 0", self.quantity_not_positive),
            ("price or amount is missing or too low", self.price_not_positive),
            ("on or after the end", self.after_the_end),
        ]
    }
}

/// The columns that make a purchase, as they were asked for or found; each an identifier of the dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurchaseColumns {
    /// Who.
    pub customer: String,
    /// When: a time, or a whole number that reads as a date such as 19970131.
    pub date: String,
    /// Which invoice; without one a purchase is a day of a customer.
    pub invoice: Option<String>,
    /// How much.
    pub amount: Amount,
}

/// Where the worth of a line stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Amount {
    /// Nowhere: purchases are counted, not weighed.
    None,
    /// In one column.
    Column(String),
    /// In the product of two.
    Product {
        /// Units of the line.
        quantity: String,
        /// Price of a unit.
        price: String,
    },
}

/// Whether lines that cost nothing are purchases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Free {
    /// They are none: recency, frequency, monetary value.
    LeaveOut,
    /// They are: the purchase models, whose published results count them.
    Count,
}

/// What a person says about the columns, by identifier or name in the file; what is `None` is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Who.
    pub customer: Option<String>,
    /// When.
    pub date: Option<String>,
    /// Which invoice.
    pub invoice: Option<String>,
    /// What was paid for the line.
    pub amount: Option<String>,
    /// Units of the line.
    pub quantity: Option<String>,
    /// Price of a unit.
    pub price: Option<String>,
}

/// Usual names of a customer column, letters and digits alone, the surest first.
const CUSTOMER: &[&str] = &[
    "customerid",
    "custid",
    "customer",
    "customerno",
    "customernumber",
    "clientid",
    "client",
    "userid",
    "user",
    "memberid",
    "member",
    "subjectid",
    "subject",
    "accountid",
    "account",
    "id",
];
const DATE: &[&str] = &[
    "invoicedate",
    "orderdate",
    "purchasedate",
    "transactiondate",
    "date",
    "orderedat",
    "purchasedat",
    "createdat",
    "timestamp",
    "datetime",
    "time",
    "day",
];
const INVOICE: &[&str] = &[
    "invoiceno",
    "invoiceid",
    "invoice",
    "invoicenumber",
    "orderid",
    "orderno",
    "ordernumber",
    "order",
    "transactionid",
    "transaction",
    "basketid",
    "receiptid",
    "receipt",
];
const QUANTITY: &[&str] = &["quantity", "qty", "units"];
const PRICE: &[&str] = &["unitprice", "price", "itemprice", "priceperunit"];
const AMOUNT: &[&str] = &[
    "amount",
    "dollarvalue",
    "dollaramount",
    "dollars",
    "totalamount",
    "lineamount",
    "linetotal",
    "linevalue",
    "orderamount",
    "ordertotal",
    "ordervalue",
    "basketvalue",
    "transactionamount",
    "transactionvalue",
    "purchaseamount",
    "purchasevalue",
    "salesamount",
    "saleamount",
    "salesvalue",
    "amountpaid",
    "paidamount",
    "paymentvalue",
    "paymentamount",
    "payment",
    "paid",
    "netamount",
    "netsales",
    "netrevenue",
    "grossamount",
    "subtotal",
    "grandtotal",
    "total",
    "totalprice",
    "extendedprice",
    "revenue",
    "turnover",
    "sales",
    "spend",
    "spent",
    "dollar",
    "euros",
    "euro",
    "pounds",
    "usd",
    "eur",
    "gbp",
    "value",
    "monetary",
    "monetaryvalue",
];

impl PurchaseColumns {
    /// The columns of a purchase: those wanted, and the others by their usual names; in a file without names by what
    /// they hold. The sentences say what was found and how.
    ///
    /// # Errors
    /// When a wanted column is not there, or no column can be the customer or the date.
    pub fn find(dataset: &Dataset, wanted: &Wanted) -> Result<(PurchaseColumns, Vec<String>)> {
        let mut finder = Finder { dataset, notes: Vec::new(), taken: Vec::new() };
        // What is asked for is never given away to a guess.
        for name in [&wanted.customer, &wanted.date, &wanted.invoice, &wanted.amount, &wanted.quantity, &wanted.price]
            .into_iter()
            .flatten()
        {
            let column = finder.named(name)?;
            finder.taken.push(column.name.clone());
        }
        let date = finder.get(&wanted.date, "date", DATE, is_date)?;
        let customer = finder.get(&wanted.customer, "customer", CUSTOMER, |_| true)?;
        let (Some(customer), Some(date)) = (customer.or_else(|| finder.unnamed_customer()), date) else {
            let columns: Vec<&str> = dataset.columns().iter().map(|c| c.source.as_str()).collect();
            return Err(Error::new(format!(
                "no column looks like the customer and the date of a purchase; it has {}",
                columns.join(", ")
            ))
            .hint("name them: customer and date"));
        };
        let invoice = finder.get(&wanted.invoice, "invoice", INVOICE, |_| true)?;
        if invoice.is_none() {
            finder.notes.push("No invoice column: the lines of a customer on one day are one purchase.".into());
        }
        let amount = finder.amount(wanted)?;
        Ok((PurchaseColumns { customer, date, invoice, amount }, finder.notes))
    }
}

/// The letters and digits of a name, in lower case.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase()
}

struct Finder<'a> {
    dataset: &'a Dataset,
    notes: Vec<String>,
    taken: Vec<String>,
}

impl Finder<'_> {
    fn named(&self, name: &str) -> Result<&Column> {
        let columns = self.dataset.columns();
        columns.iter().find(|c| c.name == name || c.source == name).ok_or_else(|| {
            let error = Error::new("there is no such column").in_column(name);
            match nearest(name, columns.iter().map(|c| c.source.as_str())) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint(format!(
                    "the file has {}",
                    columns.iter().map(|c| c.source.as_str()).collect::<Vec<_>>().join(", ")
                )),
            }
        })
    }

    /// The wanted column, or the surest of the usual names that fits.
    fn get(
        &mut self,
        wanted: &Option<String>,
        what: &str,
        usual: &[&str],
        fits: fn(&Cells) -> bool,
    ) -> Result<Option<String>> {
        if let Some(name) = wanted {
            return self.named(name).map(|column| Some(column.name.clone()));
        }
        let free =
            |column: &&Column| !self.taken.contains(&column.name) && self.dataset.cells(&column.name).is_some_and(fits);
        let by_name = usual
            .iter()
            .find_map(|usual| self.dataset.columns().iter().filter(free).find(|c| plain(&c.source) == *usual));
        // The only column that holds dates is the date, whatever it is called.
        let only = || {
            let mut times = self.dataset.columns().iter().filter(free);
            times.next().filter(|_| what == "date" && times.next().is_none())
        };
        let found = by_name.or_else(only).map(|c| (c.name.clone(), c.source.clone()));
        Ok(found.map(|(name, source)| {
            let how = if by_name.is_some() { "by its name" } else { "the only column of dates" };
            self.notes.push(format!("`{source}` is the {what} ({how})."));
            self.taken.push(name.clone());
            name
        }))
    }

    /// In a file without names the first column that is no date is the customer.
    fn unnamed_customer(&mut self) -> Option<String> {
        let column = self.dataset.columns().iter().find(|c| {
            !self.taken.contains(&c.name)
                && c.source.starts_with("column_")
                && matches!(c.type_, Type::Text | Type::Integer)
        })?;
        self.notes.push(format!("`{}` is the customer (the first column of a file without names).", column.source));
        self.taken.push(column.name.clone());
        Some(column.name.clone())
    }

    fn amount(&mut self, wanted: &Wanted) -> Result<Amount> {
        if wanted.amount.is_some() && (wanted.quantity.is_some() || wanted.price.is_some()) {
            return Err(Error::new("an amount was named beside a quantity or price")
                .hint("name the amount of a line, or its quantity and its price"));
        }
        let is_number = |cells: &Cells| matches!(cells.type_(), Type::Integer | Type::Number);
        if wanted.amount.is_none() {
            let quantity = self.get(&wanted.quantity, "quantity", QUANTITY, is_number)?;
            let before = self.notes.len();
            let price = self.get(&wanted.price, "price of a unit", PRICE, is_number)?;
            match (quantity, price) {
                (Some(quantity), Some(price)) => return Ok(Amount::Product { quantity, price }),
                (None, Some(_)) if wanted.price.is_some() => {
                    return Err(Error::new("a price was named, but there is no quantity")
                        .hint("name the quantity too, or the amount of a line"));
                }
                (Some(_), None) if wanted.quantity.is_some() => {
                    return Err(Error::new("a quantity was named, but there is no price of a unit")
                        .hint("name the price too, or the amount of a line"));
                }
                // A price alone is the amount of its line; a quantity alone says nothing of worth.
                (None, Some(price)) => {
                    self.notes.truncate(before);
                    self.notes.push(format!("`{price}` is the amount of a line (there is no quantity)."));
                    return Ok(Amount::Column(price));
                }
                _ => self.notes.retain(|note| !note.ends_with("is the quantity (by its name).")),
            }
        }
        if let Some(amount) = self.get(&wanted.amount, "amount", AMOUNT, is_number)? {
            return Ok(Amount::Column(amount));
        }
        let unnamed = self
            .dataset
            .columns()
            .iter()
            .rfind(|c| !self.taken.contains(&c.name) && c.source.starts_with("column_") && c.type_ == Type::Number);
        if let Some(column) = unnamed {
            self.notes.push(format!(
                "`{}` is the amount (the last column of fractions of a file without names).",
                column.source
            ));
            return Ok(Amount::Column(column.name.clone()));
        }
        self.notes.push("No amount: purchases are counted, not weighed.".into());
        Ok(Amount::None)
    }
}

/// Whether the cells are times, or whole numbers that all read as dates such as 19970131.
fn is_date(cells: &Cells) -> bool {
    match cells {
        Cells::Time(_) => true,
        Cells::Integer(days) => {
            let mut known = days.iter().filter(|day| **day != Cells::MISSING).peekable();
            known.peek().is_some() && known.all(|day| compact_date(*day).is_some())
        }
        _ => false,
    }
}

/// 19970131 as milliseconds.
fn compact_date(day: i64) -> Option<i64> {
    if !(19_000_101..=20_991_231).contains(&day) {
        return None;
    }
    crate::data::import::dates::parse(&day.to_string(), crate::data::import::DateOrder::DayFirst)
}

/// Reads the purchases of a table. `end` leaves out rows at that instant and later (ms).
///
/// # Errors
/// When a column is missing or holds what it cannot hold, or no row is a purchase.
pub fn purchases(
    dataset: &Dataset,
    columns: &PurchaseColumns,
    free: Free,
    end: Option<i64>,
    task: &Task,
) -> Result<Purchases> {
    task.stage("Reading purchases")?;
    let times = times(dataset, &columns.date)?;
    let customers = dataset.dictionary(&columns.customer)?;
    let invoices = columns.invoice.as_ref().map(|name| dataset.dictionary(name)).transpose()?;
    let (quantity, price) = match &columns.amount {
        Amount::None => (None, None),
        Amount::Column(amount) => (None, Some(dataset.numbers(amount)?)),
        Amount::Product { quantity, price } => (Some(dataset.numbers(quantity)?), Some(dataset.numbers(price)?)),
    };
    let mut left_out = LeftOut::default();
    let mut lines = Vec::with_capacity(dataset.rows());
    for (row, time) in times.into_iter().enumerate() {
        if row % (1 << 16) == 0 {
            task.tick(row as f32 / dataset.rows() as f32)?;
        }
        let positive = |column: &Option<Vec<f64>>| column.as_ref().is_none_or(|column| column[row] > 0.0);
        let customer = customers.codes[row];
        // No day has the number that marks a missing invoice.
        let of_day = || time.div_euclid(DAY).rem_euclid(i64::from(Dictionary::MISSING)) as u32;
        let invoice = invoices.as_ref().map_or_else(of_day, |d| d.codes[row]);
        let reason = if customer == Dictionary::MISSING {
            &mut left_out.no_customer
        } else if time == Cells::MISSING {
            &mut left_out.no_date
        } else if invoice == Dictionary::MISSING {
            &mut left_out.no_invoice
        } else if !positive(&quantity) {
            &mut left_out.quantity_not_positive
        } else if !(positive(&price) || free == Free::Count && price.as_ref().is_some_and(|price| price[row] == 0.0)) {
            &mut left_out.price_not_positive
        } else if end.is_some_and(|end| time >= end) {
            &mut left_out.after_the_end
        } else {
            let amount = price.as_ref().map(|price| quantity.as_ref().map_or(1.0, |q| q[row]) * price[row]);
            lines.push(Line { customer, time, invoice, amount, row: row as u32 });
            continue;
        };
        *reason += 1;
    }
    if lines.is_empty() {
        let why: Vec<String> =
            left_out.reasons().iter().filter(|r| r.1 > 0).map(|(why, rows)| format!("{rows} × {why}")).collect();
        return Err(Error::new(format!("none of the {} rows is a purchase: {}", dataset.rows(), why.join(", ")))
            .hint("check the columns of customer, date and amount"));
    }
    let customers = renumber(&mut lines, &customers, dataset.cells(&columns.customer));
    Ok(Purchases { customers, lines, left_out })
}

/// Customers in ascending order, and the lines pointing to them.
fn renumber(lines: &mut [Line], names: &Dictionary, cells: Option<&Cells>) -> Vec<CustomerId> {
    let number = |text: &Arc<str>| match cells.map(Cells::type_) {
        Some(Type::Integer) => text.parse().map(CustomerId::Integer).ok(),
        Some(Type::Number) => text.parse().map(CustomerId::Number).ok(),
        _ => None,
    };
    let mut present = vec![false; names.values.len()];
    for line in lines.iter() {
        present[line.customer as usize] = true;
    }
    let mut found: Vec<(u32, CustomerId)> = (0u32..)
        .zip(names.values.iter())
        .filter(|(code, _)| present[*code as usize])
        .map(|(code, text)| (code, number(text).unwrap_or_else(|| CustomerId::Text(text.clone()))))
        .collect();
    found.sort_by(|(_, a), (_, b)| match (a, b) {
        (CustomerId::Integer(a), CustomerId::Integer(b)) => a.cmp(b),
        (CustomerId::Number(a), CustomerId::Number(b)) => a.total_cmp(b),
        _ => a.to_string().cmp(&b.to_string()),
    });
    let mut positions = vec![0; names.values.len()];
    for (position, (code, _)) in (0u32..).zip(&found) {
        positions[*code as usize] = position;
    }
    for line in lines {
        line.customer = positions[line.customer as usize];
    }
    found.into_iter().map(|(_, id)| id).collect()
}

/// The dates of a column in milliseconds; [`Cells::MISSING`] is missing.
fn times(dataset: &Dataset, column: &str) -> Result<Vec<i64>> {
    match dataset.cells(column) {
        Some(Cells::Time(times)) => Ok(times.clone()),
        Some(cells @ Cells::Integer(days)) if is_date(cells) => {
            Ok(days.iter().map(|day| compact_date(*day).unwrap_or(Cells::MISSING)).collect())
        }
        Some(cells) => Err(Error::new(format!("is a {} where a date is needed", cells.type_()))
            .in_column(column)
            .hint("choose the column of dates, or say how its dates are written")),
        None => Err(Error::new(format!("there is no such column in `{}`", dataset.name())).in_column(column)),
    }
}
