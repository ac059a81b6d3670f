//! Tuning: a seeded random search over a family's settings with successive halving (Jamieson & Talwalkar, 2016).
//!
//! Settings are drawn from a stated space; the first trial is the specification as it stands. All are measured on a ninth of
//! the subjects, the better third on a third of them, the better third of those on all rows, where a leaderboard says which
//! differences are shown. The winner was chosen on the rows it is reported on, so its numbers are a little too good: held-out
//! rows tell.

use super::board::{Board, board};
use super::crossfit::{Prepared, Scores};
use super::learner::Fits;
use super::spec::{Family, ModelSpec};
use super::train::measure;
use crate::data::{Dataset, Roles};
use crate::error::{Error, Result};
use crate::random::Random;
use crate::task::Task;
use attune_policy::fingerprint::bucket;
use serde::{Deserialize, Serialize};

/// One in so many trials goes on to the next round, on so many times the rows.
const HALVING: usize = 3;

/// Stream of the draws.
const SEARCH: u64 = 0x005E_A7C4;

/// Fewest rows of a round.
const LEAST_ROWS: usize = 1500;

/// Fewest rows of the rarer class in a round.
const LEAST_OUTCOMES: usize = 60;

/// Parts of the cross-validation in rounds before the last.
const FOLDS: u32 = 3;

/// What a search found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tuning {
    /// Where settings were drawn from, in words.
    pub space: String,
    /// Every trial, the specification as it stood first.
    pub trials: Vec<Trial>,
    /// Those of the last round on all rows.
    pub board: Board,
    /// The specification with the best settings.
    pub chosen: ModelSpec,
    /// What a reader must know about the choice.
    pub note: String,
}

/// Settings that were tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// The settings.
    pub family: Family,
    /// Rows and AUC, or R², of each round before the last that it was in.
    pub rounds: Vec<(u64, f64)>,
}

/// Searches `trials` settings of the specification's family, 2 to 200.
///
/// The same arguments give the same choice on any number of threads.
///
/// # Errors
/// When `trials` is out of range, nothing can be trained, or the task was cancelled.
pub fn tune(
    spec: &ModelSpec,
    trials: u32,
    dataset: &Dataset,
    roles: &Roles,
    rows: &[u32],
    task: &Task,
) -> Result<Tuning> {
    if !(2..=200).contains(&trials) {
        return Err(Error::new("a search needs 2 to 200 trials"));
    }
    spec.check()?;
    if spec.uplift.is_some() {
        return Err(Error::new(format!("model `{}` learns an effect, whose settings are not searched", spec.id))
            .hint("compare learners of the effect beside each other with `attune evaluate`"));
    }
    let mut random = Random::stream(spec.seed, SEARCH);
    let drawn = (1..trials).map(|_| draw(&spec.family, &mut random));
    let mut all: Vec<Trial> =
        std::iter::once(spec.family.clone()).chain(drawn).map(|family| Trial { family, rounds: Vec::new() }).collect();
    let mut alive: Vec<usize> = (0..all.len()).collect();
    for part in rounds(spec, dataset, roles, rows, alive.len())? {
        task.stage(&format!("Trying {} settings on {} rows", alive.len(), part.len()))?;
        let mut scored = Vec::new();
        for (done, &trial) in alive.iter().enumerate() {
            task.tick(done as f32 / alive.len() as f32)?;
            let family = all[trial].family.clone();
            let quick = ModelSpec { family, folds: spec.folds.min(FOLDS), ..spec.clone() };
            let value = quick_score(&quick, dataset, roles, &part, task)?;
            all[trial].rounds.push((part.len() as u64, value));
            scored.push((trial, value));
        }
        scored.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        scored.truncate(scored.len().div_ceil(HALVING));
        alive = scored.into_iter().map(|(trial, _)| trial).collect();
    }
    if !alive.contains(&0) {
        // What stands is measured beside what was found.
        alive.push(0);
    }
    alive.sort_unstable();
    let name = |trial: usize| if trial == 0 { "as it stands".to_owned() } else { format!("trial {trial}") };
    let last: Vec<ModelSpec> = alive
        .iter()
        .map(|&trial| ModelSpec { id: name(trial), family: all[trial].family.clone(), ..spec.clone() })
        .collect();
    let board = board(&last, dataset, roles, rows, task)?;
    let best = &board.entries[0];
    let chosen = ModelSpec { family: best.spec.family.clone(), ..spec.clone() };
    let before = board.entries.iter().find(|entry| entry.spec.id == "as it stands");
    let note = match before {
        Some(before) if before.spec.id == best.spec.id => {
            "no settings tried did better than those that stand".to_owned()
        }
        Some(before) if before.level => {
            "the best settings are not shown to be better than those that stand: the difference may be luck".to_owned()
        }
        _ => "the best settings are better than those that stand by more than luck on these rows".to_owned(),
    };
    Ok(Tuning { space: space(&spec.family), trials: all, board, chosen, note })
}

/// The rows of each round before the last: subjects by a hash, a ninth and then a third of them, where these are enough.
fn rounds(spec: &ModelSpec, dataset: &Dataset, roles: &Roles, rows: &[u32], trials: usize) -> Result<Vec<Vec<u32>>> {
    let subjects = roles.subjects(dataset)?;
    let salt = format!("attune-tune-{}", spec.seed);
    let mut out = Vec::new();
    for power in [2, 1] {
        let share = 1.0 / (HALVING as f64).powi(power);
        if trials < HALVING.pow(power as u32) {
            continue;
        }
        let part: Vec<u32> =
            rows.iter().copied().filter(|&row| bucket(&salt, subjects.key(row as usize)) < share).collect();
        let Ok(target) = super::target::target(spec, dataset, roles, &part) else { continue };
        let positives = target.positives();
        if target.rows.len() >= LEAST_ROWS && positives.min(target.rows.len() - positives) >= LEAST_OUTCOMES {
            out.push(part);
        }
    }
    Ok(out)
}

/// AUC or R² on the parts of a plan; below every other when the settings cannot be trained on so few rows.
fn quick_score(spec: &ModelSpec, dataset: &Dataset, roles: &Roles, rows: &[u32], task: &Task) -> Result<f64> {
    let prepared = Prepared::new(spec, dataset, roles, rows)?;
    // Progress is told in trials; only the wish to stop goes through.
    let fits = Fits::silent(task, prepared.fits(false));
    let fitted = match prepared.fit_parts(false, &fits, 0) {
        Err(error) if !error.is_cancelled() => return Ok(f64::NEG_INFINITY),
        other => other?,
    };
    let scores = Scores::new(&prepared, &fitted);
    let evaluation = measure(spec, &scores.calibrated, &scores.truth);
    Ok(evaluation.amount.map_or(evaluation.quality.auc.value, |amount| amount.r2.value))
}

/// A number between two others, evenly by its logarithm, to three digits: people read it.
fn between(random: &mut Random, low: f64, high: f64) -> f64 {
    let x = low * (high / low).powf(random.uniform());
    let size = 10_f64.powf(x.log10().floor() - 2.0);
    ((x / size).round() * size).clamp(low, high)
}

fn whole(random: &mut Random, low: u32, high: u32) -> u32 {
    between(random, f64::from(low), f64::from(high)).round() as u32
}

fn hundredths(random: &mut Random, low: f64, high: f64) -> f64 {
    ((low + (high - low) * random.uniform()) * 100.0).round() / 100.0
}

/// Settings of the same family; [`space`] says from where.
fn draw(family: &Family, random: &mut Random) -> Family {
    match *family {
        Family::Logistic { .. } => Family::Logistic { l2: between(random, 0.01, 1000.0) },
        Family::Linear { .. } => Family::Linear { l2: between(random, 0.01, 10_000.0) },
        Family::ElasticNet { .. } => {
            Family::ElasticNet { penalty: between(random, 0.1, 1000.0), l1_share: hundredths(random, 0.05, 1.0) }
        }
        Family::Tree { .. } => Family::Tree { depth: whole(random, 2, 10), min_rows: whole(random, 10, 500) },
        Family::Forest { trees, .. } => Family::Forest {
            trees,
            depth: whole(random, 4, 20),
            min_rows: whole(random, 1, 100),
            column_sample: hundredths(random, 0.1, 1.0),
        },
        Family::Boosted { .. } => Family::Boosted {
            trees: whole(random, 40, 500),
            depth: whole(random, 2, 8),
            learning_rate: between(random, 0.02, 0.3),
            min_child_weight: between(random, 0.5, 50.0),
            subsample: hundredths(random, 0.5, 1.0),
            column_sample: hundredths(random, 0.3, 1.0),
            l2: between(random, 0.1, 30.0),
        },
        Family::Ebm { rounds, bags, .. } => Family::Ebm {
            rounds,
            learning_rate: between(random, 0.01, 0.2),
            bags,
            interactions: random.below(11) as u32,
        },
        Family::Bayes { .. } => Family::Bayes { prior: between(random, 0.01, 100.0) },
        Family::Scorecard { .. } => Family::Scorecard { bins: whole(random, 3, 20), l2: between(random, 0.01, 100.0) },
        Family::Neighbours { .. } => {
            Family::Neighbours { neighbours: whole(random, 5, 300), by_distance: random.chance(0.5) }
        }
    }
}

/// Where [`draw`] draws from, in words; ranges evenly by the logarithm but for shares.
fn space(family: &Family) -> String {
    match family {
        Family::Logistic { .. } => "l2 0.01 to 1,000",
        Family::Linear { .. } => "l2 0.01 to 10,000",
        Family::ElasticNet { .. } => "penalty 0.1 to 1,000, l1_share 0.05 to 1",
        Family::Tree { .. } => "depth 2 to 10, min_rows 10 to 500",
        Family::Forest { .. } => "depth 4 to 20, min_rows 1 to 100, column_sample 0.1 to 1; as many trees as stand",
        Family::Boosted { .. } => {
            "trees 40 to 500, depth 2 to 8, learning_rate 0.02 to 0.3, min_child_weight 0.5 to 50, subsample 0.5 to 1, \
             column_sample 0.3 to 1, l2 0.1 to 30"
        }
        Family::Ebm { .. } => "learning_rate 0.01 to 0.2, interactions 0 to 10; as many rounds and bags as stand",
        Family::Bayes { .. } => "prior 0.01 to 100",
        Family::Scorecard { .. } => "bins 3 to 20, l2 0.01 to 100",
        Family::Neighbours { .. } => "neighbours 5 to 300, of equal weight or by distance",
    }
    .to_owned()
}

#[cfg(test)]
#[path = "tune_tests.rs"]
mod tests;
