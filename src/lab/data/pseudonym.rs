//! Pseudonyms: keyed hashes in place of identifiers, the same for the same person in every table of a project.
//!
//! A pseudonym is HMAC-SHA256 (RFC 2104) of the key under the project's secret, cut to 128 bits. Without the secret nobody can
//! tell whom it stands for, not even by trying all customer numbers. It is no anonymity: whoever holds the secret and the
//! original keys can link them again, and the other columns of a row may still give a person away.

use super::cells::{Cells, Interner};
use super::dataset::{Column, Dataset};
use super::join::canonical;
use crate::error::{Error, Result};
use attune_policy::value::Type;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// The secret of a project, from which its pseudonyms are made.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Bytes of a block of SHA-256.
const BLOCK: usize = 64;

impl Secret {
    /// A secret from random bytes.
    pub fn new(bytes: [u8; 32]) -> Secret {
        Secret(bytes)
    }

    /// A secret from 64 hex digits.
    pub fn from_hex(text: &str) -> Option<Secret> {
        let text = text.trim();
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        }
        Some(Secret(bytes))
    }

    /// The secret as 64 hex digits.
    pub fn to_hex(&self) -> String {
        hex(&self.0)
    }

    /// The pseudonym of a key: `p` and 32 hex digits. Blanks around the key do not count, nor do leading zeros and an empty
    /// fraction of a number, as in joins.
    pub fn pseudonym(&self, key: &str) -> String {
        let mac = hmac(&self.0, canonical(key, true).as_bytes());
        format!("p{}", hex(&mac[..16]))
    }
}

/// Whether a text looks like a pseudonym.
pub fn is_pseudonym(text: &str) -> bool {
    text.strip_prefix('p')
        .is_some_and(|hex| hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)))
}

/// The dataset with pseudonyms in place of the values of some columns (identifiers), which become text.
///
/// # Errors
/// When a column is not there.
pub fn pseudonymise(dataset: &Dataset, columns: &BTreeSet<String>, secret: &Secret) -> Result<Dataset> {
    if let Some(gone) = columns.iter().find(|name| dataset.column(name).is_none()) {
        return Err(Error::new("is to be pseudonymised and is not in the file any more")
            .in_column(gone)
            .hint("bring the column back, or import the file again without it"));
    }
    if columns.is_empty() {
        return Ok(dataset.clone());
    }
    let replaced = dataset.columns().iter().filter_map(|column| {
        let cells = dataset.cells(&column.name)?;
        if !columns.contains(&column.name) {
            return Some((column.clone(), cells.clone()));
        }
        let dictionary = cells.dictionary();
        let pseudonyms: Vec<String> = dictionary.values.iter().map(|value| secret.pseudonym(value)).collect();
        // Several writings of one key become one pseudonym.
        let mut interner = Interner::default();
        dictionary.codes.iter().for_each(|code| interner.push(pseudonyms.get(*code as usize).map(String::as_str)));
        Some((Column { type_: Type::Text, ..column.clone() }, Cells::Text(interner.finish())))
    });
    let numbers = (0..dataset.rows()).map(|row| dataset.row_number(row) as u32).collect();
    Dataset::new(dataset.name(), replaced.collect(), dataset.source().clone(), Some(numbers))
}

/// Positions of the rows whose key (identifier of its column) is not one of the erased, which stand as pseudonyms; `None` when
/// that is every row. Keys that were pseudonymised are compared as they are.
///
/// # Errors
/// When the column is not there.
pub fn not_erased(
    dataset: &Dataset,
    key: &str,
    erased: &BTreeSet<String>,
    secret: &Secret,
    is_pseudonymised: bool,
) -> Result<Option<Vec<u32>>> {
    let dictionary = dataset.dictionary(key)?;
    let is_erased = |value: &str| match is_pseudonymised {
        true => erased.contains(value),
        false => erased.contains(&secret.pseudonym(value)),
    };
    let gone: Vec<bool> = dictionary.values.iter().map(|value| is_erased(value)).collect();
    if !gone.contains(&true) {
        return Ok(None);
    }
    let kept = |row: &u32| gone.get(dictionary.codes[*row as usize] as usize) != Some(&true);
    Ok(Some((0..dataset.rows() as u32).filter(kept).collect()))
}

fn hmac(secret: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let pad = |with: u8| -> [u8; BLOCK] { std::array::from_fn(|i| secret.get(i).copied().unwrap_or(0) ^ with) };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5C)).chain_update(inner).finalize().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_hmac_sha256() {
        // Python: hmac.new(bytes(range(32)), b"12346", "sha256").hexdigest()
        let secret: [u8; 32] = std::array::from_fn(|i| i as u8);
        assert_eq!(hex(&hmac(&secret, b"12346")), HMAC_12346);
        assert_eq!(Secret::new(secret).pseudonym("12346"), format!("p{}", &HMAC_12346[..32]));
    }

    #[test]
    fn one_person_has_one_pseudonym_however_the_key_is_written() {
        let secret = Secret::new([7; 32]);
        let one = secret.pseudonym("12346");
        for same in [" 12346 ", "12346.0", "0012346", "+12346"] {
            assert_eq!(secret.pseudonym(same), one, "{same}");
        }
        for other in ["12347", "a12346", "-12346", "12346.5", ""] {
            assert_ne!(secret.pseudonym(other), one, "{other}");
        }
        assert_ne!(Secret::new([8; 32]).pseudonym("12346"), one, "another project, another pseudonym");
        assert!(is_pseudonym(&one) && !is_pseudonym("p12") && !is_pseudonym("12346"));
        assert_eq!(Secret::from_hex(&secret.to_hex()), Some(secret));
        assert_eq!((Secret::from_hex("07"), Secret::from_hex(&"é".repeat(32))), (None, None));
    }

    #[test]
    fn columns_are_replaced_and_rows_are_the_same() {
        let dataset = Dataset::from_columns(
            "t",
            vec![
                ("id".into(), Cells::from_texts([Some("7"), None, Some("07"), Some("8")])),
                ("x".into(), Cells::Integer(vec![1, 2, 3, 4])),
            ],
        )
        .unwrap()
        .select(&[0, 2, 3]);
        let secret = Secret::new([1; 32]);
        let hidden = pseudonymise(&dataset, &["id".to_owned()].into(), &secret).unwrap();
        let texts = hidden.texts("id").unwrap();
        assert_eq!(texts[0], texts[1], "7 and 07 are one person");
        assert!(texts.iter().flatten().all(|text| is_pseudonym(text)));
        assert_eq!((hidden.row_number(2), hidden.numbers("x").unwrap()), (4, vec![1.0, 3.0, 4.0]));
        assert_eq!(hidden.dictionary("id").unwrap().values.len(), 2);
        let erased = [secret.pseudonym("7")].into();
        for (dataset, is_pseudonymised) in [(&dataset, false), (&hidden, true)] {
            let kept = not_erased(dataset, "id", &erased, &secret, is_pseudonymised).unwrap();
            assert_eq!(kept, Some(vec![2]));
        }
        assert_eq!(not_erased(&dataset, "id", &[secret.pseudonym("9")].into(), &secret, false).unwrap(), None);
        assert!(pseudonymise(&dataset, &["gone".to_owned()].into(), &secret).is_err());
    }

    const HMAC_12346: &str = "14c0168b18cf53e8ae99a4d37e2d85e1f64123911e7db4ab0e78643b8d94b078";
}
