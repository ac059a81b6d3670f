//! What segments to look for. Nothing is computed here.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// Segments to look for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentSpec {
    /// Slug; the scores of the lowered segments are called `id_1`, `id_2` …
    pub id: String,
    /// Columns that customers are compared by.
    pub features: Vec<String>,
    /// Columns that segments are described by beside the features.
    #[serde(default)]
    pub describe: Vec<String>,
    /// How groups are found.
    #[serde(default)]
    pub method: Cluster,
    /// Number of segments; `None`: chosen between 2 and `most`.
    #[serde(default)]
    pub k: Option<usize>,
    /// Most segments that are tried.
    #[serde(default = "eight")]
    pub most: usize,
    /// Seed of everything random.
    #[serde(default)]
    pub seed: u64,
}

fn eight() -> usize {
    8
}

/// How groups are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cluster {
    /// k-means: least squared distance to the centroid, the best of several k-means++ starts.
    #[default]
    KMeans,
    /// Gaussian mixture with diagonal covariances, by expectation–maximisation from the k-means solution.
    Mixture,
    /// Gaussian mixture with full covariances.
    FullMixture,
    /// Ward's hierarchy: the merge that adds least squared distance first.
    Ward,
}

impl Cluster {
    /// The method's name in words.
    pub fn words(self) -> &'static str {
        match self {
            Cluster::KMeans => "k-means",
            Cluster::Mixture => "Gaussian mixture (diagonal)",
            Cluster::FullMixture => "Gaussian mixture (full)",
            Cluster::Ward => "hierarchical (Ward)",
        }
    }

    /// How the number of segments is chosen.
    pub fn criterion(self) -> &'static str {
        match self {
            Cluster::KMeans | Cluster::Ward => "largest mean silhouette",
            Cluster::Mixture | Cluster::FullMixture => "smallest BIC",
        }
    }
}

impl SegmentSpec {
    /// k-means on some features, the number of segments to be chosen.
    pub fn new<S: Into<String>>(features: impl IntoIterator<Item = S>) -> SegmentSpec {
        SegmentSpec {
            id: "segment".into(),
            features: features.into_iter().map(Into::into).collect(),
            describe: Vec::new(),
            method: Cluster::KMeans,
            k: None,
            most: eight(),
            seed: 42,
        }
    }

    /// Whether every setting is in its range.
    ///
    /// # Errors
    /// The first setting that is not.
    pub fn check(&self) -> Result<()> {
        if self.features.is_empty() {
            return Err(Error::new("no feature is chosen to compare customers by").hint("name at least one column"));
        }
        if self.id.is_empty() {
            return Err(Error::new("the id of the segments is empty"));
        }
        if self.k.is_some_and(|k| !(2..=50).contains(&k)) || !(2..=50).contains(&self.most) {
            return Err(Error::new("the number of segments must be 2 to 50"));
        }
        Ok(())
    }
}
