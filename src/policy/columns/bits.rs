//! Bitmaps: one bit per row, the first row in the lowest bit of the first word. Bits past the last row are 0.

use super::slice::Slice;
use std::ops::Range;

/// Words that hold one bit for each of `rows` rows.
pub const fn words(rows: usize) -> usize {
    rows.div_ceil(64)
}

/// Whether the bit of `row` is set; false past the end.
pub fn get(bits: &[u64], row: usize) -> bool {
    bits.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
}

/// Sets the bit of `row`, if there is one.
pub fn set(bits: &mut [u64], row: usize) {
    if let Some(word) = bits.get_mut(row / 64) {
        *word |= 1 << (row % 64);
    }
}

/// Clears the bit of `row`, if there is one.
pub fn clear(bits: &mut [u64], row: usize) {
    if let Some(word) = bits.get_mut(row / 64) {
        *word &= !(1 << (row % 64));
    }
}

/// The bits of word `at` that stand for one of `rows` rows.
pub fn mask(at: usize, rows: usize) -> u64 {
    match rows.saturating_sub(at.saturating_mul(64)) {
        0 => 0,
        left if left >= 64 => u64::MAX,
        left => (1 << left) - 1,
    }
}

/// The bits of a run of rows; lent where it begins with a word and ends with one or with the last row.
pub fn slice<'a>(bits: &'a [u64], rows: &Range<usize>) -> Slice<'a, u64> {
    let (first, shift, many) = (rows.start / 64, rows.start % 64, rows.end.saturating_sub(rows.start));
    let own = bits.get(first..).unwrap_or(&[]);
    let whole = own.get(..words(many)).filter(|_| shift == 0);
    if let Some(whole) = whole.filter(|whole| whole.last().is_none_or(|last| last & !mask(words(many) - 1, many) == 0))
    {
        return Slice::Borrowed(whole);
    }
    let word = |at: usize| {
        let (low, high) = (own.get(at).copied().unwrap_or(0), own.get(at + 1).copied().unwrap_or(0));
        let high = if shift == 0 { 0 } else { high << (64 - shift) };
        (low >> shift | high) & mask(at, many)
    };
    (0..words(many)).map(word).collect::<Vec<u64>>().into()
}

/// A bitmap with the bits of all `rows` rows set.
pub fn all(rows: usize) -> Vec<u64> {
    (0..words(rows)).map(|at| mask(at, rows)).collect()
}

/// Packs up to 64 bytes, each 0 or 1, into a word.
pub fn pack(bytes: &[u8]) -> u64 {
    // Eight bytes at a time: the product gathers their low bits in its highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let (eights, rest) = bytes.as_chunks::<8>();
    let mut word = 0;
    for (i, eight) in eights.iter().take(8).enumerate() {
        word |= (u64::from_le_bytes(*eight).wrapping_mul(GATHER) >> 56) << (8 * i);
    }
    for (i, byte) in rest.iter().enumerate() {
        word |= u64::from(*byte & 1).wrapping_shl((8 * eights.len() + i) as u32);
    }
    word
}

/// Number of bits set.
pub fn count(bits: &[u64]) -> usize {
    bits.iter().map(|word| word.count_ones() as usize).sum()
}

/// The rows whose bit is set, ascending.
pub fn rows(bits: &[u64]) -> impl Iterator<Item = usize> + '_ {
    bits.iter().enumerate().flat_map(|(at, word)| {
        let mut left = *word;
        std::iter::from_fn(move || {
            if left == 0 {
                return None;
            }
            let bit = left.trailing_zeros() as usize;
            left &= left - 1;
            Some(at * 64 + bit)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_packed_lowest_first() {
        for rows in [0, 1, 7, 8, 9, 63, 64] {
            let bytes: Vec<u8> = (0..rows).map(|i| u8::from(i % 3 == 0)).collect();
            let expected = (0..rows).filter(|i| i % 3 == 0).fold(0u64, |word, i| word | 1 << i);
            assert_eq!(pack(&bytes), expected, "{rows}");
        }
        for rows in [0, 1, 63, 64, 65, 128, 130] {
            let bits = all(rows);
            assert_eq!((bits.len(), count(&bits)), (words(rows), rows));
            assert_eq!(super::rows(&bits).collect::<Vec<_>>(), (0..rows).collect::<Vec<_>>());
        }
        let mut bits = vec![0; 2];
        set(&mut bits, 70);
        set(&mut bits, 999);
        assert!(get(&bits, 70) && !get(&bits, 6) && !get(&bits, 999));
        clear(&mut bits, 70);
        assert_eq!(bits, [0, 0]);
    }
}
