//! Sample-ratio mismatch: do the arms have the sizes that the design says?

use crate::data::profile::chi_square::tail;
use crate::simulate::Options;
use crate::simulate::log::{DecisionLog, LoggedArm, NO_ARM};
use crate::simulate::report::{Refusal, SampleRatio};

/// p below which the arms do not look like the design.
pub const SUSPICIOUS: f64 = 0.001;

/// χ² test of the counts against the design's shares. Arms of share 0 that occur make p 0.
pub fn sample_ratio(counts: &[u64], shares: &[f64]) -> SampleRatio {
    let total: u64 = counts.iter().sum();
    let mut chi_square = 0.0;
    let mut arms = 0;
    for (count, share) in counts.iter().zip(shares) {
        let expected = share * total as f64;
        if expected > 0.0 {
            chi_square += (*count as f64 - expected) * (*count as f64 - expected) / expected;
            arms += 1;
        } else if *count > 0 {
            chi_square = f64::MAX;
        }
    }
    let degrees = arms.max(1) - 1;
    let p_value = if degrees == 0 { 1.0 } else { tail(chi_square, f64::from(degrees)) };
    let p_value = if chi_square == f64::MAX { 0.0 } else { p_value };
    SampleRatio { chi_square, degrees: degrees as u32, p_value, suspicious: p_value < SUSPICIOUS }
}

/// The test of a log whose arms all have a share by design. Where subjects repeat χ² is divided by the mean design effect (first-order
/// correction of Rao & Scott, Ann. Statist. 9, 1981, at least 1): a trial that gives a subject the same arm again and again has drawn it once.
pub(super) fn of_log(log: &DecisionLog) -> SampleRatio {
    let counts: Vec<u64> = log.arms.iter().map(|arm| arm.count).collect();
    let shares = shares(log);
    let test = sample_ratio(&counts, &shares);
    let effect = log.clusters.as_deref().map_or(1.0, |clusters| design_effect(log, clusters, &shares));
    if test.degrees == 0 || test.chi_square == f64::MAX || effect <= 1.0 {
        return test;
    }
    let chi_square = test.chi_square / effect;
    let p_value = tail(chi_square, f64::from(test.degrees));
    SampleRatio { chi_square, p_value, suspicious: p_value < SUSPICIOUS, ..test }
}

/// Shares of the arms by design, among the rows of arms that mean something to the project.
fn shares(log: &DecisionLog) -> Vec<f64> {
    let total: f64 = log.arms.iter().filter_map(|arm| arm.design).sum();
    log.arms.iter().map(|arm| arm.design.unwrap_or(0.0) / if total > 0.0 { total } else { 1.0 }).collect()
}

/// Mean over the arms, weighted by 1 − p, of the variance of an arm's count between subjects over that of rows drawn one by one.
fn design_effect(log: &DecisionLog, clusters: &[u32], shares: &[f64]) -> f64 {
    let mut rows: Vec<u32> = (0..log.rows() as u32).filter(|row| log.is_usable(*row as usize)).collect();
    rows.sort_unstable_by_key(|row| clusters[*row as usize]);
    // Σ over subjects of (count of the arm − its share of the subject's rows)², from the arms that a subject has; the others add (n p)².
    let (mut squares, mut sizes) = (vec![0.0; shares.len()], 0.0);
    let mut own: Vec<(u16, f64)> = Vec::new();
    for subject in rows.chunk_by(|a, b| clusters[*a as usize] == clusters[*b as usize]) {
        own.clear();
        for arm in subject.iter().map(|row| log.arm[*row as usize]).filter(|arm| *arm != NO_ARM) {
            match own.iter_mut().find(|(known, _)| *known == arm) {
                Some((_, count)) => *count += 1.0,
                None => own.push((arm, 1.0)),
            }
        }
        let n = subject.len() as f64;
        sizes += n * n;
        for (arm, count) in &own {
            let expected = n * shares[usize::from(*arm)];
            squares[usize::from(*arm)] += (count - expected) * (count - expected) - expected * expected;
        }
    }
    let arms = || shares.iter().zip(&squares).filter(|(p, _)| **p > 0.0 && **p < 1.0);
    let (n, free) = (rows.len() as f64, arms().map(|(p, _)| 1.0 - p).sum::<f64>());
    let effects = arms().map(|(p, squares)| (squares + sizes * p * p) / (n * p));
    if n > 0.0 && free > 0.0 { effects.sum::<f64>() / free } else { 1.0 }
}

/// Why no value of a log is given whose arms have not the sizes of the design; `None` where they have, or there is no design.
pub(super) fn mismatch(log: &DecisionLog) -> Option<Refusal> {
    let test = log.sample_ratio.filter(|test| test.suspicious)?;
    let n = log.arms.iter().map(|arm| arm.count).sum::<u64>().max(1) as f64;
    let size = |(arm, meant): (&LoggedArm, f64)| {
        let share = 100.0 * arm.count as f64 / n;
        format!("{} has {share:.2} % where {:.2} % was meant", arm.name, 100.0 * meant)
    };
    let sizes: Vec<String> = log.arms.iter().zip(shares(log)).take(MOST_ARMS).map(size).collect();
    Some(Refusal {
        reasons: vec![format!(
            "the arms of the log do not have the sizes of the design: χ² = {:.1}, p = {:.1e}; {}",
            test.chi_square,
            test.p_value,
            sizes.join(", ")
        )],
        advice: "Find out why first: rows may be missing because of what was done to them, and then every value is wrong. If the shares \
                 were not meant to be these, correct the design under roles."
            .into(),
    })
}

/// What is wrong with a log whose values are given even so.
pub(super) fn distrusted(log: &DecisionLog, options: &Options) -> Option<String> {
    mismatch(log).filter(|_| options.even_so).map(|why| format!("{}. {}", why.reasons.join("; "), why.advice))
}

/// Arms whose sizes are told.
const MOST_ARMS: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::cells::Cells;
    use crate::data::{Arm, Dataset, Logging, Role, Roles};
    use crate::random::Random;

    /// A trial of halves over subjects of `repeats` rows each, drawn once per subject or once per row.
    fn trial(subjects: usize, repeats: usize, once: bool, share: f64, seed: u64) -> DecisionLog {
        let mut random = Random::new(seed);
        let (mut who, mut did) = (Vec::new(), Vec::new());
        for subject in 0..subjects {
            let first = random.chance(share);
            for _ in 0..repeats {
                let mailed = if once { first } else { random.chance(share) };
                who.push(format!("s{subject}"));
                did.push(Some(if mailed { "mail" } else { "none" }));
            }
        }
        let who = Cells::from_texts(who.iter().map(|id| Some(id.as_str())));
        let columns = vec![("who".to_owned(), who), ("did".to_owned(), Cells::from_texts(did))];
        let data = Dataset::from_columns("trial", columns).unwrap();
        let mut roles = Roles::default();
        roles.columns.insert("who".into(), Role::Subject);
        roles.columns.insert("did".into(), Role::Action);
        roles.arms.insert("none".into(), Arm::NoAction);
        roles.arms.insert("mail".into(), Arm::Candidate { action: "mail".into(), treatment: "email".into() });
        roles.logging = Logging::Randomised([("none".into(), 0.5), ("mail".into(), 0.5)].into());
        DecisionLog::new(&data, &roles, None).unwrap()
    }

    #[test]
    fn a_subject_drawn_once_counts_once() {
        // χ² of four equal rows is four times that of one.
        let (one, four) = (trial(400, 1, true, 0.5, 1), trial(400, 4, true, 0.5, 1));
        let (a, b) = (one.sample_ratio.unwrap(), four.sample_ratio.unwrap());
        assert!((a.chi_square - b.chi_square).abs() < 1e-9, "{a:?} {b:?}");
        let false_alarms = |once: bool| {
            let p = |seed| trial(150, 8, once, 0.5, seed).sample_ratio.unwrap().p_value;
            (0..300).filter(|seed| p(*seed) < 0.05).count()
        };
        // 15 are expected of either kind; as if rows were drawn one by one, subjects drawn once would give about 145.
        for once in [true, false] {
            let found = false_alarms(once);
            assert!((4..=28).contains(&found), "{found} of 300, drawn once per subject: {once}");
        }
        // An arm that means nothing to the project takes none of the others' share.
        let mut part = trial(400, 1, true, 0.5, 1);
        part.arms.iter_mut().for_each(|arm| arm.design = Some(0.25));
        assert!((of_log(&part).chi_square - a.chi_square).abs() < 1e-9);
        let off = trial(2_000, 4, true, 0.42, 3);
        let why = mismatch(&off).unwrap();
        assert!(why.reasons[0].contains("where 50.00 % was meant") && mismatch(&four).is_none(), "{why:?}");
    }

    #[test]
    fn arms_off_their_design_are_seen() {
        let third = 1.0 / 3.0;
        assert!(!sample_ratio(&[21_306, 21_307, 21_387], &[third; 3]).suspicious);
        assert!(sample_ratio(&[21_306, 20_307, 22_387], &[third; 3]).suspicious);
        assert_eq!(sample_ratio(&[100, 5], &[1.0, 0.0]).p_value, 0.0);
    }
}
