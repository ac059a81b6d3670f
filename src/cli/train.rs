//! `attune train`: models of a project.

use super::console::{Console, Failure, Outcome, Result};
use super::evaluate;
use super::learners::{self, Learner};
use super::report;
use super::table::wrap;
use attune_lab::Error;
use attune_lab::data::Role;
use attune_lab::features::TargetColumn;
use attune_lab::models::{Direction, Duel, Goal, ModelSpec, Tuning, Verdict};
use attune_lab::project::{self, Access, Loaded, Parts, TrainedModel};
use attune_policy::value::Type;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Train the models of a project that are not up to date.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  attune train shop\n  attune train shop visit_mens_e_mail --json\n  \
                        attune train shop visit_mens_e_mail --tune 20\n  attune train shop --refit\n  \
                        attune train shop --uplift dr\n  attune train shop --uplift trees --control \"No E-Mail\"\n  \
                        attune train shop --family boosted --outcome churned --decreasing tenure --calibrate isotonic\n  \
                        attune train shop --family logistic,ebm --class-weights balanced --validation time:0.3\n\n\
                        A model whose data, roles, features and settings did not change is found again, not trained again. \
                        Where the data changed, the model in use is the champion: a model of the data as they are now takes its \
                        place only when it is better on held-out rows, of which neither learned. --again replaces it in any case. \
                        30 % of the subjects never train, so that policies can be valued on them. \
                        --target-mean is for texts of too many categories to be an input each.\n\
                        --uplift adds a model for each arm of the history, whose score is the difference that the arm makes to the \
                        project's outcome; an action names it as its `uplift`, and rules read it with score(\"…\"). \
                        --tune searches settings of the same family and writes the best into models.ron; --refit trains on the \
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
    /// Of the models that --uplift or --family adds: the outcome; that of the project when not given
    #[arg(long, value_name = "COLUMN")]
    outcome: Option<String>,
    #[command(flatten)]
    new: NewModel,
    /// Keep the model in use unless held-out rows show the new one to be better
    #[arg(long, conflicts_with = "again")]
    refit: bool,
}

/// A model that is added, and what is said of it.
#[derive(clap::Args)]
#[command(next_help_heading = "Adding a model")]
struct NewModel {
    /// Add a model of this family (logistic, linear, elastic_net, scorecard, bayes, tree, ebm, forest, boosted), write it into
    /// models.ron and train it; several divided by commas
    #[arg(long = "family", value_name = "NAME,…", value_delimiter = ',', conflicts_with_all = ["uplift", "models"])]
    families: Vec<String>,
    /// Its id, by which rules read it; made of outcome, arm and family when not given
    #[arg(long, value_name = "ID", requires = "families")]
    id: Option<String>,
    /// The value of the outcome that counts; 1, true or yes when not given
    #[arg(long, value_name = "VALUE", requires = "families")]
    positive: Option<String>,
    /// The outcome is a number whose mean is estimated
    #[arg(long, requires = "families", conflicts_with = "positive")]
    amount: bool,
    /// Learn only from rows that got this arm: a value of the action column
    #[arg(long, value_name = "VALUE", requires = "families")]
    arm: Option<String>,
    /// Columns to learn from; all features when not given
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',', requires = "families")]
    features: Vec<String>,
    /// Rows it is measured on: folds; time or time:SHARE or time:DATE for the later ones; order or order:SHARE for the last of the file
    #[arg(long, value_name = "HOW", requires = "families")]
    validation: Option<String>,
    /// Parts of the cross-validation
    #[arg(long, value_name = "N", requires = "families")]
    folds: Option<u32>,
    /// Along this column the score never falls, all else equal: boosted, ebm, scorecard
    #[arg(long, value_name = "COLUMN", requires = "families")]
    increasing: Vec<String>,
    /// Along this column the score never rises, all else equal
    #[arg(long, value_name = "COLUMN", requires = "families")]
    decreasing: Vec<String>,
    /// Weight of rows with the outcome in learning: equal, balanced, or a number
    #[arg(long, value_name = "WEIGHTS", requires = "families")]
    class_weights: Option<String>,
    /// Calibrate scores: platt or isotonic
    #[arg(long, value_name = "METHOD", requires = "families")]
    calibrate: Option<String>,
}

impl Train {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        if self.outcome.is_some() && self.uplift.is_none() && self.new.families.is_empty() {
            return Err(Failure::Usage(
                "--outcome is of a model that is added: say how it learns with --family, or --uplift for effects"
                    .into(),
            ));
        }
        let mut opened = super::project::open_needing(&self.project, Access::Write, &["models.ron"], console)?;
        let dir = opened.project.dir().to_owned();
        let loaded = console.work(|task| super::project::load(&dir, &opened.parts, console, task))?;
        if let Some(learner) = self.uplift {
            self.add_effects(&mut opened.parts, &loaded, learner)?;
            opened.project.save(&opened.parts, "Add models of effects")?;
        }
        let mut added = Vec::new();
        if !self.new.families.is_empty() {
            added = self.add_models(&mut opened.parts, &loaded)?;
            opened.project.save(&opened.parts, "Add models")?;
        }
        if opened.parts.models.is_empty() {
            return Err(super::project::no_models(&self.project, &opened.parts).into());
        }
        let known: Vec<String> = opened.parts.models.iter().map(|spec| spec.id.clone()).collect();
        if let Some(unknown) = self.models.iter().find(|id| !known.contains(id)) {
            return Err(Failure::Work(Error::new(format!("there is no model `{unknown}`")).in_file(&dir)));
        }
        let wanted: Vec<String> =
            known.into_iter().filter(|id| self.models.is_empty() || self.models.contains(id)).collect();
        // Whoever adds models wants these, not all.
        let wanted: Vec<String> = if added.is_empty() { wanted } else { added };

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
            let now = project::train_stale(&dir, parts, &loaded, &wanted, task)?;
            duels.extend(now.duels.into_iter().map(|(id, duel)| (id, Some(duel))));
            Ok((now.models, now.fresh))
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
        text.push_str(&report::models(&reports));
        for (id, duel) in &duels {
            let line = match duel {
                None => format!("{id}: there was no model in use"),
                Some(Duel { verdict: Verdict::Kept, why, .. }) => {
                    format!("{id}: the champion, the model in use, is kept; {why}")
                }
                Some(Duel { verdict: Verdict::Replaced, why, .. }) => format!("{id}: the champion is replaced; {why}"),
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
        if self.refit || !duels.is_empty() {
            result["refit"] =
                json!(duels.iter().map(|(id, duel)| (id.clone(), json!(duel))).collect::<serde_json::Map<_, _>>());
        }
        console.result(&text, &result)?;
        Ok(Outcome::Done)
    }

    /// Declares the models that --family asks for; gives their ids. One that is there already with the same settings is not added again.
    fn add_models(&self, parts: &mut Parts, loaded: &Loaded) -> Result<Vec<String>> {
        let new = &self.new;
        let column = |flag: &str, name: &String| super::meaning::column_named(&loaded.dataset, flag, name);
        let outcome = match &self.outcome {
            Some(name) => column("--outcome", name)?,
            None => parts.goal.outcome.clone().ok_or_else(|| {
                Failure::Usage("--family: the project has no outcome yet; name a column with --outcome".into())
            })?,
        };
        let role = parts.roles.role(&outcome);
        if role != Role::Outcome {
            let hint = format!("give it the role: `attune import … --role {outcome}=outcome`");
            let why = format!("has the role {}, and models would learn from it what they are to predict", role.label());
            return Err(Error::new(why).in_column(&outcome).hint(hint).into());
        }
        let goal = if new.amount { Goal::Amount } else { Goal::Propensity };
        if let (Some(_), true) = (&new.id, new.families.len() > 1) {
            return Err(Failure::Usage("--id names one model, and --family asks for several".into()));
        }
        let mut monotone = BTreeMap::new();
        // Steps of the recipe make columns too.
        let made = |name: &String| parts.recipe.iter().any(|step| step.output == *name);
        let read = |flag: &str, name: &String| if made(name) { Ok(name.clone()) } else { column(flag, name) };
        for (flag, names, direction) in [
            ("--increasing", &new.increasing, Direction::Rising),
            ("--decreasing", &new.decreasing, Direction::Falling),
        ] {
            for name in names {
                if monotone.insert(read(flag, name)?, direction).is_some_and(|before| before != direction) {
                    return Err(Failure::Usage(format!("`{name}` cannot be both --increasing and --decreasing")));
                }
            }
        }
        let features = new.features.iter().map(|name| read("--features", name)).collect::<Result<Vec<_>>>()?;
        let class_weights = new.class_weights.as_deref().map(learners::class_weights).transpose()?.unwrap_or_default();
        let validation = new.validation.as_deref().map(learners::validation).transpose()?.unwrap_or_default();
        let calibration = learners::calibration(new.calibrate.as_deref())?;
        let mut ids = Vec::new();
        for (word, family) in learners::chosen(&new.families, goal)? {
            let of_arm = new.arm.as_ref().map(|arm| format!(" {arm}")).unwrap_or_default();
            let wished = new.id.clone().unwrap_or_else(|| format!("{outcome}{of_arm} {word}"));
            let plain = ModelSpec::new(project::slug(&wished, &|_| false), outcome.clone());
            let spec = ModelSpec {
                name: wished.clone(),
                goal,
                family,
                positive: new.positive.clone(),
                arm: new.arm.clone(),
                features: features.clone(),
                monotone: monotone.clone(),
                class_weights,
                validation,
                folds: new.folds.unwrap_or(plain.folds),
                calibration,
                ..plain
            };
            spec.check()?;
            spec.deploys()?;
            let same = |known: &&ModelSpec| {
                ModelSpec { id: spec.id.clone(), name: spec.name.clone(), ..(*known).clone() } == spec
            };
            if let Some(known) = parts.models.iter().find(same) {
                ids.push(known.id.clone());
                continue;
            }
            if new.id.is_some() && parts.model(&spec.id).is_some() {
                return Err(Failure::Usage(format!("--id: there is a model `{}` already", spec.id)));
            }
            let taken = |id: &str| parts.models.iter().any(|known| known.id == id);
            let spec = ModelSpec { id: project::slug(&wished, &taken), ..spec };
            ids.push(spec.id.clone());
            Arc::make_mut(&mut parts.models).push(spec);
        }
        Ok(ids)
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
