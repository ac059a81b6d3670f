//! `attune keygen`: a pair of keys for signing policies.

use super::console::{Console, Failure, Outcome, Result};
use super::keys;
use attune_lab::Error;
use attune_policy::signature::SecretKey;
use serde_json::json;
use std::path::PathBuf;

/// Make a pair of keys: NAME.key signs policies and belongs to one person alone, NAME.pub verifies them.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  attune keygen release --name \"Release manager\"\n\n\
                        The secret key can be read by its owner only, and is never written over another. Exit codes: 0 made, \
                        1 could not be written, 2 wrong usage.")]
pub struct Keygen {
    /// Path of the two files, without their endings
    path: PathBuf,
    /// Whose key it is; the name of the file when not given
    #[arg(long)]
    name: Option<String>,
}

impl Keygen {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        let name = match &self.name {
            Some(name) => name.clone(),
            None => super::new::folder_name(&self.path),
        };
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|e| Error::new(format!("this system gave no random numbers: {e}")))?;
        let key = SecretKey::new(&name, &seed).map_err(|e| Failure::Usage(e.to_string()))?;
        seed.fill(0);
        let with = |ending: &str| {
            let mut path = self.path.clone().into_os_string();
            path.push(ending);
            PathBuf::from(path)
        };
        let (secret, public) = (with(".key"), with(".pub"));
        if public.exists() {
            return Err(Error::new("there is a file of this name already")
                .in_file(&public)
                .hint("a key is never replaced; choose another name")
                .into());
        }
        keys::write_secret(&secret, &key.to_text())?;
        keys::write_public(&public, &key.public().to_text())?;
        let id = key.public().id();
        let text = format!(
            "Made key {id} of “{name}”: {} signs, {} verifies.\nKeep the first to yourself; give the second to whoever loads policies.\n",
            secret.display(),
            public.display()
        );
        console.result(&text, &json!({ "id": id, "name": name, "secret": secret, "public": public }))?;
        Ok(Outcome::Done)
    }
}
