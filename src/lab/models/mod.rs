//! Propensity models: train, measure, calibrate, explain by importance, and lower to data of a policy. Customer value: [`value`];
//! recommendations: [`recommend`]; segments: [`segments`].
//!
//! *Invariant:* only this module names a learner. What scores anywhere, in the studio too, is the lowered model.

mod boosted;
pub mod calibration;
mod card;
pub mod curves;
mod folds;
mod importance;
pub(crate) mod leaks;
mod learner;
mod logistic;
pub mod metrics;
pub mod recommend;
mod refit;
pub mod report;
pub mod segments;
pub mod spec;
pub(crate) mod target;
mod text;
mod train;
pub mod value;

pub use card::card;
pub use refit::Refit;
pub use report::ModelReport;
pub use spec::{Calibrate, Family, ModelSpec};
pub use text::text;
pub use train::{Trained, train};

#[cfg(test)]
#[path = "law_tests.rs"]
mod law;
#[cfg(test)]
#[path = "reference_tests.rs"]
mod reference;
#[cfg(test)]
pub(crate) mod testing;
