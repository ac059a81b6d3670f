//! Quantiles and tails of the distributions that intervals are made of: normal, Student t, F, beta; and of samples.
//!
//! It draws nothing ([`crate::random`] does). Tails of χ² are in `data::profile::chi_square`. Held against SciPy 1.17.

pub mod ends;

/// P(X ≤ z) of a standard normal X.
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
}

/// The z with P(X ≤ z) = p of a standard normal X, for p in (0, 1); infinite at the ends, NaN outside.
///
/// Acklam's rational approximation, refined by one step of Halley's method.
pub fn normal_quantile(p: f64) -> f64 {
    if p.is_nan() || !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p == 0.0 || p == 1.0 {
        return if p == 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 5] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 4] =
        [7.784_695_709_041_462e-3, 3.224_671_290_700_398e-1, 2.445_134_137_142_996, 3.754_408_661_907_416];
    let poly = |c: &[f64], x: f64| c.iter().fold(0.0, |sum, k| sum * x + k);
    let low = 0.02425;
    let tail = |p: f64| {
        let q = libm::sqrt(-2.0 * libm::log(p));
        poly(&C, q) / (poly(&D, q) * q + 1.0)
    };
    let z = if p < low {
        tail(p)
    } else if p > 1.0 - low {
        -tail(1.0 - p)
    } else {
        let q = p - 0.5;
        let r = q * q;
        q * poly(&A, r) / (poly(&B, r) * r + 1.0)
    };
    // In the upper half the complement is refined: 1 − p keeps more digits there.
    let error = if z > 0.0 { (1.0 - p) - normal_cdf(-z) } else { normal_cdf(z) - p };
    let u = error * libm::sqrt(2.0 * std::f64::consts::PI) * libm::exp(z * z / 2.0);
    z - u / (1.0 + z * u / 2.0)
}

/// The t with P(T ≤ t) = p of Student's T with `degrees` degrees of freedom.
pub fn student_quantile(p: f64, degrees: f64) -> f64 {
    if p == 0.5 {
        return 0.0;
    }
    if p < 0.5 {
        return -student_quantile(1.0 - p, degrees);
    }
    // P(T > t) = I_x(ν/2, ½)/2 at x = ν/(ν + t²).
    let x = beta_quantile(2.0 * (1.0 - p), degrees / 2.0, 0.5);
    if x > 0.5 {
        // 1 − x carries the digits: t² = ν (1 − x)/x, and 1 − x is the quantile of the mirrored distribution.
        let y = beta_quantile(1.0 - 2.0 * (1.0 - p), 0.5, degrees / 2.0);
        return libm::sqrt(degrees * y / (1.0 - y));
    }
    libm::sqrt(degrees * (1.0 - x) / x)
}

/// P(|T| ≥ |t|) of Student's T with `degrees` degrees of freedom: the two-sided p-value.
pub fn student_two_sided(t: f64, degrees: f64) -> f64 {
    beta_cdf(degrees / (degrees + t * t), degrees / 2.0, 0.5)
}

/// The x with P(X > x) = `tail` of an F variable with 1 and `degrees` degrees of freedom: the square of a Student t.
pub fn f_quantile_upper(tail: f64, degrees: f64) -> f64 {
    student_quantile(1.0 - tail / 2.0, degrees).powi(2)
}

/// P(X ≤ x) of a beta variable: the regularised incomplete beta function I_x(a, b), by Lentz's continued fraction
/// (Numerical Recipes, 6.4).
pub fn beta_cdf(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front =
        libm::exp(libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b) + a * libm::log(x) + b * libm::log1p(-x));
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(x, a, b) / a
    } else {
        1.0 - front * fraction(1.0 - x, b, a) / b
    }
}

/// The x with I_x(a, b) = p, by bisection: sixty halvings reach the last digit from any start.
pub fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    if p <= 0.0 {
        return 0.0;
    }
    if p >= 1.0 {
        return 1.0;
    }
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if beta_cdf(middle, a, b) < p { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// Clopper–Pearson interval of a share: `hits` of `n`, at confidence `level`. (0, 1) when n is 0.
pub fn clopper_pearson(hits: u64, n: u64, level: f64) -> (f64, f64) {
    if n == 0 {
        return (0.0, 1.0);
    }
    let (k, n, alpha) = (hits.min(n) as f64, n as f64, 1.0 - level);
    let low = if k == 0.0 { 0.0 } else { beta_quantile(alpha / 2.0, k, n - k + 1.0) };
    let high = if k == n { 1.0 } else { beta_quantile(1.0 - alpha / 2.0, k + 1.0, n - k) };
    (low, high)
}

fn fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let guard = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut h = d;
    for m in 1..20_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / guard(1.0 + even * d);
        c = guard(1.0 + even / c);
        h *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / guard(1.0 + odd * d);
        c = guard(1.0 + odd / c);
        let step = d * c;
        h *= step;
        if (step - 1.0).abs() < 1e-16 {
            break;
        }
    }
    h
}

/// Percentile interval at 95 % of the finite statistics, linear between order statistics as numpy does; `None` when
/// fewer than 20 replicates have one.
pub fn percentile_interval(statistics: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    let mut sorted: Vec<f64> = statistics.into_iter().filter(|x| x.is_finite()).collect();
    if sorted.len() < 20 {
        return None;
    }
    sorted.sort_by(f64::total_cmp);
    Some((quantile(&sorted, 0.025), quantile(&sorted, 0.975)))
}

/// The 97.5 % point of the standard normal distribution.
pub const Z95: f64 = 1.959_963_984_540_054;

/// A width of that share of the numbers is of rounding.
const ROUNDING: f64 = 1e-10;

/// The same where it has a width; `None` also where it has none: statistics that never vary say nothing of how far off they are.
pub fn spread_interval(statistics: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    percentile_interval(statistics).filter(|(low, high)| high - low > ROUNDING * low.abs().max(high.abs()))
}

/// Interval of the difference `a − b` from each value with the ends of its own, squared and added (Newcombe, Statistics in Medicine 17, 1998,
/// method 10; of the two estimates neither may pull the other the opposite way). Infinite where one that it rests on is.
pub fn hybrid((a, low_a, high_a): (f64, f64, f64), (b, low_b, high_b): (f64, f64, f64)) -> (f64, f64) {
    (a - b - libm::hypot(a - low_a, high_b - b), a - b + libm::hypot(high_a - a, b - low_b))
}

/// Quantile of ascending values, linear between neighbours; NaN of nothing.
pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let at = q.clamp(0.0, 1.0) * last as f64;
    let below = at.floor() as usize;
    let above = (below + 1).min(last);
    sorted[below] + (sorted[above] - sorted[below]) * (at - below as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64, relative: f64) {
        assert!((found - expected).abs() <= relative * expected.abs().max(1e-300), "{found} is not {expected}");
    }

    #[test]
    fn quantiles_of_scipy() {
        for (p, z) in NORMAL {
            near(normal_quantile(*p), *z, 1e-13);
        }
        for (p, degrees, t) in STUDENT {
            near(student_quantile(*p, *degrees), *t, 1e-11);
            near(student_two_sided(*t, *degrees), 2.0 * (1.0 - p).min(*p), 1e-8);
        }
        for (hits, n, low, high) in CLOPPER_PEARSON {
            let (a, b) = clopper_pearson(*hits, *n, 0.95);
            near(a, *low, 1e-11);
            near(b, *high, 1e-11);
        }
        near(f_quantile_upper(0.05, 10_000.0), F_10000, 1e-11);
    }

    #[test]
    fn a_difference_has_the_errors_of_both_sides() {
        // Down by 0.1 and up by 0.05: √(0.03² + 0.04²) and √(0.06² + 0.08²).
        let (low, high) = hybrid((0.3, 0.27, 0.36), (0.1, 0.02, 0.14));
        near(low, 0.15, 1e-12);
        near(high, 0.3, 1e-12);
        assert_eq!(hybrid((0.3, 0.2, 0.4), (0.0, 0.0, f64::INFINITY)), (f64::NEG_INFINITY, 0.4));
        assert_eq!(spread_interval([0.5; 40]), None);
        // Sums of tenths in another order.
        assert_eq!(spread_interval((0..40).map(|i| if i % 2 == 0 { 0.3 } else { 0.1 + 0.2 })), None);
        assert_eq!(spread_interval((0..41).map(f64::from)), Some((1.0, 39.0)));
    }

    #[test]
    fn ends_and_halves() {
        assert_eq!(normal_quantile(0.5), 0.0);
        assert_eq!(normal_quantile(1.0), f64::INFINITY);
        assert!(normal_quantile(1.5).is_nan());
        assert_eq!(student_quantile(0.5, 3.0), 0.0);
        assert_eq!(clopper_pearson(0, 0, 0.95), (0.0, 1.0));
        assert_eq!((beta_cdf(0.0, 2.0, 3.0), beta_cdf(1.0, 2.0, 3.0)), (0.0, 1.0));
        assert_eq!((beta_quantile(0.0, 2.0, 3.0), beta_quantile(1.0, 2.0, 3.0)), (0.0, 1.0));
    }

    /// `scipy.stats.norm.ppf`.
    const NORMAL: &[(f64, f64)] = &[
        (1e-12, -7.034483825301131),
        (0.001, -3.090232306167813),
        (0.02, -2.053748910631823),
        (0.025, -1.9599639845400545),
        (0.3, -0.5244005127080409),
        (0.8, 0.8416212335729143),
        (0.975, 1.959963984540054),
        (0.999, 3.090232306167813),
    ];
    /// `scipy.stats.t(degrees).ppf(p)`.
    const STUDENT: &[(f64, f64, f64)] = &[
        (0.05, 1.0, -6.313751514675044),
        (0.05, 3.0, -2.353363434801824),
        (0.05, 30.0, -1.6972608865939574),
        (0.05, 9999.0, -1.6450060333112992),
        (0.6, 1.0, 0.32491969623290634),
        (0.6, 3.0, 0.2766706623326898),
        (0.6, 30.0, 0.2556053649519128),
        (0.6, 9999.0, 0.2533538441198359),
        (0.95, 1.0, 6.313751514675037),
        (0.95, 3.0, 2.3533634348018233),
        (0.95, 30.0, 1.697260886593957),
        (0.95, 9999.0, 1.6450060333112988),
        (0.975, 1.0, 12.706204736174694),
        (0.975, 3.0, 3.1824463052837078),
        (0.975, 30.0, 2.0422724563012378),
        (0.975, 9999.0, 1.960201263621357),
        (0.9995, 1.0, 636.6192487687897),
        (0.9995, 3.0, 12.923978636687961),
        (0.9995, 30.0, 3.6459586350420627),
        (0.9995, 9999.0, 3.291500063300963),
    ];
    /// `scipy.stats.binomtest(hits, n).proportion_ci(0.95, 'exact')`.
    const CLOPPER_PEARSON: &[(u64, u64, f64, f64)] = &[
        (0, 10, 0.0, 0.30849710781876294),
        (1, 7, 0.0036102968619008097, 0.5787231970431982),
        (46, 10000, 0.003369687674692374, 0.006131041082618633),
        (10, 10, 0.6915028921812371, 1.0),
        (5000, 10000, 0.4901513805899749, 0.509848619410025),
    ];
    /// `scipy.stats.f.isf(0.05, 1, 10000)`.
    const F_10000: f64 = 3.842388900868747;
}
