//! Opening the studio, and what is done where no window can be opened.

use super::console::{Console, Failure, Outcome, Result};
use super::run;
use attune_lab::Error;
use attune_lab::project::{home, samples};
use std::path::PathBuf;

/// Open the studio on a project folder, or on a data file to begin a project with.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  attune open shop\n  attune open customers.csv")]
pub struct Open {
    /// Project folder or data file
    path: PathBuf,
}

impl Open {
    pub fn run(self, _console: &Console) -> Result<Outcome> {
        open(Some(self.path))
    }
}

/// Opens the studio and returns when its window is closed.
pub fn open(path: Option<PathBuf>) -> Result<Outcome> {
    if let Some(path) = path.as_ref().filter(|path| !path.exists()) {
        return Err(Error::new("there is no such folder or file").in_file(path).into());
    }
    match attune_studio::run(path.clone()) {
        Ok(()) => Ok(Outcome::Done),
        Err(error) => {
            let hint = match path {
                Some(path) if path.is_dir() => format!("`attune run {}` works without a window", path.display()),
                Some(path) => format!("`attune import {}` works without a window", path.display()),
                None => "`attune --help` names what works without a window".to_owned(),
            };
            Err(Failure::Work(Error::new(error.to_string()).hint(hint)))
        }
    }
}

/// Opens the studio on the sample project; without a display the sample is run from end to end instead.
pub fn sample(console: &Console) -> Result<Outcome> {
    let dir = samples::ensure(&home())?;
    match attune_studio::run(Some(dir.clone())) {
        Ok(()) => Ok(Outcome::Done),
        Err(attune_studio::Error::NoDisplay(why)) => {
            console.remark(&format!(
                "There is no display to open a window on ({why}); the sample project in {} is run without one.\n",
                dir.display()
            ));
            run::run(&dir, None, console)
        }
        Err(error) => Err(Failure::Work(
            Error::new(error.to_string()).hint(format!("`attune run {}` works without a window", dir.display())),
        )),
    }
}
