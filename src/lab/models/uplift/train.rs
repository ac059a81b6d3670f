//! From a trial to effects of each arm: learn, lower, and compare with the best one-line rule.

use super::check::{Means, estimate, held};
use super::effect::{Effect, Lowered};
use super::learn::{Learned, fields, learn};
use super::report::{ArmReport, UpliftReport};
use super::rule::rule;
use super::spec::{Chance, Meta, UpliftSpec};
use super::trial::Trial;
use crate::data::{Dataset, Roles, split};
use crate::error::{Error, Result};
use crate::features;
use crate::models::report::Estimate;
use crate::models::spec::Goal;
use crate::task::Task;
use attune_policy::model::Model;
use std::collections::HashSet;
use std::time::Instant;

/// Effects of every arm, and what is known about them.
pub struct TrainedUplift {
    /// One per arm, in the order of the report.
    pub arms: Vec<TrainedArm>,
    /// What was measured.
    pub report: UpliftReport,
}

/// The effect of one arm.
pub struct TrainedArm {
    /// Value of the action column.
    pub arm: String,
    /// The model of a policy whose score is the effect: what an action names as its `uplift`.
    pub tau: Model,
    effect: Lowered,
}

impl TrainedArm {
    /// Scores of some rows (positions): tau of each.
    ///
    /// # Errors
    /// When the dataset lacks a column of the model.
    pub fn scores(&self, dataset: &Dataset, rows: &[u32]) -> Result<Vec<f64>> {
        let effect = self.effect.effect();
        effect.predict(&features::matrix(dataset, rows, &effect.inputs)?)
    }
}

/// Learns the effects that `spec` asks for from `rows` (positions) of a dataset. Rows that the split by subject holds out and that are
/// not among `rows` measure model and rule, and never train.
///
/// The same arguments give the same models and the same report, its `seconds` aside, on any number of threads.
///
/// # Errors
/// When a setting is out of range, a column is missing or has the wrong role, an arm has no rows or one outcome only, the learner over
/// this family is nothing that a policy can hold, or the task was cancelled.
pub fn train(spec: &UpliftSpec, dataset: &Dataset, roles: &Roles, rows: &[u32], task: &Task) -> Result<TrainedUplift> {
    let begun = Instant::now();
    spec.check()?;
    task.stage("Preparing rows")?;
    let trial = Trial::new(spec, dataset, roles, rows)?;
    let mut notes = Vec::new();
    let fields = fields(spec, dataset, roles, &trial, &mut notes)?;
    let subjects = roles.subjects(dataset)?;
    let mut learned = learn(spec, dataset, &trial, &fields, &subjects, task)?;
    let effects: Vec<Lowered> =
        std::mem::take(&mut learned.effects).into_iter().map(Effect::lower).collect::<Result<_>>()?;
    let job = Job { spec, trial: &trial, learned: &learned };

    task.stage("Comparing with rules of one line")?;
    let known: HashSet<u32> = rows.iter().copied().collect();
    let mut unseen = split::held_out_rows(dataset, roles)?;
    unseen.retain(|row| !known.contains(row));
    let mut arms = Vec::new();
    let mut reports = Vec::new();
    for (name, (effect, arm)) in trial.arms.iter().zip(effects.into_iter().zip(1..)) {
        let (report, tau) = job.report(arm, &effect, dataset, roles, &fields, &unseen, task)?;
        reports.push(report);
        arms.push(TrainedArm { arm: name.clone(), tau, effect });
    }
    notes.extend(job.notes(&reports));
    let report = UpliftReport {
        spec: spec.clone(),
        rows: trial.rows.len() as u64,
        unlabelled: trial.unlabelled,
        elsewhere: trial.elsewhere,
        features: fields,
        arms: reports,
        notes,
        seconds: begun.elapsed().as_secs_f64(),
    };
    Ok(TrainedUplift { arms, report })
}

/// What the arms share.
struct Job<'a> {
    spec: &'a UpliftSpec,
    trial: &'a Trial,
    learned: &'a Learned<'a>,
}

impl Job<'_> {
    /// What is known of one arm, and its effect as data of a policy.
    fn report(
        &self,
        arm: u32,
        lowered: &Lowered,
        dataset: &Dataset,
        roles: &Roles,
        fields: &[String],
        unseen: &[u32],
        task: &Task,
    ) -> Result<(ArmReport, Model)> {
        let Job { spec, trial, .. } = *self;
        let name = &trial.arms[arm as usize - 1];
        let effect = lowered.effect();
        let pair = trial.pair(arm);
        let rows: Vec<u32> = pair.iter().map(|at| trial.rows[*at as usize]).collect();
        let treated: Vec<bool> = pair.iter().map(|at| trial.treated(*at) > 0.0).collect();
        let y: Vec<f64> = pair.iter().map(|at| trial.y[*at as usize]).collect();
        let mut means = Means::default();
        treated.iter().zip(&y).for_each(|(treated, y)| means.add(*treated, *y));
        let target = words(spec.goal, name, &spec.outcome);
        let title = format!("Effect of {name} on {}", spec.outcome);
        let tau = lowered.model(&format!("{}_{}", spec.id, slug(name)), &title, &target, means.effect().0);
        let scores = effect.predict(&features::matrix(dataset, &rows, &effect.inputs)?)?;
        let rule = rule(dataset, &rows, &treated, &y, fields, task)?;
        let held = match Trial::new(spec, dataset, roles, unseen) {
            Ok(later) => {
                let pair = later.pair(arm);
                let rows: Vec<u32> = pair.iter().map(|at| later.rows[*at as usize]).collect();
                let treated: Vec<bool> = pair.iter().map(|at| later.treated(*at) > 0.0).collect();
                let y: Vec<f64> = pair.iter().map(|at| later.y[*at as usize]).collect();
                let model = effect.predict(&features::matrix(dataset, &rows, &effect.inputs)?)?;
                let by_rule = rule.as_ref().map(|rule| rule.scores(dataset, &rows));
                held(&treated, &y, &model, by_rule.as_deref(), spec.seed, task)?
            }
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            // Nobody was held out.
            Err(_) => None,
        };
        let adjusted = self.learned.robust(arm).map(|values| mean(&values));
        let report = ArmReport {
            arm: name.clone(),
            treated: means.n(true) as u64,
            control: means.n(false) as u64,
            mean_treated: means.mean(true),
            mean_control: means.mean(false),
            effect: means.estimate(),
            adjusted,
            scores: summary(&scores),
            rule,
            held,
            expression: format!("score(\"{}\")", tau.id),
        };
        Ok((report, tau))
    }

    fn notes(&self, reports: &[ArmReport]) -> Vec<String> {
        let mut notes = Vec::new();
        if self.spec.chance == Chance::Estimated {
            notes.push(
                "who was treated was no trial, or none that is known: its probability was estimated from the features, and every effect \
                 here is exploratory; what was not recorded can have decided who was treated"
                    .to_owned(),
            );
        }
        if self.spec.learner == Meta::X && self.spec.chance == Chance::Estimated {
            notes.push("both halves of the X-learner are averaged by the mean probability of treatment".to_owned());
        }
        let constant = reports.iter().filter(|report| report.scores[1] <= 1e-12 * report.scores[0].abs());
        notes.extend(
            constant.map(|report| {
                format!("`{}`: every row has the same score; this learner tells nobody apart", report.arm)
            }),
        );
        for report in reports {
            let Some(held) = &report.held else { continue };
            if held.gain.low <= 0.0 {
                notes.push(format!(
                    "`{}`: on rows that never train, the order by score is not told apart from a random one",
                    report.arm
                ));
            }
            if let (Some(against), Some(rule)) = (held.against_rule, &report.rule)
                && against.low <= 0.0
            {
                notes.push(format!(
                    "`{}`: no better than the one-line rule `{}`, as far as these rows can tell",
                    report.arm, rule.condition
                ));
            }
        }
        notes
    }
}

/// What an effect is, in words.
pub fn words(goal: Goal, arm: &str, outcome: &str) -> String {
    match goal {
        Goal::Propensity => format!("difference that `{arm}` makes to the probability of `{outcome}`"),
        Goal::Amount => format!("difference that `{arm}` makes to the mean of `{outcome}`"),
    }
}

/// Mean with its normal interval of 95 %.
pub fn mean(values: &[f64]) -> Estimate {
    let [mean, deviation, ..] = summary(values);
    estimate((mean, deviation / (values.len() as f64).sqrt()))
}

/// Mean, standard deviation (n − 1), least and largest.
fn summary(values: &[f64]) -> [f64; 4] {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0).max(1.0);
    let (low, high) =
        values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(*x), high.max(*x)));
    [mean, variance.sqrt(), low, high]
}

/// Lower-case letters, digits and underscores.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.to_lowercase().chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('_') {
            slug.push('_');
        }
    }
    let slug = slug.trim_end_matches('_');
    if slug.is_empty() { "arm".into() } else { slug.into() }
}
