//! The events of subjects, households and devices as far as they have happened, and decisions made from them before their time: they stand
//! where nothing else has happened to the same people until then.

use super::NO_ACTION;
use super::order::{Order, Parts};
use super::parts::Part;
use super::state::World;
use crate::data::Requests;
use crate::data::cells::Dictionary;
use attune_policy::history::{Event, History, Identity};
use attune_policy::journal::{Codebook, Coded, Track};
use attune_policy::policy::Policy;
use attune_policy::{BatchScratch, Lookahead, Who};
use std::collections::HashMap;

/// Events of the subjects, households and devices of a part, as far as they have happened.
pub struct Store {
    pub book: Codebook,
    /// One per place; a single one where every row is a subject of its own.
    pub subjects: Tracks,
    pub fleeting: bool,
    /// The past of somebody to whom nothing has happened.
    pub nothing: Track,
    pub households: Option<Shared>,
    pub devices: Option<Shared>,
}

/// Tracks of one kind.
#[derive(Default)]
pub struct Tracks {
    pub tracks: Vec<Track>,
    /// Whether what was given is in the track already; empty where nothing was given.
    begun: Vec<bool>,
}

/// Tracks of those that subjects share, by code.
#[derive(Default)]
pub struct Shared {
    pub own: Tracks,
    places: HashMap<u32, u32>,
}

impl Tracks {
    pub fn new(count: usize, given: bool) -> Tracks {
        Tracks { tracks: vec![Track::default(); count], begun: vec![false; if given { count } else { 0 }] }
    }

    /// Forgets all events.
    pub fn forget(&mut self) {
        self.tracks.iter_mut().for_each(Track::clear);
        self.begun.fill(false);
    }

    /// Takes in the events given before the first decision, once.
    pub fn begin<'e>(
        &mut self,
        place: usize,
        events: impl FnOnce() -> &'e [Event],
        now: i64,
        policy: &Policy,
        book: &mut Codebook,
    ) {
        let (Some(begun), Some(track)) = (self.begun.get_mut(place), self.tracks.get_mut(place)) else { return };
        if !std::mem::replace(begun, true) {
            for event in events().iter().take_while(|event| event.time <= now) {
                let code = book.code(policy, event);
                track.push(book, code, event.time);
            }
        }
    }

    /// Whether the track at a place has all that was given.
    pub fn is_begun(&self, place: usize) -> bool {
        self.begun.get(place).copied().unwrap_or(true)
    }
}

impl Shared {
    /// Place of the track of a code.
    pub fn place(&mut self, code: u32, given: bool) -> usize {
        let next = self.own.tracks.len() as u32;
        let place = *self.places.entry(code).or_insert(next);
        if place == next {
            self.own.tracks.push(Track::default());
            if given {
                self.own.begun.push(false);
            }
        }
        place as usize
    }

    /// The track of a code, once it has all that was given.
    fn known<'s>(&'s self, code: u32, nothing: &'s Track, given: bool) -> Option<&'s Track> {
        match self.places.get(&code) {
            Some(place) => self.own.tracks.get(*place as usize).filter(|_| self.own.is_begun(*place as usize)),
            None => (!given).then_some(nothing),
        }
    }
}

/// What had happened before a window of rows: what all of them will see at least.
pub struct SoFar<'a> {
    pub world: &'a World<'a>,
    pub parts: &'a Parts,
    /// One per part.
    pub stores: &'a [&'a Store],
    pub order: &'a Order,
    /// Place of the first of the rows in the order.
    pub first: usize,
}

impl SoFar<'_> {
    /// How much has happened to whoever a row of the batch concerns; another number once more has. `None` where that is not known yet.
    pub fn stamp(&self, row: usize) -> Option<u32> {
        let (row, store, subject) = self.find(row);
        let given = self.world.stage.options.history.is_some();
        let mut stamp = match (store.fleeting, given) {
            (true, given) => (!given).then_some(0)?,
            (false, _) => store.subject(subject)?.seen(),
        };
        for (shared, codes) in store.shared(self.world.requests) {
            if let Some(code) = codes.codes.get(row).copied().filter(|code| *code != Dictionary::MISSING) {
                stamp = stamp.wrapping_add(shared.known(code, &store.nothing, given)?.seen());
            }
        }
        Some(stamp)
    }

    /// A row of the batch: where it stands in the data, who keeps its events, and the place of its subject there.
    fn find(&self, row: usize) -> (usize, &Store, usize) {
        let row = self.world.rows[self.order.at(self.first + row) as usize] as usize;
        let subject = self.world.requests.subjects().code(row);
        (row, self.stores[self.parts.part(subject)], self.parts.place(subject))
    }
}

impl Store {
    /// The track of a subject, once it has all that was given.
    fn subject(&self, place: usize) -> Option<&Track> {
        self.subjects.tracks.get(place).filter(|_| self.subjects.is_begun(place))
    }

    /// What subjects share, with the code of each row.
    fn shared<'s>(&'s self, requests: &'s Requests) -> impl Iterator<Item = (&'s Shared, &'s Dictionary)> {
        let households = self.households.as_ref().zip(requests.household_codes());
        households.into_iter().chain(self.devices.as_ref().zip(requests.device_codes()))
    }
}

impl History for SoFar<'_> {
    fn events(&self, _: &str) -> &[Event] {
        &[]
    }

    fn coded(&self, identity: Identity, who: Who<'_>) -> Option<Coded<'_>> {
        let Who::Row(_, row) = who else { return None };
        let (row, store, subject) = self.find(row);
        let given = self.world.stage.options.history.is_some();
        let shared = |shared: &'_ Option<Shared>, codes: Option<&Dictionary>| -> Option<u32> {
            codes.filter(|_| shared.is_some())?.codes.get(row).copied()
        };
        let requests = self.world.requests;
        let track = match identity {
            Identity::Subject | Identity::Global if store.fleeting => (!given).then_some(&store.nothing),
            Identity::Subject | Identity::Global => store.subject(subject),
            Identity::Household => {
                let code = shared(&store.households, requests.household_codes())?;
                store.households.as_ref()?.known(code, &store.nothing, given)
            }
            Identity::Device => {
                let code = shared(&store.devices, requests.device_codes())?;
                store.devices.as_ref()?.known(code, &store.nothing, given)
            }
        };
        track.map(|track| track.coded(&store.book))
    }
}

/// Decisions made from what had happened before their window: they stand where nothing else has happened to the same people since.
#[derive(Default)]
pub struct Guesses {
    /// Per row of the batch: the stamp of its past then; [`NEVER`] where nothing was guessed.
    stamps: Vec<u32>,
    /// Per row: the candidate that is sent, [`NO_ACTION`] for none.
    chosen: Vec<u32>,
    /// The decisions themselves.
    pub part: Part,
}

/// A guess, once the row's turn has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    /// There was none.
    None,
    /// Nothing has happened since: the candidate that is sent, [`NO_ACTION`] for none.
    Stands(u32),
    /// Something has.
    Fell,
}

/// A stamp that no past has.
const NEVER: u32 = u32::MAX;

impl Guesses {
    /// Guesses every row of a batch that was looked ahead on, but for those in which something failed or is to wait.
    pub fn new(ahead: &Lookahead<'_>, so_far: &SoFar<'_>, space: &mut BatchScratch) -> Guesses {
        let world = so_far.world;
        let rows = ahead.columns().len();
        let mut guesses = Guesses {
            stamps: Vec::with_capacity(rows),
            chosen: Vec::with_capacity(rows),
            part: Part::with_room(rows, world.candidates.len()),
        };
        for row in 0..rows {
            let position = so_far.order.at(so_far.first + row);
            let now = world.times[position as usize];
            let (mut stamp, mut chosen) = (NEVER, NO_ACTION);
            if let Some(known) = so_far.stamp(row) {
                let outcome = world.policy.decide_ahead(ahead, row, now, so_far, space);
                let sent = outcome.places().first();
                let at_once = sent.is_none_or(|place| place.send_at <= now);
                if outcome.places().len() < 2 && at_once && !outcome.degraded() {
                    guesses.part.push(position, sent, outcome, world);
                    (stamp, chosen) = (known, sent.map_or(NO_ACTION, |place| place.candidate));
                }
            }
            guesses.stamps.push(stamp);
            guesses.chosen.push(chosen);
        }
        guesses
    }

    /// What is left of the guess about a row whose past has this stamp.
    pub fn of(&self, row: usize, stamp: u32) -> Guess {
        match self.stamps[row] {
            NEVER => Guess::None,
            then if then == stamp => Guess::Stands(self.chosen[row]),
            _ => Guess::Fell,
        }
    }
}
