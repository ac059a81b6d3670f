//! The law of lowering: what the policy scores for a subject and a candidate is what the recommender scores, bit for bit.

use super::*;
use crate::models::{Calibrate, metrics};
use attune_policy::Value;
use attune_policy::model::{Fact, Scorer, Scratch};
use attune_policy::row::{Column, Row};
use attune_policy::value::Type;

#[test]
fn the_policy_scores_what_the_recommender_scores() {
    let (subjects, items) = (120, 40);
    let interactions = tastes(subjects, items, 14, 7);
    // Only the first 60 days: some subjects and items have nothing yet.
    let baskets = interactions.baskets(Some(20 * DAY));
    let catalogue = catalogue(subjects, items);
    let names = &catalogue.segments.as_ref().unwrap().names;
    let fields = Fields::default();
    let columns: Vec<Column> = [&fields.subject, &fields.segment, &fields.basket]
        .map(|name| Column { name: name.clone(), type_: Type::Text })
        .to_vec();
    let facts = [Fact { name: "item".into(), type_: Some(Type::Text) }];
    for method in methods() {
        let recommender = fit(&method, &baskets, &catalogue, &Task::default()).unwrap();
        let model = lower(&recommender, &interactions, names, &fields, "recommend", None).unwrap();
        let text = ron::to_string(&model).unwrap();
        assert_eq!(ron::from_str::<attune_policy::model::Model>(&text).unwrap(), model, "it reads back as written");
        let scorer = Scorer::compile_with(&model, &columns, &facts).unwrap();
        let (mut scratch, mut scores) = (Scratch::default(), Vec::new());
        let (mut degraded, mut compared) = (0, 0);
        for subject in 0..subjects + 1 {
            let basket = baskets.basket(subject);
            let segment = catalogue.segments.as_ref().unwrap().of.get(subject).copied().flatten();
            let who = Who { subject: (!basket.is_empty()).then_some(subject as u32), segment, basket: &basket };
            recommender.scores(who, &mut scores);
            let listed: Vec<&str> = basket.iter().map(|item| &*interactions.items[*item as usize]).collect();
            let row = [
                Value::text(format!("s{subject}")),
                segment.map_or(Value::Unknown, |segment| Value::text(names[segment as usize].clone())),
                Value::text(listed.join(" ; ")),
            ];
            for item in (0..items).filter(|item| recommender.known[*item]) {
                let fact = [Value::text(interactions.items[item].clone())];
                let scored = scorer.score_candidate(&Row::complete(&row), &fact[..] as &[Value], &mut scratch);
                assert_eq!(scored.value.to_bits(), scores[item].to_bits(), "{}: s{subject}, i{item}", method.words());
                degraded += usize::from(scored.degraded());
                compared += 1;
            }
        }
        // Subjects without a past are answered by popularity, and the policy says that it is a stand-in.
        let stands_in = !matches!(method, Method::Popularity | Method::SegmentPopularity { .. });
        assert!((degraded > 0) == stands_in && degraded * 4 < compared, "{}: {degraded} of {compared}", method.words());
        let unknown = [Value::text("i999")];
        let scored = scorer.score_candidate(
            &Row::complete(&[Value::Unknown, Value::Unknown, Value::text("i1")]),
            unknown.as_slice(),
            &mut scratch,
        );
        assert_eq!(scored.value, 0.0, "{}: an item nobody knows", method.words());
    }
}

#[test]
fn a_calibrated_model_gives_the_probability_of_the_score() {
    let (subjects, items) = (1_200, 40);
    let interactions = tastes(subjects, items, 14, 9);
    let catalogue = catalogue(subjects, items);
    let names = &catalogue.segments.as_ref().unwrap().names;
    let options = Options { at: Some(60 * DAY), ..Options::default() };
    let fields = Fields::default();
    let columns: Vec<Column> = [&fields.subject, &fields.segment, &fields.basket]
        .map(|name| Column { name: name.clone(), type_: Type::Text })
        .to_vec();
    let facts = [Fact { name: "item".into(), type_: Some(Type::Text) }];
    let baskets = interactions.baskets(None);
    for (method, how) in methods().into_iter().flat_map(|m| [(m.clone(), Calibrate::Isotonic), (m, Calibrate::Platt)]) {
        let what = format!("{} by {how:?}", method.words());
        let own = calibrate(&method, &interactions, &catalogue, how, &options, &Task::default()).unwrap();
        // On subjects that had no part in it: what is said comes true, on the whole and among alike scores.
        assert_eq!(own.subjects[0] + own.subjects[1], interactions.baskets(Some(60 * DAY)).active() as u64);
        assert!((own.days - 40.0).abs() < 1.0, "{}", own.days);
        assert!((own.predicted / own.observed - 1.0).abs() < 0.1, "{what}: {} and {}", own.predicted, own.observed);
        let most = if how == Calibrate::Isotonic { 0.02 } else { 0.06 };
        assert!(own.quality.ece_quantile < most, "{what}: {:?}", own.quality.ece_quantile);
        let base = metrics::log_loss(
            &[own.observed; 1_000],
            &(0..1_000).map(|i| f64::from(i) < 1_000.0 * own.observed).collect::<Vec<bool>>(),
        );
        assert!(own.quality.log_loss < base, "{what}: {} and {base} of one number for all", own.quality.log_loss);

        let recommender = fit(&method, &baskets, &catalogue, &Task::default()).unwrap();
        let plain = lower(&recommender, &interactions, names, &fields, "r", None).unwrap();
        assert!(plain.name.ends_with("(rank score)") && plain.target.contains("a number to rank by, not"), "{plain:?}");
        let model = lower(&recommender, &interactions, names, &fields, "r", Some(&own)).unwrap();
        assert!(
            !model.name.contains("rank") && model.target.starts_with("probability that the subject takes the item")
        );
        assert_eq!(ron::from_str::<attune_policy::model::Model>(&ron::to_string(&model).unwrap()).unwrap(), model);
        let scorer = Scorer::compile_with(&model, &columns, &facts).unwrap();
        let (mut scratch, mut scores) = (Scratch::default(), Vec::new());
        for subject in (0..subjects).step_by(97) {
            let basket = baskets.basket(subject);
            let segment = catalogue.segments.as_ref().unwrap().of[subject];
            recommender.scores(Who { subject: Some(subject as u32), segment, basket: &basket }, &mut scores);
            let listed: Vec<&str> = basket.iter().map(|item| &*interactions.items[*item as usize]).collect();
            let row = [
                Value::text(format!("s{subject}")),
                segment.map_or(Value::Unknown, |segment| Value::text(names[segment as usize].clone())),
                Value::text(listed.join(";")),
            ];
            for item in (0..items).filter(|item| recommender.known[*item]) {
                let fact = [Value::text(interactions.items[item].clone())];
                let scored = scorer.score_candidate(&Row::complete(&row), &fact[..] as &[Value], &mut scratch);
                assert_eq!(
                    scored.value.to_bits(),
                    own.probability(scores[item]).to_bits(),
                    "{what}: s{subject}, i{item}"
                );
                assert!((0.0..=1.0).contains(&scored.value));
            }
        }
    }
    let refused = |how, options: &Options| {
        let found = calibrate(&Method::Popularity, &interactions, &catalogue, how, options, &Task::default());
        found.unwrap_err().to_string()
    };
    assert!(refused(Calibrate::None, &options).contains("isotonic or platt"));
    let late = Options { at: Some(99 * DAY + DAY / 2), ..Options::default() };
    assert!(refused(Calibrate::Isotonic, &late).contains("too few"), "{}", refused(Calibrate::Isotonic, &late));
    let task = Task::default();
    task.cancel();
    let stopped = calibrate(&Method::ease(), &interactions, &catalogue, Calibrate::Platt, &options, &task);
    assert!(stopped.unwrap_err().is_cancelled());
}

#[test]
fn names_that_no_basket_can_hold_are_refused() {
    let events = vec![
        Interaction { subject: 0, item: 0, weight: 1.0, time: 0 },
        Interaction { subject: 0, item: 1, weight: 1.0, time: 0 },
    ];
    let interactions = Interactions::new(named("s", 1), vec!["a;b".into(), "c".into()], events).unwrap();
    let baskets = interactions.baskets(None);
    let recommender =
        fit(&Method::ItemKnn { neighbours: 5, shrinkage: 0.0 }, &baskets, &Catalogue::default(), &Task::default())
            .unwrap();
    let error = lower(&recommender, &interactions, &[], &Fields::default(), "r", None).unwrap_err().to_string();
    assert!(error.contains("\"a;b\"") && error.contains("separator"), "{error}");
    let fields = Fields { separator: "|".into(), ..Fields::default() };
    lower(&recommender, &interactions, &[], &fields, "r", None).unwrap();
}
