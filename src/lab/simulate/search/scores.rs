//! Doubly robust scores of every arm for every row: what trees are learned from, and what policies are valued by.
//!
//! Γ\[i, a\] = q(xᵢ, a) + 1\[Aᵢ = a\] (rᵢ − q(xᵢ, a)) / pᵢ (Robins, Rotnitzky & Zhao 1994; Zhou, Athey & Wager 2023). Rows that trees
//! learn from are expected by models of the other parts of them; held-out rows by models of all of those.

use super::stage::Ground;
use crate::data::Role;
use crate::error::Result;
use crate::features;
use crate::models::base;
use crate::models::learner::{Examples, Fits};
use crate::models::{Family, Goal};
use crate::simulate::log::DecisionLog;
use crate::simulate::replay::Replay;
use crate::simulate::values::Target;
use crate::task::Task;
use rayon::prelude::*;

/// Rows of an arm below which its outcome is expected to be the arm's mean.
const FEWEST: usize = 50;

/// Rows, and their scores.
#[derive(Clone, Debug, Default)]
pub(super) struct Scored {
    /// Positions in the dataset, ascending.
    pub rows: Vec<u32>,
    /// Γ of each row and arm of the log, row by row.
    pub scores: Vec<f64>,
    /// Number of arms.
    pub arms: usize,
    /// What followed in each row, in the unit of the objective.
    pub rewards: Vec<f64>,
    /// Subject of each row where subjects repeat.
    pub clusters: Option<Vec<u32>>,
}

impl Scored {
    /// Γ of an arm at a position among the rows.
    pub fn of(&self, at: usize, arm: u16) -> f64 {
        self.scores[at * self.arms + usize::from(arm)]
    }

    /// Σ_a π(a|x) Γ of a policy's decision at `position`, about the row at a place; NaN where the log cannot tell of most of it.
    pub fn expected(&self, at: usize, log: &DecisionLog, replay: &Replay, position: usize) -> f64 {
        let row = self.rows[at] as usize;
        let odds = replay.odds(log, row, position);
        if odds.beyond() >= 0.5 {
            return f64::NAN;
        }
        if replay.leaves_nothing_to_chance(position) {
            return self.of(at, replay.arm[position]);
        }
        let possible = (0..self.arms as u16).map(|arm| (arm, replay.probability(position, arm)));
        let known = possible.filter(|(arm, p)| *p > 0.0 && log.allows(row, *arm));
        known.map(|(arm, p)| p * self.of(at, arm)).sum::<f64>() / (1.0 - odds.beyond())
    }
}

/// Scores of the rows to learn from and of the held-out rows. `reward` is the objective by row of the dataset; a
/// model of an arm learns what it is in the rows that got the arm.
///
/// # Errors
/// When a learner fails or the task is cancelled.
pub(super) fn scores(ground: &Ground<'_>, reward: &[f64], task: &Task) -> Result<[Scored; 2]> {
    let Ground { dataset, roles, log, learn, held_out, part, options, .. } = ground;
    let seed = options.seed;
    let both = |rows: &[u32]| rows.iter().all(|row| matches!(reward[*row as usize], 0.0 | 1.0));
    let (family, goal) = match both(learn.as_slice()) {
        true => (Family::logistic(), Goal::Propensity),
        false => (Family::linear(), Goal::Amount),
    };
    let open = |name: &str| matches!(roles.role(name), Role::Feature | Role::Context);
    let fields: Vec<&str> = dataset.columns().iter().map(|c| c.name.as_str()).filter(|name| open(name)).collect();
    let inputs = features::fit(dataset, learn, &fields, base::style(&family))?.inputs;
    let categories = base::categories(&inputs);
    let x = features::matrix(dataset, learn, &inputs)?;
    let x_held_out = features::matrix(dataset, held_out, &inputs)?;
    let parts = part.iter().max().map_or(0, |most| most + 1);
    let arms = log.arms.len();
    task.stage(&format!("Expecting outcomes of {arms} arms"))?;
    let jobs: Vec<(u16, Option<u32>)> =
        (0..arms as u16).flat_map(|arm| (0..parts).map(Some).chain([None]).map(move |part| (arm, part))).collect();
    let fits = Fits::new(task, jobs.len());
    let expected: Vec<(Vec<u32>, Vec<f64>)> = jobs
        .par_iter()
        .enumerate()
        .map(|(job, (arm, own))| {
            let of_arm = |at: &u32| log.arm[learn[*at as usize] as usize] == *arm;
            let train: Vec<u32> = (0..learn.len() as u32)
                .filter(|at| of_arm(at) && own.is_none_or(|own| part[*at as usize] != own))
                .collect();
            let y: Vec<f64> = train.iter().map(|at| reward[learn[*at as usize] as usize]).collect();
            let test: Vec<u32> = match own {
                Some(own) => (0..learn.len() as u32).filter(|at| part[*at as usize] == *own).collect(),
                None => (0..held_out.len() as u32).collect(),
            };
            let mean = y.iter().sum::<f64>() / y.len().max(1) as f64;
            let differ = y.iter().any(|x| *x != y[0]);
            if y.len() < FEWEST || !differ || inputs.is_empty() {
                return Ok((test.clone(), vec![mean; test.len()]));
            }
            let chosen = x.select(&train);
            let examples = Examples { categories: &categories, ..Examples::new(&chosen, &y, goal) };
            let fitted = base::fit(&family, &examples, seed, &fits.watch(job))?;
            let asked = if own.is_some() { &x.select(&test) } else { &x_held_out };
            Ok((test, fitted.predict(asked)?))
        })
        .collect::<Result<_>>()?;
    let scored = |rows: &[u32], own: bool| {
        let mut scores = vec![0.0; rows.len() * arms];
        for ((arm, part), (test, q)) in jobs.iter().zip(&expected).filter(|((_, part), _)| part.is_some() == own) {
            debug_assert!(part.is_some() == own);
            test.iter().zip(q).for_each(|(at, q)| scores[*at as usize * arms + usize::from(*arm)] = *q);
        }
        for (at, row) in rows.iter().map(|row| *row as usize).enumerate() {
            let score = &mut scores[at * arms + usize::from(log.arm[row])];
            *score += (reward[row] - *score) / log.propensity[row];
        }
        Scored {
            rows: rows.to_vec(),
            scores,
            arms,
            rewards: rows.iter().map(|row| reward[*row as usize]).collect(),
            clusters: log.clusters.as_ref().map(|c| rows.iter().map(|row| c[*row as usize]).collect()),
        }
    };
    Ok([scored(learn.as_slice(), true), scored(held_out.as_slice(), false)])
}
