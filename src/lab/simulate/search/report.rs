//! What a search found, as plain data: the proposal, its parts, and how sure all of it is. Every value is in the unit of the objective, per
//! decision, on rows that had no part in the search. It holds no rows.

use super::settings::knobs::Knob;
use crate::distributions::ends;
use crate::simulate::report::{Refusal, Support};
use serde::{Deserialize, Serialize};

/// A value and how sure it is. Standard errors add within a subject first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// In the unit of the objective, per decision.
    pub value: f64,
    /// Standard error.
    pub se: f64,
    /// Normal interval at 95 %, lower end; infinite where nothing varies.
    #[serde(with = "ends")]
    pub low: f64,
    /// Normal interval at 95 %, upper end.
    #[serde(with = "ends")]
    pub high: f64,
    /// Percentile bootstrap interval at 95 % of resampled rows or subjects.
    pub bootstrap: Option<(f64, f64)>,
    /// Rows.
    pub n: u64,
}

impl Measured {
    /// The interval that verdicts look at: the bootstrap's where there is one.
    pub fn interval(&self) -> (f64, f64) {
        self.bootstrap.unwrap_or((self.low, self.high))
    }
}

/// What the held-out rows say of a proposal against the current policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// It beats the current policy: the interval of the difference lies above 0.
    Better,
    /// Nothing was found that beats the current policy beyond chance.
    #[default]
    Nothing,
    /// The log cannot answer.
    Refused,
}

/// What the parts of every proposal are: who was asked, by which measure, against whom.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Outcome column.
    pub outcome: String,
    /// What values are, in words.
    pub objective: String,
    /// Verdict on the proposal against the current policy.
    pub verdict: Verdict,
    /// The verdict in words.
    pub words: String,
    /// Why the log cannot answer; there is then no difference.
    pub refusal: Option<Refusal>,
    /// Rows that were learned from.
    pub learned: u64,
    /// Rows that had no part in it.
    pub held_out: u64,
    /// How they were parted.
    pub parted: String,
    /// The proposal, the current policy, then others; on the held-out rows.
    pub policies: Vec<PolicyValue>,
    /// The proposal less each other policy, the current one first, on the same held-out rows.
    pub differences: Vec<Gap>,
    /// What the proposal uses of every budget: those that were asked for, then, where a tree was looked for, those of the policy's own budgets,
    /// stocks and caps over everybody that bind.
    pub budgets: Vec<BudgetUse>,
    /// Set when logging propensities were estimated.
    pub exploratory: Option<String>,
    /// What is remarkable, in words.
    pub notes: Vec<String>,
}

/// A policy on the held-out rows, decided by the engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicyValue {
    /// Name for people.
    pub name: String,
    /// Doubly robust value; `None` when refused.
    pub value: Option<Measured>,
    /// Self-normalised value; `None` when refused.
    pub snips: Option<Measured>,
    /// Share of decisions that choose an action.
    pub share_contacted: f64,
    /// Mean cost of a decision.
    pub cost: f64,
    /// Can the log answer?
    pub support: Support,
}

/// The proposal less another policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// Name of the other policy.
    pub than: String,
    /// Doubly robust difference, paired by row.
    pub difference: Measured,
    /// Interval for all comparisons but the first together (Bonferroni); that of `difference` for the first.
    #[serde(with = "ends::pair")]
    pub joint: (f64, f64),
    /// Self-normalised difference.
    pub snips: Option<Measured>,
    /// In words.
    pub verdict: String,
}

/// What a proposal uses of a budget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BudgetUse {
    /// What is limited, in words.
    pub what: String,
    /// The limit, per decision.
    pub limit: f64,
    /// Used on the rows learned from, decided by the engine.
    pub learned: f64,
    /// Used on the held-out rows.
    pub held_out: f64,
}

/// A policy tree.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TreeProposal {
    /// Who was asked, and the verdict.
    pub trial: Trial,
    /// Splits on a way at most, as asked.
    pub deepest: usize,
    /// Splits on a way that the data carry: the least depth within one standard error of the best by cross-validation.
    pub depth: usize,
    /// Every depth that was tried.
    pub depths: Vec<DepthValue>,
    /// What one more unit of the budget (an action, a unit of cost) would be worth; `None` where no budget binds, or there are several.
    pub price: Option<f64>,
    /// The leaves, in the order of the tree.
    pub leaves: Vec<LeafReport>,
    /// The rules that make the tree a policy.
    pub rules: Vec<ProposedRule>,
    /// Columns that were asked.
    pub columns: Vec<String>,
    /// Parts of the policy that stay.
    pub kept: Vec<String>,
    /// Parts of the policy that give way.
    pub dropped: Vec<String>,
    /// Decisions of the held-out rows in which the engine did what the tree says, guards and holdouts granted; caps may differ.
    pub as_the_tree: u64,
}

/// A depth, on rows its trees did not learn from, within the part that is learned from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DepthValue {
    /// Splits on a way at most.
    pub depth: usize,
    /// Cross-validated value.
    pub value: f64,
    /// Standard error of the difference from the best depth.
    pub se: f64,
}

/// A leaf of the tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeafReport {
    /// Condition in Rhai.
    pub expr: String,
    /// Condition in words.
    pub words: String,
    /// Action id; `NoAction` for none.
    pub action: String,
    /// Treatment id; empty for none.
    pub treatment: String,
    /// Name of the choice for people.
    pub name: String,
    /// Rows learned from.
    pub learned: u64,
    /// Effective sample size of the choice among them.
    pub learned_ess: f64,
    /// Held-out rows.
    pub n: u64,
    /// Their share.
    pub share: f64,
    /// Effective sample size of the choice among them.
    pub ess: f64,
    /// Value of the choice among them.
    pub value: Option<Measured>,
    /// The choice less what would be with no action; `None` where no action was never logged.
    pub effect: Option<Measured>,
}

/// A rule of the proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposedRule {
    /// Id in the policy.
    pub id: String,
    /// Name.
    pub name: String,
    /// Action it speaks of.
    pub action: String,
    /// Treatment it speaks of; empty for all of the action.
    pub treatment: String,
    /// Rhai.
    pub expr: String,
    /// Why.
    pub note: String,
}

/// Numbers of a policy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SettingsProposal {
    /// Who was asked, and the verdict.
    pub trial: Trial,
    /// Every number that was tried.
    pub settings: Vec<SettingReport>,
    /// Policies that were decided on the rows learned from, or on a part of them.
    pub policies: u64,
}

/// A number of the policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SettingReport {
    /// Where it is.
    pub knob: Knob,
    /// What it is, in words.
    pub words: String,
    /// Name of the rule or action it belongs to; empty for others.
    pub name: String,
    /// What it is now.
    pub from: f64,
    /// What is proposed; the same where nothing was gained.
    pub to: f64,
    /// Every value that was tried, ascending.
    pub tried: Vec<f64>,
    /// What the last change gained on the rows learned from, where there was one; too high, since it was chosen by it.
    pub gain: Option<f64>,
}
