//! The choice of λ against the definitions of SLOPE++ and of the MSE upper bound, computed again from the log alone.

use super::*;
use crate::random::Random;
use crate::task::Task;

/// Rounds of the small logs; the 97.5 % point of Student's t with 20 degrees of freedom belongs to them.
const ROUNDS: usize = 21;
const T_20: f64 = 2.085_963_447_265_837;

/// What h does to a weight, by key of the family.
fn shrunk(family: &str, lambda: f64, w: f64) -> f64 {
    match family {
        "clip" => w.min(lambda),
        "switch" => {
            if w <= lambda {
                w
            } else {
                0.0
            }
        }
        "os" => lambda * w / (w * w + lambda),
        "sg" if w == 0.0 => 0.0,
        "sg" => w / (1.0 - lambda + lambda * w),
        other => panic!("what is {other}?"),
    }
}

/// The family, its λ and whether it has a model, of an estimator that has a λ.
fn setting(estimator: Estimator) -> (&'static str, f64, bool) {
    match estimator {
        Estimator::ClippedIps(l) => ("clip", l, false),
        Estimator::ClippedDr(l) => ("clip", l, true),
        Estimator::SwitchDr(l) => ("switch", l, true),
        Estimator::DrOs(l) => ("os", l, true),
        Estimator::SgIps(l) => ("sg", l, false),
        Estimator::SgDr(l) => ("sg", l, true),
        other => panic!("{other:?} has no λ"),
    }
}

#[test]
fn lambda_is_the_one_of_the_definitions() {
    let (mut families, mut settings) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
    for seed in 0..40 {
        let mut random = Random::stream(31, seed);
        // Heavy weights, so that shrinking pays; the model errs by a constant.
        let weights: Vec<f64> = (0..ROUNDS).map(|_| libm::exp(1.5 * random.normal())).collect();
        let rewards: Vec<f64> = (0..ROUNDS).map(|_| f64::from(u8::from(random.chance(0.4)))).collect();
        let q: Vec<f64> = (0..ROUNDS).map(|_| 0.3 + 0.2 * random.uniform()).collect();
        let target: Vec<f64> = q.iter().map(|q| q + 0.05).collect();
        let model = Some(Predictions { logged: &q, target: &target });
        let logged = Logged { model, ..Logged::new(&weights, &rewards) };
        let found = evaluate(&logged, Ask { replicates: 0, ..Ask::default() }, &Task::default()).unwrap();
        let n = ROUNDS as f64;
        let mean = |values: &[f64]| values.iter().sum::<f64>() / n;
        for (by, tuned) in &found.tuned {
            // Every candidate again, in the order of a grid: value, standard error, mean of what the shrinking leaves out.
            let again: Vec<(Estimator, f64, f64, f64)> = tuned
                .candidates
                .iter()
                .map(|(estimator, _)| {
                    let (family, lambda, with_model) = setting(*estimator);
                    let base = |i: usize| if with_model { (target[i], q[i]) } else { (0.0, 0.0) };
                    let term = |i: usize| {
                        let (fixed, expected) = base(i);
                        fixed + shrunk(family, lambda, weights[i]) * (rewards[i] - expected)
                    };
                    let lost = |i: usize| (weights[i] - shrunk(family, lambda, weights[i])) * (rewards[i] - base(i).1);
                    let terms: Vec<f64> = (0..ROUNDS).map(term).collect();
                    let value = mean(&terms);
                    let squares: f64 = terms.iter().map(|x| (x - value).powi(2)).sum();
                    let lost: Vec<f64> = (0..ROUNDS).map(lost).collect();
                    (*estimator, value, (squares / (n - 1.0) / n).sqrt(), mean(&lost))
                })
                .collect();
            let expected = match by {
                tuning::Tuning::Slope => {
                    let mut wide = again.clone();
                    wide.sort_by(|a, b| b.2.total_cmp(&a.2));
                    let mut chosen = wide[0].0;
                    'next: for i in 1..wide.len() {
                        for j in 0..i {
                            let slack = T_20 * wide[i].2 + (6f64.sqrt() - 1.0) * T_20 * wide[j].2;
                            if (wide[i].1 - wide[j].1).abs() > slack {
                                break 'next;
                            }
                        }
                        chosen = wide[i].0;
                    }
                    chosen
                }
                tuning::Tuning::MseBound => {
                    let log = 40f64.ln();
                    let squares = weights.iter().map(|w| w * w).sum::<f64>() / n;
                    let most = weights.iter().copied().fold(0.0, f64::max);
                    let deviation = (2.0 * squares * log / n).sqrt() + 2.0 * most * log / (3.0 * n);
                    let bound = |own: &(Estimator, f64, f64, f64)| (own.3.abs() + deviation).powi(2) + own.2 * own.2;
                    again.iter().min_by(|a, b| bound(a).total_cmp(&bound(b))).unwrap().0
                }
            };
            // Settings that change no weight tie; any of them is the same estimator here.
            let value = |estimator: Estimator| again.iter().find(|own| own.0 == estimator).unwrap().1;
            let same = value(tuned.chosen).to_bits() == value(expected).to_bits();
            assert!(same, "{seed} {}: {:?}, expected {expected:?}", by.label(), tuned.chosen);
            families.insert((by.label(), setting(expected).0, setting(expected).2));
            settings.insert((by.label(), expected.key()));
        }
    }
    // Both methods in six families, and in each method several settings were the answer.
    assert_eq!(families.len(), 12, "{families:?}");
    for by in ["SLOPE++", "MSE upper bound"] {
        assert!(settings.iter().filter(|(own, _)| *own == by).count() > 10, "{settings:?}");
    }
}

#[test]
fn slope_stops_where_intervals_part() {
    // Values and standard errors by hand; slack of a pair is t·(narrow + (√6 − 1)·wide).
    let answer = |value: f64, se: f64| Answer { value, se, low: 0.0, high: 0.0 };
    let logged = Logged::new(&[1.0; ROUNDS], &[0.0; ROUNDS]);
    let family = |values: [f64; 3]| {
        let settings = [100.0, 10.0, 1.0].map(Estimator::ClippedIps);
        let errors = [0.1, 0.02, 0.01];
        let answers: Vec<_> =
            settings.into_iter().zip(values.iter().zip(errors)).map(|(e, (v, se))| (e, answer(*v, se))).collect();
        tuning::tune(tuning::Tuning::Slope, &answers, &logged).unwrap().chosen
    };
    // First against second: slack 2.086 (0.02 + 0.145) = 0.344; second against third: 2.086 (0.01 + 0.029) = 0.0813.
    assert_eq!(family([1.0, 0.8, 0.75]), Estimator::ClippedIps(1.0));
    assert_eq!(family([1.0, 0.8, 0.7]), Estimator::ClippedIps(10.0), "the third parts from the second");
    assert_eq!(family([1.0, 0.6, 1.0]), Estimator::ClippedIps(100.0), "nothing is taken after the first that parts");
}

#[test]
fn what_the_policy_earned_itself_stands_beside_the_estimates() {
    let (weights, rewards) = ([1.0, 2.0, 0.5, 0.5], [0.0, 1.0, 1.0, 0.0]);
    let own = OnPolicy { rewards: &[1.0, 0.0, 0.0, 1.0, 1.0], clusters: None };
    let ask = Ask { replicates: 0, on_policy: Some(own), ..Ask::default() };
    let found = evaluate(&Logged::new(&weights, &rewards), ask, &Task::default()).unwrap();
    assert_eq!(found.diagnostics.on_policy_v_eval, Some(0.6));
    // ddof 1: 1.2 / 4 / 5.
    assert!((found.on_policy.unwrap().se - (1.2f64 / 4.0 / 5.0).sqrt()).abs() < 1e-15);
    let wrong = Ask { on_policy: Some(OnPolicy { rewards: &[1.0], clusters: None }), ..ask };
    let said = evaluate(&Logged::new(&weights, &rewards), wrong, &Task::default()).unwrap_err().to_string();
    assert!(said.contains("1 logged round is too few"), "{said}");
}
