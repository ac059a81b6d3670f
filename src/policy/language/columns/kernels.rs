//! The loops: plain passes over slices of one type, free of branches where the work allows it, so that the compiler
//! turns them into vector instructions. They know nothing of rules.

use super::bits::{BATCH, Bits};
use crate::language::ops::Op;

/// An operand of a loop: a value per row, or one for all.
#[derive(Clone, Copy, Debug)]
pub enum Operand<'s, T> {
    Each(&'s [T]),
    One(T),
}

impl<T: Copy> Operand<'_, T> {
    /// The value of a row.
    pub fn get(&self, row: usize) -> Option<T> {
        match self {
            Operand::Each(values) => values.get(row).copied(),
            Operand::One(value) => Some(*value),
        }
    }
}

/// What `f` says of each row.
pub fn test<T: Copy>(a: Operand<'_, T>, b: Operand<'_, T>, f: impl Fn(T, T) -> bool) -> Bits {
    match (a, b) {
        (Operand::Each(a), Operand::Each(b)) => Bits::of_pairs(a, b, f),
        (Operand::Each(a), Operand::One(y)) => Bits::of(a, |x| f(x, y)),
        (Operand::One(x), Operand::Each(b)) => Bits::of(b, |y| f(x, y)),
        (Operand::One(x), Operand::One(y)) => Bits::same(f(x, y)),
    }
}

/// A comparison of known values.
pub fn compare<T: Copy + PartialOrd>(op: Op, a: Operand<'_, T>, b: Operand<'_, T>) -> Bits {
    match op {
        Op::Eq => test(a, b, |x, y| x == y),
        Op::Ne => test(a, b, |x, y| x != y),
        Op::Lt => test(a, b, |x, y| x < y),
        Op::Le => test(a, b, |x, y| x <= y),
        Op::Gt => test(a, b, |x, y| x > y),
        _ => test(a, b, |x, y| x >= y),
    }
}

/// Writes `f` of each row.
pub fn map<T: Copy, U>(a: Operand<'_, T>, out: &mut [U], f: impl Fn(T) -> U)
where
    U: Copy,
{
    match a {
        Operand::Each(a) => out.iter_mut().zip(a).for_each(|(out, x)| *out = f(*x)),
        Operand::One(x) => out.fill(f(x)),
    }
}

/// Writes `f` of each row.
pub fn map_pairs<T: Copy, U: Copy>(a: Operand<'_, T>, b: Operand<'_, T>, out: &mut [U], f: impl Fn(T, T) -> U) {
    match (a, b) {
        (Operand::Each(a), Operand::Each(b)) => {
            out.iter_mut().zip(a.iter().zip(b)).for_each(|(out, (x, y))| *out = f(*x, *y));
        }
        (Operand::Each(a), Operand::One(y)) => out.iter_mut().zip(a).for_each(|(out, x)| *out = f(*x, y)),
        (Operand::One(x), Operand::Each(b)) => out.iter_mut().zip(b).for_each(|(out, y)| *out = f(x, *y)),
        (Operand::One(x), Operand::One(y)) => out.fill(f(x, y)),
    }
}

/// Writes `f` of what is there and of each row.
pub fn update<T: Copy>(values: &mut [T], by: Operand<'_, T>, f: impl Fn(T, T) -> T) {
    match by {
        Operand::Each(by) => values.iter_mut().zip(by).for_each(|(x, y)| *x = f(*x, *y)),
        Operand::One(y) => values.iter_mut().for_each(|x| *x = f(*x, y)),
    }
}

/// Writes `f` of the rows of `at` alone: for what is dear.
pub fn map_rows<T, U>(at: Bits, out: &mut [U], of: impl Fn(usize) -> Option<T>, f: impl Fn(T) -> U) {
    for row in at.rows() {
        if let (Some(place), Some(x)) = (out.get_mut(row), of(row)) {
            *place = f(x);
        }
    }
}

/// Writes the value of `f` for each row and gives the rows where it has none.
pub fn try_pairs(
    a: Operand<'_, i64>,
    b: Operand<'_, i64>,
    out: &mut [i64],
    f: impl Fn(i64, i64) -> (i64, bool),
) -> Bits {
    let mut failed = [false; BATCH];
    let put = |out: &mut i64, failed: &mut bool, x: i64, y: i64| (*out, *failed) = f(x, y);
    match (a, b) {
        (Operand::Each(a), Operand::Each(b)) => {
            for ((out, failed), (x, y)) in out.iter_mut().zip(&mut failed).zip(a.iter().zip(b)) {
                put(out, failed, *x, *y);
            }
        }
        (Operand::Each(a), Operand::One(y)) => {
            for ((out, failed), x) in out.iter_mut().zip(&mut failed).zip(a) {
                put(out, failed, *x, y);
            }
        }
        (Operand::One(x), Operand::Each(b)) => {
            for ((out, failed), y) in out.iter_mut().zip(&mut failed).zip(b) {
                put(out, failed, x, *y);
            }
        }
        (Operand::One(x), Operand::One(y)) => {
            let (value, without) = f(x, y);
            out.fill(value);
            return Bits::same(without);
        }
    }
    Bits::of(&failed, |failed| failed)
}

/// Exact arithmetic of whole numbers, and the rows where it is a fault.
pub fn calculate_whole(op: Op, a: Operand<'_, i64>, b: Operand<'_, i64>, out: &mut [i64]) -> Bits {
    let checked = |x: Option<i64>| (x.unwrap_or(0), x.is_none());
    match op {
        Op::Add => try_pairs(a, b, out, i64::overflowing_add),
        Op::Sub => try_pairs(a, b, out, i64::overflowing_sub),
        Op::Mul => try_pairs(a, b, out, i64::overflowing_mul),
        Op::Div => try_pairs(a, b, out, |x, y| checked(x.checked_div(y))),
        Op::Rem => try_pairs(a, b, out, |x, y| checked(x.checked_rem(y))),
        _ => try_pairs(a, b, out, |x, y| checked(u32::try_from(y).ok().and_then(|y| x.checked_pow(y)))),
    }
}

/// Arithmetic of numbers after IEEE 754.
pub fn calculate(op: Op, a: Operand<'_, f64>, b: Operand<'_, f64>, out: &mut [f64]) {
    match op {
        Op::Add => map_pairs(a, b, out, |x, y| x + y),
        Op::Sub => map_pairs(a, b, out, |x, y| x - y),
        Op::Mul => map_pairs(a, b, out, |x, y| x * y),
        Op::Div => map_pairs(a, b, out, |x, y| x / y),
        Op::Rem => map_pairs(a, b, out, |x, y| x % y),
        // Powers are dear, and raised row by row where they are needed.
        _ => {}
    }
}

/// Copies `a` to the rows of `at`.
pub fn select<T: Copy>(a: Operand<'_, T>, at: &Bits, out: &mut [T]) {
    let chunks = out.chunks_mut(64).zip(at.words());
    match a {
        Operand::Each(a) => {
            for ((out, word), a) in chunks.zip(a.chunks(64)) {
                match *word {
                    0 => {}
                    u64::MAX => out.iter_mut().zip(a).for_each(|(out, x)| *out = *x),
                    word => {
                        for (i, (out, x)) in out.iter_mut().zip(a).enumerate() {
                            *out = if word >> i & 1 == 1 { *x } else { *out };
                        }
                    }
                }
            }
        }
        Operand::One(x) => {
            for (out, word) in chunks {
                for (i, out) in out.iter_mut().enumerate() {
                    *out = if word >> i & 1 == 1 { x } else { *out };
                }
            }
        }
    }
}
