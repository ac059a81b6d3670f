//! `attune train`: models of a project.

use super::console::{Console, Outcome, Result};
use super::report;
use attune_lab::project::{self, Access, TrainedModel};
use serde_json::json;
use std::path::PathBuf;

/// Train the models of a project that are not up to date.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  attune train shop\n  attune train shop visit_mens_e_mail --json\n\n\
                        A model whose data, roles, features and settings did not change is found again, not trained again.\n\
                        30 % of the subjects never train, so that policies can be valued on them.")]
pub struct Train {
    /// Folder of the project
    project: PathBuf,
    /// Models to train; all when none is named
    models: Vec<String>,
    /// Train also what is up to date
    #[arg(long)]
    again: bool,
}

impl Train {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        let opened = super::project::open(&self.project, Access::Write, console)?;
        let (dir, parts) = (opened.project.dir(), &opened.parts);
        let (models, fresh) = console.work(|task| {
            let loaded = super::project::load(dir, parts, console, task)?;
            if self.again {
                let known = parts.models.iter().map(|spec| &spec.id);
                for id in known.filter(|id| self.models.is_empty() || self.models.contains(id)) {
                    project::train(dir, parts, &loaded, id, task)?;
                }
            }
            project::train_missing(dir, parts, &loaded, &self.models, task)
        })?;
        let rows: Vec<(&TrainedModel, bool)> =
            models.iter().map(|model| (model, self.again || fresh.contains(&model.model.id))).collect();
        let reports: Vec<_> = rows.iter().map(|(model, trained)| (&model.report, *trained)).collect();
        let text = match reports.is_empty() {
            true => "The project has no models.\n".to_owned(),
            false => report::models(&reports),
        };
        let value: Vec<_> = rows
            .iter()
            .map(|(model, trained)| json!({ "id": model.model.id, "trained": trained, "report": model.report }))
            .collect();
        console.result(&text, &json!({ "models": value }))?;
        Ok(Outcome::Done)
    }
}
