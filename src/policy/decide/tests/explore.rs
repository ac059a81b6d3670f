//! Exploration: probabilities in closed form, drawn frequencies that agree with them, and where chance may not go.

use super::*;
use crate::arbitration::{ColdStart, LowConfidence};
use crate::exploration::Exploration;
use crate::outcome::How;

/// Frequencies of the first slot over many decision ids, per action; the decisions of all of them log the same probabilities.
fn frequencies(document: &Document, n: u32) -> ([f64; 3], [f64; 3]) {
    let policy = Policy::compile(document.clone()).unwrap();
    let mut scratch = Scratch::default();
    let (mut counts, mut logged) = ([0.0; 3], None);
    for i in 0..n {
        let request = Request { decision_id: format!("decision {i}"), ..request(known()) };
        let outcome = policy.decide_into(&request, &NoHistory, &mut scratch);
        counts[outcome.chosen().unwrap() as usize] += 1.0 / f64::from(n);
        let mut probabilities = [0.0; 3];
        for likelihood in outcome.likelihoods(0) {
            probabilities[likelihood.candidate as usize] = likelihood.probability;
        }
        let sum: f64 = probabilities.iter().sum();
        assert!((sum - 1.0).abs() < 1e-12, "{probabilities:?}");
        assert_eq!(outcome.places()[0].probability, probabilities[outcome.chosen().unwrap() as usize]);
        assert_eq!(*logged.get_or_insert(probabilities), probabilities);
    }
    (counts, logged.unwrap())
}

/// Five standard errors of a frequency.
fn agree(counts: [f64; 3], probabilities: [f64; 3], n: u32) {
    for (count, p) in counts.into_iter().zip(probabilities) {
        let slack = 5.0 * (p * (1.0 - p) / f64::from(n)).sqrt() + 1e-12;
        assert!((count - p).abs() <= slack, "{counts:?} {probabilities:?}");
    }
}

#[test]
fn probabilities_are_exact_and_drawn() {
    let close = |a: [f64; 3], b: [f64; 3]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-15);
    let e = |x: f64| libm::exp(x);
    let soft = |t: f64| {
        let sum = e(0.0) + e(-1.0 / t) + e(-2.0 / t);
        [e(0.0) / sum, e(-1.0 / t) / sum, e(-2.0 / t) / sum]
    };
    let table = [
        (Exploration::EpsilonGreedy { epsilon: 0.0 }, [1.0, 0.0, 0.0]),
        (Exploration::EpsilonGreedy { epsilon: 0.3 }, [0.8, 0.1, 0.1]),
        (Exploration::EpsilonGreedy { epsilon: 1.0 }, [1.0 / 3.0; 3]),
        (Exploration::Softmax { temperature: 1.0 }, soft(1.0)),
        (Exploration::Softmax { temperature: 0.001 }, [1.0, 0.0, 0.0]),
        (Exploration::Softmax { temperature: 1e6 }, soft(1e6)),
    ];
    let n = 4_000;
    for (exploration, expected) in table {
        let mut document = document();
        document.exploration = Some(exploration.clone());
        let (counts, probabilities) = frequencies(&document, n);
        assert!(close(probabilities, expected), "{exploration:?} {probabilities:?}");
        agree(counts, expected, n);
    }
}

#[test]
fn a_deterministic_policy_logs_one_and_nothing() {
    let decision = ask(&document(), known());
    assert_eq!(decision.ranked.iter().map(|r| r.probability).collect::<Vec<_>>(), [1.0, 0.0, 0.0]);
    assert_eq!((decision.slots[0].probability, decision.slots[0].draws), (1.0, 0));
}

#[test]
fn thompson_draws_agree_with_their_logged_shares() {
    let mut document = document();
    document.models = vec![constant("p", 0.5), constant("q", 0.4)];
    for (action, model) in [(0, "p"), (1, "q")] {
        document.actions[action].propensity = Some(model.into());
        document.actions[action].value = 1.0;
        document.actions[action].evidence = Some(10.0);
    }
    document.exploration = Some(Exploration::Thompson { draws: 2_000 });
    let policy = Policy::compile(document).unwrap();
    let (mut scratch, n) = (Scratch::default(), 400);
    let (mut chosen, mut logged) = (0.0, 0.0);
    for i in 0..n {
        let request = Request { decision_id: format!("decision {i}"), ..request(known()) };
        let outcome = policy.decide_into(&request, &NoHistory, &mut scratch);
        let likelihoods = outcome.likelihoods(0);
        assert!((likelihoods.iter().map(|l| l.probability).sum::<f64>() - 1.0).abs() < 1e-12);
        assert_eq!(outcome.places()[0].draws, 2_000);
        assert!(outcome.places()[0].probability >= 1.0 / 2_000.0, "the choice never has 0");
        logged += likelihoods.iter().find(|l| l.candidate == 0).unwrap().probability / f64::from(n);
        chosen += f64::from(u8::from(outcome.chosen() == Some(0))) / f64::from(n);
    }
    // Beta(6, 6) beats Beta(5, 7) with probability 0.6654 (two million draws integration).
    assert!((logged - 0.6654).abs() < 0.01, "{logged}");
    assert!((chosen - logged).abs() < 5.0 * (0.25 / f64::from(n)).sqrt(), "{chosen} {logged}");
}

#[test]
fn chance_stays_inside_tiers_floors_and_worth() {
    let everything = Some(Exploration::EpsilonGreedy { epsilon: 1.0 });
    let probabilities = |document: &Document| frequencies(document, 50).1;
    let mut base = document();
    base.exploration = everything;
    let third = 1.0 / 3.0;
    assert_eq!(probabilities(&base), [third; 3]);
    // Never a mandatory action, never past one.
    let mut document = base.clone();
    document.actions[2].mandatory = true;
    assert_eq!(probabilities(&document), [0.0, 0.0, 1.0]);
    document.actions[1].mandatory = true;
    assert_eq!(probabilities(&document), [0.0, 1.0, 0.0]);
    // Within the best tier alone.
    let mut document = base.clone();
    (document.actions[1].boosted, document.actions[2].boosted) = (true, true);
    assert_eq!(probabilities(&document), [0.0, 0.5, 0.5]);
    // Never below a floor, never what is worth less than doing nothing.
    let mut document = base.clone();
    document.arbitration.floors = vec![Floor { scope: Scope::All, min_propensity: None, min_priority: Some(1.0) }];
    assert_eq!(probabilities(&document), [0.5, 0.5, 0.0]);
    let mut document = base;
    document.arbitration.mode = Mode::NetValue;
    assert_eq!(probabilities(&document), [0.5, 0.5, 0.0]);
}

#[test]
fn what_is_little_known_is_explored_first() {
    let mut document = document();
    document.models = vec![constant("p", 0.9)];
    for action in [1, 2] {
        document.actions[action].propensity = Some("p".into());
        document.actions[action].evidence = Some(if action == 2 { 1.0 } else { 100.0 });
    }
    document.cold_start =
        ColdStart { min_evidence: Some(10.0), on_low: LowConfidence::Explore, ..ColdStart::default() };
    document.exploration = Some(Exploration::EpsilonGreedy { epsilon: 0.25 });
    let (counts, probabilities) = frequencies(&document, 4_000);
    assert_eq!(probabilities, [0.75, 0.0, 0.25]);
    agree(counts, probabilities, 4_000);
}

/// The probabilities of a slot are those given the slots before it, whatever these were.
#[test]
fn later_slots_are_drawn_given_the_earlier_ones() {
    let mut document = document();
    document.slots.count = 2;
    document.exploration = Some(Exploration::EpsilonGreedy { epsilon: 0.5 });
    let policy = Policy::compile(document).unwrap();
    let (mut pairs, n) = (std::collections::BTreeMap::new(), 6_000);
    for i in 0..n {
        let decision = policy.decide(&Request { decision_id: format!("decision {i}"), ..request(known()) }, &NoHistory);
        let pair: Vec<u32> = decision.slots.iter().map(|slot| slot.candidate.action).collect();
        let likely: f64 = decision.slots.iter().map(|slot| slot.probability).product();
        assert_eq!(decision.slots[1].probabilities.len(), 2);
        assert_eq!(decision.slots[1].probabilities[0].1, 0.75);
        let known = pairs.entry(pair).or_insert((0.0, likely));
        known.0 += 1.0 / f64::from(n);
        assert_eq!(known.1, likely);
    }
    assert_eq!(pairs.len(), 6);
    assert!((pairs.values().map(|(_, p)| p).sum::<f64>() - 1.0).abs() < 1e-12);
    for (pair, (count, p)) in pairs {
        assert!((count - p).abs() < 5.0 * (p * (1.0 - p) / f64::from(n)).sqrt(), "{pair:?} {count} {p}");
    }
}

#[test]
fn chance_is_told_and_replayed() {
    let mut document = document();
    document.exploration = Some(Exploration::EpsilonGreedy { epsilon: 1.0 });
    let policy = Policy::compile(document.clone()).unwrap();
    let (mut explored, mut best) = (0, 0);
    for i in 0..60 {
        let request = Request { decision_id: format!("{i}"), ..request(known()) };
        let decision = policy.decide_traced(&request, &NoHistory);
        assert_eq!(policy.decide_traced(&request, &NoHistory), decision);
        let trace = decision.trace.as_ref().unwrap();
        assert_eq!(trace.seed, format!("{:016x}", policy.seed(&request.decision_id)));
        let winner = decision.chosen.unwrap().action as usize;
        assert_eq!(trace.candidates[winner].probability, Some(1.0 / 3.0));
        match &decision.fates[winner].reason {
            Reason::WonByExploration { probability } if *probability == 1.0 / 3.0 => {
                explored += 1;
                assert_eq!((decision.slots[0].how, winner != 0), (How::Exploration, true));
            }
            Reason::Won => {
                best += 1;
                assert_eq!((decision.slots[0].how, winner), (How::Arbitration, 0));
            }
            other => panic!("{other:?}"),
        }
        // Another revision draws anew.
        assert_ne!(
            Policy::compile(Document { note: "2".into(), ..document.clone() }).unwrap().seed("1"),
            policy.seed("1")
        );
    }
    assert!(explored > 20 && best > 5, "{explored} {best}");
}

/// SHA-256("p" ‖ 0x1F ‖ revision ‖ 0x1F ‖ decision id), first 8 bytes: another implementation has to begin at the same place.
#[test]
fn the_seed_is_the_published_one() {
    let policy = Policy::compile(document()).unwrap();
    let text = format!("test\u{1f}{}\u{1f}d-17", policy.revision());
    let hex = crate::fingerprint::sha256_hex(text.as_bytes());
    assert_eq!(format!("{:016x}", policy.seed("d-17")), hex[..16]);
}
