//! Reading policy files.

use super::console::Console;
use super::keys;
use attune_lab::{Error, Result};
use attune_policy::signature::{PublicKey, Role};
use attune_policy::{Document, Policy, Verification, error::Error as PolicyError};
use serde_json::json;
use std::path::{Path, PathBuf};

/// The bytes of a policy file.
pub fn bytes(path: &Path) -> Result<Vec<u8>> {
    if path.is_dir() {
        return Err(Error::new("this is a folder; a policy is a file")
            .in_file(path)
            .hint("name the policy file inside it"));
    }
    std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::new("there is no such file").in_file(path).hint("check the path"),
        _ => Error::new(format!("the policy could not be read: {error}")).in_file(path),
    })
}

/// Reads, checks and compiles a policy file.
pub fn load(path: &Path) -> Result<Policy> {
    Policy::load(&bytes(path)?, &Verification::none()).map_err(|error| refused(path, &error))
}

/// How the signature beside a policy file, POLICY.sig, is treated.
#[derive(clap::Args)]
pub struct Signed {
    /// Public key that the signature beside the policy (POLICY.sig) must verify with; may be given several times: any one of them will do
    #[arg(long, value_name = "PUBFILE")]
    key: Vec<PathBuf>,
    /// Another file of the signed set; may be given several times
    #[arg(long, value_name = "FILE", requires = "key")]
    with: Vec<PathBuf>,
    /// Use the policy although its signature is wrong, or nothing is there to check it with
    #[arg(long)]
    unverified: bool,
}

/// What the signature beside a policy came to.
pub enum Standing {
    /// It verified; the names of the keys.
    Verified(Vec<String>),
    /// There is none, and none was required.
    Absent,
    /// The policy is used all the same; why.
    Unverified(String),
}

impl Signed {
    /// Reads, verifies, checks and compiles a policy file, and says on standard error how its signature stands.
    pub fn load(&self, path: &Path, console: &Console) -> Result<(Policy, Standing)> {
        let bytes = bytes(path)?;
        let beside = keys::signature_path(path);
        let keys: Vec<PublicKey> = self.key.iter().map(|path| keys::public(path)).collect::<Result<_>>()?;
        let asked = !keys.is_empty() || beside.exists();
        let mut verification = Verification::none();
        if !keys.is_empty() {
            verification = verification.and(Role::any("signer", keys));
        }
        if beside.exists() {
            verification = verification.with_signature(self::bytes(&beside)?);
        }
        for file in &self.with {
            verification = verification.with_file(&keys::name_in_set(path, file)?, &self::bytes(file)?);
        }
        let (policy, standing) = match Policy::load(&bytes, &verification) {
            Ok(policy) if asked => {
                let by = policy.signed_by().to_vec();
                (policy, Standing::Verified(by))
            }
            Ok(policy) => (policy, Standing::Absent),
            Err(PolicyError::Signature { message }) if self.unverified => {
                let policy = Policy::load(&bytes, &Verification::none()).map_err(|error| refused(path, &error))?;
                (policy, Standing::Unverified(message))
            }
            Err(error @ PolicyError::Signature { .. }) => {
                let hint = "give the public key that signed it with --key, or use it as it is with --unverified";
                return Err(refused(path, &error).hint(hint));
            }
            Err(error) => return Err(refused(path, &error)),
        };
        console.remark(&standing.words());
        Ok((policy, standing))
    }
}

impl Standing {
    fn words(&self) -> String {
        match self {
            Standing::Verified(by) => format!("Signature verified: {}.", by.join(", ")),
            Standing::Absent => "The policy is not signed.".to_owned(),
            Standing::Unverified(why) => format!("Signature not verified, the policy is used all the same: {why}"),
        }
    }

    /// For JSON results.
    pub fn value(&self) -> serde_json::Value {
        match self {
            Standing::Verified(by) => json!({ "state": "verified", "by": by }),
            Standing::Absent => json!({ "state": "absent" }),
            Standing::Unverified(why) => json!({ "state": "unverified", "why": why }),
        }
    }
}

/// Why a policy file is refused, with its place.
pub fn refused(path: &Path, error: &PolicyError) -> Error {
    match error {
        PolicyError::File { position: Some((line, column)), message } => {
            Error::new(format!("character {column}: {message}")).in_file(path).at_line(u64::from(*line))
        }
        PolicyError::File { position: None, message } | PolicyError::Signature { message } => {
            Error::new(message.clone()).in_file(path)
        }
        PolicyError::Invalid(_) => Error::new(format!("the policy is refused: {error}")).in_file(path),
    }
}

/// Name of a policy for people.
pub fn title(document: &Document) -> &str {
    if document.name.is_empty() { &document.id } else { &document.name }
}
