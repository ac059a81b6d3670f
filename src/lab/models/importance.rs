//! Drivers: how much AUC (of an amount: R²; of an effect: the Qini coefficient or RATE) is lost when one column's values are shuffled among rows the model did not learn
//! from, and the learner's own measure beside it.

use super::amounts::r2;
use super::fit::Fit;
use super::metrics::auc;
use super::report::Importance;
use super::spec::Goal;
use super::uplift::measure::{Trial, lead};
use crate::error::Result;
use crate::features::Matrix;
use crate::random::Random;
use crate::task::Task;
use attune_policy::model::Input;
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Most rows per fold that importance is measured on.
pub const ROWS: usize = 4000;

/// Shuffles per field and fold.
const REPEATS: u64 = 3;

/// A model of one fold and its predictions for the fold's rows; none of the latter for the final model.
pub struct FoldModel {
    /// What it learned.
    pub fit: Fit,
    /// Number of training rows.
    pub trained_on: usize,
    /// Positions, in the target, of the rows it is measured on.
    pub rows: Vec<u32>,
    /// Its raw predictions for them.
    pub raw: Vec<f64>,
    /// Some of these rows, to shuffle.
    pub sample: Sample,
}

/// Some of a fold's rows: all of a large table would fill the memory.
#[derive(Default)]
pub struct Sample {
    x: Matrix,
    y: Vec<f64>,
    goal: Goal,
    /// Of the rows of a trial, who was treated; else empty.
    treated: Vec<bool>,
}

impl Sample {
    /// At most [`ROWS`] of the rows `x` with what is learned of them; `treated` is empty but for rows of a trial.
    pub fn new(x: Matrix, y: Vec<f64>, goal: Goal, treated: Vec<bool>, seed: u64) -> Sample {
        if y.len() <= ROWS {
            return Sample { x, y, goal, treated };
        }
        let mut chosen: Vec<u32> = (0..y.len() as u32).collect();
        shuffle(&mut chosen, &mut Random::new(seed));
        chosen.truncate(ROWS);
        let treated = if treated.is_empty() { treated } else { chosen.iter().map(|&i| treated[i as usize]).collect() };
        Sample { x: x.select(&chosen), y: chosen.iter().map(|&i| y[i as usize]).collect(), goal, treated }
    }

    /// AUC or R² of predictions; of a trial, the number that effects are compared by.
    fn score(&self, predictions: &[f64]) -> f64 {
        if !self.treated.is_empty() {
            let trial = Trial { scores: predictions, treated: &self.treated, outcomes: &self.y };
            return lead::of(trial).unwrap_or(0.0);
        }
        match self.goal {
            Goal::Propensity => auc(predictions, &self.y.iter().map(|&y| y > 0.0).collect::<Vec<bool>>()),
            Goal::Amount => r2(predictions, &self.y),
        }
    }
}

/// Importance of each field, strongest first.
pub fn importance(
    folds: &[FoldModel],
    last: &FoldModel,
    fields: &[String],
    seed: u64,
    task: &Task,
) -> Result<Vec<Importance>> {
    let bases: Vec<Base<'_>> = folds.iter().map(Base::new).collect::<Result<_>>()?;
    let done = AtomicUsize::new(0);
    let drops: Vec<Vec<f64>> = fields
        .par_iter()
        .enumerate()
        .map(|(number, field)| {
            let mut drops = Vec::new();
            for (fold, base) in bases.iter().enumerate() {
                task.tick(done.load(Ordering::Relaxed) as f32 / fields.len() as f32)?;
                for repeat in 0..REPEATS {
                    let stream = (number as u64) << 32 | (fold as u64) << 16 | repeat;
                    drops.push(base.drop(field, &mut Random::stream(seed, stream))?);
                }
            }
            done.fetch_add(1, Ordering::Relaxed);
            Ok(drops)
        })
        .collect::<Result<_>>()?;

    let weights = last.fit.fitted.weights();
    let all: f64 = weights.iter().sum();
    let coefficients = last.fit.fitted.standardised();
    let mut out: Vec<Importance> = fields
        .iter()
        .zip(drops)
        .map(|(field, drops)| {
            let own = inputs_of(&last.fit.inputs, field);
            let n = drops.len().max(1) as f64;
            let mean = drops.iter().sum::<f64>() / n;
            let variance = drops.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / (n - 1.0).max(1.0);
            Importance {
                field: field.clone(),
                auc_drop: mean,
                auc_drop_sd: variance.sqrt(),
                own_share: if all > 0.0 { own.iter().map(|&i| weights[i]).sum::<f64>() / all } else { 0.0 },
                coefficient: match (&coefficients, own.as_slice()) {
                    (Some(coefficients), [only]) => Some(coefficients[*only]),
                    _ => None,
                },
            }
        })
        .collect();
    out.sort_by(|a, b| b.auc_drop.total_cmp(&a.auc_drop).then_with(|| a.field.cmp(&b.field)));
    Ok(out)
}

fn inputs_of(inputs: &[Input], field: &str) -> Vec<usize> {
    (0..inputs.len()).filter(|&i| inputs[i].field == field).collect()
}

/// A fold's model before anything is shuffled.
struct Base<'a> {
    fold: &'a FoldModel,
    /// The learner's own weight of each input; one of weight 0 is never read.
    weights: Vec<f64>,
    /// Its score on the sample.
    score: f64,
}

impl<'a> Base<'a> {
    fn new(fold: &'a FoldModel) -> Result<Base<'a>> {
        let score = fold.sample.score(&fold.fit.fitted.margins(&fold.sample.x)?);
        Ok(Base { fold, weights: fold.fit.fitted.weights(), score })
    }

    /// Score lost when the values of `field` are shuffled.
    fn drop(&self, field: &str, random: &mut Random) -> Result<f64> {
        let mut inputs = inputs_of(&self.fold.fit.inputs, field);
        inputs.retain(|&input| self.weights[input] > 0.0);
        if inputs.is_empty() {
            return Ok(0.0);
        }
        let sample = &self.fold.sample;
        let mut from: Vec<u32> = (0..sample.y.len() as u32).collect();
        shuffle(&mut from, random);
        Ok(self.score - sample.score(&self.fold.fit.fitted.margins(&sample.x.shuffled(&inputs, &from))?))
    }
}

/// Fisher–Yates.
fn shuffle(values: &mut [u32], random: &mut Random) {
    for i in (1..values.len()).rev() {
        values.swap(i, random.below(i + 1));
    }
}
