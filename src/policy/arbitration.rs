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
    /// Context weights: `C = 1 + Σ matched percent/100`, kept at 0 or above.
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
    /// `tau·V·C·L − cost`, soft suitability times what is earned; drops a candidate whose upper confidence bound on tau is
    /// below 0 (do no harm); includes `NoAction` at 0. Without an uplift model tau is P.
    Uplift,
    /// `(P^p · C^c · V^v · L^l)^(1/(p+c+v+l))`, times soft suitability; a factor of 0 with a weight above 0 makes it 0.
    GeometricMean {
        /// Weight of P.
        p: f64,
        /// Weight of C.
        c: f64,
        /// Weight of V.
        v: f64,
        /// Weight of L.
        l: f64,
    },
    /// A pure Rhai expression over features, `action.`, `propensity`, `uplift`, `context_weight`, `value`, `lever`, `cost`;
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

/// What is done where little is known of a response propensity.
///
/// P is smoothed towards the prior of the most specific level that has one (treatment, action, group, channel, issue, all):
/// `p* = n0/(n0+n)·p0 + n/(n0+n)·p`, n being the evidence behind p. Without a model P is the prior; without a prior too it
/// is 1, a ranking by rules alone. Where nobody states the evidence, P is neither smoothed nor of low confidence. The fallback of a
/// model that could not score a row stands as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColdStart {
    /// Priors, any order: the most specific that speaks of a candidate is used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub priors: Vec<Prior>,
    /// Evidence below this is low confidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_evidence: Option<f64>,
    /// An interval of the score wider than this is low confidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_width: Option<f64>,
    /// What low confidence does.
    #[serde(default)]
    pub on_low: LowConfidence,
}

impl ColdStart {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == ColdStart::default()
    }
}

/// A prior of the response propensity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prior {
    /// Candidates it speaks of.
    #[serde(default)]
    pub scope: Scope,
    /// p0, in [0, 1].
    pub propensity: f64,
    /// n0: observations it is worth, ≥ 0.
    pub weight: f64,
}

/// What low confidence in a response propensity does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LowConfidence {
    /// P is the prior, where there is one.
    #[default]
    UsePrior,
    /// P is 1, and the candidate ranks after every confident one of its tier.
    RulesRank,
    /// P is the prior, and the random share of epsilon-greedy exploration goes to such candidates alone while there are any.
    Explore,
    /// The candidate is dropped.
    Abstain,
}

/// How many candidates one decision chooses, and how they may be combined.
///
/// Slots are filled one after the other. Before each, contact policy and budgets are asked again, counting what this decision has
/// chosen already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slots {
    /// Candidates chosen at most, from 1.
    pub count: u32,
    /// At most so many of one kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<SlotLimit>,
    /// Actions that go together or not at all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bundles: Vec<Bundle>,
}

impl Default for Slots {
    fn default() -> Slots {
        Slots { count: 1, limits: Vec::new(), bundles: Vec::new() }
    }
}

impl Slots {
    /// One candidate and nothing to combine.
    pub fn is_single(&self) -> bool {
        *self == Slots::default()
    }
}

/// At most so many candidates of one kind in a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotLimit {
    /// What is counted together.
    pub per: Per,
    /// At most so many.
    pub limit: u32,
}

/// What candidates of a decision have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Per {
    /// The action. Without a limit of its own no action is chosen twice.
    Action,
    /// The group.
    Group,
    /// The issue.
    Issue,
    /// The channel.
    Channel,
}

/// Actions that are chosen together, in consecutive slots, or not at all. An action is in one bundle at most. The bundle competes by
/// whichever of its actions ranks first; the others follow on their best treatments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// Stable slug, unique.
    pub id: String,
    /// Action ids, at least two.
    pub actions: Vec<String>,
}
