//! Distinct texts with codes in order of first appearance: what a column of text is gathered in. No allocation per cell.

use crate::data::cells::Dictionary;
use std::sync::Arc;

/// Distinct texts, one behind the other, and where to find them.
#[derive(Clone, Debug, Default)]
pub struct Words {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    hashes: Vec<u32>,
    /// Open addressing: codes by hash, a power of two, at most half full.
    slots: Vec<u32>,
}

/// No code stands here.
const FREE: u32 = u32::MAX;
/// Most bytes of distinct texts in one column.
const MOST_BYTES: usize = u32::MAX as usize;

impl Words {
    /// The code of a text, given when it is new. `None` when the texts of the column outgrow 4 GiB.
    pub fn code(&mut self, text: &[u8]) -> Option<u32> {
        self.code_hashed(text, hash(text))
    }

    fn code_hashed(&mut self, text: &[u8], hash: u32) -> Option<u32> {
        if self.ends.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let code = self.slots[at];
            if code == FREE {
                break;
            }
            if self.hashes[code as usize] == hash && self.get(code) == text {
                return Some(code);
            }
            at = (at + 1) & mask;
        }
        if self.bytes.len() + text.len() > MOST_BYTES || self.ends.len() as u32 >= Dictionary::MISSING - 1 {
            return None;
        }
        let code = self.ends.len() as u32;
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len() as u32);
        self.hashes.push(hash);
        self.slots[at] = code;
        Some(code)
    }

    /// The codes here of all texts of another, in their order.
    pub fn take_over(&mut self, other: &Words) -> Option<Vec<u32>> {
        (0..other.len()).map(|code| self.code_hashed(other.get(code as u32), other.hashes[code])).collect()
    }

    /// Number of distinct texts.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes in memory, and those that the dictionary made of it will take.
    pub fn bytes(&self) -> usize {
        // Each text of a dictionary is an allocation of its own, with two counters and a pointer to it.
        self.bytes.len() * 2 + self.ends.len() * (4 + 4 + 32) + self.slots.len() * 4
    }

    /// A text by its code.
    pub fn get(&self, code: u32) -> &[u8] {
        let code = code as usize;
        let start = code.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start as usize..self.ends[code] as usize]
    }

    /// The texts as shared values.
    pub fn values(&self) -> Arc<[Arc<str>]> {
        (0..self.len()).map(|code| Arc::from(String::from_utf8_lossy(self.get(code as u32)).as_ref())).collect()
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 4).max(64);
        self.slots = vec![FREE; size];
        for (code, hash) in self.hashes.iter().enumerate() {
            let mut at = *hash as usize & (size - 1);
            while self.slots[at] != FREE {
                at = (at + 1) & (size - 1);
            }
            self.slots[at] = code as u32;
        }
    }
}

/// A hash of bytes by folded multiplication, eight bytes at a time (as in Wang Yi's wyhash).
fn hash(bytes: &[u8]) -> u32 {
    const KEYS: [u64; 2] = [0xA076_1D64_78BD_642F, 0xE703_7ED1_A0B4_28DB];
    let fold = |a: u64, b: u64| {
        let wide = u128::from(a) * u128::from(b);
        (wide as u64) ^ (wide >> 64) as u64
    };
    let mut state = KEYS[0] ^ bytes.len() as u64;
    let mut rest = bytes;
    while let Some((word, tail)) = rest.split_first_chunk::<8>() {
        state = fold(state ^ u64::from_le_bytes(*word), KEYS[1]);
        rest = tail;
    }
    let mut last = 0u64;
    for byte in rest {
        last = last << 8 | u64::from(*byte);
    }
    let mixed = fold(state ^ last, KEYS[1] ^ KEYS[0]);
    (mixed ^ (mixed >> 32)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn codes_are_those_of_a_plain_map() {
        let (mut words, mut map) = (Words::default(), HashMap::new());
        for i in 0..20_000u32 {
            let text = format!("{}", (i.wrapping_mul(2_654_435_761) >> 7) % 3_000 * 12_345);
            let next = map.len() as u32;
            let plain = *map.entry(text.clone()).or_insert(next);
            assert_eq!(words.code(text.as_bytes()), Some(plain), "{text}");
        }
        assert_eq!(words.len(), map.len());
        let values = words.values();
        assert!(map.iter().all(|(text, code)| &*values[*code as usize] == text.as_str()));
        let mut other = Words::default();
        other.code(b"new");
        other.code(values[5].as_bytes());
        assert_eq!(words.take_over(&other), Some(vec![map.len() as u32, 5]));
        assert_eq!(Words::default().len(), 0);
    }
}
