//! History: the events known before `now`. Nothing else outlives a decision.

use crate::contact::EventKind;
use std::collections::HashMap;

/// Something that happened to a subject. Tags, group and issue are those the action had when it happened.
#[derive(Clone, Debug, PartialEq)]
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
}

/// Read access to the events of subjects.
pub trait History {
    /// The events of `subject` in ascending order of time; may include events after `now`, which a decision ignores.
    fn events(&self, subject: &str) -> &[Event];
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
}

impl MemoryHistory {
    /// Adds an event, keeping the subject's events in order of time; equal times keep the order of insertion.
    pub fn push(&mut self, subject: &str, event: Event) {
        let events = match self.subjects.get_mut(subject) {
            Some(events) => events,
            None => self.subjects.entry(subject.to_owned()).or_default(),
        };
        let at = events.partition_point(|e| e.time <= event.time);
        events.insert(at, event);
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

impl History for MemoryHistory {
    fn events(&self, subject: &str) -> &[Event] {
        self.subjects.get(subject).map_or(&[], Vec::as_slice)
    }
}
