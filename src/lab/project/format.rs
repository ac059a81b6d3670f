//! The envelope of every RON file of a project: a header that is read first, then the body.
//!
//! `(format: "attune draft", version: (1, 0), body: (…))`. Unknown fields are refused, newer versions in those words. What a body
//! holds is not known here.

use crate::error::{Error, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Version that is written; files of the same major version are read.
pub const VERSION: (u32, u32) = (1, 0);

#[derive(Serialize)]
struct Written<'a, T> {
    format: &'a str,
    version: (u32, u32),
    body: &'a T,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read<T> {
    #[serde(rename = "format")]
    _format: String,
    #[serde(rename = "version")]
    _version: (u32, u32),
    body: T,
}

/// The file's text: stable for equal bodies, so that an unchanged part is never rewritten.
pub fn write<T: Serialize>(format: &str, body: &T) -> Result<String> {
    let pretty = ron::ser::PrettyConfig::new().new_line("\n").indentor("  ").compact_arrays(true);
    let file = Written { format: &full(format), version: VERSION, body };
    ron::ser::to_string_pretty(&file, pretty)
        .map(|text| text + "\n")
        .map_err(|e| Error::new(format!("the {format} could not be written as RON: {e}")))
}

/// Reads a file back. The header is judged before anything else is looked at.
pub fn read<T: DeserializeOwned>(format: &str, text: &str) -> Result<T> {
    let (found, version) = header(text).ok_or_else(|| {
        if text.trim().is_empty() {
            Error::new("is empty; it was cut off while being copied or written by another program")
        } else {
            Error::new(format!("does not begin with the header of an Attune file, `(format: \"{}\", …`", full(format)))
                .at_line(1)
        }
    })?;
    if found != full(format) {
        return Err(Error::new(format!("holds `{found}` where `{}` was expected", full(format))).at_line(1));
    }
    newer(version)?;
    let found = match ron::from_str::<Read<T>>(text) {
        // A value as a person writes it, `arm: "x"` in place of `arm: Some("x")`, is understood.
        Err(e) if e.code == ron::Error::ExpectedOption => {
            ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME).from_str(text)
        }
        found => found,
    };
    found.map(|file| file.body).map_err(|e| {
        // Of a name that is not known the place is where it begins; of anything else where reading came to a stop.
        let named = matches!(e.code, ron::Error::NoSuchStructField { .. } | ron::Error::NoSuchEnumVariant { .. });
        let place = if named { e.span.start } else { e.span.end };
        let error = Error::new(words(&e.code)).at_line(place.line as u64);
        if matches!(e.code, ron::Error::Eof | ron::Error::ExpectedStructLikeEnd | ron::Error::ExpectedStringEnd) {
            error.hint("the file seems to be cut off")
        } else {
            error
        }
    })
}

/// Whether a text says that it was written by a newer version, which must neither be read nor overwritten.
pub fn is_newer(text: &str) -> bool {
    header(text).is_some_and(|(_, version)| newer(version).is_err())
}

fn newer(version: (u32, u32)) -> Result<()> {
    if version.0 > VERSION.0 || (version.0 == VERSION.0 && version.1 > VERSION.1) {
        return Err(Error::new(format!(
            "was written by a newer Attune (format {}.{}); this one reads up to format {}.{}",
            version.0, version.1, VERSION.0, VERSION.1
        ))
        .hint("open the project with the newer version; nothing was changed"));
    }
    Ok(())
}

fn full(format: &str) -> String {
    format!("attune {format}")
}

fn words(code: &ron::Error) -> String {
    match code {
        ron::Error::NoSuchStructField { expected, found, .. } => {
            let close = expected.iter().find(|e| e.starts_with(found.as_str()) || found.starts_with(**e));
            match close {
                Some(close) => format!("unknown field `{found}`; did you mean `{close}`?"),
                None => format!("unknown field `{found}`; the fields here are {}", expected.join(", ")),
            }
        }
        ron::Error::ExpectedOption => "a value is missing here, or `None` for none".to_owned(),
        other => other.to_string(),
    }
}

/// Format and version, read by hand so that the rest of the file may be torn or of another shape.
fn header(text: &str) -> Option<(String, (u32, u32))> {
    let rest = text.trim_start_matches('\u{feff}').trim_start();
    let rest = token(rest, "(")?;
    let rest = token(token(rest, "format")?, ":")?;
    let rest = token(rest, "\"")?;
    let (format, rest) = rest.split_once('"')?;
    let rest = token(token(token(token(rest, ",")?, "version")?, ":")?, "(")?;
    let (major, rest) = rest.split_once(',')?;
    let (minor, _) = rest.split_once(')')?;
    Some((format.to_owned(), (major.trim().parse().ok()?, minor.trim().parse().ok()?)))
}

fn token<'a>(text: &'a str, token: &str) -> Option<&'a str> {
    text.trim_start().strip_prefix(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        name: String,
        numbers: Vec<f64>,
    }

    fn body() -> Body {
        Body { name: "line one\nline \"two\"".into(), numbers: vec![0.1, -1e-300, 3.0] }
    }

    #[test]
    fn what_is_written_is_read() {
        let text = write("draft", &body()).unwrap();
        assert_eq!(read::<Body>("draft", &text).unwrap(), body());
        assert!(text.starts_with("(\n  format: \"attune draft\",\n  version: (1, 0),"), "{text}");
    }

    #[test]
    fn refusals_in_words() {
        let good = write("draft", &body()).unwrap();
        let cases = [
            (String::new(), "is empty"),
            ("hello".into(), "does not begin with the header"),
            (good.replace("draft", "roles"), "`attune roles` where `attune draft`"),
            (good.replace("(1, 0)", "(2, 0)"), "newer Attune (format 2.0)"),
            (good.replace("(1, 0)", "(1, 7)"), "newer Attune (format 1.7)"),
            (good.replace("name:", "nam:"), "line 5: unknown field `nam`; did you mean `name`?"),
            (good.replace("name:", "colour:"), "unknown field `colour`; the fields here are name, numbers"),
        ];
        for (text, expected) in cases {
            let words = read::<Body>("draft", &text).unwrap_err().to_string();
            assert!(words.contains(expected), "{words:?} does not say {expected:?}");
        }
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Loose {
        name: Option<String>,
        folds: u32,
    }

    #[test]
    fn a_value_that_may_be_none_is_written_with_or_without_some() {
        let loose = Loose { name: Some("x".into()), folds: 5 };
        let text = write("models", &loose).unwrap();
        assert_eq!(read::<Loose>("models", &text.replace("Some(\"x\")", "\"x\"")).unwrap(), loose);
        for (from, to, line) in [("5", "five", 6), ("Some(\"x\")", "7", 5)] {
            let words = read::<Loose>("models", &text.replace(from, to)).unwrap_err().to_string();
            assert!(words.contains(&format!("line {line}")), "{words}");
        }
    }

    #[test]
    fn a_file_cut_off_anywhere_is_refused_with_its_line() {
        let good = write("draft", &body()).unwrap();
        let end = good.trim_end().len();
        for cut in (0..end).filter(|i| good.is_char_boundary(*i)) {
            assert!(read::<Body>("draft", &good[..cut]).is_err(), "cut at {cut}");
        }
    }
}
