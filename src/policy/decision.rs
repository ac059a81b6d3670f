//! The answer: what was chosen, how the candidates ranked, and why each lost.

use crate::reason::{Reason, Step};
use crate::trace::Trace;
use serde::Serialize;
use std::sync::Arc;

/// A candidate is an action on one of its treatments; positions in the policy's own lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Candidate {
    /// Index into `document.actions`.
    pub action: u32,
    /// Index into that action's `treatments`.
    pub treatment: u32,
}

/// What a policy decides for one request.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// The candidate chosen; `None` is `NoAction`.
    pub chosen: Option<Candidate>,
    /// Whether the choice came from the fallback ladder (rung, from 0).
    pub fallback: Option<u32>,
    /// Survivors of every stage before arbitration's choice, best first.
    pub ranked: Vec<Ranked>,
    /// One entry per candidate of the policy, in document order.
    pub fates: Vec<Fate>,
    /// Id of the global holdout the subject is in.
    pub holdout: Option<Arc<str>>,
    /// For a subject in a global holdout: what would have been chosen without it.
    pub shadow: Option<Candidate>,
    /// Something failed and a declared substitute was used, or a rule failed.
    pub degraded: bool,
    /// What failed, in words: rule or model, and why.
    pub diagnostics: Vec<String>,
    /// How it came about, when asked for.
    pub trace: Option<Box<Trace>>,
}

/// A survivor and its priority.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ranked {
    /// The candidate.
    pub candidate: Candidate,
    /// Response propensity, 1 when the candidate has no model.
    pub propensity: f64,
    /// Priority, rounded to 1e-9.
    pub priority: f64,
}

/// What became of a candidate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fate {
    /// The candidate.
    pub candidate: Candidate,
    /// Where it ended.
    pub step: Step,
    /// Why.
    pub reason: Reason,
}
