//! The row recipe: features computed from one request, the same at training and at decision time.

use crate::value::Value;
use serde::{Deserialize, Serialize};

/// One derived row feature, visible to rules and models under `output`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Rhai identifier of the new feature.
    pub output: String,
    /// Field or earlier output it is made from.
    pub input: String,
    /// What is done.
    pub op: Op,
}

/// A row-wise operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Op {
    /// Unknown becomes this value.
    Impute(Value),
    /// `(x − center) / scale`; unknown stays unknown.
    Scale {
        /// Subtracted.
        center: f64,
        /// Divided by; not 0.
        scale: f64,
    },
    /// 1 when the text equals the category, else 0; unknown stays unknown.
    OneHot(String),
    /// Text label of the half-open bin [e_i, e_i+1) the number falls in.
    Bucket {
        /// Ascending inner edges, k of them.
        edges: Vec<f64>,
        /// k + 1 labels.
        labels: Vec<String>,
    },
}
