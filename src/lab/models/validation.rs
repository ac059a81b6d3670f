//! Which rows a model is measured on, and by a model of which other rows.

use super::folds::{folds, repeats};
use super::spec::{Calibrate, Cut, Goal, ModelSpec, Validation};
use super::target::Target;
use crate::data::cells::Cells;
use crate::data::roles::Subjects;
use crate::data::{Dataset, Role, Roles};
use crate::error::{Error, Result};

/// Rows to learn from and rows to predict, by their positions in the target.
pub struct Part {
    /// Rows that its model learns from.
    pub train: Vec<u32>,
    /// Rows that it predicts; none of them trains it.
    pub test: Vec<u32>,
}

/// How a training is measured and calibrated.
pub struct Plan {
    /// Fold of each row, by subject.
    pub fold: Vec<u32>,
    /// Parts whose test rows the report is about.
    pub measured: Vec<Part>,
    /// Parts whose test rows calibrate; none: those of `measured`.
    pub calibrating: Vec<Part>,
    /// What the numbers mean, in words.
    pub note: String,
}

/// The plan of a specification for its target. Folds have their share of both labels: for a model of an effect the caller takes arms.
///
/// # Errors
/// When there are too few subjects or times for it, or a column it needs is missing.
pub fn plan(spec: &ModelSpec, dataset: &Dataset, roles: &Roles, target: &Target) -> Result<Plan> {
    let subjects = roles.subjects(dataset)?;
    let fold = folds(&target.rows, &target.labels, &subjects, spec.folds, spec.seed);
    let all: Vec<u32> = (0..target.rows.len() as u32).collect();
    let (measured, calibrating, note) = match spec.validation {
        Validation::Folds => {
            let by_subject = repeats(&target.rows, &subjects);
            (
                by_fold(&all, &fold, spec.folds),
                Vec::new(),
                folds_note(spec, by_subject, roles.first(Role::Subject).is_some()),
            )
        }
        Validation::Time(_) | Validation::FileOrder(_) => {
            let (early, late) = by_time(spec.validation, dataset, roles, target)?;
            let calibrating = match spec.calibration {
                Calibrate::None => Vec::new(),
                _ => by_fold(&early, &fold, spec.folds),
            };
            let note = time_note(spec, early.len(), late.len(), &early, &late, target, &subjects);
            (vec![Part { train: early, test: late }], calibrating, note)
        }
    };
    for part in measured.iter().chain(&calibrating) {
        sound(part, spec, target)?;
    }
    Ok(Plan { fold, measured, calibrating, note })
}

/// Parts of the rows that are encoded by their outcome while a model learns: each part by the others.
const INNER: u32 = 5;

/// The inner part of each row of the target, by subject; independent of the folds that models are measured on.
pub fn inner_folds(spec: &ModelSpec, target: &Target, subjects: &Subjects) -> Vec<u32> {
    folds(&target.rows, &target.labels, subjects, INNER, spec.seed ^ 0x7A26_E7ED)
}

/// Each fold's rows against the rest of `rows`.
fn by_fold(rows: &[u32], fold: &[u32], count: u32) -> Vec<Part> {
    let split = |k: u32| {
        let (test, train) = rows.iter().partition(|&&i| fold[i as usize] == k);
        Part { train, test }
    };
    (0..count).map(split).collect()
}

/// The earlier and the later rows; rows without a time are in neither.
fn by_time(validation: Validation, dataset: &Dataset, roles: &Roles, target: &Target) -> Result<(Vec<u32>, Vec<u32>)> {
    let times = match validation {
        Validation::FileOrder(_) => target.rows.iter().map(|&row| Some(i64::from(row))).collect(),
        _ => times(dataset, roles, target)?,
    };
    let known: Vec<i64> = times.iter().copied().flatten().collect();
    let cut = match validation {
        Validation::Time(Cut::At(instant)) => instant,
        Validation::Time(Cut::Share(share)) | Validation::FileOrder(share) => {
            let mut sorted = known.clone();
            sorted.sort_unstable();
            let first = ((sorted.len() as f64 * (1.0 - share)) as usize).min(sorted.len().saturating_sub(1));
            sorted.get(first).copied().unwrap_or(i64::MAX)
        }
        Validation::Folds => i64::MAX,
    };
    let of = |late: bool| -> Vec<u32> {
        (0..times.len() as u32).filter(|&i| times[i as usize].is_some_and(|time| (time >= cut) == late)).collect()
    };
    let (early, late) = (of(false), of(true));
    if early.is_empty() || late.is_empty() {
        let side = if early.is_empty() { "before" } else { "at or after" };
        return Err(Error::new(format!("no training row lies {side} the time that parts earlier from later rows"))
            .hint("choose another time, or validate by folds"));
    }
    Ok((early, late))
}

/// The time of each row of the target, in milliseconds or whatever unit a number has.
fn times(dataset: &Dataset, roles: &Roles, target: &Target) -> Result<Vec<Option<i64>>> {
    let column = roles.first(Role::Time).ok_or_else(|| {
        Error::new("validation by time needs a column with the role time, and there is none")
            .hint("give the column that says when each row stood the role time, or validate by the order of the file")
    })?;
    let cells = dataset
        .cells(column)
        .ok_or_else(|| Error::new(format!("there is no such column in `{}`", dataset.name())).in_column(column))?;
    match cells {
        Cells::Time(instants) => Ok(target
            .rows
            .iter()
            .map(|&row| instants.get(row as usize).copied().filter(|&instant| instant != Cells::MISSING))
            .collect()),
        _ => Err(Error::new("has the role time but holds no times").in_column(column).hint("read it as a time")),
    }
}

/// The rest of the rows must have something to tell apart, and there must be rows to predict.
fn sound(part: &Part, spec: &ModelSpec, target: &Target) -> Result<()> {
    let positives = part.train.iter().filter(|&&i| target.labels[i as usize]).count();
    let one_sided = positives == 0 || positives == part.train.len();
    if !(part.test.is_empty() || one_sided && (spec.goal == Goal::Propensity || spec.uplift.is_some())) {
        return Ok(());
    }
    let two = if spec.uplift.is_some() { "arms" } else { "outcomes" };
    Err(match spec.validation {
        Validation::Folds => {
            Error::new(format!("the rows belong to too few subjects for {} folds with both {two} in each", spec.folds))
                .hint("use fewer folds, or check which column is the subject")
        }
        _ => Error::new(format!("the rows before the cut hold too few subjects or only one of the two {two}"))
            .hint("choose a later time, fewer folds, or validate by folds"),
    })
}

fn folds_note(spec: &ModelSpec, by_subject: bool, known: bool) -> String {
    let split = if by_subject {
        "all rows of a subject fall in one fold; intervals take rows as independent"
    } else if spec.uplift.is_some() {
        "each fold has its share of both arms"
    } else if spec.goal == Goal::Amount {
        "each fold has its share of large and small amounts"
    } else {
        "each fold has its share of both classes"
    };
    let map = match spec.calibration {
        Calibrate::None if spec.goal == Goal::Amount || spec.uplift.is_some() => String::new(),
        Calibrate::None => "; scores are not calibrated".to_owned(),
        _ => "; each fold's scores were calibrated by a map fitted on the other folds' out-of-fold scores; the deployed map is fitted on all of them".to_owned(),
    };
    let of = if known { "subject" } else { "row's number" };
    format!("out-of-fold numbers: {} folds by a hash of the {of}, {split}{map}", spec.folds)
}

fn time_note(
    spec: &ModelSpec,
    early: usize,
    late: usize,
    before: &[u32],
    after: &[u32],
    target: &Target,
    subjects: &Subjects,
) -> String {
    let code = |i: &u32| subjects.code(target.rows[*i as usize] as usize);
    let seen: std::collections::HashSet<usize> = before.iter().map(code).collect();
    let again = after.iter().filter(|i| seen.contains(&code(i))).count();
    let by = match spec.validation {
        Validation::FileOrder(_) => "by their order in the file",
        _ => "by time",
    };
    let mut note = format!(
        "measured on the {late} later rows {by}, by a model of the {early} earlier ones; the deployed model learned from all"
    );
    if again > 0 {
        note.push_str(&format!("; {again} of the later rows are of subjects that the model knew from earlier ones"));
    }
    match spec.calibration {
        Calibrate::None => {}
        _ => note.push_str("; the map was fitted on out-of-fold scores of the earlier rows, and is the deployed one"),
    }
    note
}

#[cfg(test)]
#[path = "validation_tests.rs"]
mod tests;
