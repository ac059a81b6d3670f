//! Uplift: the difference in expected outcome that an action makes, for each customer, learned from a trial.
//!
//! Meta-learners over the families of [`super::base`]: S, T, X (Künzel et al. 2019), R (Nie & Wager 2021), DR (Kennedy 2023), class
//! transformation (Jaśkowski & Jaroszewicz 2012; weighted as by Lai) and transformed outcome (Athey & Imbens 2015); and forests of
//! honest uplift trees (Athey & Imbens 2016; Rzepakowski & Jaroszewicz 2012), which need no other family. Several arms are
//! compared with one control each. Nuisance models are cross-fitted: what a row's outcome is compared with never learned from that row.
//!
//! It gives scores and lowers them to data of a policy; curves and areas (Qini, AUUC, RATE) are measured elsewhere. Beside each model
//! stands the best one-line rule, so that a model no better than the rule looks so.

mod algebra;
mod check;
mod effect;
mod growth;
mod nuisance;
pub mod report;
mod rule;
mod spec;
mod train;
mod trees;
mod trial;

pub use effect::Tau;
pub use report::{ArmReport, Held, Rule, Top, UpliftReport};
pub use spec::{Chance, Growth, Meta, Split, UpliftSpec};
pub use train::{TrainedArm, TrainedUplift, train};

#[cfg(test)]
mod tests;
