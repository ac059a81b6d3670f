//! Holdouts: subjects who are kept out by a hash of their id, so that what a policy brings can be measured.

use crate::history::Identity;
use serde::{Deserialize, Serialize};

/// A holdout layer. A subject is in it when its bucket is below `share`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holdout {
    /// Stable slug, unique.
    pub id: String,
    /// What is held out.
    #[serde(default)]
    pub kind: HoldoutKind,
    /// Salt of the bucket hash; one per layer.
    pub salt: String,
    /// Share of units in [0, 1].
    pub share: f64,
    /// Whose id is hashed.
    #[serde(default, skip_serializing_if = "Identity::is_subject")]
    pub unit: Identity,
}

/// What a holdout layer withholds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum HoldoutKind {
    /// Everything but service actions.
    #[default]
    Global,
    /// As `Global`, for this policy alone: the layer's salt belongs to the program.
    Program,
    /// One action.
    Action(String),
    /// P is a random draw in place of the model's, for candidates that have one, so that what the models bring can be measured.
    /// Logged probabilities are those given the draw.
    ModelControl,
    /// A simpler policy in place of this one, so that what its parts bring can be measured.
    Ablation(Arm),
}

/// The simpler policy of an ablation arm. Guards, caps and floors bind in all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Arm {
    /// One of the survivors of the best tier at random, all equally likely; a mandatory action is not left to chance.
    RandomEligible,
    /// The priority is P alone.
    PropensityOnly,
    /// L is 1, lever rules included.
    NoLevers,
    /// Of the engagement rules eligibility alone is asked; applicability and suitability, soft or not, are as if passed.
    EligibilityOnly,
}
