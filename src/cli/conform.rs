//! `attune conform`: whether this build answers the published vectors as they say.

use super::console::{Console, Outcome, Result};
use super::policy;
use attune_policy::conformance;
use serde_json::json;
use std::path::PathBuf;

/// Run conformance vectors: inputs with the answers that every implementation gives.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  attune conform assets/conformance/*.ron\n\n\
                        Exit codes: 0 every answer is the published one, 1 a file cannot be used, 2 wrong usage, 3 an answer differs.")]
pub struct Conform {
    /// Files of vectors
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Conform {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        let (mut text, mut reports, mut deviations) = (String::new(), Vec::new(), 0);
        for file in &self.files {
            let report = conformance::run(&policy::bytes(file)?).map_err(|error| policy::refused(file, &error))?;
            for deviation in &report.deviations {
                text.push_str(&format!(
                    "differs: {}: {}: expected {}, found {}\n",
                    report.name, deviation.asked, deviation.expected, deviation.found
                ));
            }
            deviations += report.deviations.len();
            text.push_str(&format!(
                "{}: {} answers, {} differ\n",
                report.name,
                report.compared,
                report.deviations.len()
            ));
            reports.push(json!({ "file": file, "report": report }));
        }
        console.result(&text, &json!({ "deviations": deviations, "reports": reports }))?;
        Ok(if deviations > 0 { Outcome::CheckFailed } else { Outcome::Done })
    }
}
