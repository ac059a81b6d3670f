//! Random contact policies against the one written for reading.

use super::*;
use crate::decide::contact::{budget, send_time};
use crate::decide::naive::contact::{Contact, Word};
use crate::decide::random::contact::{ZONES, furnish};
use crate::history::Identity;
use crate::outcome::{Cause, With};
use crate::reason::Reason;
use crate::testing::Random;
use crate::value::Value;
use std::sync::Arc;

/// A cause in ids.
fn reason(desk: &Desk, events: &[Event], cause: Cause) -> Reason {
    let d = &desk.document;
    let at = |i: u32| i as usize;
    match cause {
        Cause::Cap { cap, count, limit, resets_at } => {
            Reason::CapReached { cap: d.caps[at(cap)].id.as_str().into(), count, limit, resets_at }
        }
        Cause::Suppressed { suppression, until } => {
            Reason::OutcomeSuppressed { suppression: d.suppressions[at(suppression)].id.as_str().into(), until }
        }
        Cause::CoolDown { cool_down, until } => {
            Reason::CoolDown { cool_down: d.cool_downs[at(cool_down)].id.as_str().into(), until }
        }
        Cause::Quiet { quiet, until } => {
            Reason::QuietHours { quiet_hours: d.quiet_hours[at(quiet)].id.as_str().into(), until }
        }
        Cause::Exclusive { exclusion, with } => {
            let with: Arc<str> = match with {
                With::Candidate(slot) => desk.event(0, EventKind::Sent, slot).action.into(),
                With::Event(i) => events[at(i)].action.as_str().into(),
            };
            Reason::MutuallyExclusive { exclusion: d.exclusions[at(exclusion)].id.as_str().into(), with }
        }
        Cause::OutOfStock(stock) => Reason::OutOfStock { stock: d.stocks[at(stock)].id.as_str().into() },
        Cause::Budget { budget, spent, allowed, paced } => {
            Reason::BudgetExhausted { budget: d.budgets[at(budget)].id.as_str().into(), spent, allowed, paced }
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_verdict_is_the_naive_one() {
    let mut random = Random::new(51);
    let mut met = std::collections::BTreeMap::<String, u32>::new();
    // Near changes of the clock in every zone that has one.
    let nows = ["2018-02-18T00:00:00Z", "2018-03-25T00:00:00Z", "2018-10-28T00:00:00Z", "2018-11-04T00:00:00Z"];
    for _ in 0..1_200 {
        let now = instant(nows[random.below(4)]) + (random.below(192) as i64 - 96) * HOUR / 4;
        let mut document = document();
        for action in &mut document.actions {
            (action.mandatory, action.obeys_caps) = (random.chance(0.1), random.chance(0.9));
        }
        furnish(&mut random, &mut document, &["true", "false", "unknown"], now);
        let desk = Desk::new(document);
        let mut history = MemoryHistory::default();
        for _ in 0..random.below(16) {
            let kinds = [EventKind::Sent, EventKind::Sent, EventKind::Decision, EventKind::Custom("visit".into())];
            let time = now - (random.below(120) as i64 - 10) * *random.pick(&[HOUR / 4, HOUR, 12 * HOUR]);
            let event = desk.event(time, random.pick(&kinds).clone(), random.below(5) as u32);
            let event = Event { counts: random.chance(0.9), ..event };
            match random.below(5) {
                0 => history.push_shared(Identity::Household, "h", event),
                1 => history.push_shared(Identity::Device, "d", event),
                2 => history.push("ben", event),
                _ => history.push("anna", event),
            }
        }
        let region = random.pick(&[None, Some("north"), Some("south"), Some("west")]).map(str::to_owned);
        let request = Request {
            zone: random.pick(&[None, Some("Nowhere/At_All"), Some(ZONES[2])]).map(str::to_owned),
            household: random.chance(0.7).then(|| "h".into()),
            device: random.chance(0.7).then(|| "d".into()),
            fields: region.iter().map(|region| Value::text(region.as_str())).collect(),
            ..anna(now)
        };
        let is_false = |text: &str, _: crate::decide::naive::Candidate<'_>| text == "false";
        let naive = Contact {
            document: &desk.document,
            request: &request,
            history: &history,
            region: region.clone(),
            is_false: &is_false,
        };
        let candidates: Vec<_> = {
            let actions = desk.document.actions.iter();
            actions.flat_map(|action| action.treatments.iter().map(move |treatment| (action, treatment))).collect()
        };
        let reserved: Vec<u32> = (0..random.below(3)).map(|_| random.below(5) as u32).collect();
        let held: Vec<_> = reserved.iter().map(|slot| candidates[*slot as usize]).collect();
        let events = history.events("anna");
        for slot in 0..5 {
            let own = candidates[slot as usize];
            let run = |scene: &Scene<'_>, memory: &mut Memory| {
                let verdict = judge(scene, memory, &desk, slot, &reserved);
                let spent = budget::check(scene, memory, slot, &reserved);
                let lags = budget::lags(scene, memory, slot);
                (verdict, spent, lags, send_time::send_at(scene, memory, &desk, slot))
            };
            let ((verdict, spent, lags, sent), _) = desk.on(&request, &history, run);
            let told = |cause| reason(&desk, events, cause);
            let (word, why) = match (verdict, naive.check(own, &held)) {
                (Verdict::Reroute(cause), Word::Reroute(_, reason)) => {
                    assert_eq!(told(cause), reason);
                    ("reroute", Some(reason))
                }
                (Verdict::Pass, expected) => {
                    assert_eq!(Word::Pass, expected, "{slot} {reserved:?} {request:?} {:#?} {events:?}", desk.document);
                    ("pass", None)
                }
                (Verdict::Block(cause), expected) => {
                    assert_eq!(
                        Word::Block(told(cause)),
                        expected,
                        "{slot} {request:?} {:#?} {events:?}",
                        desk.document
                    );
                    ("block", Some(told(cause)))
                }
                (Verdict::Defer { until, cause }, expected) => {
                    let found = Word::Defer(until, told(cause));
                    assert_eq!(found, expected, "{slot} {request:?} {:#?} {events:?}", desk.document);
                    ("defer", Some(told(cause)))
                }
                (found, expected) => panic!("{found:?} {expected:?}"),
            };
            let kind = why.map_or(String::new(), |why| format!("{why:?}").split(' ').next().unwrap().to_owned());
            *met.entry(format!("{word} {kind}")).or_default() += 1;
            assert_eq!(spent.map_err(told), naive.budget(own, &held), "{slot} {:#?} {events:?}", desk.document.budgets);
            *met.entry(format!("budget {}", spent.is_ok())).or_default() += 1;
            assert_eq!(lags, naive.lags(own));
            assert_eq!(sent, naive.send_at(own, |hour| hour.parse().ok()), "{slot} {request:?} {:#?}", desk.document);
            *met.entry(format!("sent now {}", sent == now)).or_default() += 1;
        }
    }
    // Every way a candidate can fare was met, so that the comparison means something.
    assert!(met.len() == 17 && met.values().all(|n| *n >= 50), "{met:#?}");
}
