//! Holdouts: subjects who are kept out by a hash of their id, so that what a policy brings can be measured.

use serde::{Deserialize, Serialize};

/// A holdout layer. A subject is in it when its bucket is below `share`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holdout {
    /// Stable slug, unique.
    pub id: String,
    /// What is held out.
    #[serde(default)]
    pub kind: HoldoutKind,
    /// Salt of the bucket hash; one per layer.
    pub salt: String,
    /// Share of subjects in [0, 1].
    pub share: f64,
}

/// What a holdout layer withholds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum HoldoutKind {
    /// Everything but service actions.
    #[default]
    Global,
    /// One action.
    Action(String),
}
