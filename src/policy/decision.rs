//! The answer: what was chosen, how the candidates ranked, how likely each was, and why the others lost.

use crate::document::Operation;
use crate::outcome::{How, Tier};
use crate::reason::{Reason, Step};
use crate::trace::Trace;
use serde::Serialize;
use std::sync::Arc;

/// A candidate is an action on one of its treatments; positions in the policy's own lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Candidate {
    /// Index into `document.actions`.
    pub action: u32,
    /// Index into that action's `treatments`.
    pub treatment: u32,
}

/// What a policy decides for one request.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// The candidate of the first slot; `None` is `NoAction`.
    pub chosen: Option<Candidate>,
    /// When it is to be sent (ms): now, when quiet hours or a cap let it, or at the subject's best hour. A choice sent later is to be
    /// decided again then.
    pub send_at: Option<i64>,
    /// Whether the choice came from the fallback ladder (rung, from 0).
    pub fallback: Option<u32>,
    /// Every slot that was filled, in order; the first is `chosen`.
    pub slots: Vec<Chosen>,
    /// Survivors of every stage before the slots, best first.
    pub ranked: Vec<Ranked>,
    /// One entry per candidate of the policy, in document order.
    pub fates: Vec<Fate>,
    /// Id of the global or program holdout the subject is in.
    pub holdout: Option<Arc<str>>,
    /// Id of the model control or ablation holdout the subject is in: the decision is that of its simpler policy.
    pub arm: Option<Arc<str>>,
    /// For a subject in a global or program holdout what would have been chosen without it; for a policy in shadow what it would
    /// have chosen live.
    pub shadow: Option<Candidate>,
    /// Whether the policy decided (`Live`), or answered its baseline (`Shadow`) or its fallback ladder (`Off`).
    pub mode: Operation,
    /// Something failed and a declared substitute was used, or a rule failed.
    pub degraded: bool,
    /// What failed, in words: rule or model, and why.
    pub diagnostics: Vec<String>,
    /// How it came about, when asked for.
    pub trace: Option<Box<Trace>>,
}

/// A filled slot.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Chosen {
    /// The candidate.
    pub candidate: Candidate,
    /// When it is to be sent (ms).
    pub send_at: i64,
    /// How it came to the slot.
    pub how: How,
    /// Probability with which it was chosen for this slot, given the slots before it; never rounded. 1 when chance had no part.
    pub probability: f64,
    /// Draws that the probabilities are shares of, where they are approximate; 0 when they are exact.
    pub draws: u32,
    /// Probability of every survivor that was open for this slot, best first; they add up to 1.
    pub probabilities: Vec<(Candidate, f64)>,
}

/// A survivor and its priority.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ranked {
    /// The candidate.
    pub candidate: Candidate,
    /// Response propensity, 1 when nothing tells it.
    pub propensity: f64,
    /// Priority, rounded to 1e-9.
    pub priority: f64,
    /// Tier, which goes before priority.
    pub tier: Tier,
    /// Probability with which it was chosen for the first slot.
    pub probability: f64,
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
