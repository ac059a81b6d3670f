//! Estimators on small arrays worked by hand, the bootstrap against brute force, and the rule of refusal.

use crate::random::Random;
use crate::simulate::bootstrap::{percentile_interval, quantile, resample};
use crate::simulate::estimate::{Rounds, ips, replay, snips, snips_difference, sum};
use crate::simulate::off_policy::{Estimator, Logged};
use crate::simulate::report::Method;
use crate::simulate::support::{refusal, support};
use crate::task::Task;

#[test]
fn values_worked_by_hand() {
    // w r = 2, 0, 4, 0; Σw = 6.
    let rounds = Rounds { weights: &[2.0, 0.0, 4.0, 0.0], rewards: &[1.0, 5.0, 1.0, 0.0], clusters: None };
    let by_ips = ips(rounds, Method::Ips).unwrap();
    assert_eq!(by_ips.value, 1.5);
    // Deviations 0.5, −1.5, 2.5, −1.5: squares add up to 11; √(11/3/4).
    assert!((by_ips.se - (11.0f64 / 12.0).sqrt()).abs() < 1e-15);
    let by_snips = snips(rounds).unwrap();
    assert_eq!((by_snips.value, by_snips.se), (1.0, 0.0));
    assert_eq!(replay(rounds).unwrap().n, 2);
    assert!((by_ips.high - by_ips.low - 2.0 * 1.959_963_984_540_054 * by_ips.se).abs() < 1e-15);
}

#[test]
fn a_subject_repeated_is_one_observation() {
    let once = Rounds { weights: &[3.0, 0.0, 3.0, 1.0], rewards: &[1.0, 0.0, 0.0, 1.0], clusters: None };
    let twice: Vec<f64> = once.weights.iter().flat_map(|w| [*w, *w]).collect();
    let rewards: Vec<f64> = once.rewards.iter().flat_map(|r| [*r, *r]).collect();
    let clusters: Vec<u32> = (0..8).map(|i| i / 2).collect();
    let doubled = Rounds { weights: &twice, rewards: &rewards, clusters: Some(&clusters) };
    for (a, b) in [
        (ips(once, Method::Ips).unwrap(), ips(doubled, Method::Ips).unwrap()),
        (snips(once).unwrap(), snips(doubled).unwrap()),
    ] {
        assert!((a.value - b.value).abs() < 1e-15 && (a.se - b.se).abs() < 1e-15, "{a:?} {b:?}");
    }
}

/// What it is, weights, rewards, whether weights are divided by their mean, and the interval.
type Unvaried<'a> = (&'a str, &'a [f64], Vec<f64>, bool, (f64, f64));

#[test]
fn an_interval_has_a_width_where_nothing_varies() {
    // Clopper and Pearson's upper end of no hit in n.
    let unseen = |n: f64| 1.0 - 0.025f64.powf(1.0 / n);
    // 40 of 100 rounds weigh 3.
    let weights: Vec<f64> = (0..100).map(|i| if i < 40 { 3.0 } else { 0.0 }).collect();
    let uneven: Vec<f64> = (0..100).map(|i| [3.0, 1.5, 0.0][i % 3]).collect();
    let of = |reward: f64, other: f64| -> Vec<f64> { (0..100).map(|i| if i < 40 { reward } else { other }).collect() };
    let mean_of_uneven = uneven.iter().sum::<f64>() / 100.0;
    let infinite = (f64::NEG_INFINITY, f64::INFINITY);
    let cases: [Unvaried<'_>; 8] = [
        ("none, of the rounds that weigh", &weights, of(0.0, 1.0), true, (0.0, unseen(40.0))),
        ("all, of the rounds that weigh", &weights, of(1.0, 0.0), true, (1.0 - unseen(40.0), 1.0)),
        ("none, by the weights as they are", &weights, of(0.0, 1.0), false, (0.0, 3.0 * unseen(100.0))),
        ("none, of weights that differ", &uneven, of(0.0, 0.0), true, (0.0, 3.0 / mean_of_uneven * unseen(100.0))),
        ("none, of weights that differ, as they are", &uneven, of(0.0, 0.0), false, (0.0, 3.0 * unseen(100.0))),
        ("amounts of nothing", &weights, of(0.0, 7.0), true, (0.0, f64::INFINITY)),
        ("one amount", &weights, of(2.0, -7.0), true, infinite),
        ("an arm of 100 without any", &[1.0; 100], vec![0.0; 100], false, (0.0, unseen(100.0))),
    ];
    for (what, weights, rewards, normalised, (low, high)) in cases {
        let rounds = Rounds { weights, rewards: &rewards, clusters: None };
        let own = if normalised { snips(rounds) } else { ips(rounds, Method::Ips) }.unwrap();
        let near = |a: f64, b: f64| a == b || (a - b).abs() < 1e-9;
        assert!(near(own.low, low) && near(own.high, high), "{what}: {own:?}, expected [{low}, {high}]");
        // The other implementation, of files of rounds, says the same.
        let estimator = if normalised { Estimator::SnIps } else { Estimator::Ips };
        let answer = estimator.estimate(&Logged::new(weights, &rewards)).unwrap();
        assert!(near(answer.low, own.low) && near(answer.high, own.high), "{what}: {answer:?}");
    }
    // Ten rounds of each subject are one observation.
    let clusters: Vec<u32> = (0..100).map(|i| i / 10).collect();
    let rounds = Rounds { weights: &weights, rewards: &of(0.0, 0.0), clusters: Some(&clusters) };
    assert!((snips(rounds).unwrap().high - unseen(4.0)).abs() < 1e-9);
    // What varies keeps its normal interval.
    let varies = Rounds { weights: &weights, rewards: &uneven, clusters: None };
    let own = snips(varies).unwrap();
    assert!((own.high - own.value - 1.959_963_984_540_054 * own.se).abs() < 1e-15);
}

#[test]
fn nothing_to_say_is_none() {
    let rounds = |weights, rewards| Rounds { weights, rewards, clusters: None };
    assert_eq!(ips(rounds(&[], &[]), Method::Ips), None);
    assert_eq!(ips(rounds(&[1.0], &[1.0]), Method::Ips), None);
    assert_eq!(snips(rounds(&[0.0, 0.0], &[1.0, 1.0])), None);
    assert_eq!(replay(rounds(&[], &[])), None);
}

#[test]
fn a_policy_differs_from_itself_by_nothing() {
    let weights = [3.0, 0.0, 3.0, 3.0, 0.0];
    let rounds = Rounds { weights: &weights, rewards: &[1.0, 0.0, 0.5, 0.0, 2.0], clusters: None };
    let difference = snips_difference(rounds, rounds, false, None).unwrap();
    assert_eq!((difference.value, difference.se), (0.0, 0.0));
}

#[test]
fn sums_keep_what_is_small() {
    assert_eq!(sum([1.0, 1e100, 1.0, -1e100]), 2.0);
}

#[test]
fn quantiles_are_linear_between_neighbours() {
    let sorted = [1.0, 2.0, 4.0, 8.0];
    for (q, expected) in [(0.0, 1.0), (1.0, 8.0), (0.5, 3.0), (0.25, 1.75), (0.975, 7.7)] {
        assert!((quantile(&sorted, q) - expected).abs() < 1e-12, "{q}");
    }
    assert!(quantile(&[], 0.5).is_nan());
    assert_eq!(percentile_interval([f64::NAN; 30]), None);
}

#[test]
fn resamples_have_the_moments_of_drawing_rows() {
    let mut random = Random::new(3);
    let n = 400;
    let a: Vec<f64> = (0..n).map(|_| if random.chance(0.3) { 3.0 } else { 0.0 }).collect();
    let b: Vec<f64> = (0..n).map(|_| random.uniform()).collect();
    let rewards: Vec<f64> = (0..n).map(|i| if i % 50 == 0 { random.exponential() } else { (i % 2) as f64 }).collect();
    let draws = resample(&[&a, &b], &rewards, None, 4_000, 9, &Task::default()).unwrap();
    assert_eq!(draws, resample(&[&a, &b], &rewards, None, 4_000, 9, &Task::default()).unwrap(), "the seed decides");
    for (policy, weights) in [&a, &b].into_iter().enumerate() {
        let products: Vec<f64> = weights.iter().zip(&rewards).map(|(w, r)| w * r).collect();
        let mean = products.iter().sum::<f64>() / n as f64;
        let variance = products.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
        let drawn: Vec<f64> = draws.iter().map(|d| d[policy].reward).collect();
        let drawn_mean = drawn.iter().sum::<f64>() / 4_000.0;
        let drawn_variance = drawn.iter().map(|x| (x - drawn_mean).powi(2)).sum::<f64>() / 3_999.0;
        // A resampled sum has mean Σx and variance Σ(x − x̄)².
        assert!((drawn_mean - mean * n as f64).abs() < 4.0 * (variance / 4_000.0).sqrt(), "policy {policy}");
        assert!((drawn_variance / variance - 1.0).abs() < 0.1, "policy {policy}: {drawn_variance} for {variance}");
    }
    // Paired: the weight of a constant policy is the number of rows drawn.
    let ones = vec![1.0; n];
    let counts = resample(&[&ones], &rewards, None, 50, 1, &Task::default()).unwrap();
    assert!(counts.iter().all(|d| (d[0].weight - n as f64).abs() < 1e-9));
    let clusters: Vec<u32> = (0..n as u32).map(|i| i / 4).collect();
    let grouped = resample(&[&ones], &rewards, Some(&clusters), 50, 1, &Task::default()).unwrap();
    assert!(grouped.iter().all(|d| (d[0].weight - n as f64).abs() < 1e-9), "100 subjects of 4 rows each");
}

#[test]
fn values_are_refused_with_every_reason() {
    let fine = support(&vec![1.0; 500], 0);
    assert_eq!(refusal(&fine, &[]), None);
    let thin = support(&vec![1.0; 99], 0);
    assert!(refusal(&thin, &[]).unwrap().reasons[0].contains("effective sample size is 99.0"));
    let heavy = support(&vec![1.3; 500], 0);
    assert!(refusal(&heavy, &[]).unwrap().reasons[0].contains("mean weight is 1.300"));
    let unknown = refusal(&support(&vec![1.0; 500], 6), &["sms_offer".into()]).unwrap();
    assert!(unknown.reasons[0].contains("1.2 %") && unknown.reasons[0].contains("sms_offer"));
    assert_eq!(refusal(&support(&vec![1.0; 500], 5), &[]), None, "1 % is still allowed");
    let mut skewed = vec![0.0; 200];
    skewed[0] = 200.0;
    let skewed = support(&skewed, 0);
    assert_eq!(skewed.effective_sample_size, 1.0);
    assert_eq!(skewed.share_above_10, 0.005);
    assert!(refusal(&skewed, &[]).is_some());
    assert!(refusal(&support(&[], 0), &[]).is_some());
}
