//! The log as a trial: means of its arms and their effects.

use crate::data::Arm;
use crate::simulate::estimate::{mean, normal};
use crate::simulate::log::DecisionLog;
use crate::simulate::report::{ArmReport, Effect, LogReport, Method};

/// Arms, effects against the first arm, and findings, over the usable ones of `rows`.
pub(super) fn log_report(log: &DecisionLog, rows: &[u32]) -> LogReport {
    let usable: Vec<usize> = rows.iter().map(|r| *r as usize).filter(|r| log.is_usable(*r)).collect();
    let mut arms: Vec<ArmReport> = Vec::new();
    for (i, arm) in log.arms.iter().enumerate() {
        let own: Vec<usize> = usable.iter().copied().filter(|r| usize::from(log.arm[*r]) == i).collect();
        let (action, treatment) = match &arm.arm {
            Arm::NoAction => ("NoAction".to_owned(), String::new()),
            Arm::Candidate { action, treatment } => (action.clone(), treatment.clone()),
        };
        let means = log.outcomes.iter().map(|outcome| {
            let known: Vec<usize> = own.iter().copied().filter(|r| !outcome.values[*r].is_nan()).collect();
            let rewards: Vec<f64> = known.iter().map(|r| outcome.values[*r]).collect();
            let clusters: Option<Vec<u32>> = log.clusters.as_ref().map(|c| known.iter().map(|r| c[*r]).collect());
            mean(&rewards, clusters.as_deref())
        });
        arms.push(ArmReport {
            name: arm.name.clone(),
            action,
            treatment,
            n: own.len() as u64,
            share: if usable.is_empty() { 0.0 } else { own.len() as f64 / usable.len() as f64 },
            design: arm.design,
            means: means.collect(),
        });
    }
    let mut effects = Vec::new();
    if let Some((reference, treated)) = arms.split_first() {
        for arm in treated {
            for (outcome, (a, b)) in log.outcomes.iter().zip(arm.means.iter().zip(&reference.means)) {
                let (Some(a), Some(b)) = (a, b) else { continue };
                let se = (a.se * a.se + b.se * b.se).sqrt();
                effects.push(Effect {
                    arm: arm.name.clone(),
                    reference: reference.name.clone(),
                    outcome: outcome.name.clone(),
                    estimate: normal(Method::Mean, a.value - b.value, se, (a.n + b.n) as usize),
                    relative: (b.value != 0.0).then(|| a.value / b.value - 1.0),
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
        sample_ratio: log.sample_ratio,
        overlap: log.overlap.clone(),
        findings: log.findings.clone(),
    }
}
