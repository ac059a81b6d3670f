//! Laws over random policies, requests and histories: the naive model, one answer in every form, order, monotony.

use super::mutant::{self, Mutant};
use super::naive::{Answer, Filled, Key, Naive};
use super::random;
use crate::arbitration::Slots;
use crate::decision::{Candidate, Chosen, Fate};
use crate::exploration::Exploration;
use crate::holdout::{Arm, HoldoutKind};
use crate::outcome::How;
use crate::reason::{Reason, Step};
use crate::testing::Random;
use crate::{Decision, Document, Policy, Request, Scratch};

fn by_id(policy: &Policy, decision: &Decision) -> Answer {
    let key = |candidate: Candidate| -> Key {
        let (action, treatment) = policy.names(candidate);
        (action.into(), treatment.into())
    };
    let fate = |reason: &Reason| match reason {
        // Which names are listed, and the words of a failure, belong to the language of rules.
        Reason::MissingInput { rule, .. } => Reason::MissingInput { rule: rule.clone(), fields: Vec::new() },
        Reason::RuleError { rule, .. } => Reason::RuleError { rule: rule.clone(), message: "".into() },
        Reason::ScoreError { .. } => Reason::ScoreError { message: "".into() },
        other => other.clone(),
    };
    let slot = |slot: &Chosen| Filled {
        key: key(slot.candidate),
        how: slot.how,
        send_at: slot.send_at,
        probability: slot.probability,
        draws: slot.draws,
        probabilities: slot.probabilities.iter().map(|(candidate, p)| (key(*candidate), *p)).collect(),
    };
    let ranked = decision.ranked.iter();
    Answer {
        slots: decision.slots.iter().map(slot).collect(),
        rung: decision.fallback,
        fates: decision.fates.iter().map(|f| (key(f.candidate), (f.step, fate(&f.reason)))).collect(),
        ranked: ranked.map(|r| (key(r.candidate), r.tier, r.propensity, r.priority, r.probability)).collect(),
        holdout: decision.holdout.as_deref().map(str::to_owned),
        arm: decision.arm.as_deref().map(str::to_owned),
        shadow: decision.shadow.map(key),
    }
}

fn compiled(document: &Document) -> Policy {
    Policy::compile(document.clone()).unwrap_or_else(|e| panic!("{e}\n{document:#?}"))
}

#[test]
fn the_answer_is_the_naive_one_in_every_form() {
    let mut random = Random::new(1);
    let mut met = std::collections::BTreeMap::<String, u32>::new();
    let mut scratch = Scratch::default();
    for _ in 0..1_000 {
        let (document, meanings) = random::document(&mut random);
        let policy = compiled(&document);
        let loaded =
            Policy::load(crate::codec::write(&document).unwrap().as_bytes(), &crate::Verification::none()).unwrap();
        let history = random::history(&mut random, &document);
        let requests: Vec<_> = (0..10).map(|_| random::request(&mut random)).collect();
        let batch = policy.decide_batch(&crate::Columns::from_requests(&document.schema, &requests), &history);
        for (request, in_batch) in requests.iter().zip(batch) {
            let revision = policy.revision();
            let naive = Naive { document: &document, meanings: &meanings, revision, request, history: &history };
            let decision = policy.decide(request, &history);
            assert_eq!(by_id(&policy, &decision), naive.decide(), "{request:#?}\n{document:#?}\n{history:#?}");
            let mut traced = policy.decide_traced(request, &history);
            let trace = traced.trace.take().unwrap();
            assert_eq!(traced, decision);
            assert_eq!(in_batch, decision);
            assert_eq!(loaded.decide(request, &history), decision);
            let outcome = policy.decide_into(request, &history, &mut scratch);
            let at = |at: u32| policy.candidates()[at as usize];
            assert_eq!(outcome.chosen().map(at), decision.chosen);
            assert!(outcome.fates().iter().zip(&decision.fates).all(|(a, b)| a.step == b.step));
            // The trace tells the same story.
            let into = trace.funnel.first().unwrap().1 as usize;
            assert_eq!(into, policy.candidates().len());
            assert!(trace.funnel.windows(2).all(|pair| pair[0].2 == pair[1].1 && pair[1].1 >= pair[1].2));
            assert!(trace.candidates.iter().all(|c| c.sentence.ends_with('.')));
            for fate in &decision.fates {
                let kind = format!("{:?} {}", fate.step, crate::cases::kind(&fate.reason));
                *met.entry(kind).or_insert(0) += 1;
            }
            for slot in &decision.slots {
                let exact = if slot.draws == 0 { "exact" } else { "drawn" };
                *met.entry(format!("slot {:?} {exact}", slot.how)).or_insert(0) += 1;
                *met.entry(format!("sent later {}", slot.send_at > request.now)).or_insert(0) += 1;
            }
            *met.entry(format!("arm {}", decision.arm.is_some())).or_insert(0) += 1;
        }
    }
    // Every way a candidate can fare was met, so that the comparison means something.
    assert!(met.len() == WAYS && met.values().all(|n| *n >= 5), "{} {met:#?}", met.len());
}

/// Ways a candidate can fare, and a slot can be filled.
const WAYS: usize = 55;

/// Whether a batch, or a decision alone, is not the naive one somewhere among random policies.
fn disagree(seed: u64, documents: usize) -> bool {
    let mut random = Random::new(seed);
    (0..documents).any(|_| {
        let (document, meanings) = random::document(&mut random);
        let policy = compiled(&document);
        let history = random::history(&mut random, &document);
        let requests: Vec<_> = (0..12).map(|_| random::request(&mut random)).collect();
        let batch = policy.decide_batch(&crate::Columns::from_requests(&document.schema, &requests), &history);
        requests.iter().zip(batch).any(|(request, in_batch)| {
            let revision = policy.revision();
            let naive = Naive { document: &document, meanings: &meanings, revision, request, history: &history };
            let naive = naive.decide();
            by_id(&policy, &policy.decide(request, &history)) != naive || by_id(&policy, &in_batch) != naive
        })
    })
}

#[test]
fn planted_mistakes_are_caught() {
    assert!(!disagree(11, 30), "without a mistake there is none to find");
    let missed: Vec<Mutant> = mutant::ALL
        .into_iter()
        .filter(|mistake| {
            mutant::plant(Some(*mistake));
            let caught = disagree(11, 3_000);
            mutant::plant(None);
            !caught
        })
        .collect();
    assert!(missed.is_empty(), "{missed:?}");
}

/// Chance begins with the revision, so that another document draws otherwise.
fn without_chance(document: &mut Document) {
    document.exploration = None;
    let random = [HoldoutKind::ModelControl, HoldoutKind::Ablation(Arm::RandomEligible)];
    document.holdouts.retain(|holdout| !random.contains(&holdout.kind));
}

#[test]
fn the_order_of_candidates_never_matters() {
    let mut random = Random::new(2);
    for _ in 0..200 {
        let (mut document, _) = random::document(&mut random);
        without_chance(&mut document);
        let mut shuffled = document.clone();
        shuffled.actions.reverse();
        for action in &mut shuffled.actions {
            if random.chance(0.5) {
                action.treatments.reverse();
            }
        }
        let (policy, other) = (compiled(&document), compiled(&shuffled));
        let history = random::history(&mut random, &document);
        for _ in 0..10 {
            let request = random::request(&mut random);
            let (a, b) = (policy.decide(&request, &history), other.decide(&request, &history));
            assert_eq!(by_id(&policy, &a), by_id(&other, &b));
        }
    }
}

#[test]
fn a_guard_or_a_cap_only_removes() {
    let mut random = Random::new(3);
    // What stands by, and what a policy that does not decide left alone, is not blocked: it may be answered as a fallback.
    let blocks = |fate: &Fate| {
        let steps = [Step::Active, Step::Holdout, Step::Guard, Step::Override, Step::Contact];
        let open = matches!(fate.reason, Reason::Standby | Reason::PolicyOff | Reason::InputRefused { .. });
        steps.contains(&fate.step) && !open
    };
    for round in 0..400 {
        let (mut document, mut meanings) = random::document(&mut random);
        // Of several slots the first changes what is left for the others.
        document.slots = Slots::default();
        let mut stricter = document.clone();
        if round % 2 == 0 {
            let guard = random::guard(&mut random, &document, &mut meanings);
            stricter.rules.insert(random.below(document.rules.len() + 1), guard);
        } else {
            stricter.caps.insert(0, random::cap(&mut random, 99));
        }
        let (policy, stricter) = (compiled(&document), compiled(&stricter));
        let history = random::history(&mut random, &document);
        for _ in 0..10 {
            let request = random::request(&mut random);
            let (before, after) = (policy.decide(&request, &history), stricter.decide(&request, &history));
            for (before, after) in before.fates.iter().zip(&after.fates) {
                if blocks(before) {
                    assert!(after.step <= Step::Contact, "{before:?} {after:?}");
                }
            }
        }
    }
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let mut random = Random::new(4);
    for _ in 0..50 {
        let (document, _) = random::document(&mut random);
        let (one, two) = (compiled(&document), compiled(&document));
        let history = random::history(&mut random, &document);
        let request = random::request(&mut random);
        let text = |policy: &Policy| ron::to_string(&policy.decide_traced(&request, &history)).unwrap();
        assert_eq!(text(&one), text(&two));
    }
}

/// Whatever the policy: the probabilities of a slot add up to 1, nobody but the open survivors of one tier has any, and what was
/// drawn has some. A policy without chance is the limit of one with it.
#[test]
fn chance_is_a_distribution_over_those_who_may_be_chosen() {
    let mut random = Random::new(5);
    let (mut drawn, mut by_chance) = (0, 0);
    for round in 0..400 {
        let (mut document, _) = random::document(&mut random);
        without_chance(&mut document);
        // Who is chosen first decides who is called for the slots after it.
        document.actions.iter_mut().flat_map(|action| &mut action.treatments).for_each(|t| t.standby = false);
        let certain = compiled(&document);
        document.exploration = Some(match round % 3 {
            0 => Exploration::EpsilonGreedy { epsilon: *random.pick(&[0.0, 0.3, 1.0]) },
            1 => Exploration::Softmax { temperature: *random.pick(&[0.1, 1.0]) },
            _ => Exploration::Thompson { draws: 20 },
        });
        let policy = compiled(&document);
        let history = random::history(&mut random, &document);
        for i in 0..10 {
            let request = Request { decision_id: format!("{i}"), ..random::request(&mut random) };
            let (decision, best) = (policy.decide(&request, &history), certain.decide(&request, &history));
            assert_eq!(decision.ranked.len(), best.ranked.len());
            assert_eq!(decision.slots.is_empty(), best.slots.is_empty());
            for slot in decision.slots.iter().filter(|slot| matches!(slot.how, How::Arbitration | How::Exploration)) {
                drawn += 1;
                by_chance += usize::from(slot.how == How::Exploration);
                let sum: f64 = slot.probabilities.iter().map(|(_, p)| p).sum();
                assert!((sum - 1.0).abs() < 1e-12 && slot.probability > 0.0, "{slot:?}");
                let tier = |candidate| decision.ranked.iter().find(|r| r.candidate == candidate).unwrap().tier;
                let own = slot.probabilities.iter().find(|(candidate, _)| *candidate == slot.candidate).unwrap();
                assert_eq!(own.1, slot.probability);
                let likely = slot.probabilities.iter().filter(|(_, p)| *p > 0.0);
                assert!(likely.clone().all(|(candidate, _)| tier(*candidate) == tier(slot.candidate)));
                if tier(slot.candidate) == crate::outcome::Tier::Mandatory {
                    assert_eq!((likely.count(), slot.how), (1, How::Arbitration));
                }
            }
            if document.exploration == Some(Exploration::EpsilonGreedy { epsilon: 0.0 }) {
                assert_eq!(by_id(&policy, &decision), by_id(&certain, &best));
            }
        }
    }
    assert!(drawn > 1_000 && by_chance > 50, "{drawn} {by_chance}");
}
