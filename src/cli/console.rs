//! What a person or a program sees: results on standard output, progress and errors on standard error.

use super::interrupt::Interrupts;
use super::progress::{Show, Stopped, Watch};
use attune_lab::Error;
use attune_lab::task::Task;
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

/// Exit code of work that was done.
pub const DONE: u8 = 0;
/// Exit code of work that failed.
pub const FAILED: u8 = 1;
/// Exit code of wrong usage.
pub const USAGE: u8 = 2;
/// Exit code of a check that found errors.
pub const CHECK_FAILED: u8 = 3;

/// How a command ended when nothing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Done,
    /// The check was made and found errors.
    CheckFailed,
}

/// Why a command did not do its work.
#[derive(Debug)]
pub enum Failure {
    /// The arguments make no sense together.
    Usage(String),
    /// The work failed.
    Work(Error),
    /// It was told to stop.
    Stopped(Stopped),
}

/// Result of a command.
pub type Result<T> = std::result::Result<T, Failure>;

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Work(error)
    }
}

/// Where results, progress and errors go.
pub struct Console {
    /// Whether results and errors are JSON.
    pub json: bool,
    quiet: bool,
}

impl Console {
    /// A console; progress follows the work on a terminal, elsewhere a line tells of each stage that takes its time.
    pub fn new(json: bool, quiet: bool) -> Console {
        Console { json, quiet }
    }

    /// Prints a result: the text for people, or the value as JSON.
    pub fn result(&self, text: &str, value: &impl Serialize) -> Result<()> {
        let out = match self.json {
            true => {
                serde_json::to_string_pretty(value)
                    .map_err(|e| Error::new(format!("the result could not be written as JSON: {e}")))?
                    + "\n"
            }
            false => text.to_owned(),
        };
        match std::io::stdout().write_all(out.as_bytes()) {
            Ok(()) => Ok(()),
            // Whoever reads us has seen enough, as with `attune run shop | head`.
            Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            Err(e) => Err(Error::new(format!("the result could not be printed: {e}")).into()),
        }
    }

    /// Prints a remark beside the result, on standard error; JSON results carry their remarks inside.
    pub fn remark(&self, text: &str) {
        if !self.json {
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }

    /// Prints a warning on standard error, in JSON as an object on a line of its own.
    pub fn warn(&self, warning: &Error) {
        let _ = match self.json {
            true => writeln!(std::io::stderr(), "{}", json!({ "warning": error_value(warning) })),
            false => writeln!(std::io::stderr(), "warning: {warning}"),
        };
    }

    /// Prints why the command failed; gives its exit code.
    pub fn fail(&self, failure: &Failure) -> ExitCode {
        let (code, text, value) = match failure {
            Failure::Usage(message) => {
                let text = format!("{message}\nSee `attune --help`.");
                (USAGE, text, json!({ "message": message, "usage": true }))
            }
            Failure::Work(error) => (FAILED, error.to_string(), error_value(error)),
            Failure::Stopped(stopped) => {
                stopped.say(self.json);
                return ExitCode::from(stopped.signal.exit_code());
            }
        };
        let mut err = std::io::stderr();
        let _ = match self.json {
            true => writeln!(err, "{}", json!({ "error": value })),
            false => writeln!(err, "error: {text}"),
        };
        ExitCode::from(code)
    }

    /// Runs work whose progress is shown until it ends. Ctrl-C and SIGTERM ask it to stop; it has two seconds to do so, since whatever it
    /// writes is whole or not there.
    pub fn work<T>(&self, work: impl FnOnce(&Task) -> attune_lab::Result<T>) -> Result<T> {
        let task = Task::default();
        let show = match (self.quiet, std::io::stderr().is_terminal()) {
            (true, _) => Show::Nothing,
            (false, true) => Show::Line,
            // Whoever reads errors as JSON reads nothing else.
            (false, false) if self.json => Show::Nothing,
            (false, false) => Show::Stages,
        };
        let at_work = Interrupts::at_work();
        let watch = Watch::begin(task.clone(), at_work, show, self.json);
        let result = work(&task);
        match (result, watch.end()) {
            (Err(Error::Cancelled), Some(stopped)) => Err(Failure::Stopped(stopped)),
            (result, _) => result.map_err(Failure::Work),
        }
    }
}

/// An error with its place, for programs.
pub fn error_value(error: &Error) -> Value {
    let Error::Failed(failure) = error else { return json!({ "message": error.to_string() }) };
    let mut value = json!({ "message": failure.message });
    let mut put = |name: &str, part: Option<Value>| {
        if let Some(part) = part {
            value[name] = part;
        }
    };
    put("file", failure.file.as_ref().map(|file| json!(file.display().to_string())));
    put("row", failure.row.map(|row| json!(row)));
    put("line", failure.line.map(|line| json!(line)));
    put("column", failure.column.as_ref().map(|column| json!(column)));
    put("hint", failure.hint.as_ref().map(|hint| json!(hint)));
    value
}
