//! BG/NBD against its mixture integrated by brute force, and against the published checks.

use super::super::testing::{over_beta, over_gamma};
use super::*;

/// (r, α, a, b), (x, t_x, T), horizon: the parameters of CDNOW, a = 1 where the published formulas have a hole, a + b < 1, near
/// certainty, and heavy customers.
const CASES: [([f64; 4], [f64; 3], f64); 7] = [
    ([0.2426, 4.4136, 0.7929, 2.4259], [2.0, 30.43, 38.86], 39.0),
    ([0.2426, 4.4136, 0.7929, 2.4259], [0.0, 0.0, 30.0], 39.0),
    ([0.2426, 4.4136, 0.7929, 2.4259], [29.0, 36.0, 38.86], 100.0),
    ([1.2, 8.0, 1.0, 3.0], [4.0, 20.0, 25.0], 10.0),
    ([0.6, 2.0, 0.3, 0.4], [0.0, 0.0, 12.0], 52.0),
    ([0.6, 2.0, 0.3, 0.4], [3.0, 11.0, 12.0], 52.0),
    ([3.0, 1.5, 5.0, 40.0], [12.0, 9.0, 30.0], 4.0),
];

#[test]
fn likelihood_survival_and_purchases_are_their_mixtures() {
    for (params, [x, t_x, t], horizon) in CASES {
        let [r, alpha, a, b] = params;
        let h = History { x, t_x, t };
        // L given λ and p: alive at the end, or left right after the last purchase.
        let alive = |rate: f64, q: f64| q.powf(x) * rate.powf(x) * (-rate * t).exp();
        let left = |rate: f64, p: f64, q: f64| {
            if x == 0.0 { 0.0 } else { p * q.powf(x - 1.0) * rate.powf(x) * (-rate * t_x).exp() }
        };
        let l_alive = over_gamma(r, alpha, |rate| over_beta(a, b, |_, q| alive(rate, q)));
        let l_left = over_gamma(r, alpha, |rate| over_beta(a, b, |p, q| left(rate, p, q)));
        let l = l_alive + l_left;
        let found = log_likelihood(params, &h);
        assert!((found - l.ln()).abs() < 1e-9, "{params:?} {h:?}: ln L {found}, {}", l.ln());
        let found = p_alive(params, &h);
        assert!((found - l_alive / l).abs() < 1e-9, "{params:?} {h:?}: alive {found}, {}", l_alive / l);
        // Expected purchases of one alive, given λ and p: (1 − e^(−λpt)) / p.
        let purchases =
            over_gamma(r, alpha, |rate| over_beta(a, b, |p, q| alive(rate, q) * -(-rate * p * horizon).exp_m1() / p))
                / l;
        let (found, _) = future(params, &h, horizon);
        assert!((found / purchases - 1.0).abs() < 1e-8, "{params:?} {h:?}: {found}, {purchases}");
    }
}

#[test]
fn the_second_moment_is_its_mixture() {
    let ([r, alpha, a, b], t) = ([0.8, 3.0, 0.9, 2.0], 9.0);
    // E[N²] = Σ (2k − 1) P(N ≥ k), P(N ≥ k) = q^(k−1) P(Poisson(λt) ≥ k).
    let square = over_gamma(r, alpha, |rate| {
        let mean = rate * t;
        if mean > 200.0 {
            return 0.0; // the gamma has no mass there
        }
        let (mut pmf, mut below) = ((-mean).exp(), 0.0);
        let mut tails = Vec::new();
        for k in 1..400 {
            below += pmf;
            pmf *= mean / f64::from(k);
            tails.push(1.0 - below);
        }
        over_beta(a, b, |_, q| tails.iter().zip(1..).map(|(tail, k)| f64::from(2 * k - 1) * q.powi(k - 1) * tail).sum())
    });
    let (_, found) = moments(r, alpha, a, b, t);
    assert!((found / square - 1.0).abs() < 1e-8, "{found} {square}");
}

#[test]
fn published_checks() {
    let params = [0.2426, 4.4136, 0.7929, 2.4259];
    let h = History { x: 2.0, t_x: 30.43, t: 38.86 };
    assert!((future(params, &h, 39.0).0 - 1.226).abs() < 1e-3);
    let [r, alpha, a, b] = params;
    // The last is 1.8580 (mpmath, 30 digits); the published table cut its series short.
    let table = [(0.1429, 0.0078), (1.0, 0.0532), (3.0, 0.1506), (31.8571, 1.0405), (32.0, 1.0437), (78.0, 1.8576)];
    for (t, expected) in table {
        let (published, exact) = (published_expected(params, t), moments(r, alpha, a, b, t).0);
        assert!((published - expected).abs() < 1e-4, "{t}: {published} {expected}");
        assert!((exact - expected).abs() < if t < 78.0 { 1e-4 } else { 5e-4 }, "{t}: {exact} {expected}");
    }
    assert!((moments(r, alpha, a, b, 78.0).0 - 1.858_023_9).abs() < 1e-7);
}

#[test]
fn extremes_stay_numbers() {
    for (params, h, t) in [
        ([0.2, 4.0, 0.8, 2.4], History { x: 5_000.0, t_x: 1.0, t: 5_000.0 }, 1_000.0),
        ([1e-4, 1e-3, 1e-4, 1e4], History { x: 1.0, t_x: 1.0, t: 1.0 }, 10_000.0),
        ([50.0, 0.5, 1e4, 1e-3], History { x: 3.0, t_x: 0.0, t: 400.0 }, 30.0),
        ([2.0, 0.01, 0.1, 9.0], History { x: 2_000.0, t_x: 99.9, t: 100.0 }, 365.0),
    ] {
        let (mean, square) = future(params, &h, t);
        let ln_l = log_likelihood(params, &h);
        assert!(mean.is_finite() && square.is_finite() && ln_l.is_finite(), "{params:?}: {mean} {square} {ln_l}");
        assert!(
            mean >= 0.0 && square >= mean * mean * p_alive(params, &h).min(1.0) - 1e-9,
            "{params:?}: {mean} {square}"
        );
    }
    assert_eq!(future([1.0; 4], &History { x: 1.0, t_x: 1.0, t: 2.0 }, 0.0), (0.0, 0.0));
}
