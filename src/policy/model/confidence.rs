//! How sure a score is: the half-width of its interval. Evidence is a number of the model.

use serde::{Deserialize, Serialize};

/// Half-width of the interval around a calibrated score, in units of the score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Spread {
    /// The same for every score, as split-conformal intervals have it.
    Constant(f64),
    /// One per band of scores: `(−∞, e_0), [e_0, e_1), … [e_last, ∞)`.
    Bands {
        /// Where bands begin, ascending, none twice.
        edges: Vec<f64>,
        /// One more than edges.
        half_widths: Vec<f64>,
    },
}

impl Spread {
    /// Half-width around a calibrated score.
    pub fn at(&self, score: f64) -> f64 {
        match self {
            Spread::Constant(width) => *width,
            Spread::Bands { edges, half_widths } => {
                half_widths.get(edges.partition_point(|edge| *edge <= score)).copied().unwrap_or(f64::NAN)
            }
        }
    }

    /// What is wrong with it, each a sentence.
    pub(crate) fn findings(&self) -> Vec<String> {
        let mut findings = Vec::new();
        let widths = match self {
            Spread::Constant(width) => std::slice::from_ref(width),
            Spread::Bands { edges, half_widths } => {
                if half_widths.len() != edges.len() + 1 {
                    let (edges, widths) = (edges.len(), half_widths.len());
                    findings.push(format!(
                        "its spread has {edges} edges and {widths} half-widths; give one more half-width than edges"
                    ));
                }
                if !edges.iter().all(|x| x.is_finite()) || !edges.is_sorted_by(|a, b| a < b) {
                    findings.push("the edges of its spread must be finite numbers and ascend, none twice".into());
                }
                half_widths
            }
        };
        if !widths.iter().all(|x| x.is_finite() && *x >= 0.0) {
            findings.push("half-widths of its spread must be finite numbers, 0 or more".into());
        }
        findings
    }
}
