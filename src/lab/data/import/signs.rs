//! The signs that rows and fields are found by: delimiters, and what needs a closer look. 64 bytes at a time.

use wide::u8x16;

/// The places of delimiters and of three other signs in a text, in order, found 64 bytes at a time.
pub struct Signs<'a> {
    text: &'a [u8],
    delimiter: u8,
    others: [u8; 3],
    /// Where the block begins, and which of its bytes are signs and were not given yet, its first byte in the lowest bit.
    block: usize,
    delimiters_left: u64,
    others_left: u64,
}

/// Ends of fields that are written several at once: those from `len` on say nothing.
pub struct Ends {
    /// Where fields end.
    pub places: Vec<u32>,
    /// How many.
    pub len: usize,
}

impl From<Vec<u32>> for Ends {
    fn from(places: Vec<u32>) -> Ends {
        Ends { len: places.len(), places }
    }
}

impl Ends {
    /// Adds one.
    #[inline]
    pub fn push(&mut self, end: u32) {
        self.room();
        self.places[self.len] = end;
        self.len += 1;
    }

    /// Adds the places of all bits.
    #[inline]
    fn push_bits(&mut self, block: u32, mut bits: u64) {
        self.room();
        let Some(places) = self.places[self.len..].first_chunk_mut::<BLOCK>() else { return };
        let mut n = 0;
        while bits != 0 {
            places[n & 63] = block + bits.trailing_zeros();
            n += 1;
            bits &= bits - 1;
        }
        self.len += n;
    }

    /// Room for a block's; not for many more, since what is not used is thrown away wherever a row is read in another way.
    #[inline]
    fn room(&mut self) {
        if self.places.len() < self.len + BLOCK {
            self.places.resize(self.len + 16 * BLOCK, 0);
        }
    }
}

/// Bytes of a block.
const BLOCK: usize = 64;

impl<'a> Signs<'a> {
    /// Those from a place on.
    pub fn new(text: &'a [u8], from: usize, delimiter: u8, others: [u8; 3]) -> Signs<'a> {
        let mut signs = Signs { text, delimiter, others, block: from, delimiters_left: 0, others_left: 0 };
        signs.look();
        signs
    }

    /// The next sign that is no delimiter; the places of the delimiters before it go to `ends`.
    #[inline]
    pub fn next(&mut self, ends: &mut Ends) -> Option<usize> {
        loop {
            // The bits below the lowest.
            let before = self.others_left.wrapping_sub(1) & !self.others_left;
            let run = self.delimiters_left & before;
            self.delimiters_left &= !before;
            ends.push_bits(self.block as u32, run);
            if let Some(other) = self.take_other() {
                return Some(other);
            }
            if !self.move_on() {
                return None;
            }
        }
    }

    /// The next sign that is no delimiter; delimiters before it are passed over.
    pub fn next_other(&mut self) -> Option<usize> {
        loop {
            if let Some(other) = self.take_other() {
                // Up to its own bit: where it stands no delimiter does.
                let passed = u64::MAX << ((other - self.block) as u32 & 63);
                self.delimiters_left &= passed;
                return Some(other);
            }
            if !self.move_on() {
                return None;
            }
        }
    }

    #[inline]
    fn take_other(&mut self) -> Option<usize> {
        let at = self.block + self.others_left.trailing_zeros() as usize;
        let found = self.others_left != 0;
        self.others_left &= self.others_left.wrapping_sub(1);
        found.then_some(at)
    }

    /// To the next block; false when there is none, however often it is asked for.
    #[inline]
    fn move_on(&mut self) -> bool {
        self.block = (self.block + BLOCK).min(self.text.len());
        self.look();
        self.block < self.text.len()
    }

    #[inline]
    fn look(&mut self) {
        let rest = self.text.get(self.block..).unwrap_or_default();
        let bits = |block: &[u8; BLOCK]| bits_of(block, self.delimiter, self.others);
        (self.delimiters_left, self.others_left) = match rest.first_chunk::<BLOCK>() {
            Some(block) => bits(block),
            None => {
                let mut block = [0; BLOCK];
                block[..rest.len()].copy_from_slice(rest);
                let (delimiters, others) = bits(&block);
                let inside = (1 << rest.len()) - 1;
                (delimiters & inside, others & inside)
            }
        };
    }
}

/// Which bytes of a block are the delimiter, and which one of the three others.
#[inline]
fn bits_of(block: &[u8; BLOCK], delimiter: u8, others: [u8; 3]) -> (u64, u64) {
    let (delimiter, [one, two, three]) = (u8x16::splat(delimiter), others.map(u8x16::splat));
    let bits = |found: u8x16| u64::from(found.to_bitmask() as u16);
    let (quarters, _) = block.as_chunks::<16>();
    quarters.iter().rev().fold((0, 0), |(delimiters, others), quarter| {
        let bytes = u8x16::new(*quarter);
        let other = bytes.simd_eq(one) | bytes.simd_eq(two) | bytes.simd_eq(three);
        (delimiters << 16 | bits(bytes.simd_eq(delimiter)), others << 16 | bits(other))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OTHERS: [u8; 3] = *b"\"\n\0";

    fn numbers() -> impl FnMut(usize) -> usize {
        let mut state = 3u64;
        move |n| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % n
        }
    }

    #[test]
    fn signs_are_found_wherever_they_stand() {
        let mut next = numbers();
        for length in (0..200).chain([640, 1_000]) {
            for rare in [4, 9, 300] {
                let sign = |n| b",\"\n\0"[..].get(n).copied().unwrap_or(b'x');
                let text: Vec<u8> = (0..length).map(|_| sign(next(rare))).collect();
                let from = next(length + 1);
                let mut signs = Signs::new(&text, from, b',', OTHERS);
                let mut ends = Ends::from(vec![7]);
                // Byte by byte; some delimiters are passed over.
                let (mut at, mut passed) = (from, vec![7]);
                loop {
                    let over = next(3) == 0;
                    let other = (at..length).find(|at| OTHERS.contains(&text[*at]));
                    let found = if over { signs.next_other() } else { signs.next(&mut ends) };
                    assert_eq!(found, other, "{text:?} from {at}");
                    let before = (at..other.unwrap_or(length)).filter(|at| text[*at] == b',' && !over);
                    passed.extend(before.map(|at| at as u32));
                    assert_eq!(ends.places[..ends.len], passed, "{text:?}");
                    match other {
                        Some(other) => at = other + 1,
                        None => break,
                    }
                }
                assert_eq!((signs.next(&mut ends), signs.next_other(), ends.len), (None, None, passed.len()));
            }
        }
    }
}
