//! Chance, written down a second time: SplitMix64 over streams of a seed, and what is drawn from it.

/// A stream of random numbers.
pub struct Stream(u64);

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

fn mixed(z: u64) -> u64 {
    let z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ z >> 31
}

impl Stream {
    pub fn new(seed: u64, number: u64) -> Stream {
        Stream(mixed(seed ^ mixed(number.wrapping_add(STEP))))
    }

    /// 53 bits in [0, 1).
    pub fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(STEP);
        (mixed(self.0) >> 11) as f64 * 2f64.powi(-53)
    }

    /// From Beta(a, b) by two draws from Gamma distributions, a and b at least 1.
    pub fn beta(&mut self, a: f64, b: f64) -> f64 {
        let (x, y) = (self.gamma(a), self.gamma(b));
        if x + y > 0.0 { x / (x + y) } else { 0.5 }
    }

    /// Marsaglia and Tsang: a cubed normal, squeezed.
    fn gamma(&mut self, shape: f64) -> f64 {
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / libm::sqrt(9.0 * d);
        loop {
            let x = self.normal();
            let root = 1.0 + c * x;
            if root > 0.0 {
                let v = root * root * root;
                let u = 1.0 - self.unit();
                if libm::log(u) < 0.5 * x * x + d - d * v + d * libm::log(v) {
                    return d * v;
                }
            }
        }
    }

    /// A point of the unit disc gives one, by Marsaglia's polar method.
    fn normal(&mut self) -> f64 {
        loop {
            let x = 2.0 * self.unit() - 1.0;
            let y = 2.0 * self.unit() - 1.0;
            let s = x * x + y * y;
            if 0.0 < s && s < 1.0 {
                return x * libm::sqrt(-2.0 * libm::log(s) / s);
            }
        }
    }
}
