//! What drives a model, and how far it can be believed: attributions, dependence, quality by segment, thresholds, fairness, and
//! checks for leaks and luck.
//!
//! *Invariant:* what is explained is the lowered model that decides, on the very inputs it reads. Results are plain data, small
//! enough to draw as they are.

mod additive;
pub mod attribution;
pub mod case;
pub mod dependence;
pub mod distribution;
pub mod fairness;
pub mod groups;
pub mod honesty;
pub mod intervals;
pub mod permutation;
pub mod probe;
pub mod scoring;
pub mod segments;
pub mod thresholds;
pub mod tree_shap;

pub use attribution::{Attributions, Explainer, Method, Strength};
pub use case::Case;
pub use honesty::{Honesty, honesty};
pub use probe::Probe;
pub use scoring::Scoring;

#[cfg(test)]
#[path = "trained_tests.rs"]
mod trained;
