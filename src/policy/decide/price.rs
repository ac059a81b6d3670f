//! Stages 8 and 9 for one candidate: propensity, uplift, the terms of its priority, and the floors.

use super::Frame;
use super::admit::factor;
use super::case::{Answer, Case, View};
use super::chance::{self, Chance};
use super::contact::{self, Verdict};
use super::mutant::{Mutant, planted};
use crate::arbitration::LowConfidence;
use crate::holdout::Arm;
use crate::language::Term;
use crate::model::Scored;
use crate::outcome::{Cause, Fate, Source, Survivor, Terms, Tier};
use crate::plan::{Formula, Slot};
use crate::reason::Step;
use std::borrow::Cow;

/// What is known of a candidate's worth.
#[derive(Clone, Copy, Debug)]
pub struct Priced {
    /// Output of its model of P, when it has one.
    pub scored: Option<Scored>,
    /// P after smoothing towards the prior, before low confidence or chance changed it.
    pub smoothed: f64,
    /// Observations behind P.
    pub evidence: Option<f64>,
    /// Width of its interval.
    pub width: Option<f64>,
    /// Whether that is too little.
    pub low: bool,
    pub terms: Terms,
    /// Upper confidence bound on tau.
    pub upper: Option<f64>,
}

/// The candidate as a survivor, unless a floor, do no harm or low confidence drops it.
pub fn survivor(
    case: &Case<'_>,
    frame: &Frame,
    at: u32,
    slot: &Slot,
    suitability: f64,
    verdict: Verdict,
) -> Result<Survivor, Fate> {
    let priced = price(case, frame, slot, suitability);
    let drop = |cause| Err(Fate { step: Step::Arbitration, cause });
    let cold = &case.document().cold_start;
    if priced.low && cold.on_low == LowConfidence::Abstain {
        return drop(Cause::LowConfidence { evidence: priced.evidence, width: priced.width });
    }
    let terms = priced.terms;
    for floor in slot.floors.iter().filter_map(|(floor, _)| *floor) {
        if terms.propensity < floor || planted(Mutant::FloorIsStrict) && terms.propensity <= floor {
            return drop(Cause::BelowPropensity { propensity: terms.propensity, floor });
        }
    }
    if let (Formula::Uplift, Some(upper)) = (&case.plan.formula, priced.upper)
        && (upper < 0.0 || planted(Mutant::HarmByEstimate) && terms.uplift < 0.0)
    {
        return drop(Cause::DoNoHarm { uplift: terms.uplift, upper });
    }
    let priority = match priority(case, frame, slot, &terms).map(rounded) {
        Ok(x) if x.is_finite() => x,
        Ok(x) => {
            let failure = case.fail(Source::Priority(at), format!("the priority is {x}, not a finite number"));
            return drop(Cause::ScoreError(failure));
        }
        Err(text) => return drop(Cause::ScoreError(case.fail(Source::Priority(at), text))),
    };
    for floor in slot.floors.iter().filter_map(|(_, floor)| *floor) {
        if priority < floor {
            return drop(Cause::BelowPriority { priority, floor });
        }
    }
    let boosted =
        slot.tier == Tier::Normal && !planted(Mutant::LagIsNotBoosted) && contact::boosted_by_minimum(case, slot);
    Ok(Survivor {
        candidate: at,
        tier: if boosted { Tier::Boosted } else { slot.tier },
        priority,
        terms,
        low: priced.low,
        evidence: priced.evidence.unwrap_or(0.0) + slot.prior.map_or(0.0, |(_, weight)| weight),
        believed: slot.model.is_some() || slot.prior.is_some(),
        after_confident: priced.low
            && !planted(Mutant::LowRanksWithConfident)
            && cold.on_low == LowConfidence::RulesRank,
        order: slot.order,
        verdict,
        open: true,
    })
}

/// The terms of a candidate's priority.
pub fn price(case: &Case<'_>, frame: &Frame, slot: &Slot, suitability: f64) -> Priced {
    let cold = &case.document().cold_start;
    let scored = slot.model.and_then(|model| case.score(model, slot.candidate));
    // What stands in for a score that could not be computed has no evidence, and no prior corrects it.
    let sound = scored.is_some_and(|scored| !scored.degraded() || planted(Mutant::StandInHasEvidence));
    let evidence = slot.evidence.filter(|_| sound).or(scored.and_then(|scored| scored.evidence));
    let width = scored.and_then(|scored| scored.spread).map(|half| 2.0 * half);
    let low = sound
        && (cold.min_evidence.zip(evidence).is_some_and(|(least, n)| n < least)
            || cold.max_width.zip(width).is_some_and(|(most, width)| width > most));
    let smoothed = match (scored.map(|scored| scored.value.clamp(0.0, 1.0)), slot.prior, evidence) {
        (None, Some((prior, _)), _) => prior,
        (None, None, _) => 1.0,
        (Some(p), Some((prior, weight)), Some(n)) if weight + n > 0.0 => {
            // Two shares that add up to 1 may be rounded to more.
            let (prior, p) = if planted(Mutant::SmoothingIsSwapped) { (p, prior) } else { (prior, p) };
            (weight / (weight + n) * prior + n / (weight + n) * p).min(1.0)
        }
        (Some(p), _, _) => p,
    };
    let mut propensity = match (low, cold.on_low, slot.prior) {
        (true, LowConfidence::UsePrior | LowConfidence::Explore, Some((prior, _))) => prior,
        (true, LowConfidence::RulesRank, _) => 1.0,
        _ => smoothed,
    };
    if frame.control && (slot.model.is_some() || planted(Mutant::ControlDrawsForAll)) {
        propensity = Chance::new(case.policy.seed(case.who.decision_id()), chance::control(slot.order)).unit();
    }
    let uplift = slot.uplift.and_then(|model| case.score(model, slot.candidate));
    let terms = Terms {
        propensity,
        context: context_weight(case, slot),
        value: slot.value,
        lever: if frame.arm == Some(Arm::NoLevers) && !planted(Mutant::LeversInTheirArm) {
            1.0
        } else {
            lever(case, slot)
        },
        cost: slot.cost,
        uplift: uplift.map_or(propensity, |scored| scored.value),
        suitability,
    };
    let upper = uplift.map(|scored| scored.value + scored.spread.unwrap_or(0.0));
    Priced { scored, smoothed, evidence, width, low, terms, upper }
}

/// The priority of terms, not rounded; why there is none otherwise.
pub fn priority(case: &Case<'_>, frame: &Frame, slot: &Slot, terms: &Terms) -> Result<f64, Cow<'static, str>> {
    let Terms { propensity, context, value, lever, cost, uplift, suitability } = *terms;
    if frame.arm == Some(Arm::PropensityOnly) {
        return Ok(propensity);
    }
    match &case.plan.formula {
        Formula::Pcvl => Ok(propensity * context * value * lever * suitability),
        Formula::NetValue => Ok(propensity * value * context * lever * suitability - cost),
        Formula::Uplift => Ok(uplift * value * context * lever * suitability - cost),
        Formula::Geometric(weights) => Ok(geometric([propensity, context, value, lever], *weights) * suitability),
        Formula::Expression(expression) => {
            let view = View::new(case, slot).with_terms(Term::ALL.map(|term| match term {
                Term::Propensity => propensity,
                Term::ContextWeight => context,
                Term::Value => value,
                Term::Lever => lever,
                Term::Cost => cost,
                Term::Uplift => uplift,
            }));
            case.number(*expression, &view).map(|x| x * suitability)
        }
    }
}

/// `(Π factor^weight)^(1 / Σ weight)`; a factor of 0 with a weight makes it 0.
fn geometric(factors: [f64; 4], weights: [f64; 4]) -> f64 {
    let (mut sum, mut whole) = (0.0, 0.0);
    for (factor, weight) in factors.into_iter().zip(weights) {
        if weight > 0.0 {
            if factor == 0.0 {
                return 0.0;
            }
            sum += weight * libm::log(factor);
            whole += weight;
        }
    }
    libm::exp(sum / whole)
}

/// C = 1 + Σ matched percent / 100, in document order, kept at 0 or above. A condition that is unknown or fails does not match.
fn context_weight(case: &Case<'_>, slot: &Slot) -> f64 {
    let mut percent = 0.0;
    for at in &slot.weights {
        let Some(weight) = case.plan.weights.get(*at as usize) else { continue };
        let view = View::new(case, slot);
        if case.answer(weight.expression, &view, Source::Weight(*at)) == Answer::Bool(true) {
            percent += weight.percent;
        }
    }
    (1.0 + percent / 100.0).max(0.0)
}

/// L with its lever rules, in document order.
fn lever(case: &Case<'_>, slot: &Slot) -> f64 {
    let rules = slot.levers.iter().filter_map(|at| case.plan.rules.get(*at as usize));
    rules.fold(slot.lever, |lever, rule| lever * factor(case, rule, &View::new(case, slot)))
}

/// Priorities closer than this rounding are equal, so that the last bit of a product does not decide.
pub fn rounded(x: f64) -> f64 {
    let scaled = (x * 1e9).round() / 1e9;
    // Too large to have digits after the ninth; and 0 rather than −0.
    if scaled.is_finite() { scaled + 0.0 } else { x }
}
