//! Chance that is the same on every machine: SplitMix64 over streams of one seed, and the draws made from it. The seed comes from the
//! policy, its revision and the decision id, so that a replay is exact.

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Chance(u64);

/// The stream of the choice for a slot.
pub fn choice(place: usize) -> u64 {
    place as u64
}

/// The stream of the draws that estimate probabilities for a slot.
pub fn estimate(place: usize) -> u64 {
    (1 << 32) | place as u64
}

/// The stream of a candidate's propensity under model control, by its place in the order of ties.
pub fn control(order: u32) -> u64 {
    (2 << 32) | u64::from(order)
}

fn mix(state: u64) -> u64 {
    let mut z = state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Chance {
    /// A stream of a seed; streams of different numbers have nothing to do with each other.
    pub fn new(seed: u64, stream: u64) -> Chance {
        Chance(mix(seed ^ mix(stream.wrapping_add(0x9E37_79B9_7F4A_7C15))))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number in [0, 1), one of 2^53.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A draw from Beta(a, b), a and b ≥ 1: of two Gamma draws.
    pub fn beta(&mut self, a: f64, b: f64) -> f64 {
        let (x, y) = (self.gamma(a), self.gamma(b));
        if x + y > 0.0 { x / (x + y) } else { 0.5 }
    }

    /// A draw from Gamma(shape, 1), shape ≥ 1, after Marsaglia and Tsang, "A simple method for generating gamma variables" (2000).
    fn gamma(&mut self, shape: f64) -> f64 {
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / libm::sqrt(9.0 * d);
        loop {
            let x = self.normal();
            let v = 1.0 + c * x;
            if v <= 0.0 {
                continue;
            }
            let v = v * v * v;
            // In (0, 1], so that its logarithm is finite.
            let u = 1.0 - self.unit();
            if libm::log(u) < 0.5 * x * x + d - d * v + d * libm::log(v) {
                return d * v;
            }
        }
    }

    /// A draw from the standard normal distribution, by the polar method.
    fn normal(&mut self) -> f64 {
        loop {
            let (x, y) = (2.0 * self.unit() - 1.0, 2.0 * self.unit() - 1.0);
            let s = x * x + y * y;
            if s > 0.0 && s < 1.0 {
                return x * libm::sqrt(-2.0 * libm::log(s) / s);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_the_moments_of_their_distribution() {
        let n = 40_000;
        for (a, b) in [(1.0, 1.0), (1.0, 3.0), (2.5, 1.5), (40.0, 160.0), (1.0, 1001.0)] {
            let mut chance = Chance::new(7, 3);
            let draws: Vec<f64> = (0..n).map(|_| chance.beta(a, b)).collect();
            let mean = draws.iter().sum::<f64>() / f64::from(n);
            let variance = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / f64::from(n);
            let (m, v): (f64, f64) = (a / (a + b), a * b / ((a + b) * (a + b) * (a + b + 1.0)));
            assert!((mean - m).abs() < 5.0 * (v / f64::from(n)).sqrt(), "{a} {b}: mean {mean}, {m}");
            assert!((variance / v - 1.0).abs() < 0.05, "{a} {b}: variance {variance}, {v}");
            assert!(draws.iter().all(|x| (0.0..=1.0).contains(x)));
        }
    }

    /// Written down once; another implementation has to draw the same.
    #[test]
    fn streams_are_the_published_ones() {
        let first = |seed, stream| Chance::new(seed, stream).next();
        let streams = [choice(0), choice(1), estimate(0), control(0)];
        let mut seen: Vec<u64> = streams.iter().flat_map(|s| [first(0, *s), first(1, *s)]).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 8);
        let mut chance = Chance::new(1, 0);
        let units: Vec<f64> = (0..10_000).map(|_| chance.unit()).collect();
        let mean = units.iter().sum::<f64>() / 10_000.0;
        assert!((mean - 0.5).abs() < 0.015 && units.iter().all(|u| (0.0..1.0).contains(u)));
    }
}
