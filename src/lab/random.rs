//! Seeded random numbers that are the same on every machine: generated worlds and bootstraps.
//!
//! It will not seed itself: there is no clock and no operating-system entropy here.

/// Generator xoshiro256++ (Blackman & Vigna), seeded through SplitMix64.
#[derive(Clone, Debug)]
pub struct Random {
    state: [u64; 4],
}

impl Random {
    /// The stream of `seed`.
    pub fn new(seed: u64) -> Random {
        let mut z = seed;
        let state = [split_mix(&mut z), split_mix(&mut z), split_mix(&mut z), split_mix(&mut z)];
        Random { state }
    }

    /// Stream number `stream` of `seed`: independent work items draw from their own, so the number of threads cannot
    /// change a result.
    pub fn stream(seed: u64, stream: u64) -> Random {
        let mut z = stream.wrapping_add(0x5851_F42D_4C95_7F2D);
        Random::new(seed ^ split_mix(&mut z))
    }

    /// 64 uniform bits.
    pub fn bits(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let out = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c, d) = (c ^ a, d ^ b);
        self.state = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        out
    }

    /// Uniform in [0, 1).
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform whole number in [0, n); 0 when `n` is 0 (Lemire's multiplication; its bias is below 2⁻³² for n < 2³²).
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }

    /// Whether an event of probability `p` happens.
    pub fn chance(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    /// Standard normal (Box–Muller, one of the pair).
    pub fn normal(&mut self) -> f64 {
        let u = 1.0 - self.uniform();
        let v = self.uniform();
        libm::sqrt(-2.0 * libm::log(u)) * libm::cos(2.0 * std::f64::consts::PI * v)
    }

    /// Exponential with mean 1.
    pub fn exponential(&mut self) -> f64 {
        -libm::log(1.0 - self.uniform())
    }

    /// Position drawn in proportion to `weights`; the last when rounding leaves a remainder.
    pub fn pick(&mut self, weights: &[f64]) -> usize {
        let mut left = self.uniform() * weights.iter().sum::<f64>();
        for (i, w) in weights.iter().enumerate() {
            left -= w;
            if left < 0.0 {
                return i;
            }
        }
        weights.len().saturating_sub(1)
    }

    /// Binomial: successes in `n` trials of probability `p`. Inversion below a mean of 10, else Hörmann's transformed
    /// rejection (BTRS, 1993); both exact.
    pub fn binomial(&mut self, n: u64, p: f64) -> u64 {
        if n == 0 || p <= 0.0 {
            0
        } else if p >= 1.0 {
            n
        } else if p > 0.5 {
            n - self.binomial(n, 1.0 - p)
        } else if n as f64 * p < 10.0 {
            self.binomial_inversion(n, p)
        } else {
            self.binomial_rejection(n, p)
        }
    }

    /// Counts the geometric gaps between successes.
    fn binomial_inversion(&mut self, n: u64, p: f64) -> u64 {
        let log_q = libm::log1p(-p);
        let (mut successes, mut position) = (0, 0.0);
        loop {
            position += libm::floor(libm::log(1.0 - self.uniform()) / log_q) + 1.0;
            if position > n as f64 {
                return successes;
            }
            successes += 1;
        }
    }

    fn binomial_rejection(&mut self, n: u64, p: f64) -> u64 {
        let n = n as f64;
        let spread = libm::sqrt(n * p * (1.0 - p));
        let b = 1.15 + 2.53 * spread;
        let a = -0.0873 + 0.0248 * b + 0.01 * p;
        let center = n * p + 0.5;
        let squeeze = 0.92 - 4.2 / b;
        let odds = p / (1.0 - p);
        let alpha = (2.83 + 5.1 / b) * spread;
        let mode = libm::floor((n + 1.0) * p);
        loop {
            let u = self.uniform() - 0.5;
            let v = self.uniform();
            let us = 0.5 - u.abs();
            let k = libm::floor((2.0 * a / us + b) * u + center);
            if us >= 0.07 && v <= squeeze {
                return k as u64;
            }
            if k < 0.0 || k > n {
                continue;
            }
            let v = libm::log(v * alpha / (a / (us * us) + b));
            let bound = (mode + 0.5) * libm::log((mode + 1.0) / (odds * (n - mode + 1.0)))
                + (n + 1.0) * libm::log((n - mode + 1.0) / (n - k + 1.0))
                + (k + 0.5) * libm::log(odds * (n - k + 1.0) / (k + 1.0))
                + stirling(mode)
                + stirling(n - mode)
                - stirling(k)
                - stirling(n - k);
            if v <= bound {
                return k as u64;
            }
        }
    }
}

fn split_mix(z: &mut u64) -> u64 {
    *z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut x = *z;
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// Error of Stirling's formula for ln k!.
fn stirling(k: f64) -> f64 {
    if k < 10.0 {
        return libm::lgamma(k + 1.0)
            - ((k + 0.5) * libm::log(k + 1.0) - (k + 1.0) + 0.5 * libm::log(2.0 * std::f64::consts::PI));
    }
    let square = (k + 1.0) * (k + 1.0);
    (1.0 / 12.0 - (1.0 / 360.0 - 1.0 / 1260.0 / square) / square) / (k + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(draws: &[f64]) -> (f64, f64) {
        let n = draws.len() as f64;
        let mean = draws.iter().sum::<f64>() / n;
        (mean, draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0))
    }

    #[test]
    fn draws_have_the_moments_of_their_distributions() {
        let mut random = Random::new(7);
        for (n, p) in [(5, 0.3), (64_000, 1.0 / 64_000.0), (40, 0.5), (1_000, 0.9), (64_000, 0.33)] {
            let draws: Vec<f64> = (0..20_000).map(|_| random.binomial(n, p) as f64).collect();
            let (mean, variance) = moments(&draws);
            let (m, v) = (n as f64 * p, n as f64 * p * (1.0 - p));
            assert!((mean - m).abs() < 4.0 * (v / 20_000.0).sqrt(), "binomial({n}, {p}): mean {mean}, expected {m}");
            assert!((variance / v - 1.0).abs() < 0.06, "binomial({n}, {p}): variance {variance}, expected {v}");
        }
        let (mean, variance) = moments(&(0..20_000).map(|_| random.normal()).collect::<Vec<_>>());
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05);
        let (mean, _) = moments(&(0..20_000).map(|_| random.exponential()).collect::<Vec<_>>());
        assert!((mean - 1.0).abs() < 0.03);
        let thirds = (0..30_000).filter(|_| random.pick(&[1.0, 2.0]) == 0).count();
        assert!((9_600..10_400).contains(&thirds), "{thirds}");
        assert!((0..1_000).all(|_| random.below(3) < 3));
    }

    #[test]
    fn streams_repeat_and_differ() {
        let draw = |seed, stream| Random::stream(seed, stream).bits();
        assert_eq!(draw(1, 2), draw(1, 2));
        assert_ne!(draw(1, 2), draw(1, 3));
        assert_ne!(draw(1, 2), draw(2, 2));
    }
}
