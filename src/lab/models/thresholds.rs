//! What a score threshold does: who is picked, how many of them rightly, and what that costs.

use super::metrics::{ascending, ties};
use serde::{Deserialize, Serialize};

/// Most thresholds of a table.
pub const THRESHOLDS: usize = 100;

/// Counts of rows when those that score at least the threshold are picked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confusion {
    /// Rows that score this or more are picked.
    pub threshold: f64,
    /// Picked, and the outcome happened.
    pub true_positives: u64,
    /// Picked, and it did not.
    pub false_positives: u64,
    /// Not picked, though it happened.
    pub false_negatives: u64,
    /// Not picked, and it did not happen.
    pub true_negatives: u64,
}

/// What one row of each kind costs; what earns is negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Costs {
    /// Of a row picked rightly.
    pub true_positive: f64,
    /// Of a row picked wrongly.
    pub false_positive: f64,
    /// Of a row missed.
    pub false_negative: f64,
    /// Of a row left out rightly.
    pub true_negative: f64,
}

impl Confusion {
    /// Share of the picked in whom the outcome happened; 0 when nobody is picked.
    pub fn precision(&self) -> f64 {
        share(self.true_positives, self.true_positives + self.false_positives)
    }

    /// Share of the outcomes that are picked; 0 when there are none.
    pub fn recall(&self) -> f64 {
        share(self.true_positives, self.true_positives + self.false_negatives)
    }

    /// Share of the rows without the outcome that are not picked; 0 when there are none.
    pub fn specificity(&self) -> f64 {
        share(self.true_negatives, self.true_negatives + self.false_positives)
    }

    /// Harmonic mean of precision and recall; 0 when both are.
    pub fn f1(&self) -> f64 {
        share(2 * self.true_positives, 2 * self.true_positives + self.false_positives + self.false_negatives)
    }

    /// Rows picked.
    pub fn picked(&self) -> u64 {
        self.true_positives + self.false_positives
    }

    /// All rows.
    pub fn rows(&self) -> u64 {
        self.picked() + self.false_negatives + self.true_negatives
    }

    /// What all rows cost together.
    pub fn cost(&self, costs: &Costs) -> f64 {
        self.true_positives as f64 * costs.true_positive
            + self.false_positives as f64 * costs.false_positive
            + self.false_negatives as f64 * costs.false_negative
            + self.true_negatives as f64 * costs.true_negative
    }
}

fn share(part: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { part as f64 / all as f64 }
}

/// Counts at one threshold, for probabilities `p` of labels `y`, of equal length.
pub fn confusion(p: &[f64], y: &[bool], threshold: f64) -> Confusion {
    let mut counts = Confusion { threshold, ..Confusion::default() };
    for (p, y) in p.iter().zip(y) {
        *match (*p >= threshold, y) {
            (true, true) => &mut counts.true_positives,
            (true, false) => &mut counts.false_positives,
            (false, true) => &mut counts.false_negatives,
            (false, false) => &mut counts.true_negatives,
        } += 1;
    }
    counts
}

/// Counts at distinct scores from the highest down, thinned evenly to [`THRESHOLDS`]; the last picks everybody.
pub fn thresholds(p: &[f64], y: &[bool]) -> Vec<Confusion> {
    let all = every(p, y);
    if all.len() <= THRESHOLDS {
        return all;
    }
    (1..=THRESHOLDS).map(|i| all[i * all.len() / THRESHOLDS - 1]).collect()
}

/// The threshold, among all scores, of least cost; of equal ones the highest. `None` when picking nobody costs less than any,
/// or there is no row.
pub fn cheapest(p: &[f64], y: &[bool], costs: &Costs) -> Option<Confusion> {
    let nobody = confusion(p, y, f64::INFINITY).cost(costs);
    let mut best: Option<Confusion> = None;
    for counts in every(p, y) {
        if counts.cost(costs) < best.map_or(nobody, |best| best.cost(costs)) {
            best = Some(counts);
        }
    }
    best
}

/// Counts at every distinct score, the highest first.
fn every(p: &[f64], y: &[bool]) -> Vec<Confusion> {
    let order = ascending(p);
    let positives = y.iter().filter(|&&y| y).count() as u64;
    let negatives = y.len() as u64 - positives;
    let (mut hits, mut alarms) = (0, 0);
    let mut all = Vec::new();
    for run in ties(p, &order).into_iter().rev() {
        let threshold = p[order[run.start] as usize];
        let (size, found) = (run.len() as u64, run.filter(|&i| y[order[i] as usize]).count() as u64);
        hits += found;
        alarms += size - found;
        all.push(Confusion {
            threshold,
            true_positives: hits,
            false_positives: alarms,
            false_negatives: positives - hits,
            true_negatives: negatives - alarms,
        });
    }
    all
}

#[cfg(test)]
#[path = "thresholds_tests.rs"]
mod tests;
