//! A second `decide`, written for reading: straight from the contract, slow, sharing nothing with the first but the data.

use crate::action::{Action, Direction, Treatment};
use crate::arbitration::Mode;
use crate::contact::{Cap, CapTarget, Window};
use crate::document::Document;
use crate::fingerprint::bucket;
use crate::holdout::HoldoutKind;
use crate::model::{Encode, Function};
use crate::reason::{Reason, Step};
use crate::rule::{OnMissing, Scope, Stage};
use crate::value::{Type, Value};
use crate::{Event, Request};
use std::collections::BTreeMap;

/// What a generated expression means, beside its text.
#[derive(Clone, Debug)]
pub enum Meaning {
    /// `n <= k`.
    AtMost(i64),
    /// `b`.
    Holds,
    /// `action.channel == "…"`.
    OnChannel(String),
    /// `score("…") >= x`.
    ScoreAtLeast(String, f64),
    /// `contacts(days) < n`.
    ContactsBelow(i64, i64),
    Not(Box<Meaning>),
    Both(Box<Meaning>, Box<Meaning>),
    Either(Box<Meaning>, Box<Meaning>),
    /// `x`, as a multiplier.
    Multiplier,
}

/// Action id and treatment id.
pub type Key = (String, String);

/// The answer, by ids.
#[derive(Debug, PartialEq)]
pub struct Answer {
    pub chosen: Option<Key>,
    pub rung: Option<u32>,
    pub fates: BTreeMap<Key, (Step, Reason)>,
    /// Propensity and priority, best first.
    pub ranked: Vec<(Key, f64, f64)>,
    pub holdout: Option<String>,
    pub shadow: Option<Key>,
}

/// A document, what its expressions mean, and one request.
pub struct Naive<'a> {
    pub document: &'a Document,
    pub meanings: &'a BTreeMap<String, Meaning>,
    pub request: &'a Request,
    pub events: &'a [Event],
}

type Fate = Result<(f64, f64), (Step, Reason)>;

impl Naive<'_> {
    pub fn decide(&self) -> Answer {
        let global =
            self.document.holdouts.iter().find(|h| h.kind == HoldoutKind::Global && self.held(&h.salt, h.share));
        let mut answer = self.run(global.map(|h| h.id.as_str()));
        answer.holdout = global.map(|h| h.id.clone());
        answer.shadow = global.and_then(|_| self.run(None).chosen);
        answer
    }

    fn held(&self, salt: &str, share: f64) -> bool {
        bucket(salt, &self.request.subject) < share
    }

    fn run(&self, global: Option<&str>) -> Answer {
        let mut fates = BTreeMap::new();
        let mut survivors = Vec::new();
        for action in &self.document.actions {
            for treatment in &action.treatments {
                let key = (action.id.clone(), treatment.id.clone());
                match self.judge(action, treatment, global) {
                    Ok((p, priority)) => survivors.push((action, key, p, priority)),
                    Err(fate) => drop(fates.insert(key, fate)),
                }
            }
        }
        survivors.sort_by(|(a, a_key, _, x), (b, b_key, _, y)| {
            let by_priority = y.partial_cmp(x).unwrap();
            b.mandatory.cmp(&a.mandatory).then(by_priority).then((&a.group, a_key).cmp(&(&b.group, b_key)))
        });
        let net = self.document.arbitration.mode == Mode::NetValue;
        let winner = survivors.first().filter(|(a, _, _, priority)| !net || a.mandatory || *priority > 0.0);
        for (_, key, _, priority) in &survivors {
            let lost = |(by, treatment): (&str, &str), best: f64| Reason::LostArbitration {
                by: by.into(),
                treatment: treatment.into(),
                margin: best - priority,
            };
            let fate = match winner {
                Some((_, best, _, _)) if best == key => (Step::Chosen, Reason::Won),
                Some((_, best, _, x)) => (Step::Arbitration, lost((&best.0, &best.1), *x)),
                None => (Step::Arbitration, lost(("NoAction", ""), 0.0)),
            };
            fates.insert(key.clone(), fate);
        }
        let mut chosen = winner.map(|(_, key, _, _)| key.clone());
        let mut rung = None;
        if survivors.is_empty() {
            for (i, step) in self.document.fallback.iter().enumerate() {
                let action = self.document.actions.iter().find(|a| a.id == step.action).unwrap();
                let treatment = action.treatments.iter().find(|t| t.id == step.treatment).unwrap();
                let bound = self
                    .dates_and_holdouts(action, global)
                    .and_then(|()| self.rules(action, treatment, &[Stage::Guard]).map(drop))
                    .and_then(|()| self.caps(action, treatment));
                if bound.is_ok() {
                    let key = (step.action.clone(), step.treatment.clone());
                    fates.insert(key.clone(), (Step::Chosen, Reason::Fallback { rung: i as u32 }));
                    (chosen, rung) = (Some(key), Some(i as u32));
                    break;
                }
            }
        }
        let ranked = survivors.into_iter().map(|(_, key, p, priority)| (key, p, priority)).collect();
        Answer { chosen, rung, fates, ranked, holdout: None, shadow: None }
    }

    fn judge(&self, action: &Action, treatment: &Treatment, global: Option<&str>) -> Fate {
        self.dates_and_holdouts(action, global)?;
        let stages =
            [Stage::Guard, Stage::Eligibility, Stage::Applicability, Stage::Suitability, Stage::SoftSuitability];
        let multiplier = self.rules(action, treatment, &stages)?;
        self.caps(action, treatment)?;
        let model = treatment.propensity.as_ref().or(action.propensity.as_ref());
        let p = model.map_or(1.0, |id| self.score(id).clamp(0.0, 1.0));
        let weights = self.document.arbitration.context_weights.iter();
        let matched = weights
            .filter(|w| self.in_scope(&w.scope, action, treatment))
            .filter(|w| self.truth(&self.meanings[&w.when], treatment) == Some(true));
        let c = 1.0 + matched.fold(0.0, |sum, w| sum + w.percent) / 100.0;
        let issue = self.document.issues.iter().find(|i| i.groups.iter().any(|g| g.id == action.group)).unwrap();
        let group = issue.groups.iter().find(|g| g.id == action.group).unwrap();
        let l = 1.0 + (issue.weight + group.weight + action.weight) / 100.0;
        let (v, cost) = (action.value, action.cost);
        let priority = match self.document.arbitration.mode {
            Mode::Pcvl => p * c * v * l * multiplier,
            Mode::NetValue | Mode::Uplift | Mode::GeometricMean { .. } => p * v * c * l * multiplier - cost,
            // The one expression the generator writes.
            Mode::Expression(_) => (p * c + v - cost) * multiplier,
        };
        let priority = (priority * 1e9).round() / 1e9;
        let floors = || self.document.arbitration.floors.iter().filter(|f| self.in_scope(&f.scope, action, treatment));
        if let Some(floor) = floors().filter_map(|f| f.min_propensity).find(|floor| p < *floor) {
            return Err((Step::Arbitration, Reason::BelowPropensityFloor { propensity: p, floor }));
        }
        if let Some(floor) = floors().filter_map(|f| f.min_priority).find(|floor| priority < *floor) {
            return Err((Step::Arbitration, Reason::BelowPriorityFloor { priority, floor }));
        }
        Ok((p, priority))
    }

    fn dates_and_holdouts(&self, action: &Action, global: Option<&str>) -> Result<(), (Step, Reason)> {
        let now = self.request.now;
        if !(action.valid_from.unwrap_or(i64::MIN) <= now && action.valid_until.is_none_or(|end| now < end)) {
            return Err((Step::Active, Reason::NotActive));
        }
        if let (Some(id), false) = (global, action.service) {
            return Err((Step::Holdout, Reason::HoldoutGlobal { holdout: id.into() }));
        }
        for holdout in &self.document.holdouts {
            if holdout.kind == HoldoutKind::Action(action.id.clone()) && self.held(&holdout.salt, holdout.share) {
                return Err((Step::Holdout, Reason::HoldoutAction { holdout: holdout.id.as_str().into() }));
            }
        }
        Ok(())
    }

    fn rules(&self, action: &Action, treatment: &Treatment, stages: &[Stage]) -> Result<f64, (Step, Reason)> {
        let mut multiplier = 1.0;
        for stage in stages {
            let of_stage = |rule: &&crate::rule::Rule| rule.enabled && rule.stage == *stage;
            for rule in self.document.rules.iter().filter(of_stage) {
                if !self.in_scope(&rule.scope, action, treatment) {
                    continue;
                }
                let (meaning, id) = (&self.meanings[&rule.expr], || rule.id.as_str().into());
                if *stage == Stage::SoftSuitability {
                    let x = self.field(2).as_f64();
                    multiplier *= x.filter(|x| *x > 0.0 && *x <= 1.0).unwrap_or(1.0);
                    continue;
                }
                let (step, removed) = match stage {
                    Stage::Guard => (Step::Guard, Reason::LegalGuard { rule: id() }),
                    Stage::Eligibility => (Step::Eligibility, Reason::NotEligible { rule: id() }),
                    Stage::Applicability => (Step::Applicability, Reason::NotApplicable { rule: id() }),
                    _ => (Step::Suitability, Reason::NotSuitable { rule: id() }),
                };
                match self.truth(meaning, treatment) {
                    Some(true) => {}
                    None if rule.on_missing == OnMissing::Keep => {}
                    Some(false) => return Err((step, removed)),
                    None => return Err((step, Reason::MissingInput { rule: id(), fields: Vec::new() })),
                }
            }
        }
        Ok(multiplier)
    }

    fn caps(&self, action: &Action, treatment: &Treatment) -> Result<(), (Step, Reason)> {
        if !action.obeys_caps || self.inbound(&treatment.channel) {
            return Ok(());
        }
        let mut hits: Vec<Reason> = Vec::new();
        for cap in self.document.caps.iter().filter(|cap| cap.enabled && !(action.mandatory && cap.bypassable)) {
            let Some(limit) = cap.limit else { continue };
            let speaks_of_it = cap.channel.as_ref().is_none_or(|channel| *channel == treatment.channel)
                && !matches!(&cap.target, CapTarget::Tag(tag) if !action.tags.contains(tag));
            let counted: Vec<i64> = self
                .events
                .iter()
                .filter(|e| e.counts && e.kind == cap.event && !self.inbound(&e.channel) && e.time <= self.request.now)
                .filter(|e| cap.channel.as_ref().is_none_or(|channel| *channel == e.channel))
                .filter(|e| self.together(cap, e, action, treatment))
                .filter(|e| match cap.window {
                    Window::Rolling(seconds) => e.time > self.request.now - seconds as i64 * 1000,
                    Window::Lifetime | Window::Calendar(..) => true,
                })
                .map(|e| e.time)
                .collect();
            if speaks_of_it && counted.len() + 1 > limit as usize {
                let resets_at = match cap.window {
                    // The limit-th newest has to leave the window.
                    Window::Rolling(seconds) if limit > 0 => {
                        Some(counted[counted.len() - limit as usize] + seconds as i64 * 1000)
                    }
                    _ => None,
                };
                hits.push(Reason::CapReached {
                    cap: cap.id.as_str().into(),
                    count: counted.len() as u32,
                    limit,
                    resets_at,
                });
            }
        }
        let until = |reason: &Reason| match reason {
            Reason::CapReached { resets_at: Some(t), .. } => *t,
            _ => i64::MAX,
        };
        match hits.iter().map(until).max() {
            None => Ok(()),
            Some(last) => Err((Step::Contact, hits.into_iter().find(|hit| until(hit) == last).unwrap())),
        }
    }

    fn inbound(&self, id: &str) -> bool {
        self.document.channels.iter().any(|c| c.id == id && c.direction == Direction::Inbound)
    }

    fn together(&self, cap: &Cap, event: &Event, action: &Action, treatment: &Treatment) -> bool {
        let issue = self.document.issues.iter().find(|i| i.groups.iter().any(|g| g.id == action.group)).unwrap();
        match &cap.target {
            CapTarget::All => true,
            CapTarget::Channel => event.channel == treatment.channel,
            CapTarget::Issue => event.issue == issue.id,
            CapTarget::Group => event.group == action.group,
            CapTarget::Action => event.action == action.id,
            CapTarget::Treatment => event.action == action.id && event.treatment == treatment.id,
            CapTarget::Tag(tag) => event.tags.contains(tag),
        }
    }

    fn in_scope(&self, scope: &Scope, action: &Action, treatment: &Treatment) -> bool {
        let issue = self.document.issues.iter().find(|i| i.groups.iter().any(|g| g.id == action.group)).unwrap();
        match scope {
            Scope::All => true,
            Scope::Issue(id) => *id == issue.id,
            Scope::Group(id) => *id == action.group,
            Scope::Action(id) => *id == action.id,
            Scope::Treatment(a, t) => *a == action.id && *t == treatment.id,
            Scope::Channel(id) => *id == treatment.channel,
        }
    }

    /// A field, unknown when absent or of the wrong type.
    fn field(&self, i: usize) -> Value {
        match (self.document.schema.fields[i].type_, self.request.fields.get(i)) {
            (Type::Number, Some(Value::Integer(x))) => Value::Number(*x as f64),
            (Type::Number, Some(Value::Number(x))) if x.is_nan() => Value::Unknown,
            (type_, Some(value)) if value.type_of() == Some(type_) => value.clone(),
            _ => Value::Unknown,
        }
    }

    /// The generator writes constants, and one-input logistic models of `n` that cannot answer when it is unknown.
    fn score(&self, id: &str) -> f64 {
        let model = self.document.models.iter().find(|m| m.id == id).unwrap();
        match (&model.function, self.field(0).as_f64()) {
            (Function::Constant(c), _) => *c,
            (Function::Linear { intercept, coefficients, .. }, n) => {
                let n = match &model.inputs[0].encode {
                    Encode::Standard { missing, center, scale } => Some((n.unwrap_or(*missing) - center) / scale),
                    _ => n,
                };
                n.map_or(model.fallback, |n| 1.0 / (1.0 + libm::exp(-(intercept + coefficients[0] * n))))
            }
            _ => f64::NAN,
        }
    }

    /// Kleene's three values.
    fn truth(&self, meaning: &Meaning, treatment: &Treatment) -> Option<bool> {
        match meaning {
            Meaning::AtMost(k) => self.field(0).as_f64().map(|n| n <= *k as f64),
            Meaning::Holds => match self.field(1) {
                Value::Bool(b) => Some(b),
                _ => None,
            },
            Meaning::OnChannel(id) => Some(treatment.channel == *id),
            Meaning::ScoreAtLeast(model, x) => Some(self.score(model) >= *x),
            Meaning::ContactsBelow(days, n) => {
                let (now, start) = (self.request.now, self.request.now - days * 86_400_000);
                let sent = |e: &&Event| {
                    let contact = e.kind == crate::contact::EventKind::Sent && e.counts && !self.inbound(&e.channel);
                    contact && e.time > start && e.time <= now
                };
                Some((self.events.iter().filter(sent).count() as i64) < *n)
            }
            Meaning::Not(a) => self.truth(a, treatment).map(|a| !a),
            Meaning::Both(a, b) => match (self.truth(a, treatment), self.truth(b, treatment)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Meaning::Either(a, b) => match (self.truth(a, treatment), self.truth(b, treatment)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Meaning::Multiplier => None,
        }
    }
}
