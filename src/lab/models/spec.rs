//! What to train: a model's specification, as a project stores it. It trains nothing.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// A propensity model to train: which outcome, from which features, by which learner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSpec {
    /// Slug; rules read the model as `score("id")`.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// How it learns.
    pub family: Family,
    /// Outcome column: 0/1, true/false, yes/no, or any two values when `positive` names one.
    pub outcome: String,
    /// The value of the outcome column that counts as "it happened"; `None`: 1, true or yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub positive: Option<String>,
    /// Train only on rows whose action column holds this value; `None`: on all rows.
    #[serde(default)]
    pub arm: Option<String>,
    /// Columns to learn from; empty: every column whose role is feature or context.
    #[serde(default)]
    pub features: Vec<String>,
    /// Parts of the cross-validation, 2 to 20.
    #[serde(default = "five")]
    pub folds: u32,
    /// Seed of everything random: folds, row samples, permutations.
    #[serde(default)]
    pub seed: u64,
    /// Map from the learner's output to probabilities.
    #[serde(default)]
    pub calibration: Calibrate,
}

fn five() -> u32 {
    5
}

/// A family of learners and its settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Family {
    /// Logistic regression.
    Logistic {
        /// Penalty on the squared coefficients of the standardised inputs: ½ · l2 · Σ w². 0 is none.
        l2: f64,
    },
    /// Gradient-boosted decision trees on the log loss.
    Boosted {
        /// Number of trees, 1 to 2,000.
        trees: u32,
        /// Splits on the longest path of a tree, 1 to 12.
        depth: u32,
        /// Share of each tree's step that is taken, in (0, 1].
        learning_rate: f64,
        /// Least sum of p·(1 − p) on each side of a split.
        min_child_weight: f64,
        /// Share of rows each tree sees, in (0, 1].
        subsample: f64,
        /// Share of inputs each tree sees, in (0, 1].
        column_sample: f64,
        /// Penalty on the squared leaf values.
        l2: f64,
    },
}

/// How the raw output is calibrated on out-of-fold predictions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Calibrate {
    /// Not at all; written `Raw`, since `None` in RON is an absent value.
    #[default]
    #[serde(rename = "Raw")]
    None,
    /// Platt: a logistic curve through the logit, two numbers.
    Platt,
    /// Isotonic: the best non-decreasing step function; needs some hundred outcomes.
    Isotonic,
}

impl ModelSpec {
    /// A logistic regression with the usual settings, of `outcome` on all feature and context columns.
    pub fn new(id: impl Into<String>, outcome: impl Into<String>) -> ModelSpec {
        let (id, outcome) = (id.into(), outcome.into());
        ModelSpec {
            name: id.clone(),
            id,
            family: Family::logistic(),
            outcome,
            positive: None,
            arm: None,
            features: Vec::new(),
            folds: five(),
            seed: 42,
            calibration: Calibrate::None,
        }
    }

    /// Whether every setting is in its range; the error names the setting.
    pub fn check(&self) -> Result<()> {
        let refuse = |what: &str| Err(Error::new(format!("model `{}`: {what}", self.id)));
        if self.id.is_empty() {
            return refuse("the id is empty");
        }
        if self.outcome.is_empty() {
            return refuse("no outcome column is chosen");
        }
        if !(2..=20).contains(&self.folds) {
            return refuse("folds must be 2 to 20");
        }
        match self.family {
            Family::Logistic { l2 } if !(l2.is_finite() && l2 >= 0.0) => refuse("l2 must be 0 or more"),
            Family::Logistic { .. } => Ok(()),
            Family::Boosted { trees, depth, learning_rate, min_child_weight, subsample, column_sample, l2 } => {
                let share = |x: f64| x > 0.0 && x <= 1.0;
                let amount = |x: f64| x.is_finite() && x >= 0.0;
                if !(1..=2000).contains(&trees) {
                    refuse("trees must be 1 to 2,000")
                } else if !(1..=12).contains(&depth) {
                    refuse("depth must be 1 to 12")
                } else if !share(learning_rate) {
                    refuse("learning_rate must be above 0 and at most 1")
                } else if !share(subsample) {
                    refuse("subsample must be above 0 and at most 1")
                } else if !share(column_sample) {
                    refuse("column_sample must be above 0 and at most 1")
                } else if !amount(min_child_weight) {
                    refuse("min_child_weight must be 0 or more")
                } else if !amount(l2) {
                    refuse("l2 must be 0 or more")
                } else {
                    Ok(())
                }
            }
        }
    }
}

impl Family {
    /// Logistic regression with a penalty of 1.
    pub fn logistic() -> Family {
        Family::Logistic { l2: 1.0 }
    }

    /// Boosted trees with settings that do well on tables of some thousand to some hundred thousand rows: more trees win a
    /// little where columns tell much (bank marketing) and lose more where they tell little (Hillstrom's visits).
    pub fn boosted() -> Family {
        Family::Boosted {
            trees: 100,
            depth: 4,
            learning_rate: 0.08,
            min_child_weight: 10.0,
            subsample: 0.8,
            column_sample: 0.8,
            l2: 1.0,
        }
    }

    /// The family's name in words.
    pub fn words(&self) -> &'static str {
        match self {
            Family::Logistic { .. } => "logistic regression",
            Family::Boosted { .. } => "boosted trees",
        }
    }
}

impl Calibrate {
    /// The method's name in words.
    pub fn words(self) -> &'static str {
        match self {
            Calibrate::None => "not calibrated",
            Calibrate::Platt => "Platt calibration",
            Calibrate::Isotonic => "isotonic calibration",
        }
    }
}
