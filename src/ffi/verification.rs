//! What a host asks of a policy's signature, gathered piece by piece: roles with their keys, the signature, other files of the signed set.

use crate::refusal::{Kind, Refusal};
use attune_policy::Verification;
use attune_policy::signature::{PublicKey, Role};

/// The pieces; nothing of them is checked against a policy before one is loaded.
#[derive(Clone, Debug, Default)]
pub struct Pieces {
    roles: Vec<(String, Vec<PublicKey>)>,
    signature: Option<Vec<u8>>,
    files: Vec<(String, Vec<u8>)>,
}

impl Pieces {
    /// A signature of `role` is required; any one of its keys will do.
    ///
    /// # Errors
    /// When `key` is not the text of a public key's file.
    pub fn require(&mut self, role: &str, key: &str) -> Result<(), Refusal> {
        let key = PublicKey::parse(key).map_err(|e| Refusal { kind: Kind::Signature, message: e.to_string() })?;
        match self.roles.iter_mut().find(|(name, _)| name == role) {
            Some((_, keys)) => keys.push(key),
            None => self.roles.push((role.to_owned(), vec![key])),
        }
        Ok(())
    }

    /// The policy comes with this signature file.
    pub fn sign(&mut self, signature: &[u8]) {
        self.signature = Some(signature.to_owned());
    }

    /// The policy comes with another file of the signed set.
    pub fn add_file(&mut self, name: &str, bytes: &[u8]) {
        self.files.push((name.to_owned(), bytes.to_owned()));
    }

    /// All of it.
    pub fn verification(&self) -> Verification {
        let required =
            |all: Verification, (name, keys): &(String, Vec<PublicKey>)| all.and(Role::any(name, keys.iter().cloned()));
        let all = self.roles.iter().fold(Verification::none(), required);
        let all = self.files.iter().fold(all, |all, (name, bytes)| all.with_file(name, bytes));
        match &self.signature {
            Some(signature) => all.with_signature(signature.clone()),
            None => all,
        }
    }
}
