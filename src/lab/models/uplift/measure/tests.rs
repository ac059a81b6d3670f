//! Uplift numbers against the reference files, against their definitions written out again, and in worlds of known effect.

use super::curve::{Kind, Ranking, area};
use super::metrics::{TopOf, sklift_auc, uplift_at, weighted_average_uplift};
use super::profit::{Prices, best, profit_curve};
use super::rate::rate;
use super::*;
use crate::data::import::{ImportOptions, import};
use crate::models::testing::shared;
use crate::random::Random;
use crate::task::Task;

#[test]
fn every_number_of_the_reference_files() {
    let Some(path) = shared("reference/uplift/expected.json") else { return };
    let expected: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut compared = 0;
    for (file, scores) in expected.as_object().unwrap() {
        let path = shared(&format!("reference/uplift/{file}.csv")).unwrap();
        let dataset = import(&path, &ImportOptions::default(), &Task::default()).unwrap().dataset;
        let column = |name: &str| dataset.cells(name).unwrap().numbers().unwrap();
        let treated: Vec<bool> = column("treatment").iter().map(|t| *t == 1.0).collect();
        let outcomes = column("y");
        for (score, numbers) in scores.as_object().unwrap() {
            let near = |key: &str, value: f64, reference: &serde_json::Value| {
                let reference = reference.as_f64().unwrap();
                let tolerance = 1e-9 * reference.abs().max(1.0);
                assert!((value - reference).abs() <= tolerance, "{file} {score} {key}: {value}, expected {reference}");
            };
            if !numbers.is_object() {
                let scores = vec![0.0; treated.len()];
                let trial = Trial { scores: &scores, treated: &treated, outcomes: &outcomes };
                let found = evaluate(trial, Ask { replicates: 0, ..Ask::default() }, &Task::default()).unwrap();
                let value = match score.as_str() {
                    "test_ate" => found.ate,
                    "n_test" => found.n as f64,
                    "n_t" => found.treated as f64,
                    other => panic!("what is {other}?"),
                };
                near(score, value, numbers);
                compared += 1;
                continue;
            }
            let scores = column(score);
            let trial = Trial { scores: &scores, treated: &treated, outcomes: &outcomes };
            let found = evaluate(trial, Ask { replicates: 0, ..Ask::default() }, &Task::default()).unwrap();
            for (key, reference) in numbers.as_object().unwrap() {
                let metric = found.metric(key).unwrap_or_else(|| panic!("no metric {key}"));
                near(key, metric.value.unwrap(), reference);
                compared += 1;
            }
        }
    }
    assert!(compared > 50, "{compared} numbers were compared");
}

/// Effect rises with x from −0.1 to 0.3; the score is x, noise or its reverse.
fn world(rows: usize, seed: u64) -> (Vec<f64>, Vec<bool>, Vec<f64>) {
    let mut random = Random::new(seed);
    let mut out = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rows {
        let x = random.uniform();
        let treated = random.chance(0.4);
        let rate = 0.3 + if treated { 0.4 * x - 0.1 } else { 0.0 };
        out.0.push(x);
        out.1.push(treated);
        out.2.push(f64::from(u8::from(random.chance(rate))));
    }
    out
}

#[test]
fn a_good_score_shows_and_a_random_one_does_not() {
    let (x, treated, outcomes) = world(20_000, 3);
    let mut random = Random::new(4);
    let noise: Vec<f64> = x.iter().map(|_| random.uniform()).collect();
    let ask = Ask { replicates: 300, ..Ask::default() };
    let evaluation = |scores: &[f64]| {
        evaluate(Trial { scores, treated: &treated, outcomes: &outcomes }, ask, &Task::default()).unwrap()
    };
    let (good, random) = (evaluation(&x), evaluation(&noise));
    for key in ["sklift_qini_auc", "sklift_uplift_auc", "causalml_qini_norm", "autoc", "rate_qini"] {
        let (low, _) = good.metric(key).unwrap().interval.unwrap();
        assert!(low > 0.0, "{key}: {:?}", good.metric(key));
        let (low, high) = random.metric(key).unwrap().interval.unwrap();
        assert!(low < 0.0 && high > 0.0, "{key} of noise: {:?}", random.metric(key));
    }
    // The effect is 0.1 on average; TOC(q) = 0.2 (1 − q), so AUTOC is 0.1 and the Qini weighting 1/30.
    assert!((good.ate - 0.1).abs() < 4.0 * good.ate_se);
    let within = |key: &str, truth: f64| {
        let metric = good.metric(key).unwrap();
        let (low, high) = metric.interval.unwrap();
        let slack = high - low;
        assert!(low - slack / 2.0 < truth && truth < high + slack / 2.0, "{key}: {metric:?}, truth {truth}");
    };
    within("autoc", 0.1);
    within("rate_qini", 1.0 / 30.0);
    // Gain at half: treating x > ½ brings 0.2 on average, 0.2 · 10,000 people.
    let half = good.gain[50];
    assert!(half.low < 2_000.0 && 2_000.0 < half.high, "{half:?}");
    assert_eq!((good.gain[0].height, good.gain.len(), good.qini.len()), (0.0, 101, 101));
}

#[test]
fn numbers_written_out_again() {
    let (x, treated, outcomes) = world(400, 9);
    // Rounded scores have ties.
    let scores: Vec<f64> = x.iter().map(|x| (x * 20.0).floor()).collect();
    let trial = Trial { scores: &scores, treated: &treated, outcomes: &outcomes };
    let order = trial.order(true);
    let ranking = Ranking { trial, order: &order, counts: None };
    let top = |threshold: f64, arm: bool| -> Vec<f64> {
        (0..400).filter(|&i| scores[i] >= threshold && treated[i] == arm).map(|i| outcomes[i]).collect()
    };
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let mut thresholds: Vec<f64> = scores.clone();
    thresholds.sort_by(|a, b| b.total_cmp(a));
    thresholds.dedup();
    let (gain, qini) = (ranking.points(Kind::Gain), ranking.points(Kind::Qini));
    assert_eq!(gain.len(), thresholds.len() + 1);
    for (threshold, (gain, qini)) in thresholds.iter().zip(gain.iter().zip(&qini).skip(1)) {
        let (t, c) = (top(*threshold, true), top(*threshold, false));
        let k = (t.len() + c.len()) as f64;
        assert_eq!(gain.0, k);
        if !t.is_empty() && !c.is_empty() {
            assert!((gain.1 - (mean(&t) - mean(&c)) * k).abs() < 1e-9);
            let height = t.iter().sum::<f64>() - c.iter().sum::<f64>() * t.len() as f64 / c.len() as f64;
            assert!((qini.1 - height).abs() < 1e-9);
        }
    }
    // RATE from every row's Γ, ties averaged.
    let all = |arm: bool| -> Vec<f64> { (0..400).filter(|&i| treated[i] == arm).map(|i| outcomes[i]).collect() };
    let (m1, m0) = (mean(&all(true)), mean(&all(false)));
    let p = all(true).len() as f64 / 400.0;
    let gamma = |i: usize| if treated[i] { (outcomes[i] - m1) / p } else { -(outcomes[i] - m0) / (1.0 - p) };
    let mut smoothed: Vec<f64> = Vec::new();
    for threshold in &thresholds {
        let tied: Vec<f64> = (0..400).filter(|&i| scores[i] == *threshold).map(gamma).collect();
        smoothed.extend(std::iter::repeat_n(mean(&tied), tied.len()));
    }
    let toc: Vec<f64> = (1..=400).map(|k| mean(&smoothed[..k])).collect();
    let found = rate(ranking).unwrap();
    assert!((found.autoc - mean(&toc)).abs() < 1e-12, "{} {}", found.autoc, mean(&toc));
    let weighted: Vec<f64> = toc.iter().enumerate().map(|(i, t)| t * (i + 1) as f64 / 400.0).collect();
    assert!((found.qini - mean(&weighted)).abs() < 1e-12);
}

#[test]
fn a_row_drawn_twice_counts_twice() {
    let (x, treated, outcomes) = world(300, 11);
    let mut random = Random::new(2);
    let counts: Vec<u32> = (0..300).map(|_| random.below(3) as u32).collect();
    let repeat = |i: usize| std::iter::repeat_n(i, counts[i] as usize);
    let rows: Vec<usize> = (0..300).flat_map(repeat).collect();
    let scores: Vec<f64> = rows.iter().map(|i| x[*i]).collect();
    let arms: Vec<bool> = rows.iter().map(|i| treated[*i]).collect();
    let ys: Vec<f64> = rows.iter().map(|i| outcomes[*i]).collect();
    let written = Trial { scores: &scores, treated: &arms, outcomes: &ys };
    let trial = Trial { scores: &x, treated: &treated, outcomes: &outcomes };
    let (order, long) = (trial.order(true), written.order(true));
    let counted = Ranking { trial, order: &order, counts: Some(&counts) };
    let plain = Ranking { trial: written, order: &long, counts: None };
    for kind in [Kind::Gain, Kind::Qini] {
        assert_eq!(counted.points(kind), plain.points(kind));
        assert_eq!(sklift_auc(counted, kind, true), sklift_auc(plain, kind, true));
    }
    let (a, b) = (rate(counted).unwrap(), rate(plain).unwrap());
    assert!((a.autoc - b.autoc).abs() < 1e-12 && (a.qini - b.qini).abs() < 1e-12);
    let near = |a: Option<f64>, b: Option<f64>| assert!((a.unwrap() - b.unwrap()).abs() < 1e-12, "{a:?} {b:?}");
    for of in [TopOf::Overall, TopOf::ByGroup] {
        [0.1, 0.3, 0.55].iter().for_each(|k| near(uplift_at(counted, *k, of), uplift_at(plain, *k, of)));
    }
    near(weighted_average_uplift(counted), weighted_average_uplift(plain));
}

#[test]
fn bands_hold_the_truth_of_a_world() {
    // Of x > 1 − q the effect is 0.4 x − 0.1, so gain and profit at every depth are known; profit is highest where 0.4 x − 0.1 pays.
    let prices = Prices { margin: 10.0, contact: 1.0, incentive: 0.0 };
    let (n, worlds) = (3_000, 40);
    let effect_of_top = |q: f64| 0.4 * (1.0 - q / 2.0) - 0.1;
    let (mut held, mut depth_held) = ([0; 5], 0);
    for seed in 0..worlds {
        let (x, treated, outcomes) = world(n, 100 + seed);
        let trial = Trial { scores: &x, treated: &treated, outcomes: &outcomes };
        let ask = Ask { replicates: 150, seed, prices: Some(prices), subjects: None };
        let found = evaluate(trial, ask, &Task::default()).unwrap();
        let within = |(low, high): (f64, f64), truth: f64| usize::from(low <= truth && truth <= high);
        let of = |key: &str| found.metric(key).unwrap().interval.unwrap();
        held[0] += within(of("uplift_at_30_overall"), effect_of_top(0.3));
        held[1] += within(of("uplift_at_50_bygroup"), effect_of_top(0.5));
        held[2] += within(of("weighted_avg_uplift"), effect_of_top(1.0));
        let half = found.gain[50];
        held[3] += within((half.low, half.high), effect_of_top(0.5) * 0.5 * n as f64);
        let point =
            found.profit.iter().min_by(|a, b| (a.rows - 900.0).abs().total_cmp(&(b.rows - 900.0).abs())).unwrap();
        let q = point.rows / n as f64;
        held[4] += within(point.band.unwrap(), point.rows * (10.0 * effect_of_top(q) - 1.0));
        // Treating x pays where 10 (0.4 x − 0.1) > 1: the better half.
        let best = found.best.unwrap();
        depth_held += within(best.depth.unwrap(), 0.5 * n as f64);
        let (low, high) = best.band.unwrap();
        assert!(low <= best.profit && best.profit <= high, "{best:?}");
    }
    for held in held.into_iter().chain([depth_held]) {
        assert!((34..=40).contains(&held), "{held} of 40 bands hold the truth: {:?} {depth_held}", held);
    }
}

#[test]
fn subjects_that_repeat_widen_every_band() {
    let (x, treated, outcomes) = world(600, 21);
    let once = Trial { scores: &x, treated: &treated, outcomes: &outcomes };
    fn eight<T: Copy>(values: &[T]) -> Vec<T> {
        values.iter().flat_map(|value| [*value; 8]).collect()
    }
    let (long_x, long_t, long_y) = (eight(&x), eight(&treated), eight(&outcomes));
    let copies = Trial { scores: &long_x, treated: &long_t, outcomes: &long_y };
    let subjects: Vec<u32> = (0..copies.rows() as u32).map(|row| row / 8).collect();
    let prices = Some(Prices { margin: 10.0, contact: 1.0, incentive: 0.5 });
    let of = |trial: Trial<'_>, subjects: Option<&[u32]>| {
        let ask = Ask { replicates: 400, seed: 3, prices, subjects };
        evaluate(trial, ask, &Task::default()).unwrap()
    };
    let (single, rows, whole) = (of(once, None), of(copies, None), of(copies, Some(&subjects)));
    let width = |interval: Option<(f64, f64)>| interval.map(|(low, high)| high - low).unwrap();
    let metric = |found: &Evaluation, key: &str| width(found.metric(key).unwrap().interval);
    let mid = |found: &Evaluation| width(found.profit[found.profit.len() / 2].band) / found.n as f64;
    let best = |found: &Evaluation| width(found.best.unwrap().band) / found.n as f64;
    let gain = |found: &Evaluation| (found.gain[50].high - found.gain[50].low) / found.n as f64;
    let ratios = |what: &str, one: f64, by_row: f64, by_subject: f64| {
        assert!((by_subject / one - 1.0).abs() < 0.2, "{what}: {by_subject} and {one}");
        assert!(by_row < 0.6 * one, "{what}: {by_row} and {one}");
    };
    for key in ["uplift_at_30_overall", "uplift_at_50_bygroup", "weighted_avg_uplift", "autoc"] {
        ratios(key, metric(&single, key), metric(&rows, key), metric(&whole, key));
    }
    ratios("profit", mid(&single), mid(&rows), mid(&whole));
    ratios("best", best(&single), best(&rows), best(&whole));
    ratios("gain", gain(&single), gain(&rows), gain(&whole));
    ratios("effect", single.ate_se, rows.ate_se, whole.ate_se);
}

#[test]
fn profit_worked_by_hand() {
    // Scores 3 (one of each arm), 2 (one of each arm), 1 (two controls, one treated).
    let trial = Trial {
        scores: &[3.0, 3.0, 2.0, 2.0, 1.0, 1.0, 1.0],
        treated: &[true, false, true, false, true, false, false],
        outcomes: &[1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0],
    };
    let order = trial.order(true);
    let ranking = Ranking { trial, order: &order, counts: None };
    let prices = Prices { margin: 10.0, contact: 1.0, incentive: 2.0 };
    let curve = profit_curve(ranking, prices);
    let profits: Vec<f64> = curve.iter().map(|p| p.profit).collect();
    // First two: effect 1 over 2 people, all buy if treated: 20 − 4 − 2. First four: effect ½: 20 − 8 − 4.
    assert_eq!(profits[..3], [0.0, 14.0, 8.0]);
    assert_eq!(best(&curve).unwrap().rows, 2.0);
    assert_eq!(
        best(&profit_curve(ranking, Prices { contact: 100.0, ..prices })).unwrap().rows,
        0.0,
        "nobody is a choice"
    );
    assert_eq!(uplift_at(ranking, 4.0 / 7.0, TopOf::Overall), Some(0.5));
    assert_eq!(uplift_at(ranking, 0.1, TopOf::Overall), None);
    assert_eq!(area(&[(0.0, 0.0), (2.0, 2.0), (3.0, 2.0)]), 4.0);
}

#[test]
fn amounts_have_curves_but_no_perfect_ranking() {
    let (x, treated, outcomes) = world(500, 13);
    let spend: Vec<f64> = outcomes.iter().zip(&x).map(|(y, x)| y * 40.0 * x).collect();
    let trial = Trial { scores: &x, treated: &treated, outcomes: &spend };
    let found = evaluate(trial, Ask { replicates: 50, ..Ask::default() }, &Task::default()).unwrap();
    assert_eq!(found.metric("sklift_qini_auc").unwrap().value, None);
    assert!(found.metric("causalml_auuc_norm").unwrap().value.is_some());
    assert!(found.metric("autoc").unwrap().interval.is_some());
}

#[test]
fn trials_that_make_no_sense_are_named() {
    let message = |trial: Trial<'_>| trial.check().unwrap_err().to_string();
    let trial = Trial { scores: &[1.0, 2.0], treated: &[true, false], outcomes: &[0.0, 1.0] };
    assert!(trial.check().is_ok());
    assert!(message(Trial { scores: &[1.0, f64::NAN], ..trial }).contains("row 2"));
    assert!(message(Trial { outcomes: &[f64::INFINITY, 1.0], ..trial }).contains("row 1"));
    assert!(message(Trial { treated: &[true, true], ..trial }).contains("no row is untreated"));
    assert!(message(Trial { scores: &[1.0], ..trial }).contains("one entry per row"));
    let stopped = Task::default();
    stopped.cancel();
    assert_eq!(evaluate(trial, Ask::default(), &stopped), Err(crate::Error::Cancelled));
}

#[test]
fn where_nothing_varies_resamples_give_no_interval() {
    let unseen = |n: f64| 1.0 - 0.025f64.powf(1.0 / n);
    let scores: Vec<f64> = (0..200).map(f64::from).collect();
    let treated: Vec<bool> = (0..200).map(|i| i % 2 == 0).collect();
    let ask = Ask { replicates: 100, ..Ask::default() };
    let of = |outcomes: &[f64], ask: Ask<'_>| {
        evaluate(Trial { scores: &scores, treated: &treated, outcomes }, ask, &Task::default()).unwrap()
    };
    let near = |what: &str, found: (f64, f64), expected: (f64, f64)| {
        let close = (found.0 - expected.0).abs() < 1e-9 && (found.1 - expected.1).abs() < 1e-9;
        assert!(close, "{what}: {found:?}, expected {expected:?}");
    };
    let none = of(&[0.0; 200], ask);
    // Newcombe's from Clopper and Pearson's of both arms: 100 rows each, and half of the top k.
    near("effect", none.ate_interval, (-unseen(100.0), unseen(100.0)));
    for (key, n) in [("uplift_at_10_overall", 10.0), ("uplift_at_30_bygroup", 30.0), ("uplift_at_50_overall", 50.0)] {
        let metric = none.metric(key).unwrap();
        near(key, metric.interval.unwrap(), (-unseen(n), unseen(n)));
        assert!(metric.note.as_ref().unwrap().contains("Newcombe"), "{metric:?}");
    }
    for key in ["autoc", "rate_qini", "weighted_avg_uplift"] {
        let metric = none.metric(key).unwrap();
        assert_eq!((metric.value, metric.interval), (Some(0.0), None), "{key}");
        assert!(metric.note.as_ref().unwrap().contains("no interval"), "{metric:?}");
    }
    assert!(
        none.gain.iter().chain(&none.qini).all(|point| point.share == 0.0 || point.low.is_nan() && point.high.is_nan())
    );
    // One arm without any outcome: of the other alone resamples would speak.
    let outcomes: Vec<f64> = (0..200).map(|i| f64::from(u8::from(i % 20 == 0))).collect();
    let some = of(&outcomes, ask);
    assert_eq!(some.metric("autoc").unwrap().interval, None);
    let (low, high) = some.ate_interval;
    near("last value", some.metric("causalml_auuc_raw_last").unwrap().interval.unwrap(), (200.0 * low, 200.0 * high));
    let top = some.metric("uplift_at_50_overall").unwrap();
    let (low, high) = top.interval.unwrap();
    assert!(low < 0.1 - unseen(50.0) && high > 0.1, "{top:?}");
    // Two rows of each person: half as many observations.
    let people: Vec<u32> = (0..200).map(|i| i / 4 * 2 + i % 2).collect();
    let repeated = of(&[0.0; 200], Ask { subjects: Some(&people), ..ask });
    near("people", repeated.ate_interval, (-unseen(50.0), unseen(50.0)));
    // One person of each arm has ten of its hundred rows, 45 have two: one not seen may weigh as much as that one.
    let people: Vec<u32> = (0..200).map(|i| if i < 20 { i % 2 } else { 2 + i / 4 * 2 + i % 2 }).collect();
    let uneven = of(&[0.0; 200], Ask { subjects: Some(&people), ..ask });
    near("uneven people", uneven.ate_interval, (-4.6 * unseen(46.0), 4.6 * unseen(46.0)));
    // Of amounts nothing bounds the effect.
    let amounts = of(&[2.5; 200], ask);
    assert_eq!(amounts.ate_interval, (f64::NEG_INFINITY, f64::INFINITY));
    assert_eq!(amounts.metric("uplift_at_50_overall").unwrap().interval, None);
}

#[test]
fn rate_is_what_its_definition_says() {
    let (scores, treated) = ([6.0, 5.0, 4.0, 3.0, 2.0, 1.0], [true, true, false, true, false, false]);
    let outcomes = [1.0, 0.0, 0.0, 1.0, 1.0, 0.0];
    let trial = Trial { scores: &scores, treated: &treated, outcomes: &outcomes };
    let found = evaluate(trial, Ask { replicates: 0, ..Ask::default() }, &Task::default()).unwrap();
    // μ₁ = 2/3, μ₀ = 1/3, p = 1/2: Γ = 1/3 ± 2 (y − μ).
    let gamma = [1.0, -1.0, 1.0, 1.0, -1.0, 1.0];
    assert!((gamma.iter().sum::<f64>() / 6.0 - found.ate).abs() < 1e-12);
    let toc = |k: usize| gamma[..k].iter().sum::<f64>() / k as f64 - 1.0 / 3.0;
    let autoc = (1..=6).map(toc).sum::<f64>() / 6.0;
    let qini = (1..=6).map(|k| k as f64 / 6.0 * toc(k)).sum::<f64>() / 6.0;
    let near = |key: &str, expected: f64| {
        let metric = found.metric(key).unwrap();
        assert!((metric.value.unwrap() - expected).abs() < 1e-12, "{metric:?}, expected {expected}");
        metric.definition.clone()
    };
    let definition = near("autoc", autoc);
    near("rate_qini", qini);
    assert!(definition.contains("n = 6 rows") && definition.contains("Γ = μ₁ − μ₀"), "{definition}");
}
