//! Features over events for many rows per subject, beside looking at every event of the subject for every row.
//!
//! `cargo bench -p attune-lab --bench features`; `EVENTS` in the environment changes the size. The other side is the same four
//! features written out by hand over events that are already sorted by subject. It prints; nothing fails by time.

use attune_lab::data::Dataset;
use attune_lab::data::cells::{Cells, Dictionary};
use attune_lab::features::events::{Declared, EventTable, Moments, compute};
use attune_lab::random::Random;
use attune_lab::task::Task;
use attune_policy::schema::{Aggregate, EventFeature, Window};
use std::hint::black_box;
use std::time::Instant;

const DAY: i64 = 86_400_000;
/// Rows of each subject, as in a log of decisions.
const ROWS: usize = 20;
/// Events of each subject.
const EACH: usize = 200;

fn main() {
    let events: usize = std::env::var("EVENTS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let subjects = (events / EACH).max(1);
    let (keys, times, amounts) = world(subjects);
    let values = (0..subjects).map(|subject| format!("c{subject}").into()).collect::<Vec<_>>();
    let codes = |per: usize| (0..subjects as u32).flat_map(|subject| vec![subject; per]).collect::<Vec<u32>>();
    let data = Dataset::from_columns(
        "events",
        vec![
            ("who".into(), Cells::Text(Dictionary { codes: keys.clone(), values: values.clone().into() })),
            ("at".into(), Cells::Time(times.clone())),
            ("amount".into(), Cells::Number(amounts.clone())),
        ],
    )
    .expect("columns of one length");
    let as_of: Vec<i64> = (0..subjects * ROWS).map(|row| (row % ROWS + 1) as i64 * 30 * DAY).collect();
    let moments = Moments { keys: Dictionary { codes: codes(ROWS), values: values.into() }, as_of: as_of.clone() };
    let table = EventTable { name: "events", dataset: &data, key: "who", time: "at" };
    let of = |aggregate| EventFeature::new("events", aggregate).within(Window::Days(365));
    let features = [
        Declared::new("count", of(Aggregate::Count)),
        Declared::new("sum", of(Aggregate::Sum("amount".into()))),
        Declared::new("max", of(Aggregate::Max("amount".into()))),
        Declared::new("last", of(Aggregate::DaysSinceLast)),
    ];
    let began = Instant::now();
    let found = compute(&features, &[table], &moments, &Task::default()).expect("features are sound");
    let ours = began.elapsed().as_secs_f64();
    black_box(&found);

    let began = Instant::now();
    let mut sums = vec![[f64::NAN; 4]; as_of.len()];
    for (row, (now, sums)) in as_of.iter().zip(&mut sums).enumerate() {
        let subject = row / ROWS;
        let (mut count, mut sum, mut max, mut last) = (0.0, 0.0, f64::NAN, f64::NAN);
        for event in subject * EACH..(subject + 1) * EACH {
            let time = times[event];
            if time >= now - 365 * DAY && time < *now {
                count += 1.0;
                sum += amounts[event];
                max = amounts[event].max(max);
                last = ((now - time) as f64 / DAY as f64).min(last);
            }
        }
        *sums = [count, sum, max, last];
    }
    let naive = began.elapsed().as_secs_f64();
    let Some(Cells::Integer(counts)) = found.cells.first() else { panic!("a count is whole") };
    assert!(counts.iter().zip(&sums).all(|(ours, naive)| *ours as f64 == naive[0]), "the two disagree");
    println!("4 features, {} events, {} rows", data.rows(), moments.len());
    println!("  ours, sorting included: {ours:.3} s; looking at every event: {naive:.3} s");
    println!("ratio naive / ours: {:.2}", naive / ours);
}

/// Keys, times and amounts of events, sorted by subject alone.
fn world(subjects: usize) -> (Vec<u32>, Vec<i64>, Vec<f64>) {
    let mut random = Random::new(3);
    let (mut keys, mut times, mut amounts) = (Vec::new(), Vec::new(), Vec::new());
    for subject in 0..subjects as u32 {
        for _ in 0..EACH {
            keys.push(subject);
            times.push((random.uniform() * 600.0 * DAY as f64) as i64);
            amounts.push((random.uniform() * 10_000.0).round() / 100.0);
        }
    }
    (keys, times, amounts)
}
