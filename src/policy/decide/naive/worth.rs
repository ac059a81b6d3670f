//! Stages 8 and 9, naively: propensity and uplift, the priority, its floors, and the total order.

use super::{Candidate, Fate, Frame, Key, Naive, chance::Stream, key};
use crate::arbitration::{LowConfidence, Mode};
use crate::holdout::Arm;
use crate::outcome::Tier;
use crate::reason::{Reason, Step};
use crate::rule::{Scope, Stage};
use sha2::{Digest, Sha256};
use std::cmp::Ordering;

/// What a priority is made of.
#[derive(Clone, Copy)]
pub struct Terms {
    pub p: f64,
    c: f64,
    v: f64,
    l: f64,
    cost: f64,
    /// Of a model; P without one.
    tau: Option<f64>,
    soft: f64,
    x: Option<f64>,
}

/// Who passed every stage and floor.
#[derive(Clone)]
pub struct Survivor<'n> {
    pub candidate: Candidate<'n>,
    pub tier: Tier,
    pub priority: f64,
    pub terms: Terms,
    /// Until when it waits.
    pub wait: Option<i64>,
    pub low: bool,
    /// Observations behind P and its prior, where P is a belief.
    pub belief: Option<f64>,
    after_confident: bool,
    pub open: bool,
}

impl Survivor<'_> {
    /// Best first.
    pub fn rank(&self, other: &Self) -> Ordering {
        let place = |s: &Self| (s.tier, s.after_confident);
        let ties = |s: &Self| -> (String, Key) { (s.candidate.0.group.clone(), key(s.candidate)) };
        let by_priority = other.priority.partial_cmp(&self.priority).unwrap();
        place(self).cmp(&place(other)).then(by_priority).then_with(|| ties(self).cmp(&ties(other)))
    }
}

impl<'n> Naive<'n> {
    pub(super) fn price(
        &self,
        candidate: Candidate<'n>,
        soft: f64,
        wait: Option<i64>,
        frame: &Frame<'_>,
    ) -> Fate<Survivor<'n>> {
        let ((action, treatment), cold) = (candidate, &self.document.cold_start);
        let drop = |reason| Err((Step::Arbitration, reason));
        let speaking = cold.priors.iter().filter(|prior| self.in_scope(&prior.scope, candidate));
        let prior = speaking.min_by_key(|prior| match prior.scope {
            Scope::Treatment(..) => 0,
            Scope::Action(_) => 1,
            Scope::Group(_) => 2,
            Scope::Channel(_) => 3,
            Scope::Issue(_) => 4,
            Scope::All => 5,
        });
        let model = treatment.propensity.as_ref().or(action.propensity.as_ref());
        let scored = model.map(|id| self.scored(id, candidate));
        // What stands in for a score has no evidence.
        let sound = scored.filter(|scored| scored.sound);
        let declared = treatment.evidence.or(action.evidence).filter(|_| sound.is_some());
        let evidence = declared.or(sound.and_then(|scored| scored.evidence));
        let width = sound.and_then(|scored| scored.spread).map(|half| 2.0 * half);
        let too_few = evidence.zip(cold.min_evidence).is_some_and(|(n, least)| n < least);
        let too_wide = width.zip(cold.max_width).is_some_and(|(width, most)| width > most);
        let low = sound.is_some() && (too_few || too_wide);
        let mut p = match (scored.map(|scored| scored.value.clamp(0.0, 1.0)), prior, evidence) {
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
                LowConfidence::Abstain => return drop(Reason::LowConfidence { evidence, width }),
            }
        }
        if frame.control && model.is_some() {
            let ties = |(a, t): Candidate<'n>| (a.group.clone(), key((a, t)));
            let place = self.candidates().filter(|other| ties(*other) < ties(candidate)).count();
            p = Stream::new(self.seed(), 2 << 32 | place as u64).unit();
        }
        let uplift = treatment.uplift.as_ref().or(action.uplift.as_ref()).map(|id| self.scored(id, candidate));
        let terms = Terms {
            p,
            c: self.context(candidate),
            v: treatment.value.unwrap_or(action.value),
            l: if frame.arm == Some(Arm::NoLevers) { 1.0 } else { self.lever(candidate) },
            cost: treatment.cost.unwrap_or(action.cost),
            tau: uplift.map(|scored| scored.value),
            soft,
            x: self.field(2).as_f64(),
        };
        let all = self.document.arbitration.floors.iter();
        let floors: Vec<_> = all.filter(|floor| self.in_scope(&floor.scope, candidate)).collect();
        if let Some(floor) = floors.iter().filter_map(|floor| floor.min_propensity).find(|floor| p < *floor) {
            return drop(Reason::BelowPropensityFloor { propensity: p, floor });
        }
        if let (Mode::Uplift, Some(tau)) = (&self.document.arbitration.mode, uplift) {
            let upper = tau.value + tau.spread.unwrap_or(0.0);
            if upper < 0.0 {
                return drop(Reason::DoNoHarm { uplift: tau.value, upper });
            }
        }
        let Some(priority) = self.priority(&terms, frame) else {
            return drop(Reason::ScoreError { message: "".into() });
        };
        if let Some(floor) = floors.iter().filter_map(|floor| floor.min_priority).find(|floor| priority < *floor) {
            return drop(Reason::BelowPriorityFloor { priority, floor });
        }
        let lags = self.contact(|contact| contact.lags(candidate));
        let tier = match (action.mandatory, action.boosted || lags) {
            (true, _) => Tier::Mandatory,
            (false, true) => Tier::Boosted,
            (false, false) => Tier::Normal,
        };
        let believed = model.is_some() || prior.is_some();
        let belief = believed.then(|| evidence.unwrap_or(0.0) + prior.map_or(0.0, |prior| prior.weight));
        let after_confident = low && cold.on_low == LowConfidence::RulesRank;
        Ok(Survivor { candidate, tier, priority, terms, wait, low, belief, after_confident, open: true })
    }

    /// Rounded to 1e-9; `None`: there is none, or it is not finite.
    pub(super) fn priority(&self, terms: &Terms, frame: &Frame<'_>) -> Option<f64> {
        let Terms { p, c, v, l, cost, tau, soft, x } = *terms;
        let priority = match &self.document.arbitration.mode {
            _ if frame.arm == Some(Arm::PropensityOnly) => p,
            Mode::Pcvl => p * c * v * l * soft,
            Mode::NetValue => p * v * c * l * soft - cost,
            Mode::Uplift => tau.unwrap_or(p) * v * c * l * soft - cost,
            // The mean and the expressions that the generator writes.
            Mode::GeometricMean { .. } => libm::sqrt(p * v) * soft,
            Mode::Expression(text) if text.contains('x') && !text.contains("context") => p * x? / (v - 1.0) * soft,
            Mode::Expression(_) => (p * c + v - cost) * soft,
        };
        Some((priority * 1e9).round() / 1e9).filter(|priority| priority.is_finite())
    }

    fn context(&self, candidate: Candidate<'n>) -> f64 {
        let weights = self.document.arbitration.context_weights.iter();
        let matched = weights.filter(|weight| {
            let meaning = &self.meanings[&weight.when];
            let holds = !self.fails(meaning) && self.truth(meaning, candidate) == Some(true);
            holds && self.in_scope(&weight.scope, candidate)
        });
        (1.0 + matched.fold(0.0, |sum, weight| sum + weight.percent) / 100.0).max(0.0)
    }

    fn lever(&self, candidate: Candidate<'n>) -> f64 {
        let (action, issue) = (candidate.0, self.issue(candidate.0));
        let group = issue.groups.iter().find(|group| group.id == action.group).unwrap();
        let levers = self.document.rules.iter().filter(|rule| rule.enabled && rule.stage == Stage::Lever);
        let speaking = levers.filter(|rule| self.in_scope(&rule.scope, candidate));
        let factors = speaking.map(|rule| self.number(&self.meanings[&rule.expr], candidate));
        let weights = (1.0 + (issue.weight + group.weight + action.weight) / 100.0).max(0.0);
        factors.fold(weights, |l, factor| l * factor.filter(|x| *x >= 0.0).unwrap_or(1.0))
    }

    pub(super) fn seed(&self) -> u64 {
        let text = format!("{}\u{1f}{}\u{1f}{}", self.document.id, self.revision, self.request.decision_id);
        u64::from_be_bytes(Sha256::digest(text)[..8].try_into().unwrap())
    }
}
