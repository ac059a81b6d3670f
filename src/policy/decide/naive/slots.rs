//! Stages 9 to 11, naively: slot by slot, asking everybody again before each, as if nothing were known of the slot before.

use super::chance::Stream;
use super::worth::Survivor;
use super::{Candidate, Fate, Filled, Frame, Key, Naive, key};
use crate::arbitration::{Bundle, LowConfidence, Mode, Per};
use crate::exploration::Exploration;
use crate::holdout::Arm;
use crate::outcome::{How, Tier};
use crate::overrides::Override;
use crate::reason::{Reason, Step};
use std::collections::BTreeMap;

/// One run over all candidates.
#[derive(Default)]
pub struct Run<'n> {
    pub fates: BTreeMap<Key, (Step, Reason)>,
    /// Best first.
    pub survivors: Vec<Survivor<'n>>,
    pub filled: Vec<Filled>,
    /// Who is in the slots.
    pub reserved: Vec<Candidate<'n>>,
    /// Actions that were sent to other channels, and to which.
    pub rerouted: Vec<(&'n str, Vec<String>)>,
    pub considered: Vec<Key>,
    /// With the position of the override.
    pub forced: Vec<(usize, Candidate<'n>, &'n Override)>,
    pub force_is_over: bool,
}

impl<'n> Run<'n> {
    fn remove(&mut self, candidate: Candidate<'n>, fate: (Step, Reason)) {
        self.close(candidate);
        self.fates.insert(key(candidate), fate);
    }

    fn close(&mut self, candidate: Candidate<'n>) {
        self.survivors.iter_mut().filter(|s| key(s.candidate) == key(candidate)).for_each(|s| s.open = false);
    }
}

impl<'n> Naive<'n> {
    /// Standby treatments of actions that were sent to their channel compete from now on.
    pub(super) fn call_standbys(&self, frame: &Frame<'_>, run: &mut Run<'n>) {
        let called = |run: &Run<'n>| {
            self.candidates().find(|candidate| {
                let (action, treatment) = candidate;
                let mut to = run.rerouted.iter().filter(|(from, _)| *from == action.id);
                let is_called = to.any(|(_, channels)| channels.contains(&treatment.channel));
                treatment.standby && is_called && !run.considered.contains(&key(*candidate))
            })
        };
        while let Some(candidate) = called(run) {
            self.consider(candidate, frame, run);
        }
    }

    /// Overrides fill the first slots.
    pub(super) fn force(&self, frame: &Frame<'_>, run: &mut Run<'n>) {
        let place = |(at, (action, treatment), _): &(usize, Candidate<'n>, &Override)| {
            (*at, action.group.clone(), key((action, treatment)))
        };
        run.forced.sort_by_key(place);
        for (_, candidate, over) in std::mem::take(&mut run.forced) {
            let count = self.document.slots.count;
            let full = |of: &str, limit| Err((Step::Slots, Reason::SlotLimit { of: of.into(), limit }));
            let fate = match () {
                () if run.filled.len() >= count as usize => full("", count),
                () if run.reserved.iter().any(|(a, _)| a.id == candidate.0.id) => full(&candidate.0.id, 1),
                () => self.may_go(candidate, &run.reserved.clone(), &mut run.rerouted),
            };
            let won = Reason::WonByOverride { override_: over.id.as_str().into() };
            match fate {
                Ok(wait) => self.take(candidate, wait, How::Override, won, run),
                Err(fate) => run.remove(candidate, fate),
            }
        }
        run.force_is_over = true;
        self.call_standbys(frame, run);
    }

    /// Fills the next slot, and with a bundle the next ones; false when there is nobody whom it is worth to choose.
    pub(super) fn fill(&self, frame: &Frame<'_>, run: &mut Run<'n>) -> bool {
        self.screen(frame, run);
        let open = |run: &Run<'n>| run.survivors.iter().filter(|s| s.open).cloned().collect::<Vec<_>>();
        let left = open(run);
        let Some(best) = left.iter().find(|s| self.is_worth_it(s)) else { return false };
        let mut between: Vec<_> = left.iter().filter(|s| self.is_worth_it(s) && s.tier == best.tier).cloned().collect();
        between.truncate(if best.tier == Tier::Mandatory { 1 } else { usize::MAX });
        let (shares, at, draws) = self.draw(&between, run.filled.len(), frame);
        let (winner, probability) = (between[at].clone(), shares[at]);
        let followers = self.followers(&winner, run).unwrap_or_default();
        let (how, reason) = match at {
            0 => (How::Arbitration, Reason::Won),
            _ => (How::Exploration, Reason::WonByExploration { probability }),
        };
        self.take(winner.candidate, winner.wait, how, reason, run);
        let slot = run.filled.last_mut().unwrap();
        let share = |s: &Survivor<'n>| {
            between.iter().position(|other| key(other.candidate) == key(s.candidate)).map_or(0.0, |i| shares[i])
        };
        (slot.probability, slot.draws) = (probability, draws);
        slot.probabilities = left.iter().map(|s| (key(s.candidate), share(s))).collect();
        for candidate in followers {
            let wait = self.goes_out(candidate, &run.reserved.clone(), &mut Vec::new()).unwrap();
            let bundle = self.bundle(candidate).unwrap().id.as_str().into();
            self.take(candidate, wait, How::Bundle, Reason::WonByBundle { bundle }, run);
        }
        true
    }

    /// What those who are left lost to.
    pub(super) fn settle(&self, run: &mut Run<'n>) {
        let count = self.document.slots.count;
        let last = run.filled.last().cloned();
        let priority =
            |key_: &Key| run.survivors.iter().find(|s| key(s.candidate) == *key_).map_or(0.0, |s| s.priority);
        let full = run.filled.len() >= count as usize;
        for survivor in run.survivors.iter().filter(|s| s.open) {
            let lost = |by: &str, treatment: &str, best: f64| {
                let margin = best - survivor.priority;
                (Step::Arbitration, Reason::LostArbitration { by: by.into(), treatment: treatment.into(), margin })
            };
            let fate = match last.as_ref().filter(|_| full || self.is_worth_it(survivor)) {
                Some(slot) if slot.how == How::Override => {
                    (Step::Slots, Reason::SlotLimit { of: "".into(), limit: count })
                }
                Some(slot) => lost(&slot.key.0, &slot.key.1, priority(&slot.key)),
                None => lost("NoAction", "", 0.0),
            };
            run.fates.insert(key(survivor.candidate), fate);
        }
    }

    /// Removes who may not fill the next slot any more.
    fn screen(&self, frame: &Frame<'_>, run: &mut Run<'n>) {
        loop {
            let known = run.considered.len();
            for i in 0..run.survivors.len() {
                let Survivor { candidate, open: true, .. } = run.survivors[i] else { continue };
                match self.still(candidate, &run.reserved.clone(), &mut run.rerouted) {
                    Ok(wait) => run.survivors[i].wait = wait,
                    Err(fate) => run.remove(candidate, fate),
                }
            }
            self.call_standbys(frame, run);
            if run.considered.len() == known {
                break;
            }
        }
        // Who cannot be completed keeps others from being completed.
        loop {
            let open = run.survivors.iter().filter(|s| s.open).count();
            for survivor in run.survivors.clone() {
                let is_open = run.survivors.iter().any(|s| s.open && key(s.candidate) == key(survivor.candidate));
                if is_open && self.followers(&survivor, run).is_none() {
                    let of = self.bundle(survivor.candidate).unwrap().id.as_str().into();
                    let limit = self.document.slots.count;
                    run.remove(survivor.candidate, (Step::Slots, Reason::SlotLimit { of, limit }));
                }
            }
            if run.survivors.iter().filter(|s| s.open).count() == open {
                break;
            }
        }
    }

    /// Limits of slots, stage 7, stage 11.
    fn still(
        &self,
        candidate: Candidate<'n>,
        reserved: &[Candidate<'n>],
        rerouted: &mut Vec<(&'n str, Vec<String>)>,
    ) -> Fate<Option<i64>> {
        let mut limits: Vec<_> = self.document.slots.limits.iter().map(|limit| (limit.per, limit.limit)).collect();
        if !limits.iter().any(|(per, _)| *per == Per::Action) {
            limits.push((Per::Action, 1));
        }
        let kind = |per: Per, (action, treatment): Candidate<'n>| match per {
            Per::Action => &action.id,
            Per::Group => &action.group,
            Per::Issue => &self.issue(action).id,
            Per::Channel => &treatment.channel,
        };
        for (per, limit) in limits {
            let of = kind(per, candidate);
            if reserved.iter().filter(|other| kind(per, **other) == of).count() >= limit as usize {
                return Err((Step::Slots, Reason::SlotLimit { of: of.as_str().into(), limit }));
            }
        }
        self.may_go(candidate, reserved, rerouted)
    }

    fn may_go(
        &self,
        candidate: Candidate<'n>,
        reserved: &[Candidate<'n>],
        rerouted: &mut Vec<(&'n str, Vec<String>)>,
    ) -> Fate<Option<i64>> {
        let wait = self.goes_out(candidate, reserved, rerouted)?;
        self.spend(candidate, reserved).map(|()| wait)
    }

    fn bundle(&self, (action, _): Candidate<'n>) -> Option<&'n Bundle> {
        self.document.slots.bundles.iter().find(|bundle| bundle.actions.contains(&action.id))
    }

    /// Who goes with a survivor: of every other action of its bundle the best that still may; `None`: not all of it can go.
    fn followers(&self, first: &Survivor<'n>, run: &Run<'n>) -> Option<Vec<Candidate<'n>>> {
        let Some(bundle) = self.bundle(first.candidate) else { return Some(Vec::new()) };
        let mut reserved = run.reserved.clone();
        reserved.push(first.candidate);
        let mut followers = Vec::new();
        for member in &bundle.actions {
            if reserved.iter().any(|(action, _)| action.id == *member) {
                continue;
            }
            let mut best = run.survivors.iter().filter(|s| s.open && s.candidate.0.id == *member);
            let best = best.find(|s| self.still(s.candidate, &reserved, &mut Vec::new()).is_ok())?;
            reserved.push(best.candidate);
            followers.push(best.candidate);
        }
        (reserved.len() <= self.document.slots.count as usize).then_some(followers)
    }

    /// Where doing nothing competes, at 0, who is worth no more is not chosen.
    fn is_worth_it(&self, survivor: &Survivor<'n>) -> bool {
        let nothing_competes = matches!(self.document.arbitration.mode, Mode::NetValue | Mode::Uplift);
        survivor.tier == Tier::Mandatory || !nothing_competes || survivor.priority > 0.0
    }

    fn take(&self, candidate: Candidate<'n>, wait: Option<i64>, how: How, reason: Reason, run: &mut Run<'n>) {
        run.remove(candidate, (Step::Chosen, reason));
        run.reserved.push(candidate);
        run.filled.push(Filled {
            key: key(candidate),
            how,
            send_at: self.send_at(candidate, wait),
            probability: 1.0,
            draws: 0,
            probabilities: Vec::new(),
        });
    }

    /// The probabilities of those a slot is drawn between, who is drawn, and of how many draws the probabilities are shares.
    fn draw(&self, between: &[Survivor<'n>], slot: usize, frame: &Frame<'_>) -> (Vec<f64>, usize, u32) {
        let n = between.len();
        let all = Exploration::EpsilonGreedy { epsilon: 1.0 };
        let random = frame.arm == Some(Arm::RandomEligible);
        let exploration = if random { Some(&all) } else { self.document.exploration.as_ref() };
        let best_alone = (0..n).map(|i| if i == 0 { 1.0 } else { 0.0 }).collect();
        let Some(exploration) = exploration.filter(|_| n > 1) else { return (best_alone, 0, 0) };
        let seed = self.seed();
        let shares: Vec<f64> = match exploration {
            Exploration::EpsilonGreedy { epsilon } => {
                let low_first = !random && self.document.cold_start.on_low == LowConfidence::Explore;
                let some_low = low_first && between.iter().any(|s| s.low);
                let among = |s: &Survivor<'n>| s.low || !some_low;
                let each = epsilon / between.iter().filter(|s| among(s)).count() as f64;
                let share = |s: &Survivor<'n>| if among(s) { each } else { 0.0 };
                let mut shares: Vec<f64> = between.iter().map(share).collect();
                shares[0] += 1.0 - epsilon;
                shares
            }
            Exploration::Softmax { temperature } => {
                let top = between.iter().map(|s| s.priority).fold(f64::MIN, f64::max);
                let weights = between.iter().map(|s| libm::exp((s.priority - top) / temperature));
                let weights: Vec<f64> = weights.collect();
                weights.iter().map(|w| w / weights.iter().sum::<f64>()).collect()
            }
            Exploration::Thompson { draws } => {
                let mut wins = vec![0.0; n];
                let mut others = Stream::new(seed, 1 << 32 | slot as u64);
                let chosen = self.best_of_a_draw(between, &mut Stream::new(seed, slot as u64), frame);
                wins[chosen] += 1.0;
                (1..*draws).for_each(|_| wins[self.best_of_a_draw(between, &mut others, frame)] += 1.0);
                return (wins.iter().map(|w| w / f64::from(*draws)).collect(), chosen, *draws);
            }
        };
        let u = Stream::new(seed, slot as u64).unit();
        let upto = |i: &usize| shares[..=*i].iter().fold(0.0, |sum, share| sum + share);
        let at = (0..n).find(|i| u < upto(i)).unwrap_or_else(|| shares.iter().rposition(|s| *s > 0.0).unwrap());
        (shares, at, 0)
    }

    /// Every propensity that is a belief is drawn from it; who is worth most then.
    fn best_of_a_draw(&self, between: &[Survivor<'n>], stream: &mut Stream, frame: &Frame<'_>) -> usize {
        let mut worths = between.iter().map(|survivor| {
            let Some(n) = survivor.belief else { return survivor.priority };
            let mut terms = survivor.terms;
            terms.p = stream.beta(1.0 + terms.p * n, 1.0 + (1.0 - terms.p) * n);
            self.priority(&terms, frame).unwrap_or(f64::NEG_INFINITY)
        });
        let first = worths.next().unwrap();
        (1..).zip(worths).fold((0, first), |best, (i, w)| if w > best.1 { (i, w) } else { best }).0
    }
}
