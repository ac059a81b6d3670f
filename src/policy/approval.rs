//! Approvals: who read a revision of a policy, and what they said. They stand in the file beside its revision and do not
//! change it; a signature covers them. Nothing here decides whether a policy is used.

use serde::{Deserialize, Serialize};

/// What a person said of a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Who.
    pub author: String,
    /// In which role: "compliance", "campaign owner".
    pub role: String,
    /// When (ms).
    #[serde(with = "crate::instant")]
    pub at: i64,
    /// In their words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// What they said.
    pub verdict: Verdict,
}

/// The outcome of a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// It may run.
    Signed,
    /// It may not run.
    Refused,
}
