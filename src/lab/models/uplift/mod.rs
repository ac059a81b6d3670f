//! Uplift: the difference in expected outcome that an action makes, for each customer, learned from a trial.
//!
//! Meta-learners over the families of [`super::base`]: S, T, X (Künzel et al. 2019), R (Nie & Wager 2021), DR (Kennedy 2023), class
//! transformation (Jaśkowski & Jaroszewicz 2012; weighted as by Lai) and transformed outcome (Athey & Imbens 2015); and forests of
//! honest uplift trees (Athey & Imbens 2016; Rzepakowski & Jaroszewicz 2012), which need no other family. Several arms are
//! compared with one control each. Nuisance models are cross-fitted: what a row's outcome is compared with never learned from that row.
//!
//! Whatever the learner, an effect is one model of a policy whose score it is; curves and areas (Qini, AUUC, RATE) are in [`measure`].
//! Beside each model stands the best one-line rule, so that a model no better than the rule looks so. A project's models of effects
//! (`ModelSpec::uplift`) are trained, ranked and refitted in the files called as those of other models.

mod algebra;
pub(super) mod board;
pub(super) mod card;
pub(super) mod check;
pub(super) mod duel;
mod effect;
mod growth;
mod learn;
pub mod measure;
pub(super) mod model;
mod nuisance;
mod quality;
pub mod report;
mod rule;
mod spec;
mod train;
mod trees;
mod trial;

pub use report::{ArmReport, BesideRule, Held, Rule, Tenth, Top, UpliftQuality, UpliftReport};
pub use spec::{Chance, Growth, Meta, Split, Uplift, UpliftSpec};
pub use train::{TrainedArm, TrainedUplift, train};

#[cfg(test)]
mod tests;
