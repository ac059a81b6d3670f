//! Worlds whose tastes are known: what is recommended follows them, cold subjects and items fall back as declared.

use super::*;

#[test]
fn personal_methods_find_the_taste_and_never_offer_what_is_had() {
    let interactions = tastes(400, 60, 12, 3);
    let baskets = interactions.baskets(None);
    for method in methods() {
        let recommender = fit(&method, &baskets, &catalogue(400, 60), &Task::default()).unwrap();
        let (mut own, mut all) = (0, 0);
        for subject in 0..400 {
            let basket = baskets.basket(subject);
            let who = Who { subject: Some(subject as u32), segment: None, basket: &basket };
            let list = recommender.recommend(who, 5);
            assert_eq!(list.len(), 5);
            assert!(list.is_sorted_by(|a, b| a.1 >= b.1));
            assert!(list.iter().all(|(item, _)| !basket.contains(item)), "{}", method.words());
            own += list.iter().filter(|(item, _)| *item as usize / 30 == subject % 2).count();
            all += list.len();
        }
        let share = own as f64 / all as f64;
        let personal = !matches!(method, Method::Popularity | Method::SegmentPopularity { .. });
        assert!(if personal { share > 0.8 } else { share < 0.7 }, "{}: {share} from the own half", method.words());
    }
}

#[test]
fn who_is_new_gets_what_is_popular() {
    let interactions = tastes(200, 40, 10, 4);
    let baskets = interactions.baskets(None);
    let counts = baskets.counts();
    for method in methods() {
        let recommender = fit(&method, &baskets, &catalogue(200, 40), &Task::default()).unwrap();
        let list = recommender.recommend(Who::default(), 3);
        let mut sorted = counts.clone();
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        let offered: Vec<u32> = list.iter().map(|(item, _)| counts[*item as usize]).collect();
        assert_eq!(offered, sorted[..3], "{}", method.words());
    }
    let recommender = fit(&Method::segment_popularity(), &baskets, &catalogue(200, 40), &Task::default()).unwrap();
    let top = |segment| recommender.recommend(Who { segment: Some(segment), ..Who::default() }, 3);
    assert!(top(0).iter().all(|(item, _)| *item < 20) && top(1).iter().all(|(item, _)| *item >= 20), "segments differ");
}

#[test]
fn an_item_nobody_took_is_offered_for_what_it_is() {
    let interactions = tastes(200, 40, 10, 4);
    // Items 0 and 20 are taken by nobody.
    let kept = interactions.events().iter().filter(|event| event.item % 20 != 0).copied().collect();
    let interactions = Interactions::new(interactions.subjects.clone(), interactions.items.clone(), kept).unwrap();
    let baskets = interactions.baskets(None);
    let catalogue = catalogue(200, 40);
    for method in methods() {
        let recommender = fit(&method, &baskets, &catalogue, &Task::default()).unwrap();
        let by_content = matches!(method, Method::Content { .. } | Method::Hybrid { .. });
        assert_eq!(recommender.known[0], by_content, "{}", method.words());
        if by_content {
            let basket = [1, 2, 3];
            let mut scores = Vec::new();
            recommender.scores(Who { basket: &basket, ..Who::default() }, &mut scores);
            assert!(scores[0] > 2.0 * scores[20].max(0.01), "{}: {} and {}", method.words(), scores[0], scores[20]);
        }
    }
}

#[test]
fn what_is_missing_or_out_of_range_is_said() {
    let baskets = dense(&[&[1, 1], &[0, 1]]);
    let none = Catalogue::default();
    let refused = |method: Method| fit(&method, &baskets, &none, &Task::default()).unwrap_err().to_string();
    let table = [
        (Method::content(), "columns that describe an item"),
        (Method::hybrid(), "columns that describe an item"),
        (Method::segment_popularity(), "column of segments"),
        (Method::Ease { l2: 0.0, keep: 1 }, "l2 must be above 0"),
        (Method::ItemKnn { neighbours: 0, shrinkage: 1.0 }, "neighbours must be 1 or more"),
        (Method::Als { factors: 0, l2: 1.0, alpha: 1.0, iterations: 1, seed: 0 }, "factors must be 1 to 512"),
    ];
    for (method, words) in table {
        let error = refused(method);
        assert!(error.contains(words), "{error}");
    }
    let empty = Baskets::new(2, vec![vec![]]);
    assert!(
        fit(&Method::Popularity, &empty, &none, &Task::default()).unwrap_err().to_string().contains("no interaction")
    );
    let task = Task::default();
    task.cancel();
    for method in methods() {
        assert!(fit(&method, &baskets, &catalogue(2, 2), &task).unwrap_err().is_cancelled(), "{}", method.words());
    }
}
