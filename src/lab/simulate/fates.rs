//! What became of every candidate of every decision, in four bytes each, and the counts made from it.

use attune_policy::decision::Decision;
use attune_policy::document::Document;
use attune_policy::reason::{Reason, Step};
use std::collections::HashMap;
use std::sync::Arc;

/// The stages of the funnel in order of evaluation.
pub const STEPS: [Step; 9] = Step::ALL;

/// Where a candidate ended and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fate {
    /// Position in [`STEPS`].
    pub step: u8,
    /// By its result, or because something was missing or failed.
    pub how: How,
    /// Position in [`Causes::list`].
    pub cause: u16,
}

/// How a rule removed a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Its result said so.
    Result,
    /// A field it needs is missing.
    Missing,
    /// It failed.
    Failed,
}

/// What ended a candidate's way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Outside its validity dates.
    NotActive,
    /// Below a floor of the response propensity.
    PropensityFloor,
    /// Below a floor of the priority.
    PriorityFloor,
    /// Its priority is no finite number.
    ScoreError,
    /// Another candidate, or no action, ranked higher.
    Lost,
    /// Chosen.
    Won,
    /// Chosen from the fallback ladder.
    Fallback,
    /// A reason this list does not name.
    Unnamed,
    /// It stood by for another treatment.
    Standby,
    /// Too little is known of its response propensity.
    LowConfidence,
    /// It probably does harm.
    DoNoHarm,
    /// Every slot, or those for its kind, were taken.
    SlotLimit,
    /// A rule, by id.
    Rule(String),
    /// A cap, by id.
    Cap(String),
    /// A holdout, by id.
    Holdout(String),
    /// An override, by id.
    Override(String),
    /// A suppression after outcomes, by id.
    Suppression(String),
    /// A cool-down, by id.
    CoolDown(String),
    /// A mutual exclusion, by id.
    Exclusion(String),
    /// Quiet hours, by id.
    QuietHours(String),
    /// A stock, by id.
    Stock(String),
    /// A budget, by id.
    Budget(String),
}

/// The causes that a policy can give.
#[derive(Clone, Debug)]
pub struct Causes {
    list: Vec<Cause>,
    /// Positions of the causes that have an id, per kind.
    named: [HashMap<String, u16>; KINDS.len()],
}

/// A kind of cause that has an id.
type Named = fn(String) -> Cause;

const KINDS: [Named; 10] = [
    Cause::Rule,
    Cause::Cap,
    Cause::Holdout,
    Cause::Override,
    Cause::Suppression,
    Cause::CoolDown,
    Cause::Exclusion,
    Cause::QuietHours,
    Cause::Stock,
    Cause::Budget,
];
// Places in `KINDS`.
const RULE: usize = 0;
const CAP: usize = 1;
const HOLDOUT: usize = 2;
const OVERRIDE: usize = 3;
const SUPPRESSION: usize = 4;
const COOL_DOWN: usize = 5;
const EXCLUSION: usize = 6;
const QUIET_HOURS: usize = 7;
const STOCK: usize = 8;
const BUDGET: usize = 9;

const FIXED: [Cause; 12] = [
    Cause::NotActive,
    Cause::PropensityFloor,
    Cause::PriorityFloor,
    Cause::ScoreError,
    Cause::Lost,
    Cause::Won,
    Cause::Fallback,
    Cause::Unnamed,
    Cause::Standby,
    Cause::LowConfidence,
    Cause::DoNoHarm,
    Cause::SlotLimit,
];
const UNNAMED: u16 = 7;

impl Cause {
    /// The cause in a word and its id: `Rule:no_mail`, `Cap:monthly`, `Lost`.
    pub fn code(&self) -> String {
        match self {
            Cause::Rule(id) => format!("Rule:{id}"),
            Cause::Cap(id) => format!("Cap:{id}"),
            Cause::Holdout(id) => format!("Holdout:{id}"),
            Cause::Override(id) => format!("Override:{id}"),
            Cause::Suppression(id) => format!("Suppression:{id}"),
            Cause::CoolDown(id) => format!("CoolDown:{id}"),
            Cause::Exclusion(id) => format!("Exclusion:{id}"),
            Cause::QuietHours(id) => format!("QuietHours:{id}"),
            Cause::Stock(id) => format!("Stock:{id}"),
            Cause::Budget(id) => format!("Budget:{id}"),
            other => format!("{other:?}"),
        }
    }
}

impl Causes {
    /// The causes of a policy.
    pub fn new(document: &Document) -> Causes {
        let mut list = FIXED.to_vec();
        fn ids<T>(parts: &[T], id: impl Fn(&T) -> &String) -> Vec<String> {
            parts.iter().map(|part| id(part).clone()).collect()
        }
        let ids: [Vec<String>; KINDS.len()] = [
            ids(&document.rules, |part| &part.id),
            ids(&document.caps, |part| &part.id),
            ids(&document.holdouts, |part| &part.id),
            ids(&document.overrides, |part| &part.id),
            ids(&document.suppressions, |part| &part.id),
            ids(&document.cool_downs, |part| &part.id),
            ids(&document.exclusions, |part| &part.id),
            ids(&document.quiet_hours, |part| &part.id),
            ids(&document.stocks, |part| &part.id),
            ids(&document.budgets, |part| &part.id),
        ];
        let mut kinds = KINDS.iter();
        let named = ids.map(|ids| {
            let kind = kinds.next().copied().unwrap_or(Cause::Rule);
            let add = |id: String| {
                list.push(kind(id.clone()));
                (id, (list.len() - 1).min(usize::from(u16::MAX)) as u16)
            };
            ids.into_iter().map(add).collect()
        });
        Causes { list, named }
    }

    /// Every cause; a [`Fate`] names one by position.
    pub fn list(&self) -> &[Cause] {
        &self.list
    }

    /// Position of a cause.
    pub fn position(&self, cause: &Cause) -> Option<u16> {
        self.list.iter().position(|c| c == cause).map(|i| i as u16)
    }

    /// A candidate's fate in compact form.
    pub fn fate(&self, step: Step, reason: &Reason) -> Fate {
        let step = STEPS.iter().position(|s| *s == step).unwrap_or(0) as u8;
        let at = |kind: usize, id: &Arc<str>| self.named[kind].get(&**id).copied().unwrap_or(UNNAMED);
        let (how, cause) = match reason {
            Reason::NotActive => (How::Result, 0),
            Reason::BelowPropensityFloor { .. } => (How::Result, 1),
            Reason::BelowPriorityFloor { .. } => (How::Result, 2),
            Reason::ScoreError { .. } => (How::Failed, 3),
            Reason::LostArbitration { .. } => (How::Result, 4),
            Reason::Won | Reason::WonByExploration { .. } => (How::Result, 5),
            Reason::Fallback { .. } => (How::Result, 6),
            Reason::Standby => (How::Result, 8),
            Reason::LowConfidence { .. } => (How::Result, 9),
            Reason::DoNoHarm { .. } => (How::Result, 10),
            Reason::SlotLimit { .. } => (How::Result, 11),
            Reason::HoldoutGlobal { holdout }
            | Reason::HoldoutProgram { holdout }
            | Reason::HoldoutAction { holdout } => (How::Result, at(HOLDOUT, holdout)),
            Reason::NoConsent { rule }
            | Reason::OptedOut { rule }
            | Reason::LegalGuard { rule }
            | Reason::NotEligible { rule, .. }
            | Reason::NotApplicable { rule, .. }
            | Reason::NotSuitable { rule, .. } => (How::Result, at(RULE, rule)),
            Reason::MissingInput { rule, .. } => (How::Missing, at(RULE, rule)),
            Reason::RuleError { rule, .. } => (How::Failed, at(RULE, rule)),
            Reason::CapReached { cap, .. } => (How::Result, at(CAP, cap)),
            Reason::OverrideDeny { override_ } | Reason::WonByOverride { override_ } => {
                (How::Result, at(OVERRIDE, override_))
            }
            Reason::OutcomeSuppressed { suppression, .. } => (How::Result, at(SUPPRESSION, suppression)),
            Reason::CoolDown { cool_down, .. } => (How::Result, at(COOL_DOWN, cool_down)),
            Reason::MutuallyExclusive { exclusion, .. } => (How::Result, at(EXCLUSION, exclusion)),
            Reason::QuietHours { quiet_hours, .. } => (How::Result, at(QUIET_HOURS, quiet_hours)),
            Reason::OutOfStock { stock } => (How::Result, at(STOCK, stock)),
            Reason::BudgetExhausted { budget, .. } => (How::Result, at(BUDGET, budget)),
        };
        Fate { step, how, cause }
    }

    /// The fates of a decision's candidates, in the policy's order, appended to `out`.
    pub fn read(&self, decision: &Decision, out: &mut Vec<Fate>) {
        out.extend(decision.fates.iter().map(|fate| self.fate(fate.step, &fate.reason)));
    }
}

/// Counts over decisions: through the stages and per cause.
#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    /// Decisions counted.
    pub decisions: u64,
    /// Candidates that ended at each stage.
    pub ended: [u64; STEPS.len()],
    /// Decisions whose candidates got as far as each stage and no further.
    pub furthest: [u64; STEPS.len()],
    /// Per cause: what it removed.
    pub causes: Vec<CauseTally>,
}

/// Counts of one cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CauseTally {
    /// Candidates.
    pub candidates: u64,
    /// Of these, because a field was missing.
    pub missing: u64,
    /// Of these, because the rule failed.
    pub failed: u64,
    /// Decisions with at least one.
    pub decisions: u64,
    /// Stage at which it ended candidates.
    pub step: u8,
    /// Decision last counted, so that each counts once.
    last: u64,
}

impl Tally {
    /// Nothing counted yet, for a policy with so many causes.
    pub fn new(causes: usize) -> Tally {
        Tally {
            decisions: 0,
            ended: [0; STEPS.len()],
            furthest: [0; STEPS.len()],
            causes: vec![CauseTally::default(); causes],
        }
    }

    /// Counts one decision.
    pub fn add(&mut self, fates: &[Fate]) {
        self.decisions += 1;
        let mut furthest = 0;
        for fate in fates {
            self.ended[usize::from(fate.step)] += 1;
            furthest = furthest.max(fate.step);
            let Some(cause) = self.causes.get_mut(usize::from(fate.cause)) else { continue };
            cause.candidates += 1;
            cause.step = fate.step;
            cause.missing += u64::from(fate.how == How::Missing);
            cause.failed += u64::from(fate.how == How::Failed);
            if cause.last != self.decisions {
                cause.last = self.decisions;
                cause.decisions += 1;
            }
        }
        self.furthest[usize::from(furthest)] += 1;
    }
}
