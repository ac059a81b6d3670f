//! A log of decisions looked over before it is used: what its columns mean, what history did, and everything that is wrong with it.

use super::checks::{Check, checks};
use super::delayed::{Matched, attach};
use super::{DecisionLog, propose};
use crate::data::{Dataset, Role, Roles, Severity, Table};
use crate::error::Result;
use crate::simulate::arms::log_report;
use crate::simulate::report::LogReport;
use crate::task::Task;
use serde::{Deserialize, Serialize};

/// What is to be known of a log of decisions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Review {
    /// Rows.
    pub rows: u64,
    /// What the columns were taken for.
    pub roles: Roles,
    /// Outcomes, in the order of the means in `log`.
    pub outcomes: Vec<String>,
    /// Arms, means, effects, overlap.
    pub log: LogReport,
    /// How outcomes of other tables met the decisions.
    pub matched: Vec<Matched>,
    /// Everything that was looked for.
    pub checks: Vec<Check>,
    /// What a person has to say.
    pub questions: Vec<String>,
}

impl Review {
    /// Whether something has to be mended before values can be believed.
    pub fn failed(&self) -> bool {
        self.checks.iter().any(|check| check.severity == Some(Severity::Error))
    }
}

/// Looks a log over. `tables` are those that delayed outcomes come from.
///
/// # Errors
/// When a role names a column that is not there or does not hold what the role needs, a delayed outcome cannot be made, or the task
/// is cancelled. What is wrong with rows is no error but a finding.
pub fn review(dataset: &Dataset, roles: &Roles, tables: &[Table], task: &Task) -> Result<Review> {
    let (dataset, matched) = attach(dataset, roles, tables, task)?;
    let mut roles = roles.clone();
    for delayed in &roles.delayed {
        roles.columns.entry(delayed.name.clone()).or_insert(Role::Outcome);
    }
    let log = DecisionLog::read(&dataset, &roles, None, task)?;
    task.stage("Checking the log")?;
    let all: Vec<u32> = (0..dataset.rows() as u32).collect();
    Ok(Review {
        rows: dataset.rows() as u64,
        outcomes: log.outcomes.iter().map(|o| o.name.clone()).collect(),
        log: log_report(&log, &all),
        matched,
        checks: checks(&dataset, &roles, &log)?,
        questions: propose::questions(&dataset, &roles)?,
        roles,
    })
}
