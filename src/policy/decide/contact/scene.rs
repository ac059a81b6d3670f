//! One request as the contact policy sees it: its instant, places, events, and what was counted so far.

use super::calendar::{self, Span};
use super::planned::{Lookback, Mark, place};
use super::rules::Rules;
use super::zone::Whereabouts;
use crate::contact::Clock;
use crate::history::{History, Identity, Past, Total};
use crate::journal::Coded;
use crate::request::Who;

/// What is known of the request.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub rules: &'a Rules,
    pub history: &'a dyn History,
    /// The events of subject, household and device up to now, where the history keeps them in the policy's own codes.
    pub coded: &'a [Option<Coded<'a>>; 3],
    pub now: i64,
}

/// The events of an identity that counters look through.
#[derive(Clone, Copy)]
pub enum Marks<'a> {
    /// Those that something counts.
    Read(&'a [Mark]),
    /// Those that the history keeps.
    Coded(Coded<'a>),
}

/// An event among [`Marks`].
#[derive(Clone, Copy)]
pub struct Met<'a> {
    /// Milliseconds.
    pub time: i64,
    /// Position among the identity's events.
    pub event: u32,
    pub mark: &'a Mark,
}

impl<'a> Marks<'a> {
    /// Oldest first.
    #[inline]
    pub fn iter(self) -> impl DoubleEndedIterator<Item = Met<'a>> + Clone {
        let len = match self {
            Marks::Read(marks) => marks.len(),
            Marks::Coded(coded) => coded.len(),
        };
        (0..len).filter_map(move |at| match self {
            Marks::Read(marks) => marks.get(at).map(|mark| Met { time: mark.time, event: mark.event, mark }),
            Marks::Coded(coded) => coded.mark(at).map(|(time, event, mark)| Met { time, event, mark }),
        })
    }
}

/// Working memory, kept between requests so that a decision does not allocate. It holds nothing that an answer depends on.
#[derive(Debug, Default)]
pub struct Memory {
    pub(super) whereabouts: Whereabouts,
    /// Per identity the events that something counts, in order of time.
    marks: [Vec<Mark>; 3],
    /// Positions of events whose action the policy does not have, one per such action.
    strangers: Vec<u32>,
    /// One per span of the rules.
    spans: Vec<Option<Span>>,
    /// One per tally of the rules.
    pub(super) tallies: Vec<Option<super::caps::Tallied>>,
    /// What a sweep over events has met, one per tally.
    pub(super) met: Vec<super::sweep::Met>,
    /// One per budget, then one per stock.
    pub(super) totals: Vec<Option<Total>>,
    /// Per exclusion the part of `seen` that is its own.
    pub(super) seen_of: Vec<Option<(u32, u32)>>,
    /// Different actions of each set, newest first: symbol and position of its newest event.
    pub(super) seen: Vec<(u32, u32)>,
    /// One per quiet hours: whether it is quiet now, wherever the subject may be.
    pub(super) quiet_now: Vec<Option<bool>>,
    /// Quiet hours that hold for the candidate at hand.
    pub(super) active: Vec<u32>,
    /// The last search for an end of quiet hours.
    pub(super) sought: Vec<u32>,
    pub(super) sought_from: i64,
    pub(super) found: Option<Option<i64>>,
}

impl<'a> Scene<'a> {
    /// Reads what the rules need of a request and its history; `region` is the text that names the subject's region. What is
    /// amiss is told to `note`.
    pub fn read(&self, who: Who<'_>, region: Option<&str>, memory: &mut Memory, note: &mut dyn FnMut(String)) {
        let rules = self.rules;
        memory.clear(rules);
        rules.zones.locate(who.zone(), region, &mut memory.whereabouts, note);
        let identities = [Identity::Subject, Identity::Household, Identity::Device];
        for ((identity, lookback), coded) in identities.into_iter().zip(&rules.lookback).zip(self.coded) {
            let Some(lookback) = lookback else { continue };
            let missing = match identity {
                Identity::Household if who.household().is_none() => Some("household"),
                Identity::Device if who.device().is_none() => Some("device"),
                _ => None,
            };
            if let Some(what) = missing {
                note(format!("the request names no {what}: what is counted by it counts the subject's own events"));
            }
            if coded.is_none() {
                memory.mark(rules, identity, self.history.past(identity, who).until(self.now), lookback, self.now);
            }
        }
    }

    /// The events of an identity in order of time; more than those that something counts, but no less.
    #[inline]
    pub fn marks<'m>(&self, memory: &'m Memory, identity: Identity) -> Marks<'m>
    where
        'a: 'm,
    {
        let Some(at) = place(identity) else { return Marks::Read(&[]) };
        match self.coded.get(at) {
            Some(Some(coded)) => Marks::Coded(*coded),
            _ => Marks::Read(memory.marks.get(at).map_or(&[], Vec::as_slice)),
        }
    }

    /// The calendar period of now at a position of the rules' spans.
    pub fn span(&self, memory: &mut Memory, at: u32) -> Span {
        if let Some(Some(span)) = memory.spans.get(at as usize) {
            return *span;
        }
        let span = self.span_at(memory, at, self.now);
        if let Some(known) = memory.spans.get_mut(at as usize) {
            *known = Some(span);
        }
        span
    }

    /// The same of another instant.
    pub fn span_at(&self, memory: &Memory, at: u32, instant: i64) -> Span {
        let everything = Span { start: i64::MIN, end: i64::MAX };
        let Some((period, clock)) = self.rules.spans.get(at as usize) else { return everything };
        let zone = match clock {
            Clock::Subject => self.rules.zones.home(&memory.whereabouts),
            Clock::Project => self.rules.zones.project(),
            Clock::Utc => &jiff::tz::TimeZone::UTC,
        };
        calendar::span(*period, zone, instant)
    }
}

impl Memory {
    /// Forgets the request before.
    pub(super) fn clear(&mut self, rules: &Rules) {
        for marks in &mut self.marks {
            marks.clear();
        }
        self.strangers.clear();
        refill(&mut self.spans, rules.spans.len());
        refill(&mut self.tallies, rules.tallies.len());
        refill(&mut self.totals, rules.budgets.len() + rules.stocks.len());
        refill(&mut self.seen_of, rules.exclusions.len());
        self.seen.clear();
        refill(&mut self.quiet_now, rules.quiet.len());
        self.found = None;
    }

    /// The sum at a place of [`Memory::totals`], asked for once.
    pub(super) fn total(&mut self, at: usize, ask: impl FnOnce() -> Total) -> Total {
        match self.totals.get_mut(at) {
            Some(known) => *known.get_or_insert_with(ask),
            None => ask(),
        }
    }

    fn mark(&mut self, rules: &Rules, identity: Identity, past: Past<'_>, lookback: &Lookback, now: i64) {
        let from = lookback.length.map_or(0, |length| past.first_after(now.saturating_sub(length)));
        let Memory { marks, strangers, .. } = self;
        let Some(marks) = place(identity).and_then(|i| marks.get_mut(i)) else { return };
        strangers.clear();
        for (place, at) in (0..past.len()).zip(0u32..).skip(from) {
            let Some((time, event)) = past.at(place) else { break };
            let Some(kind) = rules.kind_of(&event.kind) else { continue };
            if !lookback.kinds.get(usize::from(kind)).copied().unwrap_or(false) {
                continue;
            }
            let mark = rules.mark(event, |action| {
                if rules.exclusions.is_empty() {
                    return 0;
                }
                let is = |at: &u32| past.at(*at as usize).is_some_and(|(_, other)| other.action == action);
                let known = strangers.iter().position(is);
                known.unwrap_or_else(|| {
                    strangers.push(at);
                    strangers.len() - 1
                })
            });
            marks.push(Mark { time, event: at, ..mark });
        }
    }
}

fn refill<T: Clone>(list: &mut Vec<Option<T>>, length: usize) {
    list.clear();
    list.resize(length, None);
}
