//! `attune erase`: a subject goes from a project on request.

use super::console::{Console, Outcome, Result};
use super::table::{count, wrap};
use attune_lab::project::{self, Access};
use std::path::PathBuf;

/// Erase a subject from a project: its rows go, and never come back when files are read again.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  attune erase shop --subject 12346\n\n\
                        Text, JSON lines, Parquet and Arrow files inside the project are rewritten without its rows. What lies \
                        outside, such as the original files, and workbooks are not touched and are listed, so that it can be \
                        erased there.")]
pub struct Erase {
    /// Folder of the project
    project: PathBuf,
    /// Key of the subject, or its pseudonym
    #[arg(long)]
    subject: String,
}

impl Erase {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        let opened = super::project::open(&self.project, Access::Write, console)?;
        let (mut project, mut parts) = (opened.project, opened.parts);
        let report = console.work(|task| project::erasure::erase(&mut project, &mut parts, &self.subject, task))?;
        let mut text = match report.rows.is_empty() {
            true => "No table holds the subject; it is kept out from now on.\n".to_owned(),
            false => {
                let rows: Vec<String> =
                    report.rows.iter().map(|(table, n)| format!("{} in {table}", count(*n))).collect();
                format!("Rows of the subject: {}; they are left out from now on.\n", rows.join(", "))
            }
        };
        text.push_str(&format!("Tombstone: {}\n", report.tombstone));
        for (title, lines) in [("Removed", &report.removed), ("Not reached", &report.unreached)] {
            if !lines.is_empty() {
                text.push_str(&format!("\n{title}\n"));
                lines.iter().for_each(|line| text.push_str(&wrap(&format!("- {line}"), 2, 110)));
            }
        }
        console.result(&text, &report)?;
        Ok(Outcome::Done)
    }
}
