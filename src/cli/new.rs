//! `attune new`: an empty project, or the sample.

use super::console::{Console, Outcome, Result};
use attune_lab::project::{Project, samples};
use serde_json::json;
use std::path::PathBuf;

/// Make a new project: empty, or the sample with its generated customers.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  attune new shop --name \"Spring campaign\"\n  attune new demo --sample\n\n\
                        `attune import FILE PROJECT` makes a project from a customer file at once.")]
pub struct New {
    /// Folder of the project; made when it is not there
    dir: PathBuf,
    /// Name for people; the folder's name when not given
    #[arg(long, conflicts_with = "sample")]
    name: Option<String>,
    /// Make the sample project: an outdoor shop with a randomised e-mail trial, generated from a seed
    #[arg(long)]
    sample: bool,
}

impl New {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        let name = match self.name {
            Some(name) => name,
            None => folder_name(&self.dir),
        };
        let next = if self.sample {
            samples::create(&self.dir)?;
            format!("attune run {}", self.dir.display())
        } else {
            Project::create_empty(&self.dir, &name)?;
            format!("attune import FILE {}", self.dir.display())
        };
        let text = format!("Made the project {}.\nNext: {next}\n", self.dir.display());
        console.result(&text, &json!({ "project": self.dir, "sample": self.sample }))?;
        Ok(Outcome::Done)
    }
}

/// The last part of a folder's path.
pub fn folder_name(dir: &std::path::Path) -> String {
    let full = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    full.file_name().map_or_else(|| "project".to_owned(), |name| name.to_string_lossy().into_owned())
}
