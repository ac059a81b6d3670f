//! The policy as data: everything a decision depends on. What people review stands first, in the order of decision; what
//! machines read (schema, recipe, models) stands last. Nothing here is evaluated.

use crate::action::{Action, Channel, Issue};
use crate::arbitration::{Arbitration, ColdStart, Slots};
use crate::cases::Case;
use crate::contact::{Budget, Cap, CoolDown, Exclusion, OnHit, QuietHours, Stock, Suppression};
use crate::exploration::Exploration;
use crate::holdout::Holdout;
use crate::limits::Limits;
use crate::model::Model;
use crate::overrides::Override;
use crate::property::Property;
use crate::recipe::Step;
use crate::rule::Rule;
use crate::schema::Schema;
use crate::table::Table;
use crate::zones::{SendTime, Zones};
use serde::{Deserialize, Serialize};

/// A decision policy. What a file holds after its header.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Stable id of the policy.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Whether it decides.
    #[serde(default, skip_serializing_if = "Operation::is_live")]
    pub mode: Operation,
    /// What a policy in shadow answers, if it passes guards and contact policy; `NoAction` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Fallback>,
    /// Whose clock is whose.
    #[serde(default, skip_serializing_if = "Zones::is_empty")]
    pub zones: Zones,
    /// Taxonomy.
    pub issues: Vec<Issue>,
    /// Channels.
    pub channels: Vec<Channel>,
    /// Actions.
    pub actions: Vec<Action>,
    /// Holdout layers, before every rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holdouts: Vec<Holdout>,
    /// Decisions of people, for a time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
    /// Rules of all stages; inside a stage they run in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// Decision tables, read by rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<Table>,
    /// Contact policy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caps: Vec<Cap>,
    /// After so many outcomes no more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suppressions: Vec<Suppression>,
    /// Minimum gaps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cool_downs: Vec<CoolDown>,
    /// What does not go together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclusions: Vec<Exclusion>,
    /// When nothing goes out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quiet_hours: Vec<QuietHours>,
    /// What can run out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stocks: Vec<Stock>,
    /// What is done where little is known.
    #[serde(default, skip_serializing_if = "ColdStart::is_empty")]
    pub cold_start: ColdStart,
    /// Arbitration and floors.
    #[serde(default)]
    pub arbitration: Arbitration,
    /// How many are chosen, and together with what.
    #[serde(default, skip_serializing_if = "Slots::is_single")]
    pub slots: Slots,
    /// Chance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exploration: Option<Exploration>,
    /// What may be spent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub budgets: Vec<Budget>,
    /// When the chosen is sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub send_times: Vec<SendTime>,
    /// What is tried, in order, when nothing is left. `NoAction` always stands last, unwritten.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fallback: Vec<Fallback>,
    /// What must never happen, whoever decides; proved at every check.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<Property>,
    /// Requests whose answer was agreed on; decided when the policy is loaded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<Case>,
    /// How large it may grow, and how long a rule may run.
    #[serde(default, skip_serializing_if = "Limits::is_empty")]
    pub limits: Limits,
    /// Where it came from.
    #[serde(default)]
    pub provenance: Provenance,
    /// Fields of a request.
    pub schema: Schema,
    /// Row features made from them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recipe: Vec<Step>,
    /// Models; last, since they are long.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<Model>,
}

impl Document {
    /// Whether what is chosen may be sent later than it is decided: at a best hour, or when what defers it has ended.
    pub fn may_send_later(&self) -> bool {
        let caps = self.caps.iter().filter(|part| part.enabled).map(|part| &part.on_hit);
        let cool_downs = self.cool_downs.iter().filter(|part| part.enabled).map(|part| &part.on_hit);
        let quiet = self.quiet_hours.iter().filter(|part| part.enabled).map(|part| &part.on_hit);
        !self.send_times.is_empty() || caps.chain(cool_downs).chain(quiet).any(|on_hit| *on_hit == OnHit::Defer)
    }
}

/// Whether a policy decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operation {
    /// It decides.
    #[default]
    Live,
    /// It answers its baseline and logs what it would have done.
    Shadow,
    /// It answers its fallback ladder.
    Off,
}

impl Operation {
    /// Whether it is the default.
    pub fn is_live(&self) -> bool {
        *self == Operation::Live
    }
}

/// One rung of the fallback ladder. It is answered only if its dates, holdouts, guards, denials, contact policy and budgets let it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fallback {
    /// Action id.
    pub action: String,
    /// Treatment id.
    pub treatment: String,
}

/// Where a policy came from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Source file names and their SHA-256.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Source>,
    /// Name and version of the writer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub runtime: String,
    /// Instant (ms) at which data without a time column is decided: the project's `as_of`.
    #[serde(default, with = "crate::instant::option", skip_serializing_if = "Option::is_none")]
    pub as_of: Option<i64>,
    /// Per model: how it was trained and how well it does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub training: Vec<Training>,
}

/// A source of the data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// File name.
    pub name: String,
    /// SHA-256 of its bytes, lower-case hex.
    pub sha256: String,
    /// Rows read.
    pub rows: u64,
}

/// How a model was trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Model id.
    pub model: String,
    /// Family: "logistic regression", "boosted trees".
    pub family: String,
    /// Rows learned from.
    pub rows: u64,
    /// Metric name to out-of-fold value.
    pub metrics: Vec<(String, f64)>,
    /// The file it learned from, where that is none of the policy's own sources by itself: it was learned apart and attached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}
