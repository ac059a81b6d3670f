//! A leaderboard of effects: learners measured on the same rows of a trial, and the best one-line rule among them.

use super::measure::{Trial, lead};
use super::model::{OutOfFold, Prepared};
use super::quality::RESAMPLES;
use crate::data::{Dataset, Roles};
use crate::error::{Error, Result};
use crate::models::board::{Board, Entry, score};
use crate::models::report::{Estimate, Quality};
use crate::models::spec::ModelSpec;
use crate::task::Task;
use std::time::Instant;

/// How the difference between two models of an effect is tested.
pub const PAIRED: &str = "Qini coefficient in scikit-uplift's convention (for amounts RATE with Qini weights) behind the best on the same rows, \
     95 % percentile interval over 300 paired bootstrap resamples of subjects";

/// Ranks specifications of one effect; see [`crate::models::board()`].
///
/// # Errors
/// As there.
pub fn board(specs: &[ModelSpec], dataset: &Dataset, roles: &Roles, rows: &[u32], task: &Task) -> Result<Board> {
    let mut failed = Vec::new();
    let mut scored: Vec<(Entry, OutOfFold)> = Vec::new();
    let mut measured_on = String::new();
    let mut suspicions = None;
    for spec in specs {
        let begun = Instant::now();
        task.stage(&format!("Learning {}", spec.id))?;
        let found = Prepared::new(spec, dataset, roles, rows).and_then(|prepared| {
            if suspicions.is_none() {
                suspicions = Some(prepared.suspicions(task)?);
            }
            let found = prepared.out_of_fold(task)?;
            let quality = found.predicted.quality(None, spec.seed, task)?;
            Ok((prepared.plan.note, found, quality))
        });
        match found {
            Ok((note, found, quality)) => {
                // The same specification of rows gives the same rows; anything else would be compared with something else.
                if scored.first().is_some_and(|(_, first)| first.rows != found.rows) {
                    return Err(Error::new("the models were not measured on the same rows"));
                }
                measured_on = note;
                let entry = Entry {
                    spec: spec.clone(),
                    quality: Quality::default(),
                    amount: None,
                    uplift: Some(quality),
                    behind: Estimate::default(),
                    level: true,
                    seconds: begun.elapsed().as_secs_f64(),
                };
                scored.push((entry, found));
            }
            Err(error) if error.is_cancelled() => return Err(error),
            Err(error) => failed.push((spec.id.clone(), error.to_string())),
        }
    }
    scored.sort_by(|(a, _), (b, _)| score(b).total_cmp(&score(a)));
    let Some(((first, best), others)) = scored.split_first_mut() else {
        let why = failed.first().map_or(String::new(), |(_, why)| format!(": {why}"));
        return Err(Error::new(format!("none of the models could be trained{why}")));
    };
    task.stage("Comparing with the best")?;
    let (trial, subjects) = (best.predicted.trial(), &best.predicted.subjects);
    for (entry, found) in others {
        let own = Trial { scores: &found.predicted.tau, ..trial };
        let behind = lead::difference(trial, own, Some(subjects), RESAMPLES, first.spec.seed, task)?;
        entry.behind = behind.unwrap_or_default();
        entry.level = entry.behind.low <= 0.0;
    }
    Ok(Board {
        goal: first.spec.goal,
        rows: best.rows.len() as u64,
        positives: best.predicted.y.iter().filter(|&&y| y > 0.0).count() as u64,
        measured_on,
        test: PAIRED.to_owned(),
        entries: scored.into_iter().map(|(entry, _)| entry).collect(),
        failed,
        suspicions: suspicions.unwrap_or_default(),
    })
}
