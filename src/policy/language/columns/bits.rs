//! One bit for each row of a batch, held in place: logic over a whole batch is sixteen words of arithmetic.

use crate::columns::bits::{mask, pack};
use std::ops::{BitAnd, BitAndAssign, BitOr, BitOrAssign, Not};

/// Rows of a batch. A column of numbers is then 8 KiB, so that the few a rule needs stay in the first cache.
pub const BATCH: usize = 1024;

const WORDS: usize = BATCH / 64;

/// A bit per row, the first row lowest. Bits past the last row of a batch mean nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bits([u64; WORDS]);

impl Bits {
    /// No row.
    pub const NONE: Bits = Bits([0; WORDS]);
    /// Every row.
    pub const ALL: Bits = Bits([u64::MAX; WORDS]);

    /// The first `rows` rows.
    pub fn first(rows: usize) -> Bits {
        Bits(std::array::from_fn(|at| mask(at, rows)))
    }

    /// All rows or none.
    pub fn same(set: bool) -> Bits {
        if set { Bits::ALL } else { Bits::NONE }
    }

    /// The words of a longer bitmap from word `at` on.
    pub fn window(words: &[u64], at: usize) -> Bits {
        let mut bits = Bits::NONE;
        bits.0.iter_mut().zip(words.iter().skip(at)).for_each(|(bit, word)| *bit = *word);
        bits
    }

    /// The words, the first row in the lowest bit of the first.
    pub fn words(&self) -> &[u64; WORDS] {
        &self.0
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Number of rows.
    pub fn count(&self) -> usize {
        crate::columns::bits::count(&self.0)
    }

    /// Whether a row is there.
    pub fn get(&self, row: usize) -> bool {
        crate::columns::bits::get(&self.0, row)
    }

    /// Adds a row, or takes it out.
    pub fn set(&mut self, row: usize, value: bool) {
        match value {
            true => crate::columns::bits::set(&mut self.0, row),
            false => crate::columns::bits::clear(&mut self.0, row),
        }
    }

    /// The rows whose bit is set, ascending.
    pub fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        crate::columns::bits::rows(&self.0)
    }

    /// The other's bits at the rows of `at`, its own elsewhere.
    pub fn take(&mut self, other: Bits, at: Bits) {
        *self = *self & !at | other & at;
    }

    /// What `f` says of each value.
    pub fn of<T: Copy>(values: &[T], f: impl Fn(T) -> bool) -> Bits {
        let mut bits = Bits::NONE;
        let (chunks, rest) = values.as_chunks::<64>();
        let mut bytes = [0u8; 64];
        for (word, chunk) in bits.0.iter_mut().zip(chunks) {
            for (byte, x) in bytes.iter_mut().zip(chunk) {
                *byte = u8::from(f(*x));
            }
            *word = pack(&bytes);
        }
        bytes = [0; 64];
        for (byte, x) in bytes.iter_mut().zip(rest) {
            *byte = u8::from(f(*x));
        }
        if let Some(word) = bits.0.get_mut(chunks.len()) {
            *word = pack(&bytes);
        }
        bits
    }

    /// What `f` says of each pair of values.
    pub fn of_pairs<T: Copy>(a: &[T], b: &[T], f: impl Fn(T, T) -> bool) -> Bits {
        let mut bits = Bits::NONE;
        let (a_chunks, a_rest) = a.as_chunks::<64>();
        let (b_chunks, b_rest) = b.as_chunks::<64>();
        let mut bytes = [0u8; 64];
        for (word, (a, b)) in bits.0.iter_mut().zip(a_chunks.iter().zip(b_chunks)) {
            for (byte, (x, y)) in bytes.iter_mut().zip(a.iter().zip(b)) {
                *byte = u8::from(f(*x, *y));
            }
            *word = pack(&bytes);
        }
        bytes = [0; 64];
        for (byte, (x, y)) in bytes.iter_mut().zip(a_rest.iter().zip(b_rest)) {
            *byte = u8::from(f(*x, *y));
        }
        if let Some(word) = bits.0.get_mut(a_chunks.len()) {
            *word = pack(&bytes);
        }
        bits
    }
}

impl Default for Bits {
    fn default() -> Bits {
        Bits::NONE
    }
}

impl BitAnd for Bits {
    type Output = Bits;

    fn bitand(mut self, other: Bits) -> Bits {
        self &= other;
        self
    }
}

impl BitOr for Bits {
    type Output = Bits;

    fn bitor(mut self, other: Bits) -> Bits {
        self |= other;
        self
    }
}

impl BitAndAssign for Bits {
    fn bitand_assign(&mut self, other: Bits) {
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a &= b);
    }
}

impl BitOrAssign for Bits {
    fn bitor_assign(&mut self, other: Bits) {
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a |= b);
    }
}

impl Not for Bits {
    type Output = Bits;

    fn not(mut self) -> Bits {
        self.0.iter_mut().for_each(|word| *word = !*word);
        self
    }
}
