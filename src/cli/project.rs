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
    told(project::Project::open(dir, access)?, console)
}

fn told(opened: Opened, console: &Console) -> Result<Opened> {
    for problem in &opened.problems {
        console.warn(problem);
    }
    if let Some(label) = &opened.recovered {
        console.remark(&format!("Recovered what was not saved when Attune last ended, up to: {label}"));
    }
    Ok(opened)
}

/// As [`open`], for a command that can do nothing without some of the project's files: where one of them could not be used, that is the
/// error, and the only one.
pub fn open_needing(dir: &Path, access: Access, needed: &[&str], console: &Console) -> Result<Opened> {
    let opened = project::Project::open(dir, access)?;
    let of_file = |problem: &&Error| match problem {
        Error::Failed(failure) => {
            failure.file.as_ref().is_some_and(|file| needed.iter().any(|name| file.ends_with(name)))
        }
        Error::Cancelled => false,
    };
    if let Some(problem) = opened.problems.iter().find(of_file) {
        let hint = "correct the file by hand, or bring back one that worked; it is not overwritten meanwhile";
        return Err(match problem {
            Error::Failed(failure) if failure.hint.is_none() => problem.clone().hint(hint),
            _ => problem.clone(),
        }
        .into());
    }
    told(opened, console)
}

/// That a project has no model, and how it comes to one.
pub fn no_models(dir: &Path, parts: &Parts) -> Error {
    let dir_name = dir.display();
    let outcome = parts.goal.outcome.clone();
    let events = parts.other_sources().any(|source| source.kind.is_timed());
    let hint = match outcome {
        Some(outcome) => {
            format!("`attune train {dir_name} --family logistic --outcome {outcome}` makes one and trains it")
        }
        None if events => format!(
            "`attune features {dir_name} --outcome bought:90 --add` makes an outcome of what customers do in the 90 days after an \
             instant, and a model of it"
        ),
        None => format!(
            "`attune train {dir_name} --family logistic --outcome COLUMN` makes one of the column to be predicted"
        ),
    };
    Error::new("the project has no models").in_file(dir).hint(hint)
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
