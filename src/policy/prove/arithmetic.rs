//! Arithmetic over sets of numbers: ends are calculated as the evaluator calculates, and rounding keeps order, so that no result lies
//! outside.

use super::set::{ALL_NUMBERS, Known, Set};
use crate::language::Op;

/// What `a op b` may come to, for known values; `op` is arithmetic.
pub fn calculate(op: Op, a: &Known, b: &Known) -> Set {
    match (a, b) {
        (Known::None, _) | (_, Known::None) => Set::EMPTY,
        (Known::Any, _) | (_, Known::Any) => Set { fault: true, ..Set::of(Known::Any) },
        (Known::Whole(a, b), Known::Whole(c, d)) => whole(op, (*a, *b), (*c, *d)),
        (x, y) => match x.as_numbers().zip(y.as_numbers()) {
            Some((a, b)) => Set::of(numbers(op, a, b)),
            None => Set { fault: true, ..Set::EMPTY },
        },
    }
}

fn whole(op: Op, (a, b): (i64, i64), (c, d): (i64, i64)) -> Set {
    let all = Set { fault: true, ..Set::of(Known::Whole(i64::MIN, i64::MAX)) };
    let wide = |x: i64| i128::from(x);
    let corners = |f: &dyn Fn(i128, i128) -> i128| {
        let ends = [f(wide(a), wide(c)), f(wide(a), wide(d)), f(wide(b), wide(c)), f(wide(b), wide(d))];
        let low = ends.into_iter().min().unwrap_or(i128::MIN);
        let high = ends.into_iter().max().unwrap_or(i128::MAX);
        let (least, most) = (wide(i64::MIN), wide(i64::MAX));
        if high < least || low > most {
            return Set { fault: true, ..Set::EMPTY };
        }
        let end = |x: i128| i64::try_from(x.clamp(least, most)).unwrap_or_default();
        Set { fault: low < least || high > most, ..Set::of(Known::Whole(end(low), end(high))) }
    };
    match op {
        Op::Add => corners(&|x, y| x + y),
        Op::Sub => corners(&|x, y| x - y),
        // The product of two 64-bit numbers fits.
        Op::Mul => corners(&|x, y| x * y),
        Op::Div if c > 0 || d < 0 => corners(&|x, y| x / y),
        Op::Rem if c > 0 => {
            let most = d - 1;
            let low = if a < 0 { -most } else { 0 };
            let high = if b > 0 { most } else { 0 };
            Set::of(Known::Whole(low, high))
        }
        _ => all,
    }
}

fn numbers(op: Op, (a, b, nan): (f64, f64, bool), (c, d, nan2): (f64, f64, bool)) -> Known {
    if nan || nan2 || a > b || c > d {
        return ALL_NUMBERS;
    }
    let infinite = a.is_infinite() || b.is_infinite() || c.is_infinite() || d.is_infinite();
    let zero = |low: f64, high: f64| low <= 0.0 && high >= 0.0;
    let corners = |f: fn(f64, f64) -> f64| {
        let ends = [f(a, c), f(a, d), f(b, c), f(b, d)];
        if ends.iter().any(|x| x.is_nan()) {
            return ALL_NUMBERS;
        }
        let low = ends.into_iter().fold(f64::INFINITY, f64::min);
        let high = ends.into_iter().fold(f64::NEG_INFINITY, f64::max);
        Known::Number { low, high, nan: false }
    };
    match op {
        Op::Add if !infinite => corners(|x, y| x + y),
        Op::Sub if !infinite => corners(|x, y| x - y),
        Op::Mul if !infinite => corners(|x, y| x * y),
        Op::Div if !infinite && !zero(c, d) => corners(|x, y| x / y),
        _ => ALL_NUMBERS,
    }
}

/// `-a`.
pub fn negate(a: &Known) -> Set {
    match a {
        Known::None => Set::EMPTY,
        Known::Whole(a, b) => whole(Op::Sub, (0, 0), (*a, *b)),
        Known::Number { low, high, nan } => Set::of(Known::Number { low: -high, high: -low, nan: *nan }),
        Known::Any => Set { fault: true, ..Set::of(Known::Any) },
        _ => Set { fault: true, ..Set::EMPTY },
    }
}
