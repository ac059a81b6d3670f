//! From a part of what requests can be to one request with its history, and whether a policy really lets a candidate pass its guards for it.

use super::set::{Known, Set, Texts};
use super::space::{Leaf, Space};
use crate::contact::EventKind;
use crate::decision::Candidate;
use crate::document::{Document, Operation};
use crate::history::{Event, MemoryHistory};
use crate::policy::Policy;
use crate::reason::Step;
use crate::request::Request;
use crate::rule::{Rule, Scope, Stage};
use crate::value::Value;

/// A request and the events before it.
#[derive(Clone, Debug)]
pub struct Witness {
    pub request: Request,
    pub events: Vec<Event>,
}

/// The subject of a witness.
const SUBJECT: &str = "counterexample";
/// The instant of a witness where nothing is said of it: 2026-01-05T12:00:00Z, a Monday.
const NOON: i64 = 1_767_614_400_000;
const HOUR: i64 = 3_600_000;
const DAY: f64 = 86_400_000.0;
/// Hours of two years, in which every hour, weekday and month comes together.
const LOOK_AHEAD: i64 = 2 * 366 * 24;
/// More events than this are not made up.
const EVENTS: i64 = 1_000;

/// A request inside the domains; another one for every attempt, where there are several. `None` when it cannot be made.
pub fn make(space: &Space<'_>, domains: &[Set], (from, until): (i64, i64), attempt: usize) -> Option<Witness> {
    let domain = |leaf: &Leaf| {
        let at = space.vars.iter().position(|var| var.leaf == *leaf)?;
        domains.get(at)
    };
    let (mut low, mut high) = (from, until);
    if let Some(Set { known: Known::Time(a, b), .. }) = domain(&Leaf::Now) {
        (low, high) = (low.max(*a), high.min(*b));
    }
    let clocks: Vec<(&str, i64, i64)> = ["hour", "weekday", "month"]
        .into_iter()
        .filter_map(|name| match &domain(&Leaf::Clock(name))?.known {
            Known::Whole(a, b) => Some((name, *a, *b)),
            _ => None,
        })
        .collect();
    let first = NOON.clamp(low, high.max(low));
    let shows =
        |now: i64| clocks.iter().all(|(name, low, high)| reads(name, now).is_some_and(|x| (*low..=*high).contains(&x)));
    let now = (0..LOOK_AHEAD)
        .flat_map(|k| [first.checked_add(k * HOUR), first.checked_sub(k * HOUR)])
        .flatten()
        .filter(|now| (low..=high).contains(now))
        .find(|now| shows(*now))?;
    let mut fields = vec![Value::Unknown; space.document.schema.fields.len()];
    let mut events = Vec::new();
    for (at, (var, domain)) in space.vars.iter().zip(domains).enumerate() {
        match &var.leaf {
            Leaf::Field(field) => {
                if let Some(slot) = fields.get_mut(*field) {
                    *slot = pick(space, domain, attempt.wrapping_mul(at + 1));
                }
            }
            Leaf::Contacts { channel, days } => {
                let outbound =
                    || space.document.channels.iter().find(|c| c.direction == crate::action::Direction::Outbound);
                let channel = channel.clone().or_else(|| outbound().map(|c| c.id.clone())).unwrap_or_default();
                let event = Event { kind: EventKind::Sent, channel, counts: true, ..Event::default() };
                repeat(space, domain, now, *days, &event, &mut events);
            }
            Leaf::Outcomes { event, target, days } => {
                let target = if target == "*" { String::new() } else { target.clone() };
                let event = Event {
                    kind: kind(event),
                    action: target.clone(),
                    group: target.clone(),
                    issue: target,
                    ..Event::default()
                };
                repeat(space, domain, now, *days, &event, &mut events);
            }
            Leaf::DaysSince(event) => {
                if let Value::Number(days) = pick(space, domain, 0) {
                    let time = now.saturating_sub((days * DAY) as i64);
                    events.push(Event { time, kind: kind(event), ..Event::default() });
                }
            }
            Leaf::Score(_) | Leaf::Now | Leaf::Clock(_) | Leaf::Other(_) => {}
        }
    }
    // What must be fresh is: it stood at the decision.
    let schema = &space.document.schema;
    for (at, field) in schema.fields.iter().enumerate() {
        let dated = field.freshness.as_ref().and_then(|fresh| schema.index(&fresh.at));
        if fields.get(at).is_some_and(Value::is_known)
            && let Some(date) = dated.and_then(|at| fields.get_mut(at)).filter(|date| !date.is_known())
        {
            *date = Value::Time(now);
        }
    }
    events.sort_by_key(|event| event.time);
    let request = Request {
        decision_id: SUBJECT.to_owned(),
        subject: SUBJECT.to_owned(),
        now,
        zone: Some("UTC".to_owned()),
        fields,
        ..Request::default()
    };
    Some(Witness { request, events })
}

/// The document with its guards alone, and one more: the condition under which they are asked.
pub fn guards_alone(document: &Document, when: &str) -> Option<Policy> {
    let mut document = document.clone();
    let mut id = "when".to_owned();
    while document.rules.iter().any(|rule| rule.id == id) {
        id.push('_');
    }
    document.rules.retain(|rule| rule.stage == Stage::Guard);
    document.rules.push(Rule { id, scope: Scope::All, expr: when.to_owned(), ..Rule::default() });
    document.mode = Operation::Live;
    document.baseline = None;
    document.holdouts.clear();
    document.overrides.clear();
    document.properties.clear();
    document.cases.clear();
    // A treatment that stands by is sent when another is rerouted to it.
    document
        .actions
        .iter_mut()
        .flat_map(|action| &mut action.treatments)
        .for_each(|treatment| treatment.standby = false);
    Policy::compile(document).ok()
}

impl Witness {
    /// Whether the candidate passes every guard of a policy.
    pub fn passes(&self, policy: &Policy, candidate: Candidate) -> bool {
        let decision = policy.decide(&self.request, &self.history());
        let fate = decision.fates.iter().find(|fate| fate.candidate == candidate);
        fate.is_some_and(|fate| !matches!(fate.step, Step::Active | Step::Holdout | Step::Guard))
    }

    /// Its events as a history.
    pub fn history(&self) -> MemoryHistory {
        let mut history = MemoryHistory::default();
        self.events.iter().for_each(|event| history.push(SUBJECT, event.clone()));
        history
    }
}

fn reads(clock: &str, now: i64) -> Option<i64> {
    let local = jiff::Timestamp::from_millisecond(now).ok()?.to_zoned(jiff::tz::TimeZone::UTC);
    Some(i64::from(match clock {
        "hour" => local.hour(),
        "weekday" => local.weekday().to_monday_one_offset(),
        _ => local.month(),
    }))
}

/// So many events as a domain says, as old as they may be.
fn repeat(space: &Space<'_>, domain: &Set, now: i64, days: f64, event: &Event, events: &mut Vec<Event>) {
    if let Value::Integer(count @ 1..=EVENTS) = pick(space, domain, 0) {
        let time = now.saturating_sub((days * DAY) as i64).saturating_add(1).min(now);
        events.extend((0..count).map(|_| Event { time, ..event.clone() }));
    }
}

/// A value of a domain: a plain one at first, others for other attempts.
fn pick(space: &Space<'_>, domain: &Set, attempt: usize) -> Value {
    let choose = attempt % 4;
    match &domain.known {
        Known::Bool { t, .. } => Value::Bool(*t),
        Known::Whole(low, high) => Value::Integer(match choose {
            0 => 0i64.clamp(*low, *high),
            1 => *low,
            2 => *high,
            _ => low / 2 + high / 2,
        }),
        Known::Time(low, high) => Value::Time(match choose {
            0 => NOON.clamp(*low, *high),
            1 => *low,
            2 => *high,
            _ => low / 2 + high / 2,
        }),
        Known::Number { low, high, .. } => Value::Number(match choose {
            0 if libm::ceil(*low) <= *high => 0f64.clamp(libm::ceil(*low), libm::floor(*high)),
            0 => (low / 2.0 + high / 2.0).clamp(*low, *high),
            1 => *low,
            2 => *high,
            _ => (low / 2.0 + high / 2.0).clamp(*low, *high),
        }),
        Known::Text(Texts::In(symbols)) => {
            let at = if symbols.is_empty() { 0 } else { attempt % symbols.len() };
            symbols.get(at).map_or(Value::Unknown, |symbol| Value::Text(space.text(*symbol)))
        }
        Known::Text(texts) => {
            let mut other = "other".to_owned();
            while !texts.has(space.symbol(&other)) {
                other.push('_');
            }
            Value::text(other)
        }
        Known::None | Known::Any => Value::Unknown,
    }
}

fn kind(name: &str) -> EventKind {
    match name {
        "decision" => EventKind::Decision,
        "sent" => EventKind::Sent,
        "delivered" => EventKind::Delivered,
        "impression" => EventKind::Impression,
        "click" => EventKind::Click,
        "accept" => EventKind::Accept,
        "reject" => EventKind::Reject,
        other => EventKind::Custom(other.to_owned()),
    }
}

impl Leaf {
    /// As it is written in rules.
    pub fn describe(&self, document: &Document) -> String {
        match self {
            Leaf::Field(field) => document.schema.fields.get(*field).map_or_else(String::new, |f| f.name.clone()),
            Leaf::Score(model) => {
                format!("score(\"{}\")", document.models.get(*model).map_or("", |model| model.id.as_str()))
            }
            Leaf::Now => "now()".to_owned(),
            Leaf::Clock(name) => format!("{name}()"),
            Leaf::Contacts { channel: None, days } => format!("contacts({days})"),
            Leaf::Contacts { channel: Some(channel), days } => format!("contacts_on(\"{channel}\", {days})"),
            Leaf::Outcomes { event, target, days } => format!("outcomes(\"{event}\", \"{target}\", {days})"),
            Leaf::DaysSince(event) => format!("days_since(\"{event}\")"),
            Leaf::Other(name) => name.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noon_is_a_monday() {
        assert_eq!((reads("hour", NOON), reads("weekday", NOON), reads("month", NOON)), (Some(12), Some(1), Some(1)));
    }
}
