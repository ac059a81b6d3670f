//! From purchases to what the models of customer value read: per customer the repeat purchases up to the end of calibration,
//! and what happened after it.
//!
//! A purchase is a day of a customer with at least one line: purchases on one day are merged, and the first is no repeat.

use super::history::History;
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::features::transactions::{CustomerId, Purchases};
use crate::task::Task;
use attune_policy::value::Value;
use serde::{Deserialize, Serialize};

/// Customers with a first purchase up to the end of calibration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histories {
    /// One per customer, in ascending order of identifier.
    pub customers: Vec<Customer>,
    /// Customers that bought for the first time after the end of calibration; they are not modelled.
    pub too_new: u64,
    /// First day with a purchase, days since 1970-01-01; `None` for a table of summaries.
    pub first_day: Option<i64>,
    /// Last day of calibration.
    pub end_day: Option<i64>,
    /// Periods after the end of calibration for which it is known what happened; 0 when nothing is.
    pub holdout: f64,
}

/// A customer up to the end of calibration, and afterwards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Customer {
    /// Who.
    #[serde(rename = "CustomerID")]
    pub id: CustomerId,
    /// Up to the end of calibration, in periods.
    #[serde(flatten)]
    pub history: History,
    /// Mean worth of a repeat purchase; absent without repeat purchases or amounts.
    pub mean_spend: Option<f64>,
    /// Purchases in the holdout.
    #[serde(skip)]
    pub later: f64,
    /// What was spent in the holdout.
    #[serde(skip)]
    pub later_spend: f64,
    /// Periods from the end of calibration to the first purchase of the holdout.
    #[serde(skip)]
    pub next: Option<f64>,
    /// Periods between purchases of calibration, the latest last.
    #[serde(skip)]
    pub gaps: Vec<f64>,
}

/// When calibration ends and how time is counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Periods {
    /// Last day of calibration, days since 1970-01-01; the last day with a purchase when absent.
    pub end_day: Option<i64>,
    /// Days of the holdout after it; up to the last day with a purchase when absent.
    pub holdout_days: Option<i64>,
    /// Days of a period: 7 for weeks.
    pub days: f64,
}

/// Histories from purchases.
///
/// # Errors
/// When no customer has a purchase up to the end of calibration, or the holdout reaches beyond the last day of the table.
pub fn histories(purchases: &Purchases, periods: Periods, task: &Task) -> Result<Histories> {
    task.stage("Counting repeat purchases")?;
    let mut lines: Vec<(u32, i64, f64)> =
        purchases.lines.iter().map(|line| (line.customer, line.day(), line.amount.unwrap_or(0.0))).collect();
    lines.sort_by_key(|line| (line.0, line.1));
    let (Some(first_day), Some(last_day)) =
        (lines.iter().map(|line| line.1).min(), lines.iter().map(|line| line.1).max())
    else {
        return Err(Error::new("there are no purchases").hint("check the columns of customer and date"));
    };
    let end_day = periods.end_day.unwrap_or(last_day);
    let holdout_days = periods.holdout_days.unwrap_or((last_day - end_day).max(0));
    if end_day + holdout_days > last_day && periods.holdout_days.is_some() {
        return Err(Error::new(format!(
            "the holdout of {holdout_days} days ends {} days after the last purchase of the table",
            end_day + holdout_days - last_day
        ))
        .hint(format!("ask for {} days at most", (last_day - end_day).max(0))));
    }
    let has_amounts = purchases.lines.iter().any(|line| line.amount.is_some());
    let mut found = Histories {
        first_day: Some(first_day),
        end_day: Some(end_day),
        holdout: holdout_days as f64 / periods.days,
        ..Histories::default()
    };
    let mut days: Vec<(i64, f64)> = Vec::new();
    for (i, of_one) in lines.chunk_by(|a, b| a.0 == b.0).enumerate() {
        if i % 4_096 == 0 {
            task.tick(i as f32 / purchases.customers.len().max(1) as f32)?;
        }
        days.clear();
        for (_, day, amount) in of_one {
            match days.last_mut() {
                Some(last) if last.0 == *day => last.1 += amount,
                _ => days.push((*day, *amount)),
            }
        }
        let seen = days.partition_point(|(day, _)| *day <= end_day);
        let Some(((first, _), repeats)) = days[..seen].split_first() else {
            found.too_new += 1;
            continue;
        };
        let since = |day: i64| (day - first) as f64 / periods.days;
        let later = days[seen..].iter().take_while(|(day, _)| *day <= end_day + holdout_days);
        let spent: f64 = repeats.iter().map(|(_, amount)| amount).sum();
        found.customers.push(Customer {
            id: purchases.customers[of_one[0].0 as usize].clone(),
            history: History {
                x: repeats.len() as f64,
                t_x: repeats.last().map_or(0.0, |(day, _)| since(*day)),
                t: since(end_day),
            },
            mean_spend: (has_amounts && !repeats.is_empty()).then(|| spent / repeats.len() as f64),
            later: later.clone().count() as f64,
            later_spend: later.clone().map(|(_, amount)| amount).sum(),
            next: later.clone().next().map(|(day, _)| (day - end_day) as f64 / periods.days),
            gaps: days[..seen].windows(2).map(|pair| (pair[1].0 - pair[0].0) as f64 / periods.days).collect(),
        });
    }
    if found.customers.is_empty() {
        return Err(Error::new("no customer has a purchase up to the end of calibration")
            .hint("choose a later end of calibration"));
    }
    Ok(found)
}

/// Columns of a table that has one row per customer with its history already counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummaryColumns {
    /// Who; rows are numbered when absent.
    pub customer: Option<String>,
    /// Repeat purchases.
    pub frequency: String,
    /// Time of the last purchase since the first, in periods.
    pub recency: String,
    /// Time since the first purchase, in periods.
    pub age: String,
    /// Mean worth of a repeat purchase.
    pub spend: Option<String>,
}

impl SummaryColumns {
    /// The columns of such a table by their usual names (frequency, recency, T); `None` when it is not one.
    pub fn find(dataset: &Dataset) -> Option<SummaryColumns> {
        let named = |usual: &[&str]| {
            let plain = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
            let is = |usual: &&str| dataset.columns().iter().find(|c| plain(&c.source) == **usual);
            usual.iter().find_map(is).map(|c| c.name.clone())
        };
        Some(SummaryColumns {
            frequency: named(&["frequency", "x"])?,
            recency: named(&["recency", "tx"])?,
            age: named(&["t", "age", "tcal"])?,
            customer: named(&["customerid", "custid", "customer", "clientid", "userid", "id"]),
            spend: named(&["monetaryvalue", "monetary", "meanspend", "spend", "amount"]),
        })
    }
}

/// Histories from a table that has one row per customer. There is no holdout.
///
/// # Errors
/// When a column is missing or no number, or a history is impossible: the row is named.
pub fn from_summary(dataset: &Dataset, columns: &SummaryColumns) -> Result<Histories> {
    let numbers = |name: &String| dataset.numbers(name);
    let (x, t_x, t) = (numbers(&columns.frequency)?, numbers(&columns.recency)?, numbers(&columns.age)?);
    let spend = columns.spend.as_ref().map(numbers).transpose()?;
    let ids = columns.customer.as_ref().and_then(|name| dataset.cells(name));
    let mut found = Histories::default();
    for row in 0..dataset.rows() {
        let history = History { x: x[row], t_x: t_x[row], t: t[row] };
        if !(history.x >= 0.0 && history.t_x >= 0.0 && history.t >= history.t_x && history.t.is_finite()) {
            return Err(Error::new(format!(
                "{} repeat purchases, the last after {} of {} periods: each must be known, and the last cannot lie after the end",
                history.x, history.t_x, history.t
            ))
            .at_row(dataset.row_number(row))
            .hint("correct the row or take it out"));
        }
        let mean_spend = spend.as_ref().map(|s| s[row]).filter(|s| *s > 0.0 && history.x > 0.0);
        let id = match ids.map(|cells| cells.value(row)) {
            Some(Value::Integer(id)) => CustomerId::Integer(id),
            Some(Value::Number(id)) => CustomerId::Number(id),
            Some(Value::Text(id)) => CustomerId::Text(id),
            _ => CustomerId::Integer(dataset.row_number(row) as i64),
        };
        found.customers.push(Customer {
            id,
            history,
            mean_spend,
            later: 0.0,
            later_spend: 0.0,
            next: None,
            gaps: Vec::new(),
        });
    }
    Ok(found)
}

#[cfg(test)]
#[path = "histories_tests.rs"]
mod tests;
