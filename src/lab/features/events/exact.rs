//! Sums that do not depend on order: double-double arithmetic, rounded once.
//!
//! A running sum is kept as an unevaluated pair of floats [Dekker 1971; Knuth, TAOCP 4.2.2]: 106 bits, in which amounts of money
//! add up and are taken away again without an error. So a window that slides gives what the same window gives alone, and what
//! correctly rounded summation (`math.fsum`) gives.

/// A sum.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sum {
    high: f64,
    low: f64,
}

impl Sum {
    /// Adds a number.
    #[inline]
    pub fn add(&mut self, x: f64) {
        let (sum, error) = two_sum(self.high, x);
        let low = self.low + error;
        // The pair is made canonical: the high part is the rounded sum.
        self.high = sum + low;
        self.low = low - (self.high - sum);
    }

    /// The sum, rounded to the nearest float.
    #[inline]
    pub fn value(self) -> f64 {
        self.high + self.low
    }
}

/// The rounded sum of two floats, and its error, exactly.
#[inline]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let other = sum - a;
    (sum, (a - (sum - other)) + (b - other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn what_was_added_can_be_taken_away() {
        let mut random = Random::new(5);
        for scale in [1.0, 1e-3, 1e6] {
            let values: Vec<f64> = (0..2_000).map(|_| (random.uniform() * 1e5).round() / 100.0 * scale).collect();
            let mut sum = Sum::default();
            for x in &values {
                sum.add(*x);
            }
            let total = sum.value();
            let mut backwards = Sum::default();
            values.iter().rev().for_each(|x| backwards.add(*x));
            assert_eq!(total, backwards.value());
            values.iter().for_each(|x| sum.add(-x));
            assert_eq!(sum, Sum::default(), "nothing is left");
        }
        let mut cancel = Sum::default();
        [1e16, 1.0, -1e16].into_iter().for_each(|x| cancel.add(x));
        assert_eq!(cancel.value(), 1.0);
    }
}
