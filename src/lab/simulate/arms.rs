//! The log as a trial: means of its arms and their effects.
//!
//! Where a design drew the arms with constant shares these are plain means. Everywhere else a row weighs 1/propensity, because those who
//! got an arm are not like everybody: the means of the arms as they are would show why history chose them, not what they did.

use crate::data::Arm;
use crate::distributions::hybrid;
use crate::simulate::estimate::{Rounds, Z95, clustered_squares, ends, mean, normal, relative, snips, sum, unvaried};
use crate::simulate::log::DecisionLog;
use crate::simulate::report::{ArmReport, Effect, Estimate, LogReport};

/// Arms, effects against the first arm, and findings, over the usable ones of `rows`.
pub(super) fn log_report(log: &DecisionLog, rows: &[u32]) -> LogReport {
    let usable: Vec<usize> = rows.iter().map(|r| *r as usize).filter(|r| log.is_usable(*r)).collect();
    let mut own: Vec<Vec<usize>> = vec![Vec::new(); log.arms.len()];
    usable.iter().for_each(|row| own[usize::from(log.arm[*row])].push(*row));
    let weighed = log.is_weighed();
    let known = |arm: usize, outcome: usize, other: usize| -> Vec<usize> {
        let both = |row: &usize| !weighed || log.allows(*row, other as u16);
        own[arm].iter().copied().filter(|r| !log.outcomes[outcome].values[*r].is_nan() && both(r)).collect()
    };
    let mut arms: Vec<ArmReport> = Vec::new();
    for (i, arm) in log.arms.iter().enumerate() {
        let (action, treatment) = match &arm.arm {
            Arm::NoAction => ("NoAction".to_owned(), String::new()),
            Arm::Candidate { action, treatment } => (action.clone(), treatment.clone()),
        };
        let means =
            (0..log.outcomes.len()).map(|outcome| Part::new(log, outcome, known(i, outcome, i), weighed).mean());
        arms.push(ArmReport {
            name: arm.name.clone(),
            action,
            treatment,
            n: own[i].len() as u64,
            share: if usable.is_empty() { 0.0 } else { own[i].len() as f64 / usable.len() as f64 },
            design: arm.design,
            means: means.collect(),
        });
    }
    let mut effects = Vec::new();
    if let Some((reference, treated)) = arms.split_first() {
        for (i, arm) in treated.iter().enumerate() {
            for (at, outcome) in log.outcomes.iter().enumerate() {
                let a = Part::new(log, at, known(i + 1, at, 0), weighed);
                let b = Part::new(log, at, known(0, at, i + 1), weighed);
                let Some((estimate, base)) = difference(&a, &b) else { continue };
                effects.push(Effect {
                    arm: arm.name.clone(),
                    reference: reference.name.clone(),
                    outcome: outcome.name.clone(),
                    estimate,
                    relative: relative(estimate.value, base),
                });
            }
        }
    }
    LogReport {
        rows: usable.len() as u64,
        logging: log.logging.clone(),
        exploratory: log.exploratory.clone(),
        arms,
        effects,
        weighed,
        guess: log.guess.clone(),
        balance: log.balance.clone(),
        sample_ratio: log.sample_ratio,
        overlap: log.overlap.clone(),
        findings: log.findings.clone(),
    }
}

/// Rows of one arm whose outcome is known.
struct Part {
    rows: Vec<usize>,
    rewards: Vec<f64>,
    /// 1/propensity; `None` for plain means.
    weights: Option<Vec<f64>>,
    /// Subject of each row, where subjects repeat.
    clusters: Option<Vec<u32>>,
}

impl Part {
    fn new(log: &DecisionLog, outcome: usize, rows: Vec<usize>, weighed: bool) -> Part {
        Part {
            rewards: rows.iter().map(|r| log.outcomes[outcome].values[*r]).collect(),
            weights: weighed.then(|| rows.iter().map(|r| 1.0 / log.propensity[*r]).collect()),
            clusters: log.clusters.as_ref().map(|c| rows.iter().map(|r| c[*r]).collect()),
            rows,
        }
    }

    /// The mean, plain or self-normalised; `None` with fewer than two rows or subjects.
    fn mean(&self) -> Option<Estimate> {
        let plain = mean(&self.rewards, self.clusters.as_deref())?;
        let Some(weights) = &self.weights else { return Some(plain) };
        snips(self.rounds(weights))
    }

    fn weights(&self) -> Vec<f64> {
        self.weights.clone().unwrap_or_else(|| vec![1.0; self.rewards.len()])
    }

    fn rounds<'a>(&'a self, weights: &'a [f64]) -> Rounds<'a> {
        Rounds { weights, rewards: &self.rewards, clusters: self.clusters.as_deref() }
    }

    /// What each row adds to the error of the mean.
    fn influence(&self, value: f64) -> Vec<f64> {
        let weight = |i: usize| self.weights.as_ref().map_or(1.0, |w| w[i]);
        let total = sum((0..self.rewards.len()).map(weight));
        self.rewards.iter().enumerate().map(|(i, r)| weight(i) * (r - value) / total).collect()
    }
}

/// The mean of `a` less that of `b`, and the latter.
fn difference(a: &Part, b: &Part) -> Option<(Estimate, f64)> {
    let (own, base) = (a.mean()?, b.mean()?);
    let n = a.rows.len() + b.rows.len();
    let value = own.value - base.value;
    let (method, se) = match (&a.clusters, &b.clusters) {
        (Some(ours), Some(theirs)) => {
            // Rows of one subject in both arms err together.
            let influence = a.influence(own.value).into_iter().chain(b.influence(base.value).into_iter().map(|u| -u));
            let clusters: Vec<u32> = ours.iter().chain(theirs).copied().collect();
            let (squares, groups) = clustered_squares(influence, Some(&clusters), n);
            let groups = groups as f64;
            (own.method, (squares * groups / (groups - 1.0)).sqrt())
        }
        _ => (own.method, (own.se * own.se + base.se * base.se).sqrt()),
    };
    let estimate = normal(method, value, se, n);
    // Where the outcomes of one arm do not vary, its part of the error is not known.
    let (ones, others) = (a.weights(), b.weights());
    let (ours, theirs) = (a.rounds(&ones), b.rounds(&others));
    let (low, high) = match [ours, theirs].iter().any(|own| unvaried(*own, true, 0.95).is_some()) {
        true => hybrid(ends(ours, Z95)?, ends(theirs, Z95)?),
        false => (estimate.low, estimate.high),
    };
    Some((Estimate { low, high, ..estimate }, base.value))
}
