//! The one error of this crate: what was refused, and why, in words for the person who wrote the policy or the request.

use std::fmt;

/// Why something was refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// What was refused.
    pub kind: Kind,
    /// What is wrong, where, and what was expected.
    pub message: String,
}

/// What was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The policy: not a policy file, of a newer format, changed, or with findings.
    Policy,
    /// The signature of the policy: missing, not genuine, of other keys or other files; or a key that is none.
    Signature,
    /// The request: not JSON, an unknown name, a value of the wrong type.
    Request,
}

impl Refusal {
    /// A refusal of a request.
    pub(crate) fn request(message: impl Into<String>) -> Refusal {
        Refusal { kind: Kind::Request, message: message.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}
