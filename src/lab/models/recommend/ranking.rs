//! Quality of one ranked list: precision, recall, average precision and normalised discounted cumulative gain at k.
//!
//! `hits` says for each place of the list, best first, whether its item was relevant; `relevant` is how many there were to find, above
//! 0. A list shorter than k is taken as if it went on without hits.

/// What the numbers mean, for screens and reports.
pub const DEFINITIONS: &[(&str, &str)] = &[
    ("precision", "relevant items among the first k, divided by k"),
    ("recall", "relevant items among the first k, divided by all relevant items"),
    ("MAP", "mean over subjects of average precision: Σ precision at each hit / min(relevant, k)"),
    ("NDCG", "Σ 1/log2(place + 1) over hits, divided by its largest possible value"),
    ("hit rate", "share of subjects with a relevant item among the first k"),
    ("coverage", "share of the items with anything to say about that are in anyone's first k"),
    ("novelty", "mean over what was recommended of −log2(share of subjects that have the item)"),
];

/// Relevant items among the first `k`, divided by `k`.
pub fn precision(hits: &[bool], k: usize) -> f64 {
    found(hits, k) / k.max(1) as f64
}

/// Relevant items among the first `k`, divided by all relevant ones.
pub fn recall(hits: &[bool], k: usize, relevant: usize) -> f64 {
    found(hits, k) / relevant.max(1) as f64
}

/// `Σ precision@place` over the hits among the first `k`, divided by `min(relevant, k)`.
pub fn average_precision(hits: &[bool], k: usize, relevant: usize) -> f64 {
    let (mut seen, mut sum) = (0.0, 0.0);
    for (place, _) in hits.iter().take(k).enumerate().filter(|(_, hit)| **hit) {
        seen += 1.0;
        sum += seen / (place + 1) as f64;
    }
    sum / relevant.min(k).max(1) as f64
}

/// `Σ 1/log2(place + 1)` over the hits among the first `k` (places from 1), divided by the sum of the first `min(relevant, k)` places.
pub fn ndcg(hits: &[bool], k: usize, relevant: usize) -> f64 {
    let gain = |place: usize| 1.0 / libm::log2((place + 2) as f64);
    let got: f64 = hits.iter().take(k).enumerate().filter(|(_, hit)| **hit).map(|(place, _)| gain(place)).sum();
    let best: f64 = (0..relevant.min(k).max(1)).map(gain).sum();
    got / best
}

fn found(hits: &[bool], k: usize) -> f64 {
    hits.iter().take(k).filter(|hit| **hit).count() as f64
}
