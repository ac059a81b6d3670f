//! Growing one uplift tree: where to split so that the sides differ in effect, and what the effect of each leaf is.
//!
//! Trees are **honest** (Athey & Imbens, 2016): one half of the rows chooses the splits, the other gives the leaves their effects, so
//! that an effect is no winner of a search. A leaf where the second half is too small takes the effect of the node above it.
//! Splits are chosen by the squared effects less what their variance adds to them (the honest criterion of Athey & Imbens), or by how
//! far the outcomes of the arms diverge from the control's (Rzepakowski & Jaroszewicz, 2012), which for several arms sums them up
//! by their share of rows. Numbers are cut at up to [`CUTS`] quantiles.

use super::spec::{Growth, Split};
use crate::error::Result;
use crate::features::Matrix;
use crate::models::learner::Watch;
use crate::random::Random;
use attune_policy::model::Tree;

/// Most cuts of a number.
const CUTS: usize = 31;

/// Code of a missing number.
const MISSING: u8 = u8::MAX;

/// The inputs of a trial, cut into bins once for all trees.
pub struct Bins {
    /// Per input and row, how many cuts lie at or below the value.
    codes: Vec<Vec<u8>>,
    /// Per input, ascending; rounded to f32 as the policy's trees read numbers.
    cuts: Vec<Vec<f32>>,
}

/// Outcomes of the rows of a trial.
pub struct Outcomes<'a> {
    /// 0 for the control, else the number of the arm.
    pub arm: &'a [u32],
    /// What came of it.
    pub y: &'a [f64],
    /// Arms beside the control.
    pub arms: usize,
}

/// A tree with an effect of each arm in every leaf.
pub struct Grown {
    /// Nodes in the order of the policy's trees: leaves have no feature.
    tree: Tree,
    /// Per node and arm; read in leaves alone.
    effects: Vec<Vec<f64>>,
    /// Gain of the splits on each input.
    pub gains: Vec<f64>,
}

/// Count, sum and sum of squares of the outcomes of each arm, the control first.
#[derive(Clone, Debug, PartialEq)]
struct Sums(Vec<[f64; 3]>);

impl Sums {
    fn new(arms: usize) -> Sums {
        Sums(vec![[0.0; 3]; arms + 1])
    }

    fn add(&mut self, arm: u32, y: f64) {
        let [n, sum, squares] = &mut self.0[arm as usize];
        *n += 1.0;
        *sum += y;
        *squares += y * y;
    }

    fn plus(&mut self, other: &Sums) {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            own.iter_mut().zip(other).for_each(|(own, other)| *own += other);
        }
    }

    fn less(&self, other: &Sums) -> Sums {
        let difference = |(a, b): (&[f64; 3], &[f64; 3])| [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
        Sums(self.0.iter().zip(&other.0).map(difference).collect())
    }

    fn rows(&self) -> f64 {
        self.0.iter().map(|arm| arm[0]).sum()
    }

    /// Rows of the smallest arm.
    fn least(&self) -> f64 {
        self.0.iter().map(|arm| arm[0]).fold(f64::INFINITY, f64::min)
    }

    fn mean(&self, arm: usize) -> f64 {
        self.0[arm][1] / self.0[arm][0]
    }

    /// Variance of the mean of an arm.
    fn variance(&self, arm: usize) -> f64 {
        let [n, sum, squares] = self.0[arm];
        ((squares - sum * sum / n) / (n - 1.0).max(1.0) / n).max(0.0)
    }

    /// What a node is worth to a criterion; a split gains what its sides are worth more than the node.
    fn worth(&self, split: Split) -> f64 {
        let treated = self.rows() - self.0[0][0];
        let of = |arm: usize| {
            let share = self.0[arm][0] / treated;
            match split {
                Split::Effects => {
                    let effect = self.mean(arm) - self.mean(0);
                    effect * effect - 2.0 * (self.variance(arm) + self.variance(0))
                }
                Split::Euclid => share * (self.mean(arm) - self.mean(0)).powi(2),
                Split::KullbackLeibler => {
                    // One row of each outcome before any was seen: shares of 0 have no logarithm.
                    let rate = |arm: usize| (self.0[arm][1] + 1.0) / (self.0[arm][0] + 2.0);
                    let (p, q) = (rate(arm), rate(0));
                    share * (p * (p / q).ln() + (1.0 - p) * ((1.0 - p) / (1.0 - q)).ln())
                }
            }
        };
        self.rows() * (1..self.0.len()).map(of).sum::<f64>()
    }
}

/// A split of a node.
struct Cut {
    gain: f64,
    input: usize,
    /// Codes of at most this go left.
    code: u8,
    missing_left: bool,
}

impl Bins {
    /// Cuts every input of `x` at quantiles.
    pub fn new(x: &Matrix) -> Bins {
        let (mut codes, mut cuts) = (Vec::new(), Vec::new());
        for input in 0..x.inputs() {
            let values: Vec<f32> = (0..x.rows()).map(|row| x.row(row)[input] as f32).collect();
            let own = quantile_cuts(&values);
            let code = |x: &f32| if x.is_nan() { MISSING } else { own.partition_point(|cut| cut <= x) as u8 };
            codes.push(values.iter().map(code).collect());
            cuts.push(own);
        }
        Bins { codes, cuts }
    }
}

/// At most [`CUTS`] places between values that differ, at about even counts.
fn quantile_cuts(values: &[f32]) -> Vec<f32> {
    let mut sorted: Vec<f32> = values.iter().copied().filter(|x| x.is_finite()).collect();
    sorted.sort_by(f32::total_cmp);
    let mut cuts: Vec<f32> = Vec::new();
    let n = sorted.len();
    // A value that fills several quantiles has a cut on both sides: of few values, every one.
    let ends = (1..=CUTS).filter_map(|at| sorted.get(at * n / (CUTS + 1)).copied());
    let mut places: Vec<usize> = Vec::new();
    for value in ends {
        places.push(sorted.partition_point(|x| *x < value));
        places.push(sorted.partition_point(|x| *x <= value));
    }
    places.sort_unstable();
    places.dedup();
    for at in places.into_iter().filter(|at| *at > 0 && *at < n) {
        let (low, high) = (sorted[at - 1], sorted[at]);
        let middle = low + (high - low) / 2.0;
        cuts.push(if middle > low && middle <= high { middle } else { high });
    }
    cuts.dedup();
    while cuts.len() > CUTS {
        // Every other one of the most crowded: keeps the ends.
        let mut at = 0;
        cuts.retain(|_| {
            at += 1;
            at % 2 == 1
        });
    }
    cuts
}

/// Grows a tree on some of the rows; `structure` rows choose its splits, `estimation` rows its effects.
///
/// # Errors
/// When the task was cancelled.
pub fn grow(
    bins: &Bins,
    outcomes: &Outcomes<'_>,
    growth: &Growth,
    structure: Vec<u32>,
    estimation: Vec<u32>,
    random: &mut Random,
    watch: &Watch<'_>,
) -> Result<Grown> {
    let mut grown = Grown { tree: Tree::default(), effects: Vec::new(), gains: vec![0.0; bins.cuts.len()] };
    // Nodes in order: the rows of both halves, depth, and what stands in for their effects.
    let mut nodes = vec![(structure, estimation, 0, vec![0.0; outcomes.arms])];
    let mut at = 0;
    while at < nodes.len() {
        watch.check()?;
        let (structure, estimation, depth, above) = std::mem::take(&mut nodes[at]);
        at += 1;
        let mut found = Sums::new(outcomes.arms);
        estimation.iter().for_each(|&row| found.add(outcomes.arm[row as usize], outcomes.y[row as usize]));
        let effects: Vec<f64> = (1..=outcomes.arms)
            .map(|arm| {
                let enough = found.0[arm][0].min(found.0[0][0]) >= f64::from(growth.min_rows.max(2)) / 2.0;
                if enough { found.mean(arm) - found.mean(0) } else { above[arm - 1] }
            })
            .collect();
        let cut = match depth < growth.depth {
            true => best(bins, outcomes, growth, &structure, random),
            false => None,
        };
        let tree = &mut grown.tree;
        match cut {
            None => {
                tree.feature.push(-1);
                tree.threshold.push(0.0);
                tree.left.push(0);
                tree.right.push(0);
                tree.missing_left.push(false);
            }
            Some(cut) => {
                grown.gains[cut.input] += cut.gain;
                tree.feature.push(cut.input as i32);
                tree.threshold.push(bins.cuts[cut.input][usize::from(cut.code)]);
                tree.left.push(nodes.len() as u32);
                tree.right.push(nodes.len() as u32 + 1);
                tree.missing_left.push(cut.missing_left);
                let goes_left = |row: &u32| match bins.codes[cut.input][*row as usize] {
                    MISSING => cut.missing_left,
                    code => code <= cut.code,
                };
                let (left, right) = structure.into_iter().partition::<Vec<u32>, _>(goes_left);
                let (est_left, est_right) = estimation.into_iter().partition::<Vec<u32>, _>(goes_left);
                nodes.push((left, est_left, depth + 1, effects.clone()));
                nodes.push((right, est_right, depth + 1, effects.clone()));
            }
        }
        grown.effects.push(effects);
    }
    Ok(grown)
}

/// The split that gains most; `None` where none gains anything with enough rows of every arm on both sides.
fn best(bins: &Bins, outcomes: &Outcomes<'_>, growth: &Growth, rows: &[u32], random: &mut Random) -> Option<Cut> {
    let least = f64::from(growth.min_rows);
    let inputs = chosen(bins.cuts.len(), growth.column_share, random);
    let mut best: Option<Cut> = None;
    for input in inputs {
        let (codes, cuts) = (&bins.codes[input], &bins.cuts[input]);
        if cuts.is_empty() {
            continue;
        }
        let mut cells = vec![Sums::new(outcomes.arms); cuts.len() + 1];
        let mut missing = Sums::new(outcomes.arms);
        for &row in rows {
            let cell = match codes[row as usize] {
                MISSING => &mut missing,
                code => &mut cells[usize::from(code)],
            };
            cell.add(outcomes.arm[row as usize], outcomes.y[row as usize]);
        }
        let mut all = missing.clone();
        cells.iter().for_each(|cell| all.plus(cell));
        if all.least() < 2.0 * least {
            return None;
        }
        let whole = all.worth(growth.split);
        let sides: &[bool] = if missing.rows() > 0.0 { &[true, false] } else { &[true] };
        let mut left = Sums::new(outcomes.arms);
        for (code, cell) in cells[..cuts.len()].iter().enumerate() {
            left.plus(cell);
            for &missing_left in sides {
                let mut left = left.clone();
                if missing_left {
                    left.plus(&missing);
                }
                let right = all.less(&left);
                if left.least() < least || right.least() < least {
                    continue;
                }
                let gain = left.worth(growth.split) + right.worth(growth.split) - whole;
                if gain > best.as_ref().map_or(1e-12, |best| best.gain) {
                    best = Some(Cut { gain, input, code: code as u8, missing_left });
                }
            }
        }
    }
    best
}

/// A share of the inputs by chance, at least one, ascending.
fn chosen(inputs: usize, share: f64, random: &mut Random) -> Vec<usize> {
    let count = ((inputs as f64 * share).ceil() as usize).clamp(1, inputs.max(1)).min(inputs);
    let mut all: Vec<usize> = (0..inputs).collect();
    for at in 0..count {
        all.swap(at, at + random.below(inputs - at));
    }
    all.truncate(count);
    all.sort_unstable();
    all
}

impl Grown {
    /// The tree of one arm (from 0), its leaves `share` times their effects.
    pub fn of(&self, arm: usize, share: f64) -> Tree {
        let mut tree = self.tree.clone();
        for (node, feature) in self.tree.feature.iter().enumerate() {
            if *feature < 0 {
                tree.threshold[node] = (share * self.effects[node][arm]) as f32;
            }
        }
        tree
    }
}

#[cfg(test)]
#[path = "tests/growth.rs"]
mod tests;
