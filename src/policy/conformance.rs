//! Conformance vectors: inputs and the answers that every implementation of the semantics gives to them, so that another one
//! can prove itself. Published under `assets/conformance`; its README describes the files. They are data: this module answers
//! them again and tells where an answer differs.

mod answer;
#[cfg(test)]
mod suites;
#[cfg(test)]
mod tests;

use crate::cases::{Fate, Past, Question};
use crate::codec;
use crate::document::Document;
use crate::error::Error;
use crate::model::Model;
use crate::value::{Type, Value};
use serde::{Deserialize, Serialize};

/// Name of the format, its first word in a file.
pub const FORMAT: &str = "attune conformance";

/// Largest file read, in bytes.
pub const MAX_BYTES: usize = 64 << 20;

/// A file of vectors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// [`FORMAT`].
    pub format: String,
    /// Version of the format, (1, 0).
    pub version: (u32, u32),
    /// What it is about: "kleene".
    pub name: String,
    /// What it shows.
    pub about: String,
    /// Inputs with their answers.
    pub vectors: Vec<Vector>,
}

/// Inputs of one kind and their answers. Numbers are compared by their bits; they are written so that they read back as they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Vector {
    /// Places of units in holdout layers.
    Buckets(Vec<Bucket>),
    /// Expressions over rows: one answer per row.
    Expressions(Expressions),
    /// A model over rows: one calibrated score per row.
    Scores(Box<Scores>),
    /// Decisions of a policy.
    Decisions(Box<Decisions>),
    /// The canonical bytes of a policy file.
    File(Box<Canonical>),
}

/// The bucket of a unit in a layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// Salt of the layer.
    pub salt: String,
    /// Id of the unit.
    pub unit: String,
    /// SHA-256 of salt, byte 0x1F, unit.
    pub sha256: String,
    /// Its first 8 bytes, big endian, divided by 2^64; below 1.
    pub bucket: f64,
}

/// Expressions over rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expressions {
    /// Name and type of each field.
    pub fields: Vec<(String, Type)>,
    /// Instant of the decision (ms).
    #[serde(with = "crate::instant")]
    pub now: i64,
    /// IANA zone of the subject.
    pub zone: String,
    /// Values of the fields, row by row.
    pub rows: Vec<Vec<Value>>,
    /// The expressions.
    pub asked: Vec<Asked>,
}

/// An expression and its answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The expression.
    pub expr: String,
    /// One answer per row.
    pub answers: Vec<Answer>,
}

/// What an expression comes to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// A value, or unknown.
    Is(Value),
    /// Positive infinity, which no file can hold as a number.
    Infinite,
    /// Negative infinity.
    NegativeInfinite,
    /// Not a number.
    NotANumber,
    /// An error; its words are not compared.
    Fails,
    /// The expression is refused when it is compiled; its words are not compared.
    Refused,
}

/// A model over rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scores {
    /// Name and type of each field.
    pub fields: Vec<(String, Type)>,
    /// The model.
    pub model: Model,
    /// Values of the fields, row by row, each with the calibrated score.
    pub rows: Vec<(Vec<Value>, f64)>,
}

/// Decisions of a policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decisions {
    /// The policy.
    pub policy: Document,
    /// What is asked, and answered.
    pub asked: Vec<Decided>,
}

/// A decision.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decided {
    /// What it shows.
    pub name: String,
    /// The request.
    pub request: Question,
    /// What had happened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<Past>,
    /// The slots that were filled, in order; none is `NoAction`.
    #[serde(default)]
    pub slots: Vec<Slot>,
    /// What became of every candidate, in the order of the document.
    #[serde(default)]
    pub fates: Vec<Fate>,
}

/// A filled slot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// Action id.
    pub action: String,
    /// Treatment id.
    pub treatment: String,
    /// When it is to be sent (ms).
    #[serde(with = "crate::instant")]
    pub send_at: i64,
    /// Probability with which it was chosen.
    pub probability: f64,
    /// Action, treatment and probability of every survivor that was open for the slot, best first.
    pub probabilities: Vec<(String, String, f64)>,
}

/// The canonical bytes of a policy file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Canonical {
    /// The policy.
    pub policy: Document,
    /// Its revision.
    pub revision: String,
    /// Its file.
    pub text: String,
}

/// What came of running a suite.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Name of the suite.
    pub name: String,
    /// Answers that were compared.
    pub compared: usize,
    /// Those that differ.
    pub deviations: Vec<Deviation>,
}

/// An answer that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deviation {
    /// What was asked.
    pub asked: String,
    /// The published answer.
    pub expected: String,
    /// This implementation's.
    pub found: String,
}

/// Reads a file of vectors.
///
/// # Errors
/// [`Error::File`] with the place and what to do.
pub fn read(bytes: &[u8]) -> Result<Suite, Error> {
    let refused = |message: String| Error::File { position: None, message };
    if bytes.len() > MAX_BYTES {
        return Err(refused(format!("the file is larger than {} MB; it holds no vectors", MAX_BYTES >> 20)));
    }
    let suite: Suite = codec::read_part(bytes)?;
    if suite.format != FORMAT || suite.version != (1, 0) {
        let (major, minor) = suite.version;
        return Err(refused(format!(
            "this is a `{}` of format {major}.{minor}; this version runs `{FORMAT}` of format 1.0",
            suite.format
        )));
    }
    Ok(suite)
}

/// The text of a file of vectors.
///
/// # Errors
/// [`Error::File`] for a number that is not finite or an instant outside the calendar.
pub fn write(suite: &Suite) -> Result<String, Error> {
    codec::write_part(suite)
}

/// Runs a file of vectors: answers everything in it again and compares.
///
/// # Errors
/// [`Error::File`] when it is no such file, [`Error::Invalid`] when a policy in it cannot be used.
pub fn run(bytes: &[u8]) -> Result<Report, Error> {
    let suite = read(bytes)?;
    let mut report = Report { name: suite.name.clone(), ..Report::default() };
    for vector in &suite.vectors {
        answer::compare(vector, &answer::answered(vector)?, &mut report);
    }
    Ok(report)
}
