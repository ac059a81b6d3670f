//! History: the events known before `now`. Nothing else outlives a decision.

mod completion;
mod past;

pub use completion::{EventDefaults, PartialEvent};
pub use past::Past;

use crate::contact::EventKind;
use crate::journal::Coded;
use crate::request::Who;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// Something that happened to a subject. Tags, group and issue are those the action had when it happened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    /// UTC milliseconds.
    pub time: i64,
    /// What happened.
    pub kind: EventKind,
    /// Action id.
    pub action: String,
    /// Treatment id.
    pub treatment: String,
    /// Channel id.
    pub channel: String,
    /// Group id.
    pub group: String,
    /// Issue id.
    pub issue: String,
    /// Tags of the action.
    pub tags: Vec<String>,
    /// Whether the action counts toward caps.
    pub counts: bool,
    /// What it cost, in the unit of the action's cost; budgets add it up.
    pub cost: f64,
}

/// Whose events a counter counts, and whose id a holdout hashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Identity {
    /// The person decided for.
    #[default]
    Subject,
    /// Everyone of the household, by [`crate::Request::household`].
    Household,
    /// Everyone on the device, by [`crate::Request::device`].
    Device,
    /// Everybody.
    Global,
}

impl Identity {
    /// Whether it is the person decided for.
    pub fn is_subject(&self) -> bool {
        *self == Identity::Subject
    }
}

/// Which events of everybody are added up: those of `kind` in `(after, until]` that match every part given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Query<'a> {
    /// What happened.
    pub kind: &'a EventKind,
    /// What is added up together.
    pub of: Of<'a>,
    /// Only events on this channel.
    pub channel: Option<&'a str>,
    /// Only events whose action counts toward caps.
    pub counting: bool,
    /// Only events after this instant (ms); `None`: since ever.
    pub after: Option<i64>,
    /// Only events up to this instant (ms).
    pub until: i64,
}

/// Events that are added up together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Of<'a> {
    /// All.
    All,
    /// Those of an issue.
    Issue(&'a str),
    /// Those of a group.
    Group(&'a str),
    /// Those of an action.
    Action(&'a str),
    /// Those of a treatment of an action.
    Treatment(&'a str, &'a str),
    /// Those whose action carries a tag.
    Tag(&'a str),
}

/// A sum over events.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Total {
    /// How many.
    pub count: u64,
    /// What they cost.
    pub cost: f64,
}

/// Which state of the world a history shows, for the trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// Id of the snapshot.
    pub id: String,
    /// When it was taken (ms).
    pub taken_at: i64,
}

impl Query<'_> {
    /// Whether an event is added up.
    pub fn counts(&self, event: &Event) -> bool {
        event.kind == *self.kind
            && (event.counts || !self.counting)
            && event.time <= self.until
            && self.after.is_none_or(|after| event.time > after)
            && self.channel.is_none_or(|channel| event.channel == channel)
            && match self.of {
                Of::All => true,
                Of::Issue(id) => event.issue == id,
                Of::Group(id) => event.group == id,
                Of::Action(id) => event.action == id,
                Of::Treatment(action, id) => event.action == action && event.treatment == id,
                Of::Tag(tag) => event.tags.iter().any(|t| t == tag),
            }
    }
}

/// Read access to the events of subjects.
pub trait History {
    /// The events of `subject` in ascending order of time; may include events after `now`, which a decision ignores.
    fn events(&self, subject: &str) -> &[Event];

    /// The events of everyone who shares a household or device, in ascending order of time. For [`Identity::Subject`] those of
    /// [`History::events`]. Nobody shares anything unless the history says so.
    fn shared(&self, identity: Identity, id: &str) -> &[Event] {
        match identity {
            Identity::Subject => self.events(id),
            _ => &[],
        }
    }

    /// The events of [`History::shared`] in codes, where the history keeps them so; it then need not tell them in full. It is asked by
    /// [`Who::id`] of the identity, which only a history that wants it looks up.
    fn coded(&self, _identity: Identity, _who: Who<'_>) -> Option<Coded<'_>> {
        None
    }

    /// Sum over the events of everybody, for budgets, stock and global caps. Nothing unless the history keeps count.
    fn total(&self, _query: &Query<'_>) -> Total {
        Total::default()
    }

    /// Which state of the world this is, where the host says so.
    fn snapshot(&self) -> Option<&Snapshot> {
        None
    }
}

/// A history without events.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHistory;

impl History for NoHistory {
    fn events(&self, _subject: &str) -> &[Event] {
        &[]
    }
}

/// A history in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryHistory {
    subjects: HashMap<String, Vec<Event>>,
    /// Events of households and of devices, in order of time.
    shared: BTreeMap<Identity, HashMap<String, Vec<Event>>>,
    snapshot: Option<Snapshot>,
}

/// Puts an event in order of time, after those of the same time.
fn insert(events: &mut Vec<Event>, event: Event) {
    let at = events.partition_point(|e| e.time <= event.time);
    events.insert(at, event);
}

impl MemoryHistory {
    /// Adds an event, keeping the subject's events in order of time; equal times keep the order of insertion.
    pub fn push(&mut self, subject: &str, event: Event) {
        let events = match self.subjects.get_mut(subject) {
            Some(events) => events,
            None => self.subjects.entry(subject.to_owned()).or_default(),
        };
        insert(events, event);
    }

    /// Adds an event to what a household or a device shares; it is not added to any subject's own events.
    pub fn push_shared(&mut self, identity: Identity, id: &str, event: Event) {
        insert(self.shared.entry(identity).or_default().entry(id.to_owned()).or_default(), event);
    }

    /// The events of all subjects, in order of time.
    #[cfg(test)]
    pub(crate) fn everybody(&self) -> Vec<Event> {
        let mut events: Vec<Event> = self.subjects.values().flatten().cloned().collect();
        events.sort_by_key(|event| event.time);
        events
    }

    /// Every subject with its events, in the order of their ids.
    pub fn subjects(&self) -> Vec<(&str, &[Event])> {
        let mut subjects: Vec<_> = self.subjects.iter().map(|(id, events)| (id.as_str(), events.as_slice())).collect();
        subjects.sort_unstable_by_key(|(id, _)| *id);
        subjects
    }

    /// Says which state of the world this is.
    pub fn set_snapshot(&mut self, snapshot: Snapshot) {
        self.snapshot = Some(snapshot);
    }

    /// Number of events of all subjects.
    pub fn len(&self) -> usize {
        self.subjects.values().map(Vec::len).sum()
    }

    /// Whether there is no event.
    pub fn is_empty(&self) -> bool {
        self.subjects.is_empty()
    }
}

impl dyn History + '_ {
    /// The events of whoever shares a household or device, or of a subject, in the form in which the history keeps them. Who names no
    /// household or device goes by the subject.
    pub fn past(&self, identity: Identity, who: Who<'_>) -> Past<'_> {
        let named = match identity {
            Identity::Subject | Identity::Global => true,
            Identity::Household => who.household().is_some(),
            Identity::Device => who.device().is_some(),
        };
        let identity = if named { identity } else { Identity::Subject };
        match self.coded(identity, who) {
            Some(coded) => Past::Coded(coded),
            None if identity == Identity::Subject => Past::Told(self.events(who.subject())),
            None => Past::Told(self.shared(identity, who.id(identity).unwrap_or(""))),
        }
    }
}

impl History for MemoryHistory {
    fn events(&self, subject: &str) -> &[Event] {
        self.subjects.get(subject).map_or(&[], Vec::as_slice)
    }

    fn shared(&self, identity: Identity, id: &str) -> &[Event] {
        match identity {
            Identity::Subject => self.events(id),
            _ => self.shared.get(&identity).and_then(|events| events.get(id)).map_or(&[], Vec::as_slice),
        }
    }

    /// Looks at every event: for few events and for tests. A simulator keeps running totals.
    fn total(&self, query: &Query<'_>) -> Total {
        // Costs are added in the order of subjects' ids, so that the sum does not depend on the order of a hash.
        let mut subjects: Vec<_> = self.subjects.iter().collect();
        subjects.sort_unstable_by_key(|(id, _)| *id);
        let events = subjects.into_iter().flat_map(|(_, events)| events).filter(|event| query.counts(event));
        events.fold(Total::default(), |sum, event| Total { count: sum.count + 1, cost: sum.cost + event.cost })
    }

    fn snapshot(&self) -> Option<&Snapshot> {
        self.snapshot.as_ref()
    }
}
