//! Deciding a case and telling what came out otherwise. It changes nothing.

use super::check::Known;
use super::{Case, Chosen, Expected, Past};
use crate::decision::{self, Candidate, Decision};
use crate::diagnostic::{Diagnostic, Part, Severity};
use crate::history::{Event, Identity, MemoryHistory, PartialEvent};
use crate::outcome::Scratch;
use crate::policy::Policy;
use crate::reason::Reason;
use crate::request::Request;
use crate::value::Value;
use serde::Serialize;
use std::collections::HashMap;
use std::fmt;

/// Priorities are rounded to 1e-9; an expected one, or a probability, may have been computed elsewhere.
const MARGIN: f64 = 1e-9;

/// A case that came out otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Id of the case.
    pub case: String,
    /// Its name.
    pub name: String,
    /// What was expected: "no action", "mens/plain".
    pub expected: String,
    /// What was found.
    pub found: String,
    /// Why, as sentences.
    pub why: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "“{}”: expected {}, found {}", self.name, self.expected, self.found)?;
        if self.why.is_empty() { Ok(()) } else { write!(f, "; {}", self.why.trim_end_matches('.')) }
    }
}

impl From<&Failure> for Diagnostic {
    fn from(failure: &Failure) -> Diagnostic {
        let part = Part::Case(failure.case.clone());
        Diagnostic { severity: Severity::Error, part, position: None, message: failure.to_string() }
    }
}

/// A case as a decision takes it.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The request.
    pub request: Request,
    /// What had happened.
    pub history: MemoryHistory,
}

impl Prepared {
    /// The request and history of a case for a policy. Fields it does not have are left out; [`run()`] names them.
    pub fn new(policy: &Policy, case: &Case) -> Prepared {
        let (question, document) = (&case.request, policy.document());
        let fields = document.schema.fields.iter();
        let request = Request {
            decision_id: question.decision_id.clone(),
            subject: question.subject.clone(),
            now: question.now,
            zone: question.zone.clone(),
            household: question.household.clone(),
            device: question.device.clone(),
            fields: fields.map(|f| question.fields.get(&f.name).cloned().unwrap_or(Value::Unknown)).collect(),
        };
        let mut history = MemoryHistory::default();
        for past in &case.history {
            let event = event(policy, past);
            match (past.of, &question.household, &question.device) {
                (Identity::Subject, ..) => history.push(&question.subject, event),
                (Identity::Household, Some(id), _) | (Identity::Device, _, Some(id)) => {
                    history.push_shared(past.of, id, event);
                }
                // Nobody's household or device: it is seen by no counter.
                (Identity::Household | Identity::Device, ..) => {}
                (Identity::Global, ..) => history.push(ANYBODY, event),
            }
        }
        Prepared { request, history }
    }
}

/// A subject that no request names: a name cannot hold this character.
const ANYBODY: &str = "\u{0}anybody";

/// The event, as a sending platform would have recorded it.
pub fn event(policy: &Policy, past: &Past) -> Event {
    policy.event_defaults().complete(PartialEvent {
        time: past.at,
        kind: past.event.clone(),
        action: past.action.clone(),
        treatment: past.treatment.clone(),
        channel: past.channel.clone(),
        group: past.group.clone(),
        issue: past.issue.clone(),
        tags: past.tags.clone(),
        counts: past.counts,
        cost: past.cost,
    })
}

/// Decides every case; gives those that came out otherwise, in order.
pub fn run(policy: &Policy, cases: &[Case]) -> Vec<Failure> {
    if cases.is_empty() {
        return Vec::new();
    }
    let known = Known::new(policy.document());
    let keys = policy.candidates().iter().zip(0..).map(|(candidate, at)| (policy.names(*candidate), at));
    let places: HashMap<(&str, &str), usize> = keys.collect();
    let mut scratch = Scratch::default();
    cases.iter().filter_map(|case| one(policy, case, &known, &places, &mut scratch).err()).collect()
}

fn one(
    policy: &Policy,
    case: &Case,
    known: &Known<'_>,
    places: &HashMap<(&str, &str), usize>,
    scratch: &mut Scratch,
) -> Result<(), Failure> {
    let failure = |expected: String, found: String, why: String| Failure {
        case: case.id.clone(),
        name: case.name.clone(),
        expected,
        found,
        why,
    };
    if let Some(problem) = known.problem(case) {
        return Err(failure("a case of this policy".into(), "one that it cannot be asked".into(), problem));
    }
    let prepared = Prepared::new(policy, case);
    let expected = chosen(&case.expect);
    // Most cases expect the choice and its time alone, which need no reasons in names.
    let outcome = policy.decide_into(&prepared.request, &prepared.history, scratch);
    let filled = outcome.places().iter().filter_map(|place| policy.candidates().get(place.candidate as usize));
    let sent = outcome.places().first().map(|place| place.send_at);
    if case.expect.candidates.is_empty()
        && filled.map(|candidate| names(policy, *candidate)).eq(expected.iter().cloned())
        && case.expect.send_at.is_none_or(|at| sent == Some(at))
    {
        return Ok(());
    }
    let decision = policy.decide_with(&prepared.request, &prepared.history, scratch);
    let found = slots(policy, &decision);
    let traced = || policy.decide_traced(&prepared.request, &prepared.history);
    if expected != found {
        let decision = traced();
        // Why not what was expected; where nothing was, why what was found.
        let mut asked: Vec<&(String, String)> = expected.iter().filter(|key| !found.contains(key)).collect();
        if asked.is_empty() {
            asked = found.iter().filter(|key| !expected.contains(key)).collect();
        }
        let mut why: Vec<String> = asked.into_iter().map(|key| told(policy, &decision, key)).collect();
        why.extend(decision.diagnostics.iter().map(|note| format!("Failed: {note}.")));
        return Err(failure(written(&expected), written(&found), why.join(" ")));
    }
    if let Some(at) = case.expect.send_at.filter(|at| decision.send_at != Some(*at)) {
        let found = decision.send_at.map_or("never".to_owned(), |at| Value::Time(at).to_string());
        return Err(failure(format!("it to be sent at {}", Value::Time(at)), found, String::new()));
    }
    for fate in &case.expect.candidates {
        let found = places.get(&(fate.action.as_str(), fate.treatment.as_str()));
        let Some(found) = found.and_then(|at| decision.fates.get(*at)) else { continue };
        if let Some((expected, found)) = mismatch(fate, found, &decision) {
            let key = (fate.action.clone(), fate.treatment.clone());
            let expected = format!("{expected} for {}/{}", key.0, key.1);
            return Err(failure(expected, found, told(policy, &traced(), &key)));
        }
    }
    Ok(())
}

/// What was expected of a candidate, and what was found.
fn mismatch(expected: &super::Fate, found: &decision::Fate, decision: &Decision) -> Option<(String, String)> {
    if let Some(step) = expected.step.filter(|step| *step != found.step) {
        return Some((format!("{step:?}"), format!("{:?}", found.step)));
    }
    let reason = kind(&found.reason);
    if let Some(expected) = expected.reason.as_ref().filter(|expected| **expected != reason) {
        return Some((expected.clone(), reason));
    }
    let ranked = decision.ranked.iter().find(|r| r.candidate == found.candidate);
    let numbers = [
        ("priority", expected.priority, ranked.map(|r| r.priority)),
        ("probability", expected.probability, ranked.map(|r| r.probability)),
    ];
    let (what, expected, found) = numbers.into_iter().find(|(_, expected, found)| {
        expected.is_some_and(|expected| found.is_none_or(|found| (found - expected).abs() > MARGIN))
    })?;
    let found = found.map_or("none".to_owned(), |x| format!("{what} {x}"));
    Some((format!("{what} {}", expected.unwrap_or_default()), found))
}

fn chosen(expected: &Expected) -> Vec<(String, String)> {
    match &expected.chosen {
        Chosen::NoAction => Vec::new(),
        Chosen::Candidate(action, treatment) => vec![(action.clone(), treatment.clone())],
        Chosen::Candidates(keys) => keys.clone(),
    }
}

/// The candidates chosen, slot by slot.
pub fn slots(policy: &Policy, decision: &Decision) -> Vec<(String, String)> {
    decision.slots.iter().map(|slot| names(policy, slot.candidate)).collect()
}

pub fn names(policy: &Policy, candidate: Candidate) -> (String, String) {
    let (action, treatment) = policy.names(candidate);
    (action.to_owned(), treatment.to_owned())
}

/// Name of the variant of a reason. Its debug form begins with it, whatever variants there will be.
pub fn kind(reason: &Reason) -> String {
    format!("{reason:?}").chars().take_while(char::is_ascii_alphanumeric).collect()
}

/// "mens/plain: Removed by …."
fn told(policy: &Policy, decision: &Decision, key: &(String, String)) -> String {
    let traced = decision.trace.as_ref().and_then(|trace| {
        trace.candidates.iter().find(|c| names(policy, c.candidate) == *key).map(|c| c.sentence.clone())
    });
    format!("{}/{}: {}", key.0, key.1, traced.unwrap_or_else(|| "it is no candidate of this policy.".into()))
}

fn written(slots: &[(String, String)]) -> String {
    match slots {
        [] => "no action".into(),
        slots => slots.iter().map(|(a, t)| format!("{a}/{t}")).collect::<Vec<_>>().join(", then "),
    }
}
