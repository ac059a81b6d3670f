//! Random forests and single trees by squared error: of 0 and 1, a leaf's mean is a probability (Breiman, 2001).
//!
//! Grown by hessboost, whose trees take missing values and weights, bin numbers once and give their nodes away; smartcore's
//! forest does none of this, and is several times slower. Each tree sees a random 63.2 % of the rows (what a
//! bootstrap sample holds) and each split a random share of the inputs. Trees are grown in small batches, so that a fit can
//! stop between them.

use super::boosted::{failed, labelled, lower, rounded};
use super::learner::{Examples, Fitted, Watch};
use super::spec::Goal;
use crate::error::Result;
use crate::features::Matrix;
use attune_policy::model::{Function, Link, Tree};
use hessboost::config::TrainingParams;
use hessboost::model::{BoostedModel, ImportanceType};
use hessboost::objective::{Objective, RegLoss};
use hessboost::training::Trainer;
use std::borrow::Borrow;

/// Trees per batch.
const BATCH: u32 = 4;

/// Share of rows that a bootstrap sample of the same size holds: 1 − 1/e.
const SAMPLE: f64 = 0.632;

/// What trees are grown by.
pub struct Growth {
    /// Number of trees; one sees all rows and inputs.
    pub trees: u32,
    /// Splits on the longest path.
    pub depth: u32,
    /// Least weight of rows in a leaf, where the mean row weighs 1.
    pub min_rows: f64,
    /// Share of inputs tried at each split.
    pub column_sample: f64,
    /// Seed of the samples.
    pub seed: u64,
}

/// Trees whose mean predicts.
pub struct FittedForest {
    /// Batches of the learner's own.
    batches: Vec<BoostedModel>,
    base: f32,
    /// What each tree counts: one by their number.
    share: f32,
    inputs: usize,
}

impl Growth {
    /// Grows the trees.
    ///
    /// # Errors
    /// When cancelled, or the learner refuses the settings.
    pub fn fit(&self, examples: &Examples<'_>, watch: &Watch<'_>) -> Result<FittedForest> {
        // Weights around 1, so that `min_rows` means rows whatever they were scaled by.
        let mean = examples.weights.map_or(1.0, |w| w.iter().sum::<f64>() / w.len().max(1) as f64);
        let weights: Option<Vec<f64>> = examples.weights.map(|w| w.iter().map(|w| w / mean).collect());
        let examples = Examples { weights: weights.as_deref(), ..*examples };
        let data = labelled(&examples).map_err(failed)?;
        // Leaves of probabilities are means of 0 and 1 as they are; those of amounts are kept small around their mean.
        let base = if examples.goal == Goal::Amount { examples.mean() as f32 } else { 0.0 };
        let alone = self.trees == 1;
        let mut batches = Vec::new();
        let mut done = 0;
        while done < self.trees {
            watch.at(done as f32 / self.trees as f32)?;
            let size = BATCH.min(self.trees - done);
            let params = TrainingParams::builder()
                .objective(Objective::SquaredError(RegLoss::default()))
                .base_score(f64::from(base))
                .num_parallel_tree(size as usize)
                .eta(f64::from(size))
                .lambda(0.0)
                .max_depth(self.depth as usize)
                .min_child_weight(self.min_rows)
                .subsample(if alone { 1.0 } else { SAMPLE })
                .colsample_bynode(if alone { 1.0 } else { self.column_sample })
                .seed(self.seed.wrapping_mul(1_000_003).wrapping_add(u64::from(done)))
                .build()
                .map_err(failed)?;
            batches.push(Trainer::new(&params, &data, 1).train().map_err(failed)?.model);
            done += size;
        }
        watch.at(1.0)?;
        // A little less than one by their number: rounding must not lift a probability above 1.
        let share = if examples.goal == Goal::Amount { 1.0 } else { 1.0 - 1e-6 } / self.trees as f32;
        Ok(FittedForest { batches, base, share, inputs: examples.x.inputs() })
    }
}

impl FittedForest {
    fn trees(&self) -> impl Iterator<Item = Tree> {
        self.batches.iter().flat_map(|batch| batch.trees().iter().map(|tree| lower(tree, self.share)))
    }
}

impl Fitted for FittedForest {
    /// By the lowered trees, added as the policy adds them: batches of the learner's own cannot be added in f32 alike.
    fn margins(&self, x: &Matrix) -> Result<Vec<f64>> {
        Ok(sums(self.base, self.trees(), x))
    }

    fn link(&self) -> Link {
        Link::Identity
    }

    fn lower(&self) -> Function {
        Function::Trees { base: self.base, trees: self.trees().collect(), link: Link::Identity }
    }

    fn weights(&self) -> Vec<f64> {
        let mut weights = vec![0.0; self.inputs];
        for batch in &self.batches {
            for (input, gain) in batch.feature_importance(ImportanceType::TotalGain) {
                weights[input] += gain;
            }
        }
        weights
    }
}

/// Sums of trees as the policy adds them: inputs rounded to f32, leaves in f32 in the order of the trees.
pub(super) fn sums(base: f32, trees: impl Iterator<Item = impl Borrow<Tree>>, x: &Matrix) -> Vec<f64> {
    let mut sums = vec![base; x.rows()];
    let (inputs, values): (usize, Vec<f32>) = (x.inputs(), rounded(x).collect());
    for tree in trees {
        for (row, sum) in sums.iter_mut().enumerate() {
            *sum += leaf(tree.borrow(), &values[row * inputs..][..inputs]);
        }
    }
    sums.into_iter().map(f64::from).collect()
}

/// The value of the leaf a row falls into.
fn leaf(tree: &Tree, row: &[f32]) -> f32 {
    let mut at = 0;
    while let Ok(feature) = usize::try_from(tree.feature[at]) {
        let x = row[feature];
        let left = if x.is_nan() { tree.missing_left[at] } else { x < tree.threshold[at] };
        at = if left { tree.left[at] } else { tree.right[at] } as usize;
    }
    tree.threshold[at]
}

#[cfg(test)]
#[path = "forest_tests.rs"]
mod tests;
