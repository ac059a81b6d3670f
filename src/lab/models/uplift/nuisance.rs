//! What effects are measured against: expected outcomes under each arm and probabilities of treatment, each from models that did not
//! learn from the row.

use super::spec::{Chance, UpliftSpec};
use super::trial::Trial;
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::features::{self, Matrix, Style};
use crate::models::base;
use crate::models::learner::{Examples, Fits, Fitted, Watch};
use crate::models::spec::{Family, Goal};
use crate::task::Task;
use attune_policy::model::Input;
use rayon::prelude::*;

/// Estimated probabilities of treatment are kept this far from 0 and 1.
const CLIP: f64 = 0.02;

/// The trial's rows as inputs of one style.
pub struct Encoded {
    /// The inputs.
    pub inputs: Vec<Input>,
    /// The rows of the trial.
    pub x: Matrix,
}

impl Encoded {
    /// Encodes the rows of a trial.
    ///
    /// # Errors
    /// When a column is not there, or no input can be made.
    pub fn new(dataset: &Dataset, trial: &Trial, fields: &[String], style: Style) -> Result<Encoded> {
        let inputs = features::fit(dataset, &trial.rows, fields, style)?.inputs;
        let x = features::matrix(dataset, &trial.rows, &inputs)?;
        Ok(Encoded { inputs, x })
    }

    /// Learns `y` (one per `at`) of some rows.
    pub fn learn(
        &self,
        family: &Family,
        goal: Goal,
        at: &[u32],
        y: &[f64],
        weights: Option<&[f64]>,
        seed: u64,
        watch: &Watch<'_>,
    ) -> Result<Box<dyn Fitted>> {
        let x = self.x.select(at);
        let categories = base::categories(&self.inputs);
        let examples = Examples { weights, categories: &categories, ..Examples::new(&x, y, goal) };
        base::fit(family, &examples, seed, watch)
    }
}

/// Expectations of every row of a trial.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Nuisance {
    /// Expected outcome per arm (the control first) and row; empty when not asked for.
    pub outcome: Vec<Vec<f64>>,
    /// Per arm of the trial, the probability of that arm rather than the control, per row.
    pub chance: Vec<Vec<f64>>,
}

/// Cross-fits expectations: `fold` is the part of each row, and all arms share the parts.
///
/// # Errors
/// When a part lacks an outcome to learn, or the task was cancelled.
pub fn nuisance(
    spec: &UpliftSpec,
    trial: &Trial,
    encoded: &Encoded,
    linear: &Encoded,
    fold: &[u32],
    task: &Task,
) -> Result<Nuisance> {
    let arms = trial.arms.len() as u32;
    let mut nuisance = Nuisance::default();
    if spec.learner.needs_outcomes() {
        task.stage(&format!("Expecting outcomes: {} models", spec.folds * (arms + 1)))?;
        let jobs: Vec<(u32, u32)> = (0..=arms).flat_map(|arm| (0..spec.folds).map(move |part| (arm, part))).collect();
        let fits = Fits::new(task, jobs.len());
        let parts: Vec<(Vec<u32>, Vec<f64>)> = jobs
            .par_iter()
            .enumerate()
            .map(|(job, &(arm, part))| {
                let train: Vec<u32> = trial.of(arm).into_iter().filter(|at| fold[*at as usize] != part).collect();
                let y: Vec<f64> = train.iter().map(|at| trial.y[*at as usize]).collect();
                let model = encoded
                    .learn(&spec.base, spec.goal, &train, &y, None, spec.seed, &fits.watch(job))
                    .map_err(|error| in_arm(error, spec, trial, arm))?;
                let test: Vec<u32> = (0..fold.len() as u32).filter(|at| fold[*at as usize] == part).collect();
                let expected = model.predict(&encoded.x.select(&test))?;
                Ok((test, expected))
            })
            .collect::<Result<_>>()?;
        nuisance.outcome = vec![vec![0.0; fold.len()]; arms as usize + 1];
        for ((arm, _), (test, expected)) in jobs.iter().zip(parts) {
            test.iter().zip(expected).for_each(|(at, y)| nuisance.outcome[*arm as usize][*at as usize] = y);
        }
    }
    nuisance.chance = (1..=arms).map(|arm| chance(spec, trial, linear, fold, arm, task)).collect::<Result<_>>()?;
    Ok(nuisance)
}

/// The probability of an arm rather than the control, per row of the trial.
fn chance(spec: &UpliftSpec, trial: &Trial, linear: &Encoded, fold: &[u32], arm: u32, task: &Task) -> Result<Vec<f64>> {
    let name = &trial.arms[arm as usize - 1];
    let (treated, control) = match &spec.chance {
        Chance::Shares => (trial.of(arm).len() as f64, trial.of(0).len() as f64),
        Chance::Design(design) => {
            let of = |name: &String| {
                design.get(name).copied().ok_or_else(|| {
                    Error::new(format!("the design gives no probability of `{name}`")).in_column(&spec.action)
                })
            };
            (of(name)?, of(&spec.control)?)
        }
        Chance::Estimated => {
            task.stage(&format!("Estimating who got {name}"))?;
            let fits = Fits::new(task, spec.folds as usize);
            let parts: Vec<(Vec<u32>, Vec<f64>)> = (0..spec.folds)
                .into_par_iter()
                .map(|part| {
                    let train: Vec<u32> = trial.pair(arm).into_iter().filter(|at| fold[*at as usize] != part).collect();
                    let t: Vec<f64> = train.iter().map(|at| trial.treated(*at)).collect();
                    let family = Family::logistic();
                    let watch = fits.watch(part as usize);
                    let model = linear.learn(&family, Goal::Propensity, &train, &t, None, spec.seed, &watch)?;
                    let test: Vec<u32> = (0..fold.len() as u32).filter(|at| fold[*at as usize] == part).collect();
                    let p = model.predict(&linear.x.select(&test))?;
                    Ok((test, p))
                })
                .collect::<Result<_>>()?;
            let mut chance = vec![0.5; fold.len()];
            for (test, p) in parts {
                test.iter().zip(p).for_each(|(at, p)| chance[*at as usize] = p.clamp(CLIP, 1.0 - CLIP));
            }
            return Ok(chance);
        }
    };
    Ok(vec![treated / (treated + control); fold.len()])
}

/// Says in which arm nothing could be learned.
pub fn in_arm(error: Error, spec: &UpliftSpec, trial: &Trial, arm: u32) -> Error {
    if error.is_cancelled() {
        return error;
    }
    let name = arm.checked_sub(1).and_then(|at| trial.arms.get(at as usize)).unwrap_or(&spec.control);
    Error::new(format!("the outcome of `{name}` could not be learned: {error}"))
        .in_column(&spec.outcome)
        .hint("give more rows, or choose another outcome")
}
