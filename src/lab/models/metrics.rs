//! Numbers that say how good predicted probabilities are, each with its definition. Ties never depend on row order.

use super::report::{BrierParts, Estimate, Quality};

/// A metric's name and meaning, shown beside its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Field of [`Quality`] or of a decile.
    pub id: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// Exact definition.
    pub text: &'static str,
}

/// Every metric printed about a propensity model.
pub const DEFINITIONS: &[Definition] = &[
    Definition {
        id: "auc",
        name: "ROC AUC",
        text: "Probability that a random row with the outcome scores above a random row without it, ties counting one half; 95 % interval by DeLong",
    },
    Definition {
        id: "log_loss",
        name: "Log loss",
        text: "Mean of −ln(p) where the outcome happened and −ln(1 − p) where it did not, p clipped to [1e-15, 1 − 1e-15]; lower is better",
    },
    Definition {
        id: "average_precision",
        name: "PR AUC",
        text: "Average precision: Σ over falling distinct scores of (recall gained) · precision; the base rate when scores tell nothing",
    },
    Definition { id: "brier", name: "Brier score", text: "Mean of (p − outcome)²; lower is better" },
    Definition {
        id: "brier_parts",
        name: "Brier decomposition",
        text: "Brier score = reliability − resolution + uncertainty + within (Murphy, 1973; Stephenson et al., 2008), over ten bins of equal count: reliability is the mean squared gap of mean prediction and rate, resolution the variance of the rates, uncertainty that of the outcome, within what predictions of one bin differ by",
    },
    Definition {
        id: "ece_uniform",
        name: "ECE (10 uniform bins)",
        text: "Expected calibration error: |mean predicted − observed rate|, averaged over ten bins of equal width, weighted by rows; lower is better",
    },
    Definition {
        id: "ece_quantile",
        name: "ECE (10 quantile bins)",
        text: "Expected calibration error over ten bins of equal count, tied predictions kept together; lower is better",
    },
    Definition {
        id: "ks",
        name: "KS",
        text: "Kolmogorov–Smirnov: largest difference between true-positive and false-positive rate over all thresholds",
    },
    Definition {
        id: "precision",
        name: "Precision",
        text: "Share of the rows at or above a threshold in which the outcome happened",
    },
    Definition { id: "recall", name: "Recall", text: "Share of the outcomes that lie at or above a threshold" },
    Definition { id: "f1", name: "F1", text: "Harmonic mean of precision and recall at a threshold" },
    Definition { id: "lift", name: "Lift", text: "Outcome rate of the tenth divided by the outcome rate of all rows" },
    Definition {
        id: "gain",
        name: "Gain",
        text: "Share of all outcomes that fall in this tenth of the scores or a higher one",
    },
    Definition {
        id: "auc_drop",
        name: "Permutation importance",
        text: "Mean drop of AUC (of an amount: R²) on out-of-fold rows when the column's values are shuffled among them",
    },
    Definition {
        id: "rmse",
        name: "RMSE",
        text: "Root of the mean of (prediction − amount)², in units of the amount; lower is better; 95 % interval by the delta method",
    },
    Definition {
        id: "mae",
        name: "MAE",
        text: "Mean of |prediction − amount|, in units of the amount; lower is better; normal 95 % interval",
    },
    Definition {
        id: "r2",
        name: "R²",
        text: "1 − Σ (amount − prediction)² / Σ (amount − mean amount)²; 95 % interval by the delta method",
    },
    Definition { id: "bias", name: "Bias", text: "Mean prediction less mean amount; normal 95 % interval" },
];

/// The definition called `id`.
pub fn definition(id: &str) -> Option<&'static Definition> {
    DEFINITIONS.iter().find(|d| d.id == id)
}

/// Every number of [`Quality`] for probabilities `p` of labels `y`, of equal length. Where one class is absent the AUC is 0.5.
pub fn quality(p: &[f64], y: &[bool]) -> Quality {
    let order = ascending(p);
    Quality {
        auc: auc_interval(p, y),
        average_precision: average_precision(p, y, &order),
        log_loss: log_loss(p, y),
        brier: brier(p, y),
        brier_parts: brier_parts(&quantile_bins(p, &order, 10), p, y),
        ece_uniform: ece(&uniform_bins(p, 10), p, y),
        ece_quantile: ece(&quantile_bins(p, &order, 10), p, y),
        ks: ks(p, y, &order),
    }
}

/// Row numbers by rising prediction.
pub(crate) fn ascending(p: &[f64]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..p.len() as u32).collect();
    order.sort_by(|&a, &b| p[a as usize].total_cmp(&p[b as usize]));
    order
}

/// Runs of equal predictions in `order`, as ranges of it.
pub(crate) fn ties(p: &[f64], order: &[u32]) -> Vec<std::ops::Range<usize>> {
    let mut runs = Vec::new();
    let mut start = 0;
    for i in 1..=order.len() {
        if i == order.len() || p[order[i] as usize] != p[order[start] as usize] {
            runs.push(start..i);
            start = i;
        }
    }
    runs
}

/// Area under the ROC curve; 0.5 when one class is absent.
pub fn auc(p: &[f64], y: &[bool]) -> f64 {
    let order = ascending(p);
    let positives = y.iter().filter(|&&y| y).count() as f64;
    let negatives = y.len() as f64 - positives;
    if positives == 0.0 || negatives == 0.0 {
        return 0.5;
    }
    let (mut area, mut below) = (0.0, 0.0);
    for run in ties(p, &order) {
        let size = run.len() as f64;
        let hits = run.filter(|&i| y[order[i] as usize]).count() as f64;
        area += hits * (below + 0.5 * (size - hits));
        below += size - hits;
    }
    area / (positives * negatives)
}

/// AUC with DeLong's 95 % interval (Sun and Xu's midrank form), clipped to [0, 1].
pub fn auc_interval(p: &[f64], y: &[bool]) -> Estimate {
    let Some((value, (v10, v01))) = components(p, y) else {
        return Estimate { value: 0.5, low: 0.0, high: 1.0 };
    };
    let spread = (variance(&v10) / v10.len() as f64 + variance(&v01) / v01.len() as f64).sqrt();
    Estimate { value, low: (value - Z95 * spread).max(0.0), high: (value + Z95 * spread).min(1.0) }
}

/// For each row with the outcome, then for each row without it, the share of the other class it is ordered rightly against; ties
/// count one half.
pub(crate) fn placements(p: &[f64], y: &[bool]) -> (Vec<f64>, Vec<f64>) {
    let of = |class: bool| -> Vec<f64> { p.iter().zip(y).filter(|(_, y)| **y == class).map(|(p, _)| *p).collect() };
    let (positive, negative) = (of(true), of(false));
    let (m, n) = (positive.len() as f64, negative.len() as f64);
    let all: Vec<f64> = positive.iter().chain(&negative).copied().collect();
    let (all, own, other) = (midranks(&all), midranks(&positive), midranks(&negative));
    let (above, below) = all.split_at(positive.len());
    let v10 = above.iter().zip(&own).map(|(all, own)| (all - own) / n).collect();
    let v01 = below.iter().zip(&other).map(|(all, own)| 1.0 - (all - own) / m).collect();
    (v10, v01)
}

/// AUC and the placements behind it; `None` when a class is absent.
#[expect(clippy::type_complexity, reason = "a number and its parts by class")]
fn components(p: &[f64], y: &[bool]) -> Option<(f64, (Vec<f64>, Vec<f64>))> {
    let (v10, v01) = placements(p, y);
    let present = !v10.is_empty() && !v01.is_empty();
    present.then(|| (v10.iter().sum::<f64>() / v10.len() as f64, (v10, v01)))
}

/// AUC of `a` less that of `b` on the same rows, with DeLong's 95 % interval of the paired difference; 0 with the widest
/// interval when a class is absent.
pub fn auc_difference(a: &[f64], b: &[f64], y: &[bool]) -> Estimate {
    let (Some((of_a, with_a)), Some((of_b, with_b))) = (components(a, y), components(b, y)) else {
        return Estimate { value: 0.0, low: -1.0, high: 1.0 };
    };
    let less = |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a - b).collect() };
    let (v10, v01) = (less(&with_a.0, &with_b.0), less(&with_a.1, &with_b.1));
    let spread = (variance(&v10) / v10.len() as f64 + variance(&v01) / v01.len() as f64).sqrt();
    let value = of_a - of_b;
    Estimate { value, low: value - Z95 * spread, high: value + Z95 * spread }
}

/// 97.5 % point of the normal distribution.
pub(super) use crate::distributions::Z95;

/// Ranks from 1, the mean rank for ties.
fn midranks(x: &[f64]) -> Vec<f64> {
    let order = ascending(x);
    let mut ranks = vec![0.0; x.len()];
    for run in ties(x, &order) {
        let rank = (run.start + 1 + run.end) as f64 / 2.0;
        for i in run {
            ranks[order[i] as usize] = rank;
        }
    }
    ranks
}

/// Variance with n − 1; 0 for fewer than two values.
fn variance(x: &[f64]) -> f64 {
    if x.len() < 2 {
        return 0.0;
    }
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (x.len() - 1) as f64
}

/// Mean negative log likelihood, clipped at 1e-15; 0 for no rows.
pub fn log_loss(p: &[f64], y: &[bool]) -> f64 {
    mean(p.iter().zip(y).map(|(&p, &y)| {
        let p = p.clamp(1e-15, 1.0 - 1e-15);
        -if y { p } else { 1.0 - p }.ln()
    }))
}

/// Mean squared error of the probability; 0 for no rows.
pub fn brier(p: &[f64], y: &[bool]) -> f64 {
    mean(p.iter().zip(y).map(|(&p, &y)| {
        let error = p - f64::from(u8::from(y));
        error * error
    }))
}

/// Σ (recall gained) · precision over falling distinct scores; 0 when the outcome never happened.
fn average_precision(p: &[f64], y: &[bool], order: &[u32]) -> f64 {
    let positives = y.iter().filter(|&&y| y).count() as f64;
    if positives == 0.0 {
        return 0.0;
    }
    let (mut hits, mut picked, mut area) = (0.0, 0.0, 0.0);
    for run in ties(p, order).into_iter().rev() {
        picked += run.len() as f64;
        let found = run.filter(|&i| y[order[i] as usize]).count() as f64;
        hits += found;
        area += found / positives * (hits / picked);
    }
    area
}

/// The parts of the Brier score over bins of predictions.
fn brier_parts(bin: &[u32], p: &[f64], y: &[bool]) -> BrierParts {
    let n = p.len().max(1) as f64;
    let base = y.iter().filter(|&&y| y).count() as f64 / n;
    // Rows, predictions, outcomes.
    let mut sums = vec![[0.0; 3]; bin.iter().max().map_or(0, |&b| b as usize + 1)];
    for ((&bin, &p), &y) in bin.iter().zip(p).zip(y) {
        let sum = &mut sums[bin as usize];
        *sum = [sum[0] + 1.0, sum[1] + p, sum[2] + f64::from(u8::from(y))];
    }
    let mut parts = BrierParts { uncertainty: base * (1.0 - base), ..BrierParts::default() };
    for [rows, predicted, hits] in sums.iter().filter(|sum| sum[0] > 0.0) {
        let (gap, rate) = ((predicted - hits) / rows, hits / rows);
        parts.reliability += rows / n * gap * gap;
        parts.resolution += rows / n * (rate - base) * (rate - base);
    }
    // Variance of predictions within bins, less twice their covariance with the outcome there.
    for ((&bin, &p), &y) in bin.iter().zip(p).zip(y) {
        let [rows, predicted, hits] = sums[bin as usize];
        let (dp, dy) = (p - predicted / rows, f64::from(u8::from(y)) - hits / rows);
        parts.within += (dp * dp - 2.0 * dp * dy) / n;
    }
    parts
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len().max(1) as f64;
    values.sum::<f64>() / n
}

/// Bin of each row: `bins` bins of equal width over [0, 1], the last one closed.
pub(super) fn uniform_bins(p: &[f64], bins: usize) -> Vec<u32> {
    p.iter().map(|p| ((p * bins as f64) as usize).min(bins - 1) as u32).collect()
}

/// Bin of each row: `bins` bins of equal count by rising prediction; a run of ties goes whole to the bin of its middle.
pub(super) fn quantile_bins(p: &[f64], order: &[u32], bins: usize) -> Vec<u32> {
    let mut of = vec![0; p.len()];
    for run in ties(p, order) {
        let middle = (run.start + run.end - 1) / 2;
        let bin = (middle * bins / p.len()) as u32;
        for i in run {
            of[order[i] as usize] = bin;
        }
    }
    of
}

/// Σ over bins of (rows / n) · |mean predicted − observed rate|.
fn ece(bin: &[u32], p: &[f64], y: &[bool]) -> f64 {
    let mut gaps = vec![0.0; bin.iter().max().map_or(0, |&b| b as usize + 1)];
    for ((&bin, &p), &y) in bin.iter().zip(p).zip(y) {
        gaps[bin as usize] += p - f64::from(u8::from(y));
    }
    gaps.iter().map(|gap| gap.abs()).sum::<f64>() / p.len().max(1) as f64
}

/// Largest difference between the two classes' distributions of scores; 0 when one class is absent.
fn ks(p: &[f64], y: &[bool], order: &[u32]) -> f64 {
    let positives = y.iter().filter(|&&y| y).count() as f64;
    let negatives = y.len() as f64 - positives;
    if positives == 0.0 || negatives == 0.0 {
        return 0.0;
    }
    let (mut hits, mut misses, mut widest) = (0.0, 0.0, 0.0_f64);
    for run in ties(p, order) {
        for i in run {
            if y[order[i] as usize] {
                hits += 1.0;
            } else {
                misses += 1.0;
            }
        }
        widest = widest.max((misses / negatives - hits / positives).abs());
    }
    widest
}

#[cfg(test)]
#[path = "metrics_tests.rs"]
mod tests;
