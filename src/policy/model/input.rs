//! Inputs of a model: which value each one reads, and how that value becomes a number. Reading is in `encoder`.

use crate::value::{Type, Value};
use serde::{Deserialize, Serialize};

/// One input of a model, made from one value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Field of the schema, output of the row recipe, or a fact of the candidate after [`CANDIDATE`]: `action.channel`.
    pub field: String,
    /// How its value becomes a number.
    pub encode: Encode,
}

/// What the name of a fact of the candidate begins with. No field's name holds a dot.
pub const CANDIDATE: &str = "action.";

/// How a value becomes a number. NaN stands for missing; linear models and scales cannot take it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Encode {
    /// The number itself (booleans 0/1); missing is NaN.
    Number,
    /// Missing replaced by `missing`, then `(x − center) / scale`.
    Standard {
        /// In place of a missing value.
        missing: f64,
        /// Subtracted.
        center: f64,
        /// Divided by; not 0.
        scale: f64,
    },
    /// 1 when the value equals the category (numbers, times and true/false by how they print), else 0; missing is 0. Then `(x − center) / scale`.
    OneHot {
        /// The category.
        category: String,
        /// Subtracted.
        center: f64,
        /// Divided by; not 0.
        scale: f64,
    },
    /// 1 when missing, else 0.
    Missing,
    /// The code of the category that the value equals (as for `OneHot`): its place in the list, counted from 0. A value that
    /// is not in the list has the code after the last; missing is NaN.
    Category {
        /// The categories, none twice.
        categories: Vec<String>,
    },
    /// A text that lists items, for `Neighbours` alone: cut at the separator, blanks around each item dropped.
    Items {
        /// The items a model knows, none twice; others are passed over.
        items: Vec<String>,
        /// Stands between two items.
        separator: String,
    },
}

/// A fact of the candidate that a model may read: `action.name`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// Name after [`CANDIDATE`].
    pub name: String,
    /// Type of its values; `None` when actions disagree about it, and it cannot be read.
    pub type_: Option<Type>,
}

/// The facts of one candidate, by the positions that [`super::Scorer::compile_with`] was given them in.
pub trait Facts {
    /// The value of a fact; unknown where there is none.
    fn fact(&self, index: usize) -> &Value;
}

/// No candidate: every fact is unknown.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFacts;

impl Facts for NoFacts {
    fn fact(&self, _: usize) -> &Value {
        &Value::Unknown
    }
}

impl Facts for [Value] {
    fn fact(&self, index: usize) -> &Value {
        self.get(index).unwrap_or(&Value::Unknown)
    }
}

impl<const N: usize> Facts for [Value; N] {
    fn fact(&self, index: usize) -> &Value {
        self.get(index).unwrap_or(&Value::Unknown)
    }
}

impl Facts for Vec<Value> {
    fn fact(&self, index: usize) -> &Value {
        self.get(index).unwrap_or(&Value::Unknown)
    }
}
