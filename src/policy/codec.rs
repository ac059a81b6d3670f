//! The policy file: RON with its header first. It reads and writes bytes it is given; it opens no file.
//!
//! A file begins with `(format: "attune policy", version: (1, 1), revision: "…", approvals: […]`, one per line, and goes on with
//! the parts of the [`Document`]. Its revision is the SHA-256 of the canonical text without the lines of the revision and the
//! approvals, so `sed 4,5d policy.ron | sha256sum` prints it. (Files of format 1.0 have no approvals: `sed 4d`.)

mod header;
mod layout;
mod reader;
#[cfg(test)]
mod tests;

use crate::approval::Approval;
use crate::document::Document;
use crate::error::Error;
use crate::fingerprint::sha256_of;
use crate::migrate;
use crate::version::Version;
use std::borrow::Cow;

/// Largest file read, in bytes.
pub const MAX_BYTES: usize = 256 << 20;

/// What a policy file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// Format it was written in.
    pub version: Version,
    /// SHA-256 of its canonical bytes without revision and approvals, lower-case hex; compared with the content.
    pub revision: String,
    /// What people said of this revision.
    pub approvals: Vec<Approval>,
    /// The policy, in the parts of the current format.
    pub document: Document,
}

/// The canonical text of a document that nobody approved yet. The same document gives the same bytes everywhere.
///
/// # Errors
/// [`Error::File`] when the document holds a number that is not finite.
pub fn write(document: &Document) -> Result<String, Error> {
    write_approved(document, &[])
}

/// The canonical text of a document and what people said of it: header, revision, approvals, then its parts.
///
/// # Errors
/// As [`write()`], and for an approval at an instant outside the calendar.
pub fn write_approved(document: &Document, approvals: &[Approval]) -> Result<String, Error> {
    let body = layout::fields(document)?;
    let head = header::opening(Version::CURRENT);
    let revision = revision_of(&head, &body);
    let approvals = layout::line(approvals)?;
    Ok(format!("{head}    revision: \"{revision}\",\n    approvals: {approvals},\n{body})\n"))
}

/// SHA-256 of the canonical text without revision and approvals, lower-case hex.
///
/// # Errors
/// As [`write()`].
pub fn revision(document: &Document) -> Result<String, Error> {
    Ok(revision_of(&header::opening(Version::CURRENT), &layout::fields(document)?))
}

/// Reads the document of a policy file; as [`open`].
///
/// # Errors
/// As [`open`].
pub fn read(bytes: &[u8]) -> Result<Document, Error> {
    open(bytes).map(|file| file.document)
}

/// Reads a policy file: its header, then its content, then whether the content is the one its revision names. An older file
/// comes out as [`migrate()`](crate::migrate::migrate) makes it.
///
/// # Errors
/// [`Error::File`] with the place and what to do. Nothing of a file is used unless all of it was read.
pub fn open(bytes: &[u8]) -> Result<File, Error> {
    if bytes.len() > MAX_BYTES {
        return Err(refused(None, format!("the file is larger than {} MB; it is not a policy", MAX_BYTES >> 20)));
    }
    let text = std::str::from_utf8(bytes).map_err(|e| not_text(bytes, e.valid_up_to()))?;
    // Line breaks of another system, as version control makes them: a text of several lines must not change its content.
    // A carriage return that belongs to a text is written as an escape.
    let text = &*if text.contains("\r\n") { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) };
    let (header, body) = header::read(text)?;
    if !text.ends_with(")\n") {
        let message =
            "the file does not end with `)` and a line break: it was cut off, or something was added; copy it again";
        return Err(refused(Some(position(text, text.len())), message.into()));
    }
    let head = header::opening(header.version);
    // Nearly every file is as it was written. Of any other the general parser tells what is wrong with it.
    let quick = reader::read::<Document>(&body).and_then(|document| {
        let found = revision_of(&head, &layout::fields(&document).ok()?);
        (found == header.revision).then_some((document, found))
    });
    let (mut document, found) = match quick {
        Some(read) => read,
        None => {
            let document: Document = parse(&body)?;
            let found = revision_of(&head, &layout::fields(&document)?);
            (document, found)
        }
    };
    if found != header.revision {
        let message = format!(
            "the content of this file is not the one its revision names: it was changed after it was exported \
             (revision {}…, content {}…); change the policy in its project and export it again",
            header.revision.chars().take(12).collect::<String>(),
            found.chars().take(12).collect::<String>(),
        );
        return Err(refused(Some(header.revision_at), message));
    }
    migrate::migrate(&mut document, header.version);
    Ok(File { version: header.version, revision: found, approvals: header.approvals, document })
}

/// The text of a value that is no whole policy: a file of cases, of vectors.
pub(crate) fn write_part<T: serde::Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    layout::value_of(value)
}

/// Reads what [`write_part`] writes.
pub(crate) fn read_part<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let text = std::str::from_utf8(bytes).map_err(|e| not_text(bytes, e.valid_up_to()))?;
    ron::from_str(text).map_err(|e| in_words(&e))
}

pub(crate) fn parse(body: &str) -> Result<Document, Error> {
    let mut deserializer = ron::Deserializer::from_str(body).map_err(|e| in_words(&e))?;
    let document = serde::Deserialize::deserialize(&mut deserializer);
    let document = document.map_err(|e| in_words(&deserializer.span_error(e)))?;
    let rest = deserializer.remainder();
    if rest.trim_end_matches('\n').is_empty() {
        return Ok(document);
    }
    let at = position(body, body.len() - rest.len());
    Err(refused(Some(at), "the policy ends here, but the file goes on: nothing may follow it".into()))
}

fn in_words(error: &ron::error::SpannedError) -> Error {
    let message = match &error.code {
        ron::Error::Eof | ron::Error::ExpectedStringEnd => "the file ends early: it was cut off; copy it again".into(),
        ron::Error::ExpectedOption => "expected `Some(…)` or `None`".into(),
        ron::Error::ExceededRecursionLimit => "nested too deeply for a policy".into(),
        other => other.to_string(),
    };
    let place = |x: usize| u32::try_from(x).unwrap_or(u32::MAX);
    refused(Some((place(error.span.start.line), place(error.span.start.col))), message)
}

fn not_text(bytes: &[u8], at: usize) -> Error {
    let before = bytes.get(..at).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or("");
    let byte = bytes.get(at).copied().unwrap_or(0);
    let message = format!("this is not a policy file: byte 0x{byte:02x} is not UTF-8 text");
    refused(Some(position(before, before.len())), message)
}

fn refused(position: Option<(u32, u32)>, message: String) -> Error {
    Error::File { position, message }
}

/// Line and column, from 1 and in characters, of a byte offset.
fn position(text: &str, at: usize) -> (u32, u32) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    let place = |x: usize| u32::try_from(x).unwrap_or(u32::MAX);
    (place(line), place(column))
}

fn revision_of(head: &str, body: &str) -> String {
    sha256_of(&[head, body, ")\n"])
}
