//! `attune analyze`: one question to one file, without a project.

mod discounts;
mod drift;
mod estimate;
mod experiment;
mod log;
mod narrowing;
mod purchases;
mod recommend;
mod rfm;
mod segments;
mod send_time;
mod uplift;
mod uplift_train;
mod value;

use super::console::{Console, Outcome, Result};
use attune_lab::Error;
use attune_lab::project::{Learned, atomic};
use attune_policy::model::Model;
use std::path::Path;

/// Answer a question about a file, without a project
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune analyze rfm online_retail.csv\n  attune analyze value orders.parquet --customer buyer --calibration-end 2024-01-01\n  attune analyze drift january.csv june.csv --json\n  attune analyze log decisions.csv\n  attune analyze estimate log.csv --reward click --propensity p --target pi\n  attune analyze experiment test.csv --arm group --control A --outcome bought\n  attune analyze uplift trial.csv --treatment treated --outcome bought --score model\n  attune analyze narrowing contacts.csv --subject customer --time sent_at --action campaign\n  attune analyze discounts orders.csv --customer buyer --date day --discount discount\n  attune analyze recommend orders.csv --customer buyer --item sku --date day\n  attune analyze segments customers.csv --features age,spend\n\n\
                        `attune analyze QUESTION --help` says more about each."
)]
pub struct Analyze {
    #[command(subcommand)]
    question: Question,
}

#[derive(clap::Subcommand)]
enum Question {
    Rfm(rfm::Rfm),
    Value(value::Value),
    SendTime(send_time::SendTime),
    Drift(drift::Drift),
    Log(log::Log),
    Estimate(estimate::Estimate),
    Experiment(experiment::Experiment),
    Narrowing(narrowing::Narrowing),
    Discounts(discounts::Discounts),
    Uplift(uplift::Uplift),
    UpliftTrain(uplift_train::UpliftTrain),
    Recommend(recommend::Recommend),
    Segments(segments::Segments),
}

impl Analyze {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        match self.question {
            Question::Rfm(question) => question.run(console),
            Question::Value(question) => question.run(console),
            Question::SendTime(question) => question.run(console),
            Question::Drift(question) => question.run(console),
            Question::Log(question) => question.run(console),
            Question::Estimate(question) => question.run(console),
            Question::Experiment(question) => question.run(console),
            Question::Narrowing(question) => question.run(console),
            Question::Discounts(question) => question.run(console),
            Question::Uplift(question) => question.run(console),
            Question::UpliftTrain(question) => question.run(console),
            Question::Recommend(question) => question.run(console),
            Question::Segments(question) => question.run(console),
        }
    }
}

/// Writes what was learned to a file that `attune attach` takes.
fn write_learned(file: &Path, learned: &Learned) -> Result<()> {
    Ok(atomic::replace(file, learned.text()?.as_bytes())?)
}

/// Where models were written, and how they come into a project.
fn attach_next(what: &str, file: &Path) -> String {
    let file = file.display();
    format!("\n{what} written to {file}.\nNext: attune attach PROJECT {file}\n")
}

/// Writes models to a file, as a policy holds them.
fn write_models(file: &Path, models: &[&Model]) -> Result<()> {
    let text = attune_lab::models::text(models)?;
    std::fs::write(file, text).map_err(|error| Error::new(format!("could not be written: {error}")).in_file(file))?;
    Ok(())
}
