//! The row recipe: features computed from one request, the same at training and at decision time.

mod columns;
mod program;

pub use program::Program;

use crate::value::{Type, Value};
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
#[serde(deny_unknown_fields)]
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
    /// Whole number 1 when the text equals the category, else 0; unknown stays unknown.
    OneHot(String),
    /// Text label of the half-open bin [e_i, e_i+1) the number falls in.
    Bucket {
        /// Ascending inner edges, k of them.
        edges: Vec<f64>,
        /// k + 1 labels.
        labels: Vec<String>,
    },
}

impl Op {
    /// Type of the output for an input of type `input`; `None` when the operation does not apply to it.
    pub fn output(&self, input: Type) -> Option<Type> {
        let numeric = matches!(input, Type::Bool | Type::Integer | Type::Number);
        match self {
            Op::Impute(value) => match (input, value.type_of()?) {
                (Type::Number, Type::Integer) => Some(Type::Number),
                (a, b) => (a == b).then_some(a),
            },
            Op::Scale { .. } => numeric.then_some(Type::Number),
            Op::OneHot(_) => (input == Type::Text).then_some(Type::Integer),
            Op::Bucket { .. } => numeric.then_some(Type::Text),
        }
    }
}
