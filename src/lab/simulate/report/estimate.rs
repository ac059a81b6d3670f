//! Values by estimators, and what stands behind them.

use super::Support;
use crate::simulate::off_policy::slate::Assumption;
use serde::{Deserialize, Serialize};

/// Value of a policy in one outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Value {
    /// Outcome.
    pub outcome: String,
    /// The answer: SNIPS, of whole lists where the log has lists. It stands on the weights alone, whatever a reward model expects.
    pub answer: Estimate,
    /// The same value by other estimators.
    pub others: Vec<Estimate>,
    /// λ of the estimators that have one, as chosen from the log.
    #[serde(default)]
    pub lambdas: Vec<Lambda>,
    /// Rows, or lists, left out because the outcome is missing.
    pub missing: u64,
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
    /// Family of the models.
    pub family: String,
    /// Parts of the cross-fitting.
    pub folds: u32,
    /// Inputs that the columns became.
    pub inputs: u64,
    /// Rows with a known outcome.
    pub rows: u64,
    /// Share of the variance that the expectation of the logged arm explains, on rows the model did not learn from.
    pub explained: f64,
    /// Arms with too few rows for a model, which take their mean.
    pub means: Vec<String>,
}

/// An estimator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Method {
    /// Self-normalised inverse propensity scoring, Σwr/Σw.
    Snips,
    /// Inverse propensity scoring with the logging propensities of the design or the log, mean(wr).
    Ips,
    /// The same with the arms' shares in the log as propensities.
    IpsEmpirical,
    /// Mean over the rows where the policy chose what was logged.
    Replay,
    /// Weights multiplied along each subject's decisions.
    Trajectory,
    /// Mean of an arm, or difference of two arms' means.
    Mean,
    /// Direct method: what a cross-fitted reward model expects of the policy.
    Dm,
    /// Doubly robust: the reward model, corrected by weighted residuals.
    Dr,
    /// Doubly robust with weights divided by their mean.
    SnDr,
    /// Doubly robust where weights are at most λ, the reward model alone elsewhere.
    SwitchDr,
    /// Doubly robust with optimistic shrinkage of weights.
    DrOs,
    /// Doubly robust with a reward model made to have little variance for the policy.
    Mrdr,
    /// Doubly robust with propensities that are cross-fitted too: double machine learning.
    Dml,
    /// Expected sum of a list's outcome, self-normalised place by place; what stands above bears on a place.
    ListsCascade,
    /// The same; nothing else bears on a place.
    ListsIndependent,
    /// The same; the whole list bears on a place.
    ListsStandard,
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
    /// Normal interval, lower end.
    pub low: f64,
    /// Normal interval, upper end.
    pub high: f64,
    /// Percentile bootstrap interval of resampled rows or subjects.
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
    /// Self-normalised place by place.
    pub answer: Option<Estimate>,
    /// By the weights as they are.
    pub ips: Option<Estimate>,
    /// Mean of the lists as they were shown.
    #[serde(default)]
    pub logged: Option<Estimate>,
}

impl Value {
    /// The value by one estimator.
    pub fn by(&self, method: Method) -> Option<&Estimate> {
        std::iter::once(&self.answer).chain(&self.others).find(|e| e.method == method)
    }
}

impl Method {
    /// The value of lists under an assumption.
    pub fn lists(assumption: Assumption) -> Method {
        match assumption {
            Assumption::Standard => Method::ListsStandard,
            Assumption::Cascade => Method::ListsCascade,
            Assumption::Independent => Method::ListsIndependent,
        }
    }

    /// Whether it values whole lists.
    pub fn is_of_lists(self) -> bool {
        matches!(self, Method::ListsCascade | Method::ListsIndependent | Method::ListsStandard)
    }

    /// Name for people.
    pub fn label(self) -> &'static str {
        match self {
            Method::Snips => "SNIPS",
            Method::Ips => "IPS",
            Method::IpsEmpirical => "IPS, empirical propensities",
            Method::Replay => "replay",
            Method::Trajectory => "trajectory weighting",
            Method::Mean => "mean",
            Method::Dm => "direct method",
            Method::Dr => "DR",
            Method::SnDr => "SNDR",
            Method::SwitchDr => "Switch-DR",
            Method::DrOs => "DRos",
            Method::Mrdr => "MRDR",
            Method::Dml => "DML",
            Method::ListsCascade => "lists, cascade",
            Method::ListsIndependent => "lists, independent",
            Method::ListsStandard => "lists, standard",
        }
    }
}
