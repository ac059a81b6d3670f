//! Models of propensities and amounts: train, measure, calibrate, explain by importance, and lower to data of a policy.
//! Customer value: [`value`]; recommendations: [`recommend`]; segments: [`segments`]; effects: [`uplift`].
//!
//! *Invariant:* only this module names a learner. What scores anywhere, in the studio too, is the lowered model.

pub mod amounts;
pub mod base;
mod bayes;
pub mod board;
mod boosted;
pub mod calibration;
mod card;
pub mod confidence;
mod crossfit;
pub mod curves;
pub mod duel;
mod ebm;
mod elastic_net;
mod fit;
mod folds;
mod forest;
mod glm;
mod importance;
pub(crate) mod leaks;
pub mod learner;
mod linear;
mod logistic;
pub mod metrics;
mod neighbours;
pub mod recommend;
mod refit;
pub mod report;
mod scorecard;
pub mod scores;
pub mod segments;
mod settings;
pub mod spec;
mod tables;
pub(crate) mod target;
mod text;
pub mod thresholds;
mod train;
mod tree;
pub mod tune;
pub mod uplift;
mod validation;
pub mod value;

pub use board::{Board, board};
pub use card::card;
pub(crate) use card::count;
pub use duel::{Duel, Verdict, duel};
pub use refit::Refit;
pub use report::ModelReport;
pub use settings::words as settings_in_words;
pub use spec::{Calibrate, ClassWeights, Cut, Direction, Family, Goal, ModelSpec, Validation};
pub use text::text;
pub use train::{Trained, can_learn, train};
pub use tune::{Tuning, tune};

#[cfg(test)]
#[path = "law_tests.rs"]
mod law;
#[cfg(test)]
#[path = "reference_tests.rs"]
mod reference;
#[cfg(test)]
pub(crate) mod testing;
