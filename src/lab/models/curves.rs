//! Plots of predicted probabilities: ROC, lift and gain by tenths, reliability. Each is small enough to draw as it is.

use super::metrics::{Z95, ascending, quality, quantile_bins, ties};
use super::report::{Decile, Estimate, Evaluation, ReliabilityBin};

/// Most points of a ROC curve.
pub const ROC_POINTS: usize = 200;

/// Every number and plot for probabilities `p` of labels `y`, of equal length.
pub fn evaluate(p: &[f64], y: &[bool]) -> Evaluation {
    Evaluation {
        rows: y.len() as u64,
        positives: y.iter().filter(|&&y| y).count() as u64,
        quality: quality(p, y),
        deciles: deciles(p, y),
        reliability: reliability(p, y),
        roc: roc(p, y),
    }
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

/// Ten equal parts of the rows by falling score. A run of tied scores is spread evenly over the parts it spans.
pub fn deciles(p: &[f64], y: &[bool]) -> Vec<Decile> {
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
        let hits = run.filter(|&i| y[order[i] as usize]).count() as f64;
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
        part.lift = if all > 0.0 { part.rate * n / all } else { 0.0 };
        part.gain = if all > 0.0 { found / all } else { 0.0 };
    }
    parts
}

/// Observed rate against predicted probability in ten bins of equal count; bins emptied by ties are left out.
pub fn reliability(p: &[f64], y: &[bool]) -> Vec<ReliabilityBin> {
    let order = ascending(p);
    let bin = quantile_bins(p, &order, 10);
    let mut bins: Vec<(u32, ReliabilityBin, f64)> = Vec::new();
    for &row in &order {
        let row = row as usize;
        if bins.last().is_none_or(|(of, ..)| *of != bin[row]) {
            bins.push((bin[row], ReliabilityBin { from: p[row], ..ReliabilityBin::default() }, 0.0));
        }
        if let Some((_, bin, hits)) = bins.last_mut() {
            bin.to = p[row];
            bin.rows += 1;
            bin.predicted += p[row];
            *hits += f64::from(u8::from(y[row]));
        }
    }
    bins.into_iter()
        .map(|(_, bin, hits)| {
            let n = bin.rows as f64;
            ReliabilityBin { predicted: bin.predicted / n, observed: wilson(hits, n), ..bin }
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
