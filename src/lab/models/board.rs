//! A leaderboard: several specifications measured on the same rows, each beside the best with the interval of their paired
//! difference. Who is not distinguishable from the best is said so.

use super::amounts;
use super::crossfit::{Prepared, Scores};
use super::leaks::suspicions;
use super::learner::Fits;
use super::metrics::{auc_difference, log_loss};
use super::report::{AmountQuality, Estimate, Quality, Suspicion};
use super::spec::{Goal, ModelSpec};
use super::train::measure;
use super::uplift::UpliftQuality;
use crate::data::{Dataset, Roles};
use crate::error::{Error, Result};
use crate::task::Task;
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// How the difference between two propensity models is tested.
pub const PAIRED_AUC: &str =
    "AUC behind the best on the same rows, 95 % interval by DeLong for paired scores; rows taken as independent";

/// How the difference between two amount models is tested.
pub const PAIRED_R2: &str = "R² behind the best on the same rows, normal 95 % interval of the mean paired difference of squared errors; rows taken as \
     independent";

/// Models in order of how well they do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// What is estimated.
    pub goal: Goal,
    /// Rows measured on, the same for all.
    pub rows: u64,
    /// Of these, rows where the outcome happened; of an amount, rows where it is above 0.
    pub positives: u64,
    /// Which rows these are, and by which models they were scored.
    pub measured_on: String,
    /// How differences are tested.
    pub test: String,
    /// The best first.
    pub entries: Vec<Entry>,
    /// Specifications that could not be trained, and why.
    pub failed: Vec<(String, String)>,
    /// Columns learned from that tell the outcome too well or, of an effect in a trial, who was treated.
    #[serde(default)]
    pub suspicions: Vec<Suspicion>,
}

/// A model of the board.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What was trained.
    pub spec: ModelSpec,
    /// Its numbers as a propensity, as calibrated; all 0 for an amount.
    pub quality: Quality,
    /// Its numbers as an amount.
    pub amount: Option<AmountQuality>,
    /// Its numbers as an effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uplift: Option<UpliftQuality>,
    /// How far its AUC, R² or, of an effect, Qini coefficient lies behind that of the best; 0 for the best itself.
    pub behind: Estimate,
    /// Whether the data do not tell it from the best: the interval of `behind` reaches 0.
    pub level: bool,
    /// Wall-clock time of its fits, in seconds.
    pub seconds: f64,
}

/// Trains every specification on the parts of one plan, and ranks them by AUC, R² for amounts, or the Qini coefficient for effects.
///
/// A specification that cannot be trained is listed with the reason; the others go on.
///
/// # Errors
/// When specifications differ in what they estimate or on which rows, none can be trained, or the task was cancelled.
pub fn board(specs: &[ModelSpec], dataset: &Dataset, roles: &Roles, rows: &[u32], task: &Task) -> Result<Board> {
    let Some(first) = specs.first() else { return Err(Error::new("there is nothing to compare")) };
    if let Some(other) = specs.iter().find(|spec| contest(spec) != contest(first)) {
        return Err(Error::new(format!(
            "`{}` and `{}` cannot be compared: outcome, arm, control, folds, seed and validation must be the same",
            first.id, other.id
        )));
    }
    if first.uplift.is_some() {
        return super::uplift::board::board(specs, dataset, roles, rows, task);
    }
    task.stage("Preparing rows")?;
    let mut failed = Vec::new();
    let mut prepared = Vec::new();
    for spec in specs {
        match Prepared::new(spec, dataset, roles, rows) {
            Ok(ready) => prepared.push(ready),
            Err(error) => failed.push((spec.id.clone(), error.to_string())),
        }
    }
    task.stage(&format!("Comparing {} models", prepared.len()))?;
    let fits = Fits::new(task, prepared.iter().map(|ready| ready.fits(false)).sum());
    let mut done = 0;
    let mut scored = Vec::new();
    for ready in &prepared {
        let begun = Instant::now();
        let fitted = ready.fit_parts(false, &fits, done);
        done += ready.fits(false);
        match fitted {
            Ok(fitted) => scored.push((ready, Scores::new(ready, &fitted), begun.elapsed().as_secs_f64())),
            Err(error) if error.is_cancelled() => return Err(error),
            Err(error) => failed.push((ready.spec.id.clone(), error.to_string())),
        }
    }
    let Some((lead, reference, _)) = scored.first() else {
        let why = failed.first().map_or(String::new(), |(_, why)| format!(": {why}"));
        return Err(Error::new(format!("none of the models could be trained{why}")));
    };
    // The same specification of rows gives the same rows; anything else would be compared with something else.
    if scored.iter().any(|(_, scores, _)| scores.rows != reference.rows) {
        return Err(Error::new("the models were not measured on the same rows"));
    }
    task.stage("Looking for leaks")?;
    let suspicions = suspicions(dataset, &lead.target, &lead.fields, &lead.plan.fold, task)?;
    let (measured_on, truth) = (lead.plan.note.clone(), reference.truth.clone());
    let mut entries: Vec<(Entry, Vec<f64>)> = scored
        .into_iter()
        .map(|(ready, scores, seconds)| {
            let evaluation = measure(ready.spec, &scores.calibrated, &truth);
            let (spec, behind) = (ready.spec.clone(), Estimate::default());
            let entry = Entry {
                spec,
                quality: evaluation.quality,
                amount: evaluation.amount,
                uplift: None,
                behind,
                level: true,
                seconds,
            };
            (entry, scores.calibrated)
        })
        .collect();
    entries.sort_by(|(a, _), (b, _)| score(b).total_cmp(&score(a)));
    let best = entries[0].1.clone();
    for (entry, p) in entries.iter_mut().skip(1) {
        entry.behind = behind(first.goal, &best, p, &truth);
        entry.level = entry.behind.low <= 0.0;
    }
    Ok(Board {
        goal: first.goal,
        rows: truth.len() as u64,
        positives: truth.iter().filter(|&&y| y > 0.0).count() as u64,
        measured_on,
        test: if first.goal == Goal::Amount { PAIRED_R2 } else { PAIRED_AUC }.to_owned(),
        entries: entries.into_iter().map(|(entry, _)| entry).collect(),
        failed,
        suspicions,
    })
}

/// What entries are ranked by.
pub fn score(entry: &Entry) -> f64 {
    match (&entry.uplift, entry.amount) {
        (Some(uplift), _) => uplift.lead().value,
        (None, Some(amount)) => amount.r2.value,
        (None, None) => entry.quality.auc.value,
    }
}

/// Score of `best` less that of `p` on the same rows.
fn behind(goal: Goal, best: &[f64], p: &[f64], truth: &[f64]) -> Estimate {
    match goal {
        Goal::Propensity => auc_difference(best, p, &labels(truth)),
        Goal::Amount => {
            let mean = amounts::mean(truth).value;
            let variance = truth.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / truth.len().max(1) as f64;
            let Estimate { value, low, high } = loss_difference(goal, p, best, truth);
            Estimate { value: value / variance, low: low / variance, high: high / variance }
        }
    }
}

/// Mean loss of `a` less that of `b` on the same rows (log loss, or squared error for amounts) with the normal 95 % interval of
/// its paired mean.
pub fn loss_difference(goal: Goal, a: &[f64], b: &[f64], truth: &[f64]) -> Estimate {
    let loss = |p: f64, y: f64| match goal {
        Goal::Propensity => log_loss(&[p], &[y > 0.0]),
        Goal::Amount => (p - y) * (p - y),
    };
    let differences: Vec<f64> = a.iter().zip(b).zip(truth).map(|((a, b), y)| loss(*a, *y) - loss(*b, *y)).collect();
    amounts::mean(&differences)
}

fn labels(truth: &[f64]) -> Vec<bool> {
    truth.iter().map(|&y| y > 0.0).collect()
}

/// What must be the same for two specifications to be measured on the same rows.
pub fn contest(spec: &ModelSpec) -> impl PartialEq + use<> {
    (
        (spec.goal, spec.outcome.clone(), spec.positive.clone(), spec.arm.clone()),
        spec.uplift.as_ref().map(|uplift| uplift.control.clone()),
        (spec.validation, spec.folds, spec.seed),
    )
}

#[cfg(test)]
#[path = "board_tests.rs"]
mod tests;
