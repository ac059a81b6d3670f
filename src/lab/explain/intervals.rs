//! Intervals: of a difference of AUCs on the same rows, which knows that they share them; of means and shares.

use crate::models::curves::wilson;
use crate::models::metrics::{ascending, placements, ties};
use crate::models::report::Estimate;

/// 97.5 % point of the normal distribution.
pub use crate::distributions::Z95;

/// AUC of `a` less AUC of `b` on the labels `y`, all of equal length, with the paired 95 % interval of DeLong, DeLong and
/// Clarke-Pearson (1988); 0 within [−1, 1] when one class is absent.
pub fn auc_difference(a: &[f64], b: &[f64], y: &[bool]) -> Estimate {
    let ((a_up, a_down), (b_up, b_down)) = (placements(a, y), placements(b, y));
    if a_up.is_empty() || a_down.is_empty() {
        return Estimate { value: 0.0, low: -1.0, high: 1.0 };
    }
    let gaps = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<f64>>();
    let (up, down) = (gaps(&a_up, &b_up), gaps(&a_down, &b_down));
    let half = Z95 * (standard_error(&up).powi(2) + standard_error(&down).powi(2)).sqrt();
    let value = mean(&up);
    Estimate { value, low: value - half, high: value + half }
}

/// A mean with its normal 95 % interval; of fewer than two values the whole line.
pub fn mean_interval(values: &[f64]) -> Estimate {
    let value = mean(values);
    let half = if values.len() < 2 { f64::INFINITY } else { Z95 * standard_error(values) };
    Estimate { value, low: value - half, high: value + half }
}

/// A share with Wilson's 95 % interval; 0 within [0, 1] of nothing.
pub fn share(hits: f64, n: f64) -> Estimate {
    if n > 0.0 { wilson(hits, n) } else { Estimate { value: 0.0, low: 0.0, high: 1.0 } }
}

/// How much of each row is among the `k` rows of the highest scores: 1 or 0, and for tied rows at the border an even share.
pub fn top(scores: &[f64], k: f64) -> Vec<f64> {
    let order = ascending(scores);
    let mut out = vec![0.0; scores.len()];
    let mut left = k;
    for run in ties(scores, &order).into_iter().rev() {
        let part = (left / run.len() as f64).clamp(0.0, 1.0);
        left -= run.len() as f64;
        run.for_each(|i| out[order[i] as usize] = part);
    }
    out
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Standard error of the mean, with n − 1; 0 for fewer than two values.
fn standard_error(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let (n, mean) = (values.len() as f64, mean(values));
    (values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0) / n).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::metrics::{auc, auc_interval};
    use crate::random::Random;

    #[test]
    fn against_a_constant_it_is_delongs_interval_and_against_itself_nothing() {
        let mut random = Random::new(1);
        let y: Vec<bool> = (0..400).map(|_| random.chance(0.3)).collect();
        let a: Vec<f64> = y.iter().map(|&y| random.normal() + f64::from(u8::from(y))).collect();
        let difference = auc_difference(&a, &[0.0; 400], &y);
        let alone = auc_interval(&a, &y);
        assert!((difference.value - (alone.value - 0.5)).abs() < 1e-12);
        assert!(
            (difference.low - (alone.low - 0.5)).abs() < 1e-12 && (difference.high - (alone.high - 0.5)).abs() < 1e-12
        );
        assert_eq!(auc_difference(&a, &a, &y), Estimate::default());
        assert_eq!(auc_difference(&[0.5], &[0.1], &[true]).low, -1.0);
    }

    #[test]
    fn tied_rows_at_the_border_share_what_is_left() {
        assert_eq!(top(&[0.1, 0.9, 0.5, 0.5], 2.0), [0.0, 1.0, 0.5, 0.5]);
        assert_eq!(top(&[0.1, 0.2], 5.0), [1.0, 1.0]);
        assert_eq!((share(0.0, 0.0).high, share(5.0, 10.0).value), (1.0, 0.5));
    }

    #[test]
    fn the_interval_covers_nineteen_times_of_twenty() {
        let mut covered = 0;
        for seed in 0..300 {
            let mut random = Random::new(seed);
            let y: Vec<bool> = (0..300).map(|_| random.chance(0.4)).collect();
            let shared: Vec<f64> = y.iter().map(|&y| random.normal() + 0.8 * f64::from(u8::from(y))).collect();
            // Two scores of one quality that share most of their noise: the truth is 0.
            let a: Vec<f64> = shared.iter().map(|x| x + 0.5 * random.normal()).collect();
            let b: Vec<f64> = shared.iter().map(|x| x + 0.5 * random.normal()).collect();
            let difference = auc_difference(&a, &b, &y);
            assert!((difference.value - (auc(&a, &y) - auc(&b, &y))).abs() < 1e-12);
            covered += usize::from(difference.low <= 0.0 && 0.0 <= difference.high);
        }
        assert!((273..=297).contains(&covered), "{covered} of 300");
    }
}
