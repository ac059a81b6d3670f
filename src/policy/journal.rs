//! A history that evolves: events in the symbols of one policy, so that a simulator can let millions of decisions act on those after them
//! without writing or reading a name.
//!
//! A [`Codebook`] gives every different event a code, a [`Track`] holds the coded events of one subject, household or device, [`Totals`] add up
//! those of everybody as the policy's budgets, stocks and global caps ask for it. A history that answers [`crate::History::coded`] and
//! [`crate::History::total`] from these decides exactly as one that tells the same events in full; a test holds it to that.
//!
//! *Invariant:* nothing here decides anything, and nothing here knows whose events they are.

mod codebook;
#[cfg(test)]
mod tests;
mod totals;
mod track;

pub use codebook::{Code, Codebook};
pub use totals::Totals;
pub use track::{Coded, Track};
