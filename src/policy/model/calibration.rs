//! Calibration: the map from a model's raw output to the score that rules and arbitration read.

use super::{Calibration, Link};

/// Platt scaling reads the raw output as a probability at least this far from 0 and 1, so that its logit is finite.
pub const PLATT_MARGIN: f64 = 1e-12;

impl Calibration {
    /// The calibrated output.
    pub fn apply(&self, raw: f64) -> f64 {
        match self {
            Calibration::Identity => raw,
            Calibration::Platt { slope, intercept } => {
                let p = raw.clamp(PLATT_MARGIN, 1.0 - PLATT_MARGIN);
                Link::Logistic.apply(slope * libm::log(p / (1.0 - p)) + intercept)
            }
            Calibration::Isotonic { raw: xs, calibrated: ys } => {
                let above = xs.partition_point(|x| *x <= raw);
                let point = |i: usize| Some((*xs.get(i)?, *ys.get(i)?));
                match (above.checked_sub(1).and_then(point), point(above)) {
                    (Some((x0, y0)), Some((x1, y1))) => y0 + (y1 - y0) * ((raw - x0) / (x1 - x0)),
                    (Some((_, y)), None) | (None, Some((_, y))) => y,
                    (None, None) => f64::NAN,
                }
            }
        }
    }

    /// What is wrong with it, each a sentence.
    pub(crate) fn findings(&self) -> Vec<String> {
        let mut findings = Vec::new();
        match self {
            Calibration::Identity => {}
            Calibration::Platt { slope, intercept } => {
                if !slope.is_finite() || !intercept.is_finite() {
                    findings.push("slope and intercept of its calibration must be finite numbers".into());
                }
            }
            Calibration::Isotonic { raw, calibrated } => {
                if raw.is_empty() || raw.len() != calibrated.len() {
                    let (raw, calibrated) = (raw.len(), calibrated.len());
                    findings.push(format!("its calibration has {raw} raw and {calibrated} calibrated points; give as many of both, at least one"));
                }
                if !raw.iter().chain(calibrated).all(|x| x.is_finite()) {
                    findings.push("the points of its calibration must be finite numbers".into());
                }
                if !raw.is_sorted_by(|a, b| a < b) {
                    findings.push("the raw points of its calibration must ascend, none twice".into());
                }
                if !calibrated.is_sorted() {
                    findings.push("the calibrated points of its calibration must not fall".into());
                }
            }
        }
        findings
    }
}
