//! Arbitration: the priority of a candidate, its floors, and the total order of survivors.

use super::Removal;
use super::case::{Case, View};
use crate::plan::{Formula, Plan, Slot};
use crate::reason::{Reason, Step};
use crate::trace::CandidateTrace;
use crate::value::Value;
use std::cmp::Ordering;
use std::sync::Arc;

/// A candidate that passed every stage and floor.
pub struct Survivor {
    /// Position of its slot.
    pub slot: usize,
    pub propensity: f64,
    /// Rounded to 1e-9.
    pub priority: f64,
}

impl Survivor {
    /// Best first: tier, priority, group, action id, treatment id.
    pub fn rank(&self, other: &Survivor, plan: &Plan) -> Ordering {
        let place =
            |s: &Survivor| plan.slots.get(s.slot).map_or((true, usize::MAX), |slot| (!slot.mandatory, slot.order));
        let ((tier, order), (other_tier, other_order)) = (place(self), place(other));
        tier.cmp(&other_tier).then(other.priority.total_cmp(&self.priority)).then(order.cmp(&other_order))
    }
}

/// Whether the best survivor is chosen: under net value a candidate of the normal tier must be worth more than 0.
pub fn beats_doing_nothing(best: &Survivor, plan: &Plan) -> bool {
    let mandatory = plan.slots.get(best.slot).is_some_and(|slot| slot.mandatory);
    mandatory || best.priority > 0.0 || !matches!(plan.formula, Formula::NetValue)
}

/// Propensity, priority and floors of a candidate. `multiplier` is the product of its soft suitability rules.
pub fn price(
    case: &Case<'_>,
    position: usize,
    slot: &Slot,
    multiplier: f64,
    trace: Option<&mut CandidateTrace>,
) -> Result<Survivor, Removal> {
    let scored = slot.model.and_then(|model| case.score(model));
    let propensity = scored.map_or(1.0, |scored| scored.value.clamp(0.0, 1.0));
    let context = context_weight(case, slot);
    let (value, lever, cost) = (slot.value, slot.lever, slot.cost);
    let priority = match &case.plan.formula {
        Formula::Pcvl => Ok(propensity * context * value * lever * multiplier),
        Formula::NetValue => Ok(propensity * value * context * lever * multiplier - cost),
        Formula::Expression(expression) => {
            let view = View::new(case, slot).with_terms([propensity, context, value, lever, cost, f64::NAN]);
            match expression.eval(&view) {
                Ok(Value::Unknown) => {
                    let missing = expression.missing(&view);
                    Err(format!("the priority needs {}, which is unknown", missing.join(", ")))
                }
                Ok(result) => match result.as_f64() {
                    Some(x) => Ok(x * multiplier),
                    None => Err(format!("the priority is {result}, expected a number")),
                },
                Err(message) => Err(message),
            }
        }
    };
    let priority = priority.map(rounded);
    if let Some(trace) = trace {
        trace.propensity_raw = scored.and_then(|scored| scored.raw);
        trace.propensity = Some(propensity);
        trace.context_weight = Some(context);
        trace.value = Some(value);
        trace.lever = Some(lever);
        trace.cost = Some(cost);
        trace.priority = priority.as_ref().ok().copied().filter(|x| x.is_finite());
    }
    for floor in slot.floors.iter().filter_map(|(floor, _)| *floor) {
        if propensity < floor {
            return Err((Step::Arbitration, Reason::BelowPropensityFloor { propensity, floor }));
        }
    }
    let priority = match priority {
        Ok(x) if x.is_finite() => x,
        Ok(x) => return Err(score_error(case, slot, format!("the priority is {x}, not a finite number"))),
        Err(message) => return Err(score_error(case, slot, message)),
    };
    for floor in slot.floors.iter().filter_map(|(_, floor)| *floor) {
        if priority < floor {
            return Err((Step::Arbitration, Reason::BelowPriorityFloor { priority, floor }));
        }
    }
    Ok(Survivor { slot: position, propensity, priority })
}

/// C = 1 + Σ matched percent / 100, in document order. A condition that is unknown does not match.
fn context_weight(case: &Case<'_>, slot: &Slot) -> f64 {
    let mut percent = 0.0;
    for weight in slot.weights.iter().filter_map(|i| case.plan.weights.get(*i)) {
        match weight.compiled.eval(&View::new(case, slot)) {
            Ok(Value::Bool(true)) => percent += weight.percent,
            Ok(Value::Bool(false) | Value::Unknown) => {}
            Ok(other) => case.note(format!("context weight `{}` gave {other}, expected true or false", weight.id)),
            Err(message) => case.note(format!("context weight `{}` failed: {message}", weight.id)),
        }
    }
    1.0 + percent / 100.0
}

fn score_error(case: &Case<'_>, slot: &Slot, message: String) -> Removal {
    case.note(format!("`{}` was dropped from arbitration: {message}", slot.action));
    (Step::Arbitration, Reason::ScoreError { message: Arc::from(message) })
}

/// Priorities closer than this rounding are equal, so that the last bit of a product does not decide.
fn rounded(x: f64) -> f64 {
    let scaled = (x * 1e9).round() / 1e9;
    // Too large to have digits after the ninth; and 0 rather than −0.
    if scaled.is_finite() { scaled + 0.0 } else { x }
}
