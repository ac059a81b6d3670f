//! A second `decide`, written for reading: straight from the contract, slow, sharing nothing with the first but the data. It knows no
//! chance, no bundles, and of contact policy the caps alone.

pub mod contact;

use crate::action::{Action, Direction, Treatment};
use crate::arbitration::{LowConfidence, Mode, Per};
use crate::contact::{Cap, CapTarget, Window};
use crate::document::{Document, Fallback, Operation};
use crate::fingerprint::bucket;
use crate::holdout::{Arm, Holdout, HoldoutKind};
use crate::model::{Encode, Function};
use crate::outcome::Tier;
use crate::overrides::{Override, OverrideKind};
use crate::reason::{Reason, Step};
use crate::rule::{OnMissing, Scope, Stage};
use crate::schema::Missing;
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
#[derive(Debug, Default, PartialEq)]
pub struct Answer {
    /// What fills the slots, in order.
    pub slots: Vec<Key>,
    pub rung: Option<u32>,
    pub fates: BTreeMap<Key, (Step, Reason)>,
    /// Tier, propensity and priority, best first.
    pub ranked: Vec<(Key, Tier, f64, f64)>,
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

type Fate<T> = Result<T, (Step, Reason)>;

#[derive(Clone)]
struct Survivor<'a> {
    action: &'a Action,
    treatment: &'a Treatment,
    key: Key,
    tier: Tier,
    after_confident: bool,
    p: f64,
    priority: f64,
    open: bool,
}

impl<'n> Naive<'n> {
    pub fn decide(&self) -> Answer {
        let held = |kinds: &dyn Fn(&HoldoutKind) -> bool| {
            self.document.holdouts.iter().find(|h| kinds(&h.kind) && self.held(&h.salt, h.share))
        };
        let withheld = held(&|kind| matches!(kind, HoldoutKind::Global | HoldoutKind::Program));
        let arm = match held(&|kind| matches!(kind, HoldoutKind::Ablation(_))).map(|h| &h.kind) {
            Some(HoldoutKind::Ablation(arm)) => Some(*arm),
            _ => None,
        };
        let refused = self.refused().map(|field| (Step::Active, Reason::InputRefused { field: field.into() }));
        let mut answer = match self.document.mode {
            Operation::Live | Operation::Shadow if refused.is_some() => {
                let refused = refused.into_iter().cycle();
                let fates = self.candidates().zip(refused).map(|((a, t), fate)| ((a.id.clone(), t.id.clone()), fate));
                let mut answer = Answer { fates: fates.collect(), ..Answer::default() };
                match self.document.mode {
                    Operation::Shadow => self.baseline(&mut answer, withheld),
                    _ => self.ladder(&mut answer, withheld),
                }
                answer
            }
            Operation::Off => {
                let off = (Step::Active, Reason::PolicyOff);
                let fates = self.candidates().map(|(a, t)| ((a.id.clone(), t.id.clone()), off.clone())).collect();
                let mut answer = Answer { fates, ..Answer::default() };
                self.ladder(&mut answer, withheld);
                answer
            }
            Operation::Live => {
                let mut answer = self.run(withheld, arm);
                answer.shadow = withheld.and_then(|_| self.run(None, arm).slots.first().cloned());
                answer
            }
            Operation::Shadow => {
                let mut answer = self.run(withheld, arm);
                answer.shadow = answer.slots.first().cloned();
                for key in std::mem::take(&mut answer.slots) {
                    answer.fates.insert(key, (Step::Arbitration, Reason::Shadowed));
                }
                answer.rung = None;
                self.baseline(&mut answer, withheld);
                answer
            }
        };
        answer.holdout = withheld.map(|h| h.id.clone());
        answer
    }

    fn baseline(&self, answer: &mut Answer, withheld: Option<&Holdout>) {
        if let Some(rung) = &self.document.baseline {
            let (action, treatment) = self.find(rung);
            if self.bound(action, treatment, withheld).is_ok() {
                let key = (action.id.clone(), treatment.id.clone());
                answer.fates.insert(key.clone(), (Step::Chosen, Reason::Baseline));
                answer.slots = vec![key];
            }
        }
    }

    /// The first field that is missing and without which the policy does not decide.
    fn refused(&self) -> Option<&'n str> {
        let fields = self.document.schema.fields.iter().enumerate();
        let mut missing = fields.filter(|(at, _)| !self.field(*at).is_known());
        missing.find(|(_, field)| field.missing == Missing::Refuse).map(|(_, field)| field.name.as_str())
    }

    fn candidates(&self) -> impl Iterator<Item = (&'n Action, &'n Treatment)> {
        self.document.actions.iter().flat_map(|a| a.treatments.iter().map(move |t| (a, t)))
    }

    fn find(&self, rung: &Fallback) -> (&'n Action, &'n Treatment) {
        self.candidates().find(|(a, t)| a.id == rung.action && t.id == rung.treatment).unwrap()
    }

    fn held(&self, salt: &str, share: f64) -> bool {
        bucket(salt, &self.request.subject) < share
    }

    /// Overrides that hold now, with their positions.
    fn overrides(&self) -> impl Iterator<Item = (usize, &'n Override)> {
        self.document.overrides.iter().enumerate().filter(|(_, o)| {
            let deny = matches!(o.kind, OverrideKind::Deny(_));
            // Its condition reads no candidate.
            let nobody = &self.document.actions[0].treatments[0];
            let says = o.when.as_ref().is_none_or(|when| self.truth(&self.meanings[when], nobody).unwrap_or(deny));
            o.from <= self.request.now && self.request.now < o.until && says
        })
    }

    fn run(&self, withheld: Option<&Holdout>, arm: Option<Arm>) -> Answer {
        let mut answer = Answer::default();
        let (mut survivors, mut forced): (Vec<Survivor<'_>>, Vec<_>) = (Vec::new(), Vec::new());
        for (action, treatment) in self.candidates() {
            let key = (action.id.clone(), treatment.id.clone());
            let multiplier = match self.admit(action, treatment, withheld, arm) {
                Ok(multiplier) => multiplier,
                Err(fate) => {
                    answer.fates.insert(key, fate);
                    continue;
                }
            };
            let force = self.overrides().find(|(_, o)| match &o.kind {
                OverrideKind::Force(scope) => self.in_scope(scope, action, treatment),
                OverrideKind::Deny(_) => false,
            });
            if let Some((at, over)) = force {
                forced.push((at, &action.group, key.clone(), over));
            }
            match self.price(action, treatment, multiplier, arm) {
                Ok(survivor) => survivors.push(survivor),
                Err(fate) if force.is_none() => drop(answer.fates.insert(key, fate)),
                Err(_) => {}
            }
        }
        survivors.sort_by(|a, b| {
            let by_priority = b.priority.partial_cmp(&a.priority).unwrap();
            let tier = (a.tier, a.after_confident).cmp(&(b.tier, b.after_confident));
            tier.then(by_priority).then((&a.action.group, &a.key).cmp(&(&b.action.group, &b.key)))
        });
        answer.ranked = survivors.iter().map(|s| (s.key.clone(), s.tier, s.p, s.priority)).collect();
        let count = self.document.slots.count as usize;
        forced.sort_by(|a, b| (a.0, a.1, &a.2).cmp(&(b.0, b.1, &b.2)));
        let mut last_is_forced = false;
        for (_, _, key, over) in forced {
            let fate = if answer.slots.len() >= count {
                (Step::Slots, Reason::SlotLimit { of: "".into(), limit: count as u32 })
            } else if answer.slots.iter().any(|slot| slot.0 == key.0) {
                (Step::Slots, Reason::SlotLimit { of: key.0.as_str().into(), limit: 1 })
            } else {
                answer.slots.push(key.clone());
                last_is_forced = true;
                (Step::Chosen, Reason::WonByOverride { override_: over.id.as_str().into() })
            };
            survivors.iter_mut().filter(|s| s.key == key).for_each(|s| s.open = false);
            answer.fates.insert(key, fate);
        }
        let nothing_competes = matches!(self.document.arbitration.mode, Mode::NetValue | Mode::Uplift);
        let worth = |s: &Survivor<'_>| s.tier == Tier::Mandatory || !nothing_competes || s.priority > 0.0;
        while answer.slots.len() < count {
            for survivor in survivors.iter_mut().filter(|s| s.open) {
                if let Some(reason) = self.full(&answer.slots, survivor) {
                    survivor.open = false;
                    answer.fates.insert(survivor.key.clone(), (Step::Slots, reason));
                }
            }
            let Some(best) = survivors.iter_mut().find(|s| s.open && worth(s)) else { break };
            best.open = false;
            answer.slots.push(best.key.clone());
            last_is_forced = false;
            answer.fates.insert(best.key.clone(), (Step::Chosen, Reason::Won));
        }
        let last = answer.slots.last().cloned();
        let won = survivors.iter().find(|s| Some(&s.key) == last.as_ref()).map_or(0.0, |s| s.priority);
        for survivor in survivors.iter().filter(|s| s.open) {
            let lost = |(by, treatment): (&str, &str), best: f64| {
                let margin = best - survivor.priority;
                (Step::Arbitration, Reason::LostArbitration { by: by.into(), treatment: treatment.into(), margin })
            };
            let fate = match &last {
                Some(_) if answer.slots.len() < count && !worth(survivor) => lost(("NoAction", ""), 0.0),
                Some(_) if last_is_forced => (Step::Slots, Reason::SlotLimit { of: "".into(), limit: count as u32 }),
                Some(best) => lost((&best.0, &best.1), won),
                None => lost(("NoAction", ""), 0.0),
            };
            answer.fates.insert(survivor.key.clone(), fate);
        }
        if answer.slots.is_empty() && !survivors.iter().any(|s| s.open) {
            self.ladder(&mut answer, withheld);
        }
        answer
    }

    /// The limit of slots that leaves no room.
    fn full(&self, slots: &[Key], survivor: &Survivor<'_>) -> Option<Reason> {
        let mut limits: Vec<(Per, u32)> =
            self.document.slots.limits.iter().map(|limit| (limit.per, limit.limit)).collect();
        if !limits.iter().any(|(per, _)| *per == Per::Action) {
            limits.push((Per::Action, 1));
        }
        let kind = |per: Per, action: &Action, treatment: &Treatment| match per {
            Per::Action => action.id.clone(),
            Per::Group => action.group.clone(),
            Per::Issue => self.issue(action).to_owned(),
            Per::Channel => treatment.channel.clone(),
        };
        limits.into_iter().find_map(|(per, limit)| {
            let own = kind(per, survivor.action, survivor.treatment);
            let taken = slots.iter().filter(|slot| {
                let (action, treatment) = self.find(&Fallback { action: slot.0.clone(), treatment: slot.1.clone() });
                kind(per, action, treatment) == own
            });
            (taken.count() >= limit as usize).then(|| Reason::SlotLimit { of: own.as_str().into(), limit })
        })
    }

    fn ladder(&self, answer: &mut Answer, withheld: Option<&Holdout>) {
        for (i, step) in self.document.fallback.iter().enumerate() {
            let (action, treatment) = self.find(step);
            if self.bound(action, treatment, withheld).is_ok() {
                let key = (step.action.clone(), step.treatment.clone());
                answer.fates.insert(key.clone(), (Step::Chosen, Reason::Fallback { rung: i as u32 }));
                (answer.slots, answer.rung) = (vec![key], Some(i as u32));
                break;
            }
        }
    }

    /// What binds a fallback.
    fn bound(&self, action: &Action, treatment: &Treatment, withheld: Option<&Holdout>) -> Fate<()> {
        self.enter(action, treatment, withheld)?;
        self.caps(action, treatment)
    }

    fn enter(&self, action: &Action, treatment: &Treatment, withheld: Option<&Holdout>) -> Fate<()> {
        self.dates_and_holdouts(action, withheld)?;
        self.rules(action, treatment, &[Stage::Guard])?;
        let denied = self.overrides().find(|(_, o)| match &o.kind {
            OverrideKind::Deny(scope) => self.in_scope(scope, action, treatment),
            OverrideKind::Force(_) => false,
        });
        match denied {
            Some((_, o)) => Err((Step::Override, Reason::OverrideDeny { override_: o.id.as_str().into() })),
            None => Ok(()),
        }
    }

    /// The product of soft suitability.
    fn admit(&self, action: &Action, treatment: &Treatment, withheld: Option<&Holdout>, arm: Option<Arm>) -> Fate<f64> {
        self.enter(action, treatment, withheld)?;
        let stages = [Stage::Eligibility, Stage::Applicability, Stage::Suitability, Stage::SoftSuitability];
        let asked = if arm == Some(Arm::EligibilityOnly) { &stages[..1] } else { &stages };
        let multiplier = self.rules(action, treatment, asked)?;
        self.caps(action, treatment)?;
        Ok(multiplier)
    }

    fn price(
        &self,
        action: &'n Action,
        treatment: &'n Treatment,
        multiplier: f64,
        arm: Option<Arm>,
    ) -> Fate<Survivor<'n>> {
        let cold = &self.document.cold_start;
        let rank = |scope: &Scope| match scope {
            Scope::Treatment(..) => 0,
            Scope::Action(_) => 1,
            Scope::Group(_) => 2,
            Scope::Channel(_) => 3,
            Scope::Issue(_) => 4,
            Scope::All => 5,
        };
        let speaking = cold.priors.iter().filter(|prior| self.in_scope(&prior.scope, action, treatment));
        let prior = speaking.min_by_key(|prior| rank(&prior.scope));
        let model = treatment.propensity.as_ref().or(action.propensity.as_ref());
        let raw = model.map(|id| self.score(id).clamp(0.0, 1.0));
        let sound = model.is_some_and(|id| !self.fails(id));
        let evidence = treatment.evidence.or(action.evidence).filter(|_| sound);
        let low = evidence.is_some_and(|n| cold.min_evidence.is_some_and(|least| n < least));
        let mut p = match (raw, prior, evidence) {
            (None, prior, _) => prior.map_or(1.0, |prior| prior.propensity),
            (Some(p), Some(prior), Some(n)) if prior.weight + n > 0.0 => {
                let whole = prior.weight + n;
                (prior.weight / whole * prior.propensity + n / whole * p).min(1.0)
            }
            (Some(p), ..) => p,
        };
        if low {
            match cold.on_low {
                LowConfidence::UsePrior | LowConfidence::Explore => p = prior.map_or(p, |prior| prior.propensity),
                LowConfidence::RulesRank => p = 1.0,
                LowConfidence::Abstain => {
                    return Err((Step::Arbitration, Reason::LowConfidence { evidence, width: None }));
                }
            }
        }
        let weights = self.document.arbitration.context_weights.iter();
        let matched = weights
            .filter(|w| self.in_scope(&w.scope, action, treatment))
            .filter(|w| self.truth(&self.meanings[&w.when], treatment) == Some(true));
        let c = (1.0 + matched.fold(0.0, |sum, w| sum + w.percent) / 100.0).max(0.0);
        let issue = self.document.issues.iter().find(|i| i.groups.iter().any(|g| g.id == action.group)).unwrap();
        let group = issue.groups.iter().find(|g| g.id == action.group).unwrap();
        let mut l = 1.0 + (issue.weight + group.weight + action.weight) / 100.0;
        let levers = self.document.rules.iter().filter(|rule| rule.enabled && rule.stage == Stage::Lever);
        for _ in levers.filter(|rule| self.in_scope(&rule.scope, action, treatment)) {
            // The one lever the generator writes.
            l *= self.field(2).as_f64().filter(|x| *x >= 0.0).unwrap_or(1.0);
        }
        if arm == Some(Arm::NoLevers) {
            l = 1.0;
        }
        let (v, cost) = (treatment.value.unwrap_or(action.value), treatment.cost.unwrap_or(action.cost));
        let uplift = treatment.uplift.as_ref().or(action.uplift.as_ref()).map(|id| self.score(id));
        let tau = uplift.unwrap_or(p);
        let floors = || self.document.arbitration.floors.iter().filter(|f| self.in_scope(&f.scope, action, treatment));
        if let Some(floor) = floors().filter_map(|f| f.min_propensity).find(|floor| p < *floor) {
            return Err((Step::Arbitration, Reason::BelowPropensityFloor { propensity: p, floor }));
        }
        if let (Mode::Uplift, Some(tau)) = (&self.document.arbitration.mode, uplift.filter(|tau| *tau < 0.0)) {
            return Err((Step::Arbitration, Reason::DoNoHarm { uplift: tau, upper: tau }));
        }
        let priority = match &self.document.arbitration.mode {
            _ if arm == Some(Arm::PropensityOnly) => p,
            Mode::Pcvl => p * c * v * l * multiplier,
            Mode::NetValue => p * v * c * l * multiplier - cost,
            Mode::Uplift => tau * v * c * l * multiplier - cost,
            // The one mean and the one expression the generator writes.
            Mode::GeometricMean { .. } => libm::sqrt(p * v) * multiplier,
            Mode::Expression(_) => (p * c + v - cost) * multiplier,
        };
        let priority = (priority * 1e9).round() / 1e9;
        if let Some(floor) = floors().filter_map(|f| f.min_priority).find(|floor| priority < *floor) {
            return Err((Step::Arbitration, Reason::BelowPriorityFloor { priority, floor }));
        }
        let tier = match (action.mandatory, action.boosted) {
            (true, _) => Tier::Mandatory,
            (false, true) => Tier::Boosted,
            (false, false) => Tier::Normal,
        };
        let key = (action.id.clone(), treatment.id.clone());
        let after_confident = low && cold.on_low == LowConfidence::RulesRank;
        Ok(Survivor { action, treatment, key, tier, after_confident, p, priority, open: true })
    }

    fn issue(&self, action: &Action) -> &'n str {
        let issue = self.document.issues.iter().find(|i| i.groups.iter().any(|g| g.id == action.group));
        &issue.unwrap().id
    }

    fn dates_and_holdouts(&self, action: &Action, withheld: Option<&Holdout>) -> Fate<()> {
        let now = self.request.now;
        if !(action.valid_from.unwrap_or(i64::MIN) <= now && action.valid_until.is_none_or(|end| now < end)) {
            return Err((Step::Active, Reason::NotActive));
        }
        if let (Some(layer), false) = (withheld, action.service) {
            let holdout = layer.id.as_str().into();
            let program = layer.kind == HoldoutKind::Program;
            let reason = if program { Reason::HoldoutProgram { holdout } } else { Reason::HoldoutGlobal { holdout } };
            return Err((Step::Holdout, reason));
        }
        for holdout in &self.document.holdouts {
            if holdout.kind == HoldoutKind::Action(action.id.clone()) && self.held(&holdout.salt, holdout.share) {
                return Err((Step::Holdout, Reason::HoldoutAction { holdout: holdout.id.as_str().into() }));
            }
        }
        Ok(())
    }

    fn rules(&self, action: &Action, treatment: &Treatment, stages: &[Stage]) -> Fate<f64> {
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

    fn caps(&self, action: &Action, treatment: &Treatment) -> Fate<()> {
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

    /// A field: the request's if it is fresh, else the default.
    fn field(&self, i: usize) -> Value {
        let declared = &self.document.schema.fields[i];
        let fresh = declared.freshness.as_ref().is_none_or(|fresh| {
            let dated = self.document.schema.fields.iter().position(|field| field.name == fresh.at).unwrap();
            match self.given(dated) {
                Value::Time(t) => t <= self.request.now && self.request.now - t <= fresh.max_age as i64 * 1000,
                _ => false,
            }
        });
        match (self.given(i), &declared.missing) {
            (value, _) if value.is_known() && fresh => value,
            (_, Missing::Default(default)) => default.clone(),
            _ => Value::Unknown,
        }
    }

    /// What the request carries, unknown when absent or of the wrong type.
    fn given(&self, i: usize) -> Value {
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

    /// Whether a model cannot answer and its fallback stands in: the generator's `m1` without `n`.
    fn fails(&self, id: &str) -> bool {
        id == "m1" && !self.field(0).is_known()
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
