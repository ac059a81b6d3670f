//! Budgets: what may be spent of them by now, and whether one lags behind its minimum.

use super::calendar::Span;
use super::planned::{PlannedBudget, Target};
use super::rules::Rules;
use super::scene::{Memory, Scene};
use crate::history::{Of, Query};
use crate::outcome::{BudgetState, Cause};

/// Sums of money closer than this are the same.
const CENT: f64 = 1e-9;

/// The first budget that a candidate would overspend, given what this decision has reserved.
pub fn check(scene: &Scene<'_>, memory: &mut Memory, slot: u32, reserved: &[u32]) -> Result<(), Cause> {
    let rules = scene.rules;
    let Some(binding) = rules.bindings.get(slot as usize) else { return Ok(()) };
    for at in &binding.budgets {
        let Some(budget) = rules.budgets.get(*at as usize) else { continue };
        let span = span(scene, memory, budget);
        let own = |cost: f64| if budget.cost { cost } else { 1.0 };
        let held = reserved.iter().filter_map(|slot| rules.bindings.get(*slot as usize));
        let held = held.filter(|binding| budget.scope.holds(&binding.mark));
        let spent = held.fold(spent(scene, memory, *at, budget, span), |sum, binding| sum + own(binding.cost));
        let budget_ = budget.at;
        let ended = budget.until.is_some_and(|until| scene.now >= until);
        if ended || budget.from.is_some_and(|from| scene.now < from) {
            return Err(Cause::Budget { budget: budget_, spent, allowed: 0.0, paced: false });
        }
        let Some(max) = budget.max else { continue };
        let after = spent + own(binding.cost);
        if after > max + CENT {
            return Err(Cause::Budget { budget: budget_, spent, allowed: max, paced: false });
        }
        if let Some(slack) = budget.pacing {
            let allowed = max * share(scene, span) * (1.0 + slack);
            if after > allowed + CENT {
                return Err(Cause::Budget { budget: budget_, spent, allowed, paced: true });
            }
        }
    }
    Ok(())
}

/// Whether a budget of the candidate is behind its minimum.
pub fn lags(scene: &Scene<'_>, memory: &mut Memory, slot: u32) -> bool {
    let Some(binding) = scene.rules.bindings.get(slot as usize) else { return false };
    binding.budgets.iter().any(|at| {
        let Some(budget) = scene.rules.budgets.get(*at as usize) else { return false };
        let open = budget.from.is_none_or(|from| scene.now >= from) && budget.until.is_none_or(|end| scene.now < end);
        budget.min.filter(|_| open).is_some_and(|min| {
            let span = span(scene, memory, budget);
            spent(scene, memory, *at, budget, span) + CENT < min * share(scene, span)
        })
    })
}

/// Where every budget stands; calendars by the project's or universal time.
pub fn states(scene: &Scene<'_>, memory: &mut Memory) -> Vec<BudgetState> {
    let budgets = scene.rules.budgets.iter().zip(0u32..);
    let state = |(budget, at): (&PlannedBudget, u32)| {
        let span = span(scene, memory, budget);
        let spent = spent(scene, memory, at, budget, span);
        let share = share(scene, span);
        let pace = budget.max.zip(budget.pacing).map(|(max, slack)| max * share * (1.0 + slack));
        let least = budget.min.map(|min| min * share);
        BudgetState { budget: budget.at, spent, max: budget.max, pace, least }
    };
    budgets.map(state).collect()
}

/// The period of a budget that now lies in, cut to its begin and end.
fn span(scene: &Scene<'_>, memory: &mut Memory, budget: &PlannedBudget) -> Span {
    let period = budget.reset.map(|at| scene.span(memory, at));
    let Span { start, end } = period.unwrap_or(Span { start: i64::MIN, end: i64::MAX });
    Span {
        start: budget.from.map_or(start, |from| start.max(from)),
        end: budget.until.map_or(end, |until| end.min(until)),
    }
}

/// What was spent in a period before now.
fn spent(scene: &Scene<'_>, memory: &mut Memory, at: u32, budget: &PlannedBudget, span: Span) -> f64 {
    let total = memory.total(at as usize, || {
        let after = (span.start > i64::MIN).then(|| span.start - 1);
        scene.history.total(&Query { after, until: scene.now, ..question(scene.rules, budget) })
    });
    if budget.cost { total.cost } else { total.count as f64 }
}

/// The question about everybody that a budget asks, but for its times.
pub(super) fn question<'r>(rules: &'r Rules, budget: &'r PlannedBudget) -> Query<'r> {
    let name = |symbol| rules.symbols.name(symbol);
    let (of, channel) = match budget.scope {
        Target::All | Target::Tag(_) => (Of::All, None),
        Target::Channel(id) => (Of::All, Some(name(id))),
        Target::Issue(id) => (Of::Issue(name(id)), None),
        Target::Group(id) => (Of::Group(name(id)), None),
        Target::Action(id) => (Of::Action(name(id)), None),
        Target::Treatment(action, id) => (Of::Treatment(name(action), name(id)), None),
    };
    Query { kind: &budget.event, of, channel, counting: false, after: None, until: i64::MAX }
}

/// Which part of a period is over, from 0 to 1; all of one that has no beginning or no end.
fn share(scene: &Scene<'_>, span: Span) -> f64 {
    if span.start == i64::MIN || span.end == i64::MAX {
        return 1.0;
    }
    let length = span.end.saturating_sub(span.start);
    if length <= 0 {
        return 1.0;
    }
    (scene.now.saturating_sub(span.start) as f64 / length as f64).clamp(0.0, 1.0)
}
