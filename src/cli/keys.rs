//! Key and signature files on disk: reading them, and writing a secret so that nobody else can read it.

use super::policy;
use attune_lab::{Error, Result};
use attune_policy::Error as PolicyError;
use attune_policy::signature::{Manifest, PublicKey, SecretKey};
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The text of a key file.
fn text(path: &Path) -> Result<String> {
    String::from_utf8(policy::bytes(path)?)
        .map_err(|_| Error::new("this is not a key file: it is not text").in_file(path))
}

/// A public key.
pub fn public(path: &Path) -> Result<PublicKey> {
    PublicKey::parse(&text(path)?).map_err(|error| refused(path, &error))
}

/// A secret key; one that others can read is used, but said.
pub fn secret(path: &Path) -> Result<SecretKey> {
    SecretKey::parse(&text(path)?).map_err(|error| refused(path, &error))
}

/// Whether others than its owner can read a file.
pub fn is_open_to_others(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// Writes a new file that only its owner can read; one that is there is never replaced.
pub fn write_secret(path: &Path, text: &str) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    write_new(path, text, &options)
}

/// Writes a new file; one that is there is never replaced.
pub fn write_public(path: &Path, text: &str) -> Result<()> {
    write_new(path, text, OpenOptions::new().write(true).create_new(true))
}

fn write_new(path: &Path, text: &str, options: &OpenOptions) -> Result<()> {
    let written = options.open(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Error::new("there is a file of this name already")
            .in_file(path)
            .hint("a key is never replaced; choose another name"),
        _ => Error::new(format!("could not be written: {error}")).in_file(path),
    })
}

/// `policy.ron` → `policy.ron.sig`.
pub fn signature_path(policy: &Path) -> PathBuf {
    let mut name = OsString::from(policy);
    name.push(".sig");
    PathBuf::from(name)
}

/// The name of another file in the signed set: relative to the policy's folder where it lies below, else its own name.
pub fn name_in_set(policy: &Path, file: &Path) -> Result<String> {
    let folder = policy.parent().unwrap_or(Path::new(""));
    let relative = file.strip_prefix(folder).ok().or_else(|| file.file_name().map(Path::new));
    let parts: Option<Vec<&str>> = relative.unwrap_or(file).iter().map(|part| part.to_str()).collect();
    parts
        .map(|parts| parts.join("/"))
        .ok_or_else(|| Error::new("its name is not text, so a signature cannot hold it").in_file(file))
}

/// The manifest of a policy and the files signed with it.
pub fn manifest(policy: &Path, bytes: &[u8], others: &[PathBuf]) -> Result<Manifest> {
    others.iter().try_fold(Manifest::of_policy(bytes), |manifest, file| {
        manifest.with(&name_in_set(policy, file)?, &policy::bytes(file)?).map_err(|error| refused(file, &error))
    })
}

/// An error of the policy crate about a file.
pub fn refused(path: &Path, error: &PolicyError) -> Error {
    policy::refused(path, error)
}
