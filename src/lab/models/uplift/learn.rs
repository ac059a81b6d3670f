//! From the rows of a trial to effects: encode, cross-fit what is needed, learn. What trains for a file and what trains for a
//! project's models and each part of their validation learn through here, so that they learn alike.

use super::effect::{Effect, Term, with_last};
use super::nuisance::{Encoded, Nuisance, in_arm, nuisance};
use super::spec::{Meta, UpliftSpec};
use super::trees::{ArmTrees, forest};
use super::trial::Trial;
use crate::data::roles::Subjects;
use crate::data::{Dataset, Role, Roles};
use crate::error::{Error, Result};
use crate::features::{self, Matrix, Style};
use crate::models::base;
use crate::models::folds::folds;
use crate::models::learner::{Examples, Fits, Fitted, Watch};
use crate::models::spec::Goal;
use crate::task::Task;
use rayon::prelude::*;
use std::sync::Arc;

/// What was learned from a trial.
pub struct Learned<'a> {
    /// The effect of each arm, in the order of the trial.
    pub effects: Vec<Effect>,
    job: Job<'a>,
}

/// Learns the effect of each arm of `trial` from `fields`.
///
/// # Errors
/// When an arm has one outcome only, the learner cannot learn, or the task was cancelled.
pub fn learn<'a>(
    spec: &'a UpliftSpec,
    dataset: &Dataset,
    trial: &'a Trial,
    fields: &[String],
    subjects: &Subjects,
    task: &Task,
) -> Result<Learned<'a>> {
    let encode = |style: Style| Encoded::new(dataset, trial, fields, style);
    let outcome = encode(base::style(&spec.base))?;
    let by_trees = spec.learner == Meta::Trees;
    let effects = encode(if by_trees { Style::Raw } else { base::style(&spec.effect) })?;
    let linear = encode(Style::Standardised)?;
    let treated: Vec<bool> = trial.arm.iter().map(|arm| *arm > 0).collect();
    let fold = folds(&trial.rows, &treated, subjects, spec.folds, spec.seed);
    let nuisance = nuisance(spec, trial, &outcome, &linear, &fold, task)?;

    let many =
        if trial.arms.len() == 1 { "the effect".to_owned() } else { format!("effects of {} arms", trial.arms.len()) };
    task.stage(&format!("Learning {many}"))?;
    let job = Job { spec, trial, outcome, effects, nuisance };
    let effects = if by_trees {
        let fits = Fits::new(task, 1);
        let forests = forest(&spec.growth, trial, &job.effects.x, subjects, spec.seed, &fits.watch(0))?;
        let effect = |fitted: ArmTrees| Effect {
            inputs: job.effects.inputs.clone(),
            terms: vec![Term { weight: 1.0, fitted: Arc::new(fitted), treatment: None }],
            offset: 0.0,
        };
        forests.into_iter().map(effect).collect()
    } else {
        let fits = Fits::new(task, trial.arms.len());
        let arms: Vec<u32> = (1..=trial.arms.len() as u32).collect();
        arms.par_iter()
            .map(|arm| {
                job.effect(*arm, &fits.watch(*arm as usize - 1)).map_err(|error| in_arm(error, spec, trial, *arm))
            })
            .collect::<Result<_>>()?
    };
    Ok(Learned { effects, job })
}

/// The columns to learn from: those named, or else every feature and context; neither outcome nor action.
pub fn fields(
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
    if let Some(field) = spec.features.iter().find(|field| dataset.column(field).is_some() && !open(field)) {
        let role = roles.role(field).label();
        return Err(Error::new(format!("has the role {role}, which a model must not learn from"))
            .in_column(field)
            .hint("leave it out of the features, or change its role to feature or context"));
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
    outcome: Encoded,
    effects: Encoded,
    nuisance: Nuisance,
}

impl Learned<'_> {
    /// Doubly robust pseudo-outcomes of the rows of an arm and the control, whose mean is the effect adjusted for the features; `None`
    /// for learners without models of the outcome.
    pub fn robust(&self, arm: u32) -> Option<Vec<f64>> {
        let Job { trial, nuisance, .. } = &self.job;
        let values = || trial.pair(arm).iter().map(|at| self.job.robust(arm, at)).collect();
        (!nuisance.outcome.is_empty()).then(values)
    }
}

impl Job<'_> {
    /// Learns the effect of one arm.
    fn effect(&self, arm: u32, watch: &Watch<'_>) -> Result<Effect> {
        let Job { spec, trial, .. } = self;
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
}
