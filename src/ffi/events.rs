//! The events of a request. What an event does not say (channel, group, issue, tags) is taken from the policy's action of
//! that name, as `attune decide --history` does; what it says is believed.

use crate::json::Reader;
use crate::refusal::Refusal;
use crate::request;
use attune_policy::contact::EventKind;
use attune_policy::history::{EventDefaults, Identity, PartialEvent, Query, Snapshot, Total};
use attune_policy::{Event, History, suggest};

/// The history that a request carries: of its subject, and of those who share something with it.
#[derive(Clone, Debug, Default)]
pub struct Events {
    /// Of the subject, in order of time.
    pub subject: Vec<Event>,
    /// Of its household, in order of time.
    pub household: Vec<Event>,
    /// On its device, in order of time.
    pub device: Vec<Event>,
    /// Of everybody, each with how often it happened.
    pub everybody: Vec<(Event, u64)>,
    /// Which state of the world this is.
    pub snapshot: Option<Snapshot>,
}

impl History for Events {
    fn events(&self, _subject: &str) -> &[Event] {
        &self.subject
    }

    fn shared(&self, identity: Identity, _id: &str) -> &[Event] {
        match identity {
            Identity::Subject => &self.subject,
            Identity::Household => &self.household,
            Identity::Device => &self.device,
            Identity::Global => &[],
        }
    }

    fn total(&self, query: &Query<'_>) -> Total {
        let mut total = Total::default();
        for (event, count) in self.everybody.iter().filter(|(event, _)| query.counts(event)) {
            total.count = total.count.saturating_add(*count);
            total.cost += event.cost;
        }
        total
    }

    fn snapshot(&self) -> Option<&Snapshot> {
        self.snapshot.as_ref()
    }
}

/// Keys of an event.
const KEYS: [&str; 9] = ["time", "event", "action", "treatment", "channel", "group", "issue", "tags", "cost"];

/// Reads a list of events in any order; those of one instant keep theirs.
pub fn list(reader: &mut Reader<'_>, defaults: &EventDefaults) -> Result<Vec<Event>, Refusal> {
    let mut events = Vec::new();
    reader.list("a list of events", |reader| {
        events.push(one(reader, defaults, None)?);
        Ok(())
    })?;
    events.sort_by_key(|event: &Event| event.time);
    Ok(events)
}

/// Reads the events of everybody, where one entry may stand for many: `count` says how many, and `cost` what all of them cost.
pub fn totals(reader: &mut Reader<'_>, defaults: &EventDefaults) -> Result<Vec<(Event, u64)>, Refusal> {
    let mut events = Vec::new();
    reader.list("a list of events of everybody", |reader| {
        let mut count = 1;
        let event = one(reader, defaults, Some(&mut count))?;
        events.push((event, count));
        Ok(())
    })?;
    Ok(events)
}

/// Reads which state of the world a history shows.
pub fn snapshot(reader: &mut Reader<'_>) -> Result<Snapshot, Refusal> {
    let start = reader.place();
    let (mut id, mut taken_at) = (None, None);
    reader.object("a snapshot: an object with `id` and `taken_at`", |reader, key, place| {
        match key {
            "id" => id = Some(request::text(reader, key)?),
            "taken_at" => taken_at = Some(request::instant(reader, key)?),
            _ => {
                let message = format!("`{key}` is not a part of a snapshot{}", suggest::hint(key, ["id", "taken_at"]));
                return Err(reader.refuse(place, message));
            }
        }
        Ok(())
    })?;
    let lacks = |what: &str| reader.refuse(start, format!("this snapshot has no `{what}`"));
    Ok(Snapshot { id: id.ok_or_else(|| lacks("id"))?, taken_at: taken_at.ok_or_else(|| lacks("taken_at"))? })
}

/// An event; `count` is read where one entry may stand for many.
fn one(reader: &mut Reader<'_>, defaults: &EventDefaults, mut count: Option<&mut u64>) -> Result<Event, Refusal> {
    let start = reader.place();
    let (mut time, mut kind) = (None, None);
    let (mut action, mut treatment) = (String::new(), String::new());
    let (mut channel, mut group, mut issue, mut tags, mut cost) = (None, None, None, None, None);
    reader.object("an event: an object with `time`, `event` and what is known of it", |reader, key, place| {
        match (key, count.as_deref_mut()) {
            ("count", Some(count)) => *count = request::count(reader, key)?,
            ("cost", _) => cost = Some(request::number(reader, key)?),
            ("time", _) => time = Some(request::instant(reader, key)?),
            ("event", _) => kind = Some(EventKind::named(&request::text(reader, key)?)),
            ("action", _) => action = request::text(reader, key)?,
            ("treatment", _) => treatment = request::text(reader, key)?,
            ("channel", _) => channel = Some(request::text(reader, key)?),
            ("group", _) => group = Some(request::text(reader, key)?),
            ("issue", _) => issue = Some(request::text(reader, key)?),
            ("tags", _) => {
                let mut list = Vec::new();
                reader.list("a list of tags", |reader| {
                    list.push(request::text(reader, key)?);
                    Ok(())
                })?;
                tags = Some(list);
            }
            _ => {
                let message = format!("`{key}` is not a part of an event{}", suggest::hint(key, KEYS));
                return Err(reader.refuse(place, message));
            }
        }
        Ok(())
    })?;
    let lacks = |what: &str| reader.refuse(start, format!("this event has no `{what}`"));
    // A declared cost is that of all of them.
    let times = if cost.is_none() { count.map_or(1, |count| *count) } else { 1 };
    let event = defaults.complete(PartialEvent {
        time: time.ok_or_else(|| lacks("time"))?,
        kind: kind.ok_or_else(|| lacks("event"))?,
        action,
        treatment,
        channel,
        group,
        issue,
        tags,
        counts: None,
        cost,
    });
    Ok(Event { cost: event.cost * times as f64, ..event })
}
