//! Decisions for programs in any language: a policy is loaded once and answers requests written in JSON with decisions in
//! JSON. The shared library and its header `attune.h` offer the same to C, and so to everything that can call C.
//!
//! It decides nothing itself and keeps no state between calls; clock, files and history belong to the program around it.
//!
//! *Invariant:* `unsafe` stands in `border` alone, and no panic leaves it.

mod answer;
mod border;
mod decider;
mod events;
mod info;
mod json;
mod refusal;
mod request;
#[cfg(test)]
mod tests;
mod verification;

pub use answer::answer;
pub use border::*;
pub use decider::Decider;
pub use refusal::{Kind, Refusal};
pub use request::Ask;
