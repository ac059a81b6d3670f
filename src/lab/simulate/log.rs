//! The decision log: what history did to each row, with which logging propensity, and what followed.

pub mod checks;
pub mod delayed;
pub mod eligible;
mod lists;
pub mod propensities;
pub mod propose;
mod review;

pub use lists::Lists;
pub use review::{Review, review};

use self::eligible::Eligible;
use crate::data::profile::balance::{Balance, balance};
use crate::data::roles::design::facts;
use crate::data::{Arm, Dataset, Logging, Role, Roles};
use crate::error::{Error, Result};
use crate::simulate::filled;
use crate::simulate::report::{Overlap, SampleRatio};
use crate::simulate::srm::{self, SUSPICIOUS};
use crate::task::Task;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Marks a row whose action is missing or has no meaning, and a decision for an action that the log never took.
pub const NO_ARM: u16 = u16::MAX;

/// The logged rounds of a dataset, by row position.
#[derive(Clone, Debug)]
pub struct DecisionLog {
    /// The arms, the untreated one first.
    pub arms: Vec<LoggedArm>,
    /// Arm of each row, [`NO_ARM`] when unknown.
    pub arm: Vec<u16>,
    /// Logging propensity of each row's arm, NaN when unknown.
    pub propensity: Vec<f64>,
    /// Outcomes, the goal first.
    pub outcomes: Vec<Outcome>,
    /// Subject of each row, numbered from 0, where subjects repeat.
    pub clusters: Option<Vec<u32>>,
    /// Where logging propensities come from, in words.
    pub logging: String,
    /// Why values are exploratory, when they are.
    pub exploratory: Option<String>,
    /// Whether the arms have the sizes of the design.
    pub sample_ratio: Option<SampleRatio>,
    /// Whether columns tell the arms of a design apart, which a draw by lot leaves to chance.
    pub balance: Option<Balance>,
    /// Why the design is taken for granted, where it is a guess that nobody confirmed.
    pub guess: Option<String>,
    /// What history could choose from in each row, where that was logged.
    pub eligible: Option<Eligible>,
    /// Its ranked lists, where rows are places of lists.
    pub lists: Option<Lists>,
    /// How far the arms overlap, where propensities are estimated by models; else empty.
    pub overlap: Vec<Overlap>,
    /// What is wrong or remarkable, in words.
    pub findings: Vec<String>,
}

/// An arm: one or more values of the action column that mean the same.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedArm {
    /// The values, for people.
    pub name: String,
    /// What they mean.
    pub arm: Arm,
    /// Rows with a usable logging propensity.
    pub count: u64,
    /// Logging propensity by design.
    pub design: Option<f64>,
}

/// An outcome column.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Column name.
    pub name: String,
    /// Value of each row, NaN when missing.
    pub values: Vec<f64>,
}

impl DecisionLog {
    /// Reads the log out of a dataset. Without an action column there are no arms: policies can be replayed, not valued.
    ///
    /// # Errors
    /// When a column with a role is missing or of the wrong type, `goal` is no outcome, or a design's logging
    /// propensities do not add up to 1.
    pub fn new(dataset: &Dataset, roles: &Roles, goal: Option<&str>) -> Result<DecisionLog> {
        DecisionLog::read(dataset, roles, goal, &Task::default())
    }

    /// The same under a task: where logging propensities are not known they are estimated, which takes time.
    ///
    /// # Errors
    /// As for [`DecisionLog::new`], and when the task is cancelled.
    pub fn read(dataset: &Dataset, roles: &Roles, goal: Option<&str>, task: &Task) -> Result<DecisionLog> {
        let subjects = roles.subjects(dataset)?;
        let clusters = (subjects.count() < dataset.rows())
            .then(|| (0..dataset.rows()).into_par_iter().map(|row| subjects.code(row) as u32).collect());
        let mut log = DecisionLog {
            arms: Vec::new(),
            arm: filled(NO_ARM, dataset.rows()),
            propensity: filled(f64::NAN, dataset.rows()),
            outcomes: outcomes(dataset, roles, goal)?,
            clusters,
            logging: "no action was logged".into(),
            exploratory: None,
            sample_ratio: None,
            balance: None,
            guess: None,
            eligible: None,
            lists: None,
            overlap: Vec::new(),
            findings: Vec::new(),
        };
        if log.outcomes.is_empty() {
            log.findings.push("no column has the role outcome: decisions can be shown, not valued".into());
        }
        if roles.first(Role::Action).is_none() {
            log.findings.push("no column has the role action: decisions can be shown, not valued".into());
            return Ok(log);
        }
        log.read_arms(dataset, roles)?;
        log.read_propensities(dataset, roles, task)?;
        log.eligible = Eligible::read(dataset, roles, &log.arms)?;
        log.check();
        log.lists = Lists::read(dataset, roles, &log)?;
        log.check_balance(dataset, roles);
        Ok(log)
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.arm.len()
    }

    /// Whether the arm and logging propensity of a row are known.
    pub fn is_usable(&self, row: usize) -> bool {
        self.arm[row] != NO_ARM && self.propensity[row] > 0.0 && self.propensity[row] <= 1.0
    }

    /// Whether logging propensities are predictions of a model, and not known.
    pub fn is_estimated(&self) -> bool {
        self.exploratory.is_some()
    }

    /// Whether means of its arms are weighed by the propensities: all but those of a design of constant shares.
    pub fn is_weighed(&self) -> bool {
        self.arms.iter().any(|arm| arm.count > 0 && arm.design.is_none())
    }

    /// Position of the untreated arm, [`NO_ARM`] when the log has none.
    pub fn no_action(&self) -> u16 {
        self.position(|arm| *arm == Arm::NoAction)
    }

    /// Position of the arm of a candidate, [`NO_ARM`] when the log never took it.
    pub fn arm_of(&self, action: &str, treatment: &str) -> u16 {
        self.position(|arm| matches!(arm, Arm::Candidate { action: a, treatment: t } if a == action && t == treatment))
    }

    fn position(&self, is: impl Fn(&Arm) -> bool) -> u16 {
        self.arms.iter().position(|a| a.count > 0 && is(&a.arm)).map_or(NO_ARM, |i| i as u16)
    }

    fn read_arms(&mut self, dataset: &Dataset, roles: &Roles) -> Result<()> {
        // Values that mean the same are one arm; BTreeMap order puts `Arm::NoAction` first.
        let mut merged: BTreeMap<&Arm, Vec<&str>> = BTreeMap::new();
        for (value, arm) in &roles.arms {
            merged.entry(arm).or_default().push(value);
        }
        if merged.len() >= usize::from(NO_ARM) {
            return Err(Error::new("has more arms than a simulation can tell apart (65,534)"));
        }
        let positions: Vec<u16> =
            roles.arms.values().map(|arm| merged.keys().position(|m| *m == arm).map_or(NO_ARM, |i| i as u16)).collect();
        let rows = roles.arm_of_rows(dataset)?;
        for (slot, code) in self.arm.iter_mut().zip(rows) {
            *slot = code.and_then(|c| positions.get(c as usize).copied()).unwrap_or(NO_ARM);
        }
        self.arms = merged
            .into_iter()
            .map(|(arm, values)| LoggedArm { name: values.join(" + "), arm: arm.clone(), count: 0, design: None })
            .collect();
        Ok(())
    }

    fn read_propensities(&mut self, dataset: &Dataset, roles: &Roles, task: &Task) -> Result<()> {
        match &roles.logging {
            Logging::Randomised(design) => {
                let total: f64 = design.values().sum();
                if !(0.99..=1.01).contains(&total) || design.values().any(|p| p.is_nan() || *p < 0.0) {
                    return Err(Error::new(format!("the design's logging propensities add up to {total}, not to 1"))
                        .hint("give each arm of the trial its share"));
                }
                for (value, p) in design {
                    let Some(arm) = roles.arms.get(value) else { continue };
                    if let Some(logged) = self.arms.iter_mut().find(|l| l.arm == *arm) {
                        // Shares typed with few digits (0.3333) stand for the exact ones.
                        *logged.design.get_or_insert(0.0) += p / total;
                    }
                }
                for (p, arm) in self.propensity.iter_mut().zip(&self.arm) {
                    *p = self.arms.get(usize::from(*arm)).and_then(|a| a.design).unwrap_or(f64::NAN);
                }
                self.guess = roles.guess.clone();
                self.logging = match &self.guess {
                    None => "logging propensities of the randomised design".into(),
                    Some(_) => "logging propensities of a randomised design, which is a guess".into(),
                };
            }
            Logging::Column if roles.first(Role::LoggingPropensity).is_none() => {
                let column = roles.first(Role::Probabilities);
                self.propensity = eligible::propensities(dataset, roles)?;
                self.logging = format!(
                    "logging propensities of each row, from the probabilities of the eligible in `{}`",
                    column.unwrap_or_default()
                );
            }
            Logging::Column => {
                self.propensity = roles.logging_propensities(dataset)?;
                self.logging = "logging propensities of each row, from their column".into();
            }
            Logging::Unknown => self.estimate(dataset, roles, task)?,
        }
        Ok(())
    }

    /// Models of the action given the features, else each arm's share, in place of propensities that nobody knows.
    fn estimate(&mut self, dataset: &Dataset, roles: &Roles, task: &Task) -> Result<()> {
        let names: Vec<&str> = self.arms.iter().map(|arm| arm.name.as_str()).collect();
        if let Some(found) = propensities::estimate(dataset, roles, &self.arm, &names, task)? {
            self.propensity = found.propensity;
            self.overlap = found.overlap;
            self.logging = format!(
                "logging propensities estimated from {} inputs by cross-fitted logistic models of the action, kept above {}",
                found.inputs,
                propensities::CLIP
            );
            self.exploratory = Some(
                "How history chose its actions is not known. Its propensities are estimated from the features, which is right \
                 only if everything that it chose by is among them: take these values as exploratory."
                    .into(),
            );
            return Ok(());
        }
        let mut counts = vec![0u64; self.arms.len()];
        for arm in self.arm.iter().filter(|a| **a != NO_ARM) {
            counts[usize::from(*arm)] += 1;
        }
        let total = counts.iter().sum::<u64>() as f64;
        for (p, arm) in self.propensity.iter_mut().zip(&self.arm) {
            *p = counts.get(usize::from(*arm)).map_or(f64::NAN, |c| *c as f64 / total);
        }
        self.logging = "logging propensities estimated as each arm's share of the rows".into();
        self.exploratory = Some(
            "How history chose its actions is not known. Each arm's share of the rows stands in for its logging \
             propensity, which is right only if the arms were assigned by chance alike for everybody: take these \
             values as exploratory."
                .into(),
        );
        Ok(())
    }

    fn check(&mut self) {
        let (mut without_arm, mut bad) = (Vec::new(), Vec::new());
        for row in 0..self.rows() {
            if self.arm[row] == NO_ARM {
                without_arm.push(row + 1);
            } else if !self.is_usable(row) {
                bad.push(row + 1);
            } else {
                self.arms[usize::from(self.arm[row])].count += 1;
            }
        }
        if !without_arm.is_empty() {
            self.findings.push(format!(
                "{} rows have no action that maps to an arm and are not valued (first: row {}); map every value of the \
                 action column",
                without_arm.len(),
                without_arm[0]
            ));
        }
        if !bad.is_empty() {
            self.findings.push(format!(
                "{} rows have a logging propensity that is missing or outside (0, 1] and are not valued (first: row {})",
                bad.len(),
                bad[0]
            ));
        }
        self.check_eligible();
        let absent: Vec<&str> = self.arms.iter().filter(|a| a.count == 0).map(|a| a.name.as_str()).collect();
        if !absent.is_empty() {
            let finding = format!("no row was logged for {}", absent.join(", "));
            self.findings.push(finding);
        }
        if self.arms.iter().all(|a| a.design.is_some()) && !self.arms.is_empty() {
            let test = srm::of_log(self);
            if test.suspicious {
                self.findings.push(format!(
                    "the arms do not have the sizes of the design (χ² = {:.1}, p = {:.2e}): find out why before trusting \
                     any value",
                    test.chi_square, test.p_value
                ));
            }
            self.sample_ratio = Some(test);
        } else {
            self.check_mean_weights();
        }
    }

    /// What a design promises: facts from before the draw do not tell its arms apart.
    fn check_balance(&mut self, dataset: &Dataset, roles: &Roles) {
        if let Some(why) = &self.guess {
            self.findings.push(format!(
                "that the arms were drawn by lot is a guess: {why}; say that they were, or how history chose"
            ));
        }
        if self.is_weighed() || self.arms.iter().all(|arm| arm.count == 0) {
            return;
        }
        let arm = |row: usize| self.is_usable(row).then(|| u32::from(self.arm[row]));
        self.balance = balance(dataset, &facts(roles, dataset), arm, self.clusters.as_deref());
        if let Some(found) = self.balance.as_ref().filter(|found| found.p < SUSPICIOUS) {
            self.findings.push(format!(
                "columns tell the arms of the design apart, which a draw by lot leaves to chance: {}; were they drawn by lot? Give a \
                 column that followed the action the role outcome, or ignore it",
                found.words(SUSPICIOUS)
            ));
        }
    }

    /// With true logging propensities the mean of 1[arm = a]/p is 1 for every arm; far off by more than chance is told.
    fn check_mean_weights(&mut self) {
        if self.exploratory.is_some() {
            return;
        }
        for (arm, _, mean, se) in checks::arm_weights(self) {
            if checks::is_off(mean, se) {
                self.findings.push(format!(
                    "the mean weight of `{}` is {mean:.3} where 1 is expected: its logging propensities do not look like \
                     those that history used",
                    self.arms[usize::from(arm)].name
                ));
            }
        }
    }

    /// Rows whose logged action was not among the eligible.
    fn check_eligible(&mut self) {
        if self.eligible.is_none() {
            return;
        }
        let outside = |row: &usize| self.arm[*row] != NO_ARM && !self.allows(*row, self.arm[*row]);
        let rows: Vec<usize> = (0..self.rows()).filter(outside).collect();
        if let Some(first) = rows.first() {
            let finding = format!(
                "{} rows hold an action that is not in their eligible set (first: row {})",
                rows.len(),
                first + 1
            );
            self.findings.push(finding);
        }
    }
}

/// Outcome columns in the order of the dataset, the goal first.
fn outcomes(dataset: &Dataset, roles: &Roles, goal: Option<&str>) -> Result<Vec<Outcome>> {
    let mut names = roles.with_role(dataset, Role::Outcome);
    if let Some(goal) = goal {
        let position = names.iter().position(|n| *n == goal).ok_or_else(|| {
            Error::new("is the goal and has not the role outcome")
                .in_column(goal)
                .hint(format!("choose one of: {}", names.join(", ")))
        })?;
        let goal = names.remove(position);
        names.insert(0, goal);
    }
    names.into_iter().map(|name| Ok(Outcome { name: name.to_owned(), values: dataset.numbers(name)? })).collect()
}
