//! A second `decide`, written for reading: straight from the contract, slow, sharing nothing with the first but the data.
//!
//! This file is the order of evaluation. Beside it stand what a row's expressions mean ([`row`]), what a candidate is worth ([`worth`]),
//! contact policy ([`contact`]), what fits into the slots that are left ([`slots`]), and chance ([`chance`]). Diagnostics and the trace
//! are not told a second time.

pub mod chance;
pub mod contact;
pub mod row;
mod slots;
mod worth;

pub use row::Meaning;

use crate::action::{Action, Treatment};
use crate::document::{Document, Fallback, Operation};
use crate::fingerprint::bucket;
use crate::history::Identity;
use crate::holdout::{Arm, Holdout, HoldoutKind};
use crate::outcome::{How, Tier};
use crate::overrides::{Override, OverrideKind};
use crate::reason::{Reason, Step};
use crate::rule::{OnMissing, Protects, Scope, Stage};
use crate::{MemoryHistory, Request};
use contact::{Contact, Word};
use slots::Run;
use std::collections::BTreeMap;
use worth::Survivor;

/// Action id and treatment id.
pub type Key = (String, String);

/// An action on one of its treatments.
pub type Candidate<'a> = (&'a Action, &'a Treatment);

/// The answer, by ids.
#[derive(Debug, Default, PartialEq)]
pub struct Answer {
    /// What fills the slots, in order.
    pub slots: Vec<Filled>,
    pub rung: Option<u32>,
    pub fates: BTreeMap<Key, (Step, Reason)>,
    /// Tier, propensity, priority and probability for the first slot, best first.
    pub ranked: Vec<(Key, Tier, f64, f64, f64)>,
    pub holdout: Option<String>,
    pub arm: Option<String>,
    pub shadow: Option<Key>,
}

/// A filled slot.
#[derive(Clone, Debug, PartialEq)]
pub struct Filled {
    pub key: Key,
    pub how: How,
    pub send_at: i64,
    pub probability: f64,
    pub draws: u32,
    pub probabilities: Vec<(Key, f64)>,
}

/// A document, what its expressions mean, its revision, and one request.
pub struct Naive<'a> {
    pub document: &'a Document,
    pub meanings: &'a BTreeMap<String, Meaning>,
    pub revision: &'a str,
    pub request: &'a Request,
    pub history: &'a MemoryHistory,
}

/// What of holdouts bears on a run.
#[derive(Clone, Copy)]
struct Frame<'a> {
    withheld: Option<&'a Holdout>,
    arm: Option<Arm>,
    control: bool,
}

type Fate<T> = Result<T, (Step, Reason)>;

impl<'n> Naive<'n> {
    /// Modes and holdouts around the stages.
    pub fn decide(&self) -> Answer {
        let held = |wanted: &dyn Fn(&HoldoutKind) -> bool| {
            self.document.holdouts.iter().find(|layer| wanted(&layer.kind) && self.is_held(layer))
        };
        let withheld = held(&|kind| matches!(kind, HoldoutKind::Global | HoldoutKind::Program));
        let layer = held(&|kind| matches!(kind, HoldoutKind::ModelControl | HoldoutKind::Ablation(_)));
        let kind = layer.map(|layer| &layer.kind);
        let arm = if let Some(HoldoutKind::Ablation(arm)) = kind { Some(*arm) } else { None };
        let frame = Frame { withheld, arm, control: kind == Some(&HoldoutKind::ModelControl) };
        let first = |answer: &Answer| answer.slots.first().map(|slot| slot.key.clone());
        let mut answer = Answer::default();
        let refused = self.refused().map(|field| (Step::Active, Reason::InputRefused { field: field.into() }));
        match (self.document.mode, refused) {
            (Operation::Live | Operation::Shadow, Some(refused)) => {
                answer.fates = self.candidates().map(|candidate| (key(candidate), refused.clone())).collect();
                match self.document.mode {
                    Operation::Shadow => self.baseline(&frame, &mut answer),
                    _ => self.ladder(&frame, &mut answer),
                }
            }
            (Operation::Live, None) => {
                answer = self.run(&frame);
                answer.shadow = withheld.and_then(|_| first(&self.run(&Frame { withheld: None, ..frame })));
            }
            (Operation::Shadow, None) => {
                answer = self.run(&frame);
                (answer.shadow, answer.rung) = (first(&answer), None);
                for slot in std::mem::take(&mut answer.slots) {
                    answer.fates.insert(slot.key, (Step::Arbitration, Reason::Shadowed));
                }
                self.baseline(&frame, &mut answer);
            }
            (Operation::Off, _) => {
                let off = self.candidates().map(|candidate| (key(candidate), (Step::Active, Reason::PolicyOff)));
                answer.fates = off.collect();
                self.ladder(&frame, &mut answer);
            }
        }
        for (key, .., probability) in &mut answer.ranked {
            let forced = |slot: &&Filled| slot.how == How::Override && slot.key == *key;
            let drawn = |slot: &Filled| slot.probabilities.iter().find(|(other, _)| other == key).map(|(_, p)| *p);
            let first = answer.slots.first();
            *probability = first.filter(forced).map(|_| 1.0).or(first.and_then(drawn)).unwrap_or(0.0);
        }
        (answer.holdout, answer.arm) = (withheld.map(|h| h.id.clone()), layer.map(|h| h.id.clone()));
        answer
    }

    /// Stages 2 to 12.
    fn run(&self, frame: &Frame<'_>) -> Answer {
        let mut run = Run::default();
        for candidate in self.candidates() {
            match candidate.1.standby {
                true => drop(run.fates.insert(key(candidate), (Step::Contact, Reason::Standby))),
                false => self.consider(candidate, frame, &mut run),
            }
        }
        self.call_standbys(frame, &mut run);
        self.force(frame, &mut run);
        while run.filled.len() < self.document.slots.count as usize && self.fill(frame, &mut run) {}
        self.settle(&mut run);
        let nobody = run.filled.is_empty() && !run.survivors.iter().any(|survivor| survivor.open);
        let ranked = run.survivors.iter().map(|s| (key(s.candidate), s.tier, s.terms.p, s.priority, 0.0));
        let mut answer = Answer { ranked: ranked.collect(), slots: run.filled, fates: run.fates, ..Answer::default() };
        if nobody {
            self.ladder(frame, &mut answer);
        }
        answer
    }

    /// Stages 2 to 9 for one candidate.
    fn consider(&self, candidate: Candidate<'n>, frame: &Frame<'_>, run: &mut Run<'n>) {
        run.considered.push(key(candidate));
        let engaged = self.enter(candidate, frame).and_then(|()| self.engage(candidate, frame));
        let passed = engaged.and_then(|soft| Ok((soft, self.goes_out(candidate, &[], &mut run.rerouted)?)));
        let priced = passed.and_then(|(soft, wait)| {
            // Who comes when the forced have their slots competes as all others do.
            let over = self.overrides(candidate, false).find(|_| !run.force_is_over);
            run.forced.extend(over.map(|(at, over)| (at, candidate, over)));
            self.price(candidate, soft, wait, frame)
        });
        match priced {
            Ok(survivor) => run.survivors.push(survivor),
            Err(fate) => drop(run.fates.insert(key(candidate), fate)),
        }
        run.survivors.sort_by(Survivor::rank);
    }

    /// What a policy in shadow answers.
    fn baseline(&self, frame: &Frame<'_>, answer: &mut Answer) {
        if let Some(baseline) = &self.document.baseline {
            self.answer_with(self.find(baseline), frame, (How::Baseline, Reason::Baseline), answer);
        }
    }

    /// Stage 12: rules first, then the declared ladder.
    fn ladder(&self, frame: &Frame<'_>, answer: &mut Answer) {
        let rules = self.document.rules.iter().filter(|rule| rule.stage == Stage::Fallback && rule.enabled);
        let mut rungs: Vec<Vec<Candidate<'n>>> = rules
            .map(|rule| {
                let named = self.action_named(&self.meanings[&rule.expr]);
                let mut all: Vec<_> = self.candidates().filter(|(a, _)| Some(&a.id) == named.as_ref()).collect();
                all.sort_by(|a, b| a.1.id.cmp(&b.1.id));
                all
            })
            .collect();
        rungs.extend(self.document.fallback.iter().map(|rung| vec![self.find(rung)]));
        for (rung, candidates) in (0u32..).zip(rungs) {
            for candidate in candidates {
                if self.answer_with(candidate, frame, (How::Fallback, Reason::Fallback { rung }), answer) {
                    answer.rung = Some(rung);
                    return;
                }
            }
        }
    }

    /// Answers a fallback or baseline that passes 2, 3, 7 and 11.
    fn answer_with(
        &self,
        candidate: Candidate<'n>,
        frame: &Frame<'_>,
        (how, reason): (How, Reason),
        answer: &mut Answer,
    ) -> bool {
        let entered = self.enter(candidate, frame);
        let wait = entered.and_then(|()| self.goes_out(candidate, &[], &mut Vec::new()));
        let Ok(wait) = wait.and_then(|wait| self.spend(candidate, &[]).map(|()| wait)) else { return false };
        answer.slots.push(Filled {
            key: key(candidate),
            how,
            send_at: self.send_at(candidate, wait),
            probability: 1.0,
            draws: 0,
            probabilities: Vec::new(),
        });
        answer.fates.insert(key(candidate), (Step::Chosen, reason));
        true
    }

    /// Dates, stage 2, stage 3, denials.
    fn enter(&self, candidate: Candidate<'n>, frame: &Frame<'_>) -> Fate<()> {
        let (action, now) = (candidate.0, self.request.now);
        if !(action.valid_from.unwrap_or(i64::MIN) <= now && action.valid_until.is_none_or(|end| now < end)) {
            return Err((Step::Active, Reason::NotActive));
        }
        if let Some(layer) = frame.withheld.filter(|_| !action.service) {
            let holdout = layer.id.as_str().into();
            let program = layer.kind == HoldoutKind::Program;
            let reason = if program { Reason::HoldoutProgram { holdout } } else { Reason::HoldoutGlobal { holdout } };
            return Err((Step::Holdout, reason));
        }
        let own = |layer: &&Holdout| layer.kind == HoldoutKind::Action(action.id.clone()) && self.is_held(layer);
        if let Some(layer) = self.document.holdouts.iter().find(own) {
            return Err((Step::Holdout, Reason::HoldoutAction { holdout: layer.id.as_str().into() }));
        }
        self.rules(candidate, &[Stage::Guard])?;
        match self.overrides(candidate, true).next() {
            Some((_, over)) => Err((Step::Override, Reason::OverrideDeny { override_: over.id.as_str().into() })),
            None => Ok(()),
        }
    }

    /// Stages 4 to 6; the product of soft suitability.
    fn engage(&self, candidate: Candidate<'n>, frame: &Frame<'_>) -> Fate<f64> {
        let stages = [Stage::Eligibility, Stage::Applicability, Stage::Suitability, Stage::SoftSuitability];
        self.rules(candidate, if frame.arm == Some(Arm::EligibilityOnly) { &stages[..1] } else { &stages })
    }

    fn rules(&self, candidate: Candidate<'n>, stages: &[Stage]) -> Fate<f64> {
        let mut soft = 1.0;
        let enabled = self.document.rules.iter().filter(|rule| rule.enabled);
        let speaking: Vec<_> = enabled.filter(|rule| self.in_scope(&rule.scope, candidate)).collect();
        for stage in stages {
            for rule in speaking.iter().filter(|rule| rule.stage == *stage) {
                let (meaning, id) = (&self.meanings[&rule.expr], || rule.id.as_str().into());
                if *stage == Stage::SoftSuitability {
                    soft *= self.number(meaning, candidate).filter(|x| *x > 0.0 && *x <= 1.0).unwrap_or(1.0);
                    continue;
                }
                let step = Step::from(*stage);
                if self.fails(meaning) {
                    return Err((step, Reason::RuleError { rule: id(), message: "".into() }));
                }
                let removed = match (stage, rule.protects) {
                    (Stage::Guard, Protects::Consent) => Reason::NoConsent { rule: id() },
                    (Stage::Guard, Protects::OptOut) => Reason::OptedOut { rule: id() },
                    (Stage::Guard, Protects::Law) => Reason::LegalGuard { rule: id() },
                    (Stage::Eligibility, _) => Reason::NotEligible { rule: id() },
                    (Stage::Applicability, _) => Reason::NotApplicable { rule: id() },
                    _ => Reason::NotSuitable { rule: id() },
                };
                match self.truth(meaning, candidate) {
                    Some(true) => {}
                    None if rule.on_missing == OnMissing::Keep => {}
                    Some(false) => return Err((step, removed)),
                    None => return Err((step, Reason::MissingInput { rule: id(), fields: Vec::new() })),
                }
            }
        }
        Ok(soft)
    }

    /// Stage 7: until when it waits, if it does; to which channels it is sent in place of its own is noted.
    fn goes_out(
        &self,
        candidate: Candidate<'n>,
        reserved: &[Candidate<'n>],
        rerouted: &mut Vec<(&'n str, Vec<String>)>,
    ) -> Fate<Option<i64>> {
        match self.contact(|contact| contact.check(candidate, reserved)) {
            Word::Pass => Ok(None),
            Word::Defer(until, _) => Ok(Some(until)),
            Word::Block(reason) => Err((Step::Contact, reason)),
            Word::Reroute(channels, reason) => {
                rerouted.push((&candidate.0.id, channels));
                Err((Step::Contact, reason))
            }
        }
    }

    /// Stage 11.
    fn spend(&self, candidate: Candidate<'n>, reserved: &[Candidate<'n>]) -> Fate<()> {
        self.contact(|contact| contact.budget(candidate, reserved)).map_err(|reason| (Step::Budget, reason))
    }

    fn send_at(&self, candidate: Candidate<'n>, wait: Option<i64>) -> i64 {
        let hour = |text: &str| match self.meanings.get(text) {
            Some(meaning) => self.number(meaning, candidate),
            None => text.parse().ok(),
        };
        wait.unwrap_or_else(|| self.contact(|contact| contact.send_at(candidate, hour)))
    }

    fn contact<T>(&self, ask: impl FnOnce(&Contact<'_>) -> T) -> T {
        let region = self.document.zones.region.as_ref().and_then(|_| self.region());
        // A condition that cannot tell, or fails, holds.
        let is_false = |text: &str, candidate: Candidate<'_>| {
            let meaning = &self.meanings[text];
            !self.fails(meaning) && self.truth(meaning, candidate) == Some(false)
        };
        let (document, request, history) = (self.document, self.request, self.history);
        ask(&Contact { document, request, history, region, is_false: &is_false })
    }

    /// Denials, or forces, of a candidate that hold now, with their positions.
    fn overrides(&self, candidate: Candidate<'n>, deny: bool) -> impl Iterator<Item = (usize, &'n Override)> {
        let (now, all) = (self.request.now, self.document.overrides.iter().enumerate());
        all.filter(move |(_, over)| {
            let (denies, scope) = match &over.kind {
                OverrideKind::Deny(scope) => (true, scope),
                OverrideKind::Force(scope) => (false, scope),
            };
            // Its condition reads no candidate. Where it cannot tell, a denial holds and a force does not.
            let says = |when: &String| match &self.meanings[when] {
                meaning if self.fails(meaning) => deny,
                meaning => self.truth(meaning, candidate).unwrap_or(deny),
            };
            let speaks = denies == deny && self.in_scope(scope, candidate);
            speaks && over.from <= now && now < over.until && over.when.as_ref().is_none_or(says)
        })
    }

    fn is_held(&self, layer: &Holdout) -> bool {
        let own = &self.request.subject;
        let unit = match layer.unit {
            Identity::Subject => own,
            Identity::Household => self.request.household.as_ref().unwrap_or(own),
            Identity::Device => self.request.device.as_ref().unwrap_or(own),
            Identity::Global => "",
        };
        bucket(&layer.salt, unit) < layer.share
    }

    fn candidates(&self) -> impl Iterator<Item = Candidate<'n>> {
        self.document.actions.iter().flat_map(|a| a.treatments.iter().map(move |t| (a, t)))
    }

    fn find(&self, rung: &Fallback) -> Candidate<'n> {
        self.candidates().find(|(a, t)| a.id == rung.action && t.id == rung.treatment).unwrap()
    }

    fn issue(&self, action: &Action) -> &'n crate::action::Issue {
        self.document.issues.iter().find(|issue| issue.groups.iter().any(|g| g.id == action.group)).unwrap()
    }

    fn in_scope(&self, scope: &Scope, (action, treatment): Candidate<'_>) -> bool {
        match scope {
            Scope::All => true,
            Scope::Issue(id) => *id == self.issue(action).id,
            Scope::Group(id) => *id == action.group,
            Scope::Action(id) => *id == action.id,
            Scope::Treatment(a, t) => *a == action.id && *t == treatment.id,
            Scope::Channel(id) => *id == treatment.channel,
        }
    }
}

fn key((action, treatment): Candidate<'_>) -> Key {
    (action.id.clone(), treatment.id.clone())
}
