//! The trace: everything a reviewer asks of one decision. It is filled only when asked for and never changes the answer.
//!
//! The value of a masked field is nowhere in it: it reads "masked", and so does whatever the recipe made of it.

use crate::decision::Candidate;
use crate::document::Operation;
use crate::outcome::Tier;
use crate::reason::{Clause, Step};
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
    /// Zone whose clock rules read; UTC when `None`.
    pub zone: Option<String>,
    /// Policy id.
    pub policy: String,
    /// Revision of the policy: SHA-256, lower-case hex.
    pub revision: String,
    /// Version of the deciding library.
    pub runtime: String,
    /// Whether the policy decided, or answered its baseline or fallback.
    pub mode: Operation,
    /// Where chance begins: [`crate::Policy::seed`] in hex.
    pub seed: String,
    /// Id of the history's snapshot and its age at the decision (ms), where the history says.
    pub snapshot: Option<(String, i64)>,
    /// Per holdout layer: id, bucket in [0, 1), whether the subject is in it.
    pub holdouts: Vec<(String, f64, bool)>,
    /// Ids of the overrides that hold.
    pub overrides: Vec<String>,
    /// Names of the fields and recipe outputs whose value is not shown.
    pub masked: Vec<String>,
    /// Row features after the recipe: name and value.
    pub row: Vec<(String, Value)>,
    /// Candidates into and out of each stage, before the fallback ladder: a rung that was taken counts where it ended before.
    pub funnel: Vec<(Step, u32, u32)>,
    /// Every candidate.
    pub candidates: Vec<CandidateTrace>,
}

/// How one candidate fared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CandidateTrace {
    /// The candidate.
    pub candidate: Candidate,
    /// The stage it reached.
    pub step: Step,
    /// Every rule that was evaluated for it, in order.
    pub rules: Vec<RuleTrace>,
    /// Every decision table its rules read, once, in order of first reading.
    pub tables: Vec<TableTrace>,
    /// Every cap that was counted for it: id, count, limit.
    pub caps: Vec<(String, u32, u32)>,
    /// Output of its model of P before calibration.
    pub propensity_raw: Option<f64>,
    /// The same after calibration.
    pub propensity_calibrated: Option<f64>,
    /// The same after smoothing towards the prior.
    pub propensity_smoothed: Option<f64>,
    /// P as arbitration took it: the prior where too little was known, a random draw under model control.
    pub propensity: Option<f64>,
    /// Observations behind P.
    pub evidence: Option<f64>,
    /// Width of its interval.
    pub width: Option<f64>,
    /// Tau.
    pub uplift: Option<f64>,
    /// Upper confidence bound on tau.
    pub uplift_upper: Option<f64>,
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
    /// Tier.
    pub tier: Option<Tier>,
    /// Rank among the survivors, from 1.
    pub rank: Option<u32>,
    /// Probability with which it was chosen for the first slot.
    pub probability: Option<f64>,
    /// What moved the score of its model of P most: input and contribution, largest first.
    pub contributions: Vec<(String, f64)>,
    /// The one clause on which its loss hangs, where there is one.
    pub clause: Option<Clause>,
    /// Where it ended and why, as one sentence.
    pub sentence: String,
    /// When it is sent and why then, where it was chosen and either has to wait or a send time speaks of its channel.
    pub send: Option<SendTrace>,
}

impl CandidateTrace {
    /// A trace in which nothing has happened yet.
    pub(crate) fn new(candidate: Candidate, step: Step) -> CandidateTrace {
        CandidateTrace {
            candidate,
            step,
            rules: Vec::new(),
            tables: Vec::new(),
            caps: Vec::new(),
            propensity_raw: None,
            propensity_calibrated: None,
            propensity_smoothed: None,
            propensity: None,
            evidence: None,
            width: None,
            uplift: None,
            uplift_upper: None,
            context_weight: None,
            value: None,
            lever: None,
            cost: None,
            suitability: None,
            priority: None,
            tier: None,
            rank: None,
            probability: None,
            contributions: Vec::new(),
            clause: None,
            sentence: String::new(),
            send: None,
        }
    }
}

/// When a chosen candidate is sent, and why then.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SendTrace {
    /// When (ms).
    pub at: i64,
    /// Id of the send time that was asked for the best hour; `None` where the candidate waits for something else.
    pub send_time: Option<String>,
    /// The best hour it found, 0 to 23 on the clock of [`Trace::zone`]; unknown where there is none.
    pub hour: Value,
    /// The fields and scores it read, with their values.
    pub read: Vec<(String, Value)>,
    /// What failed.
    pub error: Option<String>,
    /// Why then, as one sentence.
    pub sentence: String,
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

/// One answer of one decision table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableTrace {
    /// Table id.
    pub table: String,
    /// What its columns test, and the values found.
    pub inputs: Vec<(String, Value)>,
    /// Numbers of the rows that match, from 1, as far as it looked: `First` looks no further than the first.
    pub rows: Vec<u32>,
    /// Its output.
    pub output: Value,
    /// What failed.
    pub error: Option<String>,
}
