//! What happened to a subject, as rules read it: events as a host tells them, or in the codes of a [`crate::journal`].

use super::Event;
use crate::journal::Coded;

/// The events of one subject in ascending order of time.
#[derive(Clone, Copy, Debug)]
pub enum Past<'a> {
    /// As a host tells them.
    Told(&'a [Event]),
    /// In codes.
    Coded(Coded<'a>),
}

impl<'a> Past<'a> {
    /// Number of events.
    pub fn len(self) -> usize {
        match self {
            Past::Told(events) => events.len(),
            Past::Coded(coded) => coded.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Those up to an instant (ms).
    pub fn until(self, now: i64) -> Past<'a> {
        match self {
            Past::Told(events) => {
                let known = match events.last() {
                    Some(last) if last.time <= now => events.len(),
                    _ => events.partition_point(|event| event.time <= now),
                };
                Past::Told(events.get(..known).unwrap_or(&[]))
            }
            Past::Coded(coded) => Past::Coded(coded.until(now)),
        }
    }

    /// The events, oldest first: when each happened, and what it was; the time that the latter carries is not its own.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = (i64, &'a Event)> {
        (0..self.len()).filter_map(move |at| self.at(at))
    }

    /// Place of the first event after an instant (ms).
    pub(crate) fn first_after(self, instant: i64) -> usize {
        match self {
            Past::Told(events) => events.partition_point(|event| event.time <= instant),
            Past::Coded(coded) => coded.until(instant).len(),
        }
    }

    /// The event at a place, as [`Past::iter`] gives it.
    pub(crate) fn at(self, place: usize) -> Option<(i64, &'a Event)> {
        match self {
            Past::Told(events) => events.get(place).map(|event| (event.time, event)),
            Past::Coded(coded) => coded.at(place).map(|(time, _, event)| (time, event)),
        }
    }

    /// The event with a number: its place among all events of the subject, those included that are not kept.
    pub fn numbered(self, number: u32) -> Option<&'a Event> {
        match self {
            Past::Told(events) => events.get(number as usize),
            Past::Coded(coded) => coded.numbered(number),
        }
    }

    /// The events in full, each with its own time.
    pub fn to_vec(self) -> Vec<Event> {
        match self {
            Past::Told(events) => events.to_vec(),
            Past::Coded(_) => self.iter().map(|(time, event)| Event { time, ..event.clone() }).collect(),
        }
    }
}
