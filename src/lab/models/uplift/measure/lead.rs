//! The one number by which orders of the same people are compared, and the difference of two orders with a paired interval.

use super::Trial;
use super::curve::{Kind, Ranking};
use super::metrics::sklift_auc;
use super::rate::rate;
use super::resample::Draws;
use crate::distributions::percentile_interval;
use crate::error::Result;
use crate::models::report::Estimate;
use crate::task::Task;
use rayon::prelude::*;

/// Key of the number: the Qini coefficient in scikit-uplift's convention for an outcome of yes or no, RATE with Qini weights for an
/// amount, where that convention has none.
pub fn key(binary: bool) -> &'static str {
    if binary { "sklift_qini_auc" } else { "rate_qini" }
}

/// The number in short, for headings.
pub fn name(binary: bool) -> &'static str {
    if binary { "Qini" } else { "RATE" }
}

/// The number of a trial; `None` where it is not defined.
pub fn of(trial: Trial<'_>) -> Option<f64> {
    let order = trial.order(true);
    at(Ranking { trial, order: &order, counts: None }, trial.is_binary())
}

fn at(ranking: Ranking<'_>, binary: bool) -> Option<f64> {
    if !ranking.total().has_both() {
        return None;
    }
    match binary {
        true => sklift_auc(ranking, Kind::Qini, true),
        false => rate(ranking).map(|rate| rate.qini),
    }
}

/// The number of `a` less that of `b`, two scores of the same rows, with a 95 % percentile interval over paired resamples, whose ends are
/// infinite where all resamples say the same; `None` where it is not defined.
///
/// # Errors
/// When the task was cancelled.
pub fn difference(
    a: Trial<'_>,
    b: Trial<'_>,
    subjects: Option<&[u32]>,
    replicates: usize,
    seed: u64,
    task: &Task,
) -> Result<Option<Estimate>> {
    let binary = a.is_binary();
    let orders = [a.order(true), b.order(true)];
    let less = |counts: Option<&[u32]>| {
        let one = |trial, order| at(Ranking { trial, order, counts }, binary);
        Some(one(a, &orders[0])? - one(b, &orders[1])?)
    };
    let Some(value) = less(None) else { return Ok(None) };
    let draws = Draws::new(a.rows(), subjects);
    let drawn: Vec<Option<f64>> = (0..replicates as u64)
        .into_par_iter()
        .map(|b| {
            if task.is_cancelled() {
                return Err(crate::error::Error::Cancelled);
            }
            Ok(less(Some(&draws.counts(seed, b))))
        })
        .collect::<Result<_>>()?;
    let interval = percentile_interval(drawn.into_iter().flatten());
    Ok(interval.map(|(low, high)| match low < high {
        true => Estimate { value, low, high },
        false => Estimate { value, low: f64::NEG_INFINITY, high: f64::INFINITY },
    }))
}
