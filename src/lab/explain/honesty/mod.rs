//! Is this model too good to be true? Leaks, copies of the outcome, rows seen twice, time run backwards, luck, and the one-line rule
//! that would do as well. It points and says why; whether a finding is a fault is for people to say.
//!
//! Every question is put to models trained for it on a part of the rows and measured on the rest, never to the model that decides.

pub mod luck;
pub mod rule;
pub mod time;
pub mod twins;

use super::probe::sample;
use crate::data::{Dataset, Roles};
use crate::error::Result;
use crate::models::leaks::{self, CERTAIN};
use crate::models::learner::Fits;
use crate::models::metrics::auc_interval;
use crate::models::report::Estimate;
use crate::models::{ModelSpec, Refit};
use crate::task::Task;
use attune_policy::fingerprint::bucket;
use luck::Luck;
use rule::RuleContest;
use serde::{Deserialize, Serialize};
use time::{Order, TimeSplit};
use twins::Twins;

/// AUC alone from which a column is taken for the outcome itself, or a copy of it.
pub const COPY: f64 = 0.999;

/// Share of subjects that is measured on.
const MEASURED: f64 = 0.3;

/// How to look.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Runs on shuffled outcomes; 0 leaves the question out.
    pub runs: usize,
    /// Most rows of each such run.
    pub luck_rows: usize,
    /// What says which rows came first; `None` leaves the question of time out.
    pub order: Option<Order>,
    /// Seed of everything random.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options { runs: 39, luck_rows: 6000, order: None, seed: 42 }
    }
}

/// What was found about a model's honesty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Honesty {
    /// Rows learned from to answer.
    pub trained_on: u64,
    /// Rows measured on.
    pub rows: u64,
    /// AUC on these, with DeLong's 95 % interval.
    pub auc: Estimate,
    /// One finding per question, the worst first.
    pub findings: Vec<Finding>,
    /// Each column alone, largest AUC first.
    pub alone: Vec<Alone>,
    /// Rows seen twice.
    pub twins: Twins,
    /// The one-line rule; `None` when no column tells anything.
    pub rule: Option<RuleContest>,
    /// Past against future; `None` when nothing says which rows came first.
    pub time: Option<TimeSplit>,
    /// Shuffled outcomes; `None` when no run was asked for.
    pub luck: Option<Luck>,
}

/// The answer to one question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The question.
    pub check: Check,
    /// How bad it is.
    pub verdict: Verdict,
    /// What was found and what to do, for people.
    pub sentence: String,
    /// The column, where it is about one.
    pub field: Option<String>,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Check {
    /// Is a column the outcome itself, or a copy of it?
    Copy,
    /// Does a column know the outcome too well?
    Leak,
    /// Does a column hold times after the decision?
    LaterTimes,
    /// Does quality fall when only the past is known?
    Time,
    /// Do rows stand on both sides of the split?
    Twins,
    /// Could chance have done this?
    Luck,
    /// Would one line do as well?
    OneLine,
}

/// How bad a finding is; worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Verdict {
    /// Nothing found.
    Fine,
    /// Could not be asked.
    NotEvaluated,
    /// Worth a look.
    Look,
    /// The model must not be trusted before this is explained.
    Alarm,
}

/// A column alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alone {
    /// The column.
    pub field: String,
    /// Its AUC, cross-fitted, any shape.
    pub auc: f64,
}

impl Check {
    /// The question, for people.
    pub fn words(self) -> &'static str {
        match self {
            Check::Copy => "Is a column the outcome itself?",
            Check::Leak => "Does a column know the outcome too well?",
            Check::LaterTimes => "Does a column hold times after the decision?",
            Check::Time => "Does it hold when only the past is known?",
            Check::Twins => "Was it measured on rows it had seen?",
            Check::Luck => "Could this be luck?",
            Check::OneLine => "Would one line do as well?",
        }
    }
}

/// Asks every question about a specification that learns from the columns `fields` of `rows` (positions in the dataset).
///
/// # Errors
/// When it cannot be trained on these rows, or the task is cancelled.
pub fn honesty(
    spec: &ModelSpec,
    fields: &[String],
    dataset: &Dataset,
    roles: &Roles,
    rows: &[u32],
    options: &Options,
    task: &Task,
) -> Result<Honesty> {
    task.stage("Looking for leaks")?;
    let refit = Refit::new(spec, fields, dataset, roles, rows)?;
    let subjects = roles.subjects(dataset)?;
    let places: Vec<u32> = (0..refit.rows().len() as u32).collect();
    let place = |i: &u32| bucket("attune-honesty", subjects.key(refit.rows()[*i as usize] as usize));
    let (test, train): (Vec<u32>, Vec<u32>) = places.iter().partition(|i| place(i) < MEASURED);
    let positions = |places: &[u32]| places.iter().map(|&i| refit.rows()[i as usize]).collect::<Vec<u32>>();
    let labels = |places: &[u32]| places.iter().map(|&i| refit.labels()[i as usize]).collect::<Vec<bool>>();
    let (train_rows, test_rows) = (positions(&train), positions(&test));
    let (train_labels, test_labels) = (labels(&train), labels(&test));
    let mut out = Honesty { trained_on: train.len() as u64, rows: test.len() as u64, ..Honesty::default() };

    let fold: Vec<u32> = places.iter().map(|i| ((place(i) * 5.0) as u32).min(4)).collect();
    let target = refit.target();
    let alone = leaks::alone(dataset, target, fields, &fold, task)?;
    let suspicions = leaks::suspicions(dataset, target, fields, &fold, task)?;
    out.alone = alone.iter().map(|(field, auc)| Alone { field: (*field).clone(), auc: *auc }).collect();
    out.findings.extend(columns(&alone, &suspicions));
    out.findings.extend(time::later(dataset, roles, fields, refit.rows()));

    task.stage("Training on a part of the rows")?;
    let fits = Fits::new(task, 1);
    let scores = refit.predict(refit.labels(), &train, &test, &fits.watch(0))?;
    out.auc = auc_interval(&scores, &test_labels);
    out.twins = twins::twins(dataset, fields, &subjects, (&train_rows, &train_labels), (&test_rows, &test_labels));
    out.findings.push(seen_twice(&out.twins));

    task.stage("Looking for the best one-line rule")?;
    let rule = rule::best_rule(dataset, fields, &train_rows, &train_labels, task)?;
    out.rule = rule.map(|rule| rule::contest(rule, dataset, &test_rows, &test_labels, &scores));
    out.findings.push(match &out.rule {
        Some(contest) => {
            let verdict = if contest.clearly_better { Verdict::Fine } else { Verdict::Look };
            finding(Check::OneLine, verdict, contest.sentence.clone())
        }
        None => finding(Check::OneLine, Verdict::NotEvaluated, "No column alone tells anything".to_owned()),
    });

    if let Some(order) = &options.order {
        task.stage("Training on the past alone")?;
        match time::split(&refit, dataset, order, options.seed, task)? {
            Ok(split) => {
                out.findings.push(finding(Check::Time, split.verdict(), split.sentence.clone()));
                out.time = Some(split);
            }
            Err(why) => out.findings.push(finding(Check::Time, Verdict::NotEvaluated, format!("Not evaluated: {why}"))),
        }
    } else {
        let why = "Not evaluated: no column says when a row's decision was made; give one the role time".to_owned();
        out.findings.push(finding(Check::Time, Verdict::NotEvaluated, why));
    }

    if options.runs > 0 {
        task.stage(&format!("Training on shuffled outcomes, {} times", options.runs))?;
        let some =
            |places: &[u32], share: f64| sample(places, (options.luck_rows as f64 * share) as usize, options.seed);
        let (train, test) = (some(&train, 1.0 - MEASURED), some(&test, MEASURED));
        let luck = luck::luck(&refit, &train, &test, options.runs, options.seed, task)?;
        out.findings.push(finding(Check::Luck, luck.verdict(), luck.sentence.clone()));
        out.luck = Some(luck);
    }
    out.findings.sort_by_key(|finding| std::cmp::Reverse(finding.verdict));
    Ok(out)
}

fn finding(check: Check, verdict: Verdict, sentence: String) -> Finding {
    Finding { check, verdict, sentence, field: None }
}

/// What single columns tell.
fn columns(alone: &[(&String, f64)], suspicions: &[crate::models::report::Suspicion]) -> Vec<Finding> {
    let copies: Vec<&(&String, f64)> = alone.iter().filter(|(_, auc)| *auc >= COPY).collect();
    let mut out: Vec<Finding> = copies
        .iter()
        .map(|(field, auc)| Finding {
            check: Check::Copy,
            verdict: Verdict::Alarm,
            sentence: format!(
                "`{field}` alone tells the outcome (AUC {auc:.4}): it is the outcome, a copy or a form of it; leave it out"
            ),
            field: Some((*field).clone()),
        })
        .collect();
    if out.is_empty() {
        out.push(finding(Check::Copy, Verdict::Fine, "No column is the outcome or a copy of it".to_owned()));
    }
    let before = out.len();
    for suspicion in suspicions.iter().filter(|s| copies.iter().all(|(field, _)| **field != s.field)) {
        out.push(Finding {
            check: Check::Leak,
            verdict: if suspicion.auc >= CERTAIN { Verdict::Alarm } else { Verdict::Look },
            sentence: suspicion.message.clone(),
            field: Some(suspicion.field.clone()),
        });
    }
    if out.len() == before {
        let best = alone.iter().find(|(_, auc)| *auc < COPY);
        let sentence = best.map_or("No column tells anything alone".to_owned(), |(field, auc)| {
            format!("No column stands out: the best alone is `{field}` with an AUC of {auc:.3}")
        });
        out.push(finding(Check::Leak, Verdict::Fine, sentence));
    }
    out
}

fn seen_twice(twins: &Twins) -> Finding {
    let share = twins.twins as f64 / twins.rows.max(1) as f64;
    let percent = 100.0 * share;
    let mut sentence = match twins.twins {
        0 => "No row that was measured on stands among those learned from".to_owned(),
        n => format!(
            "{n} of {} rows measured on ({percent:.1} %) have the same features as a row learned from; {} of them have its outcome",
            twins.rows, twins.same_outcome
        ),
    };
    let many = share > twins::MANY;
    if many {
        sentence.push_str(
            ". With few columns of few values that is natural; else look for rows that were exported twice, or name the subject",
        );
    }
    if twins.subjects > 0 {
        sentence.push_str(&format!("; {} rows belong to subjects that were learned from", twins.subjects));
    }
    finding(Check::Twins, if many || twins.subjects > 0 { Verdict::Look } else { Verdict::Fine }, sentence)
}

#[cfg(test)]
mod tests;
