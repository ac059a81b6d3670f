//! Why a candidate lost or won: a closed set, so that every loss reads as a sentence.

use serde::Serialize;

/// The reason of one candidate's fate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Reason {
    /// Outside its validity dates.
    NotActive,
    /// The subject is in a global holdout.
    HoldoutGlobal {
        /// Holdout id.
        holdout: String,
    },
    /// The subject is held out of this action.
    HoldoutAction {
        /// Holdout id.
        holdout: String,
    },
    /// A hard guard removed it.
    Guard {
        /// Rule id.
        rule: String,
    },
    /// An eligibility rule removed it.
    NotEligible {
        /// Rule id.
        rule: String,
    },
    /// An applicability rule removed it.
    NotApplicable {
        /// Rule id.
        rule: String,
    },
    /// A suitability rule removed it.
    NotSuitable {
        /// Rule id.
        rule: String,
    },
    /// A rule needed a field that is missing.
    MissingInput {
        /// Rule id.
        rule: String,
        /// Fields that were unknown.
        fields: Vec<String>,
    },
    /// A rule failed.
    RuleError {
        /// Rule id.
        rule: String,
        /// What went wrong.
        message: String,
    },
    /// A cap is reached.
    CapReached {
        /// Cap id.
        cap: String,
        /// Events counted.
        count: u32,
        /// Limit.
        limit: u32,
        /// When the oldest counted event leaves the window (ms); `None` for a lifetime cap.
        resets_at: Option<i64>,
    },
    /// Response propensity below a floor.
    BelowPropensityFloor {
        /// Propensity.
        propensity: f64,
        /// Floor.
        floor: f64,
    },
    /// Priority below a floor, or not above `NoAction`.
    BelowPriorityFloor {
        /// Priority.
        priority: f64,
        /// Floor.
        floor: f64,
    },
    /// The priority is not a finite number, or its expression failed.
    ScoreError {
        /// What went wrong.
        message: String,
    },
    /// Another candidate ranked higher.
    LostArbitration {
        /// Action of the winner.
        by: String,
        /// Treatment of the winner.
        treatment: String,
        /// Priority of the winner less its own.
        margin: f64,
    },
    /// Chosen.
    Won,
    /// Chosen from the fallback ladder.
    Fallback {
        /// Rung, from 0.
        rung: usize,
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
