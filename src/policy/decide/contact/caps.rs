//! Caps, cool-downs and outcome suppression: counters over earlier events and what this decision has reserved.

use super::hits::Hits;
use super::planned::{
    Counting, PlannedCap, PlannedCoolDown, PlannedHit, PlannedSuppression, PlannedWindow, Selector, Target,
};
use super::rules::Rules;
use super::scene::{Memory, Scene};
use super::sweep::sweep;
use super::symbols::Symbol;
use crate::history::{Identity, Of, Query};
use crate::outcome::Cause;

/// What a counter found among earlier events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tallied {
    /// Events of a cap in its window.
    pub count: u32,
    /// With nothing reserved: until when (ms) its part blocks; `None`: for ever. Of a part that does not block: the past.
    pub(super) until: Option<i64>,
}

/// Adds what caps, suppressions and cool-downs have against a candidate.
pub fn check(scene: &Scene<'_>, memory: &mut Memory, slot: u32, reserved: &[u32], hits: &mut Hits) {
    let rules = scene.rules;
    let Some(binding) = rules.bindings.get(slot as usize) else { return };
    for at in &binding.tallies {
        let Some(tally) = rules.tallies.get(*at as usize) else { continue };
        let tallied = tallied(scene, memory, *at);
        let held = || held(scene, &tally.selector, reserved);
        match tally.part {
            Counting::Cap(i) => {
                let Some(cap) = rules.caps.get(i as usize) else { continue };
                let held = held();
                let count = tallied.count.saturating_add(held);
                if count < cap.limit {
                    continue;
                }
                let resets_at =
                    if held == 0 { tallied.until } else { resets_at(scene, memory, cap, &tally.selector, held) };
                let cause = Cause::Cap { cap: cap.at, count, limit: cap.limit, resets_at };
                hits.add(&cap.on_hit, resets_at, cause);
            }
            Counting::Suppression(i) => {
                let Some(suppression) = rules.suppressions.get(i as usize) else { continue };
                if let Some(until) = tallied.until.filter(|until| scene.now < *until) {
                    let cause = Cause::Suppressed { suppression: suppression.at, until };
                    hits.add(&PlannedHit::Drop, Some(until), cause);
                }
            }
            Counting::CoolDown(i) => {
                let Some(cool_down) = rules.cool_downs.get(i as usize) else { continue };
                let until = if held() > 0 { Some(scene.now.saturating_add(cool_down.gap)) } else { tallied.until };
                if let Some(until) = until.filter(|until| scene.now < *until) {
                    hits.add(&cool_down.on_hit, Some(until), Cause::CoolDown { cool_down: cool_down.at, until });
                }
            }
        }
    }
}

/// Position in the document, count and limit of every cap that is counted for a candidate, what is reserved included.
pub fn counted(scene: &Scene<'_>, memory: &mut Memory, slot: u32, reserved: &[u32]) -> Vec<(u32, u32, u32)> {
    let Some(binding) = scene.rules.bindings.get(slot as usize) else { return Vec::new() };
    let tallies = binding.tallies.iter().filter_map(|at| Some((*at, scene.rules.tallies.get(*at as usize)?)));
    let caps = tallies.filter_map(|(at, tally)| match tally.part {
        Counting::Cap(i) => Some((at, tally, scene.rules.caps.get(i as usize)?)),
        _ => None,
    });
    caps.map(|(at, tally, cap)| {
        let count = tallied(scene, memory, at).count;
        (cap.at, count.saturating_add(held(scene, &tally.selector, reserved)), cap.limit)
    })
    .collect()
}

/// How many of the candidates reserved by this decision a counter counts.
fn held(scene: &Scene<'_>, selector: &Selector, reserved: &[u32]) -> u32 {
    let marks = reserved.iter().filter_map(|slot| scene.rules.bindings.get(*slot as usize));
    let count = marks.filter(|binding| selector.takes(&binding.mark)).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The state of a counter, counted at its first use.
fn tallied(scene: &Scene<'_>, memory: &mut Memory, at: u32) -> Tallied {
    if let Some(Some(tallied)) = memory.tallies.get(at as usize) {
        return *tallied;
    }
    let rules = scene.rules;
    if let (Some(Some(_)), Some(events)) = (rules.swept.get(at as usize), scene.coded[0]) {
        sweep(rules, events, scene.now, &mut memory.met, &mut memory.tallies);
        if let Some(Some(tallied)) = memory.tallies.get(at as usize) {
            return *tallied;
        }
    }
    let nothing = Tallied { count: 0, until: Some(i64::MIN) };
    let tallied = rules.tallies.get(at as usize).and_then(|tally| {
        Some(match tally.part {
            Counting::Cap(i) => {
                let cap = rules.caps.get(i as usize)?;
                let after = begin(scene, memory, cap.window).map(|start| start.saturating_sub(1));
                let count = count(scene, memory, cap, &tally.selector, after);
                let full = count >= cap.limit;
                let until = if full { resets_at(scene, memory, cap, &tally.selector, 0) } else { Some(i64::MIN) };
                Tallied { count, until }
            }
            Counting::Suppression(i) => suppressed(scene, memory, rules.suppressions.get(i as usize)?, &tally.selector),
            Counting::CoolDown(i) => cooling(scene, memory, rules.cool_downs.get(i as usize)?, &tally.selector),
        })
    });
    let tallied = tallied.unwrap_or(nothing);
    if let Some(known) = memory.tallies.get_mut(at as usize) {
        *known = Some(tallied);
    }
    tallied
}

/// The first instant of a window that ends now; `None`: it has no beginning.
pub(super) fn begin(scene: &Scene<'_>, memory: &mut Memory, window: PlannedWindow) -> Option<i64> {
    match window {
        PlannedWindow::Rolling(length) => Some(scene.now.saturating_sub(length).saturating_add(1)),
        PlannedWindow::Lifetime => None,
        PlannedWindow::Calendar(at) => Some(scene.span(memory, at).start),
    }
}

/// Events of a cap after an instant.
fn count(scene: &Scene<'_>, memory: &Memory, cap: &PlannedCap, selector: &Selector, after: Option<i64>) -> u32 {
    if cap.key == Identity::Global {
        return everybody(scene, cap, selector, after);
    }
    let events = scene.marks(memory, cap.key).iter().rev();
    let events = events.take_while(|met| after.is_none_or(|after| met.time > after));
    let count = events.filter(|met| met.mark.kind == cap.kind && selector.takes(met.mark)).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// What a selector adds up of everybody, and on which channel.
fn of_everybody<'r>(rules: &'r Rules, selector: &Selector) -> (Of<'r>, Option<Symbol>) {
    let name = |symbol| rules.symbols.name(symbol);
    match selector.target {
        Target::All => (Of::All, selector.channel),
        Target::Channel(id) => (Of::All, Some(id)),
        Target::Issue(id) => (Of::Issue(name(id)), selector.channel),
        Target::Group(id) => (Of::Group(name(id)), selector.channel),
        Target::Action(id) => (Of::Action(name(id)), selector.channel),
        Target::Treatment(action, id) => (Of::Treatment(name(action), name(id)), selector.channel),
        Target::Tag(tag) => (Of::Tag(rules.tags.get(usize::from(tag)).map_or("", String::as_str)), selector.channel),
    }
}

/// The questions about everybody that a cap asks for a selector, but for their times.
pub(super) fn questions(rules: &Rules, cap: &PlannedCap, selector: &Selector, ask: &mut dyn FnMut(&Query<'_>)) {
    let (of, channel) = of_everybody(rules, selector);
    let inbound = rules.inbound.iter().filter(|_| channel.is_none());
    for channel in inbound.copied().map(Some).chain([channel]) {
        let channel = channel.map(|id| rules.symbols.name(id));
        ask(&Query { kind: &cap.event, of, channel, counting: true, after: None, until: i64::MAX });
    }
}

/// Contacts with everybody after an instant.
fn everybody(scene: &Scene<'_>, cap: &PlannedCap, selector: &Selector, after: Option<i64>) -> u32 {
    let (of, channel) = of_everybody(scene.rules, selector);
    let total = |channel: Option<u32>| {
        let channel = channel.map(|id| scene.rules.symbols.name(id));
        scene.history.total(&Query { kind: &cap.event, of, channel, counting: true, after, until: scene.now }).count
    };
    let mut count = total(channel);
    if channel.is_none() {
        // Caps count outbound contacts: those on channels the policy does not know are.
        for inbound in &scene.rules.inbound {
            count = count.saturating_sub(total(Some(*inbound)));
        }
    }
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The first instant at which a cap that is reached lets one more pass, if nothing else is counted meanwhile.
fn resets_at(scene: &Scene<'_>, memory: &Memory, cap: &PlannedCap, selector: &Selector, held: u32) -> Option<i64> {
    if cap.limit == 0 {
        return None;
    }
    match cap.window {
        PlannedWindow::Lifetime => None,
        PlannedWindow::Rolling(length) => {
            // What is reserved leaves last. The newest that must have left is the one that fills the room left by it.
            let room = cap.limit.saturating_sub(held);
            let time = match room.checked_sub(1) {
                None => scene.now,
                Some(_) if cap.key == Identity::Global => {
                    let (mut low, mut high) = (scene.now.saturating_sub(length), scene.now);
                    while low < high {
                        let middle = low.midpoint(high);
                        if everybody(scene, cap, selector, Some(middle)) < room {
                            high = middle;
                        } else {
                            low = middle + 1;
                        }
                    }
                    high
                }
                Some(newer) => {
                    let events = scene.marks(memory, cap.key).iter().rev();
                    let mut counted = events.filter(|met| met.mark.kind == cap.kind && selector.takes(met.mark));
                    counted.nth(newer as usize)?.time
                }
            };
            Some(time.saturating_add(length))
        }
        PlannedWindow::Calendar(at) => {
            let mut end = scene.span_at(memory, at, scene.now).end;
            // Where the clock is put back over midnight the next period may have begun before now.
            for _ in 0..3 {
                let next = scene.span_at(memory, at, end);
                let left = next.start > scene.now;
                if left || count(scene, memory, cap, selector, Some(next.start.saturating_sub(1))) + held < cap.limit {
                    break;
                }
                end = next.end;
            }
            Some(end).filter(|end| *end < i64::MAX)
        }
    }
}

/// Until when outcomes suppress: the latest one that made it so many within so long counts.
fn suppressed(scene: &Scene<'_>, memory: &Memory, suppression: &PlannedSuppression, selector: &Selector) -> Tallied {
    let events = scene.marks(memory, Identity::Subject).iter();
    let outcomes = events.filter(|met| met.mark.kind == suppression.kind && selector.takes(met.mark));
    let outcomes = outcomes.map(|met| met.time);
    let mut first = outcomes.clone();
    let mut until = i64::MIN;
    for (time, seen) in outcomes.zip(1u32..) {
        if seen >= suppression.times
            && let Some(first) = first.next()
            && first > time.saturating_sub(suppression.within)
        {
            until = time.saturating_add(suppression.for_);
        }
    }
    Tallied { count: 0, until: Some(until) }
}

/// Until when the last contact makes others wait.
fn cooling(scene: &Scene<'_>, memory: &Memory, cool_down: &PlannedCoolDown, selector: &Selector) -> Tallied {
    let mut events = scene.marks(memory, Identity::Subject).iter().rev();
    let last = events.find(|met| met.mark.kind == cool_down.kind && selector.takes(met.mark));
    Tallied { count: 0, until: Some(last.map_or(i64::MIN, |met| met.time.saturating_add(cool_down.gap))) }
}
