//! Calibration: maps from a learner's raw probability to one that can be taken at its word. Fitted on rows the raw
//! probability was not learned from; the caller sees to that.

use super::metrics::{ascending, ties};
use super::spec::Calibrate;
use attune_policy::model::Calibration;

/// Fits `method` to raw probabilities `p` of labels `y`. Identity when a class is absent.
pub fn fit(method: Calibrate, p: &[f64], y: &[bool]) -> Calibration {
    let positives = y.iter().filter(|&&y| y).count();
    if positives == 0 || positives == y.len() {
        return Calibration::Identity;
    }
    match method {
        Calibrate::None => Calibration::Identity,
        Calibrate::Platt => platt(p, y),
        Calibrate::Isotonic => isotonic(p, y),
    }
}

/// Platt's logistic curve through the logit of p, fitted by Newton's method to his smoothed targets
/// (n₊ + 1) / (n₊ + 2) and 1 / (n₋ + 2). The slope is kept from falling below 0.
fn platt(p: &[f64], y: &[bool]) -> Calibration {
    let positives = y.iter().filter(|&&y| y).count() as f64;
    let negatives = y.len() as f64 - positives;
    let (high, low) = ((positives + 1.0) / (positives + 2.0), 1.0 / (negatives + 2.0));
    let x: Vec<f64> = p.iter().map(|&p| logit(p)).collect();
    let loss = |slope: f64, intercept: f64| -> f64 {
        x.iter()
            .zip(y)
            .map(|(x, &y)| {
                let z = slope * x + intercept;
                z.max(0.0) + (-z.abs()).exp().ln_1p() - if y { high } else { low } * z
            })
            .sum()
    };
    let (mut slope, mut intercept) = (1.0, 0.0);
    let mut at = loss(slope, intercept);
    for _ in 0..50 {
        let (mut gs, mut gi, mut ss, mut si, mut ii) = (0.0, 0.0, 1e-12, 0.0, 1e-12);
        for (x, &y) in x.iter().zip(y) {
            let q = 1.0 / (1.0 + (-(slope * x + intercept)).exp());
            let (error, curvature) = (q - if y { high } else { low }, q * (1.0 - q));
            gs += error * x;
            gi += error;
            ss += curvature * x * x;
            si += curvature * x;
            ii += curvature;
        }
        let determinant = ss * ii - si * si;
        if determinant <= 0.0 {
            break;
        }
        let (ds, di) = ((ii * gs - si * gi) / determinant, (ss * gi - si * gs) / determinant);
        let mut length = 1.0;
        let next = loop {
            let (s, i) = (slope - length * ds, intercept - length * di);
            let value = loss(s, i);
            if value <= at || length < 1e-8 {
                break (s, i, value);
            }
            length *= 0.5;
        };
        if next.2 > at {
            break;
        }
        let done = at - next.2 <= 1e-12 * (1.0 + at.abs());
        (slope, intercept, at) = next;
        if done {
            break;
        }
    }
    // A falling curve would turn the order of the scores around: then only the mean is corrected.
    if slope <= 0.0 {
        Calibration::Platt { slope: 0.0, intercept: logit(positives / y.len() as f64) }
    } else {
        Calibration::Platt { slope, intercept }
    }
}

/// The best non-decreasing map in squared error (pool adjacent violators), as the corners of its steps. Never exactly 0
/// or 1: kept within 1 / (n + 2) of them, Laplace's bound for n rows.
fn isotonic(p: &[f64], y: &[bool]) -> Calibration {
    struct Block {
        from: f64,
        to: f64,
        hits: f64,
        rows: f64,
    }
    let order = ascending(p);
    let mut blocks: Vec<Block> = Vec::new();
    for run in ties(p, &order) {
        let score = p[order[run.start] as usize];
        let rows = run.len() as f64;
        let hits = run.filter(|&i| y[order[i] as usize]).count() as f64;
        let mut block = Block { from: score, to: score, hits, rows };
        while let Some(before) = blocks.pop_if(|before| before.hits * block.rows >= block.hits * before.rows) {
            block =
                Block { from: before.from, hits: before.hits + block.hits, rows: before.rows + block.rows, ..block };
        }
        blocks.push(block);
    }
    let floor = 1.0 / (p.len() as f64 + 2.0);
    let (mut raw, mut calibrated) = (Vec::new(), Vec::new());
    for block in blocks {
        let rate = (block.hits / block.rows).clamp(floor, 1.0 - floor);
        raw.push(block.from);
        calibrated.push(rate);
        if block.to > block.from {
            raw.push(block.to);
            calibrated.push(rate);
        }
    }
    Calibration::Isotonic { raw, calibrated }
}

/// ln(p / (1 − p)), p kept within 1e-15 of 0 and 1.
fn logit(p: f64) -> f64 {
    let p = p.clamp(1e-15, 1.0 - 1e-15);
    (p / (1.0 - p)).ln()
}

#[cfg(test)]
#[path = "calibration_tests.rs"]
mod tests;
