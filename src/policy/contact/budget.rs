//! What can run out: stock and budgets. They count the events of everybody.

use super::{Clock, EventKind, Period};
use crate::rule::Scope;
use serde::{Deserialize, Serialize};

/// Units of something that an action hands out. A candidate passes while `taken + reserved in this decision + 1 ≤ units`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stock {
    /// Stable slug, unique.
    pub id: String,
    /// Action that hands it out.
    pub action: String,
    /// Units there were at the beginning.
    pub units: u64,
    /// The event that takes one: an acceptance, a sending …
    pub event: EventKind,
    /// Only events after this instant (ms) took one.
    #[serde(default, with = "crate::instant::option", skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
}

/// What may be spent in a period, and how evenly.
///
/// A candidate passes while `spent + its own ≤ max` and, with pacing, `spent + its own ≤ max × elapsed share × (1 + slack)`.
/// While `spent < min × elapsed share` its candidates rank in the boosted tier. What this decision has reserved is spent; sums
/// closer than 1e-9 are equal. The elapsed share is exact over the hours that the period really has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Stable slug, unique.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Candidates that spend it.
    #[serde(default)]
    pub scope: Scope,
    /// What is spent.
    pub measure: Measure,
    /// The event that spends it.
    pub event: EventKind,
    /// At most so much per period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// At least so much per period, if there are takers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Period after which it begins anew, by the project's or universal time; `None`: once, from `from` to `until`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset: Option<(Period, Clock)>,
    /// Begin (ms): before it nothing of it is spent. Needed for pacing where nothing resets.
    #[serde(default, with = "crate::instant::option", skip_serializing_if = "Option::is_none")]
    pub from: Option<i64>,
    /// End (ms): from then on nothing of it is spent.
    #[serde(default, with = "crate::instant::option", skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// Slack of pacing, ≥ 0; `None`: spend as fast as it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pacing: Option<f64>,
    /// Whether it binds.
    #[serde(default = "yes")]
    pub enabled: bool,
}

/// What a budget adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Measure {
    /// One per event.
    Count,
    /// The cost of each.
    Cost,
}

fn yes() -> bool {
    true
}
