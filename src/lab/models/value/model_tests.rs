//! Every model against generated customers whose truth is known, and against itself.

use super::super::testing::customers;
use super::*;

const MODELS: [(Kind, [f64; 4]); 3] = [
    (Kind::BgNbd, [0.8, 4.0, 0.9, 2.5]),
    (Kind::MbgNbd, [0.8, 4.0, 0.7, 2.5]),
    (Kind::ParetoNbd, [0.8, 4.0, 0.7, 9.0]),
];

/// Mean of `seen − said` in standard errors.
fn deviation(pairs: impl Iterator<Item = (f64, f64)>) -> f64 {
    let differences: Vec<f64> = pairs.map(|(seen, said)| seen - said).collect();
    let n = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / n;
    let variance = differences.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / (n - 1.0);
    mean / (variance / n).sqrt().max(1e-300)
}

#[test]
fn what_is_said_of_generated_customers_comes_true() {
    for (kind, parameters) in MODELS {
        let model = PurchaseModel { kind, parameters };
        let all = customers(11, 20_000, kind, parameters, 30.0, 12.0);
        // In groups by number of purchases, so that an error for some is not hidden by the others.
        for (low, high) in [(0.0, 0.0), (1.0, 2.0), (3.0, 9.0), (10.0, f64::INFINITY)] {
            let group = || all.iter().filter(move |g| (low..=high).contains(&g.history.x));
            let checks = [
                ("alive", deviation(group().map(|g| (f64::from(u8::from(g.alive)), model.p_alive(&g.history))))),
                ("purchases", deviation(group().map(|g| (g.later, model.expected(&g.history, 12.0))))),
                (
                    "variance",
                    deviation(group().map(|g| {
                        let (mean, variance) = model.mean_and_variance(&g.history, 12.0);
                        ((g.later - mean).powi(2), variance)
                    })),
                ),
                (
                    "a purchase in 5",
                    deviation(group().map(|g| (f64::from(u8::from(g.next <= 5.0)), model.p_purchase(&g.history, 5.0)))),
                ),
            ];
            for (what, z) in checks {
                assert!(z.abs() < 4.0, "{kind:?}, {low} to {high} purchases: {what} is off by {z} standard errors");
            }
        }
        let fresh = deviation(all.iter().map(|g| (g.history.x, model.expected_by(g.history.t))));
        assert!(fresh.abs() < 4.0, "{kind:?}: purchases of a random customer are off by {fresh} standard errors");
    }
}

#[test]
fn the_next_purchase_is_the_inverse_of_its_probability() {
    let h = History { x: 5.0, t_x: 20.0, t: 24.0 };
    for (kind, parameters) in MODELS {
        let model = PurchaseModel { kind, parameters };
        for p in [0.05, 0.25, 0.5] {
            let t = model.next_purchase(&h, p).unwrap();
            assert!((model.p_purchase(&h, t) - p).abs() < 1e-9, "{kind:?} {p}");
        }
        let never = model.next_purchase(&h, model.p_alive(&h) + 1e-6);
        assert_eq!(never, None, "{kind:?}: nothing is as likely as that");
        assert!(
            (model.p_purchase(&h, 1e9) / model.p_alive(&h) - 1.0).abs()
                < if kind == Kind::ParetoNbd { 1.0 } else { 1e-6 }
        );
        assert_eq!(model.p_purchase(&h, 0.0), 0.0);
    }
}
