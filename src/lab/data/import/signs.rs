//! The signs that rows and fields are found by: delimiters, and what needs a closer look. 64 bytes at a time.

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
#[cfg(target_arch = "x86_64")]
#[inline]
#[allow(unsafe_code)] // every processor of this kind has SSE2, which is all that is asked for
fn bits_of(block: &[u8; BLOCK], delimiter: u8, [one, two, three]: [u8; 3]) -> (u64, u64) {
    use core::arch::x86_64::{_mm_cmpeq_epi8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x, _mm_set1_epi8};
    #[target_feature(enable = "sse2")]
    #[inline]
    fn bits_of(block: &[u8; BLOCK], signs: [u8; 4]) -> (u64, u64) {
        let [delimiter, one, two, three] = signs.map(|sign| _mm_set1_epi8(sign.cast_signed()));
        let bits = |found| u64::from(_mm_movemask_epi8(found).cast_unsigned());
        let (words, _) = block.as_chunks::<8>();
        let (pairs, _) = words.as_chunks::<2>();
        let mut both = (0, 0);
        for [low, high] in pairs.iter().rev() {
            let bytes = _mm_set_epi64x(i64::from_le_bytes(*high), i64::from_le_bytes(*low));
            let others = _mm_or_si128(_mm_cmpeq_epi8(bytes, one), _mm_cmpeq_epi8(bytes, two));
            let others = _mm_or_si128(others, _mm_cmpeq_epi8(bytes, three));
            both = (both.0 << 16 | bits(_mm_cmpeq_epi8(bytes, delimiter)), both.1 << 16 | bits(others));
        }
        both
    }
    unsafe { bits_of(block, [delimiter, one, two, three]) }
}

/// As the one above, by arithmetic that every processor has.
#[cfg(any(test, not(target_arch = "x86_64")))]
#[cfg_attr(target_arch = "x86_64", allow(dead_code))] // there only tests compare with it
fn bits_of_anywhere(block: &[u8; BLOCK], delimiter: u8, [one, two, three]: [u8; 3]) -> (u64, u64) {
    // Bytes of zeros and ones, which compilers do many at once; eight of them become bits by a multiplication.
    let bits = |is: &dyn Fn(u8) -> bool| {
        let ones = block.map(|byte| u8::from(is(byte)));
        let (words, _) = ones.as_chunks::<8>();
        let bits = |word: &[u8; 8]| u64::from_le_bytes(*word).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        words.iter().rev().fold(0, |found, word| found << 8 | bits(word))
    };
    (bits(&|byte| byte == delimiter), bits(&|byte| byte == one || byte == two || byte == three))
}

#[cfg(not(target_arch = "x86_64"))]
use bits_of_anywhere as bits_of;

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

    #[test]
    fn every_processor_finds_the_same_signs() {
        let mut next = numbers();
        for _ in 0..1_000 {
            let mut block = [b'x'; BLOCK];
            for byte in &mut block {
                *byte = [b',', b'"', b'\n', 0, 255, 0x80, b','.wrapping_add(0x80), b'x'][next(8)];
            }
            let bits = |is: &dyn Fn(u8) -> bool| (0..BLOCK).fold(0u64, |bits, i| bits | u64::from(is(block[i])) << i);
            let plainly = (bits(&|byte| byte == b','), bits(&|byte| OTHERS.contains(&byte)));
            assert_eq!((bits_of(&block, b',', OTHERS), bits_of_anywhere(&block, b',', OTHERS)), (plainly, plainly));
        }
    }
}
