//! Where scores lie, by what happened; and how many of the outcomes the best-scored rows hold.

use crate::models::metrics::{ascending, ties};
use serde::{Deserialize, Serialize};

/// Bins of a distribution.
pub const BINS: usize = 40;

/// Most points of a gain curve.
pub const GAIN_POINTS: usize = 200;

/// Scores of rows with and without the outcome, in bins of equal width.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distribution {
    /// Ends of the bins, one more than bins; the last bin is closed.
    pub edges: Vec<f64>,
    /// Rows with the outcome by bin.
    pub with: Vec<u64>,
    /// Rows without it.
    pub without: Vec<u64>,
}

/// One depth of contact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gain {
    /// Share of rows contacted, best scores first.
    pub contacted: f64,
    /// Share of outcomes among them.
    pub found: f64,
    /// Their share of outcomes over that of all rows; 1 of nobody.
    pub lift: f64,
    /// Share found by the best possible order.
    pub perfect: f64,
}

/// The distribution of scores `p` by labels `y`, of equal length; no bins without rows.
pub fn distribution(p: &[f64], y: &[bool]) -> Distribution {
    let low = p.iter().copied().fold(f64::INFINITY, f64::min);
    let high = p.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !(low.is_finite() && high.is_finite()) {
        return Distribution::default();
    }
    let bins = if high > low { BINS } else { 1 };
    let width = (high - low) / bins as f64;
    let mut out = Distribution {
        edges: (0..=bins).map(|i| if i == bins { high } else { low + width * i as f64 }).collect(),
        with: vec![0; bins],
        without: vec![0; bins],
    };
    for (&p, &y) in p.iter().zip(y) {
        let bin = if width > 0.0 { (((p - low) / width) as usize).min(bins - 1) } else { 0 };
        let of = if y { &mut out.with } else { &mut out.without };
        of[bin] += 1;
    }
    out
}

/// Gain and lift by depth, from nobody to everyone; one point per distinct score, thinned evenly to [`GAIN_POINTS`].
pub fn gain(p: &[f64], y: &[bool]) -> Vec<Gain> {
    let n = p.len() as f64;
    let positives = y.iter().filter(|&&y| y).count() as f64;
    let order = ascending(p);
    let (mut rows, mut hits) = (0.0, 0.0);
    let mut curve = vec![Gain { lift: 1.0, ..Gain::default() }];
    for run in ties(p, &order).into_iter().rev() {
        rows += run.len() as f64;
        hits += run.filter(|&i| y[order[i] as usize]).count() as f64;
        let found = if positives > 0.0 { hits / positives } else { 0.0 };
        let perfect = if positives > 0.0 { rows.min(positives) / positives } else { 0.0 };
        curve.push(Gain { contacted: rows / n, found, lift: found * n / rows, perfect });
    }
    if curve.len() <= GAIN_POINTS {
        return curve;
    }
    (0..GAIN_POINTS).map(|i| curve[i * (curve.len() - 1) / (GAIN_POINTS - 1)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_one_bin_and_gain_runs_from_nobody_to_everyone() {
        let p: Vec<f64> = (0..1000).map(|i| f64::from(i % 500) / 499.0).collect();
        let y: Vec<bool> = (0..1000).map(|i| i % 500 >= 400).collect();
        let out = distribution(&p, &y);
        assert_eq!((out.edges.len(), out.with.len()), (BINS + 1, BINS));
        assert_eq!((out.with.iter().sum::<u64>(), out.without.iter().sum::<u64>()), (200, 800));
        assert!(out.with[..31].iter().all(|&n| n == 0) && out.without[33..].iter().all(|&n| n == 0));
        let curve = gain(&p, &y);
        assert!(curve.len() == GAIN_POINTS && curve.is_sorted_by(|a, b| a.found <= b.found));
        let last = curve[GAIN_POINTS - 1];
        assert_eq!((curve[0].contacted, last.contacted, last.found, last.lift), (0.0, 1.0, 1.0, 1.0));
        assert!(curve.iter().all(|at| (at.found - at.perfect).abs() < 1e-12), "these scores are a perfect order");
        let at = curve.iter().find(|at| at.contacted >= 0.1).unwrap();
        assert!((at.lift - 5.0).abs() < 1e-9);
        let same = distribution(&[0.3; 5], &[true; 5]);
        assert_eq!((same.edges, same.with), (vec![0.3, 0.3], vec![5]));
        assert!(distribution(&[], &[]).edges.is_empty() && gain(&[], &[]).len() == 1);
        assert_eq!(gain(&[0.5; 4], &[true, false, false, false]).len(), 2);
    }
}
