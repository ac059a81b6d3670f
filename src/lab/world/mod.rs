//! Generated worlds: customers with tastes, purchases, e-mails and a randomised trial whose true effects are known.
//!
//! The sample project's data, and the ground truth of tests: for every row the expected outcome under every arm is kept,
//! so the true value of any policy can be had ([`World::true_value`]). It opens no file; it is the same for the same
//! [`WorldSpec`] on every machine.

mod customers;
mod effects;
mod tables;
mod trial;

#[cfg(test)]
mod tests;

use crate::data::{Arm, Dataset, Roles};
use crate::error::Result;
use attune_policy::history::MemoryHistory;
use serde::{Deserialize, Serialize};
use std::io::Write;

/// 2026-03-02T09:00Z, a Monday.
const START: i64 = 1_772_442_000_000;

/// What world to generate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorldSpec {
    /// Name of the dataset.
    pub name: String,
    /// Number of customers.
    pub customers: usize,
    /// Weeks of purchases and e-mails before the first decision.
    pub weeks: u32,
    /// Decisions per customer.
    pub decisions: u32,
    /// Days between a customer's decisions.
    pub gap_days: u32,
    /// E-mails with an offer, 1 to 3, beside the arm without e-mail.
    pub offers: usize,
    /// How the trial chose its arms.
    pub design: Design,
    /// Expected e-mails per customer and week in the last eight weeks before the first decision.
    pub emails_per_week: f64,
    /// Share of missing regions and ages.
    pub missing: f64,
    /// Multiplies every effect of an e-mail; 0 is a world in which nothing helps or harms.
    pub effect: f64,
    /// Instant of the first decisions (ms since 1970-01-01T00:00Z).
    pub start: i64,
    /// Seed.
    pub seed: u64,
}

/// How the trial chose its arms.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Design {
    /// Every arm alike.
    #[default]
    Uniform,
    /// These shares, the arm without e-mail first.
    Shares(Vec<f64>),
    /// By past purchases: frequent buyers were sent more. The logging propensity differs by row.
    ByFrequency,
}

/// A generated world.
#[derive(Clone, Debug)]
pub struct World {
    /// What it was made from.
    pub spec: WorldSpec,
    /// One row per decision: who, when, features, arm, logging propensity, outcomes.
    pub trial: Dataset,
    /// One row per event before the first decisions: e-mails sent, seen and clicked, and purchases.
    pub events: Dataset,
    /// The roles of the trial's columns.
    pub roles: Roles,
    /// Expected outcomes.
    pub truth: Truth,
    history: Vec<customers::PastEvent>,
}

/// The truth behind the trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    /// Value of the action column and meaning of each arm, the untreated one first.
    pub arms: Vec<(String, Arm)>,
    /// Outcome columns.
    pub outcomes: Vec<String>,
    /// Expected outcome per outcome, arm and row.
    pub expected: Vec<Vec<Vec<f64>>>,
}

impl Default for WorldSpec {
    fn default() -> WorldSpec {
        WorldSpec {
            name: "world".into(),
            customers: 20_000,
            weeks: 26,
            decisions: 1,
            gap_days: 7,
            offers: 3,
            design: Design::Uniform,
            emails_per_week: 0.7,
            missing: 0.04,
            effect: 1.0,
            start: START,
            seed: 1,
        }
    }
}

/// Generates a world.
///
/// # Errors
/// When the design does not give every arm a share above 0.
pub fn generate(spec: &WorldSpec) -> Result<World> {
    let mut spec = spec.clone();
    spec.offers = spec.offers.clamp(1, effects::OFFERS.len());
    spec.decisions = spec.decisions.max(1);
    let people = customers::people(&spec);
    let trial = trial::trial(&spec, &people)?;
    let roles = tables::roles(&spec);
    Ok(World {
        trial: tables::trial(&spec, &people, &trial)?,
        events: tables::events(&spec, &people)?,
        truth: trial.truth,
        roles,
        history: people.events,
        spec,
    })
}

impl World {
    /// True value of a policy: the mean over the rows of the expected outcome under its arm (position in
    /// [`Truth::arms`]) for each row. `None` for an unknown outcome or arm.
    pub fn true_value(&self, outcome: &str, arms: impl IntoIterator<Item = usize>) -> Option<f64> {
        let expected = &self.truth.expected[self.truth.outcomes.iter().position(|o| o == outcome)?];
        let mut total = 0.0;
        let mut rows = 0;
        for (row, arm) in arms.into_iter().enumerate() {
            total += *expected.get(arm)?.get(row)?;
            rows += 1;
        }
        (rows > 0).then(|| total / f64::from(rows))
    }

    /// Position of an action's arm; `NoAction` is the untreated one.
    pub fn arm(&self, action: &str) -> Option<usize> {
        self.truth.arms.iter().position(|(_, arm)| match arm {
            Arm::NoAction => action == "NoAction",
            Arm::Candidate { action: own, .. } => own == action,
        })
    }

    /// The events as a history that decisions can be made over.
    pub fn history(&self) -> MemoryHistory {
        tables::history(&self.history)
    }

    /// Writes the trial as CSV.
    ///
    /// # Errors
    /// When writing fails.
    pub fn write_trial(&self, out: &mut dyn Write) -> Result<()> {
        tables::write_csv(&self.trial, out)
    }

    /// Writes the events as CSV.
    ///
    /// # Errors
    /// When writing fails.
    pub fn write_events(&self, out: &mut dyn Write) -> Result<()> {
        tables::write_csv(&self.events, out)
    }
}
