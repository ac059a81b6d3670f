//! Plots of predicted probabilities: ROC, lift and gain by tenths, reliability. Each is small enough to draw as it is.

use super::amounts;
use super::metrics::{Z95, ascending, quality, quantile_bins, ties};
use super::report::{Decile, Estimate, Evaluation, ReliabilityBin};
use super::thresholds::thresholds;

/// Most points of a ROC curve.
pub const ROC_POINTS: usize = 200;

/// Every number and plot for probabilities `p` of labels `y`, of equal length.
pub fn evaluate(p: &[f64], y: &[bool]) -> Evaluation {
    Evaluation {
        rows: y.len() as u64,
        positives: y.iter().filter(|&&y| y).count() as u64,
        quality: quality(p, y),
        amount: None,
        uplift: None,
        deciles: deciles(p, &numbers(y)),
        reliability: reliability(p, &numbers(y), |values| wilson(values.iter().sum(), values.len() as f64)),
        roc: roc(p, y),
        thresholds: thresholds(p, y),
    }
}

/// Every number and plot for predictions `p` of amounts `y`, of equal length.
pub fn evaluate_amounts(p: &[f64], y: &[f64]) -> Evaluation {
    Evaluation {
        rows: y.len() as u64,
        positives: y.iter().filter(|&&y| y > 0.0).count() as u64,
        amount: Some(amounts::quality(p, y)),
        deciles: deciles(p, y),
        reliability: reliability(p, y, amounts::mean),
        ..Evaluation::default()
    }
}

fn numbers(y: &[bool]) -> Vec<f64> {
    y.iter().map(|&y| f64::from(u8::from(y))).collect()
}

/// ROC curve from (0, 0) to (1, 1): one point per distinct score, thinned evenly to [`ROC_POINTS`].
pub fn roc(p: &[f64], y: &[bool]) -> Vec<(f64, f64)> {
    let order = ascending(p);
    let positives = y.iter().filter(|&&y| y).count().max(1) as f64;
    let negatives = y.iter().filter(|&&y| !y).count().max(1) as f64;
    let (mut hits, mut alarms) = (0_usize, 0_usize);
    let mut curve = vec![(0.0, 0.0)];
    for run in ties(p, &order).into_iter().rev() {
        for i in run {
            if y[order[i] as usize] {
                hits += 1;
            } else {
                alarms += 1;
            }
        }
        curve.push((alarms as f64 / negatives, hits as f64 / positives));
    }
    if curve.len() <= ROC_POINTS {
        return curve;
    }
    (0..ROC_POINTS).map(|i| curve[i * (curve.len() - 1) / (ROC_POINTS - 1)]).collect()
}

/// Ten equal parts of the rows by falling score, of outcomes 0 and 1 or amounts. A run of tied scores is spread evenly over
/// the parts it spans.
pub fn deciles(p: &[f64], y: &[f64]) -> Vec<Decile> {
    let order = ascending(p);
    let n = p.len() as f64;
    if p.is_empty() {
        return Vec::new();
    }
    let mut parts: Vec<Decile> = (1..=10).map(|decile| Decile { decile, ..Decile::default() }).collect();
    let mut before = 0.0;
    for run in ties(p, &order).into_iter().rev() {
        let score = p[order[run.start] as usize];
        let size = run.len() as f64;
        let hits: f64 = run.map(|i| y[order[i] as usize]).sum();
        for (i, part) in parts.iter_mut().enumerate() {
            let (from, to) = (n * i as f64 / 10.0, n * (i + 1) as f64 / 10.0);
            let share = (to.min(before + size) - from.max(before)).max(0.0);
            part.rows += share;
            part.positives += hits * share / size;
            part.predicted += score * share;
        }
        before += size;
    }
    let all: f64 = parts.iter().map(|part| part.positives).sum();
    let mut found = 0.0;
    for part in &mut parts {
        found += part.positives;
        part.predicted /= part.rows;
        part.rate = part.positives / part.rows;
        part.lift = if all == 0.0 { 0.0 } else { part.rate * n / all };
        part.gain = if all == 0.0 { 0.0 } else { found / all };
    }
    parts
}

/// Observed against predicted in ten bins of equal count, `observed` measuring the outcomes of a bin; bins emptied by ties are
/// left out.
pub fn reliability(p: &[f64], y: &[f64], observed: impl Fn(&[f64]) -> Estimate) -> Vec<ReliabilityBin> {
    let order = ascending(p);
    let bin = quantile_bins(p, &order, 10);
    order
        .chunk_by(|&a, &b| bin[a as usize] == bin[b as usize])
        .map(|rows| {
            let predicted: Vec<f64> = rows.iter().map(|&row| p[row as usize]).collect();
            let outcomes: Vec<f64> = rows.iter().map(|&row| y[row as usize]).collect();
            ReliabilityBin {
                from: predicted[0],
                to: predicted[predicted.len() - 1],
                predicted: predicted.iter().sum::<f64>() / rows.len() as f64,
                observed: observed(&outcomes),
                rows: rows.len() as u64,
            }
        })
        .collect()
}

/// A share with Wilson's 95 % interval; `n` above 0.
pub(crate) fn wilson(hits: f64, n: f64) -> Estimate {
    let (rate, z2) = (hits / n, Z95 * Z95);
    let middle = (rate + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z95 / (1.0 + z2 / n) * (rate * (1.0 - rate) / n + z2 / (4.0 * n * n)).sqrt();
    Estimate { value: rate, low: (middle - half).max(0.0), high: (middle + half).min(1.0) }
}

#[cfg(test)]
#[path = "curves_tests.rs"]
mod tests;
