//! Training from rows to a model of a policy and a report that says honestly what each number was measured on.
//!
//! Every fold fits its own inputs and its own model; predictions on the fold's rows are pooled as out-of-fold predictions.
//! The final model learns from all given rows; its calibration is fitted on the out-of-fold predictions. With validation by
//! time there is one part: the later rows, predicted by a model of the earlier ones.

use super::confidence::confidence;
use super::crossfit::{Prepared, Scores};
use super::curves::{evaluate, evaluate_amounts};
use super::importance::{FoldModel, importance};
use super::leaks::suspicions;
use super::learner::Fits;
use super::report::{Confidence, Evaluation, FoldReport, ModelReport};
use super::spec::{Goal, ModelSpec};
use super::target::{Target, target};
use super::{amounts, metrics, uplift};
use crate::data::{Dataset, Roles, split};
use crate::error::{Error, Result};
use crate::task::Task;
use attune_policy::model::{Calibration, Model};
use attune_policy::recipe::Step;
use std::collections::HashSet;
use std::time::Instant;

/// A trained model and what is known about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// The model as it goes into a policy: this is what scores everywhere.
    pub model: Model,
    /// What was measured.
    pub report: ModelReport,
    /// Steps of the row recipe that the model needs beside those it was trained behind: columns encoded by their outcome.
    pub recipe: Vec<Step>,
}

/// Whether a model can be learned from these rows as far as that is seen without learning: columns to learn from, and enough rows of
/// either outcome. An outcome that is no column yet, since it comes later, is taken as enough.
///
/// # Errors
/// Why it cannot be.
pub fn can_learn(spec: &ModelSpec, dataset: &Dataset, roles: &Roles, rows: &[u32]) -> Result<()> {
    if dataset.column(&spec.outcome).is_some() {
        return Prepared::new(spec, dataset, roles, rows).map(|_| ());
    }
    super::crossfit::has_inputs(spec, dataset, roles, rows)
}

/// Trains `spec` on `rows` (positions) of a dataset: a model of an outcome, or of the effect of its arm. Rows that the split by subject holds out and that are not among
/// `rows` are used to measure the final model, never to train it.
///
/// The same arguments give the same model and the same report, its `seconds` aside, on any number of threads.
///
/// # Errors
/// When a setting is out of range, a column is missing or has the wrong role, the outcome is no yes or no, there is
/// nothing to tell apart, or the task was cancelled.
pub fn train(spec: &ModelSpec, dataset: &Dataset, roles: &Roles, rows: &[u32], task: &Task) -> Result<Trained> {
    if spec.uplift.is_some() {
        return uplift::model::train(spec, dataset, roles, rows, task);
    }
    let begun = Instant::now();
    task.stage("Preparing rows")?;
    spec.deploys()?;
    let prepared = Prepared::new(spec, dataset, roles, rows)?;
    let Prepared { target, fields, plan, .. } = &prepared;

    task.stage("Looking for leaks")?;
    let suspicions = suspicions(dataset, target, fields, &plan.fold, task)?;

    task.stage(&match prepared.fits(false) {
        1 => "Training a model of the earlier rows and the final model".to_owned(),
        count => format!("Training {count} folds and the final model"),
    })?;
    let fits = Fits::new(task, prepared.fits(true));
    let fitted = prepared.fit_parts(true, &fits, 0)?;
    let Some(last) = &fitted.last else { return Err(Error::new("the final model was not fitted")) };

    task.stage("Measuring")?;
    let scores = Scores::new(&prepared, &fitted);
    let held_out = held_out(spec, dataset, roles, rows, last, &scores.map)?;
    let mut confidence = confidence(spec.goal, &scores.calibrated, &scores.truth);
    if let (Some(confidence), Some((p, truth)), Goal::Amount) = (&mut confidence, &held_out, spec.goal) {
        confidence.held_out = confidence.coverage(p, truth);
    }
    let fold_reports =
        fitted.measured.iter().zip(1..).map(|(model, number)| fold_report(spec, model, number, target)).collect();

    task.stage("Measuring what drives it")?;
    let importance = importance(&fitted.measured, last, &prepared.read(), spec.seed, task)?;

    let mut notes = prepared.notes.clone();
    notes.extend(last.fit.fitted.note());
    notes.push(plan.note.clone());
    let report = ModelReport {
        spec: spec.clone(),
        target: words(spec),
        rows: target.rows.len() as u64,
        positives: target.values.iter().filter(|&&y| y > 0.0).count() as u64,
        mean: (spec.goal == Goal::Amount).then(|| target.mean()),
        unlabelled: target.unlabelled,
        features: fields.clone(),
        inputs: last.fit.inputs.len() as u64,
        out_of_fold: measure(spec, &scores.calibrated, &scores.truth),
        uncalibrated: (scores.map != Calibration::Identity)
            .then(|| metrics::quality(&scores.raw, &scores.truth.iter().map(|&y| y > 0.0).collect::<Vec<bool>>())),
        held_out: held_out.map(|(p, truth)| measure(spec, &p, &truth)),
        confidence,
        folds: fold_reports,
        importance,
        suspicions,
        notes,
        seconds: begun.elapsed().as_secs_f64(),
    };
    let model = Model {
        id: spec.id.clone(),
        name: spec.name.clone(),
        target: report.target.clone(),
        fallback: target.mean(),
        function: last.fit.fitted.lower(),
        inputs: last.fit.inputs.clone(),
        calibration: scores.map,
        spread: report.confidence.as_ref().map(Confidence::spread),
        ..Model::default()
    };
    Ok(Trained { model, report, recipe: last.fit.recipe.clone() })
}

/// What the score estimates, in words.
fn words(spec: &ModelSpec) -> String {
    let what = match &spec.positive {
        _ if spec.goal == Goal::Amount => format!("mean of `{}`", spec.outcome),
        Some(positive) => format!("probability that `{}` is `{positive}`", spec.outcome),
        None => format!("probability of `{}`", spec.outcome),
    };
    match &spec.arm {
        Some(arm) => format!("{what} after `{arm}`"),
        None => what,
    }
}

/// Every number for predictions of what came true.
pub(super) fn measure(spec: &ModelSpec, p: &[f64], truth: &[f64]) -> Evaluation {
    match spec.goal {
        Goal::Propensity => evaluate(p, &truth.iter().map(|&y| y > 0.0).collect::<Vec<bool>>()),
        Goal::Amount => evaluate_amounts(p, truth),
    }
}

fn fold_report(spec: &ModelSpec, model: &FoldModel, fold: u32, target: &Target) -> FoldReport {
    let values: Vec<f64> = model.rows.iter().map(|&i| target.values[i as usize]).collect();
    let labels: Vec<bool> = values.iter().map(|&y| y > 0.0).collect();
    let report = FoldReport {
        fold,
        trained_on: model.trained_on as u64,
        rows: labels.len() as u64,
        positives: labels.iter().filter(|&&y| y).count() as u64,
        ..FoldReport::default()
    };
    match spec.goal {
        Goal::Propensity => FoldReport { quality: metrics::quality(&model.raw, &labels), ..report },
        Goal::Amount => FoldReport { amount: Some(amounts::quality(&model.raw, &values)), ..report },
    }
}

/// Scores of the final model for held-out rows of its arm, and what came true; `None` when fewer than two of either class are left.
fn held_out(
    spec: &ModelSpec,
    dataset: &Dataset,
    roles: &Roles,
    rows: &[u32],
    last: &FoldModel,
    map: &Calibration,
) -> Result<Option<(Vec<f64>, Vec<f64>)>> {
    let trained: HashSet<u32> = rows.iter().copied().collect();
    let mut unseen = split::held_out_rows(dataset, roles)?;
    unseen.retain(|row| !trained.contains(row));
    let Ok(target) = target(spec, dataset, roles, &unseen) else { return Ok(None) };
    let positives = target.positives();
    if positives < 2 || target.labels.len() - positives < 2 {
        return Ok(None);
    }
    let x = last.fit.matrix(dataset, &target.rows)?;
    let p: Vec<f64> = last.fit.fitted.predict(&x)?.into_iter().map(|raw| map.apply(raw)).collect();
    Ok(Some((p, target.values)))
}

#[cfg(test)]
#[path = "target_means_tests.rs"]
mod target_means;
#[cfg(test)]
#[path = "train_tests.rs"]
mod tests;
