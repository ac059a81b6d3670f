//! Opening a project for a command.

use super::console::{Console, Result};
use attune_lab::Error;
use attune_lab::project::{self, Access, Assembled, Loaded, Opened, Parts, find_model, model_key};
use attune_lab::task::Task;
use attune_policy::Policy;
use std::path::Path;
use std::sync::Arc;

/// Opens a project; files of it that could not be used are named on standard error.
pub fn open(dir: &Path, access: Access, console: &Console) -> Result<Opened> {
    let opened = project::Project::open(dir, access)?;
    for problem in &opened.problems {
        console.warn(problem);
    }
    if let Some(label) = &opened.recovered {
        console.remark(&format!("Recovered what was not saved when Attune last ended, up to: {label}"));
    }
    Ok(opened)
}

/// Loads the customers of a project; what changed since they were imported is named on standard error.
pub fn load(dir: &Path, parts: &Parts, console: &Console, task: &Task) -> attune_lab::Result<Loaded> {
    let loaded = project::load(dir, parts, task)?;
    for change in &loaded.changes {
        console.warn(change);
    }
    Ok(loaded)
}

/// The draft made whole with the models that are up to date.
pub fn assemble(dir: &Path, parts: &Parts, loaded: &Loaded, all_models: bool) -> Assembled {
    let trained = |id: &str| {
        let spec = parts.model(id)?;
        find_model(dir, id, &model_key(spec, parts, &loaded.fingerprint)).map(Arc::new)
    };
    project::assemble(parts, loaded, &trained, all_models)
}

/// The draft as a policy that may decide: every model it uses is trained.
pub fn policy(dir: &Path, parts: &Parts, loaded: &Loaded) -> attune_lab::Result<Policy> {
    let assembled = assemble(dir, parts, loaded, false);
    if !assembled.untrained.is_empty() {
        return Err(Error::new(format!("models of the policy are not trained: {}", assembled.untrained.join(", ")))
            .in_file(dir)
            .hint("`attune train` trains them"));
    }
    Policy::compile(assembled.document).map_err(|error| {
        Error::new(format!("the policy has errors: {error}")).in_file(dir).hint("`attune check` lists them by place")
    })
}
