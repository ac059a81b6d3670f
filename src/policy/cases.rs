//! Cases: requests whose answer people agreed on. They travel in the policy file and are decided when it is loaded; one that
//! comes out otherwise refuses the policy. They may also stand in files of their own, a list of cases in RON.

mod check;
mod record;
mod run;
#[cfg(test)]
mod tests;

pub(crate) use check::check;
pub use record::{fates, record};
#[cfg(test)] // the property tests count reasons by kind
pub(crate) use run::kind;
pub use run::{Failure, Prepared, run};

use crate::codec;
use crate::contact::EventKind;
use crate::error::Error;
use crate::history::Identity;
use crate::reason::Step;
use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Cases in a policy, at most: they are decided at every load.
pub const MAX_CASES: usize = 1_000;

/// Events of one case, at most.
pub const MAX_EVENTS: usize = 1_000;

/// Largest file of cases read, in bytes.
pub const MAX_BYTES: usize = 16 << 20;

/// A request, what had happened before, and what is expected of the decision.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Stable slug, unique.
    pub id: String,
    /// What it shows, for people: "no e-mail without consent".
    pub name: String,
    /// What is asked.
    pub request: Question,
    /// What had happened, any order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<Past>,
    /// What is expected.
    pub expect: Expected,
}

/// A request with its fields by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Subject key.
    pub subject: String,
    /// Instant of the decision (ms).
    #[serde(with = "crate::instant")]
    pub now: i64,
    /// IANA zone of the subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Id of the decision; exploration draws with it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub decision_id: String,
    /// Household of the subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub household: Option<String>,
    /// Device of the subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Fields by name; those that are not named are unknown.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, Value>,
}

/// An event before the decision. What is absent is as the policy has it for the action and treatment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Past {
    /// When (ms).
    #[serde(with = "crate::instant")]
    pub at: i64,
    /// What happened.
    pub event: EventKind,
    /// Whose event: the subject's own, one that the household or device shares, or of anybody (`Global`), which only budgets,
    /// stock and global caps count.
    #[serde(default, skip_serializing_if = "Identity::is_subject")]
    pub of: Identity,
    /// Action id.
    pub action: String,
    /// Treatment id.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub treatment: String,
    /// Channel id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Group id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Issue id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<String>,
    /// Tags of the action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// Whether the action counts toward caps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<bool>,
    /// What it cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
}

/// What a decision should come to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// What is chosen.
    pub chosen: Chosen,
    /// When it is to be sent (ms).
    #[serde(default, with = "crate::instant::option", skip_serializing_if = "Option::is_none")]
    pub send_at: Option<i64>,
    /// What becomes of some of the candidates; nothing is expected of the others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Fate>,
}

/// What is chosen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Chosen {
    /// Nothing.
    #[default]
    NoAction,
    /// An action on a treatment, in the only slot.
    Candidate(String, String),
    /// Several, slot by slot.
    Candidates(Vec<(String, String)>),
}

/// What should become of a candidate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fate {
    /// Action id.
    pub action: String,
    /// Treatment id.
    pub treatment: String,
    /// Where it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
    /// Kind of its reason, by the name of [`crate::Reason`]: "NotEligible", "CapReached".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Priority, up to 1e-9.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<f64>,
    /// Probability with which it is chosen for the first slot, up to 1e-9.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
}

/// Reads a file of cases.
///
/// # Errors
/// [`Error::File`] with the place and what to do.
pub fn read(bytes: &[u8]) -> Result<Vec<Case>, Error> {
    if bytes.len() > MAX_BYTES {
        let message = format!("the file is larger than {} MB; it is no file of cases", MAX_BYTES >> 20);
        return Err(Error::File { position: None, message });
    }
    codec::read_part(bytes)
}

/// The text of a file of cases.
///
/// # Errors
/// [`Error::File`] for a number that is not finite or an instant outside the calendar.
pub fn write(cases: &[Case]) -> Result<String, Error> {
    codec::write_part(cases)
}
