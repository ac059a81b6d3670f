//! Training a project's models: each on rows that the split leaves for training, and only when its inputs changed.

use super::artifacts::{TrainedModel, find_model, last_model, model_key, save_model};
use super::load::{Loaded, with_recipe};
use super::parts::Parts;
use crate::data::split;
use crate::error::{Error, Result};
use crate::features::recipe;
use crate::models::{self, Board, Duel, ModelSpec, Tuning, Verdict};
use crate::task::Task;
use attune_policy::recipe::Step;
use std::path::Path;

/// Trains a model of the project in `dir` and keeps it.
///
/// # Errors
/// When there is no such model, it cannot be trained on these data, or the task is cancelled; then nothing was kept.
pub fn train(dir: &Path, parts: &Parts, loaded: &Loaded, id: &str, task: &Task) -> Result<TrainedModel> {
    let spec = parts.model(id).ok_or_else(|| Error::new(format!("there is no model `{id}`")))?;
    task.stage("Preparing the data")?;
    let (dataset, roles) = with_recipe(&loaded.dataset, parts)?;
    let rows = split::train_rows(&dataset, &roles)?;
    let trained = models::train(spec, &dataset, &roles, &rows, task)?;
    let key = model_key(spec, parts, &loaded.fingerprint);
    let trained = TrainedModel::new(key, trained);
    // Whoever cancels at the last moment must not find a new model afterwards.
    task.tick(1.0)?;
    save_model(dir, &trained)?;
    Ok(trained)
}

/// The named models, or all when none is named: found where they are up to date, else trained. The second list names those
/// that were trained now.
///
/// # Errors
/// As [`train`].
pub fn train_missing(
    dir: &Path,
    parts: &Parts,
    loaded: &Loaded,
    ids: &[String],
    task: &Task,
) -> Result<(Vec<TrainedModel>, Vec<String>)> {
    if let Some(unknown) = ids.iter().find(|id| parts.model(id).is_none()) {
        return Err(Error::new(format!("there is no model `{unknown}`")));
    }
    let mut models = Vec::new();
    let mut fresh = Vec::new();
    for spec in parts.models.iter().filter(|m| ids.is_empty() || ids.contains(&m.id)) {
        let key = model_key(spec, parts, &loaded.fingerprint);
        let model = match find_model(dir, &spec.id, &key) {
            Some(model) => model,
            None => {
                let model = train(dir, parts, loaded, &spec.id, task)?;
                fresh.push(spec.id.clone());
                task.keep("models", format!("Trained and kept: {}.", fresh.join(", ")));
                model
            }
        };
        models.push(model);
    }
    Ok((models, fresh))
}

/// Trains a model again on the data as they are now and keeps the better one, the champion in use where nothing else is shown;
/// both are compared on the subjects held out, of whom neither learned. Without a model in use the new one is simply kept.
///
/// # Errors
/// As [`train`].
pub fn refit(
    dir: &Path,
    parts: &Parts,
    loaded: &Loaded,
    id: &str,
    task: &Task,
) -> Result<(TrainedModel, Option<Duel>)> {
    let Some(champion) = last_model(dir, id) else { return Ok((train(dir, parts, loaded, id, task)?, None)) };
    let spec = parts.model(id).ok_or_else(|| Error::new(format!("there is no model `{id}`")))?;
    task.stage("Preparing the data")?;
    let (dataset, roles) = with_recipe(&loaded.dataset, parts)?;
    let rows = split::train_rows(&dataset, &roles)?;
    let new = models::train(spec, &dataset, &roles, &rows, task)?;
    task.stage("Comparing with the model in use")?;
    let held_out = split::held_out_rows(&dataset, &roles)?;
    // Each reads the columns that its own steps write.
    let side = |recipe: &[Step]| recipe::apply(&dataset, &roles, recipe).map(|(dataset, _)| dataset);
    // Where its steps do not fit the new data, the champion finds its columns missing, and has to go.
    let (old_rows, new_rows) = (side(&champion.recipe).unwrap_or_else(|_| dataset.clone()), side(&new.recipe)?);
    let contest = ((&champion.model, &old_rows), (&new.model, &new_rows));
    let duel = models::duel(contest.0, contest.1, spec, &dataset, &roles, &held_out)?;
    let key = model_key(spec, parts, &loaded.fingerprint);
    let trained = match duel.verdict {
        Verdict::Replaced => TrainedModel::new(key, new),
        // Kept under the key of the new data: it was weighed against them and is what they want.
        Verdict::Kept => {
            let mut report = champion.report.clone();
            let note = format!("kept when the data were refreshed: {}", duel.why);
            report.notes.retain(|note| !note.starts_with("kept when the data were refreshed"));
            report.notes.push(note);
            TrainedModel { key, report, ..champion }
        }
    };
    task.tick(1.0)?;
    save_model(dir, &trained)?;
    Ok((trained, Some(duel)))
}

/// Searches settings for a model of the project; nothing is kept, the caller takes [`Tuning::chosen`] over.
///
/// # Errors
/// As [`models::tune`].
pub fn tune(parts: &Parts, loaded: &Loaded, id: &str, trials: u32, task: &Task) -> Result<Tuning> {
    let spec = parts.model(id).ok_or_else(|| Error::new(format!("there is no model `{id}`")))?;
    task.stage("Preparing the data")?;
    let (dataset, roles) = with_recipe(&loaded.dataset, parts)?;
    models::tune(spec, trials, &dataset, &roles, &split::train_rows(&dataset, &roles)?, task)
}

/// Compares specifications on the project's training rows.
///
/// # Errors
/// As [`models::board()`].
pub fn compare(parts: &Parts, loaded: &Loaded, specs: &[ModelSpec], task: &Task) -> Result<Board> {
    task.stage("Preparing the data")?;
    let (dataset, roles) = with_recipe(&loaded.dataset, parts)?;
    models::board(specs, &dataset, &roles, &split::train_rows(&dataset, &roles)?, task)
}
