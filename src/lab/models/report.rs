//! What is known about a trained model, as plain data for screens, cards and files. Nothing is computed here.

use super::spec::ModelSpec;
use super::thresholds::Confusion;
use super::uplift::UpliftQuality;
use crate::distributions::ends;
use serde::{Deserialize, Serialize};

/// Everything measured while a model was trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelReport {
    /// What was trained.
    pub spec: ModelSpec,
    /// What the score estimates, in words.
    pub target: String,
    /// Rows learned from: of the arm (of an effect also of the control), with a known outcome.
    pub rows: u64,
    /// Of these, rows where the outcome happened; of an amount, rows where it is above 0.
    pub positives: u64,
    /// Mean of an amount over these rows; `None` for a propensity, whose mean is its base rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// Rows given but left out because their outcome is missing.
    pub unlabelled: u64,
    /// Columns learned from, in order.
    pub features: Vec<String>,
    /// Numeric inputs made from them.
    pub inputs: u64,
    /// Quality on rows the scoring model did not learn from, as calibrated for deployment: of all folds, or of the later rows.
    pub out_of_fold: Evaluation,
    /// The same before calibration; `None` when there is none.
    pub uncalibrated: Option<Quality>,
    /// Quality of the final model on the held-out rows, which never train; `None` when there were none.
    pub held_out: Option<Evaluation>,
    /// How far the truth may lie from a score; `None` for too few rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
    /// Each fold on its own, before calibration.
    pub folds: Vec<FoldReport>,
    /// Drivers, strongest first.
    pub importance: Vec<Importance>,
    /// Features that look like leaks, most suspicious first.
    pub suspicions: Vec<Suspicion>,
    /// What else a reader must know: grouped categories, capped samples, how calibrated numbers were measured.
    pub notes: Vec<String>,
    /// Wall-clock time of the training, in seconds.
    pub seconds: f64,
}

impl ModelReport {
    /// Share of rows where the outcome happened.
    pub fn base_rate(&self) -> f64 {
        self.positives as f64 / self.rows.max(1) as f64
    }

    /// The one number that says how well it orders or estimates: `AUC 0.745`, `R² 0.120` of an amount, `Qini 0.031` of an effect.
    pub fn headline(&self) -> String {
        match (&self.out_of_fold.uplift, &self.out_of_fold.amount) {
            (Some(uplift), _) => format!("{} {:.4}", uplift.lead_name(), uplift.lead().value),
            (None, None) => format!("AUC {:.3}", self.out_of_fold.quality.auc.value),
            (None, Some(amount)) => format!("R² {:.3}", amount.r2.value),
        }
    }

    /// What drivers are measured by: the score lost when a column is shuffled.
    pub fn driver_score(&self) -> &'static str {
        match (&self.out_of_fold.uplift, &self.out_of_fold.amount) {
            (Some(uplift), _) => uplift.lead_name(),
            (None, None) => "AUC",
            (None, Some(_)) => "R²",
        }
    }
}

/// Intervals around scores: of what is said in [`super::confidence`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confidence {
    /// Share of amounts inside their interval, or confidence of the interval of a rate.
    pub level: f64,
    /// By rising score; the first begins at −∞, the last ends at ∞.
    pub bands: Vec<Band>,
    /// Share of held-out amounts inside, with Wilson's 95 % interval; `None` for probabilities, or where nothing was held out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_out: Option<Estimate>,
}

/// Scores that are alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Least score seen.
    pub from: f64,
    /// Largest score seen.
    pub to: f64,
    /// Rows seen.
    pub rows: u64,
    /// Half of the interval around a score, in its units.
    pub half_width: f64,
}

/// A value with its 95 % interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// Point estimate.
    pub value: f64,
    /// Lower end; infinite where nothing bounds the value.
    #[serde(with = "ends")]
    pub low: f64,
    /// Upper end.
    #[serde(with = "ends")]
    pub high: f64,
}

/// The numbers that say how good predicted amounts are, each with a normal 95 % interval; definitions in
/// [`super::metrics::DEFINITIONS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AmountQuality {
    /// Root of the mean squared error, in units of the amount.
    pub rmse: Estimate,
    /// Mean absolute error, in units of the amount.
    pub mae: Estimate,
    /// Share of the variance that is explained; below 0 when the mean does better.
    pub r2: Estimate,
    /// Mean prediction less mean amount.
    pub bias: Estimate,
    /// Mean amount of the rows measured on.
    pub mean: f64,
}

/// The numbers that say how good predictions are; definitions in [`super::metrics::DEFINITIONS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quality {
    /// Area under the ROC curve with DeLong's interval.
    pub auc: Estimate,
    /// Area under the precision–recall curve, as average precision.
    #[serde(default)]
    pub average_precision: f64,
    /// Mean negative log likelihood, natural logarithm.
    pub log_loss: f64,
    /// Mean squared error of the probability.
    pub brier: f64,
    /// What that is made of.
    #[serde(default)]
    pub brier_parts: BrierParts,
    /// Expected calibration error, ten bins of equal width.
    pub ece_uniform: f64,
    /// Expected calibration error, ten bins of equal count.
    pub ece_quantile: f64,
    /// Largest gap between the score distributions of the two classes.
    pub ks: f64,
}

/// Parts of the Brier score: reliability − resolution + uncertainty + within.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrierParts {
    /// Mean squared gap between mean prediction and rate over ten bins of equal count; 0 is best.
    pub reliability: f64,
    /// Variance of the rates of the bins; the more the better.
    pub resolution: f64,
    /// Variance of the outcome.
    pub uncertainty: f64,
    /// What is left: that predictions within a bin differ.
    pub within: f64,
}

/// Quality and its plots on one set of rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// Rows measured on.
    pub rows: u64,
    /// Of these, rows where the outcome happened; of an amount, rows where it is above 0.
    pub positives: u64,
    /// The numbers of probabilities; all 0 for an amount.
    pub quality: Quality,
    /// The numbers of an amount; `None` for a propensity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<AmountQuality>,
    /// The numbers of an effect, beside which the others are empty; `None` for an outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uplift: Option<UpliftQuality>,
    /// Tenths of the rows by falling score.
    pub deciles: Vec<Decile>,
    /// Predicted against observed, bins of equal count.
    pub reliability: Vec<ReliabilityBin>,
    /// ROC curve as (false-positive rate, true-positive rate), at most 200 points, ends included; none for an amount.
    pub roc: Vec<(f64, f64)>,
    /// What each threshold does, the highest first, at most 100; none for an amount.
    #[serde(default)]
    pub thresholds: Vec<Confusion>,
}

impl Evaluation {
    /// Share of rows where the outcome happened.
    pub fn base_rate(&self) -> f64 {
        self.positives as f64 / self.rows.max(1) as f64
    }
}

/// One tenth of the rows, ordered by falling score; tied scores are shared evenly between the tenths they span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decile {
    /// 1 is the tenth with the highest scores.
    pub decile: u32,
    /// Rows, a fraction where the count does not divide by ten.
    pub rows: f64,
    /// Outcomes among them, or the sum of the amount; a fraction where ties are shared.
    pub positives: f64,
    /// Mean prediction.
    pub predicted: f64,
    /// Share of outcomes in this tenth, or mean amount.
    pub rate: f64,
    /// `rate` / base rate.
    pub lift: f64,
    /// Share of all outcomes, or of the whole amount, found in this tenth and those above it.
    pub gain: f64,
}

/// One bin of the reliability curve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReliabilityBin {
    /// Lowest predicted probability in the bin.
    pub from: f64,
    /// Highest predicted probability in the bin.
    pub to: f64,
    /// Mean predicted probability.
    pub predicted: f64,
    /// Share of outcomes with Wilson's 95 % interval, or mean amount with a normal one.
    pub observed: Estimate,
    /// Rows in the bin.
    pub rows: u64,
}

/// One fold of the cross-validation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoldReport {
    /// From 1.
    pub fold: u32,
    /// Rows its model learned from.
    pub trained_on: u64,
    /// Rows it was measured on.
    pub rows: u64,
    /// Of these, outcomes.
    pub positives: u64,
    /// Its numbers on those rows.
    pub quality: Quality,
    /// The same for an amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<AmountQuality>,
    /// Of an effect: the number that models are compared by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uplift: Option<f64>,
}

/// How much a source field drives the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Importance {
    /// The column.
    pub field: String,
    /// Mean drop of AUC, for an amount of R², for an effect of the number that models are compared by, when the column's values are shuffled among out-of-fold rows.
    pub auc_drop: f64,
    /// Standard deviation of that drop over folds and repeats.
    pub auc_drop_sd: f64,
    /// Share of the learner's own measure, all fields together 1: absolute coefficients of standardised inputs, or the
    /// loss that splits on the column took away in training.
    pub own_share: f64,
    /// For a linear model with one input for this field: the coefficient of the standardised input; otherwise `None`.
    pub coefficient: Option<f64>,
}

/// A feature that tells too much by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suspicion {
    /// The column.
    pub field: String,
    /// Its AUC alone, cross-fitted.
    pub auc: f64,
    /// The best AUC alone among the features that are not suspected; 0.5 when there is none.
    pub next: f64,
    /// What it means and what to do, in words.
    pub message: String,
}
