//! Contact policy for one candidate: whether it may go out, when, and what this decision's earlier choices leave of caps and
//! budgets. All parts are ANDed; the strictest wins.
//!
//! It asks the history and nothing else; what it remembers during a decision is kept in [`Memory`], which does not allocate once it
//! is warm.

use super::case::Case;
use crate::contact::{CapTarget, EventKind, Window};
use crate::document::Document;
use crate::history::Event;
use crate::outcome::Cause;
use crate::plan::{Compiler, Plan, Slot};

/// Contact policy, compiled.
#[derive(Debug, Default)]
pub struct Rules {
    caps: Vec<PlannedCap>,
}

/// What of it speaks of one candidate.
#[derive(Debug, Default)]
pub struct Binding {
    /// Positions in [`Rules`].
    caps: Vec<u32>,
}

/// What is remembered while one decision is made.
#[derive(Debug, Default)]
pub struct Memory;

/// What contact policy says of a candidate.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(dead_code)] // what waits and what is rerouted is for quiet hours and cool-downs to say
pub enum Verdict {
    /// It may go out now.
    Pass,
    /// It may not.
    Block(Cause),
    /// It may be chosen, to be sent then.
    Defer {
        until: i64,
        /// What makes it wait.
        cause: Cause,
    },
    /// It may not, but the standby treatments of its action on the channels of that part may in its place.
    Reroute(Cause),
}

/// What this decision has chosen already: positions of slots, in order.
pub type Reserved = [u32];

#[derive(Debug)]
struct PlannedCap {
    /// Position in the document.
    at: u32,
    target: CapTarget,
    channel: Option<String>,
    event: EventKind,
    limit: u32,
    /// Length of a rolling window in milliseconds; `None` counts a lifetime.
    window: Option<i64>,
}

impl Rules {
    /// Compiles the contact policy of a document.
    pub fn compile(document: &Document, _compiler: &mut Compiler) -> Rules {
        let caps = (0u32..).zip(&document.caps).filter(|(_, cap)| cap.enabled);
        let planned = caps.filter_map(|(at, cap)| {
            let window = match cap.window {
                Window::Rolling(seconds) => Some(i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX)),
                Window::Lifetime | Window::Calendar(..) => None,
            };
            Some(PlannedCap {
                at,
                target: cap.target.clone(),
                channel: cap.channel.clone(),
                event: cap.event.clone(),
                limit: cap.limit?,
                window,
            })
        });
        Rules { caps: planned.collect() }
    }
}

impl Binding {
    /// What of the contact policy in `plan` speaks of `slot`.
    pub fn new(document: &Document, plan: &Plan, slot: &Slot) -> Binding {
        let action = usize::try_from(slot.candidate.action).ok().and_then(|at| document.actions.get(at));
        let Some(action) = action.filter(|action| action.obeys_caps && !plan.is_inbound(&slot.channel)) else {
            return Binding::default();
        };
        let binds = |planned: &PlannedCap| {
            let bypassable = document.caps.get(planned.at as usize).is_some_and(|cap| cap.bypassable);
            let channel = planned.channel.as_ref().is_none_or(|channel| **channel == *slot.channel);
            let tag = match &planned.target {
                CapTarget::Tag(tag) => action.tags.contains(tag),
                _ => true,
            };
            !(action.mandatory && bypassable) && channel && tag
        };
        let caps = (0u32..).zip(&plan.contact.caps).filter(|(_, cap)| binds(cap)).map(|(at, _)| at);
        Binding { caps: caps.collect() }
    }
}

impl Memory {
    /// Forgets the decision before.
    pub fn begin(&mut self, _plan: &Plan) {}
}

/// Whether the candidate may go out, given what this decision has reserved; the part that blocks it longest otherwise.
pub fn check(case: &Case<'_>, slot: &Slot, _reserved: &Reserved) -> Verdict {
    let mut strictest: Option<(i64, Cause)> = None;
    for cap in slot.contact.caps.iter().filter_map(|i| case.plan.contact.caps.get(*i as usize)) {
        let (count, blocking) = count(case, cap, slot);
        if count.saturating_add(1) <= cap.limit {
            continue;
        }
        let resets_at = blocking.zip(cap.window).map(|(time, window)| time.saturating_add(window));
        let until = resets_at.unwrap_or(i64::MAX);
        if strictest.as_ref().is_none_or(|(longest, _)| until > *longest) {
            strictest = Some((until, Cause::Cap { cap: cap.at, count, limit: cap.limit, resets_at }));
        }
    }
    strictest.map_or(Verdict::Pass, |(_, cause)| Verdict::Block(cause))
}

/// When a candidate with this verdict is sent if it is chosen (ms): now, when its wait ends, or at the subject's best hour.
pub fn send_at(case: &Case<'_>, _slot: &Slot, verdict: Verdict) -> i64 {
    match verdict {
        Verdict::Defer { until, .. } => until,
        _ => case.now,
    }
}

/// Whether budgets and their pace allow the candidate, given what this decision has reserved.
pub fn budget(_case: &Case<'_>, _slot: &Slot, _reserved: &Reserved) -> Result<(), Cause> {
    Ok(())
}

/// Whether a budget of the candidate is behind its minimum, so that it ranks in the boosted tier.
pub fn boosted_by_minimum(_case: &Case<'_>, _slot: &Slot) -> bool {
    false
}

/// Whether the part behind a [`Verdict::Reroute`] sends a contact to the channel of a standby treatment.
pub fn leads_to(_plan: &Plan, _cause: &Cause, _standby: &Slot) -> bool {
    false
}

/// For the trace: position in `document.caps`, count and limit of every cap that is counted for the candidate.
pub fn counted(case: &Case<'_>, slot: &Slot, _reserved: &Reserved) -> Vec<(u32, u32, u32)> {
    let caps = slot.contact.caps.iter().filter_map(|i| case.plan.contact.caps.get(*i as usize));
    caps.map(|cap| (cap.at, count(case, cap, slot).0, cap.limit)).collect()
}

/// Events the cap counts for this candidate, and the time of the newest one that must leave before it lets one pass.
fn count(case: &Case<'_>, cap: &PlannedCap, slot: &Slot) -> (u32, Option<i64>) {
    let start = cap.window.map(|window| case.now.saturating_sub(window));
    let mut count = 0u32;
    let mut blocking = None;
    for event in case.events.iter().rev() {
        // The window is half-open: an event exactly one window ago has left it.
        if start.is_some_and(|start| event.time <= start) {
            break;
        }
        if counts(case, cap, slot, event) {
            count = count.saturating_add(1);
            if count == cap.limit {
                blocking = Some(event.time);
            }
        }
    }
    (count, blocking)
}

fn counts(case: &Case<'_>, cap: &PlannedCap, slot: &Slot, event: &Event) -> bool {
    event.counts
        && event.kind == cap.event
        && cap.channel.as_ref().is_none_or(|channel| *channel == event.channel)
        && match &cap.target {
            CapTarget::All => true,
            CapTarget::Channel => *event.channel == *slot.channel,
            CapTarget::Issue => *event.issue == *slot.issue,
            CapTarget::Group => *event.group == *slot.group,
            CapTarget::Action => *event.action == *slot.action,
            CapTarget::Treatment => *event.action == *slot.action && *event.treatment == *slot.treatment,
            CapTarget::Tag(tag) => event.tags.contains(tag),
        }
        && !case.plan.is_inbound(&event.channel)
}
