//! k nearest neighbours: the mean outcome of the rows learned from that are most alike (Fix & Hodges, 1951; Cover & Hart, 1967).
//!
//! Exact, by comparing with every row: with some tens of inputs a tree of points prunes nothing. Numbers are standardised and
//! categories 0 and 1, so that two other categories lie as far apart as two numbers at random. Rows tied for the last place share
//! it, so that the order of rows changes nothing.
//!
//! **It is a yardstick and never decides**: the model is the table of its rows, which are people. No policy holds it: training
//! refuses it with that reason, evaluation and leaderboards show it beside the others.

use super::learner::{Examples, Fitted, Learner, Watch};
use super::spec::Goal;
use crate::error::{Error, Result};
use crate::features::{Matrix, Style};
use crate::random::Random;
use crate::task::Task;
use attune_policy::model::{Function, Link};
use rayon::prelude::*;

/// Most rows that are kept to compare with; of more, a random sample.
pub const MOST_ROWS: usize = 20_000;

/// Rows asked about between two looks at the task.
const BLOCK: usize = 64;

/// The family's settings; see [`super::spec::Family::Neighbours`].
pub struct Neighbours {
    /// How many rows answer.
    pub neighbours: u32,
    /// Whether nearer rows weigh more, by one over their distance.
    pub by_distance: bool,
    /// Seed of the sample of a large table.
    pub seed: u64,
}

/// The rows, ready to compare with.
pub struct FittedNeighbours {
    inputs: usize,
    /// Row by row.
    points: Vec<f32>,
    outcomes: Vec<f64>,
    weights: Vec<f64>,
    neighbours: usize,
    by_distance: bool,
    goal: Goal,
    sampled_from: usize,
    spread: Vec<f64>,
    task: Task,
}

impl Learner for Neighbours {
    fn style(&self) -> Style {
        Style::Standardised
    }

    fn fit(&self, examples: &Examples<'_>, watch: &Watch<'_>) -> Result<Box<dyn Fitted>> {
        watch.at(0.0)?;
        let Examples { x, y, goal, .. } = *examples;
        let mut chosen: Vec<usize> = (0..x.rows()).filter(|row| examples.weight(*row) > 0.0).collect();
        let sampled_from = chosen.len();
        if chosen.len() > MOST_ROWS {
            let mut random = Random::stream(self.seed, 0x6E6E);
            for at in 0..MOST_ROWS {
                let other = at + random.below(chosen.len() - at);
                chosen.swap(at, other);
            }
            chosen.truncate(MOST_ROWS);
            chosen.sort_unstable();
        }
        let points: Vec<f32> = chosen.iter().flat_map(|&row| x.row(row)).map(|&x| x as f32).collect();
        let n = chosen.len().max(1) as f64;
        let spread = (0..x.inputs())
            .map(|input| {
                let of = || chosen.iter().map(|&row| x.row(row)[input]);
                let mean = of().sum::<f64>() / n;
                (of().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt()
            })
            .collect();
        watch.at(1.0)?;
        Ok(Box::new(FittedNeighbours {
            inputs: x.inputs(),
            points,
            outcomes: chosen.iter().map(|&row| y[row]).collect(),
            weights: chosen.iter().map(|&row| examples.weight(row)).collect(),
            neighbours: (self.neighbours as usize).min(chosen.len()),
            by_distance: self.by_distance,
            goal,
            sampled_from,
            spread,
            task: watch.task().clone(),
        }))
    }
}

impl FittedNeighbours {
    /// The weighted mean outcome of the rows nearest to `row`; `space` is scratch.
    fn answer(&self, row: &[f32], space: &mut (Vec<f32>, Vec<f32>)) -> f64 {
        let (distances, order) = space;
        distances.clear();
        distances.extend(self.points.chunks_exact(self.inputs.max(1)).map(|point| squared(point, row)));
        order.clone_from(distances);
        let Some(last) = self.neighbours.checked_sub(1).filter(|last| *last < order.len()) else { return f64::NAN };
        let farthest = *order.select_nth_unstable_by(last, f32::total_cmp).1;
        // Those at the very same place, when there are any, are infinitely near: they answer alone.
        let at_once = self.by_distance && distances.contains(&0.0);
        let farthest = if at_once { 0.0 } else { farthest };
        let (mut nearer, mut tied) = ([0.0; 3], [0.0; 3]);
        for ((&distance, &y), &weight) in distances.iter().zip(&self.outcomes).zip(&self.weights) {
            if distance > farthest {
                continue;
            }
            let weight = if self.by_distance && !at_once { weight / f64::from(distance).sqrt() } else { weight };
            let [rows, weights, sum] = if distance < farthest { &mut nearer } else { &mut tied };
            *rows += 1.0;
            *weights += weight;
            *sum += weight * y;
        }
        // The places that are left are shared by all that are tied for them.
        let share = if at_once { 1.0 } else { (self.neighbours as f64 - nearer[0]) / tied[0] };
        (nearer[2] + share * tied[2]) / (nearer[1] + share * tied[1])
    }
}

impl Fitted for FittedNeighbours {
    fn margins(&self, x: &Matrix) -> Result<Vec<f64>> {
        let width = self.inputs.max(1);
        let values: Vec<f32> = x.values().iter().map(|&x| x as f32).collect();
        let blocks: Vec<Vec<f64>> = values
            .par_chunks(BLOCK * width)
            .map(|rows| {
                if self.task.is_cancelled() {
                    return Err(Error::Cancelled);
                }
                let mut space = (Vec::new(), Vec::new());
                Ok(rows.chunks_exact(width).map(|row| self.answer(row, &mut space)).collect())
            })
            .collect::<Result<_>>()?;
        Ok(blocks.concat())
    }

    fn link(&self) -> Link {
        Link::Identity
    }

    /// Nothing that any policy takes: see the head of this file.
    fn lower(&self) -> Function {
        Function::Constant(f64::NAN)
    }

    fn weights(&self) -> Vec<f64> {
        self.spread.clone()
    }

    fn note(&self) -> Option<String> {
        let kept = self.outcomes.len();
        let what = if self.goal == Goal::Amount { "amounts" } else { "outcomes" };
        (self.sampled_from > kept)
            .then(|| format!("neighbours were looked for among {kept} of {} rows with known {what}", self.sampled_from))
    }
}

/// Squared distance, in eight sums side by side.
fn squared(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| (a - b) * (a - b)).sum();
    for (a, b) in a.zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += (a - b) * (a - b);
        }
    }
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
#[path = "neighbours_tests.rs"]
mod tests;
