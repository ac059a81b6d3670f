//! `attune train`: models of a project.

use super::console::{Console, Failure, Outcome, Result};
use super::evaluate;
use super::learners::Learner;
use super::report;
use super::table::wrap;
use attune_lab::Error;
use attune_lab::features::TargetColumn;
use attune_lab::models::{Duel, ModelSpec, Tuning, Verdict};
use attune_lab::project::{self, Access, Loaded, Parts, TrainedModel};
use attune_policy::value::Type;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

/// Train the models of a project that are not up to date.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  attune train shop\n  attune train shop visit_mens_e_mail --json\n  \
                        attune train shop visit_mens_e_mail --tune 20\n  attune train shop --refit\n  \
                        attune train shop --uplift dr\n  attune train shop --uplift trees --control \"No E-Mail\"\n\n\
                        A model whose data, roles, features and settings did not change is found again, not trained again.\n\
                        30 % of the subjects never train, so that policies can be valued on them.\n\
                        --target-mean is for texts of too many categories to be an input each.\n\
                        --uplift adds a model for each arm of the history, whose score is the difference that the arm makes to the\n\
                        project's outcome; an action names it as its `uplift`, and rules read it with score(\"…\").\n\
                        --tune searches settings of the same family and writes the best into models.ron; --refit trains on the\n\
                        data as they are now and keeps the model in use unless those 30 % show the new one to be better.")]
pub struct Train {
    /// Folder of the project
    project: PathBuf,
    /// Models to train; all when none is named
    models: Vec<String>,
    /// Train also what is up to date
    #[arg(long)]
    again: bool,
    /// Try so many settings of each model first, 2 to 200, and take over the best
    #[arg(long, value_name = "N", conflicts_with = "refit")]
    tune: Option<u32>,
    /// Encode a text column by the mean outcome of its category, fitted inside folds, and write so into models.ron
    #[arg(long = "target-mean", value_name = "COLUMN")]
    target_means: Vec<String>,
    /// Add a model of the effect of each arm, learned in this way, and write it into models.ron
    #[arg(long, value_name = "LEARNER", value_enum, conflicts_with = "models")]
    uplift: Option<Learner>,
    /// With --uplift: the value of the action column for the untreated; not needed where one value says that nothing was done
    #[arg(long, value_name = "VALUE", requires = "uplift")]
    control: Option<String>,
    /// With --uplift: the outcome; that of the project when not given
    #[arg(long, value_name = "COLUMN", requires = "uplift")]
    outcome: Option<String>,
    /// Keep the model in use unless held-out rows show the new one to be better
    #[arg(long, conflicts_with = "again")]
    refit: bool,
}

impl Train {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        let mut opened = super::project::open(&self.project, Access::Write, console)?;
        let dir = opened.project.dir().to_owned();
        let loaded = console.work(|task| super::project::load(&dir, &opened.parts, console, task))?;
        if let Some(learner) = self.uplift {
            self.add_effects(&mut opened.parts, &loaded, learner)?;
            opened.project.save(&opened.parts, "Add models of effects")?;
        }
        let known: Vec<String> = opened.parts.models.iter().map(|spec| spec.id.clone()).collect();
        if let Some(unknown) = self.models.iter().find(|id| !known.contains(id)) {
            return Err(Failure::Work(Error::new(format!("there is no model `{unknown}`")).in_file(&dir)));
        }
        let wanted: Vec<String> =
            known.into_iter().filter(|id| self.models.is_empty() || self.models.contains(id)).collect();

        if !self.target_means.is_empty() {
            let outcomes = |spec: &&mut ModelSpec| wanted.contains(&spec.id) && spec.uplift.is_none();
            for spec in Arc::make_mut(&mut opened.parts.models).iter_mut().filter(outcomes) {
                for name in &self.target_means {
                    let name = super::meaning::column_named(&loaded.dataset, "--target-mean", name)?;
                    if loaded.dataset.column(&name).is_some_and(|column| column.type_ != Type::Text) {
                        let why = "is not text, so it has no categories to encode by their outcome";
                        return Err(Failure::Work(Error::new(why).in_file(&dir).in_column(&name)));
                    }
                    if spec.target_means.iter().all(|column| column.input != name) {
                        spec.target_means.push(TargetColumn::of_model(&spec.id, &name));
                    }
                }
            }
            opened.project.save(&opened.parts, "Encode columns by their outcome")?;
        }

        let mut tunings: Vec<(String, Tuning)> = Vec::new();
        if let Some(trials) = self.tune {
            // Settings of learners of effects are not searched; where one is named, the search says so.
            let is_effect = |id: &String| opened.parts.model(id).is_some_and(|spec| spec.uplift.is_some());
            let tunable: Vec<String> =
                wanted.iter().filter(|id| !self.models.is_empty() || !is_effect(id)).cloned().collect();
            for id in &tunable {
                let tuning = console.work(|task| project::tune(&opened.parts, &loaded, id, trials, task))?;
                let models = Arc::make_mut(&mut opened.parts.models);
                models.iter_mut().filter(|spec| spec.id == *id).for_each(|spec| *spec = tuning.chosen.clone());
                tunings.push((id.clone(), tuning));
            }
            opened.project.save(&opened.parts, "Tune models")?;
        }

        let parts = &opened.parts;
        let mut duels: Vec<(String, Option<Duel>)> = Vec::new();
        let (models, fresh) = console.work(|task| {
            if self.refit {
                let mut models = Vec::new();
                let mut fresh = Vec::new();
                for id in &wanted {
                    let (model, duel) = project::refit(&dir, parts, &loaded, id, task)?;
                    if duel.as_ref().is_none_or(|duel| duel.verdict == Verdict::Replaced) {
                        fresh.push(id.clone());
                    }
                    models.push(model);
                    duels.push((id.clone(), duel));
                }
                return Ok((models, fresh));
            }
            if self.again {
                for id in &wanted {
                    project::train(&dir, parts, &loaded, id, task)?;
                }
            }
            project::train_missing(&dir, parts, &loaded, &self.models, task)
        })?;
        let rows: Vec<(&TrainedModel, bool)> =
            models.iter().map(|model| (model, self.again || fresh.contains(&model.model.id))).collect();
        let reports: Vec<_> = rows.iter().map(|(model, trained)| (&model.report, *trained)).collect();
        let mut text = String::new();
        for (id, tuning) in &tunings {
            text.push_str(&format!("{id}: {} settings tried, from {}\n", tuning.trials.len(), tuning.space));
            text.push_str(&evaluate::board(&tuning.board, true));
            text.push_str(&wrap(&format!("{}.", tuning.note), 2, 110));
            text.push('\n');
        }
        text.push_str(&match reports.is_empty() {
            true => "The project has no models.\n".to_owned(),
            false => report::models(&reports),
        });
        for (id, duel) in &duels {
            let line = match duel {
                None => format!("{id}: there was no model in use"),
                Some(Duel { verdict: Verdict::Kept, why, .. }) => format!("{id}: the model in use is kept; {why}"),
                Some(Duel { verdict: Verdict::Replaced, why, .. }) => format!("{id}: replaced; {why}"),
            };
            text.push_str(&wrap(&line, 2, 110));
        }
        let value: Vec<_> = rows
            .iter()
            .map(|(model, trained)| json!({ "id": model.model.id, "trained": trained, "report": model.report }))
            .collect();
        let mut result = json!({ "models": value });
        if self.tune.is_some() {
            result["tuning"] = json!(
                tunings.iter().map(|(id, tuning)| (id.clone(), json!(tuning))).collect::<serde_json::Map<_, _>>()
            );
        }
        if self.refit {
            result["refit"] =
                json!(duels.iter().map(|(id, duel)| (id.clone(), json!(duel))).collect::<serde_json::Map<_, _>>());
        }
        console.result(&text, &result)?;
        Ok(Outcome::Done)
    }

    /// Declares a model of the effect of each arm.
    fn add_effects(&self, parts: &mut Parts, loaded: &Loaded, learner: Learner) -> Result<()> {
        let outcome = match &self.outcome {
            Some(name) => super::meaning::column_named(&loaded.dataset, "--outcome", name)?,
            None => parts.goal.outcome.clone().ok_or_else(|| {
                Failure::Usage("--uplift: the project has no outcome yet; name a column with --outcome".into())
            })?,
        };
        let control = self.control.as_deref();
        let found =
            project::effect_models(&loaded.dataset, &parts.roles, &parts.models, &outcome, learner.into(), control)?;
        Arc::make_mut(&mut parts.models).extend(found);
        Ok(())
    }
}
