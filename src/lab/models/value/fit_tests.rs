//! Fits against published numbers and against worlds whose parameters are known.

use super::super::testing::{customers, gamma};
use super::*;
use crate::random::Random;

#[test]
fn known_parameters_lie_in_their_intervals() {
    for (kind, truth) in [
        (Kind::BgNbd, [0.8, 4.0, 0.9, 2.5]),
        (Kind::MbgNbd, [0.8, 4.0, 0.7, 2.5]),
        (Kind::ParetoNbd, [0.8, 4.0, 0.7, 9.0]),
    ] {
        let (mut inside, mut all) = (0, 0);
        for seed in 0..4 {
            let histories: Vec<History> =
                customers(100 + seed, 900, kind, truth, 40.0, 0.0).iter().map(|g| g.history).collect();
            let fit = fit(kind, &histories, &Task::default()).unwrap();
            assert!(fit.warnings.is_empty(), "{:?}", fit.warnings);
            for (parameter, truth) in fit.parameters.iter().zip(truth) {
                let [low, high] = parameter.interval.unwrap();
                assert!(high / low < 20.0, "an interval as wide as that says nothing: {parameter:?}");
                all += 1;
                inside += usize::from((low..=high).contains(&truth));
            }
        }
        // 95 % of 16 intervals; 12 or fewer have a probability of 0.9 % were they independent.
        assert!(inside >= 13, "{kind:?}: {inside} of {all} intervals hold the truth");
    }
}

#[test]
fn the_worth_of_purchases_is_learned_back() {
    let (truth, mut random) = ([4.0, 3.5, 20.0], Random::new(5));
    let mut spend = |correlated: bool| -> Vec<(f64, f64)> {
        (0..3_000)
            .map(|i| {
                let n = 1.0 + f64::from(i % 7);
                let nu = gamma(&mut random, truth[1], truth[2]);
                let mean = gamma(&mut random, truth[0] * n, nu * n);
                (n, if correlated { mean * n } else { mean })
            })
            .collect()
    };
    let plain = fit_spend(&spend(false), &Task::default()).unwrap();
    for (parameter, truth) in plain.parameters.iter().zip(truth) {
        // Four standard errors: a correct fit leaves them once in 16,000.
        let error = parameter.standard_error.unwrap();
        assert!((parameter.value - truth).abs() < 4.0 * error && error < truth / 2.0, "{parameter:?}, truth {truth}");
    }
    assert!(plain.warnings.is_empty(), "{:?}", plain.warnings);
    let correlated = fit_spend(&spend(true), &Task::default()).unwrap();
    assert!(correlated.warnings.iter().any(|w| w.contains("correlate clearly")), "{:?}", correlated.warnings);
}

#[test]
fn time_may_be_measured_in_anything() {
    for kind in Kind::ALL {
        let truth = [0.8, 4.0, 0.9, if kind == Kind::ParetoNbd { 9.0 } else { 2.5 }];
        let weeks: Vec<History> = customers(3, 600, kind, truth, 40.0, 0.0).iter().map(|g| g.history).collect();
        let seconds: Vec<History> =
            weeks.iter().map(|h| History { x: h.x, t_x: h.t_x * 604_800.0, t: h.t * 604_800.0 }).collect();
        let (a, b) = (fit(kind, &weeks, &Task::default()).unwrap(), fit(kind, &seconds, &Task::default()).unwrap());
        for (i, is_time) in kind.is_time().into_iter().enumerate() {
            let ratio = b.model.parameters[i] / a.model.parameters[i] / if is_time { 604_800.0 } else { 1.0 };
            assert!((ratio - 1.0).abs() < 1e-4, "{kind:?} {ratio}");
        }
        let x: f64 = weeks.iter().map(|h| h.x).sum();
        assert!((a.log_likelihood - b.log_likelihood - x * 604_800f64.ln()).abs() < 1e-5);
    }
}

#[test]
fn odd_customers_get_an_answer_or_a_reason() {
    let history = |x: f64, t_x: f64, t: f64| History { x, t_x, t };
    let refused = [
        (vec![], "none of the 0 customers came back"),
        (vec![history(0.0, 0.0, 5.0); 3], "none of the 3 customers came back"),
        (vec![history(1.0, 6.0, 5.0)], "the last cannot lie after the end"),
        (vec![history(1.0, 2.0, 5.0), history(f64::NAN, 0.0, 1.0)], "customer 2"),
    ];
    for kind in Kind::ALL {
        for (histories, words) in &refused {
            let error = fit(kind, histories, &Task::default()).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        // Everybody alike; one customer; nobody ever leaves; all on the first day.
        for histories in [
            vec![history(3.0, 9.0, 10.0); 50],
            vec![history(1.0, 2.0, 5.0)],
            (1..60).map(|i| history(f64::from(i), 29.9, 30.0)).collect(),
            vec![history(1.0, 0.0, 0.0), history(0.0, 0.0, 0.0)],
        ] {
            let fit = fit(kind, &histories, &Task::default()).unwrap();
            assert!(fit.log_likelihood.is_finite() && fit.model.parameters.iter().all(|p| p.is_finite()), "{fit:?}");
            let (mean, variance) = fit.model.mean_and_variance(&histories[0], 5.0);
            assert!(mean.is_finite() && variance.is_finite(), "{kind:?}: {mean} {variance}");
        }
    }
    for spends in [vec![], vec![(1.0, 5.0); 9], vec![(0.0, 5.0), (1.0, -3.0), (1.0, 4.0)]] {
        assert!(fit_spend(&spends, &Task::default()).is_err(), "{spends:?}");
    }
}
