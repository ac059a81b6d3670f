//! What became of every candidate of every decision, in four bytes each, and the counts made from it.

use attune_policy::document::Document;
use attune_policy::outcome::{self, Outcome};
use attune_policy::reason::Step;
use serde::{Deserialize, Serialize};

/// The stages of the funnel in order of evaluation.
pub const STEPS: [Step; 12] = Step::ALL;

// A step is its own position.
const _: () = {
    let mut at = 0;
    while at < STEPS.len() {
        assert!(STEPS[at] as usize == at);
        at += 1;
    }
};

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
    /// The policy is switched off.
    Off,
    /// It would have won; the policy is in shadow.
    Shadowed,
    /// The baseline of a policy in shadow.
    Baseline,
    /// It stood by for another treatment.
    Standby,
    /// Too little is known of its response propensity.
    LowConfidence,
    /// It probably does harm.
    DoNoHarm,
    /// Every slot, or those for its kind, were taken.
    SlotLimit,
    /// A field was missing or too old without which the policy does not decide.
    Refused,
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

/// The causes that a policy can give: the fixed ones, then those of its parts, kind by kind in the document's order.
#[derive(Clone, Debug)]
pub struct Causes {
    list: Vec<Cause>,
    /// Position of the first cause of each kind that has ids.
    first: [usize; 10],
}

const FIXED: [Cause; 15] = [
    Cause::NotActive,
    Cause::PropensityFloor,
    Cause::PriorityFloor,
    Cause::ScoreError,
    Cause::Lost,
    Cause::Won,
    Cause::Fallback,
    Cause::Off,
    Cause::Standby,
    Cause::LowConfidence,
    Cause::DoNoHarm,
    Cause::SlotLimit,
    Cause::Shadowed,
    Cause::Baseline,
    Cause::Refused,
];

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
        let mut add = |causes: &mut dyn Iterator<Item = Cause>| {
            let first = list.len();
            list.extend(causes);
            first
        };
        let first = [
            add(&mut document.rules.iter().map(|part| Cause::Rule(part.id.clone()))),
            add(&mut document.caps.iter().map(|part| Cause::Cap(part.id.clone()))),
            add(&mut document.holdouts.iter().map(|part| Cause::Holdout(part.id.clone()))),
            add(&mut document.overrides.iter().map(|part| Cause::Override(part.id.clone()))),
            add(&mut document.suppressions.iter().map(|part| Cause::Suppression(part.id.clone()))),
            add(&mut document.cool_downs.iter().map(|part| Cause::CoolDown(part.id.clone()))),
            add(&mut document.exclusions.iter().map(|part| Cause::Exclusion(part.id.clone()))),
            add(&mut document.quiet_hours.iter().map(|part| Cause::QuietHours(part.id.clone()))),
            add(&mut document.stocks.iter().map(|part| Cause::Stock(part.id.clone()))),
            add(&mut document.budgets.iter().map(|part| Cause::Budget(part.id.clone()))),
        ];
        Causes { list, first }
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
    pub fn fate(&self, fate: &outcome::Fate) -> Fate {
        use outcome::Cause as Why;
        let step = fate.step as u8;
        let [rules, caps, holdouts, overrides, suppressions, cool_downs, exclusions, quiet_hours, stocks, budgets] =
            self.first;
        let (how, cause) = match fate.cause {
            Why::NotActive => (How::Result, 0),
            Why::BelowPropensity { .. } => (How::Result, 1),
            Why::BelowPriority { .. } => (How::Result, 2),
            Why::ScoreError(_) => (How::Failed, 3),
            Why::Lost { .. } => (How::Result, 4),
            Why::Won | Why::WonByBundle(_) | Why::Explored { .. } => (How::Result, 5),
            Why::Fallback(_) => (How::Result, 6),
            Why::Off => (How::Result, 7),
            Why::Standby => (How::Result, 8),
            Why::LowConfidence { .. } => (How::Result, 9),
            Why::DoNoHarm { .. } => (How::Result, 10),
            Why::SlotLimit { .. } => (How::Result, 11),
            Why::Shadowed => (How::Result, 12),
            Why::Baseline => (How::Result, 13),
            Why::Refused(_) => (How::Missing, 14),
            Why::Rule(at) => (How::Result, rules + at as usize),
            Why::Missing(at) => (How::Missing, rules + at as usize),
            Why::Failed { rule, .. } => (How::Failed, rules + rule as usize),
            Why::Cap { cap, .. } => (How::Result, caps + cap as usize),
            Why::Holdout(at) => (How::Result, holdouts + at as usize),
            Why::Denied(at) | Why::Forced(at) => (How::Result, overrides + at as usize),
            Why::Suppressed { suppression, .. } => (How::Result, suppressions + suppression as usize),
            Why::CoolDown { cool_down, .. } => (How::Result, cool_downs + cool_down as usize),
            Why::Exclusive { exclusion, .. } => (How::Result, exclusions + exclusion as usize),
            Why::Quiet { quiet, .. } => (How::Result, quiet_hours + quiet as usize),
            Why::OutOfStock(at) => (How::Result, stocks + at as usize),
            Why::Budget { budget, .. } => (How::Result, budgets + budget as usize),
        };
        Fate { step, how, cause: cause.min(usize::from(u16::MAX)) as u16 }
    }

    /// The fates of a decision's candidates, in the policy's order, appended to `out`.
    pub fn read(&self, outcome: &Outcome, out: &mut Vec<Fate>) {
        out.extend(outcome.fates().iter().map(|fate| self.fate(fate)));
    }
}

/// Counts over decisions: through the stages and per cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    #[serde(skip)]
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
