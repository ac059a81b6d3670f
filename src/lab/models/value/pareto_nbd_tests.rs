//! Pareto/NBD against its mixture integrated by brute force.

use super::super::testing::over_gamma;
use super::*;

#[test]
fn likelihood_survival_and_purchases_are_their_mixtures() {
    // The parameters of CDNOW; α below β; α = β; s = 1, where the published formula has a hole; long and no gaps.
    for (params, [x, t_x, t], horizon) in [
        ([0.5533, 10.578, 0.6062, 11.668], [2.0, 30.43, 38.86], 39.0),
        ([0.5533, 10.578, 0.6062, 11.668], [0.0, 0.0, 38.86], 39.0),
        ([0.5533, 10.578, 0.6062, 11.668], [26.0, 30.86, 31.0], 39.0),
        ([1.4, 12.0, 1.0, 3.0], [4.0, 10.0, 25.0], 10.0),
        ([0.7, 5.0, 2.5, 5.0], [1.0, 0.5, 60.0], 200.0),
        ([2.0, 0.8, 0.3, 200.0], [15.0, 5.0, 40.0], 5.0),
        ([2.0, 3.0, 0.8, 4.0], [6.0, 20.0, 20.0], 5.0),
    ] {
        let [r, alpha, s, beta] = params;
        let h = History { x, t_x, t };
        let alive = |rate: f64, leave: f64| rate.powf(x) * (-(rate + leave) * t).exp();
        let left = |rate: f64, leave: f64| {
            let both = rate + leave;
            // The integral of the rate of leaving over the gap: 1 − e^(−gap) without cancelling.
            rate.powf(x) * leave / both * (-both * t_x).exp() * -(-both * (t - t_x)).exp_m1()
        };
        let mixed =
            |f: &dyn Fn(f64, f64) -> f64| over_gamma(r, alpha, |rate| over_gamma(s, beta, |leave| f(rate, leave)));
        let l_alive = mixed(&alive);
        let l = l_alive + mixed(&left);
        let found = log_likelihood(params, &h);
        assert!((found - l.ln()).abs() < 1e-9, "{params:?} {h:?}: ln L {found}, {}", l.ln());
        let found = p_alive(params, &h);
        assert!((found - l_alive / l).abs() < 1e-9, "{params:?} {h:?}: alive {found}, {}", l_alive / l);
        let lived = |leave: f64| -(-leave * horizon).exp_m1() / leave;
        let (mean, square) = future(params, &h, horizon);
        let expected = mixed(&|rate, leave| alive(rate, leave) * rate * lived(leave)) / l;
        assert!((mean / expected - 1.0).abs() < 1e-8, "{params:?} {h:?}: {mean}, {expected}");
        // E[N²] = λ E[min] + λ² E[min²], E[min²] = 2 (1 − e^(−μt)(1 + μt)) / μ².
        let lived_square = |leave: f64| {
            let y = leave * horizon;
            if y < 1e-4 {
                horizon * horizon * (1.0 - 2.0 * y / 3.0)
            } else {
                2.0 * (-(-y).exp_m1() - y * (-y).exp()) / (leave * leave)
            }
        };
        let expected =
            mixed(&|rate, leave| alive(rate, leave) * (rate * lived(leave) + rate * rate * lived_square(leave))) / l;
        assert!((square / expected - 1.0).abs() < 1e-7, "{params:?} {h:?}: {square}, {expected}");
    }
}

#[test]
fn both_ways_to_the_integral_agree_where_they_meet() {
    // The quadrature takes short gaps, the tails the others; around the border both are exact.
    for (x, t_x) in [(0.0, 0.0), (3.0, 10.0), (40.0, 35.0)] {
        let params = [0.9, 8.0, 0.7, 12.0];
        let mut last = f64::NEG_INFINITY;
        for i in 0..400 {
            let t = t_x + 0.1 * f64::from(i);
            let left = parts(params, &History { x, t_x, t }).1;
            assert!(left >= last - 1e-12, "the integral grows with its end: {x} {t}");
            let exact = super::super::special::integrate(0.0, 1.0, |u| {
                let tau = t_x + (t - t_x) * u * u * (3.0 - 2.0 * u);
                (t - t_x) * 6.0 * u * (1.0 - u) * 0.7 * (-(0.9 + x) * (8.0 + tau).ln() - 1.7 * (12.0 + tau).ln()).exp()
            });
            if i > 0 {
                assert!((left - exact.ln()).abs() < 1e-6, "{x} {t}: {left} {}", exact.ln());
            }
            last = left;
        }
    }
}

#[test]
fn extremes_stay_numbers() {
    for (params, h, t) in [
        ([0.5, 10.0, 0.6, 11.0], History { x: 5_000.0, t_x: 1.0, t: 5_000.0 }, 1_000.0),
        ([1e-4, 1e-3, 1e-4, 1e4], History { x: 1.0, t_x: 1.0, t: 1.0 }, 10_000.0),
        ([50.0, 0.5, 30.0, 1e-4], History { x: 3.0, t_x: 0.0, t: 400.0 }, 30.0),
        ([2.0, 1e4, 20.0, 1e-3], History { x: 0.0, t_x: 0.0, t: 1e-3 }, 365.0),
    ] {
        let (mean, square) = future(params, &h, t);
        let (ln_l, alive) = (log_likelihood(params, &h), p_alive(params, &h));
        assert!(
            [mean, square, ln_l, alive].iter().all(|x| x.is_finite()),
            "{params:?}: {mean} {square} {ln_l} {alive}"
        );
        assert!(mean >= 0.0 && (0.0..=1.0).contains(&alive), "{params:?}: {mean} {alive}");
    }
}
