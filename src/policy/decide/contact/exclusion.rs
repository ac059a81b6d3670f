//! Mutual exclusion and stock: what does not go with what was chosen or sent, and what has run out.

use super::caps::begin;
use super::hits::Hits;
use super::planned::{PlannedExclusion, PlannedHit, PlannedStock};
use super::rules::Rules;
use super::scene::{Memory, Scene};
use crate::history::{Identity, Of, Query};
use crate::outcome::{Cause, With};

/// Adds what exclusions have against a candidate.
pub fn check(scene: &Scene<'_>, memory: &mut Memory, slot: u32, reserved: &[u32], hits: &mut Hits) {
    let rules = scene.rules;
    let Some(binding) = rules.bindings.get(slot as usize) else { return };
    for at in &binding.exclusions {
        let Some(exclusion) = rules.exclusions.get(*at as usize) else { continue };
        let own = binding.mark.action;
        let (from, to) = seen(scene, memory, *at, exclusion);
        let sent = memory.seen.get(from as usize..to as usize).unwrap_or(&[]);
        if sent.iter().any(|(action, _)| *action == own) {
            continue;
        }
        let mut different = u32::try_from(sent.len()).unwrap_or(u32::MAX);
        let mut with = sent.first().map(|(_, event)| With::Event(*event));
        let mut goes = false;
        for (i, other) in reserved.iter().enumerate() {
            let Some(mark) = rules.bindings.get(*other as usize).map(|binding| binding.mark) else { continue };
            let of_set = exclusion.members.iter().any(|member| member.holds(&mark));
            goes |= of_set && mark.action == own;
            let earlier = reserved.iter().take(i).filter_map(|earlier| rules.bindings.get(*earlier as usize));
            let known = sent.iter().any(|(action, _)| *action == mark.action)
                || earlier.into_iter().any(|earlier| {
                    earlier.mark.action == mark.action
                        && exclusion.members.iter().any(|member| member.holds(&earlier.mark))
                });
            if of_set {
                with = Some(With::Candidate(*other));
                different = different.saturating_add(u32::from(!known));
            }
        }
        if let (false, Some(with)) = (goes, with)
            && different >= exclusion.at_most
        {
            hits.add(&PlannedHit::Drop, None, Cause::Exclusive { exclusion: exclusion.at, with });
        }
    }
}

/// The different actions of a set in its window, newest first: a part of [`Memory::seen`].
fn seen(scene: &Scene<'_>, memory: &mut Memory, at: u32, exclusion: &PlannedExclusion) -> (u32, u32) {
    if let Some(Some(range)) = memory.seen_of.get(at as usize) {
        return *range;
    }
    let from = memory.seen.len();
    if let Some(window) = exclusion.window {
        let start = begin(scene, memory, window);
        let mut seen = std::mem::take(&mut memory.seen);
        let events = scene.marks(memory, Identity::Subject).iter().rev();
        for met in events.take_while(|met| start.is_none_or(|start| met.time >= start)) {
            let mark = met.mark;
            let of_set = mark.kind == exclusion.kind && exclusion.members.iter().any(|member| member.holds(mark));
            let known = seen.iter().skip(from).any(|(action, _)| *action == mark.action);
            if of_set && !known {
                seen.push((mark.action, met.event));
            }
        }
        memory.seen = seen;
    }
    let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let range = (place(from), place(memory.seen.len()));
    if let Some(known) = memory.seen_of.get_mut(at as usize) {
        *known = Some(range);
    }
    range
}

/// Adds that nothing is left of what a candidate hands out.
pub fn stock(scene: &Scene<'_>, memory: &mut Memory, slot: u32, reserved: &[u32], hits: &mut Hits) {
    let rules = scene.rules;
    let Some(binding) = rules.bindings.get(slot as usize) else { return };
    for at in &binding.stocks {
        let Some(stock) = rules.stocks.get(*at as usize) else { continue };
        let taken = memory.total(rules.budgets.len() + *at as usize, || {
            scene.history.total(&Query { after: stock.since, until: scene.now, ..question(rules, stock) })
        });
        let bindings = reserved.iter().filter_map(|slot| rules.bindings.get(*slot as usize));
        let held = bindings.filter(|binding| binding.mark.action == stock.action).count() as u64;
        if taken.count.saturating_add(held) >= stock.units {
            hits.add(&PlannedHit::Drop, None, Cause::OutOfStock(stock.at));
        }
    }
}

/// The question about everybody that a stock asks, but for its times.
pub(super) fn question<'r>(rules: &'r Rules, stock: &'r PlannedStock) -> Query<'r> {
    let of = Of::Action(rules.symbols.name(stock.action));
    Query { kind: &stock.event, of, channel: None, counting: false, after: None, until: i64::MAX }
}
