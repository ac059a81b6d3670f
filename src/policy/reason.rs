//! Why a candidate lost or won: a closed set, so that every loss reads as a sentence.

use crate::rule::Stage;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Name of the choice to do nothing; reserved among action ids.
pub const NO_ACTION: &str = "NoAction";

/// The reason of one candidate's fate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Reason {
    /// The policy is switched off: it answers its fallback ladder alone.
    PolicyOff,
    /// A field is missing or too old, and the policy does not decide without it: it answers its fallback ladder alone.
    InputRefused {
        /// Field name.
        field: Arc<str>,
    },
    /// Outside its validity dates.
    NotActive,
    /// The subject is in a global holdout.
    HoldoutGlobal {
        /// Holdout id.
        holdout: Arc<str>,
    },
    /// The subject is in a holdout of this program.
    HoldoutProgram {
        /// Holdout id.
        holdout: Arc<str>,
    },
    /// The subject is held out of this action.
    HoldoutAction {
        /// Holdout id.
        holdout: Arc<str>,
    },
    /// It stands by until another treatment of its action is rerouted to its channel.
    Standby,
    /// A hard guard removed it: there is no consent.
    NoConsent {
        /// Rule id.
        rule: Arc<str>,
    },
    /// A hard guard removed it: the subject has opted out.
    OptedOut {
        /// Rule id.
        rule: Arc<str>,
    },
    /// A hard guard removed it: law or policy forbids it.
    LegalGuard {
        /// Rule id.
        rule: Arc<str>,
    },
    /// An override denies it.
    OverrideDeny {
        /// Override id.
        override_: Arc<str>,
    },
    /// An eligibility rule removed it; [`Clause`] tells by what.
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
    /// Suppressed after too many outcomes.
    OutcomeSuppressed {
        /// Suppression id.
        suppression: Arc<str>,
        /// Until when (ms).
        until: i64,
    },
    /// Too soon after the last contact.
    CoolDown {
        /// Cool-down id.
        cool_down: Arc<str>,
        /// Until when (ms).
        until: i64,
    },
    /// Nothing goes out on its channel now.
    QuietHours {
        /// Quiet hours id.
        quiet_hours: Arc<str>,
        /// Until when (ms); `None`: they never end.
        until: Option<i64>,
    },
    /// It does not go with what was chosen or sent already.
    MutuallyExclusive {
        /// Exclusion id.
        exclusion: Arc<str>,
        /// Action id of one it does not go with.
        with: Arc<str>,
    },
    /// Nothing of it is left.
    OutOfStock {
        /// Stock id.
        stock: Arc<str>,
    },
    /// A budget is spent, or spent ahead of its pace.
    BudgetExhausted {
        /// Budget id.
        budget: Arc<str>,
        /// Spent so far in the period, this decision included.
        spent: f64,
        /// What may be spent by now.
        allowed: f64,
        /// Whether it is its pace that binds, not its maximum.
        paced: bool,
    },
    /// Too little is known of its response propensity.
    LowConfidence {
        /// Evidence behind it.
        evidence: Option<f64>,
        /// Width of its interval.
        width: Option<f64>,
    },
    /// It probably does harm: the upper confidence bound on its uplift is below 0.
    DoNoHarm {
        /// Uplift.
        uplift: f64,
        /// Upper confidence bound.
        upper: f64,
    },
    /// The slots, or those for its kind, are taken; or its bundle is not complete.
    SlotLimit {
        /// What is full, in the policy's words: an action, group, issue, channel or bundle id; empty for all slots.
        of: Arc<str>,
        /// How many there are.
        limit: u32,
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
    /// It would have been chosen; the policy is in shadow and answers its baseline.
    Shadowed,
    /// Chosen.
    Won,
    /// Chosen together with another action of its bundle.
    WonByBundle {
        /// Bundle id.
        bundle: Arc<str>,
    },
    /// Chosen by chance.
    WonByExploration {
        /// Probability with which it was chosen for its slot.
        probability: f64,
    },
    /// Chosen by an override.
    WonByOverride {
        /// Override id.
        override_: Arc<str>,
    },
    /// Chosen from the fallback ladder.
    Fallback {
        /// Rung, from 0: rules of the fallback stage first, then the declared ladder.
        rung: u32,
    },
    /// Chosen as the baseline of a policy in shadow.
    Baseline,
}

/// The one clause on which a loss hangs: with it the candidate would have passed what removed it. The `clause`, `actual` and `needed` of
/// `NotEligible`, `NotApplicable` and `NotSuitable`.
///
/// It stands beside the reason, in [`crate::trace::CandidateTrace::clause`], and not in it: a traced decision is the decision that is made
/// without a trace, reasons included, and to find the clause a rule is taken apart and asked again.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Clause {
    /// The clause: a condition of a rule as the rule writes it, or what a cap or floor looks at.
    pub text: String,
    /// What it found: "recency is 10".
    pub actual: String,
    /// What it needed: "at most 6".
    pub needed: String,
}

/// Stages of the funnel, in order of evaluation. A candidate's fate names the stage where it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Step {
    /// Validity dates.
    Active,
    /// Holdouts.
    Holdout,
    /// Hard guards.
    Guard,
    /// Overrides that deny.
    Override,
    /// Eligibility rules.
    Eligibility,
    /// Applicability rules.
    Applicability,
    /// Suitability rules.
    Suitability,
    /// Contact policy.
    Contact,
    /// Arbitration and floors.
    Arbitration,
    /// Slots, their limits and bundles.
    Slots,
    /// Budgets and their pace.
    Budget,
    /// Chosen.
    Chosen,
}

impl Step {
    /// Every step, in order of evaluation.
    pub const ALL: [Step; 12] = [
        Step::Active,
        Step::Holdout,
        Step::Guard,
        Step::Override,
        Step::Eligibility,
        Step::Applicability,
        Step::Suitability,
        Step::Contact,
        Step::Arbitration,
        Step::Slots,
        Step::Budget,
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
            Stage::Lever => Step::Arbitration,
            Stage::Fallback => Step::Chosen,
        }
    }
}
