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
    /// A rule, by id.
    Rule(String),
    /// A cap, by id.
    Cap(String),
    /// A holdout, by id.
    Holdout(String),
}

/// The causes that a policy can give.
#[derive(Clone, Debug)]
pub struct Causes {
    list: Vec<Cause>,
    rules: HashMap<String, u16>,
    caps: HashMap<String, u16>,
    holdouts: HashMap<String, u16>,
}

const FIXED: [Cause; 8] = [
    Cause::NotActive,
    Cause::PropensityFloor,
    Cause::PriorityFloor,
    Cause::ScoreError,
    Cause::Lost,
    Cause::Won,
    Cause::Fallback,
    Cause::Unnamed,
];
const UNNAMED: u16 = 7;

impl Cause {
    /// The cause in a word and its id: `Rule:no_mail`, `Cap:monthly`, `Lost`.
    pub fn code(&self) -> String {
        match self {
            Cause::Rule(id) => format!("Rule:{id}"),
            Cause::Cap(id) => format!("Cap:{id}"),
            Cause::Holdout(id) => format!("Holdout:{id}"),
            other => format!("{other:?}"),
        }
    }
}

impl Causes {
    /// The causes of a policy.
    pub fn new(document: &Document) -> Causes {
        let mut list = FIXED.to_vec();
        let mut add = |cause: Cause| {
            list.push(cause);
            (list.len() - 1).min(usize::from(u16::MAX)) as u16
        };
        Causes {
            rules: document.rules.iter().map(|r| (r.id.clone(), add(Cause::Rule(r.id.clone())))).collect(),
            caps: document.caps.iter().map(|c| (c.id.clone(), add(Cause::Cap(c.id.clone())))).collect(),
            holdouts: document.holdouts.iter().map(|h| (h.id.clone(), add(Cause::Holdout(h.id.clone())))).collect(),
            list,
        }
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
        let at = |map: &HashMap<String, u16>, id: &Arc<str>| map.get(&**id).copied().unwrap_or(UNNAMED);
        let (how, cause) = match reason {
            Reason::NotActive => (How::Result, 0),
            Reason::BelowPropensityFloor { .. } => (How::Result, 1),
            Reason::BelowPriorityFloor { .. } => (How::Result, 2),
            Reason::ScoreError { .. } => (How::Failed, 3),
            Reason::LostArbitration { .. } => (How::Result, 4),
            Reason::Won => (How::Result, 5),
            Reason::Fallback { .. } => (How::Result, 6),
            Reason::HoldoutGlobal { holdout } | Reason::HoldoutAction { holdout } => {
                (How::Result, at(&self.holdouts, holdout))
            }
            Reason::Guard { rule }
            | Reason::NotEligible { rule }
            | Reason::NotApplicable { rule }
            | Reason::NotSuitable { rule } => (How::Result, at(&self.rules, rule)),
            Reason::MissingInput { rule, .. } => (How::Missing, at(&self.rules, rule)),
            Reason::RuleError { rule, .. } => (How::Failed, at(&self.rules, rule)),
            Reason::CapReached { cap, .. } => (How::Result, at(&self.caps, cap)),
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
