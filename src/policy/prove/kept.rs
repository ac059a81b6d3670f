//! What is left of a set when something is wanted of it: parts of ranges for which a comparison can hold, and where ranges are cut in two.

use super::mutant::planted;
use super::set::{Known, outcome};
use crate::language::Op;
use std::ops::Bound;

/// A whole number that is not compared with a constant is tried value by value when it has so few.
const FEW: i64 = 64;

/// The bits with true and false exchanged.
pub fn swapped(want: u8) -> u8 {
    let (t, f) = (want & outcome::TRUE != 0, want & outcome::FALSE != 0);
    let rest = want & (outcome::UNKNOWN | outcome::FAULT);
    rest | if t { outcome::FALSE } else { 0 } | if f { outcome::TRUE } else { 0 }
}

/// The comparison that says the opposite.
pub fn negated(op: Op) -> Option<Op> {
    Some(match op {
        Op::Eq => Op::Ne,
        Op::Ne => Op::Eq,
        Op::Lt => Op::Ge,
        Op::Le => Op::Gt,
        Op::Gt => Op::Le,
        Op::Ge => Op::Lt,
        _ => return None,
    })
}

/// The cut in the middle of those between two values.
pub fn inside(cuts: &std::collections::BTreeSet<i64>, low: i64, high: i64) -> Option<i64> {
    if low >= high {
        return None;
    }
    let within: Vec<i64> = cuts.range((Bound::Excluded(low), Bound::Included(high))).copied().collect();
    within.get(within.len() / 2).copied()
}

pub fn bisect(low: i64, high: i64) -> Option<i64> {
    let size = high.checked_sub(low)?;
    (size > 0 && size < FEW).then(|| low + size / 2 + 1)
}

/// What is in both.
pub fn meet(a: &Known, b: &Known) -> Known {
    match (a, b) {
        (Known::Whole(a, b), Known::Whole(c, d)) if a.max(c) <= b.min(d) => Known::Whole(*a.max(c), *b.min(d)),
        (Known::Time(a, b), Known::Time(c, d)) if a.max(c) <= b.min(d) => Known::Time(*a.max(c), *b.min(d)),
        (Known::Whole(..), Known::Whole(..)) | (Known::Time(..), Known::Time(..)) => Known::None,
        (a, _) => a.clone(),
    }
}

/// The part of `[a, b]` for which `x op y` can hold for some y of `[c, d]`.
pub fn whole_kept((a, b): (i64, i64), op: Op, (c, d): (i64, i64)) -> Option<(i64, i64)> {
    let (low, high) = match op {
        Op::Eq => (a.max(c), b.min(d)),
        Op::Ne if c == d && a == c && b == c => return None,
        Op::Ne if c == d && a == c => (a.checked_add(1)?, b),
        Op::Ne if c == d && b == c => (a, b.checked_sub(1)?),
        Op::Lt => (a, b.min(d.checked_sub(1)?)),
        Op::Le => (a, b.min(d)),
        Op::Gt => (a.max(c.checked_add(1)?), b),
        Op::Ge => (a.max(c), b),
        _ => (a, b),
    };
    (low <= high).then_some((low, high))
}

/// The same of numbers.
pub fn number_kept((a, b): (f64, f64), op: Op, (c, d): (f64, f64)) -> Option<(f64, f64)> {
    let (low, high) = match op {
        Op::Eq => (a.max(c), b.min(d)),
        Op::Ne if c == d && a == c && b == c => return None,
        Op::Lt => (a, b.min(d.next_down())),
        Op::Le => (a, b.min(if planted(2) { d.next_down() } else { d })),
        Op::Gt => (a.max(c.next_up()), b),
        Op::Ge => (a.max(c), b),
        _ => (a, b),
    };
    (low <= high).then_some((low, high))
}
