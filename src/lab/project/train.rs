//! Training a project's models: each on rows that the split leaves for training, and only when its inputs changed.

use super::artifacts::{TrainedModel, find_model, last_model, model_key, save_model, settings_key};
use super::load::{Loaded, with_recipe};
use super::parts::Parts;
use crate::data::{Role, split};
use crate::error::{Error, Result};
use crate::features::recipe;
use crate::models::{self, Board, Duel, ModelSpec, Tuning, Verdict};
use crate::task::Task;
use attune_policy::recipe::Step;
use std::path::Path;

/// What training came to.
#[derive(Clone, Debug, Default)]
pub struct TrainedNow {
    /// The models as they are in use now.
    pub models: Vec<TrainedModel>,
    /// Ids of those that are new.
    pub fresh: Vec<String>,
    /// Champions that stood against a model of the data as they are now, by id, and how that ended.
    pub duels: Vec<(String, Duel)>,
}

/// Begins the note on the report of a champion that was kept.
pub const KEPT: &str = "kept when the data were refreshed";

/// Trains a model of the project in `dir` and keeps it, whatever there was before.
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
    let trained = TrainedModel::new(key, settings_key(spec, parts), trained);
    // Whoever cancels at the last moment must not find a new model afterwards.
    task.tick(1.0)?;
    save_model(dir, &trained)?;
    Ok(trained)
}

/// The named models, or all when none is named: found where they are up to date, else trained. Where nothing but the data changed since a
/// model was trained, it is the champion: the new one takes its place only when it is better on held-out rows, as in [`refit`]. What a
/// person changed, settings, roles or recipe, is trained as they say.
///
/// # Errors
/// As [`train`].
pub fn train_stale(dir: &Path, parts: &Parts, loaded: &Loaded, ids: &[String], task: &Task) -> Result<TrainedNow> {
    if let Some(unknown) = ids.iter().find(|id| parts.model(id).is_none()) {
        return Err(Error::new(format!("there is no model `{unknown}`")));
    }
    let mut now = TrainedNow::default();
    for spec in parts.models.iter().filter(|m| ids.is_empty() || ids.contains(&m.id)) {
        let key = model_key(spec, parts, &loaded.fingerprint);
        if let Some(model) = find_model(dir, &spec.id, &key) {
            now.models.push(model);
            continue;
        }
        let champion = last_model(dir, &spec.id).filter(|champion| is_champion(champion, spec, parts));
        let (model, duel) = match champion {
            Some(_) => refit(dir, parts, loaded, &spec.id, task)?,
            None => (train(dir, parts, loaded, &spec.id, task)?, None),
        };
        if duel.as_ref().is_none_or(|duel| duel.verdict == Verdict::Replaced) {
            now.fresh.push(spec.id.clone());
        }
        now.duels.extend(duel.map(|duel| (spec.id.clone(), duel)));
        task.keep("models", format!("Trained and kept: {}.", now.fresh.join(", ")));
        now.models.push(model);
    }
    Ok(now)
}

/// As [`train_stale`]: the models, and the ids of those that are new.
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
    train_stale(dir, parts, loaded, ids, task).map(|now| (now.models, now.fresh))
}

/// Whether a model was made as the document says, of other data: settings and recipes are those it was made with, and every column that
/// it reads is still open to models. Of a model that does not tell its settings, the specification has to do.
fn is_champion(model: &TrainedModel, spec: &ModelSpec, parts: &Parts) -> bool {
    let same = match model.settings.as_str() {
        "" => ModelSpec { name: spec.name.clone(), ..model.report.spec.clone() } == *spec,
        settings => settings == settings_key(spec, parts),
    };
    let made = |name: &str| {
        let steps = parts.recipe.iter().chain(&model.recipe);
        steps.map(|step| &step.output).any(|output| output == name)
    };
    let open = |name: &str| made(name) || matches!(parts.roles.role(name), Role::Feature | Role::Context);
    same && model.model.inputs.iter().all(|input| open(&input.field))
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
    let key = model_key(spec, parts, &loaded.fingerprint);
    let was_kept = champion.report.notes.iter().any(|note| note.starts_with(KEPT));
    if champion.key == key && !was_kept {
        // The new one would be the old one.
        let why = "it learned from these very data with these settings: there is nothing to compare it with".to_owned();
        let duel = Duel { verdict: Verdict::Kept, why, rows: 0, gain: None, auc_gain: None };
        return Ok((champion, Some(duel)));
    }
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
    let mut duel = models::duel(contest.0, contest.1, spec, &dataset, &roles, &held_out)?;
    if roles.first(Role::Subject).is_none() && duel.gain.is_some() {
        duel.why.push_str(
            "; no column says who the subjects are, so where rows moved the model in use may know some of these",
        );
    }
    let settings = settings_key(spec, parts);
    let trained = match duel.verdict {
        Verdict::Replaced => TrainedModel::new(key, settings, new),
        // Kept under the key of the new data: it was weighed against them and is what they want.
        Verdict::Kept => {
            let mut report = champion.report.clone();
            report.notes.retain(|note| !note.starts_with(KEPT));
            report.notes.push(format!("{KEPT}: {}", duel.why));
            TrainedModel { key, settings, report, ..champion }
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
