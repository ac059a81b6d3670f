//! The regression against intervals whose law is known, and against itself.

use super::super::history::History;
use super::*;
use crate::features::transactions::CustomerId;
use crate::random::Random;

/// Customers whose intervals follow exactly the law that is fitted, followed over `span` periods.
fn world(n: usize, span: f64, coefficients: [f64; 4], scale: f64, usual: f64) -> Histories {
    let mut random = Random::new(3);
    let mut customers = Vec::new();
    for id in 0..n {
        let (mut now, mut gaps, mut next) = (0.0, Vec::new(), None);
        let end = span * (0.4 + 0.6 * random.uniform());
        loop {
            let location: f64 = features(&gaps, usual).iter().zip(coefficients).map(|(x, b)| x * b).sum();
            let u = random.uniform().clamp(1e-12, 1.0 - 1e-12);
            let gap = (location + scale * (u / (1.0 - u)).ln()).exp();
            if now + gap > end {
                next = next.or(Some(now + gap - end));
                break;
            }
            now += gap;
            gaps.push(gap);
        }
        customers.push(Customer {
            id: CustomerId::Integer(id as i64),
            history: History { x: gaps.len() as f64, t_x: now, t: end },
            mean_spend: None,
            later: 0.0,
            later_spend: 0.0,
            next,
            gaps,
        });
    }
    Histories { customers, holdout: span, ..Histories::default() }
}

#[test]
fn a_known_law_is_learned_back_and_its_probabilities_come_true() {
    // `usual` is what the fit itself finds: the world is made again with it until both agree.
    let (coefficients, scale) = ([0.3, 0.4, 0.25, 0.1], 0.6);
    let mut usual = 6.0;
    let (known, fit) = loop {
        let known = world(3_000, 60.0, coefficients, scale, usual);
        let fit = NextPurchase::fit(&known, &Task::default()).unwrap();
        if (fit.usual - usual).abs() < 0.05 {
            break (known, fit);
        }
        usual = fit.usual;
    };
    assert!(fit.intervals.0 > 5_000 && fit.intervals.1 <= 3_000, "{:?}", fit.intervals);
    for ((name, found, error), truth) in fit.coefficients.iter().zip(coefficients) {
        assert!((found - truth).abs() < 4.5 * error + 0.01 && *error < 0.5, "{name}: {found} ± {error}, truth {truth}");
    }
    assert!((fit.scale / scale - 1.0).abs() < 0.05, "{}", fit.scale);
    for level in [0.1, 0.5, 0.9] {
        let came = known.customers.iter().filter(|c| c.next.unwrap() <= fit.quantile(c, level)).count();
        assert!((came as f64 / 3_000.0 - level).abs() < 0.03, "{level}: {came}");
    }
    let within = known.customers.iter().filter(|c| c.next.unwrap() <= 4.0).count() as f64;
    let said: f64 = known.customers.iter().map(|c| fit.p_purchase(c, 4.0)).sum();
    assert!((said / within - 1.0).abs() < 0.06, "{said} {within}");
    for customer in &known.customers[..50] {
        for p in [0.05, 0.5, 0.95] {
            let t = fit.quantile(customer, p);
            assert!((fit.p_purchase(customer, t) - p).abs() < 1e-9 || t == 0.0);
        }
    }
}

#[test]
fn too_little_or_nothing_different_is_said() {
    let few = world(3, 1.0, [3.0, 0.0, 0.0, 0.0], 0.1, 5.0);
    assert!(NextPurchase::fit(&few, &Task::default()).unwrap_err().to_string().contains("too few"));
    let mut same = world(50, 40.0, [0.7, 0.0, 0.0, 0.0], 0.5, 2.0);
    for customer in &mut same.customers {
        customer.gaps = vec![2.0; 5];
        customer.history = History { x: 5.0, t_x: 10.0, t: 10.0 };
    }
    // Intervals without any spread: an answer that is a number, or a reason.
    match NextPurchase::fit(&same, &Task::default()) {
        Ok(fit) => assert!((fit.quantile(&same.customers[0], 0.5) - 2.0).abs() < 0.5),
        Err(error) => assert!(error.to_string().contains("intervals between purchases"), "{error}"),
    }
    let task = Task::default();
    task.cancel();
    assert_eq!(NextPurchase::fit(&same, &task), Err(Error::Cancelled));
}
