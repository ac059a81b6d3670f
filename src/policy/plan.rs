//! A document compiled for deciding: names resolved to positions, scopes to lists per candidate. It decides nothing itself.

use crate::action::{Action, Direction, Treatment};
use crate::arbitration::Mode;
use crate::contact::{Cap, CapTarget, EventKind, Window};
use crate::decision::Candidate;
use crate::diagnostic::{Diagnostic, Part, Severity};
use crate::document::Document;
use crate::holdout::HoldoutKind;
use crate::language::{self, Compiled, Context, Use};
use crate::model::Scorer;
use crate::recipe::Program;
use crate::rule::{OnMissing, Scope, Stage};
use std::sync::Arc;

/// Everything a decision needs, in the order it needs it.
#[derive(Debug, Default)]
pub struct Plan {
    pub program: Program,
    pub models: Vec<(Arc<str>, Scorer)>,
    pub layers: Vec<Layer>,
    /// Enabled rules by stage, in document order inside a stage.
    pub rules: Vec<PlannedRule>,
    pub caps: Vec<PlannedCap>,
    /// Conditions of context weights and what each adds to C.
    pub weights: Vec<PlannedWeight>,
    pub formula: Formula,
    /// One per candidate, in document order.
    pub slots: Vec<Slot>,
    /// Positions of slots.
    pub fallback: Vec<usize>,
    /// Channels on which the subject comes to us: contact policy does not speak of them.
    pub inbound: Vec<Arc<str>>,
}

/// The formula of the priority.
#[derive(Debug, Default)]
pub enum Formula {
    #[default]
    Pcvl,
    NetValue,
    Expression(Compiled),
}

/// A holdout layer.
#[derive(Debug)]
pub struct Layer {
    pub id: Arc<str>,
    pub salt: String,
    pub share: f64,
    pub global: bool,
}

#[derive(Debug)]
pub struct PlannedRule {
    pub id: Arc<str>,
    pub stage: Stage,
    pub keep_unknown: bool,
    pub compiled: Compiled,
}

#[derive(Debug)]
pub struct PlannedCap {
    pub id: Arc<str>,
    pub target: CapTarget,
    pub channel: Option<String>,
    pub event: EventKind,
    pub limit: u32,
    /// Length of a rolling window in milliseconds; `None` counts a lifetime.
    pub window: Option<i64>,
}

#[derive(Debug)]
pub struct PlannedWeight {
    pub id: Arc<str>,
    pub compiled: Compiled,
    pub percent: f64,
}

/// A candidate with everything that speaks of it.
#[derive(Debug)]
pub struct Slot {
    pub candidate: Candidate,
    pub action: Arc<str>,
    pub treatment: Arc<str>,
    pub group: Arc<str>,
    pub issue: Arc<str>,
    pub channel: Arc<str>,
    pub value: f64,
    pub cost: f64,
    /// L.
    pub lever: f64,
    pub mandatory: bool,
    pub service: bool,
    pub valid_from: Option<i64>,
    pub valid_until: Option<i64>,
    /// Position of its propensity model.
    pub model: Option<usize>,
    /// Positions of its action holdouts, rules, caps and context weights.
    pub layers: Vec<usize>,
    pub rules: Vec<usize>,
    pub caps: Vec<usize>,
    pub weights: Vec<usize>,
    /// Least propensity and least priority, per floor.
    pub floors: Vec<(Option<f64>, Option<f64>)>,
    /// Place among all candidates by group, action id, treatment id: decides ties.
    pub order: usize,
}

impl Plan {
    /// Whether the subject comes to us on this channel.
    pub fn is_inbound(&self, channel: &str) -> bool {
        self.inbound.iter().any(|id| **id == *channel)
    }
}

/// Compiles every part that can be compiled. The plan may decide only when no finding is an error.
pub fn plan(document: &Document) -> (Plan, Vec<Diagnostic>) {
    let mut findings = Vec::new();
    let (program, found) = Program::lenient(&document.recipe, &document.schema);
    findings.extend(found);
    let mut plan = Plan { program, ..Plan::default() };
    for model in &document.models {
        match Scorer::compile(model, plan.program.columns()) {
            Ok(scorer) => plan.models.push((model.id.as_str().into(), scorer)),
            Err(messages) => findings.extend(messages.into_iter().map(|message| Diagnostic {
                severity: Severity::Error,
                part: Part::Model(model.id.clone()),
                position: None,
                message,
            })),
        }
    }
    let context = Context::new(document);
    let mut compile = |text: &str, use_: Use, part: Part| {
        let (compiled, found) = match language::compile(text, use_, &context) {
            Ok(compiled) => {
                let warnings = compiled.warnings().to_vec();
                (Some(compiled), warnings)
            }
            Err(found) => (None, found),
        };
        findings.extend(found.into_iter().map(|finding| finding.into_diagnostic(part.clone())));
        compiled
    };
    let mut rule_scopes = Vec::new();
    let mut rules: Vec<_> = document.rules.iter().collect();
    rules.sort_by_key(|rule| rule.stage);
    for rule in rules {
        // A disabled rule is compiled too: a broken rule must show before it is switched on.
        let compiled = compile(&rule.expr, rule.stage.into(), Part::Rule(rule.id.clone()));
        if let (Some(compiled), true) = (compiled, rule.enabled) {
            let keep_unknown = rule.stage == Stage::Applicability && rule.on_missing == OnMissing::Keep;
            plan.rules.push(PlannedRule { id: rule.id.as_str().into(), stage: rule.stage, keep_unknown, compiled });
            rule_scopes.push(&rule.scope);
        }
    }
    let mut weight_scopes = Vec::new();
    for weight in &document.arbitration.context_weights {
        if let Some(compiled) = compile(&weight.when, Use::Keep, Part::Arbitration) {
            plan.weights.push(PlannedWeight { id: weight.id.as_str().into(), compiled, percent: weight.percent });
            weight_scopes.push(&weight.scope);
        }
    }
    plan.formula = match &document.arbitration.mode {
        Mode::Pcvl => Formula::Pcvl,
        Mode::NetValue | Mode::Uplift | Mode::GeometricMean { .. } => Formula::NetValue,
        Mode::Expression(text) => {
            compile(text, Use::Priority, Part::Arbitration).map_or(Formula::Pcvl, Formula::Expression)
        }
    };
    plan.layers = document
        .holdouts
        .iter()
        .map(|holdout| Layer {
            id: holdout.id.as_str().into(),
            salt: holdout.salt.clone(),
            share: holdout.share,
            global: holdout.kind == HoldoutKind::Global,
        })
        .collect();
    let caps: Vec<(&Cap, u32)> =
        document.caps.iter().filter(|cap| cap.enabled).filter_map(|cap| Some((cap, cap.limit?))).collect();
    plan.caps = caps.iter().map(|(cap, limit)| planned_cap(cap, *limit)).collect();
    let inbound = document.channels.iter().filter(|channel| channel.direction == Direction::Inbound);
    plan.inbound = inbound.map(|channel| channel.id.as_str().into()).collect();
    for (action, a) in document.actions.iter().zip(0u32..) {
        for (treatment, t) in action.treatments.iter().zip(0u32..) {
            let mut slot = slot(document, Candidate { action: a, treatment: t }, action, treatment);
            slot.rules = positions(&rule_scopes, |scope| slot.is_in(scope));
            slot.weights = positions(&weight_scopes, |scope| slot.is_in(scope));
            slot.caps = positions(&caps, |(cap, _)| !plan.is_inbound(&slot.channel) && slot.is_capped_by(cap, action));
            slot.layers =
                positions(&document.holdouts, |h| matches!(&h.kind, HoldoutKind::Action(id) if *id == action.id));
            let floors = document.arbitration.floors.iter().filter(|floor| slot.is_in(&floor.scope));
            slot.floors = floors.map(|floor| (floor.min_propensity, floor.min_priority)).collect();
            plan.slots.push(slot);
        }
    }
    let key = |slot: &Slot| (slot.group.clone(), slot.action.clone(), slot.treatment.clone());
    let mut keys: Vec<_> = plan.slots.iter().map(key).collect();
    keys.sort();
    for slot in &mut plan.slots {
        slot.order = keys.partition_point(|other| *other < key(slot));
    }
    let rungs = document.fallback.iter();
    plan.fallback = rungs
        .filter_map(|rung| plan.slots.iter().position(|s| *s.action == *rung.action && *s.treatment == *rung.treatment))
        .collect();
    (plan, findings)
}

fn positions<T>(items: &[T], wanted: impl Fn(&T) -> bool) -> Vec<usize> {
    items.iter().enumerate().filter(|(_, item)| wanted(item)).map(|(i, _)| i).collect()
}

fn planned_cap(cap: &Cap, limit: u32) -> PlannedCap {
    let window = match cap.window {
        Window::Rolling(seconds) => Some(i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX)),
        Window::Lifetime | Window::Calendar(..) => None,
    };
    PlannedCap {
        id: cap.id.as_str().into(),
        target: cap.target.clone(),
        channel: cap.channel.clone(),
        event: cap.event.clone(),
        limit,
        window,
    }
}

fn slot(document: &Document, candidate: Candidate, action: &Action, treatment: &Treatment) -> Slot {
    let taxonomy = document.issues.iter().find_map(|issue| {
        let group = issue.groups.iter().find(|group| group.id == action.group)?;
        Some((issue, group))
    });
    let (issue, weights) =
        taxonomy.map_or(("", 0.0), |(issue, group)| (issue.id.as_str(), issue.weight + group.weight));
    let model = treatment.propensity.as_ref().or(action.propensity.as_ref());
    Slot {
        candidate,
        action: action.id.as_str().into(),
        treatment: treatment.id.as_str().into(),
        group: action.group.as_str().into(),
        issue: issue.into(),
        channel: treatment.channel.as_str().into(),
        value: action.value,
        cost: action.cost,
        lever: 1.0 + (weights + action.weight) / 100.0,
        mandatory: action.mandatory,
        service: action.service,
        valid_from: action.valid_from,
        valid_until: action.valid_until,
        model: model.and_then(|id| document.models.iter().position(|m| m.id == *id)),
        layers: Vec::new(),
        rules: Vec::new(),
        caps: Vec::new(),
        weights: Vec::new(),
        floors: Vec::new(),
        order: 0,
    }
}

impl Slot {
    /// Whether a rule, weight or floor with this scope speaks of the candidate.
    fn is_in(&self, scope: &Scope) -> bool {
        match scope {
            Scope::All => true,
            Scope::Issue(id) => *id == *self.issue,
            Scope::Group(id) => *id == *self.group,
            Scope::Action(id) => *id == *self.action,
            Scope::Treatment(action, treatment) => *action == *self.action && *treatment == *self.treatment,
            Scope::Channel(id) => *id == *self.channel,
        }
    }

    /// Whether a cap can block the candidate, if its channel is outbound.
    fn is_capped_by(&self, cap: &Cap, action: &Action) -> bool {
        let bypassed = action.mandatory && cap.bypassable;
        let channel = cap.channel.as_ref().is_none_or(|channel| *channel == *self.channel);
        let tag = match &cap.target {
            CapTarget::Tag(tag) => action.tags.contains(tag),
            _ => true,
        };
        action.obeys_caps && !bypassed && channel && tag
    }
}
