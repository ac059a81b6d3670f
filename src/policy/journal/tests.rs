//! Histories in codes against the same events told in full, over random policies, and batches that change them as they go.

use super::{Codebook, Coded, Totals, Track};
use crate::arbitration::Slots;
use crate::columns::Columns;
use crate::contact::EventKind;
use crate::decide::random;
use crate::document::Operation;
use crate::history::{Event, History, Identity, MemoryHistory, Query, Total};
use crate::policy::Policy;
use crate::schema::Field;
use crate::testing::{HOUR, Random};
use crate::{BatchScratch, NoHistory, Outcome, Request, Scratch, Who};
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

    fn coded(&self, identity: Identity, who: Who<'_>) -> Option<Coded<'_>> {
        let track = self.tracks.get(&(identity, who.id(identity)?.to_owned())).unwrap_or(&self.none);
        Some(track.coded(&self.book))
    }

    fn total(&self, query: &Query<'_>) -> Total {
        self.totals.total(query)
    }
}

impl World<'_> {
    /// Takes up what was decided for a request, which must be what the full history gives.
    fn take(&mut self, row: usize, outcome: &Outcome) {
        let request = &self.requests[row];
        let expected = told(self.policy, self.policy.decide_into(request, &self.full, &mut self.scratch));
        assert_eq!(told(self.policy, outcome), expected, "{request:#?} {:#?}", self.policy.document());
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
    }
}

/// Decides requests in order of time over a history that each decision changes, looked ahead on in batches of several lengths; gives what
/// the last rows said.
fn decide_all(
    random: &mut Random,
    policy: &Policy,
    requests: &[Request],
    given: &MemoryHistory,
    space: &mut BatchScratch,
) -> (String, usize) {
    let mut world = World::new(policy, requests, given);
    let columns = Columns::from_requests(&policy.document().schema, requests);
    let (mut from, mut settled) = (0, 0);
    while from < requests.len() {
        let until = (from + 1 + random.below(if from == 0 { 1_300 } else { 90 })).min(requests.len());
        let batch = columns.slice(from..until);
        let ahead = match random.below(4) {
            0 => policy.look_ahead(&batch, &NoHistory, space),
            _ => policy.look_ahead(&batch, &world, space),
        };
        settled += (0..until - from).filter(|row| ahead.is_settled(*row)).count();
        for (at, request) in requests[from..until].iter().enumerate() {
            let outcome = policy.decide_ahead(&ahead, at, request.now, &world, space).clone();
            world.take(from + at, &outcome);
        }
        from = until;
    }
    let decisions = policy.decide_batch(&columns, &world.full);
    (format!("{:?}", decisions.into_iter().map(|decision| decision.fates).collect::<Vec<_>>()), settled)
}

fn in_order(random: &mut Random, rows: usize) -> Vec<Request> {
    let mut requests: Vec<_> = (0..rows).map(|_| random::request(random)).collect();
    requests.sort_by_key(|request| request.now);
    requests
}

#[test]
fn a_row_of_a_batch_is_decided_as_its_request_over_a_history_that_decisions_change() {
    let mut random = Random::new(71);
    let mut space = BatchScratch::default();
    let (mut capped, mut spent, mut excluded) = (0, 0, 0);
    for round in 0..70 {
        let (document, _) = random::document(&mut random);
        let policy = Policy::compile(document.clone()).unwrap();
        let given = random::history(&mut random, &document);
        let rows = if round == 0 { 1_300 } else { 40 + random.below(100) };
        let requests = in_order(&mut random, rows);
        let (said, _) = decide_all(&mut random, &policy, &requests, &given, &mut space);
        capped += said.matches("CapReached").count();
        spent += said.matches("BudgetExhausted").count() + said.matches("OutOfStock").count();
        excluded += said.matches("MutuallyExclusive").count();
    }
    assert!(capped > 500 && spent > 200 && excluded > 50, "{capped} {spent} {excluded}");
}

#[test]
fn rows_of_which_nothing_is_open_but_contact_policy_are_decided_alike() {
    let mut random = Random::new(75);
    let mut space = BatchScratch::default();
    let (mut rows, mut settled, mut said) = (0, 0, String::new());
    for _ in 0..120 {
        let (mut document, _) = random::document(&mut random);
        // What keeps rows from being settled goes; all else stays as it came.
        document.mode = Operation::Live;
        document.holdouts.clear();
        document.overrides.clear();
        document.budgets.clear();
        document.exploration = None;
        document.slots = Slots::default();
        for field in &mut document.schema.fields {
            *field = Field::new(field.name.clone(), field.type_);
        }
        document
            .actions
            .iter_mut()
            .flat_map(|action| &mut action.treatments)
            .for_each(|treatment| treatment.standby = false);
        let Ok(policy) = Policy::compile(document.clone()) else { continue };
        let given = random::history(&mut random, &document);
        let count = 60 + random.below(80);
        let requests = in_order(&mut random, count);
        let (told, plain) = decide_all(&mut random, &policy, &requests, &given, &mut space);
        rows += requests.len();
        settled += plain;
        said.push_str(&told);
    }
    assert!(settled > 2_000 && 4 * settled > rows, "{settled} of {rows}");
    for part in ["CapReached", "CoolDown", "MutuallyExclusive", "QuietHours", "Fallback"] {
        assert!(said.contains(part), "{part}");
    }
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
        let ahead = policy.look_ahead(&columns, &history, &mut space);
        for _ in 0..40 {
            let row = random.below(requests.len());
            let now = requests[row].now + (random.below(200) as i64 - 20) * HOUR / 4;
            let request = Request { now, ..requests[row].clone() };
            let alone = told(&policy, policy.decide_into(&request, &history, &mut scratch));
            let found = told(&policy, policy.decide_ahead(&ahead, row, now, &history, &mut space));
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
