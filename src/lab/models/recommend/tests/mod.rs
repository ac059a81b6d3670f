//! Recommenders against dense references, worlds with known tastes, the law of lowering, and real purchases.

mod evaluation;
mod lowered;
mod ranking;
mod reference;
mod retail;
mod world;

use super::*;
use crate::random::Random;
use crate::task::Task;
use std::sync::Arc;

const DAY: i64 = 86_400_000;

fn named(prefix: &str, n: usize) -> Vec<Arc<str>> {
    (0..n).map(|i| Arc::from(format!("{prefix}{i}"))).collect()
}

/// Rows of a dense 0/1 matrix as baskets.
fn dense(rows: &[&[u8]]) -> Baskets {
    let cells = |row: &[u8]| (0..).zip(row).filter(|(_, x)| **x > 0).map(|(i, x)| (i, f64::from(*x))).collect();
    Baskets::new(rows[0].len(), rows.iter().map(|row| cells(row)).collect())
}

/// Subjects of two tastes over two halves of the items: nine takes in ten fall into the own half, which a favourite part of makes up
/// most. Days 0 to 99.
fn tastes(subjects: usize, items: usize, takes: usize, seed: u64) -> Interactions {
    let mut random = Random::new(seed);
    let mut events = Vec::new();
    for subject in 0..subjects as u32 {
        let half = subject as usize % 2;
        for _ in 0..takes {
            let side = if random.chance(0.9) { half } else { 1 - half };
            // Squared: early items of a half are the popular ones.
            let within = (random.uniform() * random.uniform() * (items / 2) as f64) as usize;
            let time = (random.uniform() * 100.0) as i64 * DAY;
            events.push(Interaction { subject, item: (side * items / 2 + within) as u32, weight: 1.0, time });
        }
    }
    Interactions::new(named("s", subjects), named("i", items), events).unwrap()
}

/// Items of each half share a word, and six in a row another.
fn words(items: usize) -> Attributes {
    let tokens =
        |item: usize| [Arc::from(if item < items / 2 { "tea" } else { "tool" }), Arc::from(format!("n{}", item / 6))];
    Attributes { items: (0..items).map(|item| tokens(item).into_iter().map(|t| (t, 1)).collect()).collect() }
}

/// Two segments, each most of one taste.
fn segments(subjects: usize) -> Segments {
    let of = (0..subjects as u32).map(|s| (s % 7 != 0).then_some(if s % 5 == 0 { 1 - s % 2 } else { s % 2 })).collect();
    Segments { names: vec!["north".into(), "south".into()], of }
}

fn catalogue(subjects: usize, items: usize) -> Catalogue {
    Catalogue { attributes: Some(words(items)), segments: Some(segments(subjects)) }
}

/// Every method, small enough for tests.
fn methods() -> Vec<Method> {
    vec![
        Method::Popularity,
        Method::segment_popularity(),
        Method::ItemKnn { neighbours: 10, shrinkage: 5.0 },
        Method::Ease { l2: 20.0, keep: 15 },
        Method::Als { factors: 6, l2: 3.0, alpha: 4.0, iterations: 6, seed: 1 },
        Method::Content { neighbours: 12 },
        Method::Hybrid { l2: 20.0, keep: 15, cold_below: 5, content: 0.1 },
    ]
}
