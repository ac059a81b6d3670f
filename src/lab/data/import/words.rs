//! Distinct texts with codes in order of first appearance: what a column of text is gathered in. No allocation per cell.
//!
//! A text is found by a key that holds its first sixteen bytes: short ones, as most are, are compared without a look at
//! where they are kept.

use rayon::prelude::*;
use std::sync::Arc;

/// A text as it is looked up: its first sixteen bytes, zeros behind them, its length, and a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    head: [u8; HEAD],
    length: u32,
    /// Its highest bits tell the length of a short text: short texts of one hash and one head are the same.
    hash: u32,
}

/// Texts by code, in the order in which they were added. Their heads lie by themselves: they are what is compared.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    heads: Vec<[u8; HEAD]>,
    places: Vec<Place>,
    /// Those that are longer than a key, one behind the other.
    bytes: Vec<u8>,
}

/// A text: what its key says beside its head, and where it begins among the longer ones.
#[derive(Clone, Copy, Debug)]
struct Place {
    length: u32,
    hash: u32,
    start: u32,
}

/// Distinct texts, and where to find them.
#[derive(Clone, Debug, Default)]
pub struct Words {
    texts: Texts,
    /// Open addressing: the higher bits of a hash and a code in each, a power of two of them, at most half full. Large tables are looked
    /// up at random: the smaller they are, the more of them is near.
    slots: Vec<u32>,
}

/// No code stands here.
const FREE: u32 = u32::MAX;
/// Most texts: as many as slots can tell apart.
const MOST_TEXTS: usize = (1 << 30) - 1;
/// Most bytes of distinct texts in one column.
const MOST_BYTES: usize = u32::MAX as usize;
/// Bytes of a text in its key.
const HEAD: usize = 16;
/// Lowest bits of a key's hash that are a hash.
const BITS: u32 = 27;

impl Key {
    /// The key of a text.
    #[inline]
    pub fn of(text: &[u8]) -> Key {
        let mut head = [0; HEAD];
        let n = text.len().min(HEAD);
        head[..n].copy_from_slice(&text[..n]);
        Key::new(head, text)
    }

    /// The key of a stretch of a longer text: where sixteen bytes follow its beginning they are taken at once.
    #[inline(always)]
    pub fn within(whole: &[u8], start: usize, end: usize) -> Key {
        let text = &whole[start..end];
        match whole[start..].first_chunk::<HEAD>() {
            Some(head) if !text.is_empty() => {
                let spare = 8 * HEAD.saturating_sub(text.len()) as u32;
                Key::new((u128::from_le_bytes(*head) & (u128::MAX >> spare)).to_le_bytes(), text)
            }
            _ => Key::of(text),
        }
    }

    /// A hash by folded multiplication, sixteen bytes at a time (as in Wang Yi's wyhash).
    #[inline(always)]
    fn new(head: [u8; HEAD], text: &[u8]) -> Key {
        const KEYS: [u64; 2] = [0xA076_1D64_78BD_642F, 0xE703_7ED1_A0B4_28DB];
        let fold = |a: u64, b: u64| {
            let wide = u128::from(a) * u128::from(b);
            (wide as u64) ^ (wide >> 64) as u64
        };
        let (low, high) = (u128::from_le_bytes(head) as u64, (u128::from_le_bytes(head) >> 64) as u64);
        let mut state = fold(low ^ KEYS[0] ^ text.len() as u64, high ^ KEYS[1]);
        let mut rest = text.get(HEAD..).unwrap_or_default();
        while let Some((word, tail)) = rest.split_first_chunk::<8>() {
            state = fold(state ^ u64::from_le_bytes(*word), KEYS[1]);
            rest = tail;
        }
        if !rest.is_empty() {
            let last = rest.iter().fold(0u64, |last, byte| last << 8 | u64::from(*byte));
            state = fold(state ^ last, KEYS[1] ^ KEYS[0]);
        }
        let hash = (state ^ (state >> 32)) as u32 & ((1 << BITS) - 1) | (text.len().min(HEAD + 1) as u32) << BITS;
        // No text is longer than 32 bits tell: a record may not be.
        Key { head, length: text.len() as u32, hash }
    }
}

impl Texts {
    /// Number of texts.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// A text by its code.
    pub fn get(&self, code: u32) -> &[u8] {
        let Place { length, start, .. } = self.places[code as usize];
        match self.heads[code as usize].get(..length as usize) {
            Some(text) => text,
            None => &self.bytes[start as usize..start as usize + length as usize],
        }
    }

    /// A key by the code of its text.
    pub fn key(&self, code: u32) -> Key {
        let Place { length, hash, .. } = self.places[code as usize];
        Key { head: self.heads[code as usize], length, hash }
    }

    /// Those of some codes, in order.
    pub fn keep(&self, mut kept: impl FnMut(u32) -> bool) -> Texts {
        let mut texts = Texts::default();
        for code in (0..self.len() as u32).filter(|code| kept(*code)) {
            texts.push(self.key(code), self.get(code));
        }
        texts
    }

    /// Makes room for so many more texts.
    pub fn reserve(&mut self, texts: usize) {
        self.heads.reserve(texts);
        self.places.reserve(texts);
    }

    /// Adds a text under the next code, whether it is there already or not.
    #[inline]
    pub fn push(&mut self, key: Key, text: &[u8]) -> u32 {
        let code = self.places.len() as u32;
        self.heads.push(key.head);
        self.places.push(Place { length: key.length, hash: key.hash, start: self.bytes.len() as u32 });
        if text.len() > HEAD {
            self.bytes.extend_from_slice(text);
        }
        code
    }

    /// Bytes in memory.
    pub fn bytes(&self) -> usize {
        self.bytes.len() + self.len() * (HEAD + size_of::<Place>())
    }
}

impl Words {
    /// The code of a text, given when it is new. `None` when the texts of the column outgrow 4 GiB.
    pub fn code(&mut self, text: &[u8]) -> Option<u32> {
        self.find(Key::of(text), text)
    }

    /// As [`Words::code`], by the key of the text.
    #[inline]
    pub fn find(&mut self, key: Key, text: &[u8]) -> Option<u32> {
        if self.texts.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let slots = Slots::of(self.slots.len());
        let mut at = slots.place(key.hash);
        loop {
            let slot = self.slots[at];
            if slot == FREE {
                break;
            }
            if slots.is_like(slot, key.hash) {
                let code = slots.code(slot);
                if self.texts.heads[code as usize] == key.head
                    && (text.len() <= HEAD || self.texts.get(code)[HEAD..] == text[HEAD..])
                    && (slots.tell_lengths() || self.texts.places[code as usize].length == key.length)
                {
                    return Some(code);
                }
            }
            at = slots.place(at as u32 + 1);
        }
        if self.texts.bytes.len() + text.len() > MOST_BYTES || self.texts.len() >= MOST_TEXTS {
            return None;
        }
        let code = self.texts.push(key, text);
        self.slots[at] = slots.slot(key.hash, code);
        Some(code)
    }

    /// The codes here of all texts of another, in their order.
    pub fn take_over(&mut self, other: &Texts) -> Option<Vec<u32>> {
        const BATCH: usize = 64;
        let mut codes = Vec::with_capacity(other.len());
        if self.slots.is_empty() {
            self.grow();
        }
        for (places, heads) in other.places.chunks(BATCH).zip(other.heads.chunks(BATCH)) {
            // Each look waits for the memory, so that many are begun at once: nothing is decided until all of them were.
            let table = Slots::of(self.slots.len());
            let mut slots = [FREE; BATCH];
            for (slot, place) in slots.iter_mut().zip(places) {
                *slot = self.slots.get(table.place(place.hash)).copied().unwrap_or(FREE);
            }
            for (slot, place) in slots.iter_mut().zip(places) {
                if *slot != FREE && !table.is_like(*slot, place.hash) {
                    *slot = self.likely(table, place.hash);
                }
            }
            let mut found = [false; BATCH];
            for ((found, slot), (place, head)) in found.iter_mut().zip(slots).zip(places.iter().zip(heads)) {
                *found = table.tell_lengths()
                    && place.length as usize <= HEAD
                    && self.texts.heads.get(table.code(slot) as usize) == Some(head);
            }
            for (found, slot) in found.into_iter().zip(slots).take(places.len()) {
                let code = codes.len() as u32;
                codes.push(match found {
                    true => table.code(slot),
                    false => self.find(other.key(code), other.get(code))?,
                });
            }
        }
        Some(codes)
    }

    /// The texts so far.
    #[cfg(test)]
    pub fn texts(&self) -> &Texts {
        &self.texts
    }

    /// Makes room for so many times the texts so far, as long as that is not much: texts may come again and again, and what grows is only
    /// copied. Goes without where there is none.
    pub fn reserve(&mut self, times: f64) {
        const MOST: f64 = (64 << 20) as f64;
        let more =
            |so_far: usize, size: usize| (so_far as f64 * (times - 1.0).max(0.0)).min(MOST / size as f64) as usize;
        let Texts { heads, places, bytes } = &mut self.texts;
        heads.try_reserve(more(heads.len(), HEAD)).ok();
        places.try_reserve(more(places.len(), size_of::<Place>())).ok();
        bytes.try_reserve(more(bytes.len(), 1)).ok();
    }

    /// Gives the texts away and begins anew; room that was made for finding them is kept.
    pub fn release(&mut self) -> Texts {
        self.slots.fill(FREE);
        std::mem::take(&mut self.texts)
    }

    /// Bytes in memory, and those that the dictionary made of it will take.
    pub fn bytes(&self) -> usize {
        // Each text of a dictionary is an allocation of its own, with two counters and a pointer to it, held twice while it is made.
        self.texts.bytes() + self.texts.bytes.len() + self.texts.len() * (HEAD + 48) + self.slots.len() * 4
    }

    /// The texts as shared values.
    pub fn values(&self) -> Arc<[Arc<str>]> {
        // Fields are UTF-8 wherever they are read.
        let text = |code: u32| Arc::from(std::str::from_utf8(self.texts.get(code)).unwrap_or_default());
        (0..self.texts.len() as u32).into_par_iter().map(text).collect::<Vec<Arc<str>>>().into()
    }

    /// The first slot that may be of this hash, [`FREE`] where there is none.
    fn likely(&self, table: Slots, hash: u32) -> u32 {
        let mut at = table.place(hash);
        loop {
            match self.slots.get(at) {
                None | Some(&FREE) => return FREE,
                Some(slot) if table.is_like(*slot, hash) => return *slot,
                Some(_) => at = table.place(at as u32 + 1),
            }
        }
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * if self.slots.len() < 1 << 17 { 4 } else { 2 }).max(64);
        self.slots.clear();
        self.slots.resize(size, FREE);
        let slots = Slots::of(size);
        for (code, place) in self.texts.places.iter().enumerate() {
            let mut at = slots.place(place.hash);
            while self.slots[at] != FREE {
                at = slots.place(at as u32 + 1);
            }
            self.slots[at] = slots.slot(place.hash, code as u32);
        }
    }
}

/// How the slots of a table of some size are read: a code takes one bit less than a place, the rest of the hash what is left but for the
/// highest bit, which tells free slots.
#[derive(Clone, Copy)]
struct Slots {
    /// Bits of a place.
    bits: u32,
}

impl Slots {
    fn of(size: usize) -> Slots {
        Slots { bits: size.trailing_zeros() }
    }

    /// Where a hash, or what stands behind the last place, is looked for first.
    #[inline]
    fn place(self, hash: u32) -> usize {
        hash as usize & ((1 << self.bits) - 1)
    }

    #[inline]
    fn slot(self, hash: u32, code: u32) -> u32 {
        (hash >> self.bits) << (self.bits - 1) | code
    }

    #[inline]
    fn code(self, slot: u32) -> u32 {
        slot & ((1 << (self.bits - 1)) - 1)
    }

    /// Whether a slot may be of this hash: its lowest bits are told by the place, roughly.
    #[inline]
    fn is_like(self, slot: u32, hash: u32) -> bool {
        slot >> (self.bits - 1) == hash >> self.bits
    }

    /// Whether what is alike has one length, as far as that tells short texts apart.
    #[inline]
    fn tell_lengths(self) -> bool {
        self.bits <= BITS
    }
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
        assert_eq!(words.texts().len(), map.len());
        let values = words.values();
        assert!(map.iter().all(|(text, code)| &*values[*code as usize] == text.as_str()));
        let mut other = Words::default();
        other.code(b"new");
        other.code(values[5].as_bytes());
        let theirs = other.release();
        assert_eq!(words.take_over(&theirs), Some(vec![map.len() as u32, 5]));
        assert_eq!((other.texts().len(), other.code(b"other")), (0, Some(0)), "begun anew");
        let kept = theirs.keep(|code| code == 1);
        assert_eq!((kept.len(), kept.get(0)), (1, values[5].as_bytes()));
    }

    #[test]
    fn a_key_tells_texts_apart_wherever_they_stand() {
        // Lengths around eight and sixteen bytes, the same beginnings, zeros at the end; inside a longer text and at its end.
        let long = b"0123456789abcdef0123456789abcdef\0\0\0";
        let mut texts: Vec<&[u8]> = (0..=long.len()).map(|n| &long[..n]).collect();
        texts.extend([b"\0".as_slice(), b"\0\0", b"0123456789abcdef0123456789abcdeF", b"0123456789abcdeF", b"x"]);
        let mut words = Words::default();
        for (code, text) in texts.iter().enumerate() {
            assert_eq!(words.code(text), Some(code as u32), "{text:?}");
        }
        let mut whole = Vec::new();
        let starts: Vec<usize> = texts
            .iter()
            .map(|text| {
                whole.extend_from_slice(text);
                whole.len() - text.len()
            })
            .collect();
        for ((code, text), start) in texts.iter().enumerate().zip(starts) {
            let key = Key::within(&whole, start, start + text.len());
            assert_eq!((key, words.find(key, text)), (Key::of(text), Some(code as u32)), "{text:?}");
        }
    }
}
