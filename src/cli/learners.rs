//! Names of families and of learners of effects on the command line, and what is said of a model beside its family.

use super::console::{Failure, Result};
use super::inputs::instant;
use attune_lab::models::uplift::Meta;
use attune_lab::models::{Calibrate, ClassWeights, Cut, Family, Goal, Validation};
use clap::ValueEnum;

/// A learner of effects.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Learner {
    /// One model with the treatment among its inputs
    S,
    /// One model per arm
    T,
    /// Imputed effects, averaged
    X,
    /// Residual on residual
    R,
    /// Doubly robust
    Dr,
    /// Whether the outcome agrees with the treatment
    ClassTransformation,
    /// Outcome weighted by the treatment
    TransformedOutcome,
    /// Forest of honest trees whose splits part the effects
    Trees,
}

impl From<Learner> for Meta {
    fn from(learner: Learner) -> Meta {
        match learner {
            Learner::S => Meta::S,
            Learner::T => Meta::T,
            Learner::X => Meta::X,
            Learner::R => Meta::R,
            Learner::Dr => Meta::Dr,
            Learner::ClassTransformation => Meta::ClassTransformation,
            Learner::TransformedOutcome => Meta::TransformedOutcome,
            Learner::Trees => Meta::Trees,
        }
    }
}

/// Names of [`families`] on the command line.
const NAMES: [&str; 10] =
    ["logistic", "linear", "elastic_net", "scorecard", "bayes", "tree", "ebm", "forest", "boosted", "neighbours"];

/// Every family with its usual settings, in the order of [`NAMES`]: those that a policy can hold, then the one that is a yardstick only.
fn families() -> Vec<Family> {
    Family::all().into_iter().chain([Family::neighbours()]).collect()
}

/// The families that are named, or all that can estimate the goal.
pub fn chosen(names: &[String], goal: Goal) -> Result<Vec<(&'static str, Family)>> {
    let all: Vec<(&'static str, Family)> =
        NAMES.iter().copied().zip(families()).filter(|(_, family)| family.estimates(goal)).collect();
    if names.is_empty() {
        return Ok(all);
    }
    let named = |name: &String| {
        all.iter().find(|(known, _)| known == name).cloned().ok_or_else(|| {
            let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
            Failure::Usage(format!("`{name}` is no family for this; the families are {}", names.join(", ")))
        })
    };
    names.iter().map(named).collect()
}

/// `platt` or `isotonic`.
pub fn calibration(text: Option<&str>) -> Result<Calibrate> {
    match text {
        None | Some("none") => Ok(Calibrate::None),
        Some("platt") => Ok(Calibrate::Platt),
        Some("isotonic") => Ok(Calibrate::Isotonic),
        Some(other) => {
            Err(Failure::Usage(format!("--calibrate `{other}` is no method; the methods are platt, isotonic")))
        }
    }
}

/// `folds`, `time`, `time:0.3`, `time:2024-01-31`, `order`, `order:0.3`.
pub fn validation(text: &str) -> Result<Validation> {
    let wrong = || {
        Failure::Usage(format!(
            "--validation `{text}`: write folds; time, time:0.3 or time:2024-01-31 for the later rows; order or order:0.3 for \
             the last rows of the file"
        ))
    };
    let share = |text: &str| text.parse::<f64>().ok().filter(|share| *share > 0.0 && *share < 1.0);
    let (kind, setting) = match text.split_once(':') {
        Some((kind, setting)) => (kind, Some(setting)),
        None => (text, None),
    };
    match (kind, setting) {
        ("folds", None) => Ok(Validation::Folds),
        ("time", None) => Ok(Validation::Time(Cut::Share(0.2))),
        ("time", Some(setting)) => match share(setting) {
            Some(share) => Ok(Validation::Time(Cut::Share(share))),
            None => Ok(Validation::Time(Cut::At(instant("--validation time", setting)?))),
        },
        ("order", None) => Ok(Validation::FileOrder(0.2)),
        ("order", Some(setting)) => share(setting).map(Validation::FileOrder).ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

/// `equal`, `balanced`, or the weight of rows with the outcome.
pub fn class_weights(text: &str) -> Result<ClassWeights> {
    match text {
        "equal" => Ok(ClassWeights::Equal),
        "balanced" => Ok(ClassWeights::Balanced),
        text => {
            let weight = text.parse::<f64>().ok().filter(|weight| weight.is_finite() && *weight > 0.0);
            weight.map(ClassWeights::Positive).ok_or_else(|| {
                Failure::Usage(format!(
                    "--class-weights `{text}`: write equal, balanced, or the weight of rows with the outcome, above 0"
                ))
            })
        }
    }
}
