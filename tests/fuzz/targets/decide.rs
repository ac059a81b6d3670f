//! The decision: variations of a policy, a request and a history, all from one run of bytes.
//!
//! It must not panic; the same is decided twice, with a trace and without, into scratch space that other decisions used before; what is
//! chosen passes every hard guard, none is chosen twice, and probabilities are probabilities.
#![no_main]

use attune_fuzz::choices::Choices;
use attune_fuzz::policies;
use attune_fuzz::rows::Seen;
use attune_policy::language::{self, Context, Use};
use attune_policy::outcome::Scratch;
use attune_policy::rule::{Rule, Scope, Stage};
use attune_policy::{Candidate, Decision, Document, History, MemoryHistory, Policy, Request, Value, codec};
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeSet;

fuzz_target!(|data: &[u8]| {
    let mut choices = Choices::new(data);
    let document = policies::document(&mut choices);
    let Ok(policy) = Policy::compile(document.clone()) else { return };
    // Writing takes longer than deciding, and the loader has a target of its own.
    if data.len() % 16 == 0 {
        let written = codec::write(&document).expect("a policy that decides can be written");
        let read = codec::read(written.as_bytes()).unwrap_or_else(|e| panic!("{e}\n{written}"));
        assert_eq!(codec::write(&read).expect("twice"), written);
    }
    let mut scratch = Scratch::default();
    for _ in 0..3 {
        let request = policies::request(&mut choices, &document);
        let history = policies::history(&mut choices, &document);
        one(&policy, &request, &history, &mut scratch);
    }
});

fn one(policy: &Policy, request: &Request, history: &MemoryHistory, scratch: &mut Scratch) {
    let decision = policy.decide(request, history);
    let traced = policy.decide_traced(request, history);
    // Printed forms are compared only where the answers differ, because NaN is not itself.
    let same = |a: &Decision, b: &Decision, what: &str| {
        assert!(a == b || format!("{a:?}") == format!("{b:?}"), "{what}:\n{a:?}\n{b:?}");
    };
    same(&decision, &policy.decide(request, history), "twice");
    same(&decision, &Decision { trace: None, ..traced.clone() }, "traced");
    same(&decision, &policy.decide_with(request, history, scratch), "in used space");
    let into = policy.decide_into(request, history, scratch);
    let chosen = into.chosen().and_then(|at| policy.candidates().get(at as usize).copied());
    assert_eq!(decision.chosen, chosen, "in numbers");
    assert_eq!(decision.degraded, into.degraded());
    holds(policy, request, history, &traced);
}

/// What holds of every decision.
fn holds(policy: &Policy, request: &Request, history: &MemoryHistory, decision: &Decision) {
    let places: Vec<Candidate> = decision.slots.iter().map(|slot| slot.candidate).collect();
    assert_eq!(decision.chosen, places.first().copied(), "the first slot is the choice");
    assert_eq!(places.len(), places.iter().collect::<BTreeSet<_>>().len(), "none is chosen twice");
    assert_eq!(decision.fates.len(), policy.candidates().len());
    for slot in &decision.slots {
        assert!(slot.probability > 0.0 && slot.probability <= 1.0, "a probability of {}", slot.probability);
        let sum: f64 = slot.probabilities.iter().map(|(_, p)| p).sum();
        assert!(slot.probabilities.is_empty() || (sum - 1.0).abs() < 1e-9, "probabilities add up to {sum}");
        for rule in policy.document().rules.iter().filter(|rule| rule.stage == Stage::Guard && rule.enabled) {
            guarded(policy, request, history, decision, slot.candidate, rule);
        }
    }
    for ranked in &decision.ranked {
        assert!((0.0..=1.0).contains(&ranked.propensity), "P is {}", ranked.propensity);
        assert!(ranked.priority.is_finite(), "a priority of {}", ranked.priority);
    }
    for fate in &decision.fates {
        assert!(!policy.sentence(&fate.reason).is_empty());
    }
    assert!(!policy.explain(decision).is_empty());
}

/// That a hard guard in whose scope a chosen candidate is lets it pass, by evaluating it apart from the decision.
fn guarded(policy: &Policy, request: &Request, history: &dyn History, decision: &Decision, chosen: Candidate, rule: &Rule) {
    let document = policy.document();
    if !is_in(document, chosen, &rule.scope) {
        return;
    }
    let context = Context::new(document);
    let compiled = language::compile(&rule.expr, Use::Keep, &context).expect("it was compiled");
    let trace = decision.trace.as_ref().expect("a traced decision");
    let known = history.events(&request.subject);
    let mut seen = Seen::new(&mut Choices::new(&[]), &[], 0);
    seen.values = trace.row.iter().map(|(_, value)| value.clone()).collect();
    seen.scores = document
        .models
        .iter()
        .map(|model| Ok(policy.score(&model.id, request).map_or(Value::Unknown, Value::number)))
        .collect();
    seen.events = known.iter().filter(|event| event.time <= request.now).cloned().collect();
    seen.now = request.now;
    seen.candidate = chosen;
    // Whose clock it is, is found from the policy's zones; guards that read the clock are left to its own tests.
    if ["hour()", "weekday()", "month()"].iter().any(|clock| rule.expr.contains(clock)) {
        return;
    }
    seen.zone = None;
    assert_eq!(compiled.eval(&seen), Ok(Value::Bool(true)), "guard `{}`: {}", rule.id, rule.expr);
}

fn is_in(document: &Document, candidate: Candidate, scope: &Scope) -> bool {
    let action = &document.actions[candidate.action as usize];
    let treatment = &action.treatments[candidate.treatment as usize];
    match scope {
        Scope::All => true,
        Scope::Issue(id) => {
            let issue = document.issues.iter().find(|issue| issue.id == *id);
            issue.is_some_and(|issue| issue.groups.iter().any(|group| group.id == action.group))
        }
        Scope::Group(id) => *id == action.group,
        Scope::Action(id) => *id == action.id,
        Scope::Treatment(id, other) => *id == action.id && *other == treatment.id,
        Scope::Channel(id) => *id == treatment.channel,
    }
}
