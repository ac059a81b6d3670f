//! The coded events of one subject, household or device.

use super::codebook::{Code, Codebook};
use crate::decide::contact::Mark;
use crate::history::Event;

/// The events of one key, in order of time. Sixteen bytes each; those that nothing in the policy looks at, or looks at no more, are not kept.
#[derive(Clone, Debug, Default)]
pub struct Track {
    kept: Kept,
    /// Events pushed, kept or not.
    pushed: u32,
    /// Length at which what is too old is let go.
    full: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Happened {
    time: i64,
    /// Place among all events of the key, in the order in which they came.
    number: u32,
    code: Code,
}

/// A few events lie in the track itself: of most keys little is kept, and what lies elsewhere must be fetched from there.
#[derive(Clone, Debug)]
enum Kept {
    Few(u8, [Happened; 2]),
    Many(Vec<Happened>),
}

impl Default for Kept {
    fn default() -> Self {
        Kept::Few(0, [Happened::default(); 2])
    }
}

impl Kept {
    fn as_slice(&self) -> &[Happened] {
        match self {
            Kept::Few(len, events) => events.get(..usize::from(*len)).unwrap_or(&[]),
            Kept::Many(events) => events,
        }
    }

    /// Adds an event at a place.
    fn insert(&mut self, at: usize, event: Happened) {
        match self {
            Kept::Few(len, events) if usize::from(*len) < events.len() => {
                *len += 1;
                if let Some(behind) = events.get_mut(at..usize::from(*len)) {
                    behind.rotate_right(1);
                    behind.iter_mut().take(1).for_each(|place| *place = event);
                }
            }
            Kept::Few(_, events) => {
                let mut many = Vec::with_capacity(4 * events.len());
                many.extend_from_slice(events);
                many.insert(at, event);
                *self = Kept::Many(many);
            }
            Kept::Many(events) if at == events.len() => events.push(event),
            Kept::Many(events) => events.insert(at, event),
        }
    }

    /// Lets the oldest go.
    fn let_go(&mut self, many: usize) {
        if let Kept::Many(events) = self {
            events.drain(..many);
        }
    }

    fn clear(&mut self) {
        match self {
            Kept::Few(len, _) => *len = 0,
            Kept::Many(events) => events.clear(),
        }
    }
}

/// Length below which nothing is let go.
const FEW: usize = 32;

impl Track {
    /// Adds an event, after those of the same time. Events come in order of time; one that comes late is put where it belongs.
    pub fn push(&mut self, book: &Codebook, code: Code, time: i64) {
        let number = self.pushed;
        self.pushed = self.pushed.saturating_add(1);
        if !book.is_wanted(code) {
            return;
        }
        let events = self.kept.as_slice();
        let at = match events.last() {
            Some(last) if last.time > time => events.partition_point(|other| other.time <= time),
            _ => events.len(),
        };
        self.kept.insert(at, Happened { time, number, code });
        let events = self.kept.as_slice();
        if let (Some(horizon), true) = (book.horizon(), events.len() > (self.full as usize).max(FEW)) {
            let newest = events.last().map_or(time, |event| event.time);
            let gone = events.partition_point(|event| event.time <= newest.saturating_sub(horizon));
            self.full = u32::try_from(2 * (events.len() - gone)).unwrap_or(u32::MAX);
            self.kept.let_go(gone);
        }
    }

    /// Number of events that were added, those included that are not kept.
    pub fn seen(&self) -> u32 {
        self.pushed
    }

    /// When the newest event that is kept happened (ms).
    pub fn newest(&self) -> Option<i64> {
        self.kept.as_slice().last().map(|event| event.time)
    }

    /// Forgets all events.
    pub fn clear(&mut self) {
        (self.pushed, self.full) = (0, 0);
        self.kept.clear();
    }

    /// The events with the book their codes are from.
    pub fn coded<'a>(&'a self, book: &'a Codebook) -> Coded<'a> {
        Coded { book, events: self.kept.as_slice(), pushed: self.pushed }
    }
}

/// Coded events with their book.
#[derive(Clone, Copy, Debug)]
pub struct Coded<'a> {
    book: &'a Codebook,
    events: &'a [Happened],
    pushed: u32,
}

impl<'a> Coded<'a> {
    /// Number of events that are kept.
    pub fn len(self) -> usize {
        self.events.len()
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.events.is_empty()
    }

    /// Those up to an instant (ms).
    pub fn until(self, now: i64) -> Coded<'a> {
        match self.events.last() {
            Some(last) if last.time > now => {
                let known = self.events.partition_point(|event| event.time <= now);
                Coded { events: self.events.get(..known).unwrap_or(&[]), ..self }
            }
            _ => self,
        }
    }

    /// Number of events that the track has seen, those included that are not kept: it tells one state of a track from another.
    pub(crate) fn seen(self) -> u32 {
        self.pushed
    }

    /// When the last event happened (ms).
    pub(crate) fn last(self) -> Option<i64> {
        self.events.last().map(|event| event.time)
    }

    /// Time, number and event at a place.
    pub(crate) fn at(self, place: usize) -> Option<(i64, u32, &'a Event)> {
        let event = self.events.get(place)?;
        Some((event.time, event.number, self.book.event(event.code)?))
    }

    /// Time, number and mark at a place.
    #[inline]
    pub(crate) fn mark(self, place: usize) -> Option<(i64, u32, &'a Mark)> {
        let event = self.events.get(place)?;
        Some((event.time, event.number, self.book.mark(event.code)?))
    }

    /// Newest first: when each happened, and the counters of contact policy that one sweep tells and that count it.
    #[inline]
    pub(crate) fn newest(self) -> impl Iterator<Item = (i64, &'a [u32])> {
        self.events.iter().rev().map(move |event| (event.time, self.book.feeds(event.code)))
    }

    pub(crate) fn numbered(self, number: u32) -> Option<&'a Event> {
        let at = self.events.iter().position(|event| event.number == number)?;
        self.at(at).map(|(_, _, event)| event)
    }

    /// Whether the codes are in the symbols of a policy.
    pub(crate) fn is_of(self, serial: u64) -> bool {
        self.book.serial() == serial
    }
}
