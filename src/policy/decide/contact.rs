//! Contact policy: caps over the history. All caps are ANDed; the strictest wins.

use super::Removal;
use super::case::Case;
use crate::contact::CapTarget;
use crate::history::Event;
use crate::plan::{PlannedCap, Slot};
use crate::reason::{Reason, Step};
use crate::trace::CandidateTrace;

/// Whether every cap lets the candidate pass; otherwise the cap that blocks it longest.
pub fn check(case: &Case<'_>, slot: &Slot, mut trace: Option<&mut CandidateTrace>) -> Result<(), Removal> {
    let mut strictest: Option<(i64, Reason)> = None;
    for cap in slot.caps.iter().filter_map(|i| case.plan.caps.get(*i)) {
        let (count, blocking) = count(case, cap, slot);
        if let Some(trace) = trace.as_deref_mut() {
            trace.caps.push((cap.id.to_string(), count, cap.limit));
        }
        if count.saturating_add(1) <= cap.limit {
            continue;
        }
        let resets_at = blocking.zip(cap.window).map(|(time, window)| time.saturating_add(window));
        let until = resets_at.unwrap_or(i64::MAX);
        if strictest.as_ref().is_none_or(|(longest, _)| until > *longest) {
            let reason = Reason::CapReached { cap: cap.id.clone(), count, limit: cap.limit, resets_at };
            strictest = Some((until, reason));
        }
    }
    strictest.map_or(Ok(()), |(_, reason)| Err((Step::Contact, reason)))
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
