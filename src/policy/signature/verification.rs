//! What a host asks of a policy file before it uses it.

use super::key::PublicKey;
use super::manifest::{Manifest, POLICY};
use super::{Signature, refused};
use crate::error::Error;
use crate::fingerprint::sha256_hex;
use std::collections::BTreeMap;

/// Which signatures a policy must carry, and what it was given with.
///
/// | signature | key | |
/// |---|---|---|
/// | none | none required | loaded without a check |
/// | none | required | refused |
/// | given | none | refused: nothing could check it |
/// | given | required | signature, set of files and every hash are checked |
///
/// ```
/// use attune_policy::signature::{Manifest, Role, SecretKey, Verification, sign};
/// # let policy = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/golden/policy-1.0.ron"));
/// # let random = [7; 32];
/// let key = SecretKey::new("Release manager", &random)?;          // 32 bytes fit for a key
/// let signature = sign(&Manifest::of_policy(policy), &[key.clone()])?;
///
/// let verification = Verification::required(Role::any("release", [key.public()])).with_signature(signature);
/// let policy = attune_policy::Policy::load(policy, &verification)?;
/// assert_eq!(policy.signed_by(), ["Release manager"]);
/// # Ok::<(), attune_policy::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Verification {
    roles: Vec<Role>,
    signature: Option<Vec<u8>>,
    /// Name and SHA-256 of the other files of the set.
    files: BTreeMap<String, String>,
}

/// A role that must have signed: any one of its keys will do. Two roles that share a key are both satisfied by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    name: String,
    keys: Vec<PublicKey>,
}

impl Role {
    /// A role by any of whose keys a policy may be signed.
    pub fn any(name: &str, keys: impl IntoIterator<Item = PublicKey>) -> Role {
        Role { name: name.to_owned(), keys: keys.into_iter().collect() }
    }
}

impl Verification {
    /// No signature is required. A policy that comes with one is refused, since nothing could check it.
    pub fn none() -> Verification {
        Verification::default()
    }

    /// A signature of this role is required.
    pub fn required(role: Role) -> Verification {
        Verification::none().and(role)
    }

    /// A signature of this role is required too.
    pub fn and(mut self, role: Role) -> Verification {
        self.roles.push(role);
        self
    }

    /// The policy comes with this signature file.
    pub fn with_signature(mut self, bytes: impl Into<Vec<u8>>) -> Verification {
        self.signature = Some(bytes.into());
        self
    }

    /// The policy comes with another file of the signed set, by its name there.
    pub fn with_file(mut self, name: &str, bytes: &[u8]) -> Verification {
        self.files.insert(name.to_owned(), sha256_hex(bytes));
        self
    }

    /// Checks the bytes of a policy file; gives the names of the keys that signed it.
    ///
    /// # Errors
    /// [`Error::Signature`].
    pub fn check(&self, policy: &[u8]) -> Result<Vec<String>, Error> {
        let bytes = match (&self.signature, self.roles.is_empty()) {
            (None, true) => return Ok(Vec::new()),
            (None, false) => {
                let roles = self.roles.iter().map(|role| format!("`{}`", role.name)).collect::<Vec<_>>().join(" and ");
                return Err(refused(format!(
                    "this policy is not signed, and a signature of {roles} is required; give its signature, or have it signed"
                )));
            }
            (Some(_), true) => {
                return Err(refused(
                    "this policy is signed, and no key was given to check it; give the public key of its signer".into(),
                ));
            }
            (Some(bytes), false) => bytes,
        };
        let signature = Signature::parse(bytes)?;
        let mut signers = Vec::new();
        for role in &self.roles {
            let mut signed = role.keys.iter().filter_map(|key| {
                let id = key.id();
                signature.by.iter().find(|(by, _)| **by == *id).map(|(_, signature)| (key, signature))
            });
            let Some((key, by)) = signed.next() else {
                let ids = |ids: Vec<String>| if ids.is_empty() { "none".to_owned() } else { ids.join(", ") };
                return Err(refused(format!(
                    "no key of `{}` signed this policy: its keys are {}, signed was with {}; have it signed with one of them",
                    role.name,
                    ids(role.keys.iter().map(|key| format!("{} ({})", key.id(), key.name())).collect()),
                    ids(signature.by.iter().map(|(id, _)| (*id).to_owned()).collect()),
                )));
            };
            // Every signature of a known key must be genuine, not only the first that is.
            for (key, by) in signed.chain([(key, by)]) {
                if !key.verifies(signature.message, by) {
                    return Err(refused(format!(
                        "the signature of `{}` ({}) is not genuine: the signature or the list of files in it was changed; \
                         take the original, or sign again",
                        key.name(),
                        key.id()
                    )));
                }
                if !signers.iter().any(|name| name == key.name()) {
                    signers.push(key.name().to_owned());
                }
            }
        }
        let mut found = self.files.clone();
        if found.insert(POLICY.to_owned(), sha256_hex(policy)).is_some() {
            return Err(refused(format!("`{POLICY}` is the policy itself; it cannot be given as another file too")));
        }
        signature.files.agrees(&Manifest::from_hashes(found)).map_err(refused)?;
        signers.sort_unstable();
        Ok(signers)
    }
}
