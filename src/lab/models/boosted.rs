//! Gradient-boosted trees on the log loss or, for amounts, the squared error, by hessboost. Missing numbers stay missing; trees learn where to send them.
//!
//! Inputs are rounded to f32, margins are summed in f32 in tree order: the lowered trees repeat both exactly.

use super::learner::{Examples, Fitted, Learner, Watch};
use super::spec::Goal;
use crate::error::{Error, Result};
use crate::features::{Matrix, Style};
use attune_policy::model::{Function, Link, Tree};
use hessboost::config::{Monotone, TrainingParams, TrainingParamsBuilder};
use hessboost::data::DMatrix;
use hessboost::error::HessboostError;
use hessboost::model::{BoostedModel, ImportanceType, Iterations};
use hessboost::objective::{Objective, RegLoss};
use hessboost::training::Trainer;
use hessboost::tree::RegTree;
use std::ops::ControlFlow;

/// The family's settings; see [`super::spec::Family::Boosted`].
pub struct Boosted {
    /// Number of trees.
    pub trees: u32,
    /// Splits on the longest path.
    pub depth: u32,
    /// Share of each step.
    pub learning_rate: f64,
    /// Least curvature on each side of a split.
    pub min_child_weight: f64,
    /// Share of rows per tree.
    pub subsample: f64,
    /// Share of inputs per tree.
    pub column_sample: f64,
    /// Penalty on leaf values.
    pub l2: f64,
    /// Seed of the samples.
    pub seed: u64,
}

/// The fitted ensemble.
pub struct FittedBoosted {
    model: BoostedModel,
    inputs: usize,
    link: Link,
}

impl Learner for Boosted {
    fn style(&self) -> Style {
        Style::Raw
    }

    fn fit(&self, examples: &Examples<'_>, watch: &Watch<'_>) -> Result<Box<dyn Fitted>> {
        let (objective, link) = objective(examples.goal);
        let data = labelled(examples).map_err(failed)?;
        let model = grow(&data, self.trees, watch, |nudge| {
            settings(examples, &objective, self.learning_rate, self.seed)
                .max_depth(self.depth as usize)
                .min_child_weight(self.min_child_weight)
                .subsample(self.subsample)
                .colsample_bytree(self.column_sample)
                .lambda(self.l2 + nudge)
        })?;
        Ok(Box::new(FittedBoosted { model, inputs: examples.x.inputs(), link }))
    }
}

/// What the settings of boosted trees and of explainable boosting machines share.
pub(super) fn settings(
    examples: &Examples<'_>,
    objective: &Objective,
    learning_rate: f64,
    seed: u64,
) -> TrainingParamsBuilder {
    TrainingParams::builder()
        .objective(objective.clone())
        .eta(learning_rate)
        .monotone_constraints(monotone(examples))
        .seed(seed)
}

/// Trains by so many rounds, and can stop after each. `settings` are given a small penalty to add: see [`steady`].
pub(super) fn grow(
    data: &DMatrix,
    rounds: u32,
    watch: &Watch<'_>,
    settings: impl Fn(f64) -> TrainingParamsBuilder,
) -> Result<BoostedModel> {
    steady(|nudge| {
        let params = settings(nudge).build().map_err(failed)?;
        let mut stopped = Ok(());
        let trained = Trainer::new(&params, data, rounds as usize)
            .on_round(|round| {
                stopped = watch.at((round.iteration() + 1) as f32 / rounds as f32);
                if stopped.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })
            .train();
        stopped?;
        Ok(trained.map_err(failed)?.model)
    })
}

/// Runs a fit that may panic, again with a penalty nudged by a ten-thousandth when it does: where a direction pinches a leaf
/// between two bounds, rounding in hessboost 0.4 can put the lower above the upper, which it does not survive.
fn steady<T>(fit: impl Fn(f64) -> Result<T>) -> Result<T> {
    for attempt in 0..4 {
        let nudge = 1e-4 * f64::from(attempt);
        if let Ok(result) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| fit(nudge))) {
            return result;
        }
    }
    Err(Error::new("the trees could not be held to the directions of their columns").hint("take a direction out"))
}

impl Fitted for FittedBoosted {
    fn margins(&self, x: &Matrix) -> Result<Vec<f64>> {
        if x.rows() == 0 {
            return Ok(Vec::new());
        }
        let margins = dense(x).and_then(|data| self.model.predict_margin(&data, Iterations::Best)).map_err(failed)?;
        Ok(margins.as_slice().iter().map(|&z| f64::from(z)).collect())
    }

    fn link(&self) -> Link {
        self.link
    }

    fn lower(&self) -> Function {
        let trees = self.model.trees().iter().zip(self.model.tree_weights());
        Function::Trees {
            base: self.model.base_score(),
            trees: trees.map(|(tree, weight)| lower(tree, weight)).collect(),
            link: self.link,
        }
    }

    fn weights(&self) -> Vec<f64> {
        let gains = self.model.feature_importance(ImportanceType::TotalGain);
        (0..self.inputs).map(|input| gains.get(&input).copied().unwrap_or(0.0)).collect()
    }
}

/// The loss, and the link from margins to predictions.
pub(super) fn objective(goal: Goal) -> (Objective, Link) {
    match goal {
        Goal::Propensity => (Objective::BinaryLogistic(RegLoss::default()), Link::Logistic),
        Goal::Amount => (Objective::SquaredError(RegLoss::default()), Link::Identity),
    }
}

/// The directions of the inputs as the learner takes them.
fn monotone(examples: &Examples<'_>) -> Vec<Monotone> {
    let direction = |sign: &i8| match sign {
        1 => Monotone::Increasing,
        -1 => Monotone::Decreasing,
        _ => Monotone::None,
    };
    examples.monotone.iter().map(direction).collect()
}

/// Numbers are kept this near to 0, so that the learner's bounds, up to twice as far, stay finite in f32.
const FARTHEST: f32 = 1e38;

/// The rows with their targets and weights.
pub(super) fn labelled(examples: &Examples<'_>) -> hessboost::error::Result<DMatrix> {
    let single = |values: &[f64]| -> Vec<f32> { values.iter().map(|&x| x as f32).collect() };
    let data = dense(examples.x)?.with_labels(&single(examples.y))?;
    match examples.weights {
        Some(weights) => data.with_weights(&single(weights)),
        None => Ok(data),
    }
}

/// The rows as the learner takes them.
pub(super) fn dense(x: &Matrix) -> hessboost::error::Result<DMatrix> {
    DMatrix::from_dense_vec(rounded(x).collect(), x.rows(), x.inputs())
}

/// Every value as the learner and the policy's trees see it.
pub(super) fn rounded(x: &Matrix) -> impl Iterator<Item = f32> {
    x.values().iter().map(|&x| if x.is_nan() { f32::NAN } else { (x as f32).clamp(-FARTHEST, FARTHEST) })
}

/// The reachable nodes of a tree in arrays, the root first, each parent before its children.
pub(super) fn lower(tree: &RegTree, weight: f32) -> Tree {
    let nodes = tree.nodes();
    let mut order = vec![0_usize];
    let mut out = Tree::default();
    let mut next = 0;
    while let Some(node) = order.get(next).and_then(|&at| nodes.get(at)) {
        if node.is_leaf() {
            out.feature.push(-1);
            out.threshold.push(weight * node.leaf_value);
            out.left.push(0);
            out.right.push(0);
            out.missing_left.push(false);
        } else {
            out.feature.push(node.split_feature as i32);
            out.threshold.push(node.split_cond);
            out.left.push(order.len() as u32);
            out.right.push(order.len() as u32 + 1);
            out.missing_left.push(node.default_left);
            order.extend([node.left as usize, node.right as usize]);
        }
        next += 1;
    }
    out
}

pub(super) fn failed(error: HessboostError) -> Error {
    Error::new(format!("trees could not be trained: {error}"))
}

#[cfg(test)]
#[path = "boosted_tests.rs"]
mod tests;
