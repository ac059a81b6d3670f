//! A decision in JSON: with the names of actions and treatments in place of positions, and each reason also as a sentence.
//!
//! The keys are a promise to programs in other languages; they do not follow the names of Rust's types.

use attune_policy::decision::{self, Fate, Ranked};
use attune_policy::document::Operation;
use attune_policy::outcome::{How, Tier};
use attune_policy::reason::{Reason, Step};
use attune_policy::trace::Trace;
use attune_policy::{Candidate, Decision, Policy, Request, instant};
use serde::Serialize;

/// A decision in JSON, on one line.
pub fn answer(policy: &Policy, request: &Request, decision: &Decision) -> String {
    let zone = policy.zone(request);
    let zone = zone.as_deref();
    let answer = Answer {
        decision_id: &request.decision_id,
        subject: &request.subject,
        now: request.now,
        policy: &policy.document().id,
        revision: policy.revision(),
        chosen: decision.chosen.map(|candidate| Chosen::of(policy, candidate)),
        send_at: decision.send_at,
        reason: policy.explain_in(decision, zone),
        slots: decision.slots.iter().map(|slot| Slot::of(policy, slot)).collect(),
        fallback: decision.fallback,
        holdout: decision.holdout.as_deref(),
        arm: decision.arm.as_deref(),
        mode: decision.mode,
        shadow: decision.shadow.map(|candidate| Named::of(policy, candidate)),
        degraded: decision.degraded,
        diagnostics: &decision.diagnostics,
        ranked: decision.ranked.iter().map(|ranked| Place::of(policy, ranked)).collect(),
        fates: decision.fates.iter().map(|fate| End::of(policy, fate, zone)).collect(),
        trace: decision.trace.as_deref(),
    };
    // Fails for an instant outside the calendar alone, which no request carries; the words are for whoever made one by hand.
    serde_json::to_string(&answer).unwrap_or_else(|error| serde_json::json!({ "error": error.to_string() }).to_string())
}

/// The whole answer.
#[derive(Serialize)]
struct Answer<'a> {
    decision_id: &'a str,
    subject: &'a str,
    #[serde(with = "instant")]
    now: i64,
    policy: &'a str,
    revision: &'a str,
    /// Null is `NoAction`.
    chosen: Option<Chosen<'a>>,
    #[serde(with = "instant::option")]
    send_at: Option<i64>,
    reason: String,
    slots: Vec<Slot<'a>>,
    fallback: Option<u32>,
    holdout: Option<&'a str>,
    arm: Option<&'a str>,
    mode: Operation,
    shadow: Option<Named<'a>>,
    degraded: bool,
    diagnostics: &'a [String],
    ranked: Vec<Place<'a>>,
    fates: Vec<End<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<&'a Trace>,
}

/// A candidate by its names.
#[derive(Serialize)]
struct Named<'a> {
    action: &'a str,
    treatment: &'a str,
}

impl<'a> Named<'a> {
    fn of(policy: &'a Policy, candidate: Candidate) -> Named<'a> {
        let (action, treatment) = policy.names(candidate);
        Named { action, treatment }
    }
}

/// What was chosen, with what it takes to send it.
#[derive(Serialize)]
struct Chosen<'a> {
    #[serde(flatten)]
    named: Named<'a>,
    channel: &'a str,
    template: &'a str,
}

impl<'a> Chosen<'a> {
    fn of(policy: &'a Policy, candidate: Candidate) -> Chosen<'a> {
        let action = policy.document().actions.get(candidate.action as usize);
        let treatment = action.and_then(|action| action.treatments.get(candidate.treatment as usize));
        let (channel, template) = treatment.map_or(("", ""), |t| (&t.channel, &t.template));
        Chosen { named: Named::of(policy, candidate), channel, template }
    }
}

/// A filled slot.
#[derive(Serialize)]
struct Slot<'a> {
    #[serde(flatten)]
    chosen: Chosen<'a>,
    #[serde(with = "instant")]
    send_at: i64,
    how: How,
    probability: f64,
    draws: u32,
    probabilities: Vec<Chance<'a>>,
}

impl<'a> Slot<'a> {
    fn of(policy: &'a Policy, slot: &decision::Chosen) -> Slot<'a> {
        let chance = |(candidate, probability): &(Candidate, f64)| {
            let named = Named::of(policy, *candidate);
            Chance { named, probability: *probability }
        };
        Slot {
            chosen: Chosen::of(policy, slot.candidate),
            send_at: slot.send_at,
            how: slot.how,
            probability: slot.probability,
            draws: slot.draws,
            probabilities: slot.probabilities.iter().map(chance).collect(),
        }
    }
}

/// How likely a candidate was.
#[derive(Serialize)]
struct Chance<'a> {
    #[serde(flatten)]
    named: Named<'a>,
    probability: f64,
}

/// A survivor.
#[derive(Serialize)]
struct Place<'a> {
    #[serde(flatten)]
    named: Named<'a>,
    propensity: f64,
    priority: f64,
    tier: Tier,
    probability: f64,
}

impl<'a> Place<'a> {
    fn of(policy: &'a Policy, ranked: &Ranked) -> Place<'a> {
        let Ranked { candidate, propensity, priority, tier, probability } = *ranked;
        Place { named: Named::of(policy, candidate), propensity, priority, tier, probability }
    }
}

/// What became of a candidate.
#[derive(Serialize)]
struct End<'a> {
    #[serde(flatten)]
    named: Named<'a>,
    stage: Step,
    reason: &'a Reason,
    sentence: String,
}

impl<'a> End<'a> {
    fn of(policy: &'a Policy, fate: &'a Fate, zone: Option<&str>) -> End<'a> {
        let sentence = policy.sentence_in(&fate.reason, zone);
        End { named: Named::of(policy, fate.candidate), stage: fate.step, reason: &fate.reason, sentence }
    }
}
