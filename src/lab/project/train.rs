//! Training a project's models: each on rows that the split leaves for training, and only when its inputs changed.

use super::artifacts::{TrainedModel, find_model, model_key, save_model};
use super::load::{Loaded, with_recipe};
use super::parts::Parts;
use crate::data::split;
use crate::error::{Error, Result};
use crate::models;
use crate::task::Task;
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
    let trained = TrainedModel { key, model: trained.model, report: trained.report };
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
                fresh.push(spec.id.clone());
                train(dir, parts, loaded, &spec.id, task)?
            }
        };
        models.push(model);
    }
    Ok((models, fresh))
}
