//! Running totals over the events of everybody.

use super::codebook::{Code, Codebook};
use crate::contact::EventKind;
use crate::history::{Of, Query, Total};
use crate::policy::Policy;
use std::cell::Cell;

/// Sums over the events of everybody, one for each question that a policy's budgets, stocks and global caps ask. Events come in ascending
/// order of time; a question is answered without looking at those that were added up before.
#[derive(Clone, Debug)]
pub struct Totals {
    lines: Vec<Line>,
    /// Per code of the book: the lines that count it.
    feeds: Vec<Vec<u32>>,
}

/// One question but for its times, and the events that it counts.
#[derive(Clone, Debug)]
struct Line {
    kind: EventKind,
    of: Together,
    channel: Option<String>,
    counting: bool,
    /// Ascending.
    times: Vec<i64>,
    /// As many; empty where nobody asks for costs.
    costs: Option<Vec<f64>>,
    last: Cell<Last>,
}

/// [`Of`] with texts of its own.
#[derive(Clone, Debug, PartialEq)]
enum Together {
    All,
    Issue(String),
    Group(String),
    Action(String),
    Treatment(String, String),
    Tag(String),
}

/// The answer that was given last: events from `start` to `end`, those after the instant `after`.
#[derive(Clone, Copy, Debug, Default)]
struct Last {
    after: Option<i64>,
    start: usize,
    end: usize,
    cost: f64,
}

impl Together {
    fn new(of: Of<'_>) -> Together {
        match of {
            Of::All => Together::All,
            Of::Issue(id) => Together::Issue(id.to_owned()),
            Of::Group(id) => Together::Group(id.to_owned()),
            Of::Action(id) => Together::Action(id.to_owned()),
            Of::Treatment(action, id) => Together::Treatment(action.to_owned(), id.to_owned()),
            Of::Tag(tag) => Together::Tag(tag.to_owned()),
        }
    }

    fn of(&self) -> Of<'_> {
        match self {
            Together::All => Of::All,
            Together::Issue(id) => Of::Issue(id),
            Together::Group(id) => Of::Group(id),
            Together::Action(id) => Of::Action(id),
            Together::Treatment(action, id) => Of::Treatment(action, id),
            Together::Tag(tag) => Of::Tag(tag),
        }
    }
}

impl Line {
    /// The question over all times.
    fn query(&self) -> Query<'_> {
        Query {
            kind: &self.kind,
            of: self.of.of(),
            channel: self.channel.as_deref(),
            counting: self.counting,
            after: None,
            until: i64::MAX,
        }
    }

    fn asks(&self, query: &Query<'_>) -> bool {
        Query { after: query.after, until: query.until, ..self.query() } == *query
    }

    fn total(&self, after: Option<i64>, until: i64) -> Total {
        let last = self.last.get();
        let same = after == last.after;
        let start = match after {
            None => 0,
            Some(_) if same => last.start,
            Some(after) => self.first_after(after, last.start),
        };
        let end = match self.times.last() {
            Some(newest) if *newest > until => self.times.partition_point(|time| *time <= until),
            _ => self.times.len(),
        };
        let end = end.max(start);
        let cost = self.costs.as_ref().map_or(0.0, |costs| {
            let known = if same && last.end <= end { (last.end.max(start), last.cost) } else { (start, 0.0) };
            costs.get(known.0..end).unwrap_or(&[]).iter().fold(known.1, |sum, cost| sum + cost)
        });
        self.last.set(Last { after, start, end, cost });
        Total { count: (end - start) as u64, cost }
    }

    /// The first event after an instant, looked for from where one was found before.
    fn first_after(&self, after: i64, near: usize) -> usize {
        let early = |at: usize| self.times.get(at).is_some_and(|time| *time <= after);
        if near > 0 && !early(near - 1) {
            return self.times.partition_point(|time| *time <= after);
        }
        // A window that moves on leaves few events behind.
        let mut at = near;
        for _ in 0..16 {
            if !early(at) {
                return at;
            }
            at += 1;
        }
        at + self.times.get(at..).map_or(0, |rest| rest.partition_point(|time| *time <= after))
    }
}

impl Totals {
    /// For the questions of a policy, without events.
    pub fn new(policy: &Policy) -> Totals {
        let mut lines: Vec<Line> = Vec::new();
        policy.plan().contact.questions(&mut |query, of_cost| {
            let at = lines.iter().position(|line| line.asks(query)).unwrap_or_else(|| {
                lines.push(Line {
                    kind: query.kind.clone(),
                    of: Together::new(query.of),
                    channel: query.channel.map(str::to_owned),
                    counting: query.counting,
                    times: Vec::new(),
                    costs: None,
                    last: Cell::default(),
                });
                lines.len() - 1
            });
            if let (Some(line), true) = (lines.get_mut(at), of_cost) {
                line.costs.get_or_insert_default();
            }
        });
        Totals { lines, feeds: Vec::new() }
    }

    /// Whether the policy asks nothing of everybody.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Adds an event; none that was added is later.
    pub fn push(&mut self, book: &Codebook, code: Code, time: i64) {
        if self.lines.is_empty() {
            return;
        }
        for event in book.since(self.feeds.len()) {
            let counts = (0u32..).zip(&self.lines).filter(|(_, line)| line.query().counts(event));
            self.feeds.push(counts.map(|(at, _)| at).collect());
        }
        let Some(feeds) = self.feeds.get(Codebook::place(code)) else { return };
        for at in feeds {
            let Some(line) = self.lines.get_mut(*at as usize) else { continue };
            line.times.push(time);
            if let (Some(costs), Some(event)) = (&mut line.costs, book.event(code)) {
                costs.push(event.cost);
            }
        }
    }

    /// The answer to a question, as [`crate::History::total`] gives it; nothing for one that the policy does not ask.
    pub fn total(&self, query: &Query<'_>) -> Total {
        let line = self.lines.iter().find(|line| line.asks(query));
        line.map_or(Total::default(), |line| line.total(query.after, query.until))
    }
}
