//! Logging propensities that nobody wrote down: estimated by models of the action given the features, cross-fitted by subject, with
//! what they say about overlap. A multinomial logit, one binary fit per arm against the most frequent one (Begg & Gray 1984).
//!
//! Nothing here makes them known: whatever stands on them is exploratory.

use super::NO_ARM;
use crate::data::{Dataset, Roles};
use crate::error::Result;
use crate::features::Style;
use crate::models::learner::Fits;
use crate::models::{Family, Goal};
use crate::simulate::crossfit::{Design, Expectation};
use crate::simulate::report::Overlap;
use crate::task::Task;
use rayon::prelude::*;

/// Estimated propensities are kept this far from 0: no row weighs more than its inverse.
pub const CLIP: f64 = 0.01;
/// Most arms that are told apart by models.
const MOST_ARMS: usize = 50;
/// Rows that an arm needs in the other parts to have a model.
const LEAST_ROWS: usize = 10;
/// Parts of the cross-fitting.
const PARTS: u32 = 3;
/// Seed of the parts.
const SEED: u64 = 1;

/// Propensities of every row, as estimated.
pub(in crate::simulate) struct Estimated {
    /// Of the logged arm; NaN where that is not known.
    pub propensity: Vec<f64>,
    /// How far the arms overlap.
    pub overlap: Vec<Overlap>,
    /// Number of inputs of the models.
    pub inputs: usize,
}

/// Estimates the probability of every row's arm from its features; `None` when no column can tell rows apart, there are fewer than
/// two arms, or more than models can tell apart.
///
/// # Errors
/// When a role names a column that is not there, or the task is cancelled.
pub(in crate::simulate) fn estimate(
    dataset: &Dataset,
    roles: &Roles,
    arm: &[u16],
    names: &[&str],
    task: &Task,
) -> Result<Option<Estimated>> {
    let rows: Vec<u32> = (0..arm.len() as u32).filter(|row| arm[*row as usize] != NO_ARM).collect();
    let own: Vec<u16> = rows.iter().map(|row| arm[*row as usize]).collect();
    let mut counts = vec![0u64; names.len()];
    own.iter().for_each(|arm| counts[usize::from(*arm)] += 1);
    let arms: Vec<u16> = (0..names.len() as u16).filter(|arm| counts[usize::from(*arm)] > 0).collect();
    // The first of the most frequent ones.
    let reference = arms.iter().copied().min_by_key(|arm| std::cmp::Reverse(counts[usize::from(*arm)]));
    let (Some(reference), 2..=MOST_ARMS) = (reference, arms.len()) else { return Ok(None) };
    task.stage("Estimating how history chose")?;
    let design = Design::new(dataset, roles, &rows, Style::Standardised, PARTS, SEED)?;
    if design.inputs() == 0 {
        return Ok(None);
    }
    let others: Vec<u16> = arms.iter().copied().filter(|arm| *arm != reference).collect();
    let jobs: Vec<(u32, u16)> = (0..PARTS).flat_map(|part| others.iter().map(move |arm| (part, *arm))).collect();
    let fits = Fits::new(task, jobs.len());
    let models: Vec<Expectation> = jobs
        .par_iter()
        .enumerate()
        .map(|(job, &(part, arm))| {
            let pair = |i: &u32| [arm, reference].contains(&own[*i as usize]) && design.part[*i as usize] != part;
            let train: Vec<u32> = (0..rows.len() as u32).filter(pair).collect();
            let y: Vec<f64> = train.iter().map(|i| f64::from(u8::from(own[*i as usize] == arm))).collect();
            let hits = y.iter().sum::<f64>();
            let misses = y.len() as f64 - hits;
            if hits.min(misses) >= LEAST_ROWS as f64 {
                match design.fit(&Family::logistic(), Goal::Propensity, &train, &y, None, SEED, &fits.watch(job)) {
                    Ok(model) => return Ok(Expectation::Model(model)),
                    Err(error) if error.is_cancelled() => return Err(error),
                    Err(_) => {}
                }
            }
            // Too rare to be told apart: as often as it is, half a row added to both sides.
            Ok(Expectation::Constant(libm::log((hits + 0.5) / (misses + 0.5))))
        })
        .collect::<Result<_>>()?;
    let mut chances: Vec<Vec<f32>> = vec![vec![0.0; rows.len()]; arms.len()];
    for part in 0..PARTS {
        task.tick(part as f32 / PARTS as f32)?;
        let own: Vec<&Expectation> =
            jobs.iter().zip(&models).filter(|((p, _), _)| *p == part).map(|(_, m)| m).collect();
        for (at, margins) in design.predict(part, &own, true)? {
            for (n, i) in at.iter().enumerate() {
                softmax(&arms, reference, &others, |k| margins[k][n], |slot, p| chances[slot][*i as usize] = p as f32);
            }
        }
    }
    let slot = |arm: u16| arms.iter().position(|a| *a == arm).unwrap_or(0);
    let mut propensity = vec![f64::NAN; arm.len()];
    for (i, row) in rows.iter().enumerate() {
        propensity[*row as usize] = f64::from(chances[slot(own[i])][i]).max(CLIP);
    }
    let overlap = arms
        .iter()
        .zip(&chances)
        .map(|(arm, chances)| {
            let weights = || (0..rows.len()).filter(|i| own[*i] == *arm).map(|i| 1.0 / propensity[rows[i] as usize]);
            let (total, squares) = weights().fold((0.0, 0.0), |(a, b), w| (a + w, b + w * w));
            let mut sorted: Vec<f32> = chances.clone();
            sorted.sort_by(f32::total_cmp);
            let at = |q: f64| f64::from(sorted[((sorted.len() - 1) as f64 * q) as usize]);
            Overlap {
                arm: names[usize::from(*arm)].to_owned(),
                share: counts[usize::from(*arm)] as f64 / rows.len() as f64,
                low: at(0.01),
                median: at(0.5),
                high: at(0.99),
                rare: sorted.partition_point(|p| f64::from(*p) < CLIP) as f64 / sorted.len() as f64,
                mean_weight: total / rows.len() as f64,
                effective_sample_size: if squares > 0.0 { total * total / squares } else { 0.0 },
            }
        })
        .collect();
    Ok(Some(Estimated { propensity, overlap, inputs: design.inputs() }))
}

/// Probabilities of the arms from the log odds of all but one against it.
fn softmax(
    arms: &[u16],
    reference: u16,
    others: &[u16],
    margin: impl Fn(usize) -> f64,
    mut set: impl FnMut(usize, f64),
) {
    let odds =
        |arm: u16| if arm == reference { 0.0 } else { others.iter().position(|a| *a == arm).map_or(0.0, &margin) };
    let highest = arms.iter().map(|arm| odds(*arm)).fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = arms.iter().map(|arm| libm::exp(odds(*arm) - highest)).sum();
    for (slot, arm) in arms.iter().enumerate() {
        set(slot, libm::exp(odds(*arm) - highest) / total);
    }
}
