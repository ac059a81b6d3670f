//! `attune diff`: what changed between two policies, in the words of their reviewers.

use super::console::{Console, Outcome, Result};
use super::policy;
use attune_lab::project::Access;
use attune_policy::diff::{Effect, diff};
use attune_policy::{Document, codec};
use std::path::{Path, PathBuf};

/// Tell what changed between two policies: by part, and whether a protection became weaker or stricter.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune diff old.ron new.ron\n  attune diff releases/3/policy.ron shop --strict\n\n\
                        Exit codes: 0 compared, whether or not they differ, 1 a policy cannot be read, 2 wrong usage, 3 with \
                        --strict: a protection became weaker, or a person has to read whether it did."
)]
pub struct Diff {
    /// Policy file or project folder: as it was
    before: PathBuf,
    /// Policy file or project folder: as it is
    after: PathBuf,
    /// Fail when a guard, cap or other protection became weaker, or might have
    #[arg(long)]
    strict: bool,
}

impl Diff {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        let (before, after) = (document(&self.before, console)?, document(&self.after, console)?);
        let found = diff(&before, &after);
        let count = |effect| found.changes.iter().filter(|change| change.effect == effect).count();
        let (weaker, open) = (count(Effect::Weaker), count(Effect::Open));
        let mut text = found.to_string();
        if !found.is_empty() {
            text.push_str(&format!(
                "{} changes: {weaker} weaker, {open} to be read, {} stricter\n",
                found.changes.len(),
                count(Effect::Stricter)
            ));
        }
        console.result(&text, &found)?;
        Ok(if self.strict && weaker + open > 0 { Outcome::CheckFailed } else { Outcome::Done })
    }
}

fn document(path: &Path, console: &Console) -> Result<Document> {
    if !path.is_dir() {
        return Ok(codec::read(&policy::bytes(path)?).map_err(|error| policy::refused(path, &error))?);
    }
    let opened = super::project::open(path, Access::Read, console)?;
    let parts = &opened.parts;
    console.work(|task| {
        let loaded = super::project::load(path, parts, console, task)?;
        Ok(super::project::policy(path, parts, &loaded)?.document().clone())
    })
}
