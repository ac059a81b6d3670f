//! Leak suspicion: a feature that tells the outcome too well by itself is often known only after it; in a trial, one that tells the
//! treatment at all.
//!
//! It only points; whether a column is a leak is for people to say.

use super::metrics::{ascending, auc};
use super::report::Suspicion;
use super::target::Target;
use crate::data::Dataset;
use crate::data::cells::{Cells, Dictionary};
use crate::error::Result;
use crate::task::Task;

/// An AUC alone from which a feature is suspected whatever the others do.
pub const CERTAIN: f64 = 0.95;

/// The least AUC alone of a suspected feature.
pub const STRONG: f64 = 0.75;

/// How far above the best unsuspected feature it must stand.
pub const GAP: f64 = 0.03;

/// Bins of a number.
const BINS: usize = 20;

/// Weight, in rows, of the overall rate in each bin's rate.
const PRIOR: f64 = 10.0;

/// Features whose AUC alone stands far above the rest.
pub fn suspicions(
    dataset: &Dataset,
    target: &Target,
    fields: &[String],
    fold: &[u32],
    task: &Task,
) -> Result<Vec<Suspicion>> {
    let alone = alone(dataset, target, fields, fold, task)?;
    let next = |rank: usize| alone.get(rank + 1).map_or(0.5, |(_, auc)| *auc);
    let certain = alone.iter().take_while(|(_, auc)| *auc >= CERTAIN).count();
    // Below the certain ones, one feature can stand out by its distance to the next.
    let suspected = match alone.get(certain) {
        Some((_, auc)) if *auc >= STRONG && auc - next(certain) >= GAP => certain + 1,
        _ => certain,
    };
    let rest = alone.get(suspected).map_or(0.5, |(_, auc)| *auc);
    let suspicion = |(field, auc): &(&String, f64)| Suspicion {
        field: (*field).clone(),
        auc: *auc,
        next: rest,
        message: format!(
            "`{field}` alone reaches an AUC of {auc:.3}, the next best column {rest:.3}{}; make sure that it is known before the \
             decision, or leave it out",
            dataset.cells(field).map_or("", |cells| filled_in_after(cells, target, *auc))
        ),
    };
    Ok(alone[..suspected].iter().map(suspicion).collect())
}

/// The least AUC alone of a column that tells who was treated where lots were drawn, so that many rows do not make a fault of a trifle.
pub const TELLING: f64 = 0.55;

/// How many standard errors above 0.5, that of the rank-sum test, it must stand: among hundreds of columns one in a hundred files does by luck.
const SURE: f64 = 4.0;

/// Columns that tell who was treated (the labels of `target`) where lots were drawn. No column can then but by luck, so that much less is
/// suspicious than of an outcome: whatever does was written down after the treatment, or shows that no lots were drawn.
///
/// # Errors
/// When the task is cancelled.
pub fn told_treatment(
    dataset: &Dataset,
    target: &Target,
    fields: &[String],
    fold: &[u32],
    arm: &str,
    task: &Task,
) -> Result<Vec<Suspicion>> {
    let (rows, treated) = (target.labels.len() as f64, target.positives() as f64);
    let error = ((rows + 1.0) / (12.0 * treated * (rows - treated))).sqrt();
    let least = TELLING.max(0.5 + SURE * error);
    let alone = alone(dataset, target, fields, fold, task)?;
    let told = alone.iter().take_while(|(_, auc)| *auc >= least).count();
    let rest = alone.get(told).map_or(0.5, |(_, auc)| *auc);
    let suspicion = |(field, auc): &(&String, f64)| Suspicion {
        field: (*field).clone(),
        auc: *auc,
        next: rest,
        message: format!(
            "`{field}` alone tells who got `{arm}` with an AUC of {auc:.3}, where a draw by lot leaves 0.5: it was written down after the \
             treatment, or no lots were drawn; leave it out, or say that the probability of treatment is to be estimated"
        ),
    };
    Ok(alone[..told].iter().map(suspicion).collect())
}

/// How well each column alone tells the outcome: its AUC (0.5 to 1), cross-fitted over `fold` (a number per row of the target);
/// largest first.
///
/// # Errors
/// When the task is cancelled.
pub fn alone<'f>(
    dataset: &Dataset,
    target: &Target,
    fields: &'f [String],
    fold: &[u32],
    task: &Task,
) -> Result<Vec<(&'f String, f64)>> {
    let mut alone: Vec<(&String, f64)> = Vec::with_capacity(fields.len());
    for (i, field) in fields.iter().enumerate() {
        task.tick(i as f32 / fields.len() as f32)?;
        if let Some(cells) = dataset.cells(field) {
            alone.push((field, alone_auc(cells, target, fold)));
        }
    }
    alone.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    Ok(alone)
}

/// Said of a column whose filling alone tells nearly all that it tells: it was written down after the outcome.
fn filled_in_after(cells: &Cells, target: &Target, auc_alone: f64) -> &'static str {
    let filled: Vec<f64> =
        target.rows.iter().map(|&row| f64::from(u8::from(!cells.is_missing(row as usize)))).collect();
    let own = auc(&filled, &target.labels);
    let most = own.max(1.0 - own) - 0.5 >= 0.8 * (auc_alone - 0.5);
    match (most, own > 0.5) {
        (false, _) => "",
        (true, true) => ", and mostly by being filled in where the outcome happened: it looks written down after it",
        (true, false) => ", and mostly by being empty where the outcome happened: it looks written down after it",
    }
}

/// AUC of the column alone: the outcome rate of its bin or category, learned on the other folds; at least 0.5.
fn alone_auc(cells: &Cells, target: &Target, fold: &[u32]) -> f64 {
    let bins = match cells {
        Cells::Text(dictionary) => target
            .rows
            .iter()
            .map(|&row| match dictionary.codes.get(row as usize) {
                Some(&code) if code != Dictionary::MISSING => code as usize + 1,
                _ => 0,
            })
            .collect(),
        other => binned(other, &target.rows),
    };
    let count = bins.iter().max().map_or(1, |max| max + 1);
    let folds = fold.iter().max().map_or(1, |max| *max as usize + 1);
    // Hits and rows by bin: of all folds, and of each fold.
    let mut all = vec![(0.0, 0.0); count];
    let mut own = vec![(0.0, 0.0); count * folds];
    for ((&bin, &fold), &label) in bins.iter().zip(fold).zip(&target.labels) {
        for cell in [&mut all[bin], &mut own[bin * folds + fold as usize]] {
            cell.0 += f64::from(u8::from(label));
            cell.1 += 1.0;
        }
    }
    let base = target.positives() as f64 / target.rows.len().max(1) as f64;
    let scores: Vec<f64> = bins
        .iter()
        .zip(fold)
        .map(|(&bin, &fold)| {
            let own = own[bin * folds + fold as usize];
            (all[bin].0 - own.0 + PRIOR * base) / (all[bin].1 - own.1 + PRIOR)
        })
        .collect();
    auc(&scores, &target.labels).max(0.5)
}

/// Bins of equal count from 1, equal numbers together; 0 for missing.
fn binned(cells: &Cells, rows: &[u32]) -> Vec<usize> {
    let numbers = cells.numbers().unwrap_or_default();
    let number = |&row: &u32| numbers.get(row as usize).copied().unwrap_or(f64::NAN);
    let known: Vec<usize> = (0..rows.len()).filter(|&i| !number(&rows[i]).is_nan()).collect();
    let values: Vec<f64> = known.iter().map(|&i| number(&rows[i])).collect();
    let bins = super::metrics::quantile_bins(&values, &ascending(&values), BINS);
    let mut out = vec![0; rows.len()];
    known.iter().zip(bins).for_each(|(&i, bin)| out[i] = bin as usize + 1);
    out
}

#[cfg(test)]
#[path = "leaks_tests.rs"]
mod tests;
