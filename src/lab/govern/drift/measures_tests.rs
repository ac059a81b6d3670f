//! The measures against scipy and numpy on samples anyone can make again, and against what they are by definition.

use super::*;

fn sorted(values: impl Iterator<Item = f64>) -> Sorted {
    Sorted::new(&Cells::Number(values.collect()))
}

/// Two samples with ties, of different sizes.
fn samples() -> (Sorted, Sorted) {
    let first = (0..90).map(|i| f64::from(i * 37 % 101) / 10.0);
    let second = (0..60).map(|i| f64::from(i * 53 % 97) / 9.0 - 1.0);
    (sorted(first), sorted(second))
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-12 * expected.abs().max(1.0), "{found} {expected}");
}

#[test]
fn numbers_are_scipys() {
    let (a, b) = samples();
    close(wasserstein(&a, &b), 0.907_777_777_777_777_9);
    let (distance, p) = kolmogorov_smirnov(&a, &b);
    close(distance, 0.133_333_333_333_333_33);
    // scipy's exact value is 0.5157; the asymptotic one with Stephens' correction comes within a hundredth.
    assert!((p - 0.515_669_778_782_080_2).abs() < 0.01, "{p}");
    close(a.standard_deviation(), 2.915_017_734_948_061_7);
    let shares = Shares::of_bins(&a, &b, &a.tenths());
    assert_eq!(shares.reference.len(), 10);
    close(psi(&shares.reference, &shares.current), 0.094_984_992_112_530_34);
    let shares = Shares::of_equal_widths(&a, &b);
    assert_eq!(shares.reference.len(), 9);
    close(psi_evidently(&shares.reference, &shares.current), 0.179_771_594_160_619_36);
    for (p, degrees, expected) in
        [(0.95, 1.0, 3.841_458_820_694_124), (0.95, 9.0, 16.918_977_604_620_448), (0.95, 40.0, 55.758_479_278_887_02)]
    {
        assert!((chi_square_quantile(p, degrees) / expected - 1.0).abs() < 1e-10, "{degrees}");
    }
    for (lambda, expected) in [
        (0.0, 1.0),
        (0.4, 0.997_192_326_777_298_3),
        (0.9, 0.392_730_707_940_654_3),
        (1.0, 0.269_999_671_677_354_56),
        (1.36, 0.049_485_876_755_377_876),
        (2.5, 7.453_306_344_157_342e-6),
    ] {
        assert!((kolmogorov(lambda) - expected).abs() < 1e-13, "{lambda}: {} {expected}", kolmogorov(lambda));
    }
}

#[test]
fn equal_samples_have_no_distance_and_disjoint_ones_all_of_it() {
    let (a, b) = samples();
    assert_eq!((wasserstein(&a, &a), kolmogorov_smirnov(&a, &a)), (0.0, (0.0, 1.0)));
    assert_eq!(jensen_shannon(&[0.2, 0.8], &[0.2, 0.8]), 0.0);
    close(jensen_shannon(&[1.0, 0.0], &[0.0, 1.0]), 1.0);
    let far = sorted(b.values.iter().map(|x| x + 1_000.0));
    assert_eq!(kolmogorov_smirnov(&a, &far).0, 1.0);
    let moved = sorted(a.values.iter().map(|x| x + 7.0));
    close(wasserstein(&a, &moved), 7.0);
    // Symmetric where they must be.
    close(wasserstein(&a, &b), wasserstein(&b, &a));
    close(psi(&[0.1, 0.9], &[0.3, 0.7]), psi(&[0.3, 0.7], &[0.1, 0.9]));
    // An empty bin counts as one in ten thousand.
    close(psi(&[0.5, 0.5], &[1.0, 0.0]), 0.5 * 2f64.ln() + (1e-4 - 0.5) * (1e-4f64 / 0.5).ln());
}

#[test]
fn bins_are_half_open_and_few_values_still_have_some() {
    let cases: [(&[f64], &[f64], &[&str]); 6] = [
        (
            &[
                3.0, 6.0, 999.0, 999.0, 999.0, 999.0, 999.0, 999.0, 999.0, 999.0, 999.0, 999.0, 999.0, 999.0, 999.0,
                999.0, 999.0, 999.0, 999.0, 999.0, 999.0, 999.0, 999.0, 999.0,
            ],
            &[999.0],
            &["below 999", "999 and above"],
        ),
        (&[7.0; 5], &[7.0, 7.000000000000001], &["below 7", "7", "above 7"]),
        (&[0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0], &[5e-324], &["0 and below", "above 0"]),
        (&[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 9.0], &[5e-324], &["0 and below", "above 0"]),
        (&[1.0, 2.0, 3.0], &[1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 2.4, 2.6, 2.8], &["below 1.2"]),
        (&[1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 3.0], &[2.0], &["below 2", "2 and above"]),
    ];
    for (values, expected, labels) in cases {
        let sample = sorted(values.iter().copied());
        let edges = sample.tenths();
        assert_eq!(edges.len(), expected.len(), "{values:?}: {edges:?}");
        assert!(edges.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9), "{values:?}: {edges:?}");
        assert_eq!(&sample.bin_labels(&edges)[..labels.len()], labels);
        let shares = Shares::of_bins(&sample, &sample, &edges);
        close(shares.reference.iter().sum(), 1.0);
    }
    let (low, high) = (sorted([1.0, 2.0].into_iter()), sorted([2.0, 3.0].into_iter()));
    let shares = Shares::of_bins(&low, &high, &[2.0]);
    assert_eq!((shares.reference, shares.current), (vec![0.5, 0.5], vec![0.0, 1.0]), "2 belongs to [2, ∞)");
}
