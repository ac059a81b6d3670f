//! What a decision came to, in numbers: which candidate, how likely, and why each of the others lost. No names, no text, and
//! no heap once it is warm; [`crate::Decision`] is the same told in ids.
//!
//! Candidates are positions in [`crate::Policy::candidates`]; other parts are positions in the document's own lists.

use crate::decide::{Verdict, Work};
use crate::document::Operation;
use crate::reason::Step;
use serde::Serialize;
use std::borrow::Cow;

/// Space for decisions, kept by the caller so that a decision does not allocate. One per thread; it remembers nothing that an
/// answer depends on.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(crate) work: Work,
    pub(crate) outcome: Outcome,
}

/// What one decision came to.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub(crate) run: Run,
    /// What would have been chosen, for a subject in a holdout or a policy in shadow.
    pub(crate) shadow: Run,
    pub(crate) shadow_choice: Option<u32>,
    pub(crate) holdout: Option<u32>,
    pub(crate) arm: Option<u32>,
    pub(crate) mode: Operation,
    pub(crate) failures: Vec<Failure>,
}

impl Outcome {
    /// The candidate of the first slot; `None` is `NoAction`.
    pub fn chosen(&self) -> Option<u32> {
        self.run.places.first().map(|place| place.candidate)
    }

    /// The slots that were filled, in order; more than one only where the policy has several.
    pub fn places(&self) -> &[Place] {
        &self.run.places
    }

    /// Survivors of every stage before the slots, best first.
    pub fn ranked(&self) -> &[Survivor] {
        &self.run.survivors
    }

    /// What became of each candidate, in the order of [`crate::Policy::candidates`].
    pub fn fates(&self) -> &[Fate] {
        &self.run.fates
    }

    /// Probability with which each open survivor was drawn for the slot at `place`, given the slots before it. They add up to 1.
    pub fn likelihoods(&self, place: usize) -> &[Likelihood] {
        let range = self.run.places.get(place).map(|place| place.likelihoods.0 as usize..place.likelihoods.1 as usize);
        range.and_then(|range| self.run.likelihoods.get(range)).unwrap_or(&[])
    }

    /// The stage at which each candidate ended, before the ladder or the baseline was asked.
    pub(crate) fn before_ladder(&self) -> impl Iterator<Item = Step> + Clone {
        let answered = self.run.answered;
        let fates = (0u32..).zip(&self.run.fates);
        fates.map(move |(at, fate)| match answered {
            Some((answered, step)) if answered == at => step,
            _ => fate.step,
        })
    }

    /// Rung of the fallback ladder that was taken, from 0: rules of the fallback stage, then the declared ladder.
    pub fn rung(&self) -> Option<u32> {
        self.run.rung
    }

    /// Position in `document.holdouts` of the global or program holdout the subject is in.
    pub fn holdout(&self) -> Option<u32> {
        self.holdout
    }

    /// Position in `document.holdouts` of the model control or ablation arm the subject is in.
    pub fn arm(&self) -> Option<u32> {
        self.arm
    }

    /// For a subject in a global or program holdout what would have been chosen without it; for a policy in shadow what it
    /// would have chosen live.
    pub fn shadow(&self) -> Option<u32> {
        self.shadow_choice
    }

    /// Whether the policy decided, or answered its baseline or fallback.
    pub fn mode(&self) -> Operation {
        self.mode
    }

    /// Whether something failed and a declared substitute was used.
    pub fn degraded(&self) -> bool {
        !self.failures.is_empty()
    }

    /// What failed, in order; the same may stand several times.
    pub fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// One run over all candidates.
#[derive(Clone, Debug, Default)]
pub(crate) struct Run {
    pub fates: Vec<Fate>,
    pub survivors: Vec<Survivor>,
    pub places: Vec<Place>,
    pub likelihoods: Vec<Likelihood>,
    pub rung: Option<u32>,
    /// The candidate that the ladder or the baseline answered, and where it had ended.
    pub answered: Option<(u32, Step)>,
    /// Candidates in the slots, in order: what this decision has reserved.
    pub reserved: Vec<u32>,
    /// Candidates that a cap or quiet hours sent to other channels.
    pub rerouted: Vec<(u32, Cause)>,
    /// Candidates that overrides force: override, place in the order of ties, candidate, verdict of contact policy.
    pub forced: Vec<(u32, u32, u32, Verdict)>,
    /// Whether overrides have had their slots: who comes later competes as all others do.
    pub forced_already: bool,
    /// Positions in `survivors` that a draw is between, and their probabilities.
    pub drawn: Vec<u32>,
    pub shares: Vec<f64>,
    /// Positions in `survivors` of a bundle's members.
    pub together: Vec<u32>,
}

impl Run {
    pub fn clear(&mut self) {
        self.fates.clear();
        self.survivors.clear();
        self.places.clear();
        self.likelihoods.clear();
        self.rung = None;
        self.answered = None;
        self.reserved.clear();
        self.rerouted.clear();
        self.forced.clear();
        self.forced_already = false;
    }
}

/// A filled slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// The candidate.
    pub candidate: u32,
    /// When it is to be sent (ms).
    pub send_at: i64,
    /// Probability with which it was chosen for this slot, given the slots before it.
    pub probability: f64,
    /// Draws behind the probability where it is a share of draws; 0 when it is exact.
    pub draws: u32,
    /// How it came to the slot.
    pub how: How,
    pub(crate) likelihoods: (u32, u32),
}

/// How a candidate came to its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum How {
    /// It ranks first among those that were left.
    Arbitration,
    /// By chance, before others that rank higher.
    Exploration,
    /// With another action of its bundle.
    Bundle,
    /// By an override.
    Override,
    /// From the fallback ladder.
    Fallback,
    /// As the baseline of a policy in shadow.
    Baseline,
}

/// The probability of one survivor for one slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Likelihood {
    /// The candidate.
    pub candidate: u32,
    /// In [0, 1].
    pub probability: f64,
}

/// Tier of a candidate: tiers are lexicographic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Tier {
    /// Goes first, still under guards and caps that it may not bypass.
    Mandatory,
    /// Ranks before every normal candidate: by its action, or because a budget is behind its minimum.
    Boosted,
    /// All others.
    Normal,
}

/// What a priority is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// P: calibrated, smoothed, in [0, 1].
    pub propensity: f64,
    /// C.
    pub context: f64,
    /// V.
    pub value: f64,
    /// L.
    pub lever: f64,
    /// Cost.
    pub cost: f64,
    /// Tau; P where there is no uplift model.
    pub uplift: f64,
    /// Product of soft suitability.
    pub suitability: f64,
}

/// A candidate that passed every stage and floor.
#[derive(Clone, Copy, Debug)]
pub struct Survivor {
    /// The candidate.
    pub candidate: u32,
    /// Its tier.
    pub tier: Tier,
    /// Priority, rounded to 1e-9.
    pub priority: f64,
    /// What the priority is made of.
    pub terms: Terms,
    /// Whether too little is known of its propensity.
    pub low: bool,
    /// Observations behind its propensity, those its prior is worth included; 0 when unknown.
    pub(crate) evidence: f64,
    /// Whether its propensity is a belief that chance may draw anew.
    pub(crate) believed: bool,
    pub(crate) after_confident: bool,
    pub(crate) order: u32,
    pub(crate) verdict: Verdict,
    pub(crate) open: bool,
}

impl Survivor {
    /// What makes it wait, where contact policy puts it off.
    pub fn waits_for(&self) -> Option<Fate> {
        match self.verdict {
            Verdict::Defer { cause, .. } => Some(Fate { step: Step::Contact, cause }),
            _ => None,
        }
    }
}

/// Where a budget stands at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BudgetState {
    /// Position in `document.budgets`.
    pub budget: u32,
    /// What was spent of it in its period.
    pub spent: f64,
    /// What may be spent in the whole period.
    pub max: Option<f64>,
    /// What its pace lets be spent by now, slack included; `None` where it has none.
    pub pace: Option<f64>,
    /// What should have been spent by now to reach its minimum; `None` where it has none.
    pub least: Option<f64>,
}

/// Where a candidate ended, and why.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fate {
    /// The stage.
    pub step: Step,
    /// Why.
    pub cause: Cause,
}

/// Why a candidate lost or won: [`crate::Reason`] in positions in place of ids.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cause {
    /// The policy is switched off.
    Off,
    /// The field at this position of the schema is missing, and the policy does not decide without it.
    Refused(u32),
    /// Outside its validity dates.
    NotActive,
    /// Held out, by this layer of `document.holdouts`.
    Holdout(u32),
    /// It stands by.
    Standby,
    /// The rule at this position of `document.rules` gave false.
    Rule(u32),
    /// The rule needed something that is missing.
    Missing(u32),
    /// The rule failed; why stands in [`Outcome::failures`].
    Failed {
        /// Position in `document.rules`.
        rule: u32,
        /// Position in [`Outcome::failures`].
        failure: u32,
    },
    /// Denied by this override.
    Denied(u32),
    /// A cap is reached.
    Cap {
        /// Position in `document.caps`.
        cap: u32,
        /// Events counted, those of this decision included.
        count: u32,
        /// Limit.
        limit: u32,
        /// When it lets one through again (ms); `None`: never.
        resets_at: Option<i64>,
    },
    /// Suppressed after outcomes.
    Suppressed {
        /// Position in `document.suppressions`.
        suppression: u32,
        /// Until when (ms).
        until: i64,
    },
    /// Too soon after the last contact.
    CoolDown {
        /// Position in `document.cool_downs`.
        cool_down: u32,
        /// Until when (ms).
        until: i64,
    },
    /// Quiet hours.
    Quiet {
        /// Position in `document.quiet_hours`.
        quiet: u32,
        /// Until when (ms); `None`: they never end.
        until: Option<i64>,
    },
    /// It does not go with what was chosen or sent.
    Exclusive {
        /// Position in `document.exclusions`.
        exclusion: u32,
        /// One it does not go with.
        with: With,
    },
    /// Nothing is left of this entry of `document.stocks`.
    OutOfStock(u32),
    /// A budget is spent.
    Budget {
        /// Position in `document.budgets`.
        budget: u32,
        /// Spent so far, this decision included.
        spent: f64,
        /// What may be spent by now.
        allowed: f64,
        /// Whether its pace binds.
        paced: bool,
    },
    /// Too little is known of its propensity.
    LowConfidence {
        /// Observations behind it.
        evidence: Option<f64>,
        /// Width of its interval.
        width: Option<f64>,
    },
    /// It probably does harm.
    DoNoHarm {
        /// Tau.
        uplift: f64,
        /// Upper confidence bound.
        upper: f64,
    },
    /// What it needs is taken.
    SlotLimit {
        /// What is full.
        of: Full,
        /// How many there are.
        limit: u32,
    },
    /// Below a floor of the propensity.
    BelowPropensity {
        /// P.
        propensity: f64,
        /// Floor.
        floor: f64,
    },
    /// Below a floor of the priority.
    BelowPriority {
        /// Priority.
        priority: f64,
        /// Floor.
        floor: f64,
    },
    /// No finite priority; why stands at this position of [`Outcome::failures`].
    ScoreError(u32),
    /// Another ranked higher; `by: None` is `NoAction`.
    Lost {
        /// The candidate that won.
        by: Option<u32>,
        /// Its priority less the loser's.
        margin: f64,
    },
    /// It would have won; the policy is in shadow.
    Shadowed,
    /// Chosen.
    Won,
    /// Chosen together with another action of its bundle, at this position of `document.slots.bundles`.
    WonByBundle(u32),
    /// Chosen by chance.
    Explored {
        /// With this probability.
        probability: f64,
    },
    /// Chosen by this override.
    Forced(u32),
    /// Chosen from this rung of the fallback ladder.
    Fallback(u32),
    /// Chosen as the baseline of a policy in shadow.
    Baseline,
}

/// One that a candidate does not go with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum With {
    /// Another candidate of this decision.
    Candidate(u32),
    /// An event: position among the subject's events.
    Event(u32),
}

/// What is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// All slots.
    Slots,
    /// Those of the candidate's action.
    Action,
    /// Those of its group.
    Group,
    /// Those of its issue.
    Issue,
    /// Those of its channel.
    Channel,
    /// Its bundle cannot be completed: position in `document.slots.bundles`.
    Bundle(u32),
}

/// Something that failed, for which a declared substitute was used.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// What failed.
    pub source: Source,
    /// Why, in words; empty where the source says it all.
    pub text: Cow<'static, str>,
}

/// What failed; positions in the document's lists.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Source {
    /// The request is not as the schema wants it.
    Request,
    /// A model, which answered this in place of a score.
    Model(u32, f64),
    /// A rule.
    Rule(u32),
    /// A rule whose number counts as 1.
    Factor(u32),
    /// A context weight.
    Weight(u32),
    /// The condition of an override.
    Override(u32),
    /// The condition of quiet hours.
    QuietHours(u32),
    /// The best hour of a send time.
    SendTime(u32),
    /// The priority of a candidate.
    Priority(u32),
}
