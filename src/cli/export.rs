//! `attune export`: the policy file of a project.

use super::console::{Console, Outcome, Result};
use attune_lab::Error;
use attune_lab::project::{self, Access};
use std::path::PathBuf;

/// Write the policy file of a project, read it back, and decide every row again with it.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  attune export shop --output policy.ron\n\n\
                        The models that the policy uses must be trained: `attune train shop`.")]
pub struct Export {
    /// Folder of the project
    project: PathBuf,
    /// Policy file to write; PROJECT/policy.ron when not given
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Export {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        let opened = super::project::open(&self.project, Access::Read, console)?;
        let (dir, parts) = (opened.project.dir(), &opened.parts);
        let output = self.output.unwrap_or_else(|| dir.join("policy.ron"));
        let exported = console.work(|task| {
            let loaded = super::project::load(dir, parts, console, task)?;
            let policy = super::project::policy(dir, parts, &loaded)?;
            project::export(policy.document(), parts, &loaded, &output, task)
        })?;
        if exported.differences > 0 {
            return Err(Error::new(exported.words())
                .in_file(&exported.path)
                .hint("the file decides otherwise than the draft: this is a defect of Attune")
                .into());
        }
        console.result(&format!("{}.\nRevision {}\n", exported.words(), exported.revision), &exported)?;
        Ok(Outcome::Done)
    }
}
