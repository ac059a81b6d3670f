//! A project's model of an effect, from rows to a model of a policy and a report: validated like any other model, by folds of subjects
//! or by time, each part scored by a model, and a one-line rule, that did not learn from it.

use super::effect::{Effect, Lowered};
use super::learn::{fields, learn};
use super::measure::lead;
use super::quality::Predicted;
use super::rule::rule;
use super::spec::{Chance, UpliftSpec};
use super::train::{mean, words};
use super::trial::Trial;
use crate::data::roles::Subjects;
use crate::data::{Dataset, Roles, split};
use crate::error::{Error, Result};
use crate::features;
use crate::models::confidence;
use crate::models::fit::Fit;
use crate::models::importance::{FoldModel, Sample, importance};
use crate::models::leaks::{suspicions, told_treatment};
use crate::models::report::{Confidence, Estimate, Evaluation, FoldReport, ModelReport, Suspicion};
use crate::models::spec::{Goal, ModelSpec};
use crate::models::target::{Target, action, enough, target};
use crate::models::train::Trained;
use crate::models::uplift::report::Rule;
use crate::models::validation::{Part, Plan, plan};
use crate::task::Task;
use attune_policy::model::Model;
use std::collections::HashSet;
use std::time::Instant;

/// What the fits of one specification share.
pub struct Prepared<'a> {
    /// What is trained.
    pub spec: &'a ModelSpec,
    /// Which rows are predicted from which others.
    pub plan: Plan,
    asked: UpliftSpec,
    dataset: &'a Dataset,
    roles: &'a Roles,
    target: Target,
    fields: Vec<String>,
    subjects: Subjects,
    notes: Vec<String>,
}

/// What was learned from some rows: the effect and, beside it, the best one-line rule.
struct Learned {
    effect: Lowered,
    rule: Option<Rule>,
    /// Effect adjusted for the features.
    adjusted: Option<Estimate>,
}

/// Predictions of every row that is measured, and the models that made them.
pub struct OutOfFold {
    /// Positions in the target, ascending.
    pub rows: Vec<u32>,
    /// What was predicted of them.
    pub predicted: Predicted,
    models: Vec<FoldModel>,
}

impl<'a> Prepared<'a> {
    /// Finds rows, columns and parts of a specification.
    ///
    /// # Errors
    /// When a setting is out of range, a column is missing or has the wrong role, an arm has no rows, or there is nothing to tell apart.
    pub fn new(spec: &'a ModelSpec, dataset: &'a Dataset, roles: &'a Roles, rows: &[u32]) -> Result<Prepared<'a>> {
        spec.check()?;
        let arm = spec.arm.as_deref().unwrap_or_default();
        let asked = UpliftSpec::of_model(spec, action(spec, arm, roles)?);
        let asked = asked.ok_or_else(|| Error::new(format!("model `{}` is not one of an effect", spec.id)))?;
        let target = target(spec, dataset, roles, rows)?;
        enough(spec, &target)?;
        let least = target.treated.iter().filter(|treated| **treated).count();
        if least.min(target.treated.len() - least) < 2 * spec.folds as usize {
            return Err(Error::new(format!(
                "{least} rows of `{arm}` and {} of `{}` with a known outcome are too few for {} folds",
                target.treated.len() - least,
                asked.control,
                spec.folds
            ))
            .in_column(&asked.action)
            .hint("give more rows, or fewer folds"));
        }
        let mut notes = Vec::new();
        let trial = Trial::new(&asked, dataset, roles, &target.rows)?;
        let fields = fields(&asked, dataset, roles, &trial, &mut notes)?;
        let by_arm = Target { labels: target.treated.clone(), ..target.clone() };
        let plan = plan(spec, dataset, roles, &by_arm)?;
        let subjects = roles.subjects(dataset)?;
        Ok(Prepared { spec, plan, asked, dataset, roles, target, fields, subjects, notes })
    }

    /// The measured rows, each predicted by a model that did not learn from it.
    ///
    /// # Errors
    /// When a part cannot be learned from, its effect is nothing that a policy can hold, or the task was cancelled.
    pub fn out_of_fold(&self, task: &Task) -> Result<OutOfFold> {
        let mut all: Vec<(u32, f64, Option<f64>)> = Vec::new();
        let mut models = Vec::new();
        let mut ruled = true;
        for part in &self.plan.measured {
            let learned = self.learn(&part.train, task)?;
            let rows = self.rows(&part.test);
            let x = features::matrix(self.dataset, &rows, &learned.effect.effect().inputs)?;
            let tau = learned.effect.effect().predict(&x)?;
            let by_rule = learned.rule.map(|rule| rule.scores(self.dataset, &rows));
            ruled &= by_rule.is_some();
            let rule = |at: usize| by_rule.as_ref().map(|scores| scores[at]);
            all.extend(part.test.iter().zip(&tau).enumerate().map(|(at, (i, tau))| (*i, *tau, rule(at))));
            models.push(self.fold_model(part, learned.effect, x, tau));
        }
        all.sort_by_key(|(row, ..)| *row);
        let rows: Vec<u32> = all.iter().map(|(row, ..)| *row).collect();
        let tau = all.iter().map(|(_, tau, _)| *tau).collect();
        let rule = (ruled && !all.is_empty())
            .then(|| (String::new(), all.iter().map(|(.., rule)| rule.unwrap_or(0.0)).collect()));
        let predicted = self.predicted(&rows, tau, rule);
        Ok(OutOfFold { rows, predicted, models })
    }

    /// Rows (positions in the target) with what was predicted of them.
    fn predicted(&self, at: &[u32], tau: Vec<f64>, rule: Option<(String, Vec<f64>)>) -> Predicted {
        predicted(&self.target, &self.subjects, at, tau, rule)
    }

    /// Positions in the dataset.
    fn rows(&self, at: &[u32]) -> Vec<u32> {
        at.iter().map(|&i| self.target.rows[i as usize]).collect()
    }

    /// Learns from some rows, by their positions in the target.
    fn learn(&self, train: &[u32], task: &Task) -> Result<Learned> {
        let rows = self.rows(train);
        let trial = Trial::new(&self.asked, self.dataset, self.roles, &rows)?;
        let mut learned = learn(&self.asked, self.dataset, &trial, &self.fields, &self.subjects, task)?;
        let effect: Effect = learned.effects.pop().ok_or_else(|| Error::new("no effect was learned"))?;
        let adjusted = learned.robust(1).map(|values| mean(&values));
        let treated: Vec<bool> = train.iter().map(|&i| self.target.treated[i as usize]).collect();
        let y: Vec<f64> = train.iter().map(|&i| self.target.values[i as usize]).collect();
        let rule = rule(self.dataset, &rows, &treated, &y, &self.fields, task)?;
        Ok(Learned { effect: effect.lower()?, rule, adjusted })
    }

    fn fold_model(&self, part: &Part, effect: Lowered, x: features::Matrix, raw: Vec<f64>) -> FoldModel {
        let y = part.test.iter().map(|&i| self.target.values[i as usize]).collect();
        let treated = part.test.iter().map(|&i| self.target.treated[i as usize]).collect();
        let sample = Sample::new(x, y, self.spec.goal, treated, self.spec.seed);
        FoldModel {
            fit: Fit::of(effect.effect().inputs.clone(), Box::new(effect)),
            trained_on: part.train.len(),
            rows: part.test.clone(),
            raw,
            sample,
        }
    }

    fn fold_report(&self, model: &FoldModel, fold: u32) -> FoldReport {
        let predicted = self.predicted(&model.rows, model.raw.clone(), None);
        FoldReport {
            fold,
            trained_on: model.trained_on as u64,
            rows: model.rows.len() as u64,
            positives: predicted.y.iter().filter(|&&y| y > 0.0).count() as u64,
            uplift: lead::of(predicted.trial()),
            ..FoldReport::default()
        }
    }

    /// Rows that the split holds out and that never trained; `None` when an arm has fewer than two.
    fn held_out(&self, rows: &[u32], last: &Learned, task: &Task) -> Result<Option<Evaluation>> {
        let trained: HashSet<u32> = rows.iter().copied().collect();
        let mut unseen = split::held_out_rows(self.dataset, self.roles)?;
        unseen.retain(|row| !trained.contains(row));
        let Ok(target) = target(self.spec, self.dataset, self.roles, &unseen) else { return Ok(None) };
        let treated = target.treated.iter().filter(|treated| **treated).count();
        if treated.min(target.treated.len() - treated) < 2 {
            return Ok(None);
        }
        let effect = last.effect.effect();
        let tau = effect.predict(&features::matrix(self.dataset, &target.rows, &effect.inputs)?)?;
        let rule = last.rule.as_ref().map(|rule| (rule.condition.clone(), rule.scores(self.dataset, &target.rows)));
        let all: Vec<u32> = (0..target.rows.len() as u32).collect();
        let predicted = predicted(&target, &self.subjects, &all, tau, rule);
        evaluation(&predicted, None, self.spec.seed, task).map(Some)
    }

    /// Columns that tell the outcome, or who was treated, too well.
    ///
    /// # Errors
    /// When the task is cancelled.
    pub fn suspicions(&self, task: &Task) -> Result<Vec<Suspicion>> {
        let mut found = suspicions(self.dataset, &self.target, &self.fields, &self.plan.fold, task)?;
        if self.asked.chance != Chance::Estimated {
            let by_arm = Target { labels: self.target.treated.clone(), ..self.target.clone() };
            let arm = self.spec.arm.as_deref().unwrap_or_default();
            found.extend(told_treatment(self.dataset, &by_arm, &self.fields, &self.plan.fold, arm, task)?);
        }
        Ok(found)
    }

    fn notes(&self, models: &[FoldModel]) -> Vec<String> {
        let mut notes = self.notes.clone();
        notes.push(self.plan.note.clone());
        if self.asked.chance == Chance::Estimated {
            notes.push(
                "who was treated was no trial, or none that is known: its probability was estimated from the features, and every effect \
                 here is exploratory; Qini, AUUC and RATE take treatment as drawn at random, which it was not"
                    .to_owned(),
            );
        }
        // Each fold has a mean effect of its own.
        if !models.is_empty() && models.iter().all(|model| are_alike(&model.raw)) {
            notes.push("every row has the same score: this learner tells nobody apart".to_owned());
        }
        notes
    }
}

/// Whether scores are one number but for rounding.
fn are_alike(scores: &[f64]) -> bool {
    let (low, high) =
        scores.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(*x), high.max(*x)));
    high - low <= 1e-9 * high.abs().max(low.abs())
}

/// Trains a model of an effect on `rows` (positions) of a dataset; see [`crate::models::train()`].
///
/// # Errors
/// As there; also when an arm has no rows, or the learner over this family is nothing that a policy can hold.
pub fn train(spec: &ModelSpec, dataset: &Dataset, roles: &Roles, rows: &[u32], task: &Task) -> Result<Trained> {
    let begun = Instant::now();
    task.stage("Preparing rows")?;
    let prepared = Prepared::new(spec, dataset, roles, rows)?;
    let target = &prepared.target;

    task.stage("Looking for leaks")?;
    let suspicions = prepared.suspicions(task)?;
    let OutOfFold { mut predicted, models, .. } = prepared.out_of_fold(task)?;
    let all: Vec<u32> = (0..target.rows.len() as u32).collect();
    let last = prepared.learn(&all, task)?;
    match (&mut predicted.rule, &last.rule) {
        (Some((condition, _)), Some(rule)) => condition.clone_from(&rule.condition),
        (none, _) => *none = None,
    }

    task.stage("Measuring")?;
    let out_of_fold = evaluation(&predicted, last.adjusted, spec.seed, task)?;
    let held_out = prepared.held_out(rows, &last, task)?;
    let confidence = confidence::of_effects(&predicted.tau, &predicted.treated, &predicted.y);
    let folds = models.iter().zip(1..).map(|(model, number)| prepared.fold_report(model, number)).collect();
    let notes = prepared.notes(&models);

    task.stage("Measuring what drives it")?;
    let (model, inputs) = lowered(spec, &prepared.asked, &last.effect, &out_of_fold, confidence.as_ref());
    let last = FoldModel {
        fit: Fit::of(last.effect.effect().inputs.clone(), Box::new(last.effect)),
        trained_on: target.rows.len(),
        rows: Vec::new(),
        raw: Vec::new(),
        sample: Sample::default(),
    };
    let importance = importance(&models, &last, &prepared.fields, spec.seed, task)?;
    let report = ModelReport {
        spec: spec.clone(),
        target: model.target.clone(),
        rows: target.rows.len() as u64,
        positives: target.values.iter().filter(|&&y| y > 0.0).count() as u64,
        mean: (spec.goal == Goal::Amount).then(|| target.mean()),
        unlabelled: target.unlabelled,
        features: prepared.fields.clone(),
        inputs,
        out_of_fold,
        uncalibrated: None,
        held_out,
        confidence,
        folds,
        importance,
        suspicions,
        notes,
        seconds: begun.elapsed().as_secs_f64(),
    };
    Ok(Trained { model, report, recipe: Vec::new() })
}

/// The model of a policy, and how many inputs it has.
fn lowered(
    spec: &ModelSpec,
    asked: &UpliftSpec,
    effect: &Lowered,
    measured: &Evaluation,
    confidence: Option<&Confidence>,
) -> (Model, u64) {
    let arm = spec.arm.as_deref().unwrap_or_default();
    let target = format!("{}, against `{}`", words(spec.goal, arm, &spec.outcome), asked.control);
    // Whom the model cannot score gets the effect of all.
    let fallback = measured.uplift.as_ref().map_or(0.0, |uplift| uplift.effect.value);
    let mut model = effect.model(&spec.id, &spec.name, &target, fallback);
    model.spread = confidence.map(Confidence::spread);
    let inputs = model.inputs.len() as u64;
    (model, inputs)
}

fn predicted(
    target: &Target,
    subjects: &Subjects,
    at: &[u32],
    tau: Vec<f64>,
    rule: Option<(String, Vec<f64>)>,
) -> Predicted {
    Predicted {
        tau,
        rule,
        treated: at.iter().map(|&i| target.treated[i as usize]).collect(),
        y: at.iter().map(|&i| target.values[i as usize]).collect(),
        subjects: at.iter().map(|&i| subjects.code(target.rows[i as usize] as usize) as u32).collect(),
    }
}

/// Every number of predictions.
fn evaluation(predicted: &Predicted, adjusted: Option<Estimate>, seed: u64, task: &Task) -> Result<Evaluation> {
    Ok(Evaluation {
        rows: predicted.y.len() as u64,
        positives: predicted.y.iter().filter(|&&y| y > 0.0).count() as u64,
        uplift: Some(predicted.quality(adjusted, seed, task)?),
        ..Evaluation::default()
    })
}
