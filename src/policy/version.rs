//! Versions of the policy format: which files this crate reads, and in which words it refuses the others.
//!
//! Within a major version files of older minor versions are read. What is added in a minor version is an optional part.

use std::fmt;

/// A version of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Older readers can make nothing of the file.
    pub major: u32,
    /// The file may hold parts that older readers do not know.
    pub minor: u32,
}

impl Version {
    /// The version this crate writes, and the newest it reads.
    pub const CURRENT: Version = Version { major: 1, minor: 1 };
    /// The first version that was released.
    pub const FIRST: Version = Version { major: 1, minor: 0 };

    /// Whether files of this version can be read.
    ///
    /// # Errors
    /// Why not and what to do, as a sentence.
    pub fn readable(self) -> Result<(), String> {
        let Version { major: own, minor: newest } = Version::CURRENT;
        if (Version::FIRST..=Version::CURRENT).contains(&self) {
            return Ok(());
        }
        Err(if self.major > own {
            format!(
                "this file is a policy of format {self}; this version reads {own}.x; use a newer version of Attune, or export it again for format {own}"
            )
        } else if self.major == own {
            format!(
                "this file is a policy of format {self}; this version reads up to {own}.{newest}; use a newer version of Attune"
            )
        } else {
            format!("this file is a policy of format {self}, which never was; this version reads {own}.x")
        })
    }

    /// Whether files of this version have a line of approvals after their revision.
    pub(crate) fn has_approvals(self) -> bool {
        self > Version::FIRST
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}
