//! MBG/NBD against its mixture integrated by brute force.

use super::super::testing::{over_beta, over_gamma};
use super::*;

#[test]
fn likelihood_survival_and_purchases_are_their_mixtures() {
    for (params, [x, t_x, t], horizon) in [
        ([0.5, 6.0, 0.9, 1.8], [2.0, 30.43, 38.86], 39.0),
        ([0.5, 6.0, 0.9, 1.8], [0.0, 0.0, 38.86], 39.0),
        ([0.6, 2.0, 1.0, 0.4], [3.0, 11.0, 12.0], 52.0),
        ([3.0, 1.5, 5.0, 40.0], [12.0, 9.0, 30.0], 4.0),
    ] {
        let [r, alpha, a, b] = params;
        let h = History { x, t_x, t };
        let alive = |rate: f64, q: f64| q.powf(x + 1.0) * rate.powf(x) * (-rate * t).exp();
        let left = |rate: f64, p: f64, q: f64| p * q.powf(x) * rate.powf(x) * (-rate * t_x).exp();
        let l_alive = over_gamma(r, alpha, |rate| over_beta(a, b, |_, q| alive(rate, q)));
        let l = l_alive + over_gamma(r, alpha, |rate| over_beta(a, b, |p, q| left(rate, p, q)));
        assert!((log_likelihood(params, &h) - l.ln()).abs() < 1e-9, "{params:?} {h:?}");
        assert!((p_alive(params, &h) - l_alive / l).abs() < 1e-9, "{params:?} {h:?}");
        let of_one = |rate: f64, p: f64, t: f64| -(-rate * p * t).exp_m1() / p;
        let purchases =
            over_gamma(r, alpha, |rate| over_beta(a, b, |p, q| alive(rate, q) * of_one(rate, p, horizon))) / l;
        let (found, square) = future(params, &h, horizon);
        assert!((found / purchases - 1.0).abs() < 1e-8, "{params:?} {h:?}: {found}, {purchases}");
        assert!(square >= found * found);
        let fresh = over_gamma(r, alpha, |rate| over_beta(a, b, |p, q| q * of_one(rate, p, t)));
        assert!((random_customer(params, t).0 / fresh - 1.0).abs() < 1e-8, "{params:?}");
    }
}
