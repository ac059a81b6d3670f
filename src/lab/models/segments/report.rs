//! What is known about segments, as plain data. Nothing is computed here.

use super::spec::SegmentSpec;
use serde::{Deserialize, Serialize};

/// Everything measured while segments were looked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentReport {
    /// What was looked for.
    pub spec: SegmentSpec,
    /// Rows that were grouped.
    pub rows: u64,
    /// Number of segments.
    pub k: usize,
    /// How that number came about.
    pub choice: String,
    /// Numbers of segments that were tried, ascending.
    pub tried: Vec<Candidate>,
    /// Whether the segments would be found again.
    pub stability: Stability,
    /// The segments, the largest first.
    pub segments: Vec<Segment>,
    /// Share of rows whose segment is that of the nearest centroid, which is what a policy decides by; 1 for k-means.
    pub lowered_agreement: f64,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// One number of segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Number of segments.
    pub k: usize,
    /// Mean silhouette over a sample of rows, −1 to 1: 1 apart, 0 overlapping.
    pub silhouette: f64,
    /// Sum of squared distances to the centroids, in units of standardised features.
    pub inertia: f64,
    /// Bayesian information criterion of a mixture, smaller is better; `None` for other methods.
    pub bic: Option<f64>,
    /// Share of rows in the smallest segment.
    pub smallest: f64,
}

/// Segments found again in resamples of the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stability {
    /// Resamples of 80 % of the rows.
    pub resamples: u32,
    /// Mean adjusted Rand index between the segments of a resample and those found: 1 the same, 0 no better than chance.
    pub mean: f64,
    /// The least of them.
    pub least: f64,
}

/// A segment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// From 1.
    pub number: usize,
    /// A short name made of what differs most.
    pub name: String,
    /// Rows.
    pub n: u64,
    /// Share of all rows.
    pub share: f64,
    /// In a sentence.
    pub words: String,
    /// How it differs from all other rows, largest effect first.
    pub differences: Vec<Difference>,
    /// Rhai condition that is true for its members: the policy needs the lowered scores.
    pub condition: String,
}

/// How a segment differs from all other rows in one column or category.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The column.
    pub field: String,
    /// The category, for columns of text and of true and false.
    pub category: Option<String>,
    /// Mean, or share of the category, inside.
    pub inside: f64,
    /// The same outside.
    pub outside: f64,
    /// Difference of means in standard deviations of the whole (numbers), or Cohen's h, 2·asin√p − 2·asin√q (shares).
    pub effect: f64,
    /// Rows inside with a value.
    pub n: u64,
    /// Whether segments were made by it.
    pub is_feature: bool,
}
