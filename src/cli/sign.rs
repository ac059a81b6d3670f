//! `attune sign`: the signature of a policy file.

use super::console::{Console, Outcome, Result};
use super::keys;
use super::policy;
use attune_lab::Error;
use attune_lab::project::atomic;
use attune_policy::signature::{SecretKey, sign};
use serde_json::json;
use std::path::PathBuf;

/// Sign a policy file, and files released with it, with one or more secret keys.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  attune sign policy.ron --key release.key\n  \
                        attune sign policy.ron --key release.key --key compliance.key --with policy-book.md\n\n\
                        The policy must load: nobody signs what cannot decide. The signature replaces an earlier one. Exit codes: \
                        0 signed, 1 the policy, a file or a key cannot be used, 2 wrong usage.")]
pub struct Sign {
    /// Policy file
    policy: PathBuf,
    /// Secret key, as `attune keygen` writes it; may be given several times
    #[arg(long, short, value_name = "KEYFILE", required = true)]
    key: Vec<PathBuf>,
    /// Another file of the release that the signature covers; may be given several times
    #[arg(long, value_name = "FILE")]
    with: Vec<PathBuf>,
    /// Signature file to write; POLICY.sig when not given
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Sign {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        let bytes = policy::bytes(&self.policy)?;
        let loaded = policy::load(&self.policy)?;
        let manifest = keys::manifest(&self.policy, &bytes, &self.with)?;
        for path in self.key.iter().filter(|path| keys::is_open_to_others(path)) {
            console.warn(
                &Error::new("others can read this secret key").in_file(path).hint("`chmod 600` makes it private"),
            );
        }
        let secrets: Vec<SecretKey> =
            self.key.iter().map(|path| keys::secret(path)).collect::<attune_lab::Result<_>>()?;
        let text = sign(&manifest, &secrets).map_err(|error| keys::refused(&self.policy, &error))?;
        let output = self.output.unwrap_or_else(|| keys::signature_path(&self.policy));
        atomic::replace(&output, text.as_bytes())?;
        let by: Vec<String> = secrets.iter().map(|key| key.public().name().to_owned()).collect();
        let files: Vec<&str> = manifest.names().collect();
        let words = format!("Signed {} with {}: {}\n", files.join(", "), by.join(", "), output.display());
        let value = json!({ "signature": output, "files": files, "signed_by": by, "revision": loaded.revision() });
        console.result(&words, &value)?;
        Ok(Outcome::Done)
    }
}
