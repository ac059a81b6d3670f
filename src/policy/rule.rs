//! Rules as data. A boolean rule returns true to keep a candidate; there are no permit rules.

use serde::{Deserialize, Serialize};

/// A rule, evaluated once per candidate in scope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Stable slug, unique; shown in traces, reports and diffs.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// When in the order of evaluation it runs.
    pub stage: Stage,
    /// Which candidates it speaks of.
    #[serde(default)]
    pub scope: Scope,
    /// Pure Rhai expression or block.
    pub expr: String,
    /// What an unknown result does; `Keep` is allowed for applicability only.
    #[serde(default)]
    pub on_missing: OnMissing,
    /// Why the rule exists, in the words of its author; shown beside every loss it causes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Whether it runs.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Note of the author.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// What a hard guard protects; for the words of its reason.
    #[serde(default, skip_serializing_if = "Protects::is_law")]
    pub protects: Protects,
}

impl Default for Rule {
    fn default() -> Rule {
        Rule {
            id: String::new(),
            name: String::new(),
            stage: Stage::Guard,
            scope: Scope::All,
            expr: String::new(),
            on_missing: OnMissing::Remove,
            reason: String::new(),
            enabled: true,
            note: String::new(),
            protects: Protects::Law,
        }
    }
}

/// What a hard guard protects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Protects {
    /// Law or policy: legal hold, age, jurisdiction.
    #[default]
    Law,
    /// Consent: without it `NoConsent`.
    Consent,
    /// The wish not to be contacted: against it `OptedOut`.
    OptOut,
}

impl Protects {
    /// Whether it is the default.
    pub fn is_law(&self) -> bool {
        *self == Protects::Law
    }
}

/// Stages that rules belong to, in order of evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Stage {
    /// Hard guards: consent, opt-out, legal hold. Never bypassed.
    Guard,
    /// Possible and legal.
    Eligibility,
    /// Relevant now.
    Applicability,
    /// Right for this person.
    Suitability,
    /// Right for this person, as a multiplier in (0, 1] in place of a removal. It multiplies the priority; under net value
    /// what is earned, not the cost.
    SoftSuitability,
    /// A lever: a number ≥ 0 that multiplies L. One that fails counts as 1 and is reported.
    Lever,
    /// When nothing is left: the id of an action to fall back to, or `()` for none. It reads no candidate; tried in order,
    /// before the declared ladder. The action's treatments are tried in the order of their ids.
    Fallback,
}

/// The candidates a rule or floor speaks of. Attached higher it applies to all below.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scope {
    /// Every candidate.
    #[default]
    All,
    /// Candidates of an issue.
    Issue(String),
    /// Candidates of a group.
    Group(String),
    /// Candidates of an action.
    Action(String),
    /// One treatment of an action.
    Treatment(String, String),
    /// Candidates on a channel.
    Channel(String),
}

/// What an unknown result of a boolean rule does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnMissing {
    /// Removes the candidate, with `MissingInput`.
    #[default]
    Remove,
    /// Keeps it.
    Keep,
}

fn yes() -> bool {
    true
}
