//! `attune analyze`: one question to one file, without a project.

mod purchases;
mod rfm;

use super::console::{Console, Outcome, Result};

/// Answer a question about a file, without a project
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune analyze rfm online_retail.csv\n  attune analyze rfm orders.parquet --customer buyer --snapshot 2024-01-01 --json\n\n\
                        `attune analyze QUESTION --help` says more about each."
)]
pub struct Analyze {
    #[command(subcommand)]
    question: Question,
}

#[derive(clap::Subcommand)]
enum Question {
    Rfm(rfm::Rfm),
}

impl Analyze {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        match self.question {
            Question::Rfm(question) => question.run(console),
        }
    }
}
