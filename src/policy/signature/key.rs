//! Keys of signatures, and the text files they live in.
//!
//! ```text
//! attune secret key 1
//! name: Release manager
//! ed25519: 9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60
//! ```
//!
//! The file of a public key begins with `attune public key 1`.

use super::refused;
use crate::error::Error;
use crate::fingerprint::sha256_hex;
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use std::fmt;

const PUBLIC: &str = "attune public key 1";
const SECRET: &str = "attune secret key 1";

/// Longest name of a key, in bytes.
const MAX_NAME: usize = 200;

/// A key that signatures are verified with. Anybody may know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    key: VerifyingKey,
}

/// A key that signs. Whoever has it can sign; it is wiped from memory when it is dropped, and never printed.
#[derive(Clone)]
pub struct SecretKey {
    name: String,
    key: SigningKey,
}

impl PublicKey {
    /// The key of these 32 bytes (RFC 8032, 5.1.5).
    ///
    /// # Errors
    /// [`Error::Signature`] when they are no public key, or one that verifies what nobody signed; or the name has line breaks.
    pub fn new(name: &str, bytes: &[u8; 32]) -> Result<PublicKey, Error> {
        match VerifyingKey::from_bytes(bytes) {
            Ok(key) if !key.is_weak() => Ok(PublicKey { name: checked(name)?, key }),
            _ => Err(refused(format!("the public key `{name}` is damaged: its bytes are no key; copy it again"))),
        }
    }

    /// Reads the text of a key file.
    ///
    /// # Errors
    /// [`Error::Signature`] when it is none.
    pub fn parse(text: &str) -> Result<PublicKey, Error> {
        let (name, bytes) = parse(text, PUBLIC)?;
        PublicKey::new(name, &bytes)
    }

    /// The text of its key file.
    pub fn to_text(&self) -> String {
        format!("{PUBLIC}\nname: {}\ned25519: {}\n", self.name, to_hex(self.key.as_bytes()))
    }

    /// Whose key it is.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// First 16 hex digits of the SHA-256 of its bytes: by this signatures name it.
    pub fn id(&self) -> String {
        sha256_hex(self.key.as_bytes()).chars().take(16).collect()
    }

    /// Whether it signed `message`.
    pub fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
    }
}

impl SecretKey {
    /// The key of these 32 secret bytes (RFC 8032, 5.1.5). They must come from a source of random numbers fit for keys.
    ///
    /// # Errors
    /// [`Error::Signature`] when the name has line breaks or is empty.
    pub fn new(name: &str, bytes: &[u8; 32]) -> Result<SecretKey, Error> {
        Ok(SecretKey { name: checked(name)?, key: SigningKey::from_bytes(bytes) })
    }

    /// Reads the text of a key file.
    ///
    /// # Errors
    /// [`Error::Signature`] when it is none.
    pub fn parse(text: &str) -> Result<SecretKey, Error> {
        let (name, bytes) = parse(text, SECRET)?;
        SecretKey::new(name, &bytes)
    }

    /// The text of its key file: a secret.
    pub fn to_text(&self) -> String {
        format!("{SECRET}\nname: {}\ned25519: {}\n", self.name, to_hex(self.key.as_bytes()))
    }

    /// The key that verifies what this one signs.
    pub fn public(&self) -> PublicKey {
        PublicKey { name: self.name.clone(), key: self.key.verifying_key() }
    }

    /// Signs `message`: the same message gives the same signature.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({}, {})", self.name, self.public().id())
    }
}

fn checked(name: &str) -> Result<String, Error> {
    let name = name.trim();
    if name.is_empty() || name.len() > MAX_NAME || name.contains(char::is_control) {
        return Err(refused(format!("a key needs a name: one line of at most {MAX_NAME} bytes")));
    }
    Ok(name.to_owned())
}

fn parse<'a>(text: &'a str, kind: &str) -> Result<(&'a str, [u8; 32]), Error> {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or("").trim_end();
    if first != kind {
        return Err(refused(match (first, kind) {
            (SECRET, PUBLIC) => {
                "this is a secret key; verifying needs the public one, and the secret one belongs to its owner alone"
                    .into()
            }
            (PUBLIC, SECRET) => "this is a public key; signing needs the secret one".into(),
            _ => format!("this is not a key file: it does not begin with `{kind}`"),
        }));
    }
    let name = lines.next().and_then(|line| line.strip_prefix("name: "));
    let bytes = lines.next().and_then(|line| from_hex(line.strip_prefix("ed25519: ")?.trim_end()));
    match (name, bytes, lines.all(|line| line.trim().is_empty())) {
        (Some(name), Some(bytes), true) => Ok((name, bytes)),
        _ => Err(refused(format!(
            "this key file is damaged: after `{kind}` it has a line `name: …` and a line `ed25519: …` with 64 hex digits"
        ))),
    }
}

/// Bytes as lower-case hex.
pub fn to_hex(bytes: &[u8]) -> String {
    const HEX: &[char; 16] = &['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// As many bytes as lower-case hex says; `None` for anything else.
pub fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = (digit(*high)? << 4) | digit(*low)?;
    }
    Some(bytes)
}
