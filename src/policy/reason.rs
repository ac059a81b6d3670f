//! Why a candidate lost or won: a closed set, so that every loss reads as a sentence.

use crate::rule::Stage;
use serde::Serialize;
use std::sync::Arc;

/// Name of the choice to do nothing; reserved among action ids.
pub const NO_ACTION: &str = "NoAction";

/// The reason of one candidate's fate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Reason {
    /// Outside its validity dates.
    NotActive,
    /// The subject is in a global holdout.
    HoldoutGlobal {
        /// Holdout id.
        holdout: Arc<str>,
    },
    /// The subject is held out of this action.
    HoldoutAction {
        /// Holdout id.
        holdout: Arc<str>,
    },
    /// A hard guard removed it.
    Guard {
        /// Rule id.
        rule: Arc<str>,
    },
    /// An eligibility rule removed it.
    NotEligible {
        /// Rule id.
        rule: Arc<str>,
    },
    /// An applicability rule removed it.
    NotApplicable {
        /// Rule id.
        rule: Arc<str>,
    },
    /// A suitability rule removed it.
    NotSuitable {
        /// Rule id.
        rule: Arc<str>,
    },
    /// A rule needed a field that is missing.
    MissingInput {
        /// Rule id.
        rule: Arc<str>,
        /// Fields that were unknown.
        fields: Vec<Arc<str>>,
    },
    /// A rule failed.
    RuleError {
        /// Rule id.
        rule: Arc<str>,
        /// What went wrong.
        message: Arc<str>,
    },
    /// A cap is reached.
    CapReached {
        /// Cap id.
        cap: Arc<str>,
        /// Events counted.
        count: u32,
        /// Limit.
        limit: u32,
        /// When enough counted events have left the window to let one through again (ms); `None`: never.
        resets_at: Option<i64>,
    },
    /// Response propensity below a floor.
    BelowPropensityFloor {
        /// Propensity.
        propensity: f64,
        /// Floor.
        floor: f64,
    },
    /// Priority below a floor.
    BelowPriorityFloor {
        /// Priority.
        priority: f64,
        /// Floor.
        floor: f64,
    },
    /// The priority is not a finite number, or its expression failed.
    ScoreError {
        /// What went wrong.
        message: Arc<str>,
    },
    /// Another candidate ranked higher, or doing nothing (`NoAction`) is worth more.
    LostArbitration {
        /// Action of the winner, or `NoAction`.
        by: Arc<str>,
        /// Treatment of the winner, empty for `NoAction`.
        treatment: Arc<str>,
        /// Priority of the winner less its own.
        margin: f64,
    },
    /// Chosen.
    Won,
    /// Chosen from the fallback ladder.
    Fallback {
        /// Rung, from 0.
        rung: u32,
    },
}

/// Stages of the funnel, in order of evaluation. A candidate's fate names the stage where it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Step {
    /// Validity dates.
    Active,
    /// Holdouts.
    Holdout,
    /// Hard guards.
    Guard,
    /// Eligibility rules.
    Eligibility,
    /// Applicability rules.
    Applicability,
    /// Suitability rules.
    Suitability,
    /// Caps.
    Contact,
    /// Arbitration and floors.
    Arbitration,
    /// Chosen.
    Chosen,
}

impl Step {
    /// Every step, in order of evaluation.
    pub const ALL: [Step; 9] = [
        Step::Active,
        Step::Holdout,
        Step::Guard,
        Step::Eligibility,
        Step::Applicability,
        Step::Suitability,
        Step::Contact,
        Step::Arbitration,
        Step::Chosen,
    ];
}

impl From<Stage> for Step {
    fn from(stage: Stage) -> Step {
        match stage {
            Stage::Guard => Step::Guard,
            Stage::Eligibility => Step::Eligibility,
            Stage::Applicability => Step::Applicability,
            Stage::Suitability | Stage::SoftSuitability => Step::Suitability,
        }
    }
}
