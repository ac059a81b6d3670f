//! Arbitration as data: how surviving candidates are ranked, and the floors below which none is chosen.

use crate::rule::Scope;
use serde::{Deserialize, Serialize};

/// How candidates are ranked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arbitration {
    /// The formula of the priority.
    #[serde(default)]
    pub mode: Mode,
    /// Context weights: `C = 1 + Σ matched percent/100`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub context_weights: Vec<ContextWeight>,
    /// Floors; below any of them a candidate is dropped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub floors: Vec<Floor>,
}

/// The formula of the priority.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Mode {
    /// `P·C·V·L`, times soft suitability; does not include `NoAction`.
    #[default]
    Pcvl,
    /// `P·V·C·L − cost`, soft suitability times what is earned; includes `NoAction` at 0: a candidate that is not mandatory must
    /// be worth more than that.
    NetValue,
    /// A pure Rhai expression over features, `action.`, `propensity`, `context_weight`, `value`, `lever`, `cost`;
    /// times soft suitability.
    Expression(String),
}

/// A weight that applies while its condition holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContextWeight {
    /// Stable slug, unique.
    pub id: String,
    /// Candidates it speaks of.
    #[serde(default)]
    pub scope: Scope,
    /// Boolean Rhai expression.
    pub when: String,
    /// Percent added to C when true.
    pub percent: f64,
}

/// A floor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Floor {
    /// Candidates it speaks of.
    #[serde(default)]
    pub scope: Scope,
    /// Least response propensity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_propensity: Option<f64>,
    /// Least priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_priority: Option<f64>,
}
