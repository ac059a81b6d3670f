//! Hashes that place a subject: the bucket of holdouts and splits. Published test vectors are in the tests.

use sha2::{Digest, Sha256};

/// The bucket of `unit` in a layer, in `[0, 1)`: first 8 bytes, big endian, of SHA-256(salt ‖ 0x1F ‖ unit), divided by 2^64.
pub fn bucket(salt: &str, unit: &str) -> f64 {
    let digest = Sha256::new().chain_update(salt).chain_update([0x1F]).chain_update(unit).finalize();
    let head = digest.iter().take(8).fold(0u64, |acc, byte| (acc << 8) | u64::from(*byte));
    // Rounding to f64 can reach 2^64; a bucket stays below 1.
    (head as f64 / 18_446_744_073_709_551_616.0).min(1.0 - f64::EPSILON / 2.0)
}

/// SHA-256 as lower-case hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let hex = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or('0');
    Sha256::digest(bytes).iter().flat_map(|byte| [hex(byte >> 4), hex(byte & 15)]).collect()
}
