//! Making a case from a decision that was looked at and found right.

use super::run::{kind, names, slots};
use super::{Case, Chosen, Expected, Fate, Past, Question};
use crate::decision::Decision;
use crate::history::{Event, Identity};
use crate::policy::Policy;
use crate::request::Request;
use crate::value::Value;
use std::collections::HashMap;

/// A case that asks `request` again, after `events` of its subject, and expects what `decision` chose and when it is sent. Unknown fields, and facts
/// of events that are the policy's own, are left out. To expect more than the choice, add some of [`fates()`].
pub fn record(policy: &Policy, id: &str, name: &str, request: &Request, events: &[Event], decision: &Decision) -> Case {
    let fields = policy.document().schema.fields.iter().zip(&request.fields);
    let known = fields.filter(|(_, value)| value.is_known() && !matches!(value, Value::Number(x) if !x.is_finite()));
    let question = Question {
        subject: request.subject.clone(),
        now: request.now,
        zone: request.zone.clone(),
        decision_id: request.decision_id.clone(),
        household: request.household.clone(),
        device: request.device.clone(),
        fields: known.map(|(field, value)| (field.name.clone(), value.clone())).collect(),
    };
    let mut chosen = slots(policy, decision);
    let chosen = match chosen.len() {
        0 => Chosen::NoAction,
        1 => chosen.pop().map_or(Chosen::NoAction, |(action, treatment)| Chosen::Candidate(action, treatment)),
        _ => Chosen::Candidates(chosen),
    };
    Case {
        id: id.to_owned(),
        name: name.to_owned(),
        request: question,
        history: events.iter().map(|event| past(policy, event)).collect(),
        expect: Expected { chosen, send_at: decision.send_at, candidates: Vec::new() },
    }
}

/// Where each candidate of a decision ended, for what kind of reason, with which priority and probability, in document order.
pub fn fates(policy: &Policy, decision: &Decision) -> Vec<Fate> {
    let ranked: HashMap<_, _> = decision.ranked.iter().map(|r| (r.candidate, r)).collect();
    let fate = |fate: &crate::decision::Fate| {
        let (action, treatment) = names(policy, fate.candidate);
        let ranked = ranked.get(&fate.candidate);
        Fate {
            action,
            treatment,
            step: Some(fate.step),
            reason: Some(kind(&fate.reason)),
            priority: ranked.map(|r| r.priority),
            probability: ranked.map(|r| r.probability),
        }
    };
    decision.fates.iter().map(fate).collect()
}

fn past(policy: &Policy, event: &Event) -> Past {
    let bare = Past {
        at: event.time,
        event: event.kind.clone(),
        of: Identity::Subject,
        action: event.action.clone(),
        treatment: event.treatment.clone(),
        ..Past::default()
    };
    let usual = super::run::event(policy, &bare);
    let differs = |own: &str, usual: &str| (own != usual).then(|| own.to_owned());
    Past {
        channel: differs(&event.channel, &usual.channel),
        group: differs(&event.group, &usual.group),
        issue: differs(&event.issue, &usual.issue),
        tags: (event.tags != usual.tags).then(|| event.tags.clone()),
        counts: (event.counts != usual.counts).then_some(event.counts),
        cost: (event.cost != usual.cost).then_some(event.cost),
        ..bare
    }
}
