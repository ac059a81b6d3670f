//! Models as data: what was learned, in a form that any runtime can evaluate.

mod calibration;
mod forest;
mod scorer;
#[cfg(test)]
mod tests;

pub use calibration::PLATT_MARGIN;
pub use scorer::{Scored, Scorer};

use serde::{Deserialize, Serialize};

/// A model whose calibrated output rules read as `score("id")`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Unique id.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// What the score estimates, in words with its unit: "probability of visit within two weeks of the men's e-mail".
    pub target: String,
    /// Numeric inputs, in the order of coefficients and tree features.
    pub inputs: Vec<Input>,
    /// The learned function, output before calibration.
    pub function: Function,
    /// Map from raw to calibrated output.
    #[serde(default)]
    pub calibration: Calibration,
    /// Answer when the function cannot be evaluated; the decision is then marked degraded.
    pub fallback: f64,
}

/// One numeric input of a model, made from one field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Field of the schema or output of the row recipe.
    pub field: String,
    /// How its value becomes a number.
    pub encode: Encode,
}

/// How a value becomes a number. NaN stands for missing and is legal for tree ensembles only.
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
}

/// The learned function of the inputs x.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Function {
    /// The same for everyone.
    Constant(f64),
    /// `link(intercept + Σ coefficient_i · x_i)`, summed in order in f64.
    Linear {
        /// Added first.
        intercept: f64,
        /// One per input.
        coefficients: Vec<f64>,
        /// Applied to the sum.
        link: Link,
    },
    /// `link(base + Σ leaf)`, inputs rounded to f32, leaves summed in tree order in f32.
    Trees {
        /// Added first.
        base: f32,
        /// The trees.
        trees: Vec<Tree>,
        /// Applied to the sum.
        link: Link,
    },
}

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
}

/// Link from the sum to the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Link {
    /// Unchanged.
    Identity,
    /// `1 / (1 + exp(−z))`, with `libm`.
    Logistic,
}

/// Map from raw to calibrated output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Calibration {
    /// None: the raw output.
    #[default]
    Identity,
    /// Platt: `1 / (1 + exp(−(slope · logit(p) + intercept)))`, p kept [`PLATT_MARGIN`] away from 0 and 1.
    Platt {
        /// Multiplies the logit of the raw output.
        slope: f64,
        /// Added.
        intercept: f64,
    },
    /// Isotonic: piecewise linear through the points, constant outside.
    Isotonic {
        /// Ascending raw outputs, none twice.
        raw: Vec<f64>,
        /// Non-decreasing calibrated outputs, as many.
        calibrated: Vec<f64>,
    },
}
