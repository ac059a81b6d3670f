//! The header of a policy file, read before anything else: a newer format is refused in those words, whatever follows it.

use super::{position, refused};
use crate::approval::Approval;
use crate::error::Error;
use crate::version::Version;

/// Name of the format, its first word in a file.
const NAME: &str = "attune policy";

/// Approvals of a file, at most.
const MAX_APPROVALS: usize = 100;

/// What the header says, once its format and version are known to be readable.
pub struct Header {
    /// Format of the file.
    pub version: Version,
    /// What people said of its revision.
    pub approvals: Vec<Approval>,
    /// Revision the file claims.
    pub revision: String,
    /// Where it does.
    pub revision_at: (u32, u32),
}

/// The first three lines of a file, before the revision.
pub fn opening(version: Version) -> String {
    format!("(\n    format: \"{NAME}\",\n    version: ({}, {}),\n", version.major, version.minor)
}

/// Reads the header; also gives the text with the header blanked out, so that places in it stay what they are.
pub fn read(text: &str) -> Result<(Header, String), Error> {
    let mut scan = Scan { text, at: 0 };
    scan.space();
    if scan.rest().is_empty() {
        return Err(refused(None, "the file is empty; expected a policy file, as written by Attune's export".into()));
    }
    let foreign = |at| {
        refused(
            Some(position(text, at)),
            format!("this is not a policy file: it does not begin with `(format: \"{NAME}\"`"),
        )
    };
    let start = scan.at;
    scan.token("(")
        .and_then(|()| scan.key("format"))
        .map_err(|at| if at == text.len() { scan.cut_off() } else { foreign(at) })?;
    let open = start + 1;
    let name = scan.string().map_err(|at| scan.expected(at, "the name of the format in quotes"))?;
    if name != NAME {
        let message = format!("this file is a `{name}`, not a policy; choose a file exported as a policy");
        return Err(refused(Some(position(text, start)), message));
    }
    let version = scan.version().map_err(|at| scan.expected(at, "`, version: (major, minor)` after the format"))?;
    version.readable().map_err(|message| refused(Some(position(text, start)), message))?;
    scan.token(",")
        .and_then(|()| scan.key("revision"))
        .map_err(|at| scan.expected(at, "`, revision: \"…\"` after the version"))?;
    let revision_at = position(text, scan.at);
    let revision = scan.string().map_err(|at| scan.expected(at, "the revision in quotes"))?.to_owned();
    scan.token(",").map_err(|at| scan.expected(at, "a comma after the revision"))?;
    let approvals = if version.has_approvals() { scan.approvals()? } else { Vec::new() };
    // Line breaks stay, everything else of the header but the opening parenthesis becomes blank.
    let blank = |s: &str| s.chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect::<String>();
    let part = |from, to| text.get(from..to).unwrap_or("");
    let body = format!("{}({}{}", blank(part(0, start)), blank(part(open, scan.at)), scan.rest());
    Ok((Header { version, approvals, revision, revision_at }, body))
}

/// A cursor over the header. A failure is the offset of what was not expected.
struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// Skips white space, a byte order mark, and comments to the end of their line.
    fn space(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
            self.at += rest.len() - trimmed.len();
            if !trimmed.starts_with("//") {
                return;
            }
            self.at += trimmed.find('\n').unwrap_or(trimmed.len());
        }
    }

    fn token(&mut self, token: &str) -> Result<(), usize> {
        self.space();
        let rest = self.rest();
        if !rest.starts_with(token) {
            // A token that the end of the file cuts short fails there.
            return Err(if token.starts_with(rest) { self.text.len() } else { self.at });
        }
        self.at += token.len();
        Ok(())
    }

    fn key(&mut self, key: &str) -> Result<(), usize> {
        self.token(key)?;
        self.token(":")
    }

    fn string(&mut self) -> Result<&'a str, usize> {
        self.token("\"")?;
        let rest = self.rest();
        let end = rest.find(['"', '\\', '\n']).ok_or(self.text.len())?;
        let (string, after) = rest.split_at_checked(end).ok_or(self.at)?;
        if !after.starts_with('"') {
            return Err(self.at);
        }
        self.at += end + 1;
        Ok(string)
    }

    fn number(&mut self) -> Result<u32, usize> {
        self.space();
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number = rest.get(..end).and_then(|digits| digits.parse().ok()).ok_or(self.at)?;
        self.at += end;
        Ok(number)
    }

    /// The approvals, a list on one line.
    fn approvals(&mut self) -> Result<Vec<Approval>, Error> {
        self.key("approvals")
            .map_err(|at| self.expected(at, "`approvals: […]` on one line after the revision; it may be empty"))?;
        let rest = self.rest();
        let line = rest.split('\n').next().unwrap_or(rest);
        let Some(list) = line.trim_end().strip_suffix(',') else {
            return Err(
                self.expected(self.at + line.len(), "the whole list of approvals on one line, and a comma after it")
            );
        };
        let read = ron::from_str::<Vec<Approval>>(list).map_err(|error| {
            let (row, column) = position(self.text, self.at);
            let column = column.saturating_add(u32::try_from(error.span.start.col).unwrap_or(1)).saturating_sub(1);
            refused(Some((row, column)), format!("the approvals of this policy file are damaged: {}", error.code))
        });
        let place = position(self.text, self.at);
        self.at += line.len();
        let read = read?;
        if read.len() > MAX_APPROVALS {
            let message = format!("the file holds {} approvals; at most {MAX_APPROVALS} are read", read.len());
            return Err(refused(Some(place), message));
        }
        Ok(read)
    }

    fn version(&mut self) -> Result<Version, usize> {
        self.token(",")?;
        self.key("version")?;
        self.token("(")?;
        let major = self.number()?;
        self.token(",")?;
        let minor = self.number()?;
        self.token(")")?;
        Ok(Version { major, minor })
    }

    fn cut_off(&self) -> Error {
        let at = position(self.text, self.text.len());
        refused(Some(at), "the file ends inside its header: it was cut off; copy it again".into())
    }

    fn expected(&self, at: usize, what: &str) -> Error {
        if self.text.get(at..).is_none_or(|rest| rest.trim().is_empty()) {
            return self.cut_off();
        }
        refused(Some(position(self.text, at)), format!("the header of this policy file is damaged: expected {what}"))
    }
}
