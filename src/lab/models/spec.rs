//! What to train: a model's specification, as a project stores it. It trains nothing.

use super::settings;
use super::uplift::{Uplift, UpliftSpec};
use crate::data::names::identifiers;
use crate::error::{Error, Result};
use crate::features::TargetColumn;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A model to train: which outcome, from which features, by which learner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSpec {
    /// Slug; rules read the model as `score("id")`.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// What the score estimates.
    #[serde(default, skip_serializing_if = "is_default")]
    pub goal: Goal,
    /// How it learns.
    pub family: Family,
    /// Outcome column. For a propensity 0/1, true/false, yes/no, or any two values when `positive` names one; for an amount
    /// a number.
    pub outcome: String,
    /// The value of the outcome column that counts as "it happened"; `None`: 1, true or yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub positive: Option<String>,
    /// Train only on rows whose action column holds this value; `None`: on all rows.
    #[serde(default)]
    pub arm: Option<String>,
    /// The score is the difference that the arm makes to the outcome, learned from its rows and those of a control; `None`: the score is
    /// the outcome itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uplift: Option<Uplift>,
    /// Columns to learn from; empty: every column whose role is feature or context.
    #[serde(default)]
    pub features: Vec<String>,
    /// Texts that become the mean outcome of their category, for those with too many categories to be an input each. Fitted inside
    /// every fold, so that no row is encoded by its own outcome; the policy's recipe gets the tables.
    #[serde(default, skip_serializing_if = "is_default")]
    pub target_means: Vec<TargetColumn>,
    /// Columns along which the score may only rise or only fall, all else equal: boosted trees, explainable boosting machines
    /// and scorecards.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub monotone: BTreeMap<String, Direction>,
    /// How much rows with the outcome weigh in learning.
    #[serde(default, skip_serializing_if = "is_default")]
    pub class_weights: ClassWeights,
    /// Which rows the model is measured on.
    #[serde(default, skip_serializing_if = "is_default")]
    pub validation: Validation,
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

/// Settings at their default are not written: files and hashes of models that do without them stay as they were.
fn is_default<T: Default + PartialEq>(setting: &T) -> bool {
    *setting == T::default()
}

/// What a score estimates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Goal {
    /// The probability of an outcome: whether.
    #[default]
    Propensity,
    /// The mean of a number: how much.
    Amount,
}

/// Along which way of a column a score may go, all else equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// Never falls where the column rises.
    Rising,
    /// Never rises where the column rises.
    Falling,
}

/// Weights of the two classes of a propensity in learning. They change what is learned, not how it is measured; scores
/// learned with weights are no probabilities until calibrated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum ClassWeights {
    /// Every row weighs 1.
    #[default]
    Equal,
    /// Both classes weigh the same: rows / (2 · rows of the class).
    Balanced,
    /// Rows with the outcome weigh so much, the others 1.
    Positive(f64),
}

/// Which rows a model is measured on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Validation {
    /// Each of `folds` parts in turn, by a hash of the subject.
    #[default]
    Folds,
    /// The later rows by the column with the role time, by a model of the earlier ones.
    Time(Cut),
    /// The last share of the rows, where a file is in order of time without saying the times; in (0, 1).
    FileOrder(f64),
}

/// Where the later rows begin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Cut {
    /// So that this share of the rows is later, rows of one instant together; in (0, 1).
    Share(f64),
    /// At this instant, in milliseconds since 1970-01-01T00:00Z.
    At(i64),
}

/// A family of learners and its settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Family {
    /// Logistic regression.
    Logistic {
        /// Penalty on the squared coefficients of standardised numbers and of categories as 0 and 1: ½ · l2 · Σ w². 0 is
        /// none.
        l2: f64,
    },
    /// Least squares for amounts: linear regression, with a penalty ridge regression.
    Linear {
        /// Penalty on the squared coefficients of standardised numbers and of categories as 0 and 1: ½ · l2 · Σ w² beside
        /// ½ Σ (y − z)². 0 is none.
        l2: f64,
    },
    /// Coefficients many of which are exactly 0: logistic for propensities, least squares for amounts.
    ElasticNet {
        /// Weight λ of the penalty λ · (share · Σ |w| + ½ · (1 − share) · Σ w²) beside the summed loss.
        penalty: f64,
        /// Share of the absolute values in it: 1 is the lasso, 0 ridge.
        l1_share: f64,
    },
    /// One decision tree.
    Tree {
        /// Splits on its longest path, 1 to 20.
        depth: u32,
        /// Fewest rows in a leaf.
        min_rows: u32,
    },
    /// Random forest: the mean of trees that each see some of the rows and, at each split, some of the inputs.
    Forest {
        /// Number of trees, 1 to 2,000.
        trees: u32,
        /// Splits on the longest path of a tree, 1 to 20.
        depth: u32,
        /// Fewest rows in a leaf.
        min_rows: u32,
        /// Share of inputs tried at each split, in (0, 1].
        column_sample: f64,
    },
    /// Gradient-boosted decision trees, on the log loss or, for amounts, the squared error.
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
    /// Explainable boosting machine: a sum of one table per input, and of some per pair of inputs.
    Ebm {
        /// Most rounds, 1 to 20,000; each bag stops when the rows it left out gain no more.
        rounds: u32,
        /// Share of each tree's step that is taken, in (0, 1].
        learning_rate: f64,
        /// Samples of the rows whose models are averaged, 1 to 50.
        bags: u32,
        /// Tables of two inputs, 0 to 50.
        interactions: u32,
    },
    /// Naive Bayes: numbers normal within each class, categories by their shares.
    Bayes {
        /// Rows that each category is taken to have in each class besides those seen.
        prior: f64,
    },
    /// Scorecard: points for the bin that each input falls into.
    Scorecard {
        /// Most bins of a number, 2 to 50.
        bins: u32,
        /// Penalty on the squared coefficients of the bins' weights of evidence.
        l2: f64,
    },
    /// k nearest neighbours: the mean outcome of the rows most alike. A yardstick for the others: it is the table of the rows it learned
    /// from, which no policy holds.
    Neighbours {
        /// How many rows answer, 1 to 1,000.
        neighbours: u32,
        /// Whether nearer rows weigh more, by one over their distance.
        #[serde(default)]
        by_distance: bool,
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
            goal: Goal::Propensity,
            family: Family::logistic(),
            outcome,
            positive: None,
            arm: None,
            uplift: None,
            features: Vec::new(),
            target_means: Vec::new(),
            monotone: BTreeMap::new(),
            class_weights: ClassWeights::Equal,
            validation: Validation::Folds,
            folds: five(),
            seed: 42,
            calibration: Calibrate::None,
        }
    }

    /// Whether a policy can hold the model.
    ///
    /// # Errors
    /// When its family is a yardstick alone.
    pub fn deploys(&self) -> Result<()> {
        if self.family.deploys() {
            return Ok(());
        }
        let (id, words) = (&self.id, self.family.words());
        Err(Error::new(format!(
            "model `{id}`: {words} would carry every row it learned from, so no policy can hold it; it is for comparison alone"
        ))
        .hint("choose another family, and compare it with `attune evaluate`"))
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
        for (at, column) in self.target_means.iter().enumerate() {
            let named = identifiers(std::slice::from_ref(&column.output));
            if named.first() != Some(&column.output) {
                return refuse(&format!(
                    "`{}` is no name for an encoded column; use letters, digits and _",
                    column.output
                ));
            }
            if !(column.weight.is_finite() && column.weight >= 0.0) {
                return refuse(&format!("the weight of the mean in `{}` must be 0 or more", column.output));
            }
            if self.target_means[..at].iter().any(|other| other.output == column.output) {
                return refuse(&format!("two encoded columns are called `{}`", column.output));
            }
        }
        let share = |x: f64| x > 0.0 && x < 1.0;
        match self.validation {
            Validation::Time(Cut::Share(x)) | Validation::FileOrder(x) if !share(x) => {
                return refuse("the share of later rows must lie between 0 and 1");
            }
            _ => {}
        }
        match self.class_weights {
            ClassWeights::Positive(x) if !(x.is_finite() && x > 0.0) => {
                return refuse("the weight of rows with the outcome must be above 0");
            }
            _ => {}
        }
        if self.goal == Goal::Amount {
            if self.positive.is_some() {
                return refuse("an amount has no value that counts as the outcome; take `positive` out");
            }
            if self.calibration != Calibrate::None {
                return refuse("calibration is for probabilities; take it out");
            }
            if self.class_weights != ClassWeights::Equal {
                return refuse("class weights are for probabilities; take them out");
            }
        }
        if !self.monotone.is_empty() && !self.family.takes_monotone() {
            return refuse("its family cannot be held to rise or fall along a column; choose boosted trees");
        }
        settings::check(&self.family, self.goal).or_else(|why| refuse(&why))?;
        self.check_uplift()
    }

    /// What holds of models of an effect alone.
    fn check_uplift(&self) -> Result<()> {
        let Some(asked) = UpliftSpec::of_model(self, "the action") else { return Ok(()) };
        let table = [
            (self.arm.is_none(), "say the arm whose effect is learned, as `arm`"),
            (
                !self.target_means.is_empty(),
                "columns encoded by their outcome are not for effects; take `target_means` out",
            ),
            (!self.monotone.is_empty(), "an effect cannot be held to rise or fall along a column; take `monotone` out"),
            (self.class_weights != ClassWeights::Equal, "class weights are for probabilities; take them out"),
            (
                self.calibration != Calibrate::None,
                "calibration is for probabilities, and effects are none; take it out",
            ),
        ];
        if let Some((_, words)) = table.into_iter().find(|(wrong, _)| *wrong) {
            return Err(Error::new(format!("model `{}`: {words}", self.id)));
        }
        settings::check(&asked.effect, Goal::Amount)
            .map_err(|why| Error::new(format!("model `{}`, effects: {why}", self.id)))?;
        asked.check()
    }

    /// What the score estimates, in a word: propensity, amount or uplift.
    pub fn estimates(&self) -> &'static str {
        if self.uplift.is_some() { "uplift" } else { self.goal.words() }
    }

    /// What learns it, in a word or two: the family, or the learner of effects.
    pub fn learner(&self) -> &'static str {
        self.uplift.as_ref().map_or_else(|| self.family.words(), |uplift| uplift.learner.words())
    }

    /// How it learns, in words: the settings of its family, or what a learner of effects rests on.
    pub fn settings(&self) -> String {
        match &self.uplift {
            None => settings::words(&self.family),
            Some(uplift) => uplift.words(&self.family),
        }
    }
}

impl Family {
    /// Logistic regression with a penalty of 1.
    pub fn logistic() -> Family {
        Family::Logistic { l2: 1.0 }
    }

    /// Ridge regression with a penalty of 1.
    pub fn linear() -> Family {
        Family::Linear { l2: 1.0 }
    }

    /// Elastic net, half of whose penalty of 10 makes coefficients 0.
    pub fn elastic_net() -> Family {
        Family::ElasticNet { penalty: 10.0, l1_share: 0.5 }
    }

    /// A tree that fits on a page.
    pub fn tree() -> Family {
        Family::Tree { depth: 4, min_rows: 50 }
    }

    /// A forest of 100 trees.
    pub fn forest() -> Family {
        Family::Forest { trees: 100, depth: 10, min_rows: 5, column_sample: 0.3 }
    }

    /// An explainable boosting machine of main effects.
    pub fn ebm() -> Family {
        Family::Ebm { rounds: 2000, learning_rate: 0.04, bags: 4, interactions: 0 }
    }

    /// Naive Bayes with one row before any was seen.
    pub fn bayes() -> Family {
        Family::Bayes { prior: 1.0 }
    }

    /// A scorecard of at most eight bins per number.
    pub fn scorecard() -> Family {
        Family::Scorecard { bins: 8, l2: 1.0 }
    }

    /// Fifty neighbours of equal weight.
    pub fn neighbours() -> Family {
        Family::Neighbours { neighbours: 50, by_distance: false }
    }

    /// Whether a policy can hold its models; one that cannot is a yardstick in evaluations.
    pub fn deploys(&self) -> bool {
        !matches!(self, Family::Neighbours { .. })
    }

    /// Every family that a policy can hold, with its usual settings, the plainest first.
    pub fn all() -> Vec<Family> {
        vec![
            Family::logistic(),
            Family::linear(),
            Family::elastic_net(),
            Family::scorecard(),
            Family::bayes(),
            Family::tree(),
            Family::ebm(),
            Family::forest(),
            Family::boosted(),
        ]
    }

    /// Boosted trees with settings that do well on tables of some thousand to some hundred thousand rows, chosen by folds inside the
    /// training rows of bank marketing, telco churn and Hillstrom's visits: half of the inputs per tree cost nothing in AUC and save a
    /// quarter of the time; more trees win a little where columns tell much and lose more where they tell little.
    pub fn boosted() -> Family {
        Family::Boosted {
            trees: 90,
            depth: 4,
            learning_rate: 0.09,
            min_child_weight: 10.0,
            subsample: 0.8,
            column_sample: 0.5,
            l2: 1.0,
        }
    }

    /// Whether the family can estimate this.
    pub fn estimates(&self, goal: Goal) -> bool {
        settings::goals(self).is_none_or(|only| only == goal)
    }

    /// Whether scores can be held to rise or fall along a column.
    pub fn takes_monotone(&self) -> bool {
        matches!(self, Family::Boosted { .. } | Family::Ebm { .. } | Family::Scorecard { .. })
    }

    /// The family's name in words.
    pub fn words(&self) -> &'static str {
        match self {
            Family::Logistic { .. } => "logistic regression",
            Family::Linear { .. } => "linear regression",
            Family::ElasticNet { .. } => "elastic net",
            Family::Tree { .. } => "decision tree",
            Family::Forest { .. } => "random forest",
            Family::Boosted { .. } => "boosted trees",
            Family::Ebm { .. } => "explainable boosting machine",
            Family::Bayes { .. } => "naive Bayes",
            Family::Scorecard { .. } => "scorecard",
            Family::Neighbours { .. } => "nearest neighbours",
        }
    }
}

impl Goal {
    /// The word for people.
    pub fn words(self) -> &'static str {
        match self {
            Goal::Propensity => "propensity",
            Goal::Amount => "amount",
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
