//! The state that decisions leave behind, as the decisions after them see it: events of subjects, households and devices, totals over
//! everybody, and decisions that were put off.
//!
//! What is sent leaves Decision, Sent and Impression at its time; outcomes of the log follow where the logged action is the one that was
//! sent. A decision whose choice is to be sent later is put off: nothing of it has happened, and it is decided again at that time, before
//! rows of later times, from the row as it was. Where several slots are filled, those due now are sent, and what would be sent later waits
//! for the subject's next decision.

use super::order::{Order, Parts};
use super::parts::{Failures, Part};
use super::store::{Guess, Guesses, Shared, Store, Tracks};
use super::{CandidateInfo, Deferral, Stage};
use crate::data::Requests;
use crate::data::cells::Dictionary;
use crate::error::Result;
use crate::simulate::fates::Causes;
use crate::simulate::log::{DecisionLog, NO_ARM};
use crate::task::{Cancelled, Task};
use attune_policy::contact::EventKind;
use attune_policy::history::{Event, History, Identity, MemoryHistory, Query, Total};
use attune_policy::journal::{Code, Codebook, Coded, Totals, Track};
use attune_policy::outcome::{BudgetState, Outcome, Scratch};
use attune_policy::policy::Policy;
use attune_policy::request::Request;
use attune_policy::{BatchScratch, Lookahead, Who};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::time::Instant;

/// Times that one decision is put off, at most; then nothing is done.
pub const MOST_DEFERRALS: u32 = 100;

/// What all parts of a replay have in common.
pub struct World<'a> {
    pub policy: &'a Policy,
    pub stage: &'a Stage<'a>,
    pub requests: &'a Requests,
    pub rows: &'a [u32],
    /// Instant of each of them (ms).
    pub times: &'a [i64],
    pub candidates: &'a [CandidateInfo],
    pub causes: &'a Causes,
    /// First instant of all.
    pub start: i64,
    /// Instants at which budgets are looked at, ascending.
    pub looks: &'a [i64],
    /// Places of the log's lists below the top one.
    pub lower: usize,
    /// What decisions leave behind, before any event that was given.
    pub traces: Traces,
}

/// The codes of what decisions leave behind.
pub struct Traces {
    book: Codebook,
    /// Per candidate what it leaves behind when it is sent.
    contacts: Vec<[Option<Code>; 3]>,
    /// Per candidate and outcome of the log what follows.
    follow: Vec<Vec<Option<Code>>>,
}

impl Traces {
    /// Of the candidates of a policy and the outcomes of a log.
    pub fn new(policy: &Policy, log: &DecisionLog) -> Traces {
        let mut book = Codebook::new(policy);
        let kinds = [EventKind::Decision, EventKind::Sent, EventKind::Impression];
        let outcomes: Vec<EventKind> = log.outcomes.iter().map(|outcome| follow_up(&outcome.name)).collect();
        let all = 0..policy.candidates().len() as u32;
        let contacts = all.clone().map(|at| kinds.clone().map(|kind| book.candidate(policy, at, kind))).collect();
        let follow =
            all.map(|at| outcomes.iter().map(|kind| book.candidate(policy, at, kind.clone())).collect()).collect();
        Traces { book, contacts, follow }
    }
}

/// A decision that was put off: until when, whose row, how often, and where its row was looked ahead on: window and row there.
type Waiting = Reverse<(i64, u32, u32, u32, u32)>;

/// The state of a part of the shards.
pub struct State<'a> {
    world: &'a World<'a>,
    parts: &'a Parts,
    pub store: Store,
    totals: Totals,
    /// Tracks of the row at hand.
    subject: usize,
    household: Option<usize>,
    device: Option<usize>,
    waiting: BinaryHeap<Waiting>,
    space: BatchScratch,
    alone: Scratch,
    request: Request,
    /// Looks taken at the budgets, one list per look.
    pub looks: Vec<Vec<BudgetState>>,
    /// Decisions of the window at hand.
    pub part: Part,
    /// What failed in all of them.
    pub failures: Failures,
    /// Rows of the window that were guessed and decided again, in order.
    pub redone: Vec<u32>,
    /// How many rows of the window were decided without a guess that stood.
    pub anew: usize,
}

/// A window of rows: they were looked ahead on, and are decided part by part.
pub struct Window<'w> {
    /// Tells it from others.
    pub number: u32,
    /// Place of its first row in the order.
    pub first: usize,
    pub order: &'w Order,
    /// Rows of each batch, the last of which may have fewer.
    pub chunk: usize,
    pub ahead: &'w [Lookahead<'w>],
    /// As many, or none.
    pub guesses: &'w [Guesses],
    /// Whether it is the last: nothing waits for another.
    pub last: bool,
}

impl Window<'_> {
    /// The batch of a row of the window, and its place there.
    fn ahead(&self, row: u32) -> (&Lookahead<'_>, usize) {
        (&self.ahead[row as usize / self.chunk], row as usize % self.chunk)
    }

    /// What is left of the guess about a row whose past has this stamp.
    fn guess(&self, row: u32, stamp: u32) -> Guess {
        let guesses = self.guesses.get(row as usize / self.chunk);
        guesses.map_or(Guess::None, |guesses| guesses.of(row as usize % self.chunk, stamp))
    }
}

/// Rows decided between two looks at whether somebody wants to stop.
const STRETCH: usize = 64;

impl<'a> State<'a> {
    /// Of one part, before the first row.
    pub fn new(world: &'a World<'a>, parts: &'a Parts, part: usize) -> State<'a> {
        let policy = world.policy;
        let subjects = world.requests.subjects();
        let given = world.stage.options.history.is_some();
        let shared = |identity: Identity, codes: Option<&Dictionary>| {
            codes.filter(|_| policy.depends_on(identity)).map(|_| Shared::default())
        };
        let fleeting = subjects.are_rows();
        let size = if fleeting { 1 } else { parts.size(part, subjects.count()) };
        let store = Store {
            book: world.traces.book.clone(),
            subjects: Tracks::new(size, given),
            fleeting,
            nothing: Track::default(),
            households: shared(Identity::Household, world.requests.household_codes()),
            devices: shared(Identity::Device, world.requests.device_codes()),
        };
        let mut state = State {
            world,
            parts,
            store,
            totals: Totals::new(policy),
            subject: 0,
            household: None,
            device: None,
            waiting: BinaryHeap::new(),
            space: BatchScratch::default(),
            alone: Scratch::default(),
            request: Request::default(),
            looks: Vec::new(),
            part: Part::default(),
            failures: Failures::default(),
            redone: Vec::new(),
            anew: 0,
        };
        state.begin_totals();
        state
    }

    /// Decides the rows of a window that belong to this part, in order; the last window lets go of everything that waits.
    pub fn run(&mut self, rows: &[u32], window: &Window<'_>, task: &Task) -> Result<()> {
        let begun = Instant::now();
        let mut space = std::mem::take(&mut self.space);
        for rows in rows.chunks(STRETCH) {
            if task.is_cancelled() {
                return Err(Cancelled.into());
            }
            self.touch(rows, window);
            for row in rows {
                let position = window.order.at(window.first + *row as usize);
                let now = self.world.times[position as usize];
                if !self.waiting.is_empty() {
                    self.release((now, position), window, &mut space);
                }
                self.look(now);
                self.enter(self.world.rows[position as usize] as usize);
                match window.guess(*row, self.stamp()) {
                    Guess::Stands(chosen) => {
                        self.leave(position, chosen, now, true);
                        continue;
                    }
                    Guess::Fell => self.redone.push(*row),
                    Guess::None => {}
                }
                let (ahead, at) = window.ahead(*row);
                let outcome = self.world.policy.decide_ahead(ahead, at, now, &*self, &mut space);
                self.take(position, now, outcome, 0, (window.number, *row));
                self.anew += 1;
            }
        }
        while window.last && !self.waiting.is_empty() {
            self.release_next(window, &mut space);
        }
        self.space = space;
        self.part.seconds.1 += begun.elapsed().as_secs_f64();
        Ok(())
    }

    /// Reads where the events of some rows' subjects lie: they lie far apart, and in a short loop memory answers for several at a time.
    fn touch(&self, rows: &[u32], window: &Window<'_>) {
        let Store { subjects, fleeting: false, .. } = &self.store else { return };
        let track = |row: &u32| {
            let position = window.order.at(window.first + *row as usize);
            let subject = self.world.requests.subjects().code(self.world.rows[position as usize] as usize);
            &subjects.tracks[self.parts.place(subject)]
        };
        black_box(rows.iter().map(|row| u64::from(track(row).seen())).sum::<u64>());
        black_box(rows.iter().filter_map(|row| track(row).newest()).fold(0, i64::wrapping_add));
    }

    /// Decides again what is due before a row of this time and position.
    fn release(&mut self, before: (i64, u32), window: &Window<'_>, space: &mut BatchScratch) {
        while let Some(Reverse((time, position, ..))) = self.waiting.peek().copied()
            && (time, position) < before
        {
            self.release_next(window, space);
        }
    }

    fn release_next(&mut self, window: &Window<'_>, space: &mut BatchScratch) {
        let Some(Reverse((now, position, tries, number, row))) = self.waiting.pop() else { return };
        let (policy, at) = (self.world.policy, self.world.rows[position as usize] as usize);
        self.look(now);
        self.enter(at);
        if number == window.number {
            let (ahead, place) = window.ahead(row);
            let outcome = policy.decide_ahead(ahead, place, now, &*self, space);
            self.take(position, now, outcome, tries, (number, row));
        } else {
            let (mut request, mut alone) = (std::mem::take(&mut self.request), std::mem::take(&mut self.alone));
            self.world.requests.fill(at, &mut request);
            request.now = now;
            let outcome = policy.decide_into(&request, &*self, &mut alone);
            self.take(position, now, outcome, tries, (number, row));
            (self.request, self.alone) = (request, alone);
        }
    }

    fn given(&self) -> Option<&'a MemoryHistory> {
        self.world.stage.options.history.as_deref()
    }

    /// What everybody had until the first decision of all; later events are the logger's own.
    fn begin_totals(&mut self) {
        let Some(given) = self.given().filter(|_| !self.totals.is_empty()) else { return };
        let start = self.world.start;
        let everybody = given.subjects().into_iter().flat_map(|(_, events)| events);
        let mut events: Vec<&Event> = everybody.filter(|event| event.time <= start).collect();
        events.sort_by_key(|event| event.time);
        for event in events {
            let code = self.store.book.code(self.world.policy, event);
            self.totals.push(&self.store.book, code, event.time);
        }
    }

    /// Brings up the tracks of a row.
    fn enter(&mut self, row: usize) {
        let World { requests, policy, .. } = *self.world;
        let given = self.given();
        // What was given counts up to the first decision, which is that of this row where there was none.
        let now = if given.is_some() { requests.now(row) } else { 0 };
        let Store { book, subjects, fleeting, households, devices, .. } = &mut self.store;
        self.subject = if *fleeting { 0 } else { self.parts.place(requests.subjects().code(row)) };
        if *fleeting {
            subjects.forget();
        }
        if let Some(given) = given {
            let events = || given.events(requests.subjects().key(row));
            subjects.begin(self.subject, events, now, policy, book);
        }
        let mut shared = |identity: Identity, shared: &mut Option<Shared>, codes: Option<&Dictionary>| {
            let (shared, codes) = (shared.as_mut()?, codes?);
            let code = codes.codes.get(row).copied().filter(|code| *code != Dictionary::MISSING)?;
            let place = shared.place(code, given.is_some());
            if let (Some(given), Some(id)) = (given, codes.get(row)) {
                shared.own.begin(place, || given.shared(identity, id), now, policy, book);
            }
            Some(place)
        };
        self.household = shared(Identity::Household, households, requests.household_codes());
        self.device = shared(Identity::Device, devices, requests.device_codes());
    }

    /// Adds an event of the row at hand.
    fn push(&mut self, code: Option<Code>, time: i64) {
        let Some(code) = code else { return };
        let Store { book, subjects, households, devices, .. } = &mut self.store;
        subjects.tracks[self.subject].push(book, code, time);
        if let (Some(shared), Some(at)) = (households, self.household) {
            shared.own.tracks[at].push(book, code, time);
        }
        if let (Some(shared), Some(at)) = (devices, self.device) {
            shared.own.tracks[at].push(book, code, time);
        }
        self.totals.push(book, code, time);
    }

    /// Takes up what was decided at `now` for the row at a position.
    fn take(&mut self, position: u32, now: i64, outcome: &Outcome, tries: u32, ahead: (u32, u32)) {
        let world = self.world;
        if outcome.degraded() {
            self.failures.add(world.policy, outcome);
        }
        let places = outcome.places();
        let sent = places.iter().find(|place| place.send_at <= now);
        if sent.is_none()
            && let Some(first) = places.iter().min_by_key(|place| place.send_at)
        {
            if tries < MOST_DEFERRALS {
                let until = first.send_at;
                let survivor = outcome.ranked().iter().find(|survivor| survivor.candidate == first.candidate);
                let cause = survivor.and_then(|survivor| survivor.waits_for()).map(|why| world.causes.fate(&why).cause);
                self.part.deferrals.push(Deferral { position, at: now, until, candidate: first.candidate, cause });
                self.waiting.push(Reverse((until, position, tries + 1, ahead.0, ahead.1)));
                return;
            }
            self.part.given_up += 1;
        }
        self.part.push(position, sent, outcome, world);
        for place in places.iter().filter(|place| place.send_at <= now) {
            // Outcomes of a list's lower places stand in rows of their own.
            let follows = world.lower == 0 || sent.is_some_and(|sent| sent.candidate == place.candidate);
            self.leave(position, place.candidate, now, follows);
        }
    }

    /// How much has happened to whoever the row at hand concerns ([`SoFar::stamp`]).
    fn stamp(&self) -> u32 {
        let shared = |shared: &Option<Shared>, at: Option<usize>| {
            let track = shared.as_ref().zip(at).and_then(|(shared, at)| shared.own.tracks.get(at));
            track.map_or(0, Track::seen)
        };
        let own = self.store.subjects.tracks.get(self.subject).map_or(0, Track::seen);
        let households = shared(&self.store.households, self.household);
        own.wrapping_add(households).wrapping_add(shared(&self.store.devices, self.device))
    }

    /// What a candidate leaves behind that is sent now to the row at hand, with the row's outcomes where it `follows`; nothing for
    /// [`NO_ACTION`].
    fn leave(&mut self, position: u32, candidate: u32, now: i64, follows: bool) {
        let (world, candidate) = (self.world, candidate as usize);
        let Some(contacts) = world.traces.contacts.get(candidate) else { return };
        for code in contacts {
            self.push(*code, now);
        }
        let (row, log) = (world.rows[position as usize] as usize, world.stage.log);
        if follows && log.arm[row] != NO_ARM && log.arm[row] == world.candidates[candidate].arm {
            for (outcome, code) in log.outcomes.iter().zip(&world.traces.follow[candidate]) {
                if outcome.values[row] > 0.0 {
                    self.push(*code, now);
                }
            }
        }
    }

    fn look(&mut self, now: i64) {
        while let Some(at) = self.world.looks.get(self.looks.len()).copied().filter(|at| *at < now) {
            let seen = self.world.policy.budgets(at, &*self);
            self.looks.push(seen);
        }
    }

    /// Looks at the budgets at every instant that is left.
    pub fn look_at_the_rest(&mut self) {
        self.look(i64::MAX);
    }
}

/// The event that an outcome leaves in the history: a click where the column says so, else an event of the column's name.
pub fn follow_up(outcome: &str) -> EventKind {
    match outcome.to_ascii_lowercase().as_str() {
        "click" | "clicks" | "clicked" => EventKind::Click,
        "accept" | "accepted" => EventKind::Accept,
        _ => EventKind::Custom(outcome.to_owned()),
    }
}

impl History for State<'_> {
    fn events(&self, _: &str) -> &[Event] {
        // All are in codes.
        &[]
    }

    /// Of the row at hand, whoever asks.
    fn coded(&self, identity: Identity, _: Who<'_>) -> Option<Coded<'_>> {
        let Store { book, subjects, households, devices, .. } = &self.store;
        let track = match identity {
            Identity::Household => households.as_ref()?.own.tracks.get(self.household?),
            Identity::Device => devices.as_ref()?.own.tracks.get(self.device?),
            Identity::Subject | Identity::Global => subjects.tracks.get(self.subject),
        };
        track.map(|track| track.coded(book))
    }

    fn total(&self, query: &Query<'_>) -> Total {
        self.totals.total(query)
    }
}
