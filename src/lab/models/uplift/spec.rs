//! What uplift to learn: a specification, as a project stores it. It trains nothing.

use crate::error::{Error, Result};
use crate::models::spec::{Family, Goal, ModelSpec};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Uplift models to train: the effect of each arm of a trial on an outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpliftSpec {
    /// Slug; the model of an arm is called `id_arm`.
    pub id: String,
    /// Outcome column: yes or no, or an amount.
    pub outcome: String,
    /// The value of the outcome column that counts as "it happened"; `None`: 1, true or yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub positive: Option<String>,
    /// Whether the outcome is a yes or no, or an amount.
    #[serde(default)]
    pub goal: Goal,
    /// Column that says what was done.
    pub action: String,
    /// Its value for the untreated.
    pub control: String,
    /// Its values whose effect is learned; empty: every one but the control.
    #[serde(default)]
    pub arms: Vec<String>,
    /// Columns to learn from; empty: every column whose role is feature or context.
    #[serde(default)]
    pub features: Vec<String>,
    /// How effects are learned.
    #[serde(default)]
    pub learner: Meta,
    /// Family of the models of outcomes.
    pub base: Family,
    /// Family of the models of effects, for X, R, DR and transformed outcome: one that estimates amounts.
    pub effect: Family,
    /// How uplift trees are grown, where they are the learner.
    #[serde(default, skip_serializing_if = "Growth::is_default")]
    pub growth: Growth,
    /// Where the probability of treatment is known from.
    #[serde(default)]
    pub chance: Chance,
    /// Parts of the cross-fitting, 2 to 20.
    pub folds: u32,
    /// Seed of everything random.
    pub seed: u64,
}

/// Makes a project's model one of an effect: its score is the difference that its arm makes to the outcome, and its family is that of
/// the models of outcomes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uplift {
    /// Value of the action column for the untreated, with whom the arm is compared.
    pub control: String,
    /// How effects are learned.
    #[serde(default)]
    pub learner: Meta,
    /// Family of the models of effects, for X, R, DR and transformed outcome: one that estimates amounts.
    #[serde(default = "Family::linear")]
    pub effect: Family,
    /// How uplift trees are grown, where they are the learner.
    #[serde(default, skip_serializing_if = "Growth::is_default")]
    pub growth: Growth,
    /// Where the probability of treatment is known from.
    #[serde(default)]
    pub chance: Chance,
}

/// Parts of the cross-fitting inside each fit of a project's model, whose own validation comes on top.
const INNER: u32 = 3;

impl Uplift {
    /// The doubly robust learner with linear effects, against a control.
    pub fn against(control: &str) -> Uplift {
        Uplift {
            control: control.into(),
            learner: Meta::Dr,
            effect: Family::linear(),
            growth: Growth::default(),
            chance: Chance::Shares,
        }
    }

    /// How effects are learned, in words: the learner and what it rests on.
    pub fn words(&self, outcomes: &Family) -> String {
        let learner = self.learner.words();
        let Growth { trees, depth, min_rows, split, .. } = self.growth;
        match self.learner {
            Meta::Trees => format!(
                "{learner}: {trees} of depth {depth}, at least {min_rows} rows of each arm on each side of a split that parts {}",
                split.words()
            ),
            Meta::TransformedOutcome => format!("{learner}, effects by {}", self.effect.words()),
            learner if learner.learns_effects() => {
                format!("{}, outcomes by {}, effects by {}", learner.words(), outcomes.words(), self.effect.words())
            }
            _ => format!("{learner} over {}", outcomes.words()),
        }
    }
}

/// How effects are learned from outcomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Meta {
    /// One model of the outcome with the treatment among its inputs; tau is its difference between treated and not.
    S,
    /// One model of the outcome per arm; tau is their difference.
    T,
    /// Effects imputed with the other arm's model, learned in each arm, and averaged by the probability of treatment.
    X,
    /// Residual on residual: (Y − m)/(T − e), weighted by (T − e)².
    R,
    /// Doubly robust pseudo-outcomes: the difference of both models plus the weighted residual.
    #[default]
    Dr,
    /// Whether the outcome agrees with the treatment; tau is 2·P − 1. For yes or no alone.
    ClassTransformation,
    /// Y·(T − p)/(p·(1 − p)), whose mean is the effect.
    TransformedOutcome,
    /// A forest of honest trees whose splits part the effects; leaves hold differences of means. For a trial alone.
    Trees,
}

/// How uplift trees are grown.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Growth {
    /// Number of trees, 1 to 2,000.
    pub trees: u32,
    /// Splits on the longest path, 1 to 12.
    pub depth: u32,
    /// Fewest rows of each arm on each side of a split, 2 or more.
    pub min_rows: u32,
    /// Share of the subjects that a tree sees, half for its splits and half for its effects; above 0 and at most 1.
    pub sample: f64,
    /// Share of the inputs tried at each split, above 0 and at most 1.
    pub column_share: f64,
    /// What a split is to part.
    #[serde(default)]
    pub split: Split,
}

/// What a split of an uplift tree is to part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Split {
    /// Effects: their squares less twice their variance, summed over arms (the honest criterion of Athey & Imbens, 2016).
    #[default]
    Effects,
    /// Outcomes of arms and control by squared distance, arms by their share of rows (Rzepakowski & Jaroszewicz, 2012).
    Euclid,
    /// The same by Kullback–Leibler divergence; for yes or no alone.
    KullbackLeibler,
}

impl Default for Growth {
    fn default() -> Growth {
        Growth { trees: 200, depth: 5, min_rows: 30, sample: 0.7, column_share: 0.6, split: Split::Effects }
    }
}

impl Growth {
    fn is_default(&self) -> bool {
        *self == Growth::default()
    }

    /// The setting that is out of its range, in words.
    fn wrong(&self) -> Option<&'static str> {
        let share = |x: f64| x > 0.0 && x <= 1.0;
        let table = [
            ((1..=2000).contains(&self.trees), "the number of trees must be 1 to 2,000"),
            ((1..=12).contains(&self.depth), "the depth of trees must be 1 to 12"),
            (self.min_rows >= 2, "a side of a split needs 2 rows of each arm or more"),
            (share(self.sample), "the share of subjects that a tree sees must be above 0 and at most 1"),
            (share(self.column_share), "the share of inputs tried at a split must be above 0 and at most 1"),
        ];
        table.into_iter().find(|(right, _)| !right).map(|(_, words)| words)
    }
}

/// Where the probability of treatment is known from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Chance {
    /// A trial that gave every row the same probability of an arm: its share of the rows.
    #[default]
    Shares,
    /// The design's probability per value of the action column.
    Design(BTreeMap<String, f64>),
    /// No trial: estimated from the features by logistic regression. Effects are exploratory.
    Estimated,
}

impl Split {
    /// What it parts, in words.
    pub fn words(self) -> &'static str {
        match self {
            Split::Effects => "effects",
            Split::Euclid => "outcomes by squared distance",
            Split::KullbackLeibler => "outcomes by Kullback–Leibler divergence",
        }
    }
}

impl UpliftSpec {
    /// What a project's model asks for, of a trial whose arms stand in the column `action`; `None` when it is no model of an effect.
    pub fn of_model(spec: &ModelSpec, action: &str) -> Option<UpliftSpec> {
        let uplift = spec.uplift.as_ref()?;
        Some(UpliftSpec {
            id: spec.id.clone(),
            outcome: spec.outcome.clone(),
            positive: spec.positive.clone(),
            goal: spec.goal,
            action: action.to_owned(),
            control: uplift.control.clone(),
            arms: spec.arm.iter().cloned().collect(),
            features: spec.features.clone(),
            learner: uplift.learner,
            base: spec.family.clone(),
            effect: uplift.effect.clone(),
            growth: uplift.growth,
            chance: uplift.chance.clone(),
            folds: INNER,
            seed: spec.seed,
        })
    }

    /// The doubly robust learner with the usual settings: outcomes by logistic regression, effects by linear regression.
    pub fn new(id: &str, outcome: &str, action: &str, control: &str) -> UpliftSpec {
        UpliftSpec {
            id: id.into(),
            outcome: outcome.into(),
            positive: None,
            goal: Goal::Propensity,
            action: action.into(),
            control: control.into(),
            arms: Vec::new(),
            features: Vec::new(),
            learner: Meta::Dr,
            base: Family::logistic(),
            effect: Family::linear(),
            growth: Growth::default(),
            chance: Chance::Shares,
            folds: 5,
            seed: 42,
        }
    }

    /// Whether every setting is in its range.
    ///
    /// # Errors
    /// The first setting that is not.
    pub fn check(&self) -> Result<()> {
        let refuse = |what: &str| Err(Error::new(format!("uplift `{}`: {what}", self.id)));
        if self.id.is_empty() || self.outcome.is_empty() || self.action.is_empty() {
            return refuse("give an id, an outcome column and the column that says what was done");
        }
        if !(2..=20).contains(&self.folds) {
            return refuse("folds must be 2 to 20");
        }
        if self.learner == Meta::ClassTransformation && self.goal != Goal::Propensity {
            return refuse("class transformation is for an outcome of yes or no; choose another learner for an amount");
        }
        if self.learner == Meta::Trees {
            if let Some(words) = self.growth.wrong() {
                return refuse(words);
            }
            if self.growth.split == Split::KullbackLeibler && self.goal != Goal::Propensity {
                return refuse(
                    "the Kullback–Leibler divergence is for an outcome of yes or no; choose another split for an amount",
                );
            }
            if self.chance == Chance::Estimated {
                return refuse(
                    "uplift trees compare the arms of a trial; without one choose the doubly robust learner",
                );
            }
        }
        if self.arms.contains(&self.control) {
            return refuse("the control is among the arms whose effect is to be learned");
        }
        if !self.base.estimates(self.goal) {
            let words = self.base.words();
            return refuse(&format!(
                "{words} cannot estimate a{} {}",
                if self.goal == Goal::Amount { "n" } else { "" },
                self.goal.words()
            ));
        }
        if self.learner.learns_effects() && !self.effect.estimates(Goal::Amount) {
            return refuse(&format!("effects are amounts, which {} cannot estimate", self.effect.words()));
        }
        for family in [&self.base, &self.effect] {
            if !family.deploys() {
                return refuse(&format!(
                    "{} is no model that a policy can hold; choose another family",
                    family.words()
                ));
            }
        }
        if let Chance::Design(design) = &self.chance
            && !design.values().all(|p| *p > 0.0 && *p < 1.0)
        {
            return refuse("the design's probabilities must lie between 0 and 1");
        }
        Ok(())
    }
}

impl Meta {
    /// Every learner.
    pub const ALL: [Meta; 8] = [
        Meta::S,
        Meta::T,
        Meta::X,
        Meta::R,
        Meta::Dr,
        Meta::ClassTransformation,
        Meta::TransformedOutcome,
        Meta::Trees,
    ];

    /// The learner's name in words.
    pub fn words(self) -> &'static str {
        match self {
            Meta::S => "S-learner",
            Meta::T => "T-learner",
            Meta::X => "X-learner",
            Meta::R => "R-learner",
            Meta::Dr => "DR-learner",
            Meta::ClassTransformation => "class transformation",
            Meta::TransformedOutcome => "transformed outcome",
            Meta::Trees => "uplift trees",
        }
    }

    /// Whether a model of the effect itself is learned.
    pub fn learns_effects(self) -> bool {
        matches!(self, Meta::X | Meta::R | Meta::Dr | Meta::TransformedOutcome)
    }

    /// Whether cross-fitted models of the outcome are needed.
    pub fn needs_outcomes(self) -> bool {
        matches!(self, Meta::X | Meta::R | Meta::Dr)
    }
}
