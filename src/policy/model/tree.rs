//! A decision tree as the file holds it: five arrays, and the categories of its categorical splits. Laid out in `forest`.

use serde::{Deserialize, Serialize};

/// A decision tree in arrays; node 0 is the root. A node with `feature < 0` is a leaf whose value is its `threshold`.
/// `x < threshold` goes left; a missing x goes left when `missing_left`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tree {
    /// Input index, or -1 for a leaf.
    pub feature: Vec<i32>,
    /// Split point, or the value of a leaf.
    pub threshold: Vec<f32>,
    /// Left child; the right child of a node is `left + 1` only if the writer chose so, so both are stored.
    pub left: Vec<u32>,
    /// Right child.
    pub right: Vec<u32>,
    /// Where a missing input goes.
    pub missing_left: Vec<bool>,
    /// The nodes that split by category instead of by threshold, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categorical: Vec<CategorySplit>,
}

/// A node whose input is encoded as `Category`: the categories listed go left, all others right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategorySplit {
    /// The node; its threshold is not read.
    pub node: u32,
    /// Codes that go left, ascending. The code after the last category sends values left that are in no category.
    pub left: Vec<u32>,
}
