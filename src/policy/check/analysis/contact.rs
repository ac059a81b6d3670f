//! Contact policy that cannot bind: caps and cool-downs that stricter ones make idle, that speak of nobody, and budgets that cannot be spent.

use super::listed;
use crate::action::{Action, Direction};
use crate::check::Findings;
use crate::contact::{Budget, Cap, CapTarget, CoolDown, EventKind, Measure, OnHit, Window};
use crate::diagnostic::Part;
use crate::document::{Document, Operation};
use crate::holdout::HoldoutKind;
use crate::plan::{Plan, Slot};

/// Looks at every part of the contact policy, and at what is withheld or left to do nothing.
pub fn check(document: &Document, plan: &Plan, findings: &mut Findings) {
    caps(document, plan, findings);
    cool_downs(document, findings);
    for budget in document.budgets.iter().filter(|budget| budget.enabled) {
        if let Some(problem) = unspendable(document, plan, budget) {
            findings.warning(Part::Budget(budget.id.clone()), problem);
        }
    }
    for holdout in document.holdouts.iter().filter(|holdout| holdout.share >= 1.0) {
        let problem = match &holdout.kind {
            // Told of by the checks of the document itself.
            HoldoutKind::Global => continue,
            HoldoutKind::Program => {
                "its share is 1: nobody gets anything of this policy but service messages".to_owned()
            }
            HoldoutKind::Action(id) => {
                format!("its share is 1: nobody ever gets `{id}`; lower it, or take the action out")
            }
            HoldoutKind::ModelControl => "its share is 1: no model ever ranks anything".to_owned(),
            HoldoutKind::Ablation(_) => "its share is 1: the policy itself never decides".to_owned(),
        };
        findings.warning(Part::Holdout(holdout.id.clone()), problem);
    }
    if plan.rungs.is_empty() && document.mode != Operation::Shadow {
        findings.note(Part::Fallback, "there is none: a subject for whom nothing is left gets nothing");
    }
}

fn caps(document: &Document, plan: &Plan, findings: &mut Findings) {
    let limited: Vec<&Cap> = document.caps.iter().filter(|cap| cap.enabled && cap.limit.is_some()).collect();
    for (at, cap) in limited.iter().enumerate() {
        let part = || Part::Cap(cap.id.clone());
        let blocked: Vec<(&Action, &Slot)> = plan
            .slots
            .iter()
            .filter_map(|slot| Some((document.actions.get(slot.candidate.action as usize)?, slot)))
            .filter(|(action, slot)| blocks(document, cap, action, slot))
            .collect();
        if blocked.is_empty() {
            let inbound = cap.channel.as_ref().is_some_and(|id| plan.is_inbound(id));
            // The checks of the document tell of an inbound channel.
            if !inbound {
                findings.warning(
                    part(),
                    "it can never bind: no candidate that obeys caps is in its target; correct it, or take it out",
                );
            }
            continue;
        }
        let outside =
            matches!(cap.event, EventKind::Custom(_)) || matches!(&cap.target, CapTarget::All | CapTarget::Channel);
        if cap.limit > Some(0) && !outside && blocked.iter().all(|(action, _)| !action.counts_toward_caps) {
            findings.warning(
                part(),
                "it can never bind: nothing in its target counts toward caps; let the actions count, or take it out",
            );
            continue;
        }
        let stricter = limited.iter().enumerate().find(|(other_at, other)| {
            // Of two that say the same the second is idle.
            *other_at != at && makes_idle(other, cap) && (*other_at < at || !makes_idle(cap, other))
        });
        if let Some((_, other)) = stricter {
            let message =
                format!("it can never bind: `{}` blocks whatever it would block; tighten it, or take it out", other.id);
            findings.warning(part(), message);
        }
    }
}

fn blocks(document: &Document, cap: &Cap, action: &Action, slot: &Slot) -> bool {
    let outbound = document.channels.iter().any(|c| *c.id == *slot.channel && c.direction == Direction::Outbound);
    let tagged = match &cap.target {
        CapTarget::Tag(tag) => action.tags.contains(tag),
        _ => true,
    };
    let channel = cap.channel.as_ref().is_none_or(|id| **id == *slot.channel);
    outbound && tagged && channel && action.obeys_caps && !(action.mandatory && cap.bypassable)
}

/// Whether whatever `cap` blocks is blocked by `other` as well, and as firmly.
fn makes_idle(other: &Cap, cap: &Cap) -> bool {
    let limits = other.limit.zip(cap.limit).is_some_and(|(other, cap)| other <= cap);
    limits
        && other.event == cap.event
        && other.key == cap.key
        && counts_more(&other.target, &cap.target)
        && (other.channel.is_none() || other.channel == cap.channel)
        && reaches_back(other.window, cap.window)
        && (!other.bypassable || cap.bypassable)
        && (other.on_hit == cap.on_hit
            || other.on_hit == OnHit::Drop && cap.on_hit == OnHit::Defer && !ends_sooner(other.window))
}

/// Whether a block over this window may end while the other's goes on.
fn ends_sooner(window: Window) -> bool {
    window != Window::Lifetime
}

/// Whether what the first counts together for a candidate holds all that the second counts.
fn counts_more(wide: &CapTarget, narrow: &CapTarget) -> bool {
    let rank = |target: &CapTarget| match target {
        CapTarget::Issue => Some(0),
        CapTarget::Group => Some(1),
        CapTarget::Action => Some(2),
        CapTarget::Treatment => Some(3),
        CapTarget::All | CapTarget::Channel | CapTarget::Tag(_) => None,
    };
    wide == narrow
        || *wide == CapTarget::All
        || *wide == CapTarget::Channel && *narrow == CapTarget::Treatment
        || rank(wide).zip(rank(narrow)).is_some_and(|(wide, narrow)| wide < narrow)
}

/// Whether the first window holds every instant of the second.
fn reaches_back(wide: Window, narrow: Window) -> bool {
    match (wide, narrow) {
        (Window::Lifetime, _) => true,
        (Window::Rolling(wide), Window::Rolling(narrow)) => wide >= narrow,
        (wide, narrow) => wide == narrow,
    }
}

fn cool_downs(document: &Document, findings: &mut Findings) {
    let active: Vec<&CoolDown> = document.cool_downs.iter().filter(|cool_down| cool_down.enabled).collect();
    for (at, one) in active.iter().enumerate() {
        let longer = |a: &CoolDown, b: &CoolDown| {
            a.event == b.event
                && a.gap >= b.gap
                && counts_more(&a.target, &b.target)
                && (a.channel.is_none() || a.channel == b.channel)
                && a.on_hit == b.on_hit
        };
        let stricter = active
            .iter()
            .enumerate()
            .find(|(other_at, other)| *other_at != at && longer(other, one) && (*other_at < at || !longer(one, other)));
        if let Some((_, other)) = stricter {
            let message = format!(
                "it can never bind: {} waits at least as long for the same; lengthen it, or take it out",
                listed([other.id.as_str()])
            );
            findings.warning(Part::CoolDown(one.id.clone()), message);
        }
    }
}

fn unspendable(document: &Document, plan: &Plan, budget: &Budget) -> Option<String> {
    let slots: Vec<&Slot> = plan.slots.iter().filter(|slot| slot.is_in(&budget.scope)).collect();
    if slots.is_empty() {
        return Some("no candidate is in its scope, so it is never spent; widen the scope, or take it out".to_owned());
    }
    let cost = |slot: &Slot| match budget.measure {
        Measure::Count => 1.0,
        Measure::Cost => slot.cost,
    };
    let least = slots.iter().map(|slot| cost(slot)).fold(f64::INFINITY, f64::min);
    let most = slots.iter().map(|slot| cost(slot)).fold(0.0, f64::max);
    if most <= 0.0 {
        return Some(
            "none of its candidates costs anything, so it is never spent; give them costs, or count them".to_owned(),
        );
    }
    if let Some(max) = budget.max.filter(|max| least > *max) {
        let what = if budget.measure == Measure::Count { "a single one" } else { "the cheapest of its candidates" };
        return Some(format!(
            "its maximum {max} is less than {what} takes, so nothing in its scope is ever sent; raise it"
        ));
    }
    let ended = |slot: &&Slot| budget.from.zip(slot.valid_until).is_some_and(|(from, until)| until <= from);
    if slots.iter().all(ended) {
        return Some(
            "none of its candidates is valid once it begins, so it is never spent; correct its dates".to_owned(),
        );
    }
    let sold_out =
        slots.iter().all(|slot| document.stocks.iter().any(|stock| *stock.action == *slot.action && stock.units == 0));
    sold_out.then(|| "its candidates have no stock, so it is never spent".to_owned())
}
