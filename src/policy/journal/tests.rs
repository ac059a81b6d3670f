//! Histories in codes against the same events told in full, over random policies, and batches that change them as they go.

use super::{Codebook, Coded, Evolving, Totals, Track};
use crate::columns::Columns;
use crate::contact::EventKind;
use crate::decide::random;
use crate::history::{Event, History, Identity, MemoryHistory, Query, Total};
use crate::policy::Policy;
use crate::testing::{HOUR, Random};
use crate::{BatchScratch, Outcome, Request, Scratch};
use std::collections::HashMap;

/// Everything an outcome says.
fn told(policy: &Policy, outcome: &Outcome) -> String {
    let places = outcome.places().iter().enumerate().map(|(at, place)| (place, outcome.likelihoods(at)));
    let places: Vec<_> = places.collect();
    let (ranked, fates, failures) = (outcome.ranked(), outcome.fates(), outcome.failures());
    let rest = (outcome.rung(), outcome.holdout(), outcome.arm(), outcome.shadow(), outcome.mode());
    format!("{places:?} {ranked:?} {fates:?} {failures:?} {rest:?} {:?}", policy.diagnostics(outcome))
}

/// A world in which decisions are taken up: in codes, and in full.
struct World<'a> {
    policy: &'a Policy,
    requests: &'a [Request],
    book: Codebook,
    tracks: HashMap<(Identity, String), Track>,
    totals: Totals,
    none: Track,
    full: MemoryHistory,
    scratch: Scratch,
    /// What was decided over the full history for the row at hand.
    expected: String,
    decided: usize,
}

impl<'a> World<'a> {
    fn new(policy: &'a Policy, requests: &'a [Request], given: &MemoryHistory) -> World<'a> {
        let mut world = World {
            policy,
            requests,
            book: Codebook::new(policy),
            tracks: HashMap::new(),
            totals: Totals::new(policy),
            none: Track::default(),
            full: MemoryHistory::default(),
            scratch: Scratch::default(),
            expected: String::new(),
            decided: 0,
        };
        let start = requests.first().map_or(0, |request| request.now);
        let mut events: Vec<(Identity, String, Event)> = Vec::new();
        for i in 0..6 {
            let id = format!("s{i}");
            for identity in [Identity::Subject, Identity::Household, Identity::Device] {
                let known = given.shared(identity, &id).iter().filter(|event| event.time <= start);
                events.extend(known.map(|event| (identity, id.clone(), event.clone())));
            }
        }
        events.sort_by_key(|(_, _, event)| event.time);
        for (identity, id, event) in events {
            world.push(identity, &id, event);
        }
        world
    }

    fn push(&mut self, identity: Identity, id: &str, event: Event) {
        let code = self.book.code(self.policy, &event);
        self.tracks.entry((identity, id.to_owned())).or_default().push(&self.book, code, event.time);
        if identity == Identity::Subject {
            self.totals.push(&self.book, code, event.time);
            self.full.push(id, event);
        } else {
            self.full.push_shared(identity, id, event);
        }
    }
}

impl History for World<'_> {
    fn events(&self, _: &str) -> &[Event] {
        panic!("nobody asks for events in full")
    }

    fn coded(&self, identity: Identity, id: &str) -> Option<Coded<'_>> {
        let track = self.tracks.get(&(identity, id.to_owned())).unwrap_or(&self.none);
        Some(track.coded(&self.book))
    }

    fn total(&self, query: &Query<'_>) -> Total {
        self.totals.total(query)
    }
}

impl Evolving for World<'_> {
    fn turn(&mut self, row: usize) {
        let outcome = self.policy.decide_into(&self.requests[row], &self.full, &mut self.scratch);
        self.expected = told(self.policy, outcome);
    }

    fn decided(&mut self, row: usize, outcome: &Outcome) {
        assert_eq!(
            told(self.policy, outcome),
            self.expected,
            "{:#?} {:#?}",
            self.requests[row],
            self.policy.document()
        );
        let request = &self.requests[row];
        let sent: Vec<u32> =
            outcome.places().iter().filter(|p| p.send_at <= request.now).map(|p| p.candidate).collect();
        for candidate in sent {
            for kind in [EventKind::Decision, EventKind::Sent, EventKind::Custom("visit".into())] {
                let code = self.book.candidate(self.policy, candidate, kind).unwrap();
                let event = Event { time: request.now, ..self.book.event(code).unwrap().clone() };
                self.push(Identity::Subject, &request.subject, event.clone());
                for (identity, id) in [(Identity::Household, &request.household), (Identity::Device, &request.device)] {
                    if let Some(id) = id {
                        self.push(identity, id, event.clone());
                    }
                }
            }
        }
        self.decided += 1;
    }
}

#[test]
fn an_evolving_batch_decides_each_row_as_its_request_alone() {
    let mut random = Random::new(71);
    let mut space = BatchScratch::default();
    let (mut capped, mut spent, mut excluded) = (0, 0, 0);
    for round in 0..70 {
        let (document, _) = random::document(&mut random);
        let policy = Policy::compile(document.clone()).unwrap();
        let given = random::history(&mut random, &document);
        let rows = if round == 0 { 1_300 } else { 40 + random.below(100) };
        let mut requests: Vec<_> = (0..rows).map(|_| random::request(&mut random)).collect();
        requests.sort_by_key(|request| request.now);
        let mut world = World::new(&policy, &requests, &given);
        let columns = Columns::from_requests(&document.schema, &requests);
        policy.decide_batch_evolving(&columns, &mut world, &mut space);
        assert_eq!(world.decided, rows);
        let said = format!(
            "{:?}",
            policy.decide_batch(&columns, &world.full).into_iter().map(|d| d.fates).collect::<Vec<_>>()
        );
        capped += said.matches("CapReached").count();
        spent += said.matches("BudgetExhausted").count() + said.matches("OutOfStock").count();
        excluded += said.matches("MutuallyExclusive").count();
    }
    assert!(capped > 500 && spent > 200 && excluded > 50, "{capped} {spent} {excluded}");
}

#[test]
fn a_row_is_decided_at_another_instant_as_a_request_of_then() {
    let mut random = Random::new(72);
    let mut space = BatchScratch::default();
    let mut scratch = Scratch::default();
    for _ in 0..60 {
        let (document, _) = random::document(&mut random);
        let policy = Policy::compile(document.clone()).unwrap();
        let history = random::history(&mut random, &document);
        let requests: Vec<_> = (0..30).map(|_| random::request(&mut random)).collect();
        let columns = Columns::from_requests(&document.schema, &requests);
        let ahead = policy.look_ahead(&columns, &mut space);
        for _ in 0..40 {
            let row = random.below(requests.len());
            let now = requests[row].now + (random.below(200) as i64 - 20) * HOUR / 4;
            let request = Request { now, ..requests[row].clone() };
            let alone = told(&policy, policy.decide_into(&request, &history, &mut scratch));
            let found = told(&policy, policy.decide_ahead_at(&ahead, row, now, &history, &mut space));
            assert_eq!(found, alone, "{request:#?} {document:#?}");
        }
    }
}

#[test]
fn a_policy_may_read_the_codes_of_another() {
    let mut random = Random::new(73);
    let (document, _) = random::document(&mut random);
    let (one, other) = (Policy::compile(document.clone()).unwrap(), Policy::compile(document.clone()).unwrap());
    let requests: Vec<_> = (0..50).map(|_| random::request(&mut random)).collect();
    let world = World::new(&one, &requests, &random::history(&mut random, &document));
    for request in &requests {
        let mut scratch = (Scratch::default(), Scratch::default());
        let alone = told(&other, other.decide_into(request, &world.full, &mut scratch.0));
        assert_eq!(told(&other, other.decide_into(request, &world, &mut scratch.1)), alone);
    }
}

#[test]
fn a_track_keeps_what_counts_in_order_of_time() {
    let mut random = Random::new(74);
    for _ in 0..200 {
        let (document, _) = random::document(&mut random);
        let policy = Policy::compile(document.clone()).unwrap();
        let mut book = Codebook::new(&policy);
        let (mut track, mut full) = (Track::default(), MemoryHistory::default());
        let mut time = 0;
        for _ in 0..60 {
            let kind = random.pick(&[EventKind::Sent, EventKind::Decision, EventKind::Click]).clone();
            let code = book.candidate(&policy, random.below(policy.candidates().len()) as u32, kind).unwrap();
            time += random.below(3) as i64;
            track.push(&book, code, time);
            full.push("s", Event { time, ..book.event(code).unwrap().clone() });
        }
        // Everything happened within the shortest window, so that nothing is too old.
        let kept = track.coded(&book);
        let all = full.events("s");
        let mut last = i64::MIN;
        for at in 0..kept.len() {
            let (time, number, event) = kept.at(at).unwrap();
            assert!(time >= last);
            assert_eq!(Event { time, ..event.clone() }, all[number as usize]);
            assert_eq!(kept.numbered(number), Some(event));
            last = time;
        }
        assert!(kept.len() <= all.len() && kept.until(i64::MIN).is_empty());
    }
}
