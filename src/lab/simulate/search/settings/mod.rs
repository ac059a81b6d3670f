//! Better numbers in the policy as it is: floors, levers, soft factors, and what rules compare with.
//!
//! One number after the other is tried at several values (coordinate search). Every trial is decided by the real engine, first on a quarter
//! of the subjects, the better half again on half of them, the best on all (successive halving; Jamieson & Talwalkar 2016). Where something
//! is counted over everybody a part of the subjects would meet a whole budget, so every trial decides all rows. What a trial is worth is the doubly robust mean of its decisions, paired with those of the numbers as they stand. A change must gain more than its
//! standard error and keep the budgets. Guards and caps are not touched.

pub mod knobs;

use super::assess::{Assessor, Budget, Decided, mean_of};
use super::find::budgets;
use super::frame::Frame;
use super::report::{SettingReport, SettingsProposal, Verdict};
use super::scores::{Scored, scores};
use super::stage::Ground;
use super::{MOST_UNLOGGED, SearchOptions};
use crate::data::{Dataset, Roles};
use crate::error::{Error, Result};
use crate::simulate::bootstrap::quantile;
use crate::simulate::replay::{Replay, Thinned, thinned};
use crate::simulate::run::{compile, uses_models};
use crate::task::Task;
use attune_policy::Policy;
use attune_policy::document::Document;
use knobs::{Knob, Setting, settings, with};
use std::rc::Rc;

/// Shares of the subjects on which trials are decided, one after the other.
const LEVELS: [f64; 3] = [0.25, 0.5, 1.0];

/// Times that every number is gone through.
const ROUNDS: usize = 2;

/// Different values of a column that are all tried.
const FEW: usize = 20;

/// Numbers that were found: the report, and the policy with them.
#[derive(Clone, Debug)]
pub struct FoundSettings {
    /// What was found, and how sure it is.
    pub proposal: SettingsProposal,
    /// The current policy with these numbers.
    pub document: Document,
}

/// A trial on some rows.
struct Tried {
    /// Value by row, NaN where the action was never logged.
    values: Vec<f64>,
    /// How far the budget that is exceeded most is exceeded, as a share of it; 0 when all are kept.
    excess: f64,
    sound: bool,
}

/// Searches for better values of the numbers in `current`, those that the rules called `rules` compare with among them, and values what was
/// found on rows that had no part in it. The same arguments give the same proposal on any number of threads.
///
/// # Errors
/// When the log cannot be read, a rule is not there or is a guard, there is no number to tune, or the task is cancelled.
pub fn tune(
    current: &Policy,
    rules: &[String],
    dataset: &Dataset,
    roles: &Roles,
    options: &SearchOptions,
    task: &Task,
) -> Result<FoundSettings> {
    task.stage("Reading the log")?;
    let ground = Ground::new(current, dataset, roles, options, task)?;
    let found = settings(current.document(), rules)?;
    if found.is_empty() {
        return Err(Error::new("the policy has no number to tune")
            .hint("name rules whose numbers may be tuned, or give it floors, levers or soft factors"));
    }
    let costs = Frame::new(current.document(), &ground.log, &[]).costs(ground.log.arms.len());
    let budgets = budgets(&ground, &costs, options)?;
    let reward = ground.rewards(options.objective, &costs);
    let [learned, held_out] = scores(&ground, &reward, task)?;
    let all: Vec<u32> = (0..dataset.rows() as u32).collect();
    let mut levels: Vec<Thinned> = Vec::new();
    for share in LEVELS {
        let limit = (share * ground.learn.len() as f64).ceil() as usize;
        let level = thinned(current, (&all, &ground.learn), limit, dataset, roles, options.seed)?;
        if levels.last() != Some(&level) {
            levels.push(level);
        }
    }
    drop(all);
    task.stage("Deciding with the numbers as they are")?;
    let now = ground.decide(current, task)?;
    let known = levels.iter().map(|_| None).collect();
    let on = levels[0].shared.as_ref().map_or(String::new(), |shared| format!(" on all rows: {shared} over everybody"));
    let mut search = Search { ground: &ground, learned: &learned, budgets: &budgets, levels, known, policies: 0 };
    let mut document = current.document().clone();
    let mut reports: Vec<SettingReport> = found.iter().map(|setting| report(setting, current.document())).collect();
    let mut best: Vec<f64> = found.iter().map(|setting| setting.value).collect();
    for round in 0..ROUNDS {
        let mut changed = false;
        for (at, setting) in found.iter().enumerate() {
            task.stage(&format!("Trying {}{on}", setting.words))?;
            task.tick((round * found.len() + at) as f32 / (ROUNDS * found.len()) as f32)?;
            let values = candidates(setting, best[at], &ground, &now);
            reports[at].tried = reports[at].tried.iter().copied().chain(values.iter().copied()).collect();
            if let Some((value, gain)) = search.best(&document, setting, &values, task)? {
                document = with(&document, setting, value);
                (best[at], reports[at].to, reports[at].gain) = (value, value, Some(gain));
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    for report in &mut reports {
        report.tried.sort_by(f64::total_cmp);
        report.tried.dedup();
    }
    task.stage("Deciding all rows with the numbers found")?;
    let (_, replay) = ground.decide_document(document.clone(), task)?;
    let policies =
        [Decided { name: "the proposal".into(), replay }, Decided { name: "the current policy".into(), replay: now }];
    let mut trial = ground.trial(options.objective, ground.log.findings.clone());
    let assessor = Assessor::new(&ground, (&learned, &held_out), &costs, options, task);
    assessor.assess(&policies, &budgets, &mut trial, task)?;
    if trial.budgets.iter().any(|budget| budget.learned > budget.limit * (1.0 + 1e-9))
        && trial.verdict == Verdict::Better
    {
        trial.verdict = Verdict::Nothing;
        trial.words = "No numbers were found that keep the budgets.".into();
    }
    if !uses_models(current.document()).is_empty() {
        trial.notes.push(
            "The policy's models learned from the rows that were searched, so its scores fit them too well there; the held-out rows judge."
                .into(),
        );
    }
    trial.notes.push(super::ASKED_ONCE.into());
    if !document.cases.is_empty() {
        trial.notes.push("The agreed cases were left out of the proposal: its answers are others.".into());
        document.cases.clear();
    }
    Ok(FoundSettings { proposal: SettingsProposal { trial, settings: reports, policies: search.policies }, document })
}

struct Search<'a> {
    ground: &'a Ground<'a>,
    learned: &'a Scored,
    budgets: &'a [Budget],
    /// Rows of each level.
    levels: Vec<Thinned>,
    /// The document as it is on each level, by revision.
    known: Vec<Option<(String, Rc<Tried>)>>,
    policies: u64,
}

impl Search<'_> {
    /// The best value of a setting and its gain over the document as it is, on all rows learned from; `None` when nothing gains more
    /// than its standard error.
    fn best(
        &mut self,
        document: &Document,
        setting: &Setting,
        values: &[f64],
        task: &Task,
    ) -> Result<Option<(f64, f64)>> {
        let mut left: Vec<f64> = values.to_vec();
        for level in 0..self.levels.len() {
            if left.is_empty() {
                return Ok(None);
            }
            let Some(now) = self.now(document, level, task)? else { return Ok(None) };
            let mut tried = Vec::new();
            for value in left {
                task.tick(0.0)?;
                // What a number must not be, the policy's own check says.
                let Some(other) = self.try_out(with(document, setting, value), level, task)? else { continue };
                if other.sound {
                    let (gain, se) = gain(&other.values, &now.values);
                    tried.push((other.excess, gain, se, value));
                }
            }
            // Whoever keeps the budgets stands first, then whoever gains most.
            tried.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
            if level + 1 == self.levels.len() {
                let found = tried.first().filter(|(excess, gain, se, _)| match now.excess > 0.0 {
                    true => *excess < now.excess,
                    false => *excess == 0.0 && *gain > *se,
                });
                return Ok(found.map(|(_, gain, _, value)| (*value, *gain)));
            }
            let keep = tried.len().div_ceil(2);
            left = tried.into_iter().take(keep).map(|(_, _, _, value)| value).collect();
        }
        Ok(None)
    }

    /// The document as it is, decided once per level.
    fn now(&mut self, document: &Document, level: usize, task: &Task) -> Result<Option<Rc<Tried>>> {
        let Some(policy) = without_cases(document.clone()) else { return Ok(None) };
        if let Some((revision, tried)) = &self.known[level]
            && *revision == policy.revision()
        {
            return Ok(Some(Rc::clone(tried)));
        }
        let tried = Rc::new(self.decide(&policy, level, task)?);
        self.known[level] = Some((policy.revision().to_owned(), Rc::clone(&tried)));
        Ok(Some(tried))
    }

    /// Decides with a document on a level; `None` when it is no policy.
    fn try_out(&mut self, document: Document, level: usize, task: &Task) -> Result<Option<Tried>> {
        let Some(policy) = without_cases(document) else { return Ok(None) };
        self.decide(&policy, level, task).map(Some)
    }

    fn decide(&mut self, policy: &Policy, level: usize, task: &Task) -> Result<Tried> {
        let Thinned { decided, used: rows, .. } = &self.levels[level];
        let replay = self.ground.decide_rows(policy, decided.clone(), &task.silent())?;
        self.policies += 1;
        let positions: Vec<usize> = rows.iter().filter_map(|row| replay.position(*row)).collect();
        let mut at = 0;
        let values: Vec<f64> = rows
            .iter()
            .zip(&positions)
            .map(|(row, position)| {
                while self.learned.rows[at] < *row {
                    at += 1;
                }
                self.learned.expected(at, &self.ground.log, &replay, *position)
            })
            .collect();
        let unlogged = values.iter().filter(|value| value.is_nan()).count() as f64;
        let n = values.len().max(1) as f64;
        let over = |budget: &Budget| {
            let used = mean_of(&replay, &positions, &budget.uses);
            (used / budget.limit - 1.0).max(0.0)
        };
        let excess = self.budgets.iter().map(over).fold(0.0, f64::max);
        Ok(Tried { values, excess: if excess < 1e-9 { 0.0 } else { excess }, sound: unlogged <= MOST_UNLOGGED * n })
    }
}

/// The policy of a document; `None` when it is none. The cases agreed on are about the numbers as they were.
fn without_cases(mut document: Document) -> Option<Policy> {
    document.cases.clear();
    compile(document).ok()
}

/// Mean of the paired differences and its standard error.
fn gain(own: &[f64], other: &[f64]) -> (f64, f64) {
    let differences: Vec<f64> = own.iter().zip(other).map(|(a, b)| a - b).filter(|d| !d.is_nan()).collect();
    let n = differences.len().max(1) as f64;
    let mean = differences.iter().sum::<f64>() / n;
    let squares: f64 = differences.iter().map(|d| (d - mean) * (d - mean)).sum();
    (mean, (squares / (n - 1.0).max(1.0) / n).sqrt())
}

/// Values to try for a setting, the present one left out.
fn candidates(setting: &Setting, now: f64, ground: &Ground<'_>, replay: &Replay) -> Vec<f64> {
    let quantiles = |mut known: Vec<f64>| -> Vec<f64> {
        known.retain(|x| x.is_finite());
        known.sort_by(f64::total_cmp);
        (1..10).map(|tenth| quantile(&known, f64::from(tenth) / 10.0)).filter(|x| x.is_finite()).map(short).collect()
    };
    let mut values = match (&setting.knob, &setting.column) {
        (Knob::MinPropensity(_), _) => [vec![0.0], quantiles(replay.propensity.clone())].concat(),
        (Knob::MinPriority(_), _) => [vec![0.0], quantiles(replay.priority.clone())].concat(),
        (Knob::ActionWeight(_) | Knob::ContextWeight(_), _) => {
            [-50.0, -25.0, -10.0, 10.0, 25.0, 50.0, 100.0].map(|step| now + step).to_vec()
        }
        (Knob::Literal(..), _) if setting.factor => vec![0.1, 0.25, 0.5, 0.75, 0.9, 1.0],
        (Knob::Literal(..), Some(column)) => {
            let numbers = ground.dataset.numbers(column).unwrap_or_default();
            let known = ground.learn.iter().filter_map(|row| numbers.get(*row as usize).copied());
            let mut few: Vec<f64> = known.clone().filter(|x| x.is_finite()).collect();
            few.sort_by(f64::total_cmp);
            few.dedup();
            if few.len() <= FEW { few } else { quantiles(known.collect()) }
        }
        (Knob::Literal(..), None) if now == 0.0 => vec![-1.0, -0.1, 0.1, 1.0],
        (Knob::Literal(..), None) => [0.25, 0.5, 0.75, 1.25, 1.5, 2.0, 4.0].map(|times| short(now * times)).to_vec(),
    };
    if setting.whole {
        values.iter_mut().for_each(|x| *x = x.round());
    }
    values.retain(|x| *x != now && x.is_finite());
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
}

/// A number of three digits.
fn short(x: f64) -> f64 {
    format!("{x:.2e}").parse().unwrap_or(x)
}

fn report(setting: &Setting, document: &Document) -> SettingReport {
    let name = match &setting.knob {
        Knob::Literal(id, _) => document.rules.iter().find(|rule| rule.id == *id).map(|rule| rule.name.clone()),
        Knob::ActionWeight(id) => document.actions.iter().find(|action| action.id == *id).map(|a| a.name.clone()),
        _ => None,
    };
    SettingReport {
        knob: setting.knob.clone(),
        words: setting.words.clone(),
        name: name.unwrap_or_default(),
        from: setting.value,
        to: setting.value,
        tried: vec![setting.value],
        gain: None,
    }
}
