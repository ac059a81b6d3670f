//! Numbers that say how good predicted amounts are. Intervals are normal, 95 %: of means directly, of the root and of R² by
//! the delta method; rows are taken as independent.

use super::metrics::Z95;
use super::report::{AmountQuality, Estimate};

/// Every number for predictions `p` of amounts `y`, of equal length. All 0 for no rows.
pub fn quality(p: &[f64], y: &[f64]) -> AmountQuality {
    if y.is_empty() {
        return AmountQuality::default();
    }
    let errors: Vec<f64> = p.iter().zip(y).map(|(p, y)| p - y).collect();
    let squares = mean(&errors.iter().map(|e| e * e).collect::<Vec<f64>>());
    let root = |x: f64| x.max(0.0).sqrt();
    AmountQuality {
        rmse: Estimate { value: root(squares.value), low: root(squares.low), high: root(squares.high) },
        mae: mean(&errors.iter().map(|e| e.abs()).collect::<Vec<f64>>()),
        r2: r2_interval(&errors, y),
        bias: mean(&errors),
        mean: mean(y).value,
    }
}

/// 1 − Σ (y − p)² / Σ (y − mean)²; 0 when all amounts are the same.
pub fn r2(p: &[f64], y: &[f64]) -> f64 {
    let center = mean(y).value;
    let of = |f: &dyn Fn(usize) -> f64| (0..y.len()).map(|i| f(i) * f(i)).sum::<f64>();
    let (left, all) = (of(&|i| y[i] - p[i]), of(&|i| y[i] - center));
    if all > 0.0 { 1.0 - left / all } else { 0.0 }
}

/// A mean with its interval; 0 for no values.
pub fn mean(values: &[f64]) -> Estimate {
    let n = values.len().max(1) as f64;
    let value = values.iter().sum::<f64>() / n;
    let half = Z95 * deviation(values, value) / n.sqrt();
    Estimate { value, low: value - half, high: value + half }
}

fn deviation(values: &[f64], mean: f64) -> f64 {
    let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
    (squares / (values.len() as f64 - 1.0).max(1.0)).sqrt()
}

/// R² is 1 less a ratio of two means; its spread is that of the ratio's linearisation.
fn r2_interval(errors: &[f64], y: &[f64]) -> Estimate {
    let n = y.len() as f64;
    let center = mean(y).value;
    let left = errors.iter().map(|e| e * e).sum::<f64>() / n;
    let all = y.iter().map(|y| (y - center) * (y - center)).sum::<f64>() / n;
    if all <= 0.0 {
        return Estimate::default();
    }
    let ratio = left / all;
    let parts: Vec<f64> =
        errors.iter().zip(y).map(|(e, y)| (e * e - ratio * (y - center) * (y - center)) / all).collect();
    let half = Z95 * deviation(&parts, parts.iter().sum::<f64>() / n) / n.sqrt();
    Estimate { value: 1.0 - ratio, low: 1.0 - ratio - half, high: (1.0 - ratio + half).min(1.0) }
}

#[cfg(test)]
#[path = "amounts_tests.rs"]
mod tests;
