//! The log behind a report: its arms, their effects, and whether they are what the design says.

use super::Estimate;
use crate::data::profile::balance::Balance;
use serde::{Deserialize, Serialize};

/// The log as a trial.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LogReport {
    /// Rows with a known arm and logging propensity.
    pub rows: u64,
    /// Where logging propensities come from.
    pub logging: String,
    /// Set when they were estimated: values are then exploratory, and this says why.
    pub exploratory: Option<String>,
    /// The arms.
    pub arms: Vec<ArmReport>,
    /// Each arm less the reference arm, per outcome.
    pub effects: Vec<Effect>,
    /// Whether means and effects are weighed by the logging propensities, as all are but those of a design of constant shares.
    #[serde(default)]
    pub weighed: bool,
    /// Why the design is taken for granted, where it is a guess that nobody confirmed.
    #[serde(default)]
    pub guess: Option<String>,
    /// Whether columns tell the arms of a design apart.
    #[serde(default)]
    pub balance: Option<Balance>,
    /// Whether the arms have the sizes of the design; `None` without one.
    pub sample_ratio: Option<SampleRatio>,
    /// Overlap of the arms where propensities are estimated.
    #[serde(default)]
    pub overlap: Vec<Overlap>,
    /// What is wrong or remarkable.
    pub findings: Vec<String>,
}

impl LogReport {
    /// What the effects are, for a heading.
    pub fn effects_are(&self) -> &'static str {
        match (self.weighed, self.exploratory.is_some()) {
            (false, _) => "differences of means",
            (true, false) => "differences of means weighed by 1/propensity",
            (true, true) => "differences of means weighed by 1/estimated propensity; exploratory",
        }
    }
}

/// How far an arm was possible for everybody, by its estimated propensities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overlap {
    /// Arm name.
    pub arm: String,
    /// Share of the rows that got it.
    pub share: f64,
    /// 1 % point of its estimated propensity over all rows.
    pub low: f64,
    /// Median.
    pub median: f64,
    /// 99 % point.
    pub high: f64,
    /// Share of the rows in which it is below 0.01: there history hardly ever chose it.
    pub rare: f64,
    /// Mean of 1[arm]/propensity over all rows; near 1 when the models fit.
    pub mean_weight: f64,
    /// Effective sample size of its rows under these weights.
    pub effective_sample_size: f64,
}

/// An arm of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmReport {
    /// Values of the action column, for people.
    pub name: String,
    /// Action id, `NoAction` for the untreated arm.
    pub action: String,
    /// Treatment id, empty for the untreated arm.
    pub treatment: String,
    /// Rows.
    pub n: u64,
    /// Share of the rows.
    pub share: f64,
    /// Share by design.
    pub design: Option<f64>,
    /// Mean per outcome, in the order of [`super::Report::outcomes`]; weighed by 1/propensity ([`LogReport::weighed`]), the mean had
    /// everybody got the arm. `None` with fewer than two rows.
    pub means: Vec<Option<Estimate>>,
}

/// Effect of an arm on an outcome. In a design of constant shares the difference of means, SE √(s_a²/n_a + s_b²/n_b), clustered where
/// subjects repeat; else the difference of the self-normalised means Σ w r / Σ w, w = 1/propensity (Hájek 1971), over the rows in which
/// both arms were eligible, SE from its influence, added within a subject first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// Arm name.
    pub arm: String,
    /// Reference arm name.
    pub reference: String,
    /// Outcome.
    pub outcome: String,
    /// Difference of the means.
    pub estimate: Estimate,
    /// The difference relative to the reference arm's mean; `None` unless that is above 0.
    pub relative: Option<f64>,
}

/// Sample-ratio mismatch test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SampleRatio {
    /// χ² of the arms' counts against the design.
    pub chi_square: f64,
    /// Degrees of freedom.
    pub degrees: u32,
    /// Probability of a mismatch this large by chance.
    pub p_value: f64,
    /// Whether the arms do not look like the design (p < 0.001).
    pub suspicious: bool,
}
