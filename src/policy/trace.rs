//! The trace: everything a reviewer asks of one decision. It is filled only when asked for and never changes the answer.

use crate::decision::Candidate;
use crate::reason::Step;
use crate::value::Value;
use serde::Serialize;

/// How a decision came about.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trace {
    /// Decision id of the request.
    pub decision_id: String,
    /// Subject of the request.
    pub subject: String,
    /// Now (ms).
    pub now: i64,
    /// Policy id.
    pub policy: String,
    /// Revision of the policy: SHA-256, lower-case hex.
    pub revision: String,
    /// Version of the deciding library.
    pub runtime: String,
    /// Per holdout layer: id, bucket in [0, 1), whether the subject is in it.
    pub holdouts: Vec<(String, f64, bool)>,
    /// Row features after the recipe: name and value.
    pub row: Vec<(String, Value)>,
    /// Candidates into and out of each stage, before the fallback ladder.
    pub funnel: Vec<(Step, u32, u32)>,
    /// Every candidate.
    pub candidates: Vec<CandidateTrace>,
}

/// How one candidate fared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CandidateTrace {
    /// The candidate.
    pub candidate: Candidate,
    /// Every rule that was evaluated for it, in order.
    pub rules: Vec<RuleTrace>,
    /// Every cap that was counted for it: id, count, limit.
    pub caps: Vec<(String, u32, u32)>,
    /// P before calibration.
    pub propensity_raw: Option<f64>,
    /// P.
    pub propensity: Option<f64>,
    /// C.
    pub context_weight: Option<f64>,
    /// V.
    pub value: Option<f64>,
    /// L.
    pub lever: Option<f64>,
    /// Cost.
    pub cost: Option<f64>,
    /// Product of soft suitability.
    pub suitability: Option<f64>,
    /// Priority.
    pub priority: Option<f64>,
    /// Rank among the survivors, from 1.
    pub rank: Option<u32>,
    /// Where it ended and why, as one sentence.
    pub sentence: String,
}

impl CandidateTrace {
    /// A trace in which nothing has happened yet.
    pub(crate) fn new(candidate: Candidate) -> CandidateTrace {
        CandidateTrace {
            candidate,
            rules: Vec::new(),
            caps: Vec::new(),
            propensity_raw: None,
            propensity: None,
            context_weight: None,
            value: None,
            lever: None,
            cost: None,
            suitability: None,
            priority: None,
            rank: None,
            sentence: String::new(),
        }
    }
}

/// One evaluation of one rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleTrace {
    /// Rule id.
    pub rule: String,
    /// Its result: a bool, a number, or unknown.
    pub result: Value,
    /// The fields and scores it read, with their values.
    pub read: Vec<(String, Value)>,
    /// What failed.
    pub error: Option<String>,
}
