//! Recommendations: which items a subject will want, learned from who took what and when.
//!
//! A [`Recommender`] is learned from [`Baskets`] (subjects × items) by one of several [`Method`]s, measured by a split in
//! time ([`compare`]) and lowered to data of a policy ([`lower`]). What it scores is what the lowered model scores: item–item
//! methods (item-kNN, EASE, content, hybrid) are one table of similarities, alternating least squares is two tables of factors,
//! popularity is a table of shares. Scores are for ranking, and their models say so; [`calibrate()`] finds what they are worth as
//! probabilities, and [`lower`] with it gives a model whose score a policy may take as one.
//!
//! It will not learn from what was shown but not taken: interactions are implicit and positive.

mod als;
mod calibrate;
pub(super) mod cholesky;
mod content;
mod ease;
mod evaluate;
mod fit;
mod hybrid;
mod interactions;
mod knn;
mod lower;
pub mod ranking;
mod recommender;
mod source;
mod sweep;

pub use calibrate::{Calibrated, calibrate};
pub use content::Attributes;
pub use evaluate::{Comparison, Evaluated, Group, Options, compare};
pub use fit::{Catalogue, Segments, fit};
pub use interactions::{Baskets, Interaction, Interactions};
pub use lower::{Fields, lists, lower};
pub use recommender::{Method, Recommender, Who};
pub use source::{Columns, Read, read};
pub use sweep::MOST_ITEMS;

#[cfg(test)]
mod tests;
