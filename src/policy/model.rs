//! Models as data: what was learned, in a form that any runtime can evaluate.

mod additive;
mod batch;
mod calibration;
mod confidence;
mod contributions;
mod dictionary;
mod encoder;
mod factors;
mod forest;
mod function;
mod input;
mod neighbours;
mod scorer;
mod table;
#[cfg(test)]
mod tests;
mod tree;

pub use additive::{Characteristic, Pair, Shape};
pub use batch::{Batch, BatchScratch, Rows, Scores};
pub use calibration::PLATT_MARGIN;
pub use confidence::Spread;
pub use contributions::largest;
pub use factors::{Cold, Side, Term};
pub use function::{Function, Link};
pub use input::{CANDIDATE, Encode, Fact, Facts, Input, NoFacts};
pub use scorer::{Scored, Scorer, Scratch};
pub use tree::{CategorySplit, Tree};

use serde::{Deserialize, Serialize};

/// A model whose calibrated output rules read as `score("id")`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Unique id.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// What the score estimates, in words with its unit: "probability of visit within two weeks of the men's e-mail".
    pub target: String,
    /// Inputs, in the order of coefficients and tree features.
    pub inputs: Vec<Input>,
    /// The learned function, output before calibration.
    pub function: Function,
    /// Map from raw to calibrated output.
    #[serde(default)]
    pub calibration: Calibration,
    /// Answer when the function cannot be evaluated; the decision is then marked degraded.
    pub fallback: f64,
    /// Observations behind the score: n of smoothing and of the cold-start ladder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<f64>,
    /// How far the truth may lie from the calibrated score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<Spread>,
}

/// Map from raw to calibrated output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Calibration {
    /// None: the raw output.
    #[default]
    Identity,
    /// Platt: `1 / (1 + exp(−(slope · logit(p) + intercept)))`, p kept [`PLATT_MARGIN`] away from 0 and 1.
    Platt {
        /// Multiplies the logit of the raw output.
        slope: f64,
        /// Added.
        intercept: f64,
    },
    /// Isotonic: piecewise linear through the points, constant outside.
    Isotonic {
        /// Ascending raw outputs, none twice.
        raw: Vec<f64>,
        /// Non-decreasing calibrated outputs, as many.
        calibrated: Vec<f64>,
    },
}
