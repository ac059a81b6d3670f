//! A project from end to end: load, train what is not up to date, simulate, export. What `attune run` does.

use super::artifacts::{TrainedModel, save_run};
use super::assemble::assemble;
use super::export::{Exported, export};
use super::load::load;
use super::parts::Parts;
use super::readiness::{Check, readiness};
use super::simulate::{Asked, simulate_draft};
use super::store::Project;
use super::train::train_missing;
use crate::error::{Error, Result};
use crate::models::ModelReport;
use crate::simulate::Report;
use crate::task::Task;
use attune_policy::Policy;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a run did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunReport {
    /// Name of the project.
    pub project: String,
    /// File of the customers, or the name of the generated world.
    pub source: String,
    /// Rows read.
    pub rows: u64,
    /// Rows set aside because they could not be read.
    pub bad_rows: u64,
    /// What is not as it was when the data were imported, in words.
    pub changes: Vec<String>,
    /// The models.
    pub models: Vec<ModelRun>,
    /// The simulation of the draft.
    pub simulation: Report,
    /// The file written and tried.
    pub exported: Exported,
    /// What should be looked at before the policy goes out.
    pub checklist: Vec<Check>,
    /// Folder of this run inside the project.
    pub folder: PathBuf,
}

/// A model in a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelRun {
    /// Model id.
    pub id: String,
    /// Whether it was trained now, not found up to date.
    pub trained: bool,
    /// How good it is.
    pub report: ModelReport,
}

/// Runs the project from end to end and writes the policy to `out`.
///
/// # Errors
/// At the first step that fails; what the steps before it made is kept.
pub fn run(project: &Project, parts: &Parts, out: &Path, task: &Task) -> Result<RunReport> {
    project.writable()?;
    let dir = project.dir();
    task.stage("Loading the data")?;
    let loaded = load(dir, parts, task)?;
    let (models, fresh) = train_missing(dir, parts, &loaded, &[], task)?;
    let by_id: BTreeMap<&str, Arc<TrainedModel>> =
        models.iter().map(|m| (m.model.id.as_str(), Arc::new(m.clone()))).collect();
    let assembled = assemble(parts, &loaded, &|id| by_id.get(id).cloned(), false);
    let policy = Policy::compile(assembled.document.clone())
        .map_err(|e| Error::new(format!("the policy has errors: {e}")).hint("`attune check` lists them by place"))?;
    let simulation = simulate_draft(&policy, parts, &loaded, Asked::Full, task)?.report;
    let exported = export(&assembled.document, parts, &loaded, out, task)?;
    let checklist = readiness(parts, Some(&loaded), policy.warnings(), &assembled.untrained, Some(&simulation));
    let mut report = RunReport {
        project: parts.goal.name.clone(),
        source: loaded.dataset.source().file.clone(),
        rows: loaded.dataset.rows() as u64,
        bad_rows: loaded.bad_rows.len() as u64,
        changes: loaded.changes.iter().map(ToString::to_string).collect(),
        models: models
            .into_iter()
            .map(|m| ModelRun { trained: fresh.contains(&m.model.id), id: m.model.id, report: m.report })
            .collect(),
        simulation,
        exported,
        checklist,
        folder: PathBuf::new(),
    };
    report.folder = save_run(dir, &report)?;
    Ok(report)
}
