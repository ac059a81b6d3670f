//! A simulator of a contact policy over time, written to be read: one list of everything that ever happened, and every counter goes through
//! all of it. It uses the standard library and nothing else, so that nothing of what it checks can be wrong in both places.

use std::collections::{BTreeMap, BTreeSet};

pub const MINUTE: i64 = 60_000;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// Times that a decision is put off before nothing is done.
const MOST_DEFERRALS: usize = 100;

#[derive(Clone, Debug, Default)]
pub struct Policy {
    pub actions: Vec<Action>,
    /// Issue of each group.
    pub issues: BTreeMap<String, String>,
    /// Channels on which the subject comes to us.
    pub inbound: Vec<String>,
    /// Where everybody lives.
    pub zone: Zone,
    pub caps: Vec<Cap>,
    pub suppressions: Vec<Suppression>,
    pub cool_downs: Vec<CoolDown>,
    pub exclusions: Vec<Exclusion>,
    pub quiet: Vec<Quiet>,
    pub stocks: Vec<Stock>,
    pub budgets: Vec<Budget>,
}

#[derive(Clone, Debug, Default)]
pub struct Action {
    pub id: String,
    pub group: String,
    pub value: f64,
    pub cost: f64,
    pub tags: Vec<String>,
    pub mandatory: bool,
    pub service: bool,
    pub obeys: bool,
    pub counts: bool,
    /// Its rule: eligible while `n` is at most this.
    pub rule: Option<(String, i64)>,
    pub treatments: Vec<Treatment>,
}

#[derive(Clone, Debug, Default)]
pub struct Treatment {
    pub id: String,
    pub channel: String,
    pub cost: Option<f64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Zone {
    #[default]
    Utc,
    /// Five hours and a half ahead, always.
    Kolkata,
    /// One hour ahead, two from the last Sunday of March to the last Sunday of October, each at 01:00 UTC.
    Berlin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Subject,
    Household,
    Device,
    Everybody,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    All,
    Channel,
    Issue,
    Group,
    Action,
    Treatment,
    Tag(String),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Scope {
    All,
    Issue(String),
    Group(String),
    Action(String),
    Treatment(String, String),
    Channel(String),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Window {
    /// Milliseconds.
    Rolling(i64),
    Lifetime,
    /// By the clock of the zone, or by universal time.
    Calendar(Period, bool),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Period {
    Day,
    /// From this weekday on; 1 is Monday.
    Week(i64),
    Month,
}

#[derive(Clone, Debug)]
pub struct Cap {
    pub id: String,
    pub key: Key,
    pub target: Target,
    pub channel: Option<String>,
    pub event: String,
    pub limit: usize,
    pub window: Window,
    pub bypassable: bool,
    pub defers: bool,
}

#[derive(Clone, Debug)]
pub struct Suppression {
    pub id: String,
    pub outcome: String,
    pub times: usize,
    pub within: i64,
    pub length: i64,
    pub target: Target,
    pub channel: Option<String>,
}

#[derive(Clone, Debug)]
pub struct CoolDown {
    pub id: String,
    pub target: Target,
    pub channel: Option<String>,
    pub event: String,
    pub gap: i64,
    pub defers: bool,
}

#[derive(Clone, Debug)]
pub struct Exclusion {
    pub id: String,
    pub members: Vec<Scope>,
    pub at_most: usize,
    pub event: String,
    pub window: Option<Window>,
}

#[derive(Clone, Debug)]
pub struct Quiet {
    pub id: String,
    pub channel: Option<String>,
    /// Weekdays on which they begin, 1 is Monday; all when empty.
    pub weekdays: Vec<i64>,
    /// Minutes of the day.
    pub from: i64,
    pub until: i64,
    pub defers: bool,
}

#[derive(Clone, Debug)]
pub struct Stock {
    pub id: String,
    pub action: String,
    pub units: usize,
    pub event: String,
}

#[derive(Clone, Debug)]
pub struct Budget {
    pub id: String,
    pub scope: Scope,
    /// Whether costs are added up, or events counted.
    pub money: bool,
    pub event: String,
    pub max: Option<f64>,
    pub min: Option<f64>,
    pub reset: Option<(Period, bool)>,
    pub from: Option<i64>,
    pub until: Option<i64>,
    pub slack: Option<f64>,
}

/// A row of history.
#[derive(Clone, Debug, Default)]
pub struct Row {
    pub subject: String,
    pub household: Option<String>,
    pub device: Option<String>,
    pub time: i64,
    pub n: i64,
    /// What was logged: action and treatment.
    pub logged: Option<(String, String)>,
    /// Whether the outcome followed.
    pub visited: bool,
}

/// Something that happened, and to whom it counts.
#[derive(Clone, Debug, Default)]
pub struct Event {
    pub time: i64,
    pub kind: String,
    pub action: String,
    pub treatment: String,
    pub channel: String,
    pub group: String,
    pub issue: String,
    pub tags: Vec<String>,
    pub counts: bool,
    pub cost: f64,
    pub subject: Option<String>,
    pub household: Option<String>,
    pub device: Option<String>,
    pub everybody: bool,
}

/// What became of a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Action and treatment sent.
    pub sent: Option<(String, String)>,
    /// What ended each candidate at the last time that it was decided: `Cap:weekly`, `Lost`, `Won` …
    pub ended: Vec<String>,
    /// When it was put off, and until when.
    pub put_off: Vec<(i64, i64)>,
}

/// What contact policy says of a candidate.
enum Word {
    Pass,
    Wait(i64),
    Block(String),
}

/// Every answer, and everything that happened.
pub fn simulate(policy: &Policy, rows: &[Row], given: &[Event]) -> (Vec<Answer>, Vec<Event>) {
    let first = |is: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| is(row)).map(|row| row.time).min();
    let start = first(&|_| true).unwrap_or(0);
    // What happened to somebody after the first decision for it was the logger's doing.
    let mut events: Vec<Event> = Vec::new();
    for event in given {
        let mut event = event.clone();
        let known = |mine: &Option<String>, of: &dyn Fn(&Row) -> Option<String>| {
            let begun = mine.as_ref().and_then(|id| first(&|row: &Row| of(row).as_ref() == Some(id)));
            mine.clone().filter(|_| begun.is_some_and(|begun| event.time <= begun))
        };
        let subject = known(&event.subject, &|row| Some(row.subject.clone()));
        let household = known(&event.household, &|row| row.household.clone());
        let device = known(&event.device, &|row| row.device.clone());
        event.everybody = event.subject.is_some() && event.time <= start;
        (event.subject, event.household, event.device) = (subject, household, device);
        events.push(event);
    }
    let mut answers = vec![Answer::default(); rows.len()];
    let mut due: BTreeSet<(i64, usize)> = rows.iter().enumerate().map(|(at, row)| (row.time, at)).collect();
    while let Some((now, at)) = due.pop_first() {
        let row = &rows[at];
        let here = Here { policy, row, now, events: &events };
        let (winner, ended) = here.decide();
        answers[at].ended = ended;
        let Some((action, treatment, send_at)) = winner else { continue };
        if send_at > now {
            if answers[at].put_off.len() < MOST_DEFERRALS {
                answers[at].put_off.push((now, send_at));
                due.insert((send_at, at));
            }
            continue;
        }
        let pair = (action.id.clone(), treatment.id.clone());
        answers[at].sent = Some(pair.clone());
        let mut kinds = vec!["decision", "sent", "impression"];
        if row.logged == Some(pair) && row.visited {
            kinds.push("visit");
        }
        let left: Vec<Event> = kinds.into_iter().map(|kind| here.event(action, treatment, kind)).collect();
        events.extend(left);
    }
    (answers, events)
}

/// What was spent of a budget by an instant, in its period then.
pub fn spent(policy: &Policy, budget: &Budget, events: &[Event], now: i64) -> f64 {
    let row = Row::default();
    Here { policy, row: &row, now, events }.spent(budget)
}

/// One decision.
struct Here<'a> {
    policy: &'a Policy,
    row: &'a Row,
    now: i64,
    events: &'a [Event],
}

impl<'a> Here<'a> {
    /// The winner and when it is sent, and what ended each candidate.
    fn decide(&self) -> (Option<(&'a Action, &'a Treatment, i64)>, Vec<String>) {
        let mut ended = Vec::new();
        // Tier, priority, group, action, treatment; then place, candidate, when it goes.
        let mut left = Vec::new();
        for action in &self.policy.actions {
            for treatment in &action.treatments {
                let place = ended.len();
                if let Some((id, most)) = &action.rule
                    && self.row.n > *most
                {
                    ended.push(format!("Rule:{id}"));
                    continue;
                }
                let send_at = match self.contact(action, treatment) {
                    Word::Block(why) => {
                        ended.push(why);
                        continue;
                    }
                    Word::Wait(until) => until,
                    Word::Pass => self.now,
                };
                let tier = if action.mandatory {
                    0
                } else if self.lags(action, treatment) {
                    1
                } else {
                    2
                };
                left.push((
                    tier,
                    action.value,
                    &action.group,
                    &action.id,
                    &treatment.id,
                    place,
                    action,
                    treatment,
                    send_at,
                ));
                ended.push("Lost".to_owned());
            }
        }
        left.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)).then((a.2, a.3, a.4).cmp(&(b.2, b.3, b.4))));
        let mut winner = None;
        for (.., place, action, treatment, send_at) in left {
            if let Some(why) = self.overspends(action, treatment) {
                ended[place] = why;
            } else if winner.is_none() {
                ended[place] = "Won".to_owned();
                winner = Some((action, treatment, send_at));
            }
        }
        (winner, ended)
    }

    fn event(&self, action: &Action, treatment: &Treatment, kind: &str) -> Event {
        Event {
            time: self.now,
            kind: kind.to_owned(),
            action: action.id.clone(),
            treatment: treatment.id.clone(),
            channel: treatment.channel.clone(),
            group: action.group.clone(),
            issue: self.policy.issues[&action.group].clone(),
            tags: action.tags.clone(),
            counts: action.counts,
            cost: treatment.cost.unwrap_or(action.cost),
            subject: Some(self.row.subject.clone()),
            household: self.row.household.clone(),
            device: self.row.device.clone(),
            everybody: true,
        }
    }

    /// What happened to the subject, its household, its device, or everybody, up to now and in order of time.
    fn past(&self, key: Key) -> Vec<&'a Event> {
        let own = Some(&self.row.subject);
        let is = |event: &&Event| match (key, &self.row.household, &self.row.device) {
            (Key::Everybody, ..) => event.everybody,
            (Key::Household, Some(id), _) => event.household.as_ref() == Some(id),
            (Key::Device, _, Some(id)) => event.device.as_ref() == Some(id),
            _ => event.subject.as_ref() == own,
        };
        let mut past: Vec<&Event> = self.events.iter().filter(|event| event.time <= self.now).filter(is).collect();
        past.sort_by_key(|event| event.time);
        past
    }

    fn is_outbound(&self, channel: &str) -> bool {
        !self.policy.inbound.iter().any(|id| id == channel)
    }

    fn contact(&self, action: &Action, treatment: &Treatment) -> Word {
        let own = self.event(action, treatment, "");
        let outbound = self.is_outbound(&treatment.channel);
        let speaks = |target: &Target, channel: &Option<String>| {
            channel.as_ref().is_none_or(|id| *id == treatment.channel)
                && !matches!(target, Target::Tag(tag) if !action.tags.contains(tag))
        };
        let is_contact = |event: &&&Event, target: &Target, channel: &Option<String>| {
            event.counts
                && self.is_outbound(&event.channel)
                && channel.as_ref().is_none_or(|id| *id == event.channel)
                && together(target, event, &own)
        };
        // What blocks: whether it is waited for, until when, and its name. In the order in which parts are asked.
        let mut hits: Vec<(bool, Option<i64>, String)> = Vec::new();
        for cap in self.policy.caps.iter().filter(|cap| speaks(&cap.target, &cap.channel)) {
            if !outbound || !action.obeys || action.mandatory && cap.bypassable {
                continue;
            }
            let past = self.past(cap.key);
            let counted = past.iter().filter(|event| event.kind == cap.event);
            let times: Vec<i64> =
                counted.filter(|event| is_contact(event, &cap.target, &cap.channel)).map(|event| event.time).collect();
            let count = |then: i64| {
                let begin = self.begin(cap.window, then);
                times.iter().filter(|time| **time >= begin && **time <= then).count()
            };
            if count(self.now) >= cap.limit {
                hits.push((
                    cap.defers,
                    self.ends(cap.window, &times, &|then| count(then) < cap.limit),
                    format!("Cap:{}", cap.id),
                ));
            }
        }
        for part in self.policy.suppressions.iter().filter(|part| speaks(&part.target, &part.channel)) {
            if !outbound && part.channel.is_none() {
                continue;
            }
            let outcomes = self.past(Key::Subject).into_iter().filter(|event| {
                event.kind == part.outcome
                    && part.channel.as_ref().is_none_or(|id| *id == event.channel)
                    && together(&part.target, event, &own)
            });
            let times: Vec<i64> = outcomes.map(|event| event.time).collect();
            for (i, time) in times.iter().enumerate().rev() {
                let so_many = times[..=i].iter().filter(|other| **other > time - part.within).count();
                if so_many >= part.times {
                    if self.now < time + part.length {
                        hits.push((false, Some(time + part.length), format!("Suppression:{}", part.id)));
                    }
                    break;
                }
            }
        }
        for part in self.policy.cool_downs.iter().filter(|part| speaks(&part.target, &part.channel)) {
            let past = self.past(Key::Subject);
            let last = past.iter().rev().filter(|event| event.kind == part.event);
            let last =
                last.filter(|event| is_contact(event, &part.target, &part.channel)).map(|event| event.time).next();
            if let Some(last) = last.filter(|last| outbound && action.obeys && self.now < last + part.gap) {
                hits.push((part.defers, Some(last + part.gap), format!("CoolDown:{}", part.id)));
            }
        }
        for part in &self.policy.exclusions {
            let member = |event: &Event| part.members.iter().any(|scope| in_scope(scope, event));
            let Some(window) = part.window.filter(|_| member(&own)) else { continue };
            let begin = self.begin(window, self.now);
            let past = self.past(Key::Subject).into_iter();
            let gone = past.filter(|event| event.kind == part.event && event.time >= begin && member(event));
            let gone: BTreeSet<&String> = gone.map(|event| &event.action).collect();
            if !gone.contains(&own.action) && !gone.is_empty() && gone.len() >= part.at_most {
                hits.push((false, None, format!("Exclusion:{}", part.id)));
            }
        }
        let quiet: Vec<&Quiet> = self
            .policy
            .quiet
            .iter()
            .filter(|part| {
                outbound && !action.service && part.channel.as_ref().is_none_or(|id| *id == treatment.channel)
            })
            .collect();
        for part in quiet.iter().filter(|part| self.is_quiet(part, self.now)) {
            hits.push((part.defers, self.open(&quiet, self.now), format!("QuietHours:{}", part.id)));
        }
        for stock in self.policy.stocks.iter().filter(|stock| stock.action == action.id) {
            let past = self.past(Key::Everybody);
            if past.iter().filter(|event| event.kind == stock.event && event.action == stock.action).count()
                >= stock.units
            {
                hits.push((false, None, format!("Stock:{}", stock.id)));
            }
        }
        // What removes goes before what waits; then what lasts longest; then what was asked first.
        let waits = |hit: &(bool, Option<i64>, String)| hit.0 && hit.1.is_some();
        let rank = |hit: &(bool, Option<i64>, String)| (!waits(hit), hit.1.unwrap_or(i64::MAX));
        let Some(strictest) = hits.iter().map(rank).max() else { return Word::Pass };
        let why = hits.iter().find(|hit| rank(hit) == strictest).map(|hit| hit.2.clone()).unwrap_or_default();
        if strictest.0 {
            return Word::Block(why);
        }
        match self.open(&quiet, strictest.1) {
            Some(until) => Word::Wait(until),
            None => Word::Block(why),
        }
    }

    /// The first instant after now at which a condition on a window that ends then holds, if nothing else happens.
    fn ends(&self, window: Window, times: &[i64], holds: &dyn Fn(i64) -> bool) -> Option<i64> {
        match window {
            Window::Lifetime => None,
            Window::Rolling(length) => {
                times.iter().map(|time| time + length).filter(|end| *end > self.now).find(|end| holds(*end))
            }
            Window::Calendar(period, universal) => {
                let end = span(period, self.zone(universal), self.now).1;
                holds(end).then_some(end)
            }
        }
    }

    fn zone(&self, universal: bool) -> Zone {
        if universal { Zone::Utc } else { self.policy.zone }
    }

    /// The first instant that a window that ends at `then` counts.
    fn begin(&self, window: Window, then: i64) -> i64 {
        match window {
            Window::Rolling(length) => then - length + 1,
            Window::Lifetime => i64::MIN,
            Window::Calendar(period, universal) => span(period, self.zone(universal), then).0,
        }
    }

    fn is_quiet(&self, part: &Quiet, at: i64) -> bool {
        let local = at + offset(self.policy.zone, at);
        let (day, minute) = (local.div_euclid(DAY), local.rem_euclid(DAY) / MINUTE);
        let begins = |day: i64| part.weekdays.is_empty() || part.weekdays.contains(&weekday(day));
        if part.from < part.until {
            begins(day) && part.from <= minute && minute < part.until
        } else {
            minute >= part.from && begins(day) || minute < part.until && begins(day - 1)
        }
    }

    /// The first quarter of an hour from an instant on at which nothing is quiet.
    fn open(&self, quiet: &[&Quiet], from: i64) -> Option<i64> {
        (0..16 * 96)
            .map(|quarters| from + quarters * 15 * MINUTE)
            .find(|at| !quiet.iter().any(|part| self.is_quiet(part, *at)))
    }

    /// The period of a budget, cut to its dates.
    fn period(&self, budget: &Budget) -> (i64, i64) {
        let (start, end) = match budget.reset {
            Some((period, universal)) => span(period, self.zone(universal), self.now),
            None => (i64::MIN, i64::MAX),
        };
        (budget.from.map_or(start, |from| start.max(from)), budget.until.map_or(end, |until| end.min(until)))
    }

    fn spent(&self, budget: &Budget) -> f64 {
        let (start, _) = self.period(budget);
        let past = self.past(Key::Everybody).into_iter();
        let counted =
            past.filter(|event| event.kind == budget.event && event.time >= start && in_scope(&budget.scope, event));
        counted.map(|event| if budget.money { event.cost } else { 1.0 }).sum()
    }

    /// Which part of its period is over.
    fn share(&self, budget: &Budget) -> f64 {
        let (start, end) = self.period(budget);
        if start == i64::MIN || end == i64::MAX || end <= start {
            return 1.0;
        }
        ((self.now - start) as f64 / (end - start) as f64).clamp(0.0, 1.0)
    }

    fn overspends(&self, action: &Action, treatment: &Treatment) -> Option<String> {
        let own = self.event(action, treatment, "");
        let budgets = self.policy.budgets.iter().filter(|budget| in_scope(&budget.scope, &own));
        let over = |budget: &&Budget| {
            if budget.until.is_some_and(|until| self.now >= until) || budget.from.is_some_and(|from| self.now < from) {
                return true;
            }
            let after = self.spent(budget) + if budget.money { own.cost } else { 1.0 };
            let Some(max) = budget.max else { return false };
            after > max + 1e-9
                || budget.slack.is_some_and(|slack| after > max * self.share(budget) * (1.0 + slack) + 1e-9)
        };
        budgets.clone().find(over).map(|budget| format!("Budget:{}", budget.id))
    }

    fn lags(&self, action: &Action, treatment: &Treatment) -> bool {
        let own = self.event(action, treatment, "");
        let mut budgets = self.policy.budgets.iter().filter(|budget| in_scope(&budget.scope, &own));
        budgets.any(|budget| {
            let open = budget.from.is_none_or(|from| self.now >= from) && budget.until.is_none_or(|end| self.now < end);
            open && budget.min.is_some_and(|min| self.spent(budget) + 1e-9 < min * self.share(budget))
        })
    }
}

fn together(target: &Target, event: &Event, own: &Event) -> bool {
    match target {
        Target::All => true,
        Target::Channel => event.channel == own.channel,
        Target::Issue => event.issue == own.issue,
        Target::Group => event.group == own.group,
        Target::Action => event.action == own.action,
        Target::Treatment => event.action == own.action && event.treatment == own.treatment,
        Target::Tag(tag) => event.tags.contains(tag),
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

/// Monday is 1; day 0 is 1970-01-01, a Thursday.
fn weekday(day: i64) -> i64 {
    (day + 3).rem_euclid(7) + 1
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn months(year: i64) -> [i64; 12] {
    [31, 28 + i64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
}

/// Year, month and day of the month of a day.
fn date(day: i64) -> (i64, usize, i64) {
    let (mut year, mut left) = (1970, day);
    while left >= 365 + i64::from(is_leap(year)) {
        left -= 365 + i64::from(is_leap(year));
        year += 1;
    }
    let mut month = 0;
    while left >= months(year)[month] {
        left -= months(year)[month];
        month += 1;
    }
    (year, month + 1, left + 1)
}

/// The day on which a month begins.
fn day_of(year: i64, month: usize) -> i64 {
    let years: i64 = (1970..year).map(|year| 365 + i64::from(is_leap(year))).sum();
    years + months(year)[..month - 1].iter().sum::<i64>()
}

/// Milliseconds that local clocks are ahead.
pub fn offset(zone: Zone, at: i64) -> i64 {
    match zone {
        Zone::Utc => 0,
        Zone::Kolkata => 5 * HOUR + 30 * MINUTE,
        Zone::Berlin => {
            let (year, ..) = date(at.div_euclid(DAY));
            let change = |month: usize| {
                let first = day_of(year, month);
                let sundays = (first..first + 31).filter(|day| weekday(*day) == 7);
                sundays.max().unwrap_or(first) * DAY + HOUR
            };
            if at >= change(3) && at < change(10) { 2 * HOUR } else { HOUR }
        }
    }
}

/// The instants at which a period begins and ends, by the clock on the wall.
fn span(period: Period, zone: Zone, at: i64) -> (i64, i64) {
    let today = (at + offset(zone, at)).div_euclid(DAY);
    let (first, next) = match period {
        Period::Day => (today, today + 1),
        Period::Week(start) => {
            let first = today - (weekday(today) - start).rem_euclid(7);
            (first, first + 7)
        }
        Period::Month => {
            let (year, month, day) = date(today);
            let next = if month == 12 { day_of(year + 1, 1) } else { day_of(year, month + 1) };
            (today - day + 1, next)
        }
    };
    // No clock of these zones is changed near midnight.
    let midnight = |day: i64| day * DAY - offset(zone, day * DAY - offset(zone, day * DAY));
    (midnight(first), midnight(next))
}
