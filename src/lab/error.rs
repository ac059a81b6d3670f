//! The one error of this crate: what went wrong, where, and what to do.

use crate::task::Cancelled;
use std::fmt;
use std::path::{Path, PathBuf};

/// Why something could not be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Error {
    /// It was told to stop.
    Cancelled,
    /// It failed.
    Failed(Box<Failure>),
}

/// A failure and its place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Failure {
    /// File or folder.
    pub file: Option<PathBuf>,
    /// Row from 1, not counting the header.
    pub row: Option<u64>,
    /// Line of the file from 1.
    pub line: Option<u64>,
    /// Column name.
    pub column: Option<String>,
    /// What is wrong and what was expected.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// Result of work in this crate.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A failure with a message.
    pub fn new(message: impl Into<String>) -> Error {
        Error::Failed(Box::new(Failure { message: message.into(), ..Failure::default() }))
    }

    /// Names the file.
    #[must_use]
    pub fn in_file(self, file: &Path) -> Error {
        self.with(|f| f.file = Some(file.to_owned()))
    }

    /// Names the row, from 1.
    #[must_use]
    pub fn at_row(self, row: u64) -> Error {
        self.with(|f| f.row = Some(row))
    }

    /// Names the line of the file, from 1.
    #[must_use]
    pub fn at_line(self, line: u64) -> Error {
        self.with(|f| f.line = Some(line))
    }

    /// Names the column.
    #[must_use]
    pub fn in_column(self, column: impl Into<String>) -> Error {
        self.with(|f| f.column = Some(column.into()))
    }

    /// Says what to do.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Error {
        self.with(|f| f.hint = Some(hint.into()))
    }

    /// Whether this is a cancellation.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Error::Cancelled)
    }

    fn with(mut self, change: impl FnOnce(&mut Failure)) -> Error {
        if let Error::Failed(failure) = &mut self {
            change(failure);
        }
        self
    }
}

impl From<Cancelled> for Error {
    fn from(_: Cancelled) -> Error {
        Error::Cancelled
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Error::Failed(failure) = self else { return f.write_str("cancelled") };
        let mut place = Vec::new();
        if let Some(file) = &failure.file {
            place.push(file.display().to_string());
        }
        if let Some(row) = failure.row {
            place.push(format!("row {row}"));
        }
        if let Some(line) = failure.line {
            place.push(format!("line {line}"));
        }
        if let Some(column) = &failure.column {
            place.push(format!("column `{column}`"));
        }
        if !place.is_empty() {
            write!(f, "{}: ", place.join(", "))?;
        }
        f.write_str(&failure.message)?;
        if let Some(hint) = &failure.hint {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
