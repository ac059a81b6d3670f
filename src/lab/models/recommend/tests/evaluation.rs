//! The split in time: what counts as relevant, who is in which group, and that better knowledge looks better.

use super::super::ranking;
use super::*;

#[test]
fn numbers_are_those_of_a_naive_evaluation() {
    let interactions = tastes(150, 30, 8, 5);
    let options = Options { k: 5, at: Some(60 * DAY), resamples: 200, ..Options::default() };
    let method = Method::ItemKnn { neighbours: 10, shrinkage: 5.0 };
    let own =
        compare(&interactions, &catalogue(150, 30), &[Method::Popularity, method.clone()], &options, &Task::default())
            .unwrap();
    let before = interactions.baskets(Some(60 * DAY));
    let recommender = fit(&method, &before, &Catalogue::default(), &Task::default()).unwrap();
    let (mut n, mut sums, mut shown) = (0.0, [0.0; 5], std::collections::BTreeSet::new());
    for subject in 0..150u32 {
        let had = before.basket(subject as usize);
        let mut news: Vec<u32> = interactions
            .events()
            .iter()
            .filter(|e| e.subject == subject && e.time >= 60 * DAY && !had.contains(&e.item))
            .map(|e| e.item)
            .collect();
        news.sort_unstable();
        news.dedup();
        if news.is_empty() {
            continue;
        }
        let list = recommender.recommend(Who { subject: Some(subject), segment: None, basket: &had }, 5);
        let hits: Vec<bool> = list.iter().map(|(item, _)| news.contains(item)).collect();
        shown.extend(list.iter().map(|(item, _)| *item));
        n += 1.0;
        sums[0] += ranking::precision(&hits, 5);
        sums[1] += ranking::recall(&hits, 5, news.len());
        sums[2] += ranking::average_precision(&hits, 5, news.len());
        sums[3] += ranking::ndcg(&hits, 5, news.len());
        sums[4] += f64::from(u8::from(hits.contains(&true)));
    }
    let all = own.methods[1].all().unwrap();
    assert_eq!(all.n as f64, n);
    for (own, sum) in [all.precision, all.recall, all.map, all.ndcg, all.hit_rate].iter().zip(sums) {
        assert!((own.value - sum / n).abs() < 1e-12);
        assert!(own.low < own.value && own.value < own.high, "{own:?}");
    }
    let known = recommender.known.iter().filter(|known| **known).count();
    assert!((own.methods[1].coverage - shown.len() as f64 / known as f64).abs() < 1e-12);
    assert_eq!(own.test.subjects as f64, n);
}

#[test]
fn taste_beats_popularity_and_cold_groups_are_told_apart() {
    let (subjects, items) = (600, 60);
    let interactions = tastes(subjects, items, 9, 6);
    // Item 5 is new after the split; every eleventh subject has only later events.
    let events = interactions.events().iter().filter(|e| {
        let early = e.time < 50 * DAY;
        !(early && (e.item == 5 || e.subject % 11 == 0))
    });
    let interactions =
        Interactions::new(interactions.subjects.clone(), interactions.items.clone(), events.copied().collect())
            .unwrap();
    let options = Options { k: 5, at: Some(50 * DAY), resamples: 200, ..Options::default() };
    let comparison =
        compare(&interactions, &catalogue(subjects, items), &methods(), &options, &Task::default()).unwrap();
    let by = |name: &str| comparison.methods.iter().find(|m| m.name == name).unwrap();
    for name in ["item-kNN", "EASE", "ALS", "hybrid"] {
        let gain = by(name).against_popularity.unwrap();
        assert!(gain.low > 0.0, "{name} against popularity: {gain:?}");
    }
    // New subjects: nothing to go by but popularity, so the numbers are the same.
    let new = |name: &str| by(name).group("new subjects").unwrap().ndcg.value;
    assert!(new("popularity") > 0.0);
    assert!(["item-kNN", "EASE", "ALS"].iter().all(|name| new(name) == new("popularity")));
    // Items that nobody had: only what they are can bring them.
    let cold = |name: &str| by(name).group("cold items").unwrap().recall.value;
    assert!(cold("EASE") == 0.0 && cold("content") > 0.0, "{} {}", cold("EASE"), cold("content"));
    let everyone = by("EASE").all().unwrap().n;
    let parts: u64 =
        ["hot subjects", "cold subjects", "new subjects"].iter().filter_map(|g| by("EASE").group(g)).map(|g| g.n).sum();
    assert_eq!(parts, everyone);
    assert!(by("ALS").novelty > by("popularity").novelty && by("ALS").coverage > by("popularity").coverage);
}

#[test]
fn the_same_arguments_give_the_same_numbers_on_any_number_of_threads() {
    let interactions = tastes(120, 30, 8, 5);
    let options = Options { k: 5, resamples: 50, subjects: 60, ..Options::default() };
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| compare(&interactions, &catalogue(120, 30), &methods(), &options, &Task::default()).unwrap())
    };
    let one = run(1);
    assert_eq!(one, run(3));
    assert_eq!(one.test.subjects, 60);
    assert!(one.notes.iter().any(|note| note.contains("a sample of 60")), "{:?}", one.notes);
    let text = serde_json::to_string(&one).unwrap();
    assert_eq!(serde_json::from_str::<Comparison>(&text).unwrap().methods.len(), 7);
}

#[test]
fn a_split_without_a_side_is_refused() {
    let interactions = tastes(20, 10, 4, 5);
    for (at, words) in [(-1, "before the split"), (1000 * DAY, "after the split")] {
        let options = Options { at: Some(at), ..Options::default() };
        let error = compare(&interactions, &Catalogue::default(), &[Method::Popularity], &options, &Task::default())
            .unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
    let bad = Interaction { subject: 9, item: 0, weight: 1.0, time: 0 };
    assert!(
        Interactions::new(named("s", 1), named("i", 1), vec![bad]).unwrap_err().to_string().contains("subject 9 of 1")
    );
    let bad = Interaction { subject: 0, item: 0, weight: f64::NAN, time: 0 };
    assert!(Interactions::new(named("s", 1), named("i", 1), vec![bad]).is_err());
}
