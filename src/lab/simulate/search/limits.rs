//! What a policy lets everybody together have: its budgets, stocks and caps over everybody.
//!
//! Asked of the engine in order of time they keep an action from whoever comes late, whatever a tree says of them: a tree learned from such
//! answers would not know that whom it leaves out makes room for others. So they are taken off while the engine is asked whom an action
//! reaches ([`lifted`]), and given to the tree as what it may use per decision of the log ([`limits`]), like the budgets of a
//! search. That is a mean: at which hour they bind is seen when the whole policy, with all of them on, decides the log in the end.

use super::report::BudgetUse;
use super::scores::Scored;
use super::stage::Ground;
use crate::data::Requests;
use crate::error::Result;
use crate::simulate::log::{DecisionLog, NO_ARM};
use crate::simulate::questions::budgets::{periods_in, spends};
use crate::simulate::replay::follow_up;
use attune_policy::Policy;
use attune_policy::action::{Action, Direction, Treatment};
use attune_policy::contact::{Cap, CapTarget, EventKind, Measure, Window};
use attune_policy::document::Document;
use attune_policy::history::{History, Identity, NoHistory, Of, Query};
use attune_policy::rule::Scope;
use std::collections::BTreeMap;

/// Something that everybody together may use.
#[derive(Clone, Debug)]
pub(super) struct Limit {
    /// What is limited, in words.
    pub what: String,
    /// Largest mean use of a decision, over all rows of the log.
    pub limit: f64,
    /// What an arm of the log uses where it is chosen.
    uses: Vec<f64>,
    /// The outcome that uses it, where the choice alone does not: known only where the choice is what was logged, as in a replay.
    follows: Option<usize>,
}

/// The policy without what it limits for everybody together. What is closed stays so: a limit of 0, and a budget outside its dates.
pub(super) fn lifted(document: &Document) -> Document {
    let mut document = document.clone();
    for budget in document.budgets.iter_mut().filter(|budget| budget.enabled) {
        (budget.min, budget.pacing) = (None, None);
        if budget.max.is_none_or(|max| max > 0.0) {
            budget.max = None;
            budget.enabled = budget.from.is_some() || budget.until.is_some();
        }
    }
    document.stocks.retain(|stock| stock.units == 0);
    for cap in document.caps.iter_mut().filter(|cap| is_shared(cap)) {
        cap.enabled = false;
    }
    document
}

/// Whether a cap counts over everybody, and lets anything pass.
fn is_shared(cap: &Cap) -> bool {
    cap.enabled && cap.key == Identity::Global && cap.limit.is_some_and(|limit| limit > 0)
}

/// What the policy lets everybody have per decision of the log. Nothing where rows have no times: no decision sees another then.
pub(super) fn limits(ground: &Ground<'_>, current: &Policy) -> Result<Vec<Limit>> {
    if !ground.timed() {
        return Ok(Vec::new());
    }
    let document = current.document();
    let requests = Requests::new(ground.dataset, ground.roles, &document.schema)?;
    let rows = ground.dataset.rows();
    let times = || (0..rows).map(|row| requests.now(row));
    let (Some(start), Some(end)) = (times().min(), times().max()) else { return Ok(Vec::new()) };
    let given: &dyn History = match &ground.options.history {
        Some(history) => &**history,
        None => &NoHistory,
    };
    let per_decision = |total: f64| total.max(0.0) / rows as f64;
    let mut list = Vec::new();
    let mut add = |what: String, total: f64, amounts: &[f64], event: &EventKind| {
        let follows = match event {
            EventKind::Decision | EventKind::Sent | EventKind::Impression => None,
            // What no outcome of the log is, a replay never sees.
            event => match ground.log.outcomes.iter().position(|outcome| follow_up(&outcome.name) == *event) {
                None => return,
                found => found,
            },
        };
        let uses = by_arm(document, amounts, &ground.log);
        list.push(Limit { what, limit: per_decision(total), uses, follows });
    };
    let spent = current.budgets(start, given);
    for (at, budget) in document.budgets.iter().enumerate().filter(|(_, budget)| budget.enabled) {
        let Some(max) = budget.max.filter(|max| *max > 0.0) else { continue };
        let (from, until) = (budget.from.map_or(start, |t| t.max(start)), budget.until.map_or(end, |t| t.min(end)));
        let periods = budget.reset.map_or(1, |(period, _)| periods_in(period, (from, until)));
        let spent = spent.iter().find(|state| state.budget as usize == at).map_or(0.0, |state| state.spent);
        let name = if budget.name.is_empty() { &budget.id } else { &budget.name };
        let amounts = spends(document, &budget.scope, budget.measure);
        add(format!("the policy's budget {name}"), max * periods as f64 - spent, &amounts, &budget.event);
    }
    for stock in document.stocks.iter().filter(|stock| stock.units > 0) {
        let of = Of::Action(&stock.action);
        let taken = Query { kind: &stock.event, of, channel: None, counting: false, after: stock.since, until: start };
        let left = stock.units.saturating_sub(given.total(&taken).count);
        let amounts = spends(document, &Scope::Action(stock.action.clone()), Measure::Count);
        add(format!("the policy's stock {}", stock.id), left as f64, &amounts, &stock.event);
    }
    for cap in document.caps.iter().filter(|cap| is_shared(cap)) {
        let windows = match cap.window {
            Window::Lifetime => 1,
            Window::Rolling(seconds) => ((end - start) as u64).div_ceil(seconds.saturating_mul(1_000).max(1)).max(1),
            Window::Calendar(period, _) => periods_in(period, (start, end)),
        };
        let name = if cap.name.is_empty() { &cap.id } else { &cap.name };
        for (of, own) in counted(document, cap) {
            let what = format!("the policy's cap {name}{}", if of.is_empty() { of } else { format!(" of {of}") });
            // What was sent long ago counts for good, or not at all by the end of a window.
            let before = match cap.window {
                Window::Lifetime => given.total(&own.before(cap, start)).count,
                _ => 0,
            };
            let total = f64::from(cap.limit.unwrap_or(0)) * windows as f64 - before as f64;
            add(what, total, &own.amounts, &cap.event);
        }
    }
    Ok(list)
}

/// What a cap counts together.
struct Counted<'a> {
    /// The first candidate of it, and its issue.
    first: (&'a Action, &'a Treatment),
    issue: &'a str,
    /// By candidate of the policy: 1 for those that the cap counts and blocks.
    amounts: Vec<f64>,
}

impl<'a> Counted<'a> {
    /// The events of it that were given up to an instant.
    fn before(&self, cap: &'a Cap, until: i64) -> Query<'_> {
        let (action, treatment) = self.first;
        let (of, channel) = match &cap.target {
            CapTarget::All => (Of::All, cap.channel.as_deref()),
            CapTarget::Channel => (Of::All, Some(treatment.channel.as_str())),
            CapTarget::Issue => (Of::Issue(self.issue), cap.channel.as_deref()),
            CapTarget::Group => (Of::Group(&action.group), cap.channel.as_deref()),
            CapTarget::Action => (Of::Action(&action.id), cap.channel.as_deref()),
            CapTarget::Treatment => (Of::Treatment(&action.id, &treatment.id), cap.channel.as_deref()),
            CapTarget::Tag(tag) => (Of::Tag(tag), cap.channel.as_deref()),
        };
        Query { kind: &cap.event, of, channel, counting: true, after: None, until }
    }
}

/// What a cap counts together, by name.
fn counted<'a>(document: &'a Document, cap: &Cap) -> BTreeMap<String, Counted<'a>> {
    let outbound = |channel: &str| {
        document.channels.iter().all(|known| known.id != channel || known.direction == Direction::Outbound)
    };
    let issue = |action: &Action| {
        let of = document.issues.iter().find(|issue| issue.groups.iter().any(|group| group.id == action.group));
        of.map_or("", |issue| issue.id.as_str())
    };
    let name = |action: &Action, treatment: &Treatment| -> Option<String> {
        let counts = action.obeys_caps && action.counts_toward_caps && outbound(&treatment.channel);
        if !counts || cap.channel.as_ref().is_some_and(|channel| *channel != treatment.channel) {
            return None;
        }
        match &cap.target {
            CapTarget::All => Some(String::new()),
            CapTarget::Channel => Some(treatment.channel.clone()),
            CapTarget::Issue => Some(issue(action).to_owned()),
            CapTarget::Group => Some(action.group.clone()),
            CapTarget::Action => Some(action.id.clone()),
            CapTarget::Treatment => Some(format!("{} / {}", action.id, treatment.id)),
            CapTarget::Tag(tag) => action.tags.contains(tag).then(|| tag.clone()),
        }
    };
    let each = || document.actions.iter().flat_map(|action| action.treatments.iter().map(move |own| (action, own)));
    let width = each().count();
    let mut groups: BTreeMap<String, Counted<'a>> = BTreeMap::new();
    for (at, first) in each().enumerate() {
        if let Some(name) = name(first.0, first.1) {
            let new = || Counted { first, issue: issue(first.0), amounts: vec![0.0; width] };
            groups.entry(name).or_insert_with(new).amounts[at] = 1.0;
        }
    }
    groups
}

/// Amounts by candidate of the policy, by arm of the log.
fn by_arm(document: &Document, amounts: &[f64], log: &DecisionLog) -> Vec<f64> {
    let mut uses = vec![0.0; log.arms.len()];
    let each = document.actions.iter().flat_map(|action| action.treatments.iter().map(move |own| (action, own)));
    for ((action, treatment), amount) in each.zip(amounts) {
        if let Some(uses) = uses.get_mut(usize::from(log.arm_of(&action.id, &treatment.id))) {
            *uses = *amount;
        }
    }
    uses
}

impl Limit {
    /// What choosing an arm in a row of the dataset uses.
    pub fn used(&self, log: &DecisionLog, row: usize, arm: u16) -> f64 {
        let amount = self.uses.get(usize::from(arm)).copied().unwrap_or(0.0);
        let followed = |outcome: usize| log.arm[row] == arm && log.outcomes[outcome].values[row] > 0.0;
        if arm != NO_ARM && self.follows.is_none_or(followed) { amount } else { 0.0 }
    }

    /// What a policy uses of it that chooses these arms on the rows learned from and on the held-out ones.
    pub fn told(&self, log: &DecisionLog, learned: (&Scored, &[u16]), held_out: (&Scored, &[u16])) -> BudgetUse {
        let mean = |(scored, arms): (&Scored, &[u16])| {
            let used = scored.rows.iter().zip(arms).map(|(row, arm)| self.used(log, *row as usize, *arm)).sum::<f64>();
            used / arms.len().max(1) as f64
        };
        BudgetUse { what: self.what.clone(), limit: self.limit, learned: mean(learned), held_out: mean(held_out) }
    }
}
