//! Training from rows to a model of a policy and a report that says honestly what each number was measured on.
//!
//! Every fold fits its own inputs and its own model; predictions on the fold's rows are pooled as out-of-fold predictions.
//! The final model learns from all given rows; its calibration is fitted on the out-of-fold predictions.

use super::boosted::Boosted;
use super::curves::evaluate;
use super::folds::{folds, repeats};
use super::importance::{FoldModel, Sample, importance};
use super::leaks::suspicions;
use super::learner::{Fits, Learner, Watch};
use super::logistic::Logistic;
use super::report::{Evaluation, FoldReport, ModelReport};
use super::spec::{Calibrate, Family, ModelSpec};
use super::target::{Target, enough, target};
use super::{calibration, metrics};
use crate::data::{Dataset, Role, Roles, split};
use crate::error::{Error, Result};
use crate::features;
use crate::task::Task;
use attune_policy::model::{Calibration, Link, Model};
use rayon::prelude::*;
use std::collections::HashSet;
use std::time::Instant;

/// A trained model and what is known about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// The model as it goes into a policy: this is what scores everywhere.
    pub model: Model,
    /// What was measured.
    pub report: ModelReport,
}

/// Trains `spec` on `rows` (positions) of a dataset. Rows that the split by subject holds out and that are not among
/// `rows` are used to measure the final model, never to train it.
///
/// The same arguments give the same model and the same report, its `seconds` aside, on any number of threads.
///
/// # Errors
/// When a setting is out of range, a column is missing or has the wrong role, the outcome is no yes or no, there is
/// nothing to tell apart, or the task was cancelled.
pub fn train(spec: &ModelSpec, dataset: &Dataset, roles: &Roles, rows: &[u32], task: &Task) -> Result<Trained> {
    let begun = Instant::now();
    spec.check()?;
    task.stage("Preparing rows")?;
    let target = target(spec, dataset, roles, rows)?;
    enough(spec, &target)?;
    let learner = learner(spec);
    let mut notes = Vec::new();
    let fields = usable(spec, dataset, roles, &target, learner.as_ref(), &mut notes)?;
    let subjects = roles.subjects(dataset)?;
    let fold = folds(&target.rows, &target.labels, &subjects, spec.folds, spec.seed);
    let parts = parts(&fold, &target, spec.folds)?;

    task.stage("Looking for leaks")?;
    let suspicions = suspicions(dataset, &target, &fields, &fold, task)?;

    task.stage(&format!("Training {} folds and the final model", spec.folds))?;
    let job = Job { dataset, target: &target, fields: &fields, learner: learner.as_ref(), seed: spec.seed };
    let fits = Fits::new(task, parts.len() + 1);
    // The final fit has the most rows: it starts first, so that no core waits for it in the end.
    let mut fitted: Vec<FoldModel> = (0..=parts.len())
        .into_par_iter()
        .map(|i| match i.checked_sub(1).and_then(|i| parts.get(i)) {
            Some(test) => job.fold(test, &fits.watch(i)),
            None => job.last(&fits.watch(i)),
        })
        .collect::<Result<_>>()?;
    let last = fitted.remove(0);

    task.stage("Measuring")?;
    let mut raw = vec![0.0; target.rows.len()];
    for model in &fitted {
        model.rows.iter().zip(&model.raw).for_each(|(&row, &p)| raw[row as usize] = p);
    }
    let calibrated = cross_calibrated(spec.calibration, &raw, &target.labels, &fold, spec.folds);
    let map = calibration::fit(spec.calibration, &raw, &target.labels);
    let held_out = held_out(spec, dataset, roles, rows, &last, &map)?;
    let fold_reports = fitted.iter().zip(1..).map(|(model, number)| fold_report(model, number, &target)).collect();

    task.stage("Measuring what drives it")?;
    let importance = importance(&fitted, &last, &fields, spec.seed, task)?;

    notes.extend(last.fitted.note());
    notes.push(measured_on(spec, repeats(&target.rows, &subjects)));
    let report = ModelReport {
        spec: spec.clone(),
        target: words(spec),
        rows: target.rows.len() as u64,
        positives: target.positives() as u64,
        unlabelled: target.unlabelled,
        features: fields,
        inputs: last.inputs.len() as u64,
        out_of_fold: evaluate(&calibrated, &target.labels),
        uncalibrated: (map != Calibration::Identity).then(|| metrics::quality(&raw, &target.labels)),
        held_out,
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
        fallback: report.base_rate(),
        function: last.fitted.lower(),
        inputs: last.inputs,
        calibration: map,
        ..Model::default()
    };
    Ok(Trained { model, report })
}

/// The learner that a family names.
pub(super) fn learner(spec: &ModelSpec) -> Box<dyn Learner> {
    match spec.family {
        Family::Logistic { l2 } => Box::new(Logistic { l2 }),
        Family::Boosted { trees, depth, learning_rate, min_child_weight, subsample, column_sample, l2 } => {
            let seed = spec.seed;
            Box::new(Boosted { trees, depth, learning_rate, min_child_weight, subsample, column_sample, l2, seed })
        }
    }
}

/// What the score estimates, in words.
fn words(spec: &ModelSpec) -> String {
    let what = match &spec.positive {
        Some(positive) => format!("probability that `{}` is `{positive}`", spec.outcome),
        None => format!("probability of `{}`", spec.outcome),
    };
    match &spec.arm {
        Some(arm) => format!("{what} after `{arm}`"),
        None => what,
    }
}

/// The columns to learn from: those named, each of which must serve, or else every feature and context that does.
fn usable(
    spec: &ModelSpec,
    dataset: &Dataset,
    roles: &Roles,
    target: &Target,
    learner: &dyn Learner,
    notes: &mut Vec<String>,
) -> Result<Vec<String>> {
    let open = |name: &str| matches!(roles.role(name), Role::Feature | Role::Context);
    let mut fields: Vec<String> = if spec.features.is_empty() {
        dataset.columns().iter().map(|c| c.name.clone()).filter(|name| open(name)).collect()
    } else {
        spec.features.clone()
    };
    let mut seen = HashSet::new();
    fields.retain(|field| seen.insert(field.clone()));
    for field in &fields {
        if dataset.column(field).is_some() && !open(field) {
            let role = roles.role(field).label();
            return Err(Error::new(format!("has the role {role}, which a model must not learn from"))
                .in_column(field)
                .hint("leave it out of the features, or change its role to feature or context"));
        }
    }
    let fit = features::fit(dataset, &target.rows, &fields, learner.style())?;
    if let (Some(first), false) = (fit.unusable.first(), spec.features.is_empty()) {
        return Err(first.error());
    }
    for unusable in &fit.unusable {
        notes.push(format!("`{}` was left out: it {}", unusable.field, unusable.why));
        fields.retain(|field| *field != unusable.field);
    }
    notes.extend(fit.notes);
    if fit.inputs.is_empty() {
        return Err(Error::new(format!("model `{}` has no feature that differs between rows", spec.id))
            .hint("give more columns the role feature"));
    }
    fields.retain(|field| fit.inputs.iter().any(|input| input.field == *field));
    Ok(fields)
}

/// Positions (in the target) of each fold's rows; every fold's complement must hold both classes.
fn parts(fold: &[u32], target: &Target, count: u32) -> Result<Vec<Vec<u32>>> {
    let parts: Vec<Vec<u32>> =
        (0..count).map(|k| (0..fold.len() as u32).filter(|&i| fold[i as usize] == k).collect()).collect();
    let positives = target.positives();
    for part in &parts {
        let inside = part.iter().filter(|&&i| target.labels[i as usize]).count();
        let (rest, rest_rows) = (positives - inside, target.rows.len() - part.len());
        if part.is_empty() || rest == 0 || rest == rest_rows {
            return Err(Error::new(format!(
                "the rows belong to too few subjects for {count} folds with both outcomes in each"
            ))
            .hint("use fewer folds, or check which column is the subject"));
        }
    }
    Ok(parts)
}

/// What the fits of one training share.
struct Job<'a> {
    dataset: &'a Dataset,
    target: &'a Target,
    fields: &'a [String],
    learner: &'a dyn Learner,
    seed: u64,
}

impl Job<'_> {
    /// Learns from all rows but those of `test` (positions in the target), and predicts these.
    fn fold(&self, test: &[u32], watch: &Watch<'_>) -> Result<FoldModel> {
        let mut inside = vec![false; self.target.rows.len()];
        test.iter().for_each(|&i| inside[i as usize] = true);
        let train: Vec<u32> = (0..inside.len() as u32).filter(|&i| !inside[i as usize]).collect();
        let mut model = self.fit(&train, watch)?;
        let rows: Vec<u32> = test.iter().map(|&i| self.target.rows[i as usize]).collect();
        let x = features::matrix(self.dataset, &rows, &model.inputs)?;
        model.raw = probabilities(&model.fitted.margins(&x)?);
        let y = test.iter().map(|&i| self.target.labels[i as usize]).collect();
        model.sample = Sample::new(x, y, self.seed);
        model.rows = test.to_vec();
        Ok(model)
    }

    /// Learns from all rows.
    fn last(&self, watch: &Watch<'_>) -> Result<FoldModel> {
        self.fit(&(0..self.target.rows.len() as u32).collect::<Vec<u32>>(), watch)
    }

    fn fit(&self, train: &[u32], watch: &Watch<'_>) -> Result<FoldModel> {
        watch.check()?;
        let rows: Vec<u32> = train.iter().map(|&i| self.target.rows[i as usize]).collect();
        let inputs = features::fit(self.dataset, &rows, self.fields, self.learner.style())?.inputs;
        watch.check()?;
        let x = features::matrix(self.dataset, &rows, &inputs)?;
        watch.check()?;
        let y: Vec<bool> = train.iter().map(|&i| self.target.labels[i as usize]).collect();
        let fitted = self.learner.fit(&x, &y, watch)?;
        let (trained_on, sample) = (rows.len(), Sample::default());
        Ok(FoldModel { inputs, fitted, trained_on, rows: Vec::new(), raw: Vec::new(), sample })
    }
}

/// The policy's own link.
fn probabilities(margins: &[f64]) -> Vec<f64> {
    margins.iter().map(|&z| Link::Logistic.apply(z)).collect()
}

/// Each fold's raw predictions through a map fitted on those of the other folds.
fn cross_calibrated(method: Calibrate, raw: &[f64], labels: &[bool], fold: &[u32], count: u32) -> Vec<f64> {
    let mut out = raw.to_vec();
    if method == Calibrate::None {
        return out;
    }
    for k in 0..count {
        let (p, y): (Vec<f64>, Vec<bool>) =
            (0..raw.len()).filter(|&i| fold[i] != k).map(|i| (raw[i], labels[i])).unzip();
        let map = calibration::fit(method, &p, &y);
        (0..raw.len()).filter(|&i| fold[i] == k).for_each(|i| out[i] = map.apply(raw[i]));
    }
    out
}

fn fold_report(model: &FoldModel, fold: u32, target: &Target) -> FoldReport {
    let labels: Vec<bool> = model.rows.iter().map(|&i| target.labels[i as usize]).collect();
    FoldReport {
        fold,
        trained_on: model.trained_on as u64,
        rows: labels.len() as u64,
        positives: labels.iter().filter(|&&y| y).count() as u64,
        quality: metrics::quality(&model.raw, &labels),
    }
}

/// The final model on held-out rows of its arm; `None` when fewer than two of either class are left.
fn held_out(
    spec: &ModelSpec,
    dataset: &Dataset,
    roles: &Roles,
    rows: &[u32],
    last: &FoldModel,
    map: &Calibration,
) -> Result<Option<Evaluation>> {
    let trained: HashSet<u32> = rows.iter().copied().collect();
    let mut unseen = split::held_out_rows(dataset, roles)?;
    unseen.retain(|row| !trained.contains(row));
    let Ok(target) = target(spec, dataset, roles, &unseen) else { return Ok(None) };
    let positives = target.positives();
    if positives < 2 || target.labels.len() - positives < 2 {
        return Ok(None);
    }
    let x = features::matrix(dataset, &target.rows, &last.inputs)?;
    let p: Vec<f64> = probabilities(&last.fitted.margins(&x)?).into_iter().map(|raw| map.apply(raw)).collect();
    Ok(Some(evaluate(&p, &target.labels)))
}

/// What out-of-fold numbers mean for this training.
fn measured_on(spec: &ModelSpec, by_subject: bool) -> String {
    let split = if by_subject {
        "all rows of a subject fall in one fold; intervals take rows as independent"
    } else {
        "each fold has its share of both classes"
    };
    let map = match spec.calibration {
        Calibrate::None => "scores are not calibrated",
        _ => {
            "each fold's scores were calibrated by a map fitted on the other folds' out-of-fold scores; the deployed map is fitted on all of them"
        }
    };
    format!("out-of-fold numbers: {} folds by a hash of the subject, {split}; {map}", spec.folds)
}

#[cfg(test)]
#[path = "train_tests.rs"]
mod tests;
