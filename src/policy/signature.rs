//! Signatures: who vouches for the bytes of a policy file. Detached, Ed25519 (RFC 8032) over a manifest of SHA-256 hashes, so that
//! one signature covers the policy and what was released with it. Reads and writes texts it is given; it makes no random
//! numbers, so a new key's bytes come from the caller.
//!
//! A signature file is text, every byte of it meant:
//!
//! ```text
//! attune signature 1
//! 5f1c…  policy-book.md
//! 09e2…  policy.ron
//! ed25519 4a1be6… 83c7…
//! ```
//!
//! The manifest is what `sha256sum` prints, sorted by name; the policy is always called `policy.ron`, whatever its file is
//! called. Each last line is one signature: id of the key, then the signature of everything above the first of these lines.

mod key;
mod manifest;
#[cfg(test)]
mod tests;
mod verification;

pub use key::{PublicKey, SecretKey};
pub use manifest::{Manifest, POLICY};
pub use verification::{Role, Verification};

use crate::error::Error;
use key::{from_hex, to_hex};

/// First line of a signature file, and of what is signed.
const OPENING: &str = "attune signature 1\n";

/// Largest signature file read, in bytes.
pub const MAX_BYTES: usize = 1 << 20;

/// The text of the signature file of `files`, signed with every one of `keys`.
///
/// # Errors
/// [`Error::Signature`] without a key, or with the same key twice.
pub fn sign(files: &Manifest, keys: &[SecretKey]) -> Result<String, Error> {
    let mut ids: Vec<String> = keys.iter().map(|key| key.public().id()).collect();
    ids.sort_unstable();
    ids.dedup();
    if keys.is_empty() || ids.len() != keys.len() {
        return Err(refused("a signature needs at least one key, and each key once".into()));
    }
    let mut text = format!("{OPENING}{}", files.lines());
    let signatures: String = keys
        .iter()
        .map(|key| format!("ed25519 {} {}\n", key.public().id(), to_hex(&key.sign(text.as_bytes()))))
        .collect();
    text.push_str(&signatures);
    Ok(text)
}

/// A signature file, taken apart. Nothing of it is verified yet.
struct Signature<'a> {
    /// What is signed.
    message: &'a [u8],
    files: Manifest,
    /// Key id and signature.
    by: Vec<(&'a str, [u8; 64])>,
}

impl<'a> Signature<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Signature<'a>, Error> {
        let damaged = |line: usize, what: &str| {
            refused(format!("the signature is damaged in line {line}: expected {what}; copy it again, or sign again"))
        };
        if bytes.len() > MAX_BYTES {
            return Err(refused(format!("the signature is larger than {} KB; it is none", MAX_BYTES >> 10)));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| {
            refused("the signature is not text; give the file that was written when it was signed".into())
        })?;
        let Some(rest) = text.strip_prefix(OPENING) else {
            return Err(refused(format!(
                "this is not a signature of a policy: it does not begin with `{}`",
                OPENING.trim_end()
            )));
        };
        let (mut files, mut by) = (Manifest::default(), Vec::new());
        let mut signed = OPENING.len();
        let mut lines = rest.split_inclusive('\n').zip(2..).peekable();
        while let Some((line, number)) = lines.next_if(|(line, _)| !line.starts_with("ed25519 ")) {
            files.add_line(line).map_err(|what| damaged(number, what))?;
            signed += line.len();
        }
        for (line, number) in lines {
            let parts =
                line.strip_prefix("ed25519 ").and_then(|l| l.strip_suffix('\n')).and_then(|l| l.split_once(' '));
            let parsed = parts.and_then(|(id, hex)| Some((id, from_hex::<64>(hex)?)));
            let (id, signature) = parsed.ok_or_else(|| damaged(number, "`ed25519`, the id of a key, a signature"))?;
            if by.iter().any(|(other, _)| *other == id) {
                return Err(damaged(number, "each key once"));
            }
            by.push((id, signature));
        }
        if by.is_empty() {
            return Err(refused("the signature ends before any key signed: it was cut off; copy it again".into()));
        }
        Ok(Signature { message: bytes.get(..signed).unwrap_or(bytes), files, by })
    }
}

fn refused(message: String) -> Error {
    Error::Signature { message }
}
