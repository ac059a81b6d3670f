//! What searches share: which rows are learned from and which are held out, what is maximised, and the real engine to decide with.

use super::report::Trial;
use super::{Objective, SearchOptions};
use crate::data::split::{HELD_OUT_SHARE, SALT};
use crate::data::{Dataset, Role, Roles};
use crate::error::{Error, Result};
use crate::simulate::Options;
use crate::simulate::log::{DecisionLog, NO_ARM};
use crate::simulate::replay::{Replay, Stage, Want};
use crate::simulate::run::{compile, uses_models};
use crate::simulate::support::LEAST_ESS;
use crate::task::Task;
use attune_policy::Policy;
use attune_policy::document::Document;
use attune_policy::fingerprint::bucket;

/// Share of the subjects held out where no model is at work.
const HALF: f64 = 0.5;

/// The rows of a search and how they are decided.
pub(super) struct Ground<'a> {
    pub dataset: &'a Dataset,
    pub roles: &'a Roles,
    pub log: DecisionLog,
    pub options: Options,
    /// Rows with known arm, propensity and outcome that are learned from.
    pub learn: Vec<u32>,
    /// The same, held out.
    pub held_out: Vec<u32>,
    /// How they were parted, in words.
    pub parted: String,
    /// Part of each row learned from, for cross-fitting and cross-validation.
    pub part: Vec<u32>,
}

impl<'a> Ground<'a> {
    /// Reads the log and parts its rows by subject. Where the current policy uses models, the rows they learned from are never held out.
    ///
    /// # Errors
    /// When the log cannot be read, or holds nothing to value choices by, or the task is cancelled.
    pub fn new(
        current: &Policy,
        dataset: &'a Dataset,
        roles: &'a Roles,
        search: &SearchOptions,
        task: &Task,
    ) -> Result<Ground<'a>> {
        let log = DecisionLog::read(dataset, roles, search.outcome.as_deref(), task)?;
        log.refuse_lists("a search")?;
        if log.arms.iter().filter(|arm| arm.count > 0).count() < 2 || log.outcomes.is_empty() {
            let why = if log.findings.is_empty() { "it took one action only".into() } else { log.findings.join("; ") };
            return Err(Error::new(format!("the log cannot tell what is better for whom: {why}")).hint(
                "give a column the role action, say which value is which action, and give a column the role outcome",
            ));
        }
        let models = uses_models(current.document());
        let (share, parted) = match (search.held_out, models.is_empty()) {
            (Some(share), true) if (0.1..=0.9).contains(&share) => (share, "as asked".to_owned()),
            (Some(share), _) if !(0.1..=0.9).contains(&share) => {
                return Err(Error::new(format!("a held-out share of {share} leaves too little on one side"))
                    .hint("give a share from 0.1 to 0.9"));
            }
            (_, true) => (HALF, "one half learns, the other values".to_owned()),
            (_, false) => (
                HELD_OUT_SHARE,
                format!(
                    "the current policy uses models ({}), and these are the rows that no model learned from",
                    models.join(", ")
                ),
            ),
        };
        let subjects = roles.subjects(dataset)?;
        let place: Vec<f64> = subjects.values().map(|key| bucket(SALT, key)).collect();
        let fold: Vec<f64> =
            subjects.values().map(|key| bucket(&format!("attune-search-{}", search.seed), key)).collect();
        let outcome = &log.outcomes[0].values;
        let (mut learn, mut held_out, mut part) = (Vec::new(), Vec::new(), Vec::new());
        for row in (0..dataset.rows()).filter(|row| log.is_usable(*row) && outcome[*row].is_finite()) {
            let subject = subjects.code(row);
            if place[subject] < share {
                held_out.push(row as u32);
            } else {
                learn.push(row as u32);
                let folds = search.folds.clamp(2, 20);
                part.push(((fold[subject] * f64::from(folds)) as u32).min(folds - 1));
            }
        }
        if (learn.len().min(held_out.len()) as f64) < 2.0 * LEAST_ESS {
            return Err(Error::new(format!(
                "{} rows to learn from and {} held out are too few; {} of each are needed",
                learn.len(),
                held_out.len(),
                2.0 * LEAST_ESS
            ))
            .hint("use more rows with a known action and outcome"));
        }
        let options = Options {
            goal: search.outcome.clone(),
            history: search.history.clone(),
            bootstrap: search.bootstrap,
            seed: search.seed,
            ..Options::default()
        };
        let parted = format!("{:.0} % of the subjects, by a hash of their key, are held out: {parted}", 100.0 * share);
        Ok(Ground { dataset, roles, log, options, learn, held_out, parted, part })
    }

    /// Whether rows have times, so that decisions build on each other.
    pub fn timed(&self) -> bool {
        self.roles.first(Role::Time).is_some()
    }

    /// Decides every row of the dataset.
    pub fn decide(&self, policy: &Policy, task: &Task) -> Result<Replay> {
        self.decide_rows(policy, (0..self.dataset.rows() as u32).collect(), task)
    }

    /// Decides some rows (ascending; such that they share no counter with others, as [`crate::simulate::replay::thinning`] draws them).
    pub fn decide_rows(&self, policy: &Policy, rows: Vec<u32>, task: &Task) -> Result<Replay> {
        let stage = Stage { dataset: self.dataset, roles: self.roles, log: &self.log, options: &self.options };
        // What becomes of each candidate is not asked.
        stage.decide_wanting(Want::Nothing, policy, rows, task)
    }

    /// As [`Ground::decide`], for a document.
    pub fn decide_document(&self, document: Document, task: &Task) -> Result<(Policy, Replay)> {
        let policy = compile(document)?;
        let replay = self.decide(&policy, task)?;
        Ok((policy, replay))
    }

    /// A trial of which nothing is known yet but what was asked.
    pub fn trial(&self, objective: Objective, notes: Vec<String>) -> Trial {
        Trial {
            outcome: self.log.outcomes[0].name.clone(),
            objective: self.objective_in_words(objective),
            parted: self.parted.clone(),
            notes,
            ..Trial::default()
        }
    }

    /// What is maximised, by row of the dataset.
    pub fn rewards(&self, objective: Objective, costs: &[f64]) -> Vec<f64> {
        let outcome = self.log.outcomes[0].values.iter().zip(&self.log.arm);
        match objective {
            Objective::Outcome => outcome.map(|(y, _)| *y).collect(),
            Objective::Net { worth } => outcome
                .map(|(y, arm)| worth * y - if *arm == NO_ARM { 0.0 } else { costs[usize::from(*arm)] })
                .collect(),
        }
    }

    /// What values are, in words.
    pub fn objective_in_words(&self, objective: Objective) -> String {
        let outcome = &self.log.outcomes[0].name;
        match objective {
            Objective::Outcome => format!("mean {outcome} per decision"),
            Objective::Net { worth } => format!("{worth} × {outcome} less the cost of the action, per decision"),
        }
    }
}
