//! What may be done for a subject: taxonomy, channels, actions and their treatments.

use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An issue (Retention) and its groups (Cards): the two-level taxonomy of actions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issue {
    /// Unique id.
    pub id: String,
    /// Lever in percent, enters `L = 1 + (w_issue + w_group + w_action)/100`.
    #[serde(default)]
    pub weight: f64,
    /// Groups of this issue.
    pub groups: Vec<Group>,
}

/// A group of actions inside an issue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Unique over all issues.
    pub id: String,
    /// Lever in percent.
    #[serde(default)]
    pub weight: f64,
}

/// A channel: email, sms, web …
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// Unique id.
    pub id: String,
    /// Contact policy applies to outbound channels.
    pub direction: Direction,
}

/// Who starts the contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// We contact the subject; caps apply.
    Outbound,
    /// The subject is here already.
    Inbound,
}

/// Something we may do for a subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// Unique id; `NoAction` is reserved.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Group of the taxonomy it belongs to.
    pub group: String,
    /// V: worth of the outcome, ≥ 0, in money or points.
    #[serde(default = "one")]
    pub value: f64,
    /// Cost of doing it, same unit as `value`.
    #[serde(default)]
    pub cost: f64,
    /// Lever in percent.
    #[serde(default)]
    pub weight: f64,
    /// Not before this instant (ms).
    #[serde(default, with = "crate::instant::option", skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<i64>,
    /// Not at or after this instant (ms).
    #[serde(default, with = "crate::instant::option", skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<i64>,
    /// Labels that caps can count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// First tier of arbitration; still obeys guards and non-bypassable caps.
    #[serde(default)]
    pub mandatory: bool,
    /// Service message, not marketing: exempt from global holdouts.
    #[serde(default)]
    pub service: bool,
    /// Whether caps can block it.
    #[serde(default = "yes")]
    pub obeys_caps: bool,
    /// Whether its events count toward caps.
    #[serde(default = "yes")]
    pub counts_toward_caps: bool,
    /// Second tier of arbitration: ranks before every normal action.
    #[serde(default, skip_serializing_if = "is_false")]
    pub boosted: bool,
    /// Model whose score is its response propensity P.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub propensity: Option<String>,
    /// Model whose score is its uplift tau: the difference in expected outcome that the action makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uplift: Option<String>,
    /// Observations behind its propensity: n of the cold-start smoothing; absent, the model's own evidence counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<f64>,
    /// Facts under `action.` in rules.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, Value>,
    /// Renditions, at least one.
    pub treatments: Vec<Treatment>,
}

/// The rendition of an action on one channel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Treatment {
    /// Unique inside its action.
    pub id: String,
    /// Channel it goes out on.
    pub channel: String,
    /// Template id of the sending platform.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub template: String,
    /// Model of P at treatment level; wins over the action's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub propensity: Option<String>,
    /// Model of tau at treatment level; wins over the action's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uplift: Option<String>,
    /// Observations behind its propensity; wins over the action's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<f64>,
    /// V of this treatment in place of the action's: discount levels are treatments of one action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Cost of this treatment in place of the action's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    /// Facts under `action.` in rules; they win over the action's of the same name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, Value>,
    /// Stands aside until a cap or quiet hours reroute another treatment of its action to its channel.
    #[serde(default, skip_serializing_if = "is_false")]
    pub standby: bool,
}

impl Default for Action {
    fn default() -> Action {
        Action {
            id: String::new(),
            name: String::new(),
            group: String::new(),
            value: one(),
            cost: 0.0,
            weight: 0.0,
            valid_from: None,
            valid_until: None,
            tags: Vec::new(),
            mandatory: false,
            service: false,
            obeys_caps: true,
            counts_toward_caps: true,
            boosted: false,
            propensity: None,
            uplift: None,
            evidence: None,
            attributes: BTreeMap::new(),
            treatments: Vec::new(),
        }
    }
}

fn one() -> f64 {
    1.0
}

fn yes() -> bool {
    true
}

fn is_false(flag: &bool) -> bool {
    !flag
}
