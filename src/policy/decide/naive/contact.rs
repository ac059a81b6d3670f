//! Contact policy written for reading: straight from the contract, quarter of an hour by quarter of an hour, sharing nothing with
//! the other one but the data.
//!
//! It knows the clock only as what the wall shows at an instant. Everything it is asked about must happen at full quarters of an
//! hour, as random policies and histories do.

use super::Candidate;
use crate::action::{Action, Direction, Treatment};
use crate::contact::{Budget, CapTarget, Clock, EventKind, Measure, OnHit, Period, QuietHours, Window};
use crate::document::Document;
use crate::history::{Identity, Of, Query};
use crate::reason::Reason;
use crate::rule::Scope;
use crate::{Event, History, MemoryHistory, Request};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

const QUARTER: i64 = 900_000;
const DAY: i64 = 96 * QUARTER;

/// What contact policy says of a candidate.
#[derive(Clone, Debug, PartialEq)]
pub enum Word {
    Pass,
    Block(Reason),
    Defer(i64, Reason),
    /// To these channels.
    Reroute(Vec<String>, Reason),
}

/// One request; `region` and `holds` answer for the row: the subject's region, and whether a condition is known to be false.
pub struct Contact<'a> {
    pub document: &'a Document,
    pub request: &'a Request,
    pub history: &'a MemoryHistory,
    pub region: Option<String>,
    pub is_false: &'a dyn Fn(&str, Candidate<'_>) -> bool,
}

impl Contact<'_> {
    /// Stage 7, given what the decision has reserved.
    pub fn check(&self, (action, treatment): Candidate<'_>, reserved: &[Candidate<'_>]) -> Word {
        let (d, now) = (self.document, self.request.now);
        let outbound = !self.is_inbound(&treatment.channel);
        let own = self.event(action, treatment);
        let reserved: Vec<Event> = reserved.iter().map(|(action, treatment)| self.event(action, treatment)).collect();
        let speaks = |target: &CapTarget, channel: &Option<String>| {
            channel.as_ref().is_none_or(|id| *id == treatment.channel)
                && !matches!(target, CapTarget::Tag(tag) if !action.tags.contains(tag))
        };
        // Until when (none: for ever), what it does, and why; in the order of the document's parts.
        let mut hits: Vec<(Option<i64>, OnHit, Reason)> = Vec::new();
        for cap in d.caps.iter().filter(|cap| cap.enabled && !(action.mandatory && cap.bypassable)) {
            let Some(limit) = cap.limit.filter(|_| outbound && action.obeys_caps && speaks(&cap.target, &cap.channel))
            else {
                continue;
            };
            let counted = |event: &Event| self.is_contact(event, &cap.target, &cap.channel, &own);
            let held = reserved.iter().filter(|event| counted(event)).count();
            let earlier: Vec<i64> = (self.events_of(cap.key).iter())
                .filter(|event| event.kind == cap.event && counted(event))
                .map(|event| event.time)
                .collect();
            // What is reserved counts as an event of now.
            let counts = self.counts(cap.window, earlier.into_iter().chain((0..held).map(|_| now)).collect());
            let at = |then: i64| counts(then);
            if at(now) + 1 > limit as usize {
                let resets_at = self.ends(cap.window, |then| at(then) < limit as usize);
                let (cap_, count) = (cap.id.as_str().into(), at(now) as u32);
                let reason = Reason::CapReached { cap: cap_, count, limit, resets_at };
                hits.push((resets_at, cap.on_hit.clone(), reason));
            }
        }
        for part in d.suppressions.iter().filter(|part| part.enabled && speaks(&part.target, &part.channel)) {
            let outcomes = self.events_of(Identity::Subject).into_iter().filter(|event| {
                event.kind == part.outcome
                    && part.channel.as_ref().is_none_or(|id| *id == event.channel)
                    && together(&part.target, event, &own)
            });
            let times: Vec<i64> = outcomes.map(|event| event.time).collect();
            let made = |i: &usize| {
                let within = |time: &&i64| **time > times[*i] - part.within as i64 * 1000;
                times[..=*i].iter().filter(within).count() >= part.times as usize
            };
            let until = (0..times.len()).filter(made).map(|i| times[i] + part.for_ as i64 * 1000).max();
            if let Some(until) = until.filter(|until| now < *until && (outbound || part.channel.is_some())) {
                let reason = Reason::OutcomeSuppressed { suppression: part.id.as_str().into(), until };
                hits.push((Some(until), OnHit::Drop, reason));
            }
        }
        for part in d.cool_downs.iter().filter(|part| part.enabled && speaks(&part.target, &part.channel)) {
            let counted = |event: &&Event| self.is_contact(event, &part.target, &part.channel, &own);
            let past = self.events_of(Identity::Subject);
            let last = past.iter().filter(|event| event.kind == part.event).chain(&reserved).filter(counted);
            let until = last.map(|event| event.time + part.gap as i64 * 1000).max();
            if let Some(until) = until.filter(|until| now < *until && outbound && action.obeys_caps) {
                let reason = Reason::CoolDown { cool_down: part.id.as_str().into(), until };
                hits.push((Some(until), part.on_hit.clone(), reason));
            }
        }
        for part in d.exclusions.iter().filter(|part| part.enabled) {
            let member = |event: &Event| part.members.iter().any(|scope| in_scope(scope, event));
            let past = self.events_of(Identity::Subject).into_iter().filter(|event| {
                event.kind == part.event
                    && part.window.is_some_and(|window| self.counts(window, vec![event.time])(now) == 1)
            });
            let gone: Vec<String> = past.chain(reserved.clone()).filter(member).map(|event| event.action).collect();
            let different: std::collections::BTreeSet<&String> = gone.iter().collect();
            if member(&own) && !different.contains(&own.action) && different.len() >= part.at_most as usize {
                let (exclusion, with) = (part.id.as_str().into(), gone.last().unwrap().as_str().into());
                hits.push((None, OnHit::Drop, Reason::MutuallyExclusive { exclusion, with }));
            }
        }
        let quiet = self.quiet_hours(action, treatment);
        let places = self.places();
        for part in quiet.iter().filter(|part| Contact::is_quiet(part, &places, now)) {
            let until = self.open(&quiet, now);
            let reason = Reason::QuietHours { quiet_hours: part.id.as_str().into(), until };
            hits.push((until, part.on_hit.clone(), reason));
        }
        for part in d.stocks.iter().filter(|part| part.action == action.id) {
            let (of, after) = (Of::Action(&part.action), part.since);
            let query = Query { kind: &part.event, of, channel: None, counting: false, after, until: now };
            let held = reserved.iter().filter(|event| event.action == part.action).count() as u64;
            if self.history.total(&query).count + held + 1 > part.units {
                hits.push((None, OnHit::Drop, Reason::OutOfStock { stock: part.id.as_str().into() }));
            }
        }
        let severity = |(until, on_hit, _): &(Option<i64>, OnHit, Reason)| match on_hit {
            OnHit::Defer if until.is_some() => 0,
            OnHit::Reroute(_) => 1,
            _ => 2,
        };
        let rank = |hit: &(Option<i64>, OnHit, Reason)| (severity(hit), hit.0.unwrap_or(i64::MAX));
        let Some(strictest) = hits.iter().map(rank).max() else { return Word::Pass };
        let last = hits.iter().filter_map(|hit| hit.0).max();
        let hit = hits.iter().find(|hit| rank(hit) == strictest).unwrap().clone();
        match (severity(&hit), hit) {
            (0, (_, _, reason)) => match self.open(&quiet, last.unwrap()) {
                Some(until) => Word::Defer(until, reason),
                None => Word::Block(reason),
            },
            (1, (_, OnHit::Reroute(channels), reason)) => Word::Reroute(channels, reason),
            (_, (_, _, reason)) => Word::Block(reason),
        }
    }

    /// Stage 11, given what the decision has reserved.
    pub fn budget(&self, candidate: Candidate<'_>, reserved: &[Candidate<'_>]) -> Result<(), Reason> {
        let now = self.request.now;
        for part in self.document.budgets.iter().filter(|part| part.enabled) {
            let own = self.event(candidate.0, candidate.1);
            if !in_scope(&part.scope, &own) {
                continue;
            }
            let worth = |event: &Event| if part.measure == Measure::Cost { event.cost } else { 1.0 };
            let held = reserved.iter().map(|(action, treatment)| self.event(action, treatment));
            let held = held.filter(|event| in_scope(&part.scope, event)).map(|event| worth(&event));
            let spent = held.fold(self.spent(part), |sum, worth| sum + worth);
            let exhausted = |allowed, paced| {
                Err(Reason::BudgetExhausted { budget: part.id.as_str().into(), spent, allowed, paced })
            };
            if part.from.is_some_and(|from| now < from) || part.until.is_some_and(|until| now >= until) {
                return exhausted(0.0, false);
            }
            let paced = part.max.zip(part.pacing).map(|(max, slack)| max * self.share(part) * (1.0 + slack));
            for (allowed, is_pace) in [(part.max, false), (paced, true)] {
                if let Some(allowed) = allowed.filter(|allowed| spent + worth(&own) > *allowed + 1e-9) {
                    return exhausted(allowed, is_pace);
                }
            }
        }
        Ok(())
    }

    /// Whether a budget of the candidate is behind its minimum.
    pub fn lags(&self, candidate: Candidate<'_>) -> bool {
        let (own, now) = (self.event(candidate.0, candidate.1), self.request.now);
        self.document.budgets.iter().filter(|part| part.enabled && in_scope(&part.scope, &own)).any(|part| {
            let open = part.from.is_none_or(|from| from <= now) && part.until.is_none_or(|until| now < until);
            open && part.min.is_some_and(|min| self.spent(part) + 1e-9 < min * self.share(part))
        })
    }

    /// When a candidate that passes is sent, if its best hour is this.
    pub fn send_at(&self, (action, treatment): Candidate<'_>, hour: impl Fn(&str) -> Option<f64>) -> i64 {
        let now = self.request.now;
        let speaks = |channel: &Option<String>| channel.as_ref().is_none_or(|id| *id == treatment.channel);
        let part = self.document.send_times.iter().find(|part| speaks(&part.channel));
        let Some(part) = part.filter(|_| !self.is_inbound(&treatment.channel)) else { return now };
        let Some(best) = hour(&part.hour).filter(|hour| (0.0..24.0).contains(hour)) else { return now };
        let home = self.home();
        let shown = |at: i64| wall(&home, at);
        let full = |date: Date| date.at(best as i8, 0, 0, 0);
        let comes = |at: i64| {
            // It is that hour, or the clock has just jumped over it.
            shown(at).hour() == best as i8
                || at > now && shown(at - QUARTER) < full(shown(at).date()) && full(shown(at).date()) <= shown(at)
        };
        let until = now + i64::from(part.within) * 4 * QUARTER;
        let at = (0..).map(|i| now + i * QUARTER).take_while(|at| *at <= until).find(|at| comes(*at));
        at.and_then(|at| self.open(&self.quiet_hours(action, treatment), at)).unwrap_or(now)
    }

    /// A candidate as an event of now.
    fn event(&self, action: &Action, treatment: &Treatment) -> Event {
        let at = self.document.actions.iter().position(|other| other.id == action.id).unwrap();
        let event = crate::testing::event(self.document, self.request.now, EventKind::Sent, at);
        let (id, channel) = (treatment.id.clone(), treatment.channel.clone());
        Event { treatment: id, channel, cost: treatment.cost.unwrap_or(action.cost), ..event }
    }

    /// The events of an identity up to now.
    fn events_of(&self, key: Identity) -> Vec<Event> {
        let events = match (key, &self.request.household, &self.request.device) {
            (Identity::Global, ..) => self.history.everybody(),
            (Identity::Household, Some(id), _) | (Identity::Device, _, Some(id)) => {
                self.history.shared(key, id).to_vec()
            }
            _ => self.history.events(&self.request.subject).to_vec(),
        };
        events.into_iter().filter(|event| event.time <= self.request.now).collect()
    }

    fn is_inbound(&self, id: &str) -> bool {
        self.document.channels.iter().any(|channel| channel.id == id && channel.direction == Direction::Inbound)
    }

    fn is_contact(&self, event: &Event, target: &CapTarget, channel: &Option<String>, own: &Event) -> bool {
        let on = channel.as_ref().is_none_or(|id| *id == event.channel);
        event.counts && !self.is_inbound(&event.channel) && on && together(target, event, own)
    }

    /// How many of some instants lie in a window that ends at an instant after them.
    fn counts(&self, window: Window, times: Vec<i64>) -> Box<dyn Fn(i64) -> usize> {
        match window {
            Window::Lifetime => Box::new(move |_| times.len()),
            Window::Rolling(seconds) => {
                let length = seconds as i64 * 1000;
                Box::new(move |then| times.iter().filter(|time| **time > then - length).count())
            }
            Window::Calendar(period, clock) => {
                let zone = self.clock(clock);
                let first = move |at: i64| key(period, wall(&zone, at).date());
                let periods: Vec<Date> = times.into_iter().map(&first).collect();
                Box::new(move |then| {
                    let own = first(then);
                    periods.iter().filter(|period| **period >= own).count()
                })
            }
        }
    }

    /// The first quarter of an hour after now at which something has left the window, so that it lets one more pass.
    fn ends(&self, window: Window, passes: impl Fn(i64) -> bool) -> Option<i64> {
        let longest = match window {
            Window::Rolling(seconds) => seconds as i64 * 1000,
            Window::Lifetime => 0,
            Window::Calendar(..) => 33 * DAY,
        };
        let steps = 1..=longest / QUARTER;
        steps.map(|i| self.request.now + i * QUARTER).find(|then| passes(*then))
    }

    /// The zone the subject lives by.
    pub fn home(&self) -> TimeZone {
        let zones = &self.document.zones;
        let known = |name: &&String| crate::zones::find(name).is_some();
        let region = || self.region.as_ref().and_then(|region| zones.regions.get(region)?.first());
        let zone = self.request.zone.as_ref().filter(known).or_else(region).or(zones.project.as_ref());
        zone.map_or(TimeZone::UTC, |name| zone_of(name))
    }

    fn clock(&self, clock: Clock) -> TimeZone {
        match clock {
            Clock::Subject => self.home(),
            Clock::Project => self.document.zones.project.as_ref().map_or(TimeZone::UTC, |name| zone_of(name)),
            Clock::Utc => TimeZone::UTC,
        }
    }

    /// Quiet hours that speak of a candidate.
    fn quiet_hours(&self, action: &Action, treatment: &Treatment) -> Vec<&QuietHours> {
        let speaks = |part: &&QuietHours| {
            let when = part.when.as_ref().is_none_or(|when| !(self.is_false)(when, (action, treatment)));
            part.enabled && when && part.channel.as_ref().is_none_or(|id| *id == treatment.channel)
        };
        let bound = !action.service && !self.is_inbound(&treatment.channel);
        self.document.quiet_hours.iter().filter(speaks).filter(|_| bound).collect()
    }

    /// The zones of the places where the subject may be.
    fn places(&self) -> Vec<TimeZone> {
        let zones = &self.document.zones;
        let told = self.request.zone.as_ref().is_some_and(|name| crate::zones::find(name).is_some());
        let region = self.region.as_ref().and_then(|region| zones.regions.get(region));
        let possible = match region {
            Some(names) => names.clone(),
            None => zones.regions.values().flatten().chain(&zones.project).cloned().collect(),
        };
        if told || !zones.strict || possible.is_empty() {
            return vec![self.home()];
        }
        possible.iter().map(|name| zone_of(name)).collect()
    }

    fn is_quiet(part: &QuietHours, places: &[TimeZone], at: i64) -> bool {
        places.iter().any(|zone| {
            let shown = wall(zone, at);
            let minute = (shown.hour() as u16) * 60 + shown.minute() as u16;
            let (from, until) = (part.from.minutes(), part.until.minutes());
            let day = |date: Date| date.weekday().to_monday_one_offset() as u8;
            let begins = |date| part.weekdays.is_empty() || part.weekdays.contains(&day(date));
            let (today, before) = (shown.date(), shown.date().yesterday().unwrap());
            if from < until {
                begins(today) && minute >= from && minute < until
            } else {
                begins(today) && minute >= from || begins(before) && minute < until
            }
        })
    }

    fn open(&self, quiet: &[&QuietHours], from: i64) -> Option<i64> {
        let places = self.places();
        let quarters = (0..16 * 96).map(|i| from + i * QUARTER);
        quarters.into_iter().find(|at| !quiet.iter().any(|part| Contact::is_quiet(part, &places, *at)))
    }

    /// Begin and end of the period a budget is in.
    fn period(&self, part: &Budget) -> (Option<i64>, Option<i64>) {
        let period = part.reset.map(|(period, clock)| {
            let (zone, now) = (self.clock(clock), self.request.now);
            let same = |at: &i64| key(period, wall(&zone, *at).date()) == key(period, wall(&zone, now).date());
            let first = (1..).map(|i| now - i * QUARTER).find(|at| !same(at)).unwrap() + QUARTER;
            (first, (1..).map(|i| now + i * QUARTER).find(|at| !same(at)).unwrap())
        });
        let start = [period.map(|p| p.0), part.from].into_iter().flatten().max();
        (start, [period.map(|p| p.1), part.until].into_iter().flatten().min())
    }

    fn share(&self, part: &Budget) -> f64 {
        match self.period(part) {
            (Some(start), Some(end)) => (self.request.now - start) as f64 / (end - start) as f64,
            _ => 1.0,
        }
    }

    fn spent(&self, part: &Budget) -> f64 {
        let (of, channel) = match &part.scope {
            Scope::All => (Of::All, None),
            Scope::Issue(id) => (Of::Issue(id), None),
            Scope::Group(id) => (Of::Group(id), None),
            Scope::Action(id) => (Of::Action(id), None),
            Scope::Treatment(action, id) => (Of::Treatment(action, id), None),
            Scope::Channel(id) => (Of::All, Some(id.as_str())),
        };
        let after = self.period(part).0.map(|start| start - 1);
        let query = Query { kind: &part.event, of, channel, counting: false, after, until: self.request.now };
        let total = self.history.total(&query);
        if part.measure == Measure::Cost { total.cost } else { total.count as f64 }
    }
}

/// What the wall shows.
pub fn wall(zone: &TimeZone, at: i64) -> DateTime {
    zone.to_datetime(jiff::Timestamp::from_millisecond(at).unwrap())
}

fn zone_of(name: &str) -> TimeZone {
    crate::zones::find(name).unwrap()
}

/// The first date of a period.
fn key(period: Period, date: Date) -> Date {
    match period {
        Period::Day => date,
        Period::Month => date.first_of_month(),
        Period::Week(start) => {
            let begins = |date: &Date| date.weekday().to_monday_one_offset() as u8 == start;
            std::iter::successors(Some(date), |date| date.yesterday().ok()).find(begins).unwrap()
        }
    }
}

fn together(target: &CapTarget, event: &Event, own: &Event) -> bool {
    match target {
        CapTarget::All => true,
        CapTarget::Channel => event.channel == own.channel,
        CapTarget::Issue => event.issue == own.issue,
        CapTarget::Group => event.group == own.group,
        CapTarget::Action => event.action == own.action,
        CapTarget::Treatment => event.action == own.action && event.treatment == own.treatment,
        CapTarget::Tag(tag) => event.tags.contains(tag),
    }
}

fn in_scope(scope: &Scope, event: &Event) -> bool {
    match scope {
        Scope::All => true,
        Scope::Issue(id) => event.issue == *id,
        Scope::Group(id) => event.group == *id,
        Scope::Action(id) => event.action == *id,
        Scope::Treatment(action, id) => event.action == *action && event.treatment == *id,
        Scope::Channel(id) => event.channel == *id,
    }
}
