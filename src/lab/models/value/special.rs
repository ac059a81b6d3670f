//! Special functions of the purchase models, kept in logarithms where they would over- or underflow.

/// ln B(a, b), the logarithm of the beta function; `a`, `b` > 0.
pub fn ln_beta(a: f64, b: f64) -> f64 {
    libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b)
}

/// ln(e^a + e^b).
pub fn ln_add(a: f64, b: f64) -> f64 {
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}

/// ln 2F1(1, a; c; z) for 0 ≤ z < 1 and 0 < a < c: Gauss's continued fraction by the modified Lentz method.
///
/// All its coefficients are positive here, so nothing cancels; it converges by the factor
/// ((1 − √(1 − z)) / (1 + √(1 − z)))² per pair of terms, also where the power series hardly does.
pub fn ln_hyp2f1_one(a: f64, c: f64, z: f64) -> f64 {
    const MOST_TERMS: usize = 200_000;
    if z <= 0.0 {
        return 0.0;
    }
    // f = 1 / (1 − k1 z / (1 − k2 z / …)); Lentz follows the denominator.
    let (mut f, mut big_c, mut big_d) = (1.0f64, 1.0f64, 0.0f64);
    for i in 1..=MOST_TERMS {
        let n = (i / 2) as f64;
        let k = if i % 2 == 1 {
            (a + n) * (c - 1.0 + n) / ((c - 1.0 + 2.0 * n) * (c + 2.0 * n))
        } else {
            n * (c - 1.0 - a + n) / ((c - 2.0 + 2.0 * n) * (c - 1.0 + 2.0 * n))
        };
        big_d = 1.0 / (1.0 - k * z * big_d);
        big_c = 1.0 - k * z / big_c;
        let step = big_c * big_d;
        f *= step;
        if (step - 1.0).abs() < 1e-15 {
            break;
        }
    }
    -f.ln()
}

/// ∫ f over [low, high] by Gauss–Legendre with 20 points: exact to rounding for the smooth integrands used here.
pub fn integrate(low: f64, high: f64, f: impl Fn(f64) -> f64) -> f64 {
    // Nodes and weights of the positive half (Abramowitz & Stegun, table 25.4).
    const NODES: [(f64, f64); 10] = [
        (0.076_526_521_133_497_33, 0.152_753_387_130_725_85),
        (0.227_785_851_141_645_08, 0.149_172_986_472_603_75),
        (0.373_706_088_715_419_56, 0.142_096_109_318_382_05),
        (0.510_867_001_950_827_1, 0.131_688_638_449_176_63),
        (0.636_053_680_726_515, 0.118_194_531_961_518_42),
        (0.746_331_906_460_150_8, 0.101_930_119_817_240_44),
        (0.839_116_971_822_218_8, 0.083_276_741_576_704_75),
        (0.912_234_428_251_326, 0.062_672_048_334_109_06),
        (0.963_971_927_277_913_8, 0.040_601_429_800_386_94),
        (0.993_128_599_185_094_9, 0.017_614_007_139_152_118),
    ];
    let (middle, half) = ((low + high) / 2.0, (high - low) / 2.0);
    half * NODES.iter().map(|(x, w)| w * (f(middle - half * x) + f(middle + half * x))).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hypergeometric_function_is_as_tabulated() {
        // ln 2F1(1, a; c; z) by mpmath 1.3 with 30 digits.
        for (a, c, z, expected) in HYPERGEOMETRIC {
            let found = ln_hyp2f1_one(a, c, z);
            assert!((found - expected).abs() < 1e-11, "{a} {c} {z}: {found} {expected}");
        }
        // 2F1(1, 1; 2; z) = −ln(1 − z) / z
        for z in [1e-12_f64, 0.1, 0.5, 0.9, 0.999, 0.999_999] {
            let expected = (-(-z).ln_1p() / z).ln();
            assert!((ln_hyp2f1_one(1.0, 2.0, z) - expected).abs() < 1e-11, "{z}");
        }
        assert_eq!(ln_hyp2f1_one(0.7, 1.9, 0.0), 0.0);
    }

    const HYPERGEOMETRIC: [(f64, f64, f64, f64); 6] = [
        (0.5533, 2.1595, 0.05, 0.013_050_229_424_036_794),
        (2.5, 4.25, 0.7, 0.598_930_039_768_549_6),
        (30.5, 32.1, 0.99, 3.211_109_783_599_182_4),
        (0.01, 1.5, 0.999, 0.019_171_245_999_561_69),
        (150.25, 152.0, 0.3, 0.351_766_322_915_450_4),
        (0.6062, 1.9, 0.999999, 1.103_250_265_614_932_6),
    ];

    #[test]
    fn sums_of_logarithms_do_not_overflow() {
        assert_eq!(ln_add(f64::NEG_INFINITY, 1.5), 1.5);
        assert!((ln_add(1_000.0, 1_000.0) - 1_000.0 - 2f64.ln()).abs() < 1e-12);
        assert!((ln_add(-2_000.0, 0.0)).abs() < 1e-300);
        assert!((ln_beta(2.0, 3.0) - (1.0f64 / 12.0).ln()).abs() < 1e-14);
    }

    #[test]
    fn the_quadrature_is_exact_for_polynomials() {
        assert!((integrate(-1.0, 3.0, |x| x.powi(9)) - (3f64.powi(10) - 1.0) / 10.0).abs() < 1e-9);
    }
}
