//! Gamma–Gamma against its mixture integrated by brute force.

use super::super::testing::over_gamma;
use super::*;

#[test]
fn likelihood_and_expectation_are_their_mixtures() {
    for (params, n, mean) in
        [([6.249, 3.745, 15.448], 2.0, 22.35_f64), ([6.249, 3.745, 15.448], 6.0, 41.0), ([0.7, 2.2, 50.0], 1.0, 5.0)]
    {
        let [p, q, v] = params;
        // Given ν, the mean of n gamma(p, ν) worths is gamma(pn, νn), and a purchase is worth p / ν.
        let density = |nu: f64| {
            let (shape, rate) = (p * n, nu * n);
            (shape * rate.ln() - libm::lgamma(shape) + (shape - 1.0) * mean.ln() - rate * mean).exp()
        };
        let l = over_gamma(q, v, density);
        assert!((log_likelihood(params, n, mean) - l.ln()).abs() < 1e-9, "{params:?}");
        let expected_worth = over_gamma(q, v, |nu| density(nu) * p / nu) / l;
        assert!((expected(params, n, mean).unwrap() / expected_worth - 1.0).abs() < 1e-8, "{params:?}");
        let everybody = over_gamma(q, v, |nu| p / nu);
        let found = expected(params, 0.0, f64::NAN).unwrap();
        assert!((found / everybody - 1.0).abs() < 1e-8, "{params:?}: {found} {everybody}");
        // The expectation lies between the customer's own mean and everybody's, by the weight.
        let weight = own_weight(params, n).unwrap();
        assert!((expected(params, n, mean).unwrap() - (weight * mean + (1.0 - weight) * found)).abs() < 1e-9);
    }
    assert_eq!(expected([2.0, 0.5, 3.0], 0.0, 0.0), None);
}

#[test]
fn customers_of_one_number_are_summed_together() {
    let customers = [(1.0, 12.0), (3.0, 8.5), (1.0, 40.0), (2.0, 7.0), (3.0, 8.5)];
    let params = [2.5, 3.5, 20.0];
    let one_by_one: f64 = customers.iter().map(|(n, mean)| log_likelihood(params, *n, *mean)).sum();
    assert!((Spends::new(&customers).log_likelihood(params) - one_by_one).abs() < 1e-10);
}
