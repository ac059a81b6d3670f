//! Recency, frequency and monetary value per customer, with quintile scores.
//!
//! Recency is the number of calendar days from the last purchase to the snapshot, frequency the number of distinct
//! invoices, monetary the sum of quantity × price. It describes; it predicts nothing (see `models::value` for that).

use super::transactions::{self, CustomerId, DAY, Free, LeftOut, PurchaseColumns};
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::task::Task;
use serde::{Deserialize, Serialize};

/// Recency, frequency and monetary value of every customer of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rfm {
    /// The day at which recency stands, days since 1970-01-01.
    pub snapshot_day: i64,
    /// Whether amounts were known; otherwise `M` is 0 and has no score.
    pub has_amounts: bool,
    /// One per customer with a purchase, in ascending order of identifier.
    pub customers: Vec<CustomerRfm>,
    /// Rows left out, by reason.
    pub left_out: LeftOut,
}

/// One customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CustomerRfm {
    /// Who.
    #[serde(rename = "CustomerID")]
    pub customer: CustomerId,
    /// Recency: calendar days from the last purchase to the snapshot.
    #[serde(rename = "R")]
    pub recency: i64,
    /// Frequency: distinct invoices, or days with a purchase where there is no invoice column.
    #[serde(rename = "F")]
    pub frequency: u64,
    /// Monetary value: Σ quantity × price.
    #[serde(rename = "M")]
    pub monetary: f64,
    /// Scores of recency, frequency and monetary value, 1 to 5; 5 is the most recent, most frequent, worthiest fifth. The
    /// last is 0 where no amounts are known.
    pub scores: [u8; 3],
}

/// The customers of one score of one measure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// 1 to 5.
    pub score: u8,
    /// Customers with it.
    pub customers: u64,
    /// Least value among them.
    pub low: f64,
    /// Greatest value among them.
    pub high: f64,
    /// Their part of all monetary value, 0 to 1.
    pub share_of_value: f64,
}

/// How ties are scored, in words.
pub const TIE_RULE: &str =
    "equal values get equal scores: a value's score is the fifth in which the middle of its tied ranks lies";

/// Recency, frequency, monetary value and their scores.
///
/// `snapshot` is the day (ms, any instant of it) at which recency stands; rows on that day and later are left out, so that
/// nothing from the future is seen. Without one it is the day after the last purchase.
///
/// # Errors
/// When a column is missing or unfit, or no row is a purchase before the snapshot.
pub fn rfm(dataset: &Dataset, columns: &PurchaseColumns, snapshot: Option<i64>, task: &Task) -> Result<Rfm> {
    let snapshot_day = snapshot.map(|time| time.div_euclid(DAY));
    let purchases = transactions::purchases(dataset, columns, Free::LeaveOut, snapshot_day.map(|day| day * DAY), task)?;
    let last = purchases.lines.iter().map(|line| line.day()).max();
    let snapshot_day = snapshot_day
        .or(last.map(|day| day + 1))
        .ok_or_else(|| Error::new("there is no purchase, so there is no last day"))?;

    task.stage("Counting recency, frequency, monetary value")?;
    let n = purchases.customers.len();
    let (mut last, mut monetary) = (vec![i64::MIN; n], vec![0.0; n]);
    let mut invoices: Vec<(u32, u32)> = Vec::with_capacity(purchases.lines.len());
    for line in &purchases.lines {
        let customer = line.customer as usize;
        last[customer] = last[customer].max(line.day());
        monetary[customer] += line.amount.unwrap_or(0.0);
        invoices.push((line.customer, line.invoice));
    }
    task.tick(0.5)?;
    invoices.sort_unstable();
    invoices.dedup();
    let mut frequency = vec![0u64; n];
    for (customer, _) in invoices {
        frequency[customer as usize] += 1;
    }
    let recency: Vec<i64> = last.into_iter().map(|day| snapshot_day - day).collect();
    let has_amounts = columns.amount != transactions::Amount::None;
    let mut scores = [
        quintiles(&recency.iter().map(|days| -(*days as f64)).collect::<Vec<_>>()),
        quintiles(&frequency.iter().map(|f| *f as f64).collect::<Vec<_>>()),
        quintiles(&monetary),
    ];
    if !has_amounts {
        scores[2].fill(0);
    }
    let customers = purchases.customers.into_iter().enumerate().map(|(i, customer)| CustomerRfm {
        customer,
        recency: recency[i],
        frequency: frequency[i],
        monetary: monetary[i],
        scores: [scores[0][i], scores[1][i], scores[2][i]],
    });
    Ok(Rfm { snapshot_day, has_amounts, customers: customers.collect(), left_out: purchases.left_out })
}

/// The fifth of each value, 1 for the lowest to 5 for the highest; ties as [`TIE_RULE`] says.
pub fn quintiles(values: &[f64]) -> Vec<u8> {
    let n = values.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut scores = vec![0; n];
    let mut start = 0;
    while start < n {
        let equal = order[start..].iter().take_while(|i| values[**i] == values[order[start]]).count().max(1);
        // The middle of the tied ranks is start + equal / 2; doubled, it is whole.
        let score = (1 + 5 * (2 * start + equal) / (2 * n)).min(5) as u8;
        for &i in &order[start..start + equal] {
            scores[i] = score;
        }
        start += equal;
    }
    scores
}

impl Rfm {
    /// The snapshot in milliseconds, the midnight at which its day begins.
    pub fn snapshot(&self) -> i64 {
        self.snapshot_day * DAY
    }

    /// The bands of recency, frequency and monetary value, each from score 5 down to 1; scores of nobody are left out.
    pub fn bands(&self) -> [Vec<Band>; 3] {
        let total: f64 = self.customers.iter().map(|c| c.monetary).sum();
        [0, 1, 2].map(|measure| {
            let value = |c: &CustomerRfm| [c.recency as f64, c.frequency as f64, c.monetary][measure];
            let band = |score: u8| {
                let of = || self.customers.iter().filter(move |c| c.scores[measure] == score);
                Band {
                    score,
                    customers: of().count() as u64,
                    low: of().map(value).fold(f64::INFINITY, f64::min),
                    high: of().map(value).fold(f64::NEG_INFINITY, f64::max),
                    share_of_value: of().map(|c| c.monetary).sum::<f64>() / if total > 0.0 { total } else { 1.0 },
                }
            };
            (1..=5).rev().map(band).filter(|band| band.customers > 0).collect()
        })
    }
}

#[cfg(test)]
#[path = "rfm_tests.rs"]
mod tests;
