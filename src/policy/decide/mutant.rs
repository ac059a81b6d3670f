//! Mistakes that tests plant in decisions to see that the naive model catches them. Outside of tests there are none.

#[cfg(test)]
use std::cell::Cell;

/// One mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// The last moment of an action's dates is one more.
    ValidOneMoment,
    /// A holdout takes service messages too.
    ServiceIsHeldOut,
    /// Guards are not asked.
    GuardsAskedOfNobody,
    /// A rule that cannot tell keeps the candidate.
    UnknownKeeps,
    /// Denials are not asked.
    DenialIsNotAsked,
    /// A denial whose condition cannot tell does not hold.
    UnknownDenialLapses,
    /// The arm of eligibility alone asks every rule.
    ArmAsksAll,
    /// A fallback passes contact policy unasked.
    FallbackIgnoresContact,
    /// A fallback passes budgets unasked.
    FallbackIgnoresBudgets,
    /// The declared ladder is tried from its second rung on.
    LadderBeforeRules,
    /// Prior and score change places in smoothing.
    SmoothingIsSwapped,
    /// What stands in for a score is smoothed by what the action says.
    StandInHasEvidence,
    /// A propensity at its floor is below it.
    FloorIsStrict,
    /// Do no harm looks at tau, not at its upper bound.
    HarmByEstimate,
    /// A budget behind its minimum boosts nobody.
    LagIsNotBoosted,
    /// Low confidence does not rank after the confident.
    LowRanksWithConfident,
    /// Model control draws for those without a model too.
    ControlDrawsForAll,
    /// The arm without levers has them.
    LeversInTheirArm,
    /// A mandatory action must be worth more than nothing.
    NothingBeatsMandatory,
    /// Contact policy does not count what this decision has reserved.
    ReservedIsForgotten,
    /// Budgets do not count what this decision has reserved.
    BudgetForgetsReserved,
    /// A reroute calls nobody.
    RerouteLeadsNowhere,
    /// The reroute of a forced candidate calls nobody.
    ForcedRerouteLeadsNowhere,
    /// A candidate that is called late is forced too, when nothing forces any more.
    LateForceWins,
    /// Bundles are screened once, though who is closed may leave others incomplete.
    IncompleteOnce,
    /// A bundle is begun though not all of it finds a slot.
    BundleNeedsNoRoom,
    /// What is deferred is sent now.
    DeferredGoesNow,
    /// A best hour is not looked for.
    BestHourGoesNow,
    /// The best has no share of epsilon.
    BestIsNotExplored,
    /// Epsilon is spread over all, though those of whom little is known go first.
    LowIsNotFirst,
    /// Softmax does not look at the priority.
    SoftmaxIsFlat,
    /// The draw that chooses is not among those that are counted.
    ThompsonDrawsAgain,
    /// Every slot draws from the stream of the first.
    SlotsShareAStream,
    /// A batch takes unknown for false.
    BatchCallsUnknownFalse,
    /// A batch takes the rule at which it stops for passed.
    BatchSkipsOne,
}

#[cfg(test)]
pub const ALL: [Mutant; 35] = [
    Mutant::ValidOneMoment,
    Mutant::ServiceIsHeldOut,
    Mutant::GuardsAskedOfNobody,
    Mutant::UnknownKeeps,
    Mutant::DenialIsNotAsked,
    Mutant::UnknownDenialLapses,
    Mutant::ArmAsksAll,
    Mutant::FallbackIgnoresContact,
    Mutant::FallbackIgnoresBudgets,
    Mutant::LadderBeforeRules,
    Mutant::SmoothingIsSwapped,
    Mutant::StandInHasEvidence,
    Mutant::FloorIsStrict,
    Mutant::HarmByEstimate,
    Mutant::LagIsNotBoosted,
    Mutant::LowRanksWithConfident,
    Mutant::ControlDrawsForAll,
    Mutant::LeversInTheirArm,
    Mutant::NothingBeatsMandatory,
    Mutant::ReservedIsForgotten,
    Mutant::BudgetForgetsReserved,
    Mutant::RerouteLeadsNowhere,
    Mutant::ForcedRerouteLeadsNowhere,
    Mutant::LateForceWins,
    Mutant::IncompleteOnce,
    Mutant::BundleNeedsNoRoom,
    Mutant::DeferredGoesNow,
    Mutant::BestHourGoesNow,
    Mutant::BestIsNotExplored,
    Mutant::LowIsNotFirst,
    Mutant::SoftmaxIsFlat,
    Mutant::ThompsonDrawsAgain,
    Mutant::SlotsShareAStream,
    Mutant::BatchCallsUnknownFalse,
    Mutant::BatchSkipsOne,
];

#[cfg(test)]
thread_local! {
    static PLANTED: Cell<Option<Mutant>> = const { Cell::new(None) };
}

/// Plants one, or none.
#[cfg(test)]
pub fn plant(mutant: Option<Mutant>) {
    PLANTED.set(mutant);
}

/// Whether one is planted.
#[cfg(test)]
pub fn planted(mutant: Mutant) -> bool {
    PLANTED.get() == Some(mutant)
}

/// Whether one is planted: never.
#[cfg(not(test))]
#[inline(always)]
pub const fn planted(_: Mutant) -> bool {
    false
}
