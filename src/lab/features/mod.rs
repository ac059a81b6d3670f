//! From events to features as of an instant, from typed columns to the numeric inputs of a model, and the row recipe. All are
//! data: inputs and recipe the policy repeats exactly at decision time, event features it names by their definitions.

pub mod entry;
pub mod events;
pub mod inputs;
pub mod matrix;
pub mod overview;
pub mod recipe;
pub mod rfm;
pub mod target_mean;
#[cfg(test)]
pub(crate) mod testing;
pub mod transactions;

pub use inputs::{Fit, Style, Unusable, fit};
pub use matrix::{Matrix, matrix, matrix_of};
pub use target_mean::TargetColumn;
