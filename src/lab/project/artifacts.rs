//! What was made from the parts: trained models and run reports, each named by the hash of its inputs, so that anybody can
//! see whether it is still true.

use super::atomic;
use super::format;
use super::parts::Parts;
use super::rules::without_freshness;
use crate::data::Role;
use crate::error::{Error, Result};
use crate::models::{self, ModelReport, ModelSpec, Trained};
use crate::simulate::Report;
use attune_policy::model::Model;
use attune_policy::recipe::Step;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

/// Models and reports of other keys that stay findable, so that undo does not make them again.
const CACHED: usize = 40;

/// SHA-256 in lower-case hex.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// Hash of anything that can be written; equal inputs have equal keys.
pub fn key<T: Serialize>(inputs: &T) -> String {
    // Every input is one of our own types, all of which can be written.
    sha256(ron::to_string(inputs).unwrap_or_default().as_bytes())
}

/// Hash of everything that a trained model depends on: its specification, the roles, the rules of columns, the recipe and the data. Its name is
/// not among them: renaming does not train again. The number at its head rises when the same inputs train another model.
pub fn model_key(spec: &ModelSpec, parts: &Parts, data: &str) -> String {
    let nameless = ModelSpec { name: String::new(), ..spec.clone() };
    match parts.fields.is_empty() {
        true => key(&("model 2", nameless, &*parts.roles, &*parts.recipe, data)),
        false => key(&("model 3", nameless, &*parts.roles, &*parts.fields, &*parts.recipe, data)),
    }
}

/// Hash of what a person decided about a model: its specification, the recipes, who the subjects are and what was done to them, when the
/// rows stand; without the data. Where it is another one than that of the model in use, a person asked for another model; where only
/// the data changed, the model in use is the champion.
pub fn settings_key(spec: &ModelSpec, parts: &Parts) -> String {
    let nameless = ModelSpec { name: String::new(), ..spec.clone() };
    let roles = &parts.roles;
    let single: Vec<Option<&str>> =
        [Role::Subject, Role::Action, Role::Time].into_iter().map(|role| roles.first(role)).collect();
    let stand = (&roles.delayed, roles.as_of);
    let events = without_freshness(&parts.events);
    match parts.fields.is_empty() {
        true => key(&("model settings 1", nameless, single, stand, &*parts.recipe, events)),
        false => key(&("model settings 2", nameless, single, stand, &*parts.recipe, events, &*parts.fields)),
    }
}

/// A trained model: the very data that score, and what is known about them.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainedModel {
    /// Hash of its inputs: [`model_key`].
    pub key: String,
    /// Hash of its inputs without the data: [`settings_key`]; empty where it was trained before this was kept.
    pub settings: String,
    /// What scores, in the studio and in the policy file.
    pub model: Model,
    /// How good it is.
    pub report: ModelReport,
    /// Steps of the row recipe that the model needs beside the project's: columns encoded by their outcome.
    pub recipe: Vec<Step>,
}

impl TrainedModel {
    /// A model that was trained now, under the hash of its inputs and that of them without the data.
    pub fn new(key: String, settings: String, trained: Trained) -> TrainedModel {
        TrainedModel { key, settings, model: trained.model, report: trained.report, recipe: trained.recipe }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelFile {
    key: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    settings: String,
    model: Model,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recipe: Vec<Step>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MetricsFile {
    key: String,
    report: ModelReport,
}

/// Keeps a trained model: in the cache by its key, and under `models/<id>/` as the current one.
///
/// # Errors
/// When it cannot be written.
pub fn save_model(dir: &Path, trained: &TrainedModel) -> Result<()> {
    let id = &trained.model.id;
    if !super::is_slug(id) {
        return Err(Error::new(format!("`{id}` cannot name a file")));
    }
    let TrainedModel { key, settings, model, report, recipe } = trained;
    let model =
        ModelFile { key: key.clone(), settings: settings.clone(), model: model.clone(), recipe: recipe.clone() };
    let model = format::write("model", &model)?;
    let metrics = format::write("metrics", &MetricsFile { key: key.clone(), report: report.clone() })?;
    let cached = cache(dir).join(key);
    let current = dir.join("models").join(id);
    for folder in [&cached, &current] {
        atomic::replace(&folder.join("metrics.ron"), metrics.as_bytes())?;
        atomic::replace(&folder.join("model.ron"), model.as_bytes())?;
    }
    atomic::replace(&current.join("card.md"), models::card(&trained.report).as_bytes())?;
    tidy(&cache(dir));
    Ok(())
}

/// The model of a key, wherever it lies; `None` when it was never trained or its files do not agree.
pub fn find_model(dir: &Path, id: &str, key: &str) -> Option<TrainedModel> {
    [dir.join("models").join(id), cache(dir).join(key)].iter().find_map(|folder| read_model(folder, Some(key)))
}

/// The model last trained under an id, whether or not it is still true.
pub fn last_model(dir: &Path, id: &str) -> Option<TrainedModel> {
    read_model(&dir.join("models").join(id), None)
}

/// A file that is torn is as good as none: the model is trained again.
fn read_model(folder: &Path, key: Option<&str>) -> Option<TrainedModel> {
    let text = |name: &str| atomic::read(&folder.join(name)).ok().flatten();
    let model: ModelFile = format::read("model", &text("model.ron")?).ok()?;
    if key.is_some_and(|key| key != model.key) {
        return None;
    }
    let metrics: MetricsFile = format::read("metrics", &text("metrics.ron")?).ok()?;
    let ModelFile { key, settings, model, recipe } = model;
    (metrics.key == key).then_some(TrainedModel { key, settings, model, report: metrics.report, recipe })
}

/// Writes a report as the next run and returns its folder; runs are only ever added.
///
/// # Errors
/// When it cannot be written.
pub fn save_run<T: Serialize>(dir: &Path, report: &T) -> Result<PathBuf> {
    let runs = dir.join("runs");
    let last = fs::read_dir(&runs)
        .into_iter()
        .flatten()
        .filter_map(|e| e.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .max()
        .unwrap_or(0);
    let folder = runs.join(format!("{:04}", last + 1));
    atomic::replace(&folder.join("report.ron"), format::write("run", report)?.as_bytes())?;
    Ok(folder)
}

/// Keeps a simulation's report in the cache by the hash of its inputs.
///
/// # Errors
/// When it cannot be written.
pub fn save_report(dir: &Path, key: &str, report: &Report) -> Result<()> {
    let text = format::write("simulation", &ReportFile { key: key.to_owned(), report: report.clone() })?;
    atomic::replace(&reports(dir).join(key).join("report.ron"), text.as_bytes())?;
    tidy(&reports(dir));
    Ok(())
}

/// The report of a key; `None` when it was never made, or its file is torn.
pub fn find_report(dir: &Path, key: &str) -> Option<Report> {
    let text = atomic::read(&reports(dir).join(key).join("report.ron")).ok()??;
    let file: ReportFile = format::read("simulation", &text).ok()?;
    (file.key == key).then_some(file.report)
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReportFile {
    key: String,
    report: Report,
}

fn reports(dir: &Path) -> PathBuf {
    dir.join(".local/reports")
}

fn cache(dir: &Path) -> PathBuf {
    dir.join(".local/models")
}

/// Removes the oldest entries from a cache. Failing to is no failure of what was asked.
fn tidy(cache: &Path) {
    let Ok(entries) = fs::read_dir(cache) else { return };
    let mut folders: Vec<_> =
        entries.filter_map(|e| e.ok()).filter_map(|e| Some((e.metadata().ok()?.modified().ok()?, e.path()))).collect();
    folders.sort();
    let spare = folders.len().saturating_sub(CACHED);
    for (_, folder) in folders.drain(..spare) {
        let _ = fs::remove_dir_all(folder);
    }
}
