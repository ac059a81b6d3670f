//! What a policy would have done on history, and what that is worth.
//!
//! [`run`] takes a policy and a dataset with its roles: every row is decided by the real engine ([`replay()`]), the decisions
//! are valued against what was logged ([`mod@estimate`]) where the log supports it ([`mod@support`]), and the answer stands
//! beside its baselines, intervals and definitions in a [`Report`]. [`search`] turns the question round and proposes what would do better.
//!
//! It trains nothing, opens no file, and never values a model on rows it learned from.

mod arms;
pub mod baselines;
pub mod bootstrap;
pub mod chance;
pub mod columns;
pub mod cross_fitted;
mod crossfit;
pub mod estimate;
mod estimators;
pub mod fates;
mod funnel;
mod impact;
mod instead;
mod keep;
pub mod log;
mod notes;
pub mod off_policy;
pub mod questions;
pub mod replay;
pub mod report;
mod rewards;
mod run;
pub mod search;
mod segments;
pub mod srm;
pub mod support;
mod switches;
pub mod table;
mod values;
mod weeks;

#[cfg(test)]
mod tests;

pub use crate::models::uplift::measure as uplift;
pub use keep::{Keep, KeepNothing};
pub use log::DecisionLog;
pub use replay::{Replay, replay};
pub use report::Report;
pub use rewards::RewardModels;
pub use run::{Decisions, Simulation, decisions, run, run_in_parts, uses_models};
pub use table::decisions_table;
pub use values::{Expected, expectations};

use attune_policy::history::MemoryHistory;
use attune_policy::policy::Policy;
use rayon::iter::ParallelIterator;
use std::sync::Arc;

/// What is asked of a simulation.
#[derive(Clone, Debug)]
pub struct Options {
    /// Outcome the policy is for; the first outcome of the roles when absent.
    pub goal: Option<String>,
    /// Least difference in the goal worth having, in its unit.
    pub least_lift: Option<f64>,
    /// Events known before the first decision. The candidate policy's own decisions are added to them.
    pub history: Option<Arc<MemoryHistory>>,
    /// About this many rows, whole subjects drawn by a seeded hash, in place of all: a quick first answer. What is counted over everybody sees
    /// the sample alone, and reports say so ([`report::RowsUsed::caveat`]).
    pub sample: Option<usize>,
    /// Resamples of the bootstrap intervals; 0 leaves them out.
    pub bootstrap: usize,
    /// Seed of samples and resamples.
    pub seed: u64,
    /// Rows on which the policy is decided again without each rule in turn, about; all of them where something is counted over everybody.
    /// 0 leaves that out.
    pub impact_rows: usize,
    /// Value no action, and each arm of the log, for all.
    pub baselines: bool,
    /// Column to divide the customers by.
    pub segment: Option<String>,
    /// How reward models are learned for the doubly robust estimators; `None` leaves these out.
    pub rewards: Option<RewardModels>,
    /// Value policies although the arms of the log have not the sizes of the design.
    pub even_so: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            goal: None,
            least_lift: None,
            history: None,
            sample: None,
            bootstrap: 1_000,
            seed: 1,
            impact_rows: 20_000,
            baselines: true,
            segment: None,
            rewards: Some(RewardModels::default()),
            even_so: false,
        }
    }
}

impl Options {
    /// A quick first answer: a sample of rows, normal intervals only, no rule impact, no reward models.
    pub fn preview(rows: usize) -> Options {
        Options { sample: Some(rows), bootstrap: 0, impact_rows: 0, rewards: None, ..Options::default() }
    }
}

/// Another policy to compare with.
#[derive(Clone, Copy)]
pub struct Other<'a> {
    /// Name in the report.
    pub name: &'a str,
    /// The policy.
    pub policy: &'a Policy,
}

/// So many of a value, written on all cores: memory that nobody has touched is cleared by the system page by page, as it is first written.
fn filled<T: Copy + Send + Sync>(value: T, len: usize) -> Vec<T> {
    rayon::iter::repeat_n(value, len).collect()
}
