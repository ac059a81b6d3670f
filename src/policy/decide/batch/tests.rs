//! Batches decide as requests alone: over random policies, requests and histories, in batches of many sizes.

use crate::columns::Columns;
use crate::decide::random;
use crate::language::columns::BATCH;
use crate::testing::Random;
use crate::{BatchScratch, Outcome, Policy, Scratch};

/// Everything an outcome says.
fn told(outcome: &Outcome) -> String {
    let places = outcome.places().iter().enumerate().map(|(at, place)| (place, outcome.likelihoods(at)));
    let places: Vec<_> = places.collect();
    let (ranked, fates, failures) = (outcome.ranked(), outcome.fates(), outcome.failures());
    let rest = (outcome.rung(), outcome.holdout(), outcome.arm(), outcome.shadow(), outcome.mode());
    format!("{places:?} {ranked:?} {fates:?} {failures:?} {rest:?}")
}

#[test]
fn a_row_of_a_batch_is_decided_as_its_request_alone() {
    let mut random = Random::new(31);
    let mut scratch = Scratch::default();
    let mut space = BatchScratch::default();
    let (mut degraded, mut chosen) = (0, 0);
    for round in 0..60 {
        let (document, _) = random::document(&mut random);
        let policy = Policy::compile(document.clone()).unwrap();
        let history = random::history(&mut random, &document);
        let rows = if round % 20 == 0 { BATCH + 70 } else { random.below(130) };
        let requests: Vec<_> = (0..rows).map(|_| random::request(&mut random)).collect();
        let columns = Columns::from_requests(&document.schema, &requests);
        let batch = policy.decide_batch(&columns, &history);
        assert_eq!(batch.len(), rows);
        for (request, in_batch) in requests.iter().zip(&batch) {
            assert_eq!(*in_batch, policy.decide_with(request, &history, &mut scratch), "{request:#?}\n{document:#?}");
            degraded += usize::from(in_batch.degraded);
            chosen += usize::from(in_batch.chosen.is_some());
        }
        // The same in numbers, in space that other policies used before.
        let mut seen = 0;
        policy.decide_batch_into(&columns, &history, &mut space, &mut |row, outcome| {
            assert_eq!(row, seen);
            let alone = policy.decide_into(&requests[row], &history, &mut scratch);
            assert_eq!(told(outcome), told(alone));
            seen += 1;
        });
        assert_eq!(seen, rows);
    }
    assert!(degraded > 100 && chosen > 1_000, "{degraded} {chosen}");
}
