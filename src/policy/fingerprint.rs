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
    hex(&Sha256::digest(bytes))
}

/// SHA-256 of texts, one after the other, as lower-case hex.
pub(crate) fn sha256_of(texts: &[&str]) -> String {
    hex(&texts.iter().fold(Sha256::new(), |hash, text| hash.chain_update(text)).finalize())
}

fn hex(bytes: &[u8]) -> String {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with Python's hashlib: `int.from_bytes(sha256(salt + b"\x1f" + unit).digest()[:8], "big") / 2**64`.
    #[test]
    fn buckets_are_the_published_ones() {
        let vectors = [
            ("", "", 0.9996105273049686),
            ("attune-split", "1", 0.12405102243227423),
            ("attune-split", "64000", 0.9319950069925054),
            ("spring-control", "anna", 0.634748495871363),
            ("s", "ünï", 0.4467323316439271),
            ("control", "customer-000017", 0.6917670253056225),
        ];
        for (salt, unit, expected) in vectors {
            assert_eq!(bucket(salt, unit), expected, "{salt} {unit}");
        }
    }

    #[test]
    fn buckets_spread_evenly_and_independently_of_other_layers() {
        let n = 20_000;
        let below = |salt: &str, share: f64| {
            (0..n).filter(|i| bucket(salt, &format!("customer {i}")) < share).count() as f64 / f64::from(n)
        };
        for share in [0.05, 0.1, 0.5] {
            // Four standard errors.
            let slack = 4.0 * (share * (1.0 - share) / f64::from(n)).sqrt();
            assert!((below("one", share) - share).abs() < slack);
            let both = (0..n).filter(|i| {
                let unit = format!("customer {i}");
                bucket("one", &unit) < share && bucket("two", &unit) < share
            });
            let (both, expected) = (both.count() as f64 / f64::from(n), share * share);
            assert!((both - expected).abs() < 4.0 * (expected / f64::from(n)).sqrt());
        }
    }

    #[test]
    fn sha256_of_the_standard() {
        assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
