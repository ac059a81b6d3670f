//! Where nothing varies: intervals of values, differences and effects worked by hand, and how often those of rare outcomes hold the truth.

use crate::distributions::clopper_pearson;
use crate::random::Random;
use crate::simulate::estimate::{Rounds, mean, mean_within, relative, snips, snips_difference};
use crate::simulate::estimators::{Material, Resampling, every};
use crate::simulate::off_policy::bounds::{intervals, lower_bounds};
use crate::simulate::off_policy::slate::{Assumption, Places};
use crate::simulate::off_policy::{Answer, Ask, Estimator, Logged, Predictions, evaluate};
use crate::simulate::report::{Estimate, Method};
use crate::task::Task;

/// Clopper and Pearson's upper end of no hit in n, at 95 %.
fn unseen(n: f64) -> f64 {
    1.0 - 0.025f64.powf(1.0 / n)
}

fn near(what: &str, found: (f64, f64), expected: (f64, f64)) {
    let close = |a: f64, b: f64| a == b || (a - b).abs() < 1e-9;
    assert!(close(found.0, expected.0) && close(found.1, expected.1), "{what}: {found:?}, expected {expected:?}");
}

fn ends(estimate: Estimate) -> (f64, f64) {
    (estimate.low, estimate.high)
}

/// 100 rounds: 40 weigh 3 under one policy, the next 50 weigh 2 under the other.
fn policies() -> (Vec<f64>, Vec<f64>) {
    let weights = |from: usize, to: usize, weight: f64| -> Vec<f64> {
        (0..100).map(|i| if (from..to).contains(&i) { weight } else { 0.0 }).collect()
    };
    (weights(0, 40, 3.0), weights(40, 90, 2.0))
}

#[test]
fn a_difference_has_a_width_where_nothing_varies() {
    let (ours, theirs) = policies();
    let infinite = (f64::NEG_INFINITY, f64::INFINITY);
    let hits = |where_: &[usize], amount: f64| -> Vec<f64> {
        (0..100).map(|i| if where_.contains(&i) { amount } else { 0.0 }).collect()
    };
    // Clopper and Pearson of 5 in 50, by bisection of the binomial sums.
    let (low, high) = (0.033_275_093_589_022_53, 0.218_135_366_434_202_23);
    let (five, far) = ([40, 50, 60, 70, 80], [95]);
    let of = |a: &[f64], b: &[f64], rewards: &[f64], clusters: Option<&[u32]>| {
        let rounds = |weights| Rounds { weights, rewards, clusters };
        snips_difference(rounds(a), rounds(b), false, None).unwrap()
    };
    let cases = [
        ("no reward of either", &ours, &theirs, hits(&[], 1.0), (-unseen(50.0), unseen(40.0))),
        (
            "none of one, 5 of 50 of the other",
            &ours,
            &theirs,
            hits(&five, 1.0),
            (-0.1 - (high - 0.1), -0.1 + unseen(40.0).hypot(0.1 - low)),
        ),
        // Of 100 rounds none in which they differ; a round weighs 3 where all together weigh 1.2 on average.
        ("the same decisions", &ours, &ours, hits(&[1, 2, 60], 1.0), (-2.5 * unseen(100.0), 2.5 * unseen(100.0))),
        ("the same decisions, of amounts", &ours, &ours, hits(&[1, 2, 60], 7.0), infinite),
        ("no amount of either", &ours, &theirs, hits(&far, 7.0), infinite),
    ];
    for (what, a, b, rewards, expected) in cases {
        near(what, ends(of(a, b, &rewards, None)), expected);
    }
    // Four rounds of a subject are one observation: 10 subjects weigh, and 13.
    let subjects: Vec<u32> = (0..100).map(|i| i / 4).collect();
    let none = of(&ours, &theirs, &hits(&[], 1.0), Some(&subjects));
    near("subjects", ends(none), (-unseen(13.0), unseen(10.0)));
    // Where every choice is known to be the same, a choice not seen is another with that probability, and moves the value by at most 1.
    for clusters in [None, Some(subjects.as_slice())] {
        let rewards = hits(&[1, 2, 60], 1.0);
        let rounds = Rounds { weights: &ours, rewards: &rewards, clusters };
        let alike = snips_difference(rounds, rounds, true, Some((0.0, 0.0))).unwrap();
        let wide = unseen(clusters.map_or(100.0, |_| 25.0));
        near("the same choices", ends(alike), (-wide, wide));
        assert_eq!(alike.bootstrap, None);
    }
    // Where many outcomes speak for both the paired interval stands.
    let many: Vec<usize> = (0..12).chain(40..55).collect();
    let both = of(&ours, &theirs, &hits(&many, 1.0), None);
    near(
        "both vary",
        ends(both),
        (both.value - 1.959_963_984_540_054 * both.se, both.value + 1.959_963_984_540_054 * both.se),
    );
    assert!(both.se > 0.0);
}

#[test]
fn a_mean_of_what_never_varies_reaches_as_far_as_possible() {
    let of = |value: f64, between| ends(mean_within(&[value; 50], None, between).unwrap());
    near("no share changes", of(0.0, (-1.0, 1.0)), (-unseen(50.0), unseen(50.0)));
    near("every share rises", of(1.0, (-1.0, 1.0)), (1.0 - 2.0 * unseen(50.0), 1.0));
    near("no amount", of(0.0, (f64::NEG_INFINITY, f64::INFINITY)), (f64::NEG_INFINITY, f64::INFINITY));
    // Rounding is no spread: 0.1 has no exact sum.
    near("one amount", ends(mean(&[0.1; 49], None).unwrap()), (0.0, f64::INFINITY));
    // Each subject has one hit in two rounds: rounds vary, subjects do not.
    let (rewards, subjects): (Vec<f64>, Vec<u32>) = (0..40).map(|i| (f64::from(i % 2), i / 2)).unzip();
    near("subjects", ends(mean(&rewards, Some(&subjects)).unwrap()), (f64::NEG_INFINITY, f64::INFINITY));
}

/// What a model says of 100 rounds, and the interval by an estimator.
type Modelled<'a> = (&'a str, Estimator, Vec<f64>, Vec<f64>, (f64, f64));

#[test]
fn no_estimator_knows_more_than_the_weights_where_no_reward_varies() {
    let (weights, _) = policies();
    // The rewards that weigh are none; others are.
    let rewards: Vec<f64> = (0..100).map(|i| f64::from(u8::from(i == 95 || i == 97))).collect();
    let rough: Vec<f64> = (0..100).map(|i| [0.0, 0.5, 1.0][i % 3]).collect();
    let all = unseen(40.0);
    for estimator in [Estimator::Ips, Estimator::SgIps(1.0), Estimator::SgIps(0.1), Estimator::ClippedIps(1.0)] {
        let Answer { low, high, .. } = estimator.estimate(&Logged::new(&weights, &rewards)).unwrap();
        near(&estimator.key(), (low, high), (0.0, 3.0 * unseen(100.0)));
    }
    let flat = vec![0.0; 100];
    let close: Vec<f64> = (0..100).map(|i| [0.001, 0.002][i % 2]).collect();
    let cases: [Modelled<'_>; 7] = [
        ("a model without spread", Estimator::Dm, flat.clone(), flat.clone(), (0.0, all)),
        ("the same", Estimator::Dr, flat.clone(), flat.clone(), (0.0, all)),
        ("the same", Estimator::SnDr, flat.clone(), flat.clone(), (0.0, all)),
        ("the same", Estimator::Dr, flat.clone(), vec![0.01; 100], (0.0, all)),
        ("narrower alone", Estimator::Dr, close.clone(), close.clone(), (0.0, all)),
        ("narrower alone", Estimator::SnDr, close.clone(), close, (0.0, all)),
        ("narrower alone", Estimator::SwitchDr(1.0), flat.clone(), flat.clone(), (0.0, all)),
    ];
    for (what, estimator, logged, target, expected) in cases {
        let model = Some(Predictions { logged: &logged, target: &target });
        let own = estimator.estimate(&Logged { model, ..Logged::new(&weights, &rewards) }).unwrap();
        // No value lies outside its own interval, though a yes or no is never below 0.
        near(&format!("{what}: {}", estimator.key()), (own.low, own.high), (own.value.min(expected.0), expected.1));
    }
    // A model that errs by more says so, within what a yes or no can be.
    let model = Some(Predictions { logged: &rough, target: &rough });
    let own = Estimator::Dr.estimate(&Logged { model, ..Logged::new(&weights, &rewards) }).unwrap();
    assert!(own.value < 0.0 && own.low == own.value && own.high >= all && own.high <= 1.0, "{own:?}");
    // Rewards that vary under a model that does not: of a yes or no all that is possible, of an amount nothing.
    let half = vec![0.5; 100];
    for (rewards, expected) in [(vec![0.0, 1.0], (0.0, 1.0)), (vec![0.0, 2.0], (f64::NEG_INFINITY, f64::INFINITY))] {
        let rewards: Vec<f64> = (0..100).map(|i| rewards[i % 2]).collect();
        let model = Some(Predictions { logged: &half, target: &half });
        let own = Estimator::Dm.estimate(&Logged { model, ..Logged::new(&weights, &rewards) }).unwrap();
        near("a model that says the same of all", (own.low, own.high), expected);
    }
}

#[test]
fn empirical_likelihood_reweighs_nothing_where_no_reward_varies() {
    let (weights, ask) = ([1.0; 200], Ask { replicates: 0, most_weight: 2.0, ..Ask::default() });
    for reward in [0.0, 1.0, 2.5] {
        let found = evaluate(&Logged::new(&weights, &[reward; 200]), ask, &Task::default()).unwrap();
        let row = found.estimators.iter().find(|row| row.method == Method::CressieRead).unwrap();
        assert!(found.cressie_read.is_none() && row.absent.as_ref().unwrap().contains("nothing to reweigh"), "{row:?}");
    }
}

#[test]
fn bounds_span_what_a_term_can_be() {
    // w r = −6, 0, 4, 1.
    let (weights, rewards) = ([2.0, 0.0, 1.0, 0.5], [-3.0, 5.0, 4.0, 2.0]);
    let logged = Logged::new(&weights, &rewards);
    let terms = Estimator::Ips.terms(&logged).unwrap();
    let (n, value) = (4.0, -0.25);
    let variance = (5.75f64.powi(2) + 0.25f64.powi(2) + 4.25f64.powi(2) + 1.25f64.powi(2)) / 3.0;
    let bernstein = |width: f64, delta: f64, n: f64, variance: f64| {
        7.0 * width * (2.0 / delta).ln() / (3.0 * (n - 1.0)) + (2.0 * (2.0 / delta).ln() * variance / n).sqrt()
    };
    let hoeffding = |width: f64, delta: f64, n: f64| width * ((1.0 / delta).ln() / (2.0 * n)).sqrt();
    // One-sided: the terms seen, −6 to 4.
    let one = lower_bounds(&terms, None, 0.05).unwrap();
    assert_eq!(one.range, (-6.0, 4.0));
    near(
        "one-sided",
        (one.bernstein, one.hoeffding),
        (value - bernstein(10.0, 0.05, n, variance), value - hoeffding(10.0, 0.05, n)),
    );
    // Two-sided: weights from 0 to 2 times rewards from −3 to 5.
    let range = Estimator::Ips.range(&logged).unwrap();
    assert_eq!(range, (-6.0, 10.0));
    let both = intervals(&terms, None, range).unwrap();
    let half = hoeffding(16.0, 0.025, n);
    near("two-sided", both.hoeffding.unwrap(), (value - half, value + half));
    let half = bernstein(16.0, 0.025, n, variance);
    near("two-sided", both.bernstein.unwrap(), (value - half, value + half));
    assert_eq!(both.range, Some(range));
    // Rewards that all lie above 0 begin at 0 nevertheless: a round may weigh nothing.
    assert_eq!(Estimator::Ips.range(&Logged::new(&weights, &[3.0, 5.0, 4.0, 2.0])), Some((0.0, 10.0)));
    assert_eq!(Estimator::ClippedIps(1.0).range(&logged), Some((-3.0, 5.0)));
    // Two subjects, one of three rounds: a subject's term is 2/4 of the sum of its rounds, so 1.5 times as wide as that of a round.
    // They are V + (2/4)·(−2 + 0.75) and V + (2/4)·(1 + 0.25): −0.875 and 0.375.
    let subjects = [0, 0, 0, 1];
    let variance = 2.0 * 0.625f64.powi(2);
    let one = lower_bounds(&terms, Some(&subjects), 0.05).unwrap();
    near(
        "one-sided, subjects",
        (one.bernstein, one.hoeffding),
        (value - bernstein(15.0, 0.05, 2.0, variance), value - hoeffding(15.0, 0.05, 2.0)),
    );
    let both = intervals(&terms, Some(&subjects), range).unwrap();
    let half = hoeffding(24.0, 0.025, 2.0);
    near("two-sided, subjects", both.hoeffding.unwrap(), (value - half, value + half));
    // Doubly robust: q^π from 1 to 2, residuals from −4 to 4 and 0, weights to 2.
    let model = Some(Predictions { logged: &[1.0, 1.0, 0.0, 1.0], target: &[1.0, 2.0, 1.0, 1.5] });
    assert_eq!(Estimator::Dr.range(&Logged { model, ..logged }), Some((1.0 - 8.0, 2.0 + 8.0)));
    assert_eq!(Estimator::Dm.range(&Logged { model, ..logged }), Some((1.0, 2.0)));
    // What never varies has no bound by Student's t.
    assert_eq!(lower_bounds(&[1.0; 9], None, 0.05).unwrap().student_t, None);
}

#[test]
fn lists_without_any_outcome_or_with_nothing_else_have_an_interval_with_a_width() {
    let places = |weight: f64, rewards: [f64; 2]| Places {
        weights: vec![vec![weight, 0.5 * weight]; 60],
        rewards: vec![rewards.to_vec(); 60],
        clusters: None,
    };
    // A list brings something with a probability of at most Clopper and Pearson's, and then no more than its weights, 2 + 1.
    let of = |estimate: Option<Estimate>| ends(estimate.unwrap());
    let none = places(2.0, [0.0, 0.0]);
    let assumption = Assumption::Independent;
    near("ips", of(none.ips()), (0.0, 3.0 * unseen(60.0)));
    near("snips", of(none.snips(assumption)), (0.0, 3.0 * unseen(60.0)));
    near("as shown", of(none.logged()), (0.0, 2.0 * unseen(60.0)));
    let (.., less) = none.difference(&places(1.0, [0.0, 0.0]), assumption).unwrap();
    near("difference", ends(less), (-1.5 * unseen(60.0), 3.0 * unseen(60.0)));
    near("amounts", of(places(2.0, [3.0, 0.0]).ips()), (f64::NEG_INFINITY, f64::INFINITY));
    // Where every place brings all it can the same may be wanting.
    let all = places(2.0, [1.0, 1.0]);
    near("ips of all", of(all.ips()), (3.0 - 3.0 * unseen(60.0), 3.0));
    near("snips of all", of(all.snips(assumption)), (2.0 - 3.0 * unseen(60.0), 2.0));
    near("all as shown", of(all.logged()), (2.0 - 2.0 * unseen(60.0), 2.0));
}

#[test]
fn a_share_of_a_loss_has_no_meaning() {
    assert_eq!([relative(0.5, 2.0), relative(0.5, -2.0), relative(0.5, 0.0)], [Some(0.25), None, None]);
}

/// Of outcomes so rare that most samples have none, or one or two: the interval of each estimator, and of the difference from a policy under
/// which they never happen, holds the truth in 95 of 100 worlds at least.
#[test]
fn intervals_of_rare_outcomes_hold_the_truth() {
    let (mut random, worlds, n) = (Random::new(41), 2_000, 300);
    let estimators = [Estimator::Ips, Estimator::SnIps, Estimator::SgIps(1.0), Estimator::Dr, Estimator::SnDr];
    for rate in [0.0005, 0.002, 0.005] {
        let mut held = [0; 6];
        for _ in 0..worlds {
            let [mut ours, mut theirs, mut rewards] = [const { Vec::new() }; 3];
            for _ in 0..n {
                let first = random.chance(0.5);
                ours.push(if first { 2.0 } else { 0.0 });
                theirs.push(if first { 0.0 } else { 2.0 });
                rewards.push(f64::from(u8::from(first && random.chance(rate))));
            }
            let q: Vec<f64> = (0..n).map(|i| [0.0, 0.001][i % 2]).collect();
            let model = Some(Predictions { logged: &q, target: &q });
            for (at, estimator) in estimators.into_iter().enumerate() {
                let own = estimator.estimate(&Logged { model, ..Logged::new(&ours, &rewards) }).unwrap();
                held[at] += u32::from(own.low <= rate && rate <= own.high);
            }
            let of = |weights| Rounds { weights, rewards: &rewards, clusters: None };
            let gap = snips_difference(of(&ours), of(&theirs), false, None).unwrap();
            held[5] += u32::from(gap.low <= rate && rate <= gap.high);
        }
        println!("rate {rate}: {held:?} of {worlds} hold the truth");
        assert!(
            held.iter().all(|own| f64::from(*own) >= 0.95 * f64::from(worlds)),
            "rate {rate}: {held:?} of {worlds}"
        );
    }
}

#[test]
fn few_rounds_that_tell_policies_apart_are_counted() {
    // Of 1,000 rounds both weigh 500 by 2; a alone weighs 4 more, b alone 6 more, of which one of a and none of b had the outcome.
    let weights = |own: std::ops::Range<usize>| -> Vec<f64> {
        (0..1_000).map(|i| if i < 500 || own.contains(&i) { 2.0 } else { 0.0 }).collect()
    };
    let (a, b) = (weights(500..504), weights(504..510));
    let rewards: Vec<f64> = (0..1_000).map(|i| f64::from(u8::from(i % 10 == 0 && i < 504))).collect();
    let rounds = |weights| Rounds { weights, rewards: &rewards, clusters: None };
    let own = snips_difference(rounds(&a), rounds(&b), false, None).unwrap();
    let (scale_a, scale_b) = (1_000.0 / 1_008.0, 1_000.0 / 1_012.0);
    let value = (51.0 * 2.0 * scale_a - 50.0 * 2.0 * scale_b) / 1_000.0;
    assert!((own.value - value).abs() < 1e-12, "{own:?}");
    // One for a, by Clopper and Pearson between 0.0000253 and 0.00556 of the rounds; none for b.
    let most = scale_a + scale_b;
    let (one, (least, largest)) = (most / 1_000.0, clopper_pearson(1, 1_000, 0.95));
    let down = libm::hypot(one - most * least, most * unseen(1_000.0));
    near("few outcomes", (own.low, own.high), (value - down, value + most * largest - one));
    // A subject of thirty rounds among many of one can bring more than one of the mean.
    let clusters: Vec<u32> = (0..1_000).map(|i| if i < 30 { 0 } else { i - 29 }).collect();
    let zeros = vec![0.0; 1_000];
    let ones = vec![1.0; 1_000];
    let value = |clusters| snips(Rounds { weights: &ones, rewards: &zeros, clusters }).unwrap().high;
    let reach = 30.0 * 971.0 / 1_000.0;
    near("subjects of many rounds", (0.0, value(Some(&clusters))), (0.0, (reach * self::unseen(971.0)).min(1.0)));
    near("rounds alone", (0.0, value(None)), (0.0, self::unseen(1_000.0)));
}

#[test]
fn what_counts_no_outcomes_has_no_exact_interval() {
    // 100 rounds without an outcome: by the logger's own weights a count of them, by others a term that may be 3 elsewhere.
    let rewards = vec![0.0; 100];
    let of = |weights: &[f64], method: Method| {
        let none = || Err(String::new());
        let material = Material {
            logged: Logged::new(weights, &rewards),
            no_model: String::new(),
            estimated: false,
            most_weight: f64::INFINITY,
            empirical: none(),
            matched: none(),
            trajectory: none(),
            mrdr: Err(String::new()),
        };
        let resampling = Resampling { replicates: 0, seed: 0, task: &Task::default() };
        let rows = every(&material, &[method], true, &[], resampling).unwrap().rows;
        rows[0].intervals.unwrap().clopper_pearson
    };
    assert!(of(&[1.0; 100], Method::Ips).is_some_and(|(_, high)| (high - unseen(100.0)).abs() < 1e-9));
    let (weights, _) = policies();
    assert_eq!(of(&weights, Method::Ips), None);
    // Shrunken to 1 they are no count either.
    assert_eq!(of(&weights, Method::SgIps), None);
    // Divided by their mean the weights that are not 0 are 1.
    assert!(of(&weights, Method::Snips).is_some_and(|(_, high)| (high - unseen(40.0)).abs() < 1e-9));
}
