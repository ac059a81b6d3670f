//! The state that decisions leave behind, as the decisions after them see it: events of subjects, households and devices, totals over
//! everybody, and decisions that were put off.
//!
//! What is sent leaves Decision, Sent and Impression at its time; outcomes of the log follow where the logged action is the one that was
//! sent. A decision whose choice is to be sent later is put off: nothing of it has happened, and it is decided again at that time, before
//! rows of later times, from the row as it was. Where several slots are filled, those due now are sent, and what would be sent later waits
//! for the subject's next decision.

use super::parts::Part;
use super::{CandidateInfo, Deferral, Stage};
use crate::data::Requests;
use crate::data::cells::Dictionary;
use crate::simulate::fates::Causes;
use crate::simulate::log::{DecisionLog, NO_ARM};
use attune_policy::contact::EventKind;
use attune_policy::history::{Event, History, Identity, MemoryHistory, Query, Total};
use attune_policy::journal::{Code, Codebook, Coded, Evolving, Totals, Track};
use attune_policy::outcome::{BudgetState, Outcome, Scratch};
use attune_policy::policy::Policy;
use attune_policy::request::Request;
use attune_policy::{BatchScratch, Lookahead};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// Times that one decision is put off, at most; then nothing is done.
pub const MOST_DEFERRALS: u32 = 100;

/// What all shards of a replay have in common.
pub struct World<'a> {
    pub policy: &'a Policy,
    pub stage: &'a Stage<'a>,
    pub requests: &'a Requests,
    pub rows: &'a [u32],
    pub candidates: &'a [CandidateInfo],
    pub causes: &'a Causes,
    /// First instant of all.
    pub start: i64,
    /// Instants at which budgets are looked at, ascending.
    pub looks: &'a [i64],
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

/// Which tracks live at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// One: that of the subject at hand.
    One,
    /// Those of the shard at hand.
    Shard,
    /// All.
    All,
}

/// Tracks by the code of their subject, household or device.
struct Tracks {
    keep: Keep,
    tracks: Vec<Track>,
    /// Place of each code, where not all live.
    places: HashMap<u32, u32>,
    /// Whether what was given is in the track already.
    begun: Vec<bool>,
}

impl Tracks {
    fn new(keep: Keep, count: usize) -> Tracks {
        let count = match keep {
            Keep::One => 1,
            Keep::Shard => 0,
            Keep::All => count,
        };
        Tracks { keep, tracks: vec![Track::default(); count], places: HashMap::new(), begun: vec![false; count] }
    }

    /// Forgets the shard before.
    fn clear(&mut self) {
        match self.keep {
            Keep::One => {
                self.tracks.iter_mut().for_each(Track::clear);
                self.begun.fill(false);
            }
            Keep::Shard => {
                self.tracks.clear();
                self.places.clear();
                self.begun.clear();
            }
            Keep::All => {}
        }
    }

    /// Place of the track of a code.
    fn place(&mut self, code: u32) -> usize {
        match self.keep {
            Keep::One => 0,
            Keep::All => code as usize,
            Keep::Shard => {
                let next = self.tracks.len() as u32;
                let place = *self.places.entry(code).or_insert(next);
                if place == next {
                    self.tracks.push(Track::default());
                    self.begun.push(false);
                }
                place as usize
            }
        }
    }
}

/// A decision that was put off: until when, whose row, how often, and where its row stands ahead.
type Waiting = Reverse<(i64, u32, u32, u32, u32)>;

/// The state of the shard at hand.
pub struct State<'a> {
    world: &'a World<'a>,
    book: Codebook,
    subjects: Tracks,
    households: Option<Tracks>,
    devices: Option<Tracks>,
    totals: Totals,
    /// Tracks of the row at hand.
    subject: usize,
    household: Option<usize>,
    device: Option<usize>,
    waiting: BinaryHeap<Waiting>,
    /// Space for decisions that were put off.
    again: BatchScratch,
    alone: Scratch,
    request: Request,
    /// Looks taken at the budgets, one list per look.
    pub looks: Vec<Vec<BudgetState>>,
    pub part: Part,
}

/// Rows to be decided, with what is known of them ahead.
pub struct Rows<'a> {
    /// Positions among the rows, in order.
    pub positions: &'a [u32],
    pub times: &'a [i64],
    pub ahead: &'a Lookahead<'a>,
    /// Tells these rows from others that the same state sees.
    pub number: u32,
}

/// A state at work on some rows.
pub struct AtWork<'s, 'a> {
    pub state: &'s mut State<'a>,
    pub rows: Rows<'s>,
    /// Places among the rows at which a shard begins, ascending.
    pub begins: &'s [u32],
}

impl<'a> State<'a> {
    /// Before the first shard.
    pub fn new(world: &'a World<'a>, keep: Keep) -> State<'a> {
        let policy = world.policy;
        let shared = |identity: Identity, codes: Option<&Dictionary>| {
            let codes = codes.filter(|_| policy.depends_on(identity))?;
            let keep = if keep == Keep::One { Keep::Shard } else { keep };
            Some(Tracks::new(keep, codes.values.len()))
        };
        let mut state = State {
            world,
            subjects: Tracks::new(keep, world.requests.subjects().count()),
            households: shared(Identity::Household, world.requests.household_codes()),
            devices: shared(Identity::Device, world.requests.device_codes()),
            totals: Totals::new(policy),
            book: world.traces.book.clone(),
            subject: 0,
            household: None,
            device: None,
            waiting: BinaryHeap::new(),
            again: BatchScratch::default(),
            alone: Scratch::default(),
            request: Request::default(),
            looks: Vec::new(),
            part: Part::default(),
        };
        state.begin_totals();
        state
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
            let code = self.book.code(self.world.policy, event);
            self.totals.push(&self.book, code, event.time);
        }
    }

    /// Brings up the tracks of a row.
    fn enter(&mut self, row: usize, now: i64) {
        let requests = self.world.requests;
        let subjects = requests.subjects();
        self.subject = self.subjects.place(subjects.code(row) as u32);
        if let Some(given) = self.given()
            && !std::mem::replace(&mut self.subjects.begun[self.subject], true)
        {
            let track = &mut self.subjects.tracks[self.subject];
            begin(given.events(subjects.key(row)), now, self.world.policy, &mut self.book, track);
        }
        let codes = (requests.household_codes(), requests.device_codes());
        let given = self.given();
        let mut shared = |identity: Identity, tracks: &mut Option<Tracks>, codes: Option<&Dictionary>| {
            let (tracks, codes) = (tracks.as_mut()?, codes?);
            let code = codes.codes.get(row).copied().filter(|code| *code != Dictionary::MISSING)?;
            let place = tracks.place(code);
            if let (Some(given), Some(id)) = (given, codes.get(row))
                && !std::mem::replace(&mut tracks.begun[place], true)
            {
                begin(given.shared(identity, id), now, self.world.policy, &mut self.book, &mut tracks.tracks[place]);
            }
            Some(place)
        };
        self.household = shared(Identity::Household, &mut self.households, codes.0);
        self.device = shared(Identity::Device, &mut self.devices, codes.1);
    }

    /// Adds an event of the row at hand.
    fn push(&mut self, code: Option<Code>, time: i64) {
        let Some(code) = code else { return };
        self.subjects.tracks[self.subject].push(&self.book, code, time);
        if let (Some(tracks), Some(at)) = (&mut self.households, self.household) {
            tracks.tracks[at].push(&self.book, code, time);
        }
        if let (Some(tracks), Some(at)) = (&mut self.devices, self.device) {
            tracks.tracks[at].push(&self.book, code, time);
        }
        self.totals.push(&self.book, code, time);
    }

    /// Takes up what was decided at `now` for the row at a position.
    fn take(&mut self, position: u32, now: i64, outcome: &Outcome, tries: u32, ahead: (u32, u32)) {
        let world = self.world;
        if outcome.degraded() {
            self.part.failed(world.policy, outcome);
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
        let row = world.rows[position as usize] as usize;
        let log = world.stage.log;
        for place in places.iter().filter(|place| place.send_at <= now) {
            let candidate = place.candidate as usize;
            for code in world.traces.contacts[candidate] {
                self.push(code, now);
            }
            if log.arm[row] != NO_ARM && log.arm[row] == world.candidates[candidate].arm {
                for (outcome, code) in log.outcomes.iter().zip(&world.traces.follow[candidate]) {
                    if outcome.values[row] > 0.0 {
                        self.push(*code, now);
                    }
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

/// Events given before the first decision.
fn begin(events: &[Event], now: i64, policy: &Policy, book: &mut Codebook, track: &mut Track) {
    for event in events.iter().take_while(|event| event.time <= now) {
        let code = book.code(policy, event);
        track.push(book, code, event.time);
    }
}

/// The event that an outcome leaves in the history: a click where the column says so, else an event of the column's name.
fn follow_up(outcome: &str) -> EventKind {
    match outcome.to_ascii_lowercase().as_str() {
        "click" | "clicks" | "clicked" => EventKind::Click,
        "accept" | "accepted" => EventKind::Accept,
        _ => EventKind::Custom(outcome.to_owned()),
    }
}

impl AtWork<'_, '_> {
    /// Decides again what is due before a row of this time and position.
    fn release(&mut self, before: (i64, u32)) {
        while let Some(Reverse((time, position, ..))) = self.state.waiting.peek().copied()
            && (time, position) < before
        {
            self.release_next();
        }
    }

    fn release_next(&mut self) {
        let state = &mut *self.state;
        let Some(Reverse((now, position, tries, number, place))) = state.waiting.pop() else { return };
        let row = state.world.rows[position as usize] as usize;
        state.look(now);
        state.enter(row, now);
        let (mut again, mut alone) = (std::mem::take(&mut state.again), std::mem::take(&mut state.alone));
        let policy = state.world.policy;
        let outcome = if number == self.rows.number {
            policy.decide_ahead_at(self.rows.ahead, place as usize, now, &*state, &mut again)
        } else {
            let mut request = std::mem::take(&mut state.request);
            state.world.requests.fill(row, &mut request);
            request.now = now;
            let outcome = policy.decide_into(&request, &*state, &mut alone);
            state.request = request;
            outcome
        };
        state.take(position, now, outcome, tries, (number, place));
        (state.again, state.alone) = (again, alone);
    }

    /// Decides again all that is left, in order of time.
    pub fn release_all(&mut self) {
        while !self.state.waiting.is_empty() {
            self.release_next();
        }
    }
}

impl History for State<'_> {
    fn events(&self, _: &str) -> &[Event] {
        // All are in codes.
        &[]
    }

    fn coded(&self, identity: Identity, _: &str) -> Option<Coded<'_>> {
        let track = match identity {
            Identity::Household => self.households.as_ref()?.tracks.get(self.household?),
            Identity::Device => self.devices.as_ref()?.tracks.get(self.device?),
            Identity::Subject | Identity::Global => self.subjects.tracks.get(self.subject),
        };
        track.map(|track| track.coded(&self.book))
    }

    fn total(&self, query: &Query<'_>) -> Total {
        self.totals.total(query)
    }
}

impl History for AtWork<'_, '_> {
    fn events(&self, subject: &str) -> &[Event] {
        self.state.events(subject)
    }

    fn coded(&self, identity: Identity, id: &str) -> Option<Coded<'_>> {
        self.state.coded(identity, id)
    }

    fn total(&self, query: &Query<'_>) -> Total {
        self.state.total(query)
    }
}

impl Evolving for AtWork<'_, '_> {
    fn turn(&mut self, row: usize) {
        let (position, now) = (self.rows.positions[row], self.rows.times[row]);
        if let Some(begin) = self.begins.first()
            && *begin as usize == row
        {
            self.begins = &self.begins[1..];
            self.release_all();
            self.state.subjects.clear();
            for tracks in [&mut self.state.households, &mut self.state.devices].into_iter().flatten() {
                tracks.clear();
            }
        }
        if !self.state.waiting.is_empty() {
            self.release((now, position));
        }
        let row = self.state.world.rows[position as usize] as usize;
        self.state.look(now);
        self.state.enter(row, now);
    }

    fn decided(&mut self, row: usize, outcome: &Outcome) {
        let (position, now) = (self.rows.positions[row], self.rows.times[row]);
        self.state.take(position, now, outcome, 0, (self.rows.number, row as u32));
    }
}
