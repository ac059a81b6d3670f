//! From a trial to effects of each arm: cross-fit what is needed, learn, lower, and compare with the best one-line rule.

use super::check::{Means, estimate, held};
use super::effect::{Effect, Tau, Term, with_last};
use super::nuisance::{Encoded, Nuisance, in_arm, nuisance};
use super::report::{ArmReport, UpliftReport};
use super::rule::rule;
use super::spec::{Chance, Meta, UpliftSpec};
use super::trees::{ArmTrees, forest};
use super::trial::Trial;
use crate::data::{Dataset, Role, Roles, split};
use crate::error::{Error, Result};
use crate::features::{self, Matrix, Style};
use crate::models::base;
use crate::models::folds::folds;
use crate::models::learner::{Examples, Fits, Fitted, Watch};
use crate::models::spec::Goal;
use crate::task::Task;
use rayon::prelude::*;
use std::collections::HashSet;
use std::sync::Arc;
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
    /// As data of a policy.
    pub tau: Tau,
    pub(super) effect: Effect,
}

impl TrainedArm {
    /// Scores of some rows (positions): tau of each.
    ///
    /// # Errors
    /// When the dataset lacks a column of the model.
    pub fn scores(&self, dataset: &Dataset, rows: &[u32]) -> Result<Vec<f64>> {
        self.effect.predict(&features::matrix(dataset, rows, &self.effect.inputs)?)
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
    let encode = |style: Style| Encoded::new(dataset, &trial, &fields, style);
    let outcome = encode(base::style(&spec.base))?;
    let by_trees = spec.learner == Meta::Trees;
    let effects = encode(if by_trees { Style::Raw } else { base::style(&spec.effect) })?;
    let linear = encode(Style::Standardised)?;
    let treated: Vec<bool> = trial.arm.iter().map(|arm| *arm > 0).collect();
    let subjects = roles.subjects(dataset)?;
    let fold = folds(&trial.rows, &treated, &subjects, spec.folds, spec.seed);
    let nuisance = nuisance(spec, &trial, &outcome, &linear, &fold, task)?;

    task.stage(&format!("Learning effects of {} arms", trial.arms.len()))?;
    let job = Job { spec, trial: &trial, outcome: &outcome, effects: &effects, nuisance: &nuisance };
    let learned: Vec<Effect> = if by_trees {
        let fits = Fits::new(task, 1);
        let forests = forest(&spec.growth, &trial, &effects.x, &subjects, spec.seed, &fits.watch(0))?;
        let effect = |fitted: ArmTrees| Effect {
            inputs: effects.inputs.clone(),
            terms: vec![Term { weight: 1.0, fitted: Arc::new(fitted), treatment: None }],
            offset: 0.0,
        };
        forests.into_iter().map(effect).collect()
    } else {
        let fits = Fits::new(task, trial.arms.len());
        (1..=trial.arms.len() as u32)
            .into_par_iter()
            .map(|arm| job.effect(arm, &fits.watch(arm as usize - 1)).map_err(|error| in_arm(error, spec, &trial, arm)))
            .collect::<Result<_>>()?
    };

    task.stage("Comparing with rules of one line")?;
    let known: HashSet<u32> = rows.iter().copied().collect();
    let mut unseen = split::held_out_rows(dataset, roles)?;
    unseen.retain(|row| !known.contains(row));
    let mut arms = Vec::new();
    let mut reports = Vec::new();
    for (name, (effect, arm)) in trial.arms.iter().zip(learned.into_iter().zip(1..)) {
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

/// The columns to learn from: those named, or else every feature and context; neither outcome nor action.
fn fields(
    spec: &UpliftSpec,
    dataset: &Dataset,
    roles: &Roles,
    trial: &Trial,
    notes: &mut Vec<String>,
) -> Result<Vec<String>> {
    let named = !spec.features.is_empty();
    let open = |name: &str| matches!(roles.role(name), Role::Feature | Role::Context);
    let own = [&spec.outcome, &spec.action];
    if let Some(own) = spec.features.iter().find(|field| own.contains(field)) {
        return Err(Error::new("is the outcome or what was done, which no feature can be").in_column(own.as_str()));
    }
    let mut fields: Vec<String> = match named {
        true => spec.features.clone(),
        false => dataset.columns().iter().map(|c| c.name.clone()).filter(|c| open(c) && !own.contains(&c)).collect(),
    };
    let fit = features::fit(dataset, &trial.rows, &fields, Style::Standardised)?;
    if let (Some(first), true) = (fit.unusable.first(), named) {
        return Err(first.error());
    }
    notes.extend(fit.unusable.iter().map(|unusable| format!("`{}` was left out: it {}", unusable.field, unusable.why)));
    notes.extend(fit.notes);
    fields.retain(|field| fit.inputs.iter().any(|input| input.field == *field));
    if fields.is_empty() {
        return Err(Error::new("there is no feature that differs between rows").hint("name columns to learn from"));
    }
    Ok(fields)
}

/// What the arms share.
struct Job<'a> {
    spec: &'a UpliftSpec,
    trial: &'a Trial,
    outcome: &'a Encoded,
    effects: &'a Encoded,
    nuisance: &'a Nuisance,
}

impl Job<'_> {
    /// Learns the effect of one arm.
    fn effect(&self, arm: u32, watch: &Watch<'_>) -> Result<Effect> {
        let Job { spec, trial, .. } = *self;
        let pair = trial.pair(arm);
        let chance = |at: &u32| self.nuisance.chance[arm as usize - 1][*at as usize];
        let y = |at: &u32| trial.y[*at as usize];
        let t = |at: &u32| trial.treated(*at);
        let plain = |weight: f64, fitted: Box<dyn Fitted>| Term { weight, fitted: Arc::from(fitted), treatment: None };
        let of_outcome = |terms: Vec<Term>, offset: f64| Effect { inputs: self.outcome.inputs.clone(), terms, offset };
        let of_effect = |terms: Vec<Term>| Effect { inputs: self.effects.inputs.clone(), terms, offset: 0.0 };
        let outcome_model = |rows: &[u32]| {
            let y: Vec<f64> = rows.iter().map(y).collect();
            self.outcome.learn(&spec.base, spec.goal, rows, &y, None, spec.seed, watch)
        };
        let effect_model = |rows: &[u32], values: &[f64], weights: Option<&[f64]>| {
            self.effects.learn(&spec.effect, Goal::Amount, rows, values, weights, spec.seed, watch)
        };
        Ok(match spec.learner {
            Meta::T => of_outcome(
                vec![plain(1.0, outcome_model(&trial.of(arm))?), plain(-1.0, outcome_model(&trial.of(0))?)],
                0.0,
            ),
            Meta::S => {
                let treatment: Vec<f64> = pair.iter().map(t).collect();
                let x: Matrix = with_last(&self.outcome.x.select(&pair), &treatment);
                let y: Vec<f64> = pair.iter().map(y).collect();
                let mut categories = base::categories(&self.outcome.inputs);
                categories.push(0);
                let examples = Examples { categories: &categories, ..Examples::new(&x, &y, spec.goal) };
                let fitted: Arc<dyn Fitted> = Arc::from(base::fit(&spec.base, &examples, spec.seed, watch)?);
                let term = |weight, value| Term { weight, fitted: fitted.clone(), treatment: Some(value) };
                of_outcome(vec![term(1.0, 1.0), term(-1.0, 0.0)], 0.0)
            }
            Meta::ClassTransformation => {
                let agrees: Vec<f64> = pair.iter().map(|at| f64::from(u8::from(y(at) == t(at)))).collect();
                // Each arm weighs as if both were as likely.
                let own = |at: &u32| if t(at) > 0.0 { chance(at) } else { 1.0 - chance(at) };
                let weights: Vec<f64> = pair.iter().map(|at| 0.5 / own(at)).collect();
                let fitted = self.outcome.learn(
                    &spec.base,
                    Goal::Propensity,
                    &pair,
                    &agrees,
                    Some(&weights),
                    spec.seed,
                    watch,
                )?;
                of_outcome(vec![plain(2.0, fitted)], -1.0)
            }
            Meta::TransformedOutcome => {
                let values: Vec<f64> =
                    pair.iter().map(|at| y(at) * (t(at) - chance(at)) / (chance(at) * (1.0 - chance(at)))).collect();
                of_effect(vec![plain(1.0, effect_model(&pair, &values, None)?)])
            }
            Meta::X => {
                let (mine, control) = (trial.of(arm), trial.of(0));
                let expected = |arm: u32, at: &u32| self.nuisance.outcome[arm as usize][*at as usize];
                let gained: Vec<f64> = mine.iter().map(|at| y(at) - expected(0, at)).collect();
                let missed: Vec<f64> = control.iter().map(|at| expected(arm, at) - y(at)).collect();
                let share = pair.iter().map(chance).sum::<f64>() / pair.len() as f64;
                of_effect(vec![
                    plain(1.0 - share, effect_model(&mine, &gained, None)?),
                    plain(share, effect_model(&control, &missed, None)?),
                ])
            }
            Meta::R => {
                let residual = |at: &u32| t(at) - chance(at);
                let values: Vec<f64> = pair.iter().map(|at| (y(at) - self.expected(arm, at)) / residual(at)).collect();
                let weights: Vec<f64> = pair.iter().map(|at| residual(at) * residual(at)).collect();
                of_effect(vec![plain(1.0, effect_model(&pair, &values, Some(&weights))?)])
            }
            Meta::Dr => {
                let values: Vec<f64> = pair.iter().map(|at| self.robust(arm, at)).collect();
                of_effect(vec![plain(1.0, effect_model(&pair, &values, None)?)])
            }
            Meta::Trees => return Err(Error::new("uplift trees learn all arms at once")),
        })
    }

    /// Expected outcome of a row, whichever of both arms it got.
    fn expected(&self, arm: u32, at: &u32) -> f64 {
        let at = *at as usize;
        let e = self.nuisance.chance[arm as usize - 1][at];
        e * self.nuisance.outcome[arm as usize][at] + (1.0 - e) * self.nuisance.outcome[0][at]
    }

    /// The doubly robust pseudo-outcome of a row: its mean over alike rows is their effect.
    fn robust(&self, arm: u32, at: &u32) -> f64 {
        let i = *at as usize;
        let (e, y) = (self.nuisance.chance[arm as usize - 1][i], self.trial.y[i]);
        let (with, without) = (self.nuisance.outcome[arm as usize][i], self.nuisance.outcome[0][i]);
        let correction = if self.trial.treated(*at) > 0.0 { (y - with) / e } else { -(y - without) / (1.0 - e) };
        with - without + correction
    }

    /// What is known of one arm, and its effect as data of a policy.
    fn report(
        &self,
        arm: u32,
        effect: &Effect,
        dataset: &Dataset,
        roles: &Roles,
        fields: &[String],
        unseen: &[u32],
        task: &Task,
    ) -> Result<(ArmReport, Tau)> {
        let (spec, trial) = (self.spec, self.trial);
        let name = &trial.arms[arm as usize - 1];
        let pair = trial.pair(arm);
        let rows: Vec<u32> = pair.iter().map(|at| trial.rows[*at as usize]).collect();
        let treated: Vec<bool> = pair.iter().map(|at| trial.treated(*at) > 0.0).collect();
        let y: Vec<f64> = pair.iter().map(|at| trial.y[*at as usize]).collect();
        let mut means = Means::default();
        treated.iter().zip(&y).for_each(|(treated, y)| means.add(*treated, *y));
        let tau = effect.lower(
            &format!("{}_{}", spec.id, slug(name)),
            &format!("Effect of {name} on {}", spec.outcome),
            &match spec.goal {
                Goal::Propensity => format!("difference that `{name}` makes to the probability of `{}`", spec.outcome),
                Goal::Amount => format!("difference that `{name}` makes to the mean of `{}`", spec.outcome),
            },
            [means.effect().0, means.mean(true), means.mean(false)],
        )?;
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
        let adjusted = (!self.nuisance.outcome.is_empty()).then(|| {
            let values: Vec<f64> = pair.iter().map(|at| self.robust(arm, at)).collect();
            let [mean, deviation, ..] = summary(&values);
            estimate((mean, deviation / (values.len() as f64).sqrt()))
        });
        let report = ArmReport {
            arm: name.clone(),
            treated: means.n(true) as u64,
            control: means.n(false) as u64,
            mean_treated: means.mean(true),
            mean_control: means.mean(false),
            effect: estimate(means.effect()),
            adjusted,
            scores: summary(&scores),
            rule,
            held,
            expression: tau.expression(),
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
