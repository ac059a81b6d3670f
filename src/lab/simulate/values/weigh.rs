//! Weighing, in one place: from a log, what a policy chose with which probabilities, and rows come the weights π(a|x)/p, what they can
//! support, and why there is no value. Reports, segments, questions and searches all weigh here; lists do it place by place.

use crate::simulate::estimators::Along;
use crate::simulate::log::{DecisionLog, NO_ARM};
use crate::simulate::replay::Replay;
use crate::simulate::report::{Refusal, Support};
use crate::simulate::srm::mismatch;
use crate::simulate::support::{Beyond, advise, refusal_naming, support_of};
use std::collections::BTreeSet;

/// The policy whose value is asked: what it took of each decision, as the log sees it.
pub(in crate::simulate) trait Target {
    /// In the decision at `position`, about `row` of the log.
    fn odds(&self, log: &DecisionLog, row: usize, position: usize) -> Odds;
    /// Names what it took, or may have taken, in that decision beyond the log.
    fn name(&self, log: &DecisionLog, row: usize, position: usize, names: &mut Names);
}

/// Probabilities of a policy in one decision.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::simulate) struct Odds {
    /// Of the arm that was logged: π(a|x).
    pub logged: f64,
    /// Of actions that the log never took.
    pub never: f32,
    /// Of arms that were not eligible in the row.
    pub barred: f32,
}

/// Actions beyond the log, for people.
#[derive(Debug, Default)]
pub(in crate::simulate) struct Names {
    pub never: BTreeSet<String>,
    pub barred: BTreeSet<String>,
}

/// Actions named in a refusal.
const MOST_NAMES: usize = 8;

/// A policy's weights on the rows.
pub(in crate::simulate) struct Weighed {
    pub weights: Vec<f64>,
    /// Probabilities beyond the log per row; empty where there are none.
    beyond: Vec<(f32, f32)>,
    pub support: Support,
    pub refusal: Option<Refusal>,
}

/// Other weights of a policy that has a value. They are made when they are asked for: kept for all policies, they would be most of
/// what memory holds of a large log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulate) enum Other {
    /// With the arms' shares in place of the design's propensities.
    Empirical,
    /// Multiplied along each subject's decisions.
    Trajectory,
    /// 1 where the action that the policy drew is the logged one, where it draws by chance.
    Drawn,
}

/// Weighs a policy on usable rows of a log; `positions` are those of the rows among its decisions. A log whose arms have not the sizes of
/// the design carries no value unless one is asked for `even_so`.
pub(in crate::simulate) fn weigh(
    log: &DecisionLog,
    rows: &[u32],
    positions: &[usize],
    target: &impl Target,
    even_so: bool,
) -> Weighed {
    let (mut weights, mut beyond) = (Vec::with_capacity(rows.len()), Vec::new());
    let mut total = Beyond::default();
    for (i, (row, at)) in rows.iter().zip(positions).enumerate() {
        let row = *row as usize;
        let odds = target.odds(log, row, *at);
        weights.push(if odds.logged > 0.0 { odds.logged / log.propensity[row] } else { 0.0 });
        if odds.never > 0.0 || odds.barred > 0.0 {
            beyond.resize(i, (0.0, 0.0));
            beyond.push((odds.never, odds.barred));
            total = total.with((odds.never, odds.barred));
        }
    }
    let support = support_of(&weights, total);
    let name = || {
        let mut names = Names::default();
        for (i, _) in beyond.iter().enumerate().filter(|(_, own)| **own != (0.0, 0.0)) {
            target.name(log, rows[i] as usize, positions[i], &mut names);
        }
        names
    };
    let refusal = judged(log, &support, name, even_so);
    Weighed { weights, beyond, support, refusal }
}

/// Why there is no value: the log cannot be trusted, or does not support the policy. Names are asked for where they are needed.
pub(in crate::simulate) fn judged(
    log: &DecisionLog,
    support: &Support,
    names: impl FnOnce() -> Names,
    even_so: bool,
) -> Option<Refusal> {
    let unsupported = refusal_naming(support, &[], &[]).and_then(|_| {
        let Names { never, barred } = names();
        let few = |names: BTreeSet<String>| names.into_iter().take(MOST_NAMES).collect::<Vec<_>>();
        refusal_naming(support, &few(never), &few(barred))
    });
    let distrusted = mismatch(log).filter(|_| !even_so);
    match (distrusted, unsupported) {
        (Some(mut all), Some(own)) => {
            all.reasons.extend(own.reasons);
            advise(&mut all.advice, &own.advice);
            Some(all)
        }
        (one, other) => one.or(other),
    }
}

impl Odds {
    /// Of a policy that takes one arm for sure.
    pub fn certain(log: &DecisionLog, row: usize, arm: u16) -> Odds {
        if arm == NO_ARM {
            return Odds { never: 1.0, ..Odds::default() };
        }
        let is = |x: bool| u8::from(x);
        Odds { logged: f64::from(is(arm == log.arm[row])), never: 0.0, barred: f32::from(is(!log.allows(row, arm))) }
    }

    /// Of one that draws: a probability per arm of the log, the last one for all actions that it never took.
    pub fn drawn(log: &DecisionLog, row: usize, probabilities: &[f64]) -> Odds {
        let Some((never, arms)) = probabilities.split_last() else { return Odds::default() };
        let barred = match log.eligible {
            None => 0.0,
            Some(_) => (0u16..).zip(arms).filter(|(arm, p)| **p > 0.0 && !log.allows(row, *arm)).map(|(_, p)| p).sum(),
        };
        Odds {
            logged: arms.get(usize::from(log.arm[row])).copied().unwrap_or(0.0),
            never: *never as f32,
            barred: barred as f32,
        }
    }

    /// Probability of what the log cannot tell of.
    pub fn beyond(&self) -> f64 {
        f64::from(self.never) + f64::from(self.barred)
    }
}

impl Names {
    /// Adds an arm where it was not eligible, `action` where it was never logged; nothing where the log tells of it.
    pub fn add(&mut self, log: &DecisionLog, row: usize, arm: u16, action: impl FnOnce() -> String) {
        if arm == NO_ARM {
            self.never.insert(action());
        } else if !log.allows(row, arm) {
            self.barred.insert(log.arms[usize::from(arm)].name.clone());
        }
    }
}

impl Beyond {
    fn with(self, (never, barred): (f32, f32)) -> Beyond {
        Beyond { never: self.never + f64::from(never), barred: self.barred + f64::from(barred) }
    }
}

impl Target for Replay {
    fn odds(&self, log: &DecisionLog, row: usize, position: usize) -> Odds {
        match self.chances.as_ref().and_then(|chances| chances.of(position)) {
            Some(probabilities) => Odds::drawn(log, row, probabilities),
            None => Odds::certain(log, row, self.arm[position]),
        }
    }

    fn name(&self, log: &DecisionLog, row: usize, position: usize, names: &mut Names) {
        match self.chances.as_ref().and_then(|chances| chances.of(position)) {
            Some(probabilities) => {
                let arms = (0u16..).zip(&probabilities[..probabilities.len() - 1]);
                arms.filter(|(_, p)| **p > 0.0).for_each(|(arm, _)| names.add(log, row, arm, String::new));
                if probabilities.last().is_some_and(|p| *p > 0.0) {
                    let never = self.candidates.iter().filter(|candidate| candidate.arm == NO_ARM);
                    names.never.extend(never.map(|candidate| candidate.action.clone()));
                }
            }
            None => names.add(log, row, self.arm[position], || self.chosen_names(position).0.to_owned()),
        }
    }
}

impl Weighed {
    /// What lies beyond the log in the rows at some places.
    pub fn beyond(&self, places: &[usize]) -> Beyond {
        places.iter().filter_map(|i| self.beyond.get(*i)).fold(Beyond::default(), |sum, own| sum.with(*own))
    }

    /// Other weights of the policy on the same rows; `None` where they mean nothing.
    pub fn other(&self, which: Other, log: &DecisionLog, rows: &[u32], replay: &Replay) -> Option<Vec<f64>> {
        let positions = || replay.positions(rows);
        match which {
            Other::Empirical => log.sample_ratio.is_some().then(|| {
                let mut counts = vec![0u64; log.arms.len()];
                for row in rows {
                    counts[usize::from(log.arm[*row as usize])] += 1;
                }
                let n = rows.len() as f64;
                let matched = |(row, at): (&u32, &usize)| {
                    let arm = log.arm[*row as usize];
                    replay.probability(*at, arm) * n / counts[usize::from(arm)] as f64
                };
                rows.iter().zip(&positions()).map(matched).collect()
            }),
            Other::Trajectory => log.clusters.as_ref().filter(|_| replay.stateful).map(|clusters| {
                let subjects: Vec<u32> = rows.iter().map(|row| clusters[*row as usize]).collect();
                let times: Vec<i64> = positions().iter().map(|p| replay.times[*p]).collect();
                Along::new(&subjects, &times).products(&self.weights)
            }),
            Other::Drawn => replay.chances.as_ref().map(|_| {
                let same = |(row, at): (&u32, &usize)| f64::from(u8::from(log.arm[*row as usize] == replay.arm[*at]));
                rows.iter().zip(&positions()).map(same).collect()
            }),
        }
    }
}
