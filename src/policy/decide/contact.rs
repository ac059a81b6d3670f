//! Contact policy for one candidate: whether it may go out, when, and what this decision's earlier choices leave of caps and
//! budgets. All parts are ANDed; the strictest wins.
//!
//! The parts below work on a [`Scene`] and know neither rows nor slots; this file joins them to the decision. What is remembered
//! during a decision is kept in [`Memory`], which does not allocate once it is warm.

mod budget;
pub(crate) mod calendar;
mod caps;
mod exclusion;
mod hits;
mod judge;
mod planned;
mod quiet;
mod rules;
mod scene;
mod send_time;
mod sweep;
mod symbols;
#[cfg(test)]
mod tests;
mod zone;

pub use judge::Verdict;
pub use planned::Mark;
pub use rules::{MOST_TAGS, Rules, counted_tags};
pub use send_time::{Planned, Why};

use super::case::{Answer, Case, View};
use super::mutant::{Mutant, planted};
use crate::document::Document;
use crate::history::{History, Identity, Past, Query};
use crate::journal::Coded;
use crate::outcome::{BudgetState, Cause, Source};
use crate::plan::{Compiler, Plan, Slot};
use crate::policy::Policy;
use crate::request::Who;
use judge::Ask;
use planned::{Counting, PlannedHit};
use scene::Scene;
use std::cell::{Cell, RefCell};

/// What is remembered while one decision is made.
#[derive(Debug, Default)]
pub struct Memory {
    scene: RefCell<scene::Memory>,
    /// Whether the scene of this decision was read: at its first use, since many decisions have no candidate left by then.
    read: Cell<bool>,
}

/// What this decision has chosen already: positions of slots, in order.
pub type Reserved = [u32];

impl Rules {
    /// Every question about everybody that a decision may ask, but for its times, and whether it is about costs.
    pub fn questions(&self, ask: &mut dyn FnMut(&Query<'_>, bool)) {
        for budget in &self.budgets {
            ask(&budget::question(self, budget), budget.cost);
        }
        for stock in &self.stocks {
            ask(&exclusion::question(self, stock), false);
        }
        for tally in &self.tallies {
            let Counting::Cap(at) = tally.part else { continue };
            let cap = self.caps.get(at as usize).filter(|cap| cap.key == Identity::Global);
            if let Some(cap) = cap {
                caps::questions(self, cap, &tally.selector, &mut |query| ask(query, false));
            }
        }
    }

    /// Compiles the contact policy of a document.
    pub fn compile(document: &Document, compiler: &mut Compiler) -> Rules {
        Rules::new(document, &mut |text, use_, part| compiler.compile(text, use_, part))
    }
}

impl Memory {
    /// Forgets the decision before.
    pub fn begin(&mut self) {
        self.read.set(false);
    }
}

/// What is known of a row's past before its turn has come: later decisions may add to it.
pub struct Known<'a> {
    plan: &'a Plan,
    who: Who<'a>,
    coded: [Option<Coded<'a>>; 3],
    history: &'a dyn History,
    now: i64,
}

impl<'a> Known<'a> {
    /// The past as it is `so_far`, where that is kept in the policy's codes.
    pub fn so_far(policy: &'a Policy, who: Who<'a>, now: i64, so_far: &'a dyn History) -> Option<Known<'a>> {
        let (_, coded) = pasts(policy, who, now, so_far);
        coded[0].is_some().then(|| Known { plan: policy.plan(), who, coded, history: so_far, now })
    }

    /// Number of events that the subject's past has had.
    pub fn seen(&self) -> u32 {
        self.coded[0].map_or(u32::MAX, Coded::seen)
    }

    /// What earlier events alone say of a candidate; what they remove stays removed whatever happens besides.
    pub fn verdict(&self, slot: &Slot, memory: &mut Memory) -> Verdict {
        let scene = Scene { rules: &self.plan.contact, history: self.history, coded: &self.coded, now: self.now };
        let own = memory.scene.get_mut();
        if !memory.read.replace(true) {
            scene.read(self.who, None, own, &mut |_| {});
        }
        judge::by_events(&scene, own, slot.at)
    }
}

/// The past of a subject at an instant, and the events of subject, household and device that contact policy reads as they are.
pub fn pasts<'a>(
    policy: &'a Policy,
    who: Who<'a>,
    now: i64,
    history: &'a dyn History,
) -> (Past<'a>, [Option<Coded<'a>>; 3]) {
    let past = history.past(Identity::Subject, who).until(now);
    let own = |past: Past<'a>| match past {
        Past::Coded(coded) if coded.is_of(policy.serial()) => Some(coded),
        _ => None,
    };
    let shared = |at: usize, identity: Identity| match policy.plan().contact.lookback.get(at) {
        Some(Some(_)) => own(history.past(identity, who).until(now)),
        _ => None,
    };
    (past, [own(past), shared(1, Identity::Household), shared(2, Identity::Device)])
}

/// The row of a case, for the expressions of contact policy.
struct RowOf<'a>(&'a Case<'a>);

impl RowOf<'_> {
    fn answer(&self, expression: u32, slot: u32, source: Source) -> Option<Answer> {
        let slot = self.0.slot(slot)?;
        Some(self.0.answer(expression, &View::new(self.0, slot), source))
    }
}

impl Ask for RowOf<'_> {
    fn holds(&self, expression: u32, slot: u32, quiet: u32) -> Option<bool> {
        match self.answer(expression, slot, Source::QuietHours(quiet)) {
            Some(Answer::Bool(holds)) => Some(holds),
            _ => None,
        }
    }

    fn number(&self, expression: u32, slot: u32, send_time: u32) -> Option<f64> {
        match self.answer(expression, slot, Source::SendTime(send_time)) {
            Some(Answer::Number(x)) => Some(x),
            _ => None,
        }
    }
}

fn on<T>(case: &Case<'_>, run: impl FnOnce(&Scene<'_>, &mut scene::Memory, &dyn Ask) -> T) -> T {
    let scene = Scene { rules: &case.plan.contact, history: case.history, coded: &case.coded, now: case.now };
    let memory = &mut *case.work.contact.scene.borrow_mut();
    if !case.work.contact.read.replace(true) {
        scene.read(case.who, case.region(), memory, &mut |note| {
            case.fail(Source::Request, note);
        });
    }
    run(&scene, memory, &RowOf(case))
}

/// Whether the candidate may go out, given what this decision has reserved; the part that blocks it longest otherwise.
pub fn check(case: &Case<'_>, slot: &Slot, reserved: &Reserved) -> Verdict {
    if case.plan.contact.is_free(slot.at) {
        return Verdict::Pass;
    }
    on(case, |scene, memory, ask| judge::judge(scene, memory, ask, slot.at, reserved))
}

/// When a candidate with this verdict is sent if it is chosen (ms): now, when its wait ends, or at the subject's best hour.
pub fn send_at(case: &Case<'_>, slot: &Slot, verdict: Verdict) -> i64 {
    match verdict {
        Verdict::Defer { until, .. } if !planted(Mutant::DeferredGoesNow) => until,
        _ if case.plan.contact.send_times.is_empty() || planted(Mutant::BestHourGoesNow) => case.now,
        _ => on(case, |scene, memory, ask| send_time::send_at(scene, memory, ask, slot.at)),
    }
}

/// For the trace: what its send time says of a candidate; `None` where none speaks of it.
pub fn planned(case: &Case<'_>, slot: &Slot) -> Option<Planned> {
    on(case, |scene, memory, ask| send_time::planned(scene, memory, ask, slot.at))
}

/// Whether budgets and their pace allow the candidate, given what this decision has reserved.
pub fn budget(case: &Case<'_>, slot: &Slot, reserved: &Reserved) -> Result<(), Cause> {
    if case.plan.contact.budgets.is_empty() {
        return Ok(());
    }
    on(case, |scene, memory, _| budget::check(scene, memory, slot.at, reserved))
}

/// Where every budget stands at an instant.
pub fn budgets(plan: &Plan, history: &dyn History, now: i64) -> Vec<BudgetState> {
    let mut memory = scene::Memory::default();
    memory.clear(&plan.contact);
    budget::states(&Scene { rules: &plan.contact, history, coded: &[None; 3], now }, &mut memory)
}

/// Whether a budget of the candidate is behind its minimum, so that it ranks in the boosted tier.
pub fn boosted_by_minimum(case: &Case<'_>, slot: &Slot) -> bool {
    let budgets = &case.plan.contact.budgets;
    budgets.iter().any(|budget| budget.min.is_some())
        && on(case, |scene, memory, _| budget::lags(scene, memory, slot.at))
}

/// Whether the part behind a [`Verdict::Reroute`] sends a contact to the channel of a standby treatment.
pub fn leads_to(plan: &Plan, cause: &Cause, standby: &Slot) -> bool {
    let rules = &plan.contact;
    let on_hit = match cause {
        Cause::Cap { cap, .. } => rules.caps.iter().find(|part| part.at == *cap).map(|part| &part.on_hit),
        Cause::CoolDown { cool_down, .. } => {
            rules.cool_downs.iter().find(|part| part.at == *cool_down).map(|part| &part.on_hit)
        }
        Cause::Quiet { quiet, .. } => rules.quiet.iter().find(|part| part.at == *quiet).map(|part| &part.on_hit),
        _ => None,
    };
    let channel = rules.bindings.get(standby.at as usize).map(|binding| binding.mark.channel);
    matches!((on_hit, channel), (Some(PlannedHit::Reroute(channels)), Some(channel)) if channels.contains(&channel))
}

/// For the trace: position in `document.caps`, count and limit of every cap that is counted for the candidate.
pub fn counted(case: &Case<'_>, slot: &Slot, reserved: &Reserved) -> Vec<(u32, u32, u32)> {
    on(case, |scene, memory, _| caps::counted(scene, memory, slot.at, reserved))
}
