//! Segments: groups of customers alike in chosen features, described in plain words, and given as data of a policy.
//!
//! Features are standardised so that each column counts alike; groups are found by k-means, a Gaussian mixture or Ward's hierarchy;
//! the number of groups is chosen by a stated criterion; resampling says whether they would be found again. What a policy repeats is
//! the nearest centroid: one linear score per segment, the largest wins ([`lower`]).
//!
//! It will not claim that groups exist: silhouette and stability stand beside every result.

mod agreement;
mod kmeans;
mod lower;
mod mixture;
mod points;
mod profile;
pub mod report;
mod segment;
mod silhouette;
mod spec;
mod ward;

pub use agreement::adjusted_rand;
pub use report::{Candidate, Difference, Segment, SegmentReport, Stability};
pub use segment::{Segmented, segment};
pub use spec::{Cluster, SegmentSpec};
pub use ward::MOST_ROWS;

#[cfg(test)]
mod tests;
