//! Whether a log can answer, and what it can answer instead.

use super::Estimate;
use serde::{Deserialize, Serialize};

/// What a log can answer in place of the value of a policy that it has no support for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Instead {
    /// The policy followed in part of the decisions.
    pub blend: Option<Blended>,
    /// Parts of the customers in which the policy has support, largest first.
    pub regions: Vec<Region>,
}

/// The policy in a share of the decisions and the logger in all others.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Blended {
    /// The largest share, in hundredths, that has support.
    pub share: f64,
    /// Effective sample size.
    pub effective_sample_size: f64,
    /// Value in the goal, self-normalised.
    pub value: Estimate,
}

/// A part of the customers in which a policy has support. It is chosen by weights alone; outcomes have no say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Region {
    /// Column that divides the customers.
    pub column: String,
    /// Value or range of the column.
    pub part: String,
    /// Rows.
    pub rows: u64,
    /// Their share.
    pub share: f64,
    /// Support within it.
    pub support: Support,
    /// Value in the goal.
    pub value: Option<Estimate>,
}

/// Support diagnostics of a policy's weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Support {
    /// Rows.
    pub n: u64,
    /// Rows where the policy chose what was logged.
    pub matched: u64,
    /// Their share.
    pub coverage: f64,
    /// (Σw)²/Σw².
    pub effective_sample_size: f64,
    /// Near 1 when the logging propensities are right.
    pub mean_weight: f64,
    /// Largest weight.
    pub max_weight: f64,
    /// Share of rows with w > 10.
    pub share_above_10: f64,
    /// Share of decisions for actions that the log never took, or that were not eligible in their row.
    pub unlogged: f64,
    /// The part of `unlogged` that is for actions which were not eligible in their row.
    #[serde(default)]
    pub ineligible: f64,
}

/// Why a value is not given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Each reason with its number and limit.
    pub reasons: Vec<String>,
    /// What to do.
    pub advice: String,
}
