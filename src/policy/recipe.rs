//! The row recipe: features computed from one request, the same at training and at decision time.
//!
//! Every step is data: what it learned from training rows (a mean, edges, the means of categories) stands in it. Unknown stays
//! unknown unless a step says otherwise, and so does what is not a finite number: a division by zero, a formula that fails.

mod columns;
mod formula;
mod program;
#[cfg(test)]
mod tests;

pub(crate) use columns::impute;
pub use program::{Program, Scratch};

use crate::value::{Type, Value};
use serde::{Deserialize, Serialize};

/// One derived row feature, visible to rules and models under `output`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Rhai identifier of the new feature.
    pub output: String,
    /// Field or earlier output it is made from; empty for a formula, whose text names what it reads.
    #[serde(default, skip_serializing_if = "String::is_empty")]
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
    /// Place of the text among ordered categories, from 0; a text that is none of them is unknown.
    Ordinal(Vec<String>),
    /// Mean outcome of the text's category in training, smoothed towards the mean of all [Micci-Barreca 2001].
    TargetMean {
        /// Category and mean, each category once.
        means: Vec<(String, f64)>,
        /// For a category that training did not see: the mean of all.
        otherwise: f64,
    },
    /// What a local calendar or clock shows at the time, or the days from it to the decision.
    DatePart {
        /// Which part.
        part: DatePart,
        /// IANA zone; UTC when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        zone: Option<String>,
    },
    /// `input / over`; unknown where `over` is 0.
    Ratio {
        /// Field or earlier output that it is divided by.
        over: String,
    },
    /// `ln(1 + x)`; unknown where x is −1 or less.
    Log1p,
    /// The number, no less than `low` and no more than `high`.
    Clip {
        /// Least value; no bound when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        low: Option<f64>,
        /// Greatest value; no bound when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        high: Option<f64>,
    },
    /// A Rhai expression over fields and earlier outputs, in the logic of rules. It reads neither clock nor history, neither
    /// candidate nor scores; where it fails it is unknown.
    Formula(String),
}

/// A part of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DatePart {
    /// Year.
    Year,
    /// 1 to 12.
    Month,
    /// Day of the month, from 1.
    Day,
    /// 1 is Monday, 7 is Sunday.
    Weekday,
    /// 0 to 23.
    Hour,
    /// Days, with their fraction, from the time to the decision; negative for a time after it.
    DaysSince,
}

impl Step {
    /// A step.
    pub fn new(output: impl Into<String>, input: impl Into<String>, op: Op) -> Step {
        Step { output: output.into(), input: input.into(), op }
    }

    /// A formula.
    pub fn formula(output: impl Into<String>, text: impl Into<String>) -> Step {
        Step::new(output, "", Op::Formula(text.into()))
    }
}

impl Op {
    /// Type of the output for an input of type `input`; `None` when the operation does not apply to it. Of a formula only
    /// [`Program::columns`] tells.
    pub fn output(&self, input: Type) -> Option<Type> {
        let numeric = matches!(input, Type::Bool | Type::Integer | Type::Number);
        match self {
            Op::Impute(value) => match (input, value.type_of()?) {
                (Type::Number, Type::Integer) => Some(Type::Number),
                (a, b) => (a == b).then_some(a),
            },
            Op::Scale { .. } | Op::Ratio { .. } | Op::Log1p | Op::Clip { .. } => numeric.then_some(Type::Number),
            Op::OneHot(_) | Op::Ordinal(_) => (input == Type::Text).then_some(Type::Integer),
            Op::TargetMean { .. } => (input == Type::Text).then_some(Type::Number),
            Op::Bucket { .. } => numeric.then_some(Type::Text),
            Op::DatePart { part: DatePart::DaysSince, .. } => (input == Type::Time).then_some(Type::Number),
            Op::DatePart { .. } => (input == Type::Time).then_some(Type::Integer),
            Op::Formula(_) => None,
        }
    }
}
