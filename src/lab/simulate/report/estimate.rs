//! Values by estimators, and what stands behind them.

use super::{Method, Support};
use crate::distributions::ends;
use crate::simulate::off_policy::bounds::Intervals;
use crate::simulate::off_policy::slate::Assumption;
use serde::{Deserialize, Serialize};

/// Value of a policy in one outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Written")]
pub struct Value {
    /// Outcome.
    pub outcome: String,
    /// The answer: SNIPS, of whole lists where the log has lists. It stands on the weights alone, whatever a reward model expects.
    pub answer: Estimate,
    /// The value by every estimator, the answer's among them, in the order of [`Method::ALL`]. Of the policy that a report is about
    /// those that cannot be had are there too, with the reason.
    pub estimators: Vec<ByEstimator>,
    /// Rows, or lists, left out because the outcome is missing.
    pub missing: u64,
}

/// What one estimator says, or why it says nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ByEstimator {
    /// The estimator.
    pub method: Method,
    /// Its name for people.
    pub name: String,
    /// What it is.
    pub definition: String,
    /// Value, standard error, intervals and sample size; `None` where it cannot be had.
    pub estimate: Option<Estimate>,
    /// λ as chosen from the log, where it has one; the value stands on the first.
    pub lambdas: Vec<Lambda>,
    /// Intervals by other means, where they were asked for.
    pub intervals: Option<Intervals>,
    /// Why it cannot be had.
    pub absent: Option<String>,
}

/// A value as it is written in a file. Older ones hold bare estimates.
#[derive(Deserialize)]
struct Written {
    outcome: String,
    answer: Estimate,
    #[serde(default)]
    estimators: Vec<ByEstimator>,
    #[serde(default)]
    others: Vec<Estimate>,
    #[serde(default)]
    lambdas: Vec<Lambda>,
    missing: u64,
}

impl From<Written> for Value {
    fn from(written: Written) -> Value {
        let Written { outcome, answer, mut estimators, others, lambdas, missing } = written;
        if estimators.is_empty() {
            let of = |estimate: Estimate| ByEstimator {
                lambdas: lambdas.iter().filter(|own| own.method == estimate.method).cloned().collect(),
                ..ByEstimator::new(estimate)
            };
            estimators = std::iter::once(answer).chain(others).map(of).collect();
        }
        Value { outcome, answer, estimators, missing }
    }
}

/// λ of an estimator, chosen from the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lambda {
    /// The estimator.
    pub method: Method,
    /// How it was chosen: by SLOPE++, on which the value stands, or by the MSE upper bound.
    pub by: String,
    /// λ.
    pub lambda: f64,
}

/// The reward model of an outcome, cross-fitted by subject: one model per arm.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RewardReport {
    /// Outcome.
    pub outcome: String,
    /// Family of the models, or that they are means.
    pub family: String,
    /// Parts of the cross-fitting.
    pub folds: u32,
    /// Inputs that the columns became and models use; 0 where no arm has a model.
    pub inputs: u64,
    /// Rows with a known outcome.
    pub rows: u64,
    /// Share of the variance that the expectation of the logged arm explains, on rows the model did not learn from.
    pub explained: f64,
    /// Arms with too few rows for a model in a part at least, which take their mean there.
    pub means: Vec<String>,
}

/// A value and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// How it was estimated.
    pub method: Method,
    /// In units of the outcome, per decision; of lists per list.
    pub value: f64,
    /// Standard error.
    pub se: f64,
    /// Normal interval, lower end. Where no outcome varied, so that the normal interval has no width: Clopper and Pearson's of a yes or no,
    /// times the largest weight; of an amount the ends are infinite, since nothing bounds them.
    #[serde(with = "ends")]
    pub low: f64,
    /// The same, upper end.
    #[serde(with = "ends")]
    pub high: f64,
    /// Percentile bootstrap interval of resampled rows or subjects; `None` also where it would have no width.
    pub bootstrap: Option<(f64, f64)>,
    /// Rows it is computed from.
    pub n: u64,
}

/// Value of a policy that fills the places of lists: the expected sum of a list's outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListValue {
    /// Outcome.
    pub outcome: String,
    /// What is taken to bear on the outcome at a place.
    pub assumption: Assumption,
    /// Lists.
    pub lists: u64,
    /// Lists left out: with a gap, or with a row whose arm, propensity or outcome is not known.
    pub dropped: u64,
    /// Places of the longest list.
    pub places: u64,
    /// Support at the place that has least of it.
    pub support: Support,
    /// Why there is no value, place by place; empty when there is one.
    pub refused: Vec<String>,
    /// What to do about it; empty when there is nothing.
    #[serde(default)]
    pub advice: String,
    /// Self-normalised place by place.
    pub answer: Option<Estimate>,
    /// By the weights as they are.
    pub ips: Option<Estimate>,
    /// Mean of the lists as they were shown.
    #[serde(default)]
    pub logged: Option<Estimate>,
}

impl Value {
    /// The value by one estimator; `None` where it cannot be had.
    pub fn by(&self, method: Method) -> Option<&Estimate> {
        self.estimates().find(|e| e.method == method)
    }

    /// The value by every estimator that has one, the answer first.
    pub fn estimates(&self) -> impl Iterator<Item = &Estimate> {
        let others = self.estimators.iter().filter_map(|own| own.estimate.as_ref());
        std::iter::once(&self.answer).chain(others.filter(|own| own.method != self.answer.method))
    }
}

impl Estimate {
    /// Whether its interval is none: nothing varies that it could be told from, and nothing bounds the value.
    pub fn is_unknown(&self) -> bool {
        self.low == f64::NEG_INFINITY && self.high == f64::INFINITY
    }

    /// The estimate with an interval that holds `least` and, where it has one, its own.
    pub(in crate::simulate) fn no_narrower(self, least: Option<(f64, f64)>) -> Estimate {
        match least {
            None => self,
            Some((low, high)) if self.is_unknown() => Estimate { low, high, ..self },
            Some((low, high)) => Estimate { low: self.low.min(low), high: self.high.max(high), ..self },
        }
    }
}

impl ByEstimator {
    /// What an estimator says.
    pub fn new(estimate: Estimate) -> ByEstimator {
        let method = estimate.method;
        ByEstimator { estimate: Some(estimate), absent: None, ..ByEstimator::absent(method, String::new()) }
    }

    /// One that says nothing, and why.
    pub fn absent(method: Method, why: String) -> ByEstimator {
        ByEstimator {
            method,
            name: method.label().to_owned(),
            definition: method.definition().to_owned(),
            estimate: None,
            lambdas: Vec::new(),
            intervals: None,
            absent: Some(why),
        }
    }
}
