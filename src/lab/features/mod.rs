//! From typed columns to the numeric inputs of a model, and the row recipe. Both are data that the policy repeats exactly
//! at decision time. Nothing here learns an outcome.

pub mod inputs;
pub mod matrix;
pub mod recipe;
pub mod rfm;
#[cfg(test)]
pub(crate) mod testing;
pub mod transactions;

pub use inputs::{Fit, Style, Unusable, fit};
pub use matrix::{Matrix, matrix};
