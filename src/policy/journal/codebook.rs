//! Codes: every different event of a history has one, whenever it happened.

use crate::contact::EventKind;
use crate::decide::contact::{Mark, Rules};
use crate::history::Event;
use crate::policy::Policy;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// An event but for its time, in a [`Codebook`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u32);

/// The different events of a history and what they mean to one policy.
#[derive(Clone, Debug)]
pub struct Codebook {
    /// The policy whose symbols these are.
    serial: u64,
    /// One per code, at instant 0.
    events: Vec<Arc<Event>>,
    marks: Vec<Mark>,
    /// Per code: the counters of contact policy that one sweep tells and that count it.
    feeds: Vec<Vec<u32>>,
    /// Per code: whether anything looks at it among the events of a subject, household or device.
    wanted: Vec<bool>,
    /// Codes by a hash of their event, or the next number that was free.
    codes: HashMap<u64, u32>,
    /// Actions that the policy does not have.
    strangers: Vec<String>,
    /// How far back anything looks (ms); `None`: since ever.
    horizon: Option<i64>,
    /// Whether expressions read events, so that all of them are wanted.
    read: bool,
}

impl Codebook {
    /// An empty one for a policy.
    pub fn new(policy: &Policy) -> Codebook {
        let read = policy.plan().reads_history;
        Codebook {
            serial: policy.serial(),
            events: Vec::new(),
            marks: Vec::new(),
            feeds: Vec::new(),
            wanted: Vec::new(),
            codes: HashMap::new(),
            strangers: Vec::new(),
            horizon: policy.plan().contact.horizon().filter(|_| !read),
            read,
        }
    }

    /// The code of an event, whatever its time; a new one where there is none yet. `policy` is the one the book was made for.
    pub fn code(&mut self, policy: &Policy, event: &Event) -> Code {
        let mut place = hash(event);
        while let Some(code) = self.codes.get(&place) {
            if self.is(*code, event) {
                return Code(*code);
            }
            place = place.wrapping_add(1);
        }
        let code = u32::try_from(self.events.len()).unwrap_or(u32::MAX);
        let rules: &Rules = &policy.plan().contact;
        let mark = rules.mark(event, |action| {
            let known = self.strangers.iter().position(|other| *other == action);
            known.unwrap_or_else(|| {
                self.strangers.push(action.to_owned());
                self.strangers.len() - 1
            })
        });
        self.wanted.push(self.read || rules.is_wanted(mark.kind));
        self.feeds.push(rules.feeds(&mark));
        self.marks.push(mark);
        self.events.push(Arc::new(Event { time: 0, ..event.clone() }));
        self.codes.insert(place, code);
        Code(code)
    }

    /// The code of an event of a candidate ([`crate::Outcome::chosen`]) as the policy has it; `None` for a position that is none.
    pub fn candidate(&mut self, policy: &Policy, candidate: u32, kind: EventKind) -> Option<Code> {
        let at = policy.candidates().get(candidate as usize)?;
        let document = policy.document();
        let action = document.actions.get(at.action as usize)?;
        let treatment = action.treatments.get(at.treatment as usize)?;
        let issue = document.issues.iter().find(|issue| issue.groups.iter().any(|group| group.id == action.group));
        let event = Event {
            time: 0,
            kind,
            action: action.id.clone(),
            treatment: treatment.id.clone(),
            channel: treatment.channel.clone(),
            group: action.group.clone(),
            issue: issue.map(|issue| issue.id.clone()).unwrap_or_default(),
            tags: action.tags.clone(),
            counts: action.counts_toward_caps,
            cost: treatment.cost.unwrap_or(action.cost),
        };
        Some(self.code(policy, &event))
    }

    /// What a code stands for, at instant 0; `None` for a code of another book.
    pub fn event(&self, code: Code) -> Option<&Event> {
        self.events.get(code.0 as usize).map(|event| &**event)
    }

    /// Number of codes.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether there is no code.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// What codes stand for, from one on, in the order in which they were given.
    pub(super) fn since(&self, first: usize) -> impl Iterator<Item = &Event> {
        self.events.get(first..).unwrap_or(&[]).iter().map(|event| &**event)
    }

    pub(super) fn place(code: Code) -> usize {
        code.0 as usize
    }

    pub(super) fn is_wanted(&self, code: Code) -> bool {
        self.wanted.get(code.0 as usize).copied().unwrap_or(false)
    }

    pub(super) fn horizon(&self) -> Option<i64> {
        self.horizon
    }

    pub(super) fn mark(&self, code: Code) -> Option<&Mark> {
        self.marks.get(code.0 as usize)
    }

    #[inline]
    pub(super) fn feeds(&self, code: Code) -> &[u32] {
        self.feeds.get(code.0 as usize).map_or(&[], Vec::as_slice)
    }

    pub(super) fn serial(&self) -> u64 {
        self.serial
    }

    fn is(&self, code: u32, event: &Event) -> bool {
        self.events.get(code as usize).is_some_and(|known| {
            // The costs as bits: what is added up must be the very number.
            let Event { time: _, kind, action, treatment, channel, group, issue, tags, counts, cost } = &**known;
            (kind, action, treatment, channel) == (&event.kind, &event.action, &event.treatment, &event.channel)
                && (group, issue, tags) == (&event.group, &event.issue, &event.tags)
                && *counts == event.counts
                && cost.to_bits() == event.cost.to_bits()
        })
    }
}

fn hash(event: &Event) -> u64 {
    let mut hasher = DefaultHasher::new();
    let Event { time: _, kind, action, treatment, channel, group, issue, tags, counts, cost } = event;
    (kind, action, treatment, channel, group, issue, tags, counts, cost.to_bits()).hash(&mut hasher);
    hasher.finish()
}
