//! One request as the contact policy sees it: its instant, places, events, and what was counted so far.

use super::calendar::{self, Span};
use super::rules::{Lookback, Mark, Rules, place};
use super::symbols::UNKNOWN;
use super::zone::Whereabouts;
use crate::contact::Clock;
use crate::history::{Event, History, Identity, Total};
use crate::request::Request;

/// What is known of the request.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub rules: &'a Rules,
    pub history: &'a dyn History,
    pub now: i64,
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

impl Scene<'_> {
    /// Reads what the rules need of a request and its history; `region` is the text that names the subject's region. What is
    /// amiss is told to `note`.
    pub fn read(&self, request: &Request, region: Option<&str>, memory: &mut Memory, note: &mut dyn FnMut(String)) {
        let rules = self.rules;
        memory.clear(rules);
        rules.zones.locate(request.zone.as_deref(), region, &mut memory.whereabouts, note);
        let identities = [Identity::Subject, Identity::Household, Identity::Device];
        for (identity, lookback) in identities.into_iter().zip(&rules.lookback) {
            let Some(lookback) = lookback else { continue };
            let (id, what) = match identity {
                Identity::Household => (request.household.as_deref(), "household"),
                Identity::Device => (request.device.as_deref(), "device"),
                Identity::Subject | Identity::Global => (Some(request.subject.as_str()), "subject"),
            };
            let events = match id {
                Some(id) if identity != Identity::Subject => self.history.shared(identity, id),
                Some(id) => self.history.events(id),
                None => {
                    note(format!("the request names no {what}: what is counted by it counts the subject's own events"));
                    self.history.events(&request.subject)
                }
            };
            let known = events.get(..events.partition_point(|event| event.time <= self.now)).unwrap_or(&[]);
            memory.mark(rules, identity, known, lookback, self.now);
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
    fn clear(&mut self, rules: &Rules) {
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

    /// The events of an identity that something counts, in order of time.
    pub fn marks(&self, identity: Identity) -> &[Mark] {
        place(identity).and_then(|i| self.marks.get(i)).map_or(&[], Vec::as_slice)
    }

    /// The same, and the list of different actions to write to.
    pub(super) fn marks_and_seen(&mut self, identity: Identity) -> (&[Mark], &mut Vec<(u32, u32)>) {
        let marks = place(identity).and_then(|i| self.marks.get(i)).map_or(&[][..], Vec::as_slice);
        (marks, &mut self.seen)
    }

    /// The sum at a place of [`Memory::totals`], asked for once.
    pub(super) fn total(&mut self, at: usize, ask: impl FnOnce() -> Total) -> Total {
        match self.totals.get_mut(at) {
            Some(known) => *known.get_or_insert_with(ask),
            None => ask(),
        }
    }

    fn mark(&mut self, rules: &Rules, identity: Identity, events: &[Event], lookback: &Lookback, now: i64) {
        let start = lookback.length.map(|length| now.saturating_sub(length));
        let from = start.map_or(0, |start| events.partition_point(|event| event.time <= start));
        let Some(marks) = place(identity).and_then(|i| self.marks.get_mut(i)) else { return };
        for (event, at) in events.iter().zip(0u32..).skip(from) {
            let Some(kind) = rules.kind_of(&event.kind) else { continue };
            if !lookback.kinds.get(usize::from(kind)).copied().unwrap_or(false) {
                continue;
            }
            let mut tags = 0;
            if !event.tags.is_empty() {
                for (tag, i) in rules.tags.iter().zip(0u32..) {
                    if event.tags.contains(tag) {
                        tags |= 1u128.checked_shl(i).unwrap_or(0);
                    }
                }
            }
            let channel = rules.symbols.get(&event.channel);
            let mut action = rules.symbols.get(&event.action);
            if action == UNKNOWN && identity == Identity::Subject && !rules.exclusions.is_empty() {
                // Different actions are counted apart even when the policy has them no more.
                let known = self.strangers.iter().position(|i| {
                    let other = events.get(*i as usize);
                    other.is_some_and(|other| other.action == event.action)
                });
                let place = known.unwrap_or(self.strangers.len());
                if known.is_none() {
                    self.strangers.push(at);
                }
                // Downwards from the largest symbol: the policy's own begin at 0 and are few.
                action = UNKNOWN.saturating_sub(1).saturating_sub(u32::try_from(place).unwrap_or(0));
            }
            marks.push(Mark {
                time: event.time,
                event: at,
                kind,
                contact: event.counts && !rules.inbound.contains(&channel),
                action,
                treatment: rules.symbols.get(&event.treatment),
                channel,
                group: rules.symbols.get(&event.group),
                issue: rules.symbols.get(&event.issue),
                tags,
            });
        }
    }
}

fn refill<T: Clone>(list: &mut Vec<Option<T>>, length: usize) {
    list.clear();
    list.resize(length, None);
}
