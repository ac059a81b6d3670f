//! A candidate with everything that speaks of it.

use super::Plan;
use crate::action::{Action, Treatment};
use crate::decision::Candidate;
use crate::document::Document;
use crate::holdout::HoldoutKind;
use crate::outcome::Tier;
use crate::overrides::OverrideKind;
use crate::rule::{Scope, Stage};
use std::sync::Arc;

/// A candidate: an action on one of its treatments.
#[derive(Debug)]
pub struct Slot {
    pub candidate: Candidate,
    pub action: Arc<str>,
    pub treatment: Arc<str>,
    pub group: Arc<str>,
    pub issue: Arc<str>,
    pub channel: Arc<str>,
    /// Positions of group, issue and channel among those of the document.
    pub group_at: u32,
    pub issue_at: u32,
    pub channel_at: u32,
    pub value: f64,
    pub cost: f64,
    /// L before lever rules, kept at 0 or above.
    pub lever: f64,
    pub tier: Tier,
    pub service: bool,
    pub standby: bool,
    pub valid_from: Option<i64>,
    pub valid_until: Option<i64>,
    /// Positions of its models of P and of tau.
    pub model: Option<u32>,
    pub uplift: Option<u32>,
    /// Observations behind its propensity, when the action says.
    pub evidence: Option<f64>,
    /// p0 and n0 of the most specific prior that speaks of it.
    pub prior: Option<(f64, f64)>,
    /// Positions of its action holdouts and overrides.
    pub layers: Vec<u32>,
    pub denials: Vec<u32>,
    pub forces: Vec<u32>,
    /// Positions in [`Plan::rules`] of guards and engagement rules by stage, the guards first.
    pub rules: Vec<u32>,
    pub guards: usize,
    pub levers: Vec<u32>,
    pub weights: Vec<u32>,
    /// Least propensity and least priority, per floor.
    pub floors: Vec<(Option<f64>, Option<f64>)>,
    /// The bundle it belongs to.
    pub bundle: Option<u32>,
    /// Place among the candidates: position in [`Plan::slots`].
    pub at: u32,
    /// Place among all candidates by group, action id, treatment id: decides ties.
    pub order: u32,
}

impl Slot {
    pub(super) fn new(document: &Document, candidate: Candidate, action: &Action, treatment: &Treatment) -> Slot {
        let groups =
            (0u32..).zip(&document.issues).flat_map(|(at, issue)| issue.groups.iter().map(move |g| (at, issue, g)));
        let taxonomy = (0u32..).zip(groups).find(|(_, (_, _, group))| group.id == action.group);
        let (group_at, issue_at, issue, weights) = match taxonomy {
            Some((group_at, (issue_at, issue, group))) => {
                (group_at, issue_at, issue.id.as_str(), issue.weight + group.weight)
            }
            None => (u32::MAX, u32::MAX, "", 0.0),
        };
        let channel = document.channels.iter().position(|c| c.id == treatment.channel);
        let model = |id: Option<&String>| {
            id.and_then(|id| document.models.iter().position(|m| m.id == *id)).and_then(|at| u32::try_from(at).ok())
        };
        let tier = match (action.mandatory, action.boosted) {
            (true, _) => Tier::Mandatory,
            (false, true) => Tier::Boosted,
            (false, false) => Tier::Normal,
        };
        let mut slot = Slot {
            candidate,
            action: action.id.as_str().into(),
            treatment: treatment.id.as_str().into(),
            group: action.group.as_str().into(),
            issue: issue.into(),
            channel: treatment.channel.as_str().into(),
            group_at,
            issue_at,
            channel_at: channel.and_then(|at| u32::try_from(at).ok()).unwrap_or(u32::MAX),
            value: treatment.value.unwrap_or(action.value),
            cost: treatment.cost.unwrap_or(action.cost),
            lever: (1.0 + (weights + action.weight) / 100.0).max(0.0),
            tier,
            service: action.service,
            standby: treatment.standby,
            valid_from: action.valid_from,
            valid_until: action.valid_until,
            model: model(treatment.propensity.as_ref().or(action.propensity.as_ref())),
            uplift: model(treatment.uplift.as_ref().or(action.uplift.as_ref())),
            evidence: treatment.evidence.or(action.evidence),
            prior: None,
            layers: Vec::new(),
            denials: Vec::new(),
            forces: Vec::new(),
            rules: Vec::new(),
            guards: 0,
            levers: Vec::new(),
            weights: Vec::new(),
            floors: Vec::new(),
            bundle: None,
            at: u32::MAX,
            order: 0,
        };
        let bundles = &document.slots.bundles;
        slot.bundle = positions(bundles, |bundle| bundle.actions.contains(&action.id)).first().copied();
        slot.prior = slot.most_specific_prior(document);
        slot
    }

    /// The parts whose scope speaks of it.
    pub(super) fn attach(&mut self, document: &Document, plan: &Plan, rule_scopes: &[&Scope]) {
        let in_scope = positions(rule_scopes, |scope| self.is_in(scope));
        for at in in_scope {
            match plan.rules.get(at as usize).map(|rule| rule.stage) {
                Some(Stage::Lever) => self.levers.push(at),
                Some(Stage::Fallback) | None => {}
                Some(stage) => {
                    self.guards += usize::from(stage == Stage::Guard);
                    self.rules.push(at);
                }
            }
        }
        self.weights = positions(&document.arbitration.context_weights, |weight| self.is_in(&weight.scope));
        self.layers =
            positions(&document.holdouts, |h| matches!(&h.kind, HoldoutKind::Action(id) if **id == *self.action));
        self.denials =
            positions(&document.overrides, |o| matches!(&o.kind, OverrideKind::Deny(scope) if self.is_in(scope)));
        self.forces =
            positions(&document.overrides, |o| matches!(&o.kind, OverrideKind::Force(scope) if self.is_in(scope)));
        let floors = document.arbitration.floors.iter().filter(|floor| self.is_in(&floor.scope));
        self.floors = floors.map(|floor| (floor.min_propensity, floor.min_priority)).collect();
    }

    fn most_specific_prior(&self, document: &Document) -> Option<(f64, f64)> {
        let specificity = |scope: &Scope| match scope {
            Scope::Treatment(..) => 0,
            Scope::Action(_) => 1,
            Scope::Group(_) => 2,
            Scope::Channel(_) => 3,
            Scope::Issue(_) => 4,
            Scope::All => 5,
        };
        let speaking = document.cold_start.priors.iter().filter(|prior| self.is_in(&prior.scope));
        // Of equally specific ones the first.
        let prior = speaking.min_by_key(|prior| specificity(&prior.scope))?;
        Some((prior.propensity, prior.weight))
    }

    /// Whether a rule, weight, floor or override with this scope speaks of the candidate.
    pub fn is_in(&self, scope: &Scope) -> bool {
        match scope {
            Scope::All => true,
            Scope::Issue(id) => **id == *self.issue,
            Scope::Group(id) => **id == *self.group,
            Scope::Action(id) => **id == *self.action,
            Scope::Treatment(action, treatment) => **action == *self.action && **treatment == *self.treatment,
            Scope::Channel(id) => **id == *self.channel,
        }
    }
}

/// Positions of the items that are wanted.
pub(crate) fn positions<T>(items: &[T], wanted: impl Fn(&T) -> bool) -> Vec<u32> {
    (0u32..).zip(items).filter(|(_, item)| wanted(item)).map(|(i, _)| i).collect()
}
