//! `attune verify`: whether a policy file is signed as required, and can be used.

use super::console::{Console, Outcome, Result};
use super::keys;
use super::policy;
use attune_policy::signature::{PublicKey, Role};
use attune_policy::{Policy, Verification};
use serde_json::json;
use std::path::PathBuf;

/// Verify the signature of a policy file with public keys, then load it as any program would.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  attune verify policy.ron --key release.pub\n  \
                        attune verify policy.ron --key release.pub --key compliance.pub --all --with policy-book.md\n\n\
                        Without a key a policy that is not signed passes, and one that is signed is refused, since nothing could \
                        check it. Exit codes: 0 verified, 1 a file cannot be read, 2 wrong usage, 3 refused.")]
pub struct Verify {
    /// Policy file
    policy: PathBuf,
    /// Public key, as `attune keygen` writes it; may be given several times: any one of them will do
    #[arg(long, short, value_name = "PUBFILE")]
    key: Vec<PathBuf>,
    /// Every key must have signed, not just one of them
    #[arg(long, requires = "key")]
    all: bool,
    /// Signature file; POLICY.sig when not given, if there is one
    #[arg(long, short, value_name = "FILE")]
    signature: Option<PathBuf>,
    /// Another file of the signed set; may be given several times
    #[arg(long, value_name = "FILE")]
    with: Vec<PathBuf>,
}

impl Verify {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        let bytes = policy::bytes(&self.policy)?;
        let keys: Vec<PublicKey> = self.key.iter().map(|path| keys::public(path)).collect::<attune_lab::Result<_>>()?;
        let mut verification = Verification::none();
        if self.all {
            for key in keys {
                let name = key.name().to_owned();
                verification = verification.and(Role::any(&name, [key]));
            }
        } else if !keys.is_empty() {
            verification = verification.and(Role::any("signer", keys));
        }
        let beside = keys::signature_path(&self.policy);
        let signature = self.signature.or_else(|| beside.exists().then_some(beside));
        if let Some(path) = &signature {
            verification = verification.with_signature(policy::bytes(path)?);
        }
        for file in &self.with {
            verification = verification.with_file(&keys::name_in_set(&self.policy, file)?, &policy::bytes(file)?);
        }
        match Policy::load(&bytes, &verification) {
            Ok(policy) => {
                let (by, revision) = (policy.signed_by(), policy.revision());
                let signed = if by.is_empty() {
                    "not signed, and no signature required".into()
                } else {
                    format!("signed by {}", by.join(", "))
                };
                let text = format!("{}: {signed}.\nRevision {revision}\n", self.policy.display());
                let value = json!({ "policy": self.policy, "verified": true, "signed_by": by, "revision": revision });
                console.result(&text, &value)?;
                Ok(Outcome::Done)
            }
            Err(error) => {
                let error = policy::refused(&self.policy, &error);
                let value =
                    json!({ "policy": self.policy, "verified": false, "error": super::console::error_value(&error) });
                console.result(&format!("refused: {error}\n"), &value)?;
                Ok(Outcome::CheckFailed)
            }
        }
    }
}
