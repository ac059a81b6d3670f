//! Symbols: the names of a policy as small integers, so that a decision compares numbers and no strings.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

/// A name of the policy.
pub type Symbol = u32;

/// Of a name the policy does not have; equal to no symbol of its own.
pub const UNKNOWN: Symbol = Symbol::MAX;

/// Names and their symbols. The same text has the same symbol whatever it names.
#[derive(Debug, Default)]
pub struct Symbols {
    by_name: HashMap<Arc<str>, Symbol, BuildHasherDefault<Short>>,
    names: Vec<Arc<str>>,
}

impl Symbols {
    /// The symbol of a name; a new one where there is none yet.
    pub fn intern(&mut self, name: &str) -> Symbol {
        if let Some(symbol) = self.by_name.get(name) {
            return *symbol;
        }
        let symbol = Symbol::try_from(self.names.len()).unwrap_or(UNKNOWN);
        let name: Arc<str> = name.into();
        self.names.push(name.clone());
        self.by_name.insert(name, symbol);
        symbol
    }

    /// The symbol of a name, or [`UNKNOWN`].
    pub fn get(&self, name: &str) -> Symbol {
        self.by_name.get(name).copied().unwrap_or(UNKNOWN)
    }

    /// The name of a symbol; empty for [`UNKNOWN`].
    pub fn name(&self, symbol: Symbol) -> &str {
        self.names.get(symbol as usize).map_or("", |name| name)
    }
}

/// FNV over words of eight bytes: names are short and come from the policy itself, so that nobody can make them collide.
#[derive(Debug)]
struct Short(u64);

impl Default for Short {
    fn default() -> Short {
        Short(0xCBF2_9CE4_8422_2325)
    }
}

impl Hasher for Short {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        self.write_u64(rest.iter().fold(bytes.len() as u64, |word, byte| word << 8 | u64::from(*byte)));
    }

    fn write_u8(&mut self, _: u8) {
        // The mark that ends a string; its length is in the hash already.
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(0x0000_0100_0000_01B3);
        self.0 ^= self.0 >> 29;
    }

    fn finish(&self) -> u64 {
        // The table takes its bits from both ends.
        self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (self.0 >> 32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_symbol_and_a_symbol_one_name() {
        let mut symbols = Symbols::default();
        let names: Vec<String> = (0..5_000).map(|i| format!("{}{i}", "x".repeat(i % 40))).collect();
        let first: Vec<Symbol> = names.iter().map(|name| symbols.intern(name)).collect();
        assert_eq!(symbols.names.len(), names.len());
        for (name, symbol) in names.iter().zip(first) {
            assert_eq!((symbols.intern(name), symbols.get(name), symbols.name(symbol)), (symbol, symbol, &**name));
        }
        assert_eq!((symbols.get("absent"), symbols.name(UNKNOWN)), (UNKNOWN, ""));
    }
}
