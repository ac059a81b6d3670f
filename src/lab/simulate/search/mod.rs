//! Search: what would do better than the current policy, within its guards and budgets, and whether that is more than luck.
//!
//! [`tree`](fn@tree) proposes who should get what as a shallow tree of readable conditions, one rule per action; [`tune`]
//! proposes better numbers in the policy as it is. Everything is learned from one part of the subjects; the other part is asked once, about the final proposal. A
//! proposal that cannot be told from the current policy is called nothing.
//!
//! It changes no project and writes no file; it touches no guard, no cap and no budget. What the policy lets everybody together have (its
//! budgets, stocks, caps over everybody) binds a proposal as the budgets of the search do.

mod assess;
mod constrained;
pub mod exact;
mod find;
mod frame;
mod limits;
pub mod matrix;
pub mod predictors;
pub mod prune;
pub mod report;
mod scores;
pub mod settings;
mod stage;
mod tables;
pub mod tree;
pub mod within;

#[cfg(test)]
mod tests;

pub use find::{FoundTree, tree};
pub use report::{SettingsProposal, TreeProposal, Verdict};
pub use settings::{FoundSettings, tune};

use crate::simulate::support::LEAST_ESS;
use attune_policy::history::MemoryHistory;
use std::sync::Arc;

/// What the held-out rows are for.
const ASKED_ONCE: &str = "The held-out rows were asked once, about this proposal. Every further search on the same data asks them again: the \
                          more searches, the likelier one succeeds by luck.";

/// Share of rows whose action was never logged, beyond which a choice is not proposed and a trial not followed.
const MOST_UNLOGGED: f64 = 0.01;

/// What is maximised.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Objective {
    /// The outcome.
    #[default]
    Outcome,
    /// What the outcome is worth less what the action costs.
    Net {
        /// Worth of one unit of the outcome, in the unit of the actions' costs.
        worth: f64,
    },
}

/// What is searched, and how.
#[derive(Clone, Debug)]
pub struct SearchOptions {
    /// Outcome; the first of the roles when absent.
    pub outcome: Option<String>,
    /// What is maximised.
    pub objective: Objective,
    /// Largest share of decisions that choose an action.
    pub contacts: Option<f64>,
    /// Largest mean cost of a decision.
    pub cost: Option<f64>,
    /// Least effective sample size of a choice among the rows it is proposed for.
    pub least_support: f64,
    /// Parts of cross-fitting and cross-validation, 2 to 20.
    pub folds: u32,
    /// Share of the subjects held out, 0.1 to 0.9; a half when absent. Where the current policy uses models it is the share that no
    /// model learned from, whatever is asked.
    pub held_out: Option<f64>,
    /// Resamples of the bootstrap intervals; 0 leaves them out.
    pub bootstrap: usize,
    /// Events known before the first decision.
    pub history: Option<Arc<MemoryHistory>>,
    /// Seed of parts and resamples.
    pub seed: u64,
    /// Splits on a way at most, 0 to 3.
    pub depth: usize,
    /// Columns that may be asked; every feature and fact of the request when empty.
    pub columns: Vec<String>,
    /// Cuts of a number at most, 1 to 63.
    pub cuts: usize,
    /// Ids of rules that stay in the proposal besides guards and eligibility.
    pub keep: Vec<String>,
}

impl Default for SearchOptions {
    fn default() -> SearchOptions {
        SearchOptions {
            outcome: None,
            objective: Objective::Outcome,
            contacts: None,
            cost: None,
            least_support: LEAST_ESS,
            folds: 5,
            held_out: None,
            bootstrap: 1_000,
            history: None,
            seed: 1,
            depth: 2,
            columns: Vec::new(),
            cuts: 31,
            keep: Vec::new(),
        }
    }
}
