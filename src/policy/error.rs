//! The one error of this crate: a policy that cannot be used, with every reason found.

use crate::diagnostic::{Diagnostic, Severity};
use std::fmt;

/// Why a policy was refused.
#[derive(Clone, Debug, PartialEq)]
pub enum Error {
    /// The bytes are not a policy file this version reads: place (line, column) and what to do.
    File {
        /// Line and column from 1, when known.
        position: Option<(u32, u32)>,
        /// What is wrong.
        message: String,
    },
    /// The file is not signed as required, or what it is signed with does not fit: what is wrong and what to do.
    Signature {
        /// What is wrong.
        message: String,
    },
    /// The document was read but cannot be used: every finding, warnings too.
    Invalid(Vec<Diagnostic>),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::File { position: Some((line, column)), message } => {
                write!(f, "line {line}, column {column}: {message}")
            }
            Error::File { position: None, message } | Error::Signature { message } => f.write_str(message),
            // Warnings among the findings are no reason.
            Error::Invalid(findings) => {
                let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
                for (i, finding) in errors.enumerate() {
                    if i > 0 {
                        f.write_str("\n")?;
                    }
                    write!(f, "{finding}")?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for Error {}
