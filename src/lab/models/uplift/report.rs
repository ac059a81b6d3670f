//! What is known about learned effects, as plain data. Nothing is computed here.

use super::measure::evaluation::{Metric, Point};
use super::measure::lead;
use super::spec::UpliftSpec;
use crate::models::report::Estimate;
use serde::{Deserialize, Serialize};

/// Everything measured while effects were learned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UpliftReport {
    /// What was learned.
    pub spec: UpliftSpec,
    /// Rows learned from.
    pub rows: u64,
    /// Rows left out because their outcome is missing.
    pub unlabelled: u64,
    /// Rows left out because they belong to another arm, or none.
    pub elsewhere: u64,
    /// Columns learned from.
    pub features: Vec<String>,
    /// Each arm against the control.
    pub arms: Vec<ArmReport>,
    /// What a reader must know.
    pub notes: Vec<String>,
    /// Wall-clock time of the training, in seconds.
    pub seconds: f64,
}

/// One arm against the control.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ArmReport {
    /// Value of the action column.
    pub arm: String,
    /// Rows learned from that got it.
    pub treated: u64,
    /// Rows of the control learned from.
    pub control: u64,
    /// Mean outcome of the treated.
    pub mean_treated: f64,
    /// Mean outcome of the control.
    pub mean_control: f64,
    /// Difference of means, normal interval of 95 %.
    pub effect: Estimate,
    /// Mean of the doubly robust pseudo-outcomes (AIPW), normal interval; `None` for learners without models of the outcome.
    pub adjusted: Option<Estimate>,
    /// Mean, standard deviation, least and largest score on the rows learned from.
    pub scores: [f64; 4],
    /// The best one-line rule on the rows learned from; `None` when no column parts them.
    pub rule: Option<Rule>,
    /// Model and rule on rows that never train; `None` when there are none of either arm.
    pub held: Option<Held>,
    /// The Rhai expression of tau.
    pub expression: String,
}

/// A rule of one line: who is inside gets one effect, who is outside the other.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// As a Rhai condition.
    pub condition: String,
    /// The column.
    pub field: String,
    /// Inside are texts that equal it; `None` for numbers.
    pub category: Option<String>,
    /// Inside are numbers of at least so much.
    pub at_least: f64,
    /// Effect inside, on the rows learned from.
    pub inside: Estimate,
    /// Effect outside.
    pub outside: Estimate,
    /// Difference of both in standard errors. The largest of many: no test of significance.
    pub z: f64,
}

/// Model and rule side by side on rows that never train.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// Rows that got the arm.
    pub treated: u64,
    /// Rows of the control.
    pub control: u64,
    /// Difference of means of all.
    pub effect: Estimate,
    /// Effects among the rows of highest score.
    pub top: Vec<Top>,
    /// Area between the effect-by-depth curve of the model and that of a random order: the mean over depths of
    /// depth · (effect in the top − effect of all), with a bootstrap interval. Above 0, the order is worth something.
    pub gain: Estimate,
    /// The same of the rule.
    pub rule_gain: Option<Estimate>,
    /// Model less rule, paired.
    pub against_rule: Option<Estimate>,
}

/// Effects among the rows of highest score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Top {
    /// Share of the rows.
    pub share: f64,
    /// Difference of means among those the model ranks first.
    pub model: Estimate,
    /// The same by the rule, ties in the order of a hash.
    pub rule: Option<Estimate>,
}

/// The numbers that say how well the scores of a project's model order rows by the effect of its arm; each carries its definition.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpliftQuality {
    /// Rows that got the arm.
    pub treated: u64,
    /// Rows of the control.
    pub control: u64,
    /// Mean outcome of the treated.
    pub mean_treated: f64,
    /// Mean outcome of the control.
    pub mean_control: f64,
    /// Difference of means, normal interval of 95 %.
    pub effect: Estimate,
    /// The effect adjusted for the features: mean of cross-fitted doubly robust pseudo-outcomes (AIPW), normal interval; `None` for learners
    /// without models of the outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adjusted: Option<Estimate>,
    /// Whether every outcome is 0 or 1.
    pub binary: bool,
    /// Every number in both conventions, by key.
    pub metrics: Vec<Metric>,
    /// The Qini curve, with its band.
    pub curve: Vec<Point>,
    /// Tenths of the rows by falling score.
    pub tenths: Vec<Tenth>,
    /// The best one-line rule on the same rows; `None` when no column parts those learned from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<BesideRule>,
}

/// One tenth of the rows: what was predicted of them and what came of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenth {
    /// 1 is the tenth with the highest scores.
    pub tenth: u32,
    /// Rows.
    pub rows: u64,
    /// Mean score.
    pub predicted: f64,
    /// Difference of means, normal interval of 95 %; `None` when an arm has fewer than two rows here.
    pub observed: Option<Estimate>,
}

/// The best one-line rule of the rows that a model learned from, on the rows that the model is measured on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BesideRule {
    /// The rule of all rows learned from, as a Rhai condition; each part of a validation has its own.
    pub condition: String,
    /// Its number: that of [`UpliftQuality::lead`].
    pub lead: f64,
    /// The model's less the rule's, paired.
    pub ahead: Estimate,
}

/// The ends of what has no interval.
const NO_INTERVAL: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

impl UpliftQuality {
    /// A number by its key, with infinite ends where it has no interval; `None` where it is not defined for these rows.
    pub fn metric(&self, key: &str) -> Option<Estimate> {
        let metric = self.metrics.iter().find(|metric| metric.key == key)?;
        let (low, high) = metric.interval.unwrap_or(NO_INTERVAL);
        Some(Estimate { value: metric.value?, low, high })
    }

    /// The number that models of an effect are compared by: the Qini coefficient in scikit-uplift's convention, for amounts RATE with Qini
    /// weights. 0 where it is not defined: no order is better than another.
    pub fn lead(&self) -> Estimate {
        let (low, high) = NO_INTERVAL;
        self.metric(lead::key(self.binary)).unwrap_or(Estimate { value: 0.0, low, high })
    }

    /// The name of that number in short.
    pub fn lead_name(&self) -> &'static str {
        lead::name(self.binary)
    }

    /// Whether the order by score is told apart from a random one.
    pub fn orders(&self) -> bool {
        self.lead().low > 0.0
    }
}
