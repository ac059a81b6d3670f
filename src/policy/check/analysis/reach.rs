//! Actions that no one can reach, and what people decided for candidates that guards deny anyway.

use super::{World, listed};
use crate::arbitration::Mode;
use crate::check::Findings;
use crate::check::analysis::rules::Questions;
use crate::diagnostic::Part;
use crate::language::graph::Literal;
use crate::outcome::Tier;
use crate::overrides::OverrideKind;
use crate::plan::Slot;
use crate::prove::{Goal, Search, outcome};
use crate::rule::Scope;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Cases looked at for all candidates.
const ALL_CASES: usize = 40_000;

/// Looks at every candidate and every override. `blocked` are the rules that were told to keep nobody.
pub fn check(world: &World<'_>, blocked: &BTreeSet<usize>, findings: &mut Findings) {
    let mut questions = Questions::new(Search::new(&world.space, false), ALL_CASES);
    candidates(world, blocked, &mut questions, findings);
    overrides(world, &mut questions, findings);
    outranked(world, findings);
    if let (Some(_), false) = (&world.document.exploration, world.plan.slots.is_empty())
        && world.plan.slots.iter().all(|slot| slot.tier == Tier::Mandatory)
    {
        findings
            .warning(Part::Exploration, "every action is mandatory, and chance never acts among those; take it out");
    }
}

fn candidates(
    world: &World<'_>,
    blocked: &BTreeSet<usize>,
    questions: &mut Questions<'_, '_>,
    findings: &mut Findings,
) {
    // Per action the reasons why none of its treatments can be chosen; one that can ends it.
    let mut reasons: BTreeMap<u32, Option<BTreeSet<String>>> = BTreeMap::new();
    let mut known: HashMap<(Vec<u32>, Vec<Literal>), bool> = HashMap::new();
    for slot in &world.plan.slots {
        let why = unreachable(world, slot, blocked, questions, &mut known);
        let entry = reasons.entry(slot.candidate.action).or_insert_with(|| Some(BTreeSet::new()));
        match (entry.as_mut(), why) {
            (Some(all), Some(why)) => drop(all.insert(why)),
            (_, None) => *entry = None,
            (None, _) => {}
        }
    }
    for (action, why) in reasons {
        let (Some(action), Some(why)) = (world.document.actions.get(action as usize), why) else { continue };
        let why: Vec<String> = why.into_iter().filter(|why| !why.is_empty()).collect();
        // Whatever only a blocking rule does was told there.
        if !why.is_empty() {
            findings.warning(Part::Action(action.id.clone()), format!("no one can ever get it: {}", why.join("; ")));
        }
    }
}

/// Why a candidate can never be chosen; nothing in words when another finding says it.
fn unreachable(
    world: &World<'_>,
    slot: &Slot,
    blocked: &BTreeSet<usize>,
    questions: &mut Questions<'_, '_>,
    known: &mut HashMap<(Vec<u32>, Vec<Literal>), bool>,
) -> Option<String> {
    if slot.rules.iter().any(|rule| blocked.contains(&(*rule as usize))) {
        return Some(String::new());
    }
    if let Some(why) = below_floor(world, slot) {
        return Some(why);
    }
    let keepers: Vec<_> = slot.rules.iter().filter_map(|rule| Some((*rule, world.keeper(*rule as usize)?))).collect();
    // A rule alone was asked about already.
    if keepers.len() < 2 {
        return None;
    }
    let facts: BTreeSet<usize> = keepers.iter().flat_map(|(_, keeper)| keeper.facts.iter().copied()).collect();
    let facts = facts.iter().map(|fact| Literal(world.space.context.fact_at(*fact, slot.candidate).clone()));
    let goals: Vec<Goal> = keepers.iter().map(|(_, keeper)| Goal::node(keeper.root, keeper.keeps)).collect();
    let key = (keepers.iter().map(|(rule, _)| *rule).collect::<Vec<_>>(), facts.collect());
    let none = match known.get(&key) {
        Some(none) => *none,
        None => {
            let none = questions.none(&[slot.candidate], &goals);
            known.insert(key, none);
            none
        }
    };
    if !none {
        return None;
    }
    let mut needed = keepers;
    let mut at = 0;
    while at < needed.len() {
        let goals: Vec<Goal> = needed
            .iter()
            .enumerate()
            .filter(|(i, _)| *i != at)
            .map(|(_, (_, keeper))| Goal::node(keeper.root, keeper.keeps))
            .collect();
        if questions.none(&[slot.candidate], &goals) {
            needed = needed.into_iter().enumerate().filter(|(i, _)| *i != at).map(|(_, keeper)| keeper).collect();
        } else {
            at += 1;
        }
    }
    let ids: Vec<&str> =
        needed.iter().filter_map(|(rule, _)| world.rule(*rule as usize)).map(|rule| rule.id.as_str()).collect();
    Some(format!("the rules {} cannot hold at once for it; loosen one of them", listed(ids)))
}

/// A floor above the highest priority there can be.
fn below_floor(world: &World<'_>, slot: &Slot) -> Option<String> {
    let floor = slot.floors.iter().filter_map(|(_, priority)| *priority).fold(f64::NEG_INFINITY, f64::max);
    if floor == f64::NEG_INFINITY || !slot.levers.is_empty() {
        return None;
    }
    let weights = slot.weights.iter().filter_map(|at| world.plan.weights.get(*at as usize));
    let context = 1.0 + weights.map(|weight| weight.percent.max(0.0)).sum::<f64>() / 100.0;
    let earned = context * slot.value * slot.lever;
    let most = match world.document.arbitration.mode {
        Mode::Pcvl => earned,
        Mode::NetValue => earned - slot.cost,
        // Tau is a difference of two probabilities where outcomes are; elsewhere it has no bound.
        Mode::Uplift | Mode::GeometricMean { .. } | Mode::Expression(_) => return None,
    };
    // Room for rounding.
    (most < floor - 1e-6 * floor.abs().max(1.0)).then(|| {
        format!("its priority is at most {most}, and its floor is {floor}; lower the floor, or raise its value")
    })
}

fn overrides(world: &World<'_>, questions: &mut Questions<'_, '_>, findings: &mut Findings) {
    for (over, planned) in world.document.overrides.iter().zip(&world.plan.overrides) {
        let part = || Part::Override(over.id.clone());
        let (scope, forces) = match &over.kind {
            OverrideKind::Force(scope) => (scope, true),
            OverrideKind::Deny(scope) => (scope, false),
        };
        let slots: Vec<&Slot> = world.plan.slots.iter().filter(|slot| slot.is_in(scope)).collect();
        if slots.is_empty() {
            findings
                .warning(part(), "no candidate is in its scope, so it does nothing; widen the scope, or take it out");
            continue;
        }
        if slots.iter().all(|slot| {
            slot.valid_until.is_some_and(|until| until <= over.from)
                || slot.valid_from.is_some_and(|from| from >= over.until)
        }) {
            findings.warning(
                part(),
                "none of its candidates is valid while it holds, so it does nothing; correct its dates",
            );
            continue;
        }
        let when = planned.when.and_then(|at| world.space.root(at as usize));
        // Unknown or failed, a denial holds and a force does not.
        let holds = if forces { outcome::TRUE } else { outcome::TRUE | outcome::UNKNOWN | outcome::FAULT };
        if planned.when.is_some() != when.is_some() {
            continue;
        }
        let first = slots.first().map(|slot| slot.candidate);
        if let (Some(when), Some(first)) = (when, first)
            && questions.none(&[first], &[Goal::node(when, holds)])
        {
            findings.warning(part(), "its condition can never hold, so it does nothing; correct it");
            continue;
        }
        let denied = slots.iter().take(super::KINDS).all(|slot| {
            let guards = slot.rules.iter().take(slot.guards).filter_map(|rule| world.keeper(*rule as usize));
            let mut goals: Vec<Goal> = guards.map(|keeper| Goal::node(keeper.root, keeper.keeps)).collect();
            goals.extend(when.map(|when| Goal::node(when, holds)));
            questions.none(&[slot.candidate], &goals)
        });
        if denied && slots.len() <= super::KINDS {
            let message = match forces {
                true => {
                    "hard guards deny every candidate that it forces, and no override passes a guard: it does nothing"
                }
                false => "hard guards deny every candidate that it denies: it does nothing",
            };
            findings.warning(part(), format!("{message}; take it out, or correct its scope or condition"));
            continue;
        }
        let stronger = world.document.overrides.iter().find(|other| match &other.kind {
            OverrideKind::Deny(wide) => {
                other.id != over.id
                    && other.when.is_none()
                    && other.from <= over.from
                    && other.until >= over.until
                    && world.taxonomy.covers(wide, scope)
            }
            OverrideKind::Force(_) => false,
        });
        if let Some(stronger) = stronger {
            findings.warning(
                part(),
                format!("`{}` denies all of its candidates as long as it holds; take one of them out", stronger.id),
            );
        }
    }
}

/// A mandatory candidate that nothing can stop outranks everything else for good.
fn outranked(world: &World<'_>, findings: &mut Findings) {
    let single = world.document.slots.count <= 1;
    let stopped = |slot: &Slot| {
        let action = world.document.actions.get(slot.candidate.action as usize);
        action.is_none_or(|action| action.obeys_caps)
            || !slot.rules.is_empty()
            || slot.standby
            || slot.valid_from.is_some()
            || slot.valid_until.is_some()
            || !slot.layers.is_empty()
            || !slot.denials.is_empty()
            || !slot.floors.is_empty()
            || world.document.quiet_hours.iter().any(|quiet| quiet.enabled)
            || world.document.stocks.iter().any(|stock| *stock.action == *slot.action)
            || world.document.budgets.iter().any(|budget| budget.enabled && slot.is_in(&budget.scope))
            || world.document.exclusions.iter().any(|e| e.enabled && e.members.iter().any(|member| slot.is_in(member)))
            || world.document.suppressions.iter().any(|suppression| suppression.enabled)
            || world.document.cool_downs.iter().any(|cool_down| cool_down.enabled)
    };
    let safe = matches!(world.document.arbitration.mode, Mode::Pcvl);
    let first = world.plan.slots.iter().find(|slot| slot.tier == Tier::Mandatory && !stopped(slot));
    let others = world.plan.slots.iter().any(|slot| slot.tier != Tier::Mandatory);
    let forced = world.document.overrides.iter().any(|over| matches!(over.kind, OverrideKind::Force(Scope::All)));
    if let (Some(slot), true) = (first, single && safe && others && !forced) {
        let message = "it is mandatory and nothing ever stops it, so no action that is not mandatory is ever chosen; give it an \
                       applicability rule, or let it compete";
        findings.warning(Part::Action(slot.action.to_string()), message);
    }
}
