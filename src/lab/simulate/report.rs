//! The report of a simulation: every number with its interval, its support and its definition.
//!
//! Plain data: it is written to `runs/<id>/report.ron`, printed by the command line as JSON and drawn by the studio. It
//! holds no rows. Intervals are at 95 %.

mod estimate;
mod log;
mod method;
mod support;

pub use estimate::{ByEstimator, Estimate, Lambda, ListValue, RewardReport, Value};
pub use log::{ArmReport, Effect, LogReport, Overlap, SampleRatio};
pub use method::Method;
pub use support::{Blended, Instead, Refusal, Region, Support};

use serde::{Deserialize, Serialize};

/// What a policy would have done, and what it is worth.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Name of the policy.
    pub policy: String,
    /// Its revision.
    pub revision: String,
    /// Outcome the policy is for; one of `outcomes`.
    pub goal: String,
    /// Least difference in the goal worth having.
    pub least_lift: Option<f64>,
    /// Outcome columns, goal first.
    pub outcomes: Vec<String>,
    /// The logged trial: arms, means, effects, checks.
    pub log: LogReport,
    /// What is wrong with the log although values are given; they were asked for even so.
    #[serde(default)]
    pub distrusted: Option<String>,
    /// The policy first, then its baselines, then other policies.
    pub policies: Vec<PolicyReport>,
    /// The policy less each other one, on paired rows.
    pub differences: Vec<Difference>,
    /// Candidates and customers through the stages.
    pub funnel: Vec<FunnelStage>,
    /// Everything that can be switched off, in the order of evaluation: what each removes and what it costs.
    pub rules: Vec<RuleImpact>,
    /// Per week of the log, where rows have times.
    pub weeks: Vec<Week>,
    /// Values within parts of the customers.
    pub segments: Option<Segments>,
    /// The reward models behind the doubly robust values of the policy, one per outcome.
    #[serde(default)]
    pub rewards: Vec<RewardReport>,
    /// How state was treated: history, caps, times.
    pub state: String,
    /// Decisions in which something failed.
    pub degraded: u64,
    /// What failed, in words, and in how many decisions; most frequent first.
    pub diagnostics: Vec<(String, u64)>,
    /// Definitions of the terms used.
    pub notes: Vec<Note>,
}

/// A term and its definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The term as it stands beside a number.
    pub term: String,
    /// What it means.
    pub definition: String,
}

/// Which rows a value stands on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsUsed {
    /// Rows of the dataset.
    pub total: u64,
    /// Rows decided and valued.
    pub used: u64,
    /// Whether they are those that no model learned from.
    pub held_out: bool,
    /// Why these.
    pub why: String,
    /// Why the policy does something else on a sample than on all rows, when it does: what is counted over everybody sees a part of it.
    #[serde(default)]
    pub caveat: Option<String>,
}

/// What a policy is in the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// The policy the report is about.
    Policy,
    /// No action for anybody, or one arm for everybody.
    Baseline,
    /// Another policy to compare with.
    Other,
}

/// A policy's support, value and mix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicyReport {
    /// Name for people.
    pub name: String,
    /// What it is in this report.
    pub kind: Kind,
    /// Rows its values stand on.
    pub rows: RowsUsed,
    /// Whether its decisions depend on models.
    pub uses_models: bool,
    /// Share of decisions that choose an action.
    pub share_contacted: f64,
    /// What it chooses; largest share first.
    pub mix: Vec<ActionShare>,
    /// Can the log answer?
    pub support: Support,
    /// Why no value is given; `values` is then empty.
    pub refusal: Option<Refusal>,
    /// Value per outcome, in the order of [`Report::outcomes`].
    pub values: Vec<Value>,
    /// What can be estimated where the value is refused.
    #[serde(default)]
    pub instead: Option<Instead>,
    /// Share of its decisions in which chance chooses; its values weigh the probabilities, not the draws.
    #[serde(default)]
    pub explored: f64,
    /// Values of whole lists under every assumption, where the log has lists; the answer in `values` is one of them.
    #[serde(default)]
    pub lists: Vec<ListValue>,
}

/// Share of an action among the decisions; of lists, among those that place it, so that shares add up to more than 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionShare {
    /// Action id; `NoAction` for none.
    pub action: String,
    /// Treatment id, empty for none.
    pub treatment: String,
    /// Name for people.
    pub name: String,
    /// Decisions.
    pub decisions: u64,
    /// Share of the decisions.
    pub share: f64,
    /// Decisions that took it from the fallback ladder.
    pub fallback: u64,
    /// Whether the log ever took it.
    pub logged: bool,
}

/// The policy less another one, on the rows both were valued on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Name of the other policy.
    pub than: String,
    /// Outcome.
    pub outcome: String,
    /// The policy's value on these rows.
    pub value: f64,
    /// The other one's value on these rows.
    pub other: f64,
    /// The difference of the SNIPS values; the bootstrap resamples rows for both at once.
    pub estimate: Estimate,
    /// The same difference by other estimators.
    #[serde(default)]
    pub others: Vec<Estimate>,
    /// The difference relative to the other one's value; `None` unless that is above 0.
    pub relative: Option<f64>,
    /// Whether the interval lies above 0, below 0, or holds it, in words; for the goal also against the least lift.
    pub verdict: String,
}

/// Candidates and customers through one stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FunnelStage {
    /// Name of the stage.
    pub stage: String,
    /// Candidates that entered it, over all decisions.
    pub candidates_in: u64,
    /// Candidates that left it.
    pub candidates_out: u64,
    /// Decisions with at least one candidate before it.
    pub decisions_in: u64,
    /// Decisions with at least one candidate after it.
    pub decisions_out: u64,
    /// What ended here: reasons and candidates, most first.
    pub causes: Vec<(String, u64)>,
}

/// What kind of thing a [`RuleImpact`] speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RuleKind {
    /// A guard or engagement rule.
    Rule,
    /// A soft suitability rule: lowers priorities, removes nothing.
    Soft,
    /// A lever: weighs priorities, removes nothing.
    Lever,
    /// A fallback rule: names an action when nothing is left, removes nothing.
    Fallback,
    /// A cap.
    Cap,
    /// A suppression after outcomes.
    Suppression,
    /// A least gap between contacts.
    CoolDown,
    /// A mutual exclusion of actions.
    Exclusion,
    /// Quiet hours.
    QuietHours,
    /// A stock.
    Stock,
    /// A holdout.
    Holdout,
    /// A floor of arbitration.
    Floor,
    /// A budget.
    Budget,
}

impl RuleKind {
    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            RuleKind::Rule => "rule",
            RuleKind::Soft => "soft rule",
            RuleKind::Lever => "lever",
            RuleKind::Fallback => "fallback rule",
            RuleKind::Cap => "cap",
            RuleKind::Suppression => "suppression",
            RuleKind::CoolDown => "cool-down",
            RuleKind::Exclusion => "exclusion",
            RuleKind::QuietHours => "quiet hours",
            RuleKind::Stock => "stock",
            RuleKind::Holdout => "holdout",
            RuleKind::Floor => "floor",
            RuleKind::Budget => "budget",
        }
    }

    /// Whether it removes candidates; what does not weighs them, or brings one back.
    pub fn removes(self) -> bool {
        !matches!(self, RuleKind::Soft | RuleKind::Lever | RuleKind::Fallback)
    }
}

/// What one rule removes and what it costs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleImpact {
    /// What it is.
    pub kind: RuleKind,
    /// Id in the policy.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Stage it belongs to.
    pub stage: String,
    /// Candidates it removed, over all decisions.
    pub removed: u64,
    /// Of these, removed because a field was missing.
    pub removed_missing: u64,
    /// Of these, removed because the rule failed.
    pub removed_error: u64,
    /// Share of decisions in which it removed at least one candidate.
    pub share: f64,
    /// What the policy does without it; `None` when it is off or was not asked for.
    pub without: Option<Without>,
}

/// The policy against itself with one rule disabled, on the same rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Without {
    /// Rows compared: some of the report's, whole subjects, or all of them where something is counted over everybody.
    pub rows: u64,
    /// Candidates that this rule alone removed, on `alone_rows` of these rows: without it they pass every stage before arbitration.
    pub removed_alone: u64,
    /// Rows on which what became of each candidate was compared; fewer than `rows` only where there are too many to hold.
    #[serde(default)]
    pub alone_rows: u64,
    /// Decisions on these rows whose choice changes without it.
    pub choices_changed: u64,
    /// Share of these rows with an action, with the rule and without it.
    pub share_contacted: (f64, f64),
    /// Value without the rule less value with it, per outcome in the order of [`Report::outcomes`]: positive is what
    /// the rule costs, negative what it brings. `None` when the log cannot answer without the rule.
    pub value_cost: Vec<Option<Estimate>>,
}

/// One week of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Week {
    /// Start of the week (ms), counted in sevens of days from the first decision.
    pub start: i64,
    /// Decisions.
    pub decisions: u64,
    /// Decisions with an action.
    pub contacts: u64,
    /// Share of decisions without one.
    pub no_action_share: f64,
    /// Candidates stopped per cap id.
    pub cap_hits: Vec<(String, u64)>,
    /// Times that a decision was put off because its choice was to be sent later.
    #[serde(default)]
    pub deferrals: u64,
    /// The same per cap, cool-down or quiet hours that made it wait, by cause and id (`QuietHours:night`); those of a send time are in the
    /// sum alone.
    #[serde(default)]
    pub deferred_by: Vec<(String, u64)>,
    /// Where each budget stood at the end of the week.
    #[serde(default)]
    pub budgets: Vec<BudgetWeek>,
}

/// A budget at the end of a week.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BudgetWeek {
    /// Id of the budget.
    pub id: String,
    /// What was spent in its period so far, in its measure.
    pub spent: f64,
    /// What may be spent in the whole period.
    pub max: Option<f64>,
    /// The pace line: what may be spent by then, slack included; `None` without pacing.
    pub pace: Option<f64>,
    /// What its minimum asks for by then.
    pub least: Option<f64>,
}

/// Values within parts of the customers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Segments {
    /// Column that divides them.
    pub column: String,
    /// Outcome valued.
    pub outcome: String,
    /// The parts.
    pub parts: Vec<Segment>,
}

/// One part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// Value or range of the column.
    pub name: String,
    /// Rows.
    pub n: u64,
    /// Share contacted by the policy.
    pub share_contacted: f64,
    /// Why there is no value.
    #[serde(default)]
    pub refusal: Option<Refusal>,
    /// Value of the policy; `None` when the support is too thin.
    pub value: Option<Estimate>,
    /// The policy less no action for all; `None` when the support is too thin.
    pub lift: Option<Estimate>,
}

impl Report {
    /// The report of the policy itself.
    pub fn main(&self) -> Option<&PolicyReport> {
        self.policies.first()
    }

    /// The policy or baseline called `name`.
    pub fn policy(&self, name: &str) -> Option<&PolicyReport> {
        self.policies.iter().find(|p| p.name == name)
    }

    /// The difference from `than` in `outcome`.
    pub fn difference(&self, than: &str, outcome: &str) -> Option<&Difference> {
        self.differences.iter().find(|d| d.than == than && d.outcome == outcome)
    }
}

impl PolicyReport {
    /// Value in an outcome; `None` when refused.
    pub fn value(&self, outcome: &str) -> Option<&Value> {
        self.values.iter().find(|v| v.outcome == outcome)
    }
}
