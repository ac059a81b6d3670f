//! Time run backwards: columns that hold times after the decision, and models that do well only when they have seen the future.

use super::{Check, Finding, Verdict};
use crate::data::cells::Cells;
use crate::data::{Dataset, Role, Roles};
use crate::error::Result;
use crate::explain::intervals::auc_difference;
use crate::models::Refit;
use crate::models::learner::Fits;
use crate::models::metrics::auc_interval;
use crate::models::report::Estimate;
use crate::random::Random;
use crate::task::Task;
use serde::{Deserialize, Serialize};

/// Share of the rows, the last ones, that is measured on.
const LAST: f64 = 0.3;

/// Parts of the random split beside it.
const PARTS: u32 = 3;

/// A fall of AUC from which quality is said to fall sharply.
pub const SHARP: f64 = 0.02;

/// What says which rows came first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// A column of times or numbers.
    Column(String),
    /// The order of the file.
    Rows,
}

/// A model that knows the past alone beside models that know rows of all times, on the same last rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeSplit {
    /// Rows measured on: the last 30 %.
    pub rows: u64,
    /// Share of outcomes before and among them.
    pub rates: (f64, f64),
    /// AUC of the model that learned from all rows before them.
    pub past: Estimate,
    /// AUC of models that learned from two thirds of all rows, drawn at random, each measured on the others.
    pub mixed: Estimate,
    /// The latter less the former, DeLong's paired 95 % interval: what knowing the future was worth.
    pub fall: Estimate,
    /// What it means, for people.
    pub sentence: String,
}

impl TimeSplit {
    /// How bad it is.
    pub fn verdict(&self) -> Verdict {
        if self.fall.low > SHARP || self.past.low <= 0.5 { Verdict::Look } else { Verdict::Fine }
    }
}

/// Columns of times among `fields`, and others that a recipe could read, that lie after the time of their row.
pub fn later(dataset: &Dataset, roles: &Roles, fields: &[String], rows: &[u32]) -> Vec<Finding> {
    let none = |sentence: &str, verdict| Finding {
        check: Check::LaterTimes,
        verdict,
        sentence: sentence.to_owned(),
        field: None,
    };
    let own = roles.first(Role::Time);
    let when: Vec<i64> = match own.and_then(|name| dataset.cells(name)) {
        Some(Cells::Time(times)) => {
            rows.iter().map(|&row| times.get(row as usize).copied().unwrap_or(Cells::MISSING)).collect()
        }
        _ => match roles.as_of {
            Some(as_of) => vec![as_of; rows.len()],
            None => {
                return vec![none(
                    "Not evaluated: nothing says when the rows' decisions were made",
                    Verdict::NotEvaluated,
                )];
            }
        },
    };
    let mut out = Vec::new();
    let mut looked = 0;
    for column in dataset.columns().iter().filter(|column| own != Some(column.name.as_str())) {
        let Some(Cells::Time(times)) = dataset.cells(&column.name) else { continue };
        if matches!(roles.role(&column.name), Role::Outcome) {
            continue;
        }
        looked += 1;
        let at = |row: u32| times.get(row as usize).copied().unwrap_or(Cells::MISSING);
        let after: Vec<u64> = rows
            .iter()
            .zip(&when)
            .filter(|(row, when)| **when != Cells::MISSING && at(**row) != Cells::MISSING && at(**row) > **when)
            .map(|(row, _)| dataset.row_number(*row as usize))
            .collect();
        if after.is_empty() {
            continue;
        }
        let numbers: Vec<String> = after.iter().take(5).map(u64::to_string).collect();
        let used = fields.contains(&column.name) || matches!(roles.role(&column.name), Role::Feature | Role::Context);
        out.push(Finding {
            check: Check::LaterTimes,
            verdict: if used { Verdict::Alarm } else { Verdict::Look },
            sentence: format!(
                "`{}` lies after the decision in {} of {} rows (row {}{}): no decision can know it",
                column.name,
                after.len(),
                rows.len(),
                numbers.join(", "),
                if after.len() > numbers.len() { ", …" } else { "" }
            ),
            field: Some(column.name.clone()),
        });
    }
    if out.is_empty() {
        let sentence = if looked == 0 {
            "No column beside the row's own time holds times"
        } else {
            "All times lie before the decision"
        };
        out.push(none(sentence, Verdict::Fine));
    }
    out
}

/// Compares what is known from the past with what is known from all times; or says why nothing can be compared.
///
/// # Errors
/// When the column holds no times or numbers, or the task is cancelled.
pub fn split(
    refit: &Refit<'_>,
    dataset: &Dataset,
    order: &Order,
    seed: u64,
    task: &Task,
) -> Result<std::result::Result<TimeSplit, String>> {
    let when: Vec<f64> = match order {
        Order::Rows => refit.rows().iter().map(|&row| f64::from(row)).collect(),
        Order::Column(name) => {
            let numbers = dataset.numbers(name)?;
            refit.rows().iter().map(|&row| numbers[row as usize]).collect()
        }
    };
    let mut places: Vec<u32> = (0..when.len() as u32).filter(|&i| !when[i as usize].is_nan()).collect();
    places.sort_by(|&a, &b| when[a as usize].total_cmp(&when[b as usize]));
    let cut = ((1.0 - LAST) * places.len() as f64) as usize;
    let Some(&first) = places.get(cut) else { return Ok(Err("no row has a time".into())) };
    // Rows of one instant stay together.
    let (past, last): (Vec<u32>, Vec<u32>) = places.iter().partition(|&&i| when[i as usize] < when[first as usize]);
    if past.is_empty() {
        return Ok(Err("the first 70 % of the rows have one and the same time".into()));
    }
    let labels = |places: &[u32]| places.iter().map(|&i| refit.labels()[i as usize]).collect::<Vec<bool>>();
    let y = labels(&last);
    for (what, y) in [("first", &labels(&past)), ("last", &y)] {
        if y.iter().all(|&y| y) || y.iter().all(|&y| !y) {
            return Ok(Err(format!("the {what} rows in time all have the same outcome")));
        }
    }
    let fits = Fits::new(task, PARTS as usize + 1);
    let known = refit.predict(refit.labels(), &past, &last, &fits.watch(PARTS as usize))?;
    let mut random = Random::new(seed);
    let part: Vec<u32> = when.iter().map(|_| random.below(PARTS as usize) as u32).collect();
    let mut mixed = vec![0.0; last.len()];
    for own in 0..PARTS {
        let train: Vec<u32> = places.iter().copied().filter(|&i| part[i as usize] != own).collect();
        let (at, test): (Vec<usize>, Vec<u32>) =
            last.iter().copied().enumerate().filter(|(_, i)| part[*i as usize] == own).unzip();
        let scores = refit.predict(refit.labels(), &train, &test, &fits.watch(own as usize))?;
        at.iter().zip(ranks(&scores)).for_each(|(&at, rank)| mixed[at] = rank);
    }
    let rate = |places: &[u32]| labels(places).iter().filter(|&&y| y).count() as f64 / places.len().max(1) as f64;
    let mut out = TimeSplit {
        rows: last.len() as u64,
        rates: (rate(&past), rate(&last)),
        past: auc_interval(&known, &y),
        mixed: auc_interval(&mixed, &y),
        fall: auc_difference(&mixed, &known, &y),
        sentence: String::new(),
    };
    out.sentence = sentence(&out);
    Ok(Ok(out))
}

/// Ranks from 0 to 1, so that predictions of several models can stand side by side; equal scores have equal ranks.
fn ranks(scores: &[f64]) -> Vec<f64> {
    let mut sorted = scores.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = scores.len().max(1) as f64;
    scores.iter().map(|x| sorted.partition_point(|other| other < x) as f64 / n).collect()
}

fn sentence(out: &TimeSplit) -> String {
    let start = match out.verdict() {
        _ if out.past.low <= 0.5 => "The past tells nothing about the last rows",
        Verdict::Look => "Quality falls sharply when only the past is known",
        _ => "Quality holds when only the past is known",
    };
    let moved = if (out.rates.0 - out.rates.1).abs() > 0.2 * out.rates.0.max(out.rates.1) {
        format!("; the outcome itself moved from {:.1} % to {:.1} %", 100.0 * out.rates.0, 100.0 * out.rates.1)
    } else {
        String::new()
    };
    format!(
        "{start}: on the last {} rows the AUC is {:.3} learned from the rows before them, {:.3} learned from rows of all times (fall \
         {:.3}, 95 % interval {:.3} to {:.3}){moved}",
        out.rows, out.past.value, out.mixed.value, out.fall.value, out.fall.low, out.fall.high
    )
}
