//! What blocks a candidate, gathered: the strictest wins.

use super::judge::Verdict;
use super::planned::PlannedHit;
use crate::outcome::Cause;

/// How a block is meant; the more it removes, the stricter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Severity {
    Defer,
    Reroute,
    Drop,
}

/// The blocks of one candidate. What removes it goes before what reroutes it, and that before what makes it wait; among equals
/// the one that lasts longest is told, and the first of those that end together.
#[derive(Debug, Default)]
pub struct Hits {
    strictest: Option<(Severity, i64, Cause)>,
    /// When the last of the waits ends.
    until: Option<i64>,
}

impl Hits {
    /// A block that lasts until an instant; `None`: it never ends, and then nothing can wait for it.
    pub fn add(&mut self, on_hit: &PlannedHit, until: Option<i64>, cause: Cause) {
        let severity = match (on_hit, until) {
            (PlannedHit::Drop, _) | (PlannedHit::Defer, None) => Severity::Drop,
            (PlannedHit::Reroute(_), _) => Severity::Reroute,
            (PlannedHit::Defer, Some(until)) => {
                self.until = self.until.max(Some(until));
                Severity::Defer
            }
        };
        let until = until.unwrap_or(i64::MAX);
        if self.strictest.is_none_or(|(other, lasts, _)| (severity, until) > (other, lasts)) {
            self.strictest = Some((severity, until, cause));
        }
    }

    /// The verdict; `open` gives the first instant from one on that is not quiet, where there is one.
    pub fn verdict(self, open: impl FnOnce(i64) -> Option<i64>) -> Verdict {
        match self.strictest {
            None => Verdict::Pass,
            Some((Severity::Drop, _, cause)) => Verdict::Block(cause),
            Some((Severity::Reroute, _, cause)) => Verdict::Reroute(cause),
            Some((Severity::Defer, until, cause)) => match open(self.until.unwrap_or(until)) {
                Some(until) => Verdict::Defer { until, cause },
                None => Verdict::Block(cause),
            },
        }
    }
}
